"""The seam to grpcio: everything in which `grpc` and `grpc.aio` differ, as pairs.

Requests and responses are bytes here: we parse them ourselves, so that a malformed message is an error
of ours in both colours (grpc.aio would report it as the end of the stream).
"""

from __future__ import annotations

import asyncio
import contextlib
import functools
import logging
import os
import sys
import threading
import time
import warnings
import weakref
from collections.abc import (
    AsyncGenerator,
    AsyncIterable,
    Awaitable,
    Callable,
    Generator,
    Iterable,
    Iterator,
    Sequence,
)
from typing import TYPE_CHECKING, Any, TypeVar

import grpc
import grpc.aio
import grpc.experimental

from gemini_grpc import errors
from gemini_grpc.rpc import direct, failure, proxy
from gemini_grpc.rpc.cancellation import CallWait, end_call
from gemini_grpc.rpc.interceptors import of_kind
from gemini_grpc.rpc.metadata import API_KEY

if TYPE_CHECKING:
    from gemini_grpc.rpc import tls
    from gemini_grpc.rpc.observer import Watch
    from gemini_grpc.rpc.options import Settings

T = TypeVar("T")

Call = Any  # grpcio publishes no types for its calls and callables

_METADATA_BYTES = 1 << 20
"""The largest headers or trailers of an answer: errors with many details exceed grpc's 8 KiB."""

logging.getLogger("grpc._cython.cygrpc").addFilter(
    lambda record: not str(record.msg).startswith("Invalid encoding on")
)  # of a server's text that is not UTF-8, which the error shows all the same

OPTIONS = (
    ("grpc.enable_retries", 0),
    ("grpc.max_send_message_length", -1),
    ("grpc.initial_reconnect_backoff_ms", 100),
    ("grpc.max_reconnect_backoff_ms", 5000),
    ("grpc.max_metadata_size", _METADATA_BYTES),
    ("grpc.absolute_max_metadata_size", _METADATA_BYTES),
)
"""Channel options.

- No retries by grpc core: their machinery costs every call, and keeps a copy of what was sent. What the
  server has not read is sent again by us (`attempts.unread`).
- No limit on what is sent (an image is larger than grpcio's 4 MiB), and quick reconnects.
"""

_CONNECT_TIMEOUT_MS = 5000
"""The time that one attempt to connect has: enough for a peer far away, not too much where nobody answers."""

_PING_TIMEOUT_MS = 5000
"""How long the answer to a ping may take before the connection counts as dead."""

_SINGLE_THREADED = (grpc.experimental.ChannelOptions.SingleThreadedUnaryStream, 1)
"""Lets the caller's thread read server streams itself; a quarter of the cost per message."""

Failure = grpc.RpcError
"""What every failed call of grpcio raises; `error_of` converts it."""
AsyncFailure = (grpc.RpcError, asyncio.CancelledError)
"""The same; grpc.aio takes a call that was cancelled for a task that was."""

CLOSED = "the client is closed; make a new one"

Unusable = ValueError
"""What grpcio raises when a call cannot even be started, as over a channel that is closed."""
AsyncUnusable = grpc.aio.UsageError
"""The same for grpc.aio."""


def refuse_closed(cause: Exception) -> None:
    """Raise the error of a call that cannot be started, if it is known why.

    Raises:
        ClosedError: The channel is closed.
        Unauthenticated: An API key would have gone over a connection that is not encrypted.
    """
    if "only valid on secure channels" in str(cause):
        raise failure.not_encrypted() from cause
    if "channel" in str(cause).lower() and "closed" in str(cause):
        raise errors.ClosedError(CLOSED) from cause


error_of = failure.from_grpc


def async_error_of(cause: Any) -> errors.RpcError:
    """Return the error of a failed call.

    Raises:
        CancelledError: It is the running task that is cancelled, and not only its call.
    """
    if not isinstance(cause, asyncio.CancelledError):
        return failure.from_grpc(cause)
    task = asyncio.current_task()
    if task is None or task.cancelling():
        raise cause
    return errors.make(grpc.StatusCode.CANCELLED, "the call was cancelled")


