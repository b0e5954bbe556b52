"""What code written for google's clients hands over: defaults, retries, and errors it catches."""

from __future__ import annotations

import sys

import grpc
import pytest
from google.api_core import exceptions, gapic_v1
from google.api_core import retry as google_retry

from gemini_grpc import errors
from gemini_grpc.rpc import policy


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
