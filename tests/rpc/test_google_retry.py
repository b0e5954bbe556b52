"""What code written for google's clients hands over: defaults, retries, and errors it catches."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.api_core import exceptions, gapic_v1
from google.api_core import retry as google_retry

from gemini_grpc import RetryPolicy, errors
from gemini_grpc.emulator import Emulator, Fault
from gemini_grpc.rpc import policy

if TYPE_CHECKING:
    from tests.colours import Sync


@pytest.mark.parametrize("timeout", [None, 5.0, policy.DEFAULT])
def test_the_default_of_google_is_ours(timeout: float | policy.Default | None) -> None:
    assert policy.from_google(gapic_v1.method.DEFAULT, timeout) == (policy.DEFAULT, timeout)


@pytest.mark.parametrize("timeout", [None, 5.0, policy.DEFAULT])
def test_a_retry_without_a_time_leaves_that_of_the_call(
    timeout: float | policy.Default | None,
) -> None:
    found, most = policy.from_google(google_retry.Retry(timeout=None), timeout)
    assert isinstance(found, policy.RetryPolicy)
    assert found.attempts == sys.maxsize
    assert most == timeout


@pytest.mark.parametrize(
    ("timeout", "expected"), [(None, 9.0), (5.0, 5.0), (20.0, 9.0), (policy.DEFAULT, 9.0)]
)
def test_the_shorter_of_two_times_is_used(
    timeout: float | policy.Default | None, expected: float
) -> None:
    _, most = policy.from_google(google_retry.AsyncRetry(timeout=9.0), timeout)
    assert most == expected


def test_an_error_is_googles_as_well_where_their_package_is_loaded(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code = grpc.StatusCode.NOT_FOUND
    assert isinstance(errors.make(code, "gone"), exceptions.NotFound)
    monkeypatch.delitem(sys.modules, "google.api_core.exceptions")
    alone = errors.make(code, "gone")
    assert type(alone) is errors.NotFound
    assert not isinstance(alone, exceptions.NotFound)


FIELDS = {"model": "models/gemini-3.8-flash", "contents": [{"parts": [{"text": "hi"}]}]}


def test_a_client_takes_a_retry_of_google(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    transient = google_retry.if_exception_type(exceptions.ServiceUnavailable)
    client = connect(emulator, retry=google_retry.Retry(transient, initial=0.01, timeout=9.0))
    emulator.script("CountTokens", [Fault("UNAVAILABLE", times=2)])
    assert colour.call(client.count_tokens, **FIELDS).total_tokens
    (call,) = emulator.journal
    assert len(call.attempts) == 3
    assert 8.0 < (call.attempts[0].deadline or 0) < 9.2


@pytest.mark.parametrize("retry", [3, "often", RetryPolicy, {"attempts": 3}])
def test_a_client_refuses_a_retry_that_is_none(
    connect: Callable[..., Any], emulator: Emulator, retry: object
) -> None:
    with pytest.raises(errors.ArgumentError, match=r"retry is .*; expected a RetryPolicy"):
        connect(emulator, retry=retry)
