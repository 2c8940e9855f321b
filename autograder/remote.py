"""The grader's side of a worker: the submission as an object whose calls happen elsewhere.

A :class:`RemoteSubmission` keeps a worker that has run the submission's cells, and starts another when one dies.
A :class:`Handle` stands for an object that stays in the worker. Whatever is returned is plain data that was
rebuilt here, or a handle.
"""

from __future__ import annotations

import contextlib
import hashlib
import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Self, TypeVar

from autograder import messages
from autograder.assignment import ModelSettings, TimeLimits
from autograder.claims import shown
from autograder.clean_room import CleanRoom
from autograder.errors import (
    BadClaim,
    MachineStarved,
    MissingName,
    SandboxUnavailable,
    StubLeft,
    StudentError,
    StudentFault,
    TimedOut,
    WorkerGone,
)
from autograder.evidence import Journal, Worker
from autograder.sandbox import Limits, Sandbox
from autograder.sandbox.process import WorkerController
from autograder.sanitize import CONTROL_CHARACTERS
from autograder.submission import Cell, Submission
from autograder.worker import wire

_Plain = TypeVar("_Plain")
_SYNTAX_ERRORS = ("SyntaxError", "IndentationError", "TabError")
MAX_LOST = 4  # statements that kill their worker before the rest is given up
MAX_STATEMENTS = 10_000  # of a cell, that a worker may claim
_SHOWN = 100  # characters of a statement


@dataclass(frozen=True)
class CellReport:
    """A cell, or a statement at its top level, that did not run to its end, and why, in words for the student."""

    label: str  # "cell 2, line 7", or "cell 2" where it could not be read
    reason: str
    source: str  # its text, or the cell's
    is_syntax_error: bool = False  # the cell is not Python


