"""JSON Schema documents as Schemas, in the words of the Schema message.

- References are replaced by the definitions they point to, anywhere in the document.
- The description carries what a Schema has no field for, so that the model can read it. pydantic still
  checks values against the bounds that are lost here.
- The words of a Schema (`nullable`, `any_of`, `STRING`, `property_ordering`) are understood as well, so
  a document may mix both.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any
from urllib.parse import unquote

from gemini_grpc.errors import ArgumentError, nearest
from gemini_grpc.functions.limits import Limits
from gemini_grpc.functions.shape import recursive

Data = dict[str, Any]
Inside = tuple[str, ...]

ANYTHING = ("STRING", "NUMBER", "BOOLEAN", "OBJECT")
"""The types of a value of any kind: a Schema must have a type or alternatives."""

FORMATS: Mapping[str, frozenset[str]] = {
    "string": frozenset({"date-time", "enum"}),
    "number": frozenset({"float", "double"}),
    "integer": frozenset({"int32", "int64"}),
}
"""The formats that the service takes for each type; it refuses a request with any other."""

HINTS = {
    "date": "a date as 2025-12-31",
    "time": "a time of day as 23:59:00",
    "uuid": "a UUID",
    "unique": "without repetition",
}
"""What the description says of a text of some format, or of a list."""

_TYPES = ("string", "number", "integer", "boolean", "array", "object", "null")
_COUNTS = {
    "minItems": "min_items",
    "maxItems": "max_items",
    "minProperties": "min_properties",
    "maxProperties": "max_properties",
    "minLength": "min_length",
    "maxLength": "max_length",
}
_NOTES = frozenset(
    {"title", "description", "default", "examples", "example", "deprecated", "$comment", "$schema"}
)
"""Keywords that describe a value without restricting it."""


def anything() -> Data:
    """Return the Schema of a value of any kind."""
    items = {"type": "STRING"}
    kinds: list[Data] = [{"type": kind} for kind in ANYTHING]
    return {"any_of": [*kinds, {"type": "ARRAY", "items": items}], "nullable": True}


def nothing() -> Data:
    """Return the Schema of null; not every version has a type for it."""
    return {"type": "STRING", "nullable": True, "description": "Always null."}


def alternatives(schemas: Iterable[Data]) -> Data:
    """Return the Schema of one of several kinds, each once; a number may be an integer anyway."""
    kinds: list[Data] = []
    for schema in schemas:
        if schema not in kinds:
            kinds.append(schema)
    if {"type": "NUMBER"} in kinds and {"type": "INTEGER"} in kinds:
        kinds.remove({"type": "INTEGER"})
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


def in_this_order(places: Iterable[Data]) -> str:
    """Return the hint for an array whose items have a Schema each."""
    return f"in this order: {', '.join(map(kind_of, places))}"


def kind_of(schema: Data) -> str:
    """Return the type of a Schema as the model may read it."""
    return schema.get("type") or " or ".join(map(kind_of, schema["any_of"]))


def table(value: Data) -> Data:
    """Return the Schema of an object with any names, all of whose values have the same Schema."""
    schema: Data = {"type": "OBJECT"}
    if value == anything():
        return schema
    return hinted(schema, f"an object whose values are of type {kind_of(value)}")


def from_json_schema(document: Mapping[str, Any]) -> Data:
    """Return the Schema that says what a JSON Schema document says.

    Raises:
        ArgumentError: The document is no JSON Schema, or a definition contains itself.
    """
    try:
        return _Reader(document).schema(document, (), "")
    except RecursionError as error:
        raise ArgumentError("the JSON Schema is nested too deeply") from error
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        if isinstance(error, ArgumentError):
            raise
        raise ArgumentError(f"no JSON Schema that can be read: {error!r}") from error


def camel_case(name: str) -> str:
    """Return a keyword as JSON has it: `anyOf` for `any_of`, `type` for `type_`."""
    return re.sub("_([a-z])", lambda match: match[1].upper(), name.rstrip("_"))


class _Reader:
    def __init__(self, document: Mapping[str, Any]) -> None:
        self._document = document

    def schema(self, node: object, inside: Inside, name: str) -> Data:
        """Return the Schema of a node.

        Args:
            node: A part of the document.
            inside: The references that led to it.
            name: The property that it describes, empty for anything else.
        """
        given, inside = self._resolved(node, inside)
        schema = self._kind(given, inside)
        if given.get("nullable") is True:
            schema["nullable"] = True
        if examples := given.get("examples"):
            hinted(schema, f"for example {', '.join(map(_json, _list(examples, 'examples')))}")
        if "example" in given:
            schema["example"] = given["example"]
        if (title := given.get("title")) and not _is_name(str(title), name):
            schema["title"] = str(title)
        return explained(schema, str(given.get("description") or ""))

    def _resolved(self, node: object, inside: Inside) -> tuple[Data, Inside]:
        """Return a node with references and `allOf` put in place, by the keywords of JSON Schema."""
        if isinstance(node, bool) or node is None:
            return {}, inside
        if not isinstance(node, Mapping):
            raise ArgumentError(f"expected a JSON Schema, got {node!r:.80}")
        given = {camel_case(str(key)): value for key, value in node.items()}
        parts = []
        if (reference := given.pop("$ref", None)) is not None:
            if reference in inside:
                raise recursive(str(reference).rpartition("/")[2].replace("#", "the document"))
            inside = (*inside, reference)
            parts.append(self._target(reference))
        parts += _list(given.pop("allOf", ()), "allOf")
        merged: Data = {}
        for part in parts:
            inner, inside = self._resolved(part, inside)
            merged = _merged(merged, inner)
        return _merged(merged, given), inside

    def _target(self, reference: object) -> object:
        """Return what a reference points to: a JSON pointer from the root of the document."""
        found: Any = self._document
        root, *steps = str(reference).split("/")
        try:
            if root != "#":
                raise KeyError(root)
            for step in steps:
                key = unquote(step).replace("~1", "/").replace("~0", "~")
                found = found[int(key) if isinstance(found, (list, tuple)) else key]
        except (KeyError, IndexError, ValueError, TypeError) as error:
            raise ArgumentError(
                f"the reference {reference!r} leads nowhere; expected one into the document itself, such "
                "as '#/$defs/Name'"
            ) from error
        return found

    def _kind(self, node: Data, inside: Inside) -> Data:
        if values := [node["const"]] if "const" in node else node.get("enum"):
            return one_of(_list(values, "enum"))
        if (options := node.get("anyOf") or node.get("oneOf")) is not None:
            return self._union(node, _list(options, "anyOf"), inside)
        kinds = node.get("type")
        if isinstance(kinds, (list, tuple)):
            return self._union(
                {}, [{**_without_notes(node), "type": kind} for kind in kinds], inside
            )
        kind = _type_of(node)
        if not kind:
            return anything()
        make: dict[str, Callable[[], Data]] = {
            "null": nothing,
            "object": lambda: self._object(node, inside),
            "array": lambda: self._array(node, inside),
            "string": lambda: _text(node),
            "boolean": lambda: {"type": "BOOLEAN"},
        }
        schema = make.get(kind, lambda: _numeric(node, kind))()
        counts = {_COUNTS[key]: int(node[key]) for key in _COUNTS if node.get(key) is not None}
        return schema | counts

    def _union(self, node: Data, options: list[object], inside: Inside) -> Data:
        """Return the Schema of one of several; what the node says besides holds for each."""
        rest = {
            key: value
            for key, value in _without_notes(node).items()
            if key not in {"anyOf", "oneOf", "nullable"}
        }
        nullable, kinds = False, []
        for option in options:
            given, deeper = self._resolved(option, inside)
            if _is_null(given):
                nullable = True
            else:
                kinds.append(self.schema(_merged(rest, given), deeper, ""))
        if not kinds:
            return nothing()
        schema = alternatives(kinds)
        return {**schema, "nullable": True} if nullable else schema

    def _object(self, node: Data, inside: Inside) -> Data:
        given = node.get("properties") or {}
        if not isinstance(given, Mapping):
            raise ArgumentError(f"properties: expected a mapping, got {type(given).__name__}")
        required = [str(name) for name in _list(node.get("required") or (), "required")]
        members = {**given, **{name: True for name in required if name not in given}}
        values = node.get("additionalProperties")
        if values in (None, True, False) and len(node.get("patternProperties") or ()) == 1:
            values = next(iter(node["patternProperties"].values()))
        of_values = isinstance(values, Mapping)
        schema: Data = table(self.schema(values, inside, "")) if of_values else {"type": "OBJECT"}
        if members:
            schema["properties"] = {
                name: self._member(name, member, inside) for name, member in members.items()
            }
            schema["property_ordering"] = list(node.get("propertyOrdering") or members)
        if required:
            schema["required"] = required
        return schema

    def _member(self, name: str, member: object, inside: Inside) -> Data:
        try:
            return self.schema(member, inside, name)
        except ArgumentError as error:
            if str(error).startswith("properties["):
                raise ArgumentError(f"properties[{name!r}].{error}") from error
            raise ArgumentError(f"properties[{name!r}]: {error}") from error

    def _array(self, node: Data, inside: Inside) -> Data:
        items = node.get("items")
        places = node.get("prefixItems") or (items if isinstance(items, (list, tuple)) else None)
        if places:
            each = [self.schema(place, inside, "") for place in _list(places, "prefixItems")]
            return hinted({"type": "ARRAY", "items": alternatives(each)}, in_this_order(each))
        schema: Data = {"type": "ARRAY", "items": self.schema(items, inside, "")}
        return hinted(schema, HINTS["unique"]) if node.get("uniqueItems") else schema


def _list(value: object, keyword: str) -> list[Any]:
    if isinstance(value, (list, tuple)):
        return list(value)
    raise ArgumentError(f"{keyword}: expected a list, got {type(value).__name__}")


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _merged(base: Data, more: Data) -> Data:
    """Return a node for which both hold; `more` wins where only one can."""
    merged = {**base, **more}
    if "properties" in base and "properties" in more:
        merged["properties"] = {**base["properties"], **more["properties"]}
    if "required" in base and "required" in more:
        merged["required"] = list(dict.fromkeys([*base["required"], *more["required"]]))
    return merged


def _without_notes(node: Data) -> Data:
    return {key: value for key, value in node.items() if key not in _NOTES}


def _is_null(node: Data) -> bool:
    values = [node["const"]] if "const" in node else node.get("enum")
    return values == [None] or str(node.get("type")).lower() == "null"


def _is_name(title: str, name: str) -> bool:
    """Return whether a title only repeats the name of a class or of a property, as pydantic's do."""
    return title.isidentifier() or title.lower().replace(" ", "_") == name.lower()


