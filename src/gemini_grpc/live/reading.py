"""Read messages of the server: what they say, as events, whatever the state of the session.

Nothing here raises because of what a message holds; what is not known becomes an `Unknown` event. The
reasons and the usage of `TurnEnd` are filled in by the protocol, which knows what came before.
"""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from google.protobuf.unknown_fields import UnknownFieldSet

from gemini_grpc.errors import ArgumentError
from gemini_grpc.live import events
from gemini_grpc.live.audio import rate_of

if TYPE_CHECKING:
    from gemini_grpc.live.dialect import Dialect
    from gemini_grpc.live.events import Event

_TRANSCRIPTS: tuple[tuple[str, Literal["user", "model"]], ...] = (
    ("input_transcription", "user"),
    ("output_transcription", "model"),
)
_SOURCES = ("grounding_metadata", "url_context_metadata")
_rate = functools.lru_cache(maxsize=16)(rate_of)


class Speech:
    """Reads messages that are speech and nothing else without parsing them.

    The bytes around the speech hold its format and all lengths, so that a message of the same size, with
    the same bytes around, differs from the example in nothing but the speech.
    """

    __slots__ = ("_head", "_rate", "_size", "_tail")

    def __init__(self) -> None:
        self._head = self._tail = b""
        self._rate = 0
        self._size = -1  # no message is like it

    def learn(self, data: bytes, found: Sequence[Event]) -> None:
        """Take a message, and the events it is, as an example if it is one."""
        match found:
            case [events.AudioOut(pcm=pcm, rate=rate)] if (at := data.find(pcm)) == data.rfind(pcm):
                self._head, self._tail = data[:at], data[at + len(pcm) :]
                self._rate, self._size = rate, len(data)

    def read(self, data: bytes) -> events.AudioOut | None:
        """Return the speech; None if the message is not like the example."""
        head, tail = self._head, self._tail
        alike = len(data) == self._size and data.startswith(head) and data.endswith(tail)
        return (
            events.AudioOut(data[len(head) : len(data) - len(tail)], self._rate) if alike else None
        )


class Samples:
    """Joins samples whose two bytes came in different messages."""

    __slots__ = ("_rate", "half")

    def __init__(self) -> None:
        self.half = b""
        """The first byte of a sample, while the second has not come."""
        self._rate = 0

    def whole(self, audio: events.AudioOut) -> events.AudioOut:
        """Return the whole samples so far; the first byte of another one waits for the next audio."""
        pcm, rate = audio.pcm, audio.rate
        if not self.half and len(pcm) % 2 == 0:
            return audio
        if self.half and rate == self._rate:
            pcm = self.half + pcm
        end = len(pcm) - len(pcm) % 2
        self.half, self._rate = pcm[end:], rate
        return events.AudioOut(pcm[:end], rate)

    def clear(self) -> None:
        """Drop the byte that waits: its turn has ended."""
        self.half = b""


def read(message: Any, dialect: Dialect) -> list[Event]:
    """Return what a message says, in a fixed order: usage comes before the end of the turn it is for."""
    found: list[Event] = []
    fields = message.ListFields()
    known = bool(fields) and not len(UnknownFieldSet(message))
    for field, value in fields:
        reader = _READERS.get(field.name)
        if reader is not None:
            found += reader(value, dialect)
        known = known and reader is not None and not len(UnknownFieldSet(value))
    if len(found) > 1 and isinstance(found[-2], events.TurnEnd):
        found[-2:] = found[-1], found[-2]
    if not known:
        found.append(events.Unknown(dialect.message(message)))
    return found


def _usage(counts: Any, _: Dialect) -> Iterator[Event]:
    yield events.UsageReport(
        events.Usage(
            prompt=counts.prompt_token_count,
            response=counts.response_token_count,
            thoughts=counts.thoughts_token_count,
            tool_use=counts.tool_use_prompt_token_count,
            cached=counts.cached_content_token_count,
            total=counts.total_token_count,
        )
    )


def _content(content: Any, dialect: Dialect) -> list[Event]:
    said = {field.name: value for field, value in content.ListFields()}
    turn = said.get("model_turn")
    found = [] if turn is None else [_part(part, dialect) for part in turn.parts]
    if len(said) == 1 and found:  # speech, most of the time
        return found
    if said.get("interrupted"):
        # audio that comes with the interruption is stale, and was not heard
        heard = [event for event in found if not isinstance(event, events.AudioOut)]
        found = [events.Interrupted(), *heard]
    for name, who in _TRANSCRIPTS:
        if name in said:
            found.append(events.Transcript(who, said[name].text))
    found += [events.Grounding(dialect.sources(said[name])) for name in _SOURCES if name in said]
    if said.get("generation_complete"):
        found.append(events.GenerationComplete())
    if said.get("turn_complete"):
        waiting = said.get("waiting_for_input", False)
        found.append(events.TurnEnd("complete", events.Usage(), waiting))
    return found


def _part(part: Any, dialect: Dialect) -> Event:
    kind = part.WhichOneof("data")
    if kind == "text":
        return events.TextOut(part.text, getattr(part, "thought", False))  # v1alpha has no thoughts
    if kind == "inline_data" and part.inline_data.mime_type.lower().startswith("audio/"):
        blob = part.inline_data
        with contextlib.suppress(ArgumentError):  # another format than PCM
            return events.AudioOut(blob.data, _rate(blob.mime_type))
    return events.PartOut(dialect.part(part))


def _tool_call(message: Any, _: Dialect) -> Iterator[Event]:
    for call in message.function_calls:
        yield events.ToolCall(call.id, call.name, _struct(call.args))


def _struct(struct: Any) -> dict[str, Any]:
    return {name: _value(value) for name, value in struct.fields.items()}


def _value(value: Any) -> Any:
    """Return a JSON value; whole numbers as int. json_format would raise for infinity."""
    match value.WhichOneof("kind"):
        case "struct_value":
            return _struct(value.struct_value)
        case "list_value":
            return [_value(each) for each in value.list_value.values]
        case "number_value":
            number = value.number_value
            return int(number) if number.is_integer() else number
        case "string_value" | "bool_value" as kind:
            return getattr(value, kind)
    return None


def _cancellation(message: Any, _: Dialect) -> Iterator[Event]:
    yield events.ToolCallCancelled(tuple(message.ids))


def _go_away(message: Any, _: Dialect) -> Iterator[Event]:
    left = message.time_left
    yield events.GoingAway(left.seconds + left.nanos / 1e9)


def _resumption(message: Any, _: Dialect) -> Iterator[Event]:
    yield events.ResumptionUpdate(message.new_handle, message.resumable)


def _nothing(_: Any, __: Dialect) -> Iterator[Event]:
    return iter(())  # the protocol knows what it means


_READERS: Mapping[str, Callable[[Any, Dialect], Iterable[Event]]] = {
    "setup_complete": _nothing,
    "server_content": _content,
    "tool_call": _tool_call,
    "tool_call_cancellation": _cancellation,
    "go_away": _go_away,
    "session_resumption_update": _resumption,
    "usage_metadata": _usage,
}
