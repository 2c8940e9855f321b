"""What codes of causes mean."""

import re
from pathlib import Path

import pytest
from commands import autograder

from autograder.diagnosis.known import KNOWN
from autograder.errors import UsageError
from autograder.report.explain import all_explained, explained

PAGE = Path(__file__).parent.parent / "docs" / "causes.md"


def test_the_page_of_the_documentation_is_made_of_the_code():
    """After a change of the messages: `autograder explain --all > docs/causes.md`."""
    assert PAGE.read_text() == all_explained()
    assert set(KNOWN) <= set(re.findall(r"^## (\S+)$", PAGE.read_text(), re.MULTILINE))


@pytest.mark.parametrize("code", KNOWN)
def test_each_code_is_explained_with_and_without_its_question(code):
    text = explained(code)
    assert KNOWN[code].name in text and KNOWN[code].advice in text and KNOWN[code].read in text
    assert explained(f"q4.{code}") == text
    assert re.fullmatch(r"[a-z0-9-]+", code), "it is part of addresses"


def test_what_is_no_code_is_said():
    assert "TypeError" not in explained("q1.raises-typeerror") and "exception" in explained("q1.raises-typeerror")
    assert "left as it was handed out" in explained("q3.not-answered")
    with pytest.raises(UsageError, match="is it no-zero-grad"):
        explained("no-zero-grads")
    with pytest.raises(UsageError, match="--all"):
        explained("q1.the-padding-is-counted-once")


def test_the_command():
    done = autograder("explain", "q4.no-zero-grad")
    assert done.returncode == 0 and done.stdout == explained("no-zero-grad") + "\n"
    assert autograder("explain", "--all").stdout == PAGE.read_text()
    assert autograder("explain").returncode == autograder("explain", "nothing").returncode == 2
