"""Observers: what a client tells about its calls and sessions while they run.

This is the one seam for logs, metrics and traces. An observer is called in the thread or event loop of the
call, in the order of events. While there is no observer, no recording and no DEBUG log, a call costs one
check more. What an observer raises is logged once and does not reach the call.
"""

from __future__ import annotations

import contextlib
import contextvars
import logging
import re
import time
import weakref
from collections.abc import Callable, Iterator, Sequence
from typing import TYPE_CHECKING, Any

import grpc

from gemini_grpc import errors
from gemini_grpc.rpc.attempts import never_sent
from gemini_grpc.rpc.metadata import CREDENTIALS, check_metadata

if TYPE_CHECKING:
    from google.protobuf.message import Message

    from gemini_grpc.rpc.metadata import Metadata

LOG = logging.getLogger("gemini_grpc")
"""Gets a DEBUG line for each attempt and an INFO line for each retry; neither has a secret or a prompt."""

Pairs = tuple[tuple[str, str | bytes], ...]


class AttemptInfo:
    """One attempt of a call."""

    def __init__(self, number: int, metadata: Pairs) -> None:
        self.number = number
        """The number of the attempt, from 1."""
        self.metadata = metadata
        """The metadata that are sent, without credentials."""
        self.started = time.monotonic()
        """When it started, in seconds of `time.monotonic`."""
        self.seconds: float | None = None
        """How long it took; None while it runs."""
        self.code: grpc.StatusCode | None = None
        """The code it ended with; None while it runs."""
        self.error: BaseException | None = None
        """What it failed with; None while it runs or if it succeeded."""
        self.initial_metadata: Pairs = ()
        """The metadata the server sent before its first message."""
        self.trailing_metadata: Pairs = ()
        """The metadata the server sent at the end."""

    def add_metadata(self, key: str, value: str | bytes) -> None:
        """Send more metadata with this attempt; only `Observer.attempt_started` can add any.

        Raises:
            ArgumentError: The pair cannot be sent, or is a credential.
        """
        check_metadata([(key, value)])
        self.metadata = (*self.metadata, (key, value))


class CallInfo:
    """One call with all its attempts. Its fields are filled in as it runs."""

    def __init__(
        self, method: str, endpoint: str, request: Message | None, timeout: float | None
    ) -> None:
        self.method = method
        """The full name of the method, as `/package.Service/Method`."""
        self.endpoint = endpoint
        """The `host:port` that is called."""
        self.request = request
        """The request, a protobuf message that must not be changed; None for a stream of requests."""
        self.timeout = timeout
        """Seconds for all attempts and pauses; None for no limit."""
        self.attempts: list[AttemptInfo] = []
        """The attempts, the current or last one at the end; empty if nothing was sent."""
        self.messages = 0
        """How many messages of the server have arrived."""
        self.response: Any = None
        """The response, or the last message of a stream that was read; None before."""
        self.started = time.monotonic()
        """When it started, in seconds of `time.monotonic`."""
        self.seconds: float | None = None
        """How long it took, with all attempts and pauses; None while it runs."""
        self.error: BaseException | None = None
        """What it failed with; None while it runs or if it succeeded."""

    @property
    def name(self) -> str:
        """The bare name of the method, such as `GenerateContent`."""
        return self.method.rpartition("/")[2]

    @property
    def initial_metadata(self) -> Pairs:
        """The metadata the server sent before its first message, in the last attempt."""
        return self.attempts[-1].initial_metadata if self.attempts else ()

    @property
    def trailing_metadata(self) -> Pairs:
        """The metadata the server sent at the end of the last attempt."""
        return self.attempts[-1].trailing_metadata if self.attempts else ()

    @property
    def usage_metadata(self) -> Any:
        """The token counts of the response, as the message of its API; None if it has none."""
        message = getattr(self.response, "_pb", self.response)
        known = getattr(getattr(message, "DESCRIPTOR", None), "fields_by_name", ())
        if "usage_metadata" not in known or not message.HasField("usage_metadata"):
            return None
        return self.response.usage_metadata

    def __repr__(self) -> str:
        return f"<CallInfo {self.name} to {self.endpoint}, {len(self.attempts)} attempts>"


class SessionInfo:
    """One live session over all its connections. Each connection is a call of its own, too."""

    def __init__(self, model: str, endpoint: str) -> None:
        self.model = model
        """The model, as `models/{model}`."""
        self.endpoint = endpoint
        """The `host:port` that is called."""
        self.connections = 0
        """How many connections were set up."""


