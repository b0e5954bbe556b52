"""The Schema of every kind of annotation."""

from __future__ import annotations

import collections
import collections.abc
import dataclasses
import datetime
import decimal
import enum
import re
import typing
import uuid
from typing import (
    Annotated,
    Any,
    Generic,
    Literal,
    NamedTuple,
    NewType,
    Optional,
    TypedDict,
    TypeVar,
)

import annotated_types
import pytest
import typing_extensions

from gemini_grpc import errors
from gemini_grpc.functions import narrow, schema_of

T = TypeVar("T")
B = TypeVar("B", bound=int)
C = TypeVar("C", str, int)

ANYTHING = {
    "any_of": [
        {"type": "STRING"},
        {"type": "NUMBER"},
        {"type": "BOOLEAN"},
        {"type": "OBJECT"},
        {"type": "ARRAY", "items": {"type": "STRING"}},
    ],
    "nullable": True,
}
STRING = {"type": "STRING"}
INTEGER = {"type": "INTEGER"}
NUMBER = {"type": "NUMBER"}
NULL = {"type": "STRING", "nullable": True, "description": "Always null."}
STRINGS = {"type": "ARRAY", "items": STRING}
TABLE = {"type": "OBJECT", "description": "An object whose values are of type INTEGER."}


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


class Mixed(enum.Enum):
    NONE = ""
    SOME = "some"


class Empty(enum.Enum):
    pass


UserId = NewType("UserId", int)
Row = typing_extensions.TypeAliasType("Row", list[T], type_params=(T,))
Maybe = typing_extensions.TypeAliasType("Maybe", int | None)
Several = typing_extensions.TypeAliasType("Several", int | str)
Json = typing_extensions.TypeAliasType("Json", "dict[str, Json]")


@dataclasses.dataclass
class Point:
    """A place on the map.

    Attributes:
        lat: Degrees north.
        lon: Degrees east.
    """

    lat: float
    lon: float
    label: str = ""
    tags: list[str] = dataclasses.field(default_factory=list, metadata={"description": "Words."})
    cached: int = dataclasses.field(default=0, init=False)


POINT = {
    "type": "OBJECT",
    "description": "A place on the map.",
    "properties": {
        "lat": {"type": "NUMBER", "description": "Degrees north."},
        "lon": {"type": "NUMBER", "description": "Degrees east."},
        "label": STRING,
        "tags": {**STRINGS, "description": "Words."},
    },
    "property_ordering": ["lat", "lon", "label", "tags"],
    "required": ["lat", "lon"],
}


@dataclasses.dataclass
class Undocumented:
    x: int


UNDOCUMENTED = {
    "type": "OBJECT",
    "properties": {"x": INTEGER},
    "property_ordering": ["x"],
    "required": ["x"],
}


class Settings(TypedDict, total=False):
    """How to do it."""

    speed: typing.Required[int]
    mode: Literal["a", "b"]
    deep: typing_extensions.Required[typing_extensions.ReadOnly[str]]


class Total(TypedDict):
    must: int
    may: typing.NotRequired[str]


class Pair(NamedTuple):
    left: int
    right: str = "r"


Loose = collections.namedtuple("Loose", ["x", "y"])


@dataclasses.dataclass
class Box(Generic[T]):
    content: T
    others: list[T]
    several: Box[int] | None = None


@dataclasses.dataclass
class Shelf(Generic[T]):
    content: T


@dataclasses.dataclass
class Node:
    value: int
    children: list[Node]


@dataclasses.dataclass
class Broken:
    good: int
    bad: complex


@dataclasses.dataclass
class Nothing:
    pass


