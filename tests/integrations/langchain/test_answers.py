"""What Gemini answers as messages of LangChain, whole and in chunks."""

from __future__ import annotations

import base64
from typing import Any

import pytest
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, ToolMessage

from gemini_grpc.emulator import Emulator, Reply
from gemini_grpc.generative.answer_errors import BlockedPromptException, NoAnswerError
from gemini_grpc.integrations.langchain import marks
from tests.integrations.langchain.conftest import PLACES, Make

BACKENDS = pytest.mark.parametrize("client", PLACES, indirect=True)
MODERN = pytest.mark.parametrize("client", ["v1beta", "vertex"], indirect=True)
VERSIONS = pytest.mark.parametrize("output_version", ["v0", "v1"])

SIGNATURE = base64.b64encode(b"sig").decode()
B64 = base64.b64encode(b"123").decode()


def whole(parts: list[Any], **more: Any) -> dict[str, Any]:
    """Return a response with one candidate of these parts."""
    candidate = {"index": 0, "content": {"role": "model", "parts": parts}, **more}
    return {"candidates": [candidate]}


def script(emulator: Emulator, parts: list[Any], **end: Any) -> None:
    """Answer with these parts, at once or one by one, with `end` in the last message."""
    end = {"finish_reason": "STOP", **end}
    usage = {"prompt_token_count": 3, "candidates_token_count": 4, "total_token_count": 7}
    told = {"usage_metadata": usage, "model_version": "gemini-x"}
    emulator.script("GenerateContent", [Reply(message={**whole(parts, **end), **told})])
    pieces = [{**whole([part]), "usage_metadata": usage} for part in parts]
    emulator.script(
        "StreamGenerateContent", [Reply(chunks=[*pieces, {**whole([], **end), **told}])]
    )


def total(chunks: list[AIMessageChunk]) -> AIMessageChunk:
    made = chunks[0] + chunks[1:]
    assert isinstance(made, AIMessageChunk)
    return made


def both(emulator: Emulator, model: Any, parts: list[Any], **end: Any) -> list[AIMessage]:
    """Return the answer that has these parts, asked for whole and as a stream."""
    script(emulator, parts, **end)
    return [model.invoke("Hi"), total(list(model.stream("Hi")))]


def plain(blocks: Any) -> list[Any]:
    """Return blocks without what differs between answers: places and ids."""
    return [
        {k: v for k, v in block.items() if k not in {"index", "id", "tool_call_id"}}
        for block in blocks
    ]


@BACKENDS
def test_a_text_is_a_text(emulator: Emulator, make: Make) -> None:
    for message in both(emulator, make(), [{"text": "Hello"}]):
        assert message.content == "Hello"
        assert message.tool_calls == []
        assert message.usage_metadata == {
            "input_tokens": 3, "output_tokens": 4, "total_tokens": 7,
        }  # fmt: skip
        assert message.response_metadata == {
            "model_provider": "gemini_grpc",
            "model_name": "gemini-x",
            "finish_reason": "STOP",
            "safety_ratings": [],
        }


PARTS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    (
        {"text": "Hm.", "thought": True},
        {"type": "reasoning", "reasoning": "Hm."},
    ),
    (
        {"text": "Hi", "thought_signature": b"sig"},
        {"type": "text", "text": "Hi", "extras": {"signature": SIGNATURE}},
    ),
    (
        {"thought_signature": b"sig", "text": ""},
        {"type": "text", "text": "", "extras": {"signature": SIGNATURE}},
    ),
    (
        {"inline_data": {"mime_type": "image/png", "data": b"123"}},
        {"type": "image", "base64": B64, "mime_type": "image/png"},
    ),
    (
        {"inline_data": {"mime_type": "audio/wav", "data": b"123"}},
        {"type": "audio", "base64": B64, "mime_type": "audio/wav"},
    ),
    (
        {"inline_data": {"mime_type": "application/pdf", "data": b"123"}},
        {"type": "file", "base64": B64, "mime_type": "application/pdf"},
    ),
    (
        {"file_data": {"mime_type": "video/mp4", "file_uri": "gs://b/1"}},
        {"type": "video", "url": "gs://b/1", "mime_type": "video/mp4"},
    ),
    (
        {"executable_code": {"language": "PYTHON", "code": "1"}},
        {
            "type": "server_tool_call",
            "name": "code_interpreter",
            "args": {"code": "1", "language": "python"},
        },
    ),
    (
        {"code_execution_result": {"outcome": "OUTCOME_OK", "output": "1"}},
        {"type": "server_tool_result", "status": "success", "output": "1"},
    ),
    (
        {"code_execution_result": {"outcome": "OUTCOME_FAILED", "output": "no"}},
        {"type": "server_tool_result", "status": "error", "output": "no"},
    ),
    (
        {"function_response": {"name": "f", "response": {}}},
        {"type": "non_standard", "value": {"function_response": {"name": "f", "response": {}}}},
    ),
]


