"""One connection of a session: what is known about it, its timers, and its end."""

from __future__ import annotations

import functools
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Literal, Protocol

if TYPE_CHECKING:
    from gemini_grpc.live.clock import Timer, TimeSource

Reason = Literal["", "setup_timeout", "idle", "swap", "malformed"]


class Cancellable(Protocol):
    """A call, as far as it matters here."""

    def cancel(self) -> None:
        """End it at once."""
        ...


class Connection:
    """One connection; the lock of the engine guards it."""

    def __init__(
        self, greeting: bytes, *, resumed: bool, lock: threading.RLock, clock: TimeSource
    ) -> None:
        self.greeting: bytes | None = greeting
        """The first message, until it is written."""
        self.resumed = resumed
        """It goes on with the conversation of a handle."""
        self.link: Cancellable | None = None
        """The call."""
        self.opened = False
        """The server has accepted the setup."""
        self.ended = False
        """The call has ended; what it brought may still be in its buffer."""
        self.blocked = False
        """We do not read, because the user does not take events."""
        self.going_away = False
        """The server has announced its end."""
        self.swap = False
        """It is to be replaced when that loses nothing."""
        self.reason: Reason = ""
        """Why we have ended it; empty if it was not us."""
        self._lock = lock
        self._clock = clock
        self._timers: dict[str, Timer] = {}

    @property
    def takes_messages(self) -> bool:
        """What is written can still arrive."""
        return not (self.ended or self.reason)

    def end(self, reason: Reason) -> None:
        """End it ourselves, unless it has ended."""
        with self._lock:
            if self.ended or self.link is None:
                return
            self.reason = self.reason or reason
            self.link.cancel()

    def end_after(self, seconds: float, reason: Reason) -> None:
        """End it when some time has passed."""
        self.set_timer(reason, seconds, functools.partial(self.end, reason))

    def set_timer(self, name: str, seconds: float, callback: Callable[[], object]) -> None:
        """Set the timer of a name, in place of one that is set; none outlives the connection."""
        if self.ended:
            return
        self.stop_timer(name)
        self._timers[name] = self._clock.call_at(self._clock.now() + seconds, callback)

    def stop_timer(self, name: str) -> None:
        """Stop the timer of a name, if it is set."""
        timer = self._timers.pop(name, None)
        if timer is not None:
            timer.cancel()

    def note_end(self) -> None:
        """Note that the call has ended."""
        with self._lock:
            self.ended = True
            for name in tuple(self._timers):
                self.stop_timer(name)
