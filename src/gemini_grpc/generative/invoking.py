"""Run functions of the user together, in both colours.

- The only one of a sync call runs where the call was made, unless it has a time limit. All others that
  are synchronous run in threads of their own, so that they neither wait for each other nor stop an event
  loop. A thread cannot be stopped: when the time is up it goes on, and what it returns is ignored.
- What a function raises is an outcome, not an error of ours.
"""

from __future__ import annotations

import asyncio
import contextvars
import inspect
import threading
from collections.abc import Callable, Sequence
from concurrent import futures
from dataclasses import dataclass
from typing import Any

Call = Callable[[], Any]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of a call: a value, or the error it raised."""

    value: object = None
    error: Exception | None = None


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
    return await asyncio.gather(*(_limited(call, timeout) for call in calls))


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


def _start(call: Call) -> futures.Future[Outcome]:
    """Make a call in a thread of its own, with the context variables of this one."""
    future: futures.Future[Outcome] = futures.Future()
    context = contextvars.copy_context()

    def run() -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            future.set_result(context.run(_outcome, call))
        except BaseException as error:  # such as SystemExit: whoever waits is told
            future.set_exception(error)

    threading.Thread(target=run, name="gemini-function", daemon=True).start()
    return future


def _outcome(call: Call) -> Outcome:
    try:
        return Outcome(call())
    except Exception as error:
        return Outcome(error=error)


def _overdue(timeout: float | None) -> Outcome:
    return Outcome(error=TimeoutError(f"took longer than {timeout:g} s"))


def _is_async(call: Call) -> bool:
    return inspect.iscoroutinefunction(inspect.unwrap(getattr(call, "func", call)))
