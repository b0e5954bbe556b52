"""Tools and forms of answers, bound to a model."""

from __future__ import annotations

import json
from typing import Any, TypedDict

import pytest
from langchain_core.messages import AIMessage
from langchain_core.tools import StructuredTool, Tool, tool
from pydantic import BaseModel, Field

from gemini_grpc import v1beta
from gemini_grpc.emulator import Emulator, Reply
from gemini_grpc.errors import ArgumentError, FieldError
from gemini_grpc.functions import Declaration, Functions
from gemini_grpc.generative import tools as ours
from tests.integrations.langchain.conftest import PLACES, Make

BACKENDS = pytest.mark.parametrize("client", PLACES, indirect=True)


@tool
def weather(city: str, days: int = 1) -> str:
    """Tell the weather of a city."""
    return f"{city}: sunny for {days} days"


@tool
def now() -> str:
    """Tell the time."""
    return "noon"


class Person(BaseModel):
    """Someone."""

    name: str = Field(description="What they are called.")
    age: int | None = None


class Tree(BaseModel):
    """A tree."""

    label: str
    children: list[Tree] = Field(default_factory=list)


class Forest(BaseModel):
    """Many trees."""

    trees: list[Tree]


class Node(BaseModel):
    """One of a chain."""

    value: int
    after: Node | None = None


@tool
def plant(tree: Tree) -> str:
    """Plant a tree."""
    return tree.label


def fell(tree: Tree) -> str:
    """Fell a tree."""
    return tree.label


GRAFT = StructuredTool.from_function(
    lambda **told: "", name="graft", description="Graft.", args_schema=Forest.model_json_schema()
)


class Film(TypedDict):
    """A film."""

    title: str


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


SCHEMA = {
    "title": "Person",
    "description": "Someone.",
    "type": "object",
    "properties": {"name": {"type": "string"}},
    "required": ["name"],
}
OPENAI = {"type": "function", "function": {"name": "f", "description": "F.", "parameters": SCHEMA}}
ANTHROPIC = {"name": "f", "description": "F.", "input_schema": SCHEMA}
DECLARED = {
    "name": "f",
    "description": "F.",
    "parameters": {"type": "OBJECT", "properties": {"name": {"type": "STRING"}}},
}
WITH_MESSAGE = {**DECLARED, "parameters": v1beta.Schema(DECLARED["parameters"])}
LOOSE = StructuredTool.from_function(
    lambda **told: "", name="loose", description="L.", args_schema=SCHEMA
)


def asked(emulator: Emulator) -> Any:
    """Return the last request."""
    return emulator.journal[-1].request


@BACKENDS
@pytest.mark.parametrize(
    ("given", "name", "parameters"),
    [
        (weather, "weather", {"city": "STRING", "days": "INTEGER"}),
        (add, "add", {"a": "INTEGER", "b": "INTEGER"}),
        (Tool("ask", str, "Ask."), "ask", {"__arg1": "STRING"}),
        (DECLARED, "f", {"name": "STRING"}),
        (WITH_MESSAGE, "f", {"name": "STRING"}),
        (LOOSE, "loose", {"name": "STRING"}),
        (Person, "Person", {"name": "STRING", "age": "INTEGER"}),
        (Film, "Film", {"title": "STRING"}),
        (SCHEMA, "Person", {"name": "STRING"}),
        (OPENAI, "f", {"name": "STRING"}),
        (ANTHROPIC, "f", {"name": "STRING"}),
    ],
    ids=lambda value: str(value)[:20],
)
def test_what_langchain_takes_as_a_tool_is_declared(
    emulator: Emulator, make: Make, given: Any, name: str, parameters: dict[str, str]
) -> None:
    make().bind_tools([given]).invoke("Hello")
    [[declared]] = [each.function_declarations for each in asked(emulator).tools]
    assert declared.name == name
    assert declared.description
    found = {key: each.type_.name for key, each in declared.parameters.properties.items()}
    assert found == parameters


def test_a_tool_without_arguments_has_no_parameters(emulator: Emulator, make: Make) -> None:
    make().bind_tools([now]).invoke("Hello")
    assert "parameters" not in asked(emulator).tools[0].function_declarations[0]


@pytest.mark.parametrize(
    ("given", "name"),
    [
        (Tree, "Tree"),
        (Forest, "Forest"),
        (Node, "Node"),
        (plant, "plant"),
        (fell, "fell"),
        (GRAFT, "graft"),
    ],
)
def test_a_tool_whose_arguments_have_no_end_is_refused(make: Make, given: Any, name: str) -> None:
    with pytest.raises(ArgumentError, match=rf"tools\[0\]: {name}: .*contains itself"):
        make().bind_tools([given])


