"""A result is written and comes back: whatever texts and numbers it holds, and whatever happened to it on a disk."""

import dataclasses
import json
import math

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from autograder import results
from autograder.errors import AutograderError
from autograder.results import VERSION, Answer, Check, LeaderboardEntry, Result, Ruling, Training

ANY_TEXT = st.text(st.characters(exclude_categories=()))  # lone surrogates and control characters too
NUMBERS = st.floats()
RULINGS = st.builds(
    Ruling,
    kind=ANY_TEXT,
    measure=ANY_TEXT,
    threshold=NUMBERS,
    observed=st.lists(NUMBERS, max_size=3).map(tuple),
    passes_at=st.lists(st.integers(), max_size=3).map(tuple),
    fails_at=st.lists(st.integers(), max_size=3).map(tuple),
    false_fail_wanted=NUMBERS,
    false_fail=NUMBERS,
    covers=ANY_TEXT,
)
TEXTS = st.lists(ANY_TEXT, max_size=3).map(tuple)
CHECKS = st.builds(
    Check,
    name=ANY_TEXT,
    title=ANY_TEXT,
    points=NUMBERS,
    max_points=NUMBERS,
    feedback=ANY_TEXT,
    seconds=NUMBERS,
    decided=TEXTS,
    rulings=st.lists(RULINGS, max_size=2).map(tuple),
)
PARTS = st.lists(st.tuples(st.sampled_from(["markdown", "code"]), ANY_TEXT), max_size=2).map(tuple)
RESULTS = st.builds(
    Result,
    submission=ANY_TEXT,
    checks=st.lists(CHECKS, max_size=2).map(tuple),
    notes=TEXTS,
    trouble=ANY_TEXT,
    confinement=TEXTS,
    seconds=NUMBERS,
    leaderboard=st.lists(st.builds(LeaderboardEntry, ANY_TEXT, NUMBERS), max_size=2).map(tuple),
    answers=st.lists(st.builds(Answer, ANY_TEXT, PARTS, PARTS), max_size=2).map(tuple),
)
RULING = Ruling("main", "accuracy", "at least", 0.65, (0.5, math.nan), (1, 1), (-1, 0), 1e-4, 3e-5, "8 styles", True)
RESULT = Result(
    "ada/hw.ipynb",
    "graded",
    (
        Check(
            *("q1.a", "Adds", 1.0, 2.0, "partial", "\ud800\x00", 0.5, "hidden", ("by a rule",), (RULING,)),
            *("claimed", "it reads numbers", "padding-once"),
        ),
    ),
    ("note",),
    "trouble",
    ("landlock",),
    math.inf,
    (LeaderboardEntry("accuracy", -math.inf, "asc"),),
    (Answer("Why?", (("markdown", "Say why."),), (("code", "..."),)),),
    (Training("q4", (2.3, math.nan), (("val_loss", (0.5, 0.25)),), ((3, 1), (0, 4)), (((-99, 0), (5, 99)),)),),
)
VERSION_1 = (
    '{"version": 1, "submission": "ada/hw.ipynb", "status": "graded", "checks": [{"name": "q1.a", '
    r'"title": "Adds", "points": 1.0, "max_points": 2.0, "outcome": "partial", "feedback": "\ud800\u0000",'
    ' "seconds": 0.5, "visibility": "hidden", "decided": ["by a rule"], "rulings": [{"kind": "main", '
    '"measure": "accuracy", "direction": "at least", "threshold": 0.65, "observed": [0.5, "NaN"], '
    '"passes_at": [1, 1], "fails_at": [-1, 0], "false_fail_wanted": 0.0001, "false_fail": 3e-05, '
    '"covers": "8 styles", "passed": true}]}], "notes": ["note"], "trouble": "trouble", "confinement": ["landlock"], '
    '"seconds": "Infinity", "leaderboard": [{"name": "accuracy", "value": "-Infinity", "order": "asc"}], '
    '"answers": [{"question": "Why?", "asked": [["markdown", "Say why."]], "written": [["code", '
    '"..."]]}]}'
)  # RESULT, as the first version wrote it
VERSION_2 = VERSION_1.replace('"version": 1', '"version": 2').replace(
    '"passed": true}]}]', '"passed": true}], "rests_on": "claimed", "claimed_since": "it reads numbers"}]'
)
VERSION_3 = VERSION_2.replace('"version": 2', '"version": 3').removesuffix("}") + (
    ', "trainings": [{"question": "q4", "losses": [2.3, "NaN"], "history": [["val_loss", [0.5, 0.25]]], '
    '"confusion": [[3, 1], [0, 4]], "kernels": [[[-99, 0], [5, 99]]]}]}'
)
VERSION_4 = VERSION_3.replace('"version": 3', '"version": 4').replace(
    '"it reads numbers"', '"it reads numbers", "code": "padding-once"'
)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | NUMBERS | ANY_TEXT | st.sampled_from(["NaN", "1", "graded"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(ANY_TEXT, inner, max_size=2),
    max_leaves=5,
)


@settings(deadline=None)
@given(RESULTS)
@example(RESULT)
def test_a_result_comes_back_as_it_was(result):
    text = result.to_json()
    assert text.isascii() and "\n" not in text
    strict = json.loads(text, parse_constant=lambda name: pytest.fail(f"{name} is no JSON"))
    again = Result.from_json(text)
    assert strict == result.to_dict() == again.to_dict()
    assert repr(again) == repr(result), "NaN equals nothing, but is written the same"
    assert hash(again) == hash(result) or "nan" in repr(result), "tuples, all the way down"


def test_the_first_version_is_read_for_ever():
    """Whoever gives a result another field raises the version, and says what it is in older ones."""
    old = [dataclasses.replace(check, rests_on="unknown", claimed_since="", code="") for check in RESULT.checks]
    third = dataclasses.replace(RESULT, checks=tuple(dataclasses.replace(check, code="") for check in RESULT.checks))
    second = dataclasses.replace(third, trainings=())
    assert Result.from_json(VERSION_1).to_dict() == dataclasses.replace(second, checks=tuple(old)).to_dict()
    assert Result.from_json(VERSION_2).to_dict() == second.to_dict()
    assert Result.from_json(VERSION_3).to_dict() == third.to_dict()
    assert Result.from_json(VERSION_4).to_dict() == RESULT.to_dict()


def test_every_field_is_written():
    def names(kind):
        return {field.name for field in dataclasses.fields(kind)}

    written = RESULT.to_dict()
    assert written.keys() == names(Result) | {"version"}
    assert written["checks"][0].keys() == names(Check)
    assert written["checks"][0]["rulings"][0].keys() == names(Ruling)


def places(data, path=()):
    """Where there is something in nested data."""
    yield path
    for name, value in data.items() if isinstance(data, dict) else enumerate(data) if isinstance(data, list) else ():
        yield from places(value, (*path, name))


@settings(deadline=None)
@given(st.sampled_from(list(places(RESULT.to_dict()))), JSON, st.booleans())
def test_what_is_damaged_is_refused_in_one_sentence(path, value, is_lost):
    data = whole = {"": RESULT.to_dict()}
    for name in (("", *path))[:-1]:
        data = data[name]
    last = ("", *path)[-1]
    if is_lost:
        del data[last]
    else:
        data[last] = value
    content = whole.get("")
    try:
        result = Result.from_dict(content)
    except AutograderError as error:
        assert "\n" not in str(error) and len(str(error)) < 250
    else:
        assert result.to_dict() == content, "it may be another result, if it is one"


@pytest.mark.parametrize(
    "text",
    ["", "null", "[]", '{"version": 1}', '{"version": true}', '{"version": "1"}', "[" * 100_000, RESULT.to_json()[:-9]],
    ids=lambda text: text[:15],
)
def test_a_file_that_is_no_result_is_refused(text):
    with pytest.raises(AutograderError, match=r"^this result is damaged \(.+\): remove it, and grade [^\n]+$"):
        Result.from_json(text)


@pytest.mark.parametrize("field", [field.name for field in dataclasses.fields(Result)])
def test_a_field_that_is_missing_is_not_made_up(field):
    data = RESULT.to_dict()
    del data[field]
    with pytest.raises(AutograderError, match="damaged"):
        Result.from_dict(data)


@pytest.mark.parametrize("value", ["1", "nan", None, [1.0], 10**400])
def test_no_value_is_taken_for_a_number(value):
    with pytest.raises(AutograderError, match="damaged"):
        Result.from_dict({**RESULT.to_dict(), "seconds": value})


def test_a_newer_version_is_refused_in_one_sentence():
    with pytest.raises(AutograderError, match=r"^this result is of version \d+, and .+ reads none above \d+: install"):
        Result.from_dict({**RESULT.to_dict(), "version": VERSION + 1, "new": {}})


def test_an_older_version_is_read_by_way_of_those_between(monkeypatch):
    """Here are two steps."""
    monkeypatch.setattr(results, "VERSION", 3)
    steps = {
        1: lambda old: {name: value for name, value in old.items() if name != "remark"} | {"notes": [old["remark"]]},
        2: lambda old: old | {"submission": old["submission"].upper()},
    }
    monkeypatch.setattr(results, "_MIGRATIONS", steps)
    written = RESULT.to_dict()
    del written["notes"]
    read = Result.from_dict(written | {"version": 1, "remark": "an old note"})
    assert (read.notes, read.submission) == (("an old note",), "ADA/HW.IPYNB")
    assert Result.from_dict(RESULT.to_dict()).to_dict() == RESULT.to_dict()
    with pytest.raises(AutograderError, match=r"damaged \(of version 1, and KeyError\('remark'\)\)"):
        Result.from_dict(written | {"version": 1})
    with pytest.raises(AutograderError, match="there never was a version 0"):
        Result.from_dict(RESULT.to_dict() | {"version": 0})