class Observer:
    """Sees the calls and sessions of a client. Subclass it and define the methods you need.

    Methods are plain functions for synchronous and asynchronous clients alike; they must not block.
    Pass observers as `observers=` to a client or `configure`, or in `client_options`.

        class Latency(Observer):
            def call_ended(self, call):
                print(call.name, call.seconds, call.error)

        client = gemini_grpc.Client(observers=[Latency()])
    """

    def call_started(self, call: CallInfo) -> None:
        """A call begins."""

    def attempt_started(self, call: CallInfo, attempt: AttemptInfo) -> None:
        """An attempt is about to be sent; `attempt.add_metadata` adds to it, such as a trace context."""

    def first_message(self, call: CallInfo, attempt: AttemptInfo) -> None:
        """The first message of a stream has arrived."""

    def attempt_ended(self, call: CallInfo, attempt: AttemptInfo) -> None:
        """An attempt has ended, well or not."""

    def retrying(self, call: CallInfo, error: errors.RpcError, wait: float) -> None:
        """Another attempt follows after `wait` seconds; `error` is why."""

    def call_ended(self, call: CallInfo) -> None:
        """A call has ended, well or not: `call.error`, `call.response`, `call.usage_metadata`."""

    def connection_opened(self, session: SessionInfo, resumed: bool) -> None:
        """A connection of a live session is set up; `resumed` if it continues the conversation."""

    def reconnecting(
        self, session: SessionInfo, error: errors.GeminiError | None, wait: float
    ) -> None:
        """A live session connects again after `wait` seconds; no error if the server was going away."""

    def turn_ended(self, session: SessionInfo, usage: Any) -> None:
        """The model has ended a turn; `usage` has its tokens as `gemini_grpc.live.events.Usage`."""

    def session_ended(self, session: SessionInfo, error: errors.GeminiError | None) -> None:
        """A live session is over."""


OnRetry = Callable[[errors.RpcError, float], object]
"""Is called before each retry, with the error and the seconds until the next attempt."""


class _RetryCallback(Observer):
    def __init__(self, function: OnRetry) -> None:
        self._function = function

    def retrying(self, call: CallInfo, error: errors.RpcError, wait: float) -> None:
        self._function(error, wait)


def checked(observers: object, on_retry: object) -> tuple[Observer, ...]:
    """Return the observers of a client: those given, and one that calls `on_retry`.

    Raises:
        ArgumentError: There is something that is no observer, or `on_retry` cannot be called.
    """
    if isinstance(observers, (str, bytes)) or not isinstance(observers, Sequence):
        raise errors.ArgumentError(
            f"observers is {type(observers).__name__}; expected a list of Observers"
        )
    for each in observers:
        if not isinstance(each, Observer):
            kind = f"the class {each.__name__}" if isinstance(each, type) else type(each).__name__
            raise errors.ArgumentError(
                f"observers has {kind}; expected objects of a subclass of gemini_grpc.Observer"
            )
    if on_retry is None:
        return tuple(observers)
    if not callable(on_retry):
        raise errors.ArgumentError(
            f"on_retry is {type(on_retry).__name__}; expected a function of the error and the seconds"
        )
    return (*observers, _RetryCallback(on_retry))


class _Recorder(Observer):
    def __init__(self) -> None:
        self.calls: list[CallInfo] = []

    def call_started(self, call: CallInfo) -> None:
        self.calls.append(call)


_RECORDERS: list[_Recorder] = []
"""Those that are open, in any context."""
_HERE: contextvars.ContextVar[tuple[_Recorder, ...]] = contextvars.ContextVar(
    "gemini_grpc_recorders", default=()
)


@contextlib.contextmanager
def record_calls() -> Iterator[list[CallInfo]]:
    """Collect the calls that are made in a `with` block, with their attempts and metadata.

    It has the calls of this thread or task, and of tasks that are started from it, by any client.

        with gemini_grpc.record_calls() as calls:
            model.generate_content("Hi")
        print(calls[-1].initial_metadata)
    """
    recorder = _Recorder()
    _RECORDERS.append(recorder)
    token = _HERE.set((*_HERE.get(), recorder))
    try:
        yield recorder.calls
    finally:
        _HERE.reset(token)
        _RECORDERS.remove(recorder)


def watch(
    observers: tuple[Observer, ...],
    method: str,
    endpoint: str,
    request: Message | None,
    timeout: float | None,
) -> Watch | None:
    """Return what tells observers about a call that begins; None if nobody listens."""
    if _RECORDERS:
        observers = (*observers, *_HERE.get())
    if not observers and not LOG.isEnabledFor(logging.DEBUG):
        return None
    return Watch(observers, CallInfo(method, endpoint, request, timeout))


