"""The seam to grpcio: everything in which `grpc` and `grpc.aio` differ, as pairs.

This is the only module that calls grpcio, and the only one that catches its errors. Requests and
responses are bytes here: we parse them ourselves, so that a malformed message is an error of ours in
both colours (grpc.aio would report it as the end of the stream).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import AsyncIterable, Callable, Iterable, Iterator
from typing import TYPE_CHECKING, Any

import grpc
import grpc.aio
import grpc.experimental

from gemini_grpc import errors

if TYPE_CHECKING:
    from gemini_grpc.rpc.options import Settings

Call = Any  # grpcio publishes no types for its calls and callables

EOF = grpc.aio.EOF
"""What `read` returns when the stream has ended well."""

OPTIONS = (
    ("grpc.max_receive_message_length", -1),
    ("grpc.max_send_message_length", -1),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.min_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 5000),
)
"""Channel options: no limit on sizes (an image is larger than grpcio's 4 MiB), quick reconnects."""

_SINGLE_THREADED = (grpc.experimental.ChannelOptions.SingleThreadedUnaryStream, 1)
"""Lets the caller's thread read server streams itself; a quarter of the cost per message."""

sleep = time.sleep
async_sleep = asyncio.sleep


def channel(settings: Settings) -> grpc.Channel:
    """Open a channel; it connects when it is first used."""
    options = (*OPTIONS, _SINGLE_THREADED)
    if settings.endpoint.plaintext:
        return grpc.insecure_channel(settings.endpoint.target, options)
    credentials = grpc.ssl_channel_credentials()
    return grpc.secure_channel(settings.endpoint.target, credentials, options)


def async_channel(settings: Settings) -> grpc.aio.Channel:
    """Open a channel for the running event loop; it connects when it is first used."""
    if settings.endpoint.plaintext:
        return grpc.aio.insecure_channel(settings.endpoint.target, OPTIONS)
    credentials = grpc.ssl_channel_credentials()
    return grpc.aio.secure_channel(settings.endpoint.target, credentials, OPTIONS)


def owner() -> object:
    """Return what a channel belongs to: any thread of the process may use it."""
    return None


def async_owner() -> object:
    """Return what a channel belongs to: the running event loop."""
    return asyncio.get_running_loop()


def unary(call: Call, data: bytes, timeout: float | None, metadata: tuple[Any, ...]) -> bytes:
    """Make a call with one answer."""
    try:
        return call(data, timeout, metadata)  # type: ignore[no-any-return]
    except grpc.RpcError as cause:
        raise errors.from_grpc(cause) from cause


async def async_unary(
    call: Call, data: bytes, timeout: float | None, metadata: tuple[Any, ...]
) -> bytes:
    """Make a call with one answer."""
    try:
        return await call(data, timeout=timeout, metadata=metadata)  # type: ignore[no-any-return]
    except grpc.RpcError as cause:
        raise errors.from_grpc(cause) from cause


def read(call: Call) -> Any:
    """Return the next message of a stream, or `EOF`."""
    try:
        return next(call, EOF)
    except grpc.RpcError as cause:
        raise errors.from_grpc(cause) from cause


async def async_read(call: Call) -> Any:
    """Return the next message of a stream, or `EOF`."""
    try:
        return await call.read()
    except grpc.RpcError as cause:
        raise errors.from_grpc(cause) from cause


class Outgoing:
    """The requests of a bidirectional call; grpcio takes them from a thread of its own."""

    def __init__(self, requests: Iterable[object], encode: Callable[[object], bytes]) -> None:
        self._requests = requests
        self._encode = encode
        self.error: BaseException | None = None
        """What went wrong in the user's iterator or in a message of it."""

    def send(self, call: Call, timeout: float | None, metadata: tuple[Any, ...]) -> Call:
        """Start the call; return it."""
        return call(self._encoded(), timeout=timeout, metadata=metadata)

    def _encoded(self) -> Iterator[bytes]:
        try:
            for request in self._requests:
                yield self._encode(request)
        except Exception as error:
            self.error = error  # grpcio would only say "Exception iterating requests!"
            raise


class AsyncOutgoing:
    """The requests of a bidirectional call; a task of ours writes them one after the other."""

    def __init__(
        self,
        requests: Iterable[object] | AsyncIterable[object],
        encode: Callable[[object], bytes],
    ) -> None:
        self._requests = requests
        self._encode = encode
        self._task: asyncio.Task[None] | None = None
        self.error: BaseException | None = None
        """What went wrong in the user's iterator or in a message of it."""

    def send(self, call: Call, timeout: float | None, metadata: tuple[Any, ...]) -> Call:
        """Start the call and the writing; return the call."""
        running = call(timeout=timeout, metadata=metadata)
        self._task = asyncio.create_task(self._write(running))
        running.add_done_callback(lambda _: self._task and self._task.cancel())
        return running

    async def _write(self, call: Call) -> None:
        try:
            if isinstance(self._requests, AsyncIterable):
                async for request in self._requests:
                    await call.write(self._encode(request))
            else:
                for request in self._requests:
                    await call.write(self._encode(request))
            await call.done_writing()
        except (grpc.RpcError, asyncio.InvalidStateError):
            return  # the call has ended; its status is the reader's
        except Exception as error:
            self.error = error
            call.cancel()
