"""The table of attacks in the documentation has each hostile submission of the lessons, and no other."""

import re
from pathlib import Path

from autograder.quality.declared import declared_submissions

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
