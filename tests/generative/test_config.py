"""Generation settings reach the message of each backend; what one lacks is named."""

from __future__ import annotations

import dataclasses
import enum
from typing import Any, Literal, TypedDict

import pydantic
import pytest
from google.ai import generativelanguage_v1beta as googles
from hypothesis import given
from hypothesis import strategies as st

from gemini_grpc import aiplatform_v1, errors, v1alpha, v1beta
from gemini_grpc.generative.backend import Backend, UnsupportedError
from gemini_grpc.generative.config import GenerationConfig, response_type, to_config
from tests.strategies import messages

BACKENDS = (Backend(), Backend("v1alpha"), Backend("aiplatform_v1", "p", "l"))
every_backend = pytest.mark.parametrize("backend", BACKENDS, ids=lambda each: each.version)

VOICE = {"voice_config": {"prebuilt_voice_config": {"voice_name": "Kore"}}}
SETTINGS: list[tuple[str, Any, set[str]]] = [
    ("candidate_count", 2, {"v1beta", "v1alpha", "aiplatform_v1"}),
    ("stop_sequences", ["x", "y"], {"v1beta", "v1alpha", "aiplatform_v1"}),
    ("max_output_tokens", 20, {"v1beta", "v1alpha", "aiplatform_v1"}),
    ("temperature", 0.5, {"v1beta", "v1alpha", "aiplatform_v1"}),
    ("temperature", 0, {"v1beta", "v1alpha", "aiplatform_v1"}),
    ("top_p", 0.25, {"v1beta", "v1alpha", "aiplatform_v1"}),
    ("top_k", 40, {"v1beta", "v1alpha", "aiplatform_v1"}),
    ("seed", 7, {"v1beta", "aiplatform_v1"}),
    ("presence_penalty", 0.5, {"v1beta", "v1alpha", "aiplatform_v1"}),
    ("frequency_penalty", -0.5, {"v1beta", "v1alpha", "aiplatform_v1"}),
    ("response_mime_type", "application/json", {"v1beta", "v1alpha", "aiplatform_v1"}),
    ("response_logprobs", True, {"v1beta", "v1alpha", "aiplatform_v1"}),
    ("logprobs", 3, {"v1beta", "v1alpha", "aiplatform_v1"}),
    ("response_modalities", ["TEXT", "IMAGE"], {"v1beta", "v1alpha", "aiplatform_v1"}),
    ("speech_config", VOICE, {"v1beta", "v1alpha", "aiplatform_v1"}),
    ("speech_config", {"language_code": "de-DE"}, {"v1beta", "aiplatform_v1"}),
    ("thinking_config", {"thinking_budget": 0}, {"v1beta", "aiplatform_v1"}),
    ("thinking_config", {"include_thoughts": True}, {"v1beta", "aiplatform_v1"}),
    ("thinking_config", {"thinking_level": "LOW"}, {"aiplatform_v1"}),
    ("image_config", {"aspect_ratio": "16:9"}, {"v1beta", "aiplatform_v1"}),
    ("image_config", {"image_size": "2K"}, {"aiplatform_v1"}),
    ("media_resolution", "MEDIA_RESOLUTION_LOW", {"v1beta", "aiplatform_v1"}),
    ("audio_timestamp", True, {"aiplatform_v1"}),
    ("routing_config", {"manual_mode": {"model_name": "m"}}, {"aiplatform_v1"}),
    ("routing_config", {"auto_mode": {"model_routing_preference": "BALANCED"}}, {"aiplatform_v1"}),
    ("enable_enhanced_civic_answers", True, {"v1beta", "v1alpha"}),
    ("model_config", {"feature_selection_preference": "BALANCED"}, set()),
]


@every_backend
@pytest.mark.parametrize(("name", "value", "known_to"), SETTINGS)
def test_each_setting_arrives_or_is_named(
    backend: Backend, name: str, value: Any, known_to: set[str]
) -> None:
    for given_value in ({name: value}, GenerationConfig(**{name: value})):
        if backend.version not in known_to:
            with pytest.raises(UnsupportedError, match=f"generation_config.{name}") as caught:
                to_config(given_value, backend)
            assert f"{backend.name} has no " in str(caught.value)
            continue
        expected = backend.types.GenerationConfig(**{name: value})
        made = to_config(given_value, backend)
        assert made == backend.types.GenerationConfig.pb(expected)
        assert type(made).FromString(made.SerializeToString()).ListFields()


def test_every_setting_of_every_backend_has_a_name_here() -> None:
    ours = {field.name for field in dataclasses.fields(GenerationConfig)}
    for backend in BACKENDS:
        fields = backend.pb("GenerationConfig").DESCRIPTOR.fields_by_name
        assert set(fields) - ours <= {"response_json_schema_ordered"}
    tried = {name for name, _, _ in SETTINGS}
    assert ours - tried == {"response_schema", "response_json_schema"}


