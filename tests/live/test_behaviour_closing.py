"""Behaviours 51 to 56 of live sessions: how they are closed, well or not."""

from __future__ import annotations

import asyncio
import gc
import os
import threading
import warnings
from collections.abc import Iterator
from typing import Any

import pytest

from gemini_grpc.emulator.live.settings import Live
from gemini_grpc.live import events
from gemini_grpc.live.errors import SessionClosed
from tests.live.stage import COMPLETE, Actor, Stage, begin, echo, resumable, say, until

MODEL = "gemini-live"


def test_closing_sends_what_waits_and_hears_the_rest(stage: Stage) -> None:
    """Behaviour 51: close() sends what waits, ends its side, hears the tail, and the call ends with OK."""

    def tail(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests)
        yield from (COMPLETE for _ in requests if False)
        yield say("the tail")
        yield {"server_content": {"turn_complete": True}}

    script = stage.script(tail)
    actor = stage.open()
    for number in range(20):
        actor.call("send_content", f"message {number}", turn_complete=False)
    actor.call("close")
    assert actor.end() is None
    assert script.texts() == [f"message {number}" for number in range(20)]
    assert actor.texts() == ["the tail"]
    assert [end.reason for end in actor.of(events.TurnEnd)] == ["complete"]
    assert actor.session.unsent == ()
    stage.emulator.journal.wait()
    assert stage.emulator.journal[0].status == "OK"


def test_a_session_is_closed_once_and_stays_closed(stage: Stage) -> None:
    """Behaviour 51: closing twice is fine, and nothing can be sent afterwards."""
    stage.script(echo)
    actor = stage.open()
    actor.call("close")
    actor.call("close")
    with pytest.raises(SessionClosed):
        actor.call("send_content", "Hi")
    with pytest.raises(SessionClosed):
        actor.call("offer_audio", bytes(640))
    assert actor.end() is None
    assert not actor.of(events.Reconnecting)


def test_a_server_that_does_not_hang_up_is_left_in_time(stage: Stage) -> None:
    """Behaviour 52: a server that ignores the end of our side is cancelled when the drain is over."""
    stage.emulator.world.live = Live(ignore_half_close=True)
    actor = stage.open()
    closing = actor.start("close", drain=2.0)
    until(stage.time.timers)
    stage.advance(1.9)
    assert not closing.done()
    stage.advance(0.2)
    closing.result(5)
    assert actor.end() is None
    stage.emulator.journal.wait()
    assert stage.emulator.journal[0].attempts[0].cancelled


def test_closing_without_drain_is_immediate(stage: Stage) -> None:
    """Behaviour 52: with drain=0 nothing is waited for, so the clock need not move."""
    stage.emulator.world.live = Live(ignore_half_close=True)
    actor = stage.open()
    actor.call("close", drain=0)
    assert actor.end() is None


class OwnError(Exception):
    """What goes wrong in the body of a test's own."""


def run_body(stage: Stage, body: Any) -> Any:
    """Run a body inside the `with` statement of a session, in the colour; return the session."""
    actor = stage.session()
    session = actor.session
    if stage.colour.name == "sync":

        def work() -> None:
            with session:
                body()

        stage.colour.call(work)
    else:

        async def awork() -> None:
            async with session:
                body()

        stage.colour.call(awork)
    return session


@pytest.mark.parametrize("answering", [True, False], ids=["answering", "silent"])
def test_an_exception_of_the_body_comes_through(stage: Stage, answering: bool) -> None:
    """Behaviour 53: an exception in the body is not masked, and not delayed, by closing."""
    stage.emulator.world.live = Live(ignore_half_close=not answering)

    def body() -> None:
        raise OwnError

    with pytest.raises(OwnError):
        run_body(stage, body)
    stage.emulator.journal.wait()
    assert len(stage.emulator.journal) == 1


def test_a_keyboard_interrupt_ends_a_synchronous_session() -> None:
    """Behaviour 54: KeyboardInterrupt while waiting for an event goes through and leaves nothing behind."""
    from tests.colours import Sync

    stage = Stage(Sync())
    try:
        stage.script(echo)
        before = set(threading.enumerate())
        session = stage.session(stage.live()).session

        def interrupt() -> None:
            until(lambda: session._iterating)
            os.kill(os.getpid(), 2)

        with pytest.raises(KeyboardInterrupt), session:  # noqa: PT012
            assert isinstance(next(session), events.Opened)
            threading.Thread(target=interrupt, daemon=True).start()
            next(session)
        stage.emulator.journal.wait()
        until(lambda: not _own(set(threading.enumerate()) - before))
        with pytest.raises(SessionClosed):
            session.send_content("Hi")
    finally:
        stage.close()
        stage.colour.end()


