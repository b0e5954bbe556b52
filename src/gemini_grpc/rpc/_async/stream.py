"""The answers of a streaming call, one after the other."""

from __future__ import annotations

import copy
from collections.abc import AsyncIterator, Callable
from typing import TYPE_CHECKING, Any, Generic, NoReturn, Self, TypeVar

from gemini_grpc import errors
from gemini_grpc.rpc import wire
from gemini_grpc.rpc.message_reader import EOF, AsyncMessageReader
from gemini_grpc.rpc.shared import Shared

if TYPE_CHECKING:
    from gemini_grpc.rpc.codec import Codec
    from gemini_grpc.rpc.observer import Watch

Res = TypeVar("Res")


class AsyncStream(Shared, AsyncIterator[Res], Generic[Res]):
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
        watch: Watch | None = None,
    ) -> None:
        self._call: AsyncMessageReader | None = AsyncMessageReader(call)
        self._response = codec.response
        self._told = told
        self._outgoing = outgoing
        self._watch = watch
        self._first: Any = None
        self._arrived: list[bytes] | None = [] if outgoing is None else None
        self._failed: errors.RpcError | None = None

    async def start(self, watch: Watch | None = None) -> None:
        """Wait for the first message, which the iteration gives later; from then on `watch` is told.

        Raises:
            RpcError: The call failed.
        """
        assert self._call is not None
        try:
            self._first = await self._call.read()
        except wire.AsyncFailure as cause:
            self._raise(cause)
        self._watch = watch
        if watch is not None:
            await self._note(self._first)
        if self._first is EOF:
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
                data = await self._call.read()
            except wire.AsyncFailure as cause:
                self._raise(cause)
            if self._watch is not None:
                await self._note(data)
        else:
            self._first = None
        if data is EOF:
            self._first, self._call = data, None  # a channel of grpc.aio lives as long as its calls
            raise StopAsyncIteration
        if self._arrived is not None:
            self._arrived.append(data)
        try:
            response = self._response(data)
        except errors.RpcError as error:
            if self._watch is not None:
                self._watch.failed(error)
            self.cancel()
            self._call = None
            self._told(error).received = tuple(map(self._response, (self._arrived or ())[:-1]))
            self._failed = copy.copy(error)
            raise
        if self._watch is not None:
            self._watch.call.response = response
        return response

    async def _note(self, data: Any) -> None:
        """Tell observers about a message, or the good end."""
        assert self._watch is not None
        assert self._call is not None
        if data is EOF:
            self._watch.answered(*await wire.async_metadata(self._call.call))
            self._watch.ended()
        else:
            self._watch.message_arrived()

    def _raise(self, cause: BaseException | None) -> NoReturn:
        """Raise what ended the reading: the user's own error in the requests, or the call's."""
        error = None if cause is None else wire.async_error_of(cause)
        self._call = None
        if cause is not None:
            cause.with_traceback(None)  # it refers to the call
        if self._outgoing is not None and self._outgoing.error is not None:
            if self._watch is not None:
                self._watch.failed(self._outgoing.error, cause)
            raise self._outgoing.error from cause
        if error is not None:
            self._told(error).received = tuple(map(self._response, self._arrived or ()))
            if self._watch is not None:
                self._watch.failed(error, cause)
            self._failed = copy.copy(error)  # without the traceback, which refers to this stream
            raise error from cause
        assert self._failed is not None
        raise copy.copy(self._failed)

    def cancel(self) -> None:
        """Cancel the call; the server sees it at once. After the end it does nothing."""
        call = self._call
        if call is not None:
            call.cancel()
            if self._watch is not None:
                self._watch.failed(errors.Cancelled("the stream was left before its end"))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.cancel()

    def __del__(self) -> None:
        call = getattr(self, "_call", None)
        if call is not None:
            call.abandon()
            if self._watch is not None:
                self._watch.failed(errors.Cancelled("the stream was left before its end"))
