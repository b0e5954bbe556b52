"""The modules for code that comes from google.generativeai and vertexai lead to the everyday API."""

from __future__ import annotations

import importlib
import inspect
import pathlib
from typing import Any

import pytest
from google.oauth2.credentials import Credentials

import gemini_grpc as genai
from gemini_grpc import aiplatform_v1, caching, errors, operations, protos, types, v1beta, vertexai
from gemini_grpc.generative import default
from gemini_grpc.generative.backend import Backend, UnsupportedError
from gemini_grpc.types import content_types
from gemini_grpc.vertexai import generative_models, grounding

MODULES = (
    *("answer", "caching", "operations", "permission", "protos", "retriever", "types"),
    *(f"types.{name}_types" for name in ("content", "file", "generation", "helper", "safety")),
    *("vertexai", "vertexai.generative_models", "vertexai.grounding"),
)


@pytest.fixture(autouse=True)
def own_default(monkeypatch: pytest.MonkeyPatch) -> None:
    """No other test sees the default client of these."""
    monkeypatch.setattr(default, "_default", default._Default())
    variables = ("LOCATION", "PROJECT", "REGION")
    for name in (*(f"GOOGLE_CLOUD_{each}" for each in variables), "CLOUD_ML_REGION"):
        monkeypatch.delenv(name, raising=False)


@pytest.mark.parametrize("name", MODULES)
def test_every_name_is_there(name: str) -> None:
    module = importlib.import_module(f"gemini_grpc.{name}")
    assert [each for each in module.__all__ if not hasattr(module, each)] == []
    assert len(set(module.__all__)) == len(module.__all__)


def test_types_has_what_its_modules_have() -> None:
    for name in ("content", "file", "generation", "helper", "safety"):
        module = importlib.import_module(f"gemini_grpc.types.{name}_types")
        assert getattr(types, f"{name}_types") is module
        for each in module.__all__:
            if not inspect.isfunction(getattr(module, each)):
                assert getattr(types, each, None) is getattr(module, each), each


def test_old_names_are_the_classes_of_the_everyday_api() -> None:
    assert caching.CachedContent is genai.caching.CachedContent
    assert operations.list_operations is genai.list_operations
    assert protos.Content is v1beta.Content
    assert "Content" in dir(protos)
    assert types.GenerationConfig is genai.GenerationConfig
    assert generative_models.GenerativeModel is genai.GenerativeModel
    assert generative_models.grounding is grounding


def test_contents_become_messages_of_v1beta(tmp_path: pathlib.Path) -> None:
    (tmp_path / "a.txt").write_text("Hi")
    part = content_types.to_part(tmp_path / "a.txt")
    assert isinstance(part, protos.Part)
    assert (part.inline_data.mime_type, part.inline_data.data) == ("text/plain", b"Hi")
    content = content_types.to_content({"role": "model", "parts": "Hi"})
    assert (content.role, content.parts[0].text) == ("model", "Hi")
    said = content_types.to_contents([content, "And?"])
    assert [message.role for message in said] == ["model", "user"]
    config = content_types.to_tool_config({"function_calling_config": "any"})
    assert config.function_calling_config.mode == protos.FunctionCallingConfig.Mode.ANY
    with pytest.raises(errors.FieldError):
        content_types.to_part(5)


def test_dictionaries_of_the_types_are_contents_and_settings() -> None:
    part = types.PartDict(inline_data=types.BlobDict(mime_type="image/png", data=b"x"))
    (content,) = content_types.to_contents(types.ContentDict(role="user", parts=[part]))
    assert content.parts[0].inline_data.data == b"x"
    settings = types.GenerationConfigDict(temperature=0.5, max_output_tokens=5)
    safety: list[Any] = [types.SafetySettingDict(category="hate", threshold="high")]
    genai.GenerativeModel(generation_config=settings, safety_settings=safety)


def test_init_makes_the_default_client_one_of_vertex() -> None:
    vertexai.init(project="p", location="eu", api_transport="grpc")
    assert default.backend_of() == Backend("aiplatform_v1", "p", "eu")
    with pytest.raises(errors.ArgumentError, match="gRPC only"):
        vertexai.init(project="p", api_transport="rest")
    assert default.backend_of() == Backend("aiplatform_v1", "p", "eu")


def test_init_needs_a_project_once() -> None:
    with pytest.raises(errors.ArgumentError, match="project"):
        vertexai.init(location="eu")
    vertexai.init(project="p")
    vertexai.init(location="eu")
    assert default.backend_of() == Backend("aiplatform_v1", "p", "eu")


def test_init_changes_only_what_it_is_given() -> None:
    credentials: Any = Credentials("token")
    vertexai.init(
        project="a",
        location="eu",
        credentials=credentials,
        api_endpoint="https://eu.example.com",
        request_metadata=[("x-team", "a")],
    )
    vertexai.init(project="b")
    assert default.backend_of() == Backend("aiplatform_v1", "b", "eu")
    settings = default.wires_of().settings
    assert settings.endpoint.target == "eu.example.com:443"
    assert settings.token is not None
    assert ("x-team", "a") in settings.metadata
    vertexai.init(api_endpoint="other.example.com", request_metadata=[])
    assert default.backend_of() == Backend("aiplatform_v1", "b", "eu")
    settings = default.wires_of().settings
    assert settings.endpoint.target == "other.example.com:443"
    assert ("x-team", "a") not in settings.metadata


