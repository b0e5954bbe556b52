"""JSON values become the Python types that were asked for, or the misfit is told."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import decimal
import enum
import math
import typing
import uuid
from typing import Annotated, Any, Literal, NamedTuple, TypedDict

import annotated_types
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gemini_grpc import errors, v1beta
from gemini_grpc.functions import MisfitError, convert, parse, response_of, schema_of

UTC = datetime.UTC


class Color(enum.Enum):
    RED = "red"
    BLUE = "blue"


class Level(enum.IntEnum):
    LOW = 1
    HIGH = 2


@dataclasses.dataclass
class Point:
    lat: float
    lon: float
    label: str = ""

    def __post_init__(self) -> None:
        if self.lat > 90:
            raise ValueError("beyond the pole")


@dataclasses.dataclass
class Node:
    value: int
    children: list[Node] = dataclasses.field(default_factory=list)


@dataclasses.dataclass
class Bare:
    pass


class Settings(TypedDict, total=False):
    speed: typing.Required[int]
    mode: Literal["a", "b"]


class Pair(NamedTuple):
    left: int
    right: str = "r"


@pytest.mark.parametrize(
    ("value", "annotation", "converted"),
    [
        ("a", str, "a"),
        (3.0, int, 3),
        (3, int, 3),
        (3, float, 3.0),
        (True, bool, True),
        (None, None, None),
        (3.0, Any, 3),
        ({"a": [1.0, 1.5, "x", None, True]}, Any, {"a": [1, 1.5, "x", None, True]}),
        ("aGk=", bytes, b"hi"),
        ("aGk", bytes, b"hi"),
        ("_-8=", bytes, b"\xff\xef"),
        ("00000000-0000-0000-0000-000000000001", uuid.UUID, uuid.UUID(int=1)),
        ("1.10", decimal.Decimal, decimal.Decimal("1.10")),
        (2.0, decimal.Decimal, decimal.Decimal(2)),
        (1.1, decimal.Decimal, decimal.Decimal("1.1")),
        (
            "2025-01-02T03:04:05Z",
            datetime.datetime,
            datetime.datetime(2025, 1, 2, 3, 4, 5, tzinfo=UTC),
        ),
        ("2025-01-02", datetime.date, datetime.date(2025, 1, 2)),
        ("03:04", datetime.time, datetime.time(3, 4)),
        (1.5, datetime.timedelta, datetime.timedelta(seconds=1.5)),
        ([1.0, 2.0], list[int], [1, 2]),
        ([1.0, 2.0], tuple[int, ...], (1, 2)),
        ([1.0, 1.0], set[int], {1}),
        ([1.0], frozenset[int], frozenset({1})),
        ([1.0], collections.deque[int], collections.deque([1])),
        ([1.0, "a"], tuple[int, str], (1, "a")),
        ({"a": 1.0}, dict[str, int], {"a": 1}),
        (None, int | None, None),
        (1.0, int | None, 1),
        (3.0, float | int, 3),
        (3.5, float | int, 3.5),
        ("a", int | str, "a"),
        ({"lat": 1, "lon": 2}, int | Point, Point(1, 2)),
        ("red", Color, Color.RED),
        ("HIGH", Level, Level.HIGH),
        (2.0, Level, Level.HIGH),
        ("a", Literal["a", 1], "a"),
        ("1", Literal["a", 1], 1),
        (1.0, Literal["a", 1], 1),
        ("true", Literal[True], True),
        (True, Literal[1, True], True),
        ({"lat": 1, "lon": 2.5}, Point, Point(1.0, 2.5)),
        ({"value": 1.0, "children": [{"value": 2.0}]}, Node, Node(1, [Node(2)])),
        ({"speed": 1.0}, Settings, {"speed": 1}),
        ({"left": 1.0}, Pair, Pair(1, "r")),
        (5.0, Annotated[int, annotated_types.Interval(ge=1, le=5, gt=0, lt=6)], 5),
        ("ab", Annotated[str, annotated_types.Len(1, 2)], "ab"),
        (None, Annotated[int | None, annotated_types.Ge(1)], None),
    ],
)
def test_values_become_their_types(value: object, annotation: Any, converted: object) -> None:
    found = convert(value, annotation)
    assert found == converted
    assert type(found) is type(converted)


class Patterned:
    pattern = "^a"


@pytest.mark.parametrize(
    ("value", "annotation", "text"),
    [
        (1, str, "the value: expected a text, got the number 1"),
        (1.5, int, "expected a whole number, got the number 1.5"),
        (True, int, "expected a whole number, got true"),
        (math.inf, int, "expected a whole number"),
        (math.nan, int, "expected a whole number"),
        (math.nan, float, "expected a number"),
        ("1", float, 'expected a number, got the text "1"'),
        (1, bool, "expected true or false"),
        ("x", None, "expected null"),
        ("x", bytes, "expected a text in base64"),
        ("ä", bytes, "expected a text in base64"),
        ("x", uuid.UUID, "expected a UUID"),
        ("x", decimal.Decimal, "expected a decimal number"),
        ("NaN", decimal.Decimal, "expected a decimal number"),
        ("x", datetime.datetime, "expected a date and time such as 2025-12-31T23:59:00Z"),
        (1e300, datetime.timedelta, "expected a duration in seconds"),
        ("x", list[int], "expected a list"),
        ([1, "x"], list[int], '[1]: expected a whole number, got the text "x"'),
        ([1], tuple[int, str], "expected a list of 2, got a list of 1"),
        ([[]], set[Any], "expected a valid set"),
        ([], dict[str, int], "expected an object, got a list of 0"),
        ({"a": {"b": "x"}}, dict[str, dict[str, int]], "a.b: expected a whole number"),
        (None, int, "expected a whole number, got null"),
        ("x", int | bool, 'expected a whole number or true or false, got the text "x"'),
        ("x", int | Point | None, "expected a whole number or an object"),
        ({"lat": "x", "lon": 1}, int | Point, "lat: expected a number"),
        ("green", Color, 'expected one of "red", "blue", got the text "green"'),
        (1, Color, 'expected one of "red", "blue", got the number 1'),
        (True, Level, 'expected one of "LOW", "HIGH", got true'),
        ([], Point, "expected an object"),
        ({"lat": 1}, Point, "lon: expected a number, got nothing"),
        (
            {"lat": 1, "lno": 2},
            Point,
            "lno: expected one of lat, lon, label, got an unknown name; did you mean",
        ),
        ({"x": 1}, Bare, "x: expected nothing, got an unknown name"),
        (
            {"lat": 91, "lon": 2},
            Point,
            "expected a valid Point, got an object with lat, lon: beyond the pole",
        ),
        (
            {"value": 1, "children": [{"value": "x"}]},
            Node,
            "children[0].value: expected a whole number",
        ),
        (
            0,
            Annotated[int, annotated_types.Ge(1)],
            "expected a value of at least 1, got the number 0",
        ),
        (1, Annotated[int, annotated_types.Gt(1)], "expected a value greater than 1"),
        (2, Annotated[int, annotated_types.Le(1)], "expected a value of at most 1"),
        (1, Annotated[int, annotated_types.Lt(1)], "expected a value less than 1"),
        (
            "",
            Annotated[str, annotated_types.MinLen(1)],
            "expected a value at least 1 long, got a length of 0",
        ),
        (
            "abc",
            Annotated[str, annotated_types.MaxLen(2)],
            "expected a value at most 2 long, got a length of 3",
        ),
        ("b", Annotated[str, Patterned()], "expected a text with the pattern ^a"),
    ],
)
def test_misfits_are_told(value: object, annotation: Any, text: str) -> None:
    with pytest.raises(MisfitError) as caught:
        convert(value, annotation)
    assert text in str(caught.value)


@pytest.mark.parametrize(
    ("annotation", "expected"),
    [
        (Any, "a value"),
        (dict[str, int], "an object"),
        (Point, "an object"),
        (int | None, "a whole number or null"),
        (Annotated[int, "n"], "a whole number"),
        (None, "null"),
        (list[int], "a list"),
        (tuple[int, int], "a list of 2"),
        (int | str, "a whole number or a text"),
        (Color, 'one of "red", "blue"'),
    ],
)
def test_what_is_missing_is_said_to_be_expected(annotation: Any, expected: str) -> None:
    wanting = dataclasses.make_dataclass("Wanting", [("x", annotation)])
    with pytest.raises(MisfitError) as caught:
        convert({}, wanting)
    assert caught.value.expected == expected


def test_bounds_that_do_not_fit_the_type_are_the_callers_mistake() -> None:
    with pytest.raises(errors.ArgumentError, match="the bounds do not fit the type"):
        convert("a", Annotated[str, annotated_types.Ge(1)])


def test_a_struct_as_proto_plus_gives_it_is_converted() -> None:
    call = v1beta.FunctionCall(args={"lat": 1, "lon": 2, "label": "x"})
    assert convert(call.args, Point) == Point(1, 2, "x")
    call = v1beta.FunctionCall(args={"stops": [1, 2], "deep": {"a": [3]}})
    assert convert(call.args["stops"], list[int]) == [1, 2]
    converted = convert(call.args, Any)
    assert repr(dict(sorted(converted.items()))) == "{'deep': {'a': [3]}, 'stops': [1, 2]}"


@pytest.mark.parametrize(
    ("text", "annotation", "value"),
    [
        ('{"lat": 1, "lon": 2}', Point, Point(1, 2)),
        ('[{"left": 1}]', list[Pair], [Pair(1)]),
        ('"red"', Color, Color.RED),
        (" red\n", Color, Color.RED),
        ("a", Literal["a", "b"], "a"),
        ("1", Literal["a", 1], 1),
        ("12345678901234567890", int, 12345678901234567890),
        ('{"a": 1.0}', dict[str, Any], {"a": 1}),
    ],
)
def test_json_text_is_parsed_to_a_type(text: str, annotation: Any, value: object) -> None:
    assert parse(text, annotation) == value


@pytest.mark.parametrize(
    ("text", "annotation", "message"),
    [
        ("", int, "the value: expected JSON, got an empty text"),
        ("green", Color, 'expected JSON, got the text "green": Expecting value'),
        ('{"lat": 1, "lo', Point, "expected JSON"),
        ("NaN", float, "NaN is no number of JSON"),
        ("[" * 100_000, Any, "expected JSON"),
        ('{"lat": "x", "lon": 1}', Point, "lat: expected a number"),
    ],
)
def test_text_that_does_not_fit_is_told(text: str, annotation: Any, message: str) -> None:
    with pytest.raises(MisfitError) as caught:
        parse(text, annotation)
    assert message in str(caught.value)


SCALARS = {
    int: st.integers(-(2**53), 2**53),
    float: st.floats(allow_nan=False, allow_infinity=False).map(lambda x: x + 0.0),
    str: st.text(),
    bool: st.booleans(),
    bytes: st.binary(),
    uuid.UUID: st.uuids(),
    datetime.date: st.dates(),
    datetime.datetime: st.datetimes(timezones=st.just(UTC)),
    datetime.time: st.times(),
    decimal.Decimal: st.decimals(allow_nan=False, allow_infinity=False),
    Color: st.sampled_from(Color),
    Level: st.sampled_from(Level),
    Node: st.recursive(
        st.builds(Node, st.integers(0, 9), st.just([])),
        lambda inner: st.builds(Node, st.integers(0, 9), st.lists(inner, max_size=3)),
        max_leaves=5,
    ),
}


@pytest.mark.parametrize("annotation", SCALARS)
def test_what_a_function_returns_can_be_converted_back(annotation: Any) -> None:
    @given(st.lists(SCALARS[annotation], max_size=4))
    def check(values: list[Any]) -> None:
        assert convert(response_of(values)["result"], list[annotation]) == values

    check()


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3)
    ),
    max_leaves=8,
)


@given(
    JSON, st.sampled_from([*(kind for kind in SCALARS), Point, Pair, Settings, int | Point | None])
)
def test_any_json_converts_or_is_a_misfit(value: object, annotation: Any) -> None:
    try:
        convert(value, annotation)
    except MisfitError as misfit:
        said = misfit.expected
        assert said


def test_every_choice_of_the_schema_converts() -> None:
    for annotation in (Color, Level, Literal["a", Color.RED]):
        words = schema_of(annotation)["enum"]
        assert len({repr(convert(word, annotation)) for word in words}) == len(words)
