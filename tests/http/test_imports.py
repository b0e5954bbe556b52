"""httpx is imported with the first HTTP request only."""

from __future__ import annotations

import subprocess
import sys

import pytest

CALL = """
from gemini_grpc.emulator import Emulator

with Emulator() as emulator:
    options = {"api_endpoint": f"http://{emulator.target}", "api_key": "k"}
    with gemini_grpc.Client(client_options=options) as client:
        gemini_grpc.GenerativeModel("gemini-flash-latest", client=client).count_tokens("Hi")
"""
UPLOAD = CALL.replace(
    """gemini_grpc.GenerativeModel("gemini-flash-latest", client=client).count_tokens("Hi")""",
    """gemini_grpc.upload_file(b"Hi", mime_type="text/plain", client=client)""",
)


@pytest.mark.parametrize(
    ("code", "imported"),
    [("", False), ("gemini_grpc.upload_file", False), (CALL, False), (UPLOAD, True)],
    ids=["import", "name", "call", "upload"],
)
def test_httpx_is_imported_only_where_it_is_needed(code: str, imported: bool) -> None:
    script = f"import gemini_grpc\n{code}\nimport sys; print({{'httpx', 'httpcore'}} & sys.modules.keys())"
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True
    )
    assert (done.stdout.strip() != "set()") is imported
