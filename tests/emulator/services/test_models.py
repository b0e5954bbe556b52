from __future__ import annotations

from typing import Any

import pytest

from gemini_grpc import errors
from gemini_grpc.emulator import Emulator
from gemini_grpc.emulator.models import Models
from gemini_grpc.emulator.services.models import require
from gemini_grpc.emulator.status import StatusError

SAID = [{"role": "user", "parts": [{"text": "Hello"}]}]
LOCATION = "projects/p/locations/l"


def test_models_come_in_pages_by_name(api: Any) -> None:
    client = api("ModelService")
    first = client.list_models(page_size=3)
    names = [model.name for model in client.list_models(page_size=3)]
    assert [model.name for model in first.models] == names[:3]
    assert names == sorted(names)
    assert len(names) == len(api.emulator.world.models)


def test_a_model_tells_what_it_can_do(api: Any) -> None:
    model = api("ModelService").get_model(name="models/gemini-3.1-pro-preview")
    assert "generateContent" in model.supported_generation_methods
    assert model.thinking


METHODS = {
    "generateContent": lambda api, name: api("GenerativeService").generate_content(
        model=name, contents=SAID
    ),
    "streamGenerateContent": lambda api, name: list(
        api("GenerativeService").stream_generate_content(model=name, contents=SAID)
    ),
    "countTokens": lambda api, name: api("GenerativeService").count_tokens(
        model=name, contents=SAID
    ),
    "embedContent": lambda api, name: api("GenerativeService").embed_content(
        model=name, content=SAID[0]
    ),
    "bidiGenerateContent": lambda api, name: list(
        api("GenerativeService").bidi_generate_content([{"setup": {"model": name}}])
    ),
    "predict": lambda api, name: api("PredictionService").predict(
        model=name, instances=[{"prompt": "A cat"}]
    ),
}
"""A call of each method of the Gemini API."""
FAMILIES = (
    (
        {"generateContent", "streamGenerateContent", "countTokens"},
        "gemini-flash-latest gemini-3.8-flash gemini-3.5-flash-lite gemini-3.1-pro-preview "
        "gemini-4-argon gemini-3.1-flash-image gemini-5.2-ultra-preview-11-2026 gemini-pro "
        "gemini-2.0-flash-001 gemini-3.1-flash-tts-preview my-model",
    ),
    (
        {"bidiGenerateContent", "countTokens"},
        "gemini-3.8-live gemini-3.8-live-extended-thinking gemini-5-flash-live gemini-live "
        "gemini-2.5-flash-native-audio-preview-09-2025",
    ),
    (
        {"embedContent", "countTokens"},
        "gemini-embedding-2 gemini-embedding-001 text-embedding-005 embedding-001",
    ),
    ({"predict"}, "imagen-4.0-generate-001 imagen-5.0-fast-generate-001"),
    (set(), "veo-3.1-generate-preview aqa chat-bison-001 text-bison-001"),
)
CAN = {name: methods for methods, names in FAMILIES for name in names.split()}
"""The methods of `METHODS` that a model can, by its name."""


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", CAN)
def test_a_model_answers_the_methods_that_its_name_says_and_is_not_found_for_others(
    api: Any, name: str, method: str
) -> None:
    api.emulator.world.models = Models(["my-model"])
    if method in CAN[name]:
        assert METHODS[method](api, f"models/{name}")
        return
    with pytest.raises(errors.NotFound) as caught:
        METHODS[method](api, f"models/{name}")
    wanted = "generateContent" if method == "streamGenerateContent" else method
    assert caught.value.message == (
        f"models/{name} is not found for API version v1beta, or is not supported for {wanted}. Call "
        "ListModels to see the list of available models and their supported methods."
    )
    assert not caught.value.advice


