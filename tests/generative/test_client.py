"""A client owns one connection; every service and live sessions are its attributes."""

from __future__ import annotations

from typing import Any

import pytest

import gemini_grpc
from gemini_grpc import errors, live
from gemini_grpc.emulator import Emulator

QUESTION = [{"parts": [{"text": "Hi"}]}]
SERVICES = (
    *("cache_service", "discuss_service", "file_service", "generative_service", "model_service"),
    *("permission_service", "prediction_service", "retriever_service", "text_service"),
)


@pytest.fixture
def options() -> Any:
    with Emulator() as emulator:
        yield {"api_endpoint": f"http://{emulator.target}", "api_key": "test"}


@pytest.mark.parametrize("version", ["v1beta", "v1alpha"])
def test_every_service_shares_the_connection(options: dict[str, Any], version: Any) -> None:
    with gemini_grpc.Client(client_options=options, version=version) as client:
        for name in SERVICES:
            service = getattr(client, name)
            assert service.transport is client.generative_service.transport
            assert f".{version}." in type(service).__module__
            assert getattr(client, name) is service
        answer = client.generative_service.generate_content(
            model="models/gemini-3.8-flash", contents=QUESTION
        )
        assert answer.candidates[0].content.parts[0].text


def test_a_live_session_is_held(options: dict[str, Any]) -> None:
    config = live.LiveConfig(modalities=["TEXT"])
    with (
        gemini_grpc.Client(client_options=options) as client,
        client.live.connect("gemini-live", config=config) as session,
    ):
        assert session.ask("What is 2 + 3?").text == "2 + 3 is 5."


async def test_the_same_is_there_asynchronously(options: dict[str, Any]) -> None:
    config = live.LiveConfig(modalities=["TEXT"])
    async with gemini_grpc.AsyncClient(client_options=options) as client:
        models = [model async for model in await client.model_service.list_models()]
        assert models
        async with client.live.connect("gemini-live", config=config) as session:
            turn = await session.ask("What is 2 + 3?")
    assert turn.text == "2 + 3 is 5."
    assert turn.end_reason == "complete"


def test_a_closed_client_says_so(options: dict[str, Any]) -> None:
    client = gemini_grpc.Client(client_options=options)
    client.close()
    client.close()
    with pytest.raises(errors.ClosedError):
        client.generative_service.count_tokens(model="models/gemini-3.8-flash", contents=QUESTION)


def test_the_key_comes_from_the_environment(
    monkeypatch: pytest.MonkeyPatch, options: dict[str, Any]
) -> None:
    monkeypatch.delenv("GOOGLE_API_KEY", raising=False)
    monkeypatch.setenv("GEMINI_API_KEY", "from the environment")
    client = gemini_grpc.Client(client_options={"api_endpoint": options["api_endpoint"]})
    assert ("x-goog-api-key", "from the environment") in client._channel.settings.metadata
    client.close()


def test_two_keys_that_differ_are_warned_of(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GOOGLE_API_KEY", "one")
    monkeypatch.setenv("GEMINI_API_KEY", "other")
    with pytest.warns(UserWarning, match="GOOGLE_API_KEY is used"):
        client = gemini_grpc.Client()
    assert ("x-goog-api-key", "one") in client._channel.settings.metadata
    client.close()


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"version": "v2"}, "expected 'v1beta' or 'v1alpha'"),
        ({"api_key": "a", "client_options": {"api_key": "b"}}, "given twice"),
        ({"client_options": {"api_kee": "b"}}, "did you mean 'api_key'"),
    ],
)
def test_what_cannot_be_used_is_refused(arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(errors.ArgumentError, match=text):
        gemini_grpc.Client(**arguments)


def test_a_client_knows_its_models(options: dict[str, Any]) -> None:
    with gemini_grpc.Client(client_options=options) as client:
        names = [model.name for model in client.models.list()]
        assert "models/gemini-3.8-flash" in names
        assert client.models.get("gemini-3.8-flash").display_name
        answer = client.models.generate_content("gemini-3.8-flash", "What is 2 + 3?")
        assert answer.text == "2 + 3 is 5."
        assert "".join(
            piece.text
            for piece in client.models.generate_content(
                "gemini-3.8-flash", "What is 2 + 3?", stream=True
            )
        )
        assert client.models.count_tokens("gemini-3.8-flash", "Hi").total_tokens
        model = client.models("gemini-3.8-flash", system_instruction="Be brief.")
        assert model.start_chat().send_message("Hi").text
        found = client.models.embed_content("gemini-embedding-2", ["a", "b"])
        assert len(found["embedding"]) == 2


async def test_so_does_an_asynchronous_one(options: dict[str, Any]) -> None:
    async with gemini_grpc.AsyncClient(client_options=options) as client:
        names = [model.name async for model in client.models.list()]
        assert "models/gemini-3.8-flash" in names
        answer = await client.models.generate_content("gemini-3.8-flash", "What is 2 + 3?")
        assert answer.text == "2 + 3 is 5."
        found = await client.models.embed_content("gemini-embedding-2", "a")
        assert found["embedding"]