def _own(threads: set[threading.Thread]) -> list[str]:
    """Return the names of threads that sessions have started."""
    return [thread.name for thread in threads if thread.name.startswith("gemini-live")]


def test_cancelling_the_task_ends_an_asynchronous_session() -> None:
    """Behaviour 54: a task that is cancelled while it waits for an event leaves nothing behind either."""
    from tests.colours import Async

    stage = Stage(Async())
    try:
        stage.script(echo)
        session = stage.session(stage.live()).session

        async def work() -> None:
            async def listen() -> None:
                async with session:
                    async for _ in session:
                        pass

            task = asyncio.create_task(listen())
            while not session._iterating:
                await asyncio.sleep(0.001)
            task.cancel()
            with pytest.raises(asyncio.CancelledError):
                await task
            left = asyncio.all_tasks() - {asyncio.current_task()}
            assert not left

        stage.colour.call(work)
        stage.emulator.journal.wait()
    finally:
        stage.close()
        stage.colour.end()


COUNT = 1000


def test_a_thousand_sessions_leave_nothing_behind(stage: Stage) -> None:
    """Behaviour 55: after a thousand sessions tasks, threads and descriptors are as before.

    Memory is measured in a process of its own (tests/process/test_leaks.py); this one has the emulator.
    """
    live = stage.live()

    def some(count: int) -> None:
        for _ in range(count):
            actor = stage.session(live)
            stage.drop(actor)
            stage.colour.call(getattr(actor.session, "__aenter__", None) or actor.session.__enter__)
            actor.call("close")

    some(COUNT // 5)  # what is made once is made now
    before = figures(stage)
    some(COUNT)
    after = figures(stage)
    assert after["tasks"] <= before["tasks"]
    assert after["threads"] <= before["threads"] + 2  # the emulator's own come and go
    assert after["descriptors"] <= before["descriptors"]
    assert stage.time.timers() == 0


def figures(stage: Stage) -> dict[str, int]:
    """Return what sessions could leave behind."""
    stage.emulator.reset_journal()
    gc.collect()
    until(lambda: not _own(set(threading.enumerate())))
    loop = getattr(stage.colour, "loop", None)
    return {
        "tasks": len(asyncio.all_tasks(loop)) if loop is not None else 0,
        "threads": threading.active_count(),
        "descriptors": len(os.listdir("/proc/self/fd")),
    }


def test_a_session_that_nobody_closes_warns(stage: Stage) -> None:
    """Behaviour 56: a session that is collected while it is open warns, and its call ends."""
    stage.script(echo)
    actor = stage.session(stage.live())
    actor.enter(listen=False)
    stage.drop(actor)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", ResourceWarning)
        del actor

        def collected() -> list[str]:
            stage.colour.call(gc.collect)
            found = [str(each.message) for each in caught]
            return [text for text in found if "LiveSession" in text]

        (text,) = until(collected)
    assert "was not closed" in text
    stage.emulator.journal.wait()


def test_a_session_that_is_closed_does_not_warn(stage: Stage) -> None:
    """Behaviour 56: warnings are errors in these tests, so closing and collecting is silent."""
    stage.script(_resumable)
    actor = stage.session(stage.live())
    actor.enter(listen=False)
    actor.call("close")
    stage.drop(actor)
    del actor
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        stage.colour.call(gc.collect)


def _resumable(requests: Iterator[Any]) -> Iterator[Any]:
    yield from begin(requests)
    yield resumable("h")
    yield from (COMPLETE for _ in requests if False)


def test_closing_the_client_of_sessions_ends_them(stage: Stage) -> None:
    """Closing what sessions are begun with ends those that are open, without an attempt to reconnect."""
    stage.script(lambda requests: echo(requests, "h"))
    live = stage.live()
    actor: Actor = stage.open(live)
    actor.until(events.ResumptionUpdate)
    stage.colour.call(live.close)
    actor.end()
    assert not actor.of(events.Reconnected)
