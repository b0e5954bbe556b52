"""Decide what happens when a connection ends: nothing, an error, or another connection, and when.

Without clock and randomness of its own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import grpc

from gemini_grpc.rpc.attempts import hinted_pause, quota_returns, unread
from gemini_grpc.rpc.policy import RetryPolicy

if TYPE_CHECKING:
    from gemini_grpc.errors import RpcError
    from gemini_grpc.live.config import Resume

Code = grpc.StatusCode

PASSING = frozenset(
    {
        Code.UNAVAILABLE,
        Code.ABORTED,
        Code.DEADLINE_EXCEEDED,
        Code.INTERNAL,
        Code.CANCELLED,
        Code.UNKNOWN,
    }
)
"""The statuses after which another connection may work. DEADLINE_EXCEEDED and ABORTED are how the service
ends connections that have lived too long."""

REFUSED_HANDLE = frozenset({Code.INVALID_ARGUMENT, Code.NOT_FOUND})
"""What a setup with a handle ends with when the handle is not accepted, and never will be."""

BUSY_HANDLE = Code.FAILED_PRECONDITION
"""What it ends with while the server believes that the connection before is still open."""
BUSY_COUNT = 5
"""How many of those in a row it takes to give the handle up."""

MAXIMUM_HINT = RetryPolicy().maximum_hint
"""Seconds. If the server asks for a longer wait, the session fails at once."""

STABLE_SECONDS = 5.0
"""A connection that ends before has failed; if it was resumed, its handle may be to blame."""
POISON_COUNT = 2
"""How many of those in a row it takes to give the handle up."""


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do next."""

    action: Literal["end", "fail", "dial", "dial at once"]
    """At once: nobody is told, because the server has not even seen the setup."""
    pause: float = 0.0
    """Seconds to wait before dialing."""
    forget_handle: bool = False
    """The handle does not work: begin a new conversation instead of resuming."""
    exhausted: bool = False
    """The limits of `Resume` are reached."""


