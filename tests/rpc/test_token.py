"""A token that is kept fresh, seen by several threads."""

from __future__ import annotations

import datetime
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import google.auth.credentials
import pytest

from gemini_grpc import errors
from gemini_grpc.rpc import wire
from gemini_grpc.rpc.credentials import Token


class Held(google.auth.credentials.Credentials):  # type: ignore[misc]  # google-auth has no types
    """A credential whose refreshes from the second on wait to be let go."""

    def __init__(self, lifetime: float) -> None:
        super().__init__()
        self.lifetime = lifetime
        self.refreshes = 0
        self.inside, self.release = threading.Event(), threading.Event()

    def refresh(self, request: Any) -> None:
        self.refreshes += 1
        if self.refreshes > 1:
            self.inside.set()
            assert self.release.wait(10)
        self.token = f"token-{self.refreshes}"
        now = datetime.datetime.now(datetime.UTC).replace(tzinfo=None)
        self.expiry = now + datetime.timedelta(seconds=self.lifetime)


STALE = google.auth._helpers.REFRESH_THRESHOLD.total_seconds() / 2
"""Seconds of a lifetime in which google-auth wants a new token and the old one is still good."""


def test_while_one_refreshes_the_others_use_what_is_still_good() -> None:
    held = Held(STALE)
    token = Token(held)
    first = token.ensure(1.0)
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(token.ensure, 10.0)
        assert held.inside.wait(10)
        assert token.ensure(0.0) == first
        held.release.set()
        assert running.result(10) != first
    assert held.refreshes == 2


def test_where_nothing_is_good_the_others_wait_for_their_time() -> None:
    held = Held(3600)
    token = Token(held)
    token.discard(token.ensure(1.0))
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(token.ensure, None)
        assert held.inside.wait(10)
        with pytest.raises(errors.DeadlineExceeded, match=r"took longer than 0.05 s"):
            token.ensure(0.05)
        held.release.set()
        assert running.result(10) == (("authorization", "Bearer token-2"),)


async def test_a_timeout_of_the_function_is_not_taken_for_that_of_the_call() -> None:
    def fail(_: float | None) -> None:
        raise TimeoutError("mine")

    for timeout in (None, 5.0):
        with pytest.raises(TimeoutError, match="mine"):
            await wire.async_call(fail, timeout)
