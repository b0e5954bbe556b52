"""Candidates and contents tell their text and calls, as vertexai's classes do."""

from __future__ import annotations

from typing import Any

import pytest

from gemini_grpc import aiplatform_v1, errors, v1alpha, v1beta
from gemini_grpc.rpc.shortcuts import SHORTCUTS, NoTextError

VERSIONS = pytest.mark.parametrize(
    "version", [v1beta, v1alpha, aiplatform_v1], ids=lambda version: version.__name__
)
CALL = {"function_call": {"name": "f", "args": {"a": "b"}}}


@VERSIONS
def test_the_text_of_one_part_is_that_of_the_content_and_the_candidate(version: Any) -> None:
    candidate = version.Candidate(content={"parts": [{"text": "Hi"}]})
    assert (candidate.text, candidate.content.text) == ("Hi", "Hi")
    assert candidate.function_calls == []


@VERSIONS
@pytest.mark.parametrize("parts", [[], [{"text": "a"}, {"text": "b"}], [CALL], [{}]], ids=repr)
def test_there_is_no_text_of_anything_else(version: Any, parts: list[Any]) -> None:
    candidate = version.Candidate(content={"parts": parts})
    for kind in (NoTextError, ValueError, AttributeError, errors.UsageError):
        with pytest.raises(kind, match="text"):
            assert candidate.text
    assert not hasattr(candidate.content, "text")


@VERSIONS
def test_the_calls_of_a_candidate_are_messages(version: Any) -> None:
    candidate = version.Candidate(content={"parts": [{"text": "Hm"}, CALL, CALL]})
    assert [call.name for call in candidate.function_calls] == ["f", "f"]
    assert candidate.function_calls[0].args["a"] == "b"


@VERSIONS
def test_no_shortcut_hides_a_field_and_none_can_be_set(version: Any) -> None:
    for message, name in SHORTCUTS:
        made = getattr(version, message)()
        assert name not in type(made).pb().DESCRIPTOR.fields_by_name
        with pytest.raises(AttributeError, match="has no field"):
            setattr(made, name, "x")
