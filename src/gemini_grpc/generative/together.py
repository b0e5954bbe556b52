"""Calls made at the same time, a few at once, in both colours.

The first error ends it: what has not begun never does, and the error is raised at once. Tasks that run
are cancelled. A thread cannot be: the call it makes ends by itself, at its deadline at the latest or
when the client is closed, and nobody looks at its answer.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Collection
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from contextvars import copy_context
from typing import TypeVar

Job = TypeVar("Job")


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
    pool = ThreadPoolExecutor(workers, "gemini-grpc")
    try:
        # a context each, so that what traces calls knows whose they are
        running = [pool.submit(copy_context().run, work) for _ in range(workers)]
        for ended in wait(running, return_when=FIRST_EXCEPTION).done:
            ended.result()
    finally:
        waiting.clear()
        pool.shutdown(wait=False)


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
