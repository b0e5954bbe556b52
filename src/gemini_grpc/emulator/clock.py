"""The time an emulator lives in: the machine's, or a virtual one that tests move."""

from __future__ import annotations

import queue
import threading
import time
from typing import Protocol, TypeVar

Item = TypeVar("Item")


class Clock(Protocol):
    """What the emulator asks about time. Seconds everywhere."""

    def now(self) -> float:
        """Return the seconds since 1970."""
        ...

    def sleep(self, seconds: float) -> None:
        """Wait."""
        ...

    def get(self, source: queue.Queue[Item], until: float | None) -> Item:
        """Return the next item of a queue; raise `queue.Empty` when the time has come first."""
        ...


class SystemClock:
    """The machine's time."""

    def now(self) -> float:
        """Return the seconds since 1970."""
        return time.time()

    def sleep(self, seconds: float) -> None:
        """Wait."""
        time.sleep(seconds)

    def get(self, source: queue.Queue[Item], until: float | None) -> Item:
        """Return the next item of a queue; raise `queue.Empty` when the time has come first."""
        return source.get(timeout=None if until is None else max(0.0, until - self.now()))


class VirtualClock:
    """A time that only `advance` moves; whoever sleeps wakes when it gets there.

    With `auto` a sleeper moves the time itself and never waits, which suits tests with one actor.
    """

    _POLL = 0.002  # how often a queue is looked at, in real seconds

    def __init__(self, start: float = 1_700_000_000.0, *, auto: bool = False) -> None:
        self._now = start
        self._auto = auto
        self._moved = threading.Condition()

    def now(self) -> float:
        """Return the virtual seconds since 1970."""
        return self._now

    def advance(self, seconds: float) -> None:
        """Move the time and wake everyone whose moment has come."""
        with self._moved:
            self._now += seconds
            self._moved.notify_all()

    def sleep(self, seconds: float) -> None:
        """Wait until the time has moved so far."""
        if self._auto:
            self.advance(seconds)
            return
        due = self._now + seconds
        with self._moved:
            self._moved.wait_for(lambda: self._now >= due)

    def get(self, source: queue.Queue[Item], until: float | None) -> Item:
        """Return the next item of a queue; raise `queue.Empty` when the time has come first."""
        while True:
            try:
                return source.get(timeout=self._POLL)
            except queue.Empty:
                if until is not None and self._auto:
                    self.advance(max(0.0, until - self._now))
                if until is not None and self._now >= until:
                    raise
