"""What handlers cannot work with they refuse themselves, also where the emulator is not strict."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from gemini_grpc import aiplatform_v1, errors, v1beta
from gemini_grpc.emulator import Emulator

SAID = [{"role": "user", "parts": [{"text": "Why?"}]}]
EMBEDDER = "models/gemini-embedding-2"
VERTEX = "projects/p/locations/l"
CONDITION = {"operation": "EQUAL", "numeric_value": 1}
ANSWER = {"model": "models/aqa", "contents": SAID, "answer_style": "VERBOSE"}


@pytest.fixture(scope="module")
def options() -> Iterator[dict[str, str]]:
    with Emulator(strict=False) as emulator:
        yield {"api_endpoint": f"http://{emulator.target}", "api_key": "test"}


def query(**filters: Any) -> dict[str, Any]:
    return {"name": "corpora/c", "query": "a", "metadata_filters": [filters]}


def tuned(**fields: Any) -> dict[str, Any]:
    examples = {"examples": {"examples": [{"text_input": "1", "output": "2"}]}}
    return {"tuned_model": {"tuning_task": {"training_data": examples}} | fields}


@pytest.mark.parametrize(
    ("service", "method", "request_", "field"),
    [
        ("FileService", "get_file", {"name": "one"}, "name"),
        ("GenerativeService", "generate_answer", ANSWER, "inline_passages"),
        (
            "GenerativeService",
            "embed_content",
            {"model": EMBEDDER, "content": {"role": "user"}},
            "content",
        ),
        (
            "GenerativeService",
            "batch_embed_contents",
            {"model": EMBEDDER, "requests": [{"model": "models/other", "content": SAID[0]}]},
            r"requests\[0\]\.model",
        ),
        (
            "RetrieverService",
            "query_corpus",
            query(key="other.a", conditions=[CONDITION]),
            r"metadata_filters\[0\]\.key",
        ),
        (
            "RetrieverService",
            "query_corpus",
            query(key="chunk.custom_metadata.a", conditions=[{"operation": "EQUAL"}]),
            r"conditions\[0\]",
        ),
        (
            "RetrieverService",
            "query_corpus",
            query(
                key="chunk.custom_metadata.a",
                conditions=[{"operation": "LESS", "string_value": "a"}],
            ),
            r"conditions\[0\]\.operation",
        ),
        (
            "RetrieverService",
            "create_chunk",
            {"parent": "corpora/c/documents/d", "chunk": {"data": {}}},
            "corpora/c/documents/d",
        ),
        ("ModelService", "create_tuned_model", tuned(), "base_model"),
        (
            "ModelService",
            "create_tuned_model",
            {"tuned_model_id": "-", **tuned(base_model="models/gemini-1.5-flash-001-tuning")},
            "tuned_model_id",
        ),
        (
            "ModelService",
            "create_tuned_model",
            {"tuned_model": {"tuning_task": {"training_data": {}}}},
            "training_data",
        ),
        (
            "TextService",
            "batch_embed_text",
            {"model": "models/embedding-gecko-001", "texts": ["a"], "requests": [{"text": "a"}]},
            "texts",
        ),
    ],
)
def test_a_request_that_cannot_be_answered_is_refused(
    options: dict[str, str], service: str, method: str, request_: dict[str, Any], field: str
) -> None:
    with (
        getattr(v1beta, f"{service}Client")(client_options=options) as client,
        pytest.raises((errors.InvalidArgument, errors.NotFound), match=field),
    ):
        getattr(client, method)(request_)


def test_a_cache_of_vertex_ai_needs_a_model(options: dict[str, str]) -> None:
    with (
        aiplatform_v1.GenAiCacheServiceClient(client_options=options) as client,
        pytest.raises(errors.InvalidArgument, match=r"cached_content\.model"),
    ):
        client.create_cached_content({"parent": VERTEX, "cached_content": {"contents": SAID}})
