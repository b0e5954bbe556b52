"""Functions of the user run together."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from gemini_grpc.generative import invoking
from gemini_grpc.generative.invoking import Outcome, async_call_all, call_all

if TYPE_CHECKING:
    import pytest


def test_outcomes_are_in_the_order_of_the_calls() -> None:
    first, second = threading.Event(), threading.Event()

    def wait() -> str:
        assert second.wait(10)
        first.set()
        return "first"

    def go() -> str:
        second.set()
        assert first.wait(10)
        return "second"

    assert call_all([wait, go], None) == [Outcome("first"), Outcome("second")]


async def test_outcomes_are_in_order_asynchronously() -> None:
    async def later() -> str:
        return "later"

    found = await async_call_all([later, lambda: "now"], 10)
    assert found == [Outcome("later"), Outcome("now")]


def test_what_takes_too_long_does_not_keep_the_others() -> None:
    never = threading.Event()
    late, good = call_all([lambda: never.wait(10), lambda: 1], 0.05)
    assert str(late.error) == "took longer than 0.05 s"
    assert good == Outcome(1)
    never.set()


async def test_a_timeout_of_the_functions_own_is_its_error() -> None:
    async def fail() -> None:
        raise TimeoutError("mine")

    (found,) = await async_call_all([fail], 10)
    assert str(found.error) == "mine"


def test_a_call_that_is_cancelled_before_it_begins_is_not_made(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun: list[Any] = []

    class Thread:
        def __init__(self, target: Any, **_: object) -> None:
            self.start = lambda: begun.append(target)

    monkeypatch.setattr(threading, "Thread", Thread)
    made: list[int] = []
    future = invoking._start(lambda: made.append(1))
    future.cancel()
    begun[0]()
    assert made == []
