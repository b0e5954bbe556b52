"""Run functions of the user together, in both colours.

- The only one of a sync call runs where the call was made, unless it has a time limit. All others that
  are synchronous run in threads of their own, so that they neither wait for each other nor stop an event
  loop. A thread cannot be stopped: when the time is up it goes on, and what it returns is ignored.
- What a function raises is an outcome, not an error of ours; so is a CancelledError if nobody has cancelled
  the call. When a call is cancelled, so are the asynchronous functions, and it ends when they have ended.
"""

from __future__ import annotations

import asyncio
import functools
import inspect
from collections.abc import Awaitable, Callable, Sequence
from concurrent import futures
from contextvars import copy_context
from dataclasses import dataclass
from typing import Any

from gemini_grpc.functions.concurrency import DEFAULT_LIMIT, ConcurrencyLimit
from gemini_grpc.generative.together import start

Call = Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a call: a value, or the error it raised."""

    value: object = None
    error: BaseException | None = None


def call_all(
    calls: Sequence[Call], timeout: float | None, limit: int = DEFAULT_LIMIT
) -> list[Outcome]:
    """Make the calls at once, as far as the limit allows, and return their outcomes in order.

    Args:
        calls: Synchronous functions without parameters.
        timeout: Seconds that all of them have; None for no limit. A call that has not begun by then never
            does.
        limit: How many run at once.
    """
    if len(calls) == 1 and timeout is None:
        return [_outcome(calls[0])]
    slots = ConcurrencyLimit(limit)
    running: list[futures.Future[Outcome]] = [futures.Future() for _ in calls]
    try:
        for call, future in zip(calls, running, strict=True):
            function = functools.partial(copy_context().run, _outcome, call)
            slots.begin(functools.partial(_start, function, future, slots))
        futures.wait(running, timeout)
    finally:
        slots.close()
    return [each.result() if each.done() else _overdue(timeout) for each in running]


async def async_call_all(
    calls: Sequence[Call], timeout: float | None, limit: int = DEFAULT_LIMIT
) -> list[Outcome]:
    """Make the calls at once, as far as the limit allows, and return their outcomes in order.

    Args:
        calls: Functions without parameters, synchronous or asynchronous.
        timeout: Seconds that all of them have; None for no limit. A call that has not begun by then never
            does.
        limit: How many run at once.
    """
    slots = ConcurrencyLimit(limit)
    running = [asyncio.create_task(_limited(call, timeout, slots)) for call in calls]
    try:
        return await asyncio.gather(*running)
    finally:
        for task in running:
            if not task.cancelling():  # a second time would disturb what it does in the end
                task.cancel()
        await asyncio.wait(running)


async def _limited(call: Call, timeout: float | None, slots: ConcurrencyLimit) -> Outcome:
    limit = asyncio.timeout(timeout)
    try:
        async with limit:
            await slots.wait()
            return await _async_outcome(call, slots)
    except Exception as error:
        return _overdue(timeout) if limit.expired() else Outcome(error=error)
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        return Outcome(error=error)  # of something that the function waited for


async def _async_outcome(call: Call, slots: ConcurrencyLimit) -> Outcome:
    """Make a call that has a slot, and give the slot back when the function has ended."""
    if _is_async(call):
        return await _awaited(call(), slots)
    future: futures.Future[Outcome] = futures.Future()
    _start(functools.partial(_outcome, call), future, slots)
    outcome = await asyncio.wrap_future(future)
    if not inspect.isawaitable(outcome.value):
        return outcome
    await slots.wait()
    return await _awaited(outcome.value, slots)


async def _awaited(value: Awaitable[object], slots: ConcurrencyLimit) -> Outcome:
    try:
        return Outcome(await value)
    finally:
        slots.end()


def _start(
    function: Callable[[], Outcome], future: futures.Future[Outcome], slots: ConcurrencyLimit
) -> None:
    """Call a function in a thread of its own, which gives the slot back in the end."""

    def run() -> Outcome:
        try:
            return function()
        finally:
            slots.end()

    start(run, "gemini-function", future)


def _outcome(call: Call) -> Outcome:
    try:
        return Outcome(call())
    except (Exception, asyncio.CancelledError) as error:  # who calls it cannot be cancelled here
        return Outcome(error=error)


def _overdue(timeout: float | None) -> Outcome:
    return Outcome(error=TimeoutError(f"took longer than {timeout:g} s"))


def _is_async(call: Call) -> bool:
    return inspect.iscoroutinefunction(call)  # what a decorator made of one need not be one
