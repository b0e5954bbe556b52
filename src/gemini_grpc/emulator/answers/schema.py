"""JSON values that satisfy a schema, filled from the prompt where it says something.

`Schema` messages are turned into JSON Schema first, so that one maker serves both. Understood are
types, `enum`, `const`, properties (with `property_ordering`), items, `prefixItems`, `anyOf`, `oneOf`,
`allOf`, `$ref`, bounds of numbers, lengths and sizes, `multipleOf`, `uniqueItems`, `pattern`, the usual
formats and `additionalProperties`. A recursive schema ends where its optional parts are left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from gemini_grpc.emulator import text
from gemini_grpc.emulator.answers import pattern as patterns
from gemini_grpc.emulator.answers import samples

if TYPE_CHECKING:
    from gemini_grpc.emulator.answers.hints import Hints
    from gemini_grpc.emulator.convert import Data

DEEP = 5
"""From this depth on, what is optional is left out."""
DEEPEST = 40
"""Where a schema that never ends is cut."""

_RENAMED = {
    "any_of": "anyOf",
    "min_items": "minItems",
    "max_items": "maxItems",
    "min_properties": "minProperties",
    "max_properties": "maxProperties",
    "min_length": "minLength",
    "max_length": "maxLength",
    "property_ordering": "propertyOrdering",
    "additional_properties": "additionalProperties",
    "ref": "$ref",
    "defs": "$defs",
}


def from_message(schema: Data) -> Data:
    """Return a `Schema` message as a JSON Schema."""
    turned: Data = {_RENAMED.get(key, key): value for key, value in schema.items()}
    if "type" in turned:
        turned["type"] = str(turned["type"]).lower()
    if turned.get("type") == "type_unspecified":
        del turned["type"]
    for key in ("properties", "$defs"):
        if key in turned:
            turned[key] = {name: from_message(inner) for name, inner in turned[key].items()}
    if "items" in turned:
        turned["items"] = from_message(turned["items"])
    if "anyOf" in turned:
        turned["anyOf"] = [from_message(inner) for inner in turned["anyOf"]]
    for key in ("maxItems", "maxLength", "maxProperties"):
        if not turned.get(key, 1):
            del turned[key]
    return turned


def value(schema: Data, *, hints: Hints, whole: bool = True) -> Any:
    """Return a value for a JSON Schema.

    Args:
        schema: The schema.
        hints: What the prompt offers.
        whole: Fill what is optional too; without it, only what the prompt speaks of.
    """
    return _Maker(schema, hints, whole).make(schema, "", 0)


class _Maker:
    """Makes one value."""

    def __init__(self, root: Data, hints: Hints, whole: bool) -> None:
        self._root = root
        self._hints = hints
        self._whole = whole

    def make(self, schema: Any, name: str, depth: int) -> Any:
        """Return a value for a part of the schema, which is called by a name."""
        if not isinstance(schema, dict) or depth > DEEPEST:
            return self._hints.chance.randint(1, 9) if schema is True else None
        schema = self._resolved(schema, depth)
        if "const" in schema:
            return schema["const"]
        if schema.get("enum"):
            return self._hints.choice(schema["enum"])
        return self._makers[_type(schema)](self, schema, name, depth)

    def _resolved(self, schema: Data, depth: int) -> Data:
        """Return a schema with its references, its parts and one of its alternatives put together."""
        for _ in range(DEEPEST):
            if "$ref" in schema:
                rest = {key: inner for key, inner in schema.items() if key != "$ref"}
                schema = _merged(self._target(schema["$ref"]), rest)
            elif schema.get("allOf"):
                parts = [part for part in schema["allOf"] if isinstance(part, dict)]
                schema = {key: inner for key, inner in schema.items() if key != "allOf"}
                for part in parts:
                    schema = _merged(schema, part)
            elif key := next((key for key in ("anyOf", "oneOf") if schema.get(key)), None):
                rest = {inner: schema[inner] for inner in schema if inner != key}
                schema = _merged(rest, self._chosen(schema[key], depth))
            else:
                break
        return schema

    def _target(self, reference: object) -> Data:
        found: Any = self._root
        for step in str(reference).removeprefix("#").strip("/").split("/"):
            if step and isinstance(found, dict):
                found = found.get(step.replace("~1", "/").replace("~0", "~"))
        if found is None:
            found = self._root.get("$defs", {}).get(str(reference).rpartition("/")[2])
        return found if isinstance(found, dict) else {}

    def _chosen(self, options: list[Any], depth: int) -> Data:
        """Return an alternative: one with a value, and deep down the plainest."""
        schemas = [option for option in options if isinstance(option, dict)]
        valued = [option for option in schemas if option.get("type") != "null"] or schemas
        if depth >= DEEP:
            return min(schemas, key=_complexity, default={})
        return valued[0] if valued else {}

    def _object(self, schema: Data, name: str, depth: int) -> Any:
        properties: Data = schema.get("properties", {})
        required = list(schema.get("required", ()))
        least, most = int(schema.get("minProperties", 0)), int(schema.get("maxProperties", 0))
        order = [*schema.get("propertyOrdering", ()), *required, *properties]
        names = [key for key in dict.fromkeys(order) if key in properties or key in required]
        wanted = [
            key for key in names if key in required or self._takes(properties[key], key, depth)
        ]
        spare = [key for key in names if key not in wanted]
        wanted += spare[: max(0, least - len(wanted))]
        if most and len(wanted) > most:
            kept = [key for key in wanted if key in required]
            wanted = kept + [key for key in wanted if key not in kept][: max(0, most - len(kept))]
        made = {
            key: self.make(properties.get(key, {}), key, depth + 1)
            for key in names
            if key in wanted
        }
        return made | self._additional(schema, least - len(made), depth, filled=bool(properties))

    def _takes(self, schema: Any, name: str, depth: int) -> bool:
        """Tell whether a property that may be left out is filled."""
        if depth >= DEEP:
            return False
        return self._whole or (isinstance(schema, dict) and self._hints.mentions(name))

    def _additional(self, schema: Data, missing: int, depth: int, *, filled: bool) -> Data:
        inner = schema.get("additionalProperties", {})
        free = isinstance(inner, dict) and inner and not filled and self._whole and depth < DEEP
        count = max(missing, 2 if free else 0)
        if inner is False or count <= 0:
            return {}
        if schema.get("maxProperties"):
            count = min(count, int(schema["maxProperties"]))
        return {
            f"item_{number}": self.make(inner, "item", depth + 1) for number in range(1, count + 1)
        }

    def _array(self, schema: Data, name: str, depth: int) -> Any:
        least, most = int(schema.get("minItems", 0)), schema.get("maxItems")
        leading = schema.get("prefixItems", [])
        inner = schema.get("items", {})
        count = least
        if depth < DEEP:
            asked = self._counted(name) if depth <= 1 else None
            count = max(least, asked or 2, len(leading))
        if most is not None:
            count = min(count, int(most))
        count = min(count, 1000)
        if inner is False:
            count = min(count, len(leading))
        items = [self.make(part, name, depth + 1) for part in leading[:count]]
        for _ in range(50 * count):
            if len(items) >= count:
                break
            item = self.make(inner, _single(name), depth + 1)
            if not schema.get("uniqueItems") or item not in items:
                items.append(item)
        return items

    def _counted(self, name: str) -> int | None:
        """Return how many things the prompt asks for: the `5` of `list 5 cookie recipes`."""
        found = re.search(
            r"\b(?:list|name|give(?: me)?|generate|create|write|suggest|provide|invent)(?: me)? (\d{1,3})\b",
            self._hints.said,
            re.IGNORECASE,
        )
        if found is None:
            return None
        self._hints.spend(int(found[1]))
        return int(found[1])

    def _number(self, schema: Data, name: str, depth: int) -> Any:
        whole = _type(schema) == "integer"
        low, high = _bounds(schema, whole)
        step = schema.get("multipleOf")
        found = self._hints.number(name, whole=whole, low=low, high=high)
        if found is not None and (not step or not found % step):
            return found
        if step:
            first = -(-max(low, -1e9) // step) * step
            chosen = first + step * self._hints.chance.randint(0, 5)
            return _whole(chosen if chosen <= high else first)
        floor = low if low > -1e15 else min(high, 1) if high < 1e15 else 1
        ceiling = high if high < 1e15 else max(floor, 100)
        if whole:
            return self._hints.chance.randint(
                int(floor), max(int(floor), int(min(ceiling, floor + 1000)))
            )
        return _whole(
            min(ceiling, max(floor, round(self._hints.chance.uniform(floor, ceiling), 2)))
        )

    def _string(self, schema: Data, name: str, depth: int) -> Any:
        least, most = int(schema.get("minLength", 0)), int(schema.get("maxLength", 1_000_000))
        form = schema.get("pattern")
        if form:
            return self._patterned(str(form), name, least, most)
        if kind := samples.FORMATS.get(str(schema.get("format", ""))):
            return self._formatted(str(schema["format"])) or kind(self._hints.chance)
        said = self._hints.text(name) or self._said(name)
        while len(said) < least:
            said += f" {said}" if said else "a"
        return said[: max(most, least)] if len(said) > most else said[: max(least, len(said))]

    def _formatted(self, form: str) -> str | None:
        """Return what the prompt has in a format, None where that cannot be told."""
        said = self._hints.text(form) if form in samples.RECOGNIZED else None
        return said if said and samples.RECOGNIZED[form].fullmatch(said) else None

    def _said(self, name: str) -> str:
        if not self._whole:
            asked = self._hints.whole(name) or self._hints.proper()
            if asked:
                return asked
        words = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_|-", " ", name).lower().strip()
        about = text.topic(self._hints.said)
        *before, last = words.split() or [""]
        if last in _NAMING and before and before[-1] not in _PEOPLE:
            adjective = self._hints.chance.choice(samples.ADJECTIVES)
            return f"The {adjective} {' '.join(before).title()}"
        known = next(
            (samples.TEXTS[word] for word in (last, *before) if word in samples.TEXTS), None
        )
        if known:
            return self._hints.chance.choice(known).format(about)
        return f"{words} of {about}" if words else about

    def _patterned(self, form: str, name: str, least: int, most: int) -> str:
        """Return a text that matches; the last one tried where none of them does."""
        try:
            compiled = re.compile(form)
        except re.error:
            return self._said(name)[:most]
        tried = self._hints.text(name)
        if tried is not None and compiled.search(tried) and least <= len(tried) <= most:
            return tried
        made = ""
        for stretch in (1, 0, 2, 4, 8, 16, 32, 64, 128):
            for _ in range(8):
                made = patterns.example(form, self._hints.chance, stretch=stretch)
                if least <= len(made) <= most and compiled.search(made):
                    return made
        return made

    def _boolean(self, schema: Data, name: str, depth: int) -> Any:
        said = self._hints.truth(name)
        return self._hints.chance.random() < 0.7 if said is None else said

    def _null(self, schema: Data, name: str, depth: int) -> Any:
        return None

    _makers: dict[str, Callable[..., Any]] = {  # noqa: RUF012  # nobody changes it
        "object": _object,
        "array": _array,
        "string": _string,
        "number": _number,
        "integer": _number,
        "boolean": _boolean,
        "null": _null,
    }


def _type(schema: Data) -> str:
    """Return the type of a schema, guessed from its words where it names none."""
    named = schema.get("type")
    if isinstance(named, list):
        named = next((kind for kind in named if kind != "null"), "null")
    if named in _TYPES:
        return str(named)
    return next((kind for word, kind in _TELLING.items() if word in schema), "string")


_TYPES = frozenset({"object", "array", "string", "number", "integer", "boolean", "null"})
_NAMING = frozenset({"name", "title"})
_PEOPLE = frozenset({"first", "last", "full", "user", "person", "customer", "author", "display"})
_TELLING = {
    "properties": "object",
    "additionalProperties": "object",
    "required": "object",
    "items": "array",
    "prefixItems": "array",
    "minItems": "array",
    "minimum": "number",
    "maximum": "number",
    "multipleOf": "number",
}


def _merged(first: Data, second: Data) -> Data:
    """Return a schema that holds what both ask for."""
    made = first | second
    if "properties" in first and "properties" in second:
        made["properties"] = first["properties"] | second["properties"]
    if "required" in first and "required" in second:
        made["required"] = list(dict.fromkeys([*first["required"], *second["required"]]))
    return made


def _complexity(schema: Data) -> int:
    return {"null": 0, "object": 3, "array": 2}.get(_type(schema), 1) + 4 * ("$ref" in schema)


def _bounds(schema: Data, whole: bool) -> tuple[float, float]:
    low, high = float(schema.get("minimum", "-inf")), float(schema.get("maximum", "inf"))
    step = 1 if whole else 1e-3
    above, below = schema.get("exclusiveMinimum"), schema.get("exclusiveMaximum")
    if above is not None and above is not True and above is not False:
        low = max(low, above + step)
    if below is not None and below is not True and below is not False:
        high = min(high, below - step)
    if whole:
        low = -(-low // 1) if abs(low) < 1e300 else low
        high = high // 1 if abs(high) < 1e300 else high
    return low, high


def _whole(value: float) -> float:
    return int(value) if float(value).is_integer() else value


def _single(name: str) -> str:
    return name[:-1] if name.endswith("s") and not name.endswith("ss") else name
