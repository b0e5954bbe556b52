"""The text of a message is that of the parts, however they were split and signed; numbers may be infinite."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from langchain_core.exceptions import OutputParserException
from langchain_core.messages import AIMessage, AIMessageChunk, HumanMessage, ToolMessage
from pydantic import BaseModel

from gemini_grpc.emulator import Emulator, Reply
from gemini_grpc.generative.answer_errors import IncompleteResponseError
from gemini_grpc.integrations.langchain import ChatGemini
from gemini_grpc.integrations.langchain.answers import Streamed, result
from gemini_grpc.v1beta.types import GenerateContentResponse
from tests.generative.test_answer_properties import TEXT_PARTS, message, split
from tests.integrations.langchain.conftest import PLACES

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


REFUSED: list[Data] = [
    {},
    {"thought": True},
    {"text": ""},
    {"inline_data": {}},
    {"inline_data": {"mime_type": "image/png"}},
    {"file_data": {"mime_type": "image/png"}},
    {"executable_code": {}},
    {"executable_code": {"language": "PYTHON"}},
    {"code_execution_result": {}},
    {"function_call": {"args": {"a": 1}}},
]
"""Parts that the service sends and refuses when they come back."""


def refused(client: gemini_grpc.Client) -> list[Data]:
    """Return those that the version of a client has."""
    known = set(client.wires.backend.pb("Part").DESCRIPTOR.fields_by_name)
    return [part for part in REFUSED if set(part) <= known]


@pytest.mark.parametrize("client", PLACES, indirect=True)
@pytest.mark.parametrize("streaming", [False, True])
async def test_an_answer_with_parts_without_data_is_sent_back_without_them(
    emulator: Emulator, make: Make, client: gemini_grpc.Client, streaming: bool
) -> None:
    method = "StreamGenerateContent" if streaming else "GenerateContent"
    for part in refused(client):
        for before in ([], [{"text": "a"}]):
            whole = message([*before, part], "STOP")
            reply = Reply(chunks=[whole]) if streaming else Reply(message=whole)
            emulator.script(method, [reply])
            answer = await make(streaming=streaming).ainvoke("Hi")
            make().invoke([HumanMessage("Hi"), answer, HumanMessage("Go on")])
            contents = emulator.journal[-1].request.contents
            assert [len(each.parts) for each in contents] == [1] * (2 + len(before))


@pytest.mark.parametrize("client", PLACES, indirect=True)
def test_infinite_numbers_in_a_call_are_sent_back_as_texts(emulator: Emulator, make: Make) -> None:
    args = {"a": math.inf, "b": [-math.inf, math.nan], "c": 1}
    whole = message([{"function_call": {"name": "f", "args": args}}], "STOP")
    emulator.script("GenerateContent", [Reply(message=whole)])
    answer = make().invoke("Hi")
    result = ToolMessage("1", tool_call_id=answer.tool_calls[0]["id"])
    make().invoke([HumanMessage("Hi"), answer, result])
    (part,) = emulator.journal[-1].request.contents[1].parts
    assert dict(part.function_call.args) == {"a": "Infinity", "b": ["-Infinity", "NaN"], "c": 1}


NESTED = "[" * 100_000 + "]" * 100_000


@pytest.mark.parametrize(
    "text",
    [
        *(NESTED, "[" * 90 + "]" * 90, '{"a":' * 40 + "1" + "}" * 40),
        *('{"a": NaN}', '{"a": 1e999}', '["\\ud800"]'),
    ],
    ids=lambda text: text[:8],
)
def test_the_result_of_a_tool_that_is_no_json_for_protobuf_is_sent_as_text(
    emulator: Emulator, make: Make, text: str
) -> None:
    call = AIMessage("", tool_calls=[{"name": "f", "args": {}, "id": "1"}])
    make().invoke([HumanMessage("Hi"), call, ToolMessage(text, tool_call_id="1")])
    (part,) = emulator.journal[-1].request.contents[2].parts
    assert dict(part.function_response.response) == {"output": text}


class Recipe(BaseModel):
    title: str


def test_an_answer_that_is_nested_too_deeply_is_an_error_of_the_parser(
    emulator: Emulator, make: Make
) -> None:
    emulator.script("GenerateContent", [Reply(text=NESTED, times=None)])
    for schema in (Recipe, Recipe.model_json_schema()):
        with pytest.raises(OutputParserException, match="nested too deeply") as caught:
            make().with_structured_output(schema).invoke("Hi")
        assert caught.value.llm_output == NESTED
        raw: Any = make().with_structured_output(schema, include_raw=True).invoke("Hi")
        assert isinstance(raw["parsing_error"], OutputParserException)
