"""The attempts of a call against a small model of them: every script, policy and deadline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import grpc
from google.protobuf import duration_pb2
from google.rpc import error_details_pb2
from hypothesis import given
from hypothesis import strategies as st

from gemini_grpc import RetryPolicy, errors
from gemini_grpc.rpc.attempts import Attempts
from gemini_grpc.rpc.budget import Budget

SPREAD = 0.1
NEVER_SENT = "failed to connect to all addresses; last error: refused"
CODES = [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK]


@dataclass(frozen=True)
class Failure:
    """One step of a script: how an attempt fails, and how long that takes."""

    code: grpc.StatusCode
    took: float
    retry_info: float | None = None
    pushback: float | None = None
    sent: bool = True
    daily: bool = False
    tls: bool = False

    def error(self) -> errors.RpcError:
        """Return the error as it comes from the wire."""
        details: list[Any] = []
        if self.daily:
            violation = {"quota_id": "RequestsPerDayPerProject"}
            details.append(error_details_pb2.QuotaFailure(violations=[violation]))
        if self.retry_info is not None:
            delay = duration_pb2.Duration()
            delay.FromNanoseconds(round(self.retry_info * 1e9))
            details.append(error_details_pb2.RetryInfo(retry_delay=delay))
        metadata = []
        if self.pushback is not None:
            metadata.append(("grpc-retry-pushback-ms", str(round(self.pushback * 1000))))
        if self.tls:
            return errors.TlsError("handshake", details=details, metadata=metadata)
        message = "reset" if self.sent else NEVER_SENT
        return errors.make(self.code, message, details=details, metadata=metadata)


def model(
    script: list[Failure],
    policy: RetryPolicy | None,
    timeout: float | None,
    repeatable: bool,
    tokens: float,
    chance: float,
) -> list[float]:
    """Return when each attempt starts, in seconds after the call; written from the rules alone."""
    now, starts, backoffs = 0.0, [0.0], 0
    for failure in script:
        now += failure.took
        hint = failure.retry_info if failure.pushback is None else failure.pushback
        if policy is None or len(starts) == policy.attempts:
            return starts
        if failure.tls or (hint is not None and not 0 <= hint <= policy.maximum_hint):
            return starts
        never_sent = failure.code is grpc.StatusCode.UNAVAILABLE and not failure.sent
        if failure.code is grpc.StatusCode.RESOURCE_EXHAUSTED:
            again = repeatable and hint is not None and not failure.daily
        else:
            again = failure.code in policy.codes and (repeatable or never_sent)
        if not again:
            return starts
        tokens -= 1
        if tokens <= Budget.MAXIMUM / 2:
            return starts
        if hint is None:
            grown = policy.initial * policy.multiplier**backoffs
            pause = max(0.01, min(policy.maximum, grown) * (1 - policy.jitter * chance))
            backoffs += 1
        else:
            pause, backoffs = max(0.1, hint * (1 + SPREAD * chance)), 0
        if timeout is not None and now + pause >= timeout:
            return starts
        now += pause
        starts.append(now)
    return starts


class Clock:
    """A time that stands still unless it is moved."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def play(
    script: list[Failure],
    policy: RetryPolicy | None,
    timeout: float | None,
    repeatable: bool,
    tokens: float,
    chance: float,
) -> list[float]:
    """Return when each attempt starts, by the code that is tested."""
    clock, budget = Clock(), Budget()
    budget.spent = budget.MAXIMUM - tokens
    attempts = Attempts(
        policy, timeout, repeatable=repeatable, budget=budget, clock=clock, chance=lambda: chance
    )
    starts = [0.0]
    for failure in script:
        clock.now += failure.took
        pause = attempts.next_pause(failure.error())
        if pause is None:
            break
        assert pause >= 0
        clock.now += pause
        starts.append(clock.now - 1000.0)
    assert attempts.number == len(starts)
    return starts


milliseconds = st.integers(0, 40_000).map(lambda number: number / 1000)
likely = st.sampled_from([grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED])
failures = st.builds(
    Failure,
    code=likely | st.sampled_from(CODES),
    took=milliseconds,
    retry_info=st.none() | milliseconds,
    pushback=st.none() | st.none() | milliseconds | st.just(-1.0),
    sent=st.booleans(),
    daily=st.sampled_from([False, False, False, True]),
).map(
    lambda failure: (
        failure
        if failure.code is not grpc.StatusCode.UNAVAILABLE or failure.took != 0
        else Failure(failure.code, 0.0, tls=True)
    )
)
policies = st.none() | st.builds(
    RetryPolicy,
    attempts=st.integers(1, 8),
    initial=st.sampled_from([0.0, 0.1, 0.5, 2.0]),
    maximum=st.sampled_from([2.0, 10.0, 30.0]),
    multiplier=st.sampled_from([1.0, 1.3, 2.0, 10.0]),
    jitter=st.sampled_from([0.0, 0.5, 1.0]),
    maximum_hint=st.sampled_from([600.0, 600.0, 20.0, 0.0]),
    codes=st.frozensets(
        st.sampled_from([code for code in CODES if code is not grpc.StatusCode.RESOURCE_EXHAUSTED]),
        max_size=4,
    ).map(lambda codes: codes | {grpc.StatusCode.UNAVAILABLE}),
)
calls = {
    "script": st.lists(failures, max_size=10),
    "policy": policies,
    "timeout": st.none() | st.sampled_from([0.0, 0.5, 5.0, 60.0, 600.0]),
    "repeatable": st.booleans(),
    "tokens": st.sampled_from([500.0, 500.0, 253.0, 251.0, 0.0]),
    "chance": st.sampled_from([0.0, 0.25, 1.0]),
}


@given(**calls)
def test_attempts_are_those_of_the_model(**call: Any) -> None:
    expected, got = model(**call), play(**call)
    assert len(got) == len(expected)
    assert all(abs(one - other) < 1e-6 for one, other in zip(got, expected, strict=True))


@given(**calls)
def test_no_attempt_starts_after_the_deadline(**call: Any) -> None:
    starts = play(**call)
    assert starts == sorted(starts)
    if call["timeout"] is not None:
        assert all(start < call["timeout"] for start in starts[1:])


@given(**calls)
def test_no_attempt_starts_before_the_server_allows_it(**call: Any) -> None:
    starts = play(**call)
    now = 0.0
    for start, failure in zip(starts[1:], call["script"], strict=False):
        ended = now + failure.took
        hint = failure.retry_info if failure.pushback is None else failure.pushback
        if hint is not None:
            assert ended + hint - 1e-6 <= start <= ended + max(0.1, hint * (1 + SPREAD)) + 1e-6
        now = start


@given(**calls)
def test_what_was_sent_and_may_not_be_repeated_is_tried_once(**call: Any) -> None:
    script = [failure for failure in call["script"] if failure.sent]
    call |= {"script": script, "repeatable": False}
    assert play(**call) == [0.0]
