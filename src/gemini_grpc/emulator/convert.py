"""Messages as plain dictionaries and back, so that one handler serves every version of the API.

Handlers see requests as dictionaries in the words of the protos: enums by name, bytes as bytes,
`Timestamp` as datetime, `Duration` as timedelta, `Struct` and `Value` as JSON values. Fields that are
not set are absent. They answer with the same, and what a version does not have is left out on the way.
"""

from __future__ import annotations

import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

from google.protobuf.descriptor import FieldDescriptor

from gemini_grpc.rpc import json_values
from gemini_grpc.rpc.coerce import fill
from gemini_grpc.rpc.plain import is_repeated

if TYPE_CHECKING:
    from google.protobuf.message import Message

Data = dict[str, Any]
"""A message as a dictionary."""


def read(message: Message) -> Data:
    """Return a message as a dictionary."""
    return {
        plain_name(field.name): _read_field(field, value) for field, value in message.ListFields()
    }


def build(pb_class: type[Message], data: Data) -> Message:
    """Return a message made of what it has of a dictionary."""
    return fill(pb_class, _prune(pb_class.DESCRIPTOR, data))


def plain_name(field: str) -> str:
    """Return the proto's name of a field; ours carries an underscore where Python needs it."""
    return field.removesuffix("_")


def _read_field(field: Any, value: Any) -> Any:
    if is_repeated(field):
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            entry = field.message_type.fields_by_name["value"]
            # maps have no order, and protobuf's differs from process to process
            return {key: _read_value(entry, value[key]) for key in sorted(value)}
        return [_read_value(field, item) for item in value]
    return _read_value(field, value)


def _read_value(field: Any, value: Any) -> Any:
    if field.enum_type is not None:
        known = field.enum_type.values_by_number.get(value)
        return known.name if known else value
    if field.message_type is None:
        return value
    return _READERS.get(field.message_type.full_name, read)(value)


_READERS: dict[str, Any] = {
    "google.protobuf.Timestamp": lambda value: value.ToDatetime(datetime.UTC),
    "google.protobuf.Duration": lambda value: value.ToTimedelta(),
    "google.protobuf.Struct": json_values.struct,
    "google.protobuf.Value": json_values.value,
    "google.protobuf.ListValue": lambda value: [json_values.value(each) for each in value.values],
    "google.protobuf.FieldMask": lambda value: list(value.paths),
}


@cache
def _fields(descriptor: Any) -> dict[str, Any]:
    return {plain_name(field.name): field for field in descriptor.fields}


def _prune(descriptor: Any, data: Data) -> Data:
    """Return what a message has of a dictionary, at every depth."""
    fields = _fields(descriptor)
    kept: Data = {}
    for name, value in data.items():
        field = fields.get(name)
        if field is None or value is None:
            continue
        pruned = _prune_field(field, value)
        if pruned is not None:
            kept[field.name] = pruned
    return kept


def _prune_field(field: Any, value: Any) -> Any:
    inner = field.message_type
    if inner is not None and inner.GetOptions().map_entry:
        entry = inner.fields_by_name["value"]
        return {key: _prune_value(entry, item) for key, item in value.items()}
    if is_repeated(field):
        pruned = (_prune_value(field, item) for item in value)
        return [item for item in pruned if item is not None]
    return _prune_value(field, value)


def _prune_value(field: Any, value: Any) -> Any:
    if field.enum_type is not None:
        return value if isinstance(value, int) or value in field.enum_type.values_by_name else None
    if field.type != FieldDescriptor.TYPE_MESSAGE or not isinstance(value, dict):
        return value
    name = field.message_type.full_name
    if name == "google.protobuf.FieldMask":
        return value
    return value if name.startswith("google.protobuf.") else _prune(field.message_type, value)
