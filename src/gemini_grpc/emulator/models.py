"""The models of the emulator."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

_GENERATE = ("generateContent", "countTokens", "createCachedContent", "batchGenerateContent")
_TUNE = ("generateContent", "countTokens", "createTunedModel")
_SPEAK = ("generateContent", "countTokens")
_LIVE = ("bidiGenerateContent", "countTokens")
_EMBED = ("embedContent", "countTextTokens", "countTokens")

_SAMPLING = {"temperature": 1.0, "max_temperature": 2.0, "top_p": 0.95, "top_k": 64}
_PALM = {"temperature": 0.7, "top_p": 0.95, "top_k": 40}


@dataclass(frozen=True, slots=True)
class Thinking:
    """How many tokens a model may spend on reasoning."""

    least: int
    """The smallest budget besides 0."""
    most: int
    usual: int
    """The budget when none is given: -1 lets the model decide, 0 is no reasoning."""
    optional: bool
    """Whether a budget of 0 is accepted."""


_PRO = Thinking(least=128, most=32_768, usual=-1, optional=False)
_FLASH = Thinking(least=1, most=24_576, usual=-1, optional=True)
_LITE = Thinking(least=512, most=24_576, usual=0, optional=True)
_SPOKEN = Thinking(least=1, most=24_576, usual=0, optional=True)

THINKING: dict[str, Thinking] = {
    "models/gemini-3-pro-preview": _PRO,
    "models/gemini-3-flash-preview": _FLASH,
    "models/gemini-2.5-pro": _PRO,
    "models/gemini-2.5-flash": _FLASH,
    "models/gemini-2.5-flash-lite": _LITE,
    "models/gemini-flash-latest": _FLASH,
    "models/gemini-pro-latest": _PRO,
    "models/gemini-2.5-flash-native-audio": _SPOKEN,
    "models/gemini-3.1-live-preview": _SPOKEN,
    "models/gemini-3.8-live": _SPOKEN,
}
"""The models that think; the others refuse a `thinking_config`."""


def _model(
    name: str,
    display_name: str,
    methods: tuple[str, ...],
    limits: tuple[int, int],
    sampling: dict[str, float] = _SAMPLING,
) -> dict[str, Any]:
    family, _, version = name.rpartition("-") if name[-3:].isdigit() else (name, "", "001")
    known: dict[str, Any] = {
        "name": f"models/{name}",
        "base_model_id": family,
        "version": version,
        "display_name": display_name,
        "description": f"{display_name}, as the emulator plays it: answers by rule, not by a model.",
        "input_token_limit": limits[0],
        "output_token_limit": limits[1],
        "supported_generation_methods": list(methods),
        **sampling,
    }
    if f"models/{name}" in THINKING:
        known["thinking"] = True
    return known


_LONG = (1_048_576, 65_536)
_USUAL = (1_048_576, 8_192)
_FIRST = (1_000_000, 8_192)
_SESSION = (131_072, 8_192)
_VOICE = (8_192, 16_384)

MODELS: dict[str, dict[str, Any]] = {
    model["name"]: model
    for model in (
        _model("gemini-3-pro-preview", "Gemini 3 Pro Preview", _GENERATE, _LONG),
        _model("gemini-3-flash-preview", "Gemini 3 Flash Preview", _GENERATE, _LONG),
        _model("gemini-2.5-pro", "Gemini 2.5 Pro", _GENERATE, _LONG),
        _model("gemini-2.5-flash", "Gemini 2.5 Flash", _GENERATE, _LONG),
        _model("gemini-2.5-flash-lite", "Gemini 2.5 Flash-Lite", _GENERATE, _LONG),
        _model("gemini-flash-latest", "Gemini Flash Latest", _GENERATE, _LONG),
        _model("gemini-pro-latest", "Gemini Pro Latest", _GENERATE, _LONG),
        _model("gemini-2.5-flash-image", "Gemini 2.5 Flash Image", _GENERATE, (32_768, 32_768)),
        _model("gemini-2.5-flash-preview-tts", "Gemini 2.5 Flash TTS", _SPEAK, _VOICE),
        _model("gemini-2.5-pro-preview-tts", "Gemini 2.5 Pro TTS", _SPEAK, _VOICE),
        _model("gemini-2.0-flash", "Gemini 2.0 Flash", _GENERATE, _USUAL),
        _model("gemini-2.0-flash-001", "Gemini 2.0 Flash 001", _GENERATE, _USUAL),
        _model("gemini-2.0-flash-lite", "Gemini 2.0 Flash-Lite", _GENERATE, _USUAL),
        _model("gemini-1.5-flash", "Gemini 1.5 Flash", _GENERATE, _FIRST),
        _model("gemini-1.5-flash-002", "Gemini 1.5 Flash 002", _GENERATE, _FIRST),
        _model(
            "gemini-1.5-flash-001-tuning", "Gemini 1.5 Flash 001 Tuning", _TUNE, (16_384, 8_192)
        ),
        _model("gemini-1.5-pro", "Gemini 1.5 Pro", _GENERATE, (2_000_000, 8_192)),
        _model("gemini-1.5-pro-002", "Gemini 1.5 Pro 002", _GENERATE, (2_000_000, 8_192)),
        _model("gemini-live", "Gemini Live", _LIVE, _SESSION),
        _model("gemini-2.0-flash-live-001", "Gemini 2.0 Flash Live", _LIVE, _SESSION),
        _model("gemini-2.5-flash-native-audio", "Gemini 2.5 Flash Native Audio", _LIVE, _SESSION),
        _model("gemini-3.1-live-preview", "Gemini 3.1 Live", _LIVE, _SESSION),
        _model("gemini-3.8-live", "Gemini 3.8 Live", _LIVE, _SESSION),
        _model("gemini-embedding-001", "Gemini Embedding", _EMBED, (2_048, 1), {}),
        _model("text-embedding-004", "Text Embedding 004", _EMBED, (2_048, 1), {}),
        _model("embedding-001", "Embedding 001", _EMBED, (2_048, 1), {}),
        _model(
            "aqa",
            "Attributed Question Answering",
            ("generateAnswer",),
            (7_168, 1_024),
            {"temperature": 0.2},
        ),
        _model(
            "text-bison-001",
            "PaLM 2 Text",
            ("generateText", "countTextTokens"),
            (8_196, 1_024),
            _PALM,
        ),
        _model(
            "chat-bison-001",
            "PaLM 2 Chat",
            ("generateMessage", "countMessageTokens"),
            (4_096, 1_024),
            _PALM,
        ),
        _model(
            "embedding-gecko-001",
            "PaLM 2 Embedding",
            ("embedText", "countTextTokens"),
            (1_024, 1),
            {},
        ),
        _model("imagen-4.0-generate-001", "Imagen 4", ("predict",), (480, 8_192), {}),
        _model("veo-3.0-generate-001", "Veo 3", ("predictLongRunning",), (480, 8_192), {}),
    )
}
"""Every built-in model by its resource name."""

EMBEDDING_SIZES = {"models/gemini-embedding-001": 3072}
"""How long the vectors of a model are; 768 where nothing is said."""
