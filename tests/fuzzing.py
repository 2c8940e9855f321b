"""Fuzzing of what reads untrusted bytes: `make fuzz`, and a sample in the tests.

Valid inputs are changed, in their structure and in their bytes. Each target may refuse what it is given with the one
exception that it documents; anything else that is raised is a finding, and so is an input that takes too much memory
or processor time. A target runs in a process of its own, which has limits::

    python tests/fuzzing.py [--share 0.1] [TARGET...]
"""

from __future__ import annotations

import argparse
import contextlib
import io
import json
import os
import resource
import signal
import sys
import time
import traceback
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from hypothesis import HealthCheck, given, seed, settings
from hypothesis import strategies as st
from torch import nn

from autograder.batch.transcript import transcript
from autograder.errors import UnreadableSubmission
from autograder.evidence import Diverged, Evidence, Recorder, Replay
from autograder.submission import parse_submission
from autograder.worker import computation, wire
from autograder.worker.outline import outline
from autograder.worker.recording import computation_of, state_of

PLACES = 10  # inputs that are made of a drawn one: what is odd about it is put elsewhere
SECONDS = 5  # of processor time that an input may take
MEMORY = 512 << 20  # bytes, beyond what the imports take
_SHAPE = (2, 8, 8)

# --- odd things -----------------------------------------------------------------------------------------------------

WORDS = [
    *("value", "named", "rows", "constant", "dtype", "relu.default", "_to_copy.default", "float32", "trained", ""),
    *("array", "tuple", "dict", "bytes", "other", "float", "nan", "<f4", "|O", "error", "cells", "source", "\ud800"),
]
SIZES = [-1, 0, 1, 255, 1 << 31, (1 << 31) - 1, 1 << 40, (1 << 63) - 1, 1 << 63, -(1 << 63), 10**400]


def _nested(depth: int) -> list[Any]:
    value: list[Any] = []
    for _ in range(depth):
        value = [value]
    return value


LARGE = [_nested(60), _nested(700), "x" * 100_000, ["y"] * 10_000, [[0] * 100] * 100, {str(n): n for n in range(5000)}]
_LEAVES = st.none() | st.booleans() | st.sampled_from(SIZES) | st.integers(-9, 99) | st.floats()
JSON = st.recursive(
    _LEAVES | st.sampled_from(WORDS) | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(WORDS) | st.text(max_size=4), inner, max_size=2)
    ),
    max_leaves=4,
) | st.sampled_from(LARGE)
PATHS = st.lists(st.integers(0, 999), max_size=9)
CHANGES = st.lists(st.tuples(PATHS, JSON), min_size=1, max_size=3)
EDITS = st.lists(
    st.tuples(st.integers(0, (1 << 16) - 1), st.integers(0, 40), st.binary(max_size=6), st.integers(1, 3)), max_size=4
)


def replaced(value: Any, path: list[int], odd: Any) -> Any:
    """The same with something odd at a place, to which the numbers lead."""
    if not path or not isinstance(value, (list, dict)) or not value:
        return odd
    keys = list(value) if isinstance(value, dict) else range(len(value))
    key = keys[path[0] % len(keys)]
    changed = replaced(value[key], path[1:], odd)
    if isinstance(value, dict):
        return {**value, key: changed}
    return [changed if number == key else item for number, item in enumerate(value)]


def changed(value: Any, changes: list[tuple[list[int], Any]]) -> Any:
    """The same with several odd things."""
    for path, odd in changes:
        value = replaced(value, path, odd)
    return value


def edited(data: bytes, edits: list[tuple[int, int, bytes, int]]) -> bytes:
    """Bytes of which pieces are left out, put in or repeated."""
    for place, length, new, times in edits:
        start = place * len(data) >> 16
        data = data[:start] + new + data[start : start + length] * (times - 1) + data[start + length * (times == 1) :]
    return data


def _text(value: Any) -> bytes:
    return json.dumps(value).encode()


# --- the targets ----------------------------------------------------------------------------------------------------


def _frames() -> list[tuple[bytes, bytes]]:
    values: list[Any] = [
        {"value": {"answer": [1, 2.5, "text", None, True, (1, 2), float("nan"), b"bytes"]}},
        {"value": {"weight": np.ones((3, 4), np.float32), 3: np.arange(6), None: np.zeros((0, 5), np.int8)}},
        {"error": {"kind": "ValueError", "bases": ["Exception"], "message": "no", "where": "cell 1", "line": 3}},
        {"value": [[[[["deep"]]]], {"a": {"b": {"c": []}}}, np.array(1.5)]},
    ]
    frames = []
    for value in values:
        frame = wire.encode(value)
        middle = wire.PREFIX.size + wire.read_prefix(frame[: wire.PREFIX.size], wire.REPLY).header
        frames.append((frame[wire.PREFIX.size : middle], frame[middle:]))
    return frames


