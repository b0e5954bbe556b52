"""The service promises little about the order of its messages; sessions rely on no more than that."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from gemini_grpc.emulator import Fault
from gemini_grpc.errors import DeadlineExceeded
from gemini_grpc.live import (
    ConnectionLost,
    LiveError,
    Resume,
    ResumeFailed,
    SessionClosed,
    SetupRejected,
    Tool,
    events,
)
from gemini_grpc.live.audio import Playout
from tests.live.stage import BUSY, TURN_END, Stage, begin, go_away, resumable, say, until


def content(**fields: Any) -> dict[str, Any]:
    return {"server_content": fields}


def transcript(who: str, text: str) -> dict[str, Any]:
    return content(**{f"{who}_transcription": {"text": text}})


def speech(pcm: bytes, **more: Any) -> dict[str, Any]:
    blob = {"mime_type": "audio/pcm;rate=24000", "data": pcm}
    return content(model_turn={"parts": [{"inline_data": blob}]}, **more)


def call(*ids: str, name: str = "lookup") -> dict[str, Any]:
    return {"tool_call": {"function_calls": [{"id": each, "name": name} for each in ids]}}


def questions(requests: Iterator[Any]) -> Iterator[str]:
    """Return the texts of the questions that come."""
    for message in requests:
        for turn in message.client_content.turns:
            yield turn.parts[0].text


def after_each_answer(*late: Any, handle: str = "") -> Any:
    """Return a plan that answers with the words of the question, and then sends something more."""

    def plan(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests, handle)
        for text in questions(requests):
            yield say(text)
            yield TURN_END
            yield from late

    return plan


LATE = {
    "output transcript": transcript("output", "late"),
    "input transcript": transcript("input", "late"),
    "generation_complete": content(generation_complete=True),
    "grounding": content(grounding_metadata={}),
    "usage": {"usage_metadata": {"total_token_count": 3}},
    "interrupted": content(interrupted=True),
    "unknown": {},
}
"""What may come after the end of the turn that it belongs to."""


@pytest.mark.parametrize("late", LATE.values(), ids=LATE)
def test_what_comes_after_the_end_of_a_turn_is_no_turn(stage: Stage, late: Any) -> None:
    stage.script(after_each_answer(late, resumable("h")))
    actor = stage.session().enter(listen=False)
    for text in ("one", "two", "three"):
        assert actor.call("ask", text, timeout=5).text == text
    until(lambda: actor.session.handle)
    actor.call("close")
    log = list(actor.session._feed.mailbox)
    assert not [event for event in log if isinstance(event, events.TurnEnd)]


@pytest.mark.parametrize("version", ["v1beta", "v1alpha"])
def test_late_messages_of_both_versions_are_no_turn(stage: Stage, version: str) -> None:
    stage.script(after_each_answer(LATE["grounding"], LATE["interrupted"]))
    actor = stage.session(stage.live(version=version)).enter(listen=False)
    for text in ("one", "two", "three"):
        assert actor.call("ask", text, timeout=5).text == text


def test_a_transcript_that_came_before_a_question_is_not_part_of_its_answer(stage: Stage) -> None:
    stage.script(after_each_answer(transcript("output", "late"), resumable("h")))
    actor = stage.session().enter(listen=False)
    assert actor.call("ask", "one").transcript == ""
    until(lambda: actor.session.handle)
    assert actor.call("ask", "two").transcript == ""


@pytest.mark.parametrize("function", [False, True], ids=["answer", "answer with a function"])
def test_a_busy_update_after_the_end_of_a_turn_announces_no_other(
    stage: Stage, function: bool
) -> None:
    def plan(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests)
        for text in questions(requests):
            if function:
                yield call(text)
                assert next(requests).tool_response
            yield say(text)
            yield TURN_END
            yield BUSY

    stage.script(plan)
    actor = stage.session(model="gemini-3.8-live", tools=[lookup]).enter(listen=False)
    for text in ("one", "two", "three"):
        assert actor.start("ask", text, timeout=5).result(10).text == text
        until(lambda: len(actor.session._feed.mailbox))
    assert actor.session._engine.protocol.turns_due == 0


@pytest.mark.parametrize("comes", [True, False])
def test_a_busy_update_after_speech_announces_the_answer_to_it(stage: Stage, comes: bool) -> None:
    def plan(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests)
        assert next(requests).realtime_input.audio.data
        yield BUSY
        for number, text in enumerate(questions(requests)):
            if comes and not number:
                yield say("what I heard", turn_complete=True)
            yield say(text, turn_complete=True)

    stage.script(plan)
    actor = stage.session().enter(listen=False)
    raw = actor.call("raw")
    actor.call("send_audio", bytes(320))
    stage.colour.next(raw)
    until(lambda: actor.session._engine.protocol.turns_due)
    asking = actor.start("ask", "one", timeout=5)
    if comes:
        assert asking.result(10).text == "one"
    else:  # it costs one question
        stage.colour.next(raw)
        until(lambda: not actor.session._engine.protocol.turn_open)
        until(lambda: not actor.session._feed.mailbox)
        stage.advance(6)
        with pytest.raises(DeadlineExceeded):
            asking.result(10)
    assert actor.call("ask", "two", timeout=5).text == "two"


def test_a_late_transcript_does_not_delay_the_next_connection(stage: Stage) -> None:
    late = (transcript("output", "late"), resumable("h"), transcript("output", "later"))
    script = stage.script(after_each_answer(*late, go_away(60)), after_each_answer())
    actor = stage.open()
    actor.call("send_content", "one")
    actor.until(events.GoingAway)
    actor.advance_until(lambda: actor.of(events.Reconnected))
    assert script.handle(1) == "h"
    assert [end.reason for end in actor.of(events.TurnEnd)] == ["complete"]


@pytest.mark.parametrize("model", ["gemini-live", "gemini-3.8-live"])
@pytest.mark.parametrize("count", [1, 3])
def test_an_answer_includes_the_turn_that_follows_a_function_call(
    stage: Stage, model: str, count: int
) -> None:
    """The turn ends right after the call; the model answers in another turn, after the results."""

    def plan(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests)
        for text in questions(requests):
            yield call(*(f"{text}{number}" for number in range(count)))
            yield TURN_END
            for _ in range(count):
                assert next(requests).tool_response
            yield transcript("output", "early")
            yield say(text)
            yield TURN_END

    stage.script(plan)
    actor = stage.session(model=model, tools=[lookup]).enter(listen=False)
    for text in ("one", "two", "three"):
        turn = actor.call("ask", text, timeout=5)
        assert (turn.text, len(turn.calls), turn.end_reason) == (text, count, "complete")


def lookup() -> str:
    """Look something up."""
    return "found"


def test_a_call_of_an_unknown_function_has_a_turn_that_follows_too(stage: Stage) -> None:
    def plan(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests)
        for text in questions(requests):
            yield call(text, name="nobody_declared_this")
            yield TURN_END
            assert "error" in next(requests).tool_response.function_responses[0].response
            yield say(text, turn_complete=True)

    stage.script(plan)
    actor = stage.session(tools=[lookup]).enter(listen=False)
    for text in ("one", "two"):
        assert actor.call("ask", text, timeout=5).text == text


def test_a_silent_result_has_no_turn_that_follows(stage: Stage) -> None:
    def plan(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests)
        for text in questions(requests):
            yield call(text)
            yield say(text, turn_complete=True)

    stage.script(plan)
    tools = [Tool(lookup, scheduling="SILENT")]
    actor = stage.session(model="gemini-3.8-live", tools=tools).enter(listen=False)
    for text in ("one", "two"):
        assert actor.call("ask", text, timeout=5).text == text


def test_a_turn_that_waits_for_the_caller_is_returned(stage: Stage) -> None:
    """No turn follows before the caller has answered the calls that are the caller's."""

    def plan(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests)
        for text in questions(requests):
            yield call("a")
            yield call("b", name="mine")
            yield TURN_END
            for _ in range(2):
                assert next(requests).tool_response
            yield say(text, turn_complete=True)

    stage.script(plan)
    actor = stage.session(tools=[lookup, {"name": "mine"}]).enter(listen=False)
    turn = actor.call("ask", "one", timeout=5)
    assert [each.name for each in turn.calls] == ["lookup", "mine"]
    actor.call("send_tool_result", "b", {"result": 1})
    assert actor.listen().until(events.TextOut).text == "one"


