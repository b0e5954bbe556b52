"""What is tried again, when and how often; the journal of the emulator says what really happened."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import grpc
import pytest
from google.api_core import exceptions
from google.api_core import retry as google_retry
from google.api_core.retry_async import AsyncRetry
from google.rpc import error_details_pb2

from gemini_grpc import RetryPolicy, errors
from gemini_grpc.emulator import Attempt, Emulator, Fault, Reply

if TYPE_CHECKING:
    from tests.colours import Sync

MODEL = "models/gemini-3.8-flash"
CONTENTS = [{"parts": [{"text": "tell me about the sea"}]}]
QUICK = RetryPolicy(attempts=3, initial=0.01, maximum=0.02, jitter=0.0)
DAILY = error_details_pb2.QuotaFailure(
    violations=[{"quota_id": "GenerateRequestsPerDayPerProjectPerModel-FreeTier"}]
)


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture(autouse=True)
def fresh(emulator: Emulator) -> None:
    emulator.clear_scripts()
    emulator.reset_journal()


@dataclass(frozen=True)
class Kind:
    """One kind of RPC, and how it is called and read to its end."""

    service: str
    method: str
    name: str
    fields: dict[str, Any]

    def run(self, colour: Sync, client: Any, **more: Any) -> list[Any]:
        function = getattr(client, self.name)
        if self.name == "bidi_generate_content":
            more.pop("retry", None)
            setup = {"setup": {"model": "models/gemini-3.8-live"}}
            return colour.drain(colour.call(function, colour.requests([setup]), **more))
        answer = colour.call(function, **self.fields, **more)
        return colour.drain(answer) if self.name == "stream_generate_content" else [answer]


GENERATING = {"model": MODEL, "contents": CONTENTS}
UNARY = Kind("GenerativeService", "CountTokens", "count_tokens", GENERATING)
STREAM = Kind("GenerativeService", "StreamGenerateContent", "stream_generate_content", GENERATING)
CREATE = Kind("RetrieverService", "CreateCorpus", "create_corpus", {"corpus": {}})
SESSION = Kind("GenerativeService", "BidiGenerateContent", "bidi_generate_content", {})
KINDS = {"unary": UNARY, "stream": STREAM, "create": CREATE, "session": SESSION}


def attempts(emulator: Emulator, method: str = "CountTokens") -> list[Attempt]:
    """Return the attempts of the only call of a method."""
    emulator.journal.wait()
    (call,) = emulator.journal.calls(method)
    return call.attempts


def unary(colour: Sync, client: Any, **more: Any) -> Any:
    return UNARY.run(colour, client, **{"retry": QUICK} | more)[0]


# the table: fault x position x kind of RPC x colour


@dataclass(frozen=True)
class Case:
    """A fault, and for each kind of RPC how often it is tried and which error there is at last."""

    fault: dict[str, Any]
    unary: int
    stream: int
    create: int
    error: type[errors.RpcError] | None
    session: int = 1


HINTED = {"code": "RESOURCE_EXHAUSTED", "retry_after": 0.01}
CASES = {
    # what may be repeated is, until it works
    "unavailable once": Case({"code": "UNAVAILABLE"}, 2, 2, 1, None),
    "unavailable twice": Case({"code": "UNAVAILABLE", "times": 2}, 3, 3, 1, None),
    "unavailable for ever": Case(
        {"code": "UNAVAILABLE", "times": None}, 3, 3, 1, errors.Unavailable
    ),
    "unavailable with a hint": Case({"code": "UNAVAILABLE", "retry_after": 0.01}, 2, 2, 1, None),
    "pushback": Case({"code": "UNAVAILABLE", "pushback": 0.01}, 2, 2, 1, None),
    "exhausted with a hint": Case(HINTED, 2, 2, 1, None),
    "exhausted with pushback": Case(
        {"code": "RESOURCE_EXHAUSTED", "pushback": 0.01}, 2, 2, 1, None
    ),
    "slow, then unavailable": Case({"code": "UNAVAILABLE", "delay": 0.05}, 2, 2, 1, None),
    # what is final at once
    "no, says the server": Case(
        {"code": "UNAVAILABLE", "pushback": -1}, 1, 1, 1, errors.Unavailable
    ),
    "exhausted without a hint": Case(
        {"code": "RESOURCE_EXHAUSTED"}, 1, 1, 1, errors.ResourceExhausted
    ),
    "the quota of the day": Case(HINTED | {"details": [DAILY]}, 1, 1, 1, errors.ResourceExhausted),
    "a hint too long": Case(
        {"code": "RESOURCE_EXHAUSTED", "retry_after": 60}, 1, 1, 1, errors.ResourceExhausted
    ),
    "a pushback too long": Case(
        {"code": "UNAVAILABLE", "pushback": 60}, 1, 1, 1, errors.Unavailable
    ),
    **{
        code.name.lower(): Case({"code": code.name}, 1, 1, 1, errors.CLASSES[code])
        for code in grpc.StatusCode
        if code.name not in {"OK", "UNAVAILABLE", "RESOURCE_EXHAUSTED"}
    },
    "stall": Case({"stall": True}, 1, 1, 1, errors.DeadlineExceeded),
    "malformed": Case({"malformed": True}, 1, 1, 1, errors.Internal),
    "truncated": Case({"truncated": True}, 1, 1, 1, errors.Internal),
}


@pytest.mark.parametrize("kind", list(KINDS))
@pytest.mark.parametrize("name", list(CASES))
def test_a_fault_before_the_first_message(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator, name: str, kind: str
) -> None:
    case, rpc = CASES[name], KINDS[kind]
    fault = Fault(**case.fault)
    emulator.script(rpc.method, [fault])
    client = connect(emulator, rpc.service)
    tries = getattr(case, kind)
    error = case.error or errors.CLASSES[grpc.StatusCode[str(case.fault["code"])]]
    timeout = 0.3 if fault.stall else 10.0
    if case.error is None and tries > 1:
        assert rpc.run(colour, client, retry=QUICK, timeout=timeout)
    else:
        with pytest.raises(error) as caught:
            rpc.run(colour, client, retry=QUICK, timeout=timeout)
        assert caught.value.attempts == tries
        assert caught.value.method.endswith(f"/{rpc.method}")
    assert fault.fired == (tries if case.error else min(tries, fault.times or tries))
    assert [attempt.number for attempt in attempts(emulator, rpc.method)] == [*range(1, tries + 1)]


@pytest.mark.parametrize("after", [1, 2])
@pytest.mark.parametrize(
    "fault",
    [
        {"code": "UNAVAILABLE"},
        {"code": "UNAVAILABLE", "pushback": 0.01},
        HINTED,
        {"code": "INTERNAL"},
        {"malformed": True},
        {"truncated": True},
        {"stall": True},
    ],
    ids=lambda fault: "-".join(map(str, fault.values())),
)
def test_a_fault_after_the_first_message_is_final_and_what_came_is_delivered(
    colour: Sync,
    connect: Callable[..., Any],
    emulator: Emulator,
    fault: dict[str, Any],
    after: int,
) -> None:
    wrong = Fault(**fault, after=after)
    emulator.script("StreamGenerateContent", [wrong])
    stream = colour.call(
        connect(emulator).stream_generate_content, **GENERATING, retry=QUICK, timeout=2.0
    )
    got = [colour.next(stream) for _ in range(after)]
    assert all(message.candidates for message in got)
    with pytest.raises(errors.RpcError) as caught:
        colour.next(stream)
    assert [str(message) for message in caught.value.received] == [str(each) for each in got]
    assert caught.value.repeatable
    assert wrong.fired == 1
    assert len(attempts(emulator, "StreamGenerateContent")) == 1


@pytest.mark.parametrize("how", ["cut", "half_close"])
@pytest.mark.parametrize("kind", ["unary", "stream", "create"])
def test_a_connection_that_breaks_during_a_call(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator, kind: str, how: str
) -> None:
    rpc = KINDS[kind]
    stall = Fault(stall=True)
    emulator.script(rpc.method, [stall])
    with emulator.shim() as shim:
        client = connect(service=rpc.service, api_endpoint=f"http://{shim.target}", api_key="k")
        running = colour.start(getattr(client, rpc.name), **rpc.fields, timeout=10.0, retry=QUICK)
        while not stall.fired:
            time.sleep(0.001)
        getattr(shim, how)()
        shim.restore()
        if kind == "create":
            with pytest.raises(errors.Unavailable):
                running.result(10)
        else:
            running.result(10)
        assert shim.fired[how] == 1
    counted = [len(call.attempts) for call in emulator.journal.calls(rpc.method)]
    assert sum(counted) == (1 if kind == "create" else 2)


# gaps


def gaps(found: list[Attempt]) -> list[float]:
    return [attempt.gap for attempt in found if attempt.gap is not None]


def test_pauses_grow_as_the_policy_says(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    fault = Fault("UNAVAILABLE", times=3)
    emulator.script("CountTokens", [fault])
    policy = RetryPolicy(attempts=4, initial=0.05, multiplier=2, maximum=0.1, jitter=0)
    unary(colour, connect(emulator), retry=policy)
    found = gaps(attempts(emulator))
    assert all(gap >= least for gap, least in zip(found, (0.05, 0.1, 0.1), strict=True))
    assert fault.fired == 3


@pytest.mark.parametrize("option", ["retry_after", "pushback"])
@pytest.mark.parametrize("code", ["UNAVAILABLE", "RESOURCE_EXHAUSTED"])
def test_the_hint_takes_the_place_of_the_back_off(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator, code: str, option: str
) -> None:
    long, short = RetryPolicy(initial=20.0), RetryPolicy(initial=0.001, maximum=0.001)
    for policy in (long, short):
        emulator.reset_journal()
        fault = Fault(code, **{option: 0.1})
        emulator.script("CountTokens", [fault])
        unary(colour, connect(emulator), retry=policy)
        (gap,) = gaps(attempts(emulator))
        assert 0.1 <= gap < 2
        assert fault.fired == 1


def test_after_a_hint_the_back_off_starts_anew(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    faults = [
        Fault("UNAVAILABLE", times=2),
        Fault("UNAVAILABLE", pushback=0.01),
        Fault("UNAVAILABLE"),
    ]
    emulator.script("CountTokens", faults)
    policy = RetryPolicy(attempts=5, initial=0.04, multiplier=5, jitter=0)
    unary(colour, connect(emulator), retry=policy)
    found = gaps(attempts(emulator))
    assert all(gap >= least for gap, least in zip(found, (0.04, 0.2, 0.01, 0.04), strict=True))
    assert found[3] < 1.0  # going on would be a second, and five
    assert [fault.fired for fault in faults] == [2, 1, 1]


def test_pushback_wins_over_retry_info(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    fault = Fault("UNAVAILABLE", pushback=0.05, retry_after=30.0)
    emulator.script("CountTokens", [fault])
    started = time.monotonic()
    unary(colour, connect(emulator))
    assert time.monotonic() - started < 15
    assert fault.fired == 1


@pytest.mark.parametrize("option", ["retry_after", "pushback"])
def test_a_hint_longer_than_what_is_left_fails_at_once_and_is_carried(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator, option: str
) -> None:
    fault = Fault("RESOURCE_EXHAUSTED", **{option: 50.0})
    emulator.script("CountTokens", [fault])
    started = time.monotonic()
    with pytest.raises(errors.ResourceExhausted) as caught:
        unary(colour, connect(emulator), timeout=20.0)
    assert time.monotonic() - started < 15
    assert caught.value.retry_after == 50.0
    assert "50 s" in str(caught.value)
    assert fault.fired == 1


def test_without_a_deadline_a_hint_is_waited_for(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    fault = Fault("RESOURCE_EXHAUSTED", retry_after=0.1)
    emulator.script("CountTokens", [fault])
    assert unary(colour, connect(emulator), timeout=None)
    assert [attempt.deadline for attempt in attempts(emulator)] == [None, None]


def test_a_daily_quota_is_said_to_be_one(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    emulator.script("CountTokens", [Fault("RESOURCE_EXHAUSTED", details=[DAILY])])
    with pytest.raises(errors.ResourceExhausted, match="quota of the day"):
        unary(colour, connect(emulator))


# what the calls of one client share


def test_other_calls_of_the_model_wait_as_well(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    fault = Fault("RESOURCE_EXHAUSTED", retry_after=0.3)
    emulator.script("CountTokens", [fault])
    refused = threading.Event()
    client = connect(emulator, on_retry=lambda error, seconds: refused.set())
    begun = time.time()
    first = colour.start(client.count_tokens, **GENERATING, retry=QUICK)
    assert refused.wait(10)
    others = colour.together([lambda: client.count_tokens(**GENERATING, retry=QUICK)] * 5)
    assert all(answer.total_tokens for answer in [first.result(10), *others])
    for call in emulator.journal.calls("CountTokens"):
        for attempt in call.attempts[-1:]:
            assert attempt.started - begun >= 0.29
    assert fault.fired == 1


def test_calls_of_other_models_and_methods_do_not_wait(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    emulator.script("CountTokens", [Fault("RESOURCE_EXHAUSTED", retry_after=60.0)])
    client = connect(emulator)
    with pytest.raises(errors.ResourceExhausted):
        unary(colour, client, timeout=20.0)
    other = "models/gemini-3.1-pro-preview"
    assert colour.call(client.count_tokens, model=other, contents=CONTENTS, timeout=20.0)
    assert colour.call(client.generate_content, **GENERATING, timeout=20.0)


def test_a_call_that_cannot_wait_so_long_is_not_sent_and_carries_the_hint(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    emulator.script("CountTokens", [Fault("RESOURCE_EXHAUSTED", retry_after=60.0)])
    client = connect(emulator)
    with pytest.raises(errors.ResourceExhausted):
        unary(colour, client, timeout=20.0)
    started = time.monotonic()
    with pytest.raises(errors.ResourceExhausted, match="not sent") as caught:
        unary(colour, client, timeout=20.0)
    assert time.monotonic() - started < 15
    assert caught.value.attempts == 0
    assert 40.0 < caught.value.retry_after <= 60.0
    assert len(attempts(emulator)) == 1


YEARS = [{"retry_after": 1e10}, {"retry_after": 3.2e7}, {"pushback": 1e12}]


@pytest.mark.parametrize("hint", YEARS, ids=str)
@pytest.mark.parametrize("code", ["RESOURCE_EXHAUSTED", "UNAVAILABLE"])
def test_a_hint_of_years_fails_at_once_and_is_carried(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator, hint: Any, code: str
) -> None:
    emulator.script("CountTokens", [Fault(code, **hint)])
    client = connect(emulator)
    with pytest.raises(errors.RpcError) as caught:
        unary(colour, client, timeout=None)
    assert caught.value.retry_after == next(iter(hint.values()))
    assert len(attempts(emulator)) == 1
    if code == "UNAVAILABLE":
        assert unary(colour, client, timeout=10.0)
    else:
        with pytest.raises(
            errors.ResourceExhausted, match=r"asked to wait (600\.0|599\.\d) s more"
        ):
            unary(colour, client, timeout=10.0)


def test_a_server_that_says_now_every_time_is_not_stormed(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    emulator.script("CountTokens", [Fault("UNAVAILABLE", pushback=0.0, times=None)])
    with pytest.raises(errors.Unavailable):
        unary(colour, connect(emulator), retry=RetryPolicy(attempts=10**6), timeout=0.5)
    assert 1 < len(attempts(emulator)) <= 6


def test_a_call_that_is_tried_once_does_not_wait(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    emulator.script("CountTokens", [Fault("RESOURCE_EXHAUSTED", retry_after=60.0)])
    client = connect(emulator)
    with pytest.raises(errors.ResourceExhausted):
        unary(colour, client, timeout=20.0)
    assert unary(colour, client, retry=None, timeout=20.0)


def test_the_budget_stops_a_storm_of_retries(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    fault = Fault("UNAVAILABLE", times=None)
    emulator.script("CountTokens", [fault])
    client = connect(emulator)
    policy = RetryPolicy(attempts=6, initial=0.0, maximum=0.0, jitter=0.0)

    def tries() -> int:
        with pytest.raises(errors.Unavailable) as caught:
            unary(colour, client, retry=policy)
        return caught.value.attempts

    counted = [tries() for _ in range(60)]
    assert counted[:40] == [6] * 40  # 500 tokens, one for each failure that would be retried
    assert counted[-5:] == [1] * 5
    assert sum(counted) == fault.fired
    assert sum(counted) - 60 < 250
    emulator.clear_scripts()
    for _ in range(300):  # each success gives back half a token
        unary(colour, client)
    again = Fault("UNAVAILABLE")
    emulator.script("CountTokens", [again])
    assert unary(colour, client, retry=policy)
    assert again.fired == 1


# create-like calls


def free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        return int(listener.getsockname()[1])


def test_a_create_call_that_was_never_sent_is_tried_again(
    colour: Sync, connect: Callable[..., Any]
) -> None:
    port = free_port()
    client = connect(
        service="RetrieverService", api_endpoint=f"http://127.0.0.1:{port}", api_key="k"
    )
    policy = RetryPolicy(attempts=1000, initial=0.02, maximum=0.02)
    with pytest.raises(errors.Unavailable) as caught:
        CREATE.run(colour, client, retry=policy, timeout=0.3)
    assert caught.value.attempts > 3
    waiting = colour.start(client.create_corpus, corpus={}, retry=policy, timeout=10.0)
    with Emulator(port=port) as emulator:
        assert waiting.result(10).name
        assert [len(call.attempts) for call in emulator.journal] == [1]


def test_a_create_call_to_a_name_that_is_not_known_yet_is_tried_again(
    colour: Sync, connect: Callable[..., Any]
) -> None:
    client = connect(service="RetrieverService", api_endpoint="nowhere.invalid", api_key="k")
    with pytest.raises(errors.Unavailable) as caught:
        CREATE.run(colour, client, retry=QUICK, timeout=5.0)
    assert caught.value.attempts == 3


@pytest.mark.parametrize(
    ("service", "name", "fields"),
    [
        ("RetrieverService", "create_corpus", {"corpus": {}}),
        ("RetrieverService", "create_document", {"parent": "corpora/x", "document": {}}),
        (
            "PermissionService",
            "create_permission",
            {
                "parent": "corpora/x",
                "permission": {"grantee_type": "EVERYONE", "role": "READER"},
            },
        ),
        (
            "PermissionService",
            "transfer_ownership",
            {"request": {"name": "tunedModels/x", "email_address": "a@example.com"}},
        ),
        ("PredictionService", "predict", {"model": MODEL, "instances": [{"prompt": "x"}]}),
    ],
)
def test_what_cannot_be_repeated_is_not(
    colour: Sync,
    connect: Callable[..., Any],
    emulator: Emulator,
    service: str,
    name: str,
    fields: dict[str, Any],
) -> None:
    method = "".join(word.title() for word in name.split("_"))
    fault = Fault("UNAVAILABLE", times=None)
    emulator.script(method, [fault])
    with pytest.raises(errors.Unavailable):
        colour.call(getattr(connect(emulator, service), name), **fields, retry=QUICK)
    assert fault.fired == 1


# policies


@pytest.mark.parametrize("code", ["INTERNAL", "ABORTED", "UNKNOWN", "DEADLINE_EXCEEDED"])
def test_the_codes_of_the_policy_are_retried(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator, code: str
) -> None:
    policy = RetryPolicy(attempts=3, initial=0.01, codes=frozenset({grpc.StatusCode[code]}))
    fault = Fault(code, times=2)
    emulator.script("CountTokens", [fault])
    assert unary(colour, connect(emulator), retry=policy)
    other = Fault("UNAVAILABLE")
    emulator.script("CountTokens", [other])
    with pytest.raises(errors.Unavailable):
        unary(colour, connect(emulator), retry=policy)
    assert (fault.fired, other.fired) == (2, 1)


def test_exhausted_is_retried_without_a_hint_if_the_policy_names_it(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    codes = frozenset({grpc.StatusCode.RESOURCE_EXHAUSTED})
    fault = Fault("RESOURCE_EXHAUSTED")
    emulator.script("CountTokens", [fault])
    policy = RetryPolicy(attempts=3, initial=0.01, codes=codes)
    assert unary(colour, connect(emulator), retry=policy)
    assert fault.fired == 1


@pytest.mark.parametrize("where", ["call", "client"])
def test_none_tries_once(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator, where: str
) -> None:
    fault = Fault("UNAVAILABLE", times=None)
    emulator.script("CountTokens", [fault])
    client = connect(emulator, **({"retry": None} if where == "client" else {}))
    more = {"retry": None} if where == "call" else {}
    with pytest.raises(errors.Unavailable) as caught:
        UNARY.run(colour, client, **more)
    assert (caught.value.attempts, fault.fired) == (1, 1)


def test_the_policy_of_the_call_wins_over_that_of_the_client(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    fault = Fault("UNAVAILABLE", times=None)
    emulator.script("CountTokens", [fault])
    client = connect(emulator, retry=RetryPolicy(attempts=4, initial=0.001))
    for more, tries in (({}, 4), ({"retry": QUICK}, 3), ({"retry": None}, 1)):
        with pytest.raises(errors.Unavailable) as caught:
            UNARY.run(colour, client, **more)  # type: ignore[arg-type]
        assert caught.value.attempts == tries


@pytest.mark.parametrize("kind", [google_retry.Retry, AsyncRetry])
@pytest.mark.parametrize("rpc", ["unary", "stream"])
def test_a_retry_of_api_core_is_taken(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator, kind: Any, rpc: str
) -> None:
    policy = kind(
        predicate=google_retry.if_exception_type(exceptions.ServiceUnavailable),
        initial=0.01,
        maximum=0.02,
        multiplier=1.3,
        timeout=5.0,
    )
    fault, other = Fault("UNAVAILABLE", times=7), Fault("INTERNAL")
    emulator.script(KINDS[rpc].method, [fault, other])
    client = connect(emulator)
    with pytest.raises(exceptions.InternalServerError) as caught:
        KINDS[rpc].run(colour, client, retry=policy)
    assert (fault.fired, other.fired) == (7, 1)
    assert caught.value.attempts == 8  # type: ignore[attr-defined]  # it is one of ours as well


def test_the_timeout_of_a_retry_of_api_core_ends_the_call(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    fault = Fault("UNAVAILABLE", times=None)
    emulator.script("CountTokens", [fault])
    policy = google_retry.Retry(initial=0.02, maximum=0.02, multiplier=1, timeout=1.0)
    started = time.monotonic()
    with pytest.raises(errors.RpcError):
        unary(colour, connect(emulator), retry=policy)
    assert time.monotonic() - started < 15
    assert fault.fired > 3


@pytest.mark.parametrize("wrong", [5, "always", object()])
def test_what_is_no_policy_is_refused(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator, wrong: object
) -> None:
    with pytest.raises(errors.ArgumentError, match="expected a RetryPolicy"):
        unary(colour, connect(emulator), retry=wrong)


def test_a_policy_may_try_for_as_long_as_it_likes() -> None:
    policy = RetryPolicy(attempts=10_000, initial=0.01, maximum=1.0, jitter=0.0)
    assert policy.pause(5_000, 0.0) == 1.0


# sizes


@pytest.mark.parametrize("size", [300_000, 5_000_000])
@pytest.mark.parametrize("kind", ["unary", "stream"])
def test_large_requests_are_retried_as_well(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator, kind: str, size: int
) -> None:
    rpc = KINDS[kind]
    fault = Fault("UNAVAILABLE", times=2)
    emulator.script(rpc.method, [fault, Reply(message={})])
    contents = [{"parts": [{"inline_data": {"mime_type": "image/png", "data": b"x" * size}}]}]
    large = Kind(rpc.service, rpc.method, rpc.name, {"model": MODEL, "contents": contents})
    assert large.run(colour, connect(emulator), retry=QUICK)
    assert fault.fired == 2
    assert len(attempts(emulator, rpc.method)) == 3


def test_a_large_answer_is_read(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    emulator.script("GenerateContent", [Reply(text="x" * 6_000_000)])
    answer = colour.call(connect(emulator).generate_content, **GENERATING)
    assert len(answer.candidates[0].content.parts[0].text) == 6_000_000


def test_an_answer_larger_than_the_option_says_what_to_do(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    emulator.script("GenerateContent", [Reply(text="x" * 10_000)])
    client = connect(emulator, max_receive_message_length=1000)
    with pytest.raises(
        errors.ResourceExhausted, match="raise max_receive_message_length"
    ) as caught:
        colour.call(client.generate_content, **GENERATING)
    assert caught.value.attempts == 1


# pages


def test_every_page_is_retried(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    client = connect(emulator, "ModelService")
    whole = [model.name for model in colour.drain(colour.call(client.list_models, page_size=50))]
    emulator.reset_journal()
    pager = colour.call(client.list_models, page_size=3, retry=QUICK)
    fault = Fault("UNAVAILABLE", times=2)
    emulator.script("ListModels", [fault])
    assert [model.name for model in colour.drain(pager)] == whole
    assert fault.fired == 2
    assert [len(call.attempts) for call in emulator.journal][:3] == [1, 3, 1]
