"""Metadata that cannot be sent is refused, by the name of the argument it was given as."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

import gemini_grpc
from gemini_grpc import errors
from gemini_grpc.rpc import options

if TYPE_CHECKING:
    from gemini_grpc.emulator import Emulator
    from tests.generative.places import Place

WRONG: list[tuple[Any, str]] = [
    ([("Bad Key", "v")], "{} has the key 'Bad Key'; expected lower-case"),
    ([("x-team", "bläu")], "'x-team' of {} has a value that is not printable ASCII"),
    ([("x-a-bin", "str")], "'x-a-bin' of {} is str; expected bytes"),
    ([("x-team", None)], "'x-team' of {} is NoneType; expected a str"),
    (["ab"], "{}: expected pairs of a key and a value, .*, got str"),
    ([("authorization", "hidden")], "{} has 'authorization'; credentials are given to the client"),
]


@pytest.mark.parametrize(
    "cls", [gemini_grpc.Client, gemini_grpc.AsyncClient, gemini_grpc.configure]
)
@pytest.mark.parametrize(
    ("metadata", "text"), [*WRONG, ({"ab": "c"}, "{}: expected pairs of a key and a value")]
)
def test_of_a_client(cls: Any, metadata: Any, text: str) -> None:
    with pytest.raises(errors.ArgumentError, match=text.format("default_metadata")) as caught:
        cls(api_key="k", default_metadata=metadata)
    assert "hidden" not in str(caught.value)


@pytest.mark.parametrize(("metadata", "text"), WRONG)
def test_of_a_call(anywhere: Place, emulator: Emulator, metadata: Any, text: str) -> None:
    model = anywhere.model()
    with pytest.raises(errors.ArgumentError, match=text.format("request_options.metadata")):
        anywhere.ask(model, "Hi", request_options={"metadata": metadata})
    assert not emulator.journal


def test_what_can_be_sent_is_sent(monkeypatch: pytest.MonkeyPatch, emulator: Emulator) -> None:
    monkeypatch.setenv(options.EMULATOR_HOST, emulator.target)
    default: Any = [("x-team", "blue"), ("x-trace-bin", b"\x00")]
    with gemini_grpc.Client(api_key="k", default_metadata=default) as client:
        more = {"metadata": {"x-call": "1"}}
        assert client.models.count_tokens("gemini-3.8-flash", "Hi", request_options=more)
    sent = emulator.journal[0].attempts[0].metadata
    assert {("x-team", "blue"), ("x-trace-bin", b"\x00"), ("x-call", "1")} <= set(sent)
