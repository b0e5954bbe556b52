"""Tell when protobuf can be trusted to build a message from a mapping by itself.

It is quick at that, but takes some things for what they are not: an iterator it uses up before it fails, a
string for a list, bytes for text, a mapping for the fields of a `Value`. So a mapping is plain when every
name is a field and every value has exactly the type protobuf's own constructor is meant for.

This stands on the way of every request; hence one dictionary per message type and few function calls.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import cache
from typing import TYPE_CHECKING, Any, NamedTuple

from google.protobuf.descriptor import FieldDescriptor

if TYPE_CHECKING:
    Descriptor = Any  # the stubs tell the Python and the C class apart

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


class _Plan(NamedTuple):
    """What a value of a field must be."""

    kinds: frozenset[type]
    """The types it may have; None is no item of a list."""
    fields: _Fields | None = None
    """Of a message, the plans of its fields."""
    test: Callable[[Any], bool] | None = None
    """What else must hold."""
    items: _Plan | None = None
    """Of a list, the plan of its items."""


class _Fields(dict[str, _Plan]):
    """The plans of a message's fields by name, each made when it is first asked for."""

    __slots__ = ("_descriptor",)

    def __init__(self, descriptor: Descriptor) -> None:
        super().__init__()
        self._descriptor = descriptor

    def __missing__(self, name: str) -> _Plan:
        plan = self[name] = _plan(self._descriptor.fields_by_name[name])  # KeyError: no such field
        return plan


def is_plain(values: Mapping[str, object], descriptor: Descriptor) -> bool:
    """Tell whether protobuf's constructor can be trusted with a mapping of fields."""
    try:
        return _fit(values, _fields(descriptor))
    except KeyError:
        return False


_fields = cache(_Fields)


def _fit(values: Mapping[str, Any], fields: _Fields) -> bool:
    for name, value in values.items():
        kinds, inner, test, items = fields[name]
        if value is None:
            continue
        if type(value) not in kinds:
            return False
        if items is not None:
            if not _all_fit(value, items):
                return False
        elif inner is not None:
            if not _fit(value, inner):
                return False
        elif test is not None and not test(value):
            return False
    return True


def _all_fit(values: Iterable[Any], plan: _Plan) -> bool:
    """Tell whether every item of a list or map is plain; None is no item."""
    kinds, inner, test, _ = plan
    for value in values:
        if type(value) not in kinds or value is None:
            return False
        if inner is not None:
            if not _fit(value, inner):
                return False
        elif test is not None and not test(value):
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
        item = _Fields(inner)["value"]
        return _Plan(_MAPPING, test=lambda values: _all_fit(values.values(), item))
    plan = _single(field)
    return _Plan(_LIST, items=plan) if is_repeated(field) else plan


def _single(field: Any) -> _Plan:
    """Return the plan of one value of a field."""
    inner = field.message_type
    if inner is None:
        return _Plan(_SCALARS.get(field.type, _INTEGER))
    if inner.full_name == "google.protobuf.Struct":
        return _Plan(_MAPPING, test=_is_json_object)
    if inner.full_name.startswith("google."):
        return _Plan(_NOTHING)
    return _Plan(_MAPPING, fields=_fields(inner))


def _is_json_object(value: dict[str, object]) -> bool:
    return "fields" not in value and _is_json(value)  # else it might be meant as the message itself


def _is_json(value: Any) -> bool:
    kind = type(value)
    if kind in _JSON_SCALARS:
        return True
    if kind is dict:
        return all(map(_is_json, value.values()))
    return kind in _LIST and all(map(_is_json, value))
