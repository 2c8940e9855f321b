"""From a submission's cells to the code that answers each question, as tokens that a disguise leaves as they are.

What a student can choose freely is gone from the tokens: names, text in quotes, comments, docstrings, white space. What
is left are keywords, operators, numbers, and what libraries name (attributes and keyword arguments).

Code is split by its lines and brackets alone, with Pygments' lexer, which takes any text: so what is no Python is
compared as well as the rest.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from pygments.lexers.python import PythonLexer
from pygments.token import Comment, Keyword, Name, Operator, String, Text

from autograder.submission import Cell

MAX_CHARACTERS = 200_000  # of a submission's own code: a long one has 20,000

Token = tuple[str, int]
"""What is left of a token, and its line in the piece, from 0."""


@dataclass(frozen=True)
class Piece:
    """A statement at the top level of a cell: its lines as they are, and its tokens."""

    cell: str
    lines: tuple[str, ...]
    tokens: tuple[Token, ...]


@dataclass(frozen=True)
class Answers:
    """The pieces that answer each question, in the order of the submission, and what a person should know of it."""

    pieces: Mapping[str, tuple[Piece, ...]]
    remarks: tuple[str, ...] = ()


def answers_in(cells: Sequence[Cell], names: Mapping[str, frozenset[str]], handed_out: Collection[str] = ()) -> Answers:
    """Find the answers to each question, which defines these names, wherever they are in a submission.

    To a question belong the statements that define one of its names, and what these use that is defined at the top
    level and belongs to no other question. Cells that are as they were handed out hold no answer.
    """
    own = [cell for cell in cells if cell.source.strip() not in handed_out]
    statements: list[_Statement] = []
    remarks, room = [], MAX_CHARACTERS
    for cell in own:
        statements += _statements(cell.label, cell.source[:room])
        room -= len(cell.source)
        if room < 0:
            remarks.append(f"only the first {MAX_CHARACTERS:,} characters of its code were compared")
            break
    place = _questions_of(statements, names)
    pieces = {
        question: tuple(statements[n].piece() for n in sorted(place) if place[n] == question) for question in names
    }
    answering = {piece.cell for found in pieces.values() for piece in found}
    remarks += [words for cell in own if cell.label in answering and (words := _why_no_python(cell))]
    return Answers({question: found for question, found in pieces.items() if found}, tuple(remarks))


def _questions_of(statements: Sequence[_Statement], names: Mapping[str, frozenset[str]]) -> dict[int, str]:
    """The question of each statement that answers one."""
    place: dict[int, str] = {}
    for n, statement in enumerate(statements):
        question = next((question for question in names if names[question] & statement.defines), None)
        if question is not None:
            place[n] = question
    helpers = {name: n for n, statement in enumerate(statements) if n not in place for name in statement.defines}
    for question in names:
        waiting = [n for n in place if place[n] == question]
        while waiting:
            for name in statements[waiting.pop()].uses:
                helper = helpers.get(name)
                if helper is not None and helper not in place:
                    place[helper] = question
                    waiting.append(helper)
    return place


def names_in(sources: Iterable[str]) -> frozenset[str]:
    """What cells define at their top level."""
    return frozenset(name for source in sources for part in _statements("", source) for name in part.defines)


def pieces_in(sources: Iterable[str]) -> list[Piece]:
    """All that cells hold."""
    return [part.piece() for source in sources for part in _statements("", source)]


_MAGIC = re.compile(r"^([ \t]*)(?:[%!?].*|[^#\n]*[^?\n]\?\??[ \t]*|[\w, ]+=[ \t]*[%!].*)$", re.MULTILINE)


def _why_no_python(cell: Cell) -> str:
    """What a person should know of a cell that doesn't parse, and so was not run as it is; else nothing."""
    if cell.source.lstrip().startswith("%%") or len(cell.source) > MAX_CHARACTERS:
        return ""
    try:
        ast.parse(_MAGIC.sub(r"\1pass", cell.source))
    except SyntaxError as error:
        return f"{cell.label} is no Python (line {error.lineno}), and was compared as text"
    except (ValueError, RecursionError, MemoryError):
        return f"{cell.label} is no Python, and was compared as text"
    return ""


# --- splitting -------------------------------------------------------------------------------------------------------