FRAMES = _frames()


def decodes_replies(chosen: int, changes: Any, edits: Any) -> None:
    """The wire's decoder, and the start of a frame."""
    header, buffers = FRAMES[chosen % len(FRAMES)]
    header = edited(_text(changed(json.loads(header), changes)), edits if chosen % 2 else [])
    with contextlib.suppress(wire.WireError):
        wire.decode(header, edited(buffers, [] if chosen % 3 else edits), bounds=wire.REPLY)
    with contextlib.suppress(wire.WireError):
        wire.read_prefix((edited(wire.encode(chosen), edits) + bytes(99))[: wire.PREFIX.size], wire.REPLY)


_NET = nn.Sequential(nn.Conv2d(2, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.MaxPool2d(2), nn.Flatten(), nn.Linear(36, 3))
MODEL = [state_of(_NET), [computation_of(_NET, _SHAPE)]]
ARRAYS = {
    "array": np.zeros((1 << 20, 0)),
    "bytes": np.full(7, np.nan),
    "tuple": np.array(3),
    "dict": np.full(9, 1 << 60),
}


def carries_computations_out(chosen: int, changes: Any, _edits: Any) -> None:
    """The decoder of computations; what keeps to the form is carried out, and told."""
    match changed(MODEL, [(path, ARRAYS.get(odd, odd) if isinstance(odd, str) else odd) for path, odd in changes]):
        case [state, computations, *_]:
            with contextlib.suppress(computation.Refused):
                carried = computation.Carried(state, computations, 10**5)
                if chosen % 4 == 0:
                    outline(carried, carried.computations[0], None)
                carried(torch.zeros(chosen % 7, *_SHAPE))


class Answers:
    """A worker that answers whatever it is asked."""

    layers = ("none",)
    used = 1.5

    def raw_each(self, messages: Any, _seconds: Any, _bounds: Any) -> Iterator[tuple[bytes, bytes]]:
        """A reply for each message."""
        for _ in messages:
            yield b'{"value":{"dict":[["value",{"other":[1,"f"]}]]},"buffers":[]}', b""


def _evidence() -> Evidence:
    recorder = Recorder()
    recorder.begin("q1", 0.0, False)
    recorder.reduce("model", lambda: {"computation": [["relu", "(N, 2)", "(N, 2)", "", ""]]})
    recorder.reduce("array", lambda: {"answer": np.ones((300, 4), np.float32)})
    recorder.begin("why q1", 1.0, True)
    for asked in ("cell", "statement", "global", "probe", "attribute", "item", "call"):
        message = {"do": asked, "label": "1", "number": 0, "name": "f", "of": wire.Reference(0, "f"), "key": 1}
        message |= {"function": wire.Reference(1, "f"), "args": [1, (2,)], "kwargs": {"a": np.ones(2)}}
        list(recorder.exchange_each(Answers(), [message], lambda: 1.0, None, wire.REPLY))
    recorder.reduce("refused", lambda: {"refused": "it is malformed"})
    evidence = recorder.evidence()
    assert evidence is not None
    return evidence


EVIDENCE = _evidence()
PACKED = json.loads(zlib.decompress(EVIDENCE.packed("key")))


def reads_evidence(chosen: int, changes: Any, edits: Any) -> None:
    """The reader of evidence; what is evidence is replayed, and shown."""
    written = edited(_text(changed(PACKED, changes)), edits if chosen % 2 else [])
    data = zlib.compress(written, 1)
    evidence = Evidence.unpacked(edited(data, [] if chosen % 5 else edits), "key", EVIDENCE.blobs)
    if evidence is None:
        return
    for _ in transcript(evidence):
        pass
    for run in evidence.runs:
        replay = Replay(run.steps, evidence.blobs)
        with contextlib.suppress(Diverged):
            replay.begin("q1", 0.0, False)
            for name in ("model", "array"):
                replay.reduce(name, dict)


_CELLS: list[Any] = [
    {"cell_type": "markdown", "metadata": {"editable": False}, "source": ["# Question 1\n", "Why?"]},
    {"cell_type": "markdown", "metadata": {}, "source": "Since.\n\n<!-- END -->"},
    {"cell_type": "code", "metadata": {"tags": ["otter_ignore"]}, "source": "!pip install x", "outputs": []},
    {
        "cell_type": "code",
        "metadata": {},
        "source": ["def f(x):\n", "    return x"],
        "outputs": [{"data": {"a/b": "c"}}],
    },
]
NOTEBOOK = {"cells": _CELLS, "metadata": {"kernelspec": {"name": "python3"}}, "nbformat": 4, "nbformat_minor": 5}
SCRIPT = """# -*- coding: utf-8 -*-
# %% [markdown] editable=false
# # Question 1
# %% tags=["otter_ignore"]
x = 1
# %%
y = "é"
""".encode()


def reads_submissions(chosen: int, changes: Any, edits: Any) -> None:
    """The submission reader, with notebooks, scripts and archives of them."""
    notebook = edited(_text(changed(NOTEBOOK, changes)), edits if chosen % 2 else [])
    script = edited(SCRIPT, edits)
    kind = chosen % 4
    if kind < 2:
        suffix, data = (".ipynb", notebook) if kind else (".py", script)
    else:
        inner = [("hw.ipynb", notebook)] if kind == 2 else [("hw.py", script), ("__MACOSX/hw.py", b"x")]
        packed = io.BytesIO()
        with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED if chosen % 8 < 4 else zipfile.ZIP_STORED) as archive:
            for name, content in inner:
                archive.writestr(name, content)
        suffix, data = ".zip", edited(packed.getvalue(), edits)
    try:
        submission = parse_submission(suffix, data)
    except UnreadableSubmission as reason:
        assert str(reason)
    else:
        assert all(type(cell.source) is str for cell in submission.cells)


