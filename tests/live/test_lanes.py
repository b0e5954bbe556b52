"""What waits to be sent."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from gemini_grpc.live import Outbox, Outgoing, events
from gemini_grpc.live.lanes import Lanes, Place

if TYPE_CHECKING:
    from gemini_grpc.live.outgoing import Kind


def made(kind: Kind, name: str = "", seconds: float = 0.0) -> Outgoing:
    return Outgoing(kind, name.encode(), seconds)


def audio(name: str = "") -> Outgoing:
    return made("audio", name, 0.1)


def answer(call: str) -> Outgoing:
    return Outgoing("tool_response", call.encode(), answer=events.ToolResult(call, "f", {}))


def names(lanes: Lanes, *, hold: bool = False) -> list[str]:
    found = []
    while (message := lanes.next(hold_realtime=hold)) is not None:
        found.append(message.data.decode())
    return found


def test_everything_goes_out_in_the_order_it_came() -> None:
    lanes = Lanes(Outbox())
    for message in (made("content", "1"), audio("2"), made("text", "3"), answer("4"), audio("5")):
        lanes.put(message)
    assert len(lanes) == 5
    assert lanes.control_waiting == 3
    assert lanes.audio_seconds == pytest.approx(0.2)
    assert names(lanes) == ["1", "2", "3", "4", "5"]
    assert (len(lanes), lanes.control_waiting, lanes.audio_seconds) == (0, 0, 0.0)


def test_realtime_input_can_be_held_back() -> None:
    lanes = Lanes(Outbox())
    for message in (audio("1"), made("activity_end", "2"), answer("3")):
        lanes.put(message)
    assert names(lanes, hold=True) == ["3"]
    assert not lanes.ready(hold_realtime=True)
    assert lanes.ready(hold_realtime=False)
    assert names(lanes) == ["1", "2"]


def test_audio_over_the_limit_pushes_out_the_oldest_between_its_marks() -> None:
    lanes = Lanes(Outbox(audio=0.3))
    lanes.put(made("activity_start", "start"))
    for number in range(6):
        lanes.put(audio(str(number)))
    lanes.put(made("activity_end", "end"))
    assert lanes.dropped_audio == pytest.approx(0.3)
    assert names(lanes) == ["start", "3", "4", "5", "end"]


def test_a_piece_longer_than_the_limit_is_kept_alone() -> None:
    lanes = Lanes(Outbox(audio=0.3))
    lanes.put(audio("1"))
    assert not lanes.has_room("audio", 5.0)
    lanes.put(made("audio", "long", 5.0))
    assert names(lanes) == ["long"]
    assert lanes.has_room("audio", 5.0)


def test_rounding_does_not_cost_room() -> None:
    lanes = Lanes(Outbox(audio=0.5))
    for _ in range(25):
        assert lanes.has_room("audio", 0.02)
        lanes.put(made("audio", seconds=0.02))
    assert not lanes.has_room("audio", 0.02)
    names(lanes)
    assert lanes.audio_seconds == 0.0


def test_of_video_the_latest_waits() -> None:
    lanes = Lanes(Outbox(control=1))
    for number in range(3):
        lanes.put(made("video", str(number)))
    lanes.put(made("text", "x"))
    assert lanes.dropped_video == 2
    assert lanes.has_room("video")
    assert not lanes.has_room("content")
    assert names(lanes) == ["2", "x"]


def test_a_new_connection_gets_control_without_media() -> None:
    lanes = Lanes(Outbox())
    for message in (audio("1"), made("video", "2"), made("text", "3"), made("content", "4")):
        lanes.put(message)
    assert lanes.drop_media() == pytest.approx(0.1)
    assert lanes.dropped_video == 1
    lanes.put_first(made("activity_start", "0"))
    assert [message.data for message in lanes.unsent()] == [b"0", b"3", b"4"]
    assert lanes.control_waiting == 3
    assert names(lanes) == ["0", "3", "4"]


def test_answers_nobody_waits_for_are_dropped() -> None:
    lanes = Lanes(Outbox())
    for message in (answer("a"), made("content", "x"), answer("b")):
        lanes.put(message)
    lanes.drop_answers(["a", "other"])
    assert lanes.control_waiting == 2
    assert names(lanes) == ["x", "b"]


def test_a_call_without_an_id_takes_nothing_else_along() -> None:
    lanes = Lanes(Outbox())
    for message in (made("text", "x"), answer(""), made("content", "y")):
        lanes.put(message)
    lanes.drop_answers([""])
    assert lanes.control_waiting == 2
    assert names(lanes) == ["x", "y"]


def test_who_came_first_is_served_first() -> None:
    lanes = Lanes(Outbox(control=1))
    first, second = Place("content"), Place("text")
    speech, picture = Place("audio", 0.1), Place("video")
    for each in (first, second, speech, picture):
        lanes.line_up(each)
    assert [lanes.admits(each) for each in (first, second, speech, picture)] == [
        True,
        False,
        True,
        True,
    ]
    assert not lanes.admits(Place("content"))
    lanes.leave(first)
    assert lanes.admits(second)
    lanes.put(made("content"))
    assert not lanes.admits(second)


@pytest.mark.parametrize(("hold", "ahead"), [(False, ["1", "3"]), (True, ["3"])])
def test_questions_go_before_a_later_one_unless_they_are_held_back(
    hold: bool, ahead: list[str]
) -> None:
    lanes = Lanes(Outbox())
    lanes.put(Outgoing("text", b"1", asks=True))
    lanes.put(made("content", "2"))
    lanes.put(Outgoing("content", b"3", asks=True))
    assert [each.data.decode() for each in lanes.questions(hold_realtime=hold)] == ahead
