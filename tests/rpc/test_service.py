"""What every client has besides the methods of its service."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import pytest

from gemini_grpc import ClientOptions, RetryPolicy, errors
from gemini_grpc.emulator import Emulator, Fault
from gemini_grpc.v1beta.methods import GenerativeService

if TYPE_CHECKING:
    from tests.authority import Authority
    from tests.colours import Sync

GENERATING = {"model": "models/gemini-3.8-flash", "contents": [{"parts": [{"text": "the sea"}]}]}


def test_the_transport_is_known_by_one_name(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    client = connect(emulator)
    for label in (None, colour.transport):
        assert client.get_transport_class(label) is type(client.transport)
    with pytest.raises(
        errors.ArgumentError, match=f"transport is 'rest'; expected .*{colour.transport}"
    ):
        client.get_transport_class("rest")


def test_the_metadata_of_a_call_is_given_to_who_makes_it(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    transport = connect(emulator).transport
    pairs = dict(colour.call(transport.metadata, GenerativeService.BIDI_GENERATE_CONTENT))
    assert pairs["x-goog-api-key"] == "test"
    assert "gl-python/" in pairs["x-goog-api-client"]


# a service that asks its clients to wait


def attempts(emulator: Emulator, method: str) -> list[Any]:
    """Return the attempts of all calls of a method."""
    return [attempt for call in emulator.journal.calls(method) for attempt in call.attempts]


def test_a_stream_waits_as_long_as_other_calls_were_asked_to(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    emulator.script("StreamGenerateContent", [Fault("RESOURCE_EXHAUSTED", retry_after=0.3)])
    client = connect(emulator)
    with pytest.raises(errors.ResourceExhausted):
        colour.call(client.stream_generate_content, **GENERATING, timeout=0.1)
    assert colour.drain(colour.call(client.stream_generate_content, **GENERATING, timeout=5.0))
    refused, answered = attempts(emulator, "StreamGenerateContent")
    assert answered.started - refused.started > 0.25
    assert answered.deadline < 4.9


def test_a_call_without_a_deadline_waits_as_well_and_still_has_none(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    emulator.script("CountTokens", [Fault("RESOURCE_EXHAUSTED", retry_after=0.3)])
    client = connect(emulator)
    with pytest.raises(errors.ResourceExhausted):
        colour.call(client.count_tokens, **GENERATING, timeout=0.1)
    assert colour.call(client.count_tokens, **GENERATING, timeout=None).total_tokens
    refused, answered = attempts(emulator, "CountTokens")
    assert answered.started - refused.started > 0.25
    assert answered.deadline is None


# a token, and no deadline


def test_fetching_a_token_needs_no_deadline(
    colour: Sync, connect: Callable[..., Any], authority: Authority
) -> None:
    from google.oauth2.credentials import Credentials

    class Fetched(Credentials):  # type: ignore[misc]  # google-auth has no types for it
        def refresh(self, request: object) -> None:
            self.token = "fetched"

    with Emulator(tls=True, certificates=authority.server()) as secure:
        client = connect(
            arguments={"credentials": Fetched(None)},
            api_endpoint=secure.target,
            ca_certificates=authority.ca,
        )
        assert colour.call(client.count_tokens, **GENERATING, timeout=None).total_tokens
        method = GenerativeService.BIDI_GENERATE_CONTENT
        pairs = dict(colour.call(client.transport.metadata, method))
        assert pairs["authorization"] == "Bearer fetched"
        assert secure.journal[0].attempts[0].deadline is None


def test_a_method_without_an_answer_gives_nothing(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    client = connect(emulator, "FileService")
    made = colour.call(client.create_file, {"file": {"display_name": "notes"}}).file
    assert colour.call(client.delete_file, name=made.name) is None


# what cannot be used is refused before anything is sent


@pytest.mark.parametrize("retry", ["nonsense", 3, True, RetryPolicy])
@pytest.mark.parametrize(
    "method", ["count_tokens", "stream_generate_content", "bidi_generate_content"]
)
def test_a_retry_that_is_no_policy_is_refused(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator, method: str, retry: Any
) -> None:
    client = connect(emulator)
    asked = [[]] if method.startswith("bidi") else [GENERATING]
    with pytest.raises(errors.ArgumentError, match=r"retry is \w+; expected a RetryPolicy, None"):
        colour.call(getattr(client, method), *asked, retry=retry)
    with pytest.raises(errors.ArgumentError, match="retry is"):
        ClientOptions(retry=retry)
    assert not emulator.journal


def test_a_session_takes_no_policy(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    from google.api_core import retry as google
    from google.api_core.gapic_v1.method import DEFAULT

    method = connect(emulator).bidi_generate_content
    for policy in (RetryPolicy(), google.Retry()):
        with pytest.raises(errors.ArgumentError, match="BidiGenerateContent has one attempt"):
            colour.call(method, [], retry=policy)
    assert not emulator.journal
    for nothing in (None, DEFAULT):
        with pytest.raises(errors.InvalidArgument, match="setup: must be the first message"):
            colour.drain(colour.call(method, [], retry=nothing))