@pytest.mark.parametrize(
    "name", ["gemini-embedding-2", "gemini-3.8-live", "imagen-4.0-generate-001"]
)
def test_on_vertex_ai_too_a_model_has_only_the_methods_that_its_name_says(
    api: Any, name: str
) -> None:
    model, service = f"{LOCATION}/publishers/google/models/{name}", api.vertex("PredictionService")
    with pytest.raises(errors.NotFound, match="not supported for generateContent"):
        service.generate_content(model=model, contents=SAID)
    with pytest.raises(errors.NotFound, match="not supported for generateContent"):
        list(service.stream_generate_content(model=model, contents=SAID))
    with pytest.raises(errors.NotFound, match="not supported for embedContent"):
        service.embed_content(model=model.replace(name, "gemini-3.8-flash"), content=SAID[0])


@pytest.mark.parametrize("name", ["gemini-nope", "gemini-3.8-flsh", "other"])
def test_a_name_that_no_model_has_is_not_found(api: Any, name: str) -> None:
    with pytest.raises(errors.NotFound):
        api("ModelService").get_model(name=f"models/{name}")


@pytest.mark.parametrize(
    ("name", "thinks", "limit"),
    [
        ("gemini-3.8-flash", True, 1_048_576),
        ("gemini-4-argon", True, 1_048_576),
        ("gemini-2.0-flash", False, 1_048_576),
        ("gemini-3.8-live-extended-thinking", True, 131_072),
        ("gemini-2.5-flash-image", False, 32_768),
        ("gemini-embedding-2", False, 8_192),
    ],
)
def test_the_name_of_a_model_says_whether_it_thinks_and_how_much_it_takes(
    api: Any, name: str, thinks: bool, limit: int
) -> None:
    model = api("ModelService").get_model(name=f"models/{name}")
    assert (model.thinking, model.input_token_limit) == (thinks, limit)


def test_more_models_are_listed_and_stay_after_a_reset() -> None:
    emulator = Emulator(models=["my-model", "models/gemma-9"])
    emulator.reset()
    assert {"models/my-model", "models/gemma-9"} <= set(emulator.world.models)


@pytest.mark.parametrize("names", ["my-model", [""], ["a/b"], ["tunedModels/x"], [5]])
def test_what_is_no_list_of_names_is_refused(names: Any) -> None:
    with pytest.raises(errors.ArgumentError, match="names of models"):
        Emulator(models=names)


@pytest.mark.parametrize(
    ("name", "version"),
    [
        (f"{LOCATION}/publishers/google/models/gemini-3.8-flash", "gemini-3.8-flash"),
        (f"{LOCATION}/publishers/google/models/gemini-3.8-flash@default", "gemini-3.8-flash"),
        ("publishers/google/models/gemini-3.8-flash", "gemini-3.8-flash"),
        (f"{LOCATION}/endpoints/gemini-3.1-pro-preview", "gemini-3.1-pro-preview"),
        (f"{LOCATION}/endpoints/123456789", "gemini-3.8-flash"),
        ("endpoints/123456789", "gemini-3.8-flash"),
    ],
)
def test_vertex_ai_names_models_in_its_own_ways(api: Any, name: str, version: str) -> None:
    answer = api.vertex("PredictionService").generate_content(model=name, contents=SAID)
    assert answer.model_version == version


@pytest.mark.parametrize(
    "name",
    [
        f"{LOCATION}/publishers/others/models/gemini-3.8-flash",
        f"{LOCATION}/publishers/google/models/missing",
        f"{LOCATION}/endpoints/missing",
    ],
)
def test_what_vertex_ai_does_not_have_is_not_found(api: Any, name: str) -> None:
    with pytest.raises(errors.NotFound):
        api.vertex("PredictionService").generate_content(model=name, contents=SAID)


def test_an_endpoint_can_be_a_tuned_model(api: Any) -> None:
    examples = {"examples": {"examples": [{"text_input": "1", "output": "2"}]}}
    api("ModelService").create_tuned_model(
        tuned_model_id="mine",
        tuned_model={
            "base_model": "models/gemini-1.5-flash-001-tuning",
            "tuning_task": {"training_data": examples},
        },
    )
    api.clock.advance(1)
    answer = api.vertex("PredictionService").generate_content(
        model=f"{LOCATION}/endpoints/mine", contents=SAID
    )
    assert answer.model_version == "mine"


def test_a_field_that_is_required_is_named_when_it_is_missing() -> None:
    with pytest.raises(StatusError, match="model: is required"):
        require({}, "model")
