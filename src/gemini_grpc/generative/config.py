"""How a model generates: the settings of all backends, and as the message of one."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any, ClassVar

from gemini_grpc.errors import FieldError
from gemini_grpc.generative import translation
from gemini_grpc.generative.backend import Backend, UnsupportedError
from gemini_grpc.generative.schema import is_type, to_json_schema, to_schema

if TYPE_CHECKING:
    from gemini_grpc.generative.argument_types import ModalityType, SchemaType
    from gemini_grpc.rpc.message import Message

Data = dict[str, Any]

JSON = "application/json"
SCHEMAS = ("response_schema", "response_json_schema", "response_json_schema_ordered")
"""The fields that say what an answer looks like; not every backend has all of them."""


class Modality(enum.StrEnum):
    """What answers are made of; the same members on every backend."""

    MODALITY_UNSPECIFIED = "MODALITY_UNSPECIFIED"
    TEXT = "TEXT"
    IMAGE = "IMAGE"
    AUDIO = "AUDIO"


@dataclass(slots=True, kw_only=True)
class GenerationConfig:
    """How a model generates. None leaves a setting to the model; not every backend has all of them.

    Attributes may be changed until it is used.
    """

    candidate_count: int | None = None
    """How many answers to give."""
    stop_sequences: Iterable[str] | None = None
    """Texts that end the answer; they are not part of it."""
    max_output_tokens: int | None = None
    """How many tokens an answer has at most."""
    temperature: float | None = None
    """How much is left to chance: 0 for almost nothing."""
    top_p: float | None = None
    """Choose among the most probable tokens whose probabilities add up to this."""
    top_k: float | None = None
    """Choose among so many of the most probable tokens."""
    seed: int | None = None
    """Makes chance repeatable, as far as the model can."""
    presence_penalty: float | None = None
    """Makes tokens less probable that occur already."""
    frequency_penalty: float | None = None
    """Makes tokens less probable for each time they occur."""
    response_mime_type: str | None = None
    """`text/plain`, `application/json`, or `text/x.enum`; JSON if there is a schema."""
    response_schema: SchemaType | None = None
    """What the answer looks like: a type, such as `list[Recipe]`, a mapping or a Schema."""
    response_json_schema: SchemaType | None = None
    """The same as JSON Schema, which the model reads as it is: a mapping, or a type of pydantic's."""
    response_logprobs: bool | None = None
    """Give the logarithms of the probabilities of the tokens chosen."""
    logprobs: int | None = None
    """Give those of so many of the most probable tokens at each step."""
    response_modalities: Sequence[ModalityType] | None = None
    """What the answer is made of: `TEXT`, `IMAGE`, `AUDIO`."""
    speech_config: Mapping[str, Any] | Message | None = None
    """The voice of spoken answers."""
    thinking_config: Mapping[str, Any] | Message | None = None
    """How much to think before the answer, and whether to show it."""
    image_config: Mapping[str, Any] | Message | None = None
    """What images in the answer look like."""
    media_resolution: str | int | enum.Enum | None = None
    """How closely to look at images and films."""
    audio_timestamp: bool | None = None
    """Understand points in time of audio; Vertex AI."""
    routing_config: Mapping[str, Any] | Message | None = None
    """Which model answers; Vertex AI."""
    model_config: Mapping[str, Any] | Message | None = None
    """What routing was called before; no backend has it over gRPC."""
    enable_enhanced_civic_answers: bool | None = None
    """Answer questions about elections with more care; the Gemini API."""
    Modality: ClassVar[type[Modality]] = Modality

    @classmethod
    def from_dict(cls, config_dict: Mapping[str, Any]) -> GenerationConfig:
        """Return the settings that `to_dict` describes; names may be those of JSON (`topP`)."""
        return cls(**translation.in_proto_names(config_dict))

    def to_dict(self) -> Data:
        """Return what is set as a dictionary."""
        found = {field.name: getattr(self, field.name) for field in fields(self)}
        return {name: value for name, value in found.items() if value is not None}


def to_config(value: object, backend: Backend, base: object = None) -> Any:
    """Return settings as the message of a backend.

    Args:
        value: A `GenerationConfig`, a mapping of its fields, a message of any backend, or None.
        backend: Where they are sent.
        base: Settings that hold where `value` says nothing; None in a mapping takes one back.

    Raises:
        UnsupportedError: The backend lacks a setting.
        FieldError: There is no such setting, or its value does not fit.
        ArgumentError: A type has no schema.
    """
    given = _given(value)
    if given is None:
        made = translation.message("GenerationConfig", value, backend, "generation_config")
        names = [field.name for field, _ in made.ListFields()]
    else:
        made = _made(given, backend)
        names = [name for name in given if name in made.DESCRIPTOR.fields_by_name]
    if base is not None:
        made = _merged(to_config(base, backend), made, names)
    if given is not None and _has_schema(made) and not made.response_mime_type:
        made.response_mime_type = JSON
    return made


def response_type(value: object) -> object | None:
    """Return the Python type that settings give as the schema of answers, to read answers with."""
    given = _given(value) or {}
    return next((given[name] for name in SCHEMAS if is_type(given.get(name))), None)


def _given(value: object) -> Data | None:
    """Return settings as a dictionary of your own; None for a message."""
    if value is None:
        return {}
    if isinstance(value, GenerationConfig):
        return value.to_dict()
    if isinstance(value, Mapping):
        return dict(translation.in_proto_names(value))
    if translation.pb_of(value) is not None:
        return None
    raise FieldError(
        "generation_config: expected a GenerationConfig or a mapping of its fields, "
        f"got {type(value).__name__}"
    )


def _made(given: Data, backend: Backend) -> Any:
    path = "generation_config"
    if given.get("model_config") is not None:
        raise UnsupportedError(
            f"{path}.model_config: {backend.name} has no GenerationConfig.model_config; "
            "use routing_config"
        )
    schema = given.get("response_schema")
    known = {name: value for name, value in given.items() if name != "model_config"}
    if schema is not None:
        known["response_schema"] = to_schema(schema, backend, f"{path}.response_schema")
    if (document := given.get("response_json_schema")) is not None:
        known["response_json_schema"] = to_json_schema(document, f"{path}.response_json_schema")
    return translation.message("GenerationConfig", known, backend, path)


def _merged(base: Any, made: Any, names: Iterable[str]) -> Any:
    """Return `base` with the named settings as they are in `made`."""
    merged = type(base)()
    merged.CopyFrom(base)
    for name in names:
        merged.ClearField(name)
    merged.MergeFrom(made)
    return merged


def _has_schema(made: Any) -> bool:
    fields_by_name = made.DESCRIPTOR.fields_by_name
    return any(name in fields_by_name and made.HasField(name) for name in SCHEMAS)
