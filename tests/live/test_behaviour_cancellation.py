"""Behaviours 16 to 19: waits that are given up, and callers that get in each other's way."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from typing import Any

import pytest

from gemini_grpc.live import LiveConfig, Outbox, StateError, events
from tests.colours import Async
from tests.live.stage import COMPLETE, TURN_END, Stage, begin, echo, say, until

TEXT = LiveConfig(modalities=["TEXT"])
FRAME = bytes(640)
"""20 ms of audio at 16 kHz."""


@pytest.fixture
def loop_stage() -> Iterator[Stage]:
    """A stage for what only tasks can do: give up a wait."""
    colour = Async()
    made = Stage(colour)
    yield made
    made.close()
    colour.end()


def test_a_wait_for_an_event_can_be_given_up(loop_stage: Stage) -> None:
    """Behaviour 16: a time limit on the next event harms nothing, and no event is lost."""
    script = loop_stage.script(echo)
    actor = loop_stage.session(config=TEXT).enter(listen=False)

    async def listen() -> list[str]:
        session = actor.session
        assert isinstance(await anext(session), events.Opened)
        for _ in range(20):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(anext(session), 0.001)
        await session.send_content("still there?")
        found: list[str] = []
        while len(found) < 2:
            try:
                found.append(type(await asyncio.wait_for(anext(session), 0.0005)).__name__)
            except TimeoutError:
                continue
        return found

    assert loop_stage.colour.call(listen) == ["TextOut", "TurnEnd"]
    assert len(script.received) == 1


def test_a_question_can_be_given_up(loop_stage: Stage) -> None:
    """Behaviour 16: a time limit on `ask` leaves the session working; its answer still comes."""
    go = threading.Event()

    def slow(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests)
        for message in requests:
            assert go.wait(5)
            yield say(message.client_content.turns[0].parts[0].text)
            yield TURN_END

    loop_stage.script(slow)
    actor = loop_stage.session(config=TEXT).enter(listen=False)
    with pytest.raises(TimeoutError):
        loop_stage.colour.call(lambda: asyncio.wait_for(actor.session.ask("one"), 0.05))
    go.set()
    assert actor.call("ask", "two").text == "two"


def test_audio_whose_sending_is_given_up_is_not_sent(loop_stage: Stage) -> None:
    """Behaviour 17: the wait for room can be cancelled; the call goes on and the audio is not queued."""
    opened = threading.Event()
    script = loop_stage.script(_held_up(opened))
    actor = loop_stage.session(config=TEXT, outbox=Outbox(audio=0.02))
    entering = loop_stage.colour.start(actor._opener)
    until(lambda: script.received and script.received[0])
    actor.call("send_audio", FRAME)  # it waits for the setup, and fills the lane

    async def give_up() -> None:
        for _ in range(5):
            with pytest.raises(TimeoutError):
                await asyncio.wait_for(actor.session.send_audio(b"\1\1" * 320), 0.002)

    loop_stage.colour.call(give_up)
    assert actor.session._engine.lanes.audio_seconds == pytest.approx(0.02)
    opened.set()
    entering.result(5)
    actor.listen()
    actor.call("send_content", "done")
    actor.until(events.TurnEnd)
    frames = [message for message in script.received[0] if "realtime_input" in message]
    assert [message.realtime_input.audio.data for message in frames] == [FRAME]


def test_an_answer_whose_sending_is_given_up_can_be_sent_again(loop_stage: Stage) -> None:
    """Behaviour 17: a tool result, and a mark of activity, count as sent only when they are queued."""
    opened = threading.Event()
    script = loop_stage.script(_held_up(opened))
    actor = loop_stage.session(
        config=LiveConfig(modalities=["TEXT"], manual_activity=True), outbox=Outbox(control=1)
    )
    entering = loop_stage.colour.start(actor._opener)
    until(lambda: script.received and script.received[0])
    actor.call("send_content", "it fills the lane", turn_complete=False)

    async def give_up() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(actor.session.activity_start(), 0.01)

    loop_stage.colour.call(give_up)
    assert not actor.session._engine.protocol.activity
    opened.set()
    entering.result(5)
    actor.call("activity_start")
    with pytest.raises(StateError, match="sent already"):
        actor.call("activity_start")
    actor.call("activity_end")


def test_a_session_has_one_iteration(stage: Stage) -> None:
    """Behaviour 18: a second caller who waits for events is refused, and the first goes on."""
    stage.script(echo)
    actor = stage.open(config=TEXT)
    actor.until(events.Opened)
    until(lambda: actor.session._iterating)
    with pytest.raises(StateError, match="being iterated over already; use a tap"):
        stage.colour.next(actor.session)
    with pytest.raises(StateError, match="being iterated over"):
        actor.call("ask", "what?")
    turns = actor.session.turns()
    with pytest.raises(StateError, match="being iterated over"):
        stage.colour.next(turns)
    actor.call("send_content", "only this")
    actor.until(events.TurnEnd)
    assert actor.texts() == ["only this"]


def test_fifty_senders_at_once_keep_their_order(stage: Stage) -> None:
    """Behaviour 19: messages arrive whole, and in each lane in the order in which they were sent."""
    opened = threading.Event()
    script = stage.script(_held_up(opened))
    actor = stage.session(config=TEXT, outbox=Outbox(audio=0.06, control=3))
    entering = stage.colour.start(actor._opener)
    until(lambda: script.received and script.received[0])
    lanes = actor.session._engine.lanes

    def waiting() -> int:
        return len(lanes._line) + len(lanes)

    sending = []
    for number in range(50):
        if number % 2:
            sending.append(actor.start("send_audio", bytes([number, 0]) * 320))
        else:
            sending.append(actor.start("send_content", f"{number} " + "x" * 5000))
        until(lambda: waiting() == len(sending))
    opened.set()
    entering.result(5)
    for each in sending:
        each.result(5)
    until(lambda: len(script.received[0]) == 51)
    received = script.received[0][1:]
    frames = [m.realtime_input.audio.data for m in received if "realtime_input" in m]
    texts = [m.client_content.turns[0].parts[0].text for m in received if "client_content" in m]
    assert frames == [bytes([number, 0]) * 320 for number in range(1, 50, 2)]
    assert texts == [f"{number} " + "x" * 5000 for number in range(0, 50, 2)]
    assert actor.session.dropped_audio == 0


def _held_up(opened: threading.Event) -> Any:
    """Return a plan that completes the setup when it is told to, and then ends a turn for each content."""

    def plan(requests: Iterator[Any]) -> Iterator[Any]:
        next(requests)
        assert opened.wait(5)
        yield COMPLETE
        for message in requests:
            if "client_content" in message:
                yield TURN_END

    return plan


def test_several_callers_may_share_a_tap(stage: Stage) -> None:
    """Behaviour 18: taps are for anyone; each item goes to one of those who wait."""
    stage.script(echo)
    actor = stage.open(config=TEXT)
    raw = actor.call("raw")
    waiting = [stage.colour.start(lambda: stage_next(raw)) for _ in range(3)]
    actor.call("send_content", "x")
    actor.until(events.TurnEnd)
    until(lambda: sum(each.done() for each in waiting) == 2)
    actor.call("close")
    ends = [each.result(5) for each in waiting]
    assert sum(end is not None for end in ends) == 2


def stage_next(tap: Any) -> Any:
    """Return the next item of a tap of either colour, None at its end."""
    if not hasattr(tap, "__anext__"):
        return next(tap, None)

    async def step() -> Any:
        return await anext(tap, None)

    return step()
