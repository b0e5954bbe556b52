"""Behaviours 7 to 15: what the server sends, and what becomes of it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterable, Iterator
from typing import Any

import pytest

from gemini_grpc import v1beta
from gemini_grpc.emulator import Live
from gemini_grpc.live import LiveConfig, MalformedMessage, MessageTooLarge, Turn, events
from tests.live.stage import BUSY, COMPLETE, TURN_END, Stage, begin, echo, resumable, say, until

TEXT = LiveConfig(modalities=["TEXT"])
SPEECH = LiveConfig(modalities=["AUDIO"], transcripts=True)
PCM = b"\x01\x00\x02\x00" * 600
"""50 ms of audio at 24 kHz."""

RAW_UNKNOWN = b"\x9a\x06\x03abc"
"""A field with the number 99, which no message has."""


def audio(pcm: bytes = PCM, mime_type: str = "audio/pcm;rate=24000", **more: Any) -> dict[str, Any]:
    part = {"inline_data": {"mime_type": mime_type, "data": pcm}}
    return {"server_content": {"model_turn": {"parts": [part]}, **more}}


def usage(prompt: int, response: int) -> dict[str, Any]:
    return {
        "prompt_token_count": prompt,
        "response_token_count": response,
        "total_token_count": prompt + response,
    }


def sending(*messages: Any) -> Any:
    """Return a plan that sends messages after the setup."""

    def plan(requests: Iterator[Any]) -> Iterable[Any]:
        yield from begin(requests)
        yield from messages
        yield from (COMPLETE for _ in requests if False)

    return plan


def log_of(stage: Stage, *messages: Any, last: type[Any] = events.TurnEnd) -> list[events.Event]:
    """Return the events that messages make, after `Opened`."""
    stage.script(sending(*messages))
    actor = stage.open(config=SPEECH)
    actor.until(last)
    assert isinstance(actor.log[0], events.Opened)
    return actor.log[1:]


def test_one_iteration_gives_five_turns(stage: Stage) -> None:
    """Behaviour 7: the iteration over a session does not end with a turn."""
    stage.script(echo)
    actor = stage.open(config=TEXT)
    for number in range(1, 6):
        actor.call("send_content", f"turn {number}")
        actor.until(events.TurnEnd, number)
    assert actor.texts() == [f"turn {number}" for number in range(1, 6)]
    assert not actor.over.is_set()
    actor.call("close")
    assert actor.end() is None


def test_five_turns_are_given_whole(stage: Stage) -> None:
    """Behaviour 7: `turns()` gives each when it is over, and ends with the session."""
    stage.script(echo)
    actor = stage.session(config=TEXT).enter(listen=False)
    for number in range(5):
        actor.call("send_content", f"turn {number}")
    turns = actor.session.turns()
    assert [stage.colour.next(turns).text for _ in range(5)] == [f"turn {n}" for n in range(5)]
    actor.call("close")
    assert stage.colour.drain(turns) == []


def test_a_wait_for_a_turn_may_be_given_a_time_limit(stage: Stage) -> None:
    """Behaviour 7: a wait that is cancelled neither ends `turns()` nor loses what has come of a turn."""
    if not hasattr(stage.colour, "loop"):
        pytest.skip("threads cannot be cancelled")
    go_on = threading.Event()

    def slow(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests)
        next(requests)
        yield say("half ")
        assert go_on.wait(10)
        yield say("and half")
        yield TURN_END
        yield from (COMPLETE for _ in requests if False)

    stage.script(slow)
    actor = stage.session(config=TEXT).enter(listen=False)
    actor.call("send_content", "tell")
    turns = actor.session.turns()
    until(lambda: actor.session._feed.mailbox)

    async def impatient() -> None:
        with pytest.raises(TimeoutError):
            await asyncio.wait_for(anext(turns), 0.2)

    stage.colour.call(impatient)
    go_on.set()
    assert stage.colour.next(turns).text == "half and half"
    actor.call("close")


def test_a_question_gets_its_own_answer(stage: Stage) -> None:
    """Behaviour 7: `ask` returns the turn that answers it, not one that was over before."""
    stage.script(echo)
    actor = stage.session(config=TEXT).enter(listen=False)
    actor.call("send_content", "earlier")
    mailbox = actor.session._feed.mailbox
    until(lambda: mailbox.turn_ends)
    assert actor.call("ask", "now").text == "now"
    assert actor.call("ask", "and then").end_reason == "complete"


def test_a_message_that_has_everything_loses_nothing(stage: Stage) -> None:
    """Behaviour 8: parts, transcripts and the end of the turn in one message, in a fixed order."""
    log = log_of(
        stage,
        {
            **audio(
                output_transcription={"text": "said"},
                input_transcription={"text": "heard"},
                generation_complete=True,
                turn_complete=True,
                grounding_metadata={"web_search_queries": ["q"]},
            ),
            "usage_metadata": usage(3, 4),
        },
    )
    counted = events.Usage(prompt=3, response=4, total=7)
    kinds = [type(event).__name__ for event in log]
    assert kinds == [
        "AudioOut", "Transcript", "Transcript", "Grounding", "GenerationComplete", "UsageReport", "TurnEnd",
    ]  # fmt: skip
    assert log[0] == events.AudioOut(PCM, 24000)
    assert log[1:3] == [events.Transcript("user", "heard"), events.Transcript("model", "said")]
    assert list(log[3].metadata.web_search_queries) == ["q"]  # type: ignore[attr-defined]
    assert log[-1] == events.TurnEnd("complete", counted)


def test_several_parts_in_one_message_keep_their_order(stage: Stage) -> None:
    """Behaviour 8: texts, thoughts, speech and other parts come in the order of the message."""
    parts = [
        {"text": "hm", "thought": True},
        {"text": "well"},
        {"inline_data": {"mime_type": "audio/pcm;rate=16000", "data": PCM}},
        {"inline_data": {"mime_type": "audio/ogg", "data": b"OggS"}},
        {"executable_code": {"language": "PYTHON", "code": "1 + 1"}},
    ]
    turn = {"server_content": {"model_turn": {"parts": parts}, "turn_complete": True}}
    log = log_of(stage, turn)
    assert log[:3] == [
        events.TextOut("hm", thought=True),
        events.TextOut("well"),
        events.AudioOut(PCM, 16000),
    ]
    assert log[3].part.inline_data.mime_type == "audio/ogg"  # type: ignore[attr-defined]
    assert log[4].part.executable_code.code == "1 + 1"  # type: ignore[attr-defined]
    whole = Turn()
    for event in log:
        whole.add(event)
    assert (whole.text, whole.thoughts, whole.audio, whole.rate) == ("well", "hm", PCM, 16000)
    assert len(whole.parts) == 2


def test_an_interruption_comes_before_what_is_in_the_same_message(stage: Stage) -> None:
    """Behaviour 9: `Interrupted` first; stale audio in the same message is not played."""
    stage.script(
        sending(audio(), audio(interrupted=True, output_transcription={"text": "sto"}), TURN_END)
    )
    actor = stage.session(config=SPEECH).enter(listen=False)
    mailbox = actor.session._feed.mailbox
    until(lambda: mailbox.turn_ends)
    tap = actor.call("audio_out")
    log = [stage.colour.next(actor.session) for _ in range(len(mailbox))]
    assert log[1:] == [
        events.AudioOut(PCM, 24000),
        events.Interrupted(),
        events.Transcript("model", "sto"),
        events.TurnEnd("interrupted", events.Usage()),
    ]
    actor.call("close")
    assert stage.colour.drain(tap) == []


def test_an_interruption_empties_the_taps_of_speech(stage: Stage) -> None:
    """Behaviour 9: what waits for the loudspeaker is forgotten, and what follows is kept."""
    messages: list[Any] = [audio(), audio(interrupted=True), TURN_END, audio(b"\0\0"), TURN_END]

    def plan(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests)
        next(requests)
        yield from messages
        yield from (COMPLETE for _ in requests if False)

    stage.script(plan)
    actor = stage.open(config=SPEECH)
    tap = actor.call("audio_out")
    written = actor.call("transcripts")
    actor.call("send_text", "go")
    actor.until(events.TurnEnd, 2)
    assert stage.colour.next(tap) == events.AudioOut(b"\0\0", 24000)
    assert tap.dropped == 0
    actor.call("close")
    assert stage.colour.drain(tap) == stage.colour.drain(written) == []


def test_the_emulators_late_audio_is_not_played(stage: Stage) -> None:
    """Behaviour 9: the same with a server that really interrupts a turn."""
    stage.emulator.world.live = Live(audio_speed=1.0, late_audio=True)
    actor = stage.open(config=LiveConfig(modalities=["AUDIO"]))
    actor.call("send_content", "Why is the sky blue?")
    actor.until(events.AudioOut)
    actor.call("send_content", "Stop. What is 2 + 3?")
    actor.until(events.Interrupted)
    at = actor.log.index(events.Interrupted())
    until(lambda: stage.clock.advance(1) or len(actor.of(events.TurnEnd)) == 2)
    ends = actor.of(events.TurnEnd)
    assert [end.reason for end in ends] == ["interrupted", "complete"]
    between = actor.log[at : actor.log.index(ends[0])]
    assert not any(isinstance(event, events.AudioOut) for event in between)


INTERRUPTED = {"server_content": {"interrupted": True}}


@pytest.mark.parametrize(
    ("messages", "reasons"),
    [
        ([INTERRUPTED, say("hello"), TURN_END], ["complete"]),
        ([say("hello"), TURN_END, INTERRUPTED, say("again"), TURN_END], ["complete", "complete"]),
        ([INTERRUPTED, TURN_END, say("hello"), TURN_END], ["interrupted", "complete"]),
        ([say("he"), INTERRUPTED, say("stale"), TURN_END], ["interrupted"]),
        ([{"server_content": {"interrupted": True, "turn_complete": True}}], ["interrupted"]),
    ],
)
def test_an_interruption_may_come_when_no_turn_is_open(
    stage: Stage, messages: list[Any], reasons: list[str]
) -> None:
    """Behaviour 10: it is told, breaks nothing, and does not change how later turns end."""
    stage.script(sending(*messages))
    actor = stage.open(config=TEXT)
    actor.until(events.TurnEnd, len(reasons))
    assert [end.reason for end in actor.of(events.TurnEnd)] == reasons
    assert len(actor.of(events.Interrupted)) == 1


def test_usage_is_summed_for_each_turn(stage: Stage) -> None:
    """Behaviour 11: a turn has the sum of its reports, the session the sum of all; a report may be alone."""
    stage.script(
        sending(
            {"usage_metadata": usage(1, 0)},
            {**say("one"), "usage_metadata": usage(10, 2)},
            {**TURN_END, "usage_metadata": usage(0, 3)},
            {"usage_metadata": usage(5, 5)},
            {**TURN_END},
        )
    )
    actor = stage.open(config=TEXT)
    actor.until(events.TurnEnd, 2)
    first, second = (end.usage for end in actor.of(events.TurnEnd))
    assert (first.prompt, first.response, first.total) == (11, 5, 16)
    assert (second.prompt, second.response, second.total) == (5, 5, 10)
    assert len(actor.of(events.UsageReport)) == 4
    assert actor.session.usage == first + second


def test_what_is_not_known_does_not_end_a_session(stage: Stage) -> None:
    """Behaviour 12: unknown messages, fields and parts become `Unknown`, beside what is known."""
    content = v1beta.types.BidiGenerateContentServerMessage.serialize(
        v1beta.types.BidiGenerateContentServerMessage(**say("known"))
    )
    inner = v1beta.types.BidiGenerateContentServerContent.serialize(
        v1beta.types.BidiGenerateContentServerContent(turn_complete=True)
    )
    nested = inner + RAW_UNKNOWN
    turn_end = b"\x1a" + bytes([len(nested)]) + nested  # server_content is field 3
    log = log_of(stage, RAW_UNKNOWN, b"", content + RAW_UNKNOWN, COMPLETE, turn_end)
    kinds = [type(event).__name__ for event in log]
    assert kinds[:6] == ["Unknown", "Unknown", "TextOut", "Unknown", "Unknown", "TurnEnd"]


def test_what_is_no_message_ends_a_session_with_an_error(stage: Stage) -> None:
    """Behaviour 13: malformed bytes are an error that holds them, after all that came before."""
    stage.script(sending(say("before"), b"\xff\xff\xff\xff", say("after")))
    actor = stage.open(config=TEXT)
    error = actor.end()
    assert isinstance(error, MalformedMessage)
    assert error.data == b"\xff\xff\xff\xff"
    assert actor.texts() == ["before"]
    stage.emulator.journal.wait()
    assert len(stage.emulator.journal) == 1
    assert stage.emulator.journal[0].attempts[0].cancelled


def test_malformed_bytes_do_not_break_a_tap_of_messages(stage: Stage) -> None:
    """Behaviour 13: who looks at messages as they come sees those that are any."""

    def plan(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests)
        next(requests)
        yield from (say("before"), b"\xff")
        yield from (COMPLETE for _ in requests if False)

    stage.script(plan)
    actor = stage.open(config=TEXT)
    raw = actor.call("raw")
    actor.call("send_text", "go")
    assert isinstance(actor.end(), MalformedMessage)
    message = stage.colour.next(raw)
    with pytest.raises(MalformedMessage):
        stage.colour.next(raw)
    assert message.server_content.model_turn.parts[0].text == "before"


def test_a_message_of_five_megabytes_comes_through(stage: Stage) -> None:
    """Behaviour 14: gRPC's own limit of 4 MiB does not apply."""
    pcm = bytes(5 << 20)
    stage.script(sending(audio(pcm), TURN_END))
    actor = stage.open(config=SPEECH)
    assert actor.until(events.AudioOut).pcm == pcm
    actor.until(events.TurnEnd)


