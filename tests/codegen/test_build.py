"""Defaults of methods, and the choices the generator makes."""

from __future__ import annotations

from typing import Any

import pytest

from codegen.build import Defaults, DefaultsError

RPCS = ["A.Get", "A.List", "B.Create"]
GOOD: dict[str, Any] = {
    "repeatable": ["*.Get", "*.List"],
    "once": ["B.Create"],
    "timeout": {"default": 60, "600": ["A.*"]},
}


def test_patterns_are_matched() -> None:
    resolved = Defaults.resolve(GOOD, RPCS)
    assert resolved.repeatable == {"A.Get", "A.List"}
    assert resolved.timeouts == {"A.Get": 600, "A.List": 600, "B.Create": 60}


@pytest.mark.parametrize(
    ("change", "text"),
    [
        ({"repeatable": ["*.Get"]}, r"in neither list: \['A.List'\]"),
        ({"once": ["B.Create", "A.Get"]}, r"in both lists: \['A.Get'\]"),
        ({"once": ["B.Create", "B.Gone"]}, "no RPC is called 'B.Gone'"),
        ({"timeout": {"default": 60, "600": ["A.Gone"]}}, "no RPC is called 'A.Gone'"),
    ],
)
def test_a_name_without_an_rpc_and_an_rpc_without_a_decision_fail(
    change: dict[str, Any], text: str
) -> None:
    with pytest.raises(DefaultsError, match=text):
        Defaults.resolve({**GOOD, **change}, RPCS)
