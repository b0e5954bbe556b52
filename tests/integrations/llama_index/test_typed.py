"""Type checkers accept the models as they are used, and reject what cannot work."""

from __future__ import annotations

import contextlib
from pathlib import Path

from mypy import api

from tests.support.type_checkers import pyright

ROOT = Path(__file__).resolve().parents[3]

REJECTED = {
    "Gemini(max_tokens='x')": "arg-type",
    "Gemini(client='x')": "arg-type",
    "Gemini(safety_settings=0.5)": "arg-type",
    "Gemini(generation_config='x')": "arg-type",
    "Gemini().chat('Hi')": "arg-type",
    "GeminiMultiModal(temperature='x')": "arg-type",
    "GeminiMultiModal(generation_config=[1])": "arg-type",
    "GeminiMultiModal().complete('x', ['red.png'])": "list-item",
}
"""Expressions, and the code of the error each must give."""


def test_models_are_typed(tmp_path: Path) -> None:
    names = "from gemini_grpc.integrations.llama_index import Gemini, GeminiMultiModal"
    rejected = tmp_path / "rejected.py"
    rejected.write_text("\n".join([names, *REJECTED]) + "\n")
    typed = Path(__file__).with_name("typed.py")
    with contextlib.chdir(ROOT):
        out, err, _ = api.run(["--strict", str(typed), str(rejected)])
    assert not err
    found = [line for line in out.splitlines() if ": error:" in line]
    assert [line for line in found if "rejected.py" not in line] == []
    assert [line.rpartition("[")[2].rstrip("]") for line in found] == list(REJECTED.values())


def test_pyright_accepts_the_models_as_they_are_used(tmp_path: Path) -> None:
    assert pyright([str(Path(__file__).with_name("typed.py"))], tmp_path) == []
