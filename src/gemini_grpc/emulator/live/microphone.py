"""The audio a client streams: checked, and brought to 16 kHz."""

from __future__ import annotations

import re
import sys
from array import array
from typing import TYPE_CHECKING

from gemini_grpc.emulator import status

if TYPE_CHECKING:
    from gemini_grpc.emulator.convert import Data

RATE = 16_000
"""Samples a second of everything the emulator listens to."""
_MIME_TYPE = re.compile(r"audio/(?:pcm|l16)(?:\s*;\s*rate=(\d{1,6}))?", re.IGNORECASE)
_SLOWEST, _FASTEST = 8_000, 48_000


class Microphone:
    """One stream of audio; the pieces may have any size and rate."""

    def __init__(self) -> None:
        self._rate = RATE
        self._last = 0
        self._position = 1.0  # of the next sample wanted, counted from the last one of before

    def hear(self, blob: Data, *, path: str) -> array[int]:
        """Return the samples of a piece at 16 kHz.

        Raises:
            StatusError: INVALID_ARGUMENT: it is not 16-bit PCM.
        """
        mime_type = blob.get("mime_type", "")
        match = _MIME_TYPE.fullmatch(mime_type)
        if match is None:
            raise status.invalid(
                f"{path}.mime_type", f"is {mime_type!r}, expected audio/pcm;rate=16000"
            )
        rate = int(match[1] or RATE)
        if not _SLOWEST <= rate <= _FASTEST:
            raise status.invalid(
                f"{path}.mime_type", f"has rate {rate}, expected {_SLOWEST} to {_FASTEST}"
            )
        data = blob.get("data", b"")
        if len(data) % 2:
            raise status.invalid(
                f"{path}.data", f"has {len(data)} bytes, which is not whole 16-bit samples"
            )
        return self._resample(samples(data), rate)

    def _resample(self, heard: array[int], rate: int) -> array[int]:
        if rate != self._rate:
            self._rate, self._last, self._position = rate, 0, 1.0
        if rate == RATE or not heard:
            return heard
        known = array("h", [self._last])
        known.extend(heard)
        result = array("h")
        step, position = rate / RATE, self._position
        while position <= len(known) - 1:
            before = int(position)
            share = position - before
            after = known[before + 1] if share else known[before]
            result.append(round(known[before] * (1 - share) + after * share))
            position += step
        self._last, self._position = known[-1], position - len(heard)
        return result


def samples(data: bytes) -> array[int]:
    """Return the samples of little-endian PCM16."""
    result = array("h", data)
    if sys.byteorder == "big":
        result.byteswap()
    return result
