"""The protocol without any connection: what may be said when, and what is remembered."""

from __future__ import annotations

from array import array
from typing import Any

import pytest

from gemini_grpc import v1alpha, v1beta
from gemini_grpc.errors import ArgumentError, FieldError
from gemini_grpc.live import LiveConfig, MalformedMessage, StateError, UnsupportedFeature, events
from gemini_grpc.live.protocol import LiveProtocol
from tests.live.stage import BUSY, COMPLETE, TURN_END, go_away, resumable, say

PCM = bytes(640)
MANUAL = LiveConfig(manual_activity=True)


def encoded(message: dict[str, Any], api: Any = v1beta) -> bytes:
    kind = api.types.BidiGenerateContentServerMessage
    return bytes(kind.serialize(kind(**message)))


def decoded(data: bytes) -> Any:
    return v1beta.types.BidiGenerateContentClientMessage.deserialize(data)


def opened(config: LiveConfig | None = None, **more: Any) -> LiveProtocol:
    made = LiveProtocol("gemini-live", config or LiveConfig(), **more)
    made.connect()
    assert made.receive(encoded(COMPLETE)) == []
    assert made.state == "open"
    return made


def hear(protocol: LiveProtocol, *messages: dict[str, Any], now: float = 0.0) -> list[Any]:
    return [event for each in messages for event in protocol.receive(encoded(each), now)]


def call(*names: str) -> dict[str, Any]:
    return {"tool_call": {"function_calls": [{"id": name, "name": name} for name in names]}}


def non_blocking(*names: str) -> list[dict[str, Any]]:
    return [{"name": each, "description": "x", "behavior": "NON_BLOCKING"} for each in names]


# the setup


def test_the_setup_asks_for_a_handle_or_goes_on_from_one() -> None:
    protocol = LiveProtocol("gemini-live", LiveConfig())
    assert "session_resumption" in decoded(protocol.connect()).setup
    hear(protocol, COMPLETE, resumable("h"))
    protocol.disconnect()
    assert decoded(protocol.connect()).setup.session_resumption.handle == "h"


def test_a_session_that_does_not_resume_asks_for_no_handle() -> None:
    protocol = LiveProtocol("gemini-live", LiveConfig(), resumable=False)
    assert "session_resumption" not in decoded(protocol.connect()).setup
    assert not protocol.can_resume


def test_v1alpha_has_less() -> None:
    assert not LiveProtocol("gemini-live", LiveConfig(), version="v1alpha").can_resume
    for config in (LiveConfig(transcripts=True), MANUAL, LiveConfig(compression=True)):
        with pytest.raises(UnsupportedFeature, match="v1alpha has no"):
            LiveProtocol("gemini-live", config, version="v1alpha")


def test_v1alpha_sends_audio_and_video_as_chunks_and_nothing_else() -> None:
    protocol = LiveProtocol("gemini-live", LiveConfig(), version="v1alpha")
    protocol.connect()
    protocol.receive(encoded(COMPLETE, v1alpha))
    kind = v1alpha.types.BidiGenerateContentClientMessage
    (chunk,) = kind.deserialize(protocol.audio(PCM, 16_000).data).realtime_input.media_chunks
    assert (chunk.data, chunk.mime_type) == (PCM, "audio/pcm;rate=16000")
    assert kind.deserialize(protocol.video(b"x", "image/png").data).realtime_input.media_chunks
    with pytest.raises(UnsupportedFeature, match="v1alpha has no text"):
        protocol.text("hello")
    with pytest.raises(UnsupportedFeature, match="v1alpha has no audio_stream_end"):
        protocol.audio_stream_end()
    turn = {"server_content": {"model_turn": {"parts": [{"text": "x"}]}, "turn_complete": True}}
    found = protocol.receive(encoded(turn, v1alpha))
    assert found == [events.TextOut("x"), events.TurnEnd("complete", events.Usage())]


@pytest.mark.parametrize(
    ("model", "config", "text"),
    [
        ("gemini-3.8-live", LiveConfig(modalities=["TEXT"]), "use AUDIO with transcripts=True"),
        ("gemini-live", LiveConfig(modalities=["TEXT", "AUDIO"]), "one modality, not TEXT, AUDIO"),
        ("gemini-live", LiveConfig(extra={"nope": 1}), "v1beta has no nope"),
    ],
)
def test_what_the_model_or_version_does_not_have_is_refused(
    model: str, config: LiveConfig, text: str
) -> None:
    with pytest.raises(UnsupportedFeature, match=text):
        LiveProtocol(model, config)


