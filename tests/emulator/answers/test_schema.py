"""Values satisfy their schema and take from the prompt what it says."""

from __future__ import annotations

import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gemini_grpc.emulator import text
from gemini_grpc.emulator.answers import schema
from gemini_grpc.emulator.answers.hints import Hints

TYPES = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
}


def make(form: dict[str, Any], said: str = "Tell me about rain", *, whole: bool = True) -> Any:
    return schema.value(form, hints=Hints(said, text.seeded(said)), whole=whole)


def check(form: dict[str, Any], value: Any) -> None:
    """Fail when a value does not satisfy a schema of the plain kinds."""
    kind = form["type"]
    if kind in {"integer", "number"}:
        assert isinstance(value, int | float)
        assert not isinstance(value, bool)
        assert kind == "number" or value == int(value)
        assert form.get("minimum", value) <= value <= form.get("maximum", value)
        assert not value % form.get("multipleOf", 1) or kind == "number"
        return
    assert isinstance(value, TYPES[kind])
    if "enum" in form:
        assert value in form["enum"]
    elif kind == "string":
        assert form.get("minLength", 0) <= len(value) <= form.get("maxLength", len(value))
    if kind == "array":
        assert form.get("minItems", 0) <= len(value) <= form.get("maxItems", len(value))
        for item in value:
            check(form["items"], item)
    if kind == "object":
        assert set(form.get("required", ())) <= set(value)
        for key, inner in value.items():
            check(form["properties"][key], inner)


def _leaves() -> st.SearchStrategy[dict[str, Any]]:
    bounds = st.integers(-1000, 1000)
    sizes = st.integers(0, 30)
    return st.one_of(
        st.fixed_dictionaries({"type": st.sampled_from(["boolean", "null", "string", "integer"])}),
        st.builds(
            lambda kind, low, extent: {"type": kind, "minimum": low, "maximum": low + extent},
            st.sampled_from(["integer", "number"]),
            bounds,
            sizes,
        ),
        st.builds(
            lambda low, extent: {"type": "string", "minLength": low, "maxLength": low + extent},
            sizes,
            sizes,
        ),
        st.builds(
            lambda options: {"type": "string", "enum": options},
            st.lists(st.text(max_size=8), min_size=1, max_size=4),
        ),
    )


def _nested(inner: st.SearchStrategy[dict[str, Any]]) -> st.SearchStrategy[dict[str, Any]]:
    arrays = st.builds(
        lambda items, low, extent: {
            "type": "array",
            "items": items,
            "minItems": low,
            "maxItems": low + extent,
        },
        inner,
        st.integers(0, 3),
        st.integers(0, 3),
    )
    objects = st.builds(
        lambda properties, every: {
            "type": "object",
            "properties": properties,
            "required": sorted(properties)[:: 1 if every else 2],
        },
        st.dictionaries(st.text("abcdefgh_", min_size=1, max_size=8), inner, max_size=4),
        st.booleans(),
    )
    return arrays | objects


@settings(max_examples=150, deadline=None)
@given(
    form=st.recursive(_leaves(), _nested, max_leaves=12),
    said=st.text(max_size=60) | st.just("multiply 3 by -4.5 for 'Bob' in San Francisco, CA"),
    whole=st.booleans(),
)
def test_any_value_satisfies_its_schema(form: dict[str, Any], said: str, whole: bool) -> None:
    check(form, make(form, said, whole=whole))


def test_a_schema_message_is_read_as_json_schema() -> None:
    form = schema.from_message(
        {
            "type": "OBJECT",
            "properties": {
                "tags": {
                    "type": "ARRAY",
                    "items": {"type": "STRING"},
                    "min_items": 3,
                    "max_items": 3,
                }
            },
            "property_ordering": ["tags"],
            "any_of": [{"type": "OBJECT"}],
        }
    )
    assert len(make(form)["tags"]) == 3


def test_members_come_in_the_order_that_is_asked_for() -> None:
    names = ["zebra", "apple", "mango"]
    form = {
        "type": "object",
        "properties": {name: {"type": "string"} for name in sorted(names)},
        "propertyOrdering": names,
    }
    assert list(make(form)) == names


def test_references_alternatives_and_parts_are_resolved() -> None:
    form = {
        "$ref": "#/$defs/pet",
        "$defs": {
            "pet": {
                "allOf": [
                    {
                        "type": "object",
                        "properties": {"name": {"type": "string"}},
                        "required": ["name"],
                    },
                    {"properties": {"kind": {"const": "cat"}}, "required": ["kind"]},
                ],
                "properties": {"owner": {"anyOf": [{"type": "null"}, {"type": "integer"}]}},
            }
        },
    }
    value = make(form)
    assert value["kind"] == "cat"
    assert isinstance(value["name"], str)
    assert isinstance(value["owner"], int)


