"""The examples are valid Python; those that need devices, keys or extras are not run."""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = sorted((ROOT / "examples").glob("**/*.py"))


def test_there_are_examples() -> None:
    assert EXAMPLES


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.name)
def test_an_example_compiles_and_says_what_it_is(path: Path) -> None:
    code = compile(path.read_text(), str(path), "exec")
    assert code.co_consts[0].strip()
