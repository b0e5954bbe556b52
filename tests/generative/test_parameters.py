"""Every parameter of a request for an answer arrives at the server, on each backend that has it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

import gemini_grpc
from gemini_grpc.emulator import Emulator, Reply
from gemini_grpc.generative import part, safety, tools
from gemini_grpc.generative.backend import UnsupportedError
from gemini_grpc.generative.config import GenerationConfig
from gemini_grpc.generative.model import GenerativeModel

ALL = frozenset({"v1beta", "v1alpha", "aiplatform_v1"})
NEWER = frozenset({"v1beta", "aiplatform_v1"})
VERTEX = frozenset({"aiplatform_v1"})
GEMINI = frozenset({"v1beta", "v1alpha"})

FILM = {"file_data": {"file_uri": "gs://b/film.mp4", "mime_type": "video/mp4"}}
DECLARED = {"name": "f", "description": "F.", "parameters": {"type": "OBJECT"}}
SAFE = {"category": "HARM_CATEGORY_HATE_SPEECH", "threshold": "BLOCK_NONE"}


def config(**settings: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the argument with these settings, and the same as fields of the request."""
    return {"generation_config": GenerationConfig(**settings)}, {"generation_config": settings}


def says(value: Any, *parts: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    return {"contents": value}, {"contents": [{"role": "user", "parts": list(parts)}]}


def has(tool: Any, **fields: Any) -> tuple[dict[str, Any], dict[str, Any]]:
    return {"tools": [tool]}, {"tools": [fields]}


SCHEMA = {"type": "ARRAY", "items": {"type": "INTEGER"}}
JSON = "application/json"
OFFSETS = {"start_offset": {"seconds": 1}, "end_offset": {"seconds": 2}, "fps": 0.5}
VOICE = {"voice_config": {"prebuilt_voice_config": {"voice_name": "Kore"}}}
ROUTES = (
    {"auto_mode": {"model_routing_preference": "BALANCED"}},
    {"manual_mode": {"model_name": "m"}},
)

PARAMETERS: list[tuple[tuple[dict[str, Any], dict[str, Any]], frozenset[str]]] = [
    (says("Hi", {"text": "Hi"}), ALL),
    (says(part.Part.from_uri("gs://b/film.mp4", "video/mp4"), FILM), ALL),
    (
        says(part.Part.from_data(b"1", "a/b"), {"inline_data": {"mime_type": "a/b", "data": b"1"}}),
        ALL,
    ),
    (
        says(
            part.Part.from_dict({**FILM, "video_metadata": OFFSETS}),
            {**FILM, "video_metadata": OFFSETS},
        ),
        NEWER,
    ),
    (
        says(
            part.Part.from_dict({**FILM, "media_resolution": {"level": 1}}),
            {**FILM, "media_resolution": {"level": 1}},
        ),
        VERTEX,
    ),
    (
        ({"system_instruction": "S"}, {"system_instruction": {"parts": [{"text": "S"}]}}),
        ALL,
    ),
    (has(tools.FunctionDeclaration(**DECLARED), function_declarations=[DECLARED]), ALL),
    (has("google_search", google_search={}), ALL),
    (has("code_execution", code_execution={}), ALL),
    (has("url_context", url_context={}), NEWER),
    (
        has(
            tools.Tool.from_retrieval({"vertex_ai_search": {"engine": "e"}}),
            retrieval={"vertex_ai_search": {"engine": "e"}},
        ),
        VERTEX,
    ),
    (
        (
            {"tools": [DECLARED], "tool_config": {"function_calling_config": "any"}},
            {
                "tools": [{"function_declarations": [DECLARED]}],
                "tool_config": {"function_calling_config": {"mode": "ANY"}},
            },
        ),
        ALL,
    ),
    (({"safety_settings": {"hate": "none"}}, {"safety_settings": [SAFE]}), ALL),
    (
        (
            {"safety_settings": [safety.SafetySetting("hate", "none", "severity")]},
            {"safety_settings": [{**SAFE, "method": "SEVERITY"}]},
        ),
        VERTEX,
    ),
    (({"labels": {"team": "blue"}}, {"labels": {"team": "blue"}}), VERTEX),
    (config(temperature=0.5, top_p=0.5, top_k=3, candidate_count=2, max_output_tokens=9), ALL),
    (config(stop_sequences=["x"], presence_penalty=0.5, frequency_penalty=0.25), ALL),
    (config(seed=7), NEWER),
    (config(response_logprobs=True, logprobs=3), ALL),
    (config(response_mime_type=JSON, response_schema=SCHEMA), ALL),
    (config(response_mime_type=JSON, response_json_schema={"type": "integer"}), NEWER),
    (config(response_modalities=["TEXT", "AUDIO"], speech_config=VOICE), ALL),
    (config(thinking_config={"include_thoughts": True, "thinking_budget": 9}), NEWER),
    (config(thinking_config={"thinking_level": "LOW"}), VERTEX),
    (config(media_resolution="MEDIA_RESOLUTION_LOW"), NEWER),
    (config(image_config={"aspect_ratio": "16:9"}), NEWER),
    (config(audio_timestamp=True), VERTEX),
    *((config(routing_config=route), VERTEX) for route in ROUTES),
    (config(enable_enhanced_civic_answers=True), GEMINI),
    (config(model_config={}), frozenset()),
]


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator() as emulator:
        yield emulator


@pytest.fixture(scope="module")
def clients(emulator: Emulator) -> Iterator[dict[str, gemini_grpc.Client]]:
    options = {"api_endpoint": f"http://{emulator.target}", "api_key": "test"}
    made = {
        "v1beta": gemini_grpc.Client(client_options=options),
        "v1alpha": gemini_grpc.Client(client_options=options, version="v1alpha"),
        "aiplatform_v1": gemini_grpc.Client(
            project="p", location="us-central1", client_options=options
        ),
    }
    yield made
    for client in made.values():
        client.close()


@pytest.mark.parametrize("version", sorted(ALL))
@pytest.mark.parametrize(("pair", "known_to"), PARAMETERS)
def test_each_parameter_arrives_or_is_named(
    emulator: Emulator,
    clients: dict[str, gemini_grpc.Client],
    version: str,
    pair: tuple[dict[str, Any], dict[str, Any]],
    known_to: frozenset[str],
) -> None:
    given, fields = dict(pair[0]), pair[1]
    contents = given.pop("contents", "Hi")
    calls = len(emulator.journal)
    if version not in known_to:
        with pytest.raises(UnsupportedError, match="has no"):
            GenerativeModel("m", client=clients[version], **given).generate_content(contents)
        assert len(emulator.journal) == calls
        return
    emulator.script("GenerateContent", [Reply(text="ok")])
    model = GenerativeModel("m", client=clients[version], **given)
    assert model.generate_content(contents).text == "ok"
    arrived = emulator.journal[-1].request
    backend = clients[version].wires.backend
    said = {"contents": [{"role": "user", "parts": [{"text": "Hi"}]}], **fields}
    expected = backend.types.GenerateContentRequest(model=backend.model("m"), **said)
    assert arrived == expected
