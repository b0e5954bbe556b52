"""Google's own client against our emulator, and our clients against a server of google's types."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator
from concurrent import futures
from typing import Any

import grpc
import grpc.aio
import pytest

from gemini_grpc.emulator import Emulator

MODEL = "models/gemini-3.8-flash"
PROMPT = "Tell me about the sea and the stars."
CONTENTS = [{"role": "user", "parts": [{"text": PROMPT}]}]


def google_package(version: str) -> Any:
    return importlib.import_module(f"google.ai.generativelanguage_{version}")


def our_package(version: str) -> Any:
    return importlib.import_module(f"gemini_grpc.{version}")


def text_of(response: Any) -> str:
    return "".join(part.text for part in response.candidates[0].content.parts)


@pytest.fixture(params=["v1alpha", "v1beta"])
def version(request: pytest.FixtureRequest) -> str:
    return request.param


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


# google's client, our emulator


@pytest.fixture
def connect(version: str, emulator: Emulator) -> Iterator[Callable[[str], Any]]:
    """Return a function that makes google's synchronous client of a service."""
    google = google_package(version)
    with grpc.insecure_channel(emulator.target) as channel:

        def make(service: str) -> Any:
            client = getattr(google, f"{service}Client")
            return client(transport=client.get_transport_class("grpc")(channel=channel))

        yield make


def test_google_generates(connect: Callable[[str], Any]) -> None:
    answer = connect("GenerativeService").generate_content(model=MODEL, contents=CONTENTS)
    assert text_of(answer)
    assert answer.usage_metadata.prompt_token_count > 0
    assert answer.usage_metadata.total_token_count > answer.usage_metadata.prompt_token_count
    assert answer.candidates[0].finish_reason.name == "STOP"


def test_google_streams_the_same_answer_in_chunks(connect: Callable[[str], Any]) -> None:
    client = connect("GenerativeService")
    chunks = list(client.stream_generate_content(model=MODEL, contents=CONTENTS))
    whole = client.generate_content(model=MODEL, contents=CONTENTS)
    assert len(chunks) > 1
    assert "".join(map(text_of, chunks)) == text_of(whole)


def test_google_embeds(connect: Callable[[str], Any]) -> None:
    client, content = connect("GenerativeService"), {"parts": [{"text": PROMPT}]}
    model = "models/gemini-embedding-2"
    one = client.embed_content(model=model, content=content)
    assert sum(value * value for value in one.embedding.values) == pytest.approx(1, abs=1e-3)
    batch = client.batch_embed_contents(
        model=model, requests=[{"model": model, "content": content}] * 2
    )
    assert [list(each.values) for each in batch.embeddings] == [list(one.embedding.values)] * 2


def test_google_counts_what_generating_reports(connect: Callable[[str], Any]) -> None:
    client = connect("GenerativeService")
    counted = client.count_tokens(model=MODEL, contents=CONTENTS).total_tokens
    answer = client.generate_content(model=MODEL, contents=CONTENTS)
    assert counted == answer.usage_metadata.prompt_token_count


def test_google_lists_and_gets_models(connect: Callable[[str], Any]) -> None:
    client = connect("ModelService")
    models = list(client.list_models(request={"page_size": 2}))
    assert MODEL in [model.name for model in models]
    assert len(models) > 2
    assert client.get_model(name=MODEL) in models


def test_google_holds_a_live_session(connect: Callable[[str], Any], version: str) -> None:
    google, client = google_package(version), connect("GenerativeService")
    models = connect("ModelService").list_models()
    messages = client.bidi_generate_content(iter(live_messages(google, models)))
    check_live(list(messages))


def test_google_gets_errors_as_its_own(connect: Callable[[str], Any]) -> None:
    from google.api_core import exceptions

    client = connect("GenerativeService")
    with pytest.raises(exceptions.NotFound):
        client.generate_content(model="models/none", contents=CONTENTS)
    with pytest.raises(exceptions.InvalidArgument) as caught:
        client.generate_content(model=MODEL)
    assert caught.value.details[0].field_violations[0].field == "contents"


def live_messages(package: Any, models: Any = ()) -> list[Any]:
    """Return a setup, for the first of the models that has live sessions, and one turn."""
    live = [
        each.name for each in models if "bidiGenerateContent" in each.supported_generation_methods
    ]
    message = package.BidiGenerateContentClientMessage
    turn = {"turns": CONTENTS, "turn_complete": True}
    config = {"response_modalities": ["AUDIO"]}
    setup = {"model": (live or [MODEL])[0], "generation_config": config}
    return [message(setup=setup), message(client_content=turn)]


