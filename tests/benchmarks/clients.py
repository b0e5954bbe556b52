"""The clients that are compared, each with the same pieces of work.

    python -m tests.benchmarks.clients CLIENT WORK PORT TLS_PORT FOLDER

Prints the CPU seconds of one operation: user and system time of this process, every thread included.
Work is written as a user of the client writes it: requests from keywords or dictionaries, the text of
the answer read.
"""

from __future__ import annotations

import asyncio
import sys
import time
from collections.abc import Awaitable, Callable, Iterator
from concurrent import futures
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MODEL = "models/gemini-2.5-flash"
CONTENTS = [{"role": "user", "parts": [{"text": "Why is the sky blue?"}]}]
EMBED = [{"model": MODEL, "content": {"parts": [{"text": f"text {n}"}]}} for n in range(100)]
AUDIO = bytes(640)
SETUP = {"setup": {"model": MODEL}}
FRAME = {"realtime_input": {"audio": {"mime_type": "audio/pcm;rate=16000", "data": AUDIO}}}

SERVICE = "/google.ai.generativelanguage.v1beta.GenerativeService/"
SECONDS = 1.2
"""How long each piece of work runs, about."""


def text_of(response: Any) -> str:
    """Read the text of a response, as every user does."""
    return response.candidates[0].content.parts[0].text


TOKEN = "a-bearer-token-of-the-usual-length-" + "x" * 120


@dataclass(frozen=True)
class Secure:
    """The TLS side of the server."""

    number: int
    roots: bytes


Port = int | Secure


class Plain:
    """A plain grpcio stub with plain protobuf messages, synchronous."""

    def __init__(self, port: Port) -> None:
        import grpc

        from gemini_grpc import v1beta

        self.types = v1beta.types
        self.channel = self.open(grpc, port)
        self.bind("GenerateContent", "GenerateContentRequest", "GenerateContentResponse")
        self.bind("BatchEmbedContents", "BatchEmbedContentsRequest", "BatchEmbedContentsResponse")
        self.bind(
            "StreamGenerateContent",
            "GenerateContentRequest",
            "GenerateContentResponse",
            "unary_stream",
        )
        self.bind(
            "BidiGenerateContent",
            "BidiGenerateContentClientMessage",
            "BidiGenerateContentServerMessage",
            "stream_stream",
        )

    def open(self, module: Any, port: Port) -> Any:
        """Open the channel."""
        if isinstance(port, int):
            return module.insecure_channel(f"127.0.0.1:{port}")
        import grpc

        token = grpc.access_token_call_credentials(TOKEN)
        secure = grpc.ssl_channel_credentials(port.roots)
        both = grpc.composite_channel_credentials(secure, token)
        return module.secure_channel(f"localhost:{port.number}", both)

    def bind(self, name: str, request: str, response: str, shape: str = "unary_unary") -> None:
        """Make the callable and the request class of a method."""
        request_class = getattr(self.types, request).pb()
        response_class = getattr(self.types, response).pb()
        call = getattr(self.channel, shape)(
            SERVICE + name,
            request_serializer=request_class.SerializeToString,
            response_deserializer=response_class.FromString,
        )
        setattr(self, name, call)
        setattr(self, request, request_class)

    def unary(self) -> None:
        text_of(self.GenerateContent(self.GenerateContentRequest(model=MODEL, contents=CONTENTS)))

    def embed(self) -> None:
        request = self.BatchEmbedContentsRequest(model=MODEL, requests=EMBED)
        [list(embedding.values) for embedding in self.BatchEmbedContents(request).embeddings]

    def stream(self) -> int:
        request = self.GenerateContentRequest(model=MODEL, contents=CONTENTS)
        return sum(1 for chunk in self.StreamGenerateContent(request) if text_of(chunk))

    def bidi(self, messages: Iterator[dict[str, Any]]) -> Any:
        return self.BidiGenerateContent(
            self.BidiGenerateContentClientMessage(**message) for message in messages
        )