def test_a_recursive_schema_ends() -> None:
    tree = {
        "type": "object",
        "properties": {
            "value": {"type": "integer"},
            "children": {"type": "array", "items": {"$ref": "#"}},
            "next": {"$ref": "#"},
        },
        "required": ["value", "children"],
    }
    assert set(make(tree)) == {"value", "children", "next"}


@pytest.mark.parametrize(
    "form",
    [
        {"type": "string", "pattern": r"^[A-Z]{3}-\d{2,4}$"},
        {"type": "string", "pattern": "^a+$", "minLength": 20},
        {"type": "string", "pattern": r"^\d+$", "maxLength": 2},
    ],
)
def test_patterns_and_lengths_hold_together(form: dict[str, Any]) -> None:
    value = make(form)
    assert re.search(form["pattern"], value)
    assert form.get("minLength", 0) <= len(value) <= form.get("maxLength", 100)


@pytest.mark.parametrize(
    ("form", "check"),
    [
        ("date", r"\d{4}-\d\d-\d\d"),
        ("date-time", r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ"),
        ("email", r"[\w.]+@[\w.]+"),
        ("uuid", r"[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}"),
        ("uri", r"https://\S+"),
    ],
)
def test_formats_are_kept(form: str, check: str) -> None:
    assert re.fullmatch(check, make({"type": "string", "format": form}, "tomorrow at 'noon'"))


def test_other_words_of_json_schema_are_kept() -> None:
    assert make({"type": "integer", "multipleOf": 7, "minimum": 20}) % 7 == 0
    assert 1 < make({"type": "integer", "exclusiveMinimum": 1, "exclusiveMaximum": 3}) < 3
    unique = make(
        {"type": "array", "items": {"enum": [1, 2, 3]}, "minItems": 3, "uniqueItems": True}
    )
    assert sorted(unique) == [1, 2, 3]
    assert make(
        {"type": "array", "prefixItems": [{"const": 1}, {"const": "a"}], "items": False}
    ) == [1, "a"]
    assert make({"type": ["null", "boolean"]}) in {True, False}
    numbers = make(
        {"type": "object", "additionalProperties": {"type": "integer"}, "minProperties": 3}
    )
    assert len(numbers) == 3
    assert all(isinstance(number, int) for number in numbers.values())


@pytest.mark.parametrize(
    ("said", "properties", "expected"),
    [
        (
            "What is the weather in San Francisco, CA?",
            {"location": "string"},
            {"location": "San Francisco, CA"},
        ),
        ("What is the value of magic_function(3)?", {"_input": "integer"}, {"_input": 3}),
        ("multiply 3 by 4.5", {"a": "number", "b": "number"}, {"a": 3, "b": 4.5}),
        (
            "Create a customer named '你好啊集团'",
            {"customer_name": "string"},
            {"customer_name": "你好啊集团"},
        ),
        ("search for the best pizza in Rome", {"query": "string"}, {"query": "best pizza in Rome"}),
        ("Mail ada@example.com", {"email": "string"}, {"email": "ada@example.com"}),
        ("set b=2 and a=1", {"a": "integer", "b": "integer"}, {"a": 1, "b": 2}),
        (
            "lights off, without sound",
            {"lights": "boolean", "sound": "boolean"},
            {"lights": False, "sound": False},
        ),
        (
            "from Paris to Oslo",
            {"origin": "string", "destination": "string"},
            {"origin": "Paris", "destination": "Oslo"},
        ),
        ("What is 3 + 4?", {"expression": "string"}, {"expression": "3 + 4"}),
    ],
)
def test_arguments_come_from_the_prompt(
    said: str, properties: dict[str, str], expected: dict[str, Any]
) -> None:
    form = {
        "type": "object",
        "properties": {name: {"type": kind} for name, kind in properties.items()},
        "required": list(properties),
    }
    assert make(form, said, whole=False) == expected


def test_what_is_optional_is_only_filled_when_it_is_spoken_of() -> None:
    form = {
        "type": "object",
        "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
        "required": ["city"],
    }
    assert make(form, "weather in Oslo", whole=False) == {"city": "Oslo"}
    assert make(form, "weather in Oslo for 3 days", whole=False) == {"city": "Oslo", "days": 3}
