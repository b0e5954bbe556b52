"""What a user says about a session."""

from __future__ import annotations

from typing import Any

import pytest

from gemini_grpc.errors import ArgumentError
from gemini_grpc.live import Inbox, LiveConfig, Outbox, Resume, Tool


def test_a_configuration_becomes_the_fields_of_a_setup() -> None:
    config = LiveConfig(
        modalities=["AUDIO"],
        system="Be brief.",
        generation={"temperature": 0.5},
        voice="Puck",
        language="de-DE",
        transcripts=True,
        detection={"silence_duration_ms": 300},
        interruptions=False,
        compression={"trigger_tokens": 1000},
        extra={"tools": [{"google_search": {}}]},
    )
    assert config.setup("gemini-live") == {
        "model": "models/gemini-live",
        "generation_config": {
            "temperature": 0.5,
            "response_modalities": ["AUDIO"],
            "speech_config": {
                "voice_config": {"prebuilt_voice_config": {"voice_name": "Puck"}},
                "language_code": "de-DE",
            },
        },
        "system_instruction": {"parts": [{"text": "Be brief."}]},
        "realtime_input_config": {
            "automatic_activity_detection": {"silence_duration_ms": 300},
            "activity_handling": "NO_INTERRUPTION",
        },
        "input_audio_transcription": {},
        "output_audio_transcription": {},
        "context_window_compression": {"trigger_tokens": 1000},
        "tools": [{"google_search": {}}],
    }


def test_an_empty_configuration_asks_for_nothing() -> None:
    assert LiveConfig().setup("tunedModels/mine") == {"model": "tunedModels/mine"}


def test_what_is_given_whole_is_kept() -> None:
    instruction = {"parts": [{"text": "x"}]}
    config = LiveConfig(system=instruction, manual_activity=True, compression=True, voice="Puck")
    setup = config.setup("models/m")
    assert setup["system_instruction"] == instruction
    assert setup["realtime_input_config"] == {"automatic_activity_detection": {"disabled": True}}
    assert setup["context_window_compression"] == {"sliding_window": {}}
    assert "language_code" not in setup["generation_config"]["speech_config"]


@pytest.mark.parametrize(
    ("kind", "wrong", "text"),
    [
        (LiveConfig, {"modalities": "AUDIO"}, "expected a list of AUDIO, IMAGE, TEXT"),
        (LiveConfig, {"modalities": ["SMELL"]}, r"modalities is \['SMELL'\]"),
        (LiveConfig, {"manual_activity": True, "detection": {"disabled": False}}, "leave one out"),
        (Resume, {"attempts": 0}, "attempts is 0"),
        (Resume, {"initial": 9.0}, "initial is 9.0 and maximum 8.0"),
        (Outbox, {"audio": 0}, "audio is in seconds"),
        (Outbox, {"control": 0}, "control at least 1"),
        (Inbox, {"audio": -1}, "audio is in seconds"),
        (Inbox, {"events": 0}, "events at least 1"),
        (Tool, {"function": 3}, "a tool is int; expected a function"),
        (Tool, {"function": print, "timeout": 0}, "timeout is 0; expected seconds"),
    ],
)
def test_values_that_cannot_be_are_refused(kind: Any, wrong: dict[str, Any], text: str) -> None:
    with pytest.raises(ArgumentError, match=text):
        kind(**wrong)
