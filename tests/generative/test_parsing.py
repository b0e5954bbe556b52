"""JSON answers become the type that was asked for."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import Any, TypedDict

import pydantic
import pytest

from gemini_grpc.functions import MisfitError
from gemini_grpc.generative.parsing import parse_answer


@dataclass
class Dish:
    name: str
    minutes: int


class DishModel(pydantic.BaseModel):
    name: str
    minutes: int


class DishDict(TypedDict):
    name: str
    minutes: int


class Size(enum.Enum):
    SMALL = "small"
    LARGE = "large"


SOUP = '{"name": "Soup", "minutes": 20}'


@pytest.mark.parametrize(
    ("text", "annotation", "value"),
    [
        (SOUP, None, {"name": "Soup", "minutes": 20}),
        (SOUP, dict[str, Any], {"name": "Soup", "minutes": 20}),
        (SOUP, Dish, Dish("Soup", 20)),
        (SOUP, DishDict, {"name": "Soup", "minutes": 20}),
        (SOUP, DishModel, DishModel(name="Soup", minutes=20)),
        (f"[{SOUP}]", list[Dish], [Dish("Soup", 20)]),
        ("5", int, 5),
        ("large", Size, Size.LARGE),
        ('"large"', Size, Size.LARGE),
        (f"```json\n{SOUP}\n```", Dish, Dish("Soup", 20)),
        (f"\n```\n{SOUP}```\n", Dish, Dish("Soup", 20)),
        ('"```json\\n1\\n```"', str, "```json\n1\n```"),
    ],
)
def test_an_answer_becomes_the_type(text: str, annotation: Any, value: object) -> None:
    assert parse_answer(text, annotation) == value


@pytest.mark.parametrize("text", ["no JSON", "```json\nno JSON\n```", "", '{"name": "Soup"}'])
def test_what_does_not_fit_says_so(text: str) -> None:
    with pytest.raises(MisfitError):
        parse_answer(text, Dish)


@pytest.mark.parametrize(
    "text", ["[" * 900 + "]" * 900, "[" * 100_000, '{"a":' * 900 + "1" + "}" * 900]
)
@pytest.mark.parametrize("wanted", [None, Any, list[Any], dict[str, Any]])
def test_json_that_is_nested_too_deeply_does_not_fit(text: str, wanted: Any) -> None:
    with pytest.raises(MisfitError):
        parse_answer(text, wanted)


def test_half_of_a_pair_can_be_printed_in_an_error() -> None:
    with pytest.raises(MisfitError) as caught:
        parse_answer('"\\ud83d"', list[int])
    str(caught.value).encode()
