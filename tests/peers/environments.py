"""Peers: other packages, each installed in an environment of its own under `.cache/peers`.

An environment is made once for a set of requirements. Where a peer cannot be installed, its tests are skipped with
the reason, or fail if the variable CI is set.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CACHE = ROOT / ".cache/peers"


def environment(name: str, *requirements: str) -> Path:
    """Return the Python of an environment that has the requirements and this package."""
    wanted = hashlib.sha256(
        "\n".join([*requirements, (ROOT / "pyproject.toml").read_text()]).encode()
    ).hexdigest()
    folder = CACHE / name
    python = folder / "bin/python"
    stamp = folder / ".installed"
    if not stamp.exists() or stamp.read_text() != wanted:
        run([sys.executable, "-m", "venv", "--clear", str(folder)], name)
        run([*_pip(python), "install", *requirements, "-e", str(ROOT)], name)
        stamp.write_text(wanted)
    return python


def source(name: str, requirement: str) -> Path:
    """Return the folder with the unpacked source distribution of a release."""
    folder = CACHE / f"{name}-source"
    found = list(folder.glob("*/pyproject.toml")) + list(folder.glob("*/setup.py"))
    if not found:
        folder.mkdir(parents=True, exist_ok=True)
        pip = _pip(Path(sys.executable))
        options = ["--no-deps", "--no-binary", ":all:", "--dest", str(folder)]
        run([*pip, "download", *options, requirement], name)
        (archive,) = folder.glob("*.tar.gz")
        run(["tar", "xzf", str(archive), "-C", str(folder)], name)
        archive.unlink()
        found = list(folder.glob("*/pyproject.toml")) + list(folder.glob("*/setup.py"))
    return found[0].parent


def _pip(python: Path) -> list[str]:
    return [str(python), "-m", "pip", "--quiet", "--disable-pip-version-check"]


def run(command: Sequence[str], name: str) -> None:
    """Run a command that a peer needs; without it the peer is missing."""
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        missing(f"{name}: {' '.join(command[1:4])} failed: {done.stderr.strip()[-400:]}")


def missing(reason: str) -> None:
    """Fail if the variable CI is set, else skip the test."""
    if os.environ.get("CI"):
        pytest.fail(f"a peer is missing: {reason}")
    pytest.skip(f"a peer is missing: {reason}")
