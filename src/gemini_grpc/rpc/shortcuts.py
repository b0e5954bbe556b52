"""What vertexai's classes tell besides their fields, for messages of the same name.

A message looks here when it has no field of a name, so that a field always wins.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType
from typing import Any

from gemini_grpc.errors import UsageError


class NoTextError(UsageError, ValueError, AttributeError):
    """A content has not exactly one part, or one that is no text."""


def _text_of_content(content: Any) -> str:
    parts = content._pb.parts
    if len(parts) != 1:
        raise NoTextError(f"the content has {len(parts) or 'no'} parts; text needs exactly one")
    kind = parts[0].WhichOneof("data")
    if kind != "text":
        raise NoTextError(f"the part has no text, but {kind or 'nothing'}")
    return str(parts[0].text)


def _text_of_candidate(candidate: Any) -> str:
    return _text_of_content(candidate.content)


def _calls_of_candidate(candidate: Any) -> list[Any]:
    return [part.function_call for part in candidate.content.parts if "function_call" in part]


SHORTCUTS: Mapping[tuple[str, str], Callable[[Any], object]] = MappingProxyType(
    {
        ("Candidate", "text"): _text_of_candidate,
        ("Candidate", "function_calls"): _calls_of_candidate,
        ("Content", "text"): _text_of_content,
    }
)
"""The functions that read them, by the message and the name."""
