"""Calls made at the same time, a few at once, in both colours.

The first error ends it: what has not begun never does, and the error is raised at once. Tasks that run
are cancelled. A thread cannot be: the call it makes ends by itself, at its deadline at the latest or
when the client is closed, and nobody looks at its answer. A program that ends does not wait for it.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection
from concurrent.futures import FIRST_EXCEPTION, Future, wait
from contextvars import copy_context
from threading import Thread
from typing import TypeVar

Job = TypeVar("Job")
Value = TypeVar("Value")


def start(
    function: Callable[[], Value], name: str, future: Future[Value] | None = None
) -> Future[Value]:
    """Call a function in a thread of its own, with the context variables of this one.

    The future for what it gives may be there already.

    The thread is a daemon: those of a `ThreadPoolExecutor` are waited for when the program ends.
    """
    future = Future() if future is None else future
    context = copy_context()  # so that what traces calls knows whose they are

    def run() -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            future.set_result(context.run(function))
        except BaseException as error:  # such as SystemExit: whoever waits is told
            future.set_exception(error)

    Thread(target=run, name=name, daemon=True).start()
    return future


def run(function: Callable[[Job], None], jobs: Collection[Job], most: int) -> None:
    """Call a function with each of the jobs, in threads, at most so many at once."""
    waiting = deque(jobs)

    def work() -> None:
        while True:
            try:
                job = waiting.popleft()
            except IndexError:
                return
            function(job)

    workers = min(most, len(waiting))
    if workers <= 1:
        work()
        return
    try:
        running = [start(work, "gemini-grpc") for _ in range(workers)]
        for ended in wait(running, return_when=FIRST_EXCEPTION).done:
            ended.result()
    finally:
        waiting.clear()


async def async_run(
    function: Callable[[Job], Awaitable[None]], jobs: Collection[Job], most: int
) -> None:
    """Call a function with each of the jobs, in tasks, at most so many at once."""
    waiting = deque(jobs)

    async def work() -> None:
        while waiting:
            await function(waiting.popleft())

    workers = min(most, len(waiting))
    if workers <= 1:
        await work()
        return
    running = [asyncio.create_task(work()) for _ in range(workers)]
    try:
        await asyncio.gather(*running)
    finally:
        for task in running:
            task.cancel()
        await asyncio.wait(running)
