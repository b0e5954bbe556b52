"""The behaviour of each RPC, by `Service.Method`, for every version of the API.

A handler takes a `Call` and returns the response as a dictionary; a streaming one yields dictionaries;
a bidirectional one takes the requests, an iterator of dictionaries, as its second argument.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gemini_grpc.emulator.services import embedding, generative, live, models

if TYPE_CHECKING:
    from collections.abc import Callable

HANDLERS: dict[str, Callable[..., Any]] = {
    **embedding.HANDLERS,
    **generative.HANDLERS,
    **live.HANDLERS,
    **models.HANDLERS,
}
"""Every handler."""
