"""`response_format`, as agents of LangChain and users of OpenAI's models write it, sets the form of the answer."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, TypedDict

import pytest
from pydantic import BaseModel, ValidationError

from gemini_grpc.errors import ArgumentError, FieldError
from tests.integrations.langchain.conftest import PLACES, Make
from tests.integrations.langchain.test_chat_model import EVERY_WAY, WAYS, asked

if TYPE_CHECKING:
    from gemini_grpc.emulator import Emulator


class Recipe(BaseModel):
    """A recipe."""

    title: str
    minutes: int


class Dish(TypedDict):
    title: str
    minutes: int


def provider_strategy(schema: dict[str, Any]) -> dict[str, Any]:
    """Return what `ProviderStrategy(schema).to_model_kwargs()` of LangChain returns."""
    described = {"name": "Recipe", "schema": schema, "strict": True}
    return {"response_format": {"type": "json_schema", "json_schema": described}}


SCHEMA = Recipe.model_json_schema()
UNTITLED = {name: value for name, value in SCHEMA.items() if name != "title"}
FORMATS: list[Any] = [
    provider_strategy(SCHEMA)["response_format"],
    provider_strategy(UNTITLED)["response_format"],
    {"type": "json_schema", "name": "Recipe", "schema": SCHEMA},
    {"type": "json_schema", "json_schema": {"schema": Recipe}},
    Recipe,
    Dish,
]


def text_of(answer: Any) -> str:
    messages = answer if isinstance(answer, list) else [answer]
    return "".join(each.text for each in messages)


@pytest.mark.parametrize("client", PLACES, indirect=True)
@EVERY_WAY
def test_a_response_format_sets_the_schema_of_the_answer(
    emulator: Emulator, make: Make, way: str
) -> None:
    for each in FORMATS:
        answer = WAYS[way](make().bind(response_format=each), "Noodles")
        assert json.loads(text_of(answer)).keys() == {"title", "minutes"}
        config = asked(emulator).generation_config
        assert config.response_mime_type == "application/json"
        assert list(config.response_schema.required) == ["title", "minutes"]


@EVERY_WAY
def test_a_response_format_without_a_schema_sets_the_type_of_the_answer(
    emulator: Emulator, make: Make, way: str
) -> None:
    model = make(response_schema=Recipe)
    for kind, sent in (("json_object", "application/json"), ("text", "text/plain")):
        WAYS[way](model, "Hi", response_format={"type": kind})
        config = asked(emulator).generation_config
        assert config.response_mime_type == sent
        assert "response_schema" not in config


def test_agents_of_langchain_bind_tools_with_a_response_format(
    emulator: Emulator, make: Make
) -> None:
    def search(query: str) -> str:
        """Search."""
        return query

    for tools in ([search], []):
        made = make().bind_tools(tools, strict=True, **provider_strategy(SCHEMA))
        made.invoke("Noodles")
        request = asked(emulator)
        assert len(request.tools) == len(tools)
        assert list(request.generation_config.response_schema.required) == ["title", "minutes"]


def test_the_last_response_format_or_schema_holds(emulator: Emulator, make: Make) -> None:
    model = make(response_format=Recipe)
    model.invoke("Hi")
    assert "minutes" in asked(emulator).generation_config.response_schema.properties
    model.invoke("Hi", response_schema={"type": "string"})
    assert not asked(emulator).generation_config.response_schema.properties
    model.invoke("Hi", response_format=None)
    assert "minutes" in asked(emulator).generation_config.response_schema.properties


WRONG: list[tuple[Any, str]] = [
    ({"type": "json_schem"}, "'json_schem'.*'json_schema', 'json_object', 'text'"),
    ({"type": "json_schema"}, "response_format has no schema"),
    ({"type": "json_schema", "json_schema": {"name": "x"}}, "response_format has no schema"),
    ("json_object", "response_format is 'json_object'"),
    (5, "response_format is 5"),
    ({"type": "json_schema", "json_schema": {"schema": 5}}, "response_format.json_schema.schema"),
]


@pytest.mark.parametrize(("value", "text"), WRONG, ids=str)
def test_an_unusable_response_format_is_named(
    emulator: Emulator, make: Make, value: Any, text: str
) -> None:
    with pytest.raises((ArgumentError, FieldError), match=text):
        make().invoke("Hi", response_format=value)
    with pytest.raises((ValidationError, FieldError), match=text):
        make(response_format=value)
    assert not emulator.journal


def test_a_response_format_and_a_schema_for_one_call_are_refused(make: Make) -> None:
    with pytest.raises(ArgumentError, match="response_format excludes response_schema"):
        make().invoke("Hi", response_format=Recipe, response_schema=Recipe)


@pytest.mark.parametrize("method", ["json_schema", "function_calling", "json_mode"])
def test_the_method_of_structured_output_may_be_positional(
    emulator: Emulator, make: Make, method: Any
) -> None:
    answer = make().with_structured_output(Recipe, method, include_raw=True).invoke("Noodles")
    assert answer["raw"]  # type: ignore[index]  # it is a dictionary with include_raw
    request = asked(emulator)
    assert bool(request.tools) == (method == "function_calling")
    assert ("response_schema" in request.generation_config) == (method == "json_schema")
