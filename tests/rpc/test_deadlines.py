"""One deadline for everything a call does; the journal of the emulator says what the server saw."""

from __future__ import annotations

import datetime
import fractions
import re
import socket
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import numpy
import pytest

from gemini_grpc import ClientOptions, RetryPolicy, errors
from gemini_grpc.emulator import Emulator, Fault, Reply
from gemini_grpc.rpc.policy import DEFAULT

if TYPE_CHECKING:
    from tests.colours import Sync

MODEL = "models/gemini-3.8-flash"
CONTENTS = [{"parts": [{"text": "tell me about the sea"}]}]
SLACK = 10.0
"""Seconds that a machine with other work to do may take longer."""

ROUNDING = 0.1
"""Seconds that grpc may add: it rounds what is left up, by its own view of the clock."""

QUICK = RetryPolicy(attempts=1000, initial=0.02, maximum=0.02, jitter=0.0)


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


def deadlines(emulator: Emulator, method: str) -> list[float | None]:
    """Return what each attempt of the only call of a method had left when it came in."""
    emulator.journal.wait()
    (call,) = emulator.journal.calls(method)
    return [attempt.deadline for attempt in call.attempts]


def test_a_deadline_covers_all_attempts_and_pauses(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    fault = Fault("UNAVAILABLE", times=None)
    emulator.script("CountTokens", [fault])
    client = connect(emulator)
    started = time.monotonic()
    with pytest.raises(errors.RpcError) as caught:
        colour.call(client.count_tokens, model=MODEL, contents=CONTENTS, timeout=0.5, retry=QUICK)
    elapsed = time.monotonic() - started
    assert 0.4 < elapsed < 0.5 + SLACK
    left = deadlines(emulator, "CountTokens")
    assert caught.value.attempts - len(left) in {0, 1}  # the last may have been too late to arrive
    assert len(left) == fault.fired > 5
    attempts = emulator.journal[0].attempts
    first = attempts[0].started
    for attempt in attempts:
        assert attempt.deadline is not None
        assert attempt.deadline > -0.05
        assert attempt.started - first + attempt.deadline < 0.5 + ROUNDING


def test_a_deadline_covers_attempts_that_are_slow(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    slow = Fault("UNAVAILABLE", delay=0.1, times=2)
    emulator.script("CountTokens", [slow, Fault(stall=True)])
    client = connect(emulator)
    started = time.monotonic()
    with pytest.raises(errors.DeadlineExceeded) as caught:
        colour.call(client.count_tokens, model=MODEL, contents=CONTENTS, timeout=1.0, retry=QUICK)
    assert 0.95 < time.monotonic() - started < 1.0 + SLACK
    assert slow.fired == 2
    assert caught.value.attempts == len(deadlines(emulator, "CountTokens")) == 3


@pytest.mark.parametrize("stall", ["CountTokens", "StreamGenerateContent"])
def test_a_server_that_says_nothing_is_waited_for_until_the_deadline(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator, stall: str
) -> None:
    fault = Fault(stall=True)
    emulator.script(stall, [fault])
    client = connect(emulator)
    method = client.count_tokens if stall == "CountTokens" else client.stream_generate_content
    started = time.monotonic()
    with pytest.raises(errors.DeadlineExceeded) as caught:
        colour.call(method, model=MODEL, contents=CONTENTS, timeout=0.2)
    assert 0.15 < time.monotonic() - started < 0.2 + SLACK
    assert (fault.fired, caught.value.attempts) == (1, 1)


def test_the_deadline_of_a_stream_covers_all_of_it(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    emulator.script("StreamGenerateContent", [Reply(chunks=["a", "b", Fault(stall=True)])])
    client = connect(emulator)
    started = time.monotonic()
    stream = colour.call(
        client.stream_generate_content, model=MODEL, contents=CONTENTS, timeout=2.0
    )
    assert [colour.next(stream), colour.next(stream)]
    with pytest.raises(errors.DeadlineExceeded):
        colour.next(stream)
    assert 1.9 < time.monotonic() - started < 2.0 + SLACK


def test_the_deadline_of_a_session_covers_all_of_it(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    client = connect(emulator)
    emulator.script("BidiGenerateContent", [Fault(stall=True)])
    stream = colour.call(client.bidi_generate_content, colour.requests([]), timeout=0.2)
    with pytest.raises(errors.DeadlineExceeded):
        colour.drain(stream)
    (left,) = deadlines(emulator, "BidiGenerateContent")
    assert left is not None
    assert left < 0.25


@pytest.mark.parametrize(
    ("option", "call", "expected"),
    [
        (DEFAULT, DEFAULT, 60.0),
        (DEFAULT, 7.0, 7.0),
        (DEFAULT, None, None),
        (5.0, DEFAULT, 5.0),
        (5.0, 7.0, 7.0),
        (5.0, None, None),
        (None, DEFAULT, None),
        (None, 7.0, 7.0),
    ],
)
def test_the_call_wins_over_the_client_and_that_over_the_table(
    colour: Sync,
    connect: Callable[..., Any],
    emulator: Emulator,
    option: Any,
    call: Any,
    expected: float | None,
) -> None:
    client = connect(emulator, timeout=option)
    colour.call(client.count_tokens, model=MODEL, contents=CONTENTS, timeout=call)
    (left,) = deadlines(emulator, "CountTokens")
    assert left == (None if expected is None else pytest.approx(expected, abs=SLACK))


@pytest.mark.parametrize(
    ("service", "method", "fields", "expected"),
    [
        ("GenerativeService", "generate_content", {"model": MODEL, "contents": CONTENTS}, 600.0),
        ("ModelService", "list_models", {}, 60.0),
        ("RetrieverService", "create_corpus", {"corpus": {}}, 60.0),
    ],
)
@pytest.mark.parametrize("version", ["v1alpha", "v1beta"])
def test_each_method_has_its_own_default_in_every_version(
    colour: Sync,
    connect: Callable[..., Any],
    emulator: Emulator,
    version: str,
    service: str,
    method: str,
    fields: dict[str, Any],
    expected: float,
) -> None:
    client = connect(emulator, service, version=version)
    colour.call(getattr(client, method), **fields)
    left = emulator.journal[0].attempts[0].deadline
    assert left == pytest.approx(expected, abs=2)  # gRPC sends three digits


def test_every_page_has_the_deadline_anew(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    client = connect(emulator, "ModelService")
    pager = colour.call(client.list_models, page_size=2, timeout=3.0)
    assert len(colour.drain(pager)) > 4
    for call in emulator.journal.calls("ListModels"):
        assert call.attempts[0].deadline == pytest.approx(3.0, abs=SLACK)


def test_waiting_to_connect_counts_into_the_deadline(
    colour: Sync, connect: Callable[..., Any]
) -> None:
    client = connect(api_endpoint="http://127.0.0.1:1", api_key="k")
    started = time.monotonic()
    with pytest.raises(errors.RpcError):
        colour.call(client.count_tokens, model=MODEL, contents=CONTENTS, timeout=0.3, retry=QUICK)
    assert time.monotonic() - started < 0.3 + SLACK


def test_waiting_for_a_cool_down_counts_into_the_deadline(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    fault = Fault("RESOURCE_EXHAUSTED", retry_after=0.3)
    emulator.script("CountTokens", [fault])
    client = connect(emulator)
    with pytest.raises(errors.ResourceExhausted):
        colour.call(client.count_tokens, model=MODEL, contents=CONTENTS, timeout=0.2)
    colour.call(client.count_tokens, model=MODEL, contents=CONTENTS, timeout=5.0)
    left = emulator.journal[0].attempts[-1].deadline
    assert fault.fired == 1
    assert left is not None
    assert 3.0 < left < 4.8


def test_a_black_hole_ends_with_the_deadline(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    with emulator.shim() as shim:
        client = connect(api_endpoint=f"http://{shim.target}", api_key="k")
        assert colour.call(client.count_tokens, model=MODEL, contents=CONTENTS)
        shim.black_hole()
        started = time.monotonic()
        with pytest.raises(errors.DeadlineExceeded):
            colour.call(client.count_tokens, model=MODEL, contents=CONTENTS, timeout=0.3)
        assert time.monotonic() - started < 0.3 + SLACK
        assert shim.fired["black_hole"] == 1


def test_an_error_of_the_deadline_tells_the_call(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    emulator.script("CountTokens", [Fault(stall=True)])
    with pytest.raises(errors.DeadlineExceeded) as caught:
        colour.call(connect(emulator).count_tokens, model=MODEL, contents=CONTENTS, timeout=0.1)
    assert caught.value.method.endswith(".GenerativeService/CountTokens")
    assert caught.value.endpoint == emulator.target
    said = f"no complete answer within 0.1 s from {emulator.target} (connected; 1 attempt)"
    assert str(caught.value) == f"DEADLINE_EXCEEDED (CountTokens): {said}"
    assert caught.value.args == (said,)


def test_an_error_of_the_deadline_of_a_stream_names_the_seconds(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    emulator.script("StreamGenerateContent", [Reply(chunks=["a", Fault(stall=True)])])
    method = connect(emulator).stream_generate_content
    stream = colour.call(method, model=MODEL, contents=CONTENTS, timeout=2.0)
    with pytest.raises(errors.DeadlineExceeded, match=r"no complete answer within 2 s from .*"):
        colour.drain(stream)


@pytest.fixture
def silent() -> Iterator[str]:
    """Give the address of a server that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"127.0.0.1:{server.getsockname()[1]}"


def test_an_error_of_the_deadline_tells_that_there_was_no_connection(
    colour: Sync, connect: Callable[..., Any], silent: str
) -> None:
    client = connect(api_endpoint=f"http://{silent}", api_key="k")
    with pytest.raises(errors.DeadlineExceeded) as caught:
        colour.call(client.count_tokens, model=MODEL, contents=CONTENTS, timeout=0.2)
    said = f"could not connect within 0.2 s to {silent} (1 attempt)"
    assert str(caught.value) == f"DEADLINE_EXCEEDED (CountTokens): {said}"


def test_a_deadline_of_the_server_is_not_taken_for_that_of_the_call(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    emulator.script("CountTokens", [Fault("DEADLINE_EXCEEDED", "Deadline Exceeded")])
    with pytest.raises(errors.DeadlineExceeded) as caught:
        colour.call(connect(emulator).count_tokens, model=MODEL, contents=CONTENTS, timeout=50)
    assert re.search(
        r"Deadline Exceeded\. The server gave up; the call had \d+\.\d of 50 s left\.$",
        str(caught.value),
    )


def test_an_error_in_a_stream_tells_the_call_as_well(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    emulator.script("StreamGenerateContent", [Fault("UNAVAILABLE", after=1)])
    stream = colour.call(connect(emulator).stream_generate_content, model=MODEL, contents=CONTENTS)
    colour.next(stream)
    with pytest.raises(errors.Unavailable) as caught:
        colour.next(stream)
    assert caught.value.method.endswith(".GenerativeService/StreamGenerateContent")
    assert caught.value.endpoint == emulator.target
    assert caught.value.attempts == 1


@pytest.mark.parametrize("timeout", [1e10, 10**400])
def test_a_time_that_is_too_long_to_count_is_no_limit(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator, timeout: float
) -> None:
    client = connect(emulator)
    colour.call(client.count_tokens, model=MODEL, contents=CONTENTS, timeout=timeout)
    assert deadlines(emulator, "CountTokens") == [None]


WRONG = [
    *("5", b"5", True, datetime.timedelta(seconds=5), [5], 5j, numpy.array([5.0])),
    *(0, 0.0, -3, -0.5, float("nan"), float("inf"), -float("inf"), numpy.float32("inf")),
]


@pytest.mark.parametrize("timeout", WRONG, ids=repr)
def test_a_timeout_that_is_no_number_of_more_than_0_is_refused(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator, timeout: Any
) -> None:
    client = connect(emulator)
    with pytest.raises(errors.ArgumentError, match=r"timeout is .*; expected seconds as a number"):
        colour.call(client.count_tokens, model=MODEL, contents=CONTENTS, timeout=timeout)
    with pytest.raises(errors.ArgumentError, match=r"timeout is .*; expected seconds as a number"):
        colour.drain(colour.call(client.bidi_generate_content, [], timeout=timeout))
    with pytest.raises(errors.ArgumentError, match=r"timeout is .*; expected seconds as a number"):
        connect(emulator, timeout=timeout)
    with pytest.raises(errors.ArgumentError, match=r"timeout is .*; expected seconds as a number"):
        ClientOptions(timeout=timeout)
    assert not len(emulator.journal)


@pytest.mark.parametrize("timeout", [5, fractions.Fraction(11, 2), numpy.float32(5)], ids=repr)
def test_numbers_of_other_types_are_seconds(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator, timeout: Any
) -> None:
    client = connect(emulator, timeout=timeout)
    colour.call(client.count_tokens, model=MODEL, contents=CONTENTS)
    (left,) = deadlines(emulator, "CountTokens")
    assert left is not None
    assert 4 < left < 6
