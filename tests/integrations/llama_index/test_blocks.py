"""Blocks become parts, and parts become the same blocks again."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import pytest
from llama_index.core.base.llms.types import (
    AudioBlock,
    BaseContentBlock,
    CacheControl,
    CachePoint,
    CitableBlock,
    CitationBlock,
    DocumentBlock,
    ImageBlock,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
    VideoBlock,
)

from gemini_grpc.errors import ArgumentError, FieldError
from gemini_grpc.generative import translation
from gemini_grpc.generative.backend import Backend
from gemini_grpc.integrations.llama_index.blocks import OURS, Parts, block_of

GEMINI, OLD = Backend(), Backend("v1alpha")
VERTEX = Backend("aiplatform_v1", "p", "l")
WAV = b"RIFF\x24\0\0\0WAVEfmt "
MP4 = b"\0\0\0\x18ftypisom\0\0\0\0isom"
PDF = b"%PDF-1.7\n"


def parts(block: Any, backend: Backend = GEMINI, fetched: Any = None) -> list[dict[str, Any]]:
    return Parts(backend, fetched or {}).of(block, "block")


def data(mime_type: str, value: bytes) -> list[dict[str, Any]]:
    return [{"inline_data": {"mime_type": mime_type, "data": value}}]


CITED = CitableBlock(title="t", source="s", content=[TextBlock(text="a"), TextBlock(text="b")])
CITATION = CitationBlock(cited_content="c", source="s", title="t", additional_location_info={})


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (TextBlock(text="Hi"), [{"text": "Hi"}]),
        (TextBlock(text=""), []),
        (AudioBlock(audio=WAV), data("audio/wav", WAV)),
        (AudioBlock(audio=b"raw", format="pcm"), data("audio/pcm", b"raw")),
        (AudioBlock(audio=b"raw", format="mp3"), data("audio/mpeg", b"raw")),
        (VideoBlock(video=MP4), data("video/mp4", MP4)),
        (DocumentBlock(data=PDF), data("application/pdf", PDF)),
        (DocumentBlock(data=io.BytesIO(PDF)), data("application/pdf", PDF)),
        (DocumentBlock(data=b"a,b\n", document_mimetype="text/csv"), data("text/csv", b"a,b\n")),
        (ThinkingBlock(content="Hm"), [{"text": "Hm", "thought": True}]),
        (ThinkingBlock(), []),
        (CachePoint(cache_control=CacheControl(type="ephemeral")), []),
        (CITED, [{"text": "a"}, {"text": "b"}]),
        (CITATION, [{"text": "c"}]),
        (
            ToolCallBlock(tool_call_id="1", tool_name="f", tool_kwargs={"a": 1}),
            [{"function_call": {"name": "f", "args": {"a": 1}, "id": "1"}}],
        ),
        (
            ToolCallBlock(tool_call_id=f"{OURS}1", tool_name="f", tool_kwargs='{"a": 1}'),
            [{"function_call": {"name": "f", "args": {"a": 1}}}],
        ),
        (ToolCallBlock(tool_name="f"), [{"function_call": {"name": "f", "args": {}}}]),
        (
            VideoBlock(url="https://www.youtube.com/watch?v=1", video_mimetype="video/mp4", fps=2),
            [
                {
                    "file_data": {
                        "mime_type": "video/mp4",
                        "file_uri": "https://www.youtube.com/watch?v=1",
                    },
                    "video_metadata": {"fps": 2},
                }
            ],
        ),
        (
            ImageBlock(url="gs://bucket/a.png"),
            [{"file_data": {"mime_type": "image/png", "file_uri": "gs://bucket/a.png"}}],
        ),
        (
            DocumentBlock(url="https://generativelanguage.googleapis.com/v1beta/files/a1"),
            [
                {
                    "file_data": {
                        "mime_type": "",
                        "file_uri": "https://generativelanguage.googleapis.com/v1beta/files/a1",
                    }
                }
            ],
        ),
    ],
)
def test_a_block_becomes_parts(block: Any, expected: list[dict[str, Any]]) -> None:
    assert parts(block) == expected
    for part in parts(block):
        translation.message("Part", part, GEMINI, "part")


@pytest.mark.parametrize("how", ["bytes", "base64", "file", "path", "data URL", "link"])
def test_an_image_is_read_wherever_it_is(how: str, picture: bytes, tmp_path: Path) -> None:
    file = tmp_path / "picture.jpg"  # whose name is wrong
    file.write_bytes(picture)
    encoded = base64.b64encode(picture)
    block = {
        "bytes": lambda: ImageBlock(image=picture),
        "base64": lambda: ImageBlock(image=encoded),
        "file": lambda: ImageBlock(image=io.BytesIO(picture)),
        "path": lambda: ImageBlock(path=file),
        "data URL": lambda: ImageBlock(url=f"data:image/png;base64,{encoded.decode()}"),
        "link": lambda: ImageBlock(url="https://example.com/a"),
    }[how]()
    assert parts(block, fetched={"https://example.com/a": picture}) == data("image/png", picture)


def test_what_a_backend_lacks_is_left_out_where_it_only_explains() -> None:
    call = ToolCallBlock(tool_call_id="1", tool_name="f")
    assert parts(ThinkingBlock(content="Hm"), OLD) == []
    assert parts(call, VERTEX) == [{"function_call": {"name": "f", "args": {}}}]


class Strange(BaseContentBlock):
    """A block that nobody knows."""


@pytest.mark.parametrize(
    ("block", "error", "text"),
    [
        (Strange(), FieldError, "block: expected one of TextBlock, .*; got Strange"),
        (ImageBlock(), ArgumentError, "block: the data cannot be read"),
        (ImageBlock(url="data:image/png,"), ArgumentError, "zero bytes"),
        (AudioBlock(audio=b"raw"), ArgumentError, "give its MIME type"),
        (ToolCallBlock(tool_name="f", tool_kwargs="[1"), ArgumentError, "tool_kwargs"),
        (ToolCallBlock(tool_name="f", tool_kwargs="[1]"), ArgumentError, "tool_kwargs"),
    ],
)
def test_what_cannot_be_sent_is_refused(block: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        parts(block)


@pytest.mark.parametrize(
    "part",
    [
        {"text": "Hi"},
        {"text": "Hm", "thought": True},
        {"function_call": {"id": "1", "name": "f", "args": {"a": 1, "b": [1.5, None]}}},
        {"inline_data": {"mime_type": "image/png", "data": b"\x89PNG\r\n\x1a\n"}},
        {"inline_data": {"mime_type": "audio/L16;rate=24000", "data": b"\0\1"}},
        {"inline_data": {"mime_type": "video/mp4", "data": MP4}},
        {"inline_data": {"mime_type": "text/csv", "data": b"abcd"}},
        {"file_data": {"mime_type": "image/png", "file_uri": "gs://b/a"}},
        {"file_data": {"mime_type": "audio/mpeg", "file_uri": "gs://b/a"}},
        {"file_data": {"mime_type": "video/mp4", "file_uri": "gs://b/a"}},
        {"file_data": {"mime_type": "application/pdf", "file_uri": "gs://b/a"}},
    ],
)
def test_a_part_comes_back_the_same(part: dict[str, Any]) -> None:
    message = translation.message("Part", part, GEMINI, "part")
    (again,) = parts(block_of(message))
    assert translation.message("Part", again, GEMINI, "part") == message


@pytest.mark.parametrize(
    ("part", "text"),
    [
        (
            {"executable_code": {"language": "PYTHON", "code": "1 + 1"}},
            "\n``` python\n1 + 1\n```\n",
        ),
        ({"code_execution_result": {"outcome": "OUTCOME_OK", "output": "2"}}, "\n```\n2\n```\n"),
    ],
)
def test_code_and_its_output_are_texts(part: dict[str, Any], text: str) -> None:
    assert block_of(translation.message("Part", part, GEMINI, "part")) == TextBlock(text=text)


@pytest.mark.parametrize(
    "part", [{}, {"thought": True, "inline_data": {"mime_type": "image/png", "data": b"1"}}]
)
def test_what_says_nothing_is_no_block(part: dict[str, Any]) -> None:
    assert block_of(GEMINI.pb("Part")(**part)) is None


def test_a_call_without_an_id_is_given_one_that_is_not_sent() -> None:
    message = VERTEX.pb("Part")(function_call={"name": "f"})
    first, second = block_of(message), block_of(message)
    assert isinstance(first, ToolCallBlock)
    assert isinstance(second, ToolCallBlock)
    assert first.tool_call_id != second.tool_call_id
    assert parts(first) == [{"function_call": {"name": "f", "args": {}}}]
