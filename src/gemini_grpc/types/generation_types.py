"""Answers, their errors, and how a model generates."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TypeAlias, TypedDict

from gemini_grpc.generative._async.response import AsyncGenerateContentResponse
from gemini_grpc.generative._sync.response import GenerateContentResponse
from gemini_grpc.generative.answer_errors import (
    BlockedPromptException,
    BrokenResponseError,
    IncompleteIterationError,
    StopCandidateException,
)
from gemini_grpc.generative.config import GenerationConfig
from gemini_grpc.rpc.message import Message

GenerationConfigType: TypeAlias = GenerationConfig | Mapping[str, object] | Message | None


class GenerationConfigDict(TypedDict, total=False):
    """The fields of a `GenerationConfig`, for a mapping of them."""

    candidate_count: int
    stop_sequences: Iterable[str]
    max_output_tokens: int
    temperature: float
    top_p: float
    top_k: int
    seed: int
    response_mime_type: str
    response_schema: object
    presence_penalty: float
    frequency_penalty: float


__all__ = [
    "AsyncGenerateContentResponse",
    "BlockedPromptException",
    "BrokenResponseError",
    "GenerateContentResponse",
    "GenerationConfig",
    "GenerationConfigDict",
    "GenerationConfigType",
    "IncompleteIterationError",
    "StopCandidateException",
]
