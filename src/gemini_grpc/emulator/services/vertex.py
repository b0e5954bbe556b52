"""LlmUtilityService of Vertex AI: CountTokens and ComputeTokens.

The endpoint says which model counts; `model`, where it is set, wins. Generating, embedding and caching of
Vertex AI are in the modules of those nouns.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from gemini_grpc.emulator import status, tokens
from gemini_grpc.emulator.services import generative
from gemini_grpc.emulator.services.models import find, require

if TYPE_CHECKING:
    from gemini_grpc.emulator.convert import Data
    from gemini_grpc.emulator.world import Call


def count_tokens(call: Call) -> Data:
    """Return how many tokens and billable characters a prompt has."""
    request = _prompt(call)
    said = list(_texts(request))
    if "contents" in request:
        totals = generative.prompt_totals(call, request)
    else:
        totals = {"TEXT": sum(map(tokens.count_text, said))}
    return {
        "total_tokens": sum(totals.values()),
        "total_billable_characters": sum(len("".join(text.split())) for text in said),
        "prompt_tokens_details": tokens.details(totals),
    }


def compute_tokens(call: Call) -> Data:
    """Return the tokens of every content or instance, with their numbers."""
    request = _prompt(call)
    if "contents" in request:
        items = [
            (content.get("role", ""), [part.get("text", "") for part in content.get("parts", ())])
            for content in request["contents"]
        ]
    else:
        items = [("", list(_strings(instance))) for instance in request["instances"]]
    return {"tokens_info": [_info(role, texts) for role, texts in items]}


def _prompt(call: Call) -> Data:
    """Return a request that is in order: a model that exists, and contents or instances."""
    request = call.request
    endpoint = require(request, "endpoint")
    find(call, request.get("model") or endpoint, supports="countTokens")
    given = [field for field in ("contents", "instances") if request.get(field)]
    if len(given) != 1:
        raise status.invalid("contents", "is required, or instances, and not both")
    return request


def _info(role: str, texts: list[str]) -> Data:
    pieces = [piece for text in texts for piece in tokens.pieces(text)]
    return {
        "role": role,
        "tokens": [piece.encode() for piece in pieces],
        "token_ids": [tokens.token_id(piece) for piece in pieces],
    }


def _texts(request: Data) -> Iterator[str]:
    """Yield the texts of a prompt, those of the system instruction first."""
    for content in (request.get("system_instruction", {}), *request.get("contents", ())):
        for part in content.get("parts", ()):
            yield part.get("text", "")
    for instance in request.get("instances", ()):
        yield from _strings(instance)


def _strings(value: Any) -> Iterator[str]:
    """Yield the strings in a JSON value, at every depth."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, (list, dict)):
        for item in value.values() if isinstance(value, dict) else value:
            yield from _strings(item)


HANDLERS = {
    "LlmUtilityService.CountTokens": count_tokens,
    "LlmUtilityService.ComputeTokens": compute_tokens,
}
