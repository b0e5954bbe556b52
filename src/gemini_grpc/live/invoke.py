"""Run things beside a session, in both colours: functions of the user with a time limit, loops of ours.

A synchronous function runs in a thread of its own, which cannot be stopped: when it is cancelled or takes
too long, it goes on, and what it returns is ignored. The threads are daemons, so they keep no process
alive.
"""

from __future__ import annotations

import asyncio
import atexit
import contextvars
import functools
import inspect
import logging
import os
import threading
import time
import weakref
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Iterator
from concurrent import futures
from typing import Any

_LOG = logging.getLogger(__name__)
_END = object()


class OverdueError(Exception):
    """A function took longer than it may."""


_EXIT_SECONDS = 5.0
"""How long the end of the process waits for the connections of sessions to end."""

_STOPPABLE: weakref.WeakSet[Worker] = weakref.WeakSet()


class Worker:
    """A thread that runs something to its end, and calls back then.

    With `stop` it is stopped before the interpreter ends. Later its thread would be frozen, and a session
    that is closed or collected then would wait for it.
    """

    def __init__(
        self,
        run: Callable[[], object],
        name: str,
        on_end: Callable[[], object] | None = None,
        stop: Callable[[], object] | None = None,
    ) -> None:
        self._run = run
        self._on_end = on_end
        self._stop = stop
        self._process = os.getpid()
        self._thread = threading.Thread(target=self._guarded, name=name, daemon=True)
        if stop is not None:
            _STOPPABLE.add(self)
        self._thread.start()

    def stop(self) -> None:
        """Ask it to end, if it is a thread of this process."""
        if self._stop is not None and self._process == os.getpid():
            self._stop()

    def _guarded(self) -> None:
        try:
            self._run()
        except Exception:  # nobody else would hear of it
            _LOG.exception("%s failed", self._thread.name)
        finally:
            if self._on_end is not None:
                self._on_end()

    def cancel(self) -> None:
        """Do nothing: a thread cannot be stopped, so its result is ignored instead."""

    def join(self, timeout: float | None = None) -> None:
        """Wait for the end."""
        if self._thread is not threading.current_thread():
            self._thread.join(timeout)


@atexit.register
def _stop_workers() -> None:
    workers = list(_STOPPABLE)
    for worker in workers:
        worker.stop()
    until = time.monotonic() + _EXIT_SECONDS
    for worker in workers:
        worker.join(max(0.0, until - time.monotonic()))


class AsyncWorker:
    """A task that runs something to its end, and calls back then, also if it never began.

    It takes `stop` as `Worker` does, and does not need it: tasks end with their loop.
    """

    def __init__(
        self,
        run: Callable[[], Coroutine[Any, Any, object]],
        name: str,
        on_end: Callable[[], object] | None = None,
        stop: Callable[[], object] | None = None,
    ) -> None:
        self._task = asyncio.create_task(_guarded(run, name), name=name)
        if on_end is not None:
            self._task.add_done_callback(lambda _: on_end())

    def cancel(self) -> None:
        """Cancel the task."""
        self._task.cancel()

    async def join(self) -> None:
        """Wait for the end."""
        if self._task is not asyncio.current_task():
            await asyncio.wait([self._task])


async def _guarded(run: Callable[[], Coroutine[Any, Any, object]], name: str) -> None:
    try:
        await run()
    except Exception:  # nobody else would hear of it
        _LOG.exception("%s failed", name)


def invoke(function: Callable[..., Any], arguments: dict[str, Any], timeout: float) -> Any:
    """Call a function, of either colour, and return what it gives.

    Raises:
        OverdueError: It took too long.
    """
    call = functools.partial(function, **arguments)
    if not _is_async(function):
        value = _in_thread(call, timeout)
        if not inspect.isawaitable(value):
            return value
        return asyncio.run(_limit(value, timeout))
    return asyncio.run(_limit(call(), timeout))


async def async_invoke(
    function: Callable[..., Any], arguments: dict[str, Any], timeout: float
) -> Any:
    """Call a function, of either colour, and return what it gives.

    Raises:
        OverdueError: It took too long.
    """
    call = functools.partial(function, **arguments)
    if _is_async(function):
        return await _limit(call(), timeout)
    value = await _limit(asyncio.wrap_future(_start(call)), timeout)
    return await _limit(value, timeout) if inspect.isawaitable(value) else value


def is_generator(value: object) -> bool:
    """Tell whether a function has returned a generator, of either colour."""
    return inspect.isgenerator(value) or inspect.isasyncgen(value)


def items(generator: Any, timeout: float) -> Iterator[Any]:
    """Yield what a generator gives, of either colour; each item has so much time.

    Raises:
        OverdueError: One took too long.
    """
    if inspect.isasyncgen(generator):
        with asyncio.Runner() as runner:
            while (item := runner.run(_limit(anext(generator, _END), timeout))) is not _END:
                yield item
        return
    step = functools.partial(next, generator, _END)
    while (item := _in_thread(step, timeout)) is not _END:
        yield item


async def async_items(generator: Any, timeout: float) -> AsyncIterator[Any]:
    """Yield what a generator gives, of either colour; each item has so much time.

    Raises:
        OverdueError: One took too long.
    """
    if inspect.isasyncgen(generator):
        while (item := await _limit(anext(generator, _END), timeout)) is not _END:
            yield item
        return
    step = functools.partial(next, generator, _END)
    while (item := await _limit(asyncio.wrap_future(_start(step)), timeout)) is not _END:
        yield item


async def _limit(awaitable: Awaitable[Any], timeout: float) -> Any:
    limit = asyncio.timeout(timeout)
    try:
        async with limit:
            return await awaitable
    except TimeoutError:
        if limit.expired():
            raise OverdueError from None
        raise  # the function's own


def _in_thread(call: Callable[[], Any], timeout: float) -> Any:
    outcome = _start(call)
    if not futures.wait([outcome], timeout).done:
        raise OverdueError
    return outcome.result()


def _start(call: Callable[[], Any]) -> futures.Future[Any]:
    """Call a function in a thread of its own, with the context variables of this one."""
    outcome: futures.Future[Any] = futures.Future()
    context = contextvars.copy_context()

    def run() -> None:
        if not outcome.set_running_or_notify_cancel():
            return
        try:
            outcome.set_result(context.run(call))
        except BaseException as error:  # whoever waits for it is told
            outcome.set_exception(error)

    threading.Thread(target=run, name="gemini-live-function", daemon=True).start()
    return outcome


def _is_async(function: Callable[..., Any]) -> bool:
    plain = function
    while isinstance(plain, functools.partial):
        plain = plain.func
    return inspect.iscoroutinefunction(plain) or inspect.iscoroutinefunction(
        getattr(plain, "__call__", None)  # noqa: B004  # an object whose call is asynchronous
    )
