"""The text of a message is that of the parts, however they were split and signed; numbers may be infinite."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from langchain_core.messages import AIMessageChunk

from gemini_grpc.emulator import Emulator, Reply
from gemini_grpc.generative.answer_errors import IncompleteResponseError
from gemini_grpc.integrations.langchain import ChatGemini
from gemini_grpc.integrations.langchain.answers import Streamed, result
from gemini_grpc.v1beta.types import GenerateContentResponse
from tests.generative.test_answer_properties import TEXT_PARTS, message, split

if TYPE_CHECKING:
    import gemini_grpc
    from tests.integrations.langchain.conftest import Make

Data = dict[str, Any]


@pytest.mark.parametrize("blocks", [False, True])
@given(parts=st.lists(TEXT_PARTS, max_size=8), places=st.lists(st.integers(0, 9)))
@example(parts=[{"text": "unbe", "thought_signature": b"s"}, {"text": "lievable"}], places=[1])
@example(parts=[{"text": "Hel"}, {"text": "lo"}], places=[])
def test_the_chunks_add_up_to_the_text(blocks: bool, parts: list[Data], places: list[int]) -> None:
    parts = [*parts, {"text": "."}]
    expected = "".join(part["text"] for part in parts if not part.get("thought"))
    streamed = Streamed("gemini", blocks=blocks)
    texts, whole = "", AIMessageChunk("")
    for each in split(parts, places):
        for chunk in streamed.chunks(GenerateContentResponse(message(each))):
            texts += chunk.message.text
            whole += chunk.message  # type: ignore[assignment]  # chunks add up to one
    assert texts == whole.text == expected
    answer = result(GenerateContentResponse(message(parts, "STOP")), "gemini")
    assert answer.generations[0].message.text == expected


@pytest.mark.parametrize("client", ["v1beta", "vertex"], indirect=True)
async def test_a_stream_without_a_finish_reason_is_incomplete(
    emulator: Emulator, client: gemini_grpc.Client
) -> None:
    chunks = [message([{"text": "Half an "}]), message([{"text": "answer"}])]
    emulator.script("StreamGenerateContent", [Reply(chunks=chunks, times=None)])
    model = ChatGemini(client=client)
    seen: list[str] = []
    with pytest.raises(IncompleteResponseError) as caught:
        seen.extend(each.text for each in model.stream("Hi"))
    assert seen == ["Half an ", "answer"]
    assert caught.value.response.candidates[0].content.parts[0].text == "Half an answer"
    with pytest.raises(IncompleteResponseError):
        await ChatGemini(client=client, streaming=True).ainvoke("Hi")


def test_infinite_numbers_in_a_call_are_no_error(emulator: Emulator, make: Make) -> None:
    args = {"a": math.inf, "b": [-math.inf, math.nan]}
    whole = message([{"function_call": {"name": "f", "args": args}}], "STOP")
    emulator.script("GenerateContent", [Reply(message=whole)])
    emulator.script("StreamGenerateContent", [Reply(chunks=[whole])])
    (call,) = make().invoke("Hi").tool_calls
    assert call["args"]["a"] == math.inf
    assert math.isnan(call["args"]["b"][1])
    streamed = AIMessageChunk("")
    for chunk in make().stream("Hi"):
        streamed += chunk  # type: ignore[assignment]  # chunks add up to one
    assert streamed.tool_calls[0]["args"]["a"] == math.inf
