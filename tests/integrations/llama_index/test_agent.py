"""An agent of LlamaIndex calls tools with `Gemini`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from llama_index.core.agent.workflow import AgentStream, FunctionAgent
from llama_index.core.base.llms.types import ChatMessage

from gemini_grpc.emulator import Emulator, Reply
from gemini_grpc.integrations.llama_index import Gemini

if TYPE_CHECKING:
    from gemini_grpc import Client

# the workflow engine walks over the attributes of an agent, deprecated ones of pydantic among them
pytestmark = [
    pytest.mark.filterwarnings(f"ignore:{text}:DeprecationWarning:inspect")
    for text in (
        "The `__fields__` attribute is deprecated, use the `model_fields` class property instead",
        "The `__fields_set__` attribute is deprecated, use `model_fields_set` instead",
        "Accessing the 'model_computed_fields' attribute on the instance is deprecated",
        "Accessing the 'model_fields' attribute on the instance is deprecated",
    )
]


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


async def weather(city: str) -> str:
    """Tell the weather of a city."""
    return f"It is sunny in {city}."


@pytest.mark.parametrize("streaming", [True, False])
async def test_an_agent_calls_a_tool_and_answers(
    client: Client, emulator: Emulator, streaming: bool
) -> None:
    agent = FunctionAgent(tools=[add], llm=Gemini(client=client), streaming=streaming)
    assert str(await agent.run("What is 7 + 5? Use add.")) == "The result of add is 12."
    method = "StreamGenerateContent" if streaming else "GenerateContent"
    _, call, result = emulator.journal.calls(method)[-1].request.contents
    assert call.parts[0].function_call.name == "add"
    assert result.role == "user"
    assert result.parts[0].function_response.response == {"result": "12"}


async def test_an_agent_does_not_stop_the_event_loop_if_the_window_is_given(
    options: dict[str, Any], emulator: Emulator
) -> None:
    with Gemini(**options, context_window=100_000) as llm:
        agent = FunctionAgent(tools=[add], llm=llm)
        assert str(await agent.run("What is 7 + 5? Use add.")) == "The result of add is 12."
    assert not emulator.journal.calls("GetModel")


async def test_parallel_calls_are_answered_together(
    options: dict[str, Any], emulator: Emulator
) -> None:
    calls = [
        {"name": "add", "args": {"a": 1, "b": 1}},
        {"name": "weather", "args": {"city": "Rome"}},
    ]
    emulator.script("StreamGenerateContent", [Reply(function_calls=calls), Reply(text="Done.")])
    with Gemini(**options) as llm:
        agent = FunctionAgent(tools=[add, weather], llm=llm, system_prompt="Be brief.")
        handler = agent.run("Go.", chat_history=[ChatMessage(content="Hello.")])
        pieces = [
            event.delta async for event in handler.stream_events() if isinstance(event, AgentStream)
        ]
        assert str(await handler) == "".join(pieces) == "Done."
    request = emulator.journal[-1].request
    assert request.system_instruction.parts[0].text == "Be brief."
    *_, result = request.contents
    assert [part.function_response.name for part in result.parts] == ["add", "weather"]
