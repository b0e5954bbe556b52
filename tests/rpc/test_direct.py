"""The shorter way through grpcio: taken where it can be, and never another outcome than grpcio's."""

from __future__ import annotations

import functools
from collections.abc import Callable, Iterator
from typing import Any

import grpc
import pytest
from grpc import _channel, _observability
from grpc._cython import cygrpc

from gemini_grpc import errors, v1beta
from gemini_grpc.emulator import Emulator, Fault
from gemini_grpc.rpc import direct

PATH = "/google.ai.generativelanguage.v1beta.GenerativeService/CountTokens"
FIELDS: dict[str, Any] = {
    "model": "models/gemini-3.8-flash",
    "contents": [{"parts": [{"text": "hi"}]}],
}
REQUEST = v1beta.CountTokensRequest.serialize(v1beta.CountTokensRequest(FIELDS))
METADATA = (("x-goog-api-key", "k"),)
CODES = [code for code in grpc.StatusCode if code is not grpc.StatusCode.OK]


@pytest.fixture
def channel(emulator: Emulator) -> Iterator[grpc.Channel]:
    with grpc.insecure_channel(emulator.target, (("grpc.enable_retries", 0),)) as made:
        yield made


@pytest.fixture
def unknown() -> Iterator[None]:
    """Let what is known about grpcio be found out anew, before and after."""
    direct._known.cache_clear()
    yield
    direct._known.cache_clear()


def outcome(call: Callable[..., Any], timeout: float | None = 5.0) -> tuple[Any, ...]:
    """Return all that a caller can see of a failed call."""
    with pytest.raises(grpc.RpcError) as caught:
        call(REQUEST, timeout=timeout, metadata=METADATA)
    error: Any = caught.value
    said = (error.code(), error.details(), error.initial_metadata(), error.trailing_metadata())
    assert error.debug_error_string()  # in which some words depend on time
    return type(error), *said


def test_it_is_taken_for_calls_with_one_answer(channel: grpc.Channel) -> None:
    made = channel.unary_unary(PATH)
    call = direct.shortened(made)
    assert call is not made
    response = v1beta.CountTokensResponse.deserialize(call(REQUEST, 5.0, METADATA))
    assert response.total_tokens > 0


def test_streams_and_intercepted_calls_stay_as_they_are(channel: grpc.Channel) -> None:
    class Interceptor(grpc.UnaryUnaryClientInterceptor):
        def intercept_unary_unary(self, continuation: Any, details: Any, request: Any) -> Any:
            return continuation(details, request)

    for made in (
        channel.unary_stream(PATH),
        channel.stream_stream(PATH),
        grpc.intercept_channel(channel, Interceptor()).unary_unary(PATH),
    ):
        assert direct.shortened(made) is made


@pytest.mark.parametrize("code", CODES, ids=lambda code: code.name)
def test_a_failure_is_what_grpcio_says_of_it(
    code: grpc.StatusCode, channel: grpc.Channel, emulator: Emulator
) -> None:
    fault = Fault(code=code, message="no: nö", retry_after=7.0, times=2)
    emulator.script("CountTokens", [fault])
    made = channel.unary_unary(PATH)
    assert outcome(direct.shortened(made)) == outcome(made)
    assert fault.fired == 2


def test_a_deadline_is_what_grpcio_says_of_it(channel: grpc.Channel, emulator: Emulator) -> None:
    emulator.script("CountTokens", [Fault(stall=True, times=2)])
    made = channel.unary_unary(PATH)
    assert outcome(direct.shortened(made), 0.1)[:2] == outcome(made, 0.1)[:2]  # grpc has two texts


def test_a_closed_channel_is_what_grpcio_says_of_it(channel: grpc.Channel) -> None:
    made = channel.unary_unary(PATH)
    call = direct.shortened(made)
    channel.close()
    for each in (made, call):
        with pytest.raises(ValueError, match="closed channel"):
            each(REQUEST, timeout=1.0, metadata=METADATA)


@pytest.mark.parametrize("timeout", [None, 7.0])
def test_the_server_sees_deadline_and_metadata(
    timeout: float | None, channel: grpc.Channel, emulator: Emulator
) -> None:
    direct.shortened(channel.unary_unary(PATH))(REQUEST, timeout, (*METADATA, ("x-bin", b"\x00")))
    attempt = emulator.journal[0].attempts[0]
    assert (attempt.deadline is None) == (timeout is None)
    assert ("x-bin", b"\x00") in attempt.metadata


def test_a_grpcio_without_the_class_is_used_as_it_is(
    channel: grpc.Channel, monkeypatch: pytest.MonkeyPatch, unknown: None
) -> None:
    made = channel.unary_unary(PATH)
    monkeypatch.delattr(_channel, "_UnaryUnaryMultiCallable")
    assert direct.shortened(made) is made


def test_a_callable_that_agents_have_patched_stays_as_it_is(
    channel: grpc.Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    kind = _channel._UnaryUnaryMultiCallable
    own = kind.__call__
    seen = []

    @functools.wraps(own)
    def watched(self: Any, *request: Any, **options: Any) -> Any:
        seen.append(self)
        return own(self, *request, **options)

    monkeypatch.setattr(kind, "__call__", watched)
    made = channel.unary_unary(PATH)
    assert direct.shortened(made) is made
    assert made(REQUEST, timeout=5.0, metadata=METADATA)
    assert seen == [made]


@pytest.mark.parametrize("part", ["SendMessageOperation", "ReceiveStatusOnClientOperation"])
def test_a_grpcio_without_the_parts_is_used_as_it_is(
    part: str, channel: grpc.Channel, monkeypatch: pytest.MonkeyPatch, unknown: None
) -> None:
    monkeypatch.delattr(cygrpc, part)
    made = channel.unary_unary(PATH)
    assert direct.shortened(made) is made


def test_calls_that_somebody_observes_stay_as_they_are(
    channel: grpc.Channel, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(_observability, "_OBSERVABILITY_PLUGIN", object())
    made = channel.unary_unary(PATH)
    assert direct.shortened(made) is made


def test_a_client_works_the_same_without_it(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, unknown: None
) -> None:
    monkeypatch.delattr(cygrpc, "SendCloseFromClientOperation")
    assert not direct._known()
    monkeypatch.undo()
    options = {"api_endpoint": f"http://{emulator.target}", "api_key": "test"}
    with v1beta.GenerativeServiceClient(client_options=options) as client:
        assert client.count_tokens(**FIELDS).total_tokens > 0
        emulator.script("CountTokens", [Fault(code="NOT_FOUND")])
        with pytest.raises(errors.NotFound):
            client.count_tokens(**FIELDS)
