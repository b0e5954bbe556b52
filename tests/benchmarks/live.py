"""Benchmarks of live sessions: client CPU per 20 ms frame of audio, and the memory of an idle session.

    python -m tests.benchmarks.live [--rounds N] [WORK ...]

A session sends a frame, waits for the frame that answers it, and so on. Every figure is taken in a
process of its own, the clients in turn; the table shows the median ratio to the plain synchronous stub
of the same round. google-genai holds its sessions over a websocket, and takes part if it is installed,
which it is best in an environment of its own:

    python -m venv ELSEWHERE
    ELSEWHERE/bin/pip install -e . cryptography h2 google-genai
    ELSEWHERE/bin/python -m tests.benchmarks.live
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import importlib.util
import queue
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from concurrent import futures
from contextlib import AsyncExitStack, ExitStack
from pathlib import Path
from typing import Any

from tests.benchmarks.clients import AUDIO, FRAME, MODEL, SERVICE, SETUP

SECONDS = 1.5
"""How long each piece of work runs, about."""
IDLE = 200
"""How many sessions the memory of one is measured with."""
ANSWER = 960
"""The bytes of audio with which the servers answer a frame."""


class Plain:
    """A plain grpcio stub with plain protobuf messages, synchronous."""

    def __init__(self, ports: dict[str, int]) -> None:
        import grpc

        from gemini_grpc import v1beta

        self._message = v1beta.types.BidiGenerateContentClientMessage.pb()
        response = v1beta.types.BidiGenerateContentServerMessage.pb()
        self._stub = self.open(grpc, f"127.0.0.1:{ports['grpc']}").stream_stream(
            SERVICE + "BidiGenerateContent",
            request_serializer=self._message.SerializeToString,
            response_deserializer=response.FromString,
        )

    def open(self, module: Any, target: str) -> Any:
        return module.insecure_channel(target)

    def begin(self, stack: ExitStack) -> Any:
        """Return a session that is set up."""
        requests: queue.SimpleQueue[Any] = queue.SimpleQueue()
        requests.put(self._message(**SETUP))
        call = self._stub(iter(requests.get, None))
        stack.callback(next, call, None)  # the status; a call that is dropped is reset
        stack.callback(requests.put, None)
        next(call)
        return requests, call

    def frame(self, session: Any) -> bytes:
        """Send a frame and return the one that answers it."""
        requests, call = session
        requests.put(self._message(**FRAME))
        return next(call).server_content.model_turn.parts[0].inline_data.data


class PlainAio(Plain):
    """The same, asynchronous."""

    def open(self, module: Any, target: str) -> Any:
        return module.aio.insecure_channel(target)

    async def begin(self, stack: AsyncExitStack) -> Any:
        call = self._stub()
        await call.write(self._message(**SETUP))
        await call.read()
        stack.push_async_callback(call.done_writing)
        return call

    async def frame(self, session: Any) -> bytes:
        await session.write(self._message(**FRAME))
        message = await session.read()
        return message.server_content.model_turn.parts[0].inline_data.data


class Ours:
    """Sessions of gemini-grpc, synchronous."""

    def __init__(self, ports: dict[str, int]) -> None:
        from gemini_grpc import v1beta
        from gemini_grpc.live._sync.service import Live

        options = {"api_endpoint": f"http://127.0.0.1:{ports['grpc']}", "api_key": "key"}
        client = v1beta.GenerativeServiceClient(client_options=options)
        self._live = Live(client.transport)

    def begin(self, stack: ExitStack) -> Any:
        session = stack.enter_context(self._live.connect(MODEL))
        next(session)
        return session

    def frame(self, session: Any) -> bytes:
        session.send_audio(AUDIO)
        return next(session).pcm


class OursAio:
    """Sessions of gemini-grpc, asynchronous."""

    def __init__(self, ports: dict[str, int]) -> None:
        from gemini_grpc import v1beta
        from gemini_grpc.live._async.service import AsyncLive

        options = {"api_endpoint": f"http://127.0.0.1:{ports['grpc']}", "api_key": "key"}
        client = v1beta.GenerativeServiceAsyncClient(client_options=options)
        self._live = AsyncLive(client.transport)

    async def begin(self, stack: AsyncExitStack) -> Any:
        session = await stack.enter_async_context(self._live.connect(MODEL))
        await anext(session)
        return session

    async def frame(self, session: Any) -> bytes:
        await session.send_audio(AUDIO)
        return (await anext(session)).pcm


class GenaiAio:
    """google-genai, which has asynchronous sessions only, over a websocket."""

    def __init__(self, ports: dict[str, int]) -> None:
        from google import genai
        from google.genai import types

        url = f"ws://127.0.0.1:{ports['websocket']}"
        options = {"base_url": url, "headers": {"x-goog-api-key": "key"}}
        client = genai.Client(vertexai=True, http_options=options)
        client._api_client._websocket_ssl_ctx = {}  # without TLS, as everyone here
        self._live = client.aio.live
        self._blob = types.Blob

    async def begin(self, stack: AsyncExitStack) -> Any:
        session = await stack.enter_async_context(self._live.connect(model=MODEL))
        return session, session.receive()

    async def frame(self, session: Any) -> bytes:
        sender, messages = session
        blob = self._blob(data=AUDIO, mime_type="audio/pcm;rate=16000")
        await sender.send_realtime_input(audio=blob)
        return (await anext(messages)).server_content.model_turn.parts[0].inline_data.data


CLIENTS: dict[str, Any] = {
    "plain": Plain,
    "plain aio": PlainAio,
    "ours": Ours,
    "ours aio": OursAio,
    "genai aio": GenaiAio,
}

WORK = {"one session": 1, "50 sessions at once": 50, "200 sessions at once": 200, "idle session": 0}
"""How many sessions at once; none for the memory of one that is idle."""


def measure(client: Any, sessions: int) -> float:
    """Return the CPU seconds of one frame."""
    with ExitStack() as stack, futures.ThreadPoolExecutor(sessions) as pool:
        opened = [client.begin(stack) for _ in range(sessions)]

        def talk(session: Any, until: float) -> int:
            received = 0
            while time.perf_counter() < until:
                received += len(client.frame(session))
            return received // ANSWER

        def all_talk(seconds: float) -> int:
            until = time.perf_counter() + seconds
            return sum(pool.map(talk, opened, [until] * sessions))

        all_talk(SECONDS / 4)
        started = time.process_time()
        frames = all_talk(SECONDS)
        return (time.process_time() - started) / frames


async def async_measure(client: Any, sessions: int) -> float:
    """Return the CPU seconds of one frame."""
    async with AsyncExitStack() as stack:
        opened = [await client.begin(stack) for _ in range(sessions)]

        async def talk(session: Any, until: float) -> int:
            received = 0
            while time.perf_counter() < until:
                received += len(await client.frame(session))
            return received // ANSWER

        async def all_talk(seconds: float) -> int:
            until = time.perf_counter() + seconds
            return sum(await asyncio.gather(*(talk(each, until) for each in opened)))

        await all_talk(SECONDS / 4)
        started = time.process_time()
        frames = await all_talk(SECONDS)
        return (time.process_time() - started) / frames


def resident() -> float:
    """Return the memory of this process in bytes."""
    gc.collect()
    found = re.search(r"VmRSS:\s+(\d+) kB", Path("/proc/self/status").read_text())
    assert found
    return int(found[1]) * 1024.0


def weigh(client: Any) -> float:
    """Return the bytes of one idle session that has sent and received a frame."""
    with ExitStack() as stack:
        kept = []
        for _ in range(IDLE // 4):
            kept.append(client.begin(stack))
            client.frame(kept[-1])
        before = resident()
        for _ in range(IDLE):
            kept.append(client.begin(stack))
            client.frame(kept[-1])
        return (resident() - before) / IDLE


async def async_weigh(client: Any) -> float:
    """Return the bytes of one idle session that has sent and received a frame."""
    async with AsyncExitStack() as stack:
        kept = []
        for _ in range(IDLE // 4):
            kept.append(await client.begin(stack))
            await client.frame(kept[-1])
        before = resident()
        for _ in range(IDLE):
            kept.append(await client.begin(stack))
            await client.frame(kept[-1])
        return (resident() - before) / IDLE


def figure(name: str, work: str, ports: dict[str, int]) -> float:
    """Return one figure: seconds of CPU, or bytes."""
    sessions = WORK[work]
    if name.endswith("aio"):

        async def main() -> float:
            client = CLIENTS[name](ports)
            if sessions:
                return await async_measure(client, sessions)
            return await async_weigh(client)

        return asyncio.run(main())
    client = CLIENTS[name](ports)
    return measure(client, sessions) if sessions else weigh(client)


def show(found: dict[str, dict[str, list[float]]], names: Sequence[str]) -> None:
    """Print the table."""
    others = [name for name in names if name != "plain"]
    print(f"{'':22}{'plain':>12}" + "".join(f"{name:>12}" for name in others))
    for work, figures in found.items():
        plain = figures["plain"]
        absolute = statistics.median(plain)
        cells = f"{absolute * 1e6:9.1f} us" if WORK[work] else f"{absolute / 1024:9.1f} kB"
        for name in others:
            ratios = [a / b for a, b in zip(figures[name], plain, strict=True)]
            cells += f"{statistics.median(ratios):12.2f}"
        print(f"{work:22}{cells}")


class Server:
    """A server in a process of its own, which prints its ports."""

    def __init__(self, module: str, *arguments: str) -> None:
        command = [sys.executable, "-m", f"tests.benchmarks.{module}", *arguments]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.port = int(self._process.stdout.readline().split()[0])

    def close(self) -> None:
        """Let it end."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait()


