"""An answer as it is sent back to the model: in a chat, and in the next round of function calling.

The service refuses some parts that it sends itself. They are left out:

- parts without data: `{}`, and parts with nothing but `thought`, as the last message of a stream may have;
- empty texts without a signature;
- parts that lack a field that the service requires, such as a function call without a name.

A part that has nothing but a signature becomes an empty text with this signature, which the service accepts.
Infinite numbers and NaN in the arguments of a call, which JSON cannot hold, become texts.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any

from google.protobuf.descriptor_pb2 import FieldOptions
from google.protobuf.unknown_fields import UnknownFieldSet

from gemini_grpc.rpc.json_values import make_printable
from gemini_grpc.rpc.plain import is_repeated

Pb = Any  # a protobuf message of any backend


def replayable(parts: Iterable[Pb]) -> Iterator[Pb]:
    """Yield the parts of an answer that the service accepts again; what has to be changed is a copy."""
    for part in parts:
        kind = part.WhichOneof("data")
        if kind is not None and _has_data(part, kind):
            yield _finite(part) if kind == "function_call" else part
        elif getattr(part, "thought_signature", b""):
            signed = _copy(part)
            signed.text = ""
            yield signed
        elif kind is None and len(UnknownFieldSet(part)):
            yield part  # a kind of data that is newer than this library


def keep_replayable(contents: Any) -> None:
    """Leave only what the service accepts again in the model's messages of a request.

    Args:
        contents: The repeated field of the request. A message of the model without any such part is removed.
    """
    for content in contents:
        if content.role == "model":
            replace_parts(content)
    kept = [content for content in contents if content.parts]
    if len(kept) < len(contents):
        del contents[:]
        contents.extend(kept)


def replace_parts(content: Pb) -> None:
    """Leave only the parts in a message that the service accepts again."""
    parts = list(replayable(content.parts))
    del content.parts[:]
    content.parts.extend(parts)


def _has_data(part: Pb, kind: str) -> bool:
    data = getattr(part, kind)
    if kind == "text":
        return bool(data or getattr(part, "thought_signature", b""))
    if kind == "function_call" and not data.name:
        return False
    return data.ByteSize() > 0 and all(_is_set(data, name) for name in _required(data.DESCRIPTOR))


def _is_set(message: Pb, name: str) -> bool:
    field = message.DESCRIPTOR.fields_by_name[name]
    return message.HasField(name) if field.has_presence else bool(getattr(message, name))


@cache
def _required(descriptor: Any) -> tuple[str, ...]:
    """Return the names of the fields that the service requires in a message."""
    from google.api import field_behavior_pb2

    behavior = field_behavior_pb2.field_behavior
    options = {
        # parsed again: the extension was unknown when the descriptor was made
        field.name: FieldOptions.FromString(field.GetOptions().SerializeToString())
        for field in descriptor.fields
        if not is_repeated(field)
    }
    required = field_behavior_pb2.REQUIRED
    return tuple(name for name, each in options.items() if required in each.Extensions[behavior])


def _finite(part: Pb) -> Pb:
    made = _copy(part)
    make_printable(made.function_call)
    return made


def _copy(part: Pb) -> Pb:
    made = type(part)()
    made.CopyFrom(part)
    return made
