"""How often a call is tried."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemini_grpc import RetryPolicy
from gemini_grpc.rpc.policy import DEFAULT


@pytest.mark.parametrize(
    ("wrong", "text"),
    [
        ({"attempts": 0}, "attempts is 0"),
        ({"initial": -1.0}, "initial is -1.0"),
        ({"initial": 2.0, "maximum": 1.0}, "maximum 1.0"),
        ({"multiplier": 0.5}, "multiplier is 0.5"),
        ({"jitter": 1.5}, "jitter is 1.5"),
        ({"maximum": float("inf")}, "maximum inf"),
        ({"initial": float("nan")}, "initial is nan"),
        ({"multiplier": float("nan")}, "multiplier is nan"),
        ({"maximum_hint": -1.0}, "maximum_hint is -1.0"),
        ({"maximum_hint": float("nan")}, "maximum_hint is nan"),
    ],
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, float], text: str) -> None:
    with pytest.raises(ValueError, match=text):
        RetryPolicy(**wrong)


def test_pauses_grow_up_to_the_maximum() -> None:
    policy = RetryPolicy(initial=1.0, multiplier=2.0, maximum=5.0, jitter=0.0)
    assert [policy.pause(attempt, 0.7) for attempt in (1, 2, 3, 4, 50)] == [1, 2, 4, 5, 5]


@given(st.integers(1, 200), st.floats(0, 1))
def test_chance_only_shortens_a_pause(attempt: int, chance: float) -> None:
    policy = RetryPolicy()
    full = policy.pause(attempt, 0)
    assert full / 2 <= policy.pause(attempt, chance) <= full <= policy.maximum


def test_the_default_is_not_none() -> None:
    assert repr(DEFAULT) == "DEFAULT"
    assert DEFAULT is not None
