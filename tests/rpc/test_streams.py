"""Streams: read to the end, left early in every way, and the errors of the user's own requests."""

from __future__ import annotations

import asyncio
import gc
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest

from gemini_grpc import errors, v1beta
from gemini_grpc.emulator import Emulator, Fault, Reply
from tests.colours import Async, Sync

MODEL = "models/gemini-3.8-flash"
CONTENTS = [{"parts": [{"text": "tell me about the sea"}]}]
SETUP = {"setup": {"model": "models/gemini-3.8-live"}}


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture(autouse=True)
def fresh(emulator: Emulator) -> None:
    emulator.clear_scripts()
    emulator.reset_journal()


@pytest.fixture
def options(emulator: Emulator) -> dict[str, str]:
    return {"api_endpoint": f"http://{emulator.target}", "api_key": "k"}


def endless(emulator: Emulator) -> Fault:
    """Let the next stream send a message and then nothing."""
    fault = Fault(stall=True)
    emulator.script("StreamGenerateContent", [Reply(chunks=["one", "two", fault])])
    return fault


def cancelled(emulator: Emulator) -> bool:
    """Tell whether the server has seen the only call of the test end early."""
    emulator.journal.wait(timeout=3.0)
    (call,) = emulator.journal
    return call.attempts[0].cancelled and call.status == "CANCELLED"


def text(message: Any) -> str:
    return str(message.candidates[0].content.parts[0].text)


def generate(client: Any) -> Any:
    return client.stream_generate_content(model=MODEL, contents=CONTENTS)


# to the end


