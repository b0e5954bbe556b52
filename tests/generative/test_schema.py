"""Schemas come from types and from documents, as far as a backend can say them."""

from __future__ import annotations

from typing import Annotated, Any

import pydantic
import pytest

from gemini_grpc import aiplatform_v1, v1beta
from gemini_grpc.errors import FieldError
from gemini_grpc.generative.backend import Backend, UnsupportedError
from gemini_grpc.generative.schema import is_type, to_schema

BACKENDS = (Backend(), Backend("v1alpha"), Backend("aiplatform_v1", "p", "l"))
every_backend = pytest.mark.parametrize("backend", BACKENDS, ids=lambda each: each.version)
rich_backend = pytest.mark.parametrize(
    "backend", [BACKENDS[0], BACKENDS[2]], ids=lambda each: each.version
)


def schema(backend: Backend, **fields: Any) -> Any:
    return backend.types.Schema.pb(backend.types.Schema(**fields))


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


@pytest.mark.parametrize("value", [None, "int", 3, {"type": "STRING"}, [], v1beta.Schema()])
def test_values_are_no_types(value: Any) -> None:
    assert not is_type(value)