@pytest.mark.parametrize("schema", [Tree, Forest, Node, Forest.model_json_schema()])
def test_an_answer_without_end_is_refused(make: Make, schema: Any) -> None:
    with pytest.raises(ArgumentError, match=r"schema: .*contains itself"):
        make().with_structured_output(schema)


@pytest.mark.parametrize("given", [weather, [weather], (each for each in [weather]), OPENAI])
def test_tools_may_be_given_for_one_call(emulator: Emulator, make: Make, given: Any) -> None:
    make().invoke("Hello", tools=given)
    [declared] = asked(emulator).tools[0].function_declarations
    assert declared.name in ("weather", "f")


def test_tools_may_be_given_with_the_model(emulator: Emulator, make: Make) -> None:
    make(tools=[weather]).invoke("Hello")
    assert asked(emulator).tools[0].function_declarations[0].name == "weather"
    with pytest.raises(ValueError, match="expected a tool of LangChain"):
        make(tools=[7])


def test_a_name_is_one_tool(emulator: Emulator, make: Make) -> None:
    name: Any = "google_search"
    make().bind_tools(name).invoke("Hello")
    [sent] = asked(emulator).tools
    assert "google_search" in sent


def test_tools_of_gemini_go_beside_functions(emulator: Emulator, make: Make) -> None:
    own = [
        "google_search",
        {"code_execution": {}},
        v1beta.Tool(url_context={}),
        ours.Tool(google_maps={}),
    ]
    model = make().bind_tools([weather, *own], tool_choice="weather")  # type: ignore[list-item]
    model.invoke("Hello")
    sent = asked(emulator).tools
    assert len(sent[0].function_declarations) == 1
    found = {field.name for each in sent[1:] for field, _ in each.ListFields()}
    assert found == {"google_search", "code_execution", "url_context", "google_maps"}


CHOICES: list[tuple[Any, str, list[str]]] = [
    ("auto", "AUTO", []),
    ("any", "ANY", []),
    ("required", "ANY", []),
    ("ANY", "ANY", []),
    ("Auto", "AUTO", []),
    (True, "ANY", []),
    ("none", "NONE", []),
    (False, "NONE", []),
    ("now", "ANY", ["now"]),
    ({"type": "function", "function": {"name": "now"}}, "ANY", ["now"]),
    ({"name": "now"}, "ANY", ["now"]),
    ({"type": "tool", "name": "now"}, "ANY", ["now"]),
    ({"mode": "ANY"}, "ANY", []),
    ({"mode": "ANY", "allowed_function_names": ["now"]}, "ANY", ["now"]),
]


@BACKENDS
@pytest.mark.parametrize(("choice", "mode", "names"), CHOICES)
def test_a_choice_says_when_tools_are_called(
    emulator: Emulator, make: Make, choice: Any, mode: str, names: list[str]
) -> None:
    answer = make().bind_tools([weather, now], tool_choice=choice).invoke("Hello")
    calling = asked(emulator).tool_config.function_calling_config
    assert (calling.mode.name, list(calling.allowed_function_names)) == (mode, names)
    assert bool(answer.tool_calls) is (mode == "ANY")


def test_without_a_choice_the_model_decides(emulator: Emulator, make: Make) -> None:
    make().bind_tools([weather]).invoke("Hello")
    assert "tool_config" not in asked(emulator)


@pytest.mark.parametrize(
    "given",
    [
        [weather],
        [{"function_declarations": [{"name": "weather", "description": "W."}]}],
        [ours.FunctionDeclaration(name="weather", description="W.")],
        [ours.Tool([ours.FunctionDeclaration(name="weather")])],
        [v1beta.FunctionDeclaration(name="weather")],
        [Functions([Declaration("weather", {"name": "weather"})])],
    ],
)
def test_a_choice_names_a_tool_however_it_was_given(make: Make, given: Any) -> None:
    model: Any = make().bind_tools(given, tool_choice="weather")
    config = model.kwargs["tool_config"]["function_calling_config"]
    assert config["allowed_function_names"] == ["weather"]
    with pytest.raises(ArgumentError, match="did you mean 'weather'"):
        make().bind_tools(given, tool_choice="wether")


@pytest.mark.parametrize(
    "choice", [{"type": "any"}, {}, {"function": "now"}, {"name": None}, ["now"], 5]
)
def test_a_choice_that_says_nothing_known_is_refused(make: Make, choice: Any) -> None:
    with pytest.raises(ArgumentError, match=r"tool_choice is .*; expected 'auto'"):
        make().bind_tools([weather, now], tool_choice=choice)


def test_a_choice_needs_a_tool(make: Make) -> None:
    with pytest.raises(ArgumentError, match="there is none"):
        make().bind_tools([], tool_choice="weather")


