"""One connection: its timers and its end."""

from __future__ import annotations

import threading
from collections.abc import Callable

from gemini_grpc.live.connection import Connection


class Call:
    def __init__(self) -> None:
        self.cancelled = 0

    def cancel(self) -> None:
        self.cancelled += 1


class Timer:
    def __init__(self, when: float, callback: Callable[[], object]) -> None:
        self.when = when
        self.callback = callback
        self.cancelled = False

    def cancel(self) -> None:
        self.cancelled = True


class Time:
    def __init__(self) -> None:
        self.timers: list[Timer] = []

    def now(self) -> float:
        return 100.0

    def call_at(self, when: float, callback: Callable[[], object]) -> Timer:
        self.timers.append(Timer(when, callback))
        return self.timers[-1]


def made() -> tuple[Connection, Call, Time]:
    clock, call = Time(), Call()
    connection = Connection(b"setup", resumed=False, lock=threading.RLock(), clock=clock)
    connection.link = call
    return connection, call, clock


def test_the_first_reason_to_end_it_counts() -> None:
    connection, call, _ = made()
    assert connection.takes_messages
    connection.end("idle")
    connection.end("swap")
    assert (connection.reason, call.cancelled) == ("idle", 2)
    assert not connection.takes_messages


def test_what_has_ended_is_not_ended_by_us() -> None:
    connection, call, _ = made()
    connection.note_end()
    connection.end("swap")
    assert (connection.reason, call.cancelled) == ("", 0)
    assert not connection.takes_messages


def test_a_timer_ends_it() -> None:
    connection, call, clock = made()
    connection.end_after(5.0, "setup_timeout")
    (timer,) = clock.timers
    assert timer.when == 105.0
    timer.callback()
    assert (connection.reason, call.cancelled) == ("setup_timeout", 1)


def test_a_timer_before_the_call_has_begun_ends_nothing() -> None:
    connection, _, _ = made()
    connection.link = None
    connection.end("setup_timeout")
    assert connection.takes_messages


def test_a_timer_takes_the_place_of_one_with_its_name() -> None:
    connection, _, clock = made()
    connection.set_timer("idle", 1.0, list)
    connection.set_timer("idle", 2.0, list)
    connection.set_timer("swap", 3.0, list)
    assert [timer.cancelled for timer in clock.timers] == [True, False, False]
    connection.stop_timer("never set")
    connection.note_end()
    assert all(timer.cancelled for timer in clock.timers)
    connection.set_timer("idle", 1.0, list)
    assert len(clock.timers) == 3
