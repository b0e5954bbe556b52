"""Turn what a user passes for a message into the protobuf message.

A field takes:

- a message: the message class, protobuf's own class, google's class of the same name, or a mapping;
- an enum: the member, its name (in any case, `dynamic` for `MODE_DYNAMIC`) or its number;
- a number, string or bytes field: that type (int64 also as a decimal string, bytes also as base64
  text, as JSON has them);
- `Timestamp`, `Duration`, `Struct`, `Value`: `datetime`, `timedelta`, a mapping, any JSON value.

Fields go by their name in the proto or in JSON (`inline_data`, `inlineData`). `None` leaves a field unset.
Everything else is a `FieldError` that names the path of the field.

Requests made of plain dictionaries and lists, which are most of them, are built by protobuf itself
in about a microsecond; the careful way is taken when that is not possible, and finds out what is wrong.
"""

from __future__ import annotations

import base64
import binascii
import operator
import re
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from functools import cache
from types import NoneType
from typing import TYPE_CHECKING, Any, TypeVar

from google.protobuf import message_factory
from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import Message as PbMessage
from proto.marshal import Marshal
from proto.marshal.rules.message import MessageRule

from gemini_grpc import errors
from gemini_grpc.rpc import interop, plain
from gemini_grpc.rpc.plain import is_repeated

if TYPE_CHECKING:
    from google.protobuf.descriptor import EnumValueDescriptor

    Descriptor = Any  # the stubs tell the Python and the C class apart

Pb = TypeVar("Pb", bound=PbMessage)

_WELL_KNOWN = Marshal(name="gemini_grpc")  # proto-plus's conversions of google.protobuf's own types
_INTEGERS = frozenset(
    getattr(FieldDescriptor, f"TYPE_{name}")
    for name in (
        "INT32", "INT64", "UINT32", "UINT64", "SINT32", "SINT64",
        "FIXED32", "FIXED64", "SFIXED32", "SFIXED64",
    )
)  # fmt: skip
_BINARY = (bytes, bytearray, memoryview)
_FLOATS = frozenset({FieldDescriptor.TYPE_FLOAT, FieldDescriptor.TYPE_DOUBLE})


def fill(pb_class: type[Pb], values: Mapping[str, object], *, ignore_unknown: bool = False) -> Pb:
    """Return a message of `pb_class` with the given fields.

    Raises:
        FieldError: A name is unknown or a value does not fit.
    """
    message = plain.build(pb_class, values)
    if message is None:
        message = pb_class()
        _fill(message, values, "", ignore_unknown)
    return message


def as_pb(pb_class: type[Pb], value: object, *, path: str) -> Pb:
    """Return `value` as an instance of `pb_class`, which it may be, wrap, or describe.

    Raises:
        FieldError: It is something else.
    """
    inner = getattr(value, "_pb", value)
    if isinstance(inner, pb_class):
        return inner
    if isinstance(value, Mapping):
        message = pb_class()
        _fill(message, value, path, ignore_unknown=False)
        return message
    converted = interop.from_upstream(pb_class, inner)
    if converted is not None:
        return converted
    expected, found = pb_class.DESCRIPTOR, getattr(inner, "DESCRIPTOR", None)
    path = path or expected.name
    if found is not None and found.name == expected.name:
        raise errors.FieldError(f"{path}: expected {expected.full_name}, got {found.full_name}")
    raise _misfit(path, f"{expected.name} or a mapping of its fields", value)


def check_json(value: object, kind: str, path: str) -> None:
    """Refuse what a `Struct`, `Value` or `ListValue` cannot hold; other kinds are not looked at.

    proto-plus would not say where it is, and make lists of numbers of bytes.

    Raises:
        FieldError: It is no value of JSON, or nothing of its kind.
    """
    if isinstance(value, (PbMessage, NoneType)):
        return
    if kind == "Struct" and not isinstance(value, Mapping):
        raise _misfit(path, "a mapping", value)
    if kind in {"Struct", "Value", "ListValue"}:
        _check_json(value, path)


def _check_json(value: object, path: str) -> None:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if not isinstance(key, str):
                raise _misfit(path, "texts as keys", key)
            _check_json(item, f"{path}[{key!r}]")
    elif isinstance(value, Sequence) and not isinstance(value, (str, *_BINARY)):
        for index, item in enumerate(value):
            _check_json(item, f"{path}[{index}]")
    elif not isinstance(value, (str, int, float, NoneType, PbMessage)):
        kinds = "a text, a number, a bool, None, or a list or mapping of these"
        raise _misfit(path, kinds, value)


def enum_member(
    members: Mapping[str, EnumValueDescriptor], kind: str, word: str
) -> EnumValueDescriptor | None:
    """Return the member of an enum that a word names, in any case, with or without the name of the enum.

    Args:
        members: The members by name.
        kind: The name of the enum: `Mode`, of which `dynamic` is `MODE_DYNAMIC`.
        word: The word.
    """
    found = members.get(word)
    if found is None:
        upper = word.strip().upper().replace("-", "_")
        prefix = re.sub("(?<=[a-z])(?=[A-Z])", "_", kind).upper()
        found = members.get(upper) or members.get(f"{prefix}_{upper}")
    return found


def field_name(fields: Collection[str], name: object) -> str:
    """Return the field that a name means: its own (`type_` also as `type`), or that of JSON (`inlineData`).

    Args:
        fields: The names of the fields.
        name: The name; empty is returned if it is none of theirs.
    """
    if name in fields:
        return str(name)
    snake = re.sub("([A-Z])", r"_\1", str(name)).lower()
    return next((each for each in (f"{name}_", snake, f"{snake}_") if each in fields), "")