def test_what_is_no_tool_is_refused_when_it_is_bound(make: Make) -> None:
    with pytest.raises(FieldError, match=r"tools\[1\]: expected a tool of LangChain"):
        make().bind_tools([weather, 7])  # type: ignore[list-item]


def test_an_agent_calls_tools_until_it_has_the_answer(make: Make) -> None:
    model = make().bind_tools([weather])
    messages: list[Any] = [("human", "How is the weather in Oslo?")]
    answer = model.invoke(messages)
    assert answer.tool_calls
    messages += [answer, *(weather.invoke(call) for call in answer.tool_calls)]
    assert "sunny" in model.invoke(messages).text


METHODS = ["json_schema", "function_calling"]


@BACKENDS
@pytest.mark.parametrize("method", METHODS)
def test_an_answer_has_the_form_asked_for(make: Make, method: Any) -> None:
    model = make()
    person = model.with_structured_output(Person, method=method).invoke("Make up a person.")
    assert isinstance(person, Person)
    film = model.with_structured_output(Film, method=method).invoke("Name a film.")
    assert isinstance(film, dict)
    assert film.keys() == {"title"}
    known = model.with_structured_output(SCHEMA, method=method).invoke("Make up a person.")
    assert isinstance(known, dict)
    assert known.keys() == {"name"}


def test_the_schema_of_the_answer_is_sent(emulator: Emulator, make: Make) -> None:
    make().with_structured_output(Person, temperature=0.5).invoke("Make up a person.")
    config = asked(emulator).generation_config
    assert config.response_mime_type == "application/json"
    assert config.temperature == 0.5
    assert config.response_schema.properties.keys() == {"name", "age"}
    assert config.response_schema.property_ordering == ["name", "age"]
    assert config.response_schema.properties["name"].description == "What they are called."
    assert config.response_schema.properties["age"].nullable


def test_json_mode_leaves_the_form_to_the_prompt(emulator: Emulator, make: Make) -> None:
    emulator.script("GenerateContent", [Reply(text='{"name": "Ada"}')])
    model = make().with_structured_output(Person, method="json_mode")
    assert model.invoke("A name as JSON.") == Person(name="Ada")
    config = asked(emulator).generation_config
    assert config.response_mime_type == "application/json"
    assert "response_schema" not in config


GOOD = {
    "json_schema": Reply(text='{"name": "Ada"}'),
    "function_calling": Reply(function_calls=[{"name": "Person", "args": {"name": "Ada"}}]),
}
BAD = {
    "json_schema": Reply(text='{"nom": "Ada"}'),
    "function_calling": Reply(function_calls=[{"name": "Person", "args": {"nom": "Ada"}}]),
}


@pytest.mark.parametrize("method", METHODS)
def test_the_message_may_be_had_too(emulator: Emulator, make: Make, method: Any) -> None:
    emulator.script("GenerateContent", [GOOD[method], BAD[method]])
    model = make().with_structured_output(Person, include_raw=True, method=method)
    good: Any = model.invoke("Who?")
    assert isinstance(good["raw"], AIMessage)
    assert (good["parsed"], good["parsing_error"]) == (Person(name="Ada"), None)
    bad: Any = model.invoke("Who?")
    assert isinstance(bad["raw"], AIMessage)
    assert bad["parsed"] is None
    assert isinstance(bad["parsing_error"], ValueError)


@pytest.mark.parametrize("method", METHODS)
def test_without_it_what_does_not_fit_is_an_error(
    emulator: Emulator, make: Make, method: Any
) -> None:
    emulator.script("GenerateContent", [BAD[method]])
    with pytest.raises(ValueError, match="name"):
        make().with_structured_output(Person, method=method).invoke("Who?")


def test_a_form_grows_while_it_is_streamed(emulator: Emulator, make: Make) -> None:
    pieces = ['{"title": "Lo', 'la"}']
    emulator.script("StreamGenerateContent", [Reply(chunks=pieces)])
    grown = list(make().with_structured_output(Film).stream("Name a film."))
    assert grown == [{"title": "Lo"}, {"title": "Lola"}]


def test_an_unknown_method_is_named(make: Make) -> None:
    wrong: Any = "json_shema"
    with pytest.raises(ArgumentError, match="did you mean 'json_schema'"):
        make().with_structured_output(Person, method=wrong)


def test_what_is_no_schema_is_refused(make: Make) -> None:
    wrong: Any = {"type": "object"}
    with pytest.raises(FieldError, match="schema: expected a model of pydantic"):
        make().with_structured_output(wrong)


def test_a_schema_may_be_given_to_the_model_itself(make: Make) -> None:
    answer = make(response_schema=list[int]).invoke("Name some numbers.")
    assert all(isinstance(each, int) for each in json.loads(answer.text))
