"""Schemas that users write as dictionaries: in the words of the Schema message, or as JSON Schema."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

from gemini_grpc.functions.json_schema import FORMATS, from_json_schema
from gemini_grpc.functions.schema import narrow

Data = dict[str, Any]

WORDS = frozenset(
    {
        *("type", "format", "title", "description", "nullable", "enum", "items", "properties"),
        *("required", "any_of", "property_ordering", "default", "example", "pattern"),
        *("min_items", "max_items", "min_properties", "max_properties", "min_length", "max_length"),
        *("minimum", "maximum", "additional_properties", "ref", "defs"),
    }
)
"""The fields of Schema, of all versions."""

JSON_SCHEMA = frozenset(
    {
        *(
            "$anchor",
            "$comment",
            "$defs",
            "$id",
            "$ref",
            "$schema",
            "definitions",
            "const",
            "enumNames",
        ),
        *(
            "allOf",
            "oneOf",
            "not",
            "if",
            "then",
            "else",
            "prefixItems",
            "additionalItems",
            "contains",
        ),
        *("minContains", "maxContains", "uniqueItems", "unevaluatedItems", "additionalProperties"),
        *("patternProperties", "propertyNames", "unevaluatedProperties", "dependencies"),
        *("dependentRequired", "dependentSchemas", "discriminator", "exclusiveMinimum"),
        *("exclusiveMaximum", "multipleOf", "contentEncoding", "contentMediaType", "contentSchema"),
        *("examples", "deprecated", "readOnly", "writeOnly"),
    }
)
"""The keywords of JSON Schema that Schema does not have."""


def schema_of_document(document: Mapping[str, Any], *, known: Collection[str]) -> Data:
    """Return the Schema that a dictionary describes, in the words of the proto.

    A dictionary of nothing but fields of Schema, in their names or as JSON has them (`any_of` or `anyOf`,
    `STRING` or `string`), is returned in the names of the proto, so that a field which a version lacks can
    be reported. Any other dictionary is read as JSON Schema, and what a version lacks is left out. Either
    way `property_ordering` has the order of the dictionary, unless it is given.

    Args:
        document: The dictionary.
        known: The fields of Schema that a version has.

    Raises:
        ArgumentError: The dictionary is no JSON Schema, or a definition contains itself.
    """
    known = {name.rstrip("_") for name in known}
    if _is_schema(document):
        words: Data = _in_proto_words(document, "property_ordering" in known)
        return words
    return narrow(from_json_schema(document), known=known)


def snake_case(name: str) -> str:
    """Return a field as the proto has it: `any_of` for `anyOf`, `type` for `type_`."""
    return re.sub("([A-Z])", r"_\1", str(name)).lower().rstrip("_")


def _is_schema(value: object) -> bool:
    """Return whether a dictionary uses only the words of Schema, and as the service takes them."""
    if isinstance(value, bool):
        return False
    if not isinstance(value, Mapping):
        return True  # it is wrong in either language; protobuf names the place
    if value.keys() & JSON_SCHEMA:
        return False
    words = {snake_case(name): item for name, item in value.items()}
    typed = (
        _has_type(words) or not words.keys() <= WORDS
    )  # protobuf names a field that does not exist
    return typed and all(map(_is_schema, _inner(words)))


def _has_type(words: Mapping[str, Any]) -> bool:
    """Return whether a node has a type, in the words of Schema, and what the service asks of that type."""
    kind = words.get("type")
    if kind is None:
        return ("any_of" in words and not words.keys() & _NOTES) or "ref" in words
    if not isinstance(kind, str):
        return not isinstance(kind, (list, tuple))  # a member of an enum, or its number
    if kind == "null" or (kind.islower() and words.keys() & _NOTES):
        return False
    items, kind = words.get("items"), kind.lower()
    return (
        words.get("format") in {None, "", *FORMATS.get(kind, ())}
        and all(isinstance(each, str) and each for each in words.get("enum") or ())
        and set(words.get("required") or ()) <= set(words.get("properties") or ())
        and not (isinstance(items, (list, tuple)) or (kind == "array" and items is None))
    )


_NOTES = frozenset({"title", "default"})
"""What pydantic writes into every JSON Schema, and hardly anybody into a Schema."""


def _inner(words: Mapping[str, Any]) -> list[object]:
    """Return the schemas inside a node."""
    found: list[object] = [words["items"]] if words.get("items") is not None else []
    for name in ("properties", "defs"):
        if isinstance(members := words.get(name), Mapping):
            found.extend(members.values())
    if isinstance(options := words.get("any_of"), (list, tuple)):
        found.extend(options)
    return found


def _in_proto_words(schema: Any, ordered: bool) -> Any:
    """Return a Schema with the names of the proto; the names of its properties stay as they are."""
    if not isinstance(schema, Mapping):
        return schema
    words = {snake_case(name): value for name, value in schema.items()}
    for name, value in words.items():
        if name == "type" and isinstance(value, str):
            words[name] = str(getattr(value, "value", value)).upper()
        elif name in {"properties", "defs"} and isinstance(value, Mapping):
            words[name] = {key: _in_proto_words(item, ordered) for key, item in value.items()}
        elif name == "any_of" and isinstance(value, (list, tuple)):
            words[name] = [_in_proto_words(item, ordered) for item in value]
        elif name == "items":
            words[name] = _in_proto_words(value, ordered)
    properties = words.get("properties")
    if ordered and isinstance(properties, Mapping) and not words.get("property_ordering"):
        words["property_ordering"] = list(properties)
    return words