def test_a_wrong_field_inside_the_setup_is_named() -> None:
    with pytest.raises(FieldError, match="temprature"):
        LiveProtocol("gemini-live", LiveConfig(generation={"temprature": 1}))


def test_functions_block_as_they_say_or_as_the_model_does() -> None:
    declarations = [
        {"name": "plain", "description": "x"},
        {"name": "waits", "description": "x", "behavior": "BLOCKING"},
        *non_blocking("goes_on"),
    ]
    protocol = LiveProtocol("gemini-live", LiveConfig(), declarations=declarations)
    blocking = [protocol.is_blocking(name) for name in ("plain", "waits", "goes_on")]
    assert blocking == [True, True, False]
    newer = LiveProtocol("gemini-3.8-live", LiveConfig(), declarations=declarations)
    assert [newer.is_blocking(name) for name in ("plain", "waits")] == [False, True]
    assert newer.is_declared("plain")
    assert not newer.is_declared("other")


def test_declarations_join_the_tools_of_the_configuration() -> None:
    config = LiveConfig(extra={"tools": [{"google_search": {}}]})
    protocol = LiveProtocol("gemini-live", config, declarations=non_blocking("f"))
    search, functions = decoded(protocol.connect()).setup.tools
    assert "google_search" in search
    assert functions.function_declarations[0].name == "f"


# saying


def test_messages_hold_what_was_said() -> None:
    protocol = opened()
    content = protocol.content([{"role": "user", "parts": [{"text": "hi"}]}])
    assert (content.kind, content.asks) == ("content", True)
    assert decoded(content.data).client_content.turn_complete
    assert not protocol.content([], turn_complete=False).asks
    audio = protocol.audio(PCM, 16_000)
    assert audio.seconds == 0.02
    assert not audio.is_control
    assert decoded(audio.data).realtime_input.audio.mime_type == "audio/pcm;rate=16000"
    assert decoded(protocol.text("x").data).realtime_input.text == "x"
    assert decoded(protocol.video(b"v", "image/png").data).realtime_input.video.data == b"v"
    assert decoded(protocol.audio_stream_end().data).realtime_input.audio_stream_end


def test_half_a_sample_is_refused() -> None:
    with pytest.raises(ArgumentError, match="641 bytes"):
        opened().audio(bytes(641), 16_000)


def test_samples_are_taken_as_their_bytes() -> None:
    audio = opened().audio(array("h", [1] * 320), 16_000)
    assert audio.seconds == 0.02
    assert len(decoded(audio.data).realtime_input.audio.data) == 640


def test_marks_of_activity_need_the_manual_mode_and_alternate() -> None:
    with pytest.raises(UnsupportedFeature, match="manual_activity=True"):
        opened().activity_start()
    protocol = opened(MANUAL)
    with pytest.raises(StateError, match="without activity_start"):
        protocol.activity_end()
    protocol.activity_start()
    with pytest.raises(StateError, match="send activity_end first"):
        protocol.activity_start()
    protocol.activity_end()
    with pytest.raises(UnsupportedFeature, match="without manual_activity"):
        protocol.audio_stream_end()


def test_nothing_can_be_said_when_the_session_has_ended() -> None:
    protocol = opened()
    protocol.close()
    for say_it in (lambda: protocol.content([]), lambda: protocol.text("x")):
        with pytest.raises(StateError, match="has ended"):
            say_it()
    with pytest.raises(StateError, match="has ended"):
        protocol.tool_response("a", {})
    protocol.disconnect()
    assert protocol.state == "closed"


# functions


def test_a_call_is_answered_once_and_only_if_it_was_made() -> None:
    protocol = opened()
    hear(protocol, call("a", "b"))
    answer = protocol.tool_response("a", {"x": 1})
    (response,) = decoded(answer.data).tool_response.function_responses
    assert (response.id, response.name, dict(response.response)) == ("a", "a", {"x": 1})
    assert answer.answer == events.ToolResult("a", "a", {"x": 1})
    for wrong in ("a", "z"):
        with pytest.raises(StateError, match="is not pending"):
            protocol.tool_response(wrong, {})
    hear(protocol, {"tool_call_cancellation": {"ids": ["b"]}})
    with pytest.raises(StateError, match="was cancelled"):
        protocol.tool_response("b", {})


def test_an_answer_that_cannot_be_encoded_leaves_the_call_pending() -> None:
    protocol = opened()
    hear(protocol, call("a"))
    with pytest.raises(FieldError):
        protocol.tool_response("a", {"x": object()})
    protocol.tool_response("a", {"error": "x"})


