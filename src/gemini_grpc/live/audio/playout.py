"""A playout buffer: what a model says, until a loudspeaker has played it.

- A model answers several times faster than it speaks, so a whole answer waits here; by default
  60 seconds fit.
- One side feeds what arrives, the other is the callback of an audio device, in a thread of its own. It
  never waits: what is missing is silence.
- When the user interrupts, `flush` empties the buffer; nothing that was fed before comes out afterwards, also
  not the audio of a `feed` that is still waiting for room.
"""

from __future__ import annotations

import asyncio
import threading
from collections import deque
from dataclasses import dataclass
from typing import Literal, TypeAlias, get_args

from gemini_grpc.errors import ArgumentError, GeminiError
from gemini_grpc.live.audio.samples import OUTPUT_RATE, PCM, check_rate, check_seconds, whole

Overflow: TypeAlias = Literal["block", "raise", "drop_oldest"]
"""What happens to audio without room: it waits, is refused, or takes the place of the oldest."""

_LOOK_AGAIN = 0.02  # seconds between two looks for room: one frame of the device


class PlayoutFull(GeminiError):
    """There was no room for audio, or not in time."""

    def __init__(self, message: str, left: bytes = b"") -> None:
        super().__init__(message)
        self.left = left
        """What was not taken, to be fed again or dropped."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlayoutCounts:
    """What a playout has done so far; `fed` is `played`, `dropped`, `flushed` and what is buffered."""

    fed: float
    """Seconds that were taken."""
    played: float
    """Seconds that were read."""
    dropped: float
    """Seconds that gave way to newer audio."""
    flushed: float
    """Seconds that `flush` threw away."""
    silence: float
    """Seconds of silence that were read in place of audio that was not there."""
    underruns: int
    """How often a read ran out of audio; the silence that follows counts once. The end of an answer looks
    the same from here, so it counts too, except after `flush`."""
    refused: int
    """How often `PlayoutFull` was raised."""


class _Offer:
    """Audio that waits for room."""

    __slots__ = ("rest",)

    def __init__(self, rest: bytes) -> None:
        self.rest = rest


class Playout:
    """Holds the audio that is still to be played, in order, and not more than `limit` seconds.

    Any thread may call anything.
    """

    def __init__(
        self, *, rate: int = OUTPUT_RATE, limit: float = 60.0, overflow: Overflow = "block"
    ) -> None:
        self.rate = check_rate(rate)
        """Samples a second."""
        self.limit = check_seconds(limit, "limit")
        """Seconds that fit."""
        if overflow not in get_args(Overflow):
            raise ArgumentError(
                f"overflow is {overflow!r}; expected one of {', '.join(get_args(Overflow))}"
            )
        self.overflow = overflow
        """What happens to audio for which there is no room."""
        self._size = 2 * round(limit * rate)
        if not self._size:
            raise ArgumentError(f"limit is {limit}; expected at least one sample")
        self._held = bytearray()
        self._line: deque[_Offer] = deque()
        self._changed = threading.Condition()
        self._running = False  # audio came since the last silence
        self._fed = self._played = self._dropped = self._flushed = self._silence = 0  # in bytes
        self._underruns = self._refused = 0

    @property
    def buffered(self) -> float:
        """The seconds that are still to be played."""
        with self._changed:
            return self._seconds(len(self._held))

    @property
    def waiting(self) -> int:
        """How many calls of `feed` and `async_feed` wait for room."""
        with self._changed:
            return len(self._line)

    @property
    def counts(self) -> PlayoutCounts:
        """What was done so far."""
        with self._changed:
            return PlayoutCounts(
                fed=self._seconds(self._fed),
                played=self._seconds(self._played),
                dropped=self._seconds(self._dropped),
                flushed=self._seconds(self._flushed),
                silence=self._seconds(self._silence),
                underruns=self._underruns,
                refused=self._refused,
            )

    def feed(self, pcm: PCM, *, timeout: float | None = None) -> None:
        """Add audio behind what is there.

        With the policy `block`, waits for room and goes in piece by piece, behind those who wait already;
        returns early when a flush makes it obsolete. The other policies never wait.

        Args:
            pcm: The audio, at the rate of the playout.
            timeout: Seconds to wait at most; None for as long as it takes.

        Raises:
            PlayoutFull: There was no room (in time); its `left` is what was not taken, with the policy
                `raise` everything.
            ArgumentError: `pcm` is not whole samples, or `timeout` is negative.
        """
        data = whole(pcm)
        if timeout is not None:
            check_seconds(timeout, "timeout")
        with self._changed:
            if self.overflow != "block":
                self._put(data)
                return
            offer = _Offer(data)
            self._line.append(offer)
            try:
                done = self._changed.wait_for(lambda: self._advance(offer), timeout)
            finally:
                self._leave(offer)
            if not done:
                self._refuse(offer.rest, f"there was no room within {timeout} s")

    async def async_feed(self, pcm: PCM) -> None:
        """Add audio as `feed` does, but wait without holding up the event loop.

        When it is cancelled, what had gone in stays. For a time limit use `asyncio.timeout`.

        Raises:
            PlayoutFull: The policy is `raise`, and there is no room.
            ArgumentError: `pcm` is not whole samples.
        """
        if self.overflow != "block":
            self.feed(pcm)
            return
        offer = _Offer(whole(pcm))
        with self._changed:
            self._line.append(offer)
        try:
            while not self._look(offer):
                await asyncio.sleep(_LOOK_AGAIN)
        finally:
            with self._changed:
                self._leave(offer)

    def read(self, size: int) -> bytes:
        """Return the next audio, exactly `size` bytes; what is missing is silence. Never waits.

        Raises:
            ArgumentError: `size` is negative or odd.
        """
        if size < 0 or size % 2:
            raise ArgumentError(f"size is {size}; expected bytes of whole samples, an even number")
        with self._changed:
            found = bytes(self._held[:size])
            del self._held[:size]
            missing = size - len(found)
            self._played += len(found)
            self._silence += missing
            if missing:
                self._underruns += self._running
                self._running = False
            self._changed.notify_all()
            return found + bytes(missing)

    def flush(self) -> float:
        """Throw away everything that was fed, at once; return how many seconds were still to be played.

        Audio that waits for room is thrown away too, and its `feed` returns.
        """
        with self._changed:
            waiting = sum(len(offer.rest) for offer in self._line)
            gone = len(self._held) + waiting
            for offer in self._line:
                offer.rest = b""
            self._held.clear()
            self._fed += waiting
            self._flushed += gone
            self._running = False
            self._changed.notify_all()
            return self._seconds(gone)

    def _seconds(self, size: int) -> float:
        return size / 2 / self.rate

    def _store(self, data: bytes) -> None:
        self._held += data
        self._fed += len(data)
        self._running = self._running or bool(data)

    def _put(self, data: bytes) -> None:
        """Add audio, or refuse it, or drop the oldest; the lock is held."""
        over = max(0, len(self._held) + len(data) - self._size)
        if over and self.overflow == "raise":
            self._refuse(data, f"{self._seconds(over):.2f} s do not fit")
        self._store(data)
        self._dropped += over
        del self._held[:over]

    def _refuse(self, left: bytes, reason: str) -> None:
        self._refused += 1
        raise PlayoutFull(f"the playout holds at most {self.limit} s; {reason}", left)

    def _look(self, offer: _Offer) -> bool:
        with self._changed:
            return self._advance(offer)

    def _advance(self, offer: _Offer) -> bool:
        """Take as much of an offer as there is room for, if it is first in line; return if it is done."""
        if offer.rest and self._line[0] is offer:
            room = self._size - len(self._held)
            self._store(offer.rest[:room])
            offer.rest = offer.rest[room:]
        return not offer.rest

    def _leave(self, offer: _Offer) -> None:
        """Take an offer out of the line and let the next one look; the lock is held."""
        self._line.remove(offer)
        self._changed.notify_all()
