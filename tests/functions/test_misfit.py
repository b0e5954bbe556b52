"""What is said about a value that does not fit."""

from __future__ import annotations

import copy
import pickle

import pytest

from gemini_grpc import errors
from gemini_grpc.functions import MisfitError
from gemini_grpc.functions.misfit import describe


def test_a_misfit_says_where_what_and_what_not() -> None:
    error = MisfitError("a.b[0]", expected="a text", got="null")
    assert str(error) == "a.b[0]: expected a text, got null"
    assert (error.path, error.expected, error.got) == ("a.b[0]", "a text", "null")
    assert isinstance(error, errors.GeminiError)
    assert isinstance(error, ValueError)
    assert str(MisfitError("", expected="a text", got="null")).startswith("the value: expected")


def test_a_misfit_can_be_pickled_and_copied() -> None:
    error = MisfitError("a", expected="b", got="c")
    for twin in (pickle.loads(pickle.dumps(error)), copy.copy(error)):
        assert str(twin) == str(error)


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "null"),
        (True, "true"),
        (1.5, "the number 1.5"),
        ("ä", 'the text "ä"'),
        ("x" * 100, 'the text "' + "x" * 56 + "..."),
        ({}, "an empty object"),
        ({"a": 1, "b": 2}, "an object with a, b"),
        ([1], "a list of 1"),
        (object(), "a value of type object"),
    ],
)
def test_values_are_described_briefly(value: object, words: str) -> None:
    assert describe(value) == words