@pytest.mark.parametrize(
    ("annotation", "schema"),
    [
        (str, STRING),
        (int, INTEGER),
        (float, NUMBER),
        (bool, {"type": "BOOLEAN"}),
        (None, NULL),
        (type(None), NULL),
        (Any, ANYTHING),
        (object, ANYTHING),
        (bytes, {"type": "STRING", "description": "Bytes in base64."}),
        (uuid.UUID, {"type": "STRING", "description": "A UUID."}),
        (decimal.Decimal, {"type": "STRING", "description": "A decimal number as text."}),
        (datetime.datetime, {"type": "STRING", "format": "date-time"}),
        (datetime.date, {"type": "STRING", "description": "A date as 2025-12-31."}),
        (datetime.time, {"type": "STRING", "description": "A time of day as 23:59:00."}),
        (datetime.timedelta, {"type": "NUMBER", "description": "A duration in seconds."}),
        (list[str], STRINGS),
        (list, {"type": "ARRAY", "items": ANYTHING}),
        (typing.List[str], STRINGS),  # noqa: UP006
        (collections.abc.Sequence[str], STRINGS),
        (typing.Iterable[str], STRINGS),
        (collections.deque[str], STRINGS),
        (tuple[str, ...], STRINGS),
        (tuple, {"type": "ARRAY", "items": ANYTHING}),
        (set[str], {**STRINGS, "description": "Without repetition."}),
        (frozenset[str], {**STRINGS, "description": "Without repetition."}),
        (
            tuple[str, int, str],
            {
                "type": "ARRAY",
                "items": {"any_of": [STRING, INTEGER]},
                "min_items": 3,
                "max_items": 3,
                "description": "In this order: STRING, INTEGER, STRING.",
            },
        ),
        (
            tuple[int, int],
            {
                "type": "ARRAY",
                "items": INTEGER,
                "min_items": 2,
                "max_items": 2,
                "description": "In this order: INTEGER, INTEGER.",
            },
        ),
        (dict[str, int], TABLE),
        (collections.abc.Mapping[str, int], TABLE),
        (
            dict[str, int | str],
            {
                "type": "OBJECT",
                "description": "An object whose values are of type INTEGER or STRING.",
            },
        ),
        (dict[Any, int], TABLE),
        (Optional[int], {**INTEGER, "nullable": True}),  # noqa: UP045
        (int | None, {**INTEGER, "nullable": True}),
        (int | str, {"any_of": [INTEGER, STRING]}),
        (int | str | None, {"any_of": [INTEGER, STRING], "nullable": True}),
        (int | float, NUMBER),
        (int | Any, ANYTHING),
        (
            Annotated[int | str, "x"] | None,
            {"any_of": [INTEGER, STRING], "description": "x", "nullable": True},
        ),
        (
            Row[int | None] | None,
            {"type": "ARRAY", "items": {**INTEGER, "nullable": True}, "nullable": True},
        ),
        (Literal["a", "b"], {"type": "STRING", "format": "enum", "enum": ["a", "b"]}),
        (Literal[1, 4], {**INTEGER, "description": "One of 1, 4."}),
        (
            Literal[False, Color.RED],
            {"any_of": [{"type": "BOOLEAN"}, STRING], "description": 'One of false, "red".'},
        ),
        (Literal["a", None], {"type": "STRING", "format": "enum", "enum": ["a"], "nullable": True}),
        (Literal[None], NULL),
        (typing.Optional[Literal[None]], NULL),  # noqa: UP045
        (
            Literal["a"] | Literal["b"] | int | None,
            {
                "any_of": [
                    {"type": "STRING", "format": "enum", "enum": ["a"]},
                    {"type": "STRING", "format": "enum", "enum": ["b"]},
                    INTEGER,
                ],
                "nullable": True,
            },
        ),
        (Color, {"type": "STRING", "format": "enum", "enum": ["red", "blue"]}),
        (Level, {"type": "STRING", "format": "enum", "enum": ["LOW", "HIGH"]}),
        (Mixed, {"type": "STRING", "format": "enum", "enum": ["NONE", "SOME"]}),
        (UserId, INTEGER),
        (Row[str], STRINGS),
        (Row[Row[str]], {"type": "ARRAY", "items": STRINGS}),
        (Maybe | str, {"any_of": [INTEGER, STRING], "nullable": True}),
        (Several | None, {"any_of": [INTEGER, STRING], "nullable": True}),
        (T, ANYTHING),
        (B, INTEGER),
        (C, {"any_of": [STRING, INTEGER]}),
        (Point, POINT),
        (Undocumented, UNDOCUMENTED),
        (Nothing, {"type": "OBJECT"}),
        (Annotated[Point, "Where to."], {**POINT, "description": "Where to."}),
        (
            Annotated[Point | None, "Where to."],
            {**POINT, "description": "Where to.", "nullable": True},
        ),
        (
            Settings,
            {
                "type": "OBJECT",
                "description": "How to do it.",
                "properties": {
                    "speed": INTEGER,
                    "mode": {"type": "STRING", "format": "enum", "enum": ["a", "b"]},
                    "deep": STRING,
                },
                "property_ordering": ["speed", "mode", "deep"],
                "required": ["speed", "deep"],
            },
        ),
        (
            Total,
            {
                "type": "OBJECT",
                "properties": {"must": INTEGER, "may": STRING},
                "property_ordering": ["must", "may"],
                "required": ["must"],
            },
        ),
        (
            Pair,
            {
                "type": "OBJECT",
                "properties": {"left": INTEGER, "right": STRING},
                "property_ordering": ["left", "right"],
                "required": ["left"],
            },
        ),
        (
            Loose,
            {
                "type": "OBJECT",
                "properties": {"x": ANYTHING, "y": ANYTHING},
                "property_ordering": ["x", "y"],
                "required": ["x", "y"],
            },
        ),
        (
            Shelf[Shelf[int]],
            {
                "type": "OBJECT",
                "properties": {
                    "content": {
                        "type": "OBJECT",
                        "properties": {"content": INTEGER},
                        "property_ordering": ["content"],
                        "required": ["content"],
                    }
                },
                "property_ordering": ["content"],
                "required": ["content"],
            },
        ),
        (Annotated[int, "How many."], {**INTEGER, "description": "How many."}),
        (
            Annotated[datetime.timedelta, "How long."],
            {**NUMBER, "description": "How long. (a duration in seconds)"},
        ),
        (
            Annotated[int, typing_extensions.Doc("How many.")],
            {**INTEGER, "description": "How many."},
        ),
        (Annotated[int, object()], INTEGER),
        (
            Annotated[Annotated[int, annotated_types.Ge(1)], "n"],
            {**INTEGER, "minimum": 1, "description": "n"},
        ),
        (
            Annotated[int, annotated_types.Interval(ge=1, le=5)],
            {**INTEGER, "minimum": 1, "maximum": 5},
        ),
        (
            Annotated[int, annotated_types.Interval(gt=1, lt=5)],
            {**INTEGER, "minimum": 2, "maximum": 4},
        ),
        (
            Annotated[int, annotated_types.Interval(ge=4, gt=1, lt=9.5, le=7)],
            {**INTEGER, "minimum": 4, "maximum": 7},
        ),
        (
            Annotated[float, annotated_types.Interval(gt=0, lt=1)],
            {**NUMBER, "minimum": 0, "maximum": 1},
        ),
        (Annotated[str, annotated_types.Len(1, 5)], {**STRING, "min_length": 1, "max_length": 5}),
        (Annotated[list[str], annotated_types.MinLen(1)], {**STRINGS, "min_items": 1}),
        (Annotated[dict[str, int], annotated_types.MaxLen(3)], {**TABLE, "max_properties": 3}),
        (
            Annotated[datetime.date, annotated_types.Ge(datetime.date(2020, 1, 1))],
            {"type": "STRING", "description": "A date as 2025-12-31."},
        ),
        (Annotated[int | str, annotated_types.Ge(1)], {"any_of": [INTEGER, STRING]}),
    ],
)
def test_annotations_have_a_schema(annotation: Any, schema: dict[str, Any]) -> None:
    assert schema_of(annotation) == schema


