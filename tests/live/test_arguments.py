"""What cannot be sent is refused at the caller, before anything is queued or changed."""

from __future__ import annotations

from typing import Any

import pytest

from gemini_grpc import v1beta
from gemini_grpc.errors import ArgumentError
from gemini_grpc.live import LiveConfig, events
from gemini_grpc.live.protocol import LiveProtocol
from tests.live.stage import Stage, echo

TURNS: list[Any] = [None, "", [], (), {}, {"role": "user"}, {"parts": []}, [None], ["x"], [{"parts": []}], 5, b"x"]  # fmt: skip
WRONG: list[tuple[str, tuple[Any, ...], dict[str, Any], str]] = [
    *(("send_content", (turns,), {}, "turns") for turns in [*TURNS, v1beta.types.Content()]),
    *(("ask", (turns,), {}, "turns") for turns in TURNS),
    ("send_content", ("x",), {"turn_complete": None}, "turn_complete is None"),
    ("send_content", ("x",), {"turn_complete": "yes"}, "turn_complete is 'yes'"),
    *(("send_text", (text,), {}, "text is") for text in (None, "", b"x", 5, ["x"])),
    *(("send_audio", (pcm,), {}, "pcm") for pcm in (None, b"", "x", 5, b"odd")),
    *(("offer_audio", (pcm,), {}, "pcm") for pcm in (None, b"", "x", 5, b"odd")),
    ("send_audio", (b"12",), {"rate": None}, "rate is None"),
    *(("send_video", (image,), {}, "image is") for image in (None, b"", "x", 5, [1])),
    *(("send_video", (b"x", kind), {}, "mime_type is") for kind in (None, "", "jpeg", 5, "image/")),
    ("send_tool_result", (None, {}), {}, "call is NoneType"),
    ("send_tool_result", (events.ToolCall("a", "f", {}), {}), {}, "call is ToolCall; expected the id"),
    *(("send_tool_result", ("a", answer), {}, "response is") for answer in [None, "", [], 5]),
    ("send_tool_result", ("a", {}), {"scheduling": "NOW"}, "scheduling is 'NOW'"),
    ("send_tool_result", ("a", {}), {"scheduling": None}, "scheduling is None"),
    ("send_tool_result", ("a", {}), {"will_continue": None}, "will_continue is None"),
    *(("close", (drain,), {}, "drain is") for drain in (None, -1, "1")),
    *(("audio_out", (seconds,), {}, "seconds is") for seconds in (None, 0, -1, "1")),
    *((name, (limit,), {}, "limit is") for name in ("transcripts", "raw") for limit in (None, 0, 2.5)),
]  # fmt: skip


@pytest.mark.parametrize("version", ["v1beta", "v1alpha"])
def test_arguments_that_cannot_be_sent_are_refused_and_change_nothing(
    stage: Stage, version: str
) -> None:
    script = stage.script(echo)
    actor = stage.session(stage.live(version=version)).enter(listen=False)
    for name, values, more, text in WRONG:
        if version == "v1alpha" and name == "send_text":
            continue  # it has none
        with pytest.raises(ArgumentError, match=text):
            actor.call(name, *values, **more)
        assert not actor.session.unsent
    assert actor.call("ask", "still here?", timeout=5).text == "still here?"
    assert script.kinds() == ["setup", "client_content"]


def test_a_text_that_is_refused_is_nothing_that_was_said() -> None:
    protocol = LiveProtocol("gemini-live", LiveConfig(manual_activity=True))
    protocol.connect()
    protocol.activity_start()
    with pytest.raises(ArgumentError):
        protocol.text("")
    with pytest.raises(ArgumentError):
        protocol.video(b"", "image/jpeg")
    assert not protocol.activity_end().asks


@pytest.mark.parametrize("model", [None, "", 5])
def test_a_model_is_a_name(stage: Stage, model: Any) -> None:
    live = stage.live()
    with pytest.raises(ArgumentError, match="model is"):
        live.connect(model)


def test_more_fields_are_merged_with_typed_options() -> None:
    types = v1beta.types
    detection = types.RealtimeInputConfig.AutomaticActivityDetection(prefix_padding_ms=5)
    for extra in (
        {"realtime_input_config": {"automatic_activity_detection": {"prefix_padding_ms": 5}}},
        {"realtime_input_config": {"automatic_activity_detection": detection}},
        {
            "realtime_input_config": types.RealtimeInputConfig(
                automatic_activity_detection=detection
            )
        },
    ):
        config = LiveConfig(
            voice="Puck",
            modalities=["AUDIO"],
            generation={"speech_config": {"language_code": "de-DE"}, "temperature": 0.5},
            interruptions=False,
            detection={"silence_duration_ms": 300},
            extra={**extra, "generation_config": {"top_k": 3}, "session_resumption": {}},
        )
        setup = types.BidiGenerateContentClientMessage.deserialize(
            LiveProtocol("gemini-live", config, handle="h").connect()
        ).setup
        realtime = setup.realtime_input_config
        assert realtime.automatic_activity_detection.prefix_padding_ms == 5
        assert realtime.automatic_activity_detection.silence_duration_ms == 300
        assert realtime.activity_handling.name == "NO_INTERRUPTION"
        speech = setup.generation_config.speech_config
        assert speech.voice_config.prebuilt_voice_config.voice_name == "Puck"
        assert (speech.language_code, setup.generation_config.top_k) == ("de-DE", 3)
        assert setup.generation_config.temperature == 0.5
        assert setup.session_resumption.handle == "h"


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        (
            {"manual_activity": True, "extra": {"realtime_input_config": {"automatic_activity_detection": {"disabled": False}}}},
            r"extra.realtime_input_config.automatic_activity_detection.disabled is False, but other options set it to True",
        ),
        ({"modalities": ["AUDIO"], "generation": {"response_modalities": ["TEXT"]}}, "generation.response_modalities"),
        ({"system": "x", "extra": {"system_instruction": "y"}}, "extra.system_instruction is 'y'"),
        ({"language": "de", "generation": {"speech_config": {"language_code": "en"}}}, "language_code is 'en'"),
        ({"extra": None}, "extra is NoneType"),
        ({"generation": "x"}, "generation is str"),
        ({"voice": None}, "voice is NoneType"),
    ],
)  # fmt: skip
def test_options_that_contradict_each_other_are_refused(wrong: dict[str, Any], text: str) -> None:
    with pytest.raises(ArgumentError, match=text):
        LiveConfig(**wrong)


def test_a_handle_belongs_into_resume() -> None:
    config = LiveConfig(extra={"session_resumption": {"handle": "h"}})
    with pytest.raises(ArgumentError, match=r"expected it in Resume\(handle=...\)"):
        LiveProtocol("gemini-live", config)
    assert LiveProtocol("gemini-live", config, resumable=False).connect()