class Supervisor:
    """Watches the connections of one session come and go."""

    def __init__(self, resume: Resume | None, *, chance: Callable[[], float]) -> None:
        self._resume = resume
        self._chance = chance
        self._ever_opened = False
        self._opened: float | None = None
        self._resumed = False
        self._useful = False  # the connection that is open has brought a turn
        self._lost: float | None = None  # when the last useful connection ended
        self._failures = 0  # connections since then
        self._short = 0  # connections in a row that did not last
        self._poisonings = 0
        self._busy = 0
        self._unread = False  # a setup was turned away unread since a connection was opened

    def opened(self, now: float, *, resumed: bool) -> None:
        """Note that a connection is set up."""
        self._ever_opened = True
        self._opened = now
        self._resumed = resumed
        self._useful = False
        self._busy = 0
        self._unread = False

    def worked(self) -> None:
        """Note that the model has completed a turn: connection and handle are good."""
        self._poisonings = 0
        self._useful = True

    def may_swap(self, *, has_handle: bool) -> bool:
        """Tell whether a connection that is going away may be replaced before it ends."""
        resume = self._resume
        return resume is not None and (has_handle or resume.fresh_without_handle)

    def swapped(self, now: float) -> Decision:
        """Decide after a connection was ended by us, because the server was going away."""
        assert self._resume is not None
        self._note_end(now)
        return self._try_again(now, self._resume, forget=False)

    def ended(
        self,
        now: float,
        error: RpcError | None,
        *,
        has_handle: bool,
        in_setup: bool,
        silent: bool = False,
    ) -> Decision:
        """Decide after the end of a connection.

        Args:
            now: The time in seconds.
            error: What the connection ended with; None if the server ended it and owed nothing.
            has_handle: There is a handle to resume from.
            in_setup: The server had not accepted the setup.
            silent: The server did not answer the setup in time.
        """
        if error is None:
            return Decision("end")
        if in_setup and not self._unread and unread(error):
            self._unread = True  # grpc had not noticed yet that the server was going away
            return Decision("dial at once")
        resume = self._resume
        first = not (self._ever_opened or (resume is not None and resume.handle))
        if resume is None or (first and not self._may_retry_first(resume, error, silent=silent)):
            return Decision("fail")
        soon = self._note_end(now)
        forget = has_handle and (
            self._is_refused(error) if in_setup else self._is_poisoned(soon=soon)
        )
        if forget and resume.on_poisoned == "fail":
            return Decision("fail", forget_handle=True)
        busy = in_setup and has_handle and error.code is BUSY_HANDLE
        passing = error.code in PASSING or forget or busy or quota_returns(error)
        begins_anew = not (has_handle or first)
        if not passing or (begins_anew and not resume.fresh_without_handle):
            return Decision("fail", forget_handle=forget)
        return self._try_again(now, resume, forget=forget, hint=error.retry_after)

    @staticmethod
    def _may_retry_first(resume: Resume, error: RpcError, *, silent: bool) -> bool:
        """Return whether a first connection that failed is followed by another."""
        return resume.retry_first and error.code is Code.UNAVAILABLE and not silent

    def _note_end(self, now: float) -> bool:
        """Note the end of a connection and return whether it was open for a short time only."""
        opened, self._opened = self._opened, None
        soon = opened is not None and now - opened < STABLE_SECONDS
        if opened is not None:
            self._short = self._short + 1 if soon else 0
            if self._useful or not soon:
                self._lost, self._failures = None, 0
        if self._lost is None:
            self._lost = now
        return soon

    def _is_refused(self, error: RpcError) -> bool:
        """Tell whether the setup failed because of its handle."""
        self._busy = self._busy + 1 if error.code is BUSY_HANDLE else 0
        return error.code in REFUSED_HANDLE or self._busy >= BUSY_COUNT

    def _is_poisoned(self, *, soon: bool) -> bool:
        """Tell whether connections that were resumed end too soon, time after time."""
        self._poisonings = self._poisonings + 1 if self._resumed and soon else 0
        if self._poisonings < POISON_COUNT:
            return False
        self._poisonings = 0
        return True

    def _try_again(
        self, now: float, resume: Resume, *, forget: bool, hint: float | None = None
    ) -> Decision:
        """Decide on another connection; a wait that the server asks for takes the place of the pause."""
        assert self._lost is not None
        self._failures += 1
        pause = self._pause(resume) if hint is None else hinted_pause(hint, self._chance())
        again = now if hint is None else now + pause
        refused = hint is not None and not 0 <= hint <= MAXIMUM_HINT
        if refused or self._failures > resume.attempts or again - self._lost >= resume.budget:
            return Decision("fail", forget_handle=forget, exhausted=True)
        return Decision("dial", pause, forget)

    def _pause(self, resume: Resume) -> float:
        """Return the seconds before the next attempt: none before the first, then more each time.

        Connections that brought a turn and then ended soon cause pauses as well.
        """
        before = max(self._failures, self._short) - 2
        if before < 0:
            return 0.0
        full = min(resume.maximum, resume.initial * 2.0 ** min(before, 30))
        return full * (1 - 0.5 * self._chance())


WISH_SECONDS = 60.0
"""How long before the end of a connection a quiet moment is used to replace it; some servers tell much
earlier that it will end."""


def wish_after(time_left: float) -> float:
    """Return after how many seconds a connection that is going away is replaced at a quiet moment."""
    return max(0.0, time_left - WISH_SECONDS)


def swap_after(time_left: float, *, busy: bool) -> float:
    """Return after how many seconds a connection that is going away is replaced, quiet or not.

    While the model is busy that is at least a second: what the server has sent already is still to be read,
    and is lost if the client ends the call. A server that has no time left ends it itself.
    """
    margin = max(1.0, min(time_left, WISH_SECONDS) / 3)
    return max(1.0 if busy else 0.0, time_left - margin)
