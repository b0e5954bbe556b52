"""Functions are called when they are spoken of, and their results are told."""

from __future__ import annotations

from typing import Any

import pytest

from gemini_grpc.emulator.answers import prompt, tools
from gemini_grpc.emulator.answers.prompt import Prompt
from gemini_grpc.emulator.status import StatusError


def function(name: str, description: str, **properties: str) -> dict[str, Any]:
    parameters = {
        "type": "OBJECT",
        "properties": {key: {"type": kind} for key, kind in properties.items()},
        "required": list(properties),
    }
    return {"name": name, "description": description, "parameters": parameters}


DECLARED = [
    function("get_weather", "Returns the weather of a city", city="STRING"),
    function("get_time", "Tells the current time in a place", place="STRING"),
    function("multiply", "Multiply two numbers", a="INTEGER", b="INTEGER"),
    function("add", "Add two numbers", a="INTEGER", b="INTEGER"),
    function("create_customer", "Creates a new customer", customer_name="STRING"),
    function("delete_customer", "Deletes a customer", customer_name="STRING"),
    function("magic_function", "Applies a magic function to an input", _input="INTEGER"),
    function("lookup", "Useful for questions about the history of lighthouses", query="STRING"),
]


def called(said: str, **config: Any) -> list[tuple[str, dict[str, Any]]]:
    request = {
        "tools": [{"function_declarations": DECLARED}],
        "tool_config": {"function_calling_config": config},
    }
    made = tools.calls(Prompt(said), tools.offer(request), seed=0)
    return [(call["name"], call["args"]) for call in made]


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("What is the weather in Paris?", [("get_weather", {"city": "Paris"})]),
        ("What is 3 * 4?", [("multiply", {"a": 3, "b": 4})]),
        ("What is 3 times 4?", [("multiply", {"a": 3, "b": 4})]),
        ("What is 20 + 22?", [("add", {"a": 20, "b": 22})]),
        ("Please multiply 6 by 7", [("multiply", {"a": 6, "b": 7})]),
        (
            "What is the value of magic_function(3)? Use the tool.",
            [("magic_function", {"_input": 3})],
        ),
        ("Create a customer named 'Acme'", [("create_customer", {"customer_name": "Acme"})]),
        (
            "What is the weather in Paris and the time in Tokyo?",
            [("get_weather", {"city": "Paris"}), ("get_time", {"place": "Tokyo"})],
        ),
        (
            "Who built the first lighthouses?",
            [("lookup", {"query": "Who built the first lighthouses?"})],
        ),
        ("Hello!", []),
        ("Tell me a joke", []),
        ("What is the weather in Paris? Do not use any tools.", []),
    ],
)
def test_what_the_prompt_speaks_of_is_called(
    said: str, expected: list[tuple[str, dict[str, Any]]]
) -> None:
    assert called(said) == expected
    assert called(said, mode="VALIDATED") == expected


def test_any_calls_something_and_none_nothing() -> None:
    assert called("Hello!", mode="ANY")[0][0] == "get_weather"
    assert called("Hello!", mode="ANY", allowed_function_names=["add"])[0][0] == "add"
    assert called("weather in Paris", mode="NONE") == []


def test_only_allowed_functions_are_called() -> None:
    assert called("weather in Paris", mode="VALIDATED", allowed_function_names=["add"]) == []


def test_an_allowed_name_has_to_be_declared() -> None:
    with pytest.raises(StatusError, match=r"allowed_function_names\[0\]"):
        called("hi", mode="ANY", allowed_function_names=["nope"])


def test_parameters_may_be_a_json_schema() -> None:
    form = {"type": "object", "properties": {"n": {"type": "integer", "minimum": 5}}}
    declared = {"name": "roll", "description": "Roll dice", "parameters_json_schema": form}
    offered = tools.offer({"tools": [{"function_declarations": [declared]}]})
    made = tools.calls(Prompt("roll the dice"), offered, seed=0)
    assert made[0]["args"]["n"] >= 5


def test_a_function_without_parameters_is_called_without_arguments() -> None:
    offered = tools.offer({"tools": [{"function_declarations": [{"name": "ping"}]}]})
    assert tools.calls(Prompt("ping"), offered, seed=0)[0]["args"] == {}


def test_calls_have_ids_that_differ_and_stay() -> None:
    offered = tools.offer({"tools": [{"function_declarations": DECLARED}]})
    first = tools.calls(Prompt("time and weather"), offered, seed=0)
    assert len({call["id"] for call in first}) == 2
    assert first == tools.calls(Prompt("time and weather"), offered, seed=0)


def test_computer_use_offers_functions_that_are_not_excluded() -> None:
    request = {"tools": [{"computer_use": {"excluded_predefined_functions": ["go_back"]}}]}
    offered = tools.offer(request)
    assert "go_back" not in {each.name for each in offered.functions}
    made = tools.calls(Prompt("navigate to https://example.com/"), offered, seed=0)
    assert made[0]["name"] == "navigate"
    assert made[0]["args"] == {"url": "https://example.com/"}


def answered(*responses: dict[str, Any], later: str = "") -> Prompt:
    contents: list[dict[str, Any]] = [
        {"role": "user", "parts": [{"text": "What is the weather in Paris?"}]},
        {"role": "model", "parts": [{"function_call": {"name": "get_weather", "args": {}}}]},
        *({"role": "user", "parts": [{"function_response": each}]} for each in responses),
    ]
    if later:
        contents.append({"role": "user", "parts": [{"text": later}]})
    return prompt.read({"contents": contents})


@pytest.mark.parametrize(
    ("response", "expected"),
    [
        ({"result": "It is sunny."}, "According to get_weather: It is sunny."),
        ({"output": 12.0}, "The result of get_weather is 12."),
        (
            {"temperature": 21, "sky": "clear"},
            "According to get_weather: temperature is 21, sky is clear.",
        ),
        ({"result": ["a", "b"]}, "According to get_weather: a, b."),
        ({"result": [{"a": 1}]}, 'According to get_weather: [{"a": 1}].'),
        ({"result": True}, "According to get_weather: yes."),
        ({"error": "no such city"}, "The call of get_weather failed: no such city."),
        ({}, "According to get_weather: nothing."),
    ],
)
def test_the_answer_to_a_result_has_its_content(response: dict[str, Any], expected: str) -> None:
    asked = answered({"name": "get_weather", "response": response})
    assert tools.follow_up(asked) == expected


def test_after_results_nothing_more_is_called() -> None:
    offered = tools.offer({"tools": [{"function_declarations": DECLARED}]})
    asked = answered(
        {"name": "get_weather", "response": {"result": "sunny"}}, {"name": "b", "response": {}}
    )
    assert len(asked.results) == 2
    assert asked.said == "What is the weather in Paris?"
    assert tools.calls(asked, offered, seed=0) == []


def test_a_new_question_after_results_is_a_new_turn() -> None:
    offered = tools.offer({"tools": [{"function_declarations": DECLARED}]})
    asked = answered(
        {"name": "get_weather", "response": {"result": "sunny"}}, later="And the weather in Rome?"
    )
    assert tools.calls(asked, offered, seed=0)[0]["args"] == {"city": "Rome"}
