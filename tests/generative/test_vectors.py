"""Vectors are read from the wire as protobuf reads them, whatever the bytes."""

from __future__ import annotations

import math
import re
import struct
import sys
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy
import pytest
from google.protobuf.message import DecodeError
from hypothesis import example, given
from hypothesis import strategies as st

from gemini_grpc import errors, v1beta
from gemini_grpc.generative.vectors import Lists, Matrix, Vector, Vectors
from gemini_grpc.rpc.codec import Codec
from gemini_grpc.v1beta import methods

BATCH = v1beta.BatchEmbedContentsResponse.pb()
SINGLE = v1beta.EmbedContentResponse.pb()


def serialized(*vectors: list[float]) -> bytes:
    return BATCH(embeddings=[{"values": each} for each in vectors]).SerializeToString()


def field(number: int, kind: int, value: bytes = b"") -> bytes:
    size = varint(len(value)) if kind == 2 else b""
    return varint(number << 3 | kind) + size + value


def varint(value: int) -> bytes:
    found = bytearray()
    while value > 0x7F:
        found.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*found, value])


def floats(*numbers: float) -> bytes:
    return struct.pack(f"<{len(numbers)}f", *numbers)


def packed(*numbers: float) -> bytes:
    return field(1, 2, floats(*numbers))


def vector(*contents: bytes) -> bytes:
    return field(1, 2, b"".join(contents))


def group(number: int, *contents: bytes) -> bytes:
    return field(number, 3) + b"".join(contents) + field(number, 4)


def of_protobuf(data: bytes) -> list[list[float]] | None:
    try:
        return [list(each.values) for each in BATCH.FromString(data).embeddings]
    except DecodeError:
        return None


def of_protobuf_alone(data: bytes) -> list[list[float]] | None:
    try:
        message: Any = SINGLE.FromString(data)
    except DecodeError:
        return None
    return [list(message.embedding.values)] if message.HasField("embedding") else []


def ours(reader: type[Vectors], data: bytes) -> list[list[float]] | None:
    try:
        return reader.FromString(data).lists()
    except DecodeError:
        return None


def same(found: Any, expected: Any) -> bool:
    """Compare numbers by their bits; all that are none are the same."""
    if isinstance(expected, list) and isinstance(found, list):
        return len(found) == len(expected) and all(map(same, found, expected))
    if isinstance(expected, float):
        nan = math.isnan(expected) and math.isnan(found)
        return nan or struct.pack("<d", found) == struct.pack("<d", expected)
    return bool(found == expected)


def agree(data: bytes) -> None:
    for found, expected in (
        (ours(Vectors, data), of_protobuf(data)),
        (ours(Vector, data), of_protobuf_alone(data)),
    ):
        if (found is None) != (expected is None) and debatable(data):
            continue
        assert same(found, expected)


def debatable(data: bytes) -> bool:
    """Tell whether versions of protobuf may disagree: about a field 0 in a group, and long lengths."""
    return bool(re.search(rb"[\x80-\xff]{5}|[\x03\x0b\x13\x1b].*[\x00-\x07]", data, re.DOTALL))


