"""A backend knows the types, methods and names of one API."""

from __future__ import annotations

from typing import Any

import pytest

from gemini_grpc import aiplatform_v1, errors, v1alpha, v1beta
from gemini_grpc.generative.backend import Backend, UnsupportedError

BETA = Backend()
ALPHA = Backend("v1alpha")
VERTEX = Backend("aiplatform_v1", "p", "us-central1")


@pytest.mark.parametrize(
    ("backend", "package"), [(BETA, v1beta), (ALPHA, v1alpha), (VERTEX, aiplatform_v1)]
)
def test_types_are_those_of_the_version(backend: Backend, package: Any) -> None:
    assert backend.pb("Content") is package.Content.pb()
    assert backend.types.Part is package.Part
    assert backend.method("GenerateContent").shape == "unary"
    assert backend.has("Candidate", "finish_reason")
    assert not backend.has("Candidate", "finished")
    assert not backend.has("NoSuchMessage")


def test_nested_messages_are_found() -> None:
    assert BETA.pb("Candidate").DESCRIPTOR.name == "Candidate"
    assert VERTEX.pb("Tool.GoogleSearch").DESCRIPTOR.name == "GoogleSearch"


@pytest.mark.parametrize(
    ("backend", "given", "full"),
    [
        (BETA, "gemini-3.8-flash", "models/gemini-3.8-flash"),
        (BETA, "models/gemini-3.8-flash", "models/gemini-3.8-flash"),
        (ALPHA, "tunedModels/mine", "tunedModels/mine"),
        (
            VERTEX,
            "gemini-3.8-flash",
            "projects/p/locations/us-central1/publishers/google/models/gemini-3.8-flash",
        ),
        (
            VERTEX,
            "models/gemini-3.8-flash",
            "projects/p/locations/us-central1/publishers/google/models/gemini-3.8-flash",
        ),
        (
            VERTEX,
            "publishers/meta/models/llama",
            "projects/p/locations/us-central1/publishers/meta/models/llama",
        ),
        (
            VERTEX,
            "projects/q/locations/us-central1/endpoints/7",
            "projects/q/locations/us-central1/endpoints/7",
        ),
    ],
)
def test_models_have_full_names(backend: Backend, given: str, full: str) -> None:
    assert backend.model(given) == full


@pytest.mark.parametrize(
    ("backend", "given"),
    [
        (BETA, ""),
        (BETA, "  "),
        (BETA, None),
        (BETA, "model/gemini-3.8-flash"),
        (BETA, "models/"),
        (BETA, "projects/p/locations/l/publishers/google/models/m"),
        (VERTEX, "endpoints/7"),
        (VERTEX, "projects/p/models/m"),
        (BETA, "gemini 2.5"),
        (BETA, "models/gemini-2.5\n"),
        (VERTEX, "gemini 2.5"),
        (VERTEX, "publishers/a b/models/m"),
        (VERTEX, "projects/a b/locations/us-central1/endpoints/7"),
    ],
)
def test_what_is_no_model_is_refused(backend: Backend, given: object) -> None:
    with pytest.raises(errors.ArgumentError, match=r"^model: "):
        backend.model(given)


def test_a_model_of_another_location_is_refused() -> None:
    for kind in ("endpoints", "publishers/google/models"):
        with pytest.raises(errors.ArgumentError, match=r"is in europe-west4, .* is in us-central1"):
            VERTEX.model(f"projects/p/locations/europe-west4/{kind}/123")


@pytest.mark.parametrize("wrong", [" ", "a b", "P", "p\n", "a/b"])
def test_a_project_or_location_that_cannot_be_is_refused(wrong: str) -> None:
    with pytest.raises(errors.ArgumentError, match=r"^project is .* lower case"):
        Backend("aiplatform_v1", wrong, "eu")
    with pytest.raises(errors.ArgumentError, match=r"^location is .* lower case"):
        Backend("aiplatform_v1", "p", wrong)


@pytest.mark.parametrize("project", ["my-project", "123456", "example.com:my-project"])
def test_every_kind_of_project_is_taken(project: str) -> None:
    assert Backend("aiplatform_v1", project, "eu").parent == f"projects/{project}/locations/eu"


def test_what_a_backend_lacks_is_said() -> None:
    with pytest.raises(UnsupportedError, match="Vertex AI has no method ListModels"):
        VERTEX.method("ListModels")
    with pytest.raises(UnsupportedError, match="the Gemini API v1beta has no RagChunk"):
        BETA.pb("RagChunk")


@pytest.mark.parametrize(
    ("location", "host"),
    [
        ("us-central1", "us-central1-aiplatform.googleapis.com"),
        ("global", "aiplatform.googleapis.com"),
        ("eu", "aiplatform.eu.rep.googleapis.com"),
    ],
)
def test_vertex_has_a_host_for_each_location(location: str, host: str) -> None:
    assert Backend("aiplatform_v1", "p", location).host == host
