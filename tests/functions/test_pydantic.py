"""Models of pydantic: schema, conversion, results."""

from __future__ import annotations

import datetime
import decimal
import enum
import uuid
from typing import Annotated, Any, Literal

import pydantic
import pytest
from pydantic import BaseModel, ConfigDict, Field

from gemini_grpc import errors
from gemini_grpc.functions import Function, MisfitError, convert, parse, response_of, schema_of

ANYTHING = schema_of(Any)


class Unit(enum.Enum):
    C = "celsius"
    F = "fahrenheit"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Place(BaseModel):
    """Where it is."""

    city: str = Field(description="The name.", min_length=1, pattern="^[A-Z]")
    unit: Unit = Unit.C


class Order(BaseModel):
    count: int = Field(ge=1, lt=10)
    share: float = Field(default=0.5, gt=0, le=1)
    places: list[Place] = Field(default=[], max_length=3)
    home: Place | None = None
    note: str | None = None
    when: datetime.datetime | None = None
    day: datetime.date = Field(default=datetime.date(2025, 1, 1), description="When.")
    key: Literal["a"] = "a"
    size: Literal[1, 2.5, "x"] | None = 1
    level: Level = Level.LOW
    options: dict[str, int] = {}
    free: dict[str, Any] = {}
    anything: Any = None
    pair: tuple[int, str] = (1, "a")
    things: list[Any] = []
    many: int | str = 1
    never: None = None


PLACE = {
    "type": "OBJECT",
    "description": "Where it is.",
    "properties": {
        "city": {
            "type": "STRING",
            "description": "The name.",
            "min_length": 1,
            "pattern": "^[A-Z]",
        },
        "unit": {"type": "STRING", "format": "enum", "enum": ["celsius", "fahrenheit"]},
    },
    "property_ordering": ["city", "unit"],
    "required": ["city"],
}


def test_a_model_has_a_schema_without_references() -> None:
    schema = schema_of(Order)
    assert schema["required"] == ["count"]
    assert schema["property_ordering"] == list(Order.model_fields)
    null = {"type": "STRING", "nullable": True, "description": "Always null."}
    assert schema["properties"] == {
        "count": {"type": "INTEGER", "minimum": 1, "maximum": 9},
        "share": {"type": "NUMBER", "minimum": 0, "maximum": 1},
        "places": {"type": "ARRAY", "items": PLACE, "max_items": 3},
        "home": {**PLACE, "nullable": True},
        "note": {"type": "STRING", "nullable": True},
        "when": {"type": "STRING", "format": "date-time", "nullable": True},
        "day": {"type": "STRING", "description": "When. (a date as 2025-12-31)"},
        "key": {"type": "STRING", "format": "enum", "enum": ["a"]},
        "size": {
            "any_of": [{"type": "NUMBER"}, {"type": "STRING"}],
            "description": 'One of 1, 2.5, "x".',
            "nullable": True,
        },
        "level": {"type": "INTEGER", "description": "One of 1, 2."},
        "options": {"type": "OBJECT", "description": "An object whose values are of type INTEGER."},
        "free": {"type": "OBJECT"},
        "anything": ANYTHING,
        "pair": {
            "type": "ARRAY",
            "items": {"any_of": [{"type": "INTEGER"}, {"type": "STRING"}]},
            "min_items": 2,
            "max_items": 2,
            "description": "In this order: INTEGER, STRING.",
        },
        "things": {"type": "ARRAY", "items": ANYTHING},
        "many": {"any_of": [{"type": "INTEGER"}, {"type": "STRING"}]},
        "never": null,
    }


def with_schema(document: dict[str, Any]) -> Any:
    """Return a class whose JSON Schema is a document."""

    class Special(BaseModel):
        @classmethod
        def __get_pydantic_json_schema__(cls, core: Any, handler: Any) -> dict[str, Any]:
            return document

    return Special


@pytest.mark.parametrize(
    ("document", "schema"),
    [
        ({"type": ["string", "null"], "format": "uri"}, {"type": "STRING", "description": "In the format uri.", "nullable": True}),
        ({"allOf": [{"type": "integer"}, {"minimum": 1}], "description": "n"}, {"type": "INTEGER", "minimum": 1, "description": "n"}),
        ({"anyOf": [{"type": "null"}]}, {"type": "STRING", "nullable": True, "description": "Always null."}),
        ({"oneOf": [{"type": "integer"}, {"type": "integer"}]}, {"type": "INTEGER"}),
        ({"enum": ["a", None]}, {"type": "STRING", "format": "enum", "enum": ["a"], "nullable": True}),
        ({"enum": [None]}, {"type": "STRING", "nullable": True, "description": "Always null."}),
        ({"const": None}, {"type": "STRING", "nullable": True, "description": "Always null."}),
        ({"enum": ["", "a"]}, {"type": "STRING", "description": 'One of "", "a".'}),
        ({"type": "boolean"}, {"type": "BOOLEAN"}),
        ({"type": "object", "additionalProperties": False}, {"type": "OBJECT"}),
        ({"type": "object", "additionalProperties": {}}, {"type": "OBJECT"}),
        ({"type": "array", "items": True}, {"type": "ARRAY", "items": ANYTHING}),
        ({}, ANYTHING),
    ],
)  # fmt: skip
def test_json_schema_is_put_into_the_words_of_the_proto(
    document: dict[str, Any], schema: dict[str, Any]
) -> None:
    assert schema_of(with_schema(document)) == schema


