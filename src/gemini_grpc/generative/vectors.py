"""Embeddings read straight from the bytes the server sent.

A hundred vectors of 768 numbers are a hundred runs of little-endian floats with a few bytes between
them. Protobuf turns each number into an object only to have it copied; here the runs are found, and
copied whole into a matrix, or into a list each.

What is accepted is what protobuf accepts: unknown fields are skipped, a vector may come in several runs
or number by number, and bytes that end early, or are no message at all, are a `DecodeError`, of which
the call makes an `Internal`.
"""

from __future__ import annotations

import sys
import threading
from array import array
from typing import TYPE_CHECKING, NamedTuple, Self

from google.protobuf.message import DecodeError

from gemini_grpc.errors import ArgumentError, Internal

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

Field = tuple[int, int, int, int]
"""One field on the wire: its number, its wire type, where its value starts and where it stops."""

_BYTES, _FIXED32 = 2, 5  # wire types
_DEEPEST = 100  # how deep protobuf lets messages and groups be nested
_LONG, _SHORT = 10, 5  # bytes of a varint: of 64 bits as a value, of 32 bits as a tag or length

_kept: list[float] = []
"""The first and the last number of the lists made last.

Python gives an arena of a mebibyte back when the last object in it goes. A hundred vectors fill two, which
each call would give back and fetch again, page by page, for a sixth of its cost; these two keep them.
"""


class Block(NamedTuple):
    """Vectors of one length that lie at equal distances in some bytes."""

    data: bytes
    """Where they are."""
    start: int
    """Where the numbers of the first one begin: float32, little-endian, without gaps."""
    size: int
    """The bytes of one vector."""
    step: int
    """The bytes from the beginning of one vector to that of the next."""
    rows: int
    """How many vectors there are."""


class Vectors:
    """The vectors of a BatchEmbedContentsResponse, still as bytes."""

    __slots__ = ("blocks",)

    def __init__(self, blocks: list[Block]) -> None:
        self.blocks = blocks
        """The vectors in order; nearly always they are one block."""

    def __len__(self) -> int:
        """Return how many vectors there are."""
        return sum(block.rows for block in self.blocks)

    @classmethod
    def FromString(cls, data: bytes) -> Self:  # noqa: N802  # as the call layer and protobuf call it
        """Find the vectors in a serialized answer.

        Raises:
            DecodeError: The bytes are no such answer.
        """
        return cls(_blocks(data))

    def lists(self) -> list[list[float]]:
        """Return the vectors as lists."""
        lists = []
        for data, start, size, step, rows in self.blocks:
            view = memoryview(data)
            for position in range(start, start + rows * step, step):
                numbers = array("f")
                numbers.frombytes(view[position : position + size])
                if sys.byteorder == "big":
                    numbers.byteswap()
                lists.append(numbers.tolist())
        if lists:
            _kept[:] = *lists[0][:1], *lists[-1][-1:]
        return lists


class Vector(Vectors):
    """The vector of an EmbedContentResponse; there is one, or none.

    When its message comes several times, protobuf appends the numbers of one to those of the other.
    """

    __slots__ = ()

    @classmethod
    def FromString(cls, data: bytes) -> Self:  # noqa: N802
        """Find the vector in a serialized answer.

        Raises:
            DecodeError: The bytes are no such answer.
        """
        found = super().FromString(data)
        if len(found) > 1:
            runs = [
                block.data[start : start + block.size]
                for block in found.blocks
                for start in range(block.start, block.start + block.rows * block.step, block.step)
            ]
            found.blocks = [_alone(b"".join(runs))]
        return found


class Lists:
    """Collects vectors as lists of floats."""

    def __init__(self, count: int) -> None:
        self._lists: list[list[float]] = [[]] * count

    def put(self, start: int, vectors: Vectors) -> None:
        """Take the vectors of the contents from `start` on."""
        self._lists[start : start + len(vectors)] = vectors.lists()

    def all(self) -> list[list[float]]:
        """Return all of them."""
        return self._lists

    def only(self) -> list[float]:
        """Return the only one."""
        return self._lists[0]