STRANGE = {
    "nothing": b"",
    "an empty vector": vector(),
    "empty vectors between others": vector(packed(1.0)) + vector() * 2 + vector(packed(2.0)),
    "an empty run": vector(packed()) * 3,
    "numbers one by one": vector(field(1, 5, floats(1.5)), field(1, 5, floats(-2.0))),
    "a run in two pieces": vector(packed(1.0, 2.0), packed(3.0)) * 2,
    "runs and single numbers": vector(packed(1.0), field(1, 5, floats(2.0)), packed(3.0)),
    "something before a run": vector(field(7, 0, b"\x05"), packed(1.0, 2.0)) * 3,
    "something after a run": vector(packed(1.0, 2.0), field(7, 0, b"\x05")) * 3,
    "unknown fields of every kind": b"".join(
        [
            *(field(9, 0, varint(2**63)), field(9, 1, bytes(8)), field(9, 2, b"abc")),
            *(field(9, 5, bytes(4)), group(9, field(1, 2, b"x"), group(3, field(1, 0, b"\x01")))),
            vector(packed(1.0)),
        ]
    ),
    "vectors of another wire type": field(1, 0, b"\x05") + field(1, 5, bytes(4)),
    "a group where the vector should be": group(1, packed(1.0)),
    "numbers of another wire type": vector(field(1, 0, b"\x05"), field(1, 1, bytes(8))),
    "different lengths": vector(packed(1.0)) + vector(packed(1.0, 2.0)) + vector(packed(3.0)),
    "the same beginning and a short end": vector(packed(1.0, 2.0)) * 2
    + vector(packed(1.0, 2.0))[:-1],
    "not a number": vector(field(1, 2, b"\x00\x00\xc0\x7f\x01\x00\x80\x7f\x00\x00\x80\xff")),
    "a run that is no floats": vector(field(1, 2, b"abc")),
    "a number of a field that is 0": vector(packed(1.0)) + b"\x00\x00",
    "a wire type that does not exist": b"\x0e",
    "another wire type that does not exist": b"\x0f",
    "the end of a group that never began": b"\x0c",
    "a group that never ends": field(9, 3) + field(2, 0, b"\x01"),
    "a group that ends as another": field(9, 3) + field(8, 4),
    "a long tag": b"\x8a\x80\x80\x80\x00" + b"\x00",
    "a tag that is too long": b"\x8a\x80\x80\x80\x80\x00" + b"\x00",
    "a tag that is too large": b"\x8a\x80\x80\x80\x7f" + b"\x00",
    "a long length": b"\x0a\x86\x80\x80\x80\x00" + packed(1.0),
    "a length that is too large": b"\x0a\xff\xff\xff\xff\x0f" + packed(1.0),
    "a long number": field(9, 0, b"\xff" * 9 + b"\x01"),
    "a number that is too long": field(9, 0, b"\xff" * 10 + b"\x01"),
    "a number that is too large": field(9, 0, b"\xff" * 9 + b"\x7f"),
    "a vector that goes beyond the end": b"\x0a\x7f" + packed(1.0),
    "a run that goes beyond its vector": field(1, 2, b"\x0a\x08" + floats(1.0)) + bytes(8),
    "groups as deep as they may be": field(9, 3) * 99 + field(9, 4) * 99,
    "groups that are too deep": field(9, 3) * 200 + field(9, 4) * 200,
}


@pytest.mark.parametrize("data", STRANGE.values(), ids=STRANGE)
def test_strange_bytes_are_read_as_protobuf_reads_them(data: bytes) -> None:
    agree(data)


def test_what_protobuf_is_not_sure_of() -> None:
    assert ours(Vectors, group(9, b"\x00\x00") + vector(packed(1.0))) == [[1.0]]
    assert ours(Vectors, b"\x0a\x86\x80\x80\x80\x80\x00" + packed(1.0)) is None


def test_what_ends_anywhere_is_read_as_protobuf_reads_it() -> None:
    whole = serialized([1.0, 2.0, 3.0], [4.0, 5.0, 6.0], [7.0]) + field(9, 1, bytes(8))
    for end in range(len(whole)):
        agree(whole[:end])


def test_every_byte_may_be_wrong() -> None:
    whole = vector(packed(1.0, 2.0)) * 2 + vector(field(1, 5, floats(3.0)), group(2, packed(1.0)))
    for position in range(len(whole)):
        for byte in range(256):
            agree(whole[:position] + bytes([byte]) + whole[position + 1 :])


