"""Evidence: what a worker was asked and what it answered, kept so that a submission can be graded again without it.

**Where.** All between a grader and a submission goes through a worker's exchanges, as plain data. A
:class:`Recorder` stands before real workers and notes each exchange: of the request a digest, and its header to be
read; of the reply the bytes as they came. A :class:`Replay` stands in their place and answers from that. The replies
are decoded again by today's rules, and what is running above them (cells, handles, time limits, messages to students)
is the same code in both: a replay differs from a run in nothing but where the bytes come from.

**What fits.** A request is answered from evidence if it is the next one and equal: message, arrays and time limit.
References to objects in the worker are numbers of its own, which graders know from its replies, so that equal
requests are about the same objects. Where one differs, nothing can be said of what the submission would have answered,
and the replay has diverged.

**The unit** is a run: all questions of a submission, in one worker after the other's end. Its replay is the same
again, request by request. Where that diverges, each question can be replayed for itself, from what was answered
when the cells ran and what was answered to that question, and only those that diverge are run. That is sound only
where the worker that was asked is still the one that ran the cells: a run in which one was lost, or time was used up,
is replayed whole or not at all. A question that needs what another one has fetched asks for it, and so diverges.

**What is left out.** Parameters of models are large, and a verdict needs what was computed from them. Who says so (see
:meth:`Recorder.reduce`) has the outcome kept in place of such replies; in a replay they are :class:`Absent`. Where the
machine, and not the submission, is to blame for how a run went, there is no evidence.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import zlib
from collections import deque
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, NoReturn, Protocol

from autograder.errors import KilledByMachine, MachineStarved, SandboxUnavailable, TimedOut, WorkerGone
from autograder.sandbox.process import decoded
from autograder.worker import wire

WHY = "why "  # before the name of a question: what is asked once it is decided, for the words to the student alone
MAX_BYTES = 64 << 20  # of a question's evidence, compressed: where there is more, none is kept
MAX_SHOWN = 20_000  # characters of a request that are kept to be read
_SMALL = 1 << 16  # bytes of a reply that is kept although it may be left out
_OF_CELLS = ("cell", "statement")  # requests while cells run
_GONE = {"TimedOut": TimedOut, "WorkerGone": WorkerGone}


class Worker(Protocol):
    """What the grader's side needs of a worker: see :class:`autograder.sandbox.process.WorkerController`."""

    @property
    def layers(self) -> list[str]:
        """What confines it."""

    @property
    def used(self) -> float:
        """Seconds of its own time that it has used."""

    def exchange_each(
        self, messages: Sequence[dict[str, Any]], seconds: Callable[[], float], revive: Any, bounds: wire.Bounds
    ) -> Iterator[Any]:
        """Send messages, and yield the decoded replies in order."""

    def close(self) -> None:
        """End it."""


class RawWorker(Worker, Protocol):
    """A worker whose replies can be had as they came."""

    def raw_each(
        self, messages: Sequence[bytes], seconds: Callable[[], float], bounds: wire.Bounds
    ) -> Iterator[tuple[bytes, bytes]]:
        """Send frames of messages, and yield the header and the buffers of each reply."""


class Diverged(BaseException):
    """A grader asked what evidence has no answer to. Not an ``Exception``: no grader is to catch it."""


@dataclass(frozen=True)
class Step:
    """One thing that happened between graders and a submission."""

    kind: str  # "question" that begins, "start" of a worker, "load" of cells, "ask", or "reduce"
    digest: str = ""  # of what was asked; the name of a question
    asked: str = ""  # to be read: the request's header, without its buffers
    ended: str = "reply"  # "reply", "left out", or how the worker was lost
    words: str = ""  # about that
    header: str = ""  # of the reply, a character a byte
    buffers: str = ""  # digest of those of the reply
    size: int = 0  # of those, in bytes
    used: float = 0.0  # seconds of its own time that the worker had used then; those of all, where a question begins
    knows_hidden: bool = False  # where a question begins: whether the worker was sent what students may not know
    layers: tuple[str, ...] = ()  # of confinement, at a start


