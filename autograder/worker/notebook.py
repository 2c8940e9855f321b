"""Running a submission's cells as a notebook would, without Jupyter.

The cells share one namespace, which is the module ``__main__``. The statements at a cell's top level are run one
by one, so that one that fails takes nothing along but what needs it. IPython's magics and shell lines are
understood well enough that a notebook written for Jupyter runs here; what they would do outside of Python
(install packages, run a shell) is left out.
"""

from __future__ import annotations
import __future__

import ast
import builtins
import contextlib
import importlib
import linecache
import re
import sys
import traceback
import types
from dataclasses import dataclass
from typing import Any

from .absent import note_guards

MAX_TEXT = 2000  # characters of an error message
MAX_STATEMENTS = 1000  # of a cell, that are run one by one

# A magic whose cell is run as any other. (What %%timeit runs defines no names.)
_PLAIN_MAGIC = re.compile(r"\A((?:[ \t]*(?:#.*)?\n)*)[ \t]*%%(?:time|capture|prun)\b.*")


class Notebook:
    """The namespace in which cells are executed."""

    def __init__(self) -> None:
        self.module = types.ModuleType("__main__")
        self.namespace = self.module.__dict__
        self._cell = _Statements("", [])
        self._future = 0  # features that a cell imported from __future__
        # Classes know their module by name, and `inspect` looks it up.
        sys.modules["__main__"] = self.module
        shell = _Shell(self)
        builtins.get_ipython = lambda: shell  # type: ignore[attr-defined]
        builtins.display = lambda *_args, **_kwargs: None  # type: ignore[attr-defined]

    def read(self, label: str, source: str) -> list[list[int]]:
        """Take a cell's text. Returns the first and the last line of each of its statements, in order.

        Raises:
            SyntaxError: it is not Python; none of it can be run.
        """
        self._cell = self._statements_of(label, source)
        return [[_first_line(nodes[0]), nodes[-1].end_lineno or 0] for nodes in self._cell.statements]

    def run(self, number: int) -> None:
        """Execute one statement of the cell that was read last.

        Raises:
            BaseException: whatever it raises.
        """
        self._execute(self._cell, number)

    def execute(self, label: str, source: str) -> None:
        """Execute source text in the namespace.

        Raises:
            BaseException: whatever the source raises.
        """
        cell = self._statements_of(label, source)
        for number in range(len(cell.statements)):
            self._execute(cell, number)

    def _statements_of(self, label: str, source: str) -> _Statements:
        filename = f"<{label}>"
        # Tracebacks and inspect.getsource() find the text here.
        linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
        tree = _parse(source, filename)
        note_guards(filename, tree)
        for node in tree.body:  # as in Jupyter, they hold for the cells below, too
            if isinstance(node, ast.ImportFrom) and node.module == "__future__":
                for name in node.names:
                    self._future |= getattr(getattr(__future__, name.name, None), "compiler_flag", 0)
        # Alone in its module, each text would be taken for a docstring. Only the first is one.
        body = [*tree.body[:1], *(node for node in tree.body[1:] if not _is_constant(node))]
        statements = [[node] for node in body[: MAX_STATEMENTS - 1]]
        if rest := body[MAX_STATEMENTS - 1 :]:
            statements.append(rest)
        return _Statements(filename, statements)

    def _execute(self, cell: _Statements, number: int) -> None:
        # IPython's own, where a cell imported it, finds no shell; by the builtin name there is ours.
        if getattr(self.namespace.get("get_ipython"), "__module__", "") == "IPython.core.getipython":
            del self.namespace["get_ipython"]
        module = ast.Module(cell.statements[number], [])
        code = compile(module, cell.filename, "exec", self._future, dont_inherit=True)
        exec(code, self.namespace)  # noqa: S102  (this is what a worker is for)


@dataclass(frozen=True)
class _Statements:
    """What stands at a cell's top level, to be run one by one."""

    filename: str
    statements: list[list[ast.stmt]]  # each alone, and past the limit what is left as one


def _is_constant(node: ast.stmt) -> bool:
    return isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)


def _first_line(node: ast.stmt) -> int:
    decorators: list[ast.expr] = getattr(node, "decorator_list", [])
    return min([node.lineno, *(decorator.lineno for decorator in decorators)])


def _parse(source: str, filename: str) -> ast.Module:
    """The cell's syntax tree. Most cells are plain Python; IPython's own transformer is for those that are not."""
    with contextlib.suppress(SyntaxError):
        return ast.parse(source, filename)
    if _PLAIN_MAGIC.match(source):
        return _parse(_PLAIN_MAGIC.sub(r"\1", source), filename)
    from IPython.core.inputtransformer2 import TransformerManager, leading_empty_lines

    manager = TransformerManager()
    manager.cleanup_transforms.remove(leading_empty_lines)  # else line numbers would be off
    transformed: str = manager.transform_cell(source)
    return ast.parse(transformed, filename)


class _Shell:
    """Stands in for IPython's shell: the calls that transformed magics and shell lines make."""

    def __init__(self, notebook: Notebook) -> None:
        self._notebook = notebook
        self.user_ns = notebook.namespace

    def run_line_magic(self, name: str, line: str, *_ignored: object) -> None:
        if name == "time":
            self._notebook.execute("magic", line)

    def run_cell_magic(self, name: str, line: str, body: str) -> None:
        if name in ("writefile", "file"):
            *options, path = line.split()
            with open(path, "a" if "-a" in options else "w", encoding="utf-8") as file:
                file.write(body)
            importlib.invalidate_caches()  # it may be imported next

    def system(self, _command: str) -> None:
        """A shell line (``!pip install``): passed over."""

    def getoutput(self, _command: str) -> list[str]:
        return []

    def __getattr__(self, _name: str) -> Any:
        return lambda *_args, **_kwargs: None


def describe(error: BaseException) -> dict[str, Any]:
    """An exception as plain data: type, base types, message, and where in the submission's own text."""
    try:
        message = str(error)
    except BaseException:
        message = "(its message can't be shown)"
    frames = [f for f in traceback.extract_tb(error.__traceback__, limit=-500) if f.filename.startswith("<cell")]
    where, line, text = None, None, None
    if frames:
        where, line, text = frames[-1].filename[1:-1], frames[-1].lineno, frames[-1].line
    elif isinstance(error, SyntaxError) and (error.filename or "").startswith("<cell"):
        where, line, text = (error.filename or "")[1:-1], error.lineno, (error.text or "").strip()
    return {
        "kind": type(error).__name__[:100],
        "bases": [base.__name__[:100] for base in type(error).__mro__[1:-1]][:20],
        "message": (error.msg if isinstance(error, SyntaxError) else message)[:MAX_TEXT],
        "where": where,
        "line": line,
        "text": (text or "")[:200],
    }


def stand_in_for_otter() -> None:
    """Make ``import otter`` cheap and silent: public tests are the student's own business, not the grader's."""

    class _Grader:
        def __init__(self, *_args: object, **_kwargs: object) -> None:
            pass

        def __getattr__(self, _name: str) -> Any:
            return lambda *_args, **_kwargs: None

    otter = types.ModuleType("otter")
    otter.Notebook = _Grader  # type: ignore[attr-defined]
    sys.modules["otter"] = otter


def stand_in_for_student() -> None:
    """Let a notebook import `autograder.student`, as `autograder.diagnosis` was called."""
    student = types.ModuleType("autograder.student")
    student.__getattr__ = lambda name: getattr(importlib.import_module("autograder.diagnosis"), name)  # type: ignore[method-assign]
    sys.modules[student.__name__] = student