@dataclass(frozen=True)
class Target:
    """What is fuzzed, and with how many inputs."""

    run: Callable[[int, Any, Any], None]
    inputs: int


TARGETS = {
    "wire": Target(decodes_replies, 40_000),
    "computations": Target(carries_computations_out, 40_000),
    "evidence": Target(reads_evidence, 20_000),
    "submissions": Target(reads_submissions, 10_000),
}

# --- within limits --------------------------------------------------------------------------------------------------


class TooLong(BaseException):
    """An input took more processor time than it may."""


def _too_long(*_signal: object) -> None:
    raise TooLong


@contextlib.contextmanager
def _timed() -> Iterator[None]:
    signal.setitimer(signal.ITIMER_PROF, SECONDS)  # processor time of this process
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)


def fuzz(target: Target, inputs: int, number: int) -> None:
    """Try so many inputs, which derive from a number.

    Raises:
        BaseException: what an input raised that it may not; hypothesis shows the smallest that it found.
    """

    @seed(number)
    @settings(
        max_examples=max(1, inputs // PLACES),
        deadline=None,
        database=None,
        suppress_health_check=list(HealthCheck),
        print_blob=False,
    )
    @given(st.integers(0, 1 << 16), CHANGES, EDITS)
    def one(chosen: int, changes: Any, edits: Any) -> None:
        for number in range(PLACES):
            there = [([step + 37 * number for step in path], odd) for path, odd in changes]
            with _timed():
                target.run(chosen + number, there, [((place + 6553 * number) & 0xFFFF, *e) for place, *e in edits])

    one()


def _confine(inputs: int) -> None:
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    most = pages * resource.getpagesize() + MEMORY
    resource.setrlimit(resource.RLIMIT_AS, (most, most))
    used = int(time.process_time())
    resource.setrlimit(resource.RLIMIT_CPU, (used + 60 + inputs // 50,) * 2)  # where C code is busy for ever
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    signal.signal(signal.SIGPROF, _too_long)


def fuzz_apart(name: str, inputs: int, number: int) -> int:
    """Fuzz a target in a process of its own. Returns 0 where nothing was found, and otherwise says what."""
    sys.stdout.flush()
    child = os.fork()
    if child == 0:
        status = 1
        try:
            _confine(inputs)
            fuzz(TARGETS[name], inputs, number)
            status = 0
        except BaseException:
            traceback.print_exc()
        finally:
            sys.stderr.flush()
            os._exit(status)
    _, ended, usage = os.wait4(child, 0)
    seconds = usage.ru_utime + usage.ru_stime
    code = os.waitstatus_to_exitcode(ended)
    came = {0: "nothing was found", 1: "see above"}.get(code, f"the process ended by signal {-code}")
    print(f"{name}: {inputs:,} inputs, {seconds:.0f} s, {usage.ru_maxrss >> 10:,} MB at most: {came}")
    return code


def main(arguments: list[str] | None = None) -> int:
    """Fuzz targets, and say what was found."""
    parser = argparse.ArgumentParser(description=main.__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", choices=[[], *TARGETS], help=", ".join(TARGETS))
    parser.add_argument("--share", type=float, default=1.0, help="of the usual number of inputs")
    parser.add_argument("--seed", type=int, default=0)
    options = parser.parse_args(arguments)
    torch.set_num_threads(1)
    names = options.targets or list(TARGETS)
    codes = [fuzz_apart(name, max(1, int(options.share * TARGETS[name].inputs)), options.seed) for name in names]
    return int(any(codes))


if __name__ == "__main__":
    raise SystemExit(main())
