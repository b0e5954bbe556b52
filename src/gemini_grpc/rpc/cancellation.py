"""End calls of grpc.aio without a leak, and let the cancellation of a task arrive as it was sent."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Generator
from typing import Any, Generic, TypeVar

T = TypeVar("T")


def end_call(call: Any) -> None:
    """Cancel a call of grpc.aio, or what wraps one.

    Its own `cancel` also cancels tasks that wait for operations of core, which then are not released (up
    to 1.4 kB a call). Without that the tasks end with the call. Only a task that has not begun to send the
    call is cancelled as well: of a call that was cancelled before, core keeps 400 bytes.
    """
    core = getattr(call, "_cython_call", None)
    if core is None:
        call.cancel()
    elif not core.done():
        core.cancel("Locally cancelled by application!")
        sending: asyncio.Task[None] | None = getattr(call, "_preparation", None)
        if sending is not None and _is_new(sending):
            sending.cancel()


def _is_new(task: asyncio.Task[Any]) -> bool:
    """Return whether a task has not begun to run."""
    coroutine = task.get_coro()
    if not inspect.iscoroutine(coroutine):
        return False
    return inspect.getcoroutinestate(coroutine) == inspect.CORO_CREATED


class CallWait(Awaitable[T], Generic[T]):
    """Waits for something of a call of grpc.aio, in a task that may be cancelled.

    grpc.aio would raise a CancelledError of its own, without the message of `task.cancel(message)`, by
    which anyio knows its own cancellations. So this stands between the task and the future the task waits
    for, as a future too (see `asyncio.isfuture`). It keeps the message, and ends the call instead of the
    wait, which ends with the call. It costs no task, no future and no turn of the event loop.
    """

    __slots__ = ("_asyncio_future_blocking", "_awaitable", "_future", "_message", "call")

    def __init__(self, awaitable: Awaitable[T], call: Any) -> None:
        self._awaitable: Awaitable[T] | None = awaitable
        self.call = call
        self._future: Any = None
        self._message: tuple[Any, ...] | None = None
        """The arguments of the CancelledError to raise; None while the task is not cancelled."""

    def __await__(self) -> Generator[Any, Any, T]:
        try:
            result = yield from self._steps()
        except GeneratorExit:
            raise
        except BaseException:
            if self._message is None:
                raise
        else:
            if self._message is None:
                return result
        finally:  # errors that grpc.aio keeps inside refer to this, and would keep the call
            self._awaitable = self.call = self._future = None
        raise asyncio.CancelledError(*self._message)

    def _steps(self) -> Generator[Any, Any, T]:
        """Step through the awaitable, and have the task wait for this instead of its futures."""
        assert self._awaitable is not None
        inner = self._awaitable.__await__()
        resume: Any = inner.send
        value: Any = None
        while True:
            try:
                future = resume(value)
            except StopIteration as end:
                return end.value  # type: ignore[no-any-return]
            finally:
                value = None
            try:
                if future is None:  # it gives way to other tasks once
                    yield
                else:
                    future._asyncio_future_blocking = False
                    self._future, future = future, None
                    self._asyncio_future_blocking = True
                    yield self
            except BaseException as error:
                self._note(error)
                resume, value = inner.throw, error
            else:
                resume, value = inner.send, None

    def _note(self, error: BaseException) -> None:
        """Keep the message of a cancellation that did not find the task waiting."""
        task = asyncio.current_task()
        if isinstance(error, asyncio.CancelledError) and task is not None and task.cancelling():
            self._message = self._message or error.args

    # what a task asks of the future it waits for

    def add_done_callback(self, callback: Any, *, context: Any = None) -> None:
        """Call back when the future inside is done."""
        self._future.add_done_callback(callback, context=context)

    def get_loop(self) -> asyncio.AbstractEventLoop:
        """Return the event loop of the future inside."""
        return self._future.get_loop()  # type: ignore[no-any-return]

    def cancel(self, msg: object = None) -> bool:
        """End the call, or, where something wraps it, cancel the future inside; keep the message."""
        if self._future.done():
            return False
        if self._message is None:
            self._message = () if msg is None else (msg,)
        if not hasattr(self.call, "_cython_call"):
            return bool(self._future.cancel(msg))
        end_call(self.call)
        return True
