"""The wire format: what goes round, and what hostile bytes do."""

import json
import math
import struct

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from autograder.worker import wire


def split(frame):
    prefix = wire.read_prefix(frame[: wire.PREFIX.size], wire.REPLY)
    body = frame[wire.PREFIX.size :]
    assert len(body) == prefix.header + prefix.buffers
    return body[: prefix.header], body[prefix.header :]


def decode(header, buffers):
    return wire.decode(header, buffers, bounds=wire.REPLY)


def round_trip(value):
    return decode(*split(wire.encode(value)))


def frame_of(value, buffers=()):
    return json.dumps({"value": value, "buffers": [len(b) for b in buffers]}).encode(), b"".join(buffers)


def same(one, other):
    if isinstance(one, np.ndarray):
        return type(other) is np.ndarray and one.dtype == other.dtype and np.array_equal(one, other, equal_nan=True)
    if isinstance(one, (list, tuple)):
        return type(one) is type(other) and len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict):
        return type(other) is dict and one.keys() == other.keys() and all(same(one[k], other[k]) for k in one)
    if isinstance(one, float) and math.isnan(one):
        return type(other) is float and math.isnan(other)
    return type(one) is type(other) and one == other


text = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
arrays = hnp.arrays(
    st.sampled_from([np.bool_, np.int8, np.int64, np.uint16, np.float16, np.float32, np.float64]),
    hnp.array_shapes(min_dims=0, max_dims=4, min_side=0, max_side=4),
)
plain = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(1 << 63), (1 << 63) - 1)
    | st.floats()
    | text
    | st.binary(max_size=20)
    | arrays,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.lists(inner, max_size=4).map(tuple)
        | st.dictionaries(text | st.integers(-1000, 1000) | st.none(), inner, max_size=4)
    ),
    max_leaves=12,
)


@settings(derandomize=True, database=None, max_examples=200, deadline=None)
@given(plain)
def test_plain_data_comes_back_as_it_went(value):
    assert same(value, round_trip(value))


def test_subclasses_arrive_as_exact_types():
    class Liar(int):
        def __eq__(self, other):
            return True

        __hash__ = int.__hash__

    class Text(str):
        pass

    got = round_trip([Liar(3), Text("a"), np.int64(4), np.float32(0.5), np.bool_(True)])
    assert [type(item) for item in got] == [int, str, int, float, bool]
    assert got == [3, "a", 4, 0.5, True]


def test_a_received_array_owns_its_memory_and_can_be_written():
    array = round_trip(np.arange(3))
    assert array.flags.owndata and array.flags.writeable


def test_a_tensor_becomes_an_array_and_a_module_a_reference():
    import torch

    assert same(np.ones((2, 3), np.float32), round_trip(torch.ones(2, 3, requires_grad=True)))
    assert round_trip(torch.ones(2, dtype=torch.bfloat16)).dtype == np.float32
    with pytest.raises(wire.WireError, match="not plain data"):
        wire.encode(torch.nn.Linear(1, 1))
    frame = wire.encode(torch.nn.Linear(1, 1), lambda value: wire.Reference(7, type(value).__name__))
    assert decode(*split(frame)) == wire.Reference(7, "Linear")


def test_an_object_array_is_never_sent_as_data():
    with pytest.raises(wire.WireError):
        wire.encode(np.array([object()]))


def nested(depth):
    value = 1
    for _ in range(depth):
        value = [value]
    return value


