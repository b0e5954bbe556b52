"""API keys that cannot be used are refused when they are given, and are not shown."""

from __future__ import annotations

import traceback
from typing import Any

import pytest

import gemini_grpc
from gemini_grpc import ClientOptions, errors, v1beta
from gemini_grpc.rpc import options
from gemini_grpc.rpc.secret import Secret

WRONG: list[tuple[Any, str]] = [
    ("AIza-hidden\n", "has whitespace around it"),
    (" AIza-hidden", "has whitespace around it"),
    ("  ", "has whitespace around it"),
    ("AIza\n-hidden", "has characters that no key has"),
    ("“AIza-hidden”", "has characters that no key has"),  # as a word processor has it
    (Secret("AIza-hidden\r\n"), "has whitespace around it"),
    ("", "is empty; .* GOOGLE_API_KEY"),
    (Secret(""), "is empty; .* GOOGLE_API_KEY"),
    (5, "is int; expected a str"),
    (b"AIza-hidden", "is bytes; expected a str"),
]


@pytest.mark.parametrize(("key", "text"), WRONG)
def test_a_key_that_cannot_be_sent_is_refused(key: Any, text: str) -> None:
    for make in (
        lambda: ClientOptions(api_key=key),
        lambda: v1beta.ModelServiceClient(client_options={"api_key": key}),
        lambda: gemini_grpc.Client(api_key=key),
        lambda: gemini_grpc.AsyncClient(client_options={"api_key": key}),
        lambda: gemini_grpc.configure(api_key=key),
        lambda: gemini_grpc.Client(api_key=key, project="p"),
    ):
        with pytest.raises(errors.ArgumentError, match=f"^api_key {text}") as caught:
            make()
        assert "hidden" not in str(caught.value)
        assert caught.value.__context__ is None


@pytest.mark.parametrize("variable", ["GOOGLE_API_KEY", "GEMINI_API_KEY"])
@pytest.mark.parametrize(
    ("key", "text"),
    [("AIza-hidden\n", "has whitespace around it"), ("AIza-hiddén", "has characters")],
)
def test_so_is_one_of_the_environment(
    monkeypatch: pytest.MonkeyPatch, variable: str, key: str, text: str
) -> None:
    monkeypatch.setenv(variable, key)
    with pytest.raises(errors.ArgumentError, match=f"^{variable} {text}") as caught:
        gemini_grpc.Client()
    assert "hidd" not in "".join(traceback.format_exception_only(caught.value))


def test_an_empty_key_in_the_environment_is_none() -> None:
    assert options.api_key({"GOOGLE_API_KEY": "", "GEMINI_API_KEY": ""}) is None
    found = options.api_key({"GOOGLE_API_KEY": "", "GEMINI_API_KEY": "k"})
    assert found == Secret("k")


def test_a_key_is_kept_as_a_secret() -> None:
    for key in ("AIza", Secret("AIza")):
        assert ClientOptions(api_key=key).api_key == Secret("AIza")