sleep = time.sleep
async_sleep = asyncio.sleep


def prepared(make: Any, path: str, own: bool, unary: bool) -> Any:
    """Return the callable of a method, by the shorter way if there is one (`direct`).

    On a channel of our own it is made as by the stubs that grpcio generates: core then looks the method
    up once, not each call.
    """
    return direct.shortened(make(path, _registered_method=True)) if own else make(path)


def async_prepared(make: Any, path: str, own: bool, unary: bool) -> Any:
    """Return the callable of a method; calls on a channel of our own keep that channel (`_MADE`)."""
    made = make(path, _registered_method=True) if own else make(path)

    def start(*request: bytes, **options: Any) -> Call:
        call = made(*request, **options)
        if own and hasattr(call, "__dict__"):  # not what a wrapper returns, such as a generator
            call.made_by = made
        if not unary:
            return call
        if own:
            direct.expect_one(call)
        return CallWait(call, call)

    return start


@functools.cache
def _keep_core() -> object:
    """Keep grpc core from shutting down when the last channel is closed; return what keeps it.

    It shuts down in a thread of its own. A fork beside that would hang, or leave a lock behind that the
    child waits for at its first call.
    """
    return grpc.insecure_server_credentials()


def _check_gevent() -> None:
    """Warn if gevent has replaced sockets or threads and grpcio does not know about it."""
    monkey = sys.modules.get("gevent.monkey")
    if monkey and (monkey.is_module_patched("socket") or monkey.is_module_patched("threading")):
        from grpc._cython import cygrpc

        if not getattr(cygrpc, "g_gevent_activated", True):
            _warn_of_gevent()


@functools.cache
def _warn_of_gevent() -> None:
    """Warn, once in a process."""
    warnings.warn(
        "gevent has patched this process, and grpcio blocks its event loop: streams and live sessions "
        "hang. Call grpc.experimental.gevent.init_gevent() after gevent.monkey.patch_all() and before "
        "the first client is used",
        RuntimeWarning,
        stacklevel=2,
    )


def channel(settings: Settings, identity: tls.Identity | None, forked: bool) -> grpc.Channel:
    """Open a channel; it connects when it is first used."""
    _check_gevent()
    _keep_core()
    target, options = _options(settings, forked)
    credentials = None if settings.endpoint.plaintext else _credentials(settings, identity)
    if direct.polls_to_end() and not of_kind(settings.interceptors, "grpc"):
        single = merged((*options, _SINGLE_THREADED), settings.channel_options)
        made = _dialed(target, credentials, single)
        if direct.is_own(made):
            return made
        made.close()  # what wraps it may drop a stream that nobody else could poll to its end
    made = _dialed(target, credentials, merged(options, settings.channel_options))
    return intercepted(made, settings.interceptors)


def _dialed(
    target: str, credentials: grpc.ChannelCredentials | None, options: tuple[tuple[str, Any], ...]
) -> grpc.Channel:
    if credentials is None:
        return grpc.insecure_channel(target, options)
    return grpc.secure_channel(target, credentials, options)


def intercepted(channel: grpc.Channel, interceptors: Sequence[object]) -> grpc.Channel:
    """Return a channel with the interceptors of its kind."""
    fitting = of_kind(interceptors, "grpc")
    return grpc.intercept_channel(channel, *fitting) if fitting else channel


def async_intercepted(
    channel: grpc.aio.Channel, interceptors: Sequence[object]
) -> grpc.aio.Channel:
    """Return a channel that is open already: grpc.aio adds interceptors only as it opens one.

    Raises:
        ArgumentError: There are interceptors.
    """
    if of_kind(interceptors, "grpc_asyncio"):
        raise errors.ArgumentError(
            "interceptors is given together with a channel of grpc.aio, which takes them when it is "
            "made; pass them to grpc.aio.secure_channel"
        )
    return channel


def merged(ours: Iterable[tuple[str, Any]], theirs: Iterable[tuple[str, Any]]) -> Any:
    """Return channel options, those of the user instead of ours of the same name."""
    return tuple({**dict(ours), **dict(theirs)}.items())


