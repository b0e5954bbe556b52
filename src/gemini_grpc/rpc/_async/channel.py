"""One connection to a service, and how calls are made over it."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any, TypeVar

import grpc

from gemini_grpc import errors
from gemini_grpc.rpc import failure, observer, policy, wire
from gemini_grpc.rpc._async.connection import AsyncConnection
from gemini_grpc.rpc._async.stream import AsyncStream
from gemini_grpc.rpc.attempts import Attempts, never_sent, unread
from gemini_grpc.rpc.bound import Bound, Bounds
from gemini_grpc.rpc.budget import Budget, CoolDown
from gemini_grpc.rpc.metadata import check_metadata
from gemini_grpc.rpc.policy import DEFAULT, RetryPolicy
from gemini_grpc.rpc.shared import Shared

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Iterable, Mapping

    from google.protobuf.message import Message

    from gemini_grpc.rpc.metadata import Metadata
    from gemini_grpc.rpc.method import Method
    from gemini_grpc.rpc.observer import Watch
    from gemini_grpc.rpc.options import Settings
    from gemini_grpc.rpc.policy import Default, Retry

Req = TypeVar("Req")
Res = TypeVar("Res")


class AsyncChannel(Shared):
    """Makes the calls of one or more clients: deadlines, attempts, credentials, errors."""

    kind = "grpc_asyncio"
    """The name of the transport, as google's clients call it."""

    def __init__(self, settings: Settings, ready: Any = None) -> None:
        """Prepare to connect; `ready` is a channel of grpcio that the user has opened and closes.

        Raises:
            ArgumentError: The timeout or the policy of the settings is none.
        """
        retry, timeout = policy.settled(settings.retry, settings.timeout)
        settings = replace(settings, retry=retry, timeout=timeout)
        self.settings = settings
        self.ready = ready
        """The channel of grpcio that the user has opened, if there is one."""
        self._connection = AsyncConnection(settings, ready)
        self._policy = RetryPolicy() if retry is DEFAULT else retry
        self._budget = Budget()
        self._cool_down = CoolDown()
        self._bound = Bounds(settings)

    @property
    def host(self) -> str:
        """The `host:port` that is called."""
        return self.settings.endpoint.target

    @property
    def grpc_channel(self) -> Any:
        """The channel of grpcio."""
        return self._connection.channel

    async def unary(
        self,
        method: Method[Req, Res],
        request: object,
        fields: Mapping[str, object] | None = None,
        timeout: float | Default | None = DEFAULT,
        retry: Retry = DEFAULT,
        metadata: Metadata = (),
    ) -> Res:
        """Make a call with one answer; `timeout` covers every attempt and pause."""
        bound: Bound[Req, Res] = self._bound[method]
        message = bound.request(request, fields)
        call = _Call(self, bound, message, timeout, retry, metadata)
        data = message.SerializeToString()
        watch = call.watched()
        try:
            if self._cool_down.until:
                await call.cool_down()
            while True:
                try:
                    pairs = call.pairs or await call.authorize()
                    # no name refers to the callable: whoever keeps an error does not keep the channel
                    if watch is None:
                        answer = await self._connection.callable(method)(
                            data, timeout=call.left, metadata=pairs
                        )
                    else:
                        answer = await wire.async_watched(
                            self._connection.callable(method), data, call.left, pairs, watch
                        )
                    response = bound.response(answer)
                except wire.AsyncFailure as cause:
                    await call.failed(wire.async_error_of(cause), cause)
                except errors.RpcError as error:
                    await call.failed(error, error.__cause__)
                else:
                    break
        except BaseException as error:
            call.ended(error)
            raise
        if self._budget.spent:
            self._budget.succeed()
        if watch is not None:
            watch.ended(response)
        return response

    async def stream(
        self,
        method: Method[Req, Res],
        request: object,
        fields: Mapping[str, object] | None = None,
        timeout: float | Default | None = DEFAULT,
        retry: Retry = DEFAULT,
        metadata: Metadata = (),
    ) -> AsyncStream[Res]:
        """Start a call with a stream of answers, and wait for the first.

        Only what fails before the first message is tried again; afterwards an error is final.
        """
        bound = self._bound[method]
        message = bound.request(request, fields)
        call = _Call(self, bound, message, timeout, retry, metadata)
        data = message.SerializeToString()
        watch = call.watched()
        try:
            if self._cool_down.until:
                await call.cool_down()
            while True:
                try:
                    pairs = call.pairs or await call.authorize()
                    if watch is not None:
                        pairs = watch.attempt_started(pairs)
                    stream = AsyncStream(
                        self._connection.callable(method)(data, timeout=call.left, metadata=pairs),
                        bound,
                        call.told,
                    )  # the call has no name: whoever keeps an error does not keep it
                    await stream.start(watch)
                except errors.RpcError as error:
                    await call.failed(error, error.__cause__)
                else:
                    break
        except BaseException as error:
            call.ended(error)
            raise
        if self._budget.spent:
            self._budget.succeed()
        return stream

    async def bidi(
        self,
        method: Method[Req, Res],
        requests: Iterable[object] | AsyncIterable[object],
        timeout: float | Default | None = None,
        metadata: Metadata = (),
    ) -> AsyncStream[Res]:
        """Start a call with streams both ways; it is never tried again."""
        bound = self._bound[method]

        def encode(request: object) -> bytes:
            return bound.request(request).SerializeToString()

        call = _Call(self, bound, None, timeout, None, metadata)
        watch = call.watched()
        try:
            pairs = call.pairs or await call.authorize()
            if watch is not None:
                pairs = watch.attempt_started(pairs)
            outgoing = wire.AsyncOutgoing(requests, encode)
            running = outgoing.send(self._connection.callable(method), call.left, pairs)
        except BaseException as error:
            call.ended(error)
            raise
        return AsyncStream(running, bound, call.told, outgoing, watch)

    async def metadata(
        self, method: Method[Any, Any], timeout: float | None = None
    ) -> tuple[Any, ...]:
        """Return the metadata of a call that others make: the user agent and a fresh credential.

        Raises:
            RpcError: No token could be fetched in time.
        """
        call = _Call(self, self._bound[method], None, policy.remaining(timeout), None, ())
        return call.pairs or await call.authorize()

    def message(
        self, method: Method[Req, Any], request: object, fields: Mapping[str, object] | None
    ) -> Message:
        """Return a request of a method, given whole or by its fields, as a message of its own."""
        message = self._bound[method].request(request, fields)
        copy = type(message)()
        copy.CopyFrom(message)
        return copy

    async def close(self) -> None:
        """End every call and close the connection; closing twice is fine."""
        await self._connection.close()

    def abandon(self) -> None:
        """Close without waiting for it, from wherever nobody can."""
        self._connection.abandon()


