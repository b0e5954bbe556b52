"""Answers, their errors, and how a model generates."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TypedDict

from gemini_grpc.generative._async.response import AsyncGenerateContentResponse
from gemini_grpc.generative._sync.response import GenerateContentResponse
from gemini_grpc.generative.answer_errors import (
    BlockedPromptException,
    BrokenResponseError,
    IncompleteIterationError,
    StopCandidateException,
)
from gemini_grpc.generative.argument_types import GenerationConfigType, ModalityType, SchemaType
from gemini_grpc.generative.config import GenerationConfig


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
    response_schema: SchemaType
    response_json_schema: SchemaType
    response_modalities: Sequence[ModalityType]
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
    "ModalityType",
    "SchemaType",
    "StopCandidateException",
]
