"""Sessions over real calls: order, ends, threads, and many at once."""

from __future__ import annotations

import asyncio
import queue
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from gemini_grpc import errors, v1alpha, v1beta
from gemini_grpc.emulator import Emulator
from gemini_grpc.emulator.clock import VirtualClock
from gemini_grpc.emulator.live import speech
from gemini_grpc.emulator.live.driver import THREAD_NAME

SETUP = {"setup": {"model": "models/gemini-live"}}


class Client:
    """A client whose requests are put into a queue; None ends its side."""

    def __init__(self, emulator: Emulator, api: Any = v1beta) -> None:
        options = {"api_endpoint": f"http://{emulator.target}", "api_key": "test"}
        self.service = api.GenerativeServiceClient(client_options=options)
        self.sent: queue.Queue[dict[str, Any] | None] = queue.Queue()
        self.stream = self.service.bidi_generate_content(iter(self.sent.get, None))

    def send(self, message: dict[str, Any] | None) -> None:
        self.sent.put(message)

    def say(self, text: str) -> None:
        turns = [{"role": "user", "parts": [{"text": text}]}]
        self.send({"client_content": {"turns": turns, "turn_complete": True}})

    def leave(self) -> None:
        """Cancel the call, and let the thread end that sends."""
        self.stream.cancel()
        self.send(None)

    def until(self, field: str) -> list[Any]:
        """Read up to the message whose content has a field."""
        came = []
        for message in self.stream:
            came.append(message)
            if getattr(message.server_content, field):
                break
        return came


def readers() -> int:
    return sum(thread.name == THREAD_NAME for thread in threading.enumerate())


def wait_for_readers_to_end() -> None:
    end = time.monotonic() + 5
    while readers() and time.monotonic() < end:
        time.sleep(0.005)  # grpcio tells its threads of an end, and when is its own affair
    assert readers() == 0


@pytest.fixture
def virtual() -> Iterator[Emulator]:
    with Emulator(clock=VirtualClock()) as running:
        yield running


def test_a_dialog_ends_well_when_the_client_has_ended_its_side(emulator: Emulator) -> None:
    client = Client(emulator)
    for message in (SETUP, None):
        client.send(message)
        if message:
            client.say("2 + 3")
    came = list(client.stream)
    assert "setup_complete" in came[0]
    assert "5" in "".join(part.text for m in came for part in m.server_content.model_turn.parts)
    assert came[-1].server_content.turn_complete
    assert came[-1].usage_metadata.total_token_count > 0
    wait_for_readers_to_end()


def test_v1alpha_talks_with_audio_in_media_chunks(emulator: Emulator) -> None:
    client = Client(emulator, v1alpha)
    client.send(SETUP)
    pcm = speech.encode("what is 2 + 3") + bytes(32_000)
    client.send({"realtime_input": {"media_chunks": [{"mime_type": "audio/pcm", "data": pcm}]}})
    came = client.until("turn_complete")
    assert "5" in "".join(part.text for m in came for part in m.server_content.model_turn.parts)
    client.leave()


def test_the_user_interrupts_a_model_that_speaks(virtual: Emulator) -> None:
    virtual.world.live = replace(virtual.world.live, tokens_per_second=1.0)
    client = Client(virtual)
    client.send({"setup": {**SETUP["setup"], "session_resumption": {}}})
    client.say("tell me of the sea")
    assert "setup_complete" in next(client.stream)
    assert "session_resumption_update" in next(client.stream)  # so the model has begun
    virtual.world.clock.advance(10)  # type: ignore[attr-defined]
    assert next(client.stream).server_content.model_turn.parts
    client.send({"realtime_input": {"text": "stop"}})
    came = client.until("turn_complete")
    assert [m.server_content.interrupted for m in came][-2:] == [True, False]
    client.leave()
    wait_for_readers_to_end()


def test_a_connection_ends_with_go_away_and_aborted(virtual: Emulator) -> None:
    virtual.world.live = replace(virtual.world.live, connection_lifetime=100.0, go_away_notice=40)
    client = Client(virtual)
    client.send(SETUP)
    next(client.stream)
    virtual.world.clock.advance(60)  # type: ignore[attr-defined]
    assert next(client.stream).go_away.time_left.total_seconds() == 40
    virtual.world.clock.advance(40)  # type: ignore[attr-defined]
    with pytest.raises(errors.Aborted):
        next(client.stream)
    wait_for_readers_to_end()


def test_a_client_that_cancels_leaves_no_thread(virtual: Emulator) -> None:
    for _ in range(5):
        client = Client(virtual)
        client.send(SETUP)
        next(client.stream)
        client.leave()
    wait_for_readers_to_end()


def test_a_client_that_does_not_read_leaves_no_thread(emulator: Emulator) -> None:
    client = Client(emulator)
    setup = {"model": "models/gemini-3.8-live"}
    client.send({"setup": setup})
    for _ in range(200):
        client.say("tell me of the sea")
    next(client.stream)
    client.leave()
    wait_for_readers_to_end()


def test_a_session_refused_leaves_no_thread(emulator: Emulator) -> None:
    client = Client(emulator)
    client.say("hello")
    with pytest.raises(errors.InvalidArgument, match="setup"):
        next(client.stream)
    wait_for_readers_to_end()


def test_a_model_without_sessions_is_not_found(emulator: Emulator) -> None:
    client = Client(emulator)
    client.send({"setup": {"model": "models/gemini-3.8-flash"}})
    with pytest.raises(errors.NotFound, match="bidiGenerateContent"):
        next(client.stream)


def test_a_server_can_stop_reading_and_still_notices_the_end(emulator: Emulator) -> None:
    emulator.world.live = replace(emulator.world.live, read_limit=1)
    client = Client(emulator)
    client.send(SETUP)
    client.say("nobody hears this")
    next(client.stream)
    client.leave()
    wait_for_readers_to_end()


def test_a_server_can_ignore_that_the_client_has_ended(emulator: Emulator) -> None:
    emulator.world.live = replace(emulator.world.live, ignore_half_close=True)
    client = Client(emulator)
    client.send(SETUP)
    client.send(None)
    next(client.stream)
    wait_for_readers_to_end()  # the client's side is over, and yet nothing comes
    client.leave()


def test_closing_the_emulator_ends_sessions(virtual: Emulator) -> None:
    client = Client(virtual)
    client.send(SETUP)
    next(client.stream)
    virtual.close()
    with pytest.raises(errors.RpcError):
        next(client.stream)
    wait_for_readers_to_end()


async def test_two_hundred_sessions_at_once(emulator: Emulator) -> None:
    options = {"api_endpoint": f"http://{emulator.target}", "api_key": "test"}
    open_now, everyone = 0, asyncio.Event()

    async def hold(service: Any, number: int) -> str:
        nonlocal open_now
        done = asyncio.Event()

        async def requests() -> Any:
            yield SETUP
            await everyone.wait()
            turns = [{"role": "user", "parts": [{"text": f"{number} + 1"}]}]
            yield {"client_content": {"turns": turns, "turn_complete": True}}
            await done.wait()

        said = ""
        async for message in await service.bidi_generate_content(requests()):
            open_now += "setup_complete" in message
            if open_now == 200:
                everyone.set()
            said += "".join(part.text for part in message.server_content.model_turn.parts)
            if message.server_content.turn_complete:
                done.set()
        return said

    async with v1beta.GenerativeServiceAsyncClient(client_options=options) as service:
        answers = await asyncio.gather(*(hold(service, number) for number in range(200)))
    assert all(str(number + 1) in said for number, said in enumerate(answers))
    wait_for_readers_to_end()