def test_a_turn_that_should_follow_may_be_lost_with_its_connection(stage: Stage) -> None:
    def plan(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests, "h")
        next(requests)
        yield call("a")
        yield TURN_END
        assert next(requests).tool_response
        yield Fault("UNAVAILABLE", "restarting", times=None)

    stage.script(plan, after_each_answer(handle="h"))
    actor = stage.session(tools=[lookup]).enter(listen=False)
    assert actor.call("ask", "one", timeout=5).end_reason == "connection_lost"
    assert actor.call("ask", "two", timeout=5).text == "two"


@pytest.mark.parametrize("at", ["in the turn", "after the turn"])
def test_a_call_that_was_answered_is_not_run_again(stage: Stage, at: str) -> None:
    ran: list[str] = []

    def note() -> str:
        """Take a note."""
        ran.append("once")
        return "done"

    def plan(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests)
        for text in questions(requests):
            yield call(text, name="note")
            assert next(requests).tool_response
            if at == "in the turn":
                yield call(text, name="note")
            yield say(text, turn_complete=True)
            if at == "after the turn":
                yield call(text, name="note")

    script = stage.script(plan)
    actor = stage.session(tools=[note]).enter(listen=False)
    for text in ("one", "two", "three"):
        assert actor.call("ask", text, timeout=5).text == text
    actor.call("close")
    assert len(ran) == 3
    assert script.kinds(0).count("tool_response") == 3