class RemoteSubmission:
    """A submission whose cells have run in a worker.

    Use as a context manager. The first use starts the worker; when one dies, the next use starts another and
    runs the cells again, without the statements that killed their worker.
    """

    def __init__(
        self,
        submission: Submission,
        sandbox: Sandbox,
        *,
        files: dict[str, Path],
        limits: Limits,
        times: TimeLimits,
        preload: tuple[str, ...] = (),
        journal: Journal | None = None,
        model: ModelSettings | None = None,
    ) -> None:
        self._submission = submission
        self._sandbox = sandbox
        self._files = files
        self._limits = limits
        self._times = times
        self._preload = preload
        self._journal = journal
        self._worker: Worker | None = None
        self._generation = 0
        self._call_seconds = times.call
        self._withheld: tuple[str, ...] = ()
        self._expected: dict[str, Any] = {}
        self._inputs_are_public = False
        self._knows_hidden = False  # whether the worker was sent what students may not know
        self._used = 0.0  # seconds of its own time, in workers that are gone
        self._no_worker: SandboxUnavailable | MachineStarved | None = None
        self._lost: dict[_Place, str] = {}  # what killed its worker, and how
        self.cell_reports: list[CellReport] = []
        self.layers: list[str] = []
        self.is_claimed = False  # whether what a check rests on, so far, is claimed by the worker of itself
        self.claimed_since = ""  # why that could not be computed, where it usually is
        self.clean_room = CleanRoom(sandbox, files, limits, preload, model or ModelSettings(), times.call)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_exception: object) -> None:
        self._discard()
        self.clean_room.close()

    @contextlib.contextmanager
    def limit(self, seconds: float) -> Iterator[None]:
        """Give each call within the block this much of the submission's own time."""
        before, self._call_seconds = self._call_seconds, seconds
        try:
            yield
        finally:
            self._call_seconds = before

    @contextlib.contextmanager
    def without(self, *patterns: str) -> Iterator[None]:
        """Switch functions off while student code is called within the block: ``remote.without("torch*.conv?d")``.

        They raise, in plain words, see :func:`autograder.diagnosis.withheld.without`. That keeps honest students
        from shortcuts, and is no boundary.
        """
        before, self._withheld = self._withheld, patterns
        try:
            yield
        finally:
            self._withheld = before

    @contextlib.contextmanager
    def public_inputs(self) -> Iterator[None]:
        """Declare that students may know what calls within the block are given: examples, or what travels with them.

        An exception is told in full as long as its worker was sent nothing but that: so public examples come first.
        After hidden inputs, what can hold them is left out, see :mod:`autograder.messages`.
        """
        before, self._inputs_are_public = self._inputs_are_public, True
        try:
            yield
        finally:
            self._inputs_are_public = before

    @contextlib.contextmanager
    def large_replies(self) -> Iterator[None]:
        """Take replies of up to 128 MiB within the block, as for all parameters of a model, in place of 16 MiB.

        What becomes of them here takes memory, too: go through them piece by piece.
        """
        before, self._expected = self._expected, {"large": True}
        try:
            yield
        finally:
            self._expected = before

    @contextlib.contextmanager
    def to_be_reduced(self) -> Iterator[None]:
        """Keep no large reply within the block as evidence: what is needed of them goes through :meth:`reduce`."""
        if self._journal is None:
            yield
            return
        before, self._journal.leaves_out = self._journal.leaves_out, True
        try:
            yield
        finally:
            self._journal.leaves_out = before

    def reduce(self, name: str, compute: Callable[[], _Plain]) -> _Plain:
        """Plain data that is computed from replies, and is kept as evidence in their place, by this name.

        In a replay it is taken from evidence, and the replies that were left out can't be looked at. So ``compute``
        is to be code on which evidence depends: that of :mod:`autograder.diagnosis`.
        """
        if self._journal is None:
            return compute()
        reduced: _Plain = self._journal.reduce(name, compute)
        return reduced

    def note_claim(self, since: str = "") -> None:
        """Note that a check rests on what the worker says of itself; ``since`` is why, where it is usually computed."""
        self.is_claimed = True
        self.claimed_since = self.claimed_since or since

    def take_claims(self) -> tuple[bool, str]:
        """Whether a claim was noted since this was asked last, and why it had to be."""
        noted = self.is_claimed, self.claimed_since
        self.is_claimed, self.claimed_since = False, ""
        return noted

    def load(self) -> None:
        """Start a worker and run the cells, unless that was done.

        Raises:
            WorkerGone: the submission has used up its time.
            SandboxUnavailable: no worker could be started.
            MachineStarved: this machine gives workers too little time.
        """
        while self._worker is None:
            if self._no_worker is not None:
                raise self._no_worker  # what failed once is not tried again for each check
            self._seconds_left()
            self._worker = worker = self._start()
            self.layers = worker.layers
            if self._generation == 0:
                self._used -= worker.used  # one start is on the house
            self._generation += 1
            self._knows_hidden = self._journal is not None and self._journal.knows_hidden
            try:
                self._run_cells()
            except _CellKilledWorker:
                self._discard()

    def _start(self) -> Worker:
        def start() -> WorkerController:
            return WorkerController(self._sandbox, self._files, self._limits, self._preload)

        try:
            return self._journal.start(start) if self._journal is not None else start()
        except (SandboxUnavailable, MachineStarved) as error:
            self._no_worker = error
            raise

    def begin(self, question: str) -> None:
        """Graders begin with a question: where evidence is kept, it is kept by questions."""
        if self._journal is not None:
            self._journal.begin(question, self.seconds_used(), self._knows_hidden)

    @property
    def fingerprint(self) -> str:
        """Other for each submission, and the same whenever it is graded: a BLAKE2b digest of its code."""
        digest = hashlib.blake2b(digest_size=16)
        for cell in self._submission.cells:
            digest.update(cell.source.encode("utf-8", "surrogatepass") + b"\0")
        return digest.hexdigest()

    def line_of(self, label: str, number: int) -> str:
        """A line of the submission's own text, by its cell; empty where there is none."""
        return _line_of(self._submission, label, number)

    @contextlib.contextmanager
    def on_the_house(self) -> Iterator[None]:
        """Count nothing of what the submission uses within the block."""
        before = self.seconds_used()
        try:
            yield
        finally:
            self._used -= self.seconds_used() - before

    @property
    def has_worker(self) -> bool:
        """Whether there is a worker, and none has to be started."""
        return self._worker is not None

    def spend(self, seconds: float) -> None:
        """Count seconds that the submission has used elsewhere, as the answers did that are taken from evidence."""
        self._used += seconds

    def seconds_used(self) -> float:
        """What the submission has used of its time: that of its workers, but for the first one's start."""
        return self._used + (self._worker.used if self._worker is not None else 0.0)

    def _seconds_left(self) -> float:
        remaining = self._times.total - self.seconds_used()
        if remaining <= 0:
            self._discard()
            raise TimedOut(f"the {self._times.total:.0f} seconds that a submission has are used up")
        return remaining

    def _run_cells(self) -> None:
        self.cell_reports = []
        for index, cell in enumerate(self._submission.cells):
            for number, (first, last) in enumerate(self._read_cell(index, cell)):
                source = "\n".join(cell.source.splitlines()[first - 1 : last])
                statement = CellReport(f"{cell.label}, line {first}", "", source)
                if self._is_given_up((index, number)):
                    reason = "nothing from here on was run, since too much before it had to be stopped"
                    self.cell_reports.append(replace(statement, reason=reason))
                    return
                reason = self._run_statement((index, number), f"`{_shown(source)}`", (cell.label, first))
                if reason:
                    self.cell_reports.append(replace(statement, reason=reason))

    def _read_cell(self, index: int, cell: Cell) -> list[tuple[int, int]]:
        """First and last line of each statement at a cell's top level; none where the cell can't be read."""
        place = index, -1
        error: StudentError | BadClaim | None = None
        lines: Any = []
        reason = self._lost.get(place, "")
        if not reason:
            try:
                lines = self._exchange({"do": "cell", "label": cell.label, "source": cell.source}, self._times.cell)
            except WorkerGone as gone:
                self._lost[place] = str(gone)
                raise _CellKilledWorker from None
            except _Raised as raised:
                error = _student_error("It", raised.claim)
            except BadClaim as bad:
                error = bad
            if not error and not _are_lines(lines):
                error = BadClaim("what came back does not say which statements it has")
        if error or reason:
            is_syntax_error = isinstance(error, StudentError) and error.kind in _SYNTAX_ERRORS
            self.cell_reports.append(CellReport(cell.label, reason or str(error), cell.source, is_syntax_error))
            return []
        return [(first, last) for first, last in lines]

    def _run_statement(self, place: _Place, shown: str, begins: tuple[str, int]) -> str:
        """Run one statement, which ``begins`` in this cell at this line. Returns why it failed, or nothing."""
        if place in self._lost:
            return f"{shown} was left out: {self._lost[place]}"
        try:
            self._exchange({"do": "statement", "number": place[1]}, self._times.cell)
        except WorkerGone as gone:
            self._lost[place] = str(gone)
            raise _CellKilledWorker from None
        except _Raised as raised:
            return str(_student_error(shown, raised.claim, begins))
        except BadClaim as bad:
            return f"{shown} failed: {bad}"
        return ""

    def _is_given_up(self, place: _Place) -> bool:
        """Whether too much was lost before; what came before the last loss runs again."""
        return len(self._lost) >= MAX_LOST and place > list(self._lost)[-1]

    def _discard(self) -> None:
        if self._worker is not None:
            self._worker.close()
            self._used += self._worker.used
            self._worker = None

    def _exchange(self, message: dict[str, Any], seconds: float) -> Any:
        """One request to the running worker, within the submission's time. Returns the reply's value."""
        [answer] = self._exchange_each([message], seconds)
        if isinstance(answer, BadClaim | _Raised):
            raise answer
        return answer

    def _exchange_each(self, messages: list[dict[str, Any]], seconds: float) -> Iterator[Any]:
        """As :meth:`_exchange`, for several that are sent at once; yields what it returns or would raise of each."""
        assert self._worker is not None
        bounds = wire.LARGE_REPLY if messages and messages[0].get("large") else wire.REPLY
        if self._journal is not None:
            self._journal.limit = seconds
        try:
            for reply in self._worker.exchange_each(
                messages, lambda: min(seconds, self._seconds_left()), self._revive, bounds
            ):
                yield _answer_of(reply)
        except MachineStarved as starved:
            self._discard()
            self._no_worker = starved
            raise

    def _revive(self, arrived: wire.Reference | wire.Tensor) -> Any:
        if isinstance(arrived, wire.Tensor):
            return arrived.array
        return Handle(self, self._generation, arrived, "object")

    # --- what graders ask ------------------------------------------------------------------------------------

    def ask(self, message: dict[str, Any], label: str) -> Any:
        """Send a request and turn what comes back into a value, a handle, or an exception for the student.

        Raises:
            StudentError: the student's code raised.
            BadClaim: the reply is not plain data within the bounds.
            WorkerGone: the worker died or ran out of time; the next request gets a new one.
        """
        self.load()
        self._knows_hidden |= not self._inputs_are_public and _tells(message)
        try:
            value = self._exchange(message | self._expected, self._call_seconds)
        except _Raised as raised:
            hiding = self._submission if self._knows_hidden else None
            raise _student_error(f"`{label}`", raised.claim, hiding=hiding) from None
        except WorkerGone as gone:
            self._discard()
            raise type(gone)(f"`{label}` did not return: {gone}") from None
        _refuse_stub(value, label)
        return _labelled(value, label)

    def call_each(self, function: Any, arguments: Iterable[Sequence[Any]]) -> list[Any]:
        """Call a function of the student's with each of these lists of arguments, and take all that comes of it.

        Returns what each call returned or, as an exception that is not raised, the :class:`StudentError` that it
        raised. Each call has the time that a call has. It is faster than one call after the other, and the submission
        could see all arguments before it answers the first.

        Raises:
            BadClaim, StubLeft: the first reply that is neither; the calls after it were made.
            WorkerGone: the worker died or ran out of time; the next request gets a new one.
        """
        if not isinstance(function, Handle):
            return [function(*given) for given in arguments]
        label = function.call_label_
        messages = [function.request_(*given) | self._expected for given in arguments]
        self._knows_hidden |= not self._inputs_are_public and any(map(_tells, messages))
        hiding = self._submission if self._knows_hidden else None
        outcomes: list[Any] = []
        if not messages:
            return outcomes
        try:
            for answer in self._exchange_each(messages, self._call_seconds):
                outcomes.append(self._outcome_of(answer, label, hiding))
        except WorkerGone as gone:
            self._discard()
            outcomes.append(type(gone)(f"`{label}` did not return: {gone}"))
        except BaseException:
            self._discard()  # it goes on to answer
            raise
        for outcome in outcomes:
            if isinstance(outcome, StudentFault) and not isinstance(outcome, StudentError):
                raise outcome
        return outcomes

    @staticmethod
    def _outcome_of(answer: Any, label: str, hiding: Submission | None) -> Any:
        """What came of a call: a value, or an exception for the student."""
        if isinstance(answer, _Raised):
            return _student_error(f"`{label}`", answer.claim, hiding=hiding)
        if isinstance(answer, BadClaim):
            return answer
        try:
            _refuse_stub(answer, label)
        except StubLeft as stub:
            return stub
        return _labelled(answer, label)

    def get_global(self, name: str) -> Any:
        """What the submission calls ``name``.

        Raises:
            MissingName: it defines no such name; the message names the cell that failed, if one did.
        """
        answer = self.ask({"do": "global", "name": name}, name)
        if type(answer) is not dict or type(answer.get("found")) is not bool:
            raise BadClaim("what came back is not an answer")
        if not answer["found"]:
            raise MissingName(f"`{name}` is not defined. {self._why_missing(name)}")
        value = answer.get("value")
        _refuse_stub(value, name)
        return _labelled(value, name)

    def _why_missing(self, name: str) -> str:
        if not self.cell_reports:
            return "No cell defines it: is it spelled as in the exercise?"
        named = [r for r in self.cell_reports if re.search(rf"\b{re.escape(name)}\b", r.source)]
        report = (named or self.cell_reports)[0]
        return f"The reason may be in {report.label}: {report.reason}."

    def helper(self, path: Path) -> Handle:
        """Run a Python file of the grader's in the worker, and return a handle of it as a module.

        Student code can read what it holds: no expected value and no threshold belongs in it.
        """
        source = path.read_text(encoding="utf-8")
        return self._module({"do": "helper", "name": path.stem, "source": source}, path.stem)

    def probe(self, name: str, label: str, *args: Any, **kwargs: Any) -> Any:
        """Call one of the worker's probes, :mod:`autograder.worker.observe`; ``label`` is what messages call that.

        Raises:
            BadClaim: student code has put something else in its place.
            StudentFault: as :meth:`ask` does.
        """
        given = {"args": list(args), "kwargs": kwargs, "without": list(self._withheld)}
        answer = self.ask(_outgoing({"do": "probe", "name": name, **given}), label)
        if type(answer) is not dict or "answer" not in answer:
            raise BadClaim(f"`{label}` could not be looked at: the probe {name!r} is gone.")
        return answer["answer"]

    @property
    def probe_module(self) -> Handle:
        """The worker's side of the probes, :mod:`autograder.worker.observe`, as a module."""
        return self._module({"do": "observe"}, "probes")

    def _module(self, message: dict[str, Any], label: str) -> Handle:
        module = self.ask(message, label)
        if not isinstance(module, Handle):
            raise BadClaim(f"{label} could not be loaded beside the submission")
        return module


