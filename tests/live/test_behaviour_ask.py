"""`ask` returns the answer to its own question, whatever was asked before and whatever is lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from gemini_grpc.live import LiveConfig, StateError, Tool, events
from tests.live.stage import Script, Stage, begin, echo, go_away, resumable, say, until
from tests.live.test_engine import LOST

TEXT = LiveConfig(modalities=["TEXT"])


@pytest.mark.parametrize("way", ["send_content", "send_text"])
def test_a_question_is_not_given_the_answer_to_one_before(stage: Stage, way: str) -> None:
    actor = stage.session(config=TEXT).enter(listen=False)
    actor.call(way, "tell me of apples")
    assert "pears" in actor.call("ask", "tell me of pears").text
    actor.call(way, "tell me of bread")
    actor.call("send_content", "tell me of wine")
    turn = actor.call("ask", "tell me of cheese")
    assert "cheese" in turn.text
    assert turn.end_reason == "complete"
    assert "salt" in actor.call("ask", "tell me of salt").text


def test_questions_that_wait_for_a_connection_are_answered_in_order(stage: Stage) -> None:
    def first(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests, "h")
        next(requests)
        yield LOST

    stage.script(first, lambda requests: echo(requests, "h"))
    actor = stage.session(config=TEXT).enter(listen=False)
    actor.call("send_content", "lost")
    until(lambda: actor.session._feed.mailbox.turn_ends)
    actor.call("send_content", "before")
    assert actor.call("ask", "mine").text == "mine"


class Thinker:
    """A plan that says it can go on from a new handle, and not that it is going to answer."""

    def __init__(self, *then: Any) -> None:
        self.asked, self.go = threading.Event(), threading.Event()
        self._then = then

    def __call__(self, requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests, "h1")
        next(requests)
        self.asked.set()
        assert self.go.wait(10)
        yield resumable("h2")
        yield from self._then
        yield from ({} for _ in requests if False)

    def think(self, stage: Stage, seconds: float) -> None:
        assert self.asked.wait(10)
        stage.advance(seconds)
        self.go.set()


def test_an_answer_that_is_lost_after_long_thought_has_an_end(stage: Stage) -> None:
    thinker = Thinker(LOST)
    stage.script(thinker, lambda requests: echo(requests, "h3"))
    actor = stage.session(config=TEXT).enter(listen=False)
    asking = actor.start("ask", "think")
    thinker.think(stage, 11)
    assert asking.result(10).end_reason == "connection_lost"
    assert actor.call("ask", "and now?").text == "and now?"


def test_a_connection_is_not_replaced_while_the_model_thinks(stage: Stage) -> None:
    thinker = Thinker(go_away(50))
    script: Script = stage.script(thinker, lambda requests: echo(requests, "h3"))
    actor = stage.open(config=TEXT)
    actor.call("send_content", "think")
    thinker.think(stage, 11)
    actor.until(events.GoingAway)
    stage.advance(1)
    assert actor.session.uncertain == ()
    assert not actor.of(events.Reconnecting)
    stage.advance(34)
    actor.until(events.Reconnected)
    assert [end.reason for end in actor.of(events.TurnEnd)] == ["connection_lost"]
    assert len(script.received) == 2


def test_nobody_takes_events_from_a_question(stage: Stage) -> None:
    go = threading.Event()

    def slow(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests)
        next(requests)
        assert go.wait(10)
        yield say("yes", turn_complete=True)
        yield from ({} for _ in requests if False)

    stage.script(slow)
    actor = stage.session(config=TEXT).enter(listen=False)
    asking = actor.start("ask", "really?")
    until(lambda: actor.session._iterating)
    assert isinstance(actor.listen().end(), StateError)
    with pytest.raises(StateError):
        actor.call("ask", "me too?")
    go.set()
    assert asking.result(10).text == "yes"


@pytest.mark.parametrize("scheduling", ["", "SILENT"])
def test_an_answer_holds_what_the_model_says_to_a_function_it_did_not_wait_for(
    stage: Stage, scheduling: Any
) -> None:
    def get_weather(city: str) -> str:
        """Tell the weather in a city."""
        return f"sunny in {city}"

    actor = stage.session(
        model="gemini-3.8-live",
        config=LiveConfig(transcripts=True),
        tools=[Tool(get_weather, scheduling=scheduling)],
    ).enter(listen=False)
    turn = actor.call("ask", "What is the weather in Oslo?")
    assert [call.name for call in turn.calls] == ["get_weather"]
    assert turn.end_reason == "complete"
    assert ("sunny in Oslo" in turn.transcript) is (scheduling != "SILENT")
