"""The blocks of LlamaIndex's messages put as the parts of Gemini's contents, and the other way."""

from __future__ import annotations

import base64
import json
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import PurePath
from typing import TYPE_CHECKING, Any

from llama_index.core.base.llms.types import (
    AudioBlock,
    CachePoint,
    CitableBlock,
    CitationBlock,
    ContentBlock,
    DocumentBlock,
    ImageBlock,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
    VideoBlock,
)

from gemini_grpc.errors import ArgumentError, FieldError
from gemini_grpc.generative import media, mime_types, reading
from gemini_grpc.integrations.llama_index import links
from gemini_grpc.rpc.json_values import struct

if TYPE_CHECKING:
    from gemini_grpc.generative.backend import Backend
    from gemini_grpc.integrations.llama_index.links import Fetched

Data = dict[str, Any]

OURS = "local-"
"""What the ids of calls begin with that have none from the API; they are never sent."""


@dataclass(frozen=True, slots=True)
class Parts:
    """Puts blocks as parts of a backend, as dictionaries in the words of the proto."""

    backend: Backend
    """Whose parts they are."""
    fetched: Fetched
    """What is behind the links in the blocks."""

    def of(self, block: Any, path: str) -> list[Data]:
        """Return the parts that a block stands for; none for what says nothing to the model.

        Raises:
            FieldError: It is no block that can be sent.
            ArgumentError: Its data cannot be read.
        """
        for kind in type(block).__mro__:
            if kind in _WRITERS:
                return _WRITERS[kind](self, block, path)
        names = ", ".join(kind.__name__ for kind in _WRITERS)
        raise FieldError(f"{path}: expected one of {names}; got {type(block).__name__}")

    def _text(self, block: TextBlock, path: str) -> list[Data]:
        return [{"text": block.text}] if block.text else []

    def _thought(self, block: ThinkingBlock, path: str) -> list[Data]:
        if not block.content or not self.backend.has("Part", "thought"):
            return []
        return [{"text": block.content, "thought": True}]

    def _call(self, block: ToolCallBlock, path: str) -> list[Data]:
        call: Data = {"name": block.tool_name, "args": _arguments(block, path)}
        if self.has_id("FunctionCall", block.tool_call_id):
            call["id"] = block.tool_call_id
        return [{"function_call": call}]

    def has_id(self, message: str, call_id: str | None) -> bool:
        """Tell whether the id of a call is sent in a message."""
        known = bool(call_id) and not str(call_id).startswith(OURS)
        return known and self.backend.has(message, "id")

    def _nothing(self, block: CachePoint, path: str) -> list[Data]:
        return []  # a hint, for models that are told where to cache

    def _inner(self, block: CitableBlock | CitationBlock, path: str) -> list[Data]:
        inner = enumerate(block.nested_blocks)
        return [part for index, each in inner for part in self.of(each, f"{path}[{index}]")]

    def _media(self, block: Any, path: str) -> list[Data]:
        told = _mime_type_told(block)
        part: Data
        if uri := links.uri_of(block):
            part = {"file_data": {"mime_type": told, "file_uri": uri}}
        else:
            data = self._read(block, path)
            part = {"inline_data": {"mime_type": _mime_type(block, data, path), "data": data}}
        if getattr(block, "fps", None):
            part["video_metadata"] = {"fps": block.fps}
        return [part]

    def _read(self, block: Any, path: str) -> bytes:
        if link := links.link_of(block):
            return self.fetched[link]
        try:
            data: bytes = _RESOLVERS[_kind(block)](block).read()
        except (OSError, ValueError) as error:
            raise ArgumentError(f"{path}: the data cannot be read: {error}") from error
        return data


_WRITERS: dict[type, Callable[[Parts, Any, str], list[Data]]] = {
    TextBlock: Parts._text,
    ImageBlock: Parts._media,
    AudioBlock: Parts._media,
    VideoBlock: Parts._media,
    DocumentBlock: Parts._media,
    ThinkingBlock: Parts._thought,
    ToolCallBlock: Parts._call,
    CitableBlock: Parts._inner,
    CitationBlock: Parts._inner,
    CachePoint: Parts._nothing,
}
"""How each kind of block is put."""

