"""The threads that calls run in: made when needed, used again, and no reason for a program to stay.

The threads of `concurrent.futures` are waited for when Python ends, so that a program that forgot to close
its emulator would hang in a stalled call. These are daemons.
"""

from __future__ import annotations

import queue
import threading
from collections.abc import Callable
from concurrent import futures
from typing import Any, ParamSpec, TypeVar

Args = ParamSpec("Args")
Result = TypeVar("Result")

_Task = tuple[futures.Future[Any], Callable[[], Any]]


class Workers(futures.Executor):
    """Runs at most `limit` tasks at once; more of them wait for their turn."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._tasks: queue.SimpleQueue[_Task | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._idle = threading.Semaphore(0)
        self._count = 0

    def submit(
        self, fn: Callable[Args, Result], /, *args: Args.args, **kwargs: Args.kwargs
    ) -> futures.Future[Result]:
        """Run a function in a thread."""
        future: futures.Future[Result] = futures.Future()
        self._tasks.put((future, lambda: fn(*args, **kwargs)))
        if not self._idle.acquire(blocking=False):
            with self._lock:
                if self._count < self._limit:
                    self._count += 1
                    threading.Thread(target=self._work, name="gemini-emulator", daemon=True).start()
        return future

    def shutdown(
        self, wait: bool = True, *, cancel_futures: bool = False
    ) -> None:  # as the base has it
        """Let every thread end after what it is doing; there is nothing to wait for."""
        with self._lock:
            count, self._count = self._count, 0
        for _ in range(count):
            self._tasks.put(None)

    def _work(self) -> None:
        while (task := self._next()) is not None:
            future, run = task
            if future.set_running_or_notify_cancel():
                try:
                    future.set_result(run())
                except BaseException as error:  # it belongs to whoever asks the future
                    future.set_exception(error)
            del task, future, run  # nothing is kept alive while the thread is idle

    def _next(self) -> _Task | None:
        """Return what to do next; a thread counts as idle only if nothing is waiting."""
        try:
            return self._tasks.get_nowait()
        except queue.Empty:
            self._idle.release()
            return self._tasks.get()
