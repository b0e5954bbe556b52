"""Answers from passages: the request of `generate_answer`, a feature of the Gemini API."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from gemini_grpc.errors import ArgumentError
from gemini_grpc.generative import member, names, translation
from gemini_grpc.generative.contents import to_content, to_contents
from gemini_grpc.generative.custom_metadata import to_filters
from gemini_grpc.generative.plan import Plan, same
from gemini_grpc.generative.resource import Resource
from gemini_grpc.generative.safety import to_settings

if TYPE_CHECKING:
    from gemini_grpc.generative.backend import Backend
    from gemini_grpc.v1beta.types import GenerateAnswerResponse

MODEL = "models/aqa"
"""The model that answers from passages."""


class AnswerStyle(enum.IntEnum):
    """How an answer is written."""

    ANSWER_STYLE_UNSPECIFIED = 0
    ABSTRACTIVE = 1
    """Short, in the model's words."""
    EXTRACTIVE = 2
    """Short, in the words of the passages."""
    VERBOSE = 3
    """With what surrounds it."""


def answering(
    backend: Backend,
    *,
    model: object,
    contents: object,
    inline_passages: object,
    semantic_retriever: object,
    answer_style: object,
    safety_settings: object,
    temperature: object,
) -> Plan[GenerateAnswerResponse]:
    """Decide the call that answers a question from passages.

    Raises:
        ArgumentError: There is no question; passages are given in both ways or in neither; or an
            argument cannot be used.
        FieldError: Something is no content.
    """
    method = backend.method("GenerateAnswer")
    if (inline_passages is None) == (semantic_retriever is None):
        given = "neither is" if inline_passages is None else "both are"
        raise ArgumentError(
            f"inline_passages or semantic_retriever: {given} given; an answer comes from one of them"
        )
    asked = to_contents(contents, backend)
    request: dict[str, Any] = {
        "model": backend.model(model),
        "contents": asked,
        "answer_style": member.choose(
            AnswerStyle, answer_style, "answer_style", prefix="ANSWER_STYLE_"
        ),
        "safety_settings": to_settings(safety_settings, backend),
        "temperature": temperature,
    }
    if inline_passages is not None:
        request["inline_passages"] = _passages(inline_passages, backend)
    else:
        request["semantic_retriever"] = _retriever(semantic_retriever, backend, asked[-1])
    return Plan(method, request, same)


def _passages(value: Any, backend: Backend) -> Any:
    """Return the passages of a mapping of ids to contents, or of a list with or without ids."""
    path = "inline_passages"
    if translation.pb_of(value) is not None:
        return translation.message("GroundingPassages", value, backend, path)
    if isinstance(value, Mapping):
        value = value.items()
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        raise ArgumentError(
            f"{path}: expected a list of contents, pairs of an id and a content, or a mapping of ids to "
            f"contents, got {value!r:.80}"
        )
    passages = [
        _passage(item, backend, f"{path}[{index}]", str(index)) for index, item in enumerate(value)
    ]
    if not passages:
        raise ArgumentError(f"{path} is empty; an answer needs at least one passage")
    return {"passages": passages}


def _passage(item: Any, backend: Backend, path: str, label: object) -> Any:
    pb = translation.pb_of(item)
    if pb is not None and pb.DESCRIPTOR.name == "GroundingPassage":
        return translation.message("GroundingPassage", item, backend, path)
    if isinstance(item, tuple) and len(item) == 2:
        label, item = item
    elif isinstance(item, Mapping) and set(item) == {"id", "content"}:
        label, item = item["id"], item["content"]
    if not isinstance(label, str) or not label:
        raise ArgumentError(f"{path}: the id of a passage is {label!r}; expected a text")
    return {"id": label, "content": to_content(item, backend, role="user", path=path)}


def _retriever(value: Any, backend: Backend, question: Any) -> Any:
    """Return where and what the retriever looks for; the question itself if nothing is said."""
    path = "semantic_retriever"
    if translation.pb_of(value) is not None and not isinstance(value, Resource):
        return translation.message("SemanticRetrieverConfig", value, backend, path)
    config = dict(value) if isinstance(value, Mapping) else {"source": value}
    config["source"] = names.SOURCE.full(config.get("source"), f"{path}.source")
    query = config.get("query")
    config["query"] = (
        question if query is None else to_content(query, backend, path=f"{path}.query")
    )
    config["metadata_filters"] = to_filters(
        config.get("metadata_filters"), backend, f"{path}.metadata_filters"
    )
    return config
