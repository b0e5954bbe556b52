"""The text of a message is that of the parts, however they were split and signed."""

from __future__ import annotations

import copy
import math
import pickle
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from llama_index.core.base.llms.types import ChatMessage, TextBlock, ToolCallBlock

from gemini_grpc.emulator import Emulator, Reply
from gemini_grpc.generative.answer_errors import IncompleteResponseError
from gemini_grpc.generative.backend import Backend
from gemini_grpc.integrations.llama_index import Gemini
from gemini_grpc.integrations.llama_index.blocks import Parts
from gemini_grpc.integrations.llama_index.messages import conversation
from gemini_grpc.integrations.llama_index.replies import Reply as Answer
from gemini_grpc.v1beta.types import GenerateContentResponse
from tests.generative.test_answer_properties import TEXT_PARTS, message, split

Data = dict[str, Any]
CALL = {"function_call": {"name": "f", "args": {}}, "thought_signature": b"call"}


@given(parts=st.lists(TEXT_PARTS, max_size=8), places=st.lists(st.integers(0, 9)))
@example(parts=[{"text": "unbe", "thought_signature": b"s"}, {"text": "lievable"}], places=[1])
@example(parts=[{"text": "Hel"}, {"text": "lo", "thought": True}, {"text": "lo"}], places=[])
def test_the_deltas_add_up_to_the_text(parts: list[Data], places: list[int]) -> None:
    parts = [*parts, {"text": "."}]
    expected = "".join(part["text"] for part in parts if not part.get("thought"))
    answer = Answer()
    said = [answer.add(GenerateContentResponse(message(each))) for each in split(parts, places)]
    assert "".join(each.delta or "" for each in said) == expected
    assert said[-1].message.content == expected
    whole = Answer().whole(GenerateContentResponse(message(parts, "STOP"))).message
    assert whole.content == expected


def sent(said: ChatMessage) -> list[Data]:
    return conversation([said], Parts(Backend(), {})).contents[0]["parts"]


def test_a_signature_of_its_own_is_sent_back_and_changes_no_other() -> None:
    parts = [{"text": "unbe", "thought_signature": b"one"}, {"text": "lievable"}, CALL]
    end = {"thought_signature": b"end"}
    response = Answer().whole(GenerateContentResponse(message([*parts, end], "STOP")))
    assert response.message.content == "unbelievable"
    for said in (response.message, copy.deepcopy(response.message)):
        back = GenerateContentResponse(message(sent(said)))
        found = back.candidates[0].content.parts
        assert [(part.text, part.thought_signature) for part in found] == [
            ("unbe", b"one"),
            ("lievable", b""),
            ("", b"call"),
            ("", b"end"),
        ]
    again = pickle.loads(pickle.dumps(response.message))
    assert (again, again.content) == (response.message, "unbelievable")
    again = ChatMessage.model_validate(response.message.model_dump())
    assert sent(again) == sent(response.message)
    response.message.blocks = [TextBlock(text="a")]
    response.message.content = "b"
    assert response.message.blocks == [TextBlock(text="b")]


def test_infinite_numbers_in_a_call_are_no_error() -> None:
    call = {"function_call": {"name": "f", "args": {"a": math.inf}}}
    response = Answer().whole(GenerateContentResponse(message([call], "STOP")))
    (block,) = response.message.blocks
    assert isinstance(block, ToolCallBlock)
    assert block.tool_kwargs == {"a": math.inf}
    raw = response.raw["content"]["parts"][0]
    assert raw["function_call"]["args"] == {"a": "Infinity"}


@pytest.mark.parametrize("backend", [{}, {"project": "p", "location": "us-central1"}])
async def test_a_stream_without_a_finish_reason_is_incomplete(backend: Data) -> None:
    chunks = [message([{"text": "Half an "}]), message([{"text": "answer"}])]
    with Emulator() as emulator:
        emulator.script("StreamGenerateContent", [Reply(chunks=chunks, times=None)])
        llm = Gemini(api_base=f"http://{emulator.target}", api_key="test", **backend)
        seen: list[str | None] = []
        with pytest.raises(IncompleteResponseError) as caught:
            seen.extend(each.delta for each in llm.stream_chat([ChatMessage(content="Hi")]))
        assert seen == ["Half an ", "answer"]
        assert caught.value.response.candidates[0].content.parts[0].text == "Half an answer"
        with pytest.raises(IncompleteResponseError):
            async for _ in await llm.astream_chat([ChatMessage(content="Hi")]):
                pass