class _Call:
    """One call on its way: what it sends besides the request, the time it has left, its attempts."""

    # for what goes wrong, and for observers; most calls never set them
    _watch: Watch | None = None
    _attempts: Attempts | None = None
    _credential: tuple[Any, ...] = ()
    _reauthorized = False
    _resent = False

    def __init__(
        self,
        channel: AsyncChannel,
        bound: Bound[Any, Any],
        request: Message | None,
        timeout: float | Default | None,
        retry: Retry,
        metadata: Metadata,
    ) -> None:
        if retry is not DEFAULT or timeout is not DEFAULT:
            retry, timeout = policy.settled(retry, timeout)
        if timeout is DEFAULT:
            timeout = bound.seconds
        self._channel = channel
        self._bound = bound
        self._request = request
        self._retry = retry
        self._seconds: float | None = timeout
        self._started = time.monotonic()
        self.left: float | None = timeout
        """Seconds for the next attempt; None for no limit."""
        pairs = bound.pairs if request is None else bound.pairs_for(request)
        if metadata:
            check_metadata(metadata)
            pairs = (*pairs, *metadata)
        self._pairs = pairs
        self.pairs: tuple[Any, ...] = pairs if channel.settings.token is None else ()
        """The metadata of the next attempt; empty until it is known."""

    def watched(self) -> Watch | None:
        """Begin to tell observers about the call; return None if nobody listens."""
        channel = self._channel
        self._watch = made = observer.watch(
            channel.settings.observers,
            self._method.path,
            channel.host,
            self._request,
            self._seconds,
        )
        return made

    def ended(self, error: BaseException) -> None:
        """Tell observers what ended the call.

        Raises:
            ClosedError: It could not even be started, because the client is closed.
        """
        if self._watch is not None:
            self._watch.failed(error)
        if isinstance(error, wire.AsyncUnusable):
            wire.refuse_closed(error)

    def _count_down(self) -> None:
        if self._seconds is not None:
            self.left = max(0.0, self._started + self._seconds - time.monotonic())

    async def authorize(self) -> tuple[Any, ...]:
        """Return the metadata of this attempt with a token that is fresh.

        Raises:
            RpcError: No token could be fetched in time.
        """
        token = self._channel.settings.token
        assert token is not None
        credential = token.pairs
        if credential is None:
            credential = await wire.async_call(token.ensure, self.left)
            self._count_down()
        self._credential = credential
        return (*self._pairs, *credential)

    async def cool_down(self) -> None:
        """Wait as long as the service has asked calls of this kind to wait.

        Raises:
            ResourceExhausted: That is longer than the call has; it is not sent.
        """
        if self._retry is None:
            return
        wait = self._channel._cool_down.left(self._kind)
        if not wait:
            return
        if self.left is not None and wait >= self.left:
            error = failure.must_wait(
                f"not sent: the service has asked to wait {wait:.1f} s more, and the call has "
                f"{self.left:.1f} s",
                wait,
            )
            self.told(error).attempts = 0
            raise error
        await wire.async_sleep(wait)
        self._count_down()

    @property
    def _kind(self) -> tuple[str, object]:
        request = self._request
        return self._method.path, None if request is None else self._bound.routing(request)

    @property
    def _method(self) -> Method[Any, Any]:
        return self._bound.method

    async def failed(self, error: errors.RpcError, cause: BaseException | None) -> None:
        """Prepare for the next attempt; raise the error if there is none."""
        attempts = self._attempts
        if attempts is None:
            attempts = self._attempts = self._make_attempts()
        self.told(error)
        if self._watch is not None:
            self._watch.attempt_failed(error, cause)
        if await self._mended(error):
            self._note_retry(error, 0.0)
            attempts.again()
            self._count_down()
            return
        pause = attempts.next_pause(error)
        if error.code is grpc.StatusCode.RESOURCE_EXHAUSTED and (error.retry_after or 0) > 0:
            self._channel._cool_down.start(self._kind, error.retry_after or 0)
        if pause is None:
            if cause is not None:
                cause.with_traceback(None)  # it refers to the call
            raise error from cause
        self._note_retry(error, pause)
        await wire.async_sleep(pause)
        self._count_down()

    def _note_retry(self, error: errors.RpcError, wait: float) -> None:
        observer.log_retry(error, wait)
        if self._watch is not None:
            self._watch.retrying(error, wait)

    async def _mended(self, error: errors.RpcError) -> bool:
        """Mend what stood in the way, once; tell whether the call can go again at once.

        That is a token that was refused, a certificate that was rotated, or a connection that ended
        before the server read the request (which gRFC A6 sends again whatever the policy is).
        """
        token = self._channel.settings.token
        if self.left is not None and self.left <= 0:
            return False
        if not self._resent and unread(error):
            self._resent = True
            return True
        if self._reauthorized:
            return False
        if isinstance(error, errors.Unauthenticated) and self._credential and token is not None:
            self._reauthorized = True
            return True
        return isinstance(error, errors.Unavailable) and await self._rotated(error)

    async def _rotated(self, error: errors.Unavailable) -> bool:
        if await self._channel._connection.renew(self.left):
            self._reauthorized = True
            unsent = isinstance(error, errors.TlsError) or never_sent(error)
            return self._method.repeatable or unsent
        return False

    def _make_attempts(self) -> Attempts:
        retry = self._retry
        if retry is DEFAULT:
            retry = self._channel._policy
        assert not isinstance(retry, policy.Default)
        return Attempts(
            retry,
            self._seconds,
            repeatable=self._method.repeatable,
            started=self._started,
            budget=self._channel._budget,
        )

    def told(self, error: errors.RpcError) -> errors.RpcError:
        """Let an error know which call it belongs to; a token that was refused is forgotten."""
        error.method = self._method.path
        error.repeatable = self._method.repeatable
        error.endpoint = self._channel.host
        error.attempts = 1 if self._attempts is None else self._attempts.number
        if isinstance(error, errors.NotFound):
            failure.name_nearest(error, self._channel.settings.models)
        if isinstance(error, errors.DeadlineExceeded):
            left = (
                0.0 if self._seconds is None else self._started + self._seconds - time.monotonic()
            )
            connected = self._channel._connection.is_connected
            failure.explain_deadline(error, self._seconds, left, connected)
        token = self._channel.settings.token
        refused = isinstance(error, errors.Unauthenticated) and self._credential
        if refused and token is not None and not self._reauthorized:
            token.discard(self._credential)
        return error
