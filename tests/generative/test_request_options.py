"""request_options are a value or a mapping; what cannot be used is named."""

from __future__ import annotations

from typing import Any

import pytest

from gemini_grpc.errors import ArgumentError
from gemini_grpc.generative.request_options import RequestOptions, call_options
from gemini_grpc.rpc.policy import DEFAULT, RetryPolicy

POLICY = RetryPolicy(attempts=2)
GIVEN = [
    (None, (DEFAULT, DEFAULT, ())),
    ({}, (DEFAULT, DEFAULT, ())),
    (RequestOptions(), (DEFAULT, DEFAULT, ())),
    ({"timeout": 20}, (20.0, DEFAULT, ())),
    ({"timeout": None}, (None, DEFAULT, ())),
    ({"timeout": DEFAULT}, (DEFAULT, DEFAULT, ())),
    ({"retry": None}, (DEFAULT, None, ())),
    (RequestOptions(timeout=1.5, retry=POLICY), (1.5, POLICY, ())),
    ({"metadata": [("x-team", "blue")]}, (DEFAULT, DEFAULT, (("x-team", "blue"),))),
    ({"metadata": {"x-bin": b"1"}}, (DEFAULT, DEFAULT, (("x-bin", b"1"),))),
    (RequestOptions(metadata=(("a", "b"),)), (DEFAULT, DEFAULT, (("a", "b"),))),
]


@pytest.mark.parametrize(("value", "expected"), GIVEN)
def test_what_is_said_is_returned(value: Any, expected: Any) -> None:
    assert call_options(value) == expected


def test_they_are_a_mapping_as_well() -> None:
    options = RequestOptions(timeout=3, retry=None)
    assert dict(**options) == {"timeout": 3, "retry": None, "metadata": ()}
    assert call_options({**options}) == call_options(options)
    assert len(options) == 3
    assert options == RequestOptions(timeout=3, retry=None)
    with pytest.raises(KeyError, match="nope"):
        options["nope"]


def test_the_marker_of_google_means_that_nothing_was_said() -> None:
    from google.api_core.gapic_v1.method import DEFAULT as GOOGLES

    assert call_options({"timeout": GOOGLES})[0] is DEFAULT


@pytest.mark.parametrize(
    ("value", "said"),
    [
        ({"time_out": 1}, "did you mean 'timeout'?"),
        ({3: 1}, "request_options has no 3"),
        (20, "expected RequestOptions or a mapping of its fields, got int"),
        ({"timeout": "20"}, "request_options.timeout is '20'; expected seconds"),
        ({"timeout": True}, "request_options.timeout is True"),
        ({"timeout": float("nan")}, "request_options.timeout is nan"),
        ({"timeout": float("inf")}, "request_options.timeout is inf"),
        ({"timeout": 0}, "request_options.timeout is 0; expected seconds as a number, more than 0"),
        ({"timeout": -3}, "request_options.timeout is -3"),
        ({"retry": "nonsense"}, "request_options.retry is str; expected a RetryPolicy"),
        ({"retry": 3}, "request_options.retry is int; expected a RetryPolicy"),
        ({"metadata": "x-team"}, "expected pairs of a key and a value"),
        ({"metadata": 3}, "request_options.metadata: expected pairs of a key and a value"),
        ({"metadata": [("a", 1)]}, "'a' of request_options.metadata is int; expected a str"),
        ({"metadata": [("a", "b", "c")]}, "request_options.metadata: expected pairs"),
    ],
)
def test_what_cannot_be_used_is_named(value: Any, said: str) -> None:
    with pytest.raises(ArgumentError) as caught:
        call_options(value)
    assert said in str(caught.value)
