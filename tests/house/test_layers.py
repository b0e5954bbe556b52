"""Imports go down only; the contracts stand in pyproject.toml."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src/gemini_grpc"


def test_the_contracts_of_import_linter_are_kept() -> None:
    command = [Path(sys.executable).with_name("lint-imports"), "--no-cache"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


def imported(path: Path) -> set[str]:
    """Return what a module imports anywhere in it, also for type checkers only."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {f"{node.module}.{alias.name}" for alias in node.names}
    return found


def test_only_the_seam_catches_what_grpcio_raises() -> None:
    for path in (SRC / "rpc").rglob("*.py"):
        caught = [
            ast.unparse(node.type)
            for node in ast.walk(ast.parse(path.read_text()))
            if isinstance(node, ast.ExceptHandler) and node.type
        ]
        assert path.name == "wire.py" or not any("grpc." in each for each in caught), path


def test_the_generator_ships_with_nobody() -> None:
    for path in SRC.rglob("*.py"):
        assert not any(name.split(".")[0] in ("codegen", "tests") for name in imported(path)), path
