"""The settings of live sessions, and what keeps them."""

from __future__ import annotations

from typing import Any

import pytest

from gemini_grpc.emulator import Emulator, Live
from gemini_grpc.emulator.live import profile
from gemini_grpc.emulator.live.conversation import Snapshot
from gemini_grpc.emulator.live.handles import LIMIT, Connection, Handles, Saved
from gemini_grpc.emulator.status import StatusError
from gemini_grpc.errors import ArgumentError


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"setup_delay": -1.0}, "setup_delay is -1.0; expected seconds, 0 or more"),
        ({"first_delay": float("nan")}, "first_delay is nan"),
        ({"audio_speed": 0.0}, "audio_speed is 0.0; expected more than 0, or None"),
        ({"read_limit": 0}, "read_limit is 0"),
        ({"ending": "NOT_FOUND"}, "ending is 'NOT_FOUND'; expected one of OK, ABORTED"),
    ],
)
def test_settings_that_cannot_be_are_refused(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ArgumentError, match=message):
        Live(**wrong)


def test_a_reset_keeps_the_settings_and_forgets_the_handles() -> None:
    emulator = Emulator()
    emulator.world.live = Live(audio_speed=2.0)
    handles = emulator.world.live.handles
    emulator.reset()
    assert emulator.world.live.audio_speed == 2.0
    assert emulator.world.live.handles is not handles


def test_only_so_many_handles_are_kept() -> None:
    handles = Handles()
    saved = Saved("models/gemini-live", Snapshot(), 0.0, Connection())
    issued = [handles.issue(saved, seed=0) for _ in range(LIMIT + 1)]
    assert len(set(issued)) == LIMIT + 1
    how: dict[str, Any] = {"model": saved.model, "now": 0.0, "lifetime": 1.0, "exclusive": False}
    assert handles.redeem(issued[1], **how) is saved
    with pytest.raises(StatusError, match="NOT_FOUND"):
        handles.redeem(issued[0], **how)


def test_a_version_after_the_last_known_family_has_its_habits() -> None:
    assert profile.of("models/gemini-4.2-live") == profile.of("models/gemini-3.8-live")
    assert profile.of("models/gemini-3.5-flash-live") == profile.of(
        "models/gemini-3.1-live-preview"
    )
    assert profile.of("models/gemini-live").modalities == ("TEXT", "AUDIO")