class _Key(grpc.AuthMetadataPlugin):  # type: ignore[misc]  # grpcio has no types
    """Gives grpc core an API key to send; core does so over encrypted connections only."""

    def __init__(self, key: str) -> None:
        self._key = key

    def __call__(self, context: object, callback: Callable[[Any, Any], object]) -> None:
        callback(((API_KEY, self._key),), None)


def with_key(made: Any, key: str) -> Any:
    """Return a callable of grpcio that sends an API key, if its channel is encrypted."""
    credentials = grpc.metadata_call_credentials(_Key(key), "api_key")
    start: Any = functools.partial(made, credentials=credentials)
    if hasattr(made, "with_call"):
        start.with_call = functools.partial(made.with_call, credentials=credentials)
    return start


def async_channel(
    settings: Settings, identity: tls.Identity | None, forked: bool
) -> grpc.aio.Channel:
    """Open a channel for the running event loop; it connects when it is first used.

    Raises:
        ClosedError: This process was forked while its parent had such a channel.
    """
    if _LEFT:
        raise errors.ClosedError(
            "grpc.aio does not survive a fork: the parent had an asynchronous client connected, or kept a "
            "stream of one that has not ended; use a synchronous client in the child, close before "
            "forking, or start children with spawn"
        )
    _keep_core()
    target, found = _options(settings, forked)
    options = merged(found, settings.channel_options)
    fitting = of_kind(settings.interceptors, "grpc_asyncio")
    if settings.endpoint.plaintext:
        made = grpc.aio.insecure_channel(target, options, interceptors=fitting)
    else:
        credentials = _credentials(settings, identity)
        made = grpc.aio.secure_channel(target, credentials, options, interceptors=fitting)
    _MADE[made] = asyncio.get_running_loop()
    return made


is_connected = direct.is_connected


def async_is_connected(channel: grpc.aio.Channel) -> bool | None:
    """Return whether a channel has a connection; None for a channel that does not say."""
    state = getattr(channel, "get_state", None)
    return None if state is None else state() is grpc.ChannelConnectivity.READY


def close(channel: grpc.Channel) -> None:
    """Close a channel."""
    channel.close()


async def async_close(channel: grpc.aio.Channel) -> None:
    """Close a channel."""
    await channel.close()


def _options(settings: Settings, forked: bool) -> tuple[str, tuple[tuple[str, Any], ...]]:
    """Return the address to dial and the channel options that follow from the settings."""
    target = settings.endpoint.target
    options: list[tuple[str, Any]] = [
        *OPTIONS,
        ("grpc.min_reconnect_backoff_ms", _CONNECT_TIMEOUT_MS),  # in spite of its name
        ("grpc.max_receive_message_length", settings.max_receive),
        ("grpc.enable_http_proxy", 0),  # which proxy to use has been decided
    ]
    if settings.proxy is not None:
        target, more = proxy.connect_options(settings.proxy, target)
        options += more
    if settings.keepalive is not None:
        milliseconds = int(settings.keepalive * 1000)
        options += [
            ("grpc.keepalive_time_ms", milliseconds),
            ("grpc.keepalive_timeout_ms", _PING_TIMEOUT_MS),
            (
                "grpc.http2.ping_timeout_ms",
                _PING_TIMEOUT_MS,
            ),  # without it a dead peer goes unnoticed
            ("grpc.keepalive_permit_without_calls", 1),
            ("grpc.http2.max_pings_without_data", 0),
        ]
    if forked:  # the parent's connections must not be found in the pool they share
        options.append(("grpc.use_local_subchannel_pool", 1))
    return target, tuple(options)


