"""Schemas come from types and from documents, as far as a backend can say them."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import uuid
from typing import Annotated, Any, Literal

import pydantic
import pytest
import typing_extensions
from hypothesis import given
from hypothesis import strategies as st

from gemini_grpc import aiplatform_v1, v1beta
from gemini_grpc.errors import ArgumentError, FieldError
from gemini_grpc.functions.document import JSON_SCHEMA, WORDS
from gemini_grpc.generative.backend import Backend, UnsupportedError
from gemini_grpc.generative.schema import is_type, to_schema

BACKENDS = (Backend(), Backend("v1alpha"), Backend("aiplatform_v1", "p", "l"))
every_backend = pytest.mark.parametrize("backend", BACKENDS, ids=lambda each: each.version)
rich_backend = pytest.mark.parametrize(
    "backend", [BACKENDS[0], BACKENDS[2]], ids=lambda each: each.version
)


def schema(backend: Backend, **fields: Any) -> Any:
    return backend.types.Schema.pb(backend.types.Schema(**fields))


def ordered(backend: Backend, *names: str) -> dict[str, list[str]]:
    """Return the order of properties as a field, where a backend has it."""
    return {"property_ordering": list(names)} if backend.has("Schema", "property_ordering") else {}


@every_backend
def test_words_of_json_are_words_of_the_proto(backend: Backend) -> None:
    written = {
        "type": "object",
        "properties": {
            "maxItems": {"type": "string", "nullable": True, "format": "date-time"},
            "tags": {"type": "array", "items": {"type": "string"}, "maxItems": 3},
        },
        "required": ["tags"],
    }
    kept = {**written, "properties": dict(written["properties"])}  # type: ignore[call-overload]
    expected = schema(
        backend,
        type_="OBJECT",
        properties={
            "maxItems": {"type_": "STRING", "nullable": True, "format_": "date-time"},
            "tags": {"type_": "ARRAY", "items": {"type_": "STRING"}, "max_items": 3},
        },
        required=["tags"],
        **ordered(backend, "maxItems", "tags"),
    )
    assert to_schema(written, backend, "x") == expected
    assert written == kept


@rich_backend
def test_alternatives_and_bounds_are_kept_where_they_are_known(backend: Backend) -> None:
    written = {"anyOf": [{"type": "integer", "minimum": 3}, {"type": "string", "minLength": 2}]}
    made = to_schema(written, backend, "x")
    assert made == schema(
        backend,
        any_of=[{"type_": "INTEGER", "minimum": 3}, {"type_": "STRING", "min_length": 2}],
    )


def test_what_a_document_says_and_a_backend_lacks_is_named() -> None:
    written = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 3}}}
    with pytest.raises(
        UnsupportedError, match=r"x.properties\['n'\].minimum: .*v1alpha has no Schema"
    ):
        to_schema(written, BACKENDS[1], "x")
    with pytest.raises(UnsupportedError, match=r"x.any_of\[0\].type: Vertex AI has no Type.NULL"):
        to_schema(v1beta.Schema(any_of=[{"type_": "NULL"}]), BACKENDS[2], "x")
    with pytest.raises(UnsupportedError, match=r"x.ref: the Gemini API v1beta has no Schema.ref"):
        to_schema(aiplatform_v1.Schema(ref="#/defs/a"), BACKENDS[0], "x")


@every_backend
@pytest.mark.parametrize(
    "document",
    [
        {"type": "object", "properties": {"a": 3}},
        {"type": "array", "items": "string"},
        {"type": "object", "properties": ["a"]},
    ],
)
def test_what_is_no_schema_inside_one_is_named(backend: Backend, document: Any) -> None:
    with pytest.raises(FieldError, match=r"x\.(properties|items)"):
        to_schema(document, backend, "x")


def test_what_a_type_says_and_a_backend_lacks_is_left_out() -> None:
    kind = Annotated[int, pydantic.Field(ge=3)] | str
    made = to_schema(kind, BACKENDS[1], "x")
    assert made == schema(BACKENDS[1], type_="INTEGER")
    assert to_schema(kind, BACKENDS[0], "x").any_of[0].minimum == 3


class Unit(enum.Enum):
    C = "celsius"
    F = "fahrenheit"


class Leaf(pydantic.BaseModel):
    size: int | None = None


class Tree(pydantic.BaseModel):
    leaves: list[Leaf]


@every_backend
def test_what_pydantic_writes_is_understood(backend: Backend) -> None:
    made = to_schema(Tree.model_json_schema(), backend, "x")
    assert made == to_schema(Tree, backend, "x")
    assert made.properties["leaves"].items.properties["size"].nullable


@every_backend
@pytest.mark.parametrize(
    "document",
    [
        {"type": ["string", "null"]},
        {"anyOf": [{"type": "string"}, {"type": "null"}]},
        {"items": {"const": "a"}, "type": "array"},
        {"type": "object", "properties": {"a": {"oneOf": [{"type": "string"}]}}},
        {"type": "object", "additionalProperties": False},
    ],
)
def test_json_schema_is_told_by_what_only_it_says(backend: Backend, document: Any) -> None:
    made = to_schema(document, backend, "x")
    assert made.type_ in (1, 5, 6)


def test_integers_stay_integers() -> None:
    made = to_schema({"type": "integer", "minimum": 1, "maxItems": 2**40}, BACKENDS[0], "x")
    assert (made.type_, made.max_items) == (3, 2**40)


KINDS: list[Any] = [
    *(
        str,
        int,
        float,
        bool,
        type(None),
        Any,
        datetime.date,
        datetime.datetime,
        datetime.time,
        uuid.UUID,
    ),
    *(
        list[str],
        list,
        set[int],
        frozenset[str],
        dict[str, int],
        dict[str, Any],
        dict,
        tuple[int, str],
    ),
    *(
        tuple[int, ...],
        int | None,
        str | int | None,
        int | float,
        Literal["a", "b"],
        Literal[4, 6, 8],
    ),
    *(Literal["a", None], Literal[1, "a"], Unit, Unit | None, Leaf, list[Leaf], dict[str, Leaf]),
    Annotated[int, pydantic.Field(ge=1, le=5)],
    Annotated[float, pydantic.Field(gt=0, description="A share.")],
    Annotated[list[int], pydantic.Field(min_length=1)],
]
"""Types whose values have one form in JSON.

