"""What follows the end of a connection."""

from __future__ import annotations

import math
from typing import Any

import grpc
import pytest

from gemini_grpc import errors
from gemini_grpc.live import Resume
from gemini_grpc.live.supervisor import Decision, Supervisor, swap_after, wish_after
from gemini_grpc.rpc.failure import retry_info

Code = grpc.StatusCode


def made(resume: Resume | None = Resume(), *, opened: bool = True) -> Supervisor:  # noqa: B008
    supervisor = Supervisor(resume, chance=lambda: 0.0)
    if opened:
        supervisor.opened(0.0, resumed=False)
    return supervisor


def ended(
    supervisor: Supervisor, now: float, code: Code = Code.UNAVAILABLE, **more: Any
) -> Decision:
    how = {"has_handle": True, "in_setup": False} | more
    return supervisor.ended(now, errors.make(code, "x"), **how)


def test_a_good_end_is_the_end() -> None:
    assert made().ended(9.0, None, has_handle=True, in_setup=False) == Decision("end")


def test_without_resume_every_error_is_final() -> None:
    assert ended(made(None), 9.0).action == "fail"


def test_the_first_connection_is_tried_again_while_the_server_is_unavailable() -> None:
    how: dict[str, Any] = {"in_setup": True, "has_handle": False}
    assert ended(made(opened=False), 0.0, **how) == Decision("dial")
    strict = Resume(fresh_without_handle=False)
    assert ended(made(strict, opened=False), 0.0, **how) == Decision("dial")
    assert ended(made(opened=False), 0.0, Code.INTERNAL, **how).action == "fail"
    assert ended(made(opened=False), 0.0, silent=True, **how).action == "fail"
    assert ended(made(Resume(retry_first=False), opened=False), 0.0, **how).action == "fail"
    assert ended(made(None, opened=False), 0.0, **how).action == "fail"


def test_the_limits_hold_for_the_first_connection_too() -> None:
    supervisor = made(Resume(attempts=2, budget=1e9), opened=False)
    actions = [ended(supervisor, 0.0, in_setup=True, has_handle=False).action for _ in range(3)]
    assert actions == ["dial", "dial", "fail"]
    supervisor = made(Resume(budget=10), opened=False)
    actions = [ended(supervisor, now, in_setup=True, has_handle=False).action for now in (0, 9, 10)]
    assert actions == ["dial", "dial", "fail"]


def test_a_first_connection_that_resumes_is_tried_again_after_other_errors_too() -> None:
    supervisor = made(Resume(handle="h"), opened=False)
    assert ended(supervisor, 0.0, Code.INTERNAL, in_setup=True) == Decision("dial")


@pytest.mark.parametrize(
    "code", [Code.UNAVAILABLE, Code.ABORTED, Code.DEADLINE_EXCEEDED, Code.INTERNAL, Code.CANCELLED, Code.UNKNOWN]
)  # fmt: skip
def test_errors_that_pass_are_followed_by_another_connection_at_once(code: Code) -> None:
    assert ended(made(), 9.0, code) == Decision("dial")


@pytest.mark.parametrize(
    "code", [Code.PERMISSION_DENIED, Code.UNAUTHENTICATED, Code.RESOURCE_EXHAUSTED, Code.INVALID_ARGUMENT]
)  # fmt: skip
def test_other_errors_are_final(code: Code) -> None:
    assert ended(made(), 9.0, code).action == "fail"


def test_pauses_grow_and_attempts_are_limited() -> None:
    supervisor = made(Resume(attempts=7, budget=1e9))
    decisions = [ended(supervisor, 9.0, in_setup=index > 0) for index in range(8)]
    assert [each.pause for each in decisions[:7]] == [0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0]
    assert decisions[7].action == "fail"


def test_chance_shortens_pauses_by_half_at_most() -> None:
    supervisor = Supervisor(Resume(), chance=lambda: 1.0)
    supervisor.opened(0.0, resumed=False)
    ended(supervisor, 9.0)
    assert ended(supervisor, 9.0, in_setup=True).pause == 0.125


