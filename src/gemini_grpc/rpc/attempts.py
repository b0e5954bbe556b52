"""The attempts of one call: decides whether there is another one and how long to wait for it.

No clock and no randomness of its own, so that tables and properties can test it.
"""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING

import grpc

from gemini_grpc.errors import TlsError
from gemini_grpc.rpc.credentials import NO_TOKEN
from gemini_grpc.rpc.failure import exceeds_limit, is_daily_quota

if TYPE_CHECKING:
    from collections.abc import Callable

    from gemini_grpc.errors import RpcError
    from gemini_grpc.rpc.budget import Budget
    from gemini_grpc.rpc.policy import RetryPolicy

_NEVER_SENT = (
    "failed to connect to all addresses",
    "errors resolving",
    "DNS resolution failed",
    "Stream removed (sendmsg: Wrong file descriptor generation)",
    NO_TOKEN,
)
"""How grpcio's own errors begin when nothing was sent: there was no connection, or a fork lost it."""

_UNREAD = (
    "Stream removed (GOAWAY received",
    "Stream removed (RST_STREAM (Received RST_STREAM with error code 7",
)
"""The same when the server says that it has not looked at the request: a GOAWAY that leaves its stream
out, REFUSED_STREAM (RFC 9113, 8.7). Had it looked, the text would name the connection."""

_SPREAD = 0.1
"""The part by which a pause may exceed the server's hint, so that clients do not return in step."""

_SHORTEST = 0.01
_SHORTEST_HINT = 0.1
"""Seconds between two attempts, at least: after a back-off, and after a hint. A server that asks for no
wait at all, time after time, is not stormed."""


class Attempts:
    """Counts the attempts of one call against its policy and its deadline."""

    __slots__ = (
        "_backoffs",
        "_budget",
        "_chance",
        "_clock",
        "_deadline",
        "_policy",
        "_repeatable",
        "number",
    )

    def __init__(
        self,
        policy: RetryPolicy | None,
        timeout: float | None,
        *,
        repeatable: bool,
        started: float | None = None,
        budget: Budget | None = None,
        clock: Callable[[], float] = time.monotonic,
        chance: Callable[[], float] = random.random,
    ) -> None:
        """Fix the deadline, from now or from when the call started; all attempts and pauses share it."""
        self._policy = policy
        self._budget = budget
        self._backoffs = 1
        start = clock() if started is None else started
        self._deadline = None if timeout is None else start + timeout
        self._repeatable = repeatable
        self._clock = clock
        self._chance = chance
        self.number = 1
        """The attempt that is being made, from 1."""

    def again(self) -> None:
        """Count an attempt that is made at once, because what failed the last one has been mended."""
        self.number += 1

    def remaining(self) -> float | None:
        """Return the seconds that are left, at least 0; None without a deadline."""
        if self._deadline is None:
            return None
        return max(0.0, self._deadline - self._clock())

    def next_pause(self, error: RpcError) -> float | None:
        """Return the seconds to wait before another attempt; None if there is none.

        What the server says about waiting takes the place of the back-off. If a pause would outlast the
        deadline, or a hint exceeds the policy's `maximum_hint`, the error is final at once, and carries
        the hint.
        """
        policy = self._policy
        if policy is None or self.number >= policy.attempts or not self._allows(policy, error):
            return None
        if self._budget is not None and not self._budget.allow():
            return None
        hint = error.retry_after
        if hint is None:
            pause = max(_SHORTEST, policy.pause(self._backoffs, self._chance()))
            self._backoffs += 1
        else:
            pause = hinted_pause(hint, self._chance())
            self._backoffs = 1  # the server has taken over; afterwards the back-off starts anew
        left = self.remaining()
        if left is not None and pause >= left:
            return None
        self.number += 1
        return pause

    def _allows(self, policy: RetryPolicy, error: RpcError) -> bool:
        hint = error.retry_after
        refused = hint is not None and not 0 <= hint <= policy.maximum_hint
        if refused or isinstance(error, TlsError):
            return False
        if policy.predicate is not None:
            return policy.predicate(error)
        if error.code is grpc.StatusCode.RESOURCE_EXHAUSTED and (
            is_daily_quota(error) or exceeds_limit(error)
        ):
            return False
        if quota_returns(error):
            return self._repeatable
        if error.code not in policy.codes:
            return False
        return self._repeatable or never_sent(error)


def hinted_pause(hint: float, chance: float) -> float:
    """Return the seconds to wait if the server asks for a wait; chance is 0 to 1."""
    return max(_SHORTEST_HINT, hint * (1 + _SPREAD * chance))


def quota_returns(error: RpcError) -> bool:
    """Return whether a quota is used up, and the server says when there is more of it."""
    exhausted = error.code is grpc.StatusCode.RESOURCE_EXHAUSTED and error.retry_after is not None
    return exhausted and not (is_daily_quota(error) or exceeds_limit(error))


def never_sent(error: RpcError) -> bool:
    """Tell whether the request cannot have reached the server."""
    return error.code is grpc.StatusCode.UNAVAILABLE and error.message.startswith(
        (*_NEVER_SENT, *_UNREAD)
    )


def unread(error: RpcError) -> bool:
    """Tell whether the server turned the request away without looking, so that it may go at once."""
    return error.code is grpc.StatusCode.UNAVAILABLE and error.message.startswith(_UNREAD)
