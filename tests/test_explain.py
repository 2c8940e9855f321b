"""What codes of causes mean."""

import ast
import re
from pathlib import Path

import pytest
from commands import autograder

from autograder.diagnosis.known import KNOWN
from autograder.errors import UsageError
from autograder.report.explain import all_explained, explained
from autograder.report.mistakes import MISTAKES

PAGE = Path(__file__).parent.parent / "docs" / "causes.md"
GOLDEN = Path(__file__).parent / "stored" / "messages.txt"
SOLUTIONS = Path(__file__).parent.parent / "solutions"
_TAKES_CODE = ("Mistake", "_mistake", "coded")


def declared() -> str:
    """A line for each known mistake: its grader's file, the code, and the message as it stands in the source."""
    lines = []
    for path in sorted(SOLUTIONS.glob("*/graders/*.py")):
        tree = ast.parse(path.read_text())
        calls = [
            node.args
            for node in ast.walk(tree)
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in _TAKES_CODE
        ]
        # The table of q1 in cnn, and what helpers return, are plain pairs.
        pairs = [node.elts for node in ast.walk(tree) if isinstance(node, ast.Tuple) and len(node.elts) in (2, 3)]
        for code, text, *_ in sorted((pair for pair in [*calls, *pairs] if len(pair) > 1), key=_place):
            if isinstance(code, ast.Constant) and is_code(code.value) and isinstance(text, _MESSAGES):
                message = str(text.value) if isinstance(text, ast.Constant) else ast.unparse(text)
                if is_code(message):
                    continue  # a pair of words
                lines.append(f"{path.parts[-3]} {path.stem} {code.value}: {message}")
    return "\n".join(lines) + "\n"


_MESSAGES = (ast.Constant, ast.JoinedStr, ast.Name, ast.Call)


def _place(pair: list[ast.expr]) -> tuple[int, int]:
    return pair[0].lineno, pair[0].col_offset


def is_code(value: object) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[a-z0-9]+(-[a-z0-9]+)*", value) is not None


def test_the_page_of_the_documentation_is_made_of_the_code():
    """After a change of the messages: `autograder explain --all > docs/causes.md`."""
    assert PAGE.read_text() == all_explained()
    assert {*KNOWN, *MISTAKES} <= set(re.findall(r"^## (\S+)$", PAGE.read_text(), re.MULTILINE))


@pytest.mark.parametrize("code", KNOWN)
def test_each_code_is_explained_with_and_without_its_question(code):
    text = explained(code)
    assert KNOWN[code].name in text and KNOWN[code].advice in text and KNOWN[code].read in text
    assert explained(f"q4.{code}") == text
    assert re.fullmatch(r"[a-z0-9-]+", code), "it is part of addresses"


@pytest.mark.parametrize("code", MISTAKES)
def test_each_known_mistake_is_told_from_what_is_right_by_its_smallest_example(code):
    example = MISTAKES[code].make_example()
    assert example.right != example.wrong and str(example) in explained(f"q1.{code}")
    assert re.fullmatch(r"[a-z0-9-]+", code), "it is part of addresses"
    assert code not in KNOWN


def test_examples_are_computed():
    assert "a padding of 1: right is 3, and the mistake gives 2." in explained("padding-once")


def test_codes_of_mistakes_and_their_messages_are_those_that_were_reviewed():
    """After a change of messages: `python tests/test_explain.py`, and look at what it changes."""
    assert GOLDEN.read_text() == declared()
    codes = set(re.findall(r"^\S+ \S+ ([a-z0-9-]+):", GOLDEN.read_text(), re.MULTILINE))
    assert set(MISTAKES) <= codes, "each page is of a mistake that a grader declares"


def test_what_is_no_code_is_said():
    assert "TypeError" not in explained("q1.raises-typeerror") and "exception" in explained("q1.raises-typeerror")
    assert "left as it was handed out" in explained("q3.not-answered")
    with pytest.raises(UsageError, match="is it no-zero-grad"):
        explained("no-zero-grads")
    with pytest.raises(UsageError, match="is it padding-once"):
        explained("q1.the-padding-is-counted-once")
    with pytest.raises(UsageError, match="--all"):
        explained("q1.it-said-something-else")


def test_the_command():
    done = autograder("explain", "q4.no-zero-grad")
    assert done.returncode == 0 and done.stdout == explained("no-zero-grad") + "\n"
    assert autograder("explain", "--all").stdout == PAGE.read_text()
    assert autograder("explain").returncode == autograder("explain", "nothing").returncode == 2


if __name__ == "__main__":
    GOLDEN.write_text(declared())
