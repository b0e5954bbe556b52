"""grpc core writes nothing to stderr, whichever module of ours is imported first."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.hostile.server import GOAWAY, Server, Stream, frame

ROOT = Path(__file__).parent.parent.parent
FIRST = [
    *("gemini_grpc", "gemini_grpc.errors", "gemini_grpc.emulator", "gemini_grpc.live"),
    *("gemini_grpc.rpc.policy", "gemini_grpc.v1beta", "gemini_grpc.v1beta.servicers"),
    *(
        "gemini_grpc.v1beta.methods",
        "gemini_grpc.aiplatform_v1.servicers",
        "gemini_grpc.v1alpha.types",
    ),
    *("gemini_grpc.types", "gemini_grpc.protos", "gemini_grpc.caching", "gemini_grpc.vertexai"),
    *("gemini_grpc.functions", "gemini_grpc.emulator.pytest_plugin", "gemini_grpc.cli.main"),
]
CALL = """
import importlib, sys
first, _, name = sys.argv[1].partition(":")
module = importlib.import_module(first)
getattr(module, name) if name else None
import gemini_grpc
options = {"api_endpoint": f"http://{sys.argv[2]}", "api_key": "k"}
with gemini_grpc.v1beta.ModelServiceClient(client_options=options) as client:
    try:
        client.get_model(name="models/x", retry=None, timeout=10)
    except gemini_grpc.errors.Unavailable as error:
        print(error)
"""


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    def go_away(stream: Stream) -> None:
        stream.answer()
        stream.send(frame(GOAWAY, 0, struct.pack(">II", 0, 11) + b"too_many_pings"))
        stream.connection.close()

    with Server(go_away) as running:
        yield running


def called(server: Server, first: str, **variables: str) -> subprocess.CompletedProcess[str]:
    inherited = {key: value for key, value in os.environ.items() if key != "GRPC_VERBOSITY"}
    return subprocess.run(
        [sys.executable, "-c", CALL, first, server.target],
        env=inherited | variables,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )


@pytest.mark.parametrize("first", [*FIRST, "gemini_grpc:RetryPolicy", "gemini_grpc:emulator"])
def test_nothing_is_written_to_stderr(server: Server, first: str) -> None:
    done = called(server, first)
    assert "too_many_pings" in done.stdout
    assert done.stderr == ""


def test_the_variable_of_the_user_holds(server: Server) -> None:
    assert "too_many_pings" in called(server, "gemini_grpc", GRPC_VERBOSITY="INFO").stderr
