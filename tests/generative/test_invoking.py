"""Functions of the user run together."""

from __future__ import annotations

import asyncio
import functools
import threading
from collections.abc import Callable
from typing import Any

import pytest

from gemini_grpc.generative.invoking import Outcome, async_call_all, call_all


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


def synchronous(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that runs an asynchronous one to its end."""

    @functools.wraps(function)
    def run() -> Any:
        return asyncio.run(function())

    return run


def logged(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that gives what an asynchronous one does: an awaitable."""

    @functools.wraps(function)
    def begin() -> Any:
        return function()

    return begin


async def hurry() -> str:
    await asyncio.sleep(0)
    return "done"


@pytest.mark.parametrize("wrapped", [synchronous, logged])
async def test_a_wrapper_of_an_asynchronous_function_is_called_as_what_it_is(wrapped: Any) -> None:
    assert await async_call_all([wrapped(hurry)], 10) == [Outcome("done")]


async def interrupted() -> None:
    task = asyncio.create_task(asyncio.sleep(10))
    task.cancel()
    await task


async def test_a_task_that_a_function_cancels_is_its_error() -> None:
    found = await async_call_all([interrupted, synchronous(interrupted), hurry], 10)
    assert [type(each.error) for each in found[:2]] == [asyncio.CancelledError] * 2
    assert found[2] == Outcome("done")


def test_a_task_that_a_function_cancels_is_its_error_in_a_synchronous_call() -> None:
    call = synchronous(interrupted)
    for calls in ([call], [call, call]):
        found = call_all(calls, None)
        assert [type(each.error) for each in found] == [asyncio.CancelledError] * len(calls)


class Witness:
    """Functions that run on, and take their time to end."""

    def __init__(self) -> None:
        self.begun = asyncio.Event()
        self.ended: list[str] = []

    async def wait(self) -> None:
        self.begun.set()
        try:
            await asyncio.sleep(10)
        finally:
            await asyncio.sleep(0.01)
            self.ended.append("wait")

    async def end_at_once(self) -> None:
        await asyncio.sleep(10)


async def test_functions_have_ended_when_a_cancelled_call_does() -> None:
    witness = Witness()
    calls = [witness.end_at_once, witness.wait]
    running = asyncio.create_task(async_call_all(calls, None))
    await witness.begun.wait()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    assert witness.ended == ["wait"]


class Fatal(BaseException):
    """Ends more than a function."""


async def test_functions_have_ended_when_one_ends_them_all() -> None:
    witness = Witness()

    async def fail() -> None:
        await witness.begun.wait()
        raise Fatal

    with pytest.raises(Fatal):
        await async_call_all([witness.wait, fail], None)
    assert witness.ended == ["wait"]
