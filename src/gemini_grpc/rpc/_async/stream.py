"""The answers of a streaming call, one after the other."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, Generic, Self, TypeVar

from gemini_grpc import errors
from gemini_grpc.rpc import wire

if TYPE_CHECKING:
    from gemini_grpc.rpc.codec import Codec

Res = TypeVar("Res")


class AsyncStream(AsyncIterator[Res], Generic[Res]):
    """The messages a server sends, in order.

    Iterate over it, once. Leaving it early (`cancel`, the end of a `with` block, or dropping the last
    reference) cancels the call on the server. An error that comes after the first message is final:
    it is raised where the next message was due, and what came before it has been delivered.
    """

    def __init__(
        self, call: Any, codec: Codec[Any, Res], outgoing: wire.AsyncOutgoing | None = None
    ) -> None:
        self._call = call
        self._codec = codec
        self._outgoing = outgoing
        self._first: Any = None

    async def start(self) -> None:
        """Wait for the first message, which the iteration gives later."""
        self._first = await wire.async_read(self._call)

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Res:
        """Return the next message.

        Raises:
            RpcError: The call failed.
        """
        data = self._first
        if data is None:
            data = await self._read()
        elif data is not wire.EOF:
            self._first = None
        if data is wire.EOF:
            raise StopAsyncIteration
        return self._codec.response(data)

    async def _read(self) -> Any:
        try:
            return await wire.async_read(self._call)
        except BaseException as error:
            if self._outgoing is not None and self._outgoing.error is not None:
                raise self._outgoing.error from error
            if isinstance(error, errors.RpcError):
                error.method = self._codec.method.path
            raise

    def cancel(self) -> None:
        """Cancel the call; the server sees it at once. After the end it does nothing."""
        self._call.cancel()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *exc: object) -> None:
        self.cancel()

    def __del__(self) -> None:
        call = getattr(self, "_call", None)
        if call is not None and not call.done():
            call.cancel()