def test_the_budget_is_for_one_interruption() -> None:
    supervisor = made(Resume(budget=10))
    ended(supervisor, 100.0)
    assert ended(supervisor, 109.0, in_setup=True).action == "dial"
    supervisor.opened(109.5, resumed=True)
    ended(supervisor, 200.0)
    assert ended(supervisor, 210.0, in_setup=True).action == "fail"


def test_without_a_handle_a_session_begins_anew_or_ends() -> None:
    assert ended(made(), 9.0, has_handle=False) == Decision("dial")
    strict = made(Resume(fresh_without_handle=False))
    assert ended(strict, 9.0, has_handle=False).action == "fail"


@pytest.mark.parametrize("code", [Code.INVALID_ARGUMENT, Code.NOT_FOUND])
def test_a_handle_that_is_refused_is_forgotten(code: Code) -> None:
    assert ended(made(), 9.0, code, in_setup=True) == Decision("dial", forget_handle=True)
    strict = ended(made(Resume(on_poisoned="fail")), 9.0, code, in_setup=True)
    assert strict == Decision("fail", forget_handle=True)
    last = made(Resume(attempts=1))
    ended(last, 9.0)
    refused = ended(last, 9.0, code, in_setup=True)
    assert refused == Decision("fail", forget_handle=True, exhausted=True)


def test_a_handle_that_is_in_use_is_tried_again_for_a_while() -> None:
    supervisor = made()
    ended(supervisor, 9.0)
    decisions = [ended(supervisor, 9.0, Code.FAILED_PRECONDITION, in_setup=True) for _ in range(5)]
    assert [each.forget_handle for each in decisions] == [False] * 4 + [True]
    assert all(each.action == "dial" for each in decisions)


def test_a_handle_is_forgotten_when_resumed_connections_end_soon() -> None:
    supervisor = made()
    assert not ended(supervisor, 9.0).forget_handle
    supervisor.opened(10.0, resumed=True)
    assert not ended(supervisor, 11.0).forget_handle
    supervisor.opened(12.0, resumed=True)
    assert ended(supervisor, 13.0).forget_handle


def test_failures_in_setup_and_completed_turns_say_nothing_against_a_handle() -> None:
    supervisor = made()
    ended(supervisor, 9.0)
    supervisor.opened(10.0, resumed=True)
    ended(supervisor, 11.0)
    assert not any(ended(supervisor, 11.0, in_setup=True).forget_handle for _ in range(5))
    supervisor.opened(12.0, resumed=True)
    supervisor.worked()
    assert not ended(supervisor, 13.0).forget_handle


def short(supervisor: Supervisor, now: float, *, turn: bool = False) -> Decision:
    """Return what follows a connection that is accepted and lost at once, after a turn or without."""
    supervisor.opened(now, resumed=False)
    if turn:
        supervisor.worked()
    return ended(supervisor, now, has_handle=False)


def test_connections_that_do_nothing_useful_count_as_failures() -> None:
    supervisor = made(Resume(attempts=3, budget=1e9))
    decisions = [short(supervisor, 9.0) for _ in range(4)]
    assert [each.pause for each in decisions[:3]] == [0.0, 0.25, 0.5]
    assert decisions[3] == Decision("fail", exhausted=True)
    supervisor = made(Resume(budget=5))
    actions = [short(supervisor, now).action for now in (9.0, 11.0, 13.9, 14.0)]
    assert actions == ["dial", "dial", "dial", "fail"]


def test_a_turn_or_five_seconds_make_a_connection_useful() -> None:
    supervisor = made(Resume(attempts=2, budget=5))
    assert all(short(supervisor, float(now), turn=True).action == "dial" for now in range(1, 12))
    assert short(supervisor, 12.0).action == "dial"
    supervisor.opened(12.0, resumed=False)
    assert ended(supervisor, 17.0).action == "dial"