class Matrix:
    """Collects vectors as the rows of one float32 matrix; several threads may do so at once."""

    def __init__(self, count: int) -> None:
        """Prepare for `count` vectors; the first that comes says how long they are.

        Raises:
            ArgumentError: NumPy is not installed.
        """
        try:
            import numpy
        except ImportError as cause:
            raise ArgumentError(
                "output='numpy' needs `pip install numpy`; output='list' does not"
            ) from cause
        self._numpy = numpy
        self._count = count
        self._lock = threading.Lock()
        self._rows: NDArray[np.float32] | None = None

    def put(self, start: int, vectors: Vectors) -> None:
        """Take the vectors of the contents from `start` on.

        Raises:
            Internal: They are not all of the same length.
        """
        for block in vectors.blocks:
            shape = (block.rows, block.size // 4)
            with self._lock:
                if self._rows is None:
                    self._rows = self._numpy.empty((self._count, shape[1]), dtype="float32")
            if self._rows.shape[1] != shape[1]:
                lengths = f"{self._rows.shape[1]} and {shape[1]}"
                raise Internal(f"the server sent vectors of different lengths, {lengths}")
            found = self._numpy.ndarray(shape, "<f4", block.data, block.start, (block.step, 4))
            self._rows[start : start + block.rows] = found
            start += block.rows

    def all(self) -> NDArray[np.float32]:
        """Return the matrix."""
        assert self._rows is not None
        return self._rows

    def only(self) -> NDArray[np.float32]:
        """Return the only vector."""
        only: NDArray[np.float32] = self.all()[0]
        return only


OUTPUTS: dict[str, type[Lists | Matrix]] = {"list": Lists, "numpy": Matrix}
"""What collects the vectors, by the name of the output."""


def _blocks(data: bytes) -> list[Block]:
    """Return the occurrences of field 1, messages whose field 1 is repeated floats."""
    view, end = memoryview(data), len(data)
    blocks: list[Block] = []
    position = 0
    while position < end:
        number, kind, start, stop = _field(view, position, end, _DEEPEST)
        if number == 1 and kind == _BYTES:
            pieces = _pieces(view, start, stop)
            if len(pieces) == 1 and pieces[0][1] == stop:
                block = _alike(data, position, *pieces[0])
                stop = position + block.rows * block.step
            else:
                block = _alone(b"".join(view[a:b] for a, b in pieces))
            blocks.append(block)
        position = stop
    return blocks


def _alone(numbers: bytes) -> Block:
    """Return the block of one vector."""
    return Block(numbers, 0, len(numbers), max(1, len(numbers)), 1)


def _alike(data: bytes, position: int, start: int, stop: int) -> Block:
    """Return the block of the vector at a position and of those that follow and are like it.

    Nearly always all vectors of an answer are alike: the bytes in front of the numbers, which hold both
    lengths, are the same, and so need not be looked at again.
    """
    header, step = data[position:start], stop - position
    count = 1
    while stop + step <= len(data) and data.startswith(header, stop):
        stop += step
        count += 1
    return Block(data, start, step - len(header), step, count)


def _pieces(view: memoryview, position: int, end: int) -> list[tuple[int, int]]:
    """Return where the numbers of one vector are: in one packed run, in several, or one by one."""
    pieces = []
    while position < end:
        number, kind, start, position = _field(view, position, end, _DEEPEST - 1)
        if number == 1 and kind in (_BYTES, _FIXED32):
            if (position - start) % 4:
                raise DecodeError(f"{position - start} bytes of floats, which have 4 each")
            pieces.append((start, position))
    return pieces


def _field(view: memoryview, position: int, end: int, depth: int) -> Field:
    """Return the field at a position.

    Raises:
        DecodeError: There is none, or it goes beyond the end.
    """
    tag, start = _varint(view, position, end, _SHORT)
    if tag < 8:
        raise DecodeError("a field has the number 0")
    return tag >> 3, tag & 7, *_value(view, tag, start, end, depth)


def _value(view: memoryview, tag: int, start: int, end: int, depth: int) -> tuple[int, int]:
    """Return where the value of a field starts and stops, when its tag is read."""
    match tag & 7:
        case 0:
            _, stop = _varint(view, start, end, _LONG)
        case 1:
            stop = start + 8
        case 2:
            size, start = _varint(view, start, end, _SHORT)
            stop = start + size
        case 3:
            stop = _group(view, tag, start, end, depth - 1)
        case 5:
            stop = start + 4
        case kind:
            raise DecodeError(f"field {tag >> 3} has the wire type {kind}, which begins none")
    if stop > end:
        raise DecodeError(f"field {tag >> 3} goes beyond the end")
    return start, stop


def _group(view: memoryview, opening: int, position: int, end: int, depth: int) -> int:
    """Return where a group stops, whose tag is read; nobody asks for what is in it."""
    if depth < 0:
        raise DecodeError(f"groups are nested deeper than {_DEEPEST}")
    while True:
        tag, position = _varint(view, position, end, _SHORT)
        if tag == opening + 1:  # the same number, and the wire type of an end
            return position
        _, position = _value(view, tag, position, end, depth)


def _varint(view: memoryview, position: int, end: int, longest: int) -> tuple[int, int]:
    """Return an integer and where it stops."""
    value = 0
    for index, byte in enumerate(view[position : min(position + longest, end)]):
        value |= (byte & 0x7F) << (7 * index)
        if byte < 0x80 and not (longest == _SHORT and value >> 32):
            return value, position + index + 1
    raise DecodeError("a number ends early or is too large")