def test_calls_without_an_id_are_all_run(stage: Stage) -> None:
    def plan(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests)
        next(requests)
        for _ in range(2):
            yield call("")
            assert next(requests).tool_response
        yield say("done", turn_complete=True)

    stage.script(plan)
    actor = stage.session(tools=[lookup]).enter(listen=False)
    assert len(actor.call("ask", "go", timeout=5).calls) == 2


def test_audio_between_an_interruption_and_the_end_of_its_turn_is_dropped(stage: Stage) -> None:
    def plan(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests)
        for _ in questions(requests):
            yield speech(b"old1")
            yield content(interrupted=True)
            yield speech(b"old2")
            yield speech(b"old3", turn_complete=True)
            yield speech(b"new1")
            yield TURN_END

    stage.script(plan)
    actor = stage.session().enter(listen=False)
    tap = actor.call("audio_out")
    actor.listen()
    actor.call("send_content", "go")
    actor.until(events.TurnEnd, 2)
    assert [audio.pcm for audio in actor.of(events.AudioOut)] == [b"old1", b"new1"]
    assert [audio.pcm for audio in tap._items] == [b"new1"]


def test_half_a_sample_is_joined_to_the_other_half(stage: Stage) -> None:
    pieces = [b"1", b"12", b"2334455", b"", b"6", b"6", b"778"]

    def plan(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests)
        for _ in questions(requests):
            yield from map(speech, pieces)
            yield TURN_END

    stage.script(plan)
    actor = stage.session().enter(listen=False)
    playout = Playout()
    for _ in range(2):
        turn = actor.call("ask", "go", timeout=5)
        assert turn.audio == b"11223344556677"
        for piece in turn.speech:
            playout.feed(piece)
    assert playout.read(28) == 2 * b"11223344556677"


def test_an_empty_turn_right_after_an_interrupted_one_is_no_answer(stage: Stage) -> None:
    asked = threading.Event()

    def plan(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests)
        next(requests)
        yield say("a long ")
        asked.set()
        for text in questions(requests):
            yield content(interrupted=True)
            yield TURN_END
            yield TURN_END
            yield TURN_END
            yield say(text)
            yield TURN_END

    stage.script(plan)
    actor = stage.session().enter(listen=False)
    actor.call("send_content", "tell me a story")
    assert asked.wait(10)
    for text in ("one", "two", "three"):
        turn = actor.call("ask", text, timeout=5)
        assert (turn.text, turn.end_reason) == (text, "complete")


