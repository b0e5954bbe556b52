"""How a model connects, and what is left of its key where it is shown, stored or traced."""

from __future__ import annotations

import copy
import pickle
from collections.abc import Iterator
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials
from langchain_core.load import dumpd, dumps, load
from pydantic import ValidationError

import gemini_grpc
from gemini_grpc import errors
from gemini_grpc.emulator import Authentication, Emulator
from gemini_grpc.generative import default
from gemini_grpc.integrations.langchain import ChatGemini

KEY = "AIza-very-secret"


@pytest.fixture
def guarded(monkeypatch: pytest.MonkeyPatch) -> Iterator[Emulator]:
    """Run an emulator that takes one key only, where every client looks for it."""
    with Emulator(authentication=Authentication(api_keys=[KEY])) as emulator:
        monkeypatch.setenv("GEMINI_EMULATOR_HOST", emulator.target)
        for name in ("GOOGLE_API_KEY", "GEMINI_API_KEY"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setattr(default, "_default", default._Default())
        yield emulator


def test_the_key_is_sent(guarded: Emulator) -> None:
    assert ChatGemini(api_key=KEY).invoke("Hello").text
    assert ChatGemini(google_api_key=KEY).invoke("Hello").text
    with pytest.raises(errors.RpcError):
        ChatGemini(api_key="another").invoke("Hello")


@pytest.mark.parametrize("name", ["GOOGLE_API_KEY", "GEMINI_API_KEY"])
def test_the_key_of_the_environment_is_sent(
    guarded: Emulator, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setenv(name, KEY)
    model = ChatGemini()
    assert model.api_key is None
    assert model.invoke("Hello").text


def test_the_default_client_is_used_if_nothing_is_said(guarded: Emulator) -> None:
    gemini_grpc.configure(api_key=KEY)
    assert ChatGemini().invoke("Hello").text
    gemini_grpc.configure(project="p", location="us-central1", credentials=AnonymousCredentials())
    assert ChatGemini()._get_ls_params()["ls_provider"] == "google_vertexai"


def test_what_says_how_to_connect_is_heard(guarded: Emulator) -> None:
    vertex = ChatGemini(project="p", credentials=AnonymousCredentials())
    assert vertex._backend.name == "Vertex AI"
    assert vertex._wires.backend.location == "us-central1"
    assert ChatGemini(version="v1alpha", api_key=KEY)._wires.backend.version == "v1alpha"


def test_one_connection_serves_a_model_and_its_copies(guarded: Emulator) -> None:
    model = ChatGemini(api_key=KEY)
    wires = model._wires
    assert model._wires is wires
    for twin in (
        model.model_copy(update={"temperature": 0.5}),
        copy.copy(model),
        copy.deepcopy(model),
    ):
        assert twin._wires is wires
    assert model.bind(temperature=0.5).bound is model  # type: ignore[attr-defined]


def test_a_pickled_model_connects_anew(guarded: Emulator) -> None:
    model = ChatGemini(api_key=KEY, temperature=0.5)
    assert model.invoke("Hello").text
    twin = pickle.loads(pickle.dumps(model))
    assert twin == model
    assert twin.invoke("Hello").text


@pytest.mark.filterwarnings(  # loading what was stored is as LangChain has it
    "ignore:The function `load` is in beta:langchain_core._api.beta_decorator.LangChainBetaWarning"
)
def test_a_stored_model_is_loaded_with_the_key_of_the_environment(
    guarded: Emulator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("GOOGLE_API_KEY", KEY)
    model = ChatGemini(api_key=KEY, temperature=0.5, seed=3, max_retries=2)
    twin = load(
        dumpd(model),
        allowed_objects=[ChatGemini],
        valid_namespaces=["gemini_grpc"],
        secrets_from_env=True,
    )
    assert isinstance(twin, ChatGemini)
    assert twin.asdict() == model.asdict()
    assert twin.invoke("Hello").text


def test_credentials_and_clients_are_not_stored(guarded: Emulator) -> None:
    assert "redential" not in dumps(ChatGemini(credentials=AnonymousCredentials(), project="p"))
    with gemini_grpc.Client(api_key=KEY) as client:
        assert "client" not in dumps(ChatGemini(client=client))


def shown(model: ChatGemini) -> Iterator[str]:
    """Yield the texts that a model shows of itself."""
    yield repr(model)
    yield str(model)
    yield dumps(model)
    yield str(model.asdict())
    yield str(model._get_ls_params())
    yield str(model._get_invocation_params())
    yield str(model._get_llm_string())
    yield str(model.model_dump())
    yield model.model_dump_json()
    yield repr(model.bind(temperature=0))
    yield str(model.lc_attributes)


def test_the_key_is_never_shown() -> None:
    model = ChatGemini(api_key=KEY, temperature=0.5)
    assert not [text for text in shown(model) if KEY in text]


@pytest.mark.parametrize("wrong", [{"temprature": 0}, {"temperature": "hot"}, {"project": ""}])
def test_errors_do_not_show_the_key(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValidationError) as caught:
        ChatGemini(api_key=KEY, **wrong)
    assert KEY not in str(caught.value)
