"""The requests of a session, when they fail, and when the session ends before them."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import grpc
import pytest

from gemini_grpc import errors, v1beta
from gemini_grpc.emulator import Emulator, Fault

SETUP = {"setup": {"model": "models/gemini-3.8-live"}}
ASK = {"client_content": {"turns": [{"parts": [{"text": "hi"}]}], "turn_complete": True}}


@pytest.fixture
def connected(emulator: Emulator) -> Callable[[], Any]:
    options = {"api_endpoint": f"http://{emulator.target}", "api_key": "k"}
    return lambda: v1beta.GenerativeServiceAsyncClient(client_options=options)


async def test_requests_that_will_not_stop_are_not_sent(
    emulator: Emulator, connected: Callable[[], Any]
) -> None:
    emulator.script("BidiGenerateContent", [Fault("ABORTED", "over", after=1)])
    ended = asyncio.Event()

    async def requests() -> AsyncIterator[Any]:
        yield SETUP
        try:
            await asyncio.Event().wait()
        except asyncio.CancelledError:
            ended.set()
        yield ASK
        raise AssertionError("nobody asks for more")

    async with connected() as client:
        stream = await client.bidi_generate_content(requests())
        assert "setup_complete" in await anext(stream)
        with pytest.raises(errors.Aborted, match="over"):
            await anext(stream)
        await asyncio.wait_for(ended.wait(), 5)
    assert emulator.journal[0].attempts[0].received == 1


FAILURES = [
    SystemExit(3),
    grpc.RpcError("mine"),
    asyncio.InvalidStateError("mine"),
    grpc.aio.AioRpcError(grpc.StatusCode.ABORTED, grpc.aio.Metadata(), grpc.aio.Metadata(), "mine"),
]
"""What grpcio raises as well, or what is no `Exception`."""


def failing(error: BaseException) -> Iterator[Any]:
    yield SETUP
    raise error


async def async_failing(error: BaseException) -> AsyncIterator[Any]:
    yield SETUP
    raise error


@pytest.mark.parametrize("error", FAILURES, ids=lambda error: type(error).__name__)
def test_whatever_the_requests_raise_is_raised_to_the_reader(
    emulator: Emulator, error: BaseException
) -> None:
    options = {"api_endpoint": f"http://{emulator.target}", "api_key": "k"}
    with v1beta.GenerativeServiceClient(client_options=options) as client:
        stream = client.bidi_generate_content(failing(error), timeout=5.0)
        with pytest.raises(type(error)) as caught:
            list(stream)
    assert caught.value is error


@pytest.mark.parametrize("make", [failing, async_failing])
@pytest.mark.parametrize("error", FAILURES, ids=lambda error: type(error).__name__)
async def test_whatever_the_requests_raise_is_raised_to_an_asynchronous_reader(
    connected: Callable[[], Any], make: Callable[[BaseException], Any], error: BaseException
) -> None:
    async with connected() as client:
        stream = await client.bidi_generate_content(make(error), timeout=5.0)
        with pytest.raises(type(error)) as caught:
            [message async for message in stream]
        assert caught.value is error
        with pytest.raises(type(error)):
            await anext(stream)


async def test_requests_that_wait_for_what_is_cancelled_are_an_error(
    connected: Callable[[], Any],
) -> None:
    async with connected() as client:
        requests = async_failing(asyncio.CancelledError())
        stream = await client.bidi_generate_content(requests, timeout=5.0)
        with pytest.raises(errors.Cancelled):
            [message async for message in stream]


def test_a_session_that_was_left_closes_its_requests(emulator: Emulator) -> None:
    closed = threading.Event()

    def requests() -> Iterator[Any]:
        try:
            yield SETUP
            while True:
                time.sleep(0.01)
                yield {"realtime_input": {"text": "x"}}
        finally:
            closed.set()

    options = {"api_endpoint": f"http://{emulator.target}", "api_key": "k"}
    with v1beta.GenerativeServiceClient(client_options=options) as client:
        stream = client.bidi_generate_content(requests(), timeout=5.0)
        next(stream)
        stream.cancel()
        with pytest.raises(errors.Cancelled):
            list(stream)
        del stream
        until = time.monotonic() + 5
        while not closed.wait(0.01) and time.monotonic() < until:
            gc.collect()
    assert closed.is_set()
