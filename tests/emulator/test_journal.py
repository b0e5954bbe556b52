from __future__ import annotations

from collections.abc import Iterator

import pytest

from gemini_grpc import RetryPolicy, errors
from gemini_grpc.emulator import Emulator, Fault, Journal, Reply, VirtualClock
from gemini_grpc.rpc.metadata import CREDENTIALS
from gemini_grpc.v1beta import GenerativeServiceClient, ModelServiceClient, types

MODEL = "models/gemini-3.8-flash"


@pytest.fixture
def client(options: dict[str, object]) -> Iterator[GenerativeServiceClient]:
    with GenerativeServiceClient(client_options=options) as made:
        yield made


def ask(
    client: GenerativeServiceClient, text: str = "hi", **more: object
) -> types.GenerateContentResponse:
    return client.generate_content(model=MODEL, contents=[{"parts": [{"text": text}]}], **more)


def test_the_attempts_of_one_call_are_one_entry(emulator, client):
    emulator.script("GenerateContent", [Fault("UNAVAILABLE", times=2), Reply(text="done")])
    policy = RetryPolicy(initial=0.02, jitter=0.0)
    ask(client, timeout=5.0, retry=policy)
    (call,) = emulator.journal
    assert (call.method, call.service, call.version) == (
        "GenerateContent",
        "GenerativeService",
        "v1beta",
    )
    assert [attempt.number for attempt in call.attempts] == [1, 2, 3]
    assert [attempt.status for attempt in call.attempts] == ["UNAVAILABLE", "UNAVAILABLE", "OK"]
    first, second, third = call.attempts
    assert first.gap is None
    assert 0.02 <= second.gap < third.gap
    assert all(4.0 < attempt.deadline < 5.5 for attempt in call.attempts)
    assert call.request.contents[0].parts[0].text == "hi"
    assert call.status == "OK"


def test_a_call_without_a_deadline_has_none(emulator, client):
    ask(client, timeout=None)
    assert emulator.journal[0].attempts[0].deadline is None


def test_the_same_request_after_success_is_another_call(emulator, client):
    ask(client)
    ask(client)
    assert [len(call.attempts) for call in emulator.journal] == [1, 1]


def test_another_request_is_another_call(emulator, client):
    emulator.script("GenerateContent", [Fault("ABORTED", times=2)])
    for text in ("a", "b"):
        with pytest.raises(errors.Aborted):
            ask(client, text, retry=None)
    assert len(emulator.journal) == 2


def test_a_call_id_joins_whatever_carries_it(emulator, client):
    for text in ("a", "b"):
        ask(client, text, metadata=[("x-gemini-call-id", "one")])
    ask(client, "b", metadata=[("x-gemini-call-id", "two")])
    assert [len(call.attempts) for call in emulator.journal] == [2, 1]


@pytest.mark.parametrize("key", sorted(CREDENTIALS - {"authorization", "x-goog-api-key"}))
def test_credentials_are_not_kept(emulator, client, key):
    ask(client, metadata=[(key, "canary"), ("x-shown", "value")])
    metadata = dict(emulator.journal[0].attempts[0].metadata)
    assert metadata[key] == metadata["x-goog-api-key"] == "***"
    assert metadata["x-shown"] == "value"
    assert "canary" not in repr(emulator.journal)


def test_a_call_that_is_refused_says_why(emulator, client):
    with pytest.raises(errors.InvalidArgument):
        client.generate_content(model=MODEL)
    attempt = emulator.journal[0].attempts[0]
    assert attempt.status == "INVALID_ARGUMENT"
    assert "contents" in attempt.message


def test_a_client_that_goes_away_is_noted(emulator, client):
    fault = Fault(stall=True, after=1)
    emulator.script("StreamGenerateContent", [fault])
    answers = client.stream_generate_content(model=MODEL, contents=[{"parts": [{"text": "hi"}]}])
    next(answers)
    answers.cancel()
    emulator.journal.wait()
    attempt = emulator.journal[0].attempts[0]
    assert (attempt.status, attempt.cancelled, attempt.sent) == ("CANCELLED", True, 1)


def test_a_session_counts_its_messages(emulator, client):
    ask_for = {"client_content": {"turns": [{"parts": [{"text": "hi"}]}], "turn_complete": True}}
    got = list(
        client.bidi_generate_content(
            iter([{"setup": {"model": "models/gemini-3.8-live"}}, ask_for])
        )
    )
    attempt = emulator.journal[0].attempts[0]
    assert (attempt.received, attempt.sent) == (2, len(got))


def test_calls_are_found_by_their_method(emulator, options, client):
    ask(client)
    with ModelServiceClient(client_options=options) as models:
        models.get_model(name=MODEL)
    assert len(emulator.journal) == 2
    assert [call.method for call in emulator.journal.calls("GetModel")] == ["GetModel"]
    assert emulator.journal.calls("ModelService.GetModel") == emulator.journal[1:]


def test_the_oldest_calls_make_room():
    with Emulator(journal_entries=3) as emulator:
        options = {"api_endpoint": f"http://{emulator.target}", "api_key": "test"}
        with GenerativeServiceClient(client_options=options) as client:
            for number in range(5):
                ask(client, str(number))
    assert [call.request.contents[0].parts[0].text for call in emulator.journal] == ["2", "3", "4"]
    assert emulator.journal.dropped == 2


def begin(journal: Journal, data: bytes | None):
    return journal.begin(
        version="v1beta", path="/p.S/M", data=data, parse=bytes, metadata=(), deadline=None
    )


def test_bytes_are_bounded():
    journal = Journal(VirtualClock(), max_bytes=10_000)
    for number in range(100):
        journal.end(begin(journal, bytes([number]) * 1000), "OK")
    assert sum(len(call.data) for call in journal) <= 10_000
    assert journal.dropped == 100 - len(journal)


def test_a_request_that_is_too_large_is_not_kept():
    journal = Journal(VirtualClock(), max_bytes=10_000)
    begin(journal, b"x" * 5000)
    assert journal[0].data == b""


def test_the_attempts_of_a_single_call_are_bounded():
    journal = Journal(VirtualClock(), max_entries=3)
    for _ in range(10):
        journal.end(begin(journal, b"same"), "UNAVAILABLE")
    (call,) = journal
    assert [attempt.number for attempt in call.attempts] == [8, 9, 10]


def test_gaps_are_by_the_clock_of_the_emulator():
    clock = VirtualClock()
    journal = Journal(clock)
    journal.end(begin(journal, b"same"), "UNAVAILABLE")
    clock.advance(7.0)
    assert begin(journal, b"same").gap == 7.0


def test_only_the_first_end_counts():
    journal = Journal(VirtualClock())
    attempt = begin(journal, b"x")
    journal.end(attempt, "OK")
    journal.end(attempt, "CANCELLED", cancelled=True)
    assert (attempt.status, attempt.cancelled) == ("OK", False)


def test_waiting_for_a_call_that_does_not_end_times_out():
    journal = Journal(VirtualClock())
    begin(journal, None)
    with pytest.raises(TimeoutError, match="1 attempts are running"):
        journal.wait(timeout=0.01)


def test_clearing_forgets_everything(emulator, client):
    emulator.script("GenerateContent", [Reply(text="a"), Reply(text="b")])
    ask(client)
    emulator.reset_journal()
    assert len(emulator.journal) == 0
    assert ask(client).candidates[0].content.parts[0].text == "b"
    assert len(emulator.journal) == 1


def test_a_journal_has_room_for_something():
    with pytest.raises(errors.ArgumentError):
        Journal(VirtualClock(), max_entries=0)
