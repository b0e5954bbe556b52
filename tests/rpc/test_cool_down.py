"""The time a service has asked its clients to wait, by a clock that is set."""

from __future__ import annotations

from gemini_grpc.rpc.budget import CoolDown


class Time:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


def test_what_was_not_asked_to_wait_need_not() -> None:
    cool_down = CoolDown(Time())
    assert not cool_down.until
    cool_down.start("kind", 5.0)
    assert cool_down.until
    assert cool_down.left("other") == 0.0


def test_the_time_runs_and_is_then_forgotten() -> None:
    time = Time()
    cool_down = CoolDown(time)
    cool_down.start("kind", 5.0)
    time.now += 2.0
    assert cool_down.left("kind") == 3.0
    time.now += 3.0
    assert cool_down.left("kind") == 0.0
    assert not cool_down.until


def test_no_time_is_longer_than_ten_minutes() -> None:
    cool_down = CoolDown(Time())
    for seconds in (1e10, float("inf")):
        cool_down.start("kind", seconds)
        assert cool_down.left("kind") == 600.0


def test_the_longer_of_two_times_is_waited() -> None:
    time = Time()
    cool_down = CoolDown(time)
    cool_down.start("kind", 5.0)
    cool_down.start("kind", 1.0)
    assert cool_down.left("kind") == 5.0
    cool_down.start("kind", 9.0)
    assert cool_down.left("kind") == 9.0
