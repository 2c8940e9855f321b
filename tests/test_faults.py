"""Whose fault an exception in a grader is: decided by the values, in real gradings."""

import pytest

from autograder.grading.grade import grade

GRADER = """
from dataclasses import dataclass

import numpy as np
import pytest

import helpers
from autograder import points


@dataclass
class Form:
    read: object
    wanted: object

    def agrees(self, claim):
        return self.read(claim) == self.wanted


def size_of(value):
    return value.size


def through(function, *arguments, **keywords):
    return function(*arguments, **keywords)


def ask(submission):
    found = []
    for _ in range(2):
        found.append(submission.f())
    return found


@pytest.fixture
def returned(submission):
    return submission.f()


@pytest.fixture
def derived(returned):
    return [returned]


@pytest.fixture
def wanted(key):
    return {"mean": None}


@points(1, "Case")
def test_case(submission, returned, derived, wanted):
    {body}


@points(1, "Other")
def test_other(submission):
    assert submission.g() == 1
"""

# What Python says is the same, whoever's value it is: the operation on a value, and the value.
OPERATIONS = {
    "an item of what has none": ("VALUE[0]", "None"),
    "a key that is not there": ("VALUE['x']", "{}"),
    "no number": ("int(VALUE)", "'a'"),
}
WAYS = {  # how the value comes out of what was returned, and what that is
    "itself": ("value = RETURNED", "VALUE"),
    "at once": ("", "VALUE"),
    "by get": ("value = RETURNED.get('key')", "{'key': VALUE}"),
    "by get of a key that is not there": ("value = RETURNED.get('key', RETURNED['other'])", "{'other': VALUE}"),
    "by an index": ("value = RETURNED[1]", "[0, VALUE]"),
    "by unpacking": ("_, (value, *_) = RETURNED", "[0, [VALUE]]"),
    "from a slice": ("[value] = RETURNED[1:]", "[0, VALUE]"),
    "by a helper in another module": ("value = helpers.last(RETURNED)", "[0, VALUE]"),
    "in a loop": ("for value in RETURNED: pass", "[VALUE]"),
    "by a comprehension": ("[value] = [item for item in RETURNED]", "[VALUE]"),
    "chosen by a condition": ("value = RETURNED[0] if RETURNED else None", "[VALUE]"),
    "through a dict": ("kept = {'a': RETURNED}\n    value = kept['a']", "VALUE"),
    "named in passing": ("assert (value := RETURNED) is not value.__class__", "VALUE"),
}
HELPERS = """
def first(value):
    return value[0]


def last(value):
    *_, last = value
    return last
"""
THEIRS = {
    "an attribute": ("returned.shape", "None"),
    "an attribute at once": ("submission.f().shape", "None"),
    "a fixture of a fixture": ("derived[0].shape", "None"),
    "a call": ("returned(3)", "7"),
    "too many to unpack": ("a, b = submission.f()", "[1, 2, 3]"),
    "nothing to unpack": ("a, b = returned", "None"),
    "a loop": ("for a, b in returned: pass", "[1, 2]"),
    "a loop over what is none": ("for a in returned: pass", "7"),
    "no single truth": ("assert returned == 5", "__import__('numpy').ones(2)"),
    "no single truth, later": ("is_right = returned > 5\n    if is_right: pass", "__import__('numpy').ones(2)"),
    "shapes that don't fit": ("np.allclose(returned, [1, 2, 3])", "__import__('numpy').ones(2)"),
    "no array": ("np.asarray(returned, float)", "[[1], [2, 3]]"),
    "a key": ("{}[returned]", "[1]"),
    "a missing key": ("{'a': 1}[returned]", "'b'"),
    "an index": ("[1, 2][returned]", "5"),
    "a format": ("f'{returned:.3f}'", "'x'"),
    "a helper": ("size_of(returned)", "3"),
    "a helper by keyword": ("size_of(value=returned)", "3"),
    "a helper through another": ("through(size_of, returned)", "3"),
    "a helper through the library": ("list(map(size_of, [returned]))", "3"),
    "a comprehension": ("[value + 1 for value in returned]", "['a']"),
    "a generator": ("all(value > 1 for value in returned)", "[None]"),
    "a method": ("Form(lambda claim: claim.size, 3).agrees(returned)", "[3]"),
    "what is computed from it": ("half = returned / 2\n    whole = half * 2\n    whole.nothing()", "3"),
    "what was appended": ("ask(submission)[1].shape", "None"),
    "the first of two": ("a, b = returned, None\n    a.shape", "None"),
    "memory": ("np.ones((returned, returned))", "10**7"),
    "a tensor that is none": ("from autograder import tensor\n    submission.g(tensor(returned))", "[1]"),
    "an item of a slice that is none": ("[1, 2][returned:]", "'a'"),
    "a truth in a condition": ("1 if returned == 5 else 2", "__import__('numpy').ones(2)"),
    "a comprehension over what is none": ("[1 for _ in returned]", "7"),
    "arithmetic": ("(returned + 1)[0]", "7"),
    "arithmetic in place": ("total = 0\n    total += returned", "'a'"),
    "a text made of it": ("int(f'{returned}')", "'a'"),
    "a format of what is computed": ("f'{returned * 2:.3f}'", "'x'"),
    "a helper in another module": ("helpers.first(returned)", "None"),
    "a helper in another module, through this one's": ("through(helpers.first, returned)", "None"),
    "over lines": ("(\n        returned\n        .shape\n        .nothing()\n    )", "None"),
}
OURS = {
    "a value of its own": ("nothing = None\n    nothing.shape", "None"),
    "the second of two": ("a, b = returned, None\n    b.shape", "None"),
    "an expected value": ("wanted['mean'].shape", "None"),
    "a missing key": ("assert returned is None\n    wanted['median']", "None"),
    "a name": ("assert returned == NOWHERE", "None"),
    "a helper": ("assert returned is None\n    size_of(None)", "None"),
    "a helper through another": ("through(size_of, None)", "None"),
    "a pair's other half": ("for claim, truth in zip([returned], [None]): truth.shape", "None"),
    "a numbered one's": ("for n, truth in enumerate([None]): returned, truth.shape", "None"),
    "an item chosen by a claim": ("[None, None][returned].shape", "1"),
    "a lambda": ("Form(lambda claim: None, 3).wanted.shape", "None"),
    "what was asked": ("submission.f(), None.shape", "None"),
    "an item of an item chosen by a claim": ("[None, None][returned][0]", "1"),
    "a sum with an item chosen by a claim": ("[None, None][returned] + 1", "1"),
    "an item beside a claim": ("assert returned == 1 and wanted['mean'][0]", "1"),
    "a text of its own": ("assert returned is None\n    int(f'{None}')", "None"),
    "a helper in another module": ("assert returned is None\n    helpers.first(None)", "None"),
    "over lines": ("returned, (\n        None\n        .shape\n        .nothing()\n    )", "None"),
}


