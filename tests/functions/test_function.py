"""Callables of every kind become functions the model can call."""

from __future__ import annotations

import dataclasses
import functools
import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING, Annotated, Any, Literal

import pytest

from gemini_grpc import errors, v1alpha, v1beta
from gemini_grpc.functions import Function, MisfitError, narrow

if TYPE_CHECKING:
    from nowhere import Unheard  # type: ignore[import-not-found]


def get_weather(
    city: str,
    days: int = 1,
    unit: Literal["C", "F"] = "C",
    near: list[float] | None = None,
    _cache: object = None,
) -> dict[str, Any]:
    """Tell the weather.

    Of one place.

    Args:
        city: Where.
        days: How many days ahead.
            Today is 0.

    Returns:
        The weather.
    """
    return {"city": city, "days": days, "unit": unit, "near": near}


DECLARATION = {
    "name": "get_weather",
    "description": "Tell the weather.\n\nOf one place.",
    "parameters": {
        "type": "OBJECT",
        "properties": {
            "city": {"type": "STRING", "description": "Where."},
            "days": {"type": "INTEGER", "description": "How many days ahead. Today is 0."},
            "unit": {"type": "STRING", "format": "enum", "enum": ["C", "F"]},
            "near": {"type": "ARRAY", "items": {"type": "NUMBER"}, "nullable": True},
        },
        "property_ordering": ["city", "days", "unit", "near"],
        "required": ["city"],
    },
}


def test_a_function_declares_its_signature_and_docstring() -> None:
    assert Function.of(get_weather).declaration() == DECLARATION


def test_a_declaration_belongs_to_the_caller() -> None:
    function = Function.of(get_weather)
    function.declaration()["parameters"]["properties"]["city"].clear()
    assert function.declaration() == DECLARATION


def test_a_declaration_is_a_message_of_every_version() -> None:
    declaration = Function.of(get_weather, behavior="NON_BLOCKING").declaration()
    message = v1beta.FunctionDeclaration(declaration)
    assert message.behavior == v1beta.FunctionDeclaration.Behavior.NON_BLOCKING
    assert message.parameters.properties["near"].items.type_ == v1beta.Type.NUMBER
    del declaration["behavior"]
    declaration["parameters"] = narrow(
        declaration["parameters"], known=v1alpha.Schema.pb().DESCRIPTOR.fields_by_name
    )
    narrowed = v1alpha.FunctionDeclaration(declaration).parameters
    assert narrowed.required == ["city"]
    assert narrowed.properties["city"].type_ == v1alpha.Type.STRING


def test_arguments_are_bound_to_python_types() -> None:
    function = Function.of(get_weather)
    arguments = function.bind({"city": "Oslo", "days": 3.0, "near": [1, 2]})
    assert arguments == {"city": "Oslo", "days": 3, "near": [1.0, 2.0]}
    assert type(arguments["days"]) is int
    assert function(**arguments)["days"] == 3


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({}, "city: expected a text, got nothing"),
        ({"city": 1}, "city: expected a text, got the number 1"),
        (
            {"city": "Oslo", "day": 1},
            "day: expected one of city, days, unit, near, got an unknown name; did",
        ),
        ({"city": "Oslo", "unit": "K"}, 'unit: expected one of "C", "F", got the text "K"'),
        ({"city": "Oslo", "near": [1, "x"]}, "near[1]: expected a number"),
        ({"city": "Oslo", "_cache": 1}, "_cache: expected one of"),
    ],
)
def test_wrong_arguments_are_misfits(arguments: dict[str, object], text: str) -> None:
    with pytest.raises(MisfitError) as caught:
        Function.of(get_weather).bind(arguments)
    assert text in str(caught.value)


def test_name_description_and_behavior_can_be_given() -> None:
    function = Function.of(get_weather, name="weather", description="Say it.", behavior="BLOCKING")
    assert (function.name, function.description, function.behavior) == (
        "weather",
        "Say it.",
        "BLOCKING",
    )
    again = Function.of(function, name="other")
    assert (again.name, again.description, again.behavior) == ("other", "Say it.", "BLOCKING")
    assert again.parameters == function.parameters
    assert Function.of(function) == function
    assert hash(Function.of(function)) == hash(function)
    assert again.declaration()["behavior"] == "BLOCKING"
    assert "call" not in repr(again)


def test_a_function_is_frozen() -> None:
    with pytest.raises(dataclasses.FrozenInstanceError):
        Function.of(get_weather).name = "x"  # type: ignore[misc]


def ping() -> str:
    return "pong"


def test_without_parameters_and_docstring_the_name_has_to_do() -> None:
    def say_hello() -> None: ...

    assert Function.of(say_hello).declaration() == {"name": "say_hello", "description": "say hello"}
    assert Function.of(ping).bind({}) == {}
    with pytest.raises(MisfitError, match="x: expected nothing, got an unknown name"):
        Function.of(ping).bind({"x": 1})


def test_without_annotations_anything_goes() -> None:
    def echo(value, other=1): ...  # type: ignore[no-untyped-def]

    function = Function.of(echo)
    assert function.parameters[0].schema["any_of"]
    assert function.bind({"value": 2.0}) == {"value": 2}


def test_a_default_of_none_makes_null_a_value() -> None:
    def find(
        city: str = None,  # type: ignore[assignment]  # noqa: RUF013
        country: Annotated[int | None, "Where."] = None,
    ) -> None: ...

    function = Function.of(find)
    assert function.bind({"city": None, "country": None}) == {"city": None, "country": None}
    assert function.parameters[0].schema == {"type": "STRING", "nullable": True}


