"""The dialog: turns, orders, interruptions, realtime input, usage, compression, resumption."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from gemini_grpc.emulator.live import speech
from gemini_grpc.emulator.live.microphone import Microphone
from gemini_grpc.emulator.status import StatusError

from .conftest import START, Peer, contents, kinds, text

if TYPE_CHECKING:
    from gemini_grpc.emulator.live.settings import Live

MANUAL = {"automatic_activity_detection": {"disabled": True}}
SILENCE = bytes(32_000)
AUDIO = {"generation_config": {"response_modalities": ["AUDIO"]}}


def user(said: str, role: str = "user") -> dict[str, Any]:
    return {"role": role, "parts": [{"text": said}]}


def test_generation_complete_comes_before_turn_complete(peer: Peer) -> None:
    peer.setup()
    came = peer.say("hello")
    assert text(came) == "turn 1 heard hello"
    assert kinds(came) == [*["model_turn"] * 4, "generation_complete", "turn_complete"]


def test_turns_are_appended_in_order_and_answered_when_they_are_complete(peer: Peer) -> None:
    peer.setup()
    assert peer.send({"client_content": {"turns": [user("a"), user("b", "model")]}}) == []
    assert peer.send({"client_content": {"turns": [user("c")]}}) == []
    assert text(peer.send({"client_content": {"turn_complete": True}})) == "turn 3 heard c"
    assert text(peer.say("d")) == "turn 5 heard d"


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ({"turn_complete": True}, "is empty, so there is nothing to answer"),
        ({"turns": [user("a", "system")]}, "role: is 'system'"),
        ({"turns": [{"role": "user"}]}, "parts: is required"),
    ],
)
def test_content_that_cannot_be_is_refused(
    peer: Peer, content: dict[str, Any], message: str
) -> None:
    peer.setup()
    with pytest.raises(StatusError, match=message):
        peer.send({"client_content": content})


def test_a_model_of_2_5_wants_the_user_to_speak_last(peer: Peer) -> None:
    peer.setup("gemini-2.5-flash-native-audio")
    with pytest.raises(StatusError, match="ends with the model"):
        peer.send({"client_content": {"turns": [user("a", "model")], "turn_complete": True}})


def test_text_comes_at_its_pace(slow: Peer) -> None:
    slow.setup()
    assert slow.say("hello") == []
    assert text(slow.wait(3)) == "turn 1"
    assert text(slow.wait(1.9)) == ""  # the word has two tokens
    assert text(slow.wait(0.1)) == " heard"
    assert text(slow.wait(2)) == " hello"


def test_audio_is_spoken_at_24_khz_word_by_word(peer: Peer) -> None:
    peer.setup(**AUDIO, output_audio_transcription={})
    came = contents(peer.say("hello"))
    blobs = [c["model_turn"]["parts"][0]["inline_data"] for c in came if "model_turn" in c]
    assert {blob["mime_type"] for blob in blobs} == {"audio/pcm;rate=24000"}
    microphone = Microphone()
    heard = microphone.hear(
        {"mime_type": "audio/pcm;rate=24000", "data": b"".join(blob["data"] for blob in blobs)},
        path="",
    )
    assert speech.decode(heard) == "turn 1 heard hello"
    assert "".join(c.get("output_transcription", {}).get("text", "") for c in came) == (
        "turn 1 heard hello"
    )
    assert [next(iter(c)) for c in came][-3:] == [
        "output_transcription",
        "generation_complete",
        "turn_complete",
    ]


def test_a_bundling_model_puts_part_transcript_and_ends_in_one_message(peer: Peer) -> None:
    peer.setup("gemini-3.1-live-preview", output_audio_transcription={})
    last = peer.say("hello")[-1]
    assert set(last["server_content"]) == {
        "model_turn",
        "output_transcription",
        "generation_complete",
        "turn_complete",
    }
    assert last["usage_metadata"]["response_token_count"] > 0


def test_turn_complete_can_wait_for_playback(live: Live) -> None:
    peer = Peer(replace(live, playback=True))
    peer.setup(**AUDIO)
    assert kinds(peer.say("hello"))[-1] == "generation_complete"
    length = speech.seconds("turn 1 heard hello")
    assert peer.wait(length - 0.01) == []
    assert kinds(peer.wait(0.02)) == ["turn_complete"]


def test_audio_can_come_in_real_time(slow: Peer) -> None:
    slow.setup(**AUDIO)
    slow.say("hello")
    first = speech.seconds("turn")
    assert len(slow.wait(1 + first - 0.01)) == 1
    assert len(slow.wait(0.02)) == 1


def test_client_content_interrupts(slow: Peer) -> None:
    slow.setup()
    slow.say("hello")
    slow.wait(3)
    came = slow.say("stop")
    assert contents(came) == [{"interrupted": True}, {"turn_complete": True}]
    assert came[-1]["usage_metadata"]["response_token_count"] == 2
    slow.wait(100)
    said = [content["parts"][0]["text"] for content in slow.requests[-1]["contents"]]
    assert said == ["hello", "turn 1", "stop"]


def test_the_interruption_can_carry_a_stale_piece(live: Live) -> None:
    peer = Peer(replace(live, tokens_per_second=1.0, late_audio=True))
    peer.setup()
    peer.say("hello")
    came = contents(peer.realtime(text="stop"))
    assert set(came[0]) == {"model_turn", "interrupted"}


def test_interrupted_can_come_with_nothing_to_interrupt(live: Live) -> None:
    peer = Peer(replace(live, spurious_interruptions=True))
    peer.setup(realtime_input_config=MANUAL)
    assert kinds(peer.realtime(activity_start={})) == ["interrupted", "turn_complete"]


def test_speech_is_detected_understood_and_answered(peer: Peer) -> None:
    peer.setup(input_audio_transcription={})
    assert peer.audio(SILENCE + speech.encode("what is new")) == []
    came = peer.audio(SILENCE)
    assert contents(came)[0] == {"input_transcription": {"text": "what is new"}}
    assert text(came) == "turn 1 heard what is new"
    assert came[-1]["usage_metadata"]["prompt_tokens_details"] == [
        {"modality": "AUDIO", "token_count": 32}
    ]


def test_speech_interrupts_when_it_begins(slow: Peer) -> None:
    slow.setup()
    slow.say("hello")
    slow.wait(3)
    assert kinds(slow.audio(SILENCE)) == []
    assert kinds(slow.audio(speech.encode("wait"))) == ["interrupted", "turn_complete"]
    slow.audio(SILENCE)
    assert text(slow.wait(100)) == "turn 3 heard wait"


def test_without_interruption_speech_waits_for_the_end_of_the_turn(slow: Peer) -> None:
    slow.setup(realtime_input_config={"activity_handling": "NO_INTERRUPTION"})
    slow.say("hello")
    slow.wait(1)
    assert slow.audio(speech.encode("wait") + SILENCE) == []
    came = slow.wait(100)
    assert text(came) == "turn 1 heard helloturn 3 heard wait"
    assert "interrupted" not in kinds(came)


def test_the_end_of_the_stream_ends_the_turn(peer: Peer) -> None:
    peer.setup()
    assert peer.audio(speech.encode("hello")) == []
    assert text(peer.realtime(audio_stream_end=True)) == "turn 1 heard hello"
    assert peer.realtime(audio_stream_end=True) == []
    peer.audio(speech.encode("again"))
    assert text(peer.realtime(audio_stream_end=True)) == "turn 3 heard again"


def test_speech_of_any_other_kind_is_known_by_its_length(peer: Peer) -> None:
    peer.setup(input_audio_transcription={})
    peer.audio(b"\xff\x1f\x01\xe0" * 8_000)
    came = peer.audio(SILENCE)
    assert contents(came)[0] == {"input_transcription": {"text": "(1.0 seconds of speech)"}}


def test_marked_activity_is_one_turn(peer: Peer) -> None:
    peer.setup(realtime_input_config=MANUAL)
    peer.audio(speech.encode("before"))
    peer.realtime(activity_start={})
    peer.audio(speech.encode("hello") + SILENCE + speech.encode("there"))
    peer.realtime(text="and this")
    assert text(peer.realtime(activity_end={})) == "turn 1 heard hello there and this"
    assert peer.realtime(activity_start={}) == peer.realtime(activity_end={}) == []


@pytest.mark.parametrize(
    ("config", "data", "message"),
    [
        ({}, {"activity_start": {}}, "activity_start: is only for"),
        ({}, {"activity_end": {}}, "activity_end: is only for"),
        (MANUAL, {"activity_end": {}}, "activity_end: comes without"),
        (MANUAL, {"audio_stream_end": True}, "audio_stream_end: is only for"),
        ({}, {}, "realtime_input: is empty"),
        ({}, {"text": ""}, "text: is empty"),
        ({}, {"audio": {"mime_type": "audio/wav", "data": b"ab"}}, "audio.mime_type"),
        ({}, {"video": {"mime_type": "video/mp4", "data": b"ab"}}, "video.mime_type"),
        ({}, {"video": {"mime_type": "image/jpeg"}}, "video.data: is required"),
        ({}, {"media_chunks": [{"mime_type": "text/plain", "data": b"ab"}]}, "media_chunks"),
    ],
)
def test_realtime_input_that_cannot_be_is_refused(
    peer: Peer, config: dict[str, Any], data: dict[str, Any], message: str
) -> None:
    peer.setup(realtime_input_config=config)
    with pytest.raises(StatusError, match=message) as caught:
        peer.realtime(**data)
    assert caught.value.code.name == "INVALID_ARGUMENT"


def test_activity_start_cannot_come_twice(peer: Peer) -> None:
    peer.setup(realtime_input_config=MANUAL)
    peer.realtime(activity_start={})
    with pytest.raises(StatusError, match="comes twice"):
        peer.realtime(activity_start={})


def test_of_media_chunks_the_first_counts(peer: Peer) -> None:
    peer.setup()
    chunks = [speech.encode("hello") + SILENCE, speech.encode("never") + SILENCE]
    blobs = [{"mime_type": "audio/pcm", "data": chunk} for chunk in chunks]
    assert text(peer.realtime(media_chunks=blobs)) == "turn 1 heard hello"


@pytest.mark.parametrize(
    ("coverage", "pictures", "audio"),
    [("TURN_INCLUDES_ONLY_ACTIVITY", 1, 32), ("TURN_INCLUDES_ALL_INPUT", 2, 64)],
)
def test_coverage_decides_about_what_lies_between(
    peer: Peer, coverage: str, pictures: int, audio: int
) -> None:
    peer.setup(realtime_input_config={"turn_coverage": coverage})
    picture = {"mime_type": "image/jpeg", "data": b"picture"}
    peer.realtime(video=picture)
    peer.audio(SILENCE + speech.encode("look"))
    peer.realtime(media_chunks=[picture])
    usage = peer.audio(SILENCE)[-1]["usage_metadata"]
    assert usage["prompt_tokens_details"] == [
        {"modality": "AUDIO", "token_count": audio},
        {"modality": "IMAGE", "token_count": 258 * pictures},
    ]


def test_half_a_sentence_makes_the_model_wait(peer: Peer) -> None:
    peer.setup()
    assert kinds(peer.realtime(text="what I mean is...")) == ["waiting_for_input"]
    assert text(peer.realtime(text="this")) == "turn 2 heard this"


def test_usage_is_per_turn_and_counts_the_whole_context(peer: Peer) -> None:
    peer.setup(system_instruction={"parts": [{"text": "be brief"}]})
    first = peer.say("hello")[-1]["usage_metadata"]
    second = peer.say("hello")[-1]["usage_metadata"]
    assert first["thoughts_token_count"] == 3
    assert first["total_token_count"] == (
        first["prompt_token_count"] + first["response_token_count"] + 3
    )
    grown = first["prompt_token_count"] + first["response_token_count"] + 2
    assert second["prompt_token_count"] == grown


def test_usage_can_come_alone(live: Live) -> None:
    peer = Peer(replace(live, usage_alone=True))
    peer.setup()
    came = peer.say("hello")
    assert came[-2] == {"server_content": {"turn_complete": True}}
    assert list(came[-1]) == ["usage_metadata"]


def test_the_window_slides_to_its_target_and_keeps_the_instruction(peer: Peer) -> None:
    compression = {"trigger_tokens": 40, "sliding_window": {"target_tokens": 20}}
    instruction = {"parts": [{"text": "be brief"}]}
    peer.setup(context_window_compression=compression, system_instruction=instruction)
    prompts = [
        peer.say("some words to fill the window")[-1]["usage_metadata"]["prompt_token_count"]
        for _ in range(8)
    ]
    assert max(prompts) <= 40
    assert min(prompts[3:]) <= 20
    assert all(request["system_instruction"] == instruction for request in peer.requests)
    assert all(request["contents"][0]["role"] == "user" for request in peer.requests)


def test_without_compression_a_full_window_ends_the_session(peer: Peer) -> None:
    peer.setup()
    with pytest.raises(StatusError, match="more than the context of 1000 tokens"):
        peer.say("word " * 1001)


def test_a_handle_comes_after_every_turn_and_none_while_the_model_speaks(slow: Peer) -> None:
    slow.setup(session_resumption={})
    assert slow.say("hello") == [{"session_resumption_update": {"resumable": False}}]
    came = slow.wait(100)
    assert kinds(came)[-2:] == ["turn_complete", "session_resumption_update"]
    first = came[-1]["session_resumption_update"]
    assert first["resumable"]
    slow.say("hello")
    second = slow.wait(100)[-1]["session_resumption_update"]
    assert second["new_handle"] not in {"", first["new_handle"]}


def handle_of(peer: Peer) -> str:
    handle = peer.say("hello")[-1]["session_resumption_update"]["new_handle"]
    assert isinstance(handle, str)
    return handle


def test_a_handle_restores_the_conversation_as_it_was_then(live: Live) -> None:
    peer = Peer(live)
    peer.setup(session_resumption={})
    handle = handle_of(peer)
    assert text(peer.say("more")) == "turn 3 heard more"
    for _ in range(2):
        other = Peer(live)
        assert kinds(other.setup(session_resumption={"handle": handle})) == ["setup_complete"]
        assert text(other.say("again")) == "turn 3 heard again"


def test_a_handle_expires(live: Live) -> None:
    peer = Peer(live)
    peer.setup(session_resumption={})
    handle = handle_of(peer)
    other = Peer(live)
    other.now = START + 7201
    with pytest.raises(StatusError, match="has expired") as caught:
        other.setup(session_resumption={"handle": handle})
    assert caught.value.code.name == "INVALID_ARGUMENT"


def test_a_handle_belongs_to_its_model(live: Live) -> None:
    peer = Peer(live)
    peer.setup(session_resumption={})
    with pytest.raises(StatusError, match=r"setup.model: is models/gemini-3.8-live"):
        Peer(live).setup("gemini-3.8-live", session_resumption={"handle": handle_of(peer)})


def test_an_exclusive_handle_wants_the_old_connection_closed_first(live: Live) -> None:
    peer = Peer(replace(live, exclusive_handles=True))
    peer.setup(session_resumption={})
    resumption = {"handle": handle_of(peer)}
    with pytest.raises(StatusError, match="still open elsewhere"):
        Peer(replace(live, exclusive_handles=True)).setup(session_resumption=resumption)
    peer.session.close()
    other = Peer(replace(live, exclusive_handles=True))
    assert kinds(other.setup(session_resumption=resumption)) == ["setup_complete"]


def test_a_poisoned_handle_ends_every_session_after_its_setup(live: Live) -> None:
    peer = Peer(live)
    peer.setup(session_resumption={})
    handle = handle_of(peer)
    live.handles.poison(handle)
    other = Peer(live)
    other.session.receive(
        {"setup": {"model": "models/gemini-live", "session_resumption": {"handle": handle}}}, START
    )
    assert other.session.next(START) == {"setup_complete": {}}
    with pytest.raises(StatusError, match="INTERNAL"):
        other.session.next(START)