def _credentials(settings: Settings, identity: tls.Identity | None) -> grpc.ChannelCredentials:
    if settings.signer is not None:
        make = getattr(grpc.experimental, "ssl_channel_credentials_with_custom_signer", None)
        if make is None:
            raise errors.ArgumentError(
                f"client_cert_signer needs a newer grpcio than {grpc.__version__}"
            )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", grpc.experimental.ExperimentalApiWarning)
            return make(
                private_key_sign_fn=settings.signer.sign,
                certificate_chain=settings.signer.certificate_chain,
                root_certificates=settings.roots,
            )
    if identity is None:
        return grpc.ssl_channel_credentials(settings.roots)
    return grpc.ssl_channel_credentials(settings.roots, identity.key, identity.certificate)


owner: Callable[[], Any] = type(None)
"""Returns what a channel belongs to within this process: nobody, any thread may use it, so None."""
async_owner: Callable[[], Any] = asyncio.get_running_loop
"""Returns what a channel belongs to within this process: the running event loop."""

_PREPARED: weakref.WeakSet[Any] = (
    weakref.WeakSet()
)  # whom a fork concerns; the hooks can be set but once

_MADE: weakref.WeakKeyDictionary[grpc.aio.Channel, asyncio.AbstractEventLoop] = (
    weakref.WeakKeyDictionary()
)
"""The channels of grpc.aio that this process has: each lives as long as its calls, open or not."""
_LEFT: list[grpc.aio.Channel] = []
"""The channels of grpc.aio that the parents of this process had; they are never touched again."""


def prepare_for_forks(connection: Any) -> None:
    """Let a connection forget the event loops that are closed before this process forks.

    As long as there is a channel of grpc.aio, a thread of it is inside grpc core, which then cannot
    prepare itself for a fork: the child would hang or crash at its first call. In the child the
    connection is told, so that it leaves alone what the parent has opened.
    """
    _PREPARED.add(connection)


def _before_fork() -> None:
    for connection in list(_PREPARED):
        connection.forget_closed_loops()
    for made, loop in list(_MADE.items()):
        if loop.is_closed():  # calls that go on would crash the child; closing waits for nothing
            with contextlib.suppress(StopIteration, RuntimeError):  # of tasks nobody can wake
                made.close().send(None)


def _after_fork_in_child() -> None:
    _LEFT.extend(_MADE)
    for connection in list(_PREPARED):
        connection.forked()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork, after_in_child=_after_fork_in_child)


def call(function: Callable[[float | None], T], timeout: float | None) -> T:
    """Call a function that blocks."""
    return function(timeout)


async def async_call(function: Callable[[float | None], T], timeout: float | None) -> T:
    """Call a function that blocks, in a thread; it is left alone when the time is over."""
    try:
        async with asyncio.timeout(timeout) as scope:
            return await asyncio.to_thread(function, timeout)
    except TimeoutError as cause:
        if not scope.expired():
            raise
        late = f"fetching a token took longer than {timeout:g} s"
        raise errors.make(grpc.StatusCode.DEADLINE_EXCEEDED, late) from cause


def watched(
    start: Any, data: bytes, timeout: float | None, pairs: tuple[Any, ...], watch: Watch
) -> Any:
    """Make a call with one answer and tell `watch` about it; return the answer."""
    pairs = watch.attempt_started(pairs)
    with_call = getattr(start, "with_call", None)
    if with_call is None:  # a channel that is not grpcio's
        return start(data, timeout=timeout, metadata=pairs)
    answer, call = with_call(data, timeout=timeout, metadata=pairs)
    watch.answered(*metadata(call))
    return answer


async def async_watched(
    start: Any, data: bytes, timeout: float | None, pairs: tuple[Any, ...], watch: Watch
) -> Any:
    """Make a call with one answer and tell `watch` about it; return the answer."""
    waiting = start(data, timeout=timeout, metadata=watch.attempt_started(pairs))
    del start  # whoever keeps an error does not keep the channel
    call: Call = waiting.call
    try:
        answer = await waiting
    except BaseException:
        del call
        raise
    watch.answered(*await async_metadata(call))
    return answer


def metadata(call: Call) -> tuple[Any, Any]:
    """Return the initial and trailing metadata of a call that has ended; empty if it has none."""
    if not isinstance(call, grpc.Call):
        return (), ()
    return call.initial_metadata(), call.trailing_metadata()


