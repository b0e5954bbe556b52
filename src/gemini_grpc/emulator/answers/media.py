"""Pictures, sounds and documents: what an answer says about one, and those it is made of.

An answer to media names their type and size, and what their header tells: the width and height of a
PNG, GIF or JPEG, the seconds of audio, the pages of a PDF. Speech is PCM of 16 bits at 24 kHz, one
channel: each word is a tone of its own that glides, in the register of the voice. A picture is a small
PNG with a gradient in the colour that the prompt names.
"""

from __future__ import annotations

import array
import math
import re
import struct
import sys
import zlib
from functools import lru_cache
from typing import TYPE_CHECKING

from gemini_grpc.emulator import text, tokens

if TYPE_CHECKING:
    from gemini_grpc.emulator.answers.prompt import Prompt
    from gemini_grpc.emulator.convert import Data

SPEECH_RATE = 24_000
"""Samples a second of the audio that is made."""
LIVE_AUDIO = "audio/pcm;rate=24000"
"""The type of audio in a live session."""
SPEECH_AUDIO = "audio/L16;codec=pcm;rate=24000"
"""The type of audio in an answer to GenerateContent."""
SPEECH_LIMIT = 120
"""How many words are spoken; the rest of a longer text is not."""

_NOUNS = {"IMAGE": "image", "AUDIO": "audio", "VIDEO": "video", "DOCUMENT": "document"}


def describe(prompt: Prompt) -> str:
    """Return what can be said about the media of a prompt."""
    count = len(prompt.media)
    said = [_describe_one(part) for part in prompt.media]
    lead = "" if count == 1 else f"There are {count} pieces of media. "
    asked = text.keywords(prompt.said)[:4] if prompt.said else []
    close = f" You asked about {' '.join(asked)}." if asked else ""
    return lead + " ".join(said) + close


def _describe_one(part: Data) -> str:
    if "file_data" in part:
        file = part["file_data"]
        return f"The file {file.get('file_uri', '')} has the type {file.get('mime_type') or 'unknown'}."
    blob = part["inline_data"]
    mime_type, data = blob.get("mime_type", ""), blob.get("data", b"")
    modality = tokens.modality_of(mime_type)
    if modality == "TEXT":
        begin = " ".join(data.decode(errors="replace").split()[:20])
        return f'The text ({mime_type}, {_bytes(data)}) begins with "{begin}".'
    return (
        f"The {_NOUNS[modality]} ({mime_type}, {_bytes(data)}) {_facts(modality, mime_type, data)}."
    )


def _bytes(data: bytes) -> str:
    return f"{len(data)} byte" if len(data) == 1 else f"{len(data)} bytes"


def _facts(modality: str, mime_type: str, data: bytes) -> str:
    if modality == "IMAGE":
        size = dimensions(data)
        return f"is {size[0]} by {size[1]} pixels" if size else "shows a single scene"
    if modality == "AUDIO":
        return f"lasts {len(data) / tokens.audio_rate(mime_type):.1f} seconds"
    if modality == "VIDEO":
        return f"takes {tokens.count_media(mime_type, data)} tokens"
    pages = max(data.count(b"/Type /Page") - data.count(b"/Type /Pages"), 1)
    return f"has {pages} page{'s' if pages > 1 else ''}"


def dimensions(data: bytes) -> tuple[int, int] | None:
    """Return the width and height of a PNG, GIF or JPEG, None of anything else."""
    if data.startswith(b"\x89PNG\r\n\x1a\n") and len(data) >= 24:
        return struct.unpack(">II", data[16:24])
    if data.startswith(b"GIF8") and len(data) >= 10:
        return struct.unpack("<HH", data[6:10])
    return _jpeg_dimensions(data) if data.startswith(b"\xff\xd8") else None


def _jpeg_dimensions(data: bytes) -> tuple[int, int] | None:
    """Walk the segments of a JPEG to the frame header, which has the size."""
    place = 2
    while place + 9 <= len(data) and data[place] == 0xFF:
        marker, length = data[place + 1], int.from_bytes(data[place + 2 : place + 4], "big")
        if 0xC0 <= marker <= 0xCF and marker not in {0xC4, 0xC8, 0xCC}:
            height, width = struct.unpack(">HH", data[place + 5 : place + 9])
            return width, height
        place += 2 + max(length, 2)
    return None


