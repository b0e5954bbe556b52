"""A session from its setup to its end: the envelope around the dialog."""

from __future__ import annotations

import datetime
from dataclasses import replace
from typing import Any

import grpc
import pytest

from gemini_grpc.emulator.live.settings import Live
from gemini_grpc.emulator.status import StatusError

from .conftest import SHAPES, Peer, contents, kinds, text


def refusal(peer: Peer, message: dict[str, Any]) -> StatusError:
    with pytest.raises(StatusError) as caught:
        peer.send(message)
    return caught.value


def test_setup_is_confirmed_before_anything_else(peer: Peer) -> None:
    assert peer.setup() == [{"setup_complete": {}}]


@pytest.mark.parametrize(
    "message",
    [{"client_content": {}}, {"realtime_input": {"text": "x"}}, {"tool_response": {}}, {}],
)
def test_another_first_message_ends_the_session(peer: Peer, message: dict[str, Any]) -> None:
    error = refusal(peer, message)
    assert error.code is grpc.StatusCode.INVALID_ARGUMENT
    assert error.message == "setup: must be the first message of a session, and is missing"


def test_a_second_setup_ends_the_session_after_what_was_on_its_way(peer: Peer) -> None:
    peer.setup(input_audio_transcription={})
    peer.session.receive({"realtime_input": {"text": "what I mean is..."}}, peer.now)
    peer.session.receive({"setup": {"model": "models/gemini-live"}}, peer.now)
    assert peer.session.next(peer.now) == {"server_content": {"waiting_for_input": True}}
    with pytest.raises(StatusError, match="setup: was sent already"):
        peer.session.next(peer.now)


def test_a_message_without_a_member_is_refused(peer: Peer) -> None:
    peer.setup()
    assert "message_type: is not set" in refusal(peer, {}).message


@pytest.mark.parametrize(
    ("setup", "code", "where"),
    [
        ({"model": ""}, "INVALID_ARGUMENT", "setup.model: is required"),
        ({"model": "models/nothing"}, "NOT_FOUND", "models/nothing"),
        ({"generation_config": {"stop_sequences": ["x"]}}, "INVALID_ARGUMENT", "generation_config.stop_sequences"),
        ({"generation_config": {"response_schema": {"type": "OBJECT"}}}, "INVALID_ARGUMENT", "generation_config.response_schema"),
        ({"generation_config": {"response_mime_type": "text/plain"}}, "INVALID_ARGUMENT", "generation_config.response_mime_type"),
        ({"generation_config": {"response_modalities": ["TEXT", "AUDIO"]}}, "INVALID_ARGUMENT", "response_modalities: has 2"),
        ({"generation_config": {"response_modalities": ["IMAGE"]}}, "INVALID_ARGUMENT", "expected TEXT or AUDIO"),
        ({"model": "models/gemini-3.8-live", "generation_config": {"response_modalities": ["TEXT"]}}, "INVALID_ARGUMENT", "expected AUDIO"),
        ({"model": "models/gemini-3.8-live", "generation_config": {"thinking_config": {}}}, "INVALID_ARGUMENT", "thinking_config"),
        ({"system_instruction": {"parts": [{"text": "a"}, {"inline_data": {}}]}}, "INVALID_ARGUMENT", "system_instruction.parts[1]: is not text"),
        ({"tools": [{"function_declarations": [{"name": "f"}, {"name": "f"}]}]}, "INVALID_ARGUMENT", "'f' is declared twice"),
        ({"tools": [{"function_declarations": [{}]}]}, "INVALID_ARGUMENT", "function_declarations[0].name: is required"),
        ({"model": "models/gemini-3.1-live-preview", "tools": [{"function_declarations": [{"name": "f", "behavior": "NON_BLOCKING"}]}]}, "INVALID_ARGUMENT", "NON_BLOCKING"),
        ({"realtime_input_config": {"automatic_activity_detection": {"silence_duration_ms": -1}}}, "INVALID_ARGUMENT", "silence_duration_ms: is -1"),
        ({"context_window_compression": {"trigger_tokens": 0}}, "INVALID_ARGUMENT", "trigger_tokens: is 0"),
        ({"context_window_compression": {"sliding_window": {"target_tokens": -1}}}, "INVALID_ARGUMENT", "target_tokens: is -1"),
        ({"context_window_compression": {"trigger_tokens": 5, "sliding_window": {"target_tokens": 5}}}, "INVALID_ARGUMENT", "is 5, not below 5"),
        ({"session_resumption": {"handle": "nobody's"}}, "NOT_FOUND", "setup.session_resumption.handle"),
    ],
)  # fmt: skip
def test_a_setup_that_cannot_be_is_refused(
    peer: Peer, setup: dict[str, Any], code: str, where: str
) -> None:
    error = refusal(peer, {"setup": {"model": "models/gemini-live", **setup}})
    assert error.code.name == code
    assert where in error.message


