"""What proves that a message has arrived, and what does not."""

from __future__ import annotations

import pytest

from gemini_grpc.live import Outgoing, events
from gemini_grpc.live.ledger import CROSSING_SECONDS, Ledger

TEXT = events.TextOut("x")
END = events.TurnEnd("complete", events.Usage())
BUSY = events.ResumptionUpdate("", resumable=False)
READY = events.ResumptionUpdate("h", resumable=True)
CALL = events.ToolCall("a", "f", {})
LATE = [
    events.Transcript("user", "x"),
    events.Transcript("model", "x"),
    events.GenerationComplete(),
    events.Grounding(None),
]
"""What may arrive after the end of its turn, and so may belong to a turn before the question."""


def question() -> Outgoing:
    return Outgoing("content", b"", asks=True)


def mark() -> Outgoing:
    return Outgoing("audio_stream_end", b"")


def see(ledger: Ledger, event: events.Event, now: float, *, turn_open: bool = False) -> None:
    ledger.see(event, now, turn_open=turn_open)


def ledger_of(*messages: Outgoing, turn_open: bool = False) -> Ledger:
    made = Ledger()
    for message in messages:
        made.add(message, 0.0, turn_open=turn_open)
    return made


@pytest.mark.parametrize(
    "proof",
    [TEXT, END, BUSY, CALL, events.AudioOut(b""), events.PartOut(None)],
)  # fmt: skip
def test_a_turn_proves_the_question_and_what_was_before(proof: events.Event) -> None:
    ledger = ledger_of(mark(), question())
    assert ledger.turns_due(turn_open=False) == 1
    see(ledger, proof, 0.0)
    assert not ledger


def test_a_turn_that_was_begun_is_due_until_it_has_ended() -> None:
    ledger = ledger_of(question())
    see(ledger, BUSY, 0.0)
    assert ledger.turns_due(turn_open=False)
    later = mark()
    ledger.add(later, 0.0, turn_open=False)
    see(ledger, TEXT, 0.0)
    assert tuple(ledger) == (later,)
    assert ledger.turns_due(turn_open=True) == 1
    see(ledger, END, 0.0, turn_open=True)
    assert not ledger.turns_due(turn_open=False)


def spoken() -> Outgoing:
    return Outgoing("audio", b"", prompts=True)


def result(**more: bool) -> Outgoing:
    return Outgoing("tool_response", b"", **more)


@pytest.mark.parametrize(
    ("sent", "said", "begun"),
    [
        ([], [], False),
        ([question()], [TEXT, END], False),
        ([spoken()], [], True),
        ([spoken()], [TEXT, END], False),
        ([result(prompts=True)], [], True),
        ([result(prompts=True)], [TEXT, END], False),
        ([result()], [], False),
        ([question(), question()], [TEXT, END], True),
    ],
)
def test_a_busy_update_announces_a_turn_if_there_is_something_to_answer(
    sent: list[Outgoing], said: list[events.Event], begun: bool
) -> None:
    ledger = ledger_of(*sent)
    for event in (*said, BUSY):
        see(ledger, event, 0.0, turn_open=event is END)
    assert ledger.turns_due(turn_open=False) == begun


def test_speech_in_a_turn_may_be_answered_after_it_and_a_result_is_answered_in_it() -> None:
    for message, begun in ((spoken(), True), (result(prompts=True), False)):
        ledger = ledger_of(message, turn_open=True)
        see(ledger, TEXT, 0.0, turn_open=True)
        see(ledger, END, 0.0, turn_open=True)
        see(ledger, BUSY, 0.0)
        assert ledger.turns_due(turn_open=False) == begun


def test_a_result_awaits_a_reply_until_the_model_says_something_or_is_idle_later() -> None:
    for proof, now, open_then in (
        (TEXT, 1.0, False),
        (READY, CROSSING_SECONDS, False),
        (END, 1.0, True),
        (READY, 1.0, True),
    ):
        ledger = ledger_of(result(prompts=True), turn_open=True)
        assert ledger.awaits_reply
        see(ledger, proof, now, turn_open=True)
        assert ledger.awaits_reply is open_then


def test_a_turn_that_was_announced_does_not_come_after_a_long_silence() -> None:
    ledger = ledger_of(spoken())
    see(ledger, BUSY, 0.0)
    ledger.settle(turn_open=False)
    assert not ledger.turns_due(turn_open=False)


@pytest.mark.parametrize(
    "other",
    [*LATE, events.Interrupted(), events.GoingAway(1.0), READY, events.UsageReport(events.Usage())],
)  # fmt: skip
def test_other_events_prove_nothing(other: events.Event) -> None:
    ledger = ledger_of(question())
    see(ledger, other, 0.0)
    assert ledger


def test_a_turn_that_was_open_proves_nothing_until_it_has_ended() -> None:
    ledger = ledger_of(question(), turn_open=True)
    for event in (TEXT, END):
        see(ledger, event, 0.0)
    assert ledger
    see(ledger, TEXT, 0.0)
    assert not ledger


