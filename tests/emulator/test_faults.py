from __future__ import annotations

from collections.abc import Iterator

import grpc
import pytest
from google.rpc import error_details_pb2

from gemini_grpc import errors
from gemini_grpc.emulator import Emulator, Fault, VirtualClock
from gemini_grpc.emulator.faults import as_detail, truncate
from gemini_grpc.rpc.codec import pb_class
from gemini_grpc.v1beta import GenerativeServiceClient, types

MODEL = "models/gemini-3.8-flash"
CONTENTS = [{"parts": [{"text": "tell me a long story about the sea"}]}]


@pytest.fixture
def client(options: dict[str, object]) -> Iterator[GenerativeServiceClient]:
    with GenerativeServiceClient(client_options=options) as made:
        yield made


def ask(client: GenerativeServiceClient, timeout: float = 10.0) -> types.GenerateContentResponse:
    return client.generate_content(model=MODEL, contents=CONTENTS, retry=None, timeout=timeout)


def stream(client: GenerativeServiceClient, timeout: float = 10.0):
    return client.stream_generate_content(
        model=MODEL, contents=CONTENTS, retry=None, timeout=timeout
    )


@pytest.mark.parametrize("code", ["UNAVAILABLE", "internal", "DATA_LOSS"])
def test_a_fault_ends_a_call_as_often_as_it_says_and_counts(emulator, client, code):
    fault = Fault(code, "no luck", times=2)
    emulator.script("GenerateContent", [fault])
    for _ in range(2):
        with pytest.raises(errors.RpcError, match="no luck") as caught:
            ask(client)
        assert caught.value.code.name == code.upper()
    ask(client)
    assert fault.fired == 2


def test_a_fault_carries_details_and_pushback(emulator, client):
    fault = Fault(
        "RESOURCE_EXHAUSTED",
        details=[
            error_details_pb2.ErrorInfo(reason="RATE"),
            {
                "@type": "type.googleapis.com/google.rpc.QuotaFailure",
                "violations": [{"subject": "me"}],
            },
            {"@type": "Help", "links": [{"url": "https://example.com"}]},
        ],
        retry_after=1.5,
        pushback=0.25,
        trailers={"x-more": "1"},
    )
    emulator.script("GenerateContent", [fault])
    with pytest.raises(errors.ResourceExhausted) as caught:
        ask(client)
    info, quota, link, retry = caught.value.details
    assert info.reason == "RATE"
    assert quota.violations[0].subject == "me"
    assert link.links[0].url == "https://example.com"
    assert retry.retry_delay.ToTimedelta().total_seconds() == 1.5
    trailers = dict(caught.value.metadata)
    assert (trailers["grpc-retry-pushback-ms"], trailers["x-more"]) == ("250", "1")


def test_a_negative_pushback_says_do_not(emulator, client):
    emulator.script("GenerateContent", [Fault("ABORTED", pushback=-1)])
    with pytest.raises(errors.Aborted) as caught:
        ask(client)
    assert dict(caught.value.metadata)["grpc-retry-pushback-ms"] == "-1"


def test_a_delay_passes_the_answer_on_afterwards(emulator, client):
    clock = VirtualClock(auto=True)
    emulator.world.clock = clock
    begun = clock.now()
    fault = Fault(delay=60.0)
    emulator.script("GenerateContent", [fault])
    assert ask(client).candidates
    assert clock.now() - begun == 60.0
    assert fault.fired == 1


def test_a_delay_ends_when_the_deadline_passes(emulator, client):
    fault = Fault("ABORTED", delay=60.0)
    emulator.script("GenerateContent", [fault])
    with pytest.raises(errors.DeadlineExceeded):
        ask(client, timeout=0.2)
    emulator.journal.wait()
    attempt = emulator.journal[0].attempts[0]
    assert (attempt.status, attempt.cancelled, fault.fired) == ("DEADLINE_EXCEEDED", True, 0)


@pytest.mark.parametrize("count", [0, 1, 2])
def test_a_stream_fails_after_so_many_messages(emulator, client, count):
    fault = Fault("UNAVAILABLE", after=count)
    emulator.script("StreamGenerateContent", [fault])
    got = []
    with pytest.raises(errors.Unavailable):  # noqa: PT012  # before the first, the start fails
        answers = stream(client)
        got += [next(answers) for _ in range(count)]
        next(answers)
    assert len(got) == count
    assert fault.fired == 1
    assert emulator.journal[0].attempts[0].sent == count


