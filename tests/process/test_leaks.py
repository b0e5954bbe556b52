"""Nothing is left of a call, a stream, an upload or a session, whichever way it is left.

The short runs find kilobytes and anything that can be counted; the long ones, under `soak`, find 100 bytes.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.authority import Authority
from tests.support import leak_cases, leaks

if TYPE_CHECKING:
    from gemini_grpc.emulator import Emulator

SHORT = 100
SHORT_MEMORY = 2000.0
"""Bytes a repetition: what pools and caches take at first is spread over few repetitions."""

QUICK = [
    *("stream_break", "stream_with", "stream_cancel", "stream_unread", "stream_exception"),
    *("stream_error", "unary", "unary_error", "bidi_break", "bidi_exception", "response_close"),
    *("upload", "upload_exception", "live_with", "live_break", "live_del", "live_exception"),
]
ONLY = {
    "sync": ["stream_other_thread", "live_other_thread", "live_unopened"],
    "async": ["unary_cancel", "stream_task_cancel", "live_task_cancel"],
}


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with leak_cases.serve() as running:
        yield running


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()


@pytest.fixture(scope="module")
def secure(authority: Authority) -> Iterator[Emulator]:
    with leak_cases.serve(tls=True, certificates=authority.server()) as running:
        yield running


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_leaving_in_any_way_leaves_nothing_behind(emulator: Emulator, colour: str) -> None:
    cases = [f"{colour}_{way}" for way in [*QUICK, *ONLY[colour]]]
    for report in leaks.measure(emulator.target, cases, repetitions=SHORT):
        assert report.slopes.pop("memory") < SHORT_MEMORY, report
        assert not report.leaks, report
        assert report.sockets_left == 0, report


def test_a_call_that_is_left_before_it_begins_leaves_nothing_in_grpc_core(
    emulator: Emulator,
) -> None:
    flat(emulator.target, "async_bidi_unread", repetitions=400)


def test_the_tool_finds_a_leak(emulator: Emulator) -> None:
    (report,) = leaks.measure(emulator.target, ["sync_leaking"], repetitions=SHORT)
    assert {"memory", "objects", "descriptors"} <= set(report.leaks)


def flat(target: str, case: str, ca: Path | None = None, repetitions: int = 2000) -> None:
    (report,) = leaks.measure(target, [case], ca=ca, repetitions=repetitions)
    found = report.leaks
    # grpc.aio does not release operations of core that were cancelled while a task waited for them:
    # https://github.com/grpc/grpc/issues/43360
    if case in leak_cases.UPSTREAM and report.slopes["memory"] < leak_cases.UPSTREAM_MEMORY:
        found.pop("memory", None)
    assert not found, report
    assert report.sockets_left == 0, report


@pytest.mark.soak
@pytest.mark.parametrize("case", leak_cases.WAYS)
def test_two_thousand_repetitions_are_flat(emulator: Emulator, case: str) -> None:
    flat(emulator.target, case)


@pytest.mark.soak
@pytest.mark.parametrize("case", leak_cases.WAYS)
def test_two_thousand_repetitions_are_flat_with_tls(
    secure: Emulator, authority: Authority, tmp_path: Path, case: str
) -> None:
    flat(secure.target, case, authority.write(tmp_path))