def test_a_stream_gives_every_message_once(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    emulator.script("StreamGenerateContent", [Reply(chunks=["a", "b", "c"])])
    stream = colour.call(generate, connect(emulator))
    assert [text(message) for message in colour.drain(stream)] == ["a", "b", "c"]
    assert colour.drain(stream) == []
    emulator.journal.wait()
    assert emulator.journal[0].status == "OK"


def test_a_stream_without_messages_is_empty(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    emulator.script("StreamGenerateContent", [Reply(chunks=[])])
    stream = colour.call(generate, connect(emulator))
    assert colour.drain(stream) == []
    assert colour.drain(stream) == []


def test_a_stream_is_read_at_once_however_many_messages(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    emulator.script("StreamGenerateContent", [Reply(chunks=["x"] * 1000)])
    assert len(colour.drain(colour.call(generate, connect(emulator)))) == 1000


def test_a_second_iterator_goes_on_where_the_first_was(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    emulator.script("StreamGenerateContent", [Reply(chunks=["a", "b", "c"])])
    stream = colour.call(generate, connect(emulator))
    assert text(colour.next(stream)) == "a"
    again = iter(stream) if colour.name == "sync" else aiter(stream)
    assert again is stream
    assert [text(message) for message in colour.drain(again)] == ["b", "c"]


def test_an_error_comes_again_when_the_stream_is_read_on(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    emulator.script("StreamGenerateContent", [Fault("DATA_LOSS", after=1)])
    stream = colour.call(generate, connect(emulator))
    colour.next(stream)
    for _ in range(2):
        with pytest.raises(errors.DataLoss):
            colour.next(stream)


def test_an_error_before_the_first_message_is_raised_by_the_call(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    emulator.script("StreamGenerateContent", [Fault("NOT_FOUND")])
    with pytest.raises(errors.NotFound):
        colour.call(generate, connect(emulator))


# left early


def test_cancelling_is_seen_by_the_server(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    endless(emulator)
    stream = colour.call(generate, connect(emulator))
    colour.next(stream)
    colour.call(stream.cancel)
    assert cancelled(emulator)
    colour.call(stream.cancel)  # the second time it does nothing


def test_cancelling_after_the_end_does_nothing(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    stream = colour.call(generate, connect(emulator))
    colour.drain(stream)
    colour.call(stream.cancel)
    emulator.journal.wait()
    assert emulator.journal[0].status == "OK"


def test_a_message_that_is_none_ends_the_call_on_the_server(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    stall = Fault(stall=True)
    emulator.script("StreamGenerateContent", [Reply(chunks=["a", b"\xff\xff\xff\xff", stall])])
    stream = colour.call(generate, connect(emulator))
    colour.next(stream)
    with pytest.raises(errors.Internal):
        colour.next(stream)
    del stream
    gc.collect()
    assert cancelled(emulator)


class Interrupted(Exception):
    """What a user's loop may raise."""


def leave_by_break(client: Any) -> None:
    for _ in generate(client):
        break


def leave_with_block(client: Any) -> None:
    with generate(client) as stream:
        for _ in stream:
            break
        kept.append(stream)


def leave_by_error(client: Any) -> None:
    def fail() -> None:
        for _ in generate(client):
            raise Interrupted

    with pytest.raises(Interrupted):
        fail()


def leave_block_by_error(client: Any) -> None:
    def fail() -> None:
        with generate(client) as stream:
            kept.append(stream)
            raise Interrupted

    with pytest.raises(Interrupted):
        fail()


def leave_in_a_generator(client: Any) -> None:
    def texts() -> Iterator[str]:
        with generate(client) as stream:
            for message in stream:
                yield text(message)

    first = texts()
    assert next(first) == "one"
    first.close()


def leave_a_cycle(client: Any) -> None:
    stream = generate(client)
    next(stream)
    stream.itself = stream
    del stream
    gc.collect()


def leave_by_closing_the_client(client: Any) -> None:
    stream = generate(client)
    next(stream)
    kept.append(stream)
    client.close()
    with pytest.raises((errors.RpcError, errors.ClosedError)):
        list(stream)


kept: list[Any] = []
"""Streams that a test holds on to, so that it is not their collection that ends them."""

WAYS = [
    leave_by_break,
    leave_with_block,
    leave_by_error,
    leave_block_by_error,
    leave_in_a_generator,
    leave_a_cycle,
    leave_by_closing_the_client,
]


@pytest.mark.parametrize("leave", WAYS, ids=lambda way: way.__name__)
def test_leaving_a_stream_cancels_the_call(
    emulator: Emulator, options: dict[str, str], leave: Callable[[Any], None]
) -> None:
    endless(emulator)
    with v1beta.GenerativeServiceClient(client_options=options) as client:
        leave(client)
        gc.collect()
        assert cancelled(emulator)
    kept.clear()


async def async_leave_by_break(client: Any) -> None:
    async for _ in await generate(client):
        break


async def async_leave_with_block(client: Any) -> None:
    async with await generate(client) as stream:
        async for _ in stream:
            break
        kept.append(stream)


async def async_leave_by_error(client: Any) -> None:
    async def fail() -> None:
        async for _ in await generate(client):
            raise Interrupted

    with pytest.raises(Interrupted):
        await fail()


async def async_leave_block_by_error(client: Any) -> None:
    stream = await generate(client)
    kept.append(stream)
    with pytest.raises(Interrupted):
        async with stream:
            raise Interrupted


async def async_leave_by_cancelling_the_task(client: Any) -> None:
    stream = await generate(client)
    kept.append(stream)

    async def read() -> None:
        async for _ in stream:
            pass

    task = asyncio.create_task(read())
    await asyncio.sleep(0.05)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task


async def async_leave_by_a_timeout(client: Any) -> None:
    stream = await generate(client)
    kept.append(stream)

    async def read() -> None:
        async for _ in stream:
            pass

    with pytest.raises(TimeoutError):
        await asyncio.wait_for(read(), 0.1)


async def async_leave_a_cycle(client: Any) -> None:
    stream = await generate(client)
    await anext(stream)
    stream.itself = stream
    del stream
    gc.collect()


async def async_leave_by_closing_the_client(client: Any) -> None:
    stream = await generate(client)
    await anext(stream)
    kept.append(stream)
    await client.close()

    async def read() -> None:
        async for _ in stream:
            pass

    with pytest.raises((errors.RpcError, errors.ClosedError, asyncio.CancelledError)):
        await read()


ASYNC_WAYS = [
    async_leave_by_break,
    async_leave_with_block,
    async_leave_by_error,
    async_leave_block_by_error,
    async_leave_by_cancelling_the_task,
    async_leave_by_a_timeout,
    async_leave_a_cycle,
    async_leave_by_closing_the_client,
]


@pytest.mark.parametrize("leave", ASYNC_WAYS, ids=lambda way: way.__name__)
async def test_leaving_an_asynchronous_stream_cancels_the_call(
    emulator: Emulator, options: dict[str, str], leave: Callable[[Any], Any]
) -> None:
    endless(emulator)
    async with v1beta.GenerativeServiceAsyncClient(client_options=options) as client:
        await leave(client)
        gc.collect()
        assert await asyncio.to_thread(cancelled, emulator)
    kept.clear()


async def test_cancelling_a_call_is_seen_by_the_server(
    emulator: Emulator, options: dict[str, str]
) -> None:
    fault = Fault(stall=True)
    emulator.script("CountTokens", [fault])
    async with v1beta.GenerativeServiceAsyncClient(client_options=options) as client:
        task = asyncio.create_task(client.count_tokens(model=MODEL, contents=CONTENTS))
        while not fault.fired:
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(cancelled, emulator)


async def test_cancelling_the_start_of_a_stream_is_seen_by_the_server(
    emulator: Emulator, options: dict[str, str]
) -> None:
    fault = Fault(stall=True)
    emulator.script("StreamGenerateContent", [fault])
    async with v1beta.GenerativeServiceAsyncClient(client_options=options) as client:
        task = asyncio.create_task(generate(client))
        while not fault.fired:
            await asyncio.sleep(0.001)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert await asyncio.to_thread(cancelled, emulator)


async def test_cancelling_during_a_pause_ends_the_call_at_once(
    emulator: Emulator, options: dict[str, str]
) -> None:
    fault = Fault("UNAVAILABLE", pushback=40.0)
    emulator.script("CountTokens", [fault])
    paused = asyncio.Event()
    watched: Any = {**options, "on_retry": lambda error, seconds: paused.set()}
    async with v1beta.GenerativeServiceAsyncClient(client_options=watched) as client:
        task = asyncio.create_task(client.count_tokens(model=MODEL, contents=CONTENTS))
        await paused.wait()
        await asyncio.sleep(0)
        started = time.monotonic()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        assert time.monotonic() - started < 20
        assert len(emulator.journal[0].attempts) == 1


# both ways


def test_a_session_goes_both_ways(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    turn = {"client_content": {"turns": CONTENTS, "turn_complete": True}}
    stream = colour.call(connect(emulator).bidi_generate_content, colour.requests([SETUP, turn]))
    messages = colour.drain(stream)
    assert "setup_complete" in messages[0]
    assert messages[-1].server_content.turn_complete
    emulator.journal.wait()
    assert emulator.journal[0].attempts[0].received == 2


def test_an_ordinary_list_may_be_the_requests(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    stream = colour.call(connect(emulator).bidi_generate_content, [SETUP])
    assert "setup_complete" in colour.drain(stream)[0]


def failing(colour: Sync, messages: list[Any], error: Exception) -> Any:
    """Return requests that fail after some."""
    if isinstance(colour, Async):

        async def give() -> AsyncIterator[Any]:
            for message in messages:
                yield message
            raise error

        return give()

    def take() -> Iterator[Any]:
        yield from messages
        raise error

    return take()


@pytest.mark.parametrize("sent", [[], [SETUP]], ids=["at once", "after a message"])
def test_an_error_of_the_requests_is_raised_where_answers_are_read(
    caplog: pytest.LogCaptureFixture,
    colour: Sync,
    connect: Callable[..., Any],
    emulator: Emulator,
    sent: list[Any],
) -> None:
    error = Interrupted("mine")
    stream = colour.call(
        connect(emulator).bidi_generate_content, failing(colour, sent, error), timeout=10.0
    )
    with pytest.raises(Interrupted) as caught:
        colour.drain(stream)
    assert caught.value is error
    emulator.journal.wait(timeout=3.0)
    for call in emulator.journal:  # there is none if it was cancelled before it was sent
        assert call.attempts[0].cancelled
    assert not [record for record in caplog.records if record.name.startswith("grpc")]


@pytest.mark.parametrize("wrong", [{"setups": {}}, 5, {"setup": {"model": 5}}])
def test_a_request_that_is_none_is_raised_where_answers_are_read(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator, wrong: Any
) -> None:
    stream = colour.call(
        connect(emulator).bidi_generate_content, colour.requests([SETUP, wrong]), timeout=10.0
    )
    with pytest.raises(errors.FieldError):
        colour.drain(stream)


def test_an_error_of_the_session_is_raised_and_ends_the_requests(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    ended = threading.Event()
    fault = Fault("ABORTED", "the session is over", after=1)
    emulator.script("BidiGenerateContent", [fault])
    if isinstance(colour, Async):

        async def give() -> AsyncIterator[Any]:
            try:
                yield SETUP
                await asyncio.sleep(30)
            finally:
                ended.set()

        requests: Any = give()
    else:
        requests = iter([SETUP])
        ended.set()
    stream = colour.call(connect(emulator).bidi_generate_content, requests)
    assert "setup_complete" in colour.next(stream)
    with pytest.raises(errors.Aborted, match="the session is over") as caught:
        colour.next(stream)
    assert caught.value.method.endswith("/BidiGenerateContent")
    assert caught.value.endpoint == emulator.target
    assert ended.wait(5)
    assert fault.fired == 1


def test_leaving_a_session_cancels_it(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    release = threading.Event()
    if isinstance(colour, Async):

        async def give() -> AsyncIterator[Any]:
            yield SETUP
            await asyncio.sleep(30)

        requests: Any = give()
    else:

        def take() -> Iterator[Any]:
            yield SETUP
            release.wait(30)

        requests = take()
    stream = colour.call(connect(emulator).bidi_generate_content, requests)
    assert "setup_complete" in colour.next(stream)
    colour.call(stream.cancel)
    assert cancelled(emulator)
    release.set()


def test_a_session_is_never_tried_again(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    fault = Fault("UNAVAILABLE", times=None)
    emulator.script("BidiGenerateContent", [fault])
    stream = colour.call(connect(emulator).bidi_generate_content, colour.requests([SETUP]))
    with pytest.raises(errors.Unavailable):
        colour.drain(stream)
    assert fault.fired == 1


# generators that give the requests


class Requests:
    """Generators of either colour that know whether they were closed."""

    def __init__(self, error: Exception | None = None) -> None:
        self.closed = threading.Event()
        self._error = error

    def plain(self) -> Iterator[object]:
        try:
            yield SETUP
            if self._error is not None:
                raise self._error
            while True:
                yield {"realtime_input": {"text": "hi"}}
        finally:
            self.closed.set()

    async def asynchronous(self) -> AsyncIterator[object]:
        try:
            for request in self.plain():
                await asyncio.sleep(0)
                yield request
        finally:
            self.closed.set()


def _ended(colour: Sync, stream: Any) -> None:
    with pytest.raises((ValueError, errors.RpcError)):
        colour.drain(stream)


def _cancelled_stream(colour: Sync, stream: Any) -> None:
    colour.next(stream)
    colour.call(stream.cancel)


def _dropped(colour: Sync, stream: Any) -> None:
    colour.next(stream)


@pytest.mark.parametrize("leave", [_cancelled_stream, _dropped, _ended])
@pytest.mark.parametrize("kind", ["plain", "asynchronous"])
def test_the_generator_of_requests_is_closed_with_the_call(
    colour: Sync,
    connect: Callable[..., Any],
    emulator: Emulator,
    leave: Callable[[Sync, Any], None],
    kind: str,
) -> None:
    if isinstance(colour, Async) is False and kind == "asynchronous":
        pytest.skip("synchronous calls take plain iterators")
    requests = Requests(ValueError("mine") if leave is _ended else None)
    client = connect(emulator)
    stream = colour.call(client.bidi_generate_content, getattr(requests, kind)())
    leave(colour, stream)
    del stream
    colour.call(gc.collect)
    assert requests.closed.wait(10)


def test_the_generator_of_requests_is_closed_when_the_server_ends_the_call(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    emulator.script("BidiGenerateContent", [Fault("UNAVAILABLE")])
    requests = Requests()
    stream = colour.call(connect(emulator).bidi_generate_content, requests.plain())
    with pytest.raises(errors.Unavailable):
        colour.drain(stream)
    assert requests.closed.wait(10)
