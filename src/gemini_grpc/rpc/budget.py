"""What the calls of one client share about trying again: a budget, and the pauses the service asked for."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable


class Budget:
    """A bucket of tokens that stops storms of retries (gRFC A6).

    Every failure that would be retried takes a token, every success gives back a part of one, and when
    half of the bucket is spent nothing is retried: when most calls fail, more calls do not help.
    """

    MAXIMUM = 500.0
    RATIO = 0.5

    __slots__ = ("spent",)

    def __init__(self) -> None:
        self.spent = 0.0
        """The tokens that have been taken."""

    def succeed(self) -> None:
        """Note a call that succeeded; with nothing spent that changes nothing."""
        self.spent = max(0.0, self.spent - self.RATIO)

    def allow(self) -> bool:
        """Note a failure that would be retried, and tell whether it may be."""
        self.spent = min(self.MAXIMUM, self.spent + 1)
        return self.spent < self.MAXIMUM / 2


class CoolDown:
    """Until when the calls of one kind wait, because the service has refused one and said how long."""

    MAXIMUM = 600.0
    """Seconds; afterwards the service is asked again, however long it wants calls to wait."""

    __slots__ = ("_clock", "until")

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self.until: dict[Hashable, float] = {}
        """The kinds that may have to wait, and until when; nearly always none."""

    def start(self, key: Hashable, seconds: float) -> None:
        """Let calls of a kind wait, unless they wait longer already."""
        until = self._clock() + min(seconds, self.MAXIMUM)
        self.until[key] = max(until, self.until.get(key, until))

    def left(self, key: Hashable) -> float:
        """Return the seconds a call of a kind has to wait, 0 for none."""
        until = self.until.get(key)
        if until is None:
            return 0.0
        left = until - self._clock()
        if left <= 0:
            self.until.pop(key, None)
            return 0.0
        return left
