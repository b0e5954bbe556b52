"""Programs written for google's client run after changing the import, and give the same answers.

Each sample takes the package it works with as its only argument. It is run with google's package and
with ours, against the same emulator; besides the package, nothing differs.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType
from typing import Any

import grpc
import grpc.aio
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from gemini_grpc.emulator import Emulator

MODEL = "models/gemini-3.8-flash"
EMBEDDER = "models/gemini-embedding-2"
ANSWERER = "models/aqa"
VERSIONS = ("v1alpha", "v1beta")


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture(params=VERSIONS)
def version(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def google_package(version: str) -> ModuleType:
    return importlib.import_module(f"google.ai.generativelanguage_{version}")


def our_package(version: str) -> ModuleType:
    return importlib.import_module(f"gemini_grpc.{version}")


def as_json(package: ModuleType, answers: Any) -> list[Any]:
    """Return messages as JSON values, which are the same for both packages."""
    return [json.loads(type(answer).to_json(answer)) for answer in answers]


# the samples: requests as objects


def make_content(glm: Any, text: str) -> Any:
    return glm.Content(role="user", parts=[glm.Part(text=text)])


def generate_content_request(glm: Any) -> Any:
    return glm.GenerateContentRequest(
        model=MODEL,
        contents=[make_content(glm, "Tell me about the sea and the stars.")],
        generation_config=glm.GenerationConfig(temperature=0.5, max_output_tokens=50),
        safety_settings=[
            glm.SafetySetting(
                category=glm.HarmCategory.HARM_CATEGORY_HARASSMENT,
                threshold=glm.SafetySetting.HarmBlockThreshold.BLOCK_ONLY_HIGH,
            )
        ],
    )


def generate_answer_request(glm: Any) -> Any:
    passage = glm.GroundingPassage(id="1", content=make_content(glm, "The sea is salty and deep."))
    return glm.GenerateAnswerRequest(
        model=ANSWERER,
        contents=[make_content(glm, "What is the sea like?")],
        answer_style=glm.GenerateAnswerRequest.AnswerStyle.ABSTRACTIVE,
        inline_passages=glm.GroundingPassages(passages=[passage]),
    )


def embed_content_request(glm: Any) -> Any:
    return glm.EmbedContentRequest(model=EMBEDDER, content=make_content(glm, "the sea"))


def batch_embed_contents_request(glm: Any) -> Any:
    requests = [
        glm.EmbedContentRequest(model=EMBEDDER, content=make_content(glm, text))
        for text in ("the sea", "the stars")
    ]
    return glm.BatchEmbedContentsRequest(model=EMBEDDER, requests=requests)


def count_tokens_request(glm: Any) -> Any:
    return glm.CountTokensRequest(model=MODEL, contents=[make_content(glm, "one two three")])


REQUESTS: dict[str, Callable[[Any], Any]] = {
    "generate_content": generate_content_request,
    "generate_answer": generate_answer_request,
    "embed_content": embed_content_request,
    "batch_embed_contents": batch_embed_contents_request,
    "count_tokens": count_tokens_request,
}


# the samples: flattened arguments


def generate_content_fields(glm: Any) -> dict[str, Any]:
    return {"model": MODEL, "contents": [make_content(glm, "Tell me about the sea.")]}


def generate_answer_fields(glm: Any) -> dict[str, Any]:
    return {
        "model": ANSWERER,
        "contents": [make_content(glm, "What is the sea like?")],
        "safety_settings": [],
        "answer_style": glm.GenerateAnswerRequest.AnswerStyle.EXTRACTIVE,
    }


def embed_content_fields(glm: Any) -> dict[str, Any]:
    return {"model": EMBEDDER, "content": make_content(glm, "the stars")}


def batch_embed_contents_fields(glm: Any) -> dict[str, Any]:
    return {"model": EMBEDDER, "requests": [embed_content_request(glm)]}


def count_tokens_fields(glm: Any) -> dict[str, Any]:
    return {"model": MODEL, "contents": [make_content(glm, "one two three four")]}


FIELDS: dict[str, Callable[[Any], dict[str, Any]]] = {
    "generate_content": generate_content_fields,
    "generate_answer": generate_answer_fields,
    "embed_content": embed_content_fields,
    "batch_embed_contents": batch_embed_contents_fields,
    "count_tokens": count_tokens_fields,
}


# how clients are made, in google's style, for a server in plaintext


def sync_client(glm: Any, emulator: Emulator) -> Any:
    cls = glm.GenerativeServiceClient
    channel = grpc.insecure_channel(emulator.target)
    if glm.__name__.startswith("gemini_grpc"):
        return cls(transport=channel), channel
    return cls(transport=cls.get_transport_class("grpc")(channel=channel)), channel


def async_client(glm: Any, emulator: Emulator) -> Any:
    cls = glm.GenerativeServiceAsyncClient
    channel = grpc.aio.insecure_channel(emulator.target)
    if glm.__name__.startswith("gemini_grpc"):
        return cls(transport=channel), channel
    return cls(transport=cls.get_transport_class("grpc_asyncio")(channel=channel)), channel


def both(version: str, sample: Callable[[Any], list[Any]]) -> None:
    """Run a sample with both packages and compare what it gives."""
    expected, got = (
        as_json(package, sample(package))
        for package in (google_package(version), our_package(version))
    )
    assert expected
    assert [settle(each) for each in got] == [settle(each) for each in expected]


def settle(answer: Any) -> Any:
    """Return an answer without what is different each time, and without what google's does not know."""
    if not isinstance(answer, dict):
        return answer
    volatile = {"responseId", "createTime", "modelVersion"}
    return {key: settle(value) for key, value in answer.items() if key not in volatile}


