"""How much the emulator does on this machine: requests in a second, and its memory.

    python -m tests.benchmarks.emulator

The emulator runs in a process of its own and is asked by clients of ours.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path
from typing import Any

from gemini_grpc import v1beta

MODEL = "models/gemini-3.8-flash"
LIVE_MODEL = "models/gemini-3.8-live"
CONTENTS = [{"role": "user", "parts": [{"text": "Why is the sky blue?"}]}]
STREAMS = 64
SESSIONS = 200
SECONDS = 3.0

Client = v1beta.GenerativeServiceAsyncClient


def memory(pid: int) -> float:
    """Return the resident memory of a process in megabytes."""
    status = Path(f"/proc/{pid}/status").read_text()
    found = re.search(r"VmRSS:\s+(\d+) kB", status)
    assert found
    return int(found[1]) / 1024


async def unary(client: Client) -> None:
    """Generate one answer."""
    await client.generate_content(model=MODEL, contents=CONTENTS)


async def stream(client: Client) -> None:
    """Read one stream to its end."""
    async for _ in await client.stream_generate_content(model=MODEL, contents=CONTENTS):
        pass


async def session(client: Client) -> None:
    """Hold one live session of one turn."""
    ready = asyncio.Event()
    over = asyncio.Event()

    async def messages() -> AsyncIterator[dict[str, Any]]:
        yield {"setup": {"model": LIVE_MODEL}}
        await ready.wait()
        yield {"client_content": {"turns": CONTENTS, "turn_complete": True}}
        await over.wait()

    async for message in await client.bidi_generate_content(messages()):
        if "setup_complete" in message:
            ready.set()
        if message.server_content.turn_complete:
            over.set()


async def rate(work: Callable[[], Awaitable[None]], at_once: int) -> float:
    """Return how many times in a second some work is done, with so much of it at once."""
    done = 0
    until = time.perf_counter() + SECONDS
    started = time.perf_counter()

    async def repeat() -> None:
        nonlocal done
        while time.perf_counter() < until:
            await work()
            done += 1

    await asyncio.gather(*(repeat() for _ in range(at_once)))
    return done / (time.perf_counter() - started)


async def measure(target: str, pid: int) -> None:
    """Print the figures."""
    options = {"api_endpoint": f"http://{target}", "api_key": "benchmark"}
    print(f"{'emulator: idle':40}{memory(pid):>22.0f} MB")
    async with Client(client_options=options) as client:
        for title, work, at_once in (
            ("GenerateContent, 1 at a time", unary, 1),
            ("GenerateContent, 64 at once", unary, STREAMS),
            (f"StreamGenerateContent, {STREAMS} at once", stream, STREAMS),
            (f"live sessions of a turn, {SESSIONS} at once", session, SESSIONS),
        ):
            figure = await rate(lambda work=work: work(client), at_once)
            print(f"{title:40}{figure:>12.0f} / s{memory(pid):>8.0f} MB")


def main() -> None:
    """Start the emulator and measure it."""
    command = [sys.executable, "-m", "gemini_grpc", "emulator", "--port", "0"]
    server = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert server.stdout is not None
    try:
        found = re.search(r"127\.0\.0\.1:\d+", server.stdout.readline())
        assert found
        asyncio.run(measure(found[0], server.pid))
    finally:
        server.terminate()
        server.wait()


if __name__ == "__main__":
    main()