@dataclass(frozen=True)
class Run:
    """What happened while some questions were asked of one submission, in order."""

    questions: tuple[str, ...]  # that it answers for
    steps: tuple[Step, ...]

    @property
    def is_apart(self) -> bool:
        """Whether what was answered to a question can be used without what was asked before it."""
        starts = sum(step.kind == "start" for step in self.steps)
        return starts <= 1 and not any(step.ended in _GONE for step in self.steps)

    def before(self, question: str) -> tuple[Step, ...]:
        """What was answered while the cells ran, if they ran before a question began."""
        earlier = itertools.takewhile(lambda step: (step.kind, step.digest) != ("question", question), self.steps)
        return tuple(step for step in earlier if step.kind in ("start", "load"))

    def of_question(self, question: str) -> tuple[Step, ...]:
        """From where a question began to where the next one did."""
        begins = [number for number, step in enumerate(self.steps) if step.kind == "question"]
        ends = [*begins[1:], len(self.steps)]
        parts = [self.steps[begin:end] for begin, end in zip(begins, ends, strict=True)]
        return tuple(step for part in parts if _is_of(part[0], question) for step in part)

    def seconds_of(self, question: str) -> float:
        """Seconds of the submission's own time that a question took."""
        mark, *asked = itertools.takewhile(lambda step: not step.digest.startswith(WHY), self.of_question(question))
        start = next((step.used for step in self.steps if step.kind == "start"), 0.0)  # it is on the house
        return max((step.used - start - mark.used for step in asked if step.used), default=0.0)

    def without(self, questions: Collection[str]) -> Run:
        """The same, for other questions than these."""
        left = tuple(name for name in self.questions if name not in questions)
        is_kept, steps = True, []
        for step in self.steps:
            if step.kind == "question":
                is_kept = step.digest.removeprefix(WHY) in left
            if is_kept or step.kind not in ("ask", "reduce"):
                steps.append(step)
        return Run(left, tuple(steps))


@dataclass(frozen=True)
class Evidence:
    """What was asked of one submission, and answered; the buffers are by content, and compressed."""

    runs: tuple[Run, ...]
    blobs: dict[str, bytes] = field(repr=False)

    @property
    def size(self) -> int:
        """How many bytes it takes."""
        return len(self.packed("")) + sum(map(len, self.blobs.values()))

    def run_of(self, question: str) -> Run | None:
        """The run that answers for a question, if one does and can without the others."""
        return next((run for run in self.runs if question in run.questions and run.is_apart), None)

    def joined(self, newer: Evidence) -> Evidence:
        """What is newer in place of what was; of what can't be used any more nothing is kept."""
        anew = {question for run in newer.runs for question in run.questions}
        untouched = [run for run in self.runs if anew.isdisjoint(run.questions)]
        others = [run.without(anew) for run in self.runs if run not in untouched and run.is_apart]
        runs = (*untouched, *(run for run in others if run.questions), *newer.runs)
        wanted = {step.buffers for run in runs for step in run.steps}
        blobs = {digest: data for digest, data in (self.blobs | newer.blobs).items() if digest in wanted}
        return Evidence(runs, blobs)

    def packed(self, key: str) -> bytes:
        """All but the buffers, under the key of what they are evidence of."""
        runs = [{"questions": run.questions, "steps": [_written(step) for step in run.steps]} for run in self.runs]
        return zlib.compress(json.dumps({"key": key, "runs": runs}).encode(), 6)

    @staticmethod
    def unpacked(data: bytes, key: str, blobs: dict[str, bytes]) -> Evidence | None:
        """The evidence that was packed as this under this key; nothing where it is damaged, or of something else."""
        try:
            read = json.loads(zlib.decompress(data))
            runs = tuple(Run(_texts(run["questions"]), tuple(map(_step, run["steps"]))) for run in read["runs"])
            return Evidence(runs, blobs) if read["key"] == key else None
        except (zlib.error, ValueError, TypeError, KeyError, RecursionError):
            return None


_PLAIN = {each.name: each.default for each in fields(Step)}