@every_backend
def test_a_setting_may_be_a_message(backend: Backend) -> None:
    voice = {"speech_config": v1beta.SpeechConfig(VOICE)}
    made = to_config(voice, backend)
    assert made.speech_config.voice_config.prebuilt_voice_config.voice_name == "Kore"
    for types in (v1beta, v1alpha, aiplatform_v1, googles):
        message = types.GenerationConfig(temperature=0.5, top_k=40, stop_sequences=["x"])
        expected = backend.types.GenerationConfig(temperature=0.5, top_k=40, stop_sequences=["x"])
        assert to_config(message, backend) == backend.types.GenerationConfig.pb(expected)


@every_backend
def test_a_whole_number_may_be_a_float(backend: Backend) -> None:
    assert to_config({"top_k": 40.0}, backend).top_k == 40
    assert to_config(aiplatform_v1.GenerationConfig(top_k=40), backend).top_k == 40


def test_half_a_token_cannot_be_chosen_from() -> None:
    for value in (
        {"top_k": 1.5},
        aiplatform_v1.GenerationConfig(top_k=1.5),
        aiplatform_v1.GenerationConfig(top_k=2.0**31),
    ):
        with pytest.raises(errors.FieldError, match=r"generation_config.top_k"):
            to_config(value, BACKENDS[0])


@every_backend
def test_settings_are_merged_over_others(backend: Backend) -> None:
    base = to_config({"temperature": 0.5, "stop_sequences": ["x", "y"], "top_p": 0.5}, backend)
    kept = type(base).FromString(base.SerializeToString())
    for value in (
        {"stop_sequences": ["z"], "top_p": None, "top_k": 3},
        {"stop_sequences": ["z"], "top_p": None, "model_config": None, "top_k": 3},
    ):
        merged = to_config(value, backend, base)
        assert merged == to_config(
            {"temperature": 0.5, "stop_sequences": ["z"], "top_k": 3}, backend
        )
    assert to_config(None, backend, base) == base
    assert to_config(GenerationConfig(top_p=0.25), backend, base).temperature == 0.5
    message = backend.types.GenerationConfig(stop_sequences=["z"])
    assert list(to_config(message, backend, {"stop_sequences": ["x"]}).stop_sequences) == ["z"]
    assert base == kept


@every_backend
def test_nothing_said_is_nothing_sent(backend: Backend) -> None:
    for value in (None, {}, GenerationConfig()):
        assert not to_config(value, backend).ListFields()


class Kind(enum.Enum):
    FRUIT = "fruit"
    CAKE = "cake"


@dataclasses.dataclass
class Recipe:
    name: str
    minutes: int


class Typed(TypedDict):
    name: str
    minutes: int


class Model(pydantic.BaseModel):
    name: str
    minutes: int


RECIPE = {
    "type": "OBJECT",
    "properties": {"name": {"type": "STRING"}, "minutes": {"type": "INTEGER"}},
    "required": ["name", "minutes"],
    "property_ordering": ["name", "minutes"],
}
KIND = {"type": "STRING", "format": "enum", "enum": ["fruit", "cake"]}
TYPES: list[tuple[Any, Any]] = [
    (str, {"type": "STRING"}),
    (int, {"type": "INTEGER"}),
    (list[int], {"type": "ARRAY", "items": {"type": "INTEGER"}}),
    (int | None, {"type": "INTEGER", "nullable": True}),
    (Kind, KIND),
    (Literal["fruit", "cake"], KIND),
    (Recipe, RECIPE),
    (Typed, RECIPE),
    (Model, RECIPE),
    (list[Recipe], {"type": "ARRAY", "items": RECIPE}),
]


@every_backend
@pytest.mark.parametrize(("kind", "expected"), TYPES)
def test_a_type_is_a_schema_and_asks_for_json(backend: Backend, kind: Any, expected: Any) -> None:
    expected = without_order(expected) if backend.version == "v1alpha" else expected
    for value in ({"response_schema": kind}, GenerationConfig(response_schema=kind)):
        made = to_config(value, backend)
        schema = backend.types.Schema(expected)
        assert made.response_schema == backend.types.Schema.pb(schema)
        assert made.response_mime_type == "application/json"
        assert response_type(value) is kind


def without_order(schema: dict[str, Any]) -> dict[str, Any]:
    found = {name: value for name, value in schema.items() if name != "property_ordering"}
    if "items" in found:
        found["items"] = without_order(found["items"])
    return found


