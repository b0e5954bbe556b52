"""A message of one backend is said in the words of another, field by field."""

from __future__ import annotations

from collections import UserDict, UserList
from typing import Any

import pytest
from google.ai import generativelanguage_v1beta as googles

from gemini_grpc import aiplatform_v1, errors, v1beta
from gemini_grpc.generative.backend import Backend, UnsupportedError
from gemini_grpc.generative.translation import message, pb_of

GEMINI, OLD, VERTEX = Backend(), Backend("v1alpha"), Backend("aiplatform_v1", "p", "l")


def test_a_message_of_the_backend_is_itself() -> None:
    mine = v1beta.Part.pb(v1beta.Part(text="a"))
    assert message("Part", mine, GEMINI, "x") is mine
    assert message("Part", v1beta.Part.wrap(mine), GEMINI, "x") is mine


def test_numbers_of_fields_and_values_may_differ() -> None:
    given = v1beta.Content(role="user", parts=[{"text": "a"}, {"function_call": {"name": "f"}}])
    made = message("Content", given, VERTEX, "x")
    assert made.SerializeToString() != v1beta.Content.serialize(given)
    assert message("Content", made, GEMINI, "x") == v1beta.Content.pb(given)


def test_what_this_version_does_not_know_yet_is_kept_from_a_twin() -> None:
    newer = googles.Part.deserialize(v1beta.Part.serialize(v1beta.Part(text="a")) + b"\xa0\x06\x01")
    made = message("Part", newer, GEMINI, "x")
    assert made.SerializeToString() == googles.Part.serialize(newer)


def test_what_is_set_to_its_default_stays_set() -> None:
    for given in ({"text": ""}, {"function_call": {}}, {"inline_data": {}}):
        made = message("Part", v1beta.Part(given), VERTEX, "x")
        assert made.WhichOneof("data") == next(iter(given))
        assert message("Part", given, VERTEX, "x") == made
    made = message("GenerationConfig", v1beta.GenerationConfig(temperature=0), VERTEX, "x")
    assert made.HasField("temperature")


def test_maps_of_messages_are_translated() -> None:
    given = v1beta.Schema(properties={"a": {"type_": "STRING"}, "b": {"type_": "INTEGER"}})
    made = message("Schema", given, VERTEX, "x")
    assert {name: each.type_ for name, each in made.properties.items()} == {"a": 1, "b": 3}
    with pytest.raises(UnsupportedError, match=r"x.properties\['a'\].minimum: .*v1alpha has no"):
        message("Schema", v1beta.Schema(properties={"a": {"minimum": 1}}), OLD, "x")


def test_mappings_may_hold_messages_of_other_backends() -> None:
    made = message(
        "Schema",
        {
            "properties": {"a": v1beta.Schema(type_="STRING")},
            "any_of": [googles.Schema(type_="STRING"), {"type": aiplatform_v1.Type.INTEGER}],
            "items": v1beta.Schema(type_="STRING"),
        },
        VERTEX,
        "x",
    )
    text = {"type": "STRING"}
    expected = aiplatform_v1.Schema(
        properties={"a": text}, any_of=[text, {"type": "INTEGER"}], items=text
    )
    assert made == aiplatform_v1.Schema.pb(expected)


@pytest.mark.parametrize(
    ("kind", "value", "said"),
    [
        ("Part", 3, "x: expected Part or a mapping of its fields, got int"),
        ("Part", v1beta.Tool(), "x: expected Part, got Tool"),
        ("Schema", {"properties": 3}, r"x.properties: expected a mapping, got int"),
        ("Schema", {"properties": {"a": 3}}, r"x.properties\['a'\]: expected Schema"),
        ("Schema", {"any_of": 3}, "x.any_of: expected a list, got int"),
        ("Schema", {"items": {"typ": 1}}, "x.items: Schema has no field 'typ'"),
        ("Schema", {3: 1}, "x: Schema has no field"),
        (
            "SafetySetting",
            v1beta.SafetySetting(category=99),
            "x.category: HarmCategory has no value 99",
        ),
    ],
)
def test_what_is_no_such_message_is_named(kind: str, value: Any, said: str) -> None:
    with pytest.raises(errors.FieldError, match=said):
        message(kind, value, VERTEX, "x")


def test_values_that_are_unset_are_not_missed() -> None:
    made = message("Part", {"text": "a", "thought": None, "video_metadata": None}, OLD, "x")
    assert made == OLD.types.Part.pb(OLD.types.Part(text="a"))


def test_only_messages_are_messages() -> None:
    assert pb_of("a") is None
    assert pb_of(v1beta.Part()) == v1beta.Part.pb()()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": b"x"}, r"\['a'\]: expected a text, a number, .*, got bytes"),
        ({"a": bytearray(b"x")}, r"\['a'\]: .*, got bytearray"),
        ({"a": [{"b": memoryview(b"x")}]}, r"\['a'\]\[0\]\['b'\]: .*, got memoryview"),
        ({"a": ({1},)}, r"\['a'\]\[0\]: .*, got set"),
        ({"a": object()}, r"\['a'\]: .*, got object"),
        ({1: "a"}, r": expected texts as keys, got int"),
        ({"a": {None: 1}}, r"\['a'\]: expected texts as keys, got NoneType"),
    ],
)
@pytest.mark.parametrize(
    ("kind", "path"), [("FunctionCall", "args"), ("FunctionResponse", "response")]
)
@pytest.mark.parametrize("backend", [GEMINI, OLD, VERTEX], ids=lambda each: each.version)
def test_what_json_cannot_hold_is_named_by_its_path(
    backend: Backend, kind: str, path: str, value: Any, text: str
) -> None:
    with pytest.raises(errors.FieldError, match=rf"^x\.{path}{text}"):
        message(kind, {path: value}, backend, "x")


def test_a_value_of_json_is_looked_at_too() -> None:
    fields = {"function_declarations": [{"parameters_json_schema": {"enum": [b"x"]}}]}
    with pytest.raises(errors.FieldError, match=r"parameters_json_schema\['enum'\]\[0\]: .* bytes"):
        message("Tool", fields, VERTEX, "x")


def test_the_arguments_of_a_call_are_a_mapping() -> None:
    for args in ("{}", [("a", 1)], 7):
        with pytest.raises(errors.FieldError, match=r"^x\.args: expected a mapping, got "):
            message("FunctionCall", {"args": args}, GEMINI, "x")


def test_what_json_holds_is_taken() -> None:
    shared = v1beta.FunctionCall(args={"a": [1, {"b": None}]}).args
    for args in (shared, {"a": (1.0, {"b": None})}, {"a": UserList([1, UserDict(b=None)])}):
        assert message("FunctionCall", {"args": args}, GEMINI, "x").args["a"][1] == {"b": None}