def check_live(messages: list[Any]) -> None:
    kinds = [type(each)._meta.pb.WhichOneof(each._pb, "message_type") for each in messages]
    assert kinds[0] == "setup_complete"
    assert set(kinds[1:]) == {"server_content"}
    turns = [each.server_content.model_turn for each in messages[1:]]
    assert any(part.text or part.inline_data.data for turn in turns for part in turn.parts)
    assert messages[-1].server_content.turn_complete


async def test_google_gets_the_same_asynchronously(version: str, emulator: Emulator) -> None:
    google = google_package(version)
    async with grpc.aio.insecure_channel(emulator.target) as channel:

        def make(service: str) -> Any:
            client = getattr(google, f"{service}AsyncClient")
            return client(transport=client.get_transport_class("grpc_asyncio")(channel=channel))

        client, models = make("GenerativeService"), make("ModelService")
        answer = await client.generate_content(model=MODEL, contents=CONTENTS)
        stream = await client.stream_generate_content(model=MODEL, contents=CONTENTS)
        chunks = [chunk async for chunk in stream]
        assert "".join(map(text_of, chunks)) == text_of(answer)
        counted = await client.count_tokens(model=MODEL, contents=CONTENTS)
        assert counted.total_tokens == answer.usage_metadata.prompt_token_count
        content, model = {"parts": [{"text": PROMPT}]}, "models/gemini-embedding-2"
        one = await client.embed_content(model=model, content=content)
        batch = await client.batch_embed_contents(
            model=model, requests=[{"model": model, "content": content}]
        )
        assert batch.embeddings[0] == one.embedding
        pager = await models.list_models(request={"page_size": 2})
        listed = [each async for each in pager]
        assert await models.get_model(name=MODEL) in listed
        sent = iter(live_messages(google, listed))
        session = await client.bidi_generate_content(_as_async(sent))
        check_live([message async for message in session])


async def _as_async(items: Iterator[Any]) -> Any:
    for item in items:
        yield item


# our clients, a server of google's types


class GoogleServer:
    """Serves a few methods of one version with google's messages, and no code of ours."""

    def __init__(self, version: str) -> None:
        self.types = google_package(version)
        self.prefix = f"google.ai.generativelanguage.{version}"
        self.metadata: dict[str, str] = {}

    def add_to(self, server: grpc.Server) -> None:
        types = self.types
        unary, stream = grpc.unary_unary_rpc_method_handler, grpc.unary_stream_rpc_method_handler
        answer = types.GenerateContentResponse
        generative = {
            "GenerateContent": self._handler(unary, "GenerateContentRequest", answer, "generate"),
            "StreamGenerateContent": self._handler(
                stream, "GenerateContentRequest", answer, "stream"
            ),
            "CountTokens": self._handler(
                unary, "CountTokensRequest", types.CountTokensResponse, "count"
            ),
            "BidiGenerateContent": self._handler(
                grpc.stream_stream_rpc_method_handler,
                "BidiGenerateContentClientMessage",
                types.BidiGenerateContentServerMessage,
                "bidi",
            ),
        }
        models = {
            "GetModel": self._handler(unary, "GetModelRequest", types.Model, "get_model"),
            "ListModels": self._handler(
                unary, "ListModelsRequest", types.ListModelsResponse, "list_models"
            ),
        }
        for service, handlers in (("GenerativeService", generative), ("ModelService", models)):
            generic = grpc.method_handlers_generic_handler(f"{self.prefix}.{service}", handlers)
            server.add_generic_rpc_handlers((generic,))

    def _handler(self, kind: Any, request: str, response: Any, behaviour: str) -> Any:
        return kind(
            getattr(self, behaviour),
            request_deserializer=getattr(self.types, request).deserialize,
            response_serializer=response.serialize,
        )

    def generate(self, request: Any, context: Any) -> Any:
        self.metadata = dict(context.invocation_metadata())
        return self._say(f"{request.model}: {request.contents[0].parts[0].text}")

    def stream(self, request: Any, context: Any) -> Iterator[Any]:
        for word in request.contents[0].parts[0].text.split():
            yield self._say(word)

    def count(self, request: Any, context: Any) -> Any:
        return self.types.CountTokensResponse(total_tokens=len(request.contents))

    def bidi(self, requests: Iterator[Any], context: Any) -> Iterator[Any]:
        message = self.types.BidiGenerateContentServerMessage
        for request in requests:
            if "setup" in request:
                yield message(setup_complete={})
            else:
                yield message(
                    server_content={
                        "model_turn": request.client_content.turns[0],
                        "turn_complete": True,
                    }
                )

    def get_model(self, request: Any, context: Any) -> Any:
        if request.name != MODEL:
            context.abort(grpc.StatusCode.NOT_FOUND, f"no {request.name}")
        return self.types.Model(name=MODEL, input_token_limit=7)

    def list_models(self, request: Any, context: Any) -> Any:
        start = int(request.page_token or 0)
        more = str(start + 2) if start < 4 else ""
        names = [self.types.Model(name=f"models/{start + step}") for step in range(2)]
        return self.types.ListModelsResponse(models=names, next_page_token=more)

    def _say(self, text: str) -> Any:
        content = self.types.Content(role="model", parts=[self.types.Part(text=text)])
        candidate = self.types.Candidate(content=content, finish_reason="STOP")
        return self.types.GenerateContentResponse(candidates=[candidate])


