"""Write generated files, or compare them with what is on disk."""

from __future__ import annotations

import shutil
from collections.abc import Mapping
from pathlib import Path

OWNED = (
    "src/gemini_grpc/v1alpha",
    "src/gemini_grpc/v1beta",
    "src/gemini_grpc/aiplatform_v1",
    "src/gemini_grpc/generative/_sync",
    "src/gemini_grpc/rpc/_sync",
    "src/gemini_grpc/live/_sync",
)
"""Folders that hold generated files only: whatever else is found there is left over."""


def write(root: Path, texts: Mapping[str, str]) -> None:
    """Replace the owned folders by the given files."""
    for folder in OWNED:
        shutil.rmtree(root / folder, ignore_errors=True)
    for name, text in texts.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def compare(root: Path, texts: Mapping[str, str]) -> list[str]:
    """Return a line for each file that is stale, missing or left over."""
    found = {
        path.relative_to(root).as_posix()
        for folder in OWNED
        for path in (root / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
    differences = [f"left over: {name}" for name in found - texts.keys()]
    for name, text in texts.items():
        if name not in found:
            differences.append(f"missing: {name}")
        elif (root / name).read_text() != text:
            differences.append(f"stale: {name}")
    return sorted(differences)
