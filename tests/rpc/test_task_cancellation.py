"""Cancel tasks that wait for calls: anyio, asyncio and `task.cancel(message)` see their own cancellations."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from typing import Any

import anyio
import pytest

from gemini_grpc import AsyncClient, GenerativeModel, embed_content_async
from gemini_grpc.emulator import Emulator, Fault, Reply
from gemini_grpc.rpc.cancellation import CallWait

FIELDS = {"model": "models/gemini-2.5-flash", "contents": [{"parts": [{"text": "hi"}]}]}
BRIEF = 0.05


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        for method in ("CountTokens", "EmbedContent", "BatchEmbedContents", "GenerateContent"):
            running.script(method, [Fault(stall=True, times=None)])
        stalled = Reply(chunks=["one", "two", Fault(stall=True, times=None)], times=None)
        running.script("StreamGenerateContent", [stalled])
        yield running


@pytest.fixture
async def client(emulator: Emulator) -> AsyncIterator[AsyncClient]:
    options = {"api_endpoint": f"http://{emulator.target}"}
    async with AsyncClient(api_key="k", client_options=options) as made:
        yield made


async def unary(client: AsyncClient) -> object:
    return await client.generative_service.count_tokens(**FIELDS)


async def stream(client: AsyncClient) -> object:
    messages = await client.generative_service.stream_generate_content(**FIELDS)
    return [message async for message in messages]


async def bidi(client: AsyncClient) -> object:
    async def requests() -> AsyncIterator[object]:
        yield {"setup": {"model": "models/gemini-live"}}
        await asyncio.Event().wait()

    messages = await client.generative_service.bidi_generate_content(requests())
    return [message async for message in messages]


async def embed(client: AsyncClient) -> object:
    return await embed_content_async("gemini-embedding-001", "hi", client=client)


async def everyday(client: AsyncClient) -> object:
    model = GenerativeModel("gemini-2.5-flash", client=client)
    return await model.generate_content_async("hi")


async def response(client: AsyncClient) -> object:
    answer = await client.models.generate_content("gemini-2.5-flash", "hi", stream=True)
    return [piece async for piece in answer]


async def live(client: AsyncClient) -> object:
    async with client.live.connect("gemini-live") as session:
        return [event async for event in session]


WAYS = pytest.mark.parametrize("wait", [unary, stream, bidi, embed, everyday, response, live])
Wait = Callable[[AsyncClient], Awaitable[object]]


@WAYS
async def test_move_on_after_of_anyio_goes_on(client: AsyncClient, wait: Wait) -> None:
    with anyio.move_on_after(BRIEF) as scope:
        await wait(client)
    assert scope.cancelled_caught


@WAYS
async def test_fail_after_of_anyio_is_a_timeout_error(client: AsyncClient, wait: Wait) -> None:
    with pytest.raises(TimeoutError):
        with anyio.fail_after(BRIEF):
            await wait(client)


@WAYS
async def test_a_task_group_of_anyio_is_cancelled(client: AsyncClient, wait: Wait) -> None:
    async with anyio.create_task_group() as group:
        group.start_soon(wait, client)
        await asyncio.sleep(BRIEF)
        group.cancel_scope.cancel()
    assert group.cancel_scope.cancel_called


@WAYS
async def test_the_time_limits_of_asyncio_are_timeout_errors(
    client: AsyncClient, wait: Wait
) -> None:
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(BRIEF):
            await wait(client)
    with pytest.raises(TimeoutError):
        await asyncio.wait_for(wait(client), BRIEF)


@WAYS
async def test_a_task_group_of_asyncio_ends_with_the_error_of_another_task(
    client: AsyncClient, wait: Wait
) -> None:
    async def fail() -> None:
        await asyncio.sleep(BRIEF)
        raise ZeroDivisionError

    async def both() -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(wait(client))
            group.create_task(fail())

    with pytest.raises(ExceptionGroup) as caught:
        await both()
    assert [type(error) for error in caught.value.exceptions] == [ZeroDivisionError]


@WAYS
@pytest.mark.parametrize("delay", [None, 0, 0.001, BRIEF])
async def test_the_message_of_a_cancellation_arrives_unchanged(
    client: AsyncClient, wait: Wait, delay: float | None
) -> None:
    task = asyncio.ensure_future(wait(client))
    if delay is not None:
        await asyncio.sleep(delay)
    reason = object()
    task.cancel(reason)
    with pytest.raises(asyncio.CancelledError) as caught:
        await task
    assert caught.value.args == (reason,)


async def test_a_cancelled_call_ends_on_the_server(emulator: Emulator, client: AsyncClient) -> None:
    with anyio.move_on_after(BRIEF):
        await unary(client)
    emulator.journal.wait()
    assert emulator.journal.calls("CountTokens")[0].attempts[0].cancelled


async def test_a_result_that_comes_with_the_cancellation_is_given_up() -> None:
    """As for a future: a task that was cancelled while it waited gets the cancellation."""
    future: asyncio.Future[str] = asyncio.get_running_loop().create_future()

    class Core:
        def done(self) -> bool:
            return False

        def cancel(self, details: str) -> None:
            future.set_result("late")

    class Call:
        _cython_call = Core()

    async def wait() -> Any:
        return await CallWait(future, Call())

    task = asyncio.ensure_future(wait())
    await asyncio.sleep(0)
    task.cancel("mine")
    with pytest.raises(asyncio.CancelledError, match="mine"):
        await task