class Tree(BaseModel):
    children: list[Tree] = []


def test_a_model_that_contains_itself_is_named() -> None:
    with pytest.raises(errors.ArgumentError, match="Tree contains itself"):
        schema_of(Tree)
    assert convert({"children": [{}]}, Tree) == Tree(children=[Tree()])


class Opaque(BaseModel):
    model_config = ConfigDict(arbitrary_types_allowed=True)
    thing: complex | object
    call: Any = Field(default=None)
    stream: memoryview


def test_a_model_without_json_schema_is_an_argument_error() -> None:
    with pytest.raises(errors.ArgumentError, match="Opaque has no JSON Schema"):
        schema_of(Opaque)


class Strict(BaseModel):
    model_config = ConfigDict(strict=True)
    count: int
    when: datetime.date
    key: uuid.UUID
    price: decimal.Decimal


def test_whole_floats_and_texts_fit_a_strict_model() -> None:
    value = {"count": 3.0, "when": "2025-01-02", "key": str(uuid.UUID(int=1)), "price": "1.1"}
    made = convert(value, Strict)
    assert made.count == 3
    assert type(made.count) is int
    assert made.when == datetime.date(2025, 1, 2)


def test_models_are_found_inside_other_types() -> None:
    assert convert([{"city": "Oslo"}], list[Place]) == [Place(city="Oslo")]
    assert parse('{"city": "Oslo", "unit": "fahrenheit"}', Place).unit is Unit.F


@pytest.mark.parametrize(
    ("value", "annotation", "path", "text"),
    [
        ({}, Place, "city", "expected a valid Place, got an empty object: Field required"),
        ({"city": "oslo"}, Place, "city", "String should match pattern"),
        ([{"city": "Oslo", "unit": "K"}], list[Place], "[0].unit", "'celsius' or 'fahrenheit'"),
        ({"count": 1, "places": [{"city": 1}]}, Order, "places[0].city", "the number 1"),
        ({"city": object()}, Place, "", "expected a valid Place, got an object with city"),
    ],
)
def test_what_pydantic_refuses_is_a_misfit(
    value: object, annotation: Any, path: str, text: str
) -> None:
    with pytest.raises(MisfitError) as caught:
        convert(value, annotation)
    assert caught.value.path == path
    assert text in str(caught.value)


@pydantic.dataclasses.dataclass
class Checked:
    count: int = Field(ge=1)


def test_a_dataclass_of_pydantic_is_checked_by_pydantic() -> None:
    assert schema_of(Checked)["properties"] == {"count": {"type": "INTEGER", "minimum": 1}}
    assert convert({"count": 2.0}, Checked) == Checked(2)
    with pytest.raises(MisfitError, match="count: expected a valid Checked"):
        convert({"count": 0}, Checked)
    assert response_of(Checked(2)) == {"count": 2}


class Words(pydantic.RootModel[list[str]]):
    pass


def test_a_root_model_is_what_it_holds() -> None:
    assert schema_of(Words) == {"type": "ARRAY", "items": {"type": "STRING"}}
    assert convert(["a"], Words).root == ["a"]
    assert response_of(Words(["a"])) == {"result": ["a"]}


def test_models_are_responses() -> None:
    assert response_of(Place(city="Oslo")) == {"city": "Oslo", "unit": "celsius"}
    assert response_of([Place(city="Oslo")]) == {"result": [{"city": "Oslo", "unit": "celsius"}]}


def test_a_model_with_half_of_a_surrogate_pair_is_told() -> None:
    with pytest.raises(errors.ArgumentError, match=r"result\.anything cannot be JSON"):
        response_of(Order(count=1, anything="half \ud83d"))


def test_an_integer_of_a_model_that_a_double_cannot_hold_is_a_text() -> None:
    assert response_of(Order(count=1, anything=2**53 + 1))["anything"] == "9007199254740993"


def test_a_model_with_something_else_inside_is_told() -> None:
    with pytest.raises(errors.ArgumentError, match="result cannot be JSON"):
        response_of(Order(count=1, anything=object()))


def book(nights: Annotated[int, Field(ge=1, description="How many.")], place: Place) -> None:
    """Book a room.

    Args:
        nights: Not this.
        place: Where to sleep.
    """


def test_fields_are_read_in_signatures() -> None:
    function = Function.of(book)
    assert function.declaration()["parameters"]["properties"] == {
        "nights": {"type": "INTEGER", "minimum": 1, "description": "How many."},
        "place": {**PLACE, "description": "Where to sleep."},
    }
    bound = function.bind({"nights": 2.0, "place": {"city": "Oslo"}})
    assert bound == {"nights": 2, "place": Place(city="Oslo")}
