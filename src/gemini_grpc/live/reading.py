"""Read messages of the server: what they say, as events, whatever the state of the session.

Nothing here raises because of what a message holds; what is not known becomes an `Unknown` event. The
reasons and the usage of `TurnEnd` are filled in by the protocol, which knows what came before.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator, Mapping
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


def read(message: Any, dialect: Dialect) -> list[Event]:
    """Return what a message says, in a fixed order: usage comes before the end of the turn it is for."""
    kind = message.WhichOneof("message_type")
    reader = _READERS.get(kind)
    found = list(reader(getattr(message, kind), dialect)) if reader else []
    usage = _usage(message)
    if usage is not None:
        at = -1 if found and isinstance(found[-1], events.TurnEnd) else len(found)
        found.insert(at, events.UsageReport(usage))
    if not message.ListFields() or (kind and reader is None) or _has_unknown(message):
        found.append(events.Unknown(dialect.message(message)))
    return found


def _usage(message: Any) -> events.Usage | None:
    if "usage_metadata" not in message.DESCRIPTOR.fields_by_name:
        return None
    if not message.HasField("usage_metadata"):
        return None
    counts = message.usage_metadata
    return events.Usage(
        prompt=counts.prompt_token_count,
        response=counts.response_token_count,
        thoughts=counts.thoughts_token_count,
        tool_use=counts.tool_use_prompt_token_count,
        cached=counts.cached_content_token_count,
        total=counts.total_token_count,
    )


def _content(content: Any, dialect: Dialect) -> Iterator[Event]:
    names = content.DESCRIPTOR.fields_by_name
    if content.interrupted:
        yield events.Interrupted()
    for part in content.model_turn.parts:
        event = _part(part, dialect)
        if not (content.interrupted and isinstance(event, events.AudioOut)):
            yield event  # audio that comes with the interruption is stale, and was not heard
    for name, who in _TRANSCRIPTS:
        if name in names and content.HasField(name):
            yield events.Transcript(who, getattr(content, name).text)
    for name in _SOURCES:
        if name in names and content.HasField(name):
            yield events.Grounding(dialect.sources(getattr(content, name)))
    if getattr(content, "generation_complete", False):
        yield events.GenerationComplete()
    if content.turn_complete:
        waiting = bool(getattr(content, "waiting_for_input", False))
        yield events.TurnEnd("complete", events.Usage(), waiting)


def _part(part: Any, dialect: Dialect) -> Event:
    kind = part.WhichOneof("data")
    if kind == "text":
        return events.TextOut(part.text, getattr(part, "thought", False))  # v1alpha has no thoughts
    if kind == "inline_data" and part.inline_data.mime_type.lower().startswith("audio/"):
        blob = part.inline_data
        with contextlib.suppress(ArgumentError):  # another format than PCM
            return events.AudioOut(blob.data, rate_of(blob.mime_type))
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


_READERS: Mapping[str | None, Callable[[Any, Dialect], Iterator[Event]]] = {
    "setup_complete": _nothing,
    "server_content": _content,
    "tool_call": _tool_call,
    "tool_call_cancellation": _cancellation,
    "go_away": _go_away,
    "session_resumption_update": _resumption,
}


def _has_unknown(message: Any) -> bool:
    """Tell whether a message, or its one part, has fields this version does not know."""
    if len(UnknownFieldSet(message)):
        return True
    return any(
        len(UnknownFieldSet(value))
        for field, value in message.ListFields()
        if field.message_type is not None and hasattr(value, "ListFields")
    )