_Lexed = tuple[int, Any, str]  # where it begins, Pygments' kind of token, its text
_DEPTH = {"(": 1, "[": 1, "{": 1, ")": -1, "]": -1, "}": -1}
_CONTINUING = frozenset(["else", "elif", "except", "finally", ")", "]", "}"])
_BEGINNING = frozenset(["def", "class", "import", "from"])  # a statement, even where a bracket was left open
_OTHER_LINE_ENDS = re.compile(r"\r\n?|[\x0b\x0c\x1c-\x1e\x85\u2028\u2029]")


class _Statement:
    """One at the top level of a cell."""

    def __init__(self, cell: str, text: str, tokens: list[_Lexed]) -> None:
        self._cell, self._text, self._tokens = cell, text, tokens
        self.defines = frozenset(_defined(text, tokens))
        self.uses = frozenset(value for _, kind, value in tokens if kind in Name)

    def piece(self) -> Piece:
        """What is compared of it."""
        first = self._text.rfind("\n", 0, self._tokens[0][0]) + 1
        start, _, value = self._tokens[-1]
        lines = self._text[first : start + len(value)].split("\n")
        return Piece(self._cell, tuple(lines), tuple(_plain(self._text, self._tokens)))


def _statements(label: str, source: str) -> Iterator[_Statement]:
    text = _OTHER_LINE_ENDS.sub("\n", source)
    tokens: list[_Lexed] = []
    depth = 0
    is_decorated = False  # by decorators, and nothing yet that they are for
    for token in PythonLexer().get_tokens_unprocessed(text):
        start, kind, value = token
        if kind in Text or kind in Comment or kind in String.Doc:
            continue
        is_first = start == 0 or text[start - 1] == "\n"
        may_begin = depth == 0 or value in _BEGINNING or kind in Name.Decorator
        if is_first and may_begin and value not in _CONTINUING:
            depth = 0
            if tokens and not is_decorated:
                yield _Statement(label, text, tokens)
                tokens = []
            is_decorated = kind in Name.Decorator or (is_decorated and value not in ("def", "class", "async"))
        depth = max(depth + _step(token), 0)
        tokens.append(token)
    if tokens:
        yield _Statement(label, text, tokens)


def _step(token: _Lexed) -> int:
    """By how much brackets are deeper after it."""
    return _DEPTH.get(token[2], 0) if token[1] not in String else 0


def _defined(text: str, tokens: list[_Lexed]) -> Iterator[str]:
    """The names that a statement gives to something, also inside of an ``if``, say."""
    is_definition = tokens[0][1] in Name.Decorator or tokens[0][2] in ("def", "class", "async")
    for _, kind, value in tokens:
        if kind in Name.Function or kind in Name.Class:
            yield value
            if is_definition:
                return
    depth = 0
    targets: list[str] = []
    for (_, _, before), token in pairwise([(0, Text, ""), *tokens]):
        start, kind, value = token
        if before == ";" or not text[text.rfind("\n", 0, start) + 1 : start].strip():
            targets = []
        if depth == 0 and kind in Operator and value == "=":
            yield from targets
            targets = []
        elif kind in Name and before != ".":
            targets.append(value)
        depth = max(depth + _step(token), 0)


# --- what a disguise leaves ------------------------------------------------------------------------------------------

_NAME, _TEXT = "a name", "a text"  # what no token of Python is


def _plain(text: str, tokens: list[_Lexed]) -> Iterator[Token]:
    line, at = 0, tokens[0][0]
    depth, in_header, last = 0, False, ""
    before, before_that = "", ""
    for n, token in enumerate(tokens):
        start, kind, value = token
        line += text.count("\n", at, start)
        at = start
        following = tokens[n + 1][2] if n + 1 < len(tokens) else ""
        if kind in Keyword and value in ("def", "lambda"):
            in_header = True
        elif value == ":" and depth == 0:
            in_header = False
        depth = max(depth + _step(token), 0)
        plain = value
        if kind in String:
            plain = "" if last == _TEXT else _TEXT  # of a text there are several tokens
        elif kind in Name:
            is_attribute = before == "." and before_that not in ("self", "cls")
            is_keyword = following == "=" and depth > 0 and not in_header
            is_built_in = kind in Name.Exception or (kind in Name.Builtin and kind not in Name.Builtin.Pseudo)
            plain = value if is_attribute or is_keyword or is_built_in else _NAME
        elif value == "," and _DEPTH.get(following) == -1:
            plain = ""  # formatters put it there
        if plain:
            yield plain, line
            last = plain
        before, before_that = value, before
