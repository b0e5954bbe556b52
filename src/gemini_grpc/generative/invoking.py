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
from collections.abc import Callable, Sequence
from concurrent import futures
from dataclasses import dataclass
from typing import Any

from gemini_grpc.generative.together import start

Call = Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a call: a value, or the error it raised."""

    value: object = None
    error: BaseException | None = None


def call_all(calls: Sequence[Call], timeout: float | None) -> list[Outcome]:
    """Make the calls at once and return their outcomes in order.

    Args:
        calls: Synchronous functions without parameters.
        timeout: Seconds they have; None for no limit.
    """
    if len(calls) == 1 and timeout is None:
        return [_outcome(calls[0])]
    running = [_start(call) for call in calls]
    futures.wait(running, timeout)
    return [each.result() if each.done() else _overdue(timeout) for each in running]


async def async_call_all(calls: Sequence[Call], timeout: float | None) -> list[Outcome]:
    """Make the calls at once and return their outcomes in order.

    Args:
        calls: Functions without parameters, synchronous or asynchronous.
        timeout: Seconds they have; None for no limit.
    """
    running = [asyncio.create_task(_limited(call, timeout)) for call in calls]
    try:
        return await asyncio.gather(*running)
    finally:
        for task in running:
            if not task.cancelling():  # a second time would disturb what it does in the end
                task.cancel()
        await asyncio.wait(running)


async def _limited(call: Call, timeout: float | None) -> Outcome:
    limit = asyncio.timeout(timeout)
    try:
        async with limit:
            if _is_async(call):
                return Outcome(await call())
            outcome = await asyncio.wrap_future(_start(call))
            if inspect.isawaitable(outcome.value):
                return Outcome(await outcome.value)
            return outcome
    except Exception as error:
        return _overdue(timeout) if limit.expired() else Outcome(error=error)
    except asyncio.CancelledError as error:
        task = asyncio.current_task()
        if task is None or task.cancelling():
            raise
        return Outcome(error=error)  # of something that the function waited for


def _start(call: Call) -> futures.Future[Outcome]:
    return start(functools.partial(_outcome, call), "gemini-function")


def _outcome(call: Call) -> Outcome:
    try:
        return Outcome(call())
    except (Exception, asyncio.CancelledError) as error:  # who calls it cannot be cancelled here
        return Outcome(error=error)


def _overdue(timeout: float | None) -> Outcome:
    return Outcome(error=TimeoutError(f"took longer than {timeout:g} s"))


def _is_async(call: Call) -> bool:
    return inspect.iscoroutinefunction(call)  # what a decorator made of one need not be one
