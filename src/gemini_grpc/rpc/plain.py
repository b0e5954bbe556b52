"""Tell when protobuf can be trusted to build a message from a mapping by itself.

It is quick at that, but takes some things for what they are not: an iterator it uses up before it fails, a
string for a list, bytes for text, a mapping for the fields of a `Value`. So a mapping is plain when every
name is a field and every value has exactly the type protobuf's own constructor is meant for.

This stands on the way of every request; hence one dictionary per message type and few function calls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message

if TYPE_CHECKING:
    Descriptor = Any  # the stubs tell the Python and the C class apart

Pb = TypeVar("Pb", bound=Message)

_INTEGER: frozenset[type] = frozenset({int})
_SCALARS: dict[int, frozenset[type]] = {
    FieldDescriptor.TYPE_STRING: frozenset({str}),
    FieldDescriptor.TYPE_BYTES: frozenset({bytes}),
    FieldDescriptor.TYPE_BOOL: frozenset({bool}),
    FieldDescriptor.TYPE_FLOAT: frozenset({float, int}),
    FieldDescriptor.TYPE_DOUBLE: frozenset({float, int}),
    FieldDescriptor.TYPE_ENUM: frozenset({str, int}),
}
"""The types of scalar fields; integers where nothing is said."""
_MAPPING: frozenset[type] = frozenset({dict})
_LIST: frozenset[type] = frozenset({list, tuple})
_NOTHING: frozenset[type] = frozenset()
_JSON_SCALARS: frozenset[type] = frozenset({str, int, float, bool, type(None)})


class _Plan(NamedTuple):
    """What a value of a field must be; None always leaves the field unset, but is no item of a list."""

    kinds: frozenset[type]
    """The types it may have."""
    test: Callable[[Any, Any], bool] | None = None
    """What else must hold, given the value and `fields`."""
    fields: _Fields | None = None
    """Of a message, the plans of its fields."""
    many: frozenset[type] | None = None
    """The types of the whole, where the rest is about its items: `_LIST` or, of a map, `_MAPPING`."""


class _Fields(dict[str, _Plan]):
    """The plans of a message's fields by name, each made when it is first asked for."""

    __slots__ = ("_descriptor",)

    def __init__(self, descriptor: Descriptor) -> None:
        super().__init__()
        self._descriptor = descriptor

    def __missing__(self, name: str) -> _Plan:
        plan = self[name] = _plan(self._descriptor.fields_by_name[name])  # KeyError: no such field
        return plan


_fields = cache(_Fields)


def build(cls: type[Pb], values: Mapping[str, Any]) -> Pb | None:
    """Return the message that protobuf builds of a mapping; None if it cannot, or cannot be trusted to."""
    try:
        if type(values) is dict and _is_plain(values, _fields(cls.DESCRIPTOR)):
            return cls(**values)
    except (KeyError, TypeError, ValueError, AttributeError, OverflowError):
        pass  # the careful way, in `coerce`, either succeeds or says what is wrong
    return None


def _is_plain(values: Mapping[str, Any], fields: _Fields) -> bool:
    """Tell whether a mapping is plain; a name that is no field is a KeyError."""
    for name, value in values.items():
        if value is None:
            continue
        kinds, test, inner, many = fields[name]
        if many is None:
            if type(value) in kinds and (test is None or test(value, inner)):
                continue
            return False
        if type(value) not in many:
            return False
        for item in value.values() if many is _MAPPING else value:
            if type(item) in kinds and (test is None or test(item, inner)):
                continue
            return False
    return True


def is_repeated(field: FieldDescriptor) -> bool:
    """Tell whether a field is a list or a map; protobuf renamed the question in 6.31."""
    if hasattr(field, "is_repeated"):
        return bool(field.is_repeated)
    return bool(getattr(field, "label") == FieldDescriptor.LABEL_REPEATED)  # noqa: B009  # gone from the stubs


def _plan(field: Any) -> _Plan:
    inner = field.message_type
    if inner is not None and inner.GetOptions().map_entry:
        return _single(inner.fields_by_name["value"])._replace(many=_MAPPING)
    plan = _single(field)
    return plan._replace(many=_LIST) if is_repeated(field) else plan


def _single(field: Any) -> _Plan:
    """Return the plan of one value of a field."""
    inner = field.message_type
    if inner is None:
        return _Plan(_SCALARS.get(field.type, _INTEGER))
    if inner.full_name == "google.protobuf.Struct":
        return _Plan(_MAPPING, _is_json_object)
    if inner.full_name.startswith("google."):
        return _Plan(_NOTHING)
    return _Plan(_MAPPING, _is_plain, _fields(inner))


def _is_json_object(value: dict[str, object], _: None) -> bool:
    return "fields" not in value and _is_json(value)  # else it might be meant as the message itself


def _is_json(value: Any) -> bool:
    kind = type(value)
    if kind in _JSON_SCALARS:
        return True
    if kind is dict:
        return all(map(_is_json, value.values()))
    return kind in _LIST and all(map(_is_json, value))
