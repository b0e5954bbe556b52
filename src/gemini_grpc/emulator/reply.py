"""Replies: what a scripted call is answered with, in the terms of whoever writes the script.

A reply has exactly one of `text`, `parts`, `function_calls`, `message`, `chunks`, `dialogue` and `call`.
What is sent in a stream is a list of items: a text, a message (or mapping of its fields), bytes to send
as they are, a `Pause`, or a `Fault`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from google.protobuf.message import Message

from gemini_grpc import checks
from gemini_grpc.emulator.faults import Fault
from gemini_grpc.errors import ArgumentError

if TYPE_CHECKING:
    from gemini_grpc.emulator.match import When


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause between the messages of a stream."""

    seconds: float
    """How long, by the emulator's clock."""


Item = str | bytes | Mapping[str, object] | Message | Pause | Fault | object
"""Something that is sent or happens; a message of ours is an object to the type checker."""


@dataclass(frozen=True, slots=True)
class Step:
    """One step of a scripted dialogue: what is sent after a message of the client."""

    send: Sequence[Item]
    """What happens."""
    when: When | None = None
    """Which message it waits for; messages before it are read and not answered. None for any."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer to a call.

    Raises:
        ArgumentError: It has no content or several, or an option is not what it should be.
    """

    text: str | None = None
    """What the model says; in a stream it comes in pieces."""
    parts: Sequence[str | Mapping[str, object] | object] | None = None
    """The parts of what the model says: texts, mappings or `Part` messages."""
    function_calls: Sequence[Mapping[str, object]] | None = None
    """The calls the model asks for: mappings of `name` and `args`."""
    message: object = None
    """The whole response: a message, a mapping of its fields, or bytes to send as they are."""
    chunks: Sequence[Item] | None = None
    """The messages of a stream, one by one."""
    dialogue: Sequence[Step | Sequence[Item]] | None = None
    """For a live session: what to send after each message of the client."""
    call: Callable[..., object] | None = None
    """A function of the request (of the iterator of requests, for a live session) that returns a reply,
    a text, a message or its fields, or for a stream an iterable of items."""
    pause: float = 0.0
    """Seconds between the messages of a stream."""
    delay: float = 0.0
    """Seconds before the first message."""
    finish_reason: str = "STOP"
    """Why the model stopped, for what is made of text, parts and function calls."""
    then: Literal["wait", "close", "stall"] = "wait"
    """What a live session does after its dialogue: read on until the client closes, close at once, or
    neither read nor close."""
    times: int | None = 1
    """How many calls it answers; None for all."""
    when: When | None = None
    """Which requests it is for; None for any."""

    def __post_init__(self) -> None:
        given = [name for name in CONTENTS if getattr(self, name) is not None]
        if len(given) != 1:
            found = " and ".join(given) or "nothing"
            raise ArgumentError(f"a reply has exactly one of {', '.join(CONTENTS)}; got {found}")
        checks.count("times", self.times, none="always")
        checks.seconds("pause", self.pause)
        checks.seconds("delay", self.delay)
        if self.then not in _THEN:
            raise ArgumentError(f"then is {self.then!r}; expected {', '.join(_THEN)}")
        for name in ("parts", "function_calls", "chunks", "dialogue"):
            value = getattr(self, name)
            if value is not None and (isinstance(value, str) or not isinstance(value, Iterable)):
                raise ArgumentError(f"{name}: expected a list, got {type(value).__name__}")


CONTENTS = ("text", "parts", "function_calls", "message", "chunks", "dialogue", "call")
"""The options of a reply of which it has one."""

_THEN = ("wait", "close", "stall")