class SubmissionNames:
    """What a hidden grader calls ``submission``: every attribute is a global name of the student's."""

    def __init__(self, remote: RemoteSubmission) -> None:
        self.__remote = remote

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self.__remote.get_global(name)


class Handle:
    """An object that stays in the worker. Calls, attributes and items of it are requests."""

    __iter__ = None  # else `for x in handle` would ask for items for ever
    __contains__ = None

    def __init__(self, remote: RemoteSubmission, generation: int, reference: wire.Reference, label: str) -> None:
        self._remote = remote
        self._generation = generation
        self._reference = reference
        self._label = label
        self._call_label = ""

    @property
    def kind_(self) -> str:
        """The type name that the worker claims (with an underscore, as it is not the object's own)."""
        return self._reference.kind

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._remote.ask(self.request_(*args, **kwargs), self.call_label_)

    def request_(self, *args: Any, **kwargs: Any) -> dict[str, Any]:
        """The request that is made by a call with these arguments."""
        withheld = list(self._remote._withheld)
        return self._request({"do": "call", "args": list(args), "kwargs": kwargs, "without": withheld}, "function")

    @property
    def call_label_(self) -> str:
        """What messages to the student call a call of it."""
        return self._call_label or f"{self._label}(...)"

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return self._ask({"do": "attribute", "name": name}, "of", f"{self._label}.{name}")

    def __getitem__(self, key: Any) -> Any:
        if any(isinstance(part, slice) for part in (key if isinstance(key, tuple) else (key,))):
            # What has slices and is plain arrives as a list or an array, and is no handle.
            raise TypeError(f"{self.kind_!r} object is not subscriptable")
        return self._ask({"do": "item", "key": key}, "of", f"{self._label}[{shown(key)}]")

    def _ask(self, message: dict[str, Any], role: str, label: str) -> Any:
        return self._remote.ask(self._request(message, role), label)

    def _request(self, message: dict[str, Any], role: str) -> dict[str, Any]:
        if self._generation != self._remote._generation or self._remote._worker is None:
            raise WorkerGone(f"`{self._label}` is gone: the worker that held it died in an earlier check")
        request: dict[str, Any] = _outgoing({**message, role: self})
        return request

    def named_(self, label: str) -> Handle:
        """The same object, whose calls go by this name in messages to the student."""
        named = Handle(self._remote, self._generation, self._reference, label)
        named._call_label = label
        return named

    @property
    def named_label_(self) -> str:
        """What messages to the student call it."""
        return self._label

    def __repr__(self) -> str:
        return f"<{self._reference.kind} in the worker>"


