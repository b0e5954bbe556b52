"""What functions return becomes responses."""

from __future__ import annotations

import collections
import dataclasses
import datetime
import decimal
import enum
import math
import pathlib
import types
import uuid
from typing import Any, NamedTuple

import numpy
import pytest

from gemini_grpc import errors
from gemini_grpc.functions import response_of


class Color(enum.StrEnum):
    RED = "red"


class Level(enum.IntFlag):
    LOW = 1
    HIGH = 2


class Half(enum.StrEnum):
    BAD = "\ud83d"


@dataclasses.dataclass
class Point:
    lat: float
    when: datetime.date | None = None


class Pair(NamedTuple):
    left: int
    right: str


@pytest.mark.parametrize(
    ("value", "response"),
    [
        ({"a": 1}, {"a": 1}),
        (types.MappingProxyType({"a": 1}), {"a": 1}),
        ({}, {}),
        (Point(1.5, datetime.date(2025, 1, 2)), {"lat": 1.5, "when": "2025-01-02"}),
        (Pair(1, "x"), {"left": 1, "right": "x"}),
        ({7: "a", Color.RED: "b", Level.LOW: "c"}, {"7": "a", "red": "b", "LOW": "c"}),
        (None, {"result": None}),
        (True, {"result": True}),
        (3, {"result": 3}),
        (2**53, {"result": 2**53}),
        (2**53 + 1, {"result": "9007199254740993"}),
        (1.5, {"result": 1.5}),
        ("x", {"result": "x"}),
        (Color.RED, {"result": "red"}),
        (Level.LOW, {"result": "LOW"}),
        (Level(3), {"result": "LOW|HIGH"}),
        (Level(0), {"result": "0"}),
        (b"hi", {"result": "aGk="}),
        (
            datetime.datetime(2025, 1, 2, 3, tzinfo=datetime.UTC),
            {"result": "2025-01-02T03:00:00+00:00"},
        ),
        (datetime.time(3), {"result": "03:00:00"}),
        (datetime.timedelta(minutes=1), {"result": 60.0}),
        (uuid.UUID(int=1), {"result": "00000000-0000-0000-0000-000000000001"}),
        (decimal.Decimal("1.10"), {"result": "1.10"}),
        (pathlib.PurePosixPath("a/b"), {"result": "a/b"}),
        ([1, (2, {"x": {3}})], {"result": [1, [2, {"x": [3]}]]}),
        (collections.deque([1]), {"result": [1]}),
        (numpy.array([[1, 2]]), {"result": [[1, 2]]}),
        (numpy.float32(1.5), {"result": 1.5}),
    ],
)
def test_values_become_responses(value: object, response: dict[str, Any]) -> None:
    assert response_of(value) == response


LOOP: list[Any] = []
LOOP.append({"again": LOOP})


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (object(), "result cannot be JSON: it is a value of type object; return a mapping"),
        ({"a": [1, Color]}, "result.a[1] cannot be JSON: it is a value of type EnumType"),
        (Point, "result cannot be JSON: it is a value of type type"),
        (math.nan, "result cannot be JSON: it is nan"),
        ({(1, 2): 3}, "result cannot be JSON: it has the key (1, 2); expected texts as keys"),
        (LOOP, "result[0].again cannot be JSON: it contains itself"),
        ("half \ud83d", "result cannot be JSON: it has half of a surrogate pair, '\\ud83d'"),
        ([{"a": "\ud83d"}], "result[0].a cannot be JSON: it has half of a surrogate pair"),
        ({"\ud83d": 1}, "result cannot be JSON: it has half of a surrogate pair"),
        (pathlib.PurePosixPath("\udcff"), "result cannot be JSON: it has half of a surrogate pair"),
        (Half.BAD, "result cannot be JSON: it has half of a surrogate pair"),
    ],
)
def test_what_cannot_be_json_is_told(value: object, text: str) -> None:
    with pytest.raises(errors.ArgumentError) as caught:
        response_of(value)
    assert text in str(caught.value)


def test_the_same_value_twice_is_no_loop() -> None:
    shared = [1]
    assert response_of([shared, shared]) == {"result": [[1], [1]]}
