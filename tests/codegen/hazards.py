"""Generate code from small protos, and run programs with it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from codegen import build, layout, load, names, render

ROOT = Path(__file__).resolve().parents[2]

EVERYTHING = {"repeatable": ["*"], "once": [], "timeout": {"default": 60}}


def generate(folder: Path, **protos: str) -> dict[str, str]:
    """Write protos of the package `hazard.trap` below a folder; return what is generated from them."""
    place = folder / "protos/hazard/trap"
    place.mkdir(parents=True)
    for name, text in protos.items():
        (place / f"{name}.proto").write_text(text)
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(names.PACKAGES, "hazard.trap", "trap")
        packages = build.build(load.load(folder / "protos"), EVERYTHING)
        return layout.lay_out(render.render(packages), ROOT / "pyproject.toml")


def save(folder: Path, texts: dict[str, str]) -> Path:
    """Write generated files below a folder; return where `gemini_grpc` lies there."""
    for name, text in texts.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return folder / "src/gemini_grpc"


def run(package: Path, program: str) -> None:
    """Run a program for which the generated package is one of ours."""
    start = f"import gemini_grpc; gemini_grpc.__path__.append({str(package)!r})\n"
    command = [sys.executable, "-W", "error", "-c", start + program]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
