"""Gemini for LlamaIndex; it needs the extra `llama-index`.

- `Gemini` is a language model that calls tools, for agents, query engines and structured answers.
- `GeminiMultiModal` answers prompts with images, and keeps the constructor and methods of the class of that
  name that was built on google-generativeai.
"""

from __future__ import annotations

from gemini_grpc.integrations import MissingExtraError

try:
    import llama_index.core  # noqa: F401  # to say what is missing
except ImportError as cause:
    raise MissingExtraError(
        "Gemini for LlamaIndex needs llama-index-core: pip install 'gemini-grpc[llama-index]'"
    ) from cause

from gemini_grpc.integrations.llama_index.llm import Gemini
from gemini_grpc.integrations.llama_index.multimodal import GeminiMultiModal

__all__ = ["Gemini", "GeminiMultiModal"]