@MODERN
@VERSIONS
@pytest.mark.parametrize(("part", "block"), PARTS, ids=repr)
def test_a_part_is_a_block(
    emulator: Emulator, make: Make, output_version: str, part: Any, block: Any
) -> None:
    for message in both(emulator, make(output_version=output_version), [part]):
        assert plain(message.content_blocks) == [block]


MIXED = [
    {"text": "Hm", "thought": True},
    {"text": " so.", "thought": True},
    {"text": "Look"},
    {"text": " here:"},
    {"executable_code": {"language": "PYTHON", "code": "1"}},
    {"code_execution_result": {"outcome": "OUTCOME_OK", "output": "1"}},
    {"function_call": {"name": "f", "args": {"a": 1, "b": 1.5}}, "thought_signature": b"sig"},
    {"text": "and"},
    {"function_call": {"name": "f", "args": {"a": "你好"}}},
]


@MODERN
@VERSIONS
def test_the_chunks_add_up_to_the_whole(
    emulator: Emulator, make: Make, output_version: str
) -> None:
    model = make(output_version=output_version)
    answers = both(emulator, model, MIXED)
    for message in answers:
        assert message.text == "Look here:and"
        assert [call["args"] for call in message.tool_calls] == [{"a": 1, "b": 1.5}, {"a": "你好"}]
        assert isinstance(message.tool_calls[0]["args"]["a"], int)
        assert len({call["id"] for call in message.tool_calls}) == 2
        signed = {message.tool_calls[0]["id"]: SIGNATURE}
        assert message.additional_kwargs == {marks.CALL_SIGNATURES: signed}
        kinds = [block["type"] for block in message.content_blocks]
        assert kinds.count("tool_call") == 2
        thoughts = [
            each["reasoning"] for each in message.content_blocks if each["type"] == "reasoning"
        ]
        assert "".join(thoughts) == "Hm so."
    assert answers[1].content[0]["reasoning"] == "Hm so."  # type: ignore[index]


@MODERN
@VERSIONS
def test_an_answer_sent_back_says_what_it_said(
    emulator: Emulator, make: Make, output_version: str
) -> None:
    model = make(output_version=output_version)
    for message in both(emulator, model, MIXED):
        results = [ToolMessage("1", tool_call_id=call["id"]) for call in message.tool_calls]
        model.invoke([HumanMessage("Hi"), message, *results])
        _, said, answered = emulator.journal[-1].request.contents
        calls = [part for part in said.parts if "function_call" in part]
        assert [bool(part.thought_signature) for part in calls] == [True, False]
        assert [part.function_call.args["a"] for part in calls] == [1, "你好"]
        assert "".join(part.text for part in said.parts if part.thought) == "Hm so."
        assert [part.executable_code.code for part in said.parts if "executable_code" in part] == [
            "1"
        ]
        assert len(answered.parts) == 2


@MODERN
def test_everything_told_of_an_answer_is_in_its_metadata(emulator: Emulator, make: Make) -> None:
    rating = {"category": "HARM_CATEGORY_HARASSMENT", "probability": "NEGLIGIBLE"}
    grounding = {"web_search_queries": ["sky"]}
    end = {"safety_ratings": [rating], "grounding_metadata": grounding, "avg_logprobs": -0.5}
    for message in both(emulator, make(), [{"text": "Hi"}], finish_reason="MAX_TOKENS", **end):
        told = message.response_metadata
        assert told["finish_reason"] == "MAX_TOKENS"
        assert told["safety_ratings"] == [rating]
        assert told["grounding_metadata"] == grounding
        assert told["avg_logprobs"] == -0.5


def test_thoughts_and_sound_and_what_was_cached_are_told(emulator: Emulator, make: Make) -> None:
    usage = {
        "prompt_token_count": 10,
        "tool_use_prompt_token_count": 5,
        "cached_content_token_count": 8,
        "candidates_token_count": 4,
        "thoughts_token_count": 6,
        "total_token_count": 25,
        "prompt_tokens_details": [{"modality": "AUDIO", "token_count": 2}],
        "candidates_tokens_details": [{"modality": "AUDIO", "token_count": 3}],
    }
    answer = {**whole([{"text": "Hi"}]), "usage_metadata": usage}
    emulator.script("GenerateContent", [Reply(message=answer)])
    assert make().invoke("Hi").usage_metadata == {
        "input_tokens": 15,
        "output_tokens": 10,
        "total_tokens": 25,
        "input_token_details": {"cache_read": 8, "audio": 2},
        "output_token_details": {"reasoning": 6, "audio": 3},
    }


def test_an_answer_may_tell_no_usage(emulator: Emulator, make: Make) -> None:
    emulator.script("GenerateContent", [Reply(message=whole([{"text": "Hi"}]))])
    assert make().invoke("Hi").usage_metadata is None


@pytest.mark.parametrize("client", ["v1alpha"], indirect=True)
def test_thoughts_that_only_the_total_tells_of_are_output(emulator: Emulator, make: Make) -> None:
    usage = {"prompt_token_count": 3, "candidates_token_count": 4, "total_token_count": 9}
    answer = {**whole([{"text": "Hi"}]), "usage_metadata": usage}
    emulator.script("GenerateContent", [Reply(message=answer)])
    told = make().invoke("Hi").usage_metadata
    assert told == {"input_tokens": 3, "output_tokens": 6, "total_tokens": 9}


