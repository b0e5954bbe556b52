"""Which error of a live session follows from the end of a connection."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from typing import TYPE_CHECKING

import grpc

from gemini_grpc import errors
from gemini_grpc.live import errors as live
from gemini_grpc.live.supervisor import PASSING
from gemini_grpc.rpc import policy
from gemini_grpc.rpc.attempts import never_sent
from gemini_grpc.rpc.failure import exceeds_limit

if TYPE_CHECKING:
    from gemini_grpc.live.outgoing import Outgoing

_TIMEOUTS = {
    "setup_timeout": "there was no setup_complete within {0:g} s; the server is silent, or it has too many "
    "streams open already",
    "idle": "nothing came from the server for {1:g} s",
}


def timed_out(reason: str, setup: float, idle: float | None) -> errors.RpcError:
    """Return the error of a connection that we have ended because it was silent."""
    code = grpc.StatusCode.UNAVAILABLE
    return errors.make(code, _TIMEOUTS[reason].format(setup, idle or 0.0))


def cut_short() -> errors.RpcError:
    """Return the error of a connection that the server ended with OK while it owed something."""
    text = "the server ended the stream with OK before the setup or a turn was complete, or after go_away"
    return errors.make(grpc.StatusCode.UNKNOWN, text)


def time_limit(timeout: float | None, now: float) -> float | None:
    """Return when the time is over that a caller gives; None for never.

    Raises:
        ArgumentError: It is not a finite number of more than 0.
    """
    seconds = policy.seconds(timeout)
    return None if seconds is None or isinstance(seconds, policy.Default) else now + seconds


def overdue() -> errors.RpcError:
    """Return the error of a question whose answer has not come in the time its asker gave it."""
    return errors.make(grpc.StatusCode.DEADLINE_EXCEEDED, "there was no answer in time")


def ended(
    error: live.LiveError | None, text: str = "the session is closed"
) -> live.LiveError | live.SessionClosed:
    """Return the error for who uses a session that has ended, with an error or with none.

    Each has one of his own, because raising an error adds to its traceback.
    """
    if error is None:
        return live.SessionClosed(text)
    own = copy.copy(error)
    own.__cause__ = error.__cause__
    return own


def of(
    error: errors.RpcError,
    *,
    reason: str,
    opened: bool,
    opened_once: bool,
    age: float,
    handle: str,
    unsent: Sequence[Outgoing],
    exhausted: bool = False,
) -> live.LiveError:
    """Return the error of a session whose connection has ended with a status.

    It is a `ResumeFailed` if the limits of `Resume` are `exhausted`.
    """
    phase = "open" if opened else "dial" if never_sent(error) else "setup"
    resumed = opened_once and (exhausted or phase != "open")
    kind = _kind(error, reason, phase, resumed=resumed)
    failed = kind(
        errors.with_advice(error.message or error.code.name, error.advice),
        cause=error,
        phase=phase,
        age=age,
        handle=handle,
        unsent=unsent,
        retryable=error.code in PASSING,
    )
    failed.__cause__ = error
    return failed


def _kind(
    error: errors.RpcError, reason: str, phase: str, *, resumed: bool
) -> type[live.LiveError]:
    if error.code is grpc.StatusCode.RESOURCE_EXHAUSTED:
        return live.MessageTooLarge if exceeds_limit(error) else live.QuotaExceeded
    if resumed:
        return live.ResumeFailed
    if phase != "setup":
        return live.ConnectionLost
    return live.SetupTimeout if reason == "setup_timeout" else live.SetupRejected


def overflow(age: float, handle: str, unsent: Sequence[Outgoing]) -> live.LiveError:
    """Return the error of a session whose events nobody takes."""
    text = "the events of the session are not taken quickly enough; see Inbox"
    return live.LiveError(text, phase="open", age=age, handle=handle, unsent=unsent)


def internal(error: Exception, age: float) -> live.LiveError:
    """Return the error of a session that failed because of a fault of ours."""
    failed = live.LiveError(f"the session failed: {error!r}", age=age)
    failed.__cause__ = error
    return failed
