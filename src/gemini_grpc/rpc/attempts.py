"""The attempts of one call: decides whether there is another one and how long to wait for it.

No clock and no randomness of its own, so that tables and properties can test it.
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import grpc

if TYPE_CHECKING:
    from collections.abc import Callable

    from gemini_grpc.errors import RpcError
    from gemini_grpc.rpc.policy import RetryPolicy

_NEVER_SENT = ("failed to connect to all addresses", "DNS resolution failed")
"""How grpcio's own errors begin when no connection was made, so that nothing was sent."""


class Attempts:
    """Counts the attempts of one call against its policy and its deadline."""

    __slots__ = ("_chance", "_clock", "_deadline", "_policy", "_repeatable", "number")

    def __init__(
        self,
        policy: RetryPolicy | None,
        timeout: float | None,
        *,
        repeatable: bool,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Fix the deadline now; all attempts and pauses share it."""
        self._policy = policy
        self._deadline = None if timeout is None else clock() + timeout
        self._repeatable = repeatable
        self._clock = clock
        self._chance = chance
        self.number = 1
        """The attempt that is being made, from 1."""

    def remaining(self) -> float | None:
        """Return the seconds that are left, at least 0; None without a deadline."""
        if self._deadline is None:
            return None
        return max(0.0, self._deadline - self._clock())

    def next_pause(self, error: RpcError) -> float | None:
        """Return the seconds to wait before another attempt; None if there is none.

        A pause that would outlast the deadline is not worth waiting for: the error is final at once.
        """
        policy = self._policy
        if policy is None or self.number >= policy.attempts or not self._allows(policy, error):
            return None
        pause = policy.pause(self.number, self._chance())
        left = self.remaining()
        if left is not None and pause >= left:
            return None
        self.number += 1
        return pause

    def _allows(self, policy: RetryPolicy, error: RpcError) -> bool:
        if error.code not in policy.codes:
            return False
        return self._repeatable or never_sent(error)


def never_sent(error: RpcError) -> bool:
    """Tell whether the request cannot have reached the server."""
    return error.code is grpc.StatusCode.UNAVAILABLE and error.message.startswith(_NEVER_SENT)
