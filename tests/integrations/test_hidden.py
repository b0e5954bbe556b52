"""No error of an adapter has a key in a local variable of one of its frames."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from gemini_grpc.integrations.langchain import ChatGemini
from gemini_grpc.integrations.llama_index import Gemini, GeminiMultiModal
from tests.support.secrets import assert_hidden

KEY = "AIzaSecretOfTheTest"

FAILURES: dict[str, Callable[[], Any]] = {
    "langchain: unknown argument": lambda: ChatGemini(api_key=KEY, temprature=0),
    "langchain: wrong type": lambda: ChatGemini(api_key=KEY, temperature="hot"),  # type: ignore[arg-type]
    "langchain: wrong timeout": lambda: ChatGemini(api_key=KEY, timeout=0),
    "langchain: unusable key": lambda: ChatGemini(api_key=f"{KEY}\n").invoke("Hi"),
    "langchain: wrong call": lambda: ChatGemini(api_key=KEY).invoke("Hi", temprature=0),
    "llama_index: unknown argument": lambda: Gemini(api_key=KEY, temprature=0),
    "llama_index: wrong type": lambda: Gemini(api_key=KEY, temperature="hot"),  # type: ignore[arg-type]
    "llama_index: wrong transport": lambda: GeminiMultiModal(KEY, transport="rest"),
    "llama_index: unusable key": lambda: Gemini(api_key=f"{KEY}\n").complete("Hi"),
}


@pytest.mark.parametrize("name", FAILURES)
def test_errors_hide_the_key(name: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        FAILURES[name]()
    assert_hidden(caught.value, KEY)
