from __future__ import annotations

import subprocess
import sys
import threading

import pytest

from gemini_grpc.emulator.workers import Workers


def test_a_result_or_an_error_is_the_future_s():
    workers = Workers(2)
    assert workers.submit(divmod, 7, 2).result(timeout=5) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        workers.submit(divmod, 1, 0).result(timeout=5)
    workers.shutdown()


def test_threads_are_used_again():
    workers = Workers(8)
    seen = set()
    for _ in range(20):
        seen.add(workers.submit(threading.get_ident).result(timeout=5))
    workers.shutdown()
    assert len(seen) <= 3


def test_no_more_tasks_run_than_allowed():
    workers = Workers(2)
    gate, started = threading.Event(), threading.Semaphore(0)

    def work() -> int:
        started.release()
        gate.wait(5)
        return threading.get_ident()

    tasks = [workers.submit(work) for _ in range(6)]
    assert started.acquire(timeout=5)
    assert started.acquire(timeout=5)
    assert not started.acquire(timeout=0.05)
    gate.set()
    assert len({task.result(timeout=5) for task in tasks}) == 2
    workers.shutdown()


def test_a_cancelled_task_does_not_run():
    workers = Workers(1)
    gate = threading.Event()
    first = workers.submit(gate.wait, 5)
    second = workers.submit(divmod, 1, 0)
    assert second.cancel()
    gate.set()
    assert first.result(timeout=5)
    workers.shutdown()


def test_a_program_that_forgets_its_emulator_ends_all_the_same():
    code = """
from gemini_grpc.emulator import Emulator, Fault
from gemini_grpc.v1beta import GenerativeServiceClient

emulator = Emulator().start()
emulator.script("StreamGenerateContent", [Fault(stall=True, after=1)])
client = GenerativeServiceClient(client_options={"api_endpoint": f"http://{emulator.target}"})
contents = [{"parts": [{"text": "tell me about the sea"}]}]
answers = client.stream_generate_content(model="models/gemini-3.8-flash", contents=contents)
next(answers)
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, timeout=20, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