@pytest.mark.parametrize("method", list(REQUESTS))
def test_a_request_object_synchronously(version: str, emulator: Emulator, method: str) -> None:
    def sample(glm: Any) -> list[Any]:
        # Create a client
        client, channel = sync_client(glm, emulator)

        # Initialize request argument(s)
        request = REQUESTS[method](glm)

        # Make the request
        response = getattr(client, method)(request=request)

        # Handle the response
        channel.close()
        return [response]

    both(version, sample)


@pytest.mark.parametrize("method", list(FIELDS))
def test_flattened_arguments_synchronously(version: str, emulator: Emulator, method: str) -> None:
    def sample(glm: Any) -> list[Any]:
        client, channel = sync_client(glm, emulator)
        fields = FIELDS[method](glm)
        if method == "generate_answer":  # passages cannot be given flattened with google's client
            fields = {"request": {**fields, "inline_passages": {"passages": [passage(glm)]}}}
        response = getattr(client, method)(**fields, timeout=10.0, metadata=[("x-mine", "1")])
        channel.close()
        return [response]

    both(version, sample)


def passage(glm: Any) -> dict[str, Any]:
    return {"id": "1", "content": {"parts": [{"text": "The sea is salty and deep."}]}}


@pytest.mark.parametrize("flattened", [False, True], ids=["request", "flattened"])
def test_a_stream_synchronously(version: str, emulator: Emulator, flattened: bool) -> None:
    def sample(glm: Any) -> list[Any]:
        client, channel = sync_client(glm, emulator)
        if flattened:
            stream = client.stream_generate_content(**generate_content_fields(glm))
        else:
            stream = client.stream_generate_content(request=generate_content_request(glm))
        answers = []
        for response in stream:
            answers.append(response)  # noqa: PERF402  # as google's samples do
        channel.close()
        return answers

    both(version, sample)


def live_requests(glm: Any) -> list[Any]:
    setup = glm.BidiGenerateContentSetup(
        model="models/gemini-3.8-live",
        generation_config=glm.GenerationConfig(response_modalities=["AUDIO"]),
    )
    turn = glm.BidiGenerateContentClientContent(turns=[make_content(glm, "hi")], turn_complete=True)
    message = glm.BidiGenerateContentClientMessage
    return [message(setup=setup), message(client_content=turn)]


def live_models(emulator: Emulator) -> str:
    from gemini_grpc.v1beta import ModelServiceClient

    options = {"api_endpoint": f"http://{emulator.target}", "api_key": "k"}
    with ModelServiceClient(client_options=options) as client:
        for model in client.list_models():
            if "bidiGenerateContent" in model.supported_generation_methods:
                return model.name
    return MODEL


