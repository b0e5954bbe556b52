from __future__ import annotations

import pytest

from gemini_grpc import errors
from gemini_grpc.emulator import Emulator
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
            assert client.get_model(name="models/gemini-2.5-flash")
    assert len(emulator.journal) == 2


async def test_asynchronous_clients_use_it_as_well(emulator):
    async with ModelServiceAsyncClient() as client:
        assert await client.get_model(name="models/gemini-2.5-flash")
    assert len(emulator.journal) == 1


def test_it_is_read_when_a_client_is_made(emulator, monkeypatch):
    with ModelServiceClient() as client:
        monkeypatch.delenv("GEMINI_EMULATOR_HOST")
        assert client.get_model(name="models/gemini-2.5-flash")


def test_it_wins_over_an_endpoint(monkeypatch):
    monkeypatch.setenv("GEMINI_EMULATOR_HOST", "127.0.0.1:9090")
    settings = resolve(ClientOptions(api_endpoint="example.com"), HOST)
    assert (settings.endpoint.target, settings.endpoint.plaintext) == ("127.0.0.1:9090", True)


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
