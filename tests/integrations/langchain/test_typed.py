"""Type checkers accept the chat model as it is used, and reject what cannot work."""

from __future__ import annotations

import contextlib
from pathlib import Path

from mypy import api

ROOT = Path(__file__).resolve().parents[3]


def test_the_model_is_typed(tmp_path: Path) -> None:
    rejected = tmp_path / "rejected.py"
    name = "from gemini_grpc.integrations.langchain import ChatGemini"
    rejected.write_text(f"{name}\nChatGemini(temperature='hot')\n")
    typed = Path(__file__).with_name("typed.py")
    with contextlib.chdir(ROOT):
        out, err, _ = api.run(["--strict", str(typed), str(rejected)])
    assert not err
    found = [line for line in out.splitlines() if ": error:" in line]
    assert [line for line in found if "rejected.py" not in line] == []
    assert [line.rpartition("[")[2].rstrip("]") for line in found] == ["arg-type"]