def test_a_session_synchronously(version: str, emulator: Emulator) -> None:
    name = live_models(emulator)

    def sample(glm: Any) -> list[Any]:
        client, channel = sync_client(glm, emulator)
        requests = live_requests(glm)
        requests[0].setup.model = name

        # This method expects an iterator which contains
        # 'BidiGenerateContentClientMessage' objects
        def request_generator() -> Iterator[Any]:
            yield from requests

        stream = client.bidi_generate_content(requests=request_generator())
        answers = list(stream)
        channel.close()
        return [answer for answer in answers if "setup_complete" in answer or answer.server_content]

    both(version, sample)


@pytest.mark.parametrize("method", list(REQUESTS))
@pytest.mark.parametrize("flattened", [False, True], ids=["request", "flattened"])
def test_a_call_asynchronously(
    version: str, emulator: Emulator, method: str, flattened: bool
) -> None:
    def sample(glm: Any) -> list[Any]:
        async def main() -> Any:
            client, channel = async_client(glm, emulator)
            if flattened and method != "generate_answer":
                response = await getattr(client, method)(**FIELDS[method](glm))
            else:
                response = await getattr(client, method)(request=REQUESTS[method](glm))
            await channel.close()
            return response

        return [asyncio.run(main())]

    both(version, sample)


@pytest.mark.parametrize("flattened", [False, True], ids=["request", "flattened"])
def test_a_stream_asynchronously(version: str, emulator: Emulator, flattened: bool) -> None:
    def sample(glm: Any) -> list[Any]:
        async def main() -> list[Any]:
            client, channel = async_client(glm, emulator)
            if flattened:
                stream = await client.stream_generate_content(**generate_content_fields(glm))
            else:
                stream = await client.stream_generate_content(request=generate_content_request(glm))
            answers = [response async for response in stream]
            await channel.close()
            return answers

        return asyncio.run(main())

    both(version, sample)


def test_a_session_asynchronously(version: str, emulator: Emulator) -> None:
    name = live_models(emulator)

    def sample(glm: Any) -> list[Any]:
        async def main() -> list[Any]:
            client, channel = async_client(glm, emulator)
            requests = live_requests(glm)
            requests[0].setup.model = name

            async def request_generator() -> Any:
                for request in requests:
                    yield request

            stream = await client.bidi_generate_content(requests=request_generator())
            answers = [response async for response in stream]
            await channel.close()
            return [each for each in answers if "setup_complete" in each or each.server_content]

        return asyncio.run(main())

    both(version, sample)


# what only differs in the address: a client with options, on our side


def test_pages_and_operations_read_as_googles(version: str, emulator: Emulator) -> None:
    def sample(glm: Any) -> list[Any]:
        cls = glm.ModelServiceClient
        with grpc.insecure_channel(emulator.target) as channel:
            ours = glm.__name__.startswith("gemini_grpc")
            transport = channel if ours else cls.get_transport_class("grpc")(channel=channel)
            client = cls(transport=transport)
            page_result = client.list_models(request=glm.ListModelsRequest(page_size=3))
            listed = [response for response in page_result]  # noqa: C416  # as google's samples do
            model = client.get_model(request=glm.GetModelRequest(name=MODEL))
            return [*listed, model]

    both(version, sample)


def test_handlers_catch_the_same_errors(version: str, emulator: Emulator) -> None:
    from google.api_core import exceptions

    for glm in (google_package(version), our_package(version)):
        client, channel = sync_client(glm, emulator)
        with pytest.raises(exceptions.NotFound) as caught:
            client.generate_content(model="models/none", contents=[make_content(glm, "x")])
        assert caught.value.grpc_status_code is grpc.StatusCode.NOT_FOUND
        with pytest.raises(ValueError, match="request"):
            client.count_tokens(count_tokens_request(glm), model=MODEL)
        channel.close()


def test_retries_and_timeouts_of_api_core_are_taken(version: str, emulator: Emulator) -> None:
    from google.api_core import exceptions, retry
    from google.api_core.gapic_v1 import method as gapic

    policy = retry.Retry(
        predicate=retry.if_exception_type(exceptions.ServiceUnavailable), timeout=5.0
    )

    def sample(glm: Any) -> list[Any]:
        client, channel = sync_client(glm, emulator)
        request = count_tokens_request(glm)
        answers = [
            client.count_tokens(request, retry=policy, timeout=5),
            client.count_tokens(request, retry=None, timeout=None),
            client.count_tokens(request, retry=gapic.DEFAULT, timeout=gapic.DEFAULT),
        ]
        channel.close()
        return answers

    both(version, sample)