def test_a_message_over_the_limit_is_a_typed_error(stage: Stage) -> None:
    """Behaviour 14: a limit of the user's own ends the session and says what to raise."""
    stage.script(sending(audio(bytes(1 << 20))))
    actor = stage.open(stage.live(max_receive_message_length=100_000), config=SPEECH)
    error = actor.end()
    assert isinstance(error, MessageTooLarge)
    assert "larger than max" in error.message


def test_a_resumption_update_after_the_turn_is_recorded(stage: Stage) -> None:
    """Behaviour 15: the handle that comes after turn_complete is the one to go on with."""
    stage.script(sending(resumable("old"), BUSY, say("text"), TURN_END, resumable("new")))
    actor = stage.open(config=TEXT)
    actor.until(events.ResumptionUpdate, 3)
    assert actor.session.handle == "new"
    assert actor.of(events.ResumptionUpdate)[1] == events.ResumptionUpdate("", resumable=False)


def test_a_handle_of_the_emulator_goes_on_in_another_session(stage: Stage) -> None:
    """Behaviour 15: the handle can be kept, and tells another session what was said."""
    from gemini_grpc.live import Resume

    actor = stage.open(config=TEXT)
    actor.call("send_content", "Why is the sky blue?")
    actor.until(events.TurnEnd)
    until(lambda: actor.session.handle)
    actor.call("close")
    other = stage.open(config=TEXT, resume=Resume(handle=actor.session.handle))
    assert other.until(events.Opened) == events.Opened(state_restored=True)
    other.call("send_content", "What did I ask?")
    other.until(events.TurnEnd)
    assert "Why is the sky blue?" in "".join(other.texts())
