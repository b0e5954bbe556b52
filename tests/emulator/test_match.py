from __future__ import annotations

import pytest

from gemini_grpc.emulator.match import differences, size

SAID = {
    "contents": [
        {"parts": [{"text": "first"}]},
        {"parts": [{"text": "second"}, {"inline_data": {}}]},
    ]
}


def shown(when: object, request: dict[str, object]) -> list[str]:
    return [str(difference) for difference in differences(when, request)]


def test_a_text_is_looked_for_in_the_last_content():
    assert shown("sec", SAID) == []
    assert shown("first", SAID) == ["contents[1]: expected a text with 'first', got 'second'"]


def test_a_text_is_looked_for_everywhere_where_there_are_no_contents():
    request = {"name": "models/x", "items": [{"deep": "needle"}], "count": 3}
    assert shown("needle", request) == []
    assert shown("models/", request) == []
    assert shown("pin", request) == [
        "the request: expected a text with 'pin', got 'models/x needle'"
    ]


def test_a_mapping_asks_for_its_fields_only():
    assert shown({"a": {"b": 1}}, {"a": {"b": 1, "c": 2}, "d": 3}) == []
    assert shown({"a": {"b": 1}}, {"a": {"b": 2}}) == ["a.b: expected 1, got 2"]
    assert shown({"a": {"b": 1}}, {}) == ["a: expected {'b': 1}, got nothing"]
    assert shown({}, {"a": 1}) == []


def test_a_list_asks_for_its_items_one_by_one():
    assert shown({"a": [1, {"b": 2}]}, {"a": [1, {"b": 2, "c": 3}]}) == []
    assert shown({"a": [1]}, {"a": [2, 3]}) == [
        "a: expected 1 item, got 2 items",
        "a[0]: expected 1, got 2",
    ]


def test_a_function_decides_by_itself():
    def good(request: dict[str, object]) -> bool:
        return request["a"] == 1

    assert shown(good, {"a": 1}) == []
    assert shown(good, {"a": 2}) == ["when: expected good() to be true, got false"]


def test_long_values_are_cut():
    (text,) = shown({"a": "x" * 500}, {"a": "y"})
    assert len(text) < 100
    assert "..." in text


@pytest.mark.parametrize(
    ("when", "count"), [("text", 1), ({"a": {"b": 1, "c": [1, 2]}}, 3), ({}, 0)]
)
def test_the_size_of_a_condition_is_how_many_values_it_asks_for(when, count):
    assert size(when) == count