def _type_of(node: Data) -> str:
    """Return the type of a node, in the words of JSON Schema; empty for a value of any kind."""
    kind = node.get("type")
    if kind is not None:
        word = str(getattr(kind, "name", kind)).lower()
        if word in _TYPES:
            return word
        raise ArgumentError(f"type is {kind!r}{nearest(word, _TYPES)}; expected one of {_TYPES}")
    implied = {
        "object": ("properties", "required", "additionalProperties", "patternProperties"),
        "array": ("items", "prefixItems", "uniqueItems", "minItems", "maxItems"),
        "string": ("pattern", "format", "minLength", "maxLength"),
        "number": ("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"),
    }
    return next((kind for kind, keys in implied.items() if any(key in node for key in keys)), "")


_TYPES_OF_VALUES = (
    (bool, "BOOLEAN"),
    (int, "INTEGER"),
    (float, "NUMBER"),
    (str, "STRING"),
    (Mapping, "OBJECT"),
)


def one_of(values: list[Any]) -> Data:
    """Return the Schema of a closed set; only texts can be listed, other values are described."""
    others = [value for value in values if value is not None]
    if not others:
        return nothing()
    if all(isinstance(value, str) and value for value in others):
        schema: Data = {"type": "STRING", "format": "enum", "enum": list(dict.fromkeys(others))}
    else:
        kinds = [_type_of_value(value) for value in others]
        schema = anything() if None in kinds else alternatives({"type": kind} for kind in kinds)
        hinted(schema, f"one of {', '.join(map(_json, others))}")
    return schema if len(others) == len(values) else {**schema, "nullable": True}


