"""JSON values turned into scalars: numbers, texts, dates, bytes.

Numbers of a Struct are floats all of them, so a whole one is an int where an int is asked for. Nothing
is guessed beyond that: a text is no number, and a number is no bool.
"""

from __future__ import annotations

import base64
import binascii
import datetime
import decimal
import math
import uuid
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from gemini_grpc.functions.misfit import misfit


def scalar(value: object, kind: type, path: str) -> object:
    """Return a JSON value as a scalar type.

    Raises:
        MisfitError: The value does not fit.
    """
    expected, accepted, read = _SCALARS[kind]
    if isinstance(value, accepted) and (kind is bool or not isinstance(value, bool)):
        try:
            return read(value)
        except (ValueError, OverflowError, ArithmeticError):
            pass  # the same as a value of another type: it does not fit
    raise misfit(path, expected, value)


def expected_for(kind: type) -> str:
    """Return in words what a scalar type takes."""
    return _SCALARS[kind][0]


def whole(value: object) -> Any:
    """Return a JSON value as plain Python, with whole numbers as int wherever they are."""
    if isinstance(value, float):
        return int(value) if value.is_integer() else value
    if isinstance(value, Mapping):
        return {str(key): whole(each) for key, each in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, (str, bytes)):
        return [whole(each) for each in value]
    return value


def _integer(value: float) -> int:
    if value != int(value):
        raise ValueError(value)
    return int(value)


def _number(value: float) -> float:
    number = float(value)
    if not math.isfinite(number):
        raise ValueError(value)
    return number


def _decimal(value: str | float) -> decimal.Decimal:
    number = decimal.Decimal(str(whole(value)))
    if not number.is_finite():
        raise ValueError(value)
    return number


def _bytes(value: str) -> bytes:
    """Return base64 as bytes, in the usual or the URL-safe alphabet, padded or not."""
    text = value.strip().rstrip("=").replace("-", "+").replace("_", "/")
    try:
        return base64.b64decode(text + "=" * (-len(text) % 4), validate=True)
    except binascii.Error as error:
        raise ValueError(value) from error


def _duration(value: float) -> datetime.timedelta:
    return datetime.timedelta(seconds=_number(value))


_NUMBERS = (int, float)
_SCALARS: dict[type, tuple[str, type | tuple[type, ...], Callable[[Any], object]]] = {
    str: ("a text", str, str),
    int: ("a whole number", _NUMBERS, _integer),
    float: ("a number", _NUMBERS, _number),
    bool: ("true or false", bool, bool),
    bytes: ("a text in base64", str, _bytes),
    uuid.UUID: ("a UUID", str, uuid.UUID),
    decimal.Decimal: ("a decimal number", (str, int, float), _decimal),
    datetime.datetime: (
        "a date and time such as 2025-12-31T23:59:00Z",
        str,
        datetime.datetime.fromisoformat,
    ),
    datetime.date: ("a date such as 2025-12-31", str, datetime.date.fromisoformat),
    datetime.time: ("a time of day such as 23:59:00", str, datetime.time.fromisoformat),
    datetime.timedelta: ("a duration in seconds", _NUMBERS, _duration),
}
"""For each type what is expected in words, the types of JSON it is read from, and how."""