def _is_of(step: Step, question: str) -> bool:
    """Whether a question begins with this step, or what is asked because of it when all questions are answered."""
    return step.digest.removeprefix(WHY) == question


def _written(step: Step) -> dict[str, Any]:
    return {name: value for name, plain in _PLAIN.items() if (value := getattr(step, name)) != plain}


def _step(written: dict[str, Any]) -> Step:
    step = Step(**{**written, "layers": _texts(written.get("layers", []))})
    if not all(type(getattr(step, name)) is type(plain) for name, plain in _PLAIN.items() if name != "kind"):
        raise TypeError("a part of a step is of another kind")
    step.header.encode("latin-1")  # a character a byte
    return step


def _texts(written: Any) -> tuple[str, ...]:
    if type(written) is not list or not all(type(text) is str for text in written):
        raise TypeError("these are no texts")
    return tuple(written)


class Journal(Protocol):
    """Stands between the grader's side and workers."""

    limit: float  # seconds that the next request may take, before what is left of all is seen to
    leaves_out: bool  # whether the next replies may be left out, see `reduce`
    knows_hidden: bool  # whether a worker that was just started is one that knows what students may not know

    def begin(self, question: str, used: float, knows_hidden: bool) -> None:
        """A question begins. ``used`` are the seconds of its time that the submission has used."""

    def start(self, start: Callable[[], RawWorker]) -> Worker:
        """A worker, where ``start`` starts a real one."""

    def reduce(self, name: str, compute: Callable[[], Any]) -> Any:
        """Plain data that ``compute`` makes of replies, which stands for them."""


class Recorder:
    """Notes what goes to and from real workers."""

    knows_hidden = False

    def __init__(self) -> None:
        self.limit = 0.0
        self.leaves_out = False
        self.is_disturbed = False  # by the machine: what comes of it is no verdict either
        self.workers = 0  # that were started
        self._questions: list[str] = []
        self._steps: list[Step] = []
        self._blobs: dict[str, bytes] = {}
        self._size = 0
        self._is_unfit = False  # can't be replayed
        self._given = 0  # questions, by `finished`

    def evidence(self) -> Evidence | None:
        """What was noted, unless that is too much or worth nothing."""
        return self._evidence(len(self._questions), len(self._steps))

    def finished(self) -> Evidence | None:
        """The same of the questions before the one that began last, where one of them has not been given yet."""
        count = len(self._questions) - 1
        if count <= self._given:
            return None
        self._given = count
        return self._evidence(count, max(n for n, step in enumerate(self._steps) if step.kind == "question"))

    def _evidence(self, questions: int, steps: int) -> Evidence | None:
        if self.is_disturbed or self._is_unfit or self._size > MAX_BYTES or not questions:
            return None
        run = Run(tuple(self._questions[:questions]), tuple(self._steps[:steps]))
        wanted = {step.buffers for step in run.steps}
        return Evidence((run,), {digest: data for digest, data in self._blobs.items() if digest in wanted})

    def begin(self, question: str, used: float, knows_hidden: bool) -> None:
        """See :meth:`Journal.begin`."""
        if not question.startswith(WHY):
            self._questions.append(question)
        self._steps.append(Step("question", question, used=used, knows_hidden=knows_hidden))

    def start(self, start: Callable[[], RawWorker]) -> Worker:
        """See :meth:`Journal.start`."""
        try:
            worker = start()
        except (SandboxUnavailable, MachineStarved):
            self.is_disturbed = True
            raise
        self.workers += 1
        self._steps.append(Step("start", used=worker.used, layers=tuple(worker.layers)))
        return _Recorded(worker, self)

    def reduce(self, name: str, compute: Callable[[], Any]) -> Any:
        """See :meth:`Journal.reduce`. What it raises is not kept, and found out again in a worker."""
        value = compute()
        try:
            header, buffers = _parts(wire.encode(value))
        except wire.WireError:  # more names of parameters than a message may hold
            self._is_unfit = True
            return value
        self._note(Step("reduce", name), header, buffers)
        return wire.decode(header, buffers, bounds=wire.REPLY)  # as it will come from evidence

    def exchange_each(
        self,
        worker: RawWorker,
        messages: Sequence[dict[str, Any]],
        seconds: Callable[[], float],
        revive: Any,
        bounds: wire.Bounds,
    ) -> Iterator[Any]:
        """Let a worker answer, and note it."""
        try:
            frames = [wire.encode(message) for message in messages]
        except wire.WireError:  # as the worker's side finds, too
            self._is_unfit = True
            yield from worker.exchange_each(messages, seconds, revive, bounds)
            return
        asked = deque(
            Step(_kind(message), *_asked(frame, self.limit)) for message, frame in zip(messages, frames, strict=True)
        )
        is_used_up = False

        def left() -> float:
            nonlocal is_used_up
            is_used_up = True  # unless it returns
            some = seconds()
            is_used_up = False
            return some

        try:
            for header, buffers in worker.raw_each(frames, left, bounds):
                step = replace(asked.popleft(), used=worker.used)
                if self.leaves_out and len(header) + len(buffers) > _SMALL:
                    self._steps.append(replace(step, ended="left out", size=len(buffers)))
                else:
                    self._note(step, header, buffers)
                yield decoded(header, buffers, revive, bounds)
        except (MachineStarved, KilledByMachine):
            self.is_disturbed = True
            raise
        except WorkerGone as gone:
            if not is_used_up:  # which a replay finds by itself
                ended = "TimedOut" if isinstance(gone, TimedOut) else "WorkerGone"
                self._note(replace(asked.popleft(), ended=ended, words=str(gone), used=worker.used))
            raise

    def _note(self, step: Step, header: bytes = b"", buffers: bytes = b"") -> None:
        if self._size > MAX_BYTES:
            return
        digest = ""
        if buffers:
            digest = _digest(buffers)
            if digest not in self._blobs:
                self._blobs[digest] = _compressed(buffers)
                self._size += len(self._blobs[digest])
        self._size += len(header) + len(step.asked)
        step = replace(step, header=header.decode("latin-1"), buffers=digest, size=len(buffers))
        self._steps.append(step)


