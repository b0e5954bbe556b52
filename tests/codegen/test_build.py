"""Defaults of methods, and the choices the generator makes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from codegen import load
from codegen.build import Defaults, DefaultsError
from codegen.errors import InputError
from gemini_grpc.emulator.catalog import by_path, key
from gemini_grpc.rpc import operations
from tests.codegen.hazards import ROOT

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
        (
            {"repeatable": ["*.Get"]},
            "^codegen/defaults.toml: in neither list: A.List; an RPC belongs in `rep",
        ),
        (
            {"once": ["B.Create", "A.Get"]},
            "^codegen/defaults.toml: in both lists: A.Get; an RPC belongs in `rep",
        ),
        ({"once": ["B.Create", "B.Gone"]}, "no RPC is called 'B.Gone'"),
        ({"timeout": {"default": 60, "600": ["A.Gone"]}}, "no RPC is called 'A.Gone'"),
    ],
)
def test_a_name_without_an_rpc_and_an_rpc_without_a_decision_fail(
    change: dict[str, Any], text: str
) -> None:
    with pytest.raises(DefaultsError, match=text):
        Defaults.resolve({**GOOD, **change}, RPCS)


@pytest.mark.parametrize(
    "name",
    ["GenerateVideos", "UpdateThing", "CountThings", "ComputeThing", "QueryThings", "PredictIt"],
)
def test_an_rpc_that_upstream_adds_is_undecided_unless_its_verb_tells(name: str) -> None:
    data = load.load_defaults(ROOT / "codegen/defaults.toml")
    present = {key(spec) for _, spec in by_path().values() if spec not in operations.METHODS}
    Defaults.resolve(data, sorted(present))
    with pytest.raises(DefaultsError, match=f"in neither list: PredictionService.{name};"):
        Defaults.resolve(data, sorted({*present, f"PredictionService.{name}"}))


def test_a_file_that_is_no_toml_is_named(tmp_path: Path) -> None:
    path = tmp_path / "defaults.toml"
    path.write_text("once = [")
    with pytest.raises(InputError, match=r"^codegen/defaults.toml: "):
        load.load_defaults(path)
