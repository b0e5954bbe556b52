"""An emulator for the chat models of LangChain, and clients of every backend to call it with."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import pytest

import gemini_grpc
from gemini_grpc.emulator import Emulator
from gemini_grpc.integrations.langchain import ChatGemini

PLACES: dict[str, dict[str, Any]] = {
    "v1beta": {},
    "v1alpha": {"version": "v1alpha"},
    "vertex": {"project": "p", "location": "us-central1"},
}

Make = Callable[..., ChatGemini]


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture
def client(emulator: Emulator, request: pytest.FixtureRequest) -> Iterator[gemini_grpc.Client]:
    """A client of the backend that the test is parametrized with, else of v1beta."""
    place = PLACES[getattr(request, "param", "v1beta")]
    options: Any = {"api_endpoint": f"http://{emulator.target}", "api_key": "test"}
    with gemini_grpc.Client(client_options=options, **place) as made:
        yield made


@pytest.fixture
def make(client: gemini_grpc.Client) -> Make:
    return lambda **given: ChatGemini(client=client, **given)