def test_a_silent_server_never_confirms(live: Live) -> None:
    peer = Peer(replace(live, setup_delay=float("inf")))
    assert peer.setup() == []
    assert peer.say("hello") == []
    assert peer.wait(1e6) == []
    peer.session.end_input()
    assert peer.take() == []
    assert peer.session.over


def test_what_is_sent_before_the_confirmation_is_answered_after_it(live: Live) -> None:
    peer = Peer(replace(live, setup_delay=2.0))
    assert peer.setup() == []
    assert peer.say("hi") == []
    assert peer.wait(1.9) == []
    assert kinds(peer.wait(0.1))[:2] == ["setup_complete", "model_turn"]


def test_a_connection_ends_after_a_warning(live: Live) -> None:
    peer = Peer(replace(live, connection_lifetime=100, go_away_notice=30))
    peer.setup()
    assert peer.wait(69) == []
    assert peer.wait(1) == [{"go_away": {"time_left": datetime.timedelta(seconds=30)}}]
    with pytest.raises(StatusError) as caught:
        peer.wait(30)
    assert caught.value.code is grpc.StatusCode.ABORTED


def test_a_long_notice_comes_right_after_the_setup(live: Live) -> None:
    peer = Peer(replace(live, connection_lifetime=301, go_away_notice=600))
    assert kinds(peer.setup()) == ["setup_complete", "go_away"]


def test_a_connection_can_end_in_mid_speech_with_what_was_said_delivered(live: Live) -> None:
    peer = Peer(replace(live, connection_lifetime=3.5, tokens_per_second=1.0))
    peer.setup()
    peer.say("hello")
    assert text(peer.wait(3)) == "turn 1"
    with pytest.raises(StatusError, match="ABORTED"):
        peer.wait(1)


@pytest.mark.parametrize("ending", ["DEADLINE_EXCEEDED", "UNAVAILABLE", "INTERNAL"])
def test_the_ending_can_be_chosen(live: Live, ending: str) -> None:
    peer = Peer(replace(live, connection_lifetime=1, ending=ending))
    peer.setup()
    with pytest.raises(StatusError, match=ending):
        peer.wait(1)


def test_a_connection_can_end_well(live: Live) -> None:
    peer = Peer(replace(live, connection_lifetime=1, ending="OK"))
    peer.setup()
    peer.wait(1)
    assert peer.session.over


def test_ending_the_input_answers_what_was_asked_without_delay(slow: Peer) -> None:
    slow.setup()
    slow.say("hello")
    slow.session.end_input()
    came = slow.take()
    assert text(came) == "turn 1 heard hello"
    assert kinds(came)[-1] == "turn_complete"
    assert slow.session.over


def test_ending_the_input_while_a_function_runs_ends_the_session(peer: Peer) -> None:
    peer.setup(tools=[{"function_declarations": [{"name": "f"}]}])
    peer.say("call f")
    peer.session.end_input()
    assert peer.take() == []
    assert peer.session.over


def test_ending_the_input_without_a_setup_is_an_error(peer: Peer) -> None:
    peer.session.end_input()
    with pytest.raises(StatusError, match="setup: must be the first"):
        peer.take()


def test_v1alpha_gets_only_what_it_knows(live: Live) -> None:
    peer = Peer(replace(live, connection_lifetime=10, go_away_notice=5), "v1alpha")
    peer.setup(session_resumption={})
    came = peer.say("hello")
    assert set(kinds(came)) == {"model_turn", "turn_complete"}
    assert all("usage_metadata" not in message for message in came)
    assert peer.wait(9) == []
    assert contents(came)[-1] == {"turn_complete": True}


def test_the_shape_of_a_version_leaves_nothing_empty() -> None:
    assert SHAPES["v1alpha"].trim({"server_content": {"generation_complete": True}}) is None
    assert SHAPES["v1alpha"].trim({"usage_metadata": {}}) is None
    assert SHAPES["v1beta"].trim({"usage_metadata": {}}) == {"usage_metadata": {}}


def test_the_same_messages_give_the_same_session(live: Live) -> None:
    logs = []
    for _ in range(2):
        peer = Peer(replace(live, handles=Live().handles))
        logs.append([*peer.setup(session_resumption={}), *peer.say("call f"), *peer.say("hello")])
    assert logs[0] == logs[1]
