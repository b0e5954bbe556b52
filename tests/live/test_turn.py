"""One turn of the model, and the one that answers a question."""

from __future__ import annotations

import pytest

from gemini_grpc.live import Outgoing, Turn, events
from gemini_grpc.live.turn import Answer

USAGE = events.Usage(response=3, total=3)
MESSAGE = Outgoing("content", b"", asks=True)
CALL = events.ToolCall("a", "f", {})
RESULT = events.ToolResult("a", "f", {})
BACK = events.Reconnected(state_restored=True)


def answer_to(
    *ahead: Outgoing, past: int = 0, due: int = 0, lost: tuple[Outgoing, ...] = ()
) -> Answer:
    """Return what waits for the answer to MESSAGE, with a session that runs the function `f`."""
    return Answer(
        MESSAGE,
        ahead,
        past=past,
        due=due,
        is_lost=lambda each, _: each in lost,
        is_followed=lambda call: call.name == "f",
    )


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
    answer = answer_to()
    assert heard(answer, events.TextOut("yes"), end())
    assert answer.turn.text == "yes"


def test_turns_of_others_are_passed_over() -> None:
    answer = answer_to(past=1, due=1)
    assert not heard(
        answer, events.TextOut("one"), end(), events.TextOut("two"), end("interrupted")
    )
    assert heard(answer, events.TextOut("three"), end())
    assert answer.turn.text == "three"


def test_a_turn_that_is_cut_off_before_it_says_anything_is_no_answer() -> None:
    answer = answer_to()
    cut_off = [events.Transcript("user", "so"), events.UsageReport(USAGE), end("interrupted")]
    assert not heard(answer, *cut_off, *cut_off)
    assert heard(answer, events.AudioOut(b"\1\1"), end("interrupted"))
    assert (answer.turn.audio, answer.turn.end_reason) == (b"\1\1", "interrupted")


def test_an_answer_without_a_word_is_one() -> None:
    assert heard(answer_to(), end())


def test_an_answer_that_is_cut_by_the_connection_says_so() -> None:
    answer = answer_to(lost=(MESSAGE,))
    assert heard(answer, events.TextOut("ye"), end("connection_lost"))
    assert (answer.turn.text, answer.turn.end_reason) == ("ye", "connection_lost")


def test_an_answer_that_is_lost_has_nothing_of_the_turn_before_it() -> None:
    answer = answer_to(due=1, lost=(MESSAGE,))
    assert heard(answer, events.TextOut("old"), end("connection_lost"))
    assert (answer.turn.text, answer.turn.end_reason) == ("", "connection_lost")


def test_a_question_that_is_lost_is_not_waited_for_over_the_next_connection() -> None:
    answer = answer_to(lost=(MESSAGE,))
    assert heard(answer, events.Reconnecting(None), BACK)
    assert answer.turn.end_reason == "connection_lost"


def test_a_question_that_was_not_sent_yet_is_answered_over_the_next_connection() -> None:
    answer = answer_to(due=3)
    assert not heard(
        answer, events.TextOut("ol"), end("connection_lost"), events.Reconnecting(None), BACK
    )
    assert heard(answer, events.TextOut("new"), end())
    assert answer.turn.text == "new"


def test_questions_that_were_not_sent_either_are_answered_before_it() -> None:
    lost, kept = (Outgoing("content", b"", asks=True) for _ in range(2))
    answer = answer_to(lost, kept, due=1, lost=(lost,))
    assert not heard(answer, end("connection_lost"), BACK, events.TextOut("kept"), end())
    assert heard(answer, events.TextOut("new"), end())
    assert answer.turn.text == "new"


def test_a_loss_before_the_question_changes_nothing_about_what_is_due() -> None:
    answer = answer_to(past=1, due=1)
    assert not heard(answer, end("connection_lost"), BACK, events.TextOut("other"), end())
    assert heard(answer, events.TextOut("mine"), end())
    assert answer.turn.text == "mine"


@pytest.mark.parametrize("late", [False, True])
def test_an_answer_goes_on_to_the_turn_for_the_result_of_a_function(late: bool) -> None:
    answer = answer_to()
    ways = [end(), RESULT] if late else [RESULT, events.GenerationComplete(), end()]
    assert not heard(answer, events.TextOut("wait. "), CALL, *ways)
    assert answer.turn.end_reason is None
    assert heard(answer, events.TextOut("sunny"), end())
    assert (answer.turn.text, answer.turn.end_reason) == ("wait. sunny", "complete")
    assert answer.turn.usage == USAGE + USAGE
    assert answer.turn.calls == [CALL]


@pytest.mark.parametrize(
    "rest",
    [
        pytest.param([RESULT, events.TextOut("sunny"), end()], id="said in the same turn"),
        pytest.param([events.ToolCallCancelled(("a",)), end()], id="cancelled"),
        pytest.param([end(), events.ToolCallCancelled(("a",))], id="cancelled after the turn"),
        pytest.param([end(), RESULT, end()], id="a turn without words"),
        pytest.param([end(), events.TextOut("by the way"), end(), RESULT, end()], id="later"),
        pytest.param([end("interrupted")], id="interrupted"),
    ],
)
def test_an_answer_with_a_function_ends(rest: list[events.Event]) -> None:
    answer = answer_to()
    assert not answer.add(CALL)
    assert [answer.add(event) for event in rest] == [False] * (len(rest) - 1) + [True]
    assert answer.turn.end_reason in {"complete", "interrupted"}


def test_an_answer_is_lost_with_the_calls_of_its_connection() -> None:
    answer = answer_to()
    lost = events.ToolCallCancelled(("a",), "connection_lost")
    assert heard(answer, CALL, end(), lost)
    assert answer.turn.end_reason == "connection_lost"


def test_an_answer_that_was_complete_before_its_connection_ended_is_not_lost() -> None:
    """The question may be lost by the time its events are taken; what counts is their order."""
    answer = Answer(
        MESSAGE,
        past=0,
        due=0,
        is_lost=lambda _, connection: connection >= 2,
        is_followed=lambda _: False,
    )
    assert not heard(answer, events.Reconnecting(None), BACK, events.TextOut("mine"))
    assert heard(answer, end())
    assert (answer.turn.text, answer.turn.end_reason) == ("mine", "complete")


def test_a_result_that_comes_in_the_turn_for_another_has_its_own() -> None:
    answer, other = answer_to(), events.ToolCall("b", "f", {})
    assert not heard(answer, CALL, other, end(), RESULT, events.TextOut("one "))
    assert not heard(answer, events.ToolResult("b", "f", {}), end())
    assert heard(answer, events.TextOut("two"), end())
    assert answer.turn.text == "one two"


def test_an_answer_does_not_wait_for_functions_the_session_does_not_run() -> None:
    assert heard(answer_to(), events.ToolCall("c", "another", {}), end())
