"""What google-generativeai offers and does, ours does, or docs/migration.md says what to write instead."""

from __future__ import annotations

import importlib
import inspect
import json
import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gemini_grpc.emulator import Emulator
from tests.peers import environments

pytestmark = pytest.mark.peer

RELEASE = "google-generativeai==0.8.6"
PACKAGE = "google.generativeai"
ROOT = environments.ROOT
ROWS = re.findall(r"`([^`]*)`", (ROOT / "docs/migration.md").read_text())
EXPLAINED = {word for row in ROWS for word in re.findall(r"\w+", row)}
"""The words of code in the migration page: a name that is one of them has a row."""


def explained(path: str) -> bool:
    """Return whether the last word of a path, such as `.types.Model.m(x=)`, is in a row."""
    return re.findall(r"\w+", path)[-1] in EXPLAINED


@pytest.fixture(scope="module")
def python() -> Path:
    return environments.environment("google-generativeai", RELEASE)


def run(python: Path, script: str, *arguments: str, **environment: str) -> Any:
    """Run a script of this folder and return the JSON that it prints."""
    done = subprocess.run(
        [python, "-W", "ignore", Path(__file__).with_name(script), *arguments],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def accepts(value: object, name: str) -> bool:
    """Return whether a callable has a parameter of a name, or says nothing of its parameters."""
    try:
        found = inspect.signature(value).parameters  # type: ignore[arg-type]
    except (TypeError, ValueError):
        return True
    return name in found or any(each.kind is each.VAR_KEYWORD for each in found.values())


def lacking(theirs: dict[str, Any], ours: Any, path: str) -> list[str]:
    """Return what a class or function of theirs has, and the one of ours has not."""
    names = theirs.get("parameters") or ()
    found = [f"{path}({name}=)" for name in names if not accepts(ours, name)]
    for member, names in (theirs.get("members") or {}).items():
        if names is None:
            continue  # a field: those of resources are found by `__getattr__`
        if not hasattr(ours, member):
            found.append(f"{path}.{member}")
            continue
        found += [
            f"{path}.{member}({name}=)"
            for name in names
            if not accepts(getattr(ours, member), name)
        ]
    return found


def test_every_public_name_and_parameter_is_here_or_has_a_row(python: Path) -> None:
    missing = []
    count = 0
    for module, names in run(python, "surface.py", PACKAGE).items():
        count += len(names)
        try:
            ours = importlib.import_module(f"gemini_grpc{module}")
        except ModuleNotFoundError:
            missing.append(module)
            continue
        for name, what in names.items():
            if not hasattr(ours, name):
                missing.append(f"{module}.{name}")
            else:
                missing += lacking(what, getattr(ours, name), f"{module}.{name}")
    print(f"google-generativeai: {count} public names")
    assert [
        each for each in missing if not EXPLAINED.intersection(re.findall(r"\w+", each)[-1:])
    ] == []


def test_programs_do_the_same_with_both_packages(python: Path, tmp_path: Path) -> None:
    with Emulator(tls=True) as emulator:
        assert emulator.certificates is not None
        (tmp_path / "ca.pem").write_bytes(emulator.certificates.ca)
        place = {
            "TARGET": emulator.target.replace("127.0.0.1", "localhost"),
            "GRPC_DEFAULT_SSL_ROOTS_FILE_PATH": str(tmp_path / "ca.pem"),
        }
        theirs = run(python, "programs.py", PACKAGE, **place)
        ours = run(python, "programs.py", "gemini_grpc", **place)
    print(f"google-generativeai: {len(ours)} programs")
    assert ours == theirs
