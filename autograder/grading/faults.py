"""Whose fault an exception in a grader is: the submission's, if it came of a value from the worker, or the grader's.

The words of an exception don't tell: ``None.shape`` fails alike for a submission's None and for the grader's own. So
the values are followed, by the names in the grader's source text. A name is *from the worker* if it holds a handle or
another object of the grader's side of the worker, if a fixture gives it that is made from one, or if it is assigned
what is computed from such a name. An exception is about a claim if an operand of the operation that raised it,
in the innermost of the grader's own frames, is from the worker. Where a worker can't be started or spoken to, it is
neither's, and this machine's.

A grader that raises for the reference, too, fails it, which a release does not get past.
"""

from __future__ import annotations

import ast
import inspect
import itertools
from collections.abc import Iterator, Set
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from types import FrameType, TracebackType

_Position = tuple[int, int, int, int]  # first line, column, last line, column; columns count bytes, as in `ast`
_Function = ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda
_STORING = ("append", "extend", "insert", "add", "update", "setdefault")
_SANDBOX = Path(__file__).resolve().parents[1] / "sandbox"


def is_about_a_claim(raised: BaseException, graders: Path, fixtures: Set[str], kinds: tuple[type, ...]) -> bool:
    """Whether an exception came of a value from the worker.

    ``graders`` is the folder of the graders' source text, ``fixtures`` names those that are made from the worker, and
    objects of ``kinds`` are the grader's side of it.
    """
    last: _Place | None = None
    came_directly = is_in_the_sandbox = False
    for traceback in _chain(raised.__traceback__):
        file = Path(traceback.tb_frame.f_code.co_filename)
        if not file.is_relative_to(graders):
            came_directly = False
            if file.is_relative_to(_SANDBOX.parent):
                is_in_the_sandbox = file.is_relative_to(_SANDBOX)
            continue
        place = _Place.of(traceback, kinds)
        if place is None:  # at the top level of a module
            return False
        if last is None:
            place.taint(place.parameters & fixtures)
        else:
            place.taint(last.passes_to(place, directly=came_directly))
        last, came_directly, is_in_the_sandbox = place, True, False
    return last is not None and not is_in_the_sandbox and last.fails_on_a_claim()


def _chain(traceback: TracebackType | None) -> Iterator[TracebackType]:
    while traceback is not None:
        yield traceback
        traceback = traceback.tb_next


@lru_cache(maxsize=64)
def _parsed(file: str) -> ast.Module:
    return ast.parse(Path(file).read_text(encoding="utf-8"))


