"""`ask` returns the answer to its own question, whatever was asked before and whatever is lost."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from gemini_grpc.errors import ArgumentError, DeadlineExceeded
from gemini_grpc.live import LiveConfig, Outbox, StateError, Tool, events
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


def test_a_loop_waits_while_somebody_asks_and_nobody_else_may_ask(stage: Stage) -> None:
    go = threading.Event()

    def slow(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests)
        for message in requests:
            assert go.wait(10)
            yield say(message.client_content.turns[0].parts[0].text, turn_complete=True)

    stage.script(slow)
    actor = stage.session(config=TEXT).enter(listen=False)
    asking = actor.start("ask", "really?")
    until(lambda: actor.session._iterating)
    waiting = actor.session._engine.signal._waiting
    before = len(waiting)
    actor.listen()
    until(lambda: len(waiting) > before or actor.over.is_set())
    with pytest.raises(StateError, match="is being asked already"):
        actor.call("ask", "me too?")
    go.set()
    assert asking.result(10).text == "really?"
    actor.call("send_content", "two")
    actor.until(events.TurnEnd)
    assert actor.texts() == ["two"]


def test_what_a_question_takes_is_not_seen_by_a_loop_that_is_busy_meanwhile(stage: Stage) -> None:
    stage.script(echo)
    actor = stage.session(config=TEXT).enter(listen=False)
    assert isinstance(stage.colour.next(actor.session), events.Opened)  # the body of a loop begins
    assert actor.call("ask", "one").text == "one"
    actor.call("send_content", "two")
    actor.listen().until(events.TurnEnd)
    assert actor.texts() == ["two"]


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


def silent(requests: Iterator[Any]) -> Iterator[Any]:
    yield from begin(requests)
    yield from ({} for _ in requests if False)


def test_a_question_nobody_answers_ends_at_its_deadline(stage: Stage) -> None:
    script = stage.script(silent)
    actor = stage.session(config=TEXT).enter(listen=False)
    asking = actor.start("ask", "anybody?", timeout=30)
    until(lambda: len(script.received[0]) == 2)
    stage.advance(29)
    assert not asking.done()
    stage.advance(2)
    with pytest.raises(DeadlineExceeded, match="no answer in time"):
        asking.result(10)
    assert actor.session._engine.takes_messages


def only_content(requests: Iterator[Any]) -> Iterator[Any]:
    """Be a plan that answers what is said by `send_content`, and nothing else."""
    yield from begin(requests)
    for message in requests:
        for turn in message.client_content.turns:
            yield say(turn.parts[0].text, turn_complete=True)


def test_realtime_text_that_is_not_answered_costs_one_question_at_most(stage: Stage) -> None:
    stage.script(only_content)
    actor = stage.session(config=TEXT).enter(listen=False)
    raw = actor.call("raw")
    actor.call("send_text", "hm")
    asking = actor.start("ask", "one", timeout=30)
    stage.colour.next(raw)  # is taken for the answer to the text
    stage.advance(31)
    with pytest.raises(DeadlineExceeded):
        asking.result(10)
    assert [actor.call("ask", text).text for text in ("two", "three")] == ["two", "three"]


def test_a_turn_that_goes_on_at_the_deadline_is_not_the_next_answer(stage: Stage) -> None:
    go = threading.Event()

    def slow(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests)
        next(requests)
        yield say("a long ")
        assert go.wait(10)
        yield say("story", turn_complete=True)
        for message in requests:
            for turn in message.client_content.turns:
                yield say(turn.parts[0].text, turn_complete=True)

    stage.script(slow)
    actor = stage.session(config=TEXT).enter(listen=False)
    raw = actor.call("raw")
    actor.call("send_text", "tell me a story")
    asking = actor.start("ask", "one", timeout=30)
    stage.colour.next(raw)
    until(lambda: not actor.session.unsent)
    stage.advance(31)
    with pytest.raises(DeadlineExceeded):
        asking.result(10)
    go.set()
    assert actor.call("ask", "two").text == "two"


def test_an_answer_after_the_deadline_is_not_the_next_one(stage: Stage) -> None:
    go = threading.Event()

    def slow(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests)
        for message in requests:
            assert go.wait(10)
            yield say(message.client_content.turns[0].parts[0].text, turn_complete=True)

    script = stage.script(slow)
    actor = stage.session(config=TEXT).enter(listen=False)
    asking = actor.start("ask", "one", timeout=5)
    until(lambda: len(script.received[0]) == 2)
    stage.advance(6)
    with pytest.raises(DeadlineExceeded):
        asking.result(10)
    go.set()
    assert actor.call("ask", "two", timeout=5).text == "two"


CUT_OFF = {"server_content": {"interrupted": True, "turn_complete": True}}


def test_a_turn_that_a_question_cuts_off_is_not_its_answer(stage: Stage) -> None:
    def hasty(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests)
        for message in requests:
            yield CUT_OFF
            yield say(message.client_content.turns[0].parts[0].text, turn_complete=True)

    stage.script(hasty)
    actor = stage.session(config=TEXT).enter(listen=False)
    for text in ("one", "two"):
        turn = actor.call("ask", text, timeout=5)
        assert (turn.text, turn.end_reason) == (text, "complete")


def test_questions_that_cut_each_other_off_do_not_push_the_answers_back(stage: Stage) -> None:
    def slow(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests)
        next(requests)
        for number, message in enumerate(requests, 2):
            yield CUT_OFF if number < 4 else {}
            if number > 2:
                yield say(message.client_content.turns[0].parts[0].text, turn_complete=True)

    script = stage.script(slow)
    actor = stage.session(config=TEXT).enter(listen=False)
    for number in (1, 2):
        asking = actor.start("ask", "too slow", timeout=1)
        until(lambda: len(script.received[0]) == number + 1)  # noqa: B023
        until(lambda: len(actor.session._engine.protocol.ledger._owed) == 1)
        stage.advance(2)
        with pytest.raises(DeadlineExceeded):
            asking.result(10)
    for text in ("three", "four", "five"):
        assert actor.call("ask", text, timeout=5).text == text


def test_a_result_nothing_is_said_to_is_not_waited_for_beyond_the_deadline(stage: Stage) -> None:
    go = threading.Event()

    def lookup(city: str) -> str:
        """Tell the weather."""
        assert go.wait(10)
        return "sunny"

    def plan(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests)
        next(requests)
        call = {"id": "c", "name": "lookup", "args": {"city": "Oslo"}}
        yield {"tool_call": {"function_calls": [call]}}
        yield say("I am looking", turn_complete=True)
        for message in requests:
            for turn in message.client_content.turns:
                yield say(turn.parts[0].text, turn_complete=True)

    script = stage.script(plan)
    actor = stage.session(model="gemini-3.8-live", tools=[lookup]).enter(listen=False)
    raw = actor.call("raw")
    asking = actor.start("ask", "What is the weather?", timeout=30)
    for _ in range(2):
        stage.colour.next(raw)
    go.set()
    until(lambda: "tool_response" in script.kinds())
    stage.advance(31)
    with pytest.raises(DeadlineExceeded):
        asking.result(10)
    assert actor.call("ask", "two").text == "two"


def test_a_question_that_found_no_room_in_time_is_not_sent(stage: Stage) -> None:
    reading = threading.Event()

    def deaf(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests)
        assert reading.wait(10)
        for message in requests:
            for turn in message.client_content.turns:
                yield say(turn.parts[0].text, turn_complete=True)

    script = stage.script(deaf)
    actor = stage.session(config=TEXT, outbox=Outbox(control=1)).enter(listen=False)
    lanes = actor.session._engine.lanes
    actor.call("send_video", bytes(16 << 20))  # more than gRPC takes
    until(lambda: not len(lanes))
    actor.call("send_content", "one")
    asking = actor.start("ask", "two", timeout=5)
    until(lambda: lanes.has_line)
    stage.advance(6)
    with pytest.raises(DeadlineExceeded):
        asking.result(10)
    reading.set()
    assert actor.call("ask", "three").text == "three"
    assert script.texts() == ["one", "three"]


@pytest.mark.parametrize("timeout", [0, -1.0, "5"])
def test_a_time_limit_that_leaves_no_time_sends_nothing(stage: Stage, timeout: object) -> None:
    script = stage.script(echo)
    actor = stage.session(config=TEXT).enter(listen=False)
    with pytest.raises(ArgumentError, match="timeout"):
        actor.call("ask", "one", timeout=timeout)
    assert actor.call("ask", "two").text == "two"
    assert script.texts() == ["two"]
