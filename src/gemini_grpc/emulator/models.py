"""The models of the emulator."""

from __future__ import annotations

from typing import Any

_GENERATE = ["generateContent", "countTokens", "createCachedContent", "batchGenerateContent"]
_LIVE = ["bidiGenerateContent", "countTokens"]
_EMBED = ["embedContent", "countTextTokens", "countTokens"]


def _model(
    name: str, display_name: str, methods: list[str], limits: tuple[int, int], **more: Any
) -> dict[str, Any]:
    family, _, version = name.rpartition("-") if name[-3:].isdigit() else (name, "", "001")
    return {
        "name": f"models/{name}",
        "base_model_id": family,
        "version": version,
        "display_name": display_name,
        "description": f"{display_name}, as the emulator plays it: answers by rule, not by a model.",
        "input_token_limit": limits[0],
        "output_token_limit": limits[1],
        "supported_generation_methods": methods,
        **more,
    }


_SAMPLING = {"temperature": 1.0, "max_temperature": 2.0, "top_p": 0.95, "top_k": 64}
_PALM = {"temperature": 0.7, "top_p": 0.95, "top_k": 40}

MODELS: dict[str, dict[str, Any]] = {
    model["name"]: model
    for model in (
        _model(
            "gemini-2.5-pro",
            "Gemini 2.5 Pro",
            _GENERATE,
            (1_048_576, 65_536),
            thinking=True,
            **_SAMPLING,
        ),
        _model(
            "gemini-2.5-flash",
            "Gemini 2.5 Flash",
            _GENERATE,
            (1_048_576, 65_536),
            thinking=True,
            **_SAMPLING,
        ),
        _model("gemini-2.0-flash", "Gemini 2.0 Flash", _GENERATE, (1_048_576, 8_192), **_SAMPLING),
        _model(
            "gemini-2.0-flash-001",
            "Gemini 2.0 Flash 001",
            _GENERATE,
            (1_048_576, 8_192),
            **_SAMPLING,
        ),
        _model("gemini-1.5-flash", "Gemini 1.5 Flash", _GENERATE, (1_000_000, 8_192), **_SAMPLING),
        _model(
            "gemini-1.5-flash-002",
            "Gemini 1.5 Flash 002",
            _GENERATE,
            (1_000_000, 8_192),
            **_SAMPLING,
        ),
        _model("gemini-1.5-pro", "Gemini 1.5 Pro", _GENERATE, (2_000_000, 8_192), **_SAMPLING),
        _model("gemini-live", "Gemini Live", _LIVE, (131_072, 8_192), **_SAMPLING),
        _model(
            "gemini-2.0-flash-live-001",
            "Gemini 2.0 Flash Live",
            _LIVE,
            (131_072, 8_192),
            **_SAMPLING,
        ),
        _model("gemini-3.1-live-preview", "Gemini 3.1 Live", _LIVE, (131_072, 8_192), **_SAMPLING),
        _model("gemini-3.8-live", "Gemini 3.8 Live", _LIVE, (131_072, 8_192), **_SAMPLING),
        _model("gemini-embedding-001", "Gemini Embedding", _EMBED, (2_048, 1)),
        _model("text-embedding-004", "Text Embedding 004", _EMBED, (2_048, 1)),
        _model("embedding-001", "Embedding 001", _EMBED, (2_048, 1)),
        _model(
            "aqa",
            "Attributed Question Answering",
            ["generateAnswer"],
            (7_168, 1_024),
            temperature=0.2,
        ),
        _model(
            "text-bison-001",
            "PaLM 2 Text",
            ["generateText", "countTextTokens"],
            (8_196, 1_024),
            **_PALM,
        ),
        _model(
            "chat-bison-001",
            "PaLM 2 Chat",
            ["generateMessage", "countMessageTokens"],
            (4_096, 1_024),
            **_PALM,
        ),
        _model(
            "embedding-gecko-001", "PaLM 2 Embedding", ["embedText", "countTextTokens"], (1_024, 1)
        ),
        _model("imagen-4.0-generate-001", "Imagen 4", ["predict"], (480, 8_192)),
        _model("veo-3.0-generate-001", "Veo 3", ["predictLongRunning"], (480, 8_192)),
    )
}
"""Every built-in model by its resource name."""

EMBEDDING_SIZES = {"models/gemini-embedding-001": 3072}
"""How long the vectors of a model are; 768 where nothing is said."""
