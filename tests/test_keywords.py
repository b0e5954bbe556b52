"""An unexpected keyword is an error that names where it belongs."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable
from typing import Any

import pytest

import gemini_grpc as genai
from gemini_grpc import errors
from gemini_grpc.live._async.service import AsyncLive
from gemini_grpc.live._sync.service import Live

MODEL = genai.GenerativeModel("gemini-x")
CHAT = MODEL.start_chat()
CALLS: list[Callable[..., Any]] = [
    MODEL.generate_content,
    MODEL.generate_content_async,
    MODEL.count_tokens,
    MODEL.count_tokens_async,
    CHAT.send_message,
    CHAT.send_message_async,
]


def call(function: Callable[..., Any], **keywords: Any) -> None:
    made = function("x", **keywords)
    if inspect.iscoroutine(made):
        asyncio.run(made)


def refused(function: Callable[..., Any], **keywords: Any) -> str:
    """Return the error of a call with a keyword that does not exist."""
    with pytest.raises(TypeError, match="got an unexpected keyword argument") as caught:
        call(function, **keywords)
    assert isinstance(caught.value, errors.FieldError)
    return str(caught.value)


@pytest.mark.parametrize("function", CALLS, ids=lambda each: each.__qualname__)
def test_settings_and_options_are_named(function: Callable[..., Any]) -> None:
    assert "request_options={'timeout': ...}" in refused(function, timeout=3)
    assert "generation_config=" in refused(function, config={})
    assert "generation_config={'temperature': ...}" in refused(function, temperature=0)
    assert "did you mean 'temperature'? in generation_config=" in refused(function, temprature=0)
    assert "configure(api_key=...)" in refused(function, api_key="k")
    assert "GenerativeModel(system_instruction=...)" in refused(function, system_instruction="x")


@pytest.mark.parametrize(
    "function",
    [genai.embed_content, genai.embed_content_async, genai.upload_file, genai.upload_file_async],
    ids=lambda each: each.__name__,
)
def test_options_of_other_calls_are_named(function: Callable[..., Any]) -> None:
    assert "request_options={'timeout': ...}" in refused(function, timeout=3)


def test_arguments_of_models_and_chats_are_named() -> None:
    made: Any = genai.GenerativeModel
    start: Any = lambda _, **keywords: MODEL.start_chat(**keywords)  # noqa: E731
    assert "generation_config={'temperature': ...}" in refused(made, temperature=0)
    assert "request_options={'timeout': ...} of each call" in refused(made, timeout=1)
    assert "it is called model_name=" in refused(made, model="x")
    assert "of the model or of each message" in refused(start, temperature=0)
    assert "GenerativeModel(tools=...)" in refused(start, tools=[])


@pytest.mark.parametrize("service", [AsyncLive, Live])
def test_arguments_of_sessions_are_named(service: Any) -> None:
    def connect(model: str, **keywords: Any) -> Any:
        return service.connect(None, model, **keywords)

    assert "config=LiveConfig(generation={'temperature': ...})" in refused(connect, temperature=0)
    assert "setup_timeout=" in refused(connect, timeout=3)


def test_signatures_and_coroutines_stay_what_they_are() -> None:
    assert inspect.iscoroutinefunction(MODEL.generate_content_async)
    assert list(inspect.signature(genai.GenerativeModel.start_chat).parameters)[1] == "history"
