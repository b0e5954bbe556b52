"""What a value looks like, as the Schema of a backend: from Python types and from documents.

- A type (also a dataclass, TypedDict, Enum or pydantic model) becomes what the backend can say of it.
- A mapping is a Schema in the words of the proto or of JSON (`any_of` or `anyOf`, `STRING` or `string`);
  what the backend lacks is an error. One that needs JSON Schema (`$ref`, `const`, `null`, ...) becomes
  what the backend can say of it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from gemini_grpc.errors import ArgumentError, FieldError
from gemini_grpc.functions import narrow, schema_of
from gemini_grpc.functions.json_schema import from_json_schema
from gemini_grpc.generative import translation

if TYPE_CHECKING:
    from gemini_grpc.generative.backend import Backend

Data = dict[str, Any]

_JSON_SCHEMA = frozenset(
    {
        "$defs", "$ref", "$schema", "additionalProperties", "allOf", "const",
        "exclusiveMaximum", "exclusiveMinimum", "oneOf", "patternProperties", "prefixItems",
    }
)  # fmt: skip
"""What only JSON Schema says."""


def to_schema(value: object, backend: Backend, path: str) -> Any:
    """Return the Schema of a type, a mapping, or a message of any backend.

    Raises:
        ArgumentError: The type or document has no Schema.
        UnsupportedError: The backend lacks something that a document or message says.
        FieldError: It is nothing of the kind.
    """
    if translation.pb_of(value) is not None:
        return translation.message("Schema", value, backend, path)
    if is_type(value):
        return _narrowed(_read(schema_of, value, path), backend, path)
    if not isinstance(value, Mapping):
        raise FieldError(
            f"{path}: expected a type, a mapping or a Schema, got {type(value).__name__}"
        )
    if _is_json_schema(value):
        return _narrowed(_read(from_json_schema, dict(value), path), backend, path)
    return translation.message("Schema", _in_our_words(value), backend, path)


def is_type(value: object) -> bool:
    """Tell whether a value is meant as a Python type, such as `list[int]`."""
    return not (
        value is None
        or isinstance(value, (str, bytes, int, float, list, tuple, Mapping))
        or translation.pb_of(value) is not None
    )


def narrowed(schema: Data, backend: Backend) -> Data:
    """Return a Schema without what the backend has no field for."""
    return narrow(schema, known=backend.pb("Schema").DESCRIPTOR.fields_by_name)


def _narrowed(schema: Data, backend: Backend, path: str) -> Any:
    return translation.message("Schema", narrowed(schema, backend), backend, path)


def _read(reader: Any, value: object, path: str) -> Data:
    try:
        found: Data = reader(value)
    except ArgumentError as error:
        raise ArgumentError(f"{path}: {error}") from error
    except (KeyError, TypeError, AttributeError) as error:
        raise ArgumentError(f"{path}: no JSON Schema that can be read: {error!r}") from error
    return found


def _is_json_schema(value: object) -> bool:
    """Tell whether a document has anything in it that only JSON Schema says."""
    if isinstance(value, (list, tuple)):
        return any(map(_is_json_schema, value))
    if not isinstance(value, Mapping):
        return False
    kind = value.get("type")
    if isinstance(kind, list) or kind == "null" or not _JSON_SCHEMA.isdisjoint(value):
        return True
    properties = value.get("properties")
    inner = list(properties.values()) if isinstance(properties, Mapping) else []
    return _is_json_schema([value.get("items"), value.get("anyOf"), value.get("any_of"), *inner])


def _in_our_words(schema: Any) -> Any:
    """Return a Schema with the names of the proto; the names of its properties stay as they are."""
    if not isinstance(schema, Mapping):
        return schema
    words = {re.sub("([A-Z])", r"_\1", name).lower(): value for name, value in schema.items()}
    for name, value in words.items():
        if name in ("type", "type_") and isinstance(value, str):
            words[name] = str(getattr(value, "value", value)).upper()
        elif name in ("properties", "defs") and isinstance(value, Mapping):
            words[name] = {key: _in_our_words(item) for key, item in value.items()}
        elif name == "any_of" and isinstance(value, (list, tuple)):
            words[name] = [_in_our_words(item) for item in value]
        elif name == "items":
            words[name] = _in_our_words(value)
    return words
