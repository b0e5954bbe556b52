from __future__ import annotations

import pytest

from gemini_grpc import Client, RetryPolicy, errors
from gemini_grpc.emulator import Emulator, Fault, Reply
from gemini_grpc.rpc.client_options import ClientOptions
from gemini_grpc.rpc.options import resolve
from gemini_grpc.rpc.secret import Secret
from gemini_grpc.v1alpha import ModelServiceClient as AlphaModelServiceClient
from gemini_grpc.v1beta import ModelServiceAsyncClient, ModelServiceClient

HOST = "generativelanguage.googleapis.com"


def key(options: ClientOptions) -> str:
    return dict(resolve(options, HOST).metadata)["x-goog-api-key"]


@pytest.fixture
def emulator(monkeypatch):
    with Emulator() as running:
        monkeypatch.setenv("GEMINI_EMULATOR_HOST", running.target)
        yield running


def test_every_client_uses_the_emulator(emulator):
    for make in (ModelServiceClient, AlphaModelServiceClient):
        with make() as client:
            assert client.get_model(name="models/gemini-3.8-flash")
    assert len(emulator.journal) == 2


async def test_asynchronous_clients_use_it_as_well(emulator):
    async with ModelServiceAsyncClient() as client:
        assert await client.get_model(name="models/gemini-3.8-flash")
    assert len(emulator.journal) == 1


def test_it_is_read_when_a_client_is_made(emulator, monkeypatch):
    with ModelServiceClient() as client:
        monkeypatch.delenv("GEMINI_EMULATOR_HOST")
        assert client.get_model(name="models/gemini-3.8-flash")


def test_it_wins_over_an_endpoint(monkeypatch):
    monkeypatch.setenv("GEMINI_EMULATOR_HOST", "127.0.0.1:9090")
    settings = resolve(ClientOptions(api_endpoint="example.com"), HOST)
    assert (settings.endpoint.target, settings.endpoint.plaintext) == ("127.0.0.1:9090", True)


def test_an_endpoint_without_tls_names_another_emulator(emulator):
    with Emulator() as other:
        options = {"api_endpoint": f"http://{other.target}", "api_key": "mine"}
        with ModelServiceClient(client_options=options) as client:
            assert client.get_model(name="models/gemini-3.8-flash")
        assert len(other.journal) == 1
    assert not emulator.journal


def test_a_dummy_key_is_sent_if_none_is_given(monkeypatch):
    monkeypatch.setenv("GEMINI_EMULATOR_HOST", "http://localhost:9090")
    assert key(ClientOptions()) == "emulator"
    assert key(ClientOptions(api_key="mine")) == "mine"
    assert key(ClientOptions(api_key=Secret("mine"))) == "mine"


def test_an_empty_variable_is_none(monkeypatch):
    monkeypatch.setenv("GEMINI_EMULATOR_HOST", "")
    assert resolve(ClientOptions(api_key="k"), HOST).endpoint.target == f"{HOST}:443"


@pytest.mark.parametrize(
    "value", ["10.0.0.1:9090", "example.com:9090", "https://x", "127.0.0.1:port"]
)
def test_an_address_that_cannot_be_used_names_the_variable(monkeypatch, value):
    monkeypatch.setenv("GEMINI_EMULATOR_HOST", value)
    with pytest.raises(errors.ArgumentError, match="GEMINI_EMULATOR_HOST is"):
        resolve(ClientOptions(), HOST)


# what still holds

COUNT = {"model": "models/gemini-3.8-flash", "contents": [{"parts": [{"text": "Hi"}]}]}


def test_the_limit_of_a_message_holds(colour, connect, emulator):
    emulator.script("GenerateContent", [Reply(text="x" * 10_000)])
    client = connect(max_receive_message_length=1000)
    with pytest.raises(errors.ResourceExhausted, match="raise max_receive_message_length"):
        colour.call(client.generate_content, COUNT)


def test_pings_are_sent_as_elsewhere(monkeypatch):
    monkeypatch.setenv("GEMINI_EMULATOR_HOST", "127.0.0.1:9090")
    assert resolve(ClientOptions(keepalive=20.0), HOST).keepalive == 20.0


def test_deadlines_retries_and_the_user_agent_hold(colour, connect, emulator):
    emulator.script("CountTokens", [Fault("UNAVAILABLE", times=None)])
    retry = RetryPolicy(attempts=2, initial=0.01)
    client = connect(timeout=7.0, retry=retry, arguments={"client_info": "mine/1.0"})
    with pytest.raises(errors.Unavailable):
        colour.call(client.count_tokens, COUNT)
    ((first, _),) = (call.attempts for call in emulator.journal)
    assert 6.0 < first.deadline < 7.2
    assert dict(first.metadata)["x-goog-api-client"].startswith("mine/1.0 ")


def test_default_metadata_are_sent(emulator):
    with Client(default_metadata=[("x-team", "blue")]) as client:
        assert client.model_service.get_model(name="models/gemini-3.8-flash")
    assert ("x-team", "blue") in emulator.journal[0].attempts[0].metadata