def _answer_of(reply: Any) -> Any:
    """The value in a reply, or why there is none, as an exception that is not raised."""
    if isinstance(reply, wire.WireError):
        return BadClaim(f"what came back can't be graded: {reply}")
    if type(reply) is not dict or not ({"value", "error"} & reply.keys()):
        return BadClaim("what came back is not an answer")
    return _Raised(reply["error"]) if "error" in reply else reply["value"]


def _labelled(value: Any, label: str) -> Any:
    """The value, which goes by this label in messages if it is a handle."""
    if isinstance(value, Handle):
        value._label = label
    return value


def _refuse_stub(value: Any, label: str) -> None:
    """``...`` is no value but the place of one.

    Raises:
        StubLeft: the value is that.
    """
    if isinstance(value, Handle) and value.kind_ == "ellipsis":
        raise StubLeft(f"`{label}` is still the stub: `...` stands for the code that you are to write.")


_Place = tuple[int, int]  # which cell, and which statement of it; -1 is the cell itself, before any ran


def _are_lines(value: Any) -> bool:
    """Whether a worker's claim about a cell's statements is a list of pairs of line numbers."""
    return (
        type(value) is list
        and len(value) <= MAX_STATEMENTS
        and all(type(pair) is list and len(pair) == 2 and all(type(line) is int for line in pair) for pair in value)
    )