# service accounts and mTLS


@pytest.fixture(scope="module")
def account() -> dict[str, str]:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    pem = private.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    return {
        "type": "service_account",
        "private_key": pem.decode(),
        "private_key_id": "1",
        "client_email": "tester@project.iam.gserviceaccount.com",
        "token_uri": "https://oauth2.invalid/token",
    }


@pytest.mark.parametrize("how", ["info", "file", "json"])
@pytest.mark.parametrize("suffix", ["Client", "AsyncClient"])
def test_the_constructors_for_service_accounts(
    version: str, tmp_path: Path, account: dict[str, str], how: str, suffix: str
) -> None:
    path = tmp_path / "account.json"
    path.touch(mode=0o600)
    path.write_text(json.dumps(account))

    async def sample(glm: Any) -> Any:
        cls = getattr(glm, f"GenerativeService{suffix}")
        make = getattr(cls, f"from_service_account_{how}")
        client = make(
            account if how == "info" else str(path), client_options={"api_endpoint": "a.b:1"}
        )
        assert client.api_endpoint == "a.b:1"
        assert client.universe_domain == "googleapis.com"
        assert isinstance(client, cls)
        if suffix == "AsyncClient" and hasattr(client, "close"):
            await client.close()
        elif hasattr(client, "close"):
            client.close()
        return client.transport.host

    hosts = {asyncio.run(sample(glm)) for glm in (google_package(version), our_package(version))}
    assert hosts == {"a.b:1"}


@pytest.mark.parametrize("use", ["never", "auto", "always"])
@pytest.mark.parametrize("suffix", ["Client", "AsyncClient"])
def test_get_mtls_endpoint_and_cert_source(
    monkeypatch: pytest.MonkeyPatch, version: str, use: str, suffix: str
) -> None:
    from google.api_core.client_options import ClientOptions

    monkeypatch.setenv("GOOGLE_API_USE_MTLS_ENDPOINT", use)
    monkeypatch.setenv("GOOGLE_API_USE_CLIENT_CERTIFICATE", "true")

    def source() -> tuple[bytes, bytes]:
        return b"", b""

    found = []
    for glm in (google_package(version), our_package(version)):
        cls = getattr(glm, f"GenerativeService{suffix}")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)
            found.append(
                [
                    cls.get_mtls_endpoint_and_cert_source(ClientOptions(client_cert_source=source)),
                    cls.get_mtls_endpoint_and_cert_source(ClientOptions(api_endpoint="a.b:1")),
                ]
            )
    assert found[0] == found[1]


def test_names_that_samples_use_exist(version: str) -> None:
    google, ours = google_package(version), our_package(version)
    for name in google.__all__:
        assert hasattr(ours, name), name
    for name in ("GenerativeServiceClient", "GenerativeServiceAsyncClient"):
        theirs = getattr(google, name)
        mine = getattr(ours, name)
        for attribute in vars(theirs):
            if not attribute.startswith("_"):
                assert hasattr(mine, attribute), attribute
        assert mine.DEFAULT_ENDPOINT == theirs.DEFAULT_ENDPOINT
        assert mine.DEFAULT_MTLS_ENDPOINT == theirs.DEFAULT_MTLS_ENDPOINT


def test_messages_that_came_are_read_as_googles(version: str, emulator: Emulator) -> None:
    def sample(glm: Any) -> str:
        client, channel = sync_client(glm, emulator)
        response = client.generate_content(generate_content_request(glm))
        channel.close()
        candidate = response.candidates[0]
        assert candidate.finish_reason == glm.Candidate.FinishReason.STOP or candidate.finish_reason
        assert response.usage_metadata.total_token_count > 0
        assert glm.GenerateContentResponse.to_dict(response)["candidates"]
        return str(candidate.content.parts[0].text)

    assert sample(google_package(version)) == sample(our_package(version))
