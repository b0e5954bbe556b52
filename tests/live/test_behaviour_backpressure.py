"""Behaviours 20 to 22: a server that does not read, and a user who does not listen."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from gemini_grpc.errors import ArgumentError
from gemini_grpc.live import Inbox, LiveConfig, LiveError, Outbox, SendQueueFull, events
from tests.live.stage import COMPLETE, TURN_END, Stage, begin, echo, go_away, resumable, say, until

TEXT = LiveConfig(modalities=["TEXT"])
SPEECH = LiveConfig(modalities=["AUDIO"])
FRAME_SECONDS = 0.02


def frame(number: int) -> bytes:
    """Return 20 ms of audio at 16 kHz that can be told from others."""
    return number.to_bytes(2, "little") * 320


def speech(number: int, seconds: float = 0.1) -> dict[str, Any]:
    pcm = number.to_bytes(2, "little") * int(24_000 * seconds)
    part = {"inline_data": {"mime_type": "audio/pcm;rate=24000", "data": pcm}}
    return {"server_content": {"model_turn": {"parts": [part]}}}


def numbers(events_: list[Any]) -> list[int]:
    return [int.from_bytes(event.pcm[:2], "little") for event in events_]


def deaf(reading: threading.Event) -> Any:
    """Return a plan that reads nothing before it is told to."""

    def plan(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests)
        assert reading.wait(10)
        for message in requests:
            if "client_content" in message:
                yield say(message.client_content.turns[0].parts[0].text)
                yield TURN_END

    return plan


def fill(actor: Any) -> None:
    """Send more than gRPC takes while the server does not read."""
    actor.call("send_video", bytes(16 << 20))
    until(lambda: not len(actor.session._engine.lanes))


def test_audio_that_cannot_be_sent_is_bounded_and_control_waits_in_order(stage: Stage) -> None:
    """Behaviour 20: of audio the newest half second waits, the rest is counted; control is all there."""
    reading = threading.Event()
    script = stage.script(deaf(reading))
    actor = stage.open(config=TEXT, outbox=Outbox(audio=0.5))
    fill(actor)
    lanes = actor.session._engine.lanes
    room = []
    for number in range(500):
        room.append(actor.call("offer_audio", frame(number)))
        assert lanes.audio_seconds <= 0.5 + 1e-6
        if number % 100 == 50:
            actor.call("send_content", f"content {number}")
    assert room == [True] * 25 + [False] * 475
    assert len(lanes) == 25 + 5
    assert actor.session.dropped_audio == pytest.approx(475 * FRAME_SECONDS)
    reading.set()
    actor.until(events.TurnEnd, 5)
    assert actor.texts() == [f"content {number}" for number in range(50, 500, 100)]
    until(lambda: len([m for m in script.received[0] if "realtime_input" in m]) == 26)
    heard = [m.realtime_input.audio.data for m in script.received[0] if "realtime_input" in m][1:]
    assert heard == [frame(number) for number in range(475, 500)]


def test_sending_audio_waits_for_room_and_drops_nothing(stage: Stage) -> None:
    """Behaviour 20: `send_audio` is slowed down instead."""
    reading = threading.Event()
    script = stage.script(deaf(reading))
    actor = stage.open(config=TEXT, outbox=Outbox(audio=0.1))
    fill(actor)
    sending = [actor.start("send_audio", frame(0)) for _ in range(8)]
    until(lambda: sum(each.done() for each in sending) == 5)
    assert not all(each.done() for each in sending)
    reading.set()
    for each in sending:
        each.result(5)
    until(lambda: len(script.received[0]) == 10)
    assert actor.session.dropped_audio == 0


@pytest.mark.parametrize("way", ["send_audio", "offer_audio"])
@pytest.mark.parametrize(
    ("pcm", "rate", "text"),
    [
        ("abcd", 16_000, "pcm is str"),
        (None, 16_000, "pcm is NoneType"),
        (b"abc", 16_000, "pcm has 3 bytes"),
        (b"abcd", 0, "rate is 0"),
        (b"abcd", None, "rate is None"),
        (b"abcd", "16000", "rate is '16000'"),
    ],
)
def test_what_is_no_audio_is_refused_and_the_session_goes_on(
    stage: Stage, way: str, pcm: Any, rate: Any, text: str
) -> None:
    stage.script(echo)
    actor = stage.session(config=TEXT).enter(listen=False)
    with pytest.raises(ArgumentError, match=text):
        actor.call(way, pcm, rate=rate)
    assert not actor.session._engine.lanes.has_line
    assert actor.call("ask", "one").text == "one"


def test_control_messages_wait_for_room_or_are_refused(stage: Stage) -> None:
    """Behaviour 20: with `when_full="error"` sending raises at once, and what waits is kept."""
    reading = threading.Event()
    stage.script(deaf(reading))
    actor = stage.open(config=TEXT, outbox=Outbox(control=2, when_full="error"))
    fill(actor)
    actor.call("send_content", "one")
    actor.call("send_content", "two")
    with pytest.raises(SendQueueFull, match="2 messages wait"):
        actor.call("send_content", "three")
    reading.set()
    actor.until(events.TurnEnd, 2)
    actor.call("send_content", "four")
    actor.until(events.TurnEnd, 3)
    assert actor.texts() == ["one", "two", "four"]


def test_senders_that_wait_are_told_when_the_session_ends(stage: Stage) -> None:
    """Behaviour 20: nobody waits for ever for room in a session that is over."""
    reading = threading.Event()
    stage.script(deaf(reading))
    actor = stage.open(config=TEXT, outbox=Outbox(control=1))
    fill(actor)
    actor.call("send_content", "one")
    waiting = [actor.start("send_content", "two") for _ in range(3)]
    until(lambda: len(actor.session._engine.lanes._line) == 3)
    actor.call("close", drain=0)
    for each in waiting:
        with pytest.raises(RuntimeError, match="closed"):
            each.result(5)
    assert [message.kind for message in actor.session.unsent] == ["content"]
    reading.set()


def test_who_does_not_listen_for_a_minute_loses_nothing(stage: Stage) -> None:
    """Behaviour 21: functions run and connections change though nobody takes events; taps are bounded."""
    called: list[str] = []

    def lookup(city: str) -> str:
        """Tell the weather."""
        called.append(city)
        return "sunny"

    def first(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests, "h1")
        next(requests)
        yield from (speech(number) for number in range(500))
        yield {
            "tool_call": {
                "function_calls": [{"id": "c", "name": "lookup", "args": {"city": "Oslo"}}]
            }
        }
        assert "tool_response" in next(requests)
        yield say("sunny", turn_complete=True)
        yield resumable("h2")
        yield go_away(50)
        yield from (COMPLETE for _ in requests if False)

    script = stage.script(first, lambda requests: echo(requests, "h3"))
    actor = stage.session(config=SPEECH, tools=[lookup], idle_timeout=90).enter(listen=False)
    tap = actor.call("audio_out", 2.0)
    actor.call("send_content", "speak")
    until(lambda: actor.session.handle == "h3")  # of the second connection
    stage.advance(60)
    assert called == ["Oslo"]
    assert script.handle(1) == "h2"
    actor.listen().until(events.Reconnected)
    assert numbers(actor.of(events.AudioOut)) == list(range(500))
    assert actor.session.dropped_events == 0
    actor.call("close")
    kept = numbers(stage.colour.drain(tap))
    assert kept == list(range(480, 500))
    assert tap.dropped == 480


def pouring(requests: Iterator[Any]) -> Iterator[Any]:
    yield from begin(requests)
    next(requests)
    yield from (speech(number) for number in range(100))
    yield TURN_END
    yield from (COMPLETE for _ in requests if False)


def test_reading_stops_when_too_much_waits(stage: Stage) -> None:
    """Behaviour 21: with `block` no more is read than may wait; silence of our own making is no idling."""
    stage.script(pouring)
    actor = stage.session(config=SPEECH, inbox=Inbox(audio=1.0), idle_timeout=5).enter(listen=False)
    mailbox = actor.session._feed.mailbox
    actor.call("send_content", "speak")
    until(lambda: mailbox.is_full)
    for _ in range(12):
        stage.advance(5)
    assert len(mailbox) == 11  # `Opened`, and a second of speech
    actor.listen().until(events.TurnEnd)
    assert numbers(actor.of(events.AudioOut)) == list(range(100))
    assert not actor.of(events.Reconnecting)


def test_too_much_that_waits_can_be_an_error(stage: Stage) -> None:
    """Behaviour 21: with `error` the session ends, after everything that was read is given."""
    stage.script(pouring)
    actor = stage.session(config=SPEECH, inbox=Inbox(audio=1.0, overflow="error")).enter(
        listen=False
    )
    actor.call("send_content", "speak")
    until(lambda: actor.session._engine.finished)
    assert isinstance(actor.listen().end(), LiveError)
    assert "not taken quickly enough" in str(actor.error)
    assert numbers(actor.of(events.AudioOut)) == list(range(11))
    with pytest.raises(LiveError):
        actor.call("send_text", "hello?")


def test_the_oldest_of_what_waits_can_be_dropped(stage: Stage) -> None:
    """Behaviour 21: with `drop_oldest` reading goes on, and what was lost is counted."""
    stage.script(pouring)
    actor = stage.session(config=SPEECH, inbox=Inbox(audio=1.0, overflow="drop_oldest"))
    actor.enter(listen=False).call("send_content", "speak")
    until(lambda: actor.session._feed.mailbox.turn_ends)
    actor.listen().until(events.TurnEnd)
    assert numbers(actor.of(events.AudioOut)) == list(range(90, 100))
    assert actor.session.dropped_events == 91  # with `Opened`


def test_of_video_the_latest_frame_is_sent(stage: Stage) -> None:
    """Behaviour 22: a frame that could not be sent yet is replaced by the next."""
    reading = threading.Event()
    script = stage.script(deaf(reading))
    actor = stage.open(config=TEXT)
    fill(actor)
    for number in range(10):
        actor.call("send_video", b"frame %d" % number)
    actor.call("send_text", "between")
    actor.call("send_video", b"the last", "image/png")
    assert actor.session.dropped_video == 10
    reading.set()
    until(lambda: len(script.received[0]) == 4)
    text, video = (message.realtime_input for message in script.received[0][2:])
    assert text.text == "between"
    assert (video.video.data, video.video.mime_type) == (b"the last", "image/png")
