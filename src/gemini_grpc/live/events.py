"""What happens in a live session, as values; match on their classes.

The order of the events of one server message is fixed: `Interrupted`, output, transcripts,
grounding, `GenerationComplete`, usage, `TurnEnd`; tool calls, resumption and `GoingAway` come in messages
of their own.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal

if TYPE_CHECKING:
    from gemini_grpc.live.errors import LiveError
    from gemini_grpc.live.outgoing import Outgoing

EndReason = Literal["complete", "interrupted", "connection_lost"]


@dataclass(frozen=True, slots=True)
class Usage:
    """Tokens of one turn, or of a whole session when summed."""

    prompt: int = 0
    """Tokens of everything the model read; includes context that is sent again for each turn."""
    response: int = 0
    """Tokens the model produced."""
    thoughts: int = 0
    """Tokens of thoughts."""
    tool_use: int = 0
    """Tokens of the results of tools in the prompt."""
    cached: int = 0
    """Tokens of the prompt that came from a cache."""
    total: int = 0
    """All of them."""

    def __add__(self, other: Usage) -> Usage:
        return Usage(*(getattr(self, name) + getattr(other, name) for name in self.__slots__))


@dataclass(frozen=True, slots=True)
class Event:
    """Base of all events."""


@dataclass(frozen=True, slots=True)
class Opened(Event):
    """The first connection is set up; messages can flow."""

    state_restored: bool = False
    """The conversation of the handle that was given goes on."""


@dataclass(frozen=True, slots=True)
class TextOut(Event):
    """A piece of the model's text."""

    text: str
    thought: bool = False
    """The text is a thought, not part of the answer."""


@dataclass(frozen=True, slots=True)
class AudioOut(Event):
    """A piece of the model's speech."""

    pcm: bytes = field(repr=False)
    """PCM, 16 bit, little endian, one channel."""
    rate: int = 24000
    """Samples in a second."""


@dataclass(frozen=True, slots=True)
class PartOut(Event):
    """Any other part of an answer: code, its result, an image."""

    part: Any
    """A `Part` of the API version."""


@dataclass(frozen=True, slots=True)
class Transcript(Event):
    """A piece of what was said, in writing. Transcripts of the user come when they are ready."""

    who: Literal["user", "model"]
    text: str


@dataclass(frozen=True, slots=True)
class Interrupted(Event):
    """The user has interrupted the model: discard output that was not played yet."""


@dataclass(frozen=True, slots=True)
class GenerationComplete(Event):
    """The model has produced its whole answer; it may not be played yet."""


@dataclass(frozen=True, slots=True)
class TurnEnd(Event):
    """The model's turn is over."""

    reason: EndReason
    usage: Usage
    """What was reported since the last turn ended."""
    waiting: bool = False
    """The model waits for more input before it goes on."""


@dataclass(frozen=True, slots=True)
class UsageReport(Event):
    """Token counts, as the server reports them."""

    usage: Usage


@dataclass(frozen=True, slots=True)
class Grounding(Event):
    """The sources of an answer: a `GroundingMetadata` or `UrlContextMetadata` of the API version."""

    metadata: Any


@dataclass(frozen=True, slots=True)
class ToolCall(Event):
    """The model calls a function; registered tools are run by the session."""

    id: str
    name: str
    arguments: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToolResult(Event):
    """A function was answered, by the session or by `send_tool_result`."""

    id: str
    name: str
    response: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class ToolCallCancelled(Event):
    """The model does not want the answers of these calls any more."""

    ids: tuple[str, ...]
    reason: Literal["cancelled", "connection_lost"] = "cancelled"
    """The server has cancelled them, or the connection that they came over has ended."""


@dataclass(frozen=True, slots=True)
class ResumptionUpdate(Event):
    """The server has given a handle with which the session can go on over a new connection."""

    handle: str
    resumable: bool


@dataclass(frozen=True, slots=True)
class GoingAway(Event):
    """The server will end this connection; the session reconnects by itself if it may."""

    time_left: float
    """Seconds."""


@dataclass(frozen=True, slots=True)
class Reconnecting(Event):
    """The connection was lost or given up; another one is being made."""

    error: LiveError | None
    """What ended it; None if the session did, because the server was going away."""


@dataclass(frozen=True, slots=True)
class Reconnected(Event):
    """There is a new connection."""

    state_restored: bool
    """The conversation goes on where it was; otherwise the model remembers nothing."""
    uncertain: tuple[Outgoing, ...] = ()
    """Control messages (`Outgoing`) that had been written and may or may not have arrived."""
    dropped_audio: float = 0.0
    """Seconds of audio that were not sent; audio is never sent again."""


OPENED = (Opened, Reconnected)
"""What comes when a connection is set up."""


@dataclass(frozen=True, slots=True)
class Unknown(Event):
    """A message, or part of one, that this version of the library does not know."""

    message: Any
    """The protobuf message with its unknown fields."""
