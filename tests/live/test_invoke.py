"""Functions of the user, of either colour, in sessions of either colour."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import logging
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

from gemini_grpc.live import invoke
from tests.live.stage import until

if TYPE_CHECKING:
    from tests.colours import Sync

WHO: contextvars.ContextVar[str] = contextvars.ContextVar("WHO", default="nobody")


def call(colour: Sync, function: Callable[..., Any], timeout: float = 5.0, **arguments: Any) -> Any:
    chosen = invoke.async_invoke if colour.name == "async" else invoke.invoke
    return colour.call(chosen, function, arguments, timeout)


def items(colour: Sync, generator: Any, timeout: float = 5.0) -> list[Any]:
    if colour.name == "async":
        return colour.drain(invoke.async_items(generator, timeout))
    return list(invoke.items(generator, timeout))


def add(a: int, b: int) -> int:
    return a + b


async def add_async(a: int, b: int) -> int:
    await asyncio.sleep(0)
    return a + b


class Adder:
    async def __call__(self, a: int, b: int) -> int:
        return a + b


def promise(a: int, b: int) -> Any:
    return add_async(a, b)


@pytest.mark.parametrize(
    "function", [add, add_async, Adder(), promise, functools.partial(add_async)]
)
def test_a_function_of_either_colour_is_called(colour: Sync, function: Callable[..., Any]) -> None:
    assert call(colour, function, a=1, b=2) == 3


@pytest.mark.parametrize(
    "function", [functools.partial(time.sleep, 0.2), functools.partial(asyncio.sleep, 0.2)]
)
def test_a_function_that_takes_too_long_is_left(colour: Sync, function: Callable[..., Any]) -> None:
    with pytest.raises(invoke.OverdueError):
        call(colour, function, timeout=0.01)


def test_an_error_of_a_function_is_its_own(colour: Sync) -> None:
    def late() -> None:
        raise TimeoutError("mine")

    async def late_async() -> None:
        raise TimeoutError("mine")

    for function in (late, late_async):
        with pytest.raises(TimeoutError, match="mine"):
            call(colour, function)


def test_a_function_sees_the_context_variables_of_its_caller() -> None:
    WHO.set("me")
    assert invoke.invoke(WHO.get, {}, 5.0) == "me"
    WHO.set("nobody")


def count(to: int) -> Iterator[int]:
    yield from range(to)


async def count_async(to: int) -> AsyncIterator[int]:
    for number in range(to):
        await asyncio.sleep(0)
        yield number


@pytest.mark.parametrize("function", [count, count_async])
def test_a_generator_of_either_colour_gives_its_items(
    colour: Sync, function: Callable[..., Any]
) -> None:
    generator = call(colour, function, to=3)
    assert invoke.is_generator(generator)
    assert items(colour, generator) == [0, 1, 2]


def test_every_item_of_a_generator_has_its_time(colour: Sync) -> None:
    def slow() -> Iterator[int]:
        yield 1
        time.sleep(0.2)
        yield 2

    async def slow_async() -> AsyncIterator[int]:
        yield 1
        await asyncio.sleep(5)
        yield 2

    for generator in (slow(), slow_async()):
        with pytest.raises(invoke.OverdueError):
            items(colour, generator, 0.05)


def test_lists_are_no_generators() -> None:
    assert not invoke.is_generator([1])
    assert not invoke.is_generator(iter([1]))


def test_a_caller_who_gives_up_does_not_wait_for_the_function() -> None:
    stop = threading.Event()

    async def give_up() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(invoke.async_invoke(stop.wait, {"timeout": 60}, 60.0), 0.01)

    began = time.monotonic()
    asyncio.run(give_up())
    assert time.monotonic() - began < 30
    stop.set()


def test_what_fails_in_a_worker_is_logged(colour: Sync, caplog: pytest.LogCaptureFixture) -> None:
    async def fail_async() -> None:
        raise RuntimeError("a bug")

    def fail() -> None:
        raise RuntimeError("a bug")

    with caplog.at_level(logging.ERROR, logger="gemini_grpc"):
        if colour.name == "async":
            worker: Any = colour.call(lambda: invoke.AsyncWorker(fail_async, "the worker"))
        else:
            worker = invoke.Worker(fail, "the worker")
        colour.call(worker.join)
    assert "the worker failed" in caplog.text
    assert "a bug" in caplog.text


def test_a_worker_does_not_wait_for_itself(colour: Sync) -> None:
    done = threading.Event()
    workers: list[Any] = []

    async def join_async() -> None:
        await workers[0].join()
        done.set()

    def join() -> None:
        until(lambda: workers)
        workers[0].join()
        workers[0].cancel()
        done.set()

    def start() -> None:
        if colour.name == "async":
            workers.append(invoke.AsyncWorker(join_async, "w"))
        else:
            workers.append(invoke.Worker(join, "w"))

    colour.call(start)
    assert done.wait(5)
