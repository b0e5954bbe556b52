"""Checks of what a caller sends; an ArgumentError names the argument and what it may be."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from gemini_grpc import checks
from gemini_grpc.errors import ArgumentError
from gemini_grpc.live.audio.samples import PCM, whole

_CONTENT = "a text, a content with parts, or a list of contents"


def text(name: str, value: object) -> None:
    """Require a text that is not empty."""
    if not isinstance(value, str) or not value:
        given = "empty" if value == "" else type(value).__name__
        raise ArgumentError(f"{name} is {given}; expected a text that is not empty")


def flag(name: str, value: object) -> None:
    """Require True or False."""
    if not isinstance(value, bool):
        raise ArgumentError(f"{name} is {value!r}; expected True or False")


def contents(turns: object) -> None:
    """Require a text, a content or a list of contents, none of them empty."""
    if isinstance(turns, str):
        text("turns", turns)
    elif not isinstance(turns, (list, tuple)):
        _check_content("turns", turns)
    elif not turns:
        raise ArgumentError(f"turns is empty; expected {_CONTENT}")
    else:
        for index, content in enumerate(turns):
            _check_content(f"turns[{index}]", content)


def _check_content(name: str, content: object) -> None:
    fields: Any = content if isinstance(content, Mapping) else None
    if fields is None and not hasattr(content, "parts"):
        raise ArgumentError(f"{name} is {type(content).__name__}; expected {_CONTENT}")
    if not (getattr(content, "parts", None) if fields is None else fields.get("parts")):
        raise ArgumentError(f"{name} has no parts; expected {_CONTENT}")


def samples(pcm: PCM) -> bytes:
    """Return PCM as bytes; there must be at least one sample."""
    data = whole(pcm)
    if not data:
        raise ArgumentError("pcm is empty; expected at least one sample")
    return data


def media(name: str, data: object) -> bytes:
    """Return bytes, or an object like them, as bytes; they must not be empty."""
    if not isinstance(data, (bytes, bytearray, memoryview)):
        raise ArgumentError(f"{name} is {type(data).__name__}; expected bytes")
    if not len(data):
        raise ArgumentError(f"{name} is empty; expected bytes")
    return bytes(data)


def media_type(name: str, value: object) -> None:
    """Require a MIME type."""
    kind, slash, rest = value.partition("/") if isinstance(value, str) else ("", "", "")
    if not (kind and slash and rest):
        raise ArgumentError(f"{name} is {value!r}; expected a MIME type, such as image/jpeg")


def tool_result(call: object, response: object, scheduling: object, will_continue: object) -> None:
    """Require the arguments of the answer to a function call."""
    if not isinstance(call, str):
        raise ArgumentError(f"call is {type(call).__name__}; expected the id of a ToolCall")
    checks.instance("response", response, Mapping)
    checks.choice("scheduling", scheduling, "", "SILENT", "WHEN_IDLE", "INTERRUPT")
    flag("will_continue", will_continue)
