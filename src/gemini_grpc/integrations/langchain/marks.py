"""What messages carry so that they can be sent back: who made them, signatures, ids of our own."""

from __future__ import annotations

import base64
import uuid
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gemini_grpc.generative.backend import Backend

PROVIDER = "gemini_grpc"
"""What `response_metadata["model_provider"]` says of our messages."""

_FAMILY = frozenset({PROVIDER, "google_genai", "google_vertexai"})
"""Providers whose signatures Gemini knows."""

CALL_SIGNATURES = "__gemini_function_call_thought_signatures__"
"""Where `additional_kwargs` has the signatures of tool calls, by their ids, in base64.

It is the name that LangChain's own packages for Gemini use, so that stored conversations go both ways.
"""

_LOCAL = "local-"


def from_gemini(message: Any) -> bool:
    """Tell whether a message was made by Gemini, through whichever package."""
    return message.response_metadata.get("model_provider") in _FAMILY


def new_id() -> str:
    """Return an id for a call that has none from the API; it is never sent."""
    return f"{_LOCAL}{uuid.uuid4().hex}"


def with_id(fields: dict[str, Any], call_id: str | None, kind: str, backend: Backend) -> Any:
    """Return the fields of a FunctionCall or FunctionResponse with its id, if it is one to send."""
    if call_id and not call_id.startswith(_LOCAL) and backend.has(kind, "id"):
        return {**fields, "id": call_id}
    return fields


def signature_text(signature: bytes) -> str:
    """Return a signature as messages keep it."""
    return base64.b64encode(signature).decode()


def signed(part: dict[str, Any], signature: object, backend: Backend) -> dict[str, Any]:
    """Return the fields of a part with the signature that it came with, if there is one."""
    if not isinstance(signature, str) or not backend.has("Part", "thought_signature"):
        return part
    return {**part, "thought_signature": base64.b64decode(signature)}
