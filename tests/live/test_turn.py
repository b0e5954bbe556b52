"""One turn of the model, and the one that answers a question."""

from __future__ import annotations

from gemini_grpc.live import Outgoing, Turn, events
from gemini_grpc.live.turn import Answer

USAGE = events.Usage(response=3, total=3)
MESSAGE = Outgoing("content", b"", asks=True)


def end(reason: events.EndReason = "complete") -> events.TurnEnd:
    return events.TurnEnd(reason, USAGE)


def heard(answer: Answer, *given: events.Event) -> bool:
    return [answer.add(event) for event in given][-1]


def test_a_turn_collects_everything_that_belongs_to_it() -> None:
    turn, part = Turn(), object()
    call = events.ToolCall("a", "f", {})
    for event in (
        events.TextOut("hm ", thought=True),
        events.TextOut("well, "),
        events.TextOut("yes"),
        events.AudioOut(b"\1\1", 16_000),
        events.AudioOut(b"\2\2", 16_000),
        events.Transcript("user", "really?"),
        events.Transcript("model", "well, "),
        events.Transcript("model", "yes"),
        events.PartOut(part),
        call,
        events.GenerationComplete(),
    ):
        assert not turn.add(event)
    assert turn.end_reason is None
    assert turn.add(end("interrupted"))
    assert (turn.text, turn.thoughts, turn.audio, turn.rate) == (
        "well, yes",
        "hm ",
        b"\1\1\2\2",
        16_000,
    )
    assert (turn.transcript, turn.heard) == ("well, yes", "really?")
    assert (turn.parts, turn.calls) == ([part], [call])
    assert (turn.usage, turn.end_reason) == (USAGE, "interrupted")


def test_the_next_turn_is_the_answer() -> None:
    answer = Answer(MESSAGE, stale=0)
    assert heard(answer, events.TextOut("yes"), end())
    assert answer.turn.text == "yes"


def test_turns_of_others_are_passed_over() -> None:
    answer = Answer(MESSAGE, stale=2)
    assert not heard(
        answer, events.TextOut("one"), end(), events.TextOut("two"), end("interrupted")
    )
    assert heard(answer, events.TextOut("three"), end())
    assert answer.turn.text == "three"


def test_an_answer_that_is_cut_by_the_connection_says_so() -> None:
    answer = Answer(MESSAGE, stale=0)
    assert heard(answer, events.TextOut("ye"), end("connection_lost"))
    assert (answer.turn.text, answer.turn.end_reason) == ("ye", "connection_lost")


def test_a_question_that_may_be_lost_is_not_waited_for() -> None:
    answer = Answer(MESSAGE, stale=0)
    lost = events.Reconnected(state_restored=True, uncertain=(MESSAGE,))
    assert heard(answer, end("connection_lost"), events.Reconnecting(None), lost)
    assert (answer.turn.text, answer.turn.end_reason) == ("", "connection_lost")


def test_a_question_that_was_not_sent_yet_is_answered_over_the_next_connection() -> None:
    answer = Answer(MESSAGE, stale=3)
    other = Outgoing("content", b"", asks=True)
    assert not heard(
        answer, events.TextOut("ol"), end("connection_lost"), events.Reconnecting(None)
    )
    assert not answer.add(events.Reconnected(state_restored=True, uncertain=(other,)))
    assert heard(answer, events.TextOut("new"), end())
    assert answer.turn.text == "new"