def _shown(source: str) -> str:
    """A statement's first line."""
    line = source.strip().partition("\n")[0].strip()
    return line if len(line) <= _SHOWN else f"{line[:_SHOWN]} ..."


class _CellKilledWorker(Exception):
    """A statement ended its worker; the cells have to be run again without it."""


class _Raised(Exception):
    """The worker claims that student code raised."""

    def __init__(self, claim: Any) -> None:
        super().__init__()
        self.claim = claim


def _tells(message: dict[str, Any]) -> bool:
    """Whether a request tells the worker anything but what to do with which of its own objects."""
    given = [*message.get("args", ()), *message.get("kwargs", {}).values(), message.get("key")]
    return any(value is not None and not isinstance(value, wire.Reference) for value in given)


def _outgoing(value: Any) -> Any:
    """Handles become references, and torch tensors keep their kind, wherever they stand in a message."""
    if isinstance(value, Handle):
        return value._reference
    if isinstance(value, dict):
        return {key: _outgoing(item) for key, item in value.items()}
    if type(value) in (list, tuple):
        return type(value)(_outgoing(item) for item in value)
    return value


def _student_error(
    label: str, claim: Any, begins: tuple[str, int] | None = None, hiding: Submission | None = None
) -> StudentError | BadClaim:
    """An exception of the student's code, from the worker's description of it.

    Where it was raised is told unless the reader knows, since it is the line at which the statement ``begins``.
    With ``hiding``, the submission, only what can hold nothing hidden is told: see :mod:`autograder.messages`.
    """
    if type(claim) is not dict or type(claim.get("kind")) is not str:
        return BadClaim(f"{label} failed, and what came back does not say how")

    def text(key: str) -> str:
        value = claim.get(key)
        return CONTROL_CHARACTERS.sub("", value)[:500] if type(value) is str else ""

    if claim["kind"] == "WireError":
        words = text("message")
        return BadClaim(f"What {label} returned can't be graded: {words if _UNFIT.fullmatch(words) else _ODD}.")
    bases = claim.get("bases")
    names = tuple(b for b in bases if type(b) is str) if type(bases) is list else ()
    kind, message, line = text("kind"), text("message"), text("text")
    if hiding is not None:
        kind = messages.own_kind(kind, names)
        if message and not messages.is_usual(message, "\n".join(cell.source for cell in hiding.cells)):
            message = messages.NOT_SHOWN
        line = _line_of(hiding, text("where"), claim.get("line"))
    is_known = begins is None or (text("where"), claim.get("line")) != begins
    has_line = type(claim.get("line")) is int and is_known and (line or hiding is None)
    where = f" ({text('where')}, line {claim['line']}: `{line}`)" if has_line else ""
    return StudentError(
        f"{label} raised {kind}{f': {message}' if message else ''}{where}", kind, (text("kind"), *names)
    )


_UNFIT = re.compile(  # as `autograder.worker.wire` says it
    r"it is nested more than \d+ deep"
    r"|it holds an array of more than \d+ dimensions"
    r"|it is too large: it (has|stands for) more than [\d,]{1,15} (items|values)"
    r"|it is too large: [\d,]{1,15} values and a text of [\d,]{1,15} characters"
    r"|the value is too large to send \([\d,]{1,15} bytes\)"
    r"|an integer beyond 64 bits is not plain data"
    r"|an? (array of dtype )?[\w<>|\[\]]{1,30} is not plain data"
)
_ODD = "it is no plain data"


def _line_of(submission: Submission, label: str, line: Any) -> str:
    """The line of the submission's own text, which a worker can't forge; nothing where there is none."""
    lines = next((cell.source.splitlines() for cell in submission.cells if cell.label == label), [])
    return lines[line - 1].strip()[:200] if type(line) is int and 0 < line <= len(lines) else ""
