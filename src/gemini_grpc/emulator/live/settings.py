"""How the live sessions of an emulator behave: pace, lifetime, and the oddities a client must survive.

    emulator.world.live = Live(audio_speed=1.0, connection_lifetime=600)

A session keeps the settings that were in force when it began. Use `dataclasses.replace` to change
them and keep the handles that were issued.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field, replace
from typing import Self

from gemini_grpc.emulator.live.handles import Handles
from gemini_grpc.errors import ArgumentError

ENDINGS = {
    "OK": "",
    "ABORTED": "The operation was aborted.",
    "DEADLINE_EXCEEDED": "Deadline expired before operation could complete.",
    "INTERNAL": "Internal error encountered.",
    "UNAVAILABLE": "The service is currently unavailable.",
}
"""The statuses a connection can end with when its lifetime is over, and what they say."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Live:
    """The settings of live sessions. Seconds everywhere."""

    setup_delay: float = 0.0
    """Time until `setup_complete`; infinity for a server that stays silent."""
    first_delay: float = 0.0
    """Time from the end of the user's turn to the first output."""
    tokens_per_second: float | None = None
    """How fast text comes; None for all at once."""
    audio_speed: float | None = None
    """Seconds of audio sent in a second, 1 for real time; None for all at once."""
    playback: bool = False
    """Whether `turn_complete` waits until the audio would have been played."""
    bundle: bool | None = None
    """Whether parts, transcript and ends of a turn share messages; None for the model's habit."""
    usage_alone: bool = False
    """Whether usage comes in a message of its own, after `turn_complete`."""
    late_audio: bool = False
    """Whether the message that says `interrupted` carries a last piece of the stale output."""
    spurious_interruptions: bool = False
    """Whether activity of the user gives `interrupted` even when the model is silent."""
    connection_lifetime: float | None = None
    """Time until the server ends the connection; None for never."""
    go_away_notice: float = 60.0
    """How long before that `go_away` is sent."""
    ending: str = "ABORTED"
    """The status the connection then ends with, one of `ENDINGS`."""
    handle_lifetime: float = 7200.0
    """How long a resumption handle is good for."""
    exclusive_handles: bool = False
    """Whether a handle is refused while the connection that got it is still open."""
    read_limit: int | None = None
    """After how many messages the server stops reading; None for never."""
    ignore_half_close: bool = False
    """Whether the server stays silent, and the call open, when the client has ended its side."""
    handles: Handles = field(default_factory=Handles)
    """The resumption handles of the emulator."""

    def __post_init__(self) -> None:
        for name in ("setup_delay", "first_delay", "go_away_notice", "handle_lifetime"):
            if not getattr(self, name) >= 0:
                raise ArgumentError(f"{name} is {getattr(self, name)}; expected seconds, 0 or more")
        for name in ("tokens_per_second", "audio_speed", "connection_lifetime", "read_limit"):
            value = getattr(self, name)
            if value is not None and not value > 0:
                raise ArgumentError(f"{name} is {value}; expected more than 0, or None")
        if self.ending not in ENDINGS:
            raise ArgumentError(f"ending is {self.ending!r}; expected one of {', '.join(ENDINGS)}")

    def fresh(self) -> Self:
        """Return the same settings with no handle issued."""
        return replace(self, handles=Handles())

    def text_seconds(self, tokens: int) -> float:
        """Return how long so many tokens of text take to come."""
        return tokens / (self.tokens_per_second or math.inf)

    def audio_seconds(self, seconds: float) -> float:
        """Return how long so many seconds of audio take to come."""
        return seconds / (self.audio_speed or math.inf)
