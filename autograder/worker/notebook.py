"""Running a submission's cells as a notebook would, without Jupyter.

The cells share one namespace, which is the module ``__main__``. IPython's magics and shell lines are
understood well enough that a notebook written for Jupyter runs here; what they would do outside of Python
(install packages, run a shell) is left out.
"""

from __future__ import annotations

import ast
import builtins
import importlib
import linecache
import sys
import traceback
import types
from typing import Any

MAX_TEXT = 2000  # characters of an error message


class Notebook:
    """The namespace in which cells are executed."""

    def __init__(self) -> None:
        self.module = types.ModuleType("__main__")
        self.namespace = self.module.__dict__
        # Classes know their module by name, and `inspect` looks it up.
        sys.modules["__main__"] = self.module
        shell = _Shell(self)
        builtins.get_ipython = lambda: shell  # type: ignore[attr-defined]
        builtins.display = lambda *_args, **_kwargs: None  # type: ignore[attr-defined]

    def run(self, label: str, source: str) -> dict[str, Any] | None:
        """Execute one cell. Returns None, or a description of the exception that ended it."""
        try:
            self.execute(label, source)
        except BaseException as error:  # a cell may raise anything, SystemExit included
            return describe(error)
        return None

    def execute(self, label: str, source: str) -> None:
        """Execute source text in the namespace.

        Raises:
            BaseException: whatever the source raises.
        """
        filename = f"<{label}>"
        # Tracebacks and inspect.getsource() find the text here.
        linecache.cache[filename] = (len(source), None, source.splitlines(keepends=True), filename)
        code = compile(_python_of(source), filename, "exec", dont_inherit=True)
        exec(code, self.namespace)  # noqa: S102  (this is what a worker is for)


def _python_of(source: str) -> str:
    """The cell as plain Python: IPython's own transformer, only where the cell needs it."""
    try:
        ast.parse(source)
    except SyntaxError:
        from IPython.core.inputtransformer2 import TransformerManager, leading_empty_lines

        manager = TransformerManager()
        manager.cleanup_transforms.remove(leading_empty_lines)  # else line numbers would be off
        transformed: str = manager.transform_cell(source)
        return transformed
    except (ValueError, RecursionError, MemoryError):  # NUL bytes, absurd nesting: compile() says it better
        pass
    return source


class _Shell:
    """Stands in for IPython's shell: the calls that transformed magics and shell lines make."""

    def __init__(self, notebook: Notebook) -> None:
        self._notebook = notebook
        self.user_ns = notebook.namespace

    def run_line_magic(self, name: str, line: str, *_ignored: object) -> None:
        if name == "time":
            self._notebook.execute("magic", line)

    def run_cell_magic(self, name: str, _line: str, body: str) -> None:
        if name in ("time", "capture", "prun"):  # what these run defines names; what %%timeit runs does not
            self._notebook.execute("magic", body)

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


def stand_in_for_autograder() -> None:
    """Let a notebook import `autograder.student`, of which a worker has a copy, and nothing else of that name."""
    student = types.ModuleType("autograder.student")
    student.__getattr__ = lambda name: getattr(importlib.import_module(".student", __package__), name)  # type: ignore[method-assign]
    autograder = types.ModuleType("autograder")
    autograder.__path__ = []
    autograder.student = student  # type: ignore[attr-defined]
    sys.modules |= {"autograder": autograder, "autograder.student": student}
