"""What depends on the version of Python is tested with each one that the package supports."""

from __future__ import annotations

import os
import subprocess

import pytest

from tests.peers import environments

pytestmark = pytest.mark.peer

TESTS = (
    "tests/process",
    "tests/rpc/test_streams.py",
    "tests/live/test_engine.py",
    "tests/emulator/test_server.py",
)
"""Ends of processes, and real calls over plaintext and TLS. `scripts/test --python` runs all others."""


@pytest.mark.parametrize("version", ["3.12", "3.13"])
def test_processes_and_calls_work_with_another_python(version: str) -> None:
    command = [
        environments.ROOT / "scripts/test",
        "--python",
        version,
        "-q",
        "-p",
        "no:cacheprovider",
    ]
    done = subprocess.run(
        [*command, *TESTS],
        cwd=environments.ROOT,
        env={name: value for name, value in os.environ.items() if not name.startswith("PYTEST_")},
        capture_output=True,
        text=True,
        check=False,
    )
    if f"no Python {version}" in done.stderr:
        environments.missing(done.stderr.strip())
    print(done.stdout[-300:])
    assert done.returncode == 0, done.stdout[-5000:] + done.stderr[-2000:]
