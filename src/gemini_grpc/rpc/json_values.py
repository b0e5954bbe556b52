"""Values of protobuf's `Struct` in Python, and messages that JSON cannot hold as they are.

A `Struct` that came over gRPC may have infinite numbers and NaN. JSON has none, so protobuf refuses to print
them; here they are printed as protobuf prints them in fields of type double: as texts.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, TypeVar

from google.protobuf import json_format
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
    """Return what a printer of `json_format` makes of a message.

    Infinite numbers and NaN in a Struct become the texts "Infinity", "-Infinity" and "NaN".

    Raises:
        FieldError: The message has something else that JSON cannot hold, such as a time out of range.
    """
    try:
        return printer(message)
    except json_format.Error:
        finite = type(message)()
        finite.CopyFrom(message)
        make_finite(finite)
    try:
        return printer(finite)
    except json_format.Error as error:
        name = message.DESCRIPTOR.name
        raise FieldError(f"{name} cannot be written as JSON: {error}") from error


def make_finite(message: Pb) -> None:
    """Replace infinite numbers and NaN in every Struct of a message by texts."""
    if message.DESCRIPTOR.full_name == "google.protobuf.Value":
        number = message.number_value
        if not math.isfinite(number):
            message.string_value = (
                "NaN" if math.isnan(number) else "Infinity" if number > 0 else "-Infinity"
            )
            return
    for field, held in message.ListFields():
        if field.message_type is None:
            continue
        if field.message_type.GetOptions().map_entry:
            inner = [each for each in held.values() if isinstance(each, Message)]
        else:
            inner = list(held) if is_repeated(field) else [held]
        for each in inner:
            make_finite(each)