async def async_metadata(call: Call) -> tuple[Any, Any]:
    """Return the initial and trailing metadata of a call that has ended; empty if it has none."""
    if not isinstance(call, grpc.aio.Call):
        return (), ()
    return await call.initial_metadata(), await call.trailing_metadata()


class Outgoing:
    """The requests of a bidirectional call; grpcio takes them from a thread of its own.

    A generator is closed with the call, by that thread: at once, or when it gives what it is busy with.
    """

    def __init__(self, requests: Iterable[object], encode: Callable[[object], bytes]) -> None:
        self._encoded: Iterator[bytes] | None = self._encode_all(requests, encode)
        self._started = threading.Event()
        self._call: Call = None
        self.error: BaseException | None = None
        """What went wrong in the user's iterator or in a message of it."""

    def send(self, call: Call, timeout: float | None, metadata: tuple[Any, ...]) -> Call:
        """Start the call and return it."""
        encoded, self._encoded = self._encoded, None  # grpcio alone keeps the requests
        self._call = call(encoded, timeout=timeout, metadata=metadata)
        self._started.set()
        return self._call

    def _encode_all(
        self, requests: Iterable[object], encode: Callable[[object], bytes]
    ) -> Iterator[bytes]:
        try:
            for request in requests:
                yield encode(request)
        except GeneratorExit:
            raise  # grpcio takes no more
        except BaseException as error:
            self.error = error
            self._started.wait()
            if not hasattr(self._call, "cancel"):
                raise  # what wraps the call cannot end it; grpcio does
            self._call.cancel()  # raising here would make grpcio log it and say less
        finally:
            if isinstance(requests, Generator):
                requests.close()


class AsyncOutgoing:
    """The requests of a bidirectional call; a task of ours writes them one after the other.

    A generator is closed with the call.
    """

    def __init__(
        self,
        requests: Iterable[object] | AsyncIterable[object],
        encode: Callable[[object], bytes],
    ) -> None:
        self._requests: Iterable[object] | AsyncIterable[object] | None = requests
        self._encode = encode
        self._task: asyncio.Task[None] | None = None
        self._writing = True
        self.error: BaseException | None = None
        """What went wrong in the user's iterator or in a message of it."""

    def send(self, call: Call, timeout: float | None, metadata: tuple[Any, ...]) -> Call:
        """Start the call and the writing; return the call."""
        running = call(timeout=timeout, metadata=metadata)
        requests, self._requests = self._requests, None  # the task alone keeps them
        assert requests is not None
        self._task = asyncio.create_task(self._run(running, requests))
        running.add_done_callback(self._stop)
        return running

    def _stop(self, _: object) -> None:
        """Stop writing, for the call has ended; a generator is not disturbed while it is closed."""
        if self._writing and self._task is not None:
            self._task.cancel()

    async def _run(self, call: Call, requests: Iterable[object] | AsyncIterable[object]) -> None:
        await self._write(call, requests)
        self._writing = False
        if isinstance(requests, AsyncGenerator):
            await requests.aclose()
        elif isinstance(requests, Generator):
            requests.close()

    async def _write(self, call: Call, requests: Iterable[object] | AsyncIterable[object]) -> None:
        try:
            if isinstance(requests, AsyncIterable):
                async for request in requests:
                    if not await _sent(call.write(self._encode(request))):
                        return
            else:
                for request in requests:
                    if not await _sent(call.write(self._encode(request))):
                        return
            await _sent(call.done_writing())
        except GeneratorExit:
            raise  # the event loop is gone
        except BaseException as cause:
            cancelled = isinstance(cause, asyncio.CancelledError)
            self.error = async_error_of(cause) if cancelled else cause
            end_call(call)
            del call  # whoever keeps the error does not keep the call


async def _sent(writing: Awaitable[None]) -> bool:
    """Tell whether grpcio has taken something; if not, the call has ended, and why is the reader's."""
    try:
        await writing
    except (grpc.RpcError, asyncio.InvalidStateError, asyncio.CancelledError):
        return False
    return True
