"""What a session belongs to: a process, and for an asynchronous one its event loop."""

from __future__ import annotations

import asyncio
import contextlib
import os
import threading
from collections.abc import Callable

from gemini_grpc.live.errors import ForkedProcess, LoopMismatch


class Owner:
    """The process a session was opened in; any thread of it may use the session."""

    def __init__(self) -> None:
        self._pid = os.getpid()

    @property
    def is_here(self) -> bool:
        """This is the process."""
        return os.getpid() == self._pid

    @property
    def is_current(self) -> bool:
        """The session may be used here and now."""
        return self.is_here

    def check(self) -> None:
        """Refuse to be used from elsewhere.

        Raises:
            ForkedProcess: The session belongs to the parent process.
        """
        if not self.is_here:
            raise ForkedProcess("the session belongs to the parent process; make a new one")

    def call(self, function: Callable[[], object]) -> None:
        """Call a function soon; for the garbage collector, which runs anywhere and must not wait."""
        threading.Thread(target=function, name="gemini-live-end", daemon=True).start()


class AsyncOwner(Owner):
    """The event loop a session was opened in; nothing else may use the session."""

    def __init__(self) -> None:
        super().__init__()
        self._loop = asyncio.get_running_loop()

    @property
    def is_current(self) -> bool:
        """The session may be used here and now: its event loop is running."""
        try:
            return asyncio.get_running_loop() is self._loop
        except RuntimeError:
            return False

    def check(self) -> None:
        """Refuse to be used from elsewhere.

        Raises:
            ForkedProcess: The session belongs to the parent process.
            LoopMismatch: It belongs to another event loop.
        """
        if not self.is_current:  # no loop runs on in a forked process
            super().check()
            raise LoopMismatch("the session belongs to another event loop; use it only there")

    def call(self, function: Callable[[], object]) -> None:
        """Call a function soon, in the loop; for the garbage collector, which runs anywhere."""
        with contextlib.suppress(RuntimeError):  # the loop is closed, and everything in it
            self._loop.call_soon_threadsafe(function)
