"""`ask` returns the answer to its own question, whatever order the server sends its messages in.

Hypothesis makes the script of a server, and sessions of both colours play it without sockets.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import grpc
import grpc.aio
import pytest
from hypothesis import given, settings

from gemini_grpc.live import Inbox, LiveConfig, Outbox
from gemini_grpc.live._async.engine import AsyncEngine
from gemini_grpc.live._async.feed import AsyncFeed
from gemini_grpc.live._async.session import AsyncLiveSession
from gemini_grpc.live._sync.engine import Engine
from gemini_grpc.live._sync.feed import Feed
from gemini_grpc.live._sync.session import LiveSession
from gemini_grpc.live.clock import AsyncClock, Clock
from gemini_grpc.live.protocol import LiveProtocol
from gemini_grpc.live.tools import Toolbox
from tests.live.orders import (
    CLIENT,
    LIMIT,
    READ,
    RESUME,
    SCRIPTS,
    SERVER,
    Exchange,
    LostError,
    Server,
    ask_all,
    async_ask_all,
    played,
    tools,
)


class StatusError(grpc.RpcError):  # type: ignore[misc]  # grpcio publishes no types
    """The end of a connection, as grpcio raises it."""

    def __init__(self, code: grpc.StatusCode) -> None:
        self._code = code

    def code(self) -> grpc.StatusCode:
        return self._code

    def details(self) -> str:
        return ""

    def trailing_metadata(self) -> tuple[Any, ...]:
        return ()


class Call:
    """One connection without a socket, as grpcio gives it to threads."""

    def __init__(self, server: Server, requests: Iterator[bytes]) -> None:
        self._messages = played(server, requests)
        self._callbacks: list[Any] = []
        self._cancelled = False

    def add_done_callback(self, callback: Any) -> None:
        self._callbacks.append(callback)

    def __next__(self) -> bytes:
        if self._cancelled:
            raise StatusError(grpc.StatusCode.CANCELLED)
        try:
            return next(self._messages)
        except StopIteration:
            self._end()
            raise
        except LostError:
            self._end()
            raise StatusError(grpc.StatusCode.ABORTED) from None

    def cancel(self) -> None:
        self._cancelled = True
        self._end()

    def _end(self) -> None:
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback(self)


class AsyncCall:
    """The same, as grpc.aio gives it to an event loop."""

    def __init__(self, server: Server) -> None:
        self._plan = server.connection()
        self._requests: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._callbacks: list[Any] = []
        next(self._plan)
        self._reads = True
        self._code = grpc.StatusCode.OK

    def add_done_callback(self, callback: Any) -> None:
        self._callbacks.append(callback)

    async def wait_for_connection(self) -> None: ...

    async def done_writing(self) -> None:
        self._requests.put_nowait(None)

    async def write(self, data: bytes) -> None:
        self._requests.put_nowait(data)

    async def read(self) -> Any:
        try:
            while self._code is grpc.StatusCode.OK:
                value = None
                if self._reads:
                    data = await self._requests.get()
                    value = None if data is None else CLIENT.FromString(data)
                message = self._plan.send(value)
                self._reads = message is READ
                if not self._reads:
                    await asyncio.sleep(0)
                    return SERVER(**message).SerializeToString()
        except StopIteration:
            self._end()
        except LostError:
            self._code = grpc.StatusCode.ABORTED
            self._end()
        return grpc.aio.EOF

    def cancel(self) -> None:
        self._code = grpc.StatusCode.CANCELLED
        self._end()

    def _end(self) -> None:
        self._requests.put_nowait(None)
        callbacks, self._callbacks = self._callbacks, []
        for callback in callbacks:
            callback(self)

    async def code(self) -> grpc.StatusCode:
        return self._code

    async def details(self) -> str:
        return ""

    async def trailing_metadata(self) -> tuple[Any, ...]:
        return ()


def arguments(*, threads: bool) -> dict[str, Any]:
    """Return what an engine needs besides its connections."""
    toolbox = Toolbox(tools(threads=threads))
    declared = toolbox.declarations()
    return {
        "protocol": LiveProtocol("gemini-live", LiveConfig(), declarations=declared),
        "feed": (Feed if threads else AsyncFeed)(Inbox()),
        "toolbox": toolbox,
        "outbox": Outbox(),
        "resume": RESUME,
        "clock": (Clock if threads else AsyncClock)(),
        "setup_timeout": LIMIT,
        "idle_timeout": None,
    }


def check_in_threads(script: tuple[Exchange, ...]) -> None:
    server, made = Server(script), arguments(threads=True)
    engine = Engine(lambda _: (lambda requests, **__: Call(server, requests), ()), **made)
    with LiveSession(engine, made["feed"]) as session:
        ask_all(session, server, script)
    assert not server.wrong


async def check_in_loop(script: tuple[Exchange, ...]) -> None:
    server, made = Server(script), arguments(threads=False)

    async def dial(_: float) -> Any:
        return (lambda **__: AsyncCall(server)), ()

    async with AsyncLiveSession(AsyncEngine(dial, **made), made["feed"]) as session:
        await async_ask_all(session, server, script)
    assert not server.wrong


def check(colour: str, script: tuple[Exchange, ...]) -> None:
    if colour == "sync":
        check_in_threads(script)
    else:
        asyncio.run(check_in_loop(script))


@pytest.mark.parametrize("colour", ["sync", "async"])
@given(script=SCRIPTS)
@settings(max_examples=100, deadline=None)
def test_a_question_gets_its_own_answer_in_any_order(
    colour: str, script: tuple[Exchange, ...]
) -> None:
    check(colour, script)


@pytest.mark.fuzz
@pytest.mark.parametrize("colour", ["sync", "async"])
@given(script=SCRIPTS)
@settings(max_examples=1000, deadline=None)
def test_a_question_gets_its_own_answer_in_a_thousand_orders(
    colour: str, script: tuple[Exchange, ...]
) -> None:
    check(colour, script)
