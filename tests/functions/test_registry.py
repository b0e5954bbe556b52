"""Functions are found by their names."""

from __future__ import annotations

import pickle

import pytest

from gemini_grpc import errors, v1beta
from gemini_grpc.functions import Declaration, Function, Functions, UnknownFunctionError


def add(a: int, b: int) -> int:
    return a + b


def test_functions_keep_their_order_and_are_found_by_name() -> None:
    message = v1beta.FunctionDeclaration(name="ready")
    functions = Functions(
        [Function.of(add, name="plus"), add, {"name": "bare"}, message, Declaration("own", None)]
    )
    assert list(functions) == ["plus", "add", "bare", "ready", "own"]
    assert len(functions) == 5
    assert repr(functions) == "Functions(plus, add, bare, ready, own)"
    entry = functions["add"]
    assert isinstance(entry, Function)
    assert entry(1, 2) == 3
    assert "nope" not in functions
    assert functions.get("nope") is None


def test_declarations_are_dictionaries_and_messages() -> None:
    message = v1beta.FunctionDeclaration(name="ready")
    given = {"name": "bare"}
    mine, bare, ready = Functions([add, given, message]).declarations()
    assert mine["name"] == "add"
    assert bare == given
    assert bare is not given
    assert ready is message


def test_an_unknown_name_gives_the_nearest() -> None:
    with pytest.raises(UnknownFunctionError) as caught:
        Functions([add])["ad"]
    text = "there is no function 'ad'; did you mean 'add'?; known are add"
    assert str(caught.value) == text
    assert (caught.value.name, caught.value.known) == ("ad", ("add",))
    assert isinstance(caught.value, errors.GeminiError)
    assert str(pickle.loads(pickle.dumps(caught.value))) == text
    with pytest.raises(KeyError, match="there are none"):
        Functions()["add"]


def test_a_name_is_taken_once() -> None:
    with pytest.raises(errors.ArgumentError, match=r"functions\[1\]: the name 'add' is taken"):
        Functions([add, {"name": "add"}])


@pytest.mark.parametrize("source", [1, {}, {"name": ""}, {"name": 5}, None])
def test_what_has_no_name_is_refused(source: object) -> None:
    with pytest.raises(
        errors.ArgumentError, match="expected a callable, a Function or a declaration"
    ):
        Functions([source])
