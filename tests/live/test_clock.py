"""Time for sessions."""

from __future__ import annotations

import asyncio
import logging
import threading
import time
from typing import TYPE_CHECKING

from gemini_grpc.live.clock import AsyncClock, Clock
from tests.live.stage import until

if TYPE_CHECKING:
    import pytest


def clock_threads() -> list[threading.Thread]:
    return [each for each in threading.enumerate() if each.name == "gemini-live-clock"]


def test_callbacks_come_in_the_order_of_their_times() -> None:
    clock, called, done = Clock(), [], threading.Event()
    now = clock.now()
    clock.call_at(now + 0.03, done.set)
    clock.call_at(now + 0.02, lambda: called.append("later"))
    clock.call_at(now - 5.0, lambda: called.append("past"))
    assert done.wait(2)
    assert called == ["past", "later"]
    assert clock.now() >= now + 0.03


def test_a_cancelled_callback_is_not_called_and_keeps_no_thread() -> None:
    clock, called = Clock(), []
    before = len(clock_threads())
    timers = [clock.call_at(clock.now() + 60, lambda: called.append("x")) for _ in range(3)]
    assert len(clock_threads()) == before + 1
    for timer in timers:
        timer.cancel()
    until(lambda: len(clock_threads()) == before, "the end of the clock's thread")
    assert called == []


def test_a_clock_works_again_after_its_thread_has_ended() -> None:
    clock, before = Clock(), len(clock_threads())
    for _ in range(3):
        done = threading.Event()
        clock.call_at(clock.now(), done.set)
        assert done.wait(2)
        until(lambda: len(clock_threads()) == before)


def test_a_callback_that_fails_does_not_stop_the_others(caplog: pytest.LogCaptureFixture) -> None:
    clock, done = Clock(), threading.Event()

    def fail() -> None:
        raise RuntimeError("a bug")

    with caplog.at_level(logging.ERROR, logger="gemini_grpc"):
        clock.call_at(clock.now(), fail)
        clock.call_at(clock.now() + 0.01, done.set)
        assert done.wait(2)
    assert "a bug" in caplog.text


def test_an_earlier_callback_is_not_late_because_of_one_that_waits() -> None:
    clock, done = Clock(), threading.Event()
    later = clock.call_at(clock.now() + 60, lambda: None)
    began = time.monotonic()
    clock.call_at(clock.now() + 0.01, done.set)
    assert done.wait(30)
    assert time.monotonic() - began < 30
    later.cancel()


async def test_an_event_loop_has_its_own_clock() -> None:
    clock, done = AsyncClock(), asyncio.Event()
    began = clock.now()
    clock.call_at(began + 60, lambda: None).cancel()
    clock.call_at(began + 0.01, done.set)
    await asyncio.wait_for(done.wait(), 2)
    assert clock.now() >= began + 0.01