def test_each_question_has_a_turn_of_its_own() -> None:
    first, second = question(), question()
    ledger = ledger_of(first, second)
    see(ledger, TEXT, 0.0)
    assert tuple(ledger) == (second,)
    see(ledger, END, 0.0)
    assert tuple(ledger) == (second,)
    see(ledger, TEXT, 0.0)
    assert not ledger


def test_an_answer_is_proved_by_what_the_model_says_not_by_its_next_call() -> None:
    answer = Outgoing("tool_response", b"", blocking=True)
    ledger = ledger_of(answer, turn_open=True)
    see(ledger, CALL, 0.0)
    see(ledger, BUSY, 0.0)
    assert tuple(ledger) == (answer,)
    see(ledger, TEXT, 0.0)
    assert not ledger


def test_an_update_covers_what_was_written_long_before() -> None:
    ledger = Ledger()
    old, new = mark(), mark()
    ledger.add(old, 0.0, turn_open=False)
    ledger.add(new, 5.0, turn_open=False)
    see(ledger, READY, CROSSING_SECONDS)
    assert ledger.take() == (new,)
    assert not ledger


def test_an_update_does_not_settle_that_a_turn_is_owed() -> None:
    ledger = ledger_of(question())
    see(ledger, READY, CROSSING_SECONDS)
    assert not ledger
    assert ledger.turns_due(turn_open=False) == 1
    see(ledger, BUSY, CROSSING_SECONDS)
    see(ledger, READY, CROSSING_SECONDS + 1)
    assert ledger.turns_due(turn_open=False) == 1
    assert ledger.take() == ()
    assert not ledger.turns_due(turn_open=False)


def test_every_turn_that_was_asked_for_is_counted() -> None:
    ledger = ledger_of(question(), mark(), question())
    assert ledger.turns_due(turn_open=True) == 3
    see(ledger, TEXT, 0.0)
    see(ledger, TEXT, 0.0, turn_open=True)
    assert ledger.turns_due(turn_open=True) == 2
    see(ledger, END, 0.0, turn_open=True)
    assert ledger.turns_due(turn_open=False) == 1
    see(ledger, END, 0.0)
    assert not ledger.turns_due(turn_open=False)


def test_a_question_that_was_answered_together_with_another_is_settled_by_an_update() -> None:
    ledger = ledger_of(question(), question())
    see(ledger, TEXT, 1.0)
    see(ledger, END, 1.0, turn_open=True)
    see(ledger, READY, 2.0)
    assert ledger.turns_due(turn_open=False) == 1
    see(ledger, READY, CROSSING_SECONDS)
    assert not ledger.turns_due(turn_open=False)


def test_a_turn_that_another_may_have_been_does_not_come_after_a_long_silence() -> None:
    ledger = ledger_of(question(), question())
    see(ledger, TEXT, 1.0)
    ledger.settle(turn_open=True)
    assert ledger.turns_due(turn_open=True) == 2
    see(ledger, END, 1.0, turn_open=True)
    ledger.settle(turn_open=False)
    assert not ledger.turns_due(turn_open=False)


def test_a_turn_that_is_cut_off_settles_a_question_if_something_else_interrupted_it() -> None:
    cut_off = events.TurnEnd("interrupted", events.Usage())
    ledger = ledger_of(question())
    see(ledger, cut_off, 1.0)  # what the question has interrupted
    see(ledger, READY, 2.0)
    assert ledger.turns_due(turn_open=False) == 1
    ledger.settle(turn_open=False)
    assert not ledger.turns_due(turn_open=False)
    for other in (Outgoing("content", b""), Outgoing("activity_start", b""), spoken()):
        ledger = ledger_of(question(), other)
        see(ledger, cut_off, 1.0)
        assert not ledger.turns_due(turn_open=False)


def test_a_turn_that_is_cut_off_before_it_says_anything_is_no_answer_to_another() -> None:
    ledger = ledger_of(question(), question())
    see(ledger, events.TurnEnd("interrupted", events.Usage()), 1.0)
    ledger.settle(turn_open=False)
    assert ledger.turns_due(turn_open=False) == 1


def test_a_turn_that_nothing_was_said_for_is_owed_after_a_long_silence() -> None:
    ledger = ledger_of(question())
    ledger.settle(turn_open=False)
    assert ledger.turns_due(turn_open=False) == 1


def test_a_question_is_lost_with_the_connection_over_which_it_was_written() -> None:
    ledger, asked = Ledger(), question()
    ledger.connection = 1
    ledger.expect([asked])
    ledger.take()
    ledger.connection = 2
    assert not ledger.is_lost(asked, 2)
    ledger.add(asked, 1.0, turn_open=False)
    assert [ledger.is_lost(asked, number) for number in (1, 2, 3)] == [False, True, True]


def test_nothing_is_settled_while_a_question_waits_to_be_written() -> None:
    ledger, later = ledger_of(question(), question()), question()
    see(ledger, TEXT, 1.0)
    see(ledger, END, 1.0, turn_open=True)
    ledger.expect([later])
    ledger.settle(turn_open=False)
    assert ledger.turns_due(turn_open=False) == 1
    ledger.add(later, 2.0, turn_open=False)
    ledger.settle(turn_open=False)
    assert ledger.turns_due(turn_open=False) == 1