@pytest.fixture
def graded_by(tmp_path, strongest):
    def run(assignment, source):
        path = tmp_path / "student.py"
        path.write_text(source)
        return grade(assignment, path, strongest)

    return run


@pytest.fixture
def graded(make_assignment, graded_by):
    def run(body, value):
        assignment = make_assignment({"test_q1.py": GRADER.replace("{body}", body), "helpers.py": HELPERS})
        return graded_by(assignment, f"def f(): return {value}\ndef g(*_): return 1\n")

    return run


@pytest.mark.parametrize("way", WAYS)
def test_the_same_operation_is_charged_by_whose_value_it_is_on(make_assignment, graded_by, way):
    extract, returned = WAYS[way]
    tests = ["import helpers\nfrom autograder import points\n"]
    for number, (operation, value) in enumerate(OPERATIONS.values()):
        asked = f"submission.f({number})"
        out = extract.replace("RETURNED", asked) or "pass"
        on_a_claim = operation.replace("VALUE", "value" if extract else asked)
        on_its_own = f"own = {value}\n    {operation.replace('VALUE', 'own')}"
        for whose, done in {"theirs": on_a_claim, "ours": on_its_own}.items():
            tests.append(f"@points(1, 'Case')\ndef test_{whose}_{number}(submission):\n    {out}\n    {done}\n")
    values = ", ".join(returned.replace("VALUE", value) for _, value in OPERATIONS.values())
    assignment = make_assignment({"test_q1.py": "\n".join(tests), "helpers.py": HELPERS})
    result = graded_by(assignment, f"def f(number): return [{values}][number]")
    assert {check.name: check.outcome for check in result.checks} == {
        f"q1.{whose}_{number}": {"theirs": "failed", "ours": "broken"}[whose]
        for number in range(len(OPERATIONS))
        for whose in ("theirs", "ours")
    }


@pytest.mark.parametrize("case", THEIRS)
def test_what_is_raised_over_a_claim_is_the_submission_s(graded, case):
    result = graded(*THEIRS[case])
    assert result.trouble == ""
    assert [check.outcome for check in result.checks] == ["failed", "passed"]
    assert "of another kind or form" in result.checks[0].feedback and result.score == 1
    assert "charged to the submission" in result.checks[0].decided[0]


@pytest.mark.parametrize("case", OURS)
def test_what_is_raised_over_a_value_of_the_grader_s_own_is_ours(graded, case):
    result = graded(*OURS[case])
    assert [check.outcome for check in result.checks] == ["broken", "passed"]
    assert result.status == "error" and "test_case could not decide" in result.trouble and result.score == 1


def test_python_s_words_are_shown_only_where_they_are_about_kinds(graded):
    result = graded("{'the hidden one': 1}.pop(returned)", "'mine'")
    assert result.checks[0].feedback == "Something is of another kind or form than the exercise asks for."