def test_only_calls_that_do_not_block_have_scheduling_and_go_on() -> None:
    protocol = opened(declarations=[*non_blocking("free"), {"name": "waits", "description": "x"}])
    hear(protocol, call("free", "waits"))
    with pytest.raises(UnsupportedFeature, match="NON_BLOCKING"):
        protocol.tool_response("waits", {}, scheduling="SILENT")
    partial = protocol.tool_response("free", {}, scheduling="SILENT", will_continue=True)
    (response,) = decoded(partial.data).tool_response.function_responses
    assert (response.scheduling.name, response.will_continue) == ("SILENT", True)
    protocol.tool_response("free", {})
    assert set(protocol.pending) == {"waits"}


def test_realtime_input_is_held_until_the_answer_of_a_blocking_call_is_written() -> None:
    protocol = opened(declarations=non_blocking("free"))
    hear(protocol, call("free"))
    assert not protocol.holds_realtime
    hear(protocol, call("a"))
    assert protocol.holds_realtime
    answer = protocol.tool_response("a", {})
    assert protocol.holds_realtime
    protocol.written(answer)
    assert not protocol.holds_realtime


def test_a_model_that_takes_input_during_calls_holds_nothing() -> None:
    protocol = LiveProtocol("gemini-3.8-live", LiveConfig())
    protocol.connect()
    hear(protocol, COMPLETE, call("a"))
    assert not protocol.holds_realtime


def test_the_end_of_a_connection_voids_calls_and_answers_that_were_not_written() -> None:
    protocol = opened(declarations=non_blocking("a", "b", "c"))
    hear(protocol, call("a", "b", "c"), TURN_END)
    protocol.tool_response("b", {})
    protocol.written(protocol.tool_response("c", {}))
    assert protocol.disconnect() == [
        events.ToolCallCancelled(("a", "b"), "connection_lost"),
        events.TurnEnd("connection_lost", events.Usage()),  # in which the model would reply to c
    ]
    assert not protocol.holds_realtime
    with pytest.raises(StateError, match="was cancelled"):
        protocol.tool_response("a", {})
    protocol.connect()
    hear(protocol, COMPLETE, call("a"))
    protocol.tool_response("a", {})  # another call of the same id


def test_a_call_that_is_pending_is_told_once() -> None:
    protocol = opened()
    assert len(hear(protocol, call("a"), call("a", "b"))) == 2


# hearing


def test_what_is_wrong_becomes_the_failure_and_never_raises() -> None:
    protocol = LiveProtocol("gemini-live", LiveConfig())
    protocol.connect()
    assert protocol.receive(encoded(say("too early"))) == []
    assert isinstance(protocol.failure, MalformedMessage)
    assert "server_content, not setup_complete" in protocol.failure.message
    protocol.connect()
    assert protocol.failure is None
    assert protocol.receive(b"\xff") == []
    assert isinstance(protocol.failure, MalformedMessage)


def test_a_second_setup_complete_is_unknown() -> None:
    (event,) = hear(opened(), COMPLETE)
    assert isinstance(event, events.Unknown)


def test_numbers_that_json_does_not_have_come_through() -> None:
    arguments = {"n": float("inf"), "whole": 3.0, "list": [1.5, None, True], "deep": {"x": "y"}}
    message = call("a")
    message["tool_call"]["function_calls"][0]["args"] = arguments
    (event,) = hear(opened(), message)
    assert event.arguments == {**arguments, "whole": 3}
    assert isinstance(event.arguments["whole"], int)


def test_a_turn_is_open_from_its_first_output_to_its_end() -> None:
    protocol = opened()
    for first in (say("x"), call("a"), say("y")):
        hear(protocol, {"server_content": {"input_transcription": {"text": "heard"}}})
        hear(protocol, {"server_content": {"output_transcription": {"text": "late"}}})
        hear(protocol, {"server_content": {"generation_complete": True}})
        hear(protocol, {"server_content": {"grounding_metadata": {}}})
        assert not protocol.turn_open
        hear(protocol, first)
        assert protocol.turn_open
        hear(protocol, TURN_END)
        assert not protocol.turn_open


def test_a_connection_that_ends_in_a_turn_ends_the_turn() -> None:
    protocol = opened()
    hear(protocol, {**say("x"), "usage_metadata": {"total_token_count": 5}})
    assert protocol.disconnect() == [events.TurnEnd("connection_lost", events.Usage(total=5))]
    assert protocol.disconnect() == []