@every_backend
def test_a_mime_type_that_is_given_is_kept(backend: Backend) -> None:
    value = {"response_schema": Kind, "response_mime_type": "text/x.enum"}
    assert to_config(value, backend).response_mime_type == "text/x.enum"
    base = to_config({"response_mime_type": "text/x.enum"}, backend)
    assert to_config({"response_schema": Kind}, backend, base).response_mime_type == "text/x.enum"


@every_backend
def test_other_schemas_have_no_type(backend: Backend) -> None:
    schema = {"type": "INTEGER"}
    for value in (
        schema,
        {"type_": "integer"},
        backend.types.Schema(schema),
        v1beta.Schema(schema),
    ):
        given_value = {"response_schema": value}
        made = to_config(given_value, backend)
        assert made.response_schema == backend.types.Schema.pb(backend.types.Schema(schema))
        assert response_type(given_value) is None
    for value in (None, {}, GenerationConfig(), backend.types.GenerationConfig()):
        assert response_type(value) is None


@pytest.mark.parametrize("backend", [BACKENDS[0], BACKENDS[2]], ids=lambda each: each.version)
def test_json_schema_goes_as_it_is(backend: Backend) -> None:
    document = {"type": "array", "items": {"type": "integer", "minimum": 1}, "maxItems": 3}
    made = to_config({"response_json_schema": document}, backend)
    members = made.response_json_schema.struct_value
    assert members["items"]["minimum"] == 1
    assert members["maxItems"] == 3
    assert made.response_mime_type == "application/json"


@every_backend
@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [
        (5, errors.FieldError, "expected a GenerationConfig or a mapping of its fields, got int"),
        ("hot", errors.FieldError, "got str"),
        ({"temprature": 1}, errors.FieldError, "no field 'temprature'; did you mean 'temperature'"),
        (
            {"temperature": "1"},
            errors.FieldError,
            "generation_config.temperature: expected a float",
        ),
        ({"candidate_count": 1.5}, errors.FieldError, "generation_config.candidate_count"),
        ({"stop_sequences": "x"}, errors.FieldError, "stop_sequences: expected a list, got str"),
        (
            {"response_modalities": ["TXT"]},
            errors.FieldError,
            r"\[0\]: Modality has no value 'TXT'",
        ),
        (
            {"response_schema": "int"},
            errors.FieldError,
            "generation_config.response_schema: expected a type, a mapping or a Schema, got str",
        ),
        (
            {"response_schema": {"type": "OBJEKT"}},
            errors.FieldError,
            "generation_config.response_schema.*: Type has no value 'OBJEKT'; did you mean 'OBJECT'",
        ),
        ({"response_schema": {"typ": "OBJECT"}}, errors.FieldError, "has no field 'typ'"),
        (
            {"response_schema": {"$ref": "#/$defs/A"}},
            errors.ArgumentError,
            "generation_config.response_schema: the reference '#/\\$defs/A' leads nowhere",
        ),
        (
            {"response_schema": open},
            errors.ArgumentError,
            "generation_config.response_schema: ",
        ),
        (v1beta.Part(), errors.FieldError, "expected GenerationConfig, got Part"),
    ],
)
def test_what_is_no_setting_is_named(
    backend: Backend, value: Any, kind: type[Exception], said: str
) -> None:
    with pytest.raises(kind, match=said):
        to_config(value, backend)


def test_a_configuration_is_what_its_dictionary_says() -> None:
    config = GenerationConfig(temperature=0, top_k=3)
    config.seed = 7
    assert config.to_dict() == {"temperature": 0, "top_k": 3, "seed": 7}
    assert GenerationConfig.from_dict(config.to_dict()) == config


@given(data=st.data())
def test_messages_come_through_a_backend_that_has_all_of_it(data: st.DataObject) -> None:
    value = data.draw(messages(v1alpha.GenerationConfig.pb(), depth=4, unknown_enums=False))
    if value.top_k:
        value.top_k = 40  # of 32 bits, a float keeps 24
    there = to_config(value, BACKENDS[0])
    assert to_config(there, BACKENDS[1]) == value
    if not value.HasField("enable_enhanced_civic_answers"):
        there = to_config(value, BACKENDS[2])
        assert to_config(there, BACKENDS[1]) == value


@pytest.mark.parametrize("backend", [BACKENDS[0], BACKENDS[2]], ids=lambda each: each.version)
def test_settings_that_are_nested_too_deeply_are_an_error_of_ours(backend: Backend) -> None:
    nested: list[Any] = []
    for _ in range(60):
        nested = [nested]
    schema = {"type": "string", "default": nested}
    with pytest.raises(errors.ArgumentError, match=r"^generation_config.*nested too deeply"):
        to_config({"response_json_schema": schema}, backend)