@dataclass
class _Recorded:
    worker: RawWorker
    recorder: Recorder

    @property
    def layers(self) -> list[str]:
        return self.worker.layers

    @property
    def used(self) -> float:
        return self.worker.used

    def exchange_each(
        self, messages: Sequence[dict[str, Any]], seconds: Callable[[], float], revive: Any, bounds: wire.Bounds
    ) -> Iterator[Any]:
        return self.recorder.exchange_each(self.worker, messages, seconds, revive, bounds)

    def close(self) -> None:
        self.worker.close()


class Replay:
    """Answers from steps of evidence, as far as they go.

    ``before`` are those of the cells, where they ran before the question that is replayed.
    """

    def __init__(self, steps: Sequence[Step], blobs: Mapping[str, bytes], before: Sequence[Step] = ()) -> None:
        self.limit = 0.0
        self.leaves_out = False
        self.knows_hidden = False
        self.has_diverged = False
        self._steps = deque(steps)
        self._before = deque(before)
        self._blobs = blobs
        self._knew_hidden = False  # the worker that ran the cells, when the question began

    def begin(self, question: str, _used: float, knows_hidden: bool) -> None:
        """See :meth:`Journal.begin`. What was asked after all that is asked now is passed over."""
        while self._steps and self._steps[0].kind != "question":
            self._steps.popleft()
        step = self._steps.popleft() if self._steps else None
        if step is None or step.digest != question or (knows_hidden and not step.knows_hidden):
            self.has_diverged = True
        else:
            self._knew_hidden = step.knows_hidden

    def start(self, _start: Callable[[], RawWorker]) -> Worker:
        """See :meth:`Journal.start`."""
        self.knows_hidden = bool(self._before) and self._knew_hidden
        step = self._take("start", "")
        return _Replayed(self, list(step.layers), step.used)

    def reduce(self, name: str, _compute: Callable[[], Any]) -> Any:
        """See :meth:`Journal.reduce`."""
        try:
            return wire.decode(*self._reply(self._take("reduce", name)), bounds=wire.REPLY)
        except wire.WireError:
            self._diverge()

    def exchange_each(
        self,
        worker: _Replayed,
        messages: Sequence[dict[str, Any]],
        seconds: Callable[[], float],
        revive: Any,
        bounds: wire.Bounds,
    ) -> Iterator[Any]:
        """Answer as a worker did.

        Raises:
            Diverged: it was asked something else then, or no more.
        """
        for message in messages:
            seconds()  # raises where all are used up
            step = self._take(_kind(message), _asked(wire.encode(message), self.limit)[0])
            worker.used = step.used
            if step.ended in _GONE:
                raise _GONE[step.ended](step.words)
            if step.ended == "left out":
                if not self.leaves_out:
                    self._diverge()
                absent = Absent(self._diverge)
                yield {"value": {"answer": absent} if message["do"] == "probe" else absent}
                continue
            header, buffers = self._reply(step)
            if len(header) > bounds.header or len(buffers) > bounds.buffers:
                self._diverge()
            yield decoded(header, buffers, revive, bounds)

    def _take(self, kind: str, digest: str) -> Step:
        left = self._before or self._steps
        if self.has_diverged or not left or (left[0].kind, left[0].digest) != (kind, digest):
            self._diverge()
        return left.popleft()

    def _reply(self, step: Step) -> tuple[bytes, bytes]:
        try:
            buffers = _decompressed(self._blobs[step.buffers]) if step.buffers else b""
        except (KeyError, zlib.error):
            self._diverge()
        if step.buffers and _digest(buffers) != step.buffers:
            self._diverge()
        return step.header.encode("latin-1"), buffers

    def _diverge(self) -> NoReturn:
        self.has_diverged = True
        raise Diverged


