"""Whether there is another attempt, by a clock and a chance of our own."""

from __future__ import annotations

from typing import Any

import grpc
import pytest

from gemini_grpc import RetryPolicy, errors
from gemini_grpc.rpc.attempts import Attempts, never_sent

POLICY = RetryPolicy(attempts=3, initial=1.0, jitter=0.0)
DOWN = errors.Unavailable("connection reset")
NEVER = errors.Unavailable("failed to connect to all addresses; last error: refused")


class Clock:
    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def attempts(
    policy: RetryPolicy | None = POLICY,
    timeout: float | None = None,
    *,
    repeatable: bool = True,
    clock: Any = None,
) -> Attempts:
    return Attempts(
        policy, timeout, repeatable=repeatable, clock=clock or Clock(), chance=lambda: 0.0
    )


def test_attempts_are_counted() -> None:
    made = attempts()
    assert [made.next_pause(DOWN), made.next_pause(DOWN), made.next_pause(DOWN)] == [1, 2, None]
    assert made.number == 3


@pytest.mark.parametrize("error", [errors.NotFound("x"), errors.DeadlineExceeded("x")])
def test_other_codes_are_final(error: errors.RpcError) -> None:
    assert attempts().next_pause(error) is None


def test_without_a_policy_there_is_one_attempt() -> None:
    assert attempts(None).next_pause(DOWN) is None


def test_what_may_not_be_repeated_is_repeated_only_if_it_was_never_sent() -> None:
    assert attempts(repeatable=False).next_pause(DOWN) is None
    assert attempts(repeatable=False).next_pause(NEVER) == 1
    assert never_sent(NEVER)
    assert not never_sent(errors.Internal("failed to connect to all addresses"))


def test_all_attempts_share_one_deadline() -> None:
    clock = Clock()
    made = attempts(timeout=10, clock=clock)
    clock.now += 4
    assert made.remaining() == 6
    clock.now += 10
    assert made.remaining() == 0
    assert attempts().remaining() is None


def test_a_pause_that_would_outlast_the_deadline_is_not_waited_for() -> None:
    clock = Clock()
    made = attempts(timeout=1.5, clock=clock)
    assert made.next_pause(DOWN) == 1
    clock.now += 1
    assert made.next_pause(DOWN) is None
    assert made.number == 2


@pytest.mark.parametrize("milliseconds", ["600001", str(10**13), "9" * 5000])
def test_a_hint_beyond_the_maximum_is_final_at_once(milliseconds: str) -> None:
    pushback = [("grpc-retry-pushback-ms", milliseconds)]
    error = errors.Unavailable("later", metadata=pushback)
    assert attempts().next_pause(error) is None
    assert error.retry_after is not None
    assert error.retry_after > 600


def test_the_policy_says_how_long_a_hint_may_be() -> None:
    hint = errors.Unavailable("later", metadata=[("grpc-retry-pushback-ms", "900000")])
    assert attempts(RetryPolicy(maximum_hint=1000.0)).next_pause(hint) == 900
    assert attempts(RetryPolicy(maximum_hint=800.0)).next_pause(hint) is None


def test_there_is_a_shortest_pause() -> None:
    at_once = errors.Unavailable("now", metadata=[("grpc-retry-pushback-ms", "0")])
    assert attempts().next_pause(at_once) == 0.1
    assert attempts(RetryPolicy(initial=0.0, maximum=0.0)).next_pause(DOWN) == 0.01


def test_codes_of_the_policy_are_retried() -> None:
    policy = RetryPolicy(codes=frozenset({grpc.StatusCode.ABORTED}), jitter=0)
    assert attempts(policy).next_pause(errors.Aborted("x")) == 0.5
    assert attempts(policy).next_pause(DOWN) is None