class Watch:
    """Tells the observers of one call what happens to it. The end is told once."""

    def __init__(self, observers: tuple[Observer, ...], call: CallInfo) -> None:
        self._observers = observers
        self.call = call
        tell(observers, "call_started", call)

    def attempt_started(self, pairs: Pairs) -> Pairs:
        """Note an attempt with its metadata; return them with those that observers add."""
        call = self.call
        shown = tuple(pair for pair in pairs if pair[0] not in CREDENTIALS)
        attempt = AttemptInfo(len(call.attempts) + 1, shown)
        call.attempts.append(attempt)
        tell(self._observers, "attempt_started", call, attempt)
        return (*pairs, *attempt.metadata[len(shown) :])

    def message_arrived(self) -> None:
        """Note a message of a stream."""
        self.call.messages += 1
        if self.call.messages == 1:
            tell(self._observers, "first_message", self.call, self.call.attempts[-1])

    def answered(self, initial: Metadata, trailing: Metadata) -> None:
        """Note the metadata of an attempt that ends well."""
        attempt = self.call.attempts[-1]
        attempt.initial_metadata, attempt.trailing_metadata = _pairs(initial), _pairs(trailing)

    def attempt_failed(self, error: BaseException, cause: BaseException | None) -> None:
        """Note the end of an attempt with an error; grpcio's own has the initial metadata."""
        attempt = self._running
        if attempt is None:
            return
        if isinstance(cause, grpc.RpcError):
            attempt.initial_metadata = _pairs(getattr(cause, "initial_metadata", tuple)())
        if isinstance(error, errors.RpcError):
            attempt.trailing_metadata = error.metadata
        self._end_attempt(getattr(error, "code", grpc.StatusCode.CANCELLED), error)

    def retrying(self, error: errors.RpcError, wait: float) -> None:
        """Note that another attempt follows."""
        tell(self._observers, "retrying", self.call, error, wait)

    def ended(self, response: Any = None) -> None:
        """Note the good end of the call."""
        if self._running is not None:
            self._end_attempt(grpc.StatusCode.OK, None)
        if response is not None:
            self.call.response, self.call.messages = response, 1
        self._end(None)

    def failed(self, error: BaseException, cause: BaseException | None = None) -> None:
        """Note the end of the call with an error, or because it was cancelled."""
        self.attempt_failed(error, cause or error.__cause__)
        self._end(error)

    @property
    def _running(self) -> AttemptInfo | None:
        attempts = self.call.attempts
        return attempts[-1] if attempts and attempts[-1].code is None else None

    def _end_attempt(self, code: grpc.StatusCode, error: BaseException | None) -> None:
        call = self.call
        attempt = call.attempts[-1]
        attempt.seconds = time.monotonic() - attempt.started
        attempt.code, attempt.error = code, error
        tell(self._observers, "attempt_ended", call, attempt)
        if LOG.isEnabledFor(logging.DEBUG):
            LOG.debug(
                "%s to %s: attempt %d ended with %s after %.0f ms",
                *(call.name, call.endpoint, attempt.number, code.name, attempt.seconds * 1000),
            )

    def _end(self, error: BaseException | None) -> None:
        call = self.call
        if call.seconds is None:
            call.seconds, call.error = time.monotonic() - call.started, error
            tell(self._observers, "call_ended", call)


def tell(observers: Sequence[Observer], event: str, *what: Any) -> None:
    """Call a method of each observer; what one raises is logged once, and the others go on."""
    for each in observers:
        try:
            getattr(each, event)(*what)
        except Exception:
            if _FAILED.get(id(each)) is not each:
                _FAILED[id(each)] = each
                LOG.exception(
                    "the observer %s failed in %s; more of its errors are not logged",
                    *(type(each).__qualname__, event),
                )


_FAILED: weakref.WeakValueDictionary[int, Observer] = weakref.WeakValueDictionary()
"""The observers that have raised an error, by id: observers need not be hashable."""


def log_retry(error: errors.RpcError, wait: float) -> None:
    """Log that another attempt follows, and why: the code and the reason, but no text of the server."""
    if not LOG.isEnabledFor(logging.INFO):
        return
    why = error.code.name
    if re.fullmatch(r"[A-Z][A-Z0-9_]+", error.reason):
        why = f"{why} ({error.reason})"
    if never_sent(error):
        why = f"{why}, nothing was sent"
    if error.retry_after is not None:
        why = f"{why}, the server asks to wait {error.retry_after:g} s"
    LOG.info(
        "%s to %s: attempt %d failed with %s; the next follows in %.2f s",
        *(error.method.rpartition("/")[2], error.endpoint, error.attempts, why, wait),
    )


def _pairs(metadata: Any) -> Pairs:
    """Return metadata of grpcio, whose elements are pairs of some kind, as plain pairs."""
    return tuple((key, value) for key, value in metadata or ())
