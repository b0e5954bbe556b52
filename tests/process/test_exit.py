"""A process ends at once, and says nothing, whatever it has open."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import textwrap
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING

import pytest

from tests.support import leak_cases

if TYPE_CHECKING:
    from gemini_grpc.emulator import Emulator

PATIENCE = 60.0

PROLOGUE = """
import asyncio, sys, time
import gemini_grpc as genai
from gemini_grpc import AsyncClient, Client

OPTIONS = {"api_endpoint": f"http://{sys.argv[1]}"}
STALL = {"model": "models/gemini-2.5-flash", "contents": [{"parts": [{"text": "stall"}]}]}

def requests(seconds=0):
    yield {"setup": {"model": "models/gemini-live"}}
    time.sleep(seconds)
    while True:
        yield {"realtime_input": {"text": "hi"}}

def make(cls):
    return cls(api_key="k", client_options=OPTIONS)

client = make(Client)
service = client.generative_service
"""

OPEN = {
    "a client": "service.count_tokens(model=STALL['model'], contents=[{'parts': [{'text': 'hi'}]}])",
    "a stream": "kept = service.stream_generate_content(**STALL); next(kept)",
    "a response": "kept = client.models.generate_content('gemini-2.5-flash', 'stall', stream=True)",
    "a call both ways": "kept = service.bidi_generate_content(requests()); next(kept)",
    "requests that block": "kept = service.bidi_generate_content(requests(1000)); next(kept)",
    "a session": "kept = client.live.connect('gemini-live'); kept.__enter__()",
    "a session of a closed client": """
kept = client.live.connect('gemini-live')
kept.__enter__()
client.close()
""",
    "a suspended generator with a session": """
def events():
    with client.live.connect('gemini-live') as session:
        yield from session
kept = events()
next(kept)
""",
    "a suspended generator with a stream": """
def messages():
    with service.stream_generate_content(**STALL) as stream:
        yield from stream
kept = messages()
next(kept)
""",
    "an asynchronous session": """
async def session():
    kept = make(AsyncClient).live.connect('gemini-live')
    await kept.__aenter__()
    return kept
runner = asyncio.Runner()
kept = runner.run(session())
""",
    "an asynchronous session of a loop that ended": """
async def session():
    kept = make(AsyncClient).live.connect('gemini-live')
    await kept.__aenter__()
    return kept
kept = asyncio.run(session())
""",
    "an asynchronous stream": """
async def stream():
    kept = await make(AsyncClient).generative_service.stream_generate_content(**STALL)
    await anext(kept)
    return kept
kept = asyncio.run(stream())
""",
    "an upload that exits": """
def leave(done, total):
    sys.exit()
genai.upload_file(b'x', mime_type='text/plain', client=client, progress=leave, wait=False)
""",
}


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with leak_cases.serve() as running:
        yield running


@contextlib.contextmanager
def start(emulator: Emulator, program: str) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-c", PROLOGUE + program, emulator.target]
    pipe = subprocess.PIPE
    variables = {**os.environ, "PYTHONWARNINGS": "default"}
    with subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, env=variables) as process:
        try:
            yield process
        finally:
            process.kill()


def finish(emulator: Emulator, program: str) -> tuple[int, str]:
    """Return the code with which a program exits, and what it writes on stderr."""
    with start(emulator, program) as process:
        _, written = process.communicate(timeout=PATIENCE)
    return process.returncode, written


@pytest.mark.parametrize("program", OPEN.values(), ids=OPEN)
def test_a_process_ends_whatever_is_open(emulator: Emulator, program: str) -> None:
    code, written = finish(emulator, program)
    assert [line for line in written.splitlines() if "ResourceWarning" not in line] == []
    assert code == 0


@pytest.mark.parametrize(
    "open_first", ["a stream", "a session", "a call both ways", "an asynchronous session"]
)
def test_a_process_ends_after_an_exception(emulator: Emulator, open_first: str) -> None:
    code, written = finish(emulator, OPEN[open_first] + "\nraise ValueError('mine')\n")
    assert written.count("Traceback") == 1
    assert "ValueError: mine" in written
    assert "Exception ignored" not in written
    assert code == 1


WAITING = {
    "a call": ("CountTokens", "service.count_tokens(**STALL)"),
    "a stream": ("StreamGenerateContent", "list(service.stream_generate_content(**STALL))"),
    "a session": (
        "BidiGenerateContent",
        """
with client.live.connect('gemini-live') as session:
    list(session)
""",
    ),
    "an answer": (
        "BidiGenerateContent",
        """
with client.live.connect('gemini-live') as session:
    while True:
        session.ask('hi')
""",
    ),
    "an upload": (
        "start",
        """
import io
class Slow(io.BytesIO):
    def read(self, size=-1):
        time.sleep(1000)
genai.upload_file(Slow(b'x' * 100), mime_type='text/plain', client=client)
""",
    ),
    "an asynchronous call": (
        "CountTokens",
        "asyncio.run(make(AsyncClient).generative_service.count_tokens(**STALL))",
    ),
}
"""What waits, and the method that the server has seen by then."""


INTERRUPTED = """
try:
{}
except KeyboardInterrupt:
    print("interrupted")
client.close()
"""


@pytest.mark.parametrize(("method", "program"), WAITING.values(), ids=WAITING)
def test_ctrl_c_ends_a_wait_with_keyboard_interrupt(
    emulator: Emulator, method: str, program: str
) -> None:
    with start(emulator, INTERRUPTED.format(textwrap.indent(program, "    "))) as process:
        until = time.monotonic() + PATIENCE
        while not emulator.journal.calls(method):
            assert process.poll() is None, process.communicate()
            assert time.monotonic() < until
            time.sleep(0.01)
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=PATIENCE)
    assert (out, err, process.returncode) == ("interrupted\n", "", 0)
