"""Small videos that are what they say: MP4 files whose frames are PNG pictures, one a second."""

from __future__ import annotations

import struct

from gemini_grpc.emulator.answers import media

_UNITS = 1000
"""The units of an MP4's times in a second."""
_UPRIGHT = struct.pack(">9i", 0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)
"""The transformation matrix that changes nothing."""


def mp4(said: str, size: tuple[int, int], *, seconds: int) -> bytes:
    """Return a video about a text, of a width and height in pixels."""
    frames = [media.picture(f"{said} {number}", *size) for number in range(seconds)]
    head = _box(b"ftyp", b"isom", struct.pack(">I", 512), b"isomiso2mp41")
    movie = _box(
        b"moov",
        _movie_header(seconds),
        _box(
            b"trak",
            _track_header(seconds, size),
            _box(
                b"mdia",
                _media_header(seconds),
                _full(b"hdlr", b"\0\0\0\0vide", bytes(12), b"frames\0"),
                _box(
                    b"minf",
                    _box(b"vmhd", struct.pack(">I", 1), bytes(8)),
                    _box(b"dinf", _full(b"dref", struct.pack(">I", 1), _full(b"url ", flags=1))),
                    _samples(frames, size, start=len(head) + 8),
                ),
            ),
        ),
    )
    return head + _box(b"mdat", *frames) + movie


def _movie_header(seconds: int) -> bytes:
    times = struct.pack(">4I", 0, 0, _UNITS, seconds * _UNITS)
    volume = struct.pack(">IH", 0x10000, 0x100) + bytes(10)
    return _full(b"mvhd", times, volume, _UPRIGHT, bytes(24), struct.pack(">I", 2))


def _track_header(seconds: int, size: tuple[int, int]) -> bytes:
    times = struct.pack(">5I", 0, 0, 1, 0, seconds * _UNITS)
    area = struct.pack(">2I", size[0] << 16, size[1] << 16)
    return _full(b"tkhd", times, bytes(16), _UPRIGHT, area, flags=3)  # enabled and in the movie


def _media_header(seconds: int) -> bytes:
    undetermined = 0x55C4  # the language `und`
    times = struct.pack(">4I2H", 0, 0, _UNITS, seconds * _UNITS, undetermined, 0)
    return _full(b"mdhd", times)


def _samples(frames: list[bytes], size: tuple[int, int], *, start: int) -> bytes:
    """Return the table of the frames: how they are coded, how long, how large and where."""
    entry = _box(
        b"png ",
        bytes(6) + struct.pack(">H", 1) + bytes(16) + struct.pack(">2H", *size),
        struct.pack(">3IH", 0x480000, 0x480000, 0, 1),  # 72 dots an inch, one frame a sample
        bytes(32) + struct.pack(">Hh", 24, -1),
    )
    count = len(frames)
    return _box(
        b"stbl",
        _full(b"stsd", struct.pack(">I", 1), entry),
        _full(b"stts", struct.pack(">3I", 1, count, _UNITS)),
        _full(b"stsc", struct.pack(">4I", 1, 1, count, 1)),
        _full(b"stsz", struct.pack(">2I", 0, count), *(struct.pack(">I", len(f)) for f in frames)),
        _full(b"stco", struct.pack(">2I", 1, start)),
    )


def _box(kind: bytes, *parts: bytes) -> bytes:
    data = b"".join(parts)
    return struct.pack(">I", len(data) + 8) + kind + data


def _full(kind: bytes, *parts: bytes, flags: int = 0) -> bytes:
    """Return a box that begins with a version, which is 0, and flags."""
    return _box(kind, struct.pack(">I", flags), *parts)
