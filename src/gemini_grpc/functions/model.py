"""Classes that pydantic takes care of: their schema, their checks, their JSON.

The only place that imports pydantic, and only once somebody has a class of it.
"""

from __future__ import annotations

import json
from functools import cache
from typing import Any

from gemini_grpc.errors import ArgumentError
from gemini_grpc.functions.misfit import MisfitError, describe, misfit

Data = dict[str, Any]


def json_schema_of(kind: type) -> Data:
    """Return the JSON Schema document of what a class, or another type, is made from.

    Raises:
        ArgumentError: pydantic cannot make one, or is not installed.
    """
    name = getattr(kind, "__name__", str(kind))
    try:
        from pydantic.errors import PydanticUndefinedAnnotation, PydanticUserError
    except ImportError as error:
        raise ArgumentError(
            f"the JSON Schema of {name} needs pydantic; install it, or pass a dictionary"
        ) from error
    try:
        document: Data = _adapter(kind).json_schema()
    except (PydanticUserError, PydanticUndefinedAnnotation) as error:
        raise ArgumentError(f"{name} has no JSON Schema: {error}") from error
    return document


def validated(value: object, kind: type, path: str) -> object:
    """Return a JSON value as an object of a class.

    It is given as JSON, so that strict models take texts for dates as they do there.

    Raises:
        MisfitError: pydantic refuses it; the error has the first thing that is wrong.
    """
    from pydantic import ValidationError

    try:
        text = json.dumps(value)
    except TypeError as error:  # not of JSON at all
        raise misfit(path, f"a valid {kind.__name__}", value) from error
    try:
        made: object = _adapter(kind).validate_json(text)
    except ValidationError as error:
        first = error.errors(include_url=False, include_context=False)[0]
        place = "".join(
            f"[{part}]" if isinstance(part, int) else f".{part}" for part in first["loc"]
        )
        got = f"{describe(first['input'])}: {first['msg']}"
        where = f"{path}{place}".lstrip(".")
        raise MisfitError(where, expected=f"a valid {kind.__name__}", got=got) from error
    return made


def dumped(model: Any, path: str) -> object:
    """Return a model as JSON values.

    Raises:
        ArgumentError: Something in it cannot be JSON.
    """
    from pydantic_core import PydanticSerializationError

    try:
        found: object = model.model_dump(mode="json")
    except PydanticSerializationError as error:
        raise ArgumentError(f"{path} cannot be JSON: {error}") from error
    return found


@cache
def _adapter(kind: type) -> Any:
    from pydantic import TypeAdapter

    return TypeAdapter(kind)
