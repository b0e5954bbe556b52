"""A shorter way through grpcio for blocking calls with one answer.

For each call grpcio keeps a record of what is due, with a condition and the times of it, which futures
and interceptors need and a caller that waits does not: one batch of core's operations is enough for that,
and takes an eighth off the cost of a call (DESIGN.md). The parts of grpcio it is made of are not public,
so this way is taken only where they are seen to work; elsewhere, and for every failure, grpcio goes on.
"""

from __future__ import annotations

import asyncio
import functools
import time
import weakref
from collections.abc import Callable
from types import FunctionType, SimpleNamespace
from typing import Any, Never

import grpc

from gemini_grpc import errors

_NOBODY = "ipv4:127.0.0.1:1"
_EXCHANGE, _SURPLUS, _STATUS = range(3)
"""The tags of the batches of a call."""
_MORE_THAN_ONE = "the server sent more than one answer"
_CLOSED = "the channel was closed while the call was being started"
_PATIENCE = 0.5
"""Seconds after which a call of grpc.aio is looked at first."""
_LOOKING: set[asyncio.Task[None]] = set()


def shortened(made: Any) -> Any:
    """Return a shorter callable for one of grpcio's; itself where there is none.

    What interceptors, instrumentation and tests have put in its place or into it is left as it is.
    """
    return _shorter(made) if _known() and _is_plain(made) else made


@functools.cache
def _known() -> bool:
    """Tell whether this grpcio has the parts we use: a call that is late before it is sent shows it."""
    try:
        from grpc import _channel

        options = (("grpc.use_local_subchannel_pool", 1),)
        with _channel.Channel(_NOBODY, options, None, None) as channel:
            made = channel.unary_unary("/")
            _is_plain(made)
            _shorter(made)(b"", -1.0, ())
    except Exception as error:  # whatever it is that another grpcio does not have
        code: Any = getattr(error, "code", None)
        return isinstance(error, grpc.RpcError) and code() is grpc.StatusCode.DEADLINE_EXCEEDED
    return False


def _is_plain(made: Any) -> bool:
    """Tell whether a callable is grpcio's own, and nobody watches its calls."""
    from grpc import _channel, _observability

    call = _channel._UnaryUnaryMultiCallable.__call__
    own = type(call) is FunctionType and call.__globals__ is vars(_channel)
    with _observability.get_plugin() as plugin:
        return own and plugin is None and type(made) is _channel._UnaryUnaryMultiCallable


def _shorter(made: Any) -> Callable[[bytes, float | None, tuple[Any, ...]], bytes | None]:
    from grpc import _channel
    from grpc._cython import cygrpc

    start, method, handle = (
        made._channel.segregated_call,
        made._method,
        made._registered_call_handle,
    )
    context, flags = made._context, _channel._InitialMetadataFlags().with_wait_for_ready(None)
    propagate = cygrpc.PropagationConstants.GRPC_PROPAGATE_DEFAULTS

    def shorter(request: bytes, timeout: float | None, metadata: tuple[Any, ...]) -> bytes | None:
        until = None if timeout is None else time.time() + timeout
        initial = cygrpc.ReceiveInitialMetadataOperation(0)
        message = cygrpc.ReceiveMessageOperation(0)
        surplus = cygrpc.ReceiveMessageOperation(0)
        status = cygrpc.ReceiveStatusOnClientOperation(0)
        # If core refuses a message before the status is requested, the status may be CANCELLED instead
        # of the reason. So the status is requested first.
        sent = (
            cygrpc.SendInitialMetadataOperation(metadata, flags),
            cygrpc.SendMessageOperation(request, 0),
            cygrpc.SendCloseFromClientOperation(0),
            status,
        )
        batches = ((sent, _STATUS), ((initial, message), _EXCHANGE))
        call = start(propagate, method, None, until, metadata, None, batches, context, handle)
        first = call.next_event()
        if first.tag == _EXCHANGE:
            # core gives the status only when there is no message left to take
            call.operate((surplus,), _SURPLUS)
            if call.next_event().tag == _SURPLUS and surplus.message() is not None:
                call.cancel(cygrpc.StatusCode.internal, _MORE_THAN_ONE)
        last = call.next_event()
        if surplus.message() is not None:
            raise errors.make(grpc.StatusCode.INTERNAL, _MORE_THAN_ONE)
        if status.code():
            _fail(made, initial, status)
        if message.message() is None and not (first if first.tag == _EXCHANGE else last).success:
            # core gives the status OK to a call whose channel is closed while it is being started
            raise errors.make(grpc.StatusCode.CANCELLED, _CLOSED)
        return message.message()  # type: ignore[no-any-return]

    shorter.with_call = made.with_call  # type: ignore[attr-defined]  # for those who want metadata
    return shorter


