"""Errors of answers are those that users of other clients catch, and survive being copied."""

from __future__ import annotations

import copy
import pickle
from typing import Any

import pytest

from gemini_grpc import aiplatform_v1, errors, v1beta
from gemini_grpc.generative.answer_errors import (
    AnswerError,
    BlockedPromptException,
    BrokenResponseError,
    BusyError,
    IncompleteIterationError,
    NoAnswerError,
    NoExchangeError,
    ResponseValidationError,
    StopCandidateException,
    TooManyRoundsError,
)

BLOCKED = v1beta.GenerateContentResponse(prompt_feedback={"block_reason": "SAFETY"})
STOPPED = v1beta.Candidate(finish_reason="SAFETY", finish_message="not nice")

ERRORS: dict[str, tuple[Exception, type[Exception], str]] = {
    "no answer": (NoAnswerError("nothing", [1]), ValueError, "nothing"),
    "incomplete": (IncompleteIterationError("read on"), AnswerError, "read on"),
    "broken": (BrokenResponseError("broken"), AnswerError, "broken"),
    "rounds": (TooManyRoundsError(3, BLOCKED), RuntimeError, "after 3 rounds"),
    "invalid": (ResponseValidationError("bad", [], [BLOCKED]), AnswerError, "bad"),
    "blocked": (
        BlockedPromptException(BLOCKED),
        ResponseValidationError,
        "the prompt was blocked: SAFETY",
    ),
    "stopped": (
        StopCandidateException(STOPPED, [], [BLOCKED]),
        ResponseValidationError,
        "the model stopped for SAFETY: not nice",
    ),
    "no exchange": (NoExchangeError("none"), IndexError, "none"),
    "busy": (BusyError("wait"), RuntimeError, "wait"),
}


@pytest.mark.parametrize("name", ERRORS)
def test_an_error_is_of_our_tree_and_of_the_usual_kind(name: str) -> None:
    error, kind, text = ERRORS[name]
    assert isinstance(error, errors.GeminiError)
    assert isinstance(error, kind)
    assert text in str(error)


@pytest.mark.parametrize("name", ERRORS)
@pytest.mark.parametrize("again", [copy.copy, lambda error: pickle.loads(pickle.dumps(error))])
def test_an_error_survives_being_copied(name: str, again: Any) -> None:
    error = ERRORS[name][0]
    made = again(error)
    assert type(made) is type(error)
    assert str(made) == str(error)
    assert made.args == error.args
    assert vars(made) == vars(error)


def test_the_message_of_vertex_is_told() -> None:
    feedback = {"block_reason": "SAFETY", "block_reason_message": "not nice"}
    blocked: Any = aiplatform_v1.GenerateContentResponse(prompt_feedback=feedback)
    assert str(BlockedPromptException(blocked)) == "the prompt was blocked: SAFETY: not nice"


def test_a_reason_the_library_does_not_know_is_its_number() -> None:
    stopped = v1beta.Candidate()
    stopped._pb.finish_reason = 99
    assert str(StopCandidateException(stopped)) == "the model stopped for 99"
