"""What a function returned, as the response that the model is given.

A FunctionResponse holds a Struct: an object of JSON whose numbers are all doubles. So mappings and
objects are taken as they are, anything else becomes `{"result": value}`, and an int that a double
cannot hold exactly becomes a text.
"""

from __future__ import annotations

import base64
import dataclasses
import datetime
import decimal
import enum
import math
import pathlib
import sys
import types
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence, Set
from typing import Any

from gemini_grpc.errors import ArgumentError
from gemini_grpc.functions.choice import word_of
from gemini_grpc.functions.misfit import describe
from gemini_grpc.functions.model import dumped

Data = dict[str, Any]

EXACT = 2**53
"""The greatest integer up to which a double holds all of them."""


def response_of(value: object) -> Data:
    """Return a value as the response of a function.

    Raises:
        ArgumentError: A value cannot be JSON; the text says where it is and of which type.
    """
    found = to_json(value)
    return found if isinstance(found, dict) else {"result": found}


def to_json(value: object, path: str = "result", inside: tuple[int, ...] = ()) -> Any:
    """Return a value as plain JSON values.

    Enums, dates, bytes and the rest are written as `convert` reads them. Arrays of numpy, and whatever
    else has `tolist`, become lists.

    Args:
        value: The value.
        path: Where it is, for errors.
        inside: Identities of the containers it is in, to notice one that contains itself.
    """
    found = _simple(value, path)
    if found is not _OTHER:
        return found
    if id(value) in inside:
        raise ArgumentError(f"{path} cannot be JSON: it contains itself")
    deeper = (*inside, id(value))
    if "pydantic" in sys.modules and hasattr(value, "model_dump"):
        return to_json(dumped(value, path), path, deeper)
    pairs = _pairs(value, path)
    if pairs is not None:
        return {name: to_json(each, f"{path}.{name}", deeper) for name, each in pairs}
    if isinstance(value, (Sequence, Set)) or type(value).__name__ == "deque":
        items: Iterable[object] = value  # type: ignore[assignment]  # a deque is none of the two
        return [to_json(each, f"{path}[{at}]", deeper) for at, each in enumerate(items)]
    if callable(listed := getattr(value, "tolist", None)):
        return to_json(listed(), path, deeper)
    raise ArgumentError(
        f"{path} cannot be JSON: it is {describe(value)}; return a mapping, a dataclass, a pydantic "
        "model, a list, a text, a number, a bool or None"
    )


_OTHER = object()


def _simple(value: object, path: str) -> object:
    """Return a value that has no others inside, or `_OTHER`."""
    for kinds, write in _WRITERS:
        if isinstance(value, kinds):
            return write(value, path)
    return _OTHER


def _float(value: float, path: str) -> float:
    if not math.isfinite(value):
        raise ArgumentError(f"{path} cannot be JSON: it is {value}; return None instead")
    return float(value)


def _text(value: object, path: str) -> str:
    text = str(value)
    try:
        text.encode()
    except UnicodeEncodeError as error:
        half = text[error.start]
        raise ArgumentError(
            f"{path} cannot be JSON: it has half of a surrogate pair, {half!r}"
        ) from error
    return text


_WRITERS: tuple[tuple[tuple[type, ...], Callable[[Any, str], object]], ...] = (
    ((enum.Enum,), lambda value, path: _text(word_of(value), path)),
    ((types.NoneType, bool), lambda value, _: value),
    ((str, uuid.UUID, decimal.Decimal, pathlib.PurePath), _text),
    ((int,), lambda value, _: int(value) if abs(value) <= EXACT else str(int(value))),
    ((float,), _float),
    ((bytes, bytearray, memoryview), lambda value, _: base64.b64encode(value).decode("ascii")),
    ((datetime.date, datetime.time), lambda value, _: value.isoformat()),
    ((datetime.timedelta,), lambda value, _: value.total_seconds()),
)
"""How values without others inside are written; an enum is its word even if it is a text as well."""


def _pairs(value: Any, path: str) -> Iterator[tuple[str, object]] | None:
    """Return names and values of something with named members, else None."""
    if isinstance(value, Mapping):
        return ((_name(key, path), each) for key, each in value.items())
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        return ((field.name, getattr(value, field.name)) for field in dataclasses.fields(value))
    if isinstance(value, tuple) and hasattr(value, "_fields"):
        return zip(value._fields, value, strict=True)
    return None


def _name(key: object, path: str) -> str:
    match key:
        case enum.Enum():
            return _text(word_of(key), path)
        case str() | int():
            return _text(key, path)
    raise ArgumentError(f"{path} cannot be JSON: it has the key {key!r}; expected texts as keys")