_RESOLVERS: dict[type, Callable[[Any], Any]] = {
    ImageBlock: lambda block: block.resolve_image(),
    AudioBlock: lambda block: block.resolve_audio(),
    VideoBlock: lambda block: block.resolve_video(),
    DocumentBlock: lambda block: block.resolve_document(),
}
"""How the data of a block is read."""

_MAJOR: dict[type, str] = {
    ImageBlock: "image/",
    AudioBlock: "audio/",
    VideoBlock: "video/",
    DocumentBlock: "",
}
"""What the MIME type of a block begins with."""


def _kind(block: object) -> type:
    return next(kind for kind in type(block).__mro__ if kind in _RESOLVERS)


def _mime_type(block: Any, data: bytes, path: str) -> str:
    """Return what the data is: as it shows, else as the block says, else as its name suggests."""
    shown = media.sniff(data)
    if shown.startswith(_MAJOR[_kind(block)]) and shown:
        return shown
    found = _mime_type_told(block)
    if not found:
        raise ArgumentError(f"{path}: nothing says what this is; give its MIME type")
    return found


def _mime_type_told(block: Any) -> str:
    for name in ("image_mimetype", "video_mimetype", "document_mimetype"):
        if told := getattr(block, name, None):
            return str(told)
    if form := getattr(block, "format", None):
        return mime_types.of_name(f"sound.{form}") or f"audio/{form}"
    name = PurePath(str(block.path or block.url or "")).name
    return mime_types.of_name(name)


def _arguments(block: ToolCallBlock, path: str) -> Data:
    given = block.tool_kwargs
    if isinstance(given, dict):
        return given
    try:
        found = json.loads(given or "{}")
    except (ValueError, RecursionError):
        found = None
    if not isinstance(found, dict):
        raise ArgumentError(
            f"{path}.tool_kwargs: expected a mapping or a JSON object, got {given!r}"
        )
    return found


def block_of(part: Any) -> ContentBlock | None:
    """Return the block that a part is, read from its protobuf message; None if it says nothing."""
    kind = part.WhichOneof("data")
    if not reading.has_content(part) or kind not in _READERS:
        return None
    if kind != "text" and reading.is_thought(part):
        return None  # a thought that is an image was only tried
    return _READERS[kind](part)


def _said(part: Any) -> ContentBlock:
    return (
        ThinkingBlock(content=part.text) if reading.is_thought(part) else TextBlock(text=part.text)
    )


def _asked(part: Any) -> ContentBlock:
    call = part.function_call
    given = getattr(call, "id", "") or f"{OURS}{uuid.uuid4().hex}"
    return ToolCallBlock(tool_call_id=given, tool_name=call.name, tool_kwargs=struct(call.args))


def _shown(part: Any) -> ContentBlock:
    mime_type = part.inline_data.mime_type
    data = base64.b64encode(part.inline_data.data)  # as blocks keep it; they would guess otherwise
    match mime_type.partition("/")[0]:
        case "image":
            return ImageBlock(image=data, image_mimetype=mime_type)
        case "audio":
            return AudioBlock(audio=data, format=_form(mime_type))
        case "video":
            return VideoBlock(video=data, video_mimetype=mime_type)
    return DocumentBlock(data=data, document_mimetype=mime_type)


def _linked(part: Any) -> ContentBlock:
    mime_type, uri = part.file_data.mime_type, part.file_data.file_uri
    match mime_type.partition("/")[0]:
        case "image":
            return ImageBlock(url=uri, image_mimetype=mime_type)
        case "audio":
            return AudioBlock(url=uri, format=_form(mime_type))
        case "video":
            return VideoBlock(url=uri, video_mimetype=mime_type)
    return DocumentBlock(url=uri, document_mimetype=mime_type)


def _form(mime_type: str) -> str:
    """Return what LlamaIndex calls the format of sound: the ending of its files, if there is one."""
    return mime_types.ending_of(mime_type) or mime_type.partition("/")[2]


def _code(part: Any) -> ContentBlock:
    return TextBlock(text=reading.text_of_part(part))


_READERS: dict[str | None, Callable[[Any], ContentBlock]] = {
    "text": _said,
    "function_call": _asked,
    "inline_data": _shown,
    "file_data": _linked,
    "executable_code": _code,
    "code_execution_result": _code,
}
"""What each kind of part becomes."""
