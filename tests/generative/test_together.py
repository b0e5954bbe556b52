"""Jobs run a few at once, and end at the first error."""

from __future__ import annotations

import asyncio
import contextvars
import signal
import subprocess
import sys
import threading
import time
from typing import Any

import pytest

from gemini_grpc.emulator import Emulator, Fault
from gemini_grpc.generative import together
from gemini_grpc.generative.together import async_run, run

PATIENCE = 10.0


class Counted:
    """Counts how many jobs run at once."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.done: list[int] = []
        self.running = self.most = 0

    def __enter__(self) -> None:
        with self.lock:
            self.running += 1
            self.most = max(self.most, self.running)

    def __exit__(self, *exc: object) -> None:
        with self.lock:
            self.running -= 1


def test_threads_do_every_job_and_no_more_than_allowed_at_once() -> None:
    counted, full = Counted(), threading.Barrier(3)

    def job(number: int) -> None:
        with counted:
            full.wait(PATIENCE)  # passes when three are here
            counted.done.append(number)

    run(job, range(12), 3)
    assert sorted(counted.done) == list(range(12))
    assert counted.most == 3


async def test_tasks_do_every_job_and_no_more_than_allowed_at_once() -> None:
    counted, full = Counted(), asyncio.Barrier(3)

    async def job(number: int) -> None:
        with counted:
            await full.wait()
            counted.done.append(number)

    async with asyncio.timeout(PATIENCE):
        await async_run(job, range(12), 3)
    assert sorted(counted.done) == list(range(12))
    assert counted.most == 3


def test_the_first_error_of_a_thread_is_raised_at_once() -> None:
    began: list[int] = []
    let_go = threading.Event()

    def job(number: int) -> None:
        began.append(number)
        if number == 1:
            raise KeyError(number)
        let_go.wait(PATIENCE)

    with pytest.raises(KeyError):
        run(job, range(10), 3)
    let_go.set()
    assert sorted(began) in ([0, 1], [0, 1, 2])


async def test_the_first_error_of_a_task_cancels_the_others() -> None:
    cancelled: list[int] = []
    began: list[int] = []

    async def job(number: int) -> None:
        began.append(number)
        try:
            await asyncio.sleep(0 if number == 1 else PATIENCE)
        except asyncio.CancelledError:
            cancelled.append(number)
            raise
        raise KeyError(number)

    with pytest.raises(KeyError, match="1"):
        await async_run(job, range(10), 3)
    assert began == [0, 1, 2]
    assert cancelled == [0, 2]


async def test_who_waits_may_be_cancelled() -> None:
    ended: list[int] = []

    async def job(number: int) -> None:
        try:
            await asyncio.sleep(PATIENCE)
        finally:
            ended.append(number)

    waiting = asyncio.create_task(async_run(job, range(4), 2))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    waiting.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waiting
    assert ended == [0, 1]


def test_one_job_needs_no_thread() -> None:
    found: list[str] = []
    run(lambda _: found.append(threading.current_thread().name), ["only"], 4)
    run(lambda _: found.append("never"), [], 4)
    assert found == [threading.current_thread().name]


def test_threads_see_the_context_of_the_caller() -> None:
    whose: contextvars.ContextVar[str] = contextvars.ContextVar("whose")
    whose.set("mine")
    found: list[str] = []
    run(lambda _: found.append(whose.get()), range(4), 2)
    assert found == ["mine"] * 4


def test_what_is_cancelled_before_its_thread_begins_is_not_done(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    begun: list[Any] = []

    class Thread:
        def __init__(self, target: Any, **_: object) -> None:
            self.start = lambda: begun.append(target)

    monkeypatch.setattr(together, "Thread", Thread)
    made: list[int] = []
    together.start(lambda: made.append(1), "test").cancel()
    begun[0]()
    assert made == []


PROGRAM = """
import sys
import gemini_grpc

options = {"api_endpoint": f"http://{sys.argv[1]}", "api_key": "test"}
more = {"client": gemini_grpc.Client(client_options=options), "request_options": {"timeout": 300}}
try:
    gemini_grpc.embed_content("gemini-embedding-2", ["a text"] * 400, **more)
except BaseException as error:
    print(type(error).__name__)
"""


@pytest.mark.parametrize("end", ["interrupted", "failed"])
def test_a_program_ends_when_its_main_does(end: str) -> None:
    faults = [Fault(stall=True, times=None)]
    if end == "failed":
        faults.insert(0, Fault("INVALID_ARGUMENT", delay=1))
    with Emulator() as emulator:
        emulator.script("BatchEmbedContents", faults)
        with subprocess.Popen(
            [sys.executable, "-c", PROGRAM, emulator.target],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        ) as child:
            try:
                until = time.monotonic() + 3 * PATIENCE
                while len(emulator.journal) < 4 and time.monotonic() < until:
                    time.sleep(0.01)
                if end == "interrupted":
                    child.send_signal(signal.SIGINT)
                said, wrong = child.communicate(timeout=PATIENCE)
            finally:
                child.kill()
    expected = "KeyboardInterrupt" if end == "interrupted" else "InvalidArgument"
    assert (child.returncode, said, wrong) == (0, f"{expected}\n", "")