def test_what_init_refuses_changes_nothing() -> None:
    vertexai.init(project="a", location="eu")
    wrongs: list[Any] = [{"project": " "}, {"location": "EU"}, {"location": "us central1"}]
    for wrong in wrongs:
        with pytest.raises(errors.ArgumentError, match="lower case"):
            vertexai.init(**wrong)
        assert default.backend_of() == Backend("aiplatform_v1", "a", "eu")


def test_init_goes_on_from_a_client_of_vertex_only() -> None:
    credentials: Any = Credentials("token")
    options = {"proxy": "http://proxy:80"}
    genai.configure(project="p", location="eu", client_options=options, credentials=credentials)
    vertexai.init(api_endpoint="eu.example.com")
    assert default.backend_of() == Backend("aiplatform_v1", "p", "eu")
    assert default.wires_of().settings.proxy == "http://proxy:80"
    genai.configure(api_key="test")
    with pytest.raises(errors.ArgumentError, match="project"):
        vertexai.init(location="eu")
    vertexai.init(project="p")
    assert default.backend_of() == Backend("aiplatform_v1", "p", "us-central1")


def test_init_reads_the_variables_of_vertexai(monkeypatch: pytest.MonkeyPatch) -> None:
    found = []
    for name in ("CLOUD_ML_REGION", "GOOGLE_CLOUD_REGION", "GOOGLE_CLOUD_LOCATION"):
        monkeypatch.setattr(default, "_default", default._Default())
        monkeypatch.setenv(name, name.lower().replace("_", "-"))
        vertexai.init(project="p")
        found.append(default.backend_of().location)
    assert found == ["cloud-ml-region", "google-cloud-region", "google-cloud-location"]
    monkeypatch.delenv("GOOGLE_CLOUD_LOCATION")
    genai.configure(project="p")
    assert default.backend_of().location == "us-central1"


def test_a_data_store_is_named_in_full() -> None:
    full = "projects/a/locations/global/collections/default_collection/dataStores/d"
    assert grounding.VertexAISearch(full).datastore == full
    assert grounding.VertexAISearch("d", project="a", location="global").datastore == full
    with pytest.raises(errors.ArgumentError, match="project and location"):
        grounding.VertexAISearch("d")
    vertexai.init(project="a", location="us-central1")
    assert grounding.VertexAISearch("d").datastore == full.replace("global", "us-central1")


def test_sources_become_tools() -> None:
    vertexai.init(project="a", location="global")
    search = grounding.Retrieval(grounding.VertexAISearch("d"), disable_attribution=True)
    corpus = grounding.Retrieval(
        aiplatform_v1.VertexRagStore(rag_resources=[{"rag_corpus": "projects/a/ragCorpora/c"}])
    )
    tools = [generative_models.Tool.from_retrieval(source) for source in (search, corpus)]
    web = grounding.GoogleSearchRetrieval(
        dynamic_retrieval_config=grounding.DynamicRetrievalConfig(mode="MODE_DYNAMIC")
    )
    assert grounding.GoogleSearchRetrieval(web.dynamic_retrieval_config) == web
    tools.append(generative_models.Tool.from_google_search_retrieval(web))
    model = genai.GenerativeModel(tools=tools)
    sent: Any = model._current().request.tools
    assert sent[0].retrieval.vertex_ai_search.datastore.endswith("/d")
    assert sent[1].retrieval.vertex_rag_store.rag_resources[0].rag_corpus.endswith("/c")
    assert sent[2].google_search_retrieval.dynamic_retrieval_config.mode == 1


def test_a_modality_is_that_of_every_backend() -> None:
    modality = generative_models.GenerationConfig.Modality
    config = generative_models.GenerationConfig(response_modalities=[modality.TEXT, modality.IMAGE])
    places: list[Any] = [{"project": "p"}, {"version": "v1alpha"}, {}]
    for place in places:
        genai.configure(**place)
        sent: Any = genai.GenerativeModel(generation_config=config)._current().request
        assert list(sent.generation_config.response_modalities) == [1, 2]


def test_a_tool_is_a_message_of_v1beta_with_all_it_has() -> None:
    def area(width: int) -> int:
        """Return the area."""
        return width

    declared = types.FunctionDeclaration(name="f", description="F")
    made: Any = types.Tool([declared, area], code_execution={}).to_proto()
    assert isinstance(made, protos.Tool)
    assert [each.name for each in made.function_declarations] == ["f", "area"]
    assert "code_execution" in made
    with pytest.raises(UnsupportedError, match="retrieval"):
        types.Tool(retrieval={}).to_proto()
