"""How far a grading is, in a log, and in numbers."""

import io
from pathlib import Path

import pytest
from rich.console import Console

from autograder.report.progress import ProgressBar, in_words, seconds_left
from autograder.results import Check, Result


@pytest.mark.parametrize(
    ("seconds", "ran", "left", "at_a_time", "expected"),
    [
        (0, 0, 10, 2, None),  # nothing is known yet
        (30, 3, 0, 2, None),  # nothing is left
        (30, 3, 4, 2, 20),  # two at a time, twice
        (30, 3, 5, 2, 30),
        (30, 3, 1, 8, 10),  # one alone, however many could be
    ],
)
def test_the_rest_takes_as_long_as_what_ran(seconds, ran, left, at_a_time, expected):
    assert seconds_left(seconds, ran, left, at_a_time) == expected


def test_a_forecast_is_no_more_exact_than_it_can_be():
    assert [in_words(seconds) for seconds in (3, 61, 3599, 5400)] == [
        "less than a minute", "about 2 min", "about 60 min", "about 1.5 h",
    ]  # fmt: skip


def result(name, seconds):
    return Result(name, "graded", (Check("q1.adds", "Adds", 1, 2, "partial", ""),), seconds=seconds)


@pytest.mark.parametrize("is_terminal", [False, True])
def test_what_is_done_and_what_is_left(is_terminal):
    console = Console(file=io.StringIO(), force_terminal=is_terminal, force_jupyter=False, width=150)
    bar = ProgressBar(console)
    bar.started(["a", "b", "c"], [Path("notes.txt")])
    bar.running(["a", "b\x1b[31m"])
    bar.graded(result("a", 100.0))
    shown = console.file.getvalue()
    bar.finished([], is_complete=False)
    if is_terminal:
        assert "1/3" in console.file.getvalue() and "about 2 min left  ·  a, b" in console.file.getvalue()
        assert "b\x1b[31m" not in console.file.getvalue()
    else:
        assert shown == "a: 1/2 graded (100.0 s), 1 of 3, about 2 min left\n"


def test_what_was_known_from_before_says_nothing_of_the_rest():
    """It carries the seconds that it took then, and took none."""
    console = Console(file=io.StringIO(), force_terminal=False, force_jupyter=False, width=150)
    bar = ProgressBar(console)
    bar.started(["a", "b", "c", "d"], [])
    bar.graded(result("a", 900.0))
    bar.running(["b"])
    bar.running([])
    bar.graded(result("b", 70.0))
    bar.graded(result("c", 900.0))
    ends = [line.partition(" of 4")[2] for line in console.file.getvalue().splitlines()]
    assert ends == ["", ", about 3 min left", ", about 2 min left"]
