"""Answers become responses; a stream's grow."""

from __future__ import annotations

from typing import Any

import pytest
from llama_index.core.base.llms.types import ChatResponse, TextBlock, ThinkingBlock, ToolCallBlock

from gemini_grpc.generative.answer_errors import NoAnswerError
from gemini_grpc.integrations.llama_index.messages import SIGNATURES
from gemini_grpc.integrations.llama_index.replies import Reply
from gemini_grpc.v1beta.types import GenerateContentResponse


def message(*parts: Any, reason: str | None = None, **more: Any) -> GenerateContentResponse:
    made = [{"text": part} if isinstance(part, str) else part for part in parts]
    candidate = {"content": {"role": "model", "parts": made}, "finish_reason": reason}
    return GenerateContentResponse(candidates=[candidate], **more)


def thought(text: str, signature: bytes = b"") -> dict[str, Any]:
    return {"text": text, "thought": True} | ({"thought_signature": signature} if signature else {})


def stream(*messages: GenerateContentResponse) -> list[ChatResponse]:
    reply = Reply()
    return [reply.add(each) for each in messages]


CALL = {"function_call": {"id": "1", "name": "f", "args": {"a": 1}}}
BLOCKED = GenerateContentResponse(prompt_feedback={"block_reason": "SAFETY"})


def test_a_whole_answer_has_its_blocks_tokens_and_the_message() -> None:
    usage = {"prompt_token_count": 1, "candidates_token_count": 2, "total_token_count": 6}
    more: Any = {"thoughts_token_count": 3}
    response = Reply().whole(
        message(thought("Hm"), "Hi", CALL, reason="STOP", usage_metadata={**usage, **more})
    )
    assert response.message.role == "assistant"
    assert response.message.content == "Hi"
    assert response.message.blocks == [
        ThinkingBlock(content="Hm"),
        TextBlock(text="Hi"),
        ToolCallBlock(tool_call_id="1", tool_name="f", tool_kwargs={"a": 1}),
    ]
    assert response.message.additional_kwargs == {
        "tool_calls": [{"id": "1", "name": "f", "args": {"a": 1}}]
    }
    assert response.additional_kwargs == {
        "prompt_tokens": 1,
        "completion_tokens": 2,
        "total_tokens": 6,
        "thoughts_tokens": 3,
    }
    assert response.delta is None
    assert response.raw["finish_reason"] == 1
    assert response.raw["content"]["parts"][1]["text"] == "Hi"
    assert response.raw["prompt_feedback"]["block_reason"] == response.raw["block_reason"] == 0
    assert response.raw["usage_metadata"]["total_token_count"] == 6


def test_a_stream_has_what_is_new_and_all_there_is() -> None:
    usage: Any = {"total_token_count": 6}
    found = stream(
        message(thought("H")),
        message(thought("m"), "He"),
        message("llo", "there"),
        GenerateContentResponse(usage_metadata=usage),
        message("!", CALL, reason="STOP"),
    )
    assert [each.delta for each in found] == ["", "He", "llothere", "", "!"]
    assert [each.additional_kwargs.get("thinking_delta") for each in found[:3]] == ["H", "m", None]
    said = [each.message.content or "" for each in found]
    assert said == ["", "He", "Hellothere", "Hellothere", "Hellothere!"]
    assert found[-1].message.blocks[0] == ThinkingBlock(content="Hm")
    assert isinstance(found[-1].message.blocks[-1], ToolCallBlock)
    assert found[-1].raw["usage_metadata"]["total_token_count"] == 6


def test_a_text_after_code_or_a_call_does_not_go_on() -> None:
    code = {"executable_code": {"language": "PYTHON", "code": "1"}}
    found = stream(message(code), message("one"), message(CALL), message("two"))
    assert [each.delta for each in found] == ["\n``` python\n1\n```\n", "one", "", "two"]
    assert found[-1].message.content == "".join(each.delta or "" for each in found)


def test_signatures_stay_with_their_blocks() -> None:
    signed: dict[str, Any] = {"thought_signature": b"end"}
    found = stream(
        message(thought("Hm", b"one"), "He"),
        message({"text": "y", **signed}),
        message({**CALL, "thought_signature": b"two"}),
        message({"text": "", "thought_signature": b"six"}, reason="STOP"),
    )
    told = [each.message.additional_kwargs.get(SIGNATURES) for each in found]
    assert told == [
        ["b25l", None],
        ["b25l", "ZW5k"],
        ["b25l", "ZW5k", "dHdv"],
        ["b25l", "ZW5k", "dHdv", "c2l4"],  # the call keeps the one that it was signed with
    ]
    assert found[-1].message.content == "Hey"
    assert stream(message(signed))[0].message.blocks == [TextBlock(text="")]


def test_an_answer_that_ends_well_may_be_empty() -> None:
    assert Reply().whole(message(reason="STOP")).message.blocks == []
    assert stream(message("Hi"), message(reason="MAX_TOKENS"))[1].message.content == "Hi"


@pytest.mark.parametrize(
    ("answer", "text"),
    [
        (BLOCKED, "the prompt was blocked"),
        (message(reason="SAFETY"), "finish_reason is SAFETY"),
        (GenerateContentResponse(candidates=[{}, {}]), "2 candidates"),
    ],
)
def test_an_answer_that_ends_badly_is_an_error(answer: Any, text: str) -> None:
    with pytest.raises(NoAnswerError, match=text):
        Reply().whole(answer)
    with pytest.raises(NoAnswerError, match=text):
        stream(message("Hi"), answer)


def test_an_answer_that_is_stopped_before_it_says_anything_is_an_error() -> None:
    for parts in ([], [thought("Hm")]):
        stopped = message(*parts, reason="MAX_TOKENS")
        with pytest.raises(NoAnswerError, match="MAX_TOKENS; raise max_output_tokens"):
            Reply().whole(stopped)
        with pytest.raises(NoAnswerError, match="MAX_TOKENS; raise max_output_tokens"):
            stream(message(thought("H")), stopped)
    assert stream(message(reason="STOP"))[0].message.blocks == []
    assert stream(message(CALL, reason="MAX_TOKENS"))[0].message.blocks


def test_a_whole_answer_without_candidates_is_an_error() -> None:
    with pytest.raises(NoAnswerError, match="no candidates"):
        Reply().whole(GenerateContentResponse())