def _type_of_value(value: object) -> str | None:
    return next((name for kind, name in _TYPES_OF_VALUES if isinstance(value, kind)), None)


def _text(node: Data) -> Data:
    """Return the Schema of a text; a format that the service does not know becomes a hint."""
    schema: Data = {"type": "STRING"}
    if pattern := node.get("pattern"):
        schema["pattern"] = str(pattern)
    form = node.get("format")
    if not form or form == "enum":
        return schema
    if form in FORMATS["string"]:
        return {**schema, "format": form}
    return hinted(schema, HINTS.get(form, f"in the format {form}"))


def _numeric(node: Data, kind: str) -> Data:
    schema: Data = {"type": kind.upper()}
    if (form := node.get("format")) in FORMATS[kind]:
        schema["format"] = form
    least, most = node.get("minimum"), node.get("maximum")
    above, below = node.get("exclusiveMinimum"), node.get("exclusiveMaximum")
    if isinstance(above, bool):  # draft 4: whether `minimum` itself is excluded
        least, above = (None, least) if above else (least, None)
    if isinstance(below, bool):
        most, below = (None, most) if below else (most, None)
    Limits(ge=least, gt=above, le=most, lt=below).add_to(schema)
    step = node.get("multipleOf")
    return schema if step is None else hinted(schema, f"a multiple of {step}")
