"""The seam to grpcio for live sessions: one connection, and waiting, in both colours.

Rules that were measured on grpcio and are kept here:

- one reader and one writer own a call; no caller ever touches it;
- grpc.aio may report INTERNAL instead of the server's status when a write is under way, so the status
  is taken when the call is done;
- a write that fails says nothing: the status is the reader's;
- the thread with which grpcio takes requests from an iterator ends only when the iterator does, so it is
  woken at the end of a call.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Awaitable, Callable, Coroutine
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio

from gemini_grpc import errors
from gemini_grpc.rpc import failure, wire
from gemini_grpc.rpc.cancellation import end_call
from gemini_grpc.rpc.message_reader import EOF, MessageReader

if TYPE_CHECKING:
    from gemini_grpc.live.clock import TimeSource


class Signal:
    """Lets threads wait for what the lock guards; a change wakes those whose wait is over, nobody else."""

    def __init__(self, lock: threading.RLock, clock: TimeSource) -> None:
        self._lock = lock
        self._clock = clock
        self._waiting: dict[threading.Lock, Callable[[], object]] = {}

    def notify(self) -> None:
        """Wake whoever waits for something that is true now."""
        with self._lock:
            for gate in [gate for gate, predicate in self._waiting.items() if predicate()]:
                del self._waiting[gate]
                gate.release()

    def wait(self, predicate: Callable[[], object]) -> bool:
        """Wait until something is true, and return True; the predicate only looks."""
        while True:
            with self._lock:
                if predicate():
                    return True
                gate = threading.Lock()
                gate.acquire()
                self._waiting[gate] = predicate
            try:
                gate.acquire()
            finally:
                with self._lock:
                    self._waiting.pop(gate, None)

    def wait_until(self, when: float | None, predicate: Callable[[], object]) -> bool:
        """Wait until something is true or the time has come, if there is one; tell whether it is true."""
        if when is None:
            return self.wait(predicate)
        with self._lock:
            if predicate():
                return True
        timer = self._clock.call_at(when, self.notify)
        try:
            self.wait(lambda: predicate() or self._clock.now() >= when)
        finally:
            timer.cancel()
        with self._lock:
            return bool(predicate())


class AsyncSignal:
    """Lets tasks of one event loop wait; a change wakes those whose wait is over, nobody else."""

    def __init__(self, lock: threading.RLock, clock: TimeSource) -> None:
        self._clock = clock
        self._waiting: dict[asyncio.Future[None], Callable[[], object]] = {}

    def notify(self) -> None:
        """Wake whoever waits for something that is true now."""
        for future in [future for future, predicate in self._waiting.items() if predicate()]:
            del self._waiting[future]
            if not future.done():
                future.set_result(None)

    async def wait(self, predicate: Callable[[], object]) -> bool:
        """Wait until something is true, and return True; the predicate only looks."""
        while not predicate():
            future = asyncio.get_running_loop().create_future()
            self._waiting[future] = predicate
            try:
                await future
            finally:
                self._waiting.pop(future, None)
        return True

    async def _wait_until(self, when: float, predicate: Callable[[], object]) -> bool:
        if predicate():
            return True
        timer = self._clock.call_at(when, self.notify)
        try:
            await self.wait(lambda: predicate() or self._clock.now() >= when)
        finally:
            timer.cancel()
        return bool(predicate())

    def wait_until(
        self, when: float | None, predicate: Callable[[], object]
    ) -> Coroutine[Any, Any, bool]:
        """Wait until something is true or the time has come, if there is one; tell whether it is true."""
        return self.wait(predicate) if when is None else self._wait_until(when, predicate)


Dial = Callable[[float], tuple[Any, tuple[Any, ...]]]
AsyncDial = Callable[[float], Awaitable[tuple[Any, tuple[Any, ...]]]]
"""Returns grpcio's callable and the metadata of a new connection; asks for the credential each time, and
has so many seconds for it."""

Source = Callable[[], bytes | None]
AsyncSource = Callable[[], Awaitable[bytes | None]]
"""Gives the next message to write, waiting for it; None to end the writing."""


class Link:
    """One connection, for threads: grpcio's own thread takes what `source` gives."""

    def __init__(
        self, call: Any, metadata: tuple[Any, ...], source: Source, ended: Callable[[], None]
    ) -> None:
        self.done = False
        """The call has ended."""
        self._ended = ended
        try:
            self._call = MessageReader(call(iter(source, None), metadata=metadata))
        except ValueError as cause:  # what grpcio raises then
            raise errors.ClosedError("the client is closed; make a new one") from cause
        self._call.when_done(self._end)

    def _end(self) -> None:
        self.done = True
        self._ended()

    def read(self) -> bytes | None:
        """Return the next message; None when the server has ended the call well.

        Raises:
            RpcError: The call failed.
        """
        try:
            data = self._call.read()
        except grpc.RpcError as cause:
            raise failure.from_grpc(cause) from cause
        if data is EOF:
            return None
        assert isinstance(data, bytes)
        return data

    def cancel(self) -> None:
        """End the call at once."""
        self._call.cancel()


