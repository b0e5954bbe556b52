"""Values of protobuf's `Struct` in Python, and messages that JSON cannot hold as they are.

A `Struct` that came over gRPC may have infinite numbers and NaN. JSON has none, so protobuf refuses to print
them; here they are printed as protobuf prints them in fields of type double: as texts.
"""

from __future__ import annotations

import base64
import math
from collections.abc import Callable
from typing import Any, TypeVar

from google.protobuf import descriptor_pool, json_format, struct_pb2
from google.protobuf.message import Message

from gemini_grpc.errors import FieldError
from gemini_grpc.rpc.plain import is_repeated

T = TypeVar("T")
Pb = Any  # a message of protobuf


def struct(message: Pb) -> dict[str, Any]:
    """Return a Struct as a dictionary; whole numbers are int."""
    return {name: value(each) for name, each in message.fields.items()}


def value(message: Pb) -> Any:
    """Return a Value as a Python value; whole numbers are int."""
    match message.WhichOneof("kind"):
        case "struct_value":
            return struct(message.struct_value)
        case "list_value":
            return [value(each) for each in message.list_value.values]
        case "number_value":
            number = message.number_value
            return int(number) if number.is_integer() else number
        case "string_value" | "bool_value" as kind:
            return getattr(message, kind)
    return None


def print_json(printer: Callable[[Pb], T], message: Pb) -> T:
    """Return what a printer of `json_format` makes of a message, whatever a server has put into it.

    Infinite numbers and NaN in a Struct become the texts "Infinity", "-Infinity" and "NaN", times out of
    range the nearest that JSON has, and an `Any` of an unknown type a Struct of its type and its bytes.

    Raises:
        FieldError: The message has something else that JSON cannot hold.
    """
    try:
        return printer(message)
    except (json_format.Error, TypeError):  # TypeError: of an unknown Any, or of a wrong option
        printable = type(message)()
        printable.CopyFrom(message)
        make_printable(printable)
    try:
        return printer(printable)
    except json_format.Error as error:
        name = message.DESCRIPTOR.name
        raise FieldError(f"{name} cannot be written as JSON: {error}") from error


def make_printable(message: Pb) -> None:
    """Replace what JSON cannot hold, at every depth of a message."""
    replace = _REPLACERS.get(message.DESCRIPTOR.full_name)
    if replace is not None:
        replace(message)
    for field, held in message.ListFields():
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            inner = [each for each in held.values() if isinstance(each, Message)]
        else:
            inner = list(held) if is_repeated(field) else [held]
        for each in inner:
            make_printable(each)


def _replace_number(message: Pb) -> None:
    number = message.number_value
    if math.isnan(number):
        message.string_value = "NaN"
    elif math.isinf(number):
        message.string_value = "Infinity" if number > 0 else "-Infinity"


def _replace_any(message: Pb) -> None:
    try:
        descriptor_pool.Default().FindMessageTypeByName(message.type_url.rpartition("/")[2])
    except KeyError:
        found = struct_pb2.Struct()
        found["@type"] = message.type_url
        found["value"] = base64.b64encode(message.value).decode()
        message.Pack(found)


def _clamp(least: int, most: int, nanos: int) -> Callable[[Pb], None]:
    """Return what puts a time into its range."""

    def clamp(message: Pb) -> None:
        message.seconds = min(max(message.seconds, least), most)
        low = -nanos if message.seconds < 0 and least == -most else 0
        high = 0 if low else nanos
        message.nanos = min(max(message.nanos, low), high)

    return clamp


_REPLACERS: dict[str, Callable[[Pb], None]] = {
    "google.protobuf.Value": _replace_number,
    "google.protobuf.Any": _replace_any,
    "google.protobuf.Timestamp": _clamp(-62_135_596_800, 253_402_300_799, 999_999_999),
    "google.protobuf.Duration": _clamp(-315_576_000_000, 315_576_000_000, 999_999_999),
}
"""The well-known types that JSON cannot hold with every value, and how they are made to fit."""
