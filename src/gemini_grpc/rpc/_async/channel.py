"""One connection to a service, and how calls are made over it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from gemini_grpc import errors
from gemini_grpc.rpc import wire
from gemini_grpc.rpc._async.stream import AsyncStream
from gemini_grpc.rpc.attempts import Attempts
from gemini_grpc.rpc.codec import Codec
from gemini_grpc.rpc.policy import DEFAULT, Default, RetryPolicy

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Iterable, Mapping

    from gemini_grpc.rpc.metadata import Metadata
    from gemini_grpc.rpc.method import Method
    from gemini_grpc.rpc.options import Settings

Req = TypeVar("Req")
Res = TypeVar("Res")

_KIND = {"unary": "unary_unary", "server_stream": "unary_stream", "bidi": "stream_stream"}


class AsyncChannel:
    """A connection, opened when it is first used, and the calls over it.

    It may be used from several event loops one after the other or at once; each gets a connection of
    its own.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self._policy = RetryPolicy()
        self._codecs: dict[str, Codec[Any, Any]] = {}
        self._opened: dict[object, _Opened] = {}
        self._closed = False

    async def unary(
        self,
        method: Method[Req, Res],
        request: object,
        fields: Mapping[str, object] | None = None,
        timeout: float | Default | None = DEFAULT,
        retry: RetryPolicy | Default | None = DEFAULT,
        metadata: Metadata = (),
    ) -> Res:
        """Make a call with one answer; `timeout` covers every attempt and pause."""
        codec = self._codec(method)
        message = codec.request(request, fields)
        pairs = self._metadata(codec.routing(message), metadata)
        data = message.SerializeToString()
        seconds = method.timeout if timeout is DEFAULT else timeout
        policy = self._policy if retry is DEFAULT else retry
        attempts = Attempts(policy, seconds, repeatable=method.repeatable)
        while True:
            try:
                call = self._callable(method)
                answer = await wire.async_unary(call, data, attempts.remaining(), pairs)
            except errors.RpcError as error:
                pause = attempts.next_pause(_told(error, method, attempts))
                if pause is None:
                    raise
                await wire.async_sleep(pause)
            else:
                return codec.response(answer)

    async def stream(
        self,
        method: Method[Req, Res],
        request: object,
        fields: Mapping[str, object] | None = None,
        timeout: float | Default | None = DEFAULT,
        retry: RetryPolicy | Default | None = DEFAULT,
        metadata: Metadata = (),
    ) -> AsyncStream[Res]:
        """Start a call with a stream of answers, and wait for the first.

        Only what fails before the first message is tried again; afterwards an error is final.
        """
        codec = self._codec(method)
        message = codec.request(request, fields)
        pairs = self._metadata(codec.routing(message), metadata)
        data = message.SerializeToString()
        seconds = method.timeout if timeout is DEFAULT else timeout
        policy = self._policy if retry is DEFAULT else retry
        attempts = Attempts(policy, seconds, repeatable=method.repeatable)
        while True:
            call = self._callable(method)(data, timeout=attempts.remaining(), metadata=pairs)
            stream = AsyncStream(call, codec)
            try:
                await stream.start()
            except errors.RpcError as error:
                pause = attempts.next_pause(_told(error, method, attempts))
                if pause is None:
                    raise
                await wire.async_sleep(pause)
            else:
                return stream

    async def bidi(
        self,
        method: Method[Req, Res],
        requests: Iterable[object] | AsyncIterable[object],
        timeout: float | None = None,
        metadata: Metadata = (),
    ) -> AsyncStream[Res]:
        """Start a call with streams both ways; it is never tried again."""
        codec = self._codec(method)

        def encode(request: object) -> bytes:
            return codec.request(request).SerializeToString()

        outgoing = wire.AsyncOutgoing(requests, encode)
        call = outgoing.send(self._callable(method), timeout, self._metadata(None, metadata))
        return AsyncStream(call, codec, outgoing)

    def message(
        self, method: Method[Req, Any], request: object, fields: Mapping[str, object] | None
    ) -> Any:
        """Return a request of a method, given whole or by its fields, as a message of its own."""
        message = self._codec(method).request(request, fields)
        copy = type(message)()
        copy.CopyFrom(message)
        return copy

    async def close(self) -> None:
        """End every call and close the connection; closing twice is fine."""
        self._closed = True
        opened = self._opened.pop(wire.async_owner(), None)
        self._opened.clear()
        if opened is not None:
            await opened.channel.close()

    def _codec(self, method: Method[Req, Res]) -> Codec[Req, Res]:
        codec = self._codecs.get(method.path)
        if codec is None:
            codec = self._codecs[method.path] = Codec(method)
        return codec

    def _callable(self, method: Method[Any, Any]) -> Any:
        """Return grpcio's callable of a method, made once for each connection."""
        owner = wire.async_owner()
        opened = self._opened.get(owner)
        if opened is None:
            if self._closed:
                raise errors.ClosedError("the client is closed; make a new one")
            opened = self._opened[owner] = _Opened(wire.async_channel(self.settings))
        call = opened.callables.get(method.path)
        if call is None:
            call = getattr(opened.channel, _KIND[method.shape])(method.path)
            opened.callables[method.path] = call
        return call

    def _metadata(self, routing: tuple[str, str] | None, extra: Metadata) -> tuple[Any, ...]:
        own = self.settings.metadata
        if routing is not None:
            own = (*own, routing)
        return (*own, *extra) if extra else own


class _Opened:
    """A connection of grpcio and the callables made from it."""

    __slots__ = ("callables", "channel")

    def __init__(self, channel: Any) -> None:
        self.channel = channel
        self.callables: dict[str, Any] = {}


def _told(error: errors.RpcError, method: Method[Any, Any], attempts: Attempts) -> errors.RpcError:
    """Let an error know which call it belongs to."""
    error.method = method.path
    error.attempts = attempts.number
    return error