def test_an_answer_that_is_due_ends_with_the_connection_as_well() -> None:
    protocol = opened()
    question = protocol.content([])
    protocol.written(question)
    assert protocol.turns_due == 1
    assert protocol.disconnect() == [events.TurnEnd("connection_lost", events.Usage())]
    assert protocol.disconnect() == []
    assert protocol.uncertain == (question,)
    assert protocol.take_uncertain() == (question,)
    assert protocol.take_uncertain() == ()


def test_an_answer_is_due_until_the_model_has_given_it() -> None:
    protocol = opened()
    hear(protocol, resumable("h"))
    protocol.written(protocol.content([]), 0.0)
    protocol.receive(encoded(resumable("h2")), 60.0)
    assert protocol.uncertain == ()
    assert not protocol.quiet
    assert protocol.disconnect() == [events.TurnEnd("connection_lost", events.Usage())]


def test_an_activity_asks_for_a_turn_if_something_was_said_in_it() -> None:
    protocol = opened(config=LiveConfig(modalities=["TEXT"], manual_activity=True))
    protocol.activity_start()
    assert not protocol.activity_end().asks
    protocol.audio(b"", 16_000)
    protocol.activity_start()
    assert not protocol.activity_end().asks
    protocol.activity_start()
    protocol.audio(b"", 16_000)
    assert protocol.activity_end().asks
    assert not protocol.text("to go with it").asks
    protocol.activity_start()
    assert protocol.activity_end().asks
    assert opened().text("alone").asks


def test_a_connection_is_quiet_when_nothing_would_be_lost() -> None:
    protocol = opened()
    assert not protocol.quiet
    hear(protocol, resumable("h"))
    assert protocol.quiet
    protocol.written(protocol.content([]))
    assert not protocol.quiet
    hear(protocol, BUSY, say("x"), TURN_END)
    assert not protocol.quiet
    hear(protocol, resumable("h2"))
    assert protocol.quiet
    hear(protocol, call("a"))
    assert not protocol.quiet


def test_the_handle_stays_when_an_update_has_none() -> None:
    protocol = opened(handle="given")
    hear(protocol, BUSY, resumable(""))
    assert protocol.handle == "given"


def test_go_away_has_its_seconds() -> None:
    assert hear(opened(), go_away(2.5)) == [events.GoingAway(2.5)]


def test_speech_that_goes_on_is_announced_to_the_next_connection() -> None:
    protocol = opened(MANUAL)
    protocol.written(protocol.activity_start())
    protocol.disconnect()
    protocol.connect()
    hear(protocol, COMPLETE)
    first = protocol.restore()
    assert first is not None
    assert "activity_start" in decoded(first.data).realtime_input
    assert protocol.restore() is None
    protocol.written(first)
    protocol.written(protocol.activity_end())
    assert protocol.restore() is None


def test_messages_can_be_had_as_they_are() -> None:
    message = opened().message(encoded(say("x")))
    assert isinstance(message, v1beta.types.BidiGenerateContentServerMessage)


# speech that is not parsed


def speech(pcm: bytes, **more: Any) -> dict[str, Any]:
    blob = {"mime_type": "audio/pcm;rate=24000", "data": pcm}
    turn = {"role": "model", "parts": [{"inline_data": blob}]}
    return {"server_content": {"model_turn": turn, **more}}


@pytest.mark.parametrize("pcm", [b"ab" * 480, bytes(960), b"\x12\x03", b""])
def test_speech_of_the_same_size_is_read_by_what_is_around_it(pcm: bytes) -> None:
    protocol = opened()
    other = bytes(reversed(pcm))
    heard = hear(protocol, speech(pcm), speech(other), speech(pcm + b"..", turn_complete=True))
    assert [event.pcm for event in heard[:3]] == [pcm, other, pcm + b".."]
    assert isinstance(heard[3], events.TurnEnd)


def test_a_message_of_the_size_of_speech_that_is_something_else_is_parsed() -> None:
    protocol = opened()
    said = hear(protocol, speech(bytes(960)), say("x" * 960))
    assert isinstance(said[1], events.TextOut)
    shorter, longer = speech(bytes(960), turn_complete=True), speech(bytes(962))
    assert len(encoded(shorter)) == len(encoded(longer))
    assert [type(each).__name__ for each in hear(protocol, longer, shorter)] == [
        *("AudioOut", "AudioOut", "TurnEnd"),
    ]
