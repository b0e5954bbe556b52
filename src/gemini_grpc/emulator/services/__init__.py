"""The behaviour of each RPC, by `Service.Method`, for every version of the API.

A handler takes a `Call` and returns the response as a dictionary; a streaming one yields dictionaries;
a bidirectional one takes the requests, an iterator of dictionaries, as its second argument.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gemini_grpc.emulator.services import (
    answers,
    caches,
    chunks,
    discuss,
    embedding,
    files,
    generative,
    legacy_text,
    live,
    models,
    operations,
    permissions,
    prediction,
    retriever,
    search,
    tuned_models,
    vertex,
)

if TYPE_CHECKING:
    from collections.abc import Callable

HANDLERS: dict[str, Callable[..., Any]] = {
    **answers.HANDLERS,
    **caches.HANDLERS,
    **chunks.HANDLERS,
    **discuss.HANDLERS,
    **embedding.HANDLERS,
    **files.HANDLERS,
    **generative.HANDLERS,
    **legacy_text.HANDLERS,
    **live.HANDLERS,
    **models.HANDLERS,
    **operations.HANDLERS,
    **permissions.HANDLERS,
    **prediction.HANDLERS,
    **retriever.HANDLERS,
    **search.HANDLERS,
    **tuned_models.HANDLERS,
    **vertex.HANDLERS,
}
"""Every handler."""
