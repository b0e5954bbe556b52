"""A call that somebody else ends is an error; only a task that is cancelled itself is cancelled."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from gemini_grpc import errors, v1beta
from gemini_grpc.emulator import Emulator, Fault, Reply

if TYPE_CHECKING:
    from tests.colours import Sync

FIELDS = {"model": "models/gemini-3.8-flash", "contents": [{"parts": [{"text": "hi"}]}]}
SETUP = {"setup": {"model": "models/gemini-3.8-live"}}


def arrived(emulator: Emulator) -> None:
    """Wait for a call."""
    until = time.monotonic() + 5
    while not len(emulator.journal) and time.monotonic() < until:
        time.sleep(0.01)


@pytest.mark.parametrize(
    ("rpc", "method"),
    [("CountTokens", "count_tokens"), ("StreamGenerateContent", "stream_generate_content")],
)
def test_closing_the_client_is_an_error_of_its_calls(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator, rpc: str, method: str
) -> None:
    emulator.script(rpc, [Fault(stall=True)])
    client = connect(emulator)
    running = colour.start(getattr(client, method), **FIELDS)
    arrived(emulator)
    colour.call(client.close)
    with pytest.raises(errors.Cancelled) as caught:
        running.result(10)
    assert caught.value.method.endswith(rpc)
    assert caught.value.attempts == 1


def test_cancelling_a_stream_is_an_error_of_who_reads_it(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    emulator.script("StreamGenerateContent", [Reply(chunks=["one", Fault(stall=True)])])
    stream = colour.call(connect(emulator).stream_generate_content, **FIELDS)
    colour.next(stream)
    read = getattr(stream, "__anext__", None) or stream.__next__
    reading = colour.start(read)
    time.sleep(0.05)
    colour.call(stream.cancel)
    with pytest.raises(errors.Cancelled) as caught:
        reading.result(10)
    assert len(caught.value.received) == 1
    for _ in range(2):
        with pytest.raises(errors.Cancelled) as caught:
            colour.next(stream)
        assert len(caught.value.received) == 1


async def test_a_task_group_hears_of_a_call_that_was_closed(emulator: Emulator) -> None:
    emulator.script("CountTokens", [Fault(stall=True)])
    client = v1beta.GenerativeServiceAsyncClient(
        client_options={"api_endpoint": f"http://{emulator.target}", "api_key": "k"}
    )

    async def close_during_a_call() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(client.count_tokens(**FIELDS))
            await asyncio.to_thread(arrived, emulator)
            await client.close()

    with pytest.raises(ExceptionGroup) as caught:
        await close_during_a_call()
    assert caught.group_contains(errors.Cancelled)


async def test_a_task_that_is_cancelled_is_cancelled(emulator: Emulator) -> None:
    emulator.script("BidiGenerateContent", [Fault(stall=True)])
    options = {"api_endpoint": f"http://{emulator.target}", "api_key": "k"}
    async with v1beta.GenerativeServiceAsyncClient(client_options=options) as client:
        stream = await client.bidi_generate_content([SETUP])
        task = asyncio.ensure_future(anext(stream))
        await asyncio.to_thread(arrived, emulator)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task


def test_a_message_that_is_none_is_an_error_however_often_it_is_read(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    emulator.script("StreamGenerateContent", [Reply(chunks=["one", "two", Fault(malformed=True)])])
    stream = colour.call(connect(emulator).stream_generate_content, **FIELDS)
    colour.next(stream)
    colour.next(stream)
    for _ in range(3):
        with pytest.raises(errors.Internal) as caught:
            colour.next(stream)
        assert len(caught.value.received) == 2
    colour.call(stream.cancel)


def test_a_refusal_after_the_first_message_is_remembered(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    emulator.script("StreamGenerateContent", [Reply(chunks=["one", Fault("ABORTED", "over")])])
    stream = colour.call(connect(emulator).stream_generate_content, **FIELDS)
    colour.next(stream)
    for _ in range(2):
        with pytest.raises(errors.Aborted, match="over") as caught:
            colour.next(stream)
        assert caught.value.method.endswith("StreamGenerateContent")
