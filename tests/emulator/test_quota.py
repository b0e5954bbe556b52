from __future__ import annotations

import datetime
import zoneinfo
from collections.abc import Iterator

import pytest

from gemini_grpc import errors
from gemini_grpc.emulator import Emulator, Quota, VirtualClock
from gemini_grpc.emulator.quota import Quotas, count_input
from gemini_grpc.emulator.status import StatusError
from gemini_grpc.v1beta import GenerativeServiceClient, types

MODEL = "models/gemini-3.8-flash"
REQUEST = {"model": MODEL, "contents": [{"parts": [{"text": "one two"}]}]}


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


def charge(
    quotas: Quotas, request: object = None, method: str = "GenerateContent", **metadata: str
) -> None:
    quotas.charge(
        method,
        request or REQUEST,
        {key.replace("_", "-"): value for key, value in metadata.items()},
    )


def refusal(quotas: Quotas, **metadata: str) -> StatusError:
    with pytest.raises(StatusError) as caught:
        charge(quotas, **metadata)
    return caught.value


def wait_of(error: StatusError) -> float:
    return error.details[-1].retry_delay.ToTimedelta().total_seconds()


def ask(client: GenerativeServiceClient) -> types.GenerateContentResponse:
    return client.generate_content(REQUEST, retry=None)


@pytest.fixture
def limited(clock: VirtualClock) -> Iterator[Emulator]:
    with Emulator(quotas=Quota(requests_per_minute=1), clock=clock) as running:
        yield running


@pytest.fixture
def client(limited: Emulator) -> Iterator[GenerativeServiceClient]:
    options = {"api_endpoint": f"http://{limited.target}", "api_key": "test"}
    with GenerativeServiceClient(client_options=options) as made:
        yield made


def test_a_client_is_told_which_quota_and_when_to_come_back(client, clock):
    ask(client)
    clock.advance(20.0)
    with pytest.raises(errors.ResourceExhausted) as caught:
        ask(client)
    failure, link, retry = caught.value.details
    (violation,) = failure.violations
    assert violation.quota_metric == "generativelanguage.googleapis.com/generate_content_requests"
    assert violation.quota_id == "GenerateRequestsPerMinutePerProjectPerModel"
    assert dict(violation.quota_dimensions) == {"location": "global", "model": "gemini-3.8-flash"}
    assert violation.quota_value == 1
    assert link.links[0].url.startswith("https://")
    assert retry.retry_delay.ToTimedelta().total_seconds() == 40.0
    assert "Please retry in 40s." in caught.value.message


def test_after_the_wait_it_works_again(client, clock):
    ask(client)
    clock.advance(60.0)
    ask(client)


def test_reset_empties_what_was_used(client, limited):
    ask(client)
    limited.reset()
    ask(client)


def test_methods_that_do_not_generate_do_not_count(client):
    ask(client)
    assert client.count_tokens(model=MODEL, contents=REQUEST["contents"]).total_tokens == 2


def test_a_session_counts_once(client):
    setup = {"setup": {"model": "models/gemini-3.8-live"}}
    assert list(client.bidi_generate_content(iter([setup])))
    with pytest.raises(errors.ResourceExhausted):
        list(client.bidi_generate_content(iter([setup])))


def test_a_refused_request_counts_nothing(clock):
    quotas = Quotas([Quota(requests_per_minute=1)], clock)
    charge(quotas)
    for _ in range(3):
        refusal(quotas)
    clock.advance(60.0)
    charge(quotas)


def test_models_and_projects_are_counted_apart(clock):
    quotas = Quotas([Quota(requests_per_minute=1)], clock)
    charge(quotas, x_goog_api_key="a")
    charge(quotas, x_goog_api_key="b")
    charge(quotas, x_goog_api_key="a", x_goog_user_project="p")
    charge(quotas, {**REQUEST, "model": "models/gemini-3.1-pro-preview"}, x_goog_api_key="a")
    refusal(quotas, x_goog_api_key="b", x_goog_user_project="p")


def test_a_quota_may_be_for_one_model_and_project(clock):
    quotas = Quotas(
        [Quota(requests_per_minute=0, model="models/gemini-3.8-flash", project="p")], clock
    )
    charge(quotas, x_goog_user_project="q")
    charge(quotas, {**REQUEST, "model": "models/other"}, x_goog_user_project="p")
    refusal(quotas, x_goog_user_project="p")


def test_tokens_are_counted(clock):
    quotas = Quotas([Quota(input_tokens_per_minute=5)], clock)
    charge(quotas)
    clock.advance(10.0)
    charge(quotas)
    error = refusal(quotas)
    assert error.details[0].violations[0].quota_id == "GenerateContentInputTokensPerModelPerMinute"
    assert wait_of(error) == 50.0


def test_a_prompt_larger_than_the_limit_is_refused(clock):
    assert wait_of(refusal(Quotas([Quota(input_tokens_per_minute=1)], clock))) == 60.0


def test_days_end_at_midnight_pacific(clock):
    quotas = Quotas([Quota(requests_per_day=1)], clock)
    charge(quotas)
    error = refusal(quotas)
    assert error.details[0].violations[0].quota_id == "GenerateRequestsPerDayPerProjectPerModel"
    clock.advance(wait_of(error))
    local = datetime.datetime.fromtimestamp(clock.now(), zoneinfo.ZoneInfo("America/Los_Angeles"))
    assert (local.hour, local.minute) == (0, 0)
    charge(quotas)


def test_days_work_without_time_zones(clock, monkeypatch):
    def missing(name: str) -> object:
        raise zoneinfo.ZoneInfoNotFoundError(name)

    monkeypatch.setattr(zoneinfo, "ZoneInfo", missing)
    quotas = Quotas([Quota(requests_per_day=1)], clock)
    charge(quotas)
    assert 0 < wait_of(refusal(quotas)) <= 86_400


def test_every_limit_that_is_broken_is_named(clock):
    quotas = Quotas([Quota(requests_per_minute=0, requests_per_day=0)], clock)
    assert len(refusal(quotas).details[0].violations) == 2


@pytest.mark.parametrize(
    ("request_", "count"),
    [
        ({"content": {"parts": [{"text": "a b"}]}}, 2),
        ({"requests": [{"content": {"parts": [{"text": "a b"}]}}] * 3}, 6),
        ({"prompt": {"text": "a b"}}, 2),
        ({"texts": ["a b", "c"]}, 3),
        ({"model": "models/x"}, 0),
    ],
)
def test_prompts_of_every_kind_are_counted(request_, count):
    assert count_input(request_) == count


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({}, "at least one of"),
        ({"requests_per_minute": -1}, "requests_per_minute is -1"),
        ({"requests_per_day": 1.5}, "requests_per_day is 1.5"),
        ({"requests_per_day": 1, "model": 3}, "model is 3"),
    ],
)
def test_a_quota_checks_its_options(options, text):
    with pytest.raises(errors.ArgumentError, match=text):
        Quota(**options)
