"""What a message says, for every backend."""

from __future__ import annotations

from typing import Any

import pytest

from gemini_grpc import aiplatform_v1, errors, v1alpha, v1beta
from gemini_grpc.generative import reading
from gemini_grpc.generative.answer_errors import NoAnswerError
from gemini_grpc.generative.reading import FunctionCall

PACKAGES: Any = (v1beta, v1alpha, aiplatform_v1)
SAFETY = {"category": "HARM_CATEGORY_HARASSMENT", "probability": "HIGH"}


def message(*parts: dict[str, Any], package: Any = v1beta, **candidate: Any) -> Any:
    content = {"content": {"parts": list(parts)}, **candidate}
    return package.GenerateContentResponse(candidates=[content])._pb


def blocked(package: Any = v1beta) -> Any:
    return package.GenerateContentResponse(prompt_feedback={"block_reason": "SAFETY"})._pb


@pytest.mark.parametrize("package", PACKAGES)
@pytest.mark.parametrize(
    ("parts", "text"),
    [
        ([{"text": "a"}], "a"),
        ([{"text": "a"}, {"text": "b"}], "ab"),
        ([{"text": ""}], ""),
        ([{"text": "a"}, {}], "a"),
        (
            [
                {"text": "So:"},
                {"executable_code": {"language": "PYTHON", "code": "print(1)"}},
                {"code_execution_result": {"outcome": "OUTCOME_OK", "output": "1"}},
            ],
            "So:\n``` python\nprint(1)\n```\n\n```\n1\n```\n",
        ),
    ],
)
def test_the_text_is_that_of_the_parts_with_nothing_between(
    package: Any, parts: Any, text: str
) -> None:
    assert reading.text_of(message(*parts, package=package)) == text


def test_thoughts_are_no_text() -> None:
    said = message({"text": "Hm.", "thought": True}, {"text": "Yes."})
    assert reading.text_of(said) == "Yes."
    assert reading.thoughts_of(said) == "Hm."


@pytest.mark.parametrize("piece", [False, True])
@pytest.mark.parametrize(
    ("said", "text"),
    [
        (blocked(), "the prompt was blocked (SAFETY)"),
        (v1beta.GenerateContentResponse(candidates=[{}, {}])._pb, "2 candidates"),
        (message(finish_reason="SAFETY"), "finish_reason is SAFETY"),
        (
            message(finish_reason="RECITATION", finish_message="as in a book"),
            "finish_reason is RECITATION: as in a book",
        ),
    ],
)
def test_no_text_is_an_error_that_says_why(said: Any, text: str, piece: bool) -> None:
    with pytest.raises(NoAnswerError, match=text.replace("(", "[(]").replace(")", "[)]")) as caught:
        reading.text_of(said, piece=piece)
    assert isinstance(caught.value, (ValueError, errors.GeminiError))


@pytest.mark.parametrize(
    ("said", "text"),
    [
        (
            v1beta.GenerateContentResponse()._pb,
            "no candidates, and prompt_feedback does not say why",
        ),
        (message(finish_reason="STOP"), "the answer has no parts; finish_reason is STOP"),
        (
            message({"text": "Hm.", "thought": True}, finish_reason="MAX_TOKENS"),
            "has only thoughts; finish_reason is MAX_TOKENS; raise max_output_tokens",
        ),
        (message({}, finish_reason="STOP"), "has no text in its parts; finish_reason is STOP"),
        (
            message({"text": "a"}, {"function_call": {"name": "f"}}),
            "could not convert `part.function_call` to text",
        ),
        (
            message({"inline_data": {"mime_type": "image/png", "data": b"x"}}),
            "could not convert `part.inline_data` to text",
        ),
    ],
)
def test_a_piece_of_a_stream_may_have_no_text(said: Any, text: str) -> None:
    with pytest.raises(NoAnswerError, match=text):
        reading.text_of(said)
    assert reading.text_of(said, piece=True) in ("", "a")


def test_the_ratings_come_with_an_answer_stopped_for_safety() -> None:
    said = message(finish_reason="SAFETY", safety_ratings=[SAFETY])
    with pytest.raises(NoAnswerError) as caught:
        reading.text_of(said)
    assert caught.value.args[1] == list(said.candidates[0].safety_ratings)
    assert str(caught.value) == caught.value.args[0]


@pytest.mark.parametrize("package", PACKAGES)
def test_arguments_of_calls_are_plain_and_whole_numbers_are_int(package: Any) -> None:
    args = {"n": 3, "x": 0.5, "on": True, "none": None, "list": [1, {"y": "z"}]}
    said = message({"function_call": {"name": "f", "args": args}}, package=package)
    (call,) = reading.calls_of(said)
    assert call == FunctionCall("f", args)
    assert [type(call.args[name]) for name in ("n", "x", "on")] == [int, float, bool]


def test_calls_have_ids_where_the_backend_has() -> None:
    said = message({"function_call": {"name": "f", "id": "7"}})
    assert reading.calls_of(said) == [FunctionCall("f", {}, "7")]


def test_a_reason_the_library_does_not_know_is_its_number() -> None:
    said = message()
    said.candidates[0].finish_reason = 99
    with pytest.raises(NoAnswerError, match="finish_reason is 99"):
        reading.text_of(said)


def test_a_message_is_described_for_people() -> None:
    said = message({"text": "x" * 100}, {"function_call": {"name": "f"}}, finish_reason="STOP")
    described = list(reading.describe(said))
    assert described == [f"text='{'x' * 57}...'", "function_calls=['f']", "finish_reason=STOP"]
    assert list(reading.describe(blocked())) == ["block_reason=SAFETY"]
