"""Conversations of LangChain as contents of Gemini."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from langchain_core.messages import (
    AIMessage,
    ChatMessage,
    FunctionMessage,
    HumanMessage,
    RemoveMessage,
    SystemMessage,
    ToolMessage,
)

from gemini_grpc.errors import ArgumentError, FieldError
from gemini_grpc.generative.backend import Backend
from gemini_grpc.generative.contents import to_contents
from gemini_grpc.integrations.langchain import marks
from gemini_grpc.integrations.langchain.messages import Conversation

V1BETA, V1ALPHA, VERTEX = Backend(), Backend("v1alpha"), Backend("aiplatform_v1", "p", "l")
BACKENDS = pytest.mark.parametrize("backend", [V1BETA, V1ALPHA, VERTEX], ids=lambda b: b.version)

PNG = b"\x89PNG\r\n\x1a\n1"
B64 = base64.b64encode(PNG).decode()
SIGNATURE = base64.b64encode(b"sig").decode()
INLINE = {"inline_data": {"mime_type": "image/png", "data": PNG}}
GEMINI = {"model_provider": "gemini_grpc"}
CALL = {"name": "f", "args": {"a": 1}, "id": "abc", "type": "tool_call"}


def link(uri: str, mime_type: str = "") -> dict[str, Any]:
    return {"file_data": {"mime_type": mime_type, "file_uri": uri}}


BLOCKS: list[tuple[Any, list[Any]]] = [
    ("Hi", [{"text": "Hi"}]),
    (["Hi", {"type": "text", "text": "you"}], [{"text": "Hi"}, {"text": "you"}]),
    ({"type": "text", "text": "Hi", "cache_control": {"type": "ephemeral"}}, [{"text": "Hi"}]),
    ({"type": "text-plain", "text": "Hi", "mime_type": "text/plain"}, [{"text": "Hi"}]),
    (
        {"type": "text-plain", "base64": B64, "mime_type": "text/csv"},
        [{"inline_data": {"mime_type": "text/csv", "data": PNG}}],
    ),
    # version 1
    ({"type": "image", "base64": B64, "mime_type": "image/png"}, [INLINE]),
    ({"type": "image", "base64": B64}, [INLINE]),
    ({"type": "image", "url": "https://x/cat.jpg?s=1"}, [link("https://x/cat.jpg?s=1", "image/jpeg")]),
    ({"type": "image", "url": f"data:image/png;base64,{B64}"}, [INLINE]),
    ({"type": "audio", "url": "gs://b/talk.mp3"}, [link("gs://b/talk.mp3", "audio/mpeg")]),
    (
        {"type": "video", "url": "https://youtu.be/1", "mime_type": "video/mp4"},
        [link("https://youtu.be/1", "video/mp4")],
    ),
    (
        {"type": "file", "file_id": "https://g/v1beta/files/1", "mime_type": "application/pdf"},
        [link("https://g/v1beta/files/1", "application/pdf")],
    ),
    # version 0
    (
        {"type": "image", "source_type": "base64", "data": B64, "mime_type": "image/png"},
        [INLINE],
    ),
    ({"type": "file", "source_type": "url", "url": "gs://b/1.pdf"}, [link("gs://b/1.pdf", "application/pdf")]),
    # of OpenAI
    ({"type": "image_url", "image_url": {"url": f"data:image/png;base64,{B64}"}}, [INLINE]),
    ({"type": "image_url", "image_url": "https://x/cat.png"}, [link("https://x/cat.png", "image/png")]),
    (
        {"type": "input_audio", "input_audio": {"data": B64, "format": "wav"}},
        [{"inline_data": {"mime_type": "audio/wav", "data": PNG}}],
    ),
    # of Anthropic
    (
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": B64}},
        [INLINE],
    ),
    # of LangChain's other packages for Gemini
    ({"type": "media", "mime_type": "image/png", "data": PNG}, [INLINE]),
    ({"type": "media", "mime_type": "image/png", "data": B64}, [INLINE]),
    ({"type": "media", "mime_type": "a/b", "file_uri": "gs://b/1"}, [link("gs://b/1", "a/b")]),
    # Gemini's own
    ({"file_data": {"mime_type": "a/b", "file_uri": "gs://b/1"}}, [link("gs://b/1", "a/b")]),
]  # fmt: skip


def read(messages: Any, backend: Backend = V1BETA) -> list[Any]:
    return Conversation(messages, backend).contents


@pytest.mark.parametrize(("block", "parts"), BLOCKS, ids=repr)
@BACKENDS
def test_a_block_is_a_part(block: Any, parts: Any, backend: Backend) -> None:
    content = [block] if isinstance(block, dict) else block
    made = Conversation([HumanMessage(content)], backend)
    assert made.contents == [{"role": "user", "parts": parts}]
    assert made.system == []
    assert to_contents(made.contents, backend)


@pytest.mark.parametrize("backend", [V1BETA, VERTEX], ids=lambda b: b.version)
def test_a_film_may_be_cut(backend: Backend) -> None:
    cut = {"start_offset": {"seconds": 1}}
    film = {"type": "video", "url": "gs://b/1.mp4", "extras": {"video_metadata": cut}}
    [content] = read([HumanMessage([film])], backend)
    [made] = to_contents([content], backend)
    assert made.parts[0].video_metadata.start_offset.seconds == 1


def test_system_messages_are_the_system_instruction() -> None:
    system = {"type": "text", "text": "Be kind."}
    made = Conversation(
        [SystemMessage("Be brief."), HumanMessage("Hi"), SystemMessage([system])], V1BETA
    )
    assert made.system == [{"text": "Be brief."}, {"text": "Be kind."}]
    assert made.contents == [{"role": "user", "parts": [{"text": "Hi"}]}]


@pytest.mark.parametrize(
    ("role", "spoken"), [("user", "user"), ("Human", "user"), ("assistant", "model")]
)
def test_a_chat_message_has_a_role(role: str, spoken: str) -> None:
    assert read([ChatMessage("Hi", role=role)]) == [{"role": spoken, "parts": [{"text": "Hi"}]}]


def test_a_chat_message_may_be_of_the_system() -> None:
    messages = [ChatMessage("Be kind.", role="developer"), HumanMessage("Hi")]
    assert Conversation(messages, V1BETA).system == [{"text": "Be kind."}]


def test_examples_of_the_model_are_said_by_the_model() -> None:
    made = read([HumanMessage("1"), AIMessage("one"), HumanMessage("2"), AIMessage("")])
    assert [content["role"] for content in made] == ["user", "model", "user"]


def test_results_that_follow_each_other_are_one_content() -> None:
    calls = [CALL, {**CALL, "id": "def", "name": "g"}]
    made = read(
        [
            HumanMessage("Go"),
            AIMessage("", tool_calls=calls),
            ToolMessage('{"x": 1}', tool_call_id="abc"),
            ToolMessage("two", tool_call_id="def"),
            HumanMessage("Thanks"),
        ]
    )
    assert made[1:] == [
        {
            "role": "model",
            "parts": [
                {"function_call": {"name": "f", "args": {"a": 1}, "id": "abc"}},
                {"function_call": {"name": "g", "args": {"a": 1}, "id": "def"}},
            ],
        },
        {
            "role": "user",
            "parts": [
                {"function_response": {"name": "f", "response": {"x": 1}, "id": "abc"}},
                {"function_response": {"name": "g", "response": {"output": "two"}, "id": "def"}},
            ],
        },
        {"role": "user", "parts": [{"text": "Thanks"}]},
    ]


@BACKENDS
def test_ids_go_where_there_are_any(backend: Backend) -> None:
    [said, answered] = read(
        [AIMessage("", tool_calls=[CALL]), ToolMessage("1", tool_call_id="abc")], backend
    )
    assert ("id" in said["parts"][0]["function_call"]) is not backend.is_vertex
    assert ("id" in answered["parts"][0]["function_response"]) is not backend.is_vertex


def test_an_id_of_our_own_is_not_sent() -> None:
    call = {**CALL, "id": marks.new_id()}
    [said] = read([AIMessage("", tool_calls=[call])])
    assert said["parts"] == [{"function_call": {"name": "f", "args": {"a": 1}}}]


RESULTS = [
    (ToolMessage("3", tool_call_id="abc"), {"output": "3"}),
    (ToolMessage("[1, 2]", tool_call_id="abc"), {"output": [1, 2]}),
    (ToolMessage('{"a": {"b": 1}}', tool_call_id="abc"), {"a": {"b": 1}}),
    (ToolMessage("no", tool_call_id="abc", status="error"), {"error": "no"}),
    (ToolMessage("ok", tool_call_id="abc", artifact={"huge": True}), {"output": "ok"}),
    (ToolMessage([{"type": "text", "text": "a"}, "b"], tool_call_id="abc"), {"output": "a\nb"}),
    (ToolMessage("", tool_call_id="abc"), {"output": ""}),
]


@pytest.mark.parametrize(("message", "response"), RESULTS)
def test_what_a_tool_says_is_its_response(message: ToolMessage, response: Any) -> None:
    made = read([AIMessage("", tool_calls=[CALL]), message])
    assert made[1]["parts"] == [
        {"function_response": {"name": "f", "response": response, "id": "abc"}}
    ]


def test_pictures_of_a_tool_follow_its_response() -> None:
    shown = [{"type": "text", "text": "Here."}, {"type": "image", "base64": B64}]
    made = read([AIMessage("", tool_calls=[CALL]), ToolMessage(shown, tool_call_id="abc")])
    assert made[1]["parts"][0]["function_response"]["response"] == {"output": "Here."}
    assert made[1]["parts"][1:] == [INLINE]


def test_a_tool_message_may_name_its_tool() -> None:
    [made] = read([ToolMessage("1", tool_call_id="lost", name="f")])
    assert made["parts"][0]["function_response"]["name"] == "f"


def test_a_function_message_is_a_result() -> None:
    [made] = read([FunctionMessage("1", name="f")])
    assert made["parts"] == [{"function_response": {"name": "f", "response": {"output": "1"}}}]


def test_a_call_that_could_not_be_made_is_told_too() -> None:
    wrong = {
        "name": "f",
        "args": "{a:",
        "id": "abc",
        "error": "no JSON",
        "type": "invalid_tool_call",
    }
    message = AIMessage("", invalid_tool_calls=[wrong])  # type: ignore[list-item]
    said, answered = read([message, ToolMessage("try again", tool_call_id="abc", status="error")])
    assert said["parts"][0]["function_call"]["args"] == {"arguments": "{a:"}
    assert answered["parts"][0]["function_response"]["name"] == "f"


def test_what_gemini_has_signed_is_sent_back_signed() -> None:
    message = AIMessage(
        [
            {"type": "reasoning", "reasoning": "Hm."},
            {"type": "text", "text": "Hi", "extras": {"signature": SIGNATURE}},
        ],
        tool_calls=[CALL],
        response_metadata=GEMINI,
        additional_kwargs={marks.CALL_SIGNATURES: {"abc": SIGNATURE}},
    )
    [made] = read([message])
    assert made["parts"] == [
        {"text": "Hm.", "thought": True},
        {"text": "Hi", "thought_signature": b"sig"},
        {
            "function_call": {"name": "f", "args": {"a": 1}, "id": "abc"},
            "thought_signature": b"sig",
        },
    ]
    [plain] = read([message], V1ALPHA)
    assert plain["parts"][0] == {"text": "Hi"}  # it knows neither thoughts nor signatures
    assert to_contents([plain], V1ALPHA)


def test_messages_of_langchains_own_package_for_gemini_are_understood() -> None:
    thinking = {"type": "thinking", "thinking": "Hm.", "signature": SIGNATURE}
    code = {"type": "executable_code", "executable_code": "print(1)", "language": "python"}
    ran = {"type": "code_execution_result", "code_execution_result": "1", "outcome": 1}
    message = AIMessage([thinking, code, ran], response_metadata={"model_provider": "google_genai"})
    [made] = read([message])
    assert made["parts"] == [
        {"text": "Hm.", "thought": True, "thought_signature": b"sig"},
        {"executable_code": {"language": "PYTHON", "code": "print(1)"}},
        {"code_execution_result": {"outcome": "OUTCOME_OK", "output": "1"}},
    ]


FOREIGN = [
    {"type": "thinking", "thinking": "Hm.", "signature": SIGNATURE},
    {"type": "redacted_thinking", "data": "x"},
    {"type": "tool_use", "id": "abc", "name": "f", "input": {"a": 1}},
    {"type": "server_tool_call", "name": "web_search", "args": {}, "id": "1"},
    {"type": "server_tool_result", "tool_call_id": "1", "status": "success", "output": "x"},
]


@pytest.mark.parametrize("provider", [{}, {"model_provider": "anthropic"}])
def test_what_other_models_have_thought_is_not_signed(provider: Any) -> None:
    made = read([AIMessage(FOREIGN, tool_calls=[CALL], response_metadata=provider)])
    assert made[0]["parts"] == [
        {"text": "Hm.", "thought": True},
        {"function_call": {"name": "f", "args": {"a": 1}, "id": "abc"}},
    ]


WRONG: list[tuple[Any, type[Exception], str]] = [
    (HumanMessage(""), ArgumentError, r"messages\[0\]: the message is empty"),
    (HumanMessage([]), ArgumentError, r"messages\[0\]: the message is empty"),
    (RemoveMessage("1"), FieldError, "a RemoveMessage is nothing that can be said"),
    (ChatMessage("Hi", role="modle"), ArgumentError, "role is 'modle'; did you mean 'model'"),
    (ToolMessage("1", tool_call_id="x"), ArgumentError, "no message before it has the call 'x'"),
    (HumanMessage([{"type": "hologram"}]), FieldError, r"content\[0\]: .* no block of type 'hologram'"),
    (HumanMessage([{"type": "image"}]), ArgumentError, "expected 'base64', 'url' or 'file_id'"),
    (HumanMessage([{"type": "image", "base64": "?"}]), ArgumentError, "the data is not base64"),
    (HumanMessage([{"type": "file", "base64": "AAAA"}]), ArgumentError, "give its mime_type"),
    (
        AIMessage([{"type": "server_tool_call_chunk", "args": ""}]),
        FieldError,
        "no block of type 'server_tool_call_chunk'",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("message", "error", "text"), WRONG)
def test_what_cannot_be_sent_is_named(message: Any, error: type[Exception], text: str) -> None:
    with pytest.raises(error, match=text):
        read([message])