NUMBERS = st.floats(width=32)
VALUES = st.one_of(
    st.builds(lambda value: (0, varint(value)), st.integers(0, 2**64 - 1)),
    st.builds(lambda value: (1, value), st.binary(min_size=8, max_size=8)),
    st.builds(lambda value: (2, value), st.binary(max_size=12)),
    st.builds(lambda value: (5, value), st.binary(min_size=4, max_size=4)),
)
FIELDS = st.builds(
    lambda number, value: field(number, *value), st.sampled_from([1, 2, 15, 16, 2**29 - 1]), VALUES
)
RUNS = st.builds(lambda numbers: packed(*numbers), st.lists(NUMBERS, max_size=5))
GROUPS = st.builds(lambda number, inner: group(number, *inner), st.integers(1, 3), st.lists(FIELDS))
INSIDE = st.lists(st.one_of(RUNS, RUNS, FIELDS, GROUPS), max_size=4)
MESSAGES = st.lists(
    st.one_of(st.builds(lambda inner: vector(*inner), INSIDE), FIELDS, GROUPS), max_size=6
).map(b"".join)


@st.composite
def damaged(draw: st.DrawFn) -> bytes:
    """Return a message with something cut out, put in or changed."""
    data = draw(MESSAGES)
    start = draw(st.integers(0, len(data)))
    end = draw(st.integers(start, min(len(data), start + 3)))
    return data[:start] + draw(st.binary(max_size=3)) + data[end:]


@given(st.one_of(MESSAGES, damaged(), st.binary(max_size=40)))
@example(b"")
def test_any_bytes_are_read_as_protobuf_reads_them(data: bytes) -> None:
    agree(data)


@given(st.lists(st.lists(NUMBERS, min_size=3, max_size=3), min_size=1, max_size=8))
def test_a_matrix_has_the_numbers_of_the_lists(rows: list[list[float]]) -> None:
    matrix, lists = Matrix(len(rows)), Lists(len(rows))
    for collector in (matrix, lists):
        collector.put(0, Vectors.FromString(serialized(*rows)))
    found = matrix.all()
    assert found.dtype == numpy.float32
    assert found.flags["C_CONTIGUOUS"]
    assert same(found.tolist(), rows)
    assert same(lists.all(), rows)


def test_parts_of_a_matrix_come_in_any_order_and_from_several_threads() -> None:
    rows = [[float(n), n / 3] for n in range(400)]
    matrix = Matrix(400)

    def put(start: int) -> None:
        matrix.put(start, Vectors.FromString(serialized(*rows[start : start + 10])))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(put, reversed(range(0, 400, 10))))
    assert numpy.array_equal(matrix.all(), numpy.array(rows, dtype=numpy.float32))


@pytest.mark.parametrize("later", [[[1.0]], [[1.0, 2.0], [1.0, 2.0, 3.0]], [[]]])
def test_vectors_of_different_lengths_make_no_matrix(later: list[list[float]]) -> None:
    matrix = Matrix(5)
    matrix.put(0, Vectors.FromString(serialized([1.0, 2.0])))
    with pytest.raises(errors.Internal, match="different lengths, 2 and"):
        matrix.put(1, Vectors.FromString(serialized(*later)))


def test_empty_vectors_make_an_empty_matrix() -> None:
    matrix = Matrix(2)
    matrix.put(0, Vectors.FromString(serialized([], [])))
    assert matrix.all().shape == (2, 0)


def test_without_numpy_there_is_no_matrix(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "numpy", None)
    with pytest.raises(errors.ArgumentError, match="pip install numpy"):
        Matrix(1)


def test_numbers_are_read_on_machines_of_the_other_byte_order(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    turned = serialized([struct.unpack(">f", floats(1.5))[0]])
    monkeypatch.setattr(sys, "byteorder", "big")
    assert Vectors.FromString(turned).lists() == [[1.5]]


def test_a_method_can_have_its_answers_read_as_vectors() -> None:
    method = replace(
        methods.GenerativeService.BATCH_EMBED_CONTENTS,
        response="gemini_grpc.generative.vectors:Vectors",
    )
    codec: Codec[Any, Vectors] = Codec(method)
    assert codec.response(serialized([1.0], [2.0])).lists() == [[1.0], [2.0]]
    with pytest.raises(
        errors.Internal, match="7 bytes that are no Vectors: field 1 goes"
    ) as caught:
        codec.response(serialized([1.0])[:-1])
    assert caught.value.method.endswith("/BatchEmbedContents")