def run(rounds: int, works: Sequence[str]) -> None:
    """Measure everything and print the table."""
    names = [name for name in CLIENTS if not name.startswith("genai") or _has_genai()]
    started = time.perf_counter()
    found: dict[str, dict[str, list[float]]] = {
        work: {name: [] for name in names} for work in works
    }
    with tempfile.TemporaryDirectory() as folder, ExitStack() as stack:
        servers = {"grpc": Server("server", folder)}
        if "genai aio" in names:
            servers["websocket"] = Server("websocket")
        for server in servers.values():
            stack.callback(server.close)
        ports = [f"{name}={server.port}" for name, server in servers.items()]
        for _ in range(rounds):
            for work in works:
                for name in names:
                    command = [sys.executable, "-m", "tests.benchmarks.live", "--figure"]
                    command += [name, work, *ports]
                    done = subprocess.run(command, check=True, capture_output=True, text=True)
                    found[work][name].append(float(done.stdout))
    show(found, names)
    if "genai aio" not in names:
        print("google-genai is left out, because it is not installed")
    print(f"medians of {rounds} rounds; {time.perf_counter() - started:.0f} s")


def _has_genai() -> bool:
    return all(map(importlib.util.find_spec, ("google.genai", "websockets")))


def main() -> None:
    """Run the command line."""
    if sys.argv[1:2] == ["--figure"]:
        name, work, *ports = sys.argv[2:]
        pairs = (port.split("=") for port in ports)
        print(figure(name, work, {name: int(number) for name, number in pairs}))
        return
    parser = argparse.ArgumentParser(prog="python -m tests.benchmarks.live")
    parser.add_argument("work", nargs="*", choices=[*WORK, []], help="default: everything")
    parser.add_argument("--rounds", type=int, default=3, help="how often each is measured")
    arguments = parser.parse_args()
    run(arguments.rounds, [work for work in WORK if not arguments.work or work in arguments.work])


if __name__ == "__main__":
    main()