@pytest.fixture
def google_server(version: str) -> Iterator[tuple[GoogleServer, dict[str, str]]]:
    servicer = GoogleServer(version)
    server = grpc.server(futures.ThreadPoolExecutor(4))
    servicer.add_to(server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    yield servicer, {"api_endpoint": f"http://127.0.0.1:{port}", "api_key": "test"}
    server.stop(None).wait()


def test_we_are_served_by_googles_types(google_server: Any, version: str) -> None:
    servicer, options = google_server
    ours = our_package(version)
    with ours.GenerativeServiceClient(client_options=options) as client:
        answer = client.generate_content(model=MODEL, contents=CONTENTS)
        assert text_of(answer) == f"{MODEL}: {PROMPT}"
        assert answer.candidates[0].finish_reason is ours.Candidate.FinishReason.STOP
        assert servicer.metadata["x-goog-request-params"] == f"model={MODEL}"
        assert servicer.metadata["x-goog-api-key"] == "test"
        chunks = client.stream_generate_content(model=MODEL, contents=CONTENTS)
        assert [text_of(chunk) for chunk in chunks] == PROMPT.split()
        assert client.count_tokens(model=MODEL, contents=CONTENTS * 3).total_tokens == 3
        check_live(list(client.bidi_generate_content(live_messages(ours))))
    with ours.ModelServiceClient(client_options=options) as client:
        assert [each.name for each in client.list_models()] == [f"models/{n}" for n in range(6)]
        assert client.get_model(name=MODEL).input_token_limit == 7
        with pytest.raises(importlib.import_module("gemini_grpc.errors").NotFound):
            client.get_model(name="models/none")


async def test_we_are_served_by_googles_types_asynchronously(
    google_server: Any, version: str
) -> None:
    _, options = google_server
    ours = our_package(version)
    async with ours.GenerativeServiceAsyncClient(client_options=options) as client:
        answer = await client.generate_content(model=MODEL, contents=CONTENTS)
        assert text_of(answer) == f"{MODEL}: {PROMPT}"
        chunks = await client.stream_generate_content(model=MODEL, contents=CONTENTS)
        assert [text_of(chunk) async for chunk in chunks] == PROMPT.split()
        session = await client.bidi_generate_content(live_messages(ours))
        check_live([message async for message in session])
    async with ours.ModelServiceAsyncClient(client_options=options) as client:
        models = await client.list_models()
        assert [each.name async for each in models] == [f"models/{n}" for n in range(6)]
        assert (await client.get_model(name=MODEL)).input_token_limit == 7


def test_a_message_of_googles_may_be_the_request(google_server: Any, version: str) -> None:
    _, options = google_server
    request = google_package(version).GenerateContentRequest(model=MODEL, contents=CONTENTS)
    with our_package(version).GenerativeServiceClient(client_options=options) as client:
        assert text_of(client.generate_content(request)) == f"{MODEL}: {PROMPT}"
        assert text_of(client.generate_content(type(request).pb(request))).endswith(PROMPT)