class PlainAio(Plain):
    """The same, asynchronous."""

    def __init__(self, port: Port) -> None:

        super().__init__(port)

    def open(self, module: Any, port: Port) -> Any:
        return super().open(module.aio, port)

    async def unary(self) -> None:
        request = self.GenerateContentRequest(model=MODEL, contents=CONTENTS)
        text_of(await self.GenerateContent(request))

    async def embed(self) -> None:
        request = self.BatchEmbedContentsRequest(model=MODEL, requests=EMBED)
        [list(each.values) for each in (await self.BatchEmbedContents(request)).embeddings]

    async def stream(self) -> int:
        request = self.GenerateContentRequest(model=MODEL, contents=CONTENTS)
        count = 0
        async for chunk in self.StreamGenerateContent(request):
            count += bool(text_of(chunk))
        return count

    async def bidi(self, frames: int) -> None:
        call = self.BidiGenerateContent()
        message = self.BidiGenerateContentClientMessage
        await call.write(message(**SETUP))
        await call.read()
        for _ in range(frames):
            await call.write(message(**FRAME))
            await call.read()
        await call.done_writing()


class Ours:
    """gemini-grpc's generated client, synchronous."""

    def __init__(self, port: Port) -> None:
        from gemini_grpc import v1beta

        if isinstance(port, int):
            options = {"api_endpoint": f"http://127.0.0.1:{port}", "api_key": "key"}
            self.client = self.make(v1beta, client_options=options)
            return
        from google.oauth2.credentials import Credentials

        options = {"api_endpoint": f"localhost:{port.number}", "ca_certificates": port.roots}
        token = Credentials(token=TOKEN)
        self.client = self.make(v1beta, client_options=options, credentials=token)

    def make(self, package: Any, **arguments: Any) -> Any:
        return package.GenerativeServiceClient(**arguments)

    def unary(self) -> None:
        text_of(self.client.generate_content(model=MODEL, contents=CONTENTS))

    def embed(self) -> None:
        response = self.client.batch_embed_contents(model=MODEL, requests=EMBED)
        [list(embedding.values) for embedding in response.embeddings]

    def stream(self) -> int:
        chunks = self.client.stream_generate_content(model=MODEL, contents=CONTENTS)
        return sum(1 for chunk in chunks if text_of(chunk))

    def bidi(self, messages: Iterator[dict[str, Any]]) -> Any:
        return self.client.bidi_generate_content(messages)


class OursAio(Ours):
    """gemini-grpc's generated client, asynchronous."""

    def make(self, package: Any, **arguments: Any) -> Any:
        return package.GenerativeServiceAsyncClient(**arguments)

    async def unary(self) -> None:
        text_of(await self.client.generate_content(model=MODEL, contents=CONTENTS))

    async def embed(self) -> None:
        response = await self.client.batch_embed_contents(model=MODEL, requests=EMBED)
        [list(embedding.values) for embedding in response.embeddings]

    async def stream(self) -> int:
        count = 0
        async for chunk in await self.client.stream_generate_content(
            model=MODEL, contents=CONTENTS
        ):
            count += bool(text_of(chunk))
        return count

    async def bidi(self, frames: int) -> None:
        await ping_pong(self.client.bidi_generate_content, dict, frames)


class Google(Ours):
    """google-ai-generativelanguage, synchronous."""

    transport = "GenerativeServiceGrpcTransport"
    name = "GenerativeServiceClient"

    def __init__(self, port: Port) -> None:
        import warnings

        warnings.simplefilter("ignore")
        import grpc
        from google.ai import generativelanguage_v1beta as package
        from google.ai.generativelanguage_v1beta.services.generative_service import transports

        self.message = package.BidiGenerateContentClientMessage
        module = grpc.aio if self.name.endswith("AsyncClient") else grpc
        channel = Plain.open(self, module, port)
        transport = getattr(transports, self.transport)(channel=channel)
        self.client = getattr(package, self.name)(transport=transport)

    def bidi(self, messages: Iterator[dict[str, Any]]) -> Any:
        return self.client.bidi_generate_content(self.message(message) for message in messages)


class GoogleAio(Google):
    """google-ai-generativelanguage, asynchronous."""

    transport = "GenerativeServiceGrpcAsyncIOTransport"
    name = "GenerativeServiceAsyncClient"

    unary = OursAio.unary
    embed = OursAio.embed
    stream = OursAio.stream

    async def bidi(self, frames: int) -> None:
        await ping_pong(self.client.bidi_generate_content, self.message, frames)


