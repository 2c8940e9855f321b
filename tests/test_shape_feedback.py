"""q1's explanations: each known mistake is told by its own words, whatever else the function does."""

import re
import sys
from pathlib import Path

import numpy as np
import pytest

sys.path.insert(0, str(Path(__file__).resolve().parent.parent / "solutions" / "cnn" / "graders"))
from geometry import FIXED, random_geometries
from shape_mistakes import MISTAKES, explain

from autograder.errors import StudentError

GEOMETRIES = [*FIXED, *random_geometries(np.random.default_rng(0), 60)]


@pytest.mark.parametrize("text", [text for _, text, _ in MISTAKES])
def test_each_mistake_is_named(text):
    mistake = {text: formula for _, text, formula in MISTAKES}[text]
    explanation = explain(GEOMETRIES, [mistake(geometry) for geometry in GEOMETRIES])
    assert explanation.text.startswith(text) and not explanation.values_are_right


def test_a_mistake_is_named_although_the_function_also_refuses_what_it_holds_for_impossible():
    def padding_once(geometry):
        if any(i + p < k for i, k, _, p in zip(*geometry, strict=True)):
            return StudentError("`calculate_output_shape(...)` raised ValueError", "ValueError")
        return [(i + p - k) // s + 1 for i, k, s, p in zip(*geometry, strict=True)]

    claims = [padding_once(geometry) for geometry in GEOMETRIES]
    assert any(isinstance(claim, StudentError) for claim in claims)
    assert "padding is counted once" in explain(GEOMETRIES, claims).text


def test_right_answers_of_any_sequence_type_are_right():
    answers = [geometry.output_shape() for geometry in GEOMETRIES]
    assert explain(GEOMETRIES, answers) is None
    assert explain(GEOMETRIES, [tuple(answer) for answer in answers]) is None
    assert explain(GEOMETRIES, [np.array(answer) for answer in answers]) is None


@pytest.mark.parametrize(
    ("claim", "words"),
    [
        (lambda g: [float(n) for n in g.output_shape()], "floats"),
        (lambda g: [6, 6], "same answer for every geometry"),
        (lambda g: g.output_shape()[0], "list of two numbers"),
        (lambda g: [*g.output_shape(), 1], "list of two numbers"),
        (lambda g: None, "returns nothing yet"),
        (lambda g: [True, True], "list of two numbers"),
        (lambda g: "6, 6", "list of two numbers"),
        (lambda g: [float("nan"), 1.0], "same answer|right for"),
        (lambda g: StudentError("it raised TypeError", "TypeError"), "it raised TypeError"),
    ],
)
def test_other_mistakes(claim, words):
    assert re.search(words, explain(GEOMETRIES, [claim(g) for g in GEOMETRIES]).text)
