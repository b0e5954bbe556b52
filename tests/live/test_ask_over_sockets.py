"""`ask` returns the answer to its own question over real sockets, whatever order the server sends.

One server and one client of each colour serve all examples: their sessions are streams of one connection.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import grpc
import pytest
from hypothesis import given, settings

import gemini_grpc
from tests.colours import COLOURS, Sync
from tests.live.orders import (
    RESUME,
    SCRIPTS,
    Exchange,
    LostError,
    Server,
    ask_all,
    async_ask_all,
    played,
    tools,
)


class Scripted(grpc.GenericRpcHandler):  # type: ignore[misc]  # grpcio publishes no types
    """Plays the script of the example at hand."""

    def __init__(self) -> None:
        self.script = Server(())

    def service(self, details: Any) -> Any:
        return grpc.stream_stream_rpc_method_handler(self._serve)

    def _serve(self, requests: Iterator[bytes], context: Any) -> Iterator[bytes]:
        with contextlib.suppress(grpc.RpcError):  # the client has gone
            try:
                yield from played(self.script, requests)
            except LostError:
                context.abort(grpc.StatusCode.ABORTED, "the connection has lived too long")


class Theatre:
    """A server, and a client of one colour."""

    def __init__(self, colour: Sync) -> None:
        self._colour = colour
        self._scripted = Scripted()
        self._server = grpc.server(ThreadPoolExecutor(4), handlers=[self._scripted])
        port = self._server.add_insecure_port("127.0.0.1:0")
        self._server.start()
        options = {"api_endpoint": f"http://127.0.0.1:{port}", "api_key": "test"}
        kind = gemini_grpc.Client if colour.name == "sync" else gemini_grpc.AsyncClient
        self._client = colour.call(lambda: kind(client_options=options))

    def check(self, script: tuple[Exchange, ...]) -> None:
        server = self._scripted.script = Server(script)
        self._colour.call(self._play if self._colour.name == "sync" else self._async_play, script)
        assert not server.wrong

    def _play(self, script: tuple[Exchange, ...]) -> None:
        with self._connect() as session:
            ask_all(session, self._scripted.script, script)

    async def _async_play(self, script: tuple[Exchange, ...]) -> None:
        async with self._connect() as session:
            await async_ask_all(session, self._scripted.script, script)

    def _connect(self) -> Any:
        functions = tools(threads=self._colour.name == "sync")
        return self._client.live.connect("gemini-live", tools=functions, resume=RESUME)

    def close(self) -> None:
        self._colour.call(self._client.close)
        self._server.stop(None).wait()


@pytest.fixture(scope="module", params=COLOURS, ids=lambda made: made.name)
def theatre(request: pytest.FixtureRequest) -> Iterator[Theatre]:
    colour = request.param()
    made = Theatre(colour)
    yield made
    made.close()
    colour.end()


@given(script=SCRIPTS)
@settings(max_examples=50, deadline=None)
def test_a_question_gets_its_own_answer_over_sockets(
    theatre: Theatre, script: tuple[Exchange, ...]
) -> None:
    theatre.check(script)


@pytest.mark.fuzz
@given(script=SCRIPTS)
@settings(max_examples=1000, deadline=None)
def test_a_question_gets_its_own_answer_over_sockets_a_thousand_times(
    theatre: Theatre, script: tuple[Exchange, ...]
) -> None:
    theatre.check(script)
