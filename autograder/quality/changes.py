"""A submission written as a change of another: the definitions that differ, each in the place of the other's.

A change is a Python file. What it defines at its top level (functions, classes, variables, imports) takes the place of
what the base defines under that name. What is new, and a statement that defines nothing, goes before the next
definition of the change that takes a place, and else to the end. ``del name`` leaves a definition of the base out. The
docstring of the change takes the place of the base's. A comment right above a statement belongs to it.
"""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass


class BadChange(Exception):
    """A base and a change that can't be composed. The message is a sentence that begins with one of the two."""


@dataclass(frozen=True)
class _Statement:
    """A statement at the top level: its lines ``first`` to ``last``, counted from 0, with the comments right above."""

    node: ast.stmt
    first: int
    last: int

    @property
    def names(self) -> frozenset[str]:
        """What it defines, or, where it is ``del``, leaves out."""
        match self.node:
            case ast.FunctionDef(name=name) | ast.AsyncFunctionDef(name=name) | ast.ClassDef(name=name):
                return frozenset([name])
            case ast.Import(names=aliases) | ast.ImportFrom(names=aliases):
                return frozenset((alias.asname or alias.name).partition(".")[0] for alias in aliases)
            case ast.Assign(targets=targets) | ast.Delete(targets=targets):
                return frozenset(_plain_names(targets))
            case ast.AnnAssign(target=target):
                return frozenset(_plain_names([target]))
            case _:
                return frozenset()

    @property
    def leaves_out(self) -> bool:
        """Whether it is ``del`` of names alone."""
        return isinstance(self.node, ast.Delete) and all(isinstance(target, ast.Name) for target in self.node.targets)


@dataclass(frozen=True)
class _Source:
    """The lines of a file, and its statements but for the docstring."""

    lines: list[str]
    docstring: _Statement | None
    statements: list[_Statement]


def compose(base: str, change: str) -> str:
    """The text of the base with the change made.

    Raises:
        BadChange: one of the two is no Python or has two statements on a line, or the change does not fit the base:
            it changes nothing, leaves out what is not there, or takes the place of a part of a statement.
    """
    old, new = _read(base, "the base"), _read(change, "the change")
    if not new.statements:
        raise BadChange("the change defines nothing")
    edits: dict[_Statement, list[str]] = {}
    waiting: list[str] = []  # what goes before the next definition that takes a place
    done = new.docstring.last + 1 if new.docstring else 0
    for statement in new.statements:
        waiting += new.lines[done : statement.first if statement.leaves_out else statement.last + 1]
        done = statement.last + 1
        places = _places(old, statement)
        if twice := edits.keys() & set(places):
            raise BadChange(f"the change says twice what becomes of {_listed(twice.pop().names)}")
        edits |= {place: [] for place in places}
        if places and not statement.leaves_out:
            edits[places[0]], waiting = _without_empty_ends(waiting), []
    spans = {(place.first, place.last): lines for place, lines in edits.items()}
    if new.docstring:
        words = new.lines[new.docstring.first : new.docstring.last + 1]
        if old.docstring:
            spans[old.docstring.first, old.docstring.last] = words
        else:
            first = old.statements[0].first if old.statements else len(old.lines)
            spans[first, first - 1] = [*words, ""]
    lines = _without_empty_ends(_edited(old.lines, spans))
    if rest := _without_empty_ends(waiting + new.lines[done:]):
        lines += ["", "", *rest]
    return "\n".join([*lines, ""])


def _read(text: str, called: str) -> _Source:
    text = text.replace("\r\n", "\n").replace("\r", "\n")  # as Python counts lines
    try:
        nodes = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError) as error:
        line = f", line {error.lineno}" if isinstance(error, SyntaxError) and error.lineno else ""
        raise BadChange(f"{called} is no Python{line}") from None
    lines = text.split("\n")
    statements: list[_Statement] = []
    free = 0  # the first line that belongs to no statement yet
    for node in nodes:
        first = min([node.lineno, *(d.lineno for d in getattr(node, "decorator_list", []))]) - 1
        if first < free:
            raise BadChange(f"{called} has two statements on line {first + 1}")
        while first > free and lines[first - 1].startswith("#") and not lines[first - 1].startswith(("#!", "# %%")):
            first -= 1
        free = node.end_lineno or node.lineno
        statements.append(_Statement(node, first, free - 1))
    if statements and _is_text(statements[0].node):
        return _Source(lines, statements[0], statements[1:])
    return _Source(lines, None, statements)


def _is_text(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)


def _places(old: _Source, statement: _Statement) -> list[_Statement]:
    """The statements of the base in whose place a statement of the change goes."""
    places = [place for place in old.statements if place.names & statement.names and not place.leaves_out]
    known = frozenset[str]().union(*(place.names for place in places))
    if statement.leaves_out and (missing := statement.names - known):
        raise BadChange(f"the change leaves out {_listed(missing)}, which the base does not define")
    if more := known - statement.names:
        raise BadChange(f"the base defines {_listed(more)} in one statement with {_listed(known & statement.names)}")
    if len(places) == 1 and ast.dump(places[0].node) == ast.dump(statement.node):
        raise BadChange(f"the change defines {_listed(known)} as the base does")
    return places


def _edited(lines: list[str], spans: dict[tuple[int, int], list[str]]) -> list[str]:
    """The lines with others in the place of those spans. What is left out takes the empty lines above along."""
    edited: list[str] = []
    done = 0
    for (first, last), others in sorted(spans.items()):
        edited += lines[done:first]
        while not others and edited and not edited[-1].strip():
            edited.pop()
        edited += others
        done = last + 1
    return edited + lines[done:]


def _without_empty_ends(lines: list[str]) -> list[str]:
    filled = [number for number, line in enumerate(lines) if line.strip()]
    return lines[filled[0] : filled[-1] + 1] if filled else []


def _plain_names(targets: Iterable[ast.expr]) -> Iterator[str]:
    for target in targets:
        match target:
            case ast.Name(id=name):
                yield name
            case ast.Tuple(elts=parts) | ast.List(elts=parts):
                yield from _plain_names(parts)
            case ast.Starred(value=value):
                yield from _plain_names([value])


def _listed(names: Iterable[str]) -> str:
    return ", ".join(map(repr, sorted(names)))