def test_annotated_beats_the_docstring() -> None:
    def find(city: Annotated[str | None, "A name."], town: Annotated[str, "B."] | None) -> None:
        """Find.

        Args:
            city: Not this.
            town: Nor this.
        """

    assert [each.description for each in Function.of(find).parameters] == ["A name.", "B."]


class Home:
    """A home."""

    def __init__(self, light: bool = False) -> None:
        self.light = light

    def switch(self, on: bool) -> bool:
        """Switch the light."""
        self.light = on
        return on

    @classmethod
    def build(cls, rooms: int) -> None:
        """Build one."""

    @staticmethod
    def sell(price: float) -> None:
        """Sell it."""

    async def __call__(self, word: str) -> str:
        return word


class Documented:
    def __call__(self, word: str) -> str:
        """Say a word."""
        return word


def logged(function: Callable[..., object]) -> Callable[..., object]:
    @functools.wraps(function)
    def wrapper(*args: object, **kwargs: object) -> object:
        return function(*args, **kwargs)

    return wrapper


@pytest.mark.parametrize(
    ("function", "name", "description", "parameters"),
    [
        (Home().switch, "switch", "Switch the light.", ["on"]),
        (Home.build, "build", "Build one.", ["rooms"]),
        (Home.sell, "sell", "Sell it.", ["price"]),
        (Home(), "Home", "A home.", ["word"]),
        (Documented(), "Documented", "Say a word.", ["word"]),
        (Home, "Home", "A home.", ["light"]),
        (
            logged(get_weather),
            "get_weather",
            "Tell the weather.\n\nOf one place.",
            ["city", "days", "unit", "near"],
        ),
        (functools.partial(Home().switch), "switch", "Switch the light.", ["on"]),
        (
            functools.partial(get_weather, "Oslo"),
            "get_weather",
            "Tell the weather.\n\nOf one place.",
            ["days", "unit", "near"],
        ),
        (
            functools.partial(functools.partial(get_weather, unit="F"), days=2),
            "get_weather",
            "Tell the weather.\n\nOf one place.",
            ["city", "near"],
        ),
        (functools.partial(Home()), "Home", "A home.", ["word"]),
    ],
)
def test_callables_of_every_kind(
    function: Any, name: str, description: str, parameters: list[str]
) -> None:
    made = Function.of(function)
    assert (made.name, made.description) == (name, description)
    assert [parameter.name for parameter in made.parameters] == parameters


def test_a_partial_is_called_with_what_it_was_given() -> None:
    function = Function.of(functools.partial(get_weather, unit="F"))
    assert function(**function.bind({"city": "Oslo"}))["unit"] == "F"


async def fetch(word: str) -> str:
    return word


async def tick() -> AsyncIterator[int]:
    yield 1


def count() -> Iterator[int]:
    yield 1


@pytest.mark.parametrize(
    ("function", "is_async", "is_generator"),
    [
        (get_weather, False, False),
        (fetch, True, False),
        (functools.partial(fetch, "x"), True, False),
        (Home(), True, False),
        (Documented(), False, False),
        (Home, False, False),
        (tick, True, True),
        (count, False, True),
    ],
)
def test_how_a_function_runs_is_known(function: Any, is_async: bool, is_generator: bool) -> None:
    made = Function.of(function)
    assert (made.is_async, made.is_generator) == (is_async, is_generator)


def positional(x: int, /) -> None: ...
def starred(*numbers: int) -> None: ...
def keywords(**options: int) -> None: ...
def hidden(_secret: int) -> None: ...
def unknown(x: Unheard) -> None: ...
def nested(x: list[Unheard]) -> None: ...
def wrong(x: complex) -> None: ...
def syntax(x: int) -> None: ...


syntax.__annotations__["x"] = "int ["


class Signed:
    __signature__ = inspect.Signature([])


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (positional, "the function 'positional': the parameter 'x' is positional-only"),
        (starred, "the parameter 'numbers' takes any number of arguments; take one list instead"),
        (keywords, "the parameter 'options' takes arguments of any name"),
        (hidden, "the parameter '_secret' is hidden by its underscore but has no default"),
        (
            Home.switch,
            "the parameter 'self' belongs to a method without its object; give object.method",
        ),
        (
            unknown,
            "the function 'unknown', parameter 'x': the annotation 'Unheard' cannot be resolved",
        ),
        (nested, "name 'Unheard' is not defined; everything in it has to be known at run time"),
        (
            wrong,
            "the function 'wrong', parameter 'x': the annotation complex cannot be used; accepted are",
        ),
        (syntax, "the annotation 'int [' cannot be resolved"),
        (lambda: None, "the function name '<lambda>' cannot be used; expected a letter"),
        (dict.fromkeys, "positional-only"),
        (type, "the function 'type' has no signature that can be read"),
        (5, "expected a callable or a Function, got int"),
    ],
)
def test_what_cannot_be_called_is_refused(function: Any, text: str) -> None:
    with pytest.raises(errors.ArgumentError) as caught:
        Function.of(function)
    assert text in str(caught.value)


@pytest.mark.parametrize("name", ["", "1x", "a b", "ä", "x" * 65, "a\n"])
def test_names_the_service_refuses_are_refused(name: str) -> None:
    with pytest.raises(errors.ArgumentError, match="cannot be used"):
        Function.of(get_weather, name=name)


def test_an_unknown_behavior_gives_the_nearest() -> None:
    with pytest.raises(errors.ArgumentError, match="did you mean 'NON_BLOCKING'"):
        Function.of(get_weather, behavior="non_bloking")


def test_results_are_responses_and_failures_name_the_function() -> None:
    function = Function.of(get_weather)
    assert function.result(1) == {"result": 1}
    with pytest.raises(
        errors.ArgumentError, match="the function 'get_weather': result cannot be JSON"
    ):
        function.result(object())
