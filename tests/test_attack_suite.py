"""The table of attacks in the documentation has each hostile submission of the lessons, and no other."""

import re
from pathlib import Path

import pytest

from autograder.assignment import load_assignment
from autograder.grading.grade import grade
from autograder.quality.declared import declared_submissions
from autograder.sandbox import choose

ROOT = Path(__file__).resolve().parent.parent
HOSTILE = {
    f"{folder.name}/{Path(name).name}": submission
    for folder in (ROOT / "solutions/cnn", ROOT / "solutions/convolve")
    for name, submission in declared_submissions(folder).items()
    if submission.kind == "hostile"
}
ROWS = re.findall(r"^\| (.+) \| (.+) \| `(\S+)` \|$", (ROOT / "docs/attacks.md").read_text(), re.MULTILINE)


def test_the_table_has_each_attack_once():
    assert sorted(name for *_, name in ROWS) == sorted(HOSTILE)


def test_there_are_many_and_each_says_what_it_tries():
    assert len(HOSTILE) >= 80
    assert all(submission.declaration.mistake for submission in HOSTILE.values())
    assert f"an exercise: {len(HOSTILE)}, one attack each" in (ROOT / "docs/attacks.md").read_text()


# They answer rightly if they find what they look for. In bubblewrap they are graded with all the others.
LOOKING = [name for name, submission in HOSTILE.items() if b"if won:" in submission.content]


@pytest.fixture(scope="module")
def convolve():
    return load_assignment(ROOT / "solutions/convolve")


@pytest.fixture(scope="module")
def landlock(convolve):
    return choose("landlock", forbidden=(convolve.folder,))


@pytest.mark.slow
@pytest.mark.parametrize("name", LOOKING)
def test_what_is_looked_for_is_not_found_without_namespaces_either(name, convolve, landlock, tmp_path):
    result = grade(convolve, HOSTILE[name].write(tmp_path), landlock, questions=("q1",))
    assert result.status == "graded" and result.score == 0
