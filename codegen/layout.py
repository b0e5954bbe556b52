"""Lay out generated code with ruff, and drop the imports it does not use."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path


def lay_out(texts: Mapping[str, str], settings: Path) -> dict[str, str]:
    """Return the same files, laid out as the settings say."""
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        for name, text in texts.items():
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        _ruff(
            "check", "--quiet", "--select", "I,F401", "--fix", "--config", str(settings), str(root)
        )
        _ruff("format", "--quiet", "--config", str(settings), str(root))
        return {name: (root / name).read_text() for name in sorted(texts)}


def _ruff(*arguments: str) -> None:
    command = [sys.executable, "-m", "ruff", *arguments, "--no-cache"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"ruff {arguments[0]} failed:\n{done.stdout}{done.stderr}")
