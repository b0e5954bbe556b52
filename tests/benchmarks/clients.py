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
from functools import cached_property
from pathlib import Path
from typing import Any

MODEL = "models/gemini-3.8-flash"
QUESTION = "Why is the sky blue?"
CONTENTS = [{"role": "user", "parts": [{"text": QUESTION}]}]
TEXTS = [f"text {n}" for n in range(100)]
EMBED = [{"model": MODEL, "content": {"parts": [{"text": text}]}} for text in TEXTS]
AUDIO = bytes(640)
SETUP = {"setup": {"model": MODEL}}
FRAME = {"realtime_input": {"audio": {"mime_type": "audio/pcm;rate=16000", "data": AUDIO}}}

SERVICE = "/google.ai.generativelanguage.v1beta.GenerativeService/"
SECONDS = 1.2
"""How long each piece of work runs, about."""


def text_of(response: Any) -> str:
    """Read the text of a response, as every user does."""
    return response.candidates[0].content.parts[0].text


def lists_of(response: Any) -> Any:
    """Read the vectors of a response as lists."""
    return [list(embedding.values) for embedding in response.embeddings]


def buffers_of(response: Any) -> Any:
    """Read the vectors into a matrix as whole arrays, which protobuf 7 hands out."""
    import numpy

    return numpy.array([each.values for each in response.embeddings], dtype=numpy.float32)


def matrix_of(response: Any) -> Any:
    """Read the vectors of a response into a matrix, number by number, as with every protobuf."""
    import numpy

    return numpy.array(lists_of(response), dtype=numpy.float32)


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

    def embedded(self) -> Any:
        return self.BatchEmbedContents(self.BatchEmbedContentsRequest(model=MODEL, requests=EMBED))

    def lists(self) -> None:
        lists_of(self.embedded())

    def matrix(self) -> None:
        matrix_of(self.embedded())

    def buffers(self) -> None:
        buffers_of(self.embedded())

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

    async def lists(self) -> None:
        lists_of(await self.embedded())

    async def matrix(self) -> None:
        matrix_of(await self.embedded())

    async def buffers(self) -> None:
        buffers_of(await self.embedded())

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

    def embedded(self) -> Any:
        return self.client.batch_embed_contents(model=MODEL, requests=EMBED)

    lists, matrix = Plain.lists, Plain.matrix

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

    lists, matrix = PlainAio.lists, PlainAio.matrix

    async def stream(self) -> int:
        count = 0
        async for chunk in await self.client.stream_generate_content(
            model=MODEL, contents=CONTENTS
        ):
            count += bool(text_of(chunk))
        return count

    async def bidi(self, frames: int) -> None:
        await ping_pong(self.client.bidi_generate_content, dict, frames)


class Everyday(Ours):
    """gemini-grpc's everyday API, synchronous."""

    bidi: Any = None  # live sessions have a benchmark of their own

    def make(self, package: Any, **arguments: Any) -> Any:
        import gemini_grpc

        self.api = gemini_grpc
        return gemini_grpc.Client(**arguments)

    @cached_property
    def model(self) -> Any:
        return self.api.GenerativeModel(MODEL, client=self.client)

    def unary(self) -> None:
        self.model.generate_content(QUESTION).text  # noqa: B018

    def lists(self) -> None:
        self.api.embed_content(MODEL, TEXTS, client=self.client)

    def matrix(self) -> None:
        self.api.embed_content(MODEL, TEXTS, output="numpy", client=self.client)

    buffers = matrix

    def stream(self) -> int:
        return sum(1 for chunk in self.model.generate_content(QUESTION, stream=True) if chunk.text)


class EverydayAio(Everyday):
    """The same, asynchronous."""

    def make(self, package: Any, **arguments: Any) -> Any:
        import gemini_grpc

        self.api = gemini_grpc
        return gemini_grpc.AsyncClient(**arguments)

    async def unary(self) -> None:
        (await self.model.generate_content_async(QUESTION)).text  # noqa: B018

    async def lists(self) -> None:
        await self.api.embed_content_async(MODEL, TEXTS, client=self.client)

    async def matrix(self) -> None:
        await self.api.embed_content_async(MODEL, TEXTS, output="numpy", client=self.client)

    buffers = matrix

    async def stream(self) -> int:
        count = 0
        async for chunk in await self.model.generate_content_async(QUESTION, stream=True):
            count += bool(chunk.text)
        return count


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
    lists, matrix = OursAio.lists, OursAio.matrix
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
    "everyday": Everyday,
    "everyday aio": EverydayAio,
    "google": Google,
    "google aio": GoogleAio,
}
"""The columns of the table."""

FLIGHT = 64
Run = Callable[[Any], int]
ARun = Callable[[Any], Awaitable[int]]


def repeat(method: str, times: int) -> tuple[str, Run, ARun]:
    """Return work that is one method of a client, called over and over."""

    def run(client: Any) -> int:
        for _ in range(times):
            getattr(client, method)()
        return times

    async def arun(client: Any) -> int:
        for _ in range(times):
            await getattr(client, method)()
        return times

    return method, run, arun


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


WORK: dict[str, tuple[str, Run, ARun]] = {
    "unary": repeat("unary", 100),
    "unary, TLS and bearer token": repeat("unary", 100),
    "unary, 64 in flight": ("unary", run_flight, arun_flight),
    "stream, per chunk": ("stream", run_stream, arun_stream),
    "100 x 768 as lists": repeat("lists", 5),
    "100 x 768 as float32 array": repeat("matrix", 5),
    "the same, plain by buffers": repeat("buffers", 5),
    "bidi ping-pong": ("bidi", run_bidi, arun_bidi),
}
"""What is done: the method of the client it takes, and how it is run in each colour."""


def can(name: str, work: str) -> bool:
    """Tell whether a client has what a piece of work takes."""
    return getattr(CLIENTS[name], WORK[work][0], None) is not None


def measure(name: str, work: str, port: Port) -> float:
    """Return the CPU seconds of one operation."""
    _, run, arun = WORK[work]

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