def unknown_field(descriptor: Descriptor, name: str) -> str:
    """Return the text for a field that a message does not have, with the nearest that it has."""
    hint = errors.nearest(name, [field.name for field in descriptor.fields])
    return f"{descriptor.name} has no field {name!r}{hint}"


def _fill(
    message: PbMessage, values: Mapping[str, object], path: str, ignore_unknown: bool
) -> None:
    fields = _converters(message.DESCRIPTOR)
    for name, value in values.items():
        if value is None:
            continue
        known = field_name(fields, name)
        if not known:
            if ignore_unknown:
                continue
            where = f"{path}: " if path else ""
            raise errors.FieldError(where + unknown_field(message.DESCRIPTOR, name))
        here = f"{path}.{name}" if path else name
        try:
            converted = fields[known](value, here)
            message.MergeFrom(type(message)(**{known: converted}))
        except errors.FieldError:
            raise
        except (TypeError, ValueError, AttributeError, OverflowError) as cause:
            raise errors.FieldError(f"{here}: {cause}") from cause


Converter = Callable[[object, str], object]


@cache
def _converters(descriptor: Descriptor) -> dict[str, Converter]:
    """Return for each field the function that turns `(value, path)` into what protobuf takes."""
    return {field.name: _converter(field) for field in descriptor.fields}


def _converter(field: FieldDescriptor) -> Converter:
    entry = field.message_type
    if entry is not None and entry.GetOptions().map_entry:
        return _map_of(_single(entry.fields_by_name["value"]))
    return _list_of(_single(field)) if is_repeated(field) else _single(field)


def _single(field: FieldDescriptor) -> Converter:
    """Return the converter of one value of a field."""
    if field.message_type is not None:
        return _message(message_factory.GetMessageClass(field.message_type))
    if field.enum_type is not None:
        return _enum(dict(field.enum_type.values_by_name), field.enum_type.name)
    if field.type in _INTEGERS:
        return _integer
    if field.type in _FLOATS:
        return _float
    return {
        FieldDescriptor.TYPE_BYTES: _bytes,
        FieldDescriptor.TYPE_BOOL: _bool,
        FieldDescriptor.TYPE_STRING: _string,
    }[field.type]


def _list_of(convert: Converter) -> Converter:
    def convert_all(value: object, path: str) -> list[object]:
        if isinstance(value, (str, bytes, Mapping, PbMessage)) or not isinstance(value, Iterable):
            raise _misfit(path, "a list", value)
        return [convert(item, f"{path}[{index}]") for index, item in enumerate(value)]

    return convert_all


def _map_of(convert: Converter) -> Converter:
    def convert_all(value: object, path: str) -> dict[object, object]:
        if not isinstance(value, Mapping):
            raise _misfit(path, "a mapping", value)
        return {key: convert(item, f"{path}[{key!r}]") for key, item in value.items()}

    return convert_all


def _message(pb_class: type[PbMessage]) -> Converter:
    rule = _WELL_KNOWN.get_rule(pb_class)
    name = pb_class.DESCRIPTOR.full_name
    if name.startswith("google.protobuf.") and not isinstance(rule, MessageRule):

        def convert_well_known(value: object, path: str) -> object:
            check_json(value, pb_class.DESCRIPTOR.name, path)
            converted = value if isinstance(value, pb_class) else rule.to_proto(value)
            if isinstance(converted, pb_class):
                return converted
            return as_pb(pb_class, converted, path=path)

        return convert_well_known
    return lambda value, path: as_pb(pb_class, value, path=path)


def _enum(members: Mapping[str, EnumValueDescriptor], name: str) -> Converter:
    def convert(value: object, path: str) -> int:
        if isinstance(value, str):
            member = enum_member(members, name, value)
            if member is None:
                hint = errors.nearest(value, members)
                raise errors.FieldError(f"{path}: {name} has no value {value!r}{hint}")
            return member.number
        if isinstance(value, bool) or not hasattr(value, "__index__"):
            raise _misfit(path, f"a member of {name}, its name or its number", value)
        return operator.index(value)

    return convert


def _integer(value: object, path: str) -> int:
    if isinstance(value, str):
        return int(value)
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise _misfit(path, "an int", value)
    return operator.index(value)


def _float(value: object, path: str) -> float:
    number = hasattr(value, "__float__") or hasattr(value, "__index__")
    if isinstance(value, (str, bytes, bool)) or not number:
        raise _misfit(path, "a float", value)
    return float(value)  # type: ignore[arg-type]  # it has one of the two methods


def _bool(value: object, path: str) -> bool:
    if not hasattr(value, "__bool__") or (hasattr(value, "__float__") and not _is_integral(value)):
        raise _misfit(path, "a bool", value)
    return bool(value)


def _is_integral(value: object) -> bool:
    """Tell whether a value is an integer or a boolean, numpy's included."""
    return hasattr(value, "__index__") or type(value).__name__ == "bool"


def _string(value: object, path: str) -> str:
    if not isinstance(value, str):
        raise _misfit(path, "a str", value)
    return value


def _bytes(value: object, path: str) -> bytes:
    if isinstance(value, _BINARY):
        return bytes(value)
    if not isinstance(value, str):
        raise _misfit(path, "bytes", value)
    try:
        return base64.b64decode(value.replace("-", "+").replace("_", "/"), validate=True)
    except binascii.Error as cause:
        raise errors.FieldError(f"{path}: expected bytes or base64 text: {cause}") from cause


def _misfit(path: str, expected: str, value: object) -> errors.FieldError:
    return errors.FieldError(f"{path}: expected {expected}, got {type(value).__name__}")
