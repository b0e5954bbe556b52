"""The emulator's tokens: what a text or a piece of media counts.

The rule, which every count in the emulator follows:

- a text is cut into words and single symbols; white space counts nothing;
- a word is cut into pieces of at most four characters, and each piece is a token, as is each symbol;
- an image is 258 tokens, a page of PDF (100 kB) the same; audio is 32 tokens and video 263 tokens for
  each started second;
- a function call or response, and the declaration of a tool, count the text of their JSON.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gemini_grpc.emulator.convert import Data

_PIECE = re.compile(r"\s*(\w{1,4}|[^\w\s])")

IMAGE_TOKENS = 258
AUDIO_TOKENS_PER_SECOND = 32
VIDEO_TOKENS_PER_SECOND = 263
PDF_PAGE_BYTES = 100_000
AUDIO_BYTES_PER_SECOND = {"audio/pcm": 32_000, "audio/l16": 32_000, "audio/wav": 32_000}
"""16 kHz, 16 bits, one channel, unless the type names a rate; compressed audio is taken for 16 kB a
second, video for 250 kB."""

_RATE = re.compile(r";\s*rate=(\d{1,6})\b")


def pieces(text: str) -> list[str]:
    """Return the tokens of a text, each with the white space before it; joined they are the text."""
    found = [match.group(0) for match in _PIECE.finditer(text)]
    if found and (rest := len(text) - sum(map(len, found))):
        found[-1] += text[-rest:]
    return found


def count_text(text: str) -> int:
    """Return how many tokens a text has."""
    return sum(1 for _ in _PIECE.finditer(text))


def token_id(piece: str) -> int:
    """Return the number of a token, the same for the same text."""
    return zlib.crc32(piece.strip().encode()) % 256_000


def modality_of(mime_type: str) -> str:
    """Return the modality of a MIME type, as `Modality` names it."""
    kind = mime_type.partition("/")[0]
    if kind in {"image", "audio", "video"}:
        return kind.upper()
    return "DOCUMENT" if mime_type == "application/pdf" else "TEXT"


def count_media(mime_type: str, data: bytes) -> int:
    """Return how many tokens a piece of media has, by its type and size."""
    modality = modality_of(mime_type)
    if modality == "IMAGE":
        return IMAGE_TOKENS
    if modality == "DOCUMENT":
        return IMAGE_TOKENS * _started(len(data), PDF_PAGE_BYTES)
    if modality == "AUDIO":
        return AUDIO_TOKENS_PER_SECOND * _started(len(data), audio_rate(mime_type))
    if modality == "VIDEO":
        return VIDEO_TOKENS_PER_SECOND * _started(len(data), 250_000)
    return count_text(data.decode(errors="replace"))


def audio_rate(mime_type: str) -> int:
    """Return how many bytes of audio of a type last one second."""
    base = mime_type.partition(";")[0].lower()
    known = AUDIO_BYTES_PER_SECOND.get(base, 16_000)
    named = _RATE.search(mime_type.lower())
    return (
        2 * int(named[1]) if named and int(named[1]) and base in AUDIO_BYTES_PER_SECOND else known
    )


def count_tools(tools: Iterable[Data]) -> int:
    """Return how many tokens the declarations of tools have."""
    return sum(count_text(json.dumps(tool, sort_keys=True, default=str)) for tool in tools if tool)


Read = Callable[[str], bytes]
"""Returns the content of a file by its URI."""


def _unknown(uri: str) -> bytes:
    """Return the content of a file that nobody has: the least there can be."""
    return b"\0"


def count_part(part: Data, read: Read = _unknown) -> tuple[str, int]:
    """Return the modality of a part and how many tokens it has."""
    if "inline_data" in part:
        blob = part["inline_data"]
        mime_type = blob.get("mime_type", "")
        return modality_of(mime_type), count_media(mime_type, blob.get("data", b""))
    if "file_data" in part:
        mime_type = part["file_data"].get("mime_type", "")
        content = read(part["file_data"].get("file_uri", ""))
        return modality_of(mime_type), count_media(mime_type, content)
    if "text" in part:
        return "TEXT", count_text(part["text"])
    structured = {key: part[key] for key in _STRUCTURED if key in part}
    return "TEXT", count_text(json.dumps(structured, sort_keys=True, default=str))


_STRUCTURED = ("function_call", "function_response", "executable_code", "code_execution_result")


def count_contents(contents: Iterable[Data], read: Read = _unknown) -> dict[str, int]:
    """Return how many tokens contents have, by modality; modalities without any are absent."""
    totals: dict[str, int] = {}
    for content in contents:
        for part in content.get("parts", ()):
            modality, count = count_part(part, read)
            if count:
                totals[modality] = totals.get(modality, 0) + count
    return totals


def details(totals: dict[str, int]) -> list[dict[str, Any]]:
    """Return totals by modality as a list of `ModalityTokenCount`."""
    return [{"modality": name, "token_count": count} for name, count in sorted(totals.items())]


def _started(size: int, unit: int) -> int:
    return max(1, -(-size // unit))