HOSTILE = {
    "not JSON": (b"{", b""),
    "not an object": (b"3", b""),
    "no buffers": (b'{"value": 1}', b""),
    "NaN in the header": (b'{"value": NaN, "buffers": []}', b""),
    "deep JSON": (b'{"value": ' + b"[" * 100_000 + b"]" * 100_000 + b', "buffers": []}', b""),
    "deep value": frame_of(nested(wire.MAX_DEPTH + 2)),
    "many items": frame_of([0] * (wire.REPLY.items + 1)),
    "an integer of 10,000 digits": (b'{"value": 1' + b"0" * 10_000 + b', "buffers": []}', b""),
    "unknown kind": frame_of({"pickle": "gASV"}),
    "a method's name as a kind": frame_of({"piece": 0}),
    "two kinds at once": frame_of({"tuple": [], "float": "nan"}),
    "a float that is none": frame_of({"float": "0x10"}),
    "a pickle as an array": frame_of({"array": [0, "|O8", [1], False]}, [b"12345678"]),
    "an array larger than its data": frame_of({"array": [0, "<f8", [1 << 40], False]}, [b"12345678"]),
    "an array of negative size": frame_of({"array": [0, "<f8", [-1], False]}, [b"12345678"]),
    "an array whose shape overflows": frame_of({"array": [0, "<f8", [1 << 62, 4], False]}, [b""]),
    "a dtype with fields": frame_of({"array": [0, "f4,", [1], False]}, [b"1234"]),
    "a shape of floats": frame_of({"array": [0, "<f4", [1.0], False]}, [b"1234"]),
    "a dtype that numpy can't parse": frame_of({"array": [0, " ,,", [1], False]}, [b"1234"]),
    "a dtype of a lone surrogate": frame_of({"array": [0, "\ud800", [1], False]}, [b"1234"]),
    "an empty array of absurd shape": frame_of({"array": [0, "<f4", [0, 10**30], False]}, [b""]),
    "an integer beyond 64 bits": frame_of(1 << 63),
    "a buffer named twice": frame_of([{"bytes": 0}, {"bytes": 0}], [b"1"]),
    "millions of empty buffers": frame_of(0, [b""] * (wire.REPLY.items + 1)),
    "keys that hash alike": frame_of({"dict": [[n * (2**61 - 1), 0] for n in range(2)]}),
    "keys that are floats": frame_of({"dict": [[1.5, 0]]}),
    "a missing buffer": frame_of({"bytes": 1}, [b"1"]),
    "a negative buffer": frame_of({"bytes": -1}, [b"1"]),
    "a true buffer": frame_of({"bytes": True}, [b"1", b"2"]),
    "buffers that lie": (b'{"value": 1, "buffers": [5]}', b"1"),
    "buffers of negative length": (b'{"value": 1, "buffers": [2, -1]}', b"1"),
    "a list as a key": frame_of({"dict": [[[1], 2]]}),
    "a dict of triples": frame_of({"dict": [[1, 2, 3]]}),
    "a reference to text": frame_of({"other": ["0", "x"]}),
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_frames_are_refused(name):
    with pytest.raises(wire.WireError):
        decode(*HOSTILE[name])


@settings(derandomize=True, database=None, max_examples=300, deadline=None)
@given(st.binary(max_size=200), st.binary(max_size=20))
def test_no_bytes_raise_anything_else(header, buffers):
    try:
        decode(header, buffers)
    except wire.WireError:
        pass


def test_sizes_are_checked_before_anything_is_allocated():
    for header, buffers in ((wire.REPLY.header + 1, 0), (1, wire.REPLY.buffers + 1), (1, 1 << 60)):
        with pytest.raises(wire.WireError, match="too large"):
            wire.read_prefix(struct.pack(">4sQIQ", wire.MAGIC, 7, header, buffers), wire.REPLY)
    with pytest.raises(wire.WireError, match="wire format"):
        wire.read_prefix(b"HTTP/1.1 200 OK\r\n\r\nHello"[: wire.PREFIX.size], wire.REPLY)


def test_a_frame_carries_the_number_of_its_request():
    frame = wire.encode([1], number=(1 << 64) - 1)
    assert wire.read_prefix(frame[: wire.PREFIX.size], wire.REPLY).number == (1 << 64) - 1


EXPANDING = {  # a few bytes each, or at least within the bounds on bytes, and what would become of them
    "20 million empty rows": np.empty((20_000_000, 0)),
    "many arrays of empty rows": [np.empty((100_000, 0))] * 50,
    "lists around single numbers": np.ones((1 << 20, 1, 1), bool),
    "one long text and many short ones": ["x" * 1_000_000, *[""] * 1_000],
    "the same, nested": [["x" * 1_000_000], *[["", ""]] * 500],
    "the same, of bytes": [b"x" * 1_000_000, *[b""] * 1_000],
    "the same, as keys": {"x" * 1_000_000: 0, **{str(n): n for n in range(1_000)}},
    "a long text beside an array": ["x" * 1_000_000, np.zeros(1_000)],
}


@pytest.mark.parametrize("name", EXPANDING)
def test_what_would_expand_is_refused_by_both_sides(name):
    with pytest.raises(wire.WireError, match="too large"):
        wire.encode(EXPANDING[name], bounds=wire.REPLY)
    with pytest.raises(wire.WireError, match="too large"):
        decode(*split(wire.encode(EXPANDING[name])))


def test_what_is_usual_is_not():
    usual = [
        np.empty((0, 10)),
        np.ones((1000, 1, 28, 28), np.float32),
        np.ones((1, 1, 1, 1, 1)),
        {"losses": [0.5] * 100_000, "told": "x" * 2_000},
        [[0.5, 0.5, "a text of a figure"]] * 1_000,
    ]
    for value in usual:
        assert same(value, decode(*split(wire.encode(value, bounds=wire.REPLY))))


def test_a_lone_surrogate_can_be_written_as_utf8():
    assert decode(b'{"value": "\\ud800", "buffers": []}', b"").encode() == b"?"
