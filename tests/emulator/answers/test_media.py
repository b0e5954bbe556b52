"""Media are described by their headers, and made for real."""

from __future__ import annotations

import array
import itertools
import struct
import zlib

import pytest

from gemini_grpc.emulator.answers import media
from gemini_grpc.emulator.answers.prompt import Prompt


def part(mime_type: str, data: bytes) -> dict[str, object]:
    return {"inline_data": {"mime_type": mime_type, "data": data}}


JPEG = b"\xff\xd8\xff\xe0\x00\x04ab\xff\xc0\x00\x0b\x08\x00\x20\x00\x40\x03" + bytes(8)


@pytest.mark.parametrize(
    ("mime_type", "data", "expected"),
    [
        ("image/png", media.picture("red", 64, 36), "is 64 by 36 pixels"),
        ("image/gif", b"GIF89a" + struct.pack("<HH", 3, 5), "is 3 by 5 pixels"),
        ("image/jpeg", JPEG, "is 64 by 32 pixels"),
        ("image/webp", b"RIFF", "4 bytes) shows a single scene"),
        ("audio/pcm;rate=16000", bytes(48_000), "lasts 1.5 seconds"),
        ("audio/pcm;rate=24000", bytes(48_000), "lasts 1.0 seconds"),
        ("application/pdf", b"/Type /Pages /Type /Page /Type /Page ", "has 2 pages"),
        ("video/mp4", bytes(10), "takes 263 tokens"),
        ("text/csv", b"a,b\n1,2", 'begins with "a,b 1,2"'),
        ("image/png", b"\x89PNG", "shows a single scene"),
        ("image/jpeg", b"\xff\xd8\xff", "shows a single scene"),
    ],
)
def test_a_description_names_type_size_and_what_the_header_says(
    mime_type: str, data: bytes, expected: str
) -> None:
    said = media.describe(Prompt("What is it?", media=(part(mime_type, data),)))
    assert mime_type in said
    assert f"{len(data)} bytes" in said
    assert expected in said


def test_a_file_is_described_by_its_address() -> None:
    file = {"file_data": {"file_uri": "files/abc", "mime_type": "video/mp4"}}
    assert "files/abc has the type video/mp4" in media.describe(Prompt("", media=(file,)))


def samples(data: bytes) -> array.array[int]:
    found = array.array("h")
    found.frombytes(data)
    return found


def test_speech_is_a_tone_and_as_long_as_its_text() -> None:
    short, long = media.speech("Hello", {}), media.speech("Hello there, how are you today?", {})
    assert len(long) > 3 * len(short)
    heard = samples(short)
    assert max(heard) > 5000
    crossings = sum(1 for a, b in itertools.pairwise(heard) if a < 0 <= b)
    seconds = len(heard) / media.SPEECH_RATE
    assert 60 < crossings / seconds < 500


def test_voices_differ() -> None:
    def voice(name: str) -> dict[str, object]:
        return {"speech_config": {"voice_config": {"prebuilt_voice_config": {"voice_name": name}}}}

    assert media.speech("Hello", voice("Kore")) != media.speech("Hello", voice("Puck"))
    assert media.speech("Hello", voice("Puck")) == media.speech("Hello", {})


def test_each_speaker_of_a_dialog_has_a_voice() -> None:
    cast = [
        {"speaker": name, "voice_config": {"prebuilt_voice_config": {"voice_name": voice}}}
        for name, voice in (("Anna", "Kore"), ("Bob", "Puck"))
    ]
    config = {"speech_config": {"multi_speaker_voice_config": {"speaker_voice_configs": cast}}}
    both = media.speech("Anna: yes\nBob: yes", config)
    assert both[: len(both) // 2] != both[len(both) // 2 :]
    assert both.endswith(media.speech("yes", {}))


def test_silence_is_never_spoken() -> None:
    assert any(media.speech("", {}))


def test_a_picture_is_a_valid_png_in_the_named_colour() -> None:
    made = media.image_part("a red circle", {"image_config": {"aspect_ratio": "16:9"}})
    data = made["inline_data"]["data"]
    assert media.dimensions(data) == (64, 36)
    start = data.index(b"IDAT")
    length = int.from_bytes(data[start - 4 : start], "big")
    rows = zlib.decompress(data[start + 4 : start + 4 + length])
    assert len(rows) == 36 * (1 + 3 * 64)
    red, green, blue = rows[1:4]
    assert red > 2 * max(green, blue)
    assert data.endswith(b"IEND" + struct.pack(">I", zlib.crc32(b"IEND")))


@pytest.mark.parametrize("ratio", ["", "0:0", "999:1", "wide"])
def test_any_aspect_ratio_gives_a_picture(ratio: str) -> None:
    made = media.image_part("x", {"image_config": {"aspect_ratio": ratio}})
    assert media.dimensions(made["inline_data"]["data"]) is not None
