"""The requests of an asynchronous session, when the session ends before them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from gemini_grpc import errors, v1beta
from gemini_grpc.emulator import Emulator, Fault

SETUP = {"setup": {"model": "models/gemini-live"}}
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
