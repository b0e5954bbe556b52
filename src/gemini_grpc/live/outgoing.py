"""A message on its way to the server."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from gemini_grpc.live.events import ToolResult

Kind = Literal[
    "content",
    "tool_response",
    "text",
    "audio",
    "video",
    "audio_stream_end",
    "activity_start",
    "activity_end",
]

MEDIA: frozenset[Kind] = frozenset({"audio", "video"})
"""What may be dropped; everything else is control."""

CONVERSATION: frozenset[Kind] = frozenset({"content", "tool_response"})
"""What is not realtime input."""


@dataclass(frozen=True, slots=True, eq=False)
class Outgoing:
    """A message of the client, encoded."""

    kind: Kind
    """Which of the messages it is."""
    data: bytes = field(repr=False)
    """A `BidiGenerateContentClientMessage` of the API version."""
    seconds: float = 0.0
    """How much audio it is."""
    asks: bool = False
    """The model answers it with a turn."""
    prompts: bool = False
    """The model may answer it with a turn, or not: the server decides whether it was spoken to."""
    answer: ToolResult | None = None
    """What it tells the model, if it answers a call."""
    blocking: bool = False
    """The model waits for this answer."""

    @property
    def answer_id(self) -> str | None:
        """The id of the call that it answers, which may be empty; None if it answers none."""
        return None if self.answer is None else self.answer.id

    @property
    def is_control(self) -> bool:
        """It is never dropped."""
        return self.kind not in MEDIA
