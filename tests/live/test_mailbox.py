"""Events that wait to be taken."""

from __future__ import annotations

from gemini_grpc.live import Inbox, events
from gemini_grpc.live.mailbox import Mailbox

END = events.TurnEnd("complete", events.Usage())
TENTH = events.AudioOut(bytes(4800), 24_000)


def test_events_are_taken_in_order() -> None:
    mailbox = Mailbox(Inbox())
    for event in (TENTH, END, events.Interrupted()):
        mailbox.put(event)
    assert len(mailbox) == 3
    assert mailbox.turn_ends == 1
    assert [mailbox.take() for _ in range(3)] == [TENTH, END, events.Interrupted()]
    assert len(mailbox) == 0


def test_it_is_full_at_its_limit_of_audio_and_over_beyond_it() -> None:
    mailbox = Mailbox(Inbox(audio=1.0))
    for _ in range(9):
        mailbox.put(TENTH)
    assert not mailbox.is_full
    mailbox.put(TENTH)
    assert mailbox.is_full
    assert not mailbox.is_over
    mailbox.put(TENTH)
    assert mailbox.is_over
    mailbox.take()
    mailbox.take()
    assert not mailbox.is_full


def test_it_is_full_at_its_number_of_events() -> None:
    mailbox = Mailbox(Inbox(events=2))
    mailbox.put(END)
    assert not mailbox.is_full
    mailbox.put(END)
    assert mailbox.is_full
    mailbox.put(END)
    assert mailbox.is_over


def test_the_oldest_are_dropped_and_counted_and_the_newest_stays() -> None:
    mailbox = Mailbox(Inbox(audio=0.05, events=3))
    for event in (END, events.Interrupted(), TENTH):
        mailbox.put(event)
        mailbox.drop_excess()
    assert mailbox.take() == TENTH
    assert mailbox.dropped == 2
