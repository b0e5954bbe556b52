"""Calls over channels that something wraps: interceptors and instrumentation may return plain iterators.

OpenTelemetry's instrumentation of grpcio replaces `grpc.insecure_channel` and gives generators for streams.
"""

from __future__ import annotations

import gc
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import grpc
import grpc.aio
import pytest

from gemini_grpc import AsyncClient, Client, errors
from gemini_grpc.emulator import Emulator, Fault, Reply

FIELDS = {"model": "models/gemini-2.5-flash", "contents": [{"parts": [{"text": "hi"}]}]}
SETUP = {"setup": {"model": "models/gemini-live"}}


class Spans(grpc.UnaryStreamClientInterceptor, grpc.StreamStreamClientInterceptor):
    """Gives a generator for a stream, and knows when it has ended."""

    def __init__(self) -> None:
        self.ended = threading.Event()

    def _generate(self, call: Any) -> Iterator[bytes]:
        try:
            yield from call
        finally:
            self.ended.set()

    def intercept_unary_stream(self, continuation: Any, details: Any, request: Any) -> Any:
        return self._generate(continuation(details, request))

    def intercept_stream_stream(self, continuation: Any, details: Any, requests: Any) -> Any:
        return self._generate(continuation(details, requests))


class Bare:
    """Iterates, and does nothing else."""

    def __init__(self, call: Any) -> None:
        self._call = call

    def __iter__(self) -> Bare:
        return self

    def __next__(self) -> bytes:
        return next(self._call)


class BareSpans(Spans):
    def _generate(self, call: Any) -> Any:
        return Bare(super()._generate(call))


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        stalled = Reply(chunks=["one", "two", Fault(stall=True, times=None)], times=None)
        running.script("StreamGenerateContent", [stalled])
        yield running


@pytest.fixture(params=[Spans, BareSpans])
def spans(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Spans:
    made: Spans = request.param()
    plain = grpc.insecure_channel

    def wrapped(*arguments: Any, **options: Any) -> grpc.Channel:
        return grpc.intercept_channel(plain(*arguments, **options), made)

    monkeypatch.setattr(grpc, "insecure_channel", wrapped)
    return made


@pytest.fixture
def client(emulator: Emulator, spans: Spans) -> Iterator[Client]:
    with Client(api_key="k", client_options={"api_endpoint": f"http://{emulator.target}"}) as made:
        yield made


def by_break(stream: Any) -> None:
    for _ in stream:
        break


def by_with(stream: Any) -> None:
    with stream:
        next(stream)


def by_cancel(stream: Any) -> None:
    next(stream)
    stream.cancel()


def by_nothing(stream: Any) -> None:
    """Drop it."""


@pytest.mark.parametrize("leave", [by_break, by_with, by_cancel, by_nothing])
def test_a_wrapped_stream_can_be_left(
    emulator: Emulator, client: Client, spans: Spans, leave: Callable[[Any], None]
) -> None:
    leave(client.generative_service.stream_generate_content(**FIELDS))
    gc.collect()
    assert spans.ended.wait(10)
    emulator.journal.wait()
    assert emulator.journal.calls("StreamGenerateContent")[0].attempts[0].cancelled


def test_a_wrapped_stream_that_was_left_says_so(client: Client, spans: Spans) -> None:
    stream = client.generative_service.stream_generate_content(**FIELDS)
    next(stream)
    stream.cancel()
    with pytest.raises(errors.Cancelled):
        next(stream)


def test_a_wrapped_stream_is_read_to_the_end(emulator: Emulator, client: Client) -> None:
    emulator.clear_scripts()
    assert list(client.generative_service.stream_generate_content(**FIELDS))


def test_a_wrapped_call_both_ways_ends_with_its_requests(client: Client, spans: Spans) -> None:
    assert list(client.generative_service.bidi_generate_content(iter([SETUP])))
    assert spans.ended.is_set()


def test_a_live_session_works_over_wrapped_calls(client: Client, spans: Spans) -> None:
    with client.live.connect("gemini-live") as session:
        assert session.ask("hi").text
    assert spans.ended.wait(10)


class AsyncSpans(grpc.aio.UnaryStreamClientInterceptor):
    """Gives an asynchronous generator for a stream."""

    def __init__(self) -> None:
        self.ended = False

    async def intercept_unary_stream(self, continuation: Any, details: Any, request: Any) -> Any:
        return self._generate(await continuation(details, request))

    async def _generate(self, call: Any) -> AsyncIterator[bytes]:
        try:
            async for message in call:
                yield message
        finally:
            self.ended = True


@pytest.mark.parametrize("leave", ["break", "with", "cancel"])
async def test_an_asynchronous_stream_of_interceptors_can_be_left(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, leave: str
) -> None:
    spans, plain = AsyncSpans(), grpc.aio.insecure_channel

    def wrapped(target: str, options: Any, **more: Any) -> grpc.aio.Channel:
        return plain(target, options, interceptors=[spans])

    monkeypatch.setattr(grpc.aio, "insecure_channel", wrapped)
    options = {"api_endpoint": f"http://{emulator.target}"}
    async with AsyncClient(api_key="k", client_options=options) as client:
        stream = await client.generative_service.stream_generate_content(**FIELDS)
        if leave == "break":
            async for _ in stream:
                break
        elif leave == "with":
            async with stream:
                await anext(stream)
        else:
            await anext(stream)
            stream.cancel()
        del stream
        gc.collect()
    emulator.journal.wait()
    assert emulator.journal.calls("StreamGenerateContent")[0].attempts[0].cancelled


async def test_a_plain_asynchronous_generator_can_be_left(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    ended: list[bool] = []

    async def generate(call: Any) -> AsyncIterator[bytes]:
        try:
            async for message in call:
                yield message
        finally:
            ended.append(True)

    kind = grpc.aio.UnaryStreamMultiCallable
    plain = grpc.aio._channel.UnaryStreamMultiCallable.__call__
    assert issubclass(grpc.aio._channel.UnaryStreamMultiCallable, kind)
    monkeypatch.setattr(
        grpc.aio._channel.UnaryStreamMultiCallable,
        "__call__",
        lambda self, *request, **options: generate(plain(self, *request, **options)),
    )
    options = {"api_endpoint": f"http://{emulator.target}"}
    async with AsyncClient(api_key="k", client_options=options) as client:
        stream = await client.generative_service.stream_generate_content(**FIELDS)
        await anext(stream)
        stream.cancel()
        with pytest.raises(errors.Cancelled):
            await anext(stream)
    assert ended
