"""Classes and copies of messages, where they are used in unusual ways."""

from __future__ import annotations

import copy
import subprocess
import sys

import pytest

from gemini_grpc import errors, v1beta
from gemini_grpc.rpc.plain import is_repeated
from gemini_grpc.rpc.secret import Secret


def test_a_field_of_a_class_is_found_before_any_message_was_made() -> None:
    program = """
from gemini_grpc import v1beta
assert isinstance(v1beta.Content.parts, property)
assert not hasattr(v1beta.Content, "nothing")
assert v1beta.Content(parts=[{"text": "a"}]).parts[0].text == "a"
"""
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


def test_a_message_knows_its_options() -> None:
    assert not v1beta.Content.meta.options.deprecated


def test_names_that_begin_with_an_underscore_are_not_fields() -> None:
    content = v1beta.Content(role="user")
    content._mine = 5
    assert content._mine == 5
    assert v1beta.Content.to_dict(content) == v1beta.Content.to_dict(v1beta.Content(role="user"))


def test_a_copy_of_a_list_of_messages_grows_on_its_own() -> None:
    content = v1beta.Content(parts=[{"text": "a"}])
    parts = copy.copy(content.parts)
    parts.append({"text": "b"})
    assert [part.text for part in parts] == ["a", "b"]
    assert [part.text for part in content.parts] == ["a"]


@pytest.mark.parametrize("value", [1, True])
def test_a_bool_may_be_given_as_a_number(value: int) -> None:
    assert v1beta.GenerationConfig(response_logprobs=value).response_logprobs is True


def test_a_copy_of_a_secret_is_the_secret() -> None:
    secret = Secret("hidden")
    assert copy.copy(secret) is secret


def test_a_wrong_value_inside_a_map_of_messages_is_told_with_its_path() -> None:
    good = {"type": "STRING"}
    with pytest.raises(errors.FieldError, match=r"^properties\['b'\]\.nullable"):
        v1beta.Schema(properties={"a": good, "b": {**good, "nullable": "yes"}})


class OldField:
    """A field as protobuf described it before 6.31, without `is_repeated`."""

    def __init__(self, label: int) -> None:
        self.label = label


def test_repeated_fields_of_an_older_protobuf_are_told_by_their_label() -> None:
    assert is_repeated(OldField(3))  # type: ignore[arg-type]
    assert not is_repeated(OldField(1))  # type: ignore[arg-type]
