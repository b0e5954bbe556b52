"""Tools become declarations, choices become modes, calls become selections."""

from __future__ import annotations

from typing import Any

import pytest
from llama_index.core.base.llms.types import ChatMessage, TextBlock, ToolCallBlock
from llama_index.core.tools import FunctionTool
from pydantic import BaseModel, Field

from gemini_grpc.errors import ArgumentError
from gemini_grpc.generative.backend import Backend
from gemini_grpc.generative.tools import Toolbox
from gemini_grpc.integrations.llama_index import tools
from gemini_grpc.integrations.llama_index.messages import SIGNATURES


class Place(BaseModel):
    """Where."""

    city: str
    country: str | None = None


class Node(BaseModel):
    """A tree."""

    children: list[Node] = Field(default_factory=list)


class Forecast(BaseModel):
    """What to ask."""

    place: Place
    days: int = 1


def weather(**asked: object) -> str:
    """Tell the weather."""
    return f"fine in {asked}"


def ping() -> str:
    """Say pong."""
    return "pong"


WEATHER = FunctionTool.from_defaults(weather, fn_schema=Forecast)
PING = FunctionTool.from_defaults(ping)


@pytest.mark.parametrize(
    "backend", [Backend(), Backend("v1alpha"), Backend("aiplatform_v1", "p", "l")]
)
def test_a_tool_is_declared_with_the_schema_of_its_parameters(backend: Backend) -> None:
    (message,) = Toolbox.of(tools.declarations([WEATHER, PING], backend), backend).messages
    first, second = message.function_declarations
    assert (first.name, second.name) == ("weather", "ping")
    assert first.description.endswith("Tell the weather.")
    assert list(first.parameters.required) == ["place"]
    assert first.parameters.properties["place"].properties["country"].nullable
    assert not second.HasField("parameters")


def test_a_schema_that_has_no_end_is_named() -> None:
    tool = FunctionTool.from_defaults(ping, fn_schema=Node)
    with pytest.raises(ArgumentError, match=r"tools: ping: .*contains itself"):
        tools.declarations([tool], Backend())


@pytest.mark.parametrize(
    ("wanted", "required", "expected"),
    [
        (None, False, None),
        (None, True, {"mode": "ANY"}),
        ("auto", False, {"mode": "AUTO"}),
        ("auto", True, {"mode": "ANY"}),
        ("any", False, {"mode": "ANY"}),
        ("required", False, {"mode": "ANY"}),
        ("none", True, {"mode": "NONE"}),
        ("NONE", True, {"mode": "NONE"}),
        ("Any", False, {"mode": "ANY"}),
        ("validated", False, {"mode": "VALIDATED"}),
        ("ping", False, {"mode": "ANY", "allowed_function_names": ["ping"]}),
        ({"mode": "VALIDATED"}, True, {"mode": "VALIDATED"}),
    ],
)
def test_a_choice_is_a_mode(wanted: Any, required: bool, expected: Any) -> None:
    found = tools.choice(wanted, [WEATHER, PING], required=required)
    assert found == (expected and {"function_calling_config": expected})


def test_a_choice_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ArgumentError, match=r"'pong'; expected one of auto, .*, ping"):
        tools.choice("pong", [PING], required=False)
    assert tools.choice(None, [], required=True) is None


def asked(*names: str) -> ChatMessage:
    blocks: list[Any] = [TextBlock(text="a")]
    blocks += [
        ToolCallBlock(tool_call_id=f"{n}1", tool_name=n, tool_kwargs={"x": n}) for n in names
    ]
    return ChatMessage(
        blocks=blocks,
        additional_kwargs={"tool_calls": list(names), SIGNATURES: ["s", *names]},
    )


def test_calls_are_selected() -> None:
    first, second = tools.selections(asked("f", "g"))
    assert (first.tool_id, first.tool_name, first.tool_kwargs) == ("f1", "f", {"x": "f"})
    assert second.tool_id == "g1"
    bare = ChatMessage(blocks=[ToolCallBlock(tool_name="f", tool_kwargs="{}")])
    assert tools.selections(bare)[0].tool_id == "f"


def test_all_but_the_first_call_can_be_left_out() -> None:
    one = tools.with_one_call(asked("f", "g", "h"))
    assert [call.tool_name for call in tools.selections(one)] == ["f"]
    assert one.content == "a"
    assert one.additional_kwargs == {"tool_calls": ["f"], SIGNATURES: ["s", "f"]}
    message = asked("f")
    assert tools.with_one_call(message) is message
