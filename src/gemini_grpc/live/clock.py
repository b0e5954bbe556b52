"""Time for live sessions: what hour it is, and callbacks at a given one, for threads and for event loops."""

from __future__ import annotations

import asyncio
import heapq
import itertools
import logging
import threading
import time
from collections.abc import Callable
from typing import Protocol

_LOG = logging.getLogger(__name__)


class Timer(Protocol):
    """A callback that is due."""

    def cancel(self) -> None:
        """Do not call it any more."""
        ...


class TimeSource(Protocol):
    """Seconds of some monotonic clock."""

    def now(self) -> float:
        """Return the time."""
        ...

    def call_at(self, when: float, callback: Callable[[], object]) -> Timer:
        """Call back at a time, soon and not inside this call if it has passed."""
        ...


class AsyncClock:
    """The clock of the running event loop."""

    def now(self) -> float:
        """Return the time."""
        return asyncio.get_running_loop().time()

    def call_at(self, when: float, callback: Callable[[], object]) -> Timer:
        """Call back at a time, in the loop."""
        return asyncio.get_running_loop().call_at(when, callback)


class _Entry:
    """A callback in the queue of a `Clock`."""

    __slots__ = ("_changed", "callback")

    def __init__(self, callback: Callable[[], object], changed: threading.Condition) -> None:
        self.callback: Callable[[], object] | None = callback
        self._changed = changed

    def cancel(self) -> None:
        with self._changed:
            self.callback = None
            self._changed.notify()  # the thread need not stay for it


class Clock:
    """The machine's clock, with one thread for the callbacks of all sessions of a client.

    The thread is started with the first callback and ends when none is left.
    """

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._queue: list[tuple[float, int, _Entry]] = []
        self._numbers = itertools.count()
        self._thread: threading.Thread | None = None

    def now(self) -> float:
        """Return the time."""
        return time.monotonic()

    def call_at(self, when: float, callback: Callable[[], object]) -> Timer:
        """Call back at a time, in the thread of the clock."""
        entry = _Entry(callback, self._changed)
        with self._changed:
            heapq.heappush(self._queue, (when, next(self._numbers), entry))
            if self._thread is None or not self._thread.is_alive():  # as after a fork
                self._thread = threading.Thread(
                    target=self._run, name="gemini-live-clock", daemon=True
                )
                self._thread.start()
            self._changed.notify()
        return entry

    def _run(self) -> None:
        while callback := self._next():
            try:
                callback()
            except Exception:  # the callbacks of other sessions go on
                _LOG.exception("a timer of a live session failed")

    def _next(self) -> Callable[[], object] | None:
        """Wait for the next callback that is due; None when there is none left."""
        with self._changed:
            while self._queue:
                when, _, entry = self._queue[0]
                left = when - time.monotonic()
                if entry.callback is not None and left > 0:
                    self._changed.wait(min(left, threading.TIMEOUT_MAX))
                    continue
                heapq.heappop(self._queue)
                if entry.callback is not None:
                    return entry.callback
            self._thread = None
            return None
