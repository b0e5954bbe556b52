"""Random messages of any type, drawn from the descriptor; for the property tests of several folders."""

from __future__ import annotations

from functools import cache
from typing import Any

from google.protobuf import (
    any_pb2,
    duration_pb2,
    field_mask_pb2,
    message_factory,
    struct_pb2,
    timestamp_pb2,
)
from google.protobuf.descriptor import FieldDescriptor
from hypothesis import strategies as st

_TEXTS = st.sampled_from(["", "a", "Hi there", "models/gemini-3.8-flash", "naïve ☃ 🎉", '"\\\n'])
_BYTES = st.sampled_from([b"", b"\x00", b"\xff\xfe bytes", bytes(range(40))])
_FLOATS = [0.0, 1.0, -0.5, 1e9, 2.0**-20]
_RANGES = {
    FieldDescriptor.CPPTYPE_INT32: (-(2**31), 2**31 - 1),
    FieldDescriptor.CPPTYPE_INT64: (-(2**63), 2**63 - 1),
    FieldDescriptor.CPPTYPE_UINT32: (0, 2**32 - 1),
    FieldDescriptor.CPPTYPE_UINT64: (0, 2**64 - 1),
}
_JSON = st.recursive(
    st.sampled_from([None, True, False, 0.0, -2.5, "", "text"]),
    lambda inner: (
        st.lists(inner, max_size=2) | st.dictionaries(st.sampled_from("abc"), inner, max_size=2)
    ),
    max_leaves=4,
)


def messages(
    pb_class: Any, *, depth: int = 2, unknown_enums: bool = True
) -> st.SearchStrategy[Any]:
    """Draw messages of protobuf's class `pb_class`, with messages `depth` levels deep at most.

    Each has a few fields, set to anything they can hold: also the default, unknown enum values, empty
    messages, and messages in maps and lists.
    """
    return _messages(pb_class.DESCRIPTOR, depth, unknown_enums)


@cache
def _messages(descriptor: Any, depth: int, unknown_enums: bool) -> st.SearchStrategy[Any]:
    special = _SPECIAL.get(descriptor.full_name)
    if special is not None:
        return special
    pb_class = message_factory.GetMessageClass(descriptor)
    fields = [f for f in descriptor.fields if f.message_type is None or depth > 0]
    if not fields:
        return st.builds(pb_class)
    # deferred: messages refer to themselves, and most fields are never drawn
    values = {f.name: st.deferred(_deferred(f, depth - 1, unknown_enums)) for f in fields}
    one = st.sampled_from(sorted(values)).flatmap(
        lambda name: values[name].map(lambda value: {name: value})
    )
    return st.lists(one, max_size=4).map(lambda parts: _build(pb_class, parts))


def _deferred(field: Any, depth: int, unknown_enums: bool) -> Any:
    return lambda: _values(field, depth, unknown_enums)


def _build(pb_class: Any, parts: list[dict[str, Any]]) -> Any:
    message = pb_class()
    for part in parts:  # one after the other, so that members of a oneof replace each other
        message.MergeFrom(pb_class(**part))
    return message


def _values(field: Any, depth: int, unknown_enums: bool) -> st.SearchStrategy[Any]:
    inner = field.message_type
    if inner is not None and inner.GetOptions().map_entry:
        keys = _single(inner.fields_by_name["key"], depth, unknown_enums)
        items = _single(inner.fields_by_name["value"], depth, unknown_enums)
        return st.dictionaries(keys, items, max_size=3)
    single = _single(field, depth, unknown_enums)
    return st.lists(single, max_size=3) if field.is_repeated else single


def _single(field: Any, depth: int, unknown_enums: bool) -> st.SearchStrategy[Any]:
    if field.message_type is not None:
        return _messages(field.message_type, depth, unknown_enums)
    if field.enum_type is not None:
        known = [value.number for value in field.enum_type.values]
        return st.sampled_from(known + [9999] * unknown_enums)
    if field.type == FieldDescriptor.TYPE_BYTES:
        return _BYTES
    if field.type == FieldDescriptor.TYPE_STRING:
        return _TEXTS
    if field.cpp_type == FieldDescriptor.CPPTYPE_BOOL:
        return st.booleans()
    if field.cpp_type in _RANGES:
        low, high = _RANGES[field.cpp_type]
        return st.sampled_from([0, 1, 7, low, high])
    return st.sampled_from(_FLOATS)


def _value(data: Any) -> struct_pb2.Value:
    value = struct_pb2.Value()
    if data is None:
        value.null_value = struct_pb2.NULL_VALUE
    elif isinstance(data, bool):
        value.bool_value = data
    elif isinstance(data, float):
        value.number_value = data
    elif isinstance(data, str):
        value.string_value = data
    elif isinstance(data, list):
        value.list_value.CopyFrom(struct_pb2.ListValue(values=map(_value, data)))
    else:
        value.struct_value.CopyFrom(_struct(data))
    return value


def _struct(data: dict[str, Any]) -> struct_pb2.Struct:
    return struct_pb2.Struct(fields={key: _value(item) for key, item in data.items()})


def _times(name: str, **ranges: tuple[int, int]) -> st.SearchStrategy[Any]:
    """Draw a Timestamp or a Duration that Python's types can express."""
    cls = {"Timestamp": timestamp_pb2.Timestamp, "Duration": duration_pb2.Duration}[name]
    drawn = {key: st.integers(*limits) for key, limits in ranges.items()}
    return st.builds(
        lambda seconds, micros: cls(seconds=seconds, nanos=micros * 1000),
        drawn["seconds"],
        drawn["micros"],
    )


_SPECIAL: dict[str, st.SearchStrategy[Any]] = {
    "google.protobuf.Any": st.builds(any_pb2.Any),
    "google.protobuf.FieldMask": st.lists(
        st.sampled_from(["name", "display_name", "a.b_c"]), max_size=3
    ).map(lambda paths: field_mask_pb2.FieldMask(paths=paths)),
    "google.protobuf.Timestamp": _times(
        "Timestamp", seconds=(0, 2_000_000_000), micros=(0, 999_999)
    ),
    "google.protobuf.Duration": _times("Duration", seconds=(0, 10_000_000), micros=(0, 999_999)),
    "google.protobuf.Value": _JSON.map(_value),
    "google.protobuf.Struct": st.dictionaries(st.sampled_from("abc"), _JSON, max_size=3).map(
        _struct
    ),
    "google.protobuf.ListValue": st.lists(_JSON, max_size=3).map(
        lambda items: struct_pb2.ListValue(values=map(_value, items))
    ),
}
"""Types with rules of their own about what they may hold."""
