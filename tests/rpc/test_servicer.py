"""The generated servicers serve our messages on a server of grpcio, in both colours."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator
from concurrent import futures
from typing import Any

import grpc
import pytest

from gemini_grpc import errors, v1beta

MODEL = "models/m"
QUESTION = [{"parts": [{"text": "Hi"}]}]


def said(text: str) -> v1beta.GenerateContentResponse:
    return v1beta.GenerateContentResponse(candidates=[{"content": {"parts": [{"text": text}]}}])


def echoed(message: v1beta.BidiGenerateContentClientMessage) -> Any:
    part = {"text": message.realtime_input.text}
    turn = {"model_turn": {"parts": [part]}}
    return v1beta.BidiGenerateContentServerMessage(server_content=turn)


class Echo(v1beta.servicers.GenerativeServiceServicer):
    def generate_content(self, request: Any, context: Any) -> Any:
        assert isinstance(request, v1beta.GenerateContentRequest)
        return said(request.model)

    def stream_generate_content(self, request: Any, context: Any) -> Iterator[Any]:
        for letter in request.model:
            yield said(letter)

    def bidi_generate_content(self, requests: Any, context: Any) -> Iterator[Any]:
        return map(echoed, requests)


class AsyncEcho(v1beta.servicers.GenerativeServiceServicer):
    async def generate_content(self, request: Any, context: Any) -> Any:
        return said(request.model)

    async def stream_generate_content(self, request: Any, context: Any) -> AsyncIterator[Any]:
        for letter in request.model:
            yield said(letter)

    async def bidi_generate_content(self, requests: Any, context: Any) -> AsyncIterator[Any]:
        async for request in requests:
            yield echoed(request)


@pytest.fixture
def options() -> Iterator[dict[str, Any]]:
    server = grpc.server(futures.ThreadPoolExecutor(4))
    Echo().add_to(server)
    v1beta.servicers.CacheServiceServicer().add_to(server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield {"api_endpoint": f"http://127.0.0.1:{port}", "api_key": "test"}
    server.stop(0.1).wait()


def test_a_synchronous_server_answers_every_shape(options: dict[str, Any]) -> None:
    with v1beta.GenerativeServiceClient(client_options=options) as client:
        answer = client.generate_content(model=MODEL, contents=QUESTION)
        assert answer.candidates[0].content.parts[0].text == MODEL
        chunks = client.stream_generate_content(model=MODEL, contents=QUESTION)
        assert "".join(chunk.candidates[0].content.parts[0].text for chunk in chunks) == MODEL
        echo = client.bidi_generate_content([{"realtime_input": {"text": "a"}}])
        assert [message.server_content.model_turn.parts[0].text for message in echo] == ["a"]


def test_what_is_not_overridden_is_unimplemented(options: dict[str, Any]) -> None:
    with (
        v1beta.CacheServiceClient(client_options=options) as client,
        pytest.raises(errors.Unimplemented, match="GetCachedContent is not served here"),
    ):
        client.get_cached_content(name="cachedContents/x")


async def test_an_asynchronous_server_answers_every_shape() -> None:
    server = grpc.aio.server()
    AsyncEcho().add_to(server)
    port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    options = {"api_endpoint": f"http://127.0.0.1:{port}", "api_key": "test"}
    async with v1beta.GenerativeServiceAsyncClient(client_options=options) as client:
        answer = await client.generate_content(model=MODEL, contents=QUESTION)
        assert answer.candidates[0].content.parts[0].text == MODEL
        chunks = await client.stream_generate_content(model=MODEL, contents=QUESTION)
        assert "".join([c.candidates[0].content.parts[0].text async for c in chunks]) == MODEL
        echo = await client.bidi_generate_content([{"realtime_input": {"text": "a"}}])
        assert [m.server_content.model_turn.parts[0].text async for m in echo] == ["a"]
        with pytest.raises(errors.Unimplemented, match="CountTokens is not served here"):
            await client.count_tokens(model=MODEL, contents=QUESTION)
    await server.stop(0.1)