Not so bytes, Decimal, timedelta and enums of numbers: pydantic writes them in another form than dataclasses
and functions are read in, so their schemas differ.
"""
kinds = st.recursive(
    st.sampled_from(KINDS),
    lambda inner: inner.map(lambda kind: list[kind]) | inner.map(lambda kind: kind | None),  # type: ignore[valid-type]
    max_leaves=2,
)
members = st.dictionaries(st.sampled_from(["a", "first_name", "b", "zeta"]), kinds, min_size=1)


@every_backend
@given(members=members, form=st.sampled_from(["model", "dataclass", "TypedDict"]))
def test_a_class_and_its_json_schema_give_the_same_schema(
    backend: Backend, members: dict[str, Any], form: str
) -> None:
    if form == "model":
        cls: Any = pydantic.create_model(
            "M", **{name: (kind, ...) for name, kind in members.items()}
        )
    elif form == "dataclass":
        cls = dataclasses.make_dataclass("D", list(members.items()))
    else:
        cls = typing_extensions.TypedDict("T", members)  # type: ignore[operator]
    made = to_schema(cls, backend, "x")
    assert to_schema(pydantic.TypeAdapter(cls).json_schema(), backend, "x") == made
    if backend.has("Schema", "property_ordering"):
        assert list(made.property_ordering) == list(members)


ANY = {
    "nullable": True,
    "any_of": [{"type_": kind} for kind in ("STRING", "NUMBER", "BOOLEAN", "OBJECT")],
}
ANY["any_of"].append({"type_": "ARRAY", "items": {"type_": "STRING"}})  # type: ignore[attr-defined]
ENUM = {"type_": "STRING", "format_": "enum"}
DOCUMENTS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"enum": [4, 6, 8]}, {"type_": "INTEGER", "description": "One of 4, 6, 8."}),
    ({"type": "integer", "enum": [4, 6]}, {"type_": "INTEGER", "description": "One of 4, 6."}),
    ({"type": "string", "examples": ["a"]}, {"type_": "STRING", "description": 'For example "a".'}),
    (
        {"type": "string", "format": "date"},
        {"type_": "STRING", "description": "A date as 2025-12-31."},
    ),
    ({"type": "STRING", "format": "uuid"}, {"type_": "STRING", "description": "A UUID."}),
    ({"type": "string", "format": "uri"}, {"type_": "STRING", "description": "In the format uri."}),
    ({"type": "integer", "format": "int8"}, {"type_": "INTEGER"}),
    ({"type": "integer", "multipleOf": 5}, {"type_": "INTEGER", "description": "A multiple of 5."}),
    ({"type": "string", "enum": ["a", None]}, {**ENUM, "enum": ["a"], "nullable": True}),
    ({"const": "a"}, {**ENUM, "enum": ["a"]}),
    ({"const": 3}, {"type_": "INTEGER", "description": "One of 3."}),
    ({"enum": []}, ANY),
    ({"type": "array"}, {"type_": "ARRAY", "items": ANY}),
    ({"type": "array", "items": True}, {"type_": "ARRAY", "items": ANY}),
    (
        {"type": "array", "items": {"type": "string"}, "uniqueItems": True},
        {"type_": "ARRAY", "items": {"type_": "STRING"}, "description": "Without repetition."},
    ),
    (
        {"type": "array", "items": [{"type": "string"}, {"type": "integer"}]},
        {
            "type_": "ARRAY",
            "items": {"any_of": [{"type_": "STRING"}, {"type_": "INTEGER"}]},
            "description": "In this order: STRING, INTEGER.",
        },
    ),
    ({"$ref": "#/definitions/A", "definitions": {"A": {"type": "string"}}}, {"type_": "STRING"}),
    (
        {
            "type": "array",
            "items": {"$ref": "#/$defs/a~1b/0"},
            "$defs": {"a/b": [{"type": "string"}]},
        },
        {"type_": "ARRAY", "items": {"type_": "STRING"}},
    ),
    (
        {
            "type": "object",
            "properties": {"b": {"type": "string"}, "a": {"$ref": "#/properties/b"}},
        },
        {
            "type_": "OBJECT",
            "properties": {"a": {"type_": "STRING"}, "b": {"type_": "STRING"}},
            "property_ordering": ["b", "a"],
        },
    ),
    (
        {
            "allOf": [{"$ref": "#/$defs/A"}, {"$ref": "#/$defs/B"}],
            "$defs": {
                "A": {"properties": {"a": {"type": "string"}}, "required": ["a"]},
                "B": {"properties": {"b": {"type": "string"}}, "required": ["b"]},
            },
        },
        {
            "type_": "OBJECT",
            "properties": {"a": {"type_": "STRING"}, "b": {"type_": "STRING"}},
            "property_ordering": ["a", "b"],
            "required": ["a", "b"],
        },
    ),
    (
        {"type": "object", "additionalProperties": {"type": "integer"}},
        {"type_": "OBJECT", "description": "An object whose values are of type INTEGER."},
    ),
    (
        {"type": "object", "required": ["a"]},
        {
            "type_": "OBJECT",
            "required": ["a"],
            "properties": {"a": ANY},
            "property_ordering": ["a"],
        },
    ),
    (
        {"type": "number", "minimum": 3, "exclusiveMinimum": True},
        {"type_": "NUMBER", "minimum": 3},
    ),
    ({"anyOf": [{"const": None}, {"type": "string"}]}, {"type_": "STRING", "nullable": True}),
    (
        {"any_of": [{"type": "STRING"}, {"type": "string", "format": "date"}], "nullable": True},
        {
            "any_of": [
                {"type_": "STRING"},
                {"type_": "STRING", "description": "A date as 2025-12-31."},
            ],
            "nullable": True,
        },
    ),
    (
        {
            "type": "object",
            "properties": {"a": {"title": "How far", "type": "string", "default": "x"}},
        },
        {
            "type_": "OBJECT",
            "properties": {"a": {"type_": "STRING", "title": "How far"}},
            "property_ordering": ["a"],
        },
    ),
]


@rich_backend
@pytest.mark.parametrize(("document", "expected"), DOCUMENTS, ids=str)
def test_a_json_schema_becomes_what_the_service_takes(
    backend: Backend, document: Any, expected: Any
) -> None:
    assert to_schema(document, backend, "x") == schema(backend, **expected)


def test_properties_keep_the_order_of_the_dictionary_in_every_object() -> None:
    inner = {"type": "object", "properties": {"z": {"type": "string"}, "a": {"type": "string"}}}
    given = {**inner, "properties": {"c": inner, "b": {**inner, "propertyOrdering": ["a", "z"]}}}
    for document in (given, {"$defs": {}, **given}):
        for backend in (BACKENDS[0], BACKENDS[2]):
            made = to_schema(document, backend, "x")
            assert list(made.property_ordering) == ["c", "b"]
            assert list(made.properties["c"].property_ordering) == ["z", "a"]
            assert list(made.properties["b"].property_ordering) == ["a", "z"]


@every_backend
@pytest.mark.parametrize(
    ("document", "text"),
    [
        ({"$ref": "#"}, "the document contains itself.* response_json_schema or parameters_json"),
        (
            {
                "$ref": "#/$defs/T",
                "$defs": {"T": {"type": "array", "items": {"$ref": "#/$defs/T"}}},
            },
            "T contains itself.* response_json_schema or parameters_json_schema",
        ),
        ({"$ref": "https://example.com/a.json"}, "the reference 'https.* leads nowhere"),
        ({"type": ["strin"]}, "type is 'strin'; did you mean 'string'"),
        ({"allOf": {"type": "string"}}, "allOf: expected a list, got dict"),
        ({"anyOf": "x", "$defs": {}}, "anyOf: expected a list, got str"),
        ({"enum": 3, "$defs": {}}, "enum: expected a list, got int"),
        ({"type": "string", "minLength": "x", "$defs": {}}, "no JSON Schema that can be read"),
        (
            {"properties": {"a": {"properties": {"b": {"$ref": "#/x"}}}}},
            r"properties\['a'\]\.properties\['b'\]: the reference",
        ),
    ],
)
def test_what_is_no_json_schema_is_named(backend: Backend, document: Any, text: str) -> None:
    with pytest.raises(ArgumentError, match=f"^x: .*{text}"):
        to_schema(document, backend, "x")


@pytest.mark.parametrize("marks", [{}, {"$defs": {}}])
def test_a_schema_that_is_too_deep_is_refused(marks: dict[str, Any]) -> None:
    document: dict[str, Any] = {"type": "string"}
    for _ in range(3000):
        document = {"type": "array", "items": document}
    with pytest.raises(ArgumentError, match=r"^x: .*nested too deeply"):
        to_schema(document | marks, BACKENDS[0], "x")


def test_the_words_of_schema_are_the_fields_of_all_versions() -> None:
    fields = {
        name.rstrip("_")
        for backend in BACKENDS
        for name in backend.pb("Schema").DESCRIPTOR.fields_by_name
    }
    assert fields == WORDS
    assert not WORDS & JSON_SCHEMA


@pytest.mark.parametrize("value", [None, "int", 3, {"type": "STRING"}, [], v1beta.Schema()])
def test_values_are_no_types(value: Any) -> None:
    assert not is_type(value)
