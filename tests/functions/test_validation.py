"""The emulator, which checks requests as the service does, takes what is declared here."""

from __future__ import annotations

import dataclasses
import datetime
import enum
from collections.abc import Iterator
from typing import Annotated, Any, Literal, NamedTuple

import annotated_types
import pydantic
import pytest

from gemini_grpc import v1alpha, v1beta
from gemini_grpc.emulator import Emulator
from gemini_grpc.functions import Function, narrow, schema_of


class Color(enum.Enum):
    RED = 1


@dataclasses.dataclass
class Place:
    lat: float
    tags: set[str]
    when: datetime.datetime | None = None


class Row(NamedTuple):
    left: int
    right: Any


class Order(pydantic.BaseModel):
    count: int = pydantic.Field(ge=0)
    size: Literal[1, 2]
    rows: dict[str, list[int | str]] = {}


def everything(
    text: str,
    number: Annotated[int, annotated_types.Interval(ge=0, le=9)],
    color: Color,
    place: Place,
    row: Row,
    order: Order,
    either: int | str | None,
    pair: tuple[int, str],
    table: dict[str, float],
    anything: Any,
    nothing: None,
    duration: datetime.timedelta = datetime.timedelta(),
) -> None:
    """Take one of each."""


@pytest.fixture(scope="module")
def options() -> Iterator[dict[str, str]]:
    with Emulator() as emulator:
        yield {"api_endpoint": f"http://{emulator.target}", "api_key": "test"}


def test_every_schema_is_valid_in_v1beta(options: dict[str, str]) -> None:
    with v1beta.GenerativeServiceClient(client_options=options) as client:
        tool = {"function_declarations": [Function.of(everything).declaration()]}
        answer = client.generate_content(
            model="models/gemini-3.8-flash",
            contents=[{"role": "user", "parts": [{"text": "Hello"}]}],
            tools=[tool],
            generation_config={
                "response_mime_type": "application/json",
                "response_schema": schema_of(Place),
            },
        )
    assert answer.candidates


def test_every_narrow_schema_is_valid_in_v1alpha(options: dict[str, str]) -> None:
    declaration = Function.of(everything).declaration()
    known = v1alpha.Schema.pb().DESCRIPTOR.fields_by_name
    declaration["parameters"] = narrow(declaration["parameters"], known=known)
    with v1alpha.GenerativeServiceClient(client_options=options) as client:
        answer = client.generate_content(
            model="models/gemini-3.8-flash",
            contents=[{"role": "user", "parts": [{"text": "Hello"}]}],
            tools=[{"function_declarations": [declaration]}],
        )
    assert answer.candidates