class AsyncLink:
    """One connection, for an event loop: a task writes what `source` gives."""

    def __init__(
        self, call: Any, metadata: tuple[Any, ...], source: AsyncSource, ended: Callable[[], None]
    ) -> None:
        self.done = False
        """The call has ended."""
        self._ended = ended
        self._status: tuple[Any, Any, Any] | None = None
        try:
            self._call = call(metadata=metadata)
        except grpc.aio.UsageError as cause:
            raise errors.ClosedError("the client is closed; make a new one") from cause
        self._writer = asyncio.create_task(self._write(source))
        self._call.add_done_callback(self._end)

    def _end(self, call: Any) -> None:
        """Take the status now: later, a write that was under way may have hidden it."""
        self.done = True
        self._writer.cancel()  # grpc.aio would let it wait for a connection for ever
        self._status = (
            _now(call.code()),
            _now(call.details()),
            _now(call.trailing_metadata()),
        )
        self._ended()

    async def _write(self, source: AsyncSource) -> None:
        try:
            write = await _writer(self._call)
            while (data := await source()) is not None:
                await write(data)
                del data  # while there is nothing to write, nothing is kept
            await self._call.done_writing()
        except (
            *(grpc.RpcError, grpc.aio.InternalError),
            *(asyncio.InvalidStateError, asyncio.CancelledError),
        ):
            return  # the call has ended; what it ended with is the reader's

    async def read(self) -> bytes | None:
        """Return the next message; None when the server has ended the call well.

        Raises:
            RpcError: The call failed.
        """
        try:
            data = await self._call.read()
        except grpc.RpcError as cause:
            raise self._error() from cause
        except asyncio.CancelledError as cause:
            raise wire.async_error_of(cause) from cause
        if data is not EOF:
            assert isinstance(data, bytes)
            return data
        if self._status is not None and self._status[0] is not grpc.StatusCode.OK:
            raise self._error()
        return None

    def _error(self) -> errors.RpcError:
        assert self._status is not None
        return failure.from_call(*self._status)

    def cancel(self) -> None:
        """End the call at once."""
        end_call(self._call)


async def _writer(call: Any) -> Callable[[bytes], Awaitable[None]]:
    """Return what writes a message to a call.

    When a write fails, because the server has ended the call, grpc.aio's own `write` ends it with
    INTERNAL: what the server had said before, and why it ended the call, can then not be read any more,
    and the call itself stays for ever (measured on 1.85). So what is inside of it is called directly.
    """
    await call.wait_for_connection()  # its own name for: until the metadata are sent
    inner = getattr(call, "_cython_call", None)
    write: Callable[[bytes], Awaitable[None]] = (
        call.write if inner is None else inner.send_serialized_message
    )
    return write


def _now(coroutine: Any) -> Any:
    """Return the result of a coroutine that has one already; the call is done."""
    try:
        coroutine.send(None)
    except StopIteration as result:
        return result.value
    coroutine.close()
    return None
