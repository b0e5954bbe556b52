"""What a turn of a live session cost, as `UsageMetadata` reports it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from gemini_grpc.emulator import tokens

if TYPE_CHECKING:
    from gemini_grpc.emulator.convert import Data


def report(prompt: Mapping[str, int], said: Mapping[str, int], response: Data) -> Data:
    """Return the report of one generation.

    Args:
        prompt: The tokens of the context, by modality.
        said: The tokens that were sent, by modality; fewer than generated after an interruption.
        response: The usage of the response the model gave, for what is counted there only.
    """
    thoughts = response.get("thoughts_token_count", 0)
    tools = response.get("tool_use_prompt_token_count", 0)
    counts = {
        "prompt_token_count": sum(prompt.values()),
        "response_token_count": sum(said.values()),
        "thoughts_token_count": thoughts,
        "tool_use_prompt_token_count": tools,
    }
    return {
        **counts,
        "total_token_count": sum(counts.values()),
        "prompt_tokens_details": tokens.details(dict(prompt)),
        "response_tokens_details": tokens.details(dict(said)),
        "tool_use_prompt_tokens_details": response.get("tool_use_prompt_tokens_details", []),
    }