def before_answer(*messages: Any) -> tuple[Any, threading.Event]:
    """Return a plan that sends messages before it answers a question, and what lets it answer."""
    go = threading.Event()

    def plan(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests, "h1")
        next(requests)
        for message in messages:
            if "tool_call" in message:
                yield message
                assert next(requests).tool_response
            else:
                yield message
        assert go.wait(10)
        yield say("mine", turn_complete=True)
        yield resumable("h3")
        yield from ({} for _ in requests if False)

    return plan, go


CUT_OFF = content(interrupted=True, turn_complete=True)


@pytest.mark.parametrize("away", [go_away(60), go_away(0)], ids=["early", "late"])
@pytest.mark.parametrize(
    "before",
    [[CUT_OFF], [CUT_OFF, content(interrupted=True), TURN_END], [call("a"), TURN_END], [say("")]],
    ids=["cut off", "cut off twice", "result", "begun"],
)
@pytest.mark.parametrize("at", ["before", "after"])
def test_a_connection_that_goes_away_is_kept_for_the_answer(
    stage: Stage, at: str, before: list[Any], away: Any
) -> None:
    then = [resumable("h2"), away] if at == "after" else [away, resumable("h2")]
    plan, go = before_answer(*before, *then)
    script = stage.script(plan, after_each_answer(handle="h4"))
    actor = stage.session(tools=[lookup]).enter(listen=False)
    engine = actor.session._engine
    asking = actor.start("ask", "one", timeout=5)
    until(
        lambda: asking.done() or (engine.protocol.handle == "h2" and engine._connection.going_away)
    )
    stage.advance(0.5)
    go.set()
    assert asking.result(10).text == "mine"
    until(lambda: len(script.received) == 2 and script.received[1])
    assert script.handle(1) == "h3"
    assert actor.call("ask", "two", timeout=5).text == "two"


def silent(requests: Iterator[Any]) -> Iterator[Any]:
    """Be a plan that accepts the setup and says nothing."""
    yield from begin(requests)
    yield from ({} for _ in requests if False)


def resets(requests: Iterator[Any]) -> Iterator[Any]:
    """Be a plan that accepts the setup and then fails."""
    yield from begin(requests, "h")
    yield Fault("UNAVAILABLE", "reset", times=None)


def leaves(requests: Iterator[Any]) -> Iterator[Any]:
    """Be a plan that accepts the setup and then goes away."""
    yield from begin(requests, "h")
    yield go_away(0)
    yield from ({} for _ in requests if False)


def ends(requests: Iterator[Any]) -> Iterator[Any]:
    """Be a plan that accepts the setup and then ends the stream with OK."""
    yield from begin(requests, "h")
    yield go_away(60)


@pytest.mark.parametrize("plan", [resets, leaves, ends])
@pytest.mark.parametrize(
    ("resume", "most"),
    [(Resume(attempts=4, budget=1e9), 5), (Resume(attempts=10_000, budget=4), 9)],
)
def test_the_limits_of_resume_hold_for_connections_that_do_nothing_useful(
    stage: Stage, plan: Any, resume: Resume, most: int
) -> None:
    script = stage.script(plan)
    actor = stage.open(resume=resume)
    actor.advance_until(actor.over.is_set)
    assert isinstance(actor.error, ResumeFailed)
    assert len(script.received) <= most


@pytest.mark.parametrize("unfinished", ["turn", "call", "going away"])
@pytest.mark.parametrize("resume", [Resume(), None], ids=["on", "off"])
def test_a_stream_that_ends_with_ok_too_early_is_a_lost_connection(
    stage: Stage, unfinished: str, resume: Resume | None
) -> None:
    messages = {"turn": say("half"), "call": call("a"), "going away": go_away(60)}

    def plan(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests, "h")
        yield messages[unfinished]

    script = stage.script(plan, after_each_answer(handle="h"))
    actor = stage.open(resume=resume)
    if resume is None:
        assert isinstance(actor.end(), ConnectionLost)
        assert "ended the stream with OK" in str(actor.error)
    else:
        assert actor.until(events.Reconnected).state_restored
        assert script.handle(1) == "h"
    ended = [end.reason for end in actor.of(events.TurnEnd)]
    assert ended == ([] if unfinished == "going away" else ["connection_lost"])


