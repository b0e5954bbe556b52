"""A limit for the functions that run at once, the same for threads and tasks, in calls and in sessions."""

from __future__ import annotations

import asyncio
import functools
import threading
from collections import deque
from collections.abc import Callable

DEFAULT_LIMIT = 32
"""How many functions run at once when nothing else is said."""

Begin = Callable[[], object]


class ConcurrencyLimit:
    """Lets so many functions run at once; the others begin in order, each when one before it has ended.

    It starts no threads and no tasks: whoever asks for a slot gives a callback that does. Thread-safe.
    """

    def __init__(self, limit: int = DEFAULT_LIMIT) -> None:
        self._free = limit
        self._waiting: deque[Begin] = deque()
        self._lock = threading.Lock()

    def begin(self, callback: Begin) -> None:
        """Call back as soon as a slot is free, at once if one is; `end` has to follow."""
        with self._lock:
            if not self._free:
                self._waiting.append(callback)
                return
            self._free -= 1
        callback()

    def end(self) -> None:
        """Give a slot back, or to the next one that waits for it."""
        with self._lock:
            if not self._waiting:
                self._free += 1
                return
            callback = self._waiting.popleft()
        callback()

    def withdraw(self, callback: Begin) -> bool:
        """Forget a callback, and return whether it was still waiting."""
        with self._lock:
            try:
                self._waiting.remove(callback)
            except ValueError:
                return False
        return True

    def close(self) -> None:
        """Forget every callback that is waiting."""
        with self._lock:
            self._waiting.clear()

    async def wait(self) -> None:
        """Wait for a slot; `end` has to follow, unless this is cancelled."""
        loop = asyncio.get_running_loop()
        slot: asyncio.Future[None] = loop.create_future()
        callback = functools.partial(loop.call_soon_threadsafe, _give, slot)
        self.begin(callback)
        try:
            await slot
        except asyncio.CancelledError:
            if not self.withdraw(callback):
                self.end()
            raise


def _give(slot: asyncio.Future[None]) -> None:
    if not slot.done():  # it is done when the task that waited was cancelled
        slot.set_result(None)
