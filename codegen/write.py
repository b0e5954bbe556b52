"""Write generated files, or compare them with what is on disk."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from codegen import load, names, render

OWNED = (
    *(f"{render.SOURCE}/{package}" for package in names.PACKAGES.values()),
    *(folder.replace("_async", "_sync") for folder in load.ASYNC_FOLDERS),
)
"""Folders that hold generated files only: whatever else is found there is left over."""


def write(root: Path, texts: Mapping[str, str]) -> None:
    """Make the owned folders hold the given files, and touch only what differs."""
    for name in _found(root) - texts.keys():
        (root / name).unlink()
    for name, text in texts.items():
        path = root / name
        if path.exists() and path.read_text() == text:
            continue
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)


def compare(root: Path, texts: Mapping[str, str]) -> list[str]:
    """Return a line for each file that is stale, missing or left over."""
    found = _found(root)
    differences = [f"left over: {name}" for name in found - texts.keys()]
    for name, text in texts.items():
        if name not in found:
            differences.append(f"missing: {name}")
        elif (root / name).read_text() != text:
            differences.append(f"stale: {name}")
    return sorted(differences)


def _found(root: Path) -> set[str]:
    """Return the files that are in the owned folders, apart from what Python caches there."""
    return {
        path.relative_to(root).as_posix()
        for folder in OWNED
        for path in (root / folder).rglob("*")
        if path.is_file() and "__pycache__" not in path.parts
    }
