# Derived by `python -m codegen` from src/gemini_grpc/rpc/_async/stream.py. Do not edit.
"""The answers of a streaming call, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, Generic, NoReturn, Self, TypeVar

from gemini_grpc import errors
from gemini_grpc.rpc import failure, wire

if TYPE_CHECKING:
    from gemini_grpc.rpc.codec import Codec

Res = TypeVar("Res")


class Stream(Iterator[Res], Generic[Res]):
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
        outgoing: wire.Outgoing | None = None,
    ) -> None:
        self._call = call
        self._response = codec.response
        self._told = told
        self._outgoing = outgoing
        self._first: Any = None
        self._arrived: list[bytes] | None = [] if outgoing is None else None

    def start(self) -> None:
        """Wait for the first message, which the iteration gives later.

        Raises:
            RpcError: The call failed.
        """
        try:
            self._first = wire.read(self._call)
        except BaseException as cause:
            self._raise(cause)

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Res:
        """Return the next message.

        Raises:
            RpcError: The call failed.
        """
        data = self._first
        if data is None:
            try:
                data = wire.read(self._call)
            except BaseException as cause:
                self._raise(cause)
        elif data is not wire.EOF:
            self._first = None
        if data is wire.EOF:
            raise StopIteration
        if self._arrived is not None:
            self._arrived.append(data)
        try:
            return self._response(data)
        except errors.RpcError as error:
            self._call.cancel()
            self._told(error).received = tuple(map(self._response, (self._arrived or ())[:-1]))
            raise

    def _raise(self, cause: BaseException) -> NoReturn:
        """Raise what ended the reading: the user's own error in the requests, or the call's."""
        if self._outgoing is not None and self._outgoing.error is not None:
            raise self._outgoing.error from cause
        if isinstance(cause, wire.Failure):
            error = self._told(failure.from_grpc(cause))
            error.received = tuple(map(self._response, self._arrived or ()))
            raise error from cause
        raise cause

    def cancel(self) -> None:
        """Cancel the call; the server sees it at once. After the end it does nothing."""
        self._call.cancel()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.cancel()

    def __del__(self) -> None:
        call = getattr(self, "_call", None)
        if call is not None and not call.done():
            call.cancel()
