"""What observers see of calls, what logs say, and that neither costs or breaks a call."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from gemini_grpc import AttemptInfo, CallInfo, Observer, RetryPolicy, errors, record_calls
from gemini_grpc.emulator import Emulator, Fault, Reply
from gemini_grpc.rpc import observer

if TYPE_CHECKING:
    from tests.colours import Sync

SECRET, PROMPT = "AIzaSecretSecret", "the prompt of a user"
COUNT = {"model": "models/gemini-3.8-flash", "contents": [{"parts": [{"text": PROMPT}]}]}
QUICK = RetryPolicy(attempts=3, initial=0.01, maximum=0.02, jitter=0.0)
LOG = "gemini_grpc"


class Seen(Observer):
    """Writes down what it sees, and adds metadata to each attempt."""

    def __init__(self) -> None:
        self.events: list[str] = []
        self.calls: list[CallInfo] = []
        self.shown: list[Any] = []
        self.waits: list[float] = []

    def call_started(self, call: CallInfo) -> None:
        self.events.append("call")
        self.calls.append(call)

    def attempt_started(self, call: CallInfo, attempt: AttemptInfo) -> None:
        self.events.append(f"attempt {attempt.number}")
        self.shown.append(attempt.metadata)
        attempt.add_metadata("traceparent", f"00-{attempt.number}")

    def first_message(self, call: CallInfo, attempt: AttemptInfo) -> None:
        self.events.append("first message")

    def attempt_ended(self, call: CallInfo, attempt: AttemptInfo) -> None:
        assert attempt.code is not None
        assert attempt.seconds is not None
        self.events.append(attempt.code.name)

    def retrying(self, call: CallInfo, error: errors.RpcError, wait: float) -> None:
        self.events.append(f"retry after {error.code.name}")
        self.waits.append(wait)

    def call_ended(self, call: CallInfo) -> None:
        assert call.seconds is not None
        self.events.append("end")


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest.fixture
def client(connect: Callable[..., Any], emulator: Emulator, seen: Seen) -> Any:
    return connect(emulator, observers=[seen])


def test_a_call_with_a_retry_is_seen_from_start_to_end(
    colour: Sync, client: Any, emulator: Emulator, seen: Seen
) -> None:
    emulator.script("CountTokens", [Fault("UNAVAILABLE", trailers={"x-why": "busy"})])
    answer = colour.call(client.count_tokens, COUNT, retry=QUICK, timeout=9.0)
    assert seen.events == [
        *("call", "attempt 1", "UNAVAILABLE", "retry after UNAVAILABLE"),
        *("attempt 2", "OK", "end"),
    ]
    (call,) = seen.calls
    assert (call.name, call.endpoint, call.timeout) == ("CountTokens", emulator.target, 9.0)
    assert call.request is not None
    assert call.request.model == COUNT["model"]  # type: ignore[attr-defined]
    assert (call.response, call.error) == (answer, None)
    first, second = call.attempts
    assert isinstance(first.error, errors.Unavailable)
    assert ("x-why", "busy") in first.trailing_metadata
    assert second.error is None
    assert seen.waits == [0.01]


def test_metadata_are_added_to_each_attempt_and_credentials_are_not_shown(
    colour: Sync, client: Any, emulator: Emulator, seen: Seen
) -> None:
    emulator.script("CountTokens", [Fault("UNAVAILABLE")])
    colour.call(client.count_tokens, COUNT, retry=QUICK, metadata=[("x-team", "blue")])
    sent = [dict(attempt.metadata) for attempt in emulator.journal[0].attempts]
    assert [each["traceparent"] for each in sent] == ["00-1", "00-2"]
    for shown in seen.shown:
        assert {"x-team", "x-goog-api-client", "x-goog-request-params"} == set(dict(shown))


@pytest.fixture
def telling() -> Iterator[str]:
    """Give the address of a server that sends metadata with its answers."""
    initial, trailing = (("x-request-id", "r1"),), (("x-cost-bin", b"\x01"),)

    def answer(data: bytes, context: Any) -> bytes:
        context.send_initial_metadata(initial)
        context.set_trailing_metadata(trailing)
        return b""

    def answers(data: bytes, context: Any) -> Iterator[bytes]:
        yield answer(data, context)
        yield b""

    class Handler(grpc.GenericRpcHandler):  # type: ignore[misc]  # grpcio has no types
        def service(self, details: Any) -> Any:
            if "Stream" in details.method:
                return grpc.unary_stream_rpc_method_handler(answers)
            return grpc.unary_unary_rpc_method_handler(answer)

    with ThreadPoolExecutor(2) as threads:
        server = grpc.server(threads, handlers=[Handler()])
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        yield f"127.0.0.1:{port}"
        server.stop(None).wait()


def test_the_metadata_of_a_good_response_can_be_read(
    colour: Sync, connect: Callable[..., Any], telling: str, seen: Seen
) -> None:
    client = connect(api_endpoint=f"http://{telling}", api_key="k", observers=[seen])
    colour.call(client.count_tokens, COUNT)
    colour.drain(colour.call(client.stream_generate_content, COUNT))
    for call in seen.calls:
        assert ("x-request-id", "r1") in call.initial_metadata
        assert ("x-cost-bin", b"\x01") in call.trailing_metadata
        assert call.attempts[-1].initial_metadata == call.initial_metadata
        assert call.usage_metadata is None


def test_a_stream_tells_its_first_message_its_end_and_its_tokens(
    colour: Sync, client: Any, emulator: Emulator, seen: Seen
) -> None:
    emulator.script("StreamGenerateContent", [Fault("UNAVAILABLE"), Reply(chunks=["a", "b"])])
    stream = colour.call(client.stream_generate_content, COUNT, retry=QUICK)
    assert seen.events[-1] == "first message"
    messages = colour.drain(stream)
    assert seen.events == [
        *("call", "attempt 1", "UNAVAILABLE", "retry after UNAVAILABLE"),
        *("attempt 2", "first message", "OK", "end"),
    ]
    (call,) = seen.calls
    assert call.messages == len(messages)
    assert call.response is messages[-1]
    assert call.usage_metadata == messages[-1].usage_metadata
    assert call.usage_metadata.total_token_count > 0


def test_a_stream_that_fails_half_way_ends_with_the_error(
    colour: Sync, client: Any, emulator: Emulator, seen: Seen
) -> None:
    emulator.script("StreamGenerateContent", [Fault("UNAVAILABLE", after=1)])
    stream = colour.call(client.stream_generate_content, COUNT)
    with pytest.raises(errors.Unavailable) as caught:
        colour.drain(stream)
    assert seen.events[-3:] == ["first message", "UNAVAILABLE", "end"]
    assert seen.calls[0].error is caught.value
    assert seen.calls[0].messages == 1


def test_a_stream_that_is_left_ends_as_cancelled(
    colour: Sync, client: Any, emulator: Emulator, seen: Seen
) -> None:
    emulator.script("StreamGenerateContent", [Reply(chunks=["a", Fault(stall=True)])])
    stream = colour.call(client.stream_generate_content, COUNT)
    assert colour.next(stream)
    colour.call(stream.cancel)
    assert seen.events[-2:] == ["CANCELLED", "end"]
    assert isinstance(seen.calls[0].error, errors.Cancelled)
    with pytest.raises(errors.Cancelled):
        colour.drain(stream)
    assert seen.events.count("end") == 1


def test_a_session_is_one_call_with_one_attempt(colour: Sync, client: Any, seen: Seen) -> None:
    requests = colour.requests([{"setup": {"model": "models/gemini-3.8-live"}}])
    assert colour.drain(colour.call(client.bidi_generate_content, requests))
    assert seen.events == ["call", "attempt 1", "first message", "OK", "end"]
    assert seen.calls[0].request is None


def test_a_call_that_fails_before_it_is_sent_has_no_attempt(
    colour: Sync, client: Any, emulator: Emulator, seen: Seen
) -> None:
    emulator.script("CountTokens", [Fault("RESOURCE_EXHAUSTED", retry_after=20.0)])
    for _ in range(2):
        with pytest.raises(errors.ResourceExhausted):
            colour.call(client.count_tokens, COUNT, timeout=1.0)
    refused, unsent = seen.calls
    assert (len(refused.attempts), len(unsent.attempts)) == (1, 0)
    assert isinstance(unsent.error, errors.ResourceExhausted)
    colour.call(client.close)
    with pytest.raises(errors.ClosedError):
        colour.call(client.count_tokens, {**COUNT, "model": "models/other"})
    assert seen.events[-1] == "end"


def test_a_malformed_answer_ends_the_attempt_with_internal(
    colour: Sync, client: Any, emulator: Emulator, seen: Seen
) -> None:
    emulator.script("CountTokens", [Fault(malformed=True)])
    with pytest.raises(errors.Internal):
        colour.call(client.count_tokens, COUNT)
    assert seen.events == ["call", "attempt 1", "INTERNAL", "end"]


class Broken(Observer):
    """Raises wherever it can."""

    def call_started(self, call: CallInfo) -> None:
        raise RuntimeError("broken")

    attempt_ended = attempt_started = call_ended = call_started  # type: ignore[assignment]


def test_an_observer_that_raises_breaks_nothing_and_is_logged_once(
    colour: Sync,
    connect: Callable[..., Any],
    emulator: Emulator,
    seen: Seen,
    caplog: pytest.LogCaptureFixture,
) -> None:
    client = connect(emulator, observers=[Broken(), seen])
    for _ in range(2):
        assert colour.call(client.count_tokens, COUNT).total_tokens
    assert seen.events == ["call", "attempt 1", "OK", "end"] * 2
    (record,) = [each for each in caplog.records if each.name == LOG and each.levelname == "ERROR"]
    assert "Broken failed in call_started" in record.getMessage()


def test_metadata_that_cannot_be_sent_are_the_error_of_the_observer(
    colour: Sync,
    connect: Callable[..., Any],
    emulator: Emulator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    class Adds(Observer):
        def attempt_started(self, call: CallInfo, attempt: AttemptInfo) -> None:
            attempt.add_metadata("x-goog-api-key", SECRET)

    assert colour.call(connect(emulator, observers=[Adds()]).count_tokens, COUNT).total_tokens
    assert "credentials are given to the client" in caplog.text
    assert dict(emulator.journal[0].attempts[0].metadata)["x-goog-api-key"] == "***"


# on_retry


def test_on_retry_is_called_before_each_retry(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    emulator.script("CountTokens", [Fault("UNAVAILABLE", times=2)])
    retries: list[tuple[errors.RpcError, float]] = []
    client = connect(emulator, on_retry=lambda error, wait: retries.append((error, wait)))
    assert colour.call(client.count_tokens, COUNT, retry=QUICK).total_tokens
    assert [(error.attempts, error.method.rpartition("/")[2], wait) for error, wait in retries] == [
        (1, "CountTokens", 0.01),
        (2, "CountTokens", 0.02),
    ]


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"observers": Seen()}, "observers is Seen; expected a list of Observers"),
    ({"observers": [Seen]}, "observers has the class Seen; expected objects of a subclass"),
    ({"observers": [print]}, "observers has builtin_function_or_method; expected objects"),
    ({"observers": "seen"}, "observers is str; expected a list"),
    ({"on_retry": 5}, "on_retry is int; expected a function of the error and the seconds"),
]


@pytest.mark.parametrize(("options", "text"), WRONG)
def test_what_is_no_observer_is_refused(
    connect: Callable[..., Any], options: dict[str, Any], text: str
) -> None:
    with pytest.raises(errors.ArgumentError, match=text):
        connect(**options, api_key="k")


# recordings


def test_calls_are_recorded_in_a_block_and_only_there(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    client = connect(emulator)

    async def record_async() -> list[CallInfo]:
        with record_calls() as calls:
            await client.count_tokens(COUNT)
            await client.generate_content(COUNT)
        await client.count_tokens(COUNT)
        return calls

    def record() -> list[CallInfo]:
        with record_calls() as calls:
            client.count_tokens(COUNT)
            client.generate_content(COUNT)
        client.count_tokens(COUNT)
        return calls

    calls = colour.call(record_async if colour.name == "async" else record)
    assert [call.name for call in calls] == ["CountTokens", "GenerateContent"]
    assert calls[1].usage_metadata.total_token_count > 0
    assert [attempt.code for attempt in calls[1].attempts] == [grpc.StatusCode.OK]
    assert not observer._RECORDERS


# logs


def messages(caplog: pytest.LogCaptureFixture) -> list[tuple[str, str]]:
    return [(each.levelname, each.getMessage()) for each in caplog.records if each.name == LOG]


def test_each_attempt_is_a_line_and_each_retry_another(
    colour: Sync,
    connect: Callable[..., Any],
    emulator: Emulator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.DEBUG, LOG)
    emulator.script("CountTokens", [Fault("UNAVAILABLE", f"{PROMPT} {SECRET}", pushback=0.2)])
    client = connect(emulator, api_key=SECRET)
    colour.call(client.count_tokens, COUNT, retry=QUICK)
    (level, ended), (other, retry), (last, answered) = messages(caplog)
    assert (level, other, last) == ("DEBUG", "INFO", "DEBUG")
    assert ended.startswith(
        f"CountTokens to {emulator.target}: attempt 1 ended with UNAVAILABLE af"
    )
    assert ended.endswith(" ms")
    assert "attempt 1 failed with UNAVAILABLE, the server asks to wait 0.2 s; the next" in retry
    assert "attempt 2 ended with OK after" in answered
    assert SECRET not in caplog.text
    assert PROMPT not in caplog.text


def test_retries_alone_are_logged_at_info(
    colour: Sync,
    connect: Callable[..., Any],
    emulator: Emulator,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.INFO, LOG)
    emulator.script("CountTokens", [Fault("UNAVAILABLE")])
    colour.call(connect(emulator).count_tokens, COUNT, retry=QUICK)
    assert [level for level, _ in messages(caplog)] == ["INFO"]


def test_nothing_is_made_while_nobody_listens(
    colour: Sync,
    connect: Callable[..., Any],
    emulator: Emulator,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
) -> None:
    caplog.set_level(logging.WARNING, LOG)
    monkeypatch.setattr(observer, "CallInfo", None)
    client = connect(emulator)
    assert colour.call(client.count_tokens, COUNT).total_tokens
    assert colour.drain(colour.call(client.stream_generate_content, COUNT))
