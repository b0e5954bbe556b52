"""Embeddings: EmbedContent and BatchEmbedContents."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemini_grpc.emulator import models as catalog
from gemini_grpc.emulator import status, text
from gemini_grpc.emulator.services.models import find, require

if TYPE_CHECKING:
    from gemini_grpc.emulator.convert import Data
    from gemini_grpc.emulator.world import Call

BATCH_LIMIT = 100
DEFAULT_SIZE = 768


def embed_content(call: Call) -> Data:
    """Return the embedding of one content."""
    return {"embedding": _embed(call, call.request, "")}


def batch_embed_contents(call: Call) -> Data:
    """Return the embeddings of several contents, in order."""
    model = find(call, require(call.request, "model"))["name"]
    requests = call.request.get("requests", [])
    if not 1 <= len(requests) <= BATCH_LIMIT:
        raise status.invalid("requests", f"has {len(requests)}, expected 1 to {BATCH_LIMIT}")
    for index, request in enumerate(requests):
        if request.setdefault("model", model) != model:
            raise status.invalid(f"requests[{index}].model", f"is not {model}, the batch's model")
    return {
        "embeddings": [
            _embed(call, request, f"requests[{index}].") for index, request in enumerate(requests)
        ]
    }


def _embed(call: Call, request: Data, path: str) -> Data:
    model = find(call, require(request, "model"))["name"]
    if "parts" not in request.get("content", {}):
        raise status.invalid(f"{path}content", "is required")
    full = catalog.EMBEDDING_SIZES.get(model, DEFAULT_SIZE)
    size = request.get("output_dimensionality", full)
    if not 1 <= size <= full:
        raise status.invalid(f"{path}output_dimensionality", f"is {size}, expected 1 to {full}")
    parts = [part.get("text", "") for part in request["content"]["parts"]]
    said = " ".join([request.get("title", ""), *parts])
    return {"values": text.embed(said, size, flavour=request.get("task_type", ""))}


HANDLERS = {
    "GenerativeService.EmbedContent": embed_content,
    "GenerativeService.BatchEmbedContents": batch_embed_contents,
}
