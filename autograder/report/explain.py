"""What the code of a cause means: for the command line, and as a page of the documentation."""

from __future__ import annotations

import difflib
from collections.abc import Iterator

from autograder.diagnosis.known import KNOWN
from autograder.errors import UsageError
from autograder.report.causes import OURS, cause_told
from autograder.report.mistakes import MISTAKES
from autograder.results import Check

_OURS = {code: name for code, name, _ in OURS}
_INTRODUCTION = """# Causes, by their codes

What [the diagnosis](diagnosis.md) may name, and mistakes that graders know and [declare](graders.md#codes), under
codes that stay: `autograder explain no-zero-grad` prints the entry, feedback names the code, and
`report.html#cause-q4.no-zero-grad` leads to those who were told it. This page is made of the code, by `autograder
explain --all`; a test holds it to that, so that what a change does to the messages is seen in review.
"""


def explained(code: str) -> str:
    """What a code means, with or without the question before it.

    Raises:
        UsageError: there is no such code.
    """
    bare = code.rpartition(".")[2]
    if bare in KNOWN:
        entry = KNOWN[bare]
        return f"{bare}: {entry.name}.\n\n{entry.advice}\n\nMore about it: {entry.read}"
    if bare in MISTAKES:
        return f"{bare}: {MISTAKES[bare]}"
    if bare in _OURS:
        return f"{bare}: {_OURS[bare]}."
    if bare.startswith("raises-"):
        return f"{bare}: the submission's code raised an exception of this kind; the feedback says where."
    near = difflib.get_close_matches(bare, [*KNOWN, *MISTAKES, *_OURS], 3)
    hint = f"is it {' or '.join(near)}?" if near else "`autograder explain --all` lists them"
    raise UsageError(
        f"{bare} is no code that has a page ({hint}); any other is a grader's own, or what its author wrote"
    )


def code_to_ask(check: Check) -> str:
    """The code of what a check says is wrong, if there is more to read about it; else nothing."""
    told = cause_told(check)
    code = told.code.rpartition(".")[2] if told else ""
    return code if code in KNOWN or code in MISTAKES else ""


def all_explained() -> str:
    """All of them, in Markdown."""
    return "\n".join([_INTRODUCTION, *_entries()])


def _entries() -> Iterator[str]:
    for code, entry in KNOWN.items():
        yield f"## {code}\n\n{entry.name[0].upper()}{entry.name[1:]}. {entry.advice} [Read]({entry.read}).\n"
    for code, mistake in MISTAKES.items():
        yield f"## {code}\n\n{mistake}\n"
    for code, name in _OURS.items():
        yield f"## {code}\n\nNot of the diagnosis: {name}.\n"