class Bounds:
    """Metadata of one's own, recognized by its attributes."""

    pattern = re.compile("^a")
    metadata = "of another kind"
    min_length = "not a number"


def test_metadata_is_recognized_by_its_attributes() -> None:
    assert schema_of(Annotated[str, Bounds()]) == {"type": "STRING", "pattern": "^a"}


class Celsius(float):
    pass


@pytest.mark.parametrize(
    ("annotation", "text"),
    [
        (complex, "the annotation complex cannot be used; accepted are str, int"),
        (Celsius, "the annotation Celsius cannot be used"),
        (list[complex], "the annotation complex"),
        ("int", "the annotation 'int' is a string"),
        (typing.List["int"], "ForwardRef('int') is a string"),  # noqa: UP006
        (list["int"], "the annotation 'int' is a string"),
        (collections.abc.Callable[[], int], "the annotation Callable"),
        (dict[int, str], "dictionary with keys of int cannot be used"),
        (dict[int, str], "expected dict[str, str]"),
        (Node, "Node contains itself, which a Schema cannot express"),
        (Json, "is a string, which is resolved only"),
        (Broken, "Broken.bad: the annotation complex"),
        (Empty, "the enum Empty has no members"),
        (Literal[""], "a Literal of '' cannot be used"),
        (Literal[b"x"], "a Literal of b'x' cannot be used"),
        (Literal["1", 1], "read the same as texts"),
        ([], "the annotation [] cannot be used"),
    ],
)
def test_what_cannot_be_a_schema_says_what_is_accepted(annotation: Any, text: str) -> None:
    with pytest.raises(errors.ArgumentError) as caught:
        schema_of(annotation)
    assert text in str(caught.value)


def test_an_alias_that_contains_itself_is_named() -> None:
    alias: Any = type("TypeAliasType", (), {"__name__": "Tree", "__type_params__": ()})()
    alias.__value__ = list[alias]
    with pytest.raises(errors.ArgumentError, match="Tree contains itself"):
        schema_of(alias)


def test_a_generic_class_that_contains_itself_is_named() -> None:
    with pytest.raises(errors.ArgumentError, match="Box contains itself"):
        schema_of(Box[int])


def test_annotations_that_cannot_be_resolved_name_the_class() -> None:
    lost = dataclasses.make_dataclass("Lost", [("x", "Unheard")])
    with pytest.raises(errors.ArgumentError, match=r"annotations of Lost .*'Unheard'"):
        schema_of(lost)


def test_a_narrow_schema_has_only_known_fields() -> None:
    known = ("type", "items", "properties", "nullable", "description", "required")
    schema = narrow(schema_of(Point), known=known)
    assert "property_ordering" not in schema
    assert schema["properties"]["tags"] == {**STRINGS, "description": "Words."}
    assert narrow(schema_of(list[int | str | None]), known=known) == {
        "type": "ARRAY",
        "items": {**INTEGER, "nullable": True},
    }
    assert narrow(schema_of(Annotated[int, annotated_types.Ge(1)]), known=known) == INTEGER


def test_a_narrow_schema_keeps_alternatives_where_they_are_known() -> None:
    union = Annotated[int, annotated_types.Ge(1)] | str
    assert narrow(schema_of(union), known=("any_of", "type")) == {"any_of": [INTEGER, STRING]}
