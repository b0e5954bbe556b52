"""Read a streaming call of grpcio, or what interceptors and instrumentation return in its place.

A call of grpcio has `cancel`. A wrapper may return a plain iterator or generator instead, which is closed.
"""

from __future__ import annotations

import asyncio
import os
import threading
from collections.abc import Awaitable, Callable
from types import AsyncGeneratorType
from typing import Any

import grpc
import grpc.aio

from gemini_grpc.rpc import direct
from gemini_grpc.rpc.cancellation import CallWait, end_call

EOF = grpc.aio.EOF
"""What `read` returns when the stream has ended well."""


class LeftError(grpc.RpcError):  # type: ignore[misc]  # grpcio publishes no types
    """Raised, as by a call that was cancelled, when an iterator that was left is read."""

    def code(self) -> grpc.StatusCode:
        """Return CANCELLED."""
        return grpc.StatusCode.CANCELLED

    def details(self) -> str:
        """Return what grpcio says of its calls."""
        return "Locally cancelled by application!"

    def trailing_metadata(self) -> None:
        """Return None: the end of the call is not known."""


class MessageReader:
    """The messages of a call, for threads. One thread reads; any may cancel."""

    def __init__(self, call: Any) -> None:
        self.call = call
        self._is_call = hasattr(call, "cancel")
        self._next = (call if hasattr(call, "__next__") else iter(call)).__next__
        self._process = os.getpid()
        """The process that may poll the call; 0 for none."""
        self._polling = threading.Lock()
        self._left = False
        self._done: Callable[[], object] | None = None

    def read(self) -> Any:
        """Return the next message, or `EOF`.

        Raises:
            grpc.RpcError: The call failed.
        """
        try:
            with self._polling:
                data = self._next()
        except StopIteration:
            data = EOF
        except Exception:
            self._finish()
            raise
        except (
            BaseException
        ):  # Ctrl-C loses an event of grpcio's record, which then cannot be polled
            self._process = 0
            raise
        if self._left or data is EOF:
            self._finish()
            if self._left:
                raise LeftError
        return data

    def cancel(self) -> None:
        """End the call. The thread that leaves a call also polls grpcio's record of it to its end.

        If another thread is reading, that thread does so: a call that was cancelled wakes it at once, a
        generator is closed after its next message.
        """
        self._left = True
        if self._is_call:
            self.call.cancel()
        self._finish()

    abandon = cancel
    """End the call of a stream that is collected as garbage."""

    def when_done(self, callback: Callable[[], object]) -> None:
        """Call back once when the call has ended; for a plain iterator, when its end was read."""
        if hasattr(self.call, "add_done_callback"):
            self.call.add_done_callback(lambda _: callback())
        else:
            self._done = callback

    def _finish(self) -> None:
        """Release what is left of the call, unless another thread is reading or in a forked child."""
        if self._process != os.getpid() or not self._polling.acquire(blocking=False):
            return
        try:
            if self._is_call:
                direct.poll_to_end(self.call)
            elif hasattr(self.call, "close"):
                self.call.close()
        finally:
            self._polling.release()
        callback, self._done = self._done, None
        if callback is not None:
            callback()


class AsyncMessageReader:
    """The messages of a call, for an event loop."""

    def __init__(self, call: Any) -> None:
        self.call = call
        self._is_call = hasattr(call, "read")
        self._iterator = None if self._is_call else aiter(call)
        self._begun = False
        self._closing: asyncio.Task[None] | None = None
        self._left = False

    def read(self) -> Awaitable[Any]:
        """Return an awaitable of the next message, or of `EOF`; it raises what grpc.aio raises."""
        if self._begun:
            return self.call.read()  # type: ignore[no-any-return]
        self._begun = self._is_call
        reading = self.call.read() if self._is_call else self._read_iterator()
        return CallWait(reading, self.call)

    async def _read_iterator(self) -> Any:
        assert self._iterator is not None
        message = EOF if self._left else await anext(self._iterator, EOF)
        if self._left:
            await (self._closing or self._close())
            raise LeftError
        return message

    def cancel(self) -> None:
        """End the call; a generator that waits for a message is closed after it."""
        self._left = True
        if hasattr(self.call, "cancel"):
            end_call(self.call)
        elif isinstance(self._iterator, AsyncGeneratorType) and not self._iterator.ag_running:
            self._closing = asyncio.get_running_loop().create_task(self._close())

    def abandon(self) -> None:
        """End the call of a stream that is collected as garbage; generators are the loop's to close."""
        if hasattr(self.call, "cancel") and not self.call.done():
            end_call(self.call)

    async def _close(self) -> None:
        if isinstance(self._iterator, AsyncGeneratorType):
            await self._iterator.aclose()
