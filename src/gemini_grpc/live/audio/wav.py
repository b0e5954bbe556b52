"""WAV files, read as PCM16 of one channel and written so.

What is read may have 8, 16, 24 or 32 bits or floats, and any number of channels, of which the mean is taken.
"""

from __future__ import annotations

import os
import struct
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from gemini_grpc.errors import ArgumentError
from gemini_grpc.live.audio.samples import (
    PCM,
    check_rate,
    duration,
    numbers,
    quantize,
    to_mono,
    whole,
)

_INTEGER, _FLOAT, _EXTENSIBLE = 1, 3, 0xFFFE
_UNKNOWN_SIZE = 0x7FFFF000  # and above: written by programs that cannot go back to the header
_SIGNED = bytes(byte ^ 0x80 for byte in range(256))


@dataclass(frozen=True, slots=True)
class Clip:
    """A recording."""

    pcm: bytes
    """The samples as PCM16."""
    rate: int
    """Samples a second."""

    @property
    def duration(self) -> float:
        """How many seconds it lasts."""
        return duration(self.pcm, self.rate)


def read_wav(file: str | os.PathLike[str] | BinaryIO) -> Clip:
    """Read a WAV file, given as a path or a binary file; the latter is not closed.

    Raises:
        ArgumentError: It is no WAV file, is cut short, or its format or rate is not among those taken; the
            text names the path.
        OSError: It cannot be read.
    """
    if isinstance(file, (str, os.PathLike)):
        source, data = os.fspath(file), Path(file).read_bytes()
    else:
        source, data = "file", file.read()
    if not isinstance(data, bytes) or data[:4] != b"RIFF" or data[8:12] != b"WAVE":
        raise ArgumentError(f"{source} is not a WAV file")
    chunks: dict[bytes, bytes] = {}
    for name, body in _chunks(data, source):
        chunks.setdefault(name, body)
    if b"fmt " not in chunks or b"data" not in chunks:
        raise ArgumentError(f"{source} is a WAV file without a format or without samples")
    return _clip(chunks[b"fmt "], chunks[b"data"], source)


def write_wav(file: str | os.PathLike[str] | BinaryIO, pcm: PCM, rate: int) -> None:
    """Write PCM16 as a WAV file, given as a path or a binary file; the latter is not closed.

    Raises:
        ArgumentError: `pcm` is not whole samples, or `rate` is out of range.
        OSError: It cannot be written.
    """
    samples = whole(pcm)
    form = struct.pack("<HHIIHH", _INTEGER, 1, check_rate(rate), 2 * rate, 2, 16)
    body = b"WAVE" + _chunk(b"fmt ", form) + _chunk(b"data", samples)
    content = _chunk(b"RIFF", body)
    if isinstance(file, (str, os.PathLike)):
        Path(file).write_bytes(content)
    else:
        file.write(content)


def _chunk(name: bytes, body: bytes) -> bytes:
    return name + struct.pack("<I", len(body)) + body


def _chunks(data: bytes, source: str) -> Iterator[tuple[bytes, bytes]]:
    """Yield the name and the content of each chunk."""
    start = 12
    while start + 8 <= len(data):
        name, size = struct.unpack_from("<4sI", data, start)
        body = data[start + 8 : start + 8 + size]
        if len(body) < size < _UNKNOWN_SIZE:
            raise ArgumentError(
                f"{source} is cut short: {name!r} holds {len(body)} bytes instead of {size}"
            )
        yield name, body
        start += 8 + size + size % 2  # chunks begin at even places


def _clip(form: bytes, body: bytes, source: str) -> Clip:
    """Return the recording of a format chunk and the samples."""
    if len(form) < 16:
        raise ArgumentError(
            f"{source} has a format chunk of {len(form)} bytes; expected at least 16"
        )
    tag, channels, rate, _, block, bits = struct.unpack_from("<HHIIHH", form)
    if tag == _EXTENSIBLE and len(form) >= 26:
        (tag,) = struct.unpack_from("<H", form, 24)
    decode = _DECODERS.get((tag, bits))
    if decode is None:
        raise ArgumentError(
            f"{source} has samples of format {tag} and {bits} bits; "
            "expected PCM of 8, 16, 24 or 32 bits (format 1) or floats of 32 or 64 (format 3)"
        )
    if channels < 1 or block != channels * bits // 8 or len(body) % block:
        raise ArgumentError(
            f"{source} has {len(body)} bytes of samples in blocks of {block}; "
            f"{channels} channels of {bits} bits do not fit that"
        )
    return Clip(to_mono(decode(body, source), channels), check_rate(rate, f"the rate of {source}"))


def _from_8(data: bytes, source: str) -> bytes:
    """Return unsigned bytes as PCM16."""
    wide = bytearray(2 * len(data))
    wide[1::2] = data.translate(_SIGNED)
    return bytes(wide)


def _from_24(data: bytes, source: str) -> bytes:
    """Return samples of three bytes as PCM16, rounded."""
    wide = bytearray(len(data) // 3 * 4)
    wide[1::4], wide[2::4], wide[3::4] = data[0::3], data[1::3], data[2::3]
    return _from_32(bytes(wide), source)


def _from_32(data: bytes, source: str) -> bytes:
    """Return samples of four bytes as PCM16, rounded."""
    samples = numbers(data, "<", "i")
    full = 2.0**31
    return quantize(
        samples / full if hasattr(samples, "dtype") else [sample / full for sample in samples],
        source,
    )


def _from_float(kind: str) -> Callable[[bytes, str], bytes]:
    """Return what makes PCM16 of floats."""
    return lambda data, source: quantize(numbers(data, "<", kind), source)


_DECODERS: dict[tuple[int, int], Callable[[bytes, str], bytes]] = {
    (_INTEGER, 8): _from_8,
    (_INTEGER, 16): lambda data, source: data,
    (_INTEGER, 24): _from_24,
    (_INTEGER, 32): _from_32,
    (_FLOAT, 32): _from_float("f"),
    (_FLOAT, 64): _from_float("d"),
}
"""What makes PCM16 of samples from a source, by the tag of the format and the bits of a sample."""