@pytest.mark.parametrize("version", ["v1beta", "v1alpha"])
def test_a_setup_that_is_answered_with_the_end_of_the_stream_is_an_error(
    stage: Stage, version: str
) -> None:
    stage.script(lambda requests: iter(()))
    with pytest.raises(SetupRejected, match="ended the stream with OK"):
        stage.session(stage.live(version=version)).enter()


ENDS = ["RESOURCE_EXHAUSTED", "INVALID_ARGUMENT", "PERMISSION_DENIED", "UNAUTHENTICATED", "UNAVAILABLE"]  # fmt: skip


@pytest.mark.parametrize("version", ["v1beta", "v1alpha"])
@pytest.mark.parametrize("said", [(), (say("half an "),)], ids=["nothing said", "half said"])
@pytest.mark.parametrize("code", ENDS)
def test_a_question_raises_the_error_of_a_session_that_is_over(
    stage: Stage, version: str, code: str, said: Any
) -> None:
    def plan(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests)
        next(requests)
        yield from said
        yield Fault(code, "no more of this", times=None)

    stage.script(plan)
    resume = None if code == "UNAVAILABLE" else Resume()
    actor = stage.session(stage.live(version=version), resume=resume).enter(listen=False)
    for _ in range(2):
        with pytest.raises(LiveError, match="no more of this") as caught:
            actor.call("ask", "one", timeout=5)
        assert caught.value.code.name == code
    assert actor.listen().end() is None
    assert actor.texts() == [
        each["server_content"]["model_turn"]["parts"][0]["text"] for each in said
    ]


@pytest.mark.parametrize("how", ["server", "client"])
def test_a_question_raises_when_its_session_is_closed(stage: Stage, how: str) -> None:
    asked, go = threading.Event(), threading.Event()

    def plan(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests)
        next(requests)
        asked.set()
        assert go.wait(10)

    stage.script(plan)
    actor = stage.session(resume=None).enter(listen=False)
    asking = actor.start("ask", "one", timeout=5)
    assert asked.wait(10)
    if how == "client":
        actor.call("close", drain=0)
    go.set()
    with pytest.raises(SessionClosed if how == "client" else ConnectionLost):
        asking.result(10)


def test_the_events_of_an_answer_that_came_too_late_are_not_lost(stage: Stage) -> None:
    go = threading.Event()

    def plan(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests)
        next(requests)
        yield say("half an ")
        yield call("a", name="mine")
        assert go.wait(10)
        yield say("answer", turn_complete=True)
        for text in questions(requests):
            yield say(text, turn_complete=True)

    stage.script(plan)
    actor = stage.session(tools=[{"name": "mine"}]).enter(listen=False)
    raw = actor.call("raw")
    asking = actor.start("ask", "one", timeout=5)
    for _ in range(2):
        stage.colour.next(raw)
    until(lambda: not actor.session._feed.mailbox)
    stage.advance(6)
    with pytest.raises(DeadlineExceeded):
        asking.result(10)
    go.set()
    assert actor.call("ask", "two", timeout=5).text == "two"


def test_an_answer_that_came_too_late_can_be_taken_by_iterating(stage: Stage) -> None:
    def plan(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests)
        next(requests)
        yield say("half an ")
        yield call("a", name="mine")
        assert next(requests).tool_response
        yield say("answer", turn_complete=True)

    stage.script(plan)
    actor = stage.session(tools=[{"name": "mine"}]).enter(listen=False)
    raw = actor.call("raw")
    asking = actor.start("ask", "one", timeout=5)
    for _ in range(2):
        stage.colour.next(raw)
    until(lambda: not actor.session._feed.mailbox)
    stage.advance(6)
    with pytest.raises(DeadlineExceeded):
        asking.result(10)
    asked = actor.listen().until(events.ToolCall)
    actor.call("send_tool_result", asked.id, {"result": 1})
    actor.until(events.TurnEnd)
    assert actor.texts() == ["half an ", "answer"]


def test_a_question_does_not_wait_for_ever(stage: Stage) -> None:
    script = stage.script(silent)
    actor = stage.session().enter(listen=False)
    asking = actor.start("ask", "anybody?")
    until(lambda: len(script.received[0]) == 2)
    stage.advance(299)
    assert not asking.done()
    stage.advance(2)
    with pytest.raises(DeadlineExceeded):
        asking.result(10)
