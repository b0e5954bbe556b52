"""The functions of one session."""

from __future__ import annotations

import pytest
from google.ai import generativelanguage_v1beta as googles

from gemini_grpc import v1alpha, v1beta
from gemini_grpc.functions import Function
from gemini_grpc.generative.tools import FunctionDeclaration
from gemini_grpc.generative.tools import Tool as GenerativeTool
from gemini_grpc.live import LiveConfig, Tool, UnsupportedFeature
from gemini_grpc.live.protocol import LiveProtocol
from gemini_grpc.live.tools import Toolbox, error_response


def lookup(city: str) -> str:
    """Tell the weather.

    Args:
        city: Where.
    """
    return city


DECLARED = {"name": "declared", "description": "Somebody else answers."}


def test_callables_tools_functions_and_declarations_are_told_to_the_model() -> None:
    other = Function.of(lookup, name="other")
    third = Tool(Function.of(lookup, name="third"), behavior="NON_BLOCKING", timeout=3)
    toolbox = Toolbox([lookup, DECLARED, other, third])
    names = [each["name"] for each in toolbox.declarations()]  # type: ignore[index]
    assert names == ["lookup", "declared", "other", "third"]
    assert list(toolbox.runs) == ["lookup", "other", "third"]
    function, tool = toolbox.runs["third"]
    assert (function.behavior, tool.timeout) == ("NON_BLOCKING", 3)
    assert toolbox.runs["lookup"][0].bind({"city": "Oslo"}) == {"city": "Oslo"}


OTHERS = [
    (v1beta.CodeExecution(), ["code_execution"]),
    (googles.CodeExecution(), ["code_execution"]),
    ("google_search", ["google_search"]),
    ({"code_execution": {}}, ["code_execution"]),
    (
        [lookup, v1beta.GoogleSearchRetrieval(), "google_search"],
        ["google_search_retrieval", "google_search", "lookup"],
    ),
    (GenerativeTool([lookup], code_execution={}), ["code_execution", "lookup"]),
    (
        {"function_declarations": [lookup, DECLARED], "code_execution": {}},
        ["code_execution", "lookup", "declared"],
    ),
    (v1beta.Tool(function_declarations=[DECLARED]), ["declared"]),
    (FunctionDeclaration(**DECLARED), ["declared"]),
]


@pytest.mark.parametrize(("given", "expected"), OTHERS)
def test_a_session_takes_every_kind_of_tool(given: object, expected: list[str]) -> None:
    toolbox = Toolbox(given)
    protocol = LiveProtocol(
        "gemini-live", LiveConfig(), declarations=toolbox.declarations(), tools=toolbox.others
    )
    message = v1beta.BidiGenerateContentClientMessage.deserialize(protocol.connect())
    names = []
    for tool in message.setup.tools:
        set_fields = [field.name for field, _ in v1beta.Tool.pb(tool).ListFields()]
        declared = [each.name for each in tool.function_declarations]
        names += [name for name in set_fields if name != "function_declarations"] + declared
    assert names == expected
    assert ("lookup" in toolbox.runs) == ("lookup" in expected)


def test_parameters_of_a_session_may_be_a_json_schema() -> None:
    parameters = {
        "type": "object",
        "properties": {"when": {"type": "string", "format": "date"}, "a": {"const": 3}},
    }
    for version in ("v1beta", "v1alpha"):
        protocol = LiveProtocol(
            "gemini-live",
            LiveConfig(),
            version=version,
            declarations=[{**DECLARED, "parameters": parameters}],
        )
        types = {"v1beta": v1beta, "v1alpha": v1alpha}[version]
        message = types.BidiGenerateContentClientMessage.deserialize(protocol.connect())
        (function,) = message.setup.tools[0].function_declarations
        assert function.parameters.properties["when"].description == "A date as 2025-12-31."
        if version == "v1beta":
            assert function.parameters.property_ordering == ["when", "a"]


def test_an_empty_toolbox_runs_nothing() -> None:
    assert Toolbox().declarations() == []
    assert Toolbox([DECLARED]).runs == {}


def test_what_needs_no_waiting_is_checked_against_the_model() -> None:
    toolbox = Toolbox([Tool(lookup, scheduling="SILENT")])
    declarations = toolbox.declarations()
    blocking = LiveProtocol("gemini-live", LiveConfig(), declarations=declarations)
    with pytest.raises(UnsupportedFeature, match=r"scheduling needs Tool\(lookup, behavior="):
        toolbox.check(blocking)
    toolbox.check(LiveProtocol("gemini-3.8-live", LiveConfig(), declarations=declarations))


def test_an_error_can_always_be_sent() -> None:
    assert error_response("half \ud800") == {"error": "half ?"}
