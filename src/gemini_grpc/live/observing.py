"""What observers are told about live sessions: their connections, turns and end."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from functools import partial
from typing import TYPE_CHECKING, Any

import grpc

from gemini_grpc.live import events
from gemini_grpc.rpc import failure, observer
from gemini_grpc.rpc.observer import Observer, SessionInfo, Watch

if TYPE_CHECKING:
    from gemini_grpc.errors import GeminiError
    from gemini_grpc.live.events import Event


class SessionWatch:
    """Tells the observers of one session what happens to it."""

    def __init__(self, observers: tuple[Observer, ...], session: SessionInfo) -> None:
        self._observers = observers
        self._session = session

    def happened(self, event: Event) -> None:
        """Note an event of the session."""
        session = self._session
        match event:
            case events.Opened(state_restored=resumed) | events.Reconnected(state_restored=resumed):
                session.connections += 1
                observer.tell(self._observers, "connection_opened", session, resumed)
            case events.TurnEnd(usage=usage):
                observer.tell(self._observers, "turn_ended", session, usage)

    def reconnecting(self, error: GeminiError | None, wait: float) -> None:
        """Note that another connection follows."""
        observer.tell(self._observers, "reconnecting", self._session, error, wait)

    def ended(self, error: GeminiError | None) -> None:
        """Note the end of the session."""
        observer.tell(self._observers, "session_ended", self._session, error)


def watch_session(
    observers: tuple[Observer, ...], model: str, endpoint: str
) -> SessionWatch | None:
    """Return what tells observers about a session; None if there are none."""
    if not observers:
        return None
    name = model if "/" in model else f"models/{model}"
    return SessionWatch(observers, SessionInfo(name, endpoint))


def watched(
    start: Callable[..., Any], observers: tuple[Observer, ...], method: str, endpoint: str
) -> Callable[..., Any]:
    """Return a callable of grpcio whose calls, the connections of sessions, observers see."""

    def watched_start(*requests: Any, metadata: tuple[Any, ...]) -> Any:
        watch = observer.watch(observers, method, endpoint, None, None)
        if watch is None:
            return start(*requests, metadata=metadata)
        call = start(*requests, metadata=watch.attempt_started(metadata))
        call.add_done_callback(partial(_connection_ended, watch))
        return call

    return watched_start


def _connection_ended(watch: Watch, call: Any) -> None:
    code, details = _now(call.code()), _now(call.details())
    trailing = _now(call.trailing_metadata())
    watch.answered(_now(call.initial_metadata()), trailing)
    if code is grpc.StatusCode.OK:
        watch.ended()
    else:
        watch.failed(failure.from_call(code or grpc.StatusCode.UNKNOWN, details, trailing))


def _now(value: Any) -> Any:
    """Return a value, or the result of a coroutine of a call that has ended."""
    if not asyncio.iscoroutine(value):
        return value
    try:
        value.send(None)
    except StopIteration as result:
        return result.value
    value.close()
    return None