def speech_part(said: str, config: Data, *, mime_type: str = SPEECH_AUDIO) -> Data:
    """Return a part with the sound of a text, in the voices of a generation configuration."""
    return {"inline_data": {"mime_type": mime_type, "data": speech(said, config)}}


def speech(said: str, config: Data) -> bytes:
    """Return the sound of a text: little-endian PCM of 16 bits at 24 kHz, never empty."""
    settings = config.get("speech_config", {})
    cast = {
        entry.get("speaker", ""): _voice(entry.get("voice_config", {}))
        for entry in settings.get("multi_speaker_voice_config", {}).get("speaker_voice_configs", ())
    }
    voice = _voice(settings.get("voice_config", {}))
    sounds: list[bytes] = []
    for line in said.splitlines():
        speaker, colon, rest = line.partition(":")
        spoken, register = (
            (rest, cast[speaker.strip()]) if colon and speaker.strip() in cast else (line, voice)
        )
        sounds += [_word(word, register) for word in text.words(spoken)]
    return b"".join(sounds[:SPEECH_LIMIT]) or _word("hm", voice)


def _voice(config: Data) -> int:
    """Return the register of a voice in hertz, the same for the same name."""
    name = config.get("prebuilt_voice_config", {}).get("voice_name", "Puck")
    return 110 + zlib.crc32(name.encode()) % 140


def _word(word: str, register: int) -> bytes:
    """Return the tone of a word: longer words last longer, and each glides in its own way."""
    number = zlib.crc32(word.encode())
    return _tone(
        register + number % 12 * 15, number // 12 % 7 * 10 - 30, 90 + 15 * min(len(word), 14)
    )


@lru_cache(maxsize=1024)
def _tone(start: int, glide: int, milliseconds: int) -> bytes:
    """Return a tone that glides by some hertz, faded in and out, and the short rest behind it."""
    count = SPEECH_RATE * milliseconds // 1000
    fade = SPEECH_RATE // 100
    samples = array.array("h")
    for index in range(count):
        moment = index / SPEECH_RATE
        phase = 2 * math.pi * moment * (start + glide * index / count / 2)
        loudness = min(1.0, index / fade, (count - index) / fade)
        samples.append(int(9000 * loudness * (math.sin(phase) + 0.3 * math.sin(2 * phase))))
    samples.extend([0] * (SPEECH_RATE // 50))
    if sys.byteorder == "big":
        samples.byteswap()
    return samples.tobytes()


_COLORS = {
    "red": (220, 40, 40),
    "green": (40, 160, 60),
    "blue": (40, 80, 210),
    "black": (20, 20, 20),
    "yellow": (240, 210, 50),
    "orange": (240, 140, 40),
    "purple": (130, 60, 170),
    "white": (245, 245, 245),
    "pink": (240, 150, 180),
    "brown": (120, 80, 40),
    "grey": (128, 128, 128),
    "gray": (128, 128, 128),
}
_LONGER_SIDE = 64


def image_part(said: str, config: Data) -> Data:
    """Return a part with a small PNG for a prompt, in the aspect ratio of a configuration."""
    ratio = re.fullmatch(
        r"(\d{1,3}):(\d{1,3})", config.get("image_config", {}).get("aspect_ratio", "")
    )
    across, down = (int(ratio[1]) or 1, int(ratio[2]) or 1) if ratio else (1, 1)
    scale = _LONGER_SIDE / max(across, down)
    size = max(1, round(across * scale)), max(1, round(down * scale))
    return {"inline_data": {"mime_type": "image/png", "data": picture(said, *size)}}


def picture(said: str, width: int, height: int) -> bytes:
    """Return a PNG with a gradient in the first colour a text names, or one of its own."""
    named = next((_COLORS[word] for word in text.words(said) if word in _COLORS), None)
    chance = text.seeded("picture", said)
    red, green, blue = named or (
        chance.randrange(256),
        chance.randrange(256),
        chance.randrange(256),
    )
    rows = bytearray()
    for row in range(height):
        rows.append(0)
        for column in range(width):
            shade = 0.75 + 0.25 * (row + column) / (width + height)
            rows += bytes((int(red * shade), int(green * shade), int(blue * shade)))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(bytes(rows))), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))
        for kind, body in chunks
    )