@dataclass
class _Place:
    """Where a frame of the grader's is, in its text, and which names there are from the worker."""

    position: _Position
    function: _Function  # the outermost that encloses it: those within see its names
    parameters: Set[str]
    ordered: tuple[str, ...]  # the parameters that a call fills by their places
    rest: str  # the one that takes further arguments, if any
    tainted: set[str]

    @classmethod
    def of(cls, traceback: TracebackType, kinds: tuple[type, ...]) -> _Place | None:
        code = traceback.tb_frame.f_code
        position = _position(traceback)
        functions = [
            node
            for node in ast.walk(_parsed(code.co_filename))
            if isinstance(node, _Function) and _contains(_position_of(node), position)
        ]
        if not functions:
            return None
        count = code.co_argcount + code.co_kwonlyargcount
        extra = sum(bool(code.co_flags & flag) for flag in (inspect.CO_VARARGS, inspect.CO_VARKEYWORDS))
        return cls(
            position,
            functions[0],  # `walk` goes from the outside in
            frozenset(code.co_varnames[: count + extra]),
            code.co_varnames[: code.co_argcount],
            code.co_varnames[count] if code.co_flags & inspect.CO_VARARGS else "",
            {name for name, value in _values(traceback.tb_frame).items() if isinstance(value, kinds)},
        )

    def taint(self, names: Set[str]) -> None:
        """Mark these names, and all that is computed from them, in whatever order."""
        self.tainted |= names
        before = -1
        while len(self.tainted) != before:
            before = len(self.tainted)
            for node in ast.walk(self.function):
                for target, value in _assignments(node):
                    self._assign(target, value)

    def _assign(self, target: ast.expr | str, value: ast.expr | None) -> None:
        match target, value:
            case (ast.Tuple(elts=names), ast.Tuple(elts=parts)) if len(names) == len(parts):
                for pair in zip(names, parts, strict=True):
                    self._assign(*pair)
            case (ast.Tuple(elts=names), ast.Call(func=ast.Name(id="zip"), args=parts)) if len(names) == len(parts):
                for pair in zip(names, parts, strict=True):
                    self._assign(*pair)
            case ast.Tuple(elts=[_, item]), ast.Call(func=ast.Name(id="enumerate"), args=[items, *_]):
                self._assign(item, items)
            case _ if value is None or self._carries(value):
                self.tainted |= {target} if isinstance(target, str) else set(_names_written(target))

    def _carries(self, expression: ast.AST) -> bool:
        """Whether the expression's value is from the worker, or computed from what is."""
        match expression:
            case ast.Name(id=name):
                return name in self.tainted
            case ast.Subscript(value=value):  # an item of the grader's own is that, wherever its number is from
                return self._carries(value)
            case ast.IfExp(body=body, orelse=orelse):
                return self._carries(body) or self._carries(orelse)
            case ast.DictComp(key=key, value=value):
                return self._carries(key) or self._carries(value)
            case ast.ListComp(elt=element) | ast.SetComp(elt=element) | ast.GeneratorExp(elt=element):
                return self._carries(element)
        return any(self._carries(part) for part in ast.iter_child_nodes(expression))

    def fails_on_a_claim(self) -> bool:
        """Whether an operand of what was done here is from the worker."""
        match self._operation():
            case ast.Attribute(value=value):
                return self._carries(value)
            case ast.Subscript(value=value, slice=index):
                return self._carries(value) or self._carries(index)
            case ast.IfExp(test=test):  # whose truth is asked for; what is chosen fails elsewhere
                return self._carries(test)
            case ast.ListComp() | ast.SetComp() | ast.DictComp() | ast.GeneratorExp() as made:
                return self._carries(made.generators[0].iter)  # all else is done in a frame of its own
            case ast.expr() as operation:
                return self._carries(operation)
        names = (node for node in ast.walk(self.function) if isinstance(node, ast.Name))
        return any(name.id in self.tainted and _contains(self.position, _position_of(name)) for name in names)

    def _operation(self) -> ast.expr | None:
        """The expression that failed; None where it was a statement.

        Python tells a call or an attribute on another line than its object's by its end alone.
        """
        expressions = [node for node in ast.walk(self.function) if isinstance(node, ast.expr)]
        exact = next((node for node in expressions if _position_of(node) == self.position), None)
        if exact is not None or any(_contains(self.position, _position_of(node)) for node in expressions):
            return exact
        around = [n for n in expressions if _position_of(n)[2:] == self.position[2:]]
        return around[-1] if around else None  # `walk` goes from the outside in

    def passes_to(self, inner: _Place, *, directly: bool) -> Set[str]:
        """Which names of the frame that was called from here are from the worker."""
        seen = self.tainted if inner.function is self.function else set()
        call = next(
            (n for n in ast.walk(self.function) if isinstance(n, ast.Call) and _position_of(n) == self.position), None
        )
        if call is None or not directly or any(isinstance(argument, ast.Starred) for argument in call.args):
            return seen | (inner.parameters if self.fails_on_a_claim() else set())
        is_bound = inner.ordered[:1] in (("self",), ("cls",))
        places = [*inner.ordered[is_bound:], *[inner.rest] * len(call.args)]
        given = [*zip(places, call.args, strict=False), *((word.arg or "", word.value) for word in call.keywords)]
        passed = {name for name, value in given if self._carries(value)}
        if is_bound and isinstance(call.func, ast.Attribute) and self._carries(call.func.value):
            passed.add(inner.ordered[0])
        return seen | passed


def _values(frame: FrameType) -> dict[str, object]:
    used = frame.f_code.co_names
    return {name: frame.f_globals[name] for name in used if name in frame.f_globals} | frame.f_locals


def _position(traceback: TracebackType) -> _Position:
    positions = traceback.tb_frame.f_code.co_positions()
    line, last, column, end = next(itertools.islice(positions, traceback.tb_lasti // 2, None))
    line = line or traceback.tb_lineno
    return line, column or 0, last or line, 1 << 30 if end is None else end


def _position_of(node: ast.AST) -> _Position:
    return node.lineno, node.col_offset, node.end_lineno, node.end_col_offset  # type: ignore[attr-defined]


def _contains(outer: _Position, inner: _Position) -> bool:
    return outer[:2] <= inner[:2] and inner[2:] <= outer[2:]


def _assignments(node: ast.AST) -> Iterator[tuple[ast.expr | str, ast.expr | None]]:
    """What a node gives names to: a target, and the value; None for what is always a claim."""
    match node:
        case ast.Assign(targets=targets, value=value):
            for target in targets:
                yield target, value
        case ast.AnnAssign(target=target, value=value) if value is not None:
            yield target, value
        case ast.AugAssign(target=target, value=value) | ast.NamedExpr(target=target, value=value):
            yield target, value
        case ast.For(target=target, iter=value) | ast.comprehension(target=target, iter=value):
            yield target, value
        case ast.withitem(context_expr=value, optional_vars=target) if target is not None:
            yield target, value
        case ast.ExceptHandler(name=name) if name is not None:
            yield name, None
        case ast.Match(subject=value, cases=cases):
            for part in itertools.chain.from_iterable(map(ast.walk, cases)):
                if isinstance(part, ast.MatchAs | ast.MatchStar) and part.name:
                    yield part.name, value
        case ast.Call(func=ast.Attribute(value=ast.Name() as target, attr=method), args=arguments):
            for argument in arguments if method in _STORING else ():
                yield target, argument


def _names_written(target: ast.expr) -> Iterator[str]:
    """The names that an assignment to this changes: `matrix` of `matrix[row, column]`."""
    match target:
        case ast.Name(id=name):
            yield name
        case ast.Subscript(value=value) | ast.Attribute(value=value) | ast.Starred(value=value):
            yield from _names_written(value)
        case ast.Tuple(elts=parts) | ast.List(elts=parts):
            for part in parts:
                yield from _names_written(part)
