from __future__ import annotations

from typing import Any

import pytest

from gemini_grpc import errors
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
    model = api("ModelService").get_model(name="models/gemini-2.5-pro")
    assert "generateContent" in model.supported_generation_methods
    assert model.thinking


@pytest.mark.parametrize(
    ("name", "version"),
    [
        (f"{LOCATION}/publishers/google/models/gemini-2.5-flash", "gemini-2.5-flash"),
        (f"{LOCATION}/publishers/google/models/gemini-2.5-flash@default", "gemini-2.5-flash"),
        ("publishers/google/models/gemini-2.5-flash", "gemini-2.5-flash"),
        (f"{LOCATION}/endpoints/gemini-2.5-pro", "gemini-2.5-pro"),
        (f"{LOCATION}/endpoints/123456789", "gemini-2.0-flash-001"),
        ("endpoints/123456789", "gemini-2.0-flash-001"),
    ],
)
def test_vertex_ai_names_models_in_its_own_ways(api: Any, name: str, version: str) -> None:
    answer = api.vertex("PredictionService").generate_content(model=name, contents=SAID)
    assert answer.model_version == version


@pytest.mark.parametrize(
    "name",
    [
        f"{LOCATION}/publishers/others/models/gemini-2.5-flash",
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