@dataclass
class _Replayed:
    replay: Replay
    layers: list[str]
    used: float

    def exchange_each(
        self, messages: Sequence[dict[str, Any]], seconds: Callable[[], float], revive: Any, bounds: wire.Bounds
    ) -> Iterator[Any]:
        return self.replay.exchange_each(self, messages, seconds, revive, bounds)

    def close(self) -> None:
        """There is nothing to end."""


class Absent:
    """In a replay, the place of a reply that was left out. Who looks at it has the question run again."""

    def __init__(self, diverge: Callable[[], NoReturn]) -> None:
        self._diverge = diverge

    def __getattr__(self, name: str) -> Any:
        self._diverge()

    def __iter__(self) -> Any:
        self._diverge()

    def __getitem__(self, key: Any) -> Any:
        self._diverge()


def _parts(frame: bytes) -> tuple[bytes, bytes]:
    prefix = wire.read_prefix(frame[: wire.PREFIX.size], wire.REQUEST)
    middle = wire.PREFIX.size + prefix.header
    return frame[wire.PREFIX.size : middle], frame[middle:]


def _kind(message: dict[str, Any]) -> str:
    return "load" if message["do"] in _OF_CELLS else "ask"


def _asked(frame: bytes, limit: float) -> tuple[str, str]:
    """A digest of a request and its time limit, and the request to be read."""
    header, buffers = _parts(frame)
    digest = hashlib.blake2b(f"{limit!r}:{len(header)}:".encode(), digest_size=16)
    digest.update(header)
    digest.update(buffers)
    return digest.hexdigest(), header[:MAX_SHOWN].decode("utf-8", "replace")


_SAMPLE = 1 << 13  # bytes
_RAW, _DEFLATED = b"0", b"1"


def _compressed(data: bytes) -> bytes:
    """Compressed, unless that gains next to nothing, as with most numbers that were computed: then it takes longest."""
    middle = max((len(data) - _SAMPLE) // 2, 0)
    sample = data[middle : middle + _SAMPLE]
    if len(zlib.compress(sample, 1)) > 0.8 * len(sample):
        return _RAW + data
    return _DEFLATED + zlib.compress(data, 1)


def _decompressed(data: bytes) -> bytes:
    return data[1:] if data[:1] == _RAW else zlib.decompress(data[1:])


def _digest(data: bytes) -> str:
    return hashlib.blake2b(data, digest_size=16).hexdigest()