def is_connected(channel: Any) -> bool | None:
    """Return whether a channel has a connection; None where that cannot be seen.

    grpcio tells it only by a callback from a thread of its own.
    """
    try:
        while not hasattr(channel, "check_connectivity_state"):
            channel = channel._channel
        return bool(channel.check_connectivity_state(False) == _READY)
    except (AttributeError, ValueError):  # another grpcio or kind of channel, or a closed one
        return None


def target_of(channel: Any) -> str:
    """Return what a channel of grpcio dials; empty where that cannot be seen."""
    try:
        while not hasattr(channel, "check_connectivity_state"):
            channel = channel._channel
        target = channel.target
        return bytes(target() if callable(target) else target).decode("ascii", "replace")
    except (
        AttributeError,
        TypeError,
        ValueError,
    ):  # another grpcio or kind of channel, or a closed one
        return ""


_READY: int = grpc.ChannelConnectivity.READY.value[0]


def _fail(made: Any, *operations: Any) -> Never:
    """Raise what grpcio raises for a call that ended with these operations."""
    from grpc import _channel

    state = _channel._RPCState(_channel._UNARY_UNARY_INITIAL_DUE, None, None, None, None)
    state.rpc_start_time = time.perf_counter()
    state.method, state.target = made._method.decode(), made._target.decode()
    _channel._handle_event(SimpleNamespace(batch_operations=operations), state, None)
    raise _channel._InactiveRpcError(state)


def expect_one(call: Any) -> None:
    """Let a call of grpc.aio that takes long fail if the server sends more than one answer.

    grpc.aio takes one answer and waits for a status, which core gives only when there is no message
    left to take. So after a while the next message is asked for; nothing comes of it while the first is
    due. This needs the parts of grpc.aio it is made of, and core's retries to be off.
    """
    loop = asyncio.get_running_loop()
    loop.call_later(_PATIENCE, _look_for_another, weakref.ref(call), _PATIENCE)


def _look_for_another(seen: weakref.ref[Any], waited: float) -> None:
    call = seen()
    if call is None or call.done() or not hasattr(call, "_invocation_task"):
        return
    loop = asyncio.get_running_loop()
    loop.call_later(waited, _look_for_another, seen, 2 * waited)
    looking = loop.create_task(_take_another(call))
    _LOOKING.add(looking)
    looking.add_done_callback(_LOOKING.discard)


async def _take_another(call: Any) -> None:
    inner = call._cython_call
    another = await inner.receive_serialized_message()
    if isinstance(another, bytes) and not call.done():
        inner.set_internal_error(_MORE_THAN_ONE)
        call._invocation_task.cancel()  # it finds the error that is set


def poll_to_end(call: Any) -> None:
    """Poll a stream of grpcio that its reader polls, until nothing of it is due any more.

    grpcio polls such a stream only to read it. One that ended otherwise would stay in the channel, with
    its memory and its connection, even when the channel is closed. The end of a call that has failed or
    was cancelled is made on this machine, so this waits for nobody.
    """
    state = getattr(call, "_state", None)
    consume = getattr(call, "_consume_next_event", None)
    if state is not None and consume is not None:
        while state.due:
            consume()


@functools.cache
def polls_to_end() -> bool:
    """Return whether this grpcio has what `poll_to_end` uses."""
    from grpc import _channel

    kind = getattr(_channel, "_SingleThreadedRendezvous", None)
    return hasattr(kind, "_consume_next_event") and "due" in vars(
        _channel._RPCState((), None, None, None, None)
    )


def is_own(channel: Any) -> bool:
    """Return whether a channel is grpcio's own, and not one that something wraps."""
    from grpc import _channel

    return type(channel) is _channel.Channel
