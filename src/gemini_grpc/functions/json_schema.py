"""JSON Schema, as pydantic writes it, put into the words of the Schema message.

What a Schema does not know is said in the description, where the model can read it; definitions are
put in place of the references to them. Bounds that are lost here still hold when the value arrives,
because pydantic checks it.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from typing import Any

from gemini_grpc.functions.limits import Limits
from gemini_grpc.functions.shape import recursive

Data = dict[str, Any]

ANYTHING = ("STRING", "NUMBER", "BOOLEAN", "OBJECT")
"""The types of a value of any kind: a Schema must have a type or alternatives."""

_PLAIN = {
    "minItems": "min_items",
    "maxItems": "max_items",
    "minProperties": "min_properties",
    "maxProperties": "max_properties",
    "minLength": "min_length",
    "maxLength": "max_length",
    "pattern": "pattern",
}


def anything() -> Data:
    """Return the Schema of a value of any kind."""
    items = {"type": "STRING"}
    kinds: list[Data] = [{"type": kind} for kind in ANYTHING]
    return {"any_of": [*kinds, {"type": "ARRAY", "items": items}], "nullable": True}


def nothing() -> Data:
    """Return the Schema of null; not every version has a type for it."""
    return {"type": "STRING", "nullable": True, "description": "Always null."}


def alternatives(schemas: Iterable[Data]) -> Data:
    """Return the Schema of one of several kinds, each once."""
    kinds: list[Data] = []
    for schema in schemas:
        if schema not in kinds:
            kinds.append(schema)
    return kinds[0] if len(kinds) == 1 else {"any_of": kinds}


def hinted(schema: Data, hint: str) -> Data:
    """Add to the description of a Schema what it cannot say otherwise."""
    text = schema.get("description")
    schema["description"] = f"{text} ({hint})" if text else f"{hint[0].upper()}{hint[1:]}."
    return schema


def explained(schema: Data, text: str) -> Data:
    """Put a text in front of what the description of a Schema hints at."""
    if text:
        hint = schema.get("description", "").rstrip(".")
        schema["description"] = f"{text} ({hint[0].lower()}{hint[1:]})" if hint else text
    return schema


def from_json_schema(document: Data) -> Data:
    """Return the Schema that says what a JSON Schema document says.

    Raises:
        ArgumentError: A definition contains itself.
    """
    return _Reader(document.get("$defs", {})).schema(document, ())


class _Reader:
    def __init__(self, definitions: Data) -> None:
        self._definitions = definitions

    def schema(self, node: object, inside: tuple[str, ...]) -> Data:
        """Return the Schema of a node; `inside` has the definitions it is part of."""
        if not isinstance(node, dict):  # `true` allows everything
            return anything()
        while "$ref" in node or "allOf" in node:
            node, inside = self._merged(node, inside)
        schema = self._kind(node, inside)
        return explained(schema, node.get("description", ""))

    def _merged(self, node: Data, inside: tuple[str, ...]) -> tuple[Data, tuple[str, ...]]:
        """Return a node with one reference, or its list of `allOf`, put in place."""
        rest = {key: value for key, value in node.items() if key not in ("$ref", "allOf")}
        if reference := node.get("$ref"):
            name = reference.rpartition("/")[2]
            if name in inside:
                raise recursive(name)
            return {**self._definitions[name], **rest}, (*inside, name)
        merged: Data = {}
        for part in node["allOf"]:
            merged |= part
        return {**merged, **rest}, inside

    def _kind(self, node: Data, inside: tuple[str, ...]) -> Data:
        if values := [node["const"]] if "const" in node else node.get("enum"):
            return _enum(values)
        kinds = node.get("type")
        if isinstance(kinds, list):
            return self._union([{**node, "type": kind} for kind in kinds], inside)
        if options := node.get("anyOf") or node.get("oneOf"):
            return self._union(options, inside)
        if kinds is None:
            return anything()
        make: Callable[[], Data] = {
            "null": nothing,
            "object": lambda: self._object(node, inside),
            "array": lambda: self._array(node, inside),
            "string": lambda: _text(node),
        }.get(kinds, lambda: _numeric(node))
        return make() | {_PLAIN[name]: node[name] for name in _PLAIN if name in node}

    def _union(self, options: list[Data], inside: tuple[str, ...]) -> Data:
        kinds = [option for option in options if option.get("type") != "null"]
        if not kinds:
            return nothing()
        schema = alternatives(self.schema(option, inside) for option in kinds)
        return schema if len(kinds) == len(options) else {**schema, "nullable": True}

    def _object(self, node: Data, inside: tuple[str, ...]) -> Data:
        members = node.get("properties", {})
        schema: Data = {"type": "OBJECT"}
        if members:
            schema["properties"] = {
                name: self.schema(member, inside) for name, member in members.items()
            }
            schema["property_ordering"] = list(members)
        if required := node.get("required"):
            schema["required"] = list(required)
        others = node.get("additionalProperties")
        if isinstance(others, dict) and (kind := self.schema(others, inside).get("type")):
            hinted(schema, f"an object whose values are of type {kind}")
        return schema

    def _array(self, node: Data, inside: tuple[str, ...]) -> Data:
        if places := node.get("prefixItems"):
            items = alternatives([self.schema(place, inside) for place in places])
        else:
            items = self.schema(node.get("items"), inside)
        return {"type": "ARRAY", "items": items}


def _enum(values: list[Any]) -> Data:
    """Return the Schema of a closed set; only texts can be listed, other values are described."""
    others = [value for value in values if value is not None]
    if not others:
        return nothing()
    if all(isinstance(value, str) and value for value in others):
        schema: Data = {"type": "STRING", "format": "enum", "enum": others}
    else:
        kinds = {bool: "BOOLEAN", int: "INTEGER", float: "NUMBER", str: "STRING"}
        found = dict.fromkeys(kinds[type(value)] for value in others)
        schema = alternatives([{"type": kind} for kind in found])
        hinted(schema, f"one of {', '.join(map(json.dumps, others))}")
    return schema if len(others) == len(values) else {**schema, "nullable": True}


def _text(node: Data) -> Data:
    """Return the Schema of a text; the service knows no format but `date-time` (and `enum`)."""
    form = node.get("format")
    if form == "date-time":
        return {"type": "STRING", "format": form}
    return hinted({"type": "STRING"}, f"in the format {form}") if form else {"type": "STRING"}


def _numeric(node: Data) -> Data:
    schema: Data = {"type": str(node["type"]).upper()}
    bounds = Limits(
        ge=node.get("minimum"),
        gt=node.get("exclusiveMinimum"),
        le=node.get("maximum"),
        lt=node.get("exclusiveMaximum"),
    )
    bounds.add_to(schema)
    return schema
