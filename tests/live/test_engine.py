"""The life of a session where several things happen at once."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from gemini_grpc.emulator import Fault
from gemini_grpc.live import LiveConfig, LiveError, Resume, SessionClosed, SetupTimeout, events
from gemini_grpc.live.lanes import Lanes
from tests.live.stage import COMPLETE, TURN_END, Stage, begin, echo, resumable, say, until

TEXT = LiveConfig(modalities=["TEXT"])
LOST = Fault("UNAVAILABLE", "restarting", times=None)


def dial_with(stage: Stage, live: Any, before: Any) -> None:
    """Let a function run before every dial, in the way of the colour."""
    dial = live._dial

    def sync_dial(timeout: float) -> Any:
        before(timeout)
        return dial(timeout)

    async def async_dial(timeout: float) -> Any:
        await asyncio.to_thread(before, timeout)
        return await dial(timeout)

    live._dial = async_dial if stage.colour.name == "async" else sync_dial


def test_closing_the_service_ends_its_sessions_well(stage: Stage) -> None:
    stage.script(echo)
    live = stage.live()
    actors = [stage.open(live, config=TEXT) for _ in range(3)]
    for actor in actors:
        actor.until(events.Opened)
    stage.colour.call(live.close)
    for actor in actors:
        assert actor.end() is None
        with pytest.raises(SessionClosed):
            actor.call("send_text", "hello?")
    late = stage.session(live)
    with pytest.raises(SessionClosed):
        late.enter()


def test_an_error_of_a_credential_ends_the_session_and_is_told(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    live = stage.live()

    def fail(_: float) -> None:
        raise OSError("no token today")

    dial_with(stage, live, fail)
    with (
        caplog.at_level(logging.ERROR, logger="gemini_grpc"),
        pytest.raises(LiveError, match="no token today") as caught,
    ):
        stage.session(live).enter()
    assert isinstance(caught.value.__cause__, OSError)
    assert "no token today" in caplog.text


def test_a_fault_of_the_writer_is_not_kept_secret(
    stage: Stage, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    stage.script(echo)
    actor = stage.open(config=TEXT)
    actor.until(events.Opened)

    def broken(_: Lanes, **__: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(Lanes, "next", broken)
    with caplog.at_level(logging.ERROR, logger="gemini_grpc"):
        actor.call("send_content", "hello")
        error = actor.end()
    assert isinstance(error, LiveError)
    assert "a bug" in error.message
    assert "a bug" in caplog.text


def test_the_credential_has_the_time_of_the_setup(stage: Stage) -> None:
    given: list[float] = []
    live = stage.live()
    dial_with(stage, live, given.append)
    stage.script(echo)
    stage.open(live, setup_timeout=3.5)
    assert given == [3.5]


def test_a_session_can_be_closed_while_a_credential_is_fetched(stage: Stage) -> None:
    fetching, go = threading.Event(), threading.Event()

    def fetch(_: float) -> None:
        fetching.set()
        assert go.wait(5)

    live = stage.live()
    dial_with(stage, live, fetch)
    actor = stage.session(live)
    entering = stage.colour.start(actor._opener)
    assert fetching.wait(5)
    closing = actor.start("close", drain=0)
    if stage.colour.name == "async":
        closing.result(2)  # the task is cancelled; a thread has to be waited for
    until(lambda: actor.session._engine._stopped)
    go.set()
    closing.result(5)
    with pytest.raises(SessionClosed, match="closed while it connected"):
        entering.result(5)
    assert len(stage.emulator.journal) == 0


def test_an_entrance_that_is_given_up_leaves_nothing(stage: Stage) -> None:
    if stage.colour.name == "sync":
        pytest.skip("a thread cannot be cancelled")
    stage.script(lambda requests: (COMPLETE for _ in requests if False))
    actor = stage.session()
    with pytest.raises(TimeoutError):
        stage.colour.call(lambda: asyncio.wait_for(actor.session.__aenter__(), 0.05))
    stage.emulator.journal.wait()
    assert actor.session._engine.finished


def test_what_waits_is_sent_over_another_connection_before_a_session_closes(stage: Stage) -> None:
    second = threading.Event()

    def first(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests, "h")
        next(requests)
        yield LOST

    def slow(requests: Iterator[Any]) -> Iterator[Any]:
        next(requests)
        assert second.wait(5)
        yield COMPLETE
        yield from (say("heard") for _ in requests)

    script = stage.script(first, slow)
    actor = stage.open(config=TEXT)
    actor.call("send_text", "go")
    actor.until(events.Reconnecting)
    actor.call("send_content", "the last words")
    closing = actor.start("close", drain=5)
    second.set()
    closing.result(5)
    assert actor.end() is None
    assert script.texts(1) == ["the last words"]
    assert actor.texts() == ["heard"]


def test_speech_goes_on_over_the_next_connection(stage: Stage) -> None:
    def first(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests, "h")
        next(requests)
        yield LOST

    def plan(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests, "h")
        for message in requests:
            if "activity_end" in message.realtime_input:
                yield TURN_END

    script = stage.script(first, plan)
    actor = stage.open(config=LiveConfig(manual_activity=True))
    actor.call("activity_start")
    actor.until(events.Reconnected)
    actor.call("send_audio", bytes(640))
    actor.call("activity_end")
    until(lambda: len(actor.of(events.TurnEnd)) >= 1)
    inputs = [message.realtime_input for message in script.received[1][1:]]
    names = ("activity_start", "audio", "activity_end")
    assert [name for each in inputs for name in names if name in each] == list(names)


def test_a_handle_that_is_not_accepted_at_first_begins_anew_and_says_so(stage: Stage) -> None:
    actor = stage.open(config=TEXT, resume=Resume(handle="of nobody"))
    assert actor.until(events.Opened) == events.Opened(state_restored=False)
    assert len(stage.emulator.journal) == 2


def test_a_question_during_a_lost_connection_has_an_end(stage: Stage) -> None:
    def first(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests, "h")
        next(requests)
        yield LOST

    stage.script(first, lambda requests: echo(requests, "h"))
    actor = stage.session(config=TEXT).enter(listen=False)
    turn = actor.call("ask", "is anybody there?")
    assert turn.end_reason == "connection_lost"
    assert actor.call("ask", "and now?").text == "and now?"


def test_a_silent_connection_is_replaced(stage: Stage) -> None:
    def silent(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests, "h")
        yield from (COMPLETE for _ in requests if False)

    script = stage.script(silent, lambda requests: echo(requests, "h"))
    actor = stage.open(config=TEXT, idle_timeout=30)
    actor.until(events.ResumptionUpdate)
    stage.advance(29)
    assert not actor.of(events.Reconnecting)
    stage.advance(2)
    lost = actor.until(events.Reconnecting).error
    assert "nothing came from the server for 30 s" in lost.message
    actor.until(events.Reconnected)
    assert script.handle(1) == "h"


def test_what_comes_in_time_keeps_a_connection(stage: Stage) -> None:
    def talkative(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests)
        yield from (resumable("h") for _ in requests)

    stage.script(talkative)
    actor = stage.open(config=TEXT, idle_timeout=30)
    for number in range(5):
        stage.advance(20)
        actor.call("send_text", "there?")
        actor.until(events.ResumptionUpdate, number + 1)
    assert not actor.of(events.Reconnecting)


def test_a_setup_that_is_never_answered_again_is_part_of_the_budget(stage: Stage) -> None:
    def first(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests, "h")
        next(requests)
        yield LOST

    script = stage.script(first, lambda requests: (COMPLETE for _ in requests if False))
    actor = stage.open(config=TEXT, resume=Resume(budget=15))
    actor.call("send_text", "go")
    for number in (1, 2):
        actor.advance_until(lambda number=number: any(script.received[number:]))
        stage.advance(10)  # the setup timeout
    until(actor.over.is_set)
    assert isinstance(actor.error, LiveError)
    assert not isinstance(actor.error, SetupTimeout)  # it had been set up once
    assert "no setup_complete" in actor.error.message
    assert script.handle(1) == "h"
