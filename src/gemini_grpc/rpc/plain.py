"""Tell when protobuf can be trusted to build a message from a mapping by itself.

It is quick at that, but takes some things for what they are not: an iterator it uses up before it fails, a
string for a list, bytes for text, a mapping for the fields of a `Value`. So a mapping is plain when every
name is a field and every value has exactly the type protobuf's own constructor is meant for.

This stands on the way of every request; hence one dictionary per message type and few function calls.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any

from google.protobuf.descriptor import FieldDescriptor

if TYPE_CHECKING:
    Descriptor = Any  # the stubs tell the Python and the C class apart

Test = Callable[[Any], bool]
Plan = tuple[frozenset[type], Test | None]
"""The types a value may have, and what else must hold if it is not None."""

_NONE: type = type(None)
_INTEGER: frozenset[type] = frozenset({int, _NONE})
_SCALARS: dict[int, frozenset[type]] = {
    FieldDescriptor.TYPE_STRING: frozenset({str, _NONE}),
    FieldDescriptor.TYPE_BYTES: frozenset({bytes, _NONE}),
    FieldDescriptor.TYPE_BOOL: frozenset({bool, _NONE}),
    FieldDescriptor.TYPE_FLOAT: frozenset({float, int, _NONE}),
    FieldDescriptor.TYPE_DOUBLE: frozenset({float, int, _NONE}),
    FieldDescriptor.TYPE_ENUM: frozenset({str, int, _NONE}),
}
"""The types of scalar fields; integers where nothing is said."""
_MAPPING: frozenset[type] = frozenset({dict, _NONE})
_LIST: frozenset[type] = frozenset({list, tuple, _NONE})
_NOTHING: frozenset[type] = frozenset({_NONE})
_JSON_SCALARS: frozenset[type] = frozenset({str, int, float, bool, _NONE})


def is_plain(values: Mapping[str, object], descriptor: Descriptor) -> bool:
    """Tell whether protobuf's constructor can be trusted with a mapping of fields."""
    plans = _plans(descriptor)
    for name, value in values.items():
        plan = plans.get(name)
        if plan is None:
            return False
        if value is None:
            continue
        kinds, test = plan
        if type(value) not in kinds or (test and not test(value)):
            return False
    return True


@cache
def _plans(descriptor: Descriptor) -> dict[str, Plan]:
    return {field.name: _plan(field) for field in descriptor.fields}


def is_repeated(field: FieldDescriptor) -> bool:
    """Tell whether a field is a list or a map; protobuf renamed the question in 6.31."""
    if hasattr(field, "is_repeated"):
        return bool(field.is_repeated)
    return bool(getattr(field, "label") == FieldDescriptor.LABEL_REPEATED)  # noqa: B009  # gone from the stubs


def _plan(field: Any) -> Plan:
    inner = field.message_type
    if inner is not None and inner.GetOptions().map_entry:
        item = _single(inner.fields_by_name["value"])
        return _MAPPING, lambda values: _all(values.values(), item)
    plan = _single(field)
    return (_LIST, lambda values: _all(values, plan)) if is_repeated(field) else plan


def _single(field: Any) -> Plan:
    """Return the plan of one value of a field."""
    inner = field.message_type
    if inner is None:
        return _SCALARS.get(field.type, _INTEGER), None
    if inner.full_name == "google.protobuf.Struct":
        return _MAPPING, _is_json_object
    if inner.full_name.startswith("google."):
        return _NOTHING, None
    return _MAPPING, lambda value: is_plain(value, inner)


def _all(values: Any, plan: Plan) -> bool:
    """Tell whether every item of a list or map is plain; None is no item."""
    kinds, test = plan
    for value in values:
        if type(value) not in kinds or value is None or (test and not test(value)):
            return False
    return True


def _is_json_object(value: dict[str, object]) -> bool:
    return "fields" not in value and _is_json(value)  # else it might be meant as the message itself


def _is_json(value: Any) -> bool:
    kind = type(value)
    if kind in _JSON_SCALARS:
        return True
    if kind is dict:
        return all(map(_is_json, value.values()))
    return kind in _LIST and all(map(_is_json, value))
