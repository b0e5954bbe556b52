"""The models of the emulator: those that it lists, and any other Gemini model, derived from its name."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gemini_grpc import model_names
from gemini_grpc.errors import ArgumentError

if TYPE_CHECKING:
    from gemini_grpc.model_names import ModelName

_EMBED = ("embedContent", "countTextTokens", "countTokens")
_METHODS: dict[model_names.Kind, tuple[str, ...]] = {
    "text": ("generateContent", "countTokens", "createCachedContent", "batchGenerateContent"),
    "image": ("generateContent", "countTokens", "createCachedContent", "batchGenerateContent"),
    "speech": ("generateContent", "countTokens"),
    "live": ("bidiGenerateContent", "countTokens"),
    "embedding": _EMBED,
}
_TUNE = ("generateContent", "countTokens", "createTunedModel")

_SAMPLING = {"temperature": 1.0, "max_temperature": 2.0, "top_p": 0.95, "top_k": 64}
_PALM = {"temperature": 0.7, "top_p": 0.95, "top_k": 40}

_Limits = tuple[int, int]
"""How many tokens a model takes and gives."""


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


def thinking(name: str) -> Thinking | None:
    """Return how a model thinks, by its name; None: it does not, and refuses a `thinking_config`."""
    model = model_names.parse(name)
    if not model.id.startswith("gemini-") or "tuning" in model.words:
        return None
    if model.kind == "live":
        return _SPOKEN if model.version >= (2, 5) else None
    if model.kind not in {"text", "image"} or model.version < (2, 5):
        return None
    if model.kind == "image" and model.version < (3, 0):
        return None
    if "lite" in model.words:
        return _LITE
    return _PRO if "pro" in model.words else _FLASH


def embedding_size(name: str) -> int:
    """Return how long the vectors of a model are."""
    return 3072 if model_names.parse(name).id.startswith("gemini-") else 768


def derive(name: str) -> dict[str, Any]:
    """Return the `Model` that a name stands for.

    Args:
        name: A bare name. One that says nothing is a model that generates text.
    """
    for pattern, methods, limits, sampling in _OTHERS:
        if pattern.fullmatch(name):
            return _model(name, methods, limits, sampling)
    model = model_names.parse(name)
    methods = _TUNE if "tuning" in model.words else _METHODS[model.kind]
    sampling = {} if model.kind == "embedding" else _SAMPLING
    return _model(name, methods, _limits(model), sampling)


def _limits(model: ModelName) -> _Limits:
    if "tuning" in model.words:
        return 16_384, 8_192
    if model.kind == "text":
        if model.version < (2, 0) and "pro" in model.words:
            return 2_000_000, 8_192
        return 1_048_576, 65_536 if model.version >= (2, 5) else 8_192
    if model.kind == "image":
        return (65_536, 32_768) if model.version >= (3, 0) else (32_768, 32_768)
    if model.kind == "embedding":
        return (2_048, 1) if "001" in model.words else (8_192, 1)
    return (8_192, 16_384) if model.kind == "speech" else (131_072, 8_192)


def _model(
    name: str, methods: tuple[str, ...], limits: _Limits, sampling: dict[str, float]
) -> dict[str, Any]:
    family, _, version = name.rpartition("-") if name[-3:].isdigit() else (name, "", "001")
    display_name = _display_name(name)
    fields: dict[str, Any] = {
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
    if thinking(name):
        fields["thinking"] = True
    return fields


def _display_name(name: str) -> str:
    spelled = {"aqa": "Attributed Question Answering", "tts": "TTS"}
    words = " ".join(spelled.get(word, word.capitalize()) for word in name.split("-"))
    return words.replace("Flash Lite", "Flash-Lite")


_OTHERS: tuple[tuple[re.Pattern[str], tuple[str, ...], _Limits, dict[str, float]], ...] = (
    (re.compile(r"(?:text-)?(?:multilingual-)?embedding-\d+"), _EMBED, (2_048, 1), {}),
    (re.compile(r"aqa"), ("generateAnswer",), (7_168, 1_024), {"temperature": 0.2}),
    (re.compile(r"text-bison-\d+"), ("generateText", "countTextTokens"), (8_196, 1_024), _PALM),
    (
        re.compile(r"chat-bison-\d+"),
        ("generateMessage", "countMessageTokens"),
        (4_096, 1_024),
        _PALM,
    ),
    (re.compile(r"embedding-gecko-\d+"), ("embedText", "countTextTokens"), (1_024, 1), {}),
    (re.compile(r"imagen-[\d.]+(?:-[a-z0-9]+)+"), ("predict",), (480, 8_192), {}),
    (re.compile(r"veo-[\d.]+(?:-[a-z0-9]+)+"), ("predictLongRunning",), (480, 8_192), {}),
)
"""Models that are no Gemini models, by the whole name: methods, limits and sampling."""

LISTED = (
    *model_names.TODAY,
    "gemini-1.5-flash-001-tuning",  # the last one that could be tuned
    "text-embedding-005",
    "aqa",
    "text-bison-001",
    "chat-bison-001",
    "embedding-gecko-001",
    "imagen-4.0-generate-001",
    "veo-3.0-generate-001",
)
"""The models that ListModels shows. Others of their families are served as well."""

_ID = re.compile(r"[A-Za-z0-9](?:[A-Za-z0-9._-]*[A-Za-z0-9])?")


class Models(Mapping[str, dict[str, Any]]):
    """The models of one emulator, by resource name. Iterating gives those that ListModels shows.

    Args:
        extra: The names of more models, bare or as `models/ID`; they are listed, too.

    Raises:
        ArgumentError: A name is none.
    """

    def __init__(self, extra: Iterable[str] = ()) -> None:
        if isinstance(extra, str):
            raise ArgumentError(f"models is {extra!r}; expected a list of names of models")
        self._listed = {f"models/{name}": derive(name) for name in (*LISTED, *map(_bare, extra))}

    def __getitem__(self, name: str) -> dict[str, Any]:
        if (model := self._listed.get(name)) is not None:
            return model
        collection, _, bare = name.partition("/")
        if collection == "models" and _is_served(bare):
            return derive(bare)
        raise KeyError(name)

    def __iter__(self) -> Iterator[str]:
        return iter(self._listed)

    def __len__(self) -> int:
        return len(self._listed)


def _is_served(bare: str) -> bool:
    """Return whether a name that is not listed is one of a model all the same."""
    if any(pattern.fullmatch(bare) for pattern, *_ in _OTHERS):
        return True
    return "/" not in bare and model_names.is_plausible(bare)


def _bare(name: object) -> str:
    bare = name.removeprefix("models/") if isinstance(name, str) else ""
    if not _ID.fullmatch(bare):
        raise ArgumentError(
            f"models has {name!r}; expected names of models, such as {model_names.FLASH!r}"
        )
    return bare