@MODERN
def test_a_malformed_call_is_an_invalid_tool_call(emulator: Emulator, make: Make) -> None:
    end = {"finish_reason": "MALFORMED_FUNCTION_CALL", "finish_message": "call f(a"}
    invoked, streamed = both(emulator, make(), [], **end)
    [wrong] = invoked.invalid_tool_calls
    assert (wrong["args"], wrong["error"]) == ("call f(a", "MALFORMED_FUNCTION_CALL")
    [wrong] = streamed.invalid_tool_calls
    assert wrong["args"] == "call f(a"
    assert invoked.tool_calls == streamed.tool_calls == []


def test_a_call_without_a_name_is_an_invalid_tool_call(emulator: Emulator, make: Make) -> None:
    nameless = {"function_call": {"args": {"a": 1}}}
    script(emulator, [nameless])
    [wrong] = make().invoke("Hi").invalid_tool_calls
    assert (wrong["args"], wrong["error"]) == ('{"a": 1}', "the call has no name")
    assert len(list(make().stream("Hi"))) == 2


def test_an_empty_part_is_nothing(emulator: Emulator, make: Make) -> None:
    for message in both(emulator, make(), [{"text": "Hi"}, {"text": ""}, {}]):
        assert message.content == "Hi"


def test_an_id_of_the_api_is_kept(emulator: Emulator, make: Make) -> None:
    call = {"function_call": {"name": "f", "args": {}, "id": "abc"}}
    for message in both(emulator, make(), [call]):
        assert message.tool_calls[0]["id"] == "abc"


def test_an_answer_that_was_stopped_says_why(emulator: Emulator, make: Make) -> None:
    for message in both(emulator, make(), [], finish_reason="SAFETY"):
        assert message.content == ""
        assert message.response_metadata["finish_reason"] == "SAFETY"


@BACKENDS
def test_a_blocked_prompt_is_an_error(emulator: Emulator, make: Make) -> None:
    blocked = {"prompt_feedback": {"block_reason": "SAFETY"}}
    emulator.script("GenerateContent", [Reply(message=blocked)])
    emulator.script("StreamGenerateContent", [Reply(chunks=[blocked])])
    with pytest.raises(BlockedPromptException, match="SAFETY"):
        make().invoke("Hi")
    with pytest.raises(BlockedPromptException, match="SAFETY"):
        list(make().stream("Hi"))


def test_what_was_found_about_a_prompt_is_told(emulator: Emulator, make: Make) -> None:
    rating = {"category": "HARM_CATEGORY_HARASSMENT", "probability": "LOW"}
    found = {**whole([{"text": "Hi"}]), "prompt_feedback": {"safety_ratings": [rating]}}
    emulator.script("GenerateContent", [Reply(message=found)])
    told = make().invoke("Hi").response_metadata
    assert told["prompt_feedback"] == {"safety_ratings": [rating]}


def test_an_answer_without_candidates_is_an_error(emulator: Emulator, make: Make) -> None:
    emulator.script("GenerateContent", [Reply(message={"model_version": "x"})])
    emulator.script("StreamGenerateContent", [Reply(chunks=[{"model_version": "x"}])])
    with pytest.raises(NoAnswerError):
        make().invoke("Hi")
    with pytest.raises(NoAnswerError):
        list(make().stream("Hi"))


def test_all_candidates_are_generations_and_the_first_is_streamed(
    emulator: Emulator, make: Make
) -> None:
    two = {
        "candidates": [
            {
                "index": n,
                "content": {"role": "model", "parts": [{"text": said}]},
                "finish_reason": "STOP",
            }
            for n, said in enumerate(("one", "two"))
        ],
        "usage_metadata": {"prompt_token_count": 1, "total_token_count": 1},
    }
    emulator.script("GenerateContent", [Reply(message=two)])
    emulator.script("StreamGenerateContent", [Reply(chunks=[two])])
    result = make().generate([[HumanMessage("Hi")]])
    first, second = (each.message for each in result.generations[0])  # type: ignore[union-attr]
    assert (first.text, second.text) == ("one", "two")
    assert isinstance(second, AIMessage)
    assert second.usage_metadata is None  # told once
    assert total(list(make().stream("Hi"))).text == "one"


@pytest.mark.parametrize(("reason", "text"), [("STOP", "STOP"), (99, "99")])
def test_the_finish_reason_is_always_a_text(
    emulator: Emulator, make: Make, reason: Any, text: str
) -> None:
    candidate = {"content": {"role": "model", "parts": [{"text": "a"}]}, "finish_reason": reason}
    emulator.script("GenerateContent", [Reply(message={"candidates": [candidate]})])
    emulator.script("StreamGenerateContent", [Reply(chunks=[{"candidates": [candidate]}])])
    assert make().invoke("Hi").response_metadata["finish_reason"] == text
    (*_, last) = [
        chunk.response_metadata["finish_reason"]
        for chunk in make().stream("Hi")
        if "finish_reason" in chunk.response_metadata
    ]
    assert last == text
