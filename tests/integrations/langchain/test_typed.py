"""Type checkers accept the chat model as it is used, and reject what cannot work."""

from __future__ import annotations

import contextlib
from pathlib import Path

from mypy import api

from tests.support.type_checkers import pyright

ROOT = Path(__file__).resolve().parents[3]

REJECTED = (
    "ChatGemini(temperature='hot')",
    "ChatGemini(safety_settings=0.5)",
    "ChatGemini(client='x')",
    "ChatGemini(tools=5)",
    "ChatGemini(cached_content=5)",
)
"""Expressions that must give an error of the type of an argument."""


def test_the_model_is_typed(tmp_path: Path) -> None:
    rejected = tmp_path / "rejected.py"
    name = "from gemini_grpc.integrations.langchain import ChatGemini"
    rejected.write_text("\n".join([name, *REJECTED]) + "\n")
    typed = Path(__file__).with_name("typed.py")
    with contextlib.chdir(ROOT):
        out, err, _ = api.run(["--strict", str(typed), str(rejected)])
    assert not err
    found = [line for line in out.splitlines() if ": error:" in line]
    assert [line for line in found if "rejected.py" not in line] == []
    assert [line.rpartition("[")[2].rstrip("]") for line in found] == ["arg-type"] * len(REJECTED)


def test_pyright_accepts_the_models_as_they_are_used(tmp_path: Path) -> None:
    assert pyright([str(Path(__file__).with_name("typed.py"))], tmp_path) == []
