"""The soak of live sessions: many at once, an accident every few seconds, and nothing may be lost.

How long it takes is said by variables: `GEMINI_SOAK_SESSIONS` (50), `GEMINI_SOAK_SECONDS` (60 for each
colour), `GEMINI_SOAK_ACCIDENTS` (4: seconds between two accidents of a session, on average) and
`GEMINI_SOAK_SEED` (1). `python -m tests.live.soak` is the same without pytest.
"""

from __future__ import annotations

import os

import pytest

from tests.live import soak


def setting(name: str, default: float) -> float:
    return float(os.environ.get(f"GEMINI_SOAK_{name}", default))


@pytest.mark.soak
@pytest.mark.parametrize("colour", ["async", "sync"])
def test_nothing_is_lost_or_doubled_and_nothing_grows(
    colour: str, capsys: pytest.CaptureFixture[str]
) -> None:
    outcome = soak.run(
        colour,
        sessions=int(setting("SESSIONS", 50)),
        seconds=setting("SECONDS", 60),
        accidents=setting("ACCIDENTS", 4),
        seed=int(setting("SEED", 1)),
    )
    with capsys.disabled():
        print(f"\n{colour}: {outcome}")
    assert [tally.error for tally in outcome.tallies if tally.error is not None] == []
    assert outcome.lost() == []
    assert outcome.duplicated() == []
    for wrong in ("answers to unknown calls", "frames again", "wrong handles"):
        assert outcome.report["count"].get(wrong, 0) == 0
    assert outcome.sent > len(outcome.tallies)
    first, last = outcome.samples[0], outcome.samples[-1]
    sessions = len(outcome.tallies)
    assert last.tasks <= first.tasks + sessions  # those who reconnect at this moment
    assert last.threads <= first.threads + sessions
    assert last.descriptors <= first.descriptors + 4
    assert last.memory <= first.memory * 1.1
    assert outcome.after.tasks <= outcome.before.tasks + 3  # grpc.aio's own
    assert outcome.after.threads <= outcome.before.threads + 2
    assert outcome.after.descriptors <= outcome.before.descriptors + 8  # grpc.aio's poller
