"""The functions of one session."""

from __future__ import annotations

import pytest

from gemini_grpc.functions import Function
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
