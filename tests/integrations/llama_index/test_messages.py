"""The messages of a chat become contents and a system instruction."""

from __future__ import annotations

from typing import Any

import pytest
from llama_index.core.base.llms.types import (
    ChatMessage,
    ImageBlock,
    MessageRole,
    TextBlock,
    ThinkingBlock,
    ToolCallBlock,
)

from gemini_grpc.errors import ArgumentError, FieldError
from gemini_grpc.generative.backend import Backend
from gemini_grpc.integrations.llama_index.blocks import Parts
from gemini_grpc.integrations.llama_index.messages import SIGNATURES, Conversation, conversation

GEMINI, OLD = Backend(), Backend("v1alpha")


def said(*messages: Any, backend: Backend = GEMINI) -> Conversation:
    return conversation(messages, Parts(backend, {}))


def says(role: str, content: Any = None, **more: Any) -> ChatMessage:
    return ChatMessage(role=role, content=content, **more)


def content(role: str, *parts: Any) -> dict[str, Any]:
    return {"role": role, "parts": [{"text": p} if isinstance(p, str) else p for p in parts]}


def answer(name: str, text: str, **more: Any) -> dict[str, Any]:
    return {"function_response": {"name": name, "response": {"result": text}, **more}}


@pytest.mark.parametrize(
    ("role", "spoken_by"),
    [("user", "user"), ("assistant", "model"), ("chatbot", "model"), ("model", "model")],
)
def test_a_role_is_put_in_the_words_of_the_api(role: str, spoken_by: str) -> None:
    assert said(says(role, "Hi")).contents == [content(spoken_by, "Hi")]


def test_every_role_is_known() -> None:
    told = {"name": "f"}
    for role in MessageRole:
        assert said(says("user", "a"), says(role, "b", additional_kwargs=told)).contents


def test_what_the_system_and_the_developer_say_is_the_system_instruction() -> None:
    made = said(says("system", "a"), says("user", "Hi"), says("developer", "b"))
    assert made.system == [{"text": "a"}, {"text": "b"}]
    assert made.contents == [content("user", "Hi")]


def test_a_system_message_alone_is_said_by_the_user() -> None:
    assert said(says("system", "Hi")) == Conversation([content("user", "Hi")], [])


def test_messages_that_say_nothing_are_left_out() -> None:
    assert said(says("user", "Hi"), says("assistant"), says("user", "")).contents == [
        content("user", "Hi")
    ]


def calls(*ids: str) -> ChatMessage:
    blocks = [ToolCallBlock(tool_call_id=each, tool_name=f"f{each}") for each in ids]
    return says("assistant", blocks)


def test_results_that_follow_each_other_are_one_content_in_the_order_of_their_calls() -> None:
    made = said(
        calls("1", "2"),
        says("tool", "two", additional_kwargs={"tool_call_id": "2"}),
        says("tool", "one", additional_kwargs={"tool_call_id": "1"}),
        says("user", "And?"),
        says("tool", None, additional_kwargs={"tool_call_id": "1"}),
    )
    assert made.contents[1:] == [
        content("user", answer("f1", "one", id="1"), answer("f2", "two", id="2")),
        content("user", "And?"),
        content("user", answer("f1", "", id="1")),
    ]


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"name": "g"}, {"name": "g"}),
        ({"tool_call_id": "h"}, {"name": "h", "id": "h"}),
        ({"tool_call_id": "9", "name": "g"}, {"name": "g", "id": "9"}),
    ],
)
def test_a_result_without_its_call_is_named_as_well_as_can_be(
    told: dict[str, str], expected: dict[str, str]
) -> None:
    (made,) = said(says("function", "x", additional_kwargs=told)).contents
    assert made["parts"] == [answer(text="x", **expected)]


def test_what_a_tool_shows_goes_beside_its_text(picture: bytes) -> None:
    blocks = [TextBlock(text="see"), ImageBlock(image=picture)]
    told = {"tool_call_id": "1"}
    made = said(calls("1"), says("tool", blocks, additional_kwargs=told))
    beside = {"inline_data": {"mime_type": "image/png", "data": picture}}
    assert made.contents[1]["parts"] == [answer("f1", "see", id="1", parts=[beside])]


def test_signatures_go_back_with_their_blocks() -> None:
    blocks = [ThinkingBlock(content="Hm"), TextBlock(text="a"), TextBlock(text="b")]
    message = says("assistant", blocks, additional_kwargs={SIGNATURES: [None, "eHl6", None]})
    expected: dict[str, Any] = {"text": "Hm", "thought": True}
    signed = {"text": "a", "thought_signature": "eHl6"}
    assert said(message).contents == [content("model", expected, signed, "b")]
    assert said(message, backend=OLD).contents == [content("model", "a", "b")]
    message.blocks.pop()
    assert said(message).contents == [content("model", expected, "a")]


@pytest.mark.parametrize(
    ("message", "error", "text"),
    [
        ("Hi", FieldError, r"messages\[0\]: expected a ChatMessage, got str"),
        (says("tool", "x"), ArgumentError, r"messages\[0\]: .*tool_call_id"),
        (says("user", [ImageBlock()]), ArgumentError, r"messages\[0\].blocks\[0\]: the data"),
    ],
)
def test_what_cannot_be_said_is_refused(message: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        said(message)
