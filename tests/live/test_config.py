"""What a user says about a session."""

from __future__ import annotations

import math
from typing import Any

import pytest

from gemini_grpc.errors import ArgumentError
from gemini_grpc.live import Inbox, LiveConfig, Outbox, Resume, Tool
from gemini_grpc.live.clock import AsyncClock, Clock
from tests.live.stage import Stage, echo


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
        (Resume, {"attempts": "3"}, "attempts is '3'; expected an integer, at least 1"),
        (Resume, {"budget": -1}, "budget is -1; expected seconds as a number, 0 or more"),
        (Resume, {"budget": math.nan}, "budget is nan"),
        (Resume, {"initial": "1"}, "initial is '1'"),
        (Resume, {"on_poisoned": "x"}, "on_poisoned is 'x'; expected one of 'fresh', 'fail'"),
        (Outbox, {"audio": 0}, "audio is 0; expected seconds as a number, more than 0"),
        (Outbox, {"audio": math.nan}, "audio is nan"),
        (Outbox, {"control": 0}, "control is 0; expected an integer, at least 1"),
        (Outbox, {"when_full": "raise"}, "when_full is 'raise'; expected one of 'wait', 'error'"),
        (Inbox, {"audio": -1}, "audio is -1; expected seconds"),
        (Inbox, {"events": 2.5}, "events is 2.5; expected an integer"),
        (
            Inbox,
            {"overflow": "drop"},
            "overflow is 'drop'; expected one of 'block', 'error', 'drop_",
        ),
        (Tool, {"function": 3}, "a tool is int; expected a function"),
        (Tool, {"function": print, "timeout": 0}, "timeout is 0; expected seconds"),
        (Tool, {"function": print, "behavior": "NONBLOCKING"}, "behavior is 'NONBLOCKING'"),
        (Tool, {"function": print, "scheduling": "NOW"}, "scheduling is 'NOW'"),
    ],
)
def test_values_that_cannot_be_are_refused(kind: Any, wrong: dict[str, Any], text: str) -> None:
    with pytest.raises(ArgumentError, match=text):
        kind(**wrong)


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"config": {"modalities": ["TEXT"]}}, "config is dict; expected LiveConfig or None"),
        ({"config": {}}, "config is dict; expected LiveConfig or None"),
        ({"resume": "abc"}, "resume is str; expected Resume or None"),
        ({"inbox": None}, "inbox is NoneType; expected Inbox"),
        ({"outbox": Inbox()}, "outbox is Inbox; expected Outbox"),
        ({"setup_timeout": 0}, "setup_timeout is 0; expected seconds as a number, more than 0"),
        ({"setup_timeout": "5"}, "setup_timeout is '5'"),
        ({"setup_timeout": None}, "setup_timeout is None"),
        (
            {"idle_timeout": 0},
            "idle_timeout is 0; expected seconds as a number, more than 0, or None for no limit",
        ),
        ({"idle_timeout": -3}, "idle_timeout is -3"),
        ({"idle_timeout": "x"}, "idle_timeout is 'x'"),
    ],
)
def test_arguments_that_make_no_session_are_refused(
    stage: Stage, wrong: dict[str, Any], text: str
) -> None:
    live = stage.live()
    with pytest.raises(ArgumentError, match=text):
        live.connect("gemini-live", **wrong)


def test_times_may_be_endless(stage: Stage) -> None:
    stage.script(echo)
    live = stage.live(
        clock=stage.colour.call(AsyncClock if stage.colour.name == "async" else Clock)
    )
    endless = {"setup_timeout": math.inf, "idle_timeout": math.inf}
    actor = stage.session(live, inbox=Inbox(audio=math.inf), **endless).enter(listen=False)
    assert actor.call("ask", "one").text == "one"