def test_a_fault_that_the_stream_was_too_short_for_has_not_fired(emulator, client):
    fault = Fault("UNAVAILABLE", after=1000)
    emulator.script("StreamGenerateContent", [fault])
    assert list(stream(client))
    assert fault.fired == 0


def test_a_stall_lasts_until_the_client_goes(emulator, client):
    fault = Fault(stall=True, after=1)
    emulator.script("StreamGenerateContent", [fault])
    answers = stream(client, timeout=2.0)
    next(answers)
    with pytest.raises(errors.DeadlineExceeded):
        next(answers)
    assert fault.fired == 1


@pytest.mark.parametrize("how", ["malformed", "truncated"])
def test_a_message_that_is_none_is_an_error_of_the_client(emulator, client, how):
    fault = Fault(**{how: True})
    emulator.script("GenerateContent", [fault])
    with pytest.raises(errors.Internal):
        ask(client)
    assert fault.fired == 1


@pytest.mark.parametrize("how", ["malformed", "truncated"])
def test_a_stream_may_have_a_broken_message(emulator, client, how):
    fault = Fault(after=1, **{how: True})
    emulator.script("StreamGenerateContent", [fault])
    answers = stream(client)
    next(answers)
    with pytest.raises(errors.Internal):
        next(answers)
    assert fault.fired == 1


def test_truncating_always_breaks_a_message():
    kind = pb_class(types.GenerateContentResponse)
    for message in (kind(), kind(model_version="x"), kind(candidates=[{"index": 1}] * 3)):
        broken = truncate(message.SerializeToString(), kind)
        with pytest.raises(Exception, match="Error parsing"):
            kind.FromString(broken)


def test_a_session_fails_before_its_first_message(emulator, client):
    fault = Fault("UNAUTHENTICATED", "who are you")
    emulator.script("BidiGenerateContent", [fault])
    answers = client.bidi_generate_content(iter([{"setup": {"model": "models/gemini-3.8-live"}}]))
    with pytest.raises(errors.Unauthenticated, match="who are you"):
        list(answers)


def test_a_session_fails_after_a_message(emulator, client):
    emulator.script("BidiGenerateContent", [Fault("ABORTED", after=1)])
    answers = client.bidi_generate_content(iter([{"setup": {"model": "models/gemini-3.8-live"}}]))
    assert "setup_complete" in next(answers)
    with pytest.raises(errors.Aborted):
        next(answers)


def test_connection_age_sends_goaway_and_calls_go_on():
    with Emulator(max_connection_age=0.05, max_connection_age_grace=5.0) as emulator:
        options = {"api_endpoint": f"http://{emulator.target}", "api_key": "test"}
        with GenerativeServiceClient(client_options=options) as client:
            peers = set()
            while len(peers) < 2:  # until the client has had to connect again
                ask(client)
                peers = {call.attempts[0].peer for call in emulator.journal}
    assert {call.status for call in emulator.journal} == {"OK"}


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({}, "nothing goes wrong"),
        ({"code": "UNAVAILBLE"}, "did you mean 'UNAVAILABLE'"),
        ({"code": "OK"}, "'OK' is not a code"),
        ({"code": "ABORTED", "stall": True}, "exclude each other"),
        ({"malformed": True, "truncated": True}, "exclude each other"),
        ({"code": "ABORTED", "times": 0}, "times is 0"),
        ({"code": "ABORTED", "after": -1}, "after is -1"),
        ({"code": "ABORTED", "delay": -1}, "delay is -1"),
        ({"code": "ABORTED", "retry_after": "1"}, "retry_after is '1'"),
        ({"code": "ABORTED", "details": [{"@type": "RetryInf"}]}, "did you mean 'RetryInfo'"),
        ({"code": "ABORTED", "details": [{"@type": "Help", "link": []}]}, "Help: "),
    ],
)
def test_a_fault_checks_its_options(options, text):
    with pytest.raises(errors.ArgumentError, match=text):
        Fault(**options)


def test_a_detail_may_be_named_in_several_ways():
    for name in ("RetryInfo", "google.rpc.RetryInfo", "type.googleapis.com/google.rpc.RetryInfo"):
        detail = as_detail({"@type": name, "retryDelay": "2s"})
        assert detail.retry_delay.seconds == 2


def test_a_code_may_be_one_of_grpc():
    assert Fault(grpc.StatusCode.ABORTED).status().code is grpc.StatusCode.ABORTED
