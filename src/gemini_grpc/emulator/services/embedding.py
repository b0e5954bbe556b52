"""Embeddings: EmbedContent and BatchEmbedContents, and EmbedContent of Vertex AI."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemini_grpc.emulator import models as catalog
from gemini_grpc.emulator import status, text, tokens
from gemini_grpc.emulator.services.models import find, require

if TYPE_CHECKING:
    from gemini_grpc.emulator.convert import Data
    from gemini_grpc.emulator.world import Call

_OPTIONS = ("title", "task_type", "output_dimensionality", "auto_truncate")


def embed_content(call: Call) -> Data:
    """Return the embedding of one content."""
    if call.version == "aiplatform_v1":
        return _embed_with_counts(call)
    return {"embedding": _embed(call, call.request, "")}


def batch_embed_contents(call: Call) -> Data:
    """Return the embeddings of several contents, in order."""
    model = find(call, require(call.request, "model"), supports="embedContent")["name"]
    requests = call.request["requests"]
    for index, request in enumerate(requests):
        if request.setdefault("model", model) != model:
            raise status.invalid(f"requests[{index}].model", f"is not {model}, the batch's model")
    return {
        "embeddings": [
            _embed(call, request, f"requests[{index}].") for index, request in enumerate(requests)
        ]
    }


def _embed(call: Call, request: Data, path: str) -> Data:
    model = find(call, require(request, "model"), supports="embedContent")["name"]
    return _vector(model, request, _texts(request, path), path)


def _embed_with_counts(call: Call) -> Data:
    """Return an embedding as Vertex AI does, which cuts what is too long and says so."""
    model = find(call, require(call.request, "model"), supports="embedContent")
    config = call.request.get("embed_content_config", {})
    old = {key: call.request[key] for key in _OPTIONS if key in call.request}
    if twice := sorted(old.keys() & config.keys()):
        raise status.invalid(f"embed_content_config.{twice[0]}", f"is also given as {twice[0]}")
    options = old | config
    pieces = [piece for said in _texts(call.request, "") for piece in tokens.pieces(said)]
    limit = model["input_token_limit"]
    truncated = len(pieces) > limit
    if truncated and not options.get("auto_truncate", True):
        raise status.invalid("content", f"has {len(pieces)} tokens, at most {limit} will do")
    kept = pieces[:limit]
    totals = {"TEXT": len(kept)}
    return {
        "embedding": _vector(model["name"], options, ["".join(kept)], ""),
        "usage_metadata": {
            "prompt_token_count": len(kept),
            "total_token_count": len(kept),
            "prompt_tokens_details": tokens.details(totals),
        },
        "truncated": truncated,
    }


def _texts(request: Data, path: str) -> list[str]:
    """Return the texts of the content that is to be embedded."""
    if "parts" not in request.get("content", {}):
        raise status.invalid(f"{path}content", "is required")
    return [part.get("text", "") for part in request["content"]["parts"]]


def _vector(model: str, options: Data, said: list[str], path: str) -> Data:
    full = catalog.embedding_size(model)
    size = options.get("output_dimensionality", full)
    if not 1 <= size <= full:
        raise status.invalid(f"{path}output_dimensionality", f"is {size}, expected 1 to {full}")
    whole = " ".join([options.get("title", ""), *said])
    return {"values": text.embed(whole, size, flavour=str(options.get("task_type", "")))}


HANDLERS = {
    "GenerativeService.EmbedContent": embed_content,
    "GenerativeService.BatchEmbedContents": batch_embed_contents,
    "PredictionService.EmbedContent": embed_content,
}
