"""What a value looks like, as the Schema of a backend: from Python types and from documents.

- A type (also a dataclass, TypedDict, Enum or pydantic model) becomes what the backend can say of it.
- A mapping is a Schema in the words of the proto or of JSON (`any_of` or `anyOf`, `STRING` or `string`);
  what the backend lacks is an error. Any other mapping is read as JSON Schema and becomes what the
  backend can say of it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TYPE_CHECKING, Any

from gemini_grpc.errors import ArgumentError, FieldError
from gemini_grpc.functions import narrow, schema_of
from gemini_grpc.functions.document import schema_of_document
from gemini_grpc.functions.model import json_schema_of
from gemini_grpc.generative import translation

if TYPE_CHECKING:
    from gemini_grpc.generative.backend import Backend

Data = dict[str, Any]


def to_schema(value: object, backend: Backend, path: str) -> Any:
    """Return the Schema of a type, a mapping, or a message of any backend.

    Raises:
        ArgumentError: The type or document has no Schema.
        UnsupportedError: The backend lacks something that a document or message says.
        FieldError: It is nothing of the kind.
    """
    try:
        return _to_schema(value, backend, path)
    except RecursionError as error:
        raise ArgumentError(f"{path}: the schema is nested too deeply") from error


def _to_schema(value: object, backend: Backend, path: str) -> Any:
    if translation.pb_of(value) is not None:
        return translation.message("Schema", value, backend, path)
    if is_type(value):
        schema = narrowed(_read(schema_of, value, path), backend)
        return translation.message("Schema", schema, backend, path)
    if not isinstance(value, Mapping):
        raise FieldError(
            f"{path}: expected a type, a mapping or a Schema, got {type(value).__name__}"
        )
    read = partial(schema_of_document, known=backend.pb("Schema").DESCRIPTOR.fields_by_name)
    return translation.message("Schema", _read(read, value, path), backend, path)


def to_json_schema(value: object, path: str) -> object:
    """Return the JSON Schema of a type; a document comes back as it is.

    Raises:
        ArgumentError: The type has no JSON Schema.
    """
    return _read(json_schema_of, value, path) if is_type(value) else value


def is_type(value: object) -> bool:
    """Return whether a value is meant as a Python type, such as `list[int]`."""
    return not (
        value is None
        or isinstance(value, (str, bytes, int, float, list, tuple, Mapping))
        or translation.pb_of(value) is not None
    )


def narrowed(schema: Data, backend: Backend) -> Data:
    """Return a Schema without what the backend has no field for."""
    return narrow(schema, known=backend.pb("Schema").DESCRIPTOR.fields_by_name)


def _read(reader: Callable[[Any], Data], value: object, path: str) -> Data:
    try:
        return reader(value)
    except ArgumentError as error:
        raise ArgumentError(f"{path}: {error}") from error