async def ping_pong(
    method: Callable[..., Awaitable[Any]], message: Callable[..., Any], frames: int
) -> None:
    """Send one frame and wait for its answer, over and over."""
    answered = asyncio.Semaphore(1)

    async def messages() -> Any:
        await answered.acquire()
        yield message(SETUP)
        for _ in range(frames):
            await answered.acquire()
            yield message(FRAME)

    async for _ in await method(messages()):
        answered.release()


CLIENTS = {
    "plain": Plain,
    "plain aio": PlainAio,
    "ours": Ours,
    "ours aio": OursAio,
    "google": Google,
    "google aio": GoogleAio,
}

FLIGHT = 64


def run_unary(client: Any) -> int:
    """Make calls one at a time."""
    for _ in range(100):
        client.unary()
    return 100


async def arun_unary(client: Any) -> int:
    """Make calls one at a time."""
    for _ in range(100):
        await client.unary()
    return 100


def run_flight(client: Any) -> int:
    """Make calls with 64 in flight."""
    with futures.ThreadPoolExecutor(FLIGHT) as pool:
        list(pool.map(lambda _: client.unary(), range(FLIGHT * 4)))
    return FLIGHT * 4


async def arun_flight(client: Any) -> int:
    """Make calls with 64 in flight."""

    async def several() -> None:
        for _ in range(4):
            await client.unary()

    await asyncio.gather(*(several() for _ in range(FLIGHT)))
    return FLIGHT * 4


def run_stream(client: Any) -> int:
    """Read a stream of a thousand chunks; the figure is for one chunk."""
    return int(client.stream())


async def arun_stream(client: Any) -> int:
    """Read a stream of a thousand chunks; the figure is for one chunk."""
    return int(await client.stream())


def run_embed(client: Any) -> int:
    """Fetch a hundred vectors of 768 numbers as lists."""
    for _ in range(5):
        client.embed()
    return 5


async def arun_embed(client: Any) -> int:
    """Fetch a hundred vectors of 768 numbers as lists."""
    for _ in range(5):
        await client.embed()
    return 5


FRAMES = 200


def run_bidi(client: Any) -> int:
    """Send a frame of audio, wait for the answer, over and over."""
    import threading

    answered = threading.Semaphore(1)

    def messages() -> Iterator[dict[str, Any]]:
        answered.acquire()
        yield SETUP
        for _ in range(FRAMES):
            answered.acquire()
            yield FRAME

    for _ in client.bidi(messages()):
        answered.release()
    return FRAMES


async def arun_bidi(client: Any) -> int:
    """Send a frame of audio, wait for the answer, over and over."""
    await client.bidi(FRAMES)
    return FRAMES


WORK = {
    "unary": (run_unary, arun_unary),
    "unary, TLS and bearer token": (run_unary, arun_unary),
    "unary, 64 in flight": (run_flight, arun_flight),
    "stream, per chunk": (run_stream, arun_stream),
    "100 x 768 embeddings": (run_embed, arun_embed),
    "bidi ping-pong": (run_bidi, arun_bidi),
}


def measure(name: str, work: str, port: Port) -> float:
    """Return the CPU seconds of one operation."""
    run, arun = WORK[work]

    async def main() -> float:
        client = CLIENTS[name](port)
        await arun(client)
        started, operations = time.process_time(), 0
        until = time.perf_counter() + SECONDS
        while time.perf_counter() < until:
            operations += await arun(client)
        return (time.process_time() - started) / operations

    if name.endswith("aio"):
        return asyncio.run(main())
    client = CLIENTS[name](port)
    run(client)
    started, operations = time.process_time(), 0
    until = time.perf_counter() + SECONDS
    while time.perf_counter() < until:
        operations += run(client)
    return (time.process_time() - started) / operations


def main() -> None:
    """Run the command line."""
    name, work, plain, secure, folder = sys.argv[1:]
    port: Port = int(plain)
    if "TLS" in work:
        port = Secure(int(secure), (Path(folder) / "ca.pem").read_bytes())
    print(measure(name, work, port))


if __name__ == "__main__":
    main()