def test_useful_connections_that_do_not_last_are_paced() -> None:
    supervisor = made()
    pauses = [short(supervisor, 9.0, turn=True).pause for _ in range(9)]
    assert pauses[:4] == [0.0, 0.25, 0.5, 1.0]
    assert pauses[-1] == 8.0
    supervisor.opened(100.0, resumed=False)
    assert ended(supervisor, 106.0).pause == 0.0


def test_swaps_without_a_useful_connection_count_as_failures() -> None:
    supervisor = made(Resume(attempts=3))
    for _ in range(3):
        assert supervisor.swapped(1.0).action == "dial"
        supervisor.opened(1.0, resumed=True)
    assert supervisor.swapped(1.0) == Decision("fail", exhausted=True)


def test_swaps_that_follow_each_other_are_paced_as_well() -> None:
    supervisor = made()
    assert supervisor.swapped(1.0) == Decision("dial")
    supervisor.opened(1.0, resumed=True)
    assert supervisor.swapped(2.0).pause == 0.25


def asking(seconds: float, code: Code = Code.UNAVAILABLE) -> errors.RpcError:
    return errors.make(code, "x", details=[retry_info(seconds)])


@pytest.mark.parametrize("in_setup", [True, False])
@pytest.mark.parametrize("code", [Code.UNAVAILABLE, Code.ABORTED, Code.RESOURCE_EXHAUSTED])
def test_a_wait_that_the_server_asks_for_takes_the_place_of_a_pause(
    code: Code, in_setup: bool
) -> None:
    how = {"has_handle": True, "in_setup": in_setup}
    assert made().ended(9.0, asking(20.0, code), **how) == Decision("dial", 20.0)
    assert made().ended(9.0, asking(0.0, code), **how) == Decision("dial", 0.1)
    assert made(None).ended(9.0, asking(20.0, code), **how).action == "fail"


def test_a_wait_that_would_outlast_the_budget_is_final_at_once() -> None:
    how = {"has_handle": True, "in_setup": True}
    final = Decision("fail", exhausted=True)
    assert made().ended(9.0, asking(60.0), **how) == final
    supervisor = made()
    assert supervisor.ended(9.0, asking(40.0), **how).action == "dial"
    assert supervisor.ended(50.0, asking(40.0), **how) == final
    endless = Resume(budget=math.inf)
    assert made(endless).ended(9.0, asking(600.0), **how).action == "dial"
    assert made(endless).ended(9.0, asking(601.0), **how) == final


def test_a_quota_that_is_used_up_is_final_if_the_server_names_no_wait() -> None:
    assert ended(made(), 9.0, Code.RESOURCE_EXHAUSTED).action == "fail"


def test_a_connection_is_replaced_early_only_if_that_keeps_the_session() -> None:
    assert made().may_swap(has_handle=False)
    assert not made(None).may_swap(has_handle=True)
    strict = made(Resume(fresh_without_handle=False))
    assert strict.may_swap(has_handle=True)
    assert not strict.may_swap(has_handle=False)


@pytest.mark.parametrize(
    ("left", "wish", "swap"), [(60, 0, 40), (300, 240, 280), (3, 0, 2), (1, 0, 0), (0, 0, 0)]
)
@pytest.mark.parametrize("busy", [True, False])
def test_when_a_connection_that_goes_away_is_replaced(
    left: float, wish: float, swap: float, busy: bool
) -> None:
    assert (wish_after(left), swap_after(left, busy=busy)) == (wish, max(swap, busy))


@pytest.mark.parametrize("resume", [None, Resume()])
def test_a_setup_that_was_not_read_is_sent_again_at_once_but_once(resume: Resume | None) -> None:
    away = errors.make(Code.UNAVAILABLE, "Stream removed (GOAWAY received; Error code: 0)")
    supervisor = made(resume)
    how = {"has_handle": True, "in_setup": True}
    assert supervisor.ended(9.0, away, **how) == Decision("dial at once")
    assert supervisor.ended(9.0, away, **how).action != "dial at once"
    supervisor.opened(9.0, resumed=True)
    assert supervisor.ended(9.0, away, has_handle=True, in_setup=False).action != "dial at once"
    assert supervisor.ended(9.0, away, **how) == Decision("dial at once")
