"""The text of a message is that of the parts, however they were split and signed."""

from __future__ import annotations

import copy
import itertools
import math
import pickle
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from llama_index.core.base.llms.types import ChatMessage, TextBlock, ToolCallBlock

from gemini_grpc.emulator import Emulator, Reply
from gemini_grpc.errors import ArgumentError
from gemini_grpc.generative.answer_errors import IncompleteResponseError
from gemini_grpc.generative.backend import Backend
from gemini_grpc.integrations.llama_index import Gemini
from gemini_grpc.integrations.llama_index.blocks import Parts
from gemini_grpc.integrations.llama_index.messages import conversation
from gemini_grpc.integrations.llama_index.replies import Reply as Answer
from gemini_grpc.v1beta.types import GenerateContentResponse
from tests.generative.test_answer_properties import TEXT_PARTS, message, split
from tests.integrations.langchain.test_texts import refused

if TYPE_CHECKING:
    from collections.abc import Callable

    import gemini_grpc

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


async def test_an_answer_with_parts_without_data_is_sent_back_without_them(
    emulator: Emulator, client: gemini_grpc.Client, call: Callable[..., Any]
) -> None:
    llm = Gemini(client=client)
    hi = ChatMessage(content="Hi")
    for before, part in itertools.product(([], [{"text": "a"}]), refused(client)):
        whole = message([*before, part], "STOP")
        emulator.script("GenerateContent", [Reply(message=whole)])
        emulator.script("StreamGenerateContent", [Reply(chunks=[whole])])
        answer = await call(llm, "chat", [hi])
        (*_, last) = await call(llm, "stream_chat", [hi])
        for said in (answer.message, last.message):
            llm.chat([hi, said, hi])
            contents = emulator.journal[-1].request.contents
            assert [len(each.parts) for each in contents] == [1] * (2 + len(before))


async def test_infinite_numbers_in_a_call_are_sent_back_as_texts(
    emulator: Emulator, client: gemini_grpc.Client
) -> None:
    args = {"a": math.inf, "b": [-math.inf, math.nan], "c": 1}
    whole = message([{"function_call": {"name": "f", "args": args}}], "STOP")
    emulator.script("GenerateContent", [Reply(message=whole)])
    llm, hi = Gemini(client=client), ChatMessage(content="Hi")
    answer = llm.chat([hi])
    (selection,) = llm.get_tool_calls_from_response(answer)
    assert math.isinf(selection.tool_kwargs["a"])
    told = {"tool_call_id": selection.tool_id}
    llm.chat([hi, answer.message, ChatMessage("1", role="tool", additional_kwargs=told)])
    (part,) = emulator.journal[-1].request.contents[1].parts
    assert dict(part.function_call.args) == {"a": "Infinity", "b": ["-Infinity", "NaN"], "c": 1}


WRONG = {
    "timeout": r"'timeout'; give it as request_options={'timeout': ...}$",
    "max_retries": r"'max_retries'; give request_options={'retry': RetryPolicy\(attempts=...\)}$",
    "system_instruction": "'system_instruction'; put a message with the role 'system'",
}


@pytest.mark.parametrize("name", WRONG)
def test_the_error_of_an_unknown_argument_says_where_it_belongs(name: str) -> None:
    with pytest.raises(ArgumentError, match=WRONG[name]):
        Gemini(**{name: 5})
    with pytest.raises(ArgumentError, match=WRONG[name]):
        Gemini(api_key="k").complete("Hi", **{name: 5})
