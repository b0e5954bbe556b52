"""The answers of a streaming call, one after the other."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any, Generic, NoReturn, Self, TypeVar

from gemini_grpc import errors
from gemini_grpc.rpc import wire

if TYPE_CHECKING:
    from gemini_grpc.rpc.codec import Codec

Res = TypeVar("Res")


class AsyncStream(AsyncIterator[Res], Generic[Res]):
    """The messages a server sends, in order.

    Iterate over it, once. Leaving it early (`cancel`, the end of a `with` block, or dropping the last
    reference) cancels the call on the server. An error that comes after the first message is final:
    it is raised where the next message was due, and its `received` has the messages that came before.
    """

    def __init__(
        self,
        call: Any,
        codec: Codec[Any, Res],
        told: Callable[[errors.RpcError], errors.RpcError],
        outgoing: wire.AsyncOutgoing | None = None,
    ) -> None:
        self._call = call
        self._response = codec.response
        self._told = told
        self._outgoing = outgoing
        self._first: Any = None
        self._arrived: list[bytes] | None = [] if outgoing is None else None
        self._failed: errors.RpcError | None = None

    async def start(self) -> None:
        """Wait for the first message, which the iteration gives later.

        Raises:
            RpcError: The call failed.
        """
        try:
            self._first = await wire.async_read(self._call)
        except wire.AsyncFailure as cause:
            self._raise(cause)
        if self._first is wire.EOF:
            self._call = None

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Res:
        """Return the next message.

        Raises:
            RpcError: The call failed.
        """
        data = self._first
        if data is None:
            if self._call is None:
                self._raise(None)
            try:
                data = await wire.async_read(self._call)
            except wire.AsyncFailure as cause:
                self._raise(cause)
        else:
            self._first = None
        if data is wire.EOF:
            self._first, self._call = data, None  # a channel of grpc.aio lives as long as its calls
            raise StopAsyncIteration
        if self._arrived is not None:
            self._arrived.append(data)
        try:
            return self._response(data)
        except errors.RpcError as error:
            self.cancel()
            self._call = None
            self._told(error).received = tuple(map(self._response, (self._arrived or ())[:-1]))
            self._failed = copy.copy(error)
            raise

    def _raise(self, cause: BaseException | None) -> NoReturn:
        """Raise what ended the reading: the user's own error in the requests, or the call's."""
        error = None if cause is None else wire.async_error_of(cause)
        self._call = None
        if cause is not None:
            cause.with_traceback(None)  # it refers to the call
        if self._outgoing is not None and self._outgoing.error is not None:
            raise self._outgoing.error from cause
        if error is not None:
            self._told(error).received = tuple(map(self._response, self._arrived or ()))
            self._failed = copy.copy(error)  # without the traceback, which refers to this stream
            raise error from cause
        assert self._failed is not None
        raise copy.copy(self._failed)

    def cancel(self) -> None:
        """Cancel the call; the server sees it at once. After the end it does nothing."""
        call = self._call
        if call is not None:
            call.cancel()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.cancel()

    def __del__(self) -> None:
        call = getattr(self, "_call", None)
        if call is not None and not call.done():
            call.cancel()
