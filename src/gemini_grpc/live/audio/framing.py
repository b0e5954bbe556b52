"""Frames: PCM16 in pieces of one length, as a live session sends it.

A service that hears speech end wants pieces of 20 to 100 milliseconds.
"""

from __future__ import annotations

from collections.abc import Iterator

from gemini_grpc.errors import ArgumentError
from gemini_grpc.live.audio.samples import INPUT_RATE, PCM, check_rate, raw, whole


def frame_size(milliseconds: float, rate: int) -> int:
    """Return the bytes of a frame.

    Raises:
        ArgumentError: `rate` is out of range, or `milliseconds` is not a whole, positive number of samples.
    """
    samples = milliseconds * check_rate(rate) / 1000
    if not samples >= 1 or samples % 1:
        raise ArgumentError(
            f"milliseconds is {milliseconds}, which is {samples:g} samples at {rate} Hz; "
            "expected a whole number of samples, at least one"
        )
    return int(samples) * 2


def frames(
    pcm: PCM, *, milliseconds: float = 20, rate: int = INPUT_RATE, pad: bool = False
) -> Iterator[bytes]:
    """Return an iterator of PCM16 in frames; the last is shorter, or padded with silence.

    Raises:
        ArgumentError: `pcm` is not whole samples, `rate` is out of range, or `milliseconds` is not a whole
            number of samples.
    """
    data, size = whole(pcm), frame_size(milliseconds, rate)
    pieces = (data[start : start + size] for start in range(0, len(data), size))
    return (piece.ljust(size, b"\0") for piece in pieces) if pad else pieces


class Framer:
    """Makes frames of PCM16 that arrives in pieces of any length, also split within a sample.

    Not for several threads at once.
    """

    def __init__(self, *, milliseconds: float = 20, rate: int = INPUT_RATE) -> None:
        self.size = frame_size(milliseconds, rate)
        """The bytes of a frame."""
        self._held = bytearray()

    @property
    def pending(self) -> int:
        """The bytes that wait for a frame to be whole."""
        return len(self._held)

    def feed(self, pcm: PCM) -> list[bytes]:
        """Take some audio; return the frames that are whole by now.

        Raises:
            ArgumentError: `pcm` is not PCM of one channel.
        """
        self._held += raw(pcm)
        end = len(self._held) - len(self._held) % self.size
        ready = bytes(self._held[:end])
        del self._held[:end]
        return [ready[start : start + self.size] for start in range(0, end, self.size)]

    def flush(self, *, pad: bool = True) -> bytes:
        """Return the rest, padded with silence to a frame or as it is; nothing if there is none.

        The framer is empty afterwards and can be used again.

        Raises:
            ArgumentError: What was fed ends within a sample; it is kept, and the other half can be fed.
        """
        rest = bytes(self._held)
        if len(rest) % 2:
            raise ArgumentError(
                "pcm that was fed ends within a sample; expected an even number of bytes"
            )
        self._held.clear()
        return rest.ljust(self.size, b"\0") if pad and rest else rest
