"""The default client: what `configure` says is used from then on."""

from __future__ import annotations

import asyncio
import importlib
import time
from collections.abc import Iterator
from typing import Any

import pytest

from gemini_grpc import Client, errors
from gemini_grpc.emulator import Emulator
from gemini_grpc.emulator.services import files as kept
from gemini_grpc.generative import default
from gemini_grpc.generative.backend import UnsupportedError
from gemini_grpc.generative.corpora import Corpus
from gemini_grpc.generative.default import backend_of, client_of, configure, wires_of
from gemini_grpc.generative.files import FileState
from gemini_grpc.generative.model import GenerativeModel
from gemini_grpc.v1beta import ModelServiceClient
from tests.colours import Async, Sync

QUESTION = {"model": "models/gemini-3.8-flash", "contents": [{"parts": [{"text": "Hi"}]}]}
VARIABLES = (
    *("GOOGLE_API_KEY", "GEMINI_API_KEY", "GEMINI_EMULATOR_HOST"),
    *("GOOGLE_CLOUD_PROJECT", "GOOGLE_CLOUD_LOCATION", "GOOGLE_APPLICATION_CREDENTIALS"),
)


@pytest.fixture(autouse=True)
def unconfigured(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(default, "_default", default._Default())
    for variable in VARIABLES:
        monkeypatch.delenv(variable, raising=False)


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


def options(emulator: Emulator) -> dict[str, Any]:
    return {"api_endpoint": f"http://{emulator.target}"}


def test_the_default_client_is_made_once_and_anew_after_configure(emulator: Emulator) -> None:
    configure(api_key="one", client_options=options(emulator))
    wires = wires_of()
    assert wires_of() is wires
    method = backend_of().method("CountTokens")
    assert wires.channel.unary(method, QUESTION).total_tokens
    configure(api_key="two", client_options=options(emulator))
    assert wires_of() is not wires
    assert wires.channel.unary(method, QUESTION).total_tokens  # calls that run go on


def test_the_key_of_the_environment_is_used_without_configure(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("GOOGLE_API_KEY", "from the environment")
    assert ("x-goog-api-key", "from the environment") in wires_of().settings.metadata


def test_a_client_goes_before_the_default(emulator: Emulator) -> None:
    with Client(api_key="k", client_options=options(emulator)) as client:
        assert wires_of(client) is client.wires
        assert backend_of(client) is client.wires.backend


def test_metadata_goes_with_every_call(emulator: Emulator) -> None:
    configure(api_key="k", client_options=options(emulator), default_metadata=[("x-team", "tests")])
    wires_of().channel.unary(backend_of().method("CountTokens"), QUESTION)
    assert ("x-team", "tests") in emulator.journal[0].attempts[0].metadata


def test_a_project_means_vertex(monkeypatch: pytest.MonkeyPatch, emulator: Emulator) -> None:
    configure(project="p", client_options=options(emulator) | {"api_key": "k"})
    assert backend_of().parent == "projects/p/locations/us-central1"
    monkeypatch.setenv("GOOGLE_CLOUD_PROJECT", "from-the-environment")
    monkeypatch.setenv("GOOGLE_CLOUD_LOCATION", "global")
    configure(location="eu", client_options=options(emulator) | {"api_key": "k"})
    assert backend_of().parent == "projects/from-the-environment/locations/eu"


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"transport": "rest"}, "this library speaks gRPC"),
        ({"version": "v2"}, "expected 'v1beta' or 'v1alpha'"),
        ({"api_key": "a", "client_options": {"api_key": "b"}}, "given twice"),
        ({"api_key": "a", "project": "p"}, "api_key and project are mutually exclusive"),
        ({"location": "eu"}, "GOOGLE_CLOUD_PROJECT"),
        ({"project": "projects/p"}, "the bare id"),
        ({"api_key": "a", "default_metadata": [("authorization", "x")]}, "credentials"),
    ],
)
def test_what_cannot_be_configured_is_refused_and_changes_nothing(
    arguments: dict[str, Any], text: str
) -> None:
    configure(api_key="before")
    before = wires_of()
    with pytest.raises(errors.ArgumentError, match=text):
        configure(**arguments)
    assert wires_of() is before


def test_a_client_has_the_services_of_its_backend(emulator: Emulator) -> None:
    vertex = Client(project="p", location="eu", client_options=options(emulator) | {"api_key": "k"})
    with vertex as client:
        model = client.wires.backend.model("gemini-3.8-flash")
        contents = [{"role": "user", "parts": [{"text": "Hi"}]}]
        counted = client.llm_utility_service.count_tokens(
            endpoint=model, model=model, contents=contents
        )
        assert counted.total_tokens
        with pytest.raises(UnsupportedError, match="Vertex AI has no FileService"):
            client.file_service  # noqa: B018  # reading it is the test
        with pytest.raises(UnsupportedError, match="no live sessions over gRPC"):
            client.live  # noqa: B018


def test_closing_a_client_closes_the_channels_of_both_colours(emulator: Emulator) -> None:
    client = Client(api_key="k", client_options=options(emulator))
    other = client.wires.async_channel
    client.close()
    with pytest.raises(errors.ClosedError):
        client.wires.channel.unary(backend_of().method("CountTokens"), QUESTION)
    with pytest.raises(errors.ClosedError):
        asyncio.run(other.unary(backend_of().method("CountTokens"), QUESTION))


def test_a_channel_made_after_closing_is_closed(emulator: Emulator) -> None:
    client = Client(api_key="k", client_options=options(emulator))
    client.close()
    late = client.wires.async_channel
    with pytest.raises(errors.ClosedError):
        asyncio.run(late.unary(backend_of().method("CountTokens"), QUESTION))


def twin(path: str, colour: Sync) -> Any:
    """Return a function in a colour: `corpora.get_corpus`."""
    module, name = path.split(".")
    shell, suffix = ("_async", "_async") if isinstance(colour, Async) else ("_sync", "")
    return getattr(
        importlib.import_module(f"gemini_grpc.generative.{shell}.{module}"), name + suffix
    )


class Reconfiguring:
    """A resource that makes another client the default while a call about it is decided.

    So does another thread, at a moment that no test can choose.
    """

    def __init__(self, name: str, elsewhere: Emulator) -> None:
        self._name = name
        self._elsewhere = elsewhere

    @property
    def name(self) -> str:
        configure(project="p", client_options=options(self._elsewhere) | {"api_key": "k"})
        return self._name


DECIDED = {
    "catalog.get_base_model": ("models/none", "GetModel"),
    "corpora.get_corpus": ("corpora/c", "GetCorpus"),
    "corpora.delete_corpus": ("corpora/c", "DeleteCorpus"),
    "files.get_file": ("files/f", "GetFile"),
    "files.delete_file": ("files/f", "DeleteFile"),
    "files.wait_for_file": ("files/f", "GetFile"),
    "operations.get_operation": ("tunedModels/t/operations/o", "GetOperation"),
    "operations.delete_operation": ("tunedModels/t/operations/o", "DeleteOperation"),
    "permissions.get_permission": ("corpora/c/permissions/p", "GetPermission"),
    "tuning.get_tuned_model": ("tunedModels/t", "GetTunedModel"),
    "tuning.delete_tuned_model": ("tunedModels/t", "DeleteTunedModel"),
}
"""Functions that take a resource, the name of one that there is not, and what they call."""


@pytest.mark.parametrize("path", DECIDED)
def test_a_call_goes_over_the_client_it_was_decided_for(
    path: str, emulator: Emulator, colour: Sync
) -> None:
    name, method = DECIDED[path]
    configure(api_key="k", client_options=options(emulator))
    with Emulator() as elsewhere:
        with pytest.raises((errors.NotFound, errors.PermissionDenied)):
            colour.call(twin(path, colour), Reconfiguring(name, elsewhere))
        assert len(emulator.journal.calls(method)) == 1
        assert not elsewhere.journal


def test_a_method_of_a_resource_made_by_hand_keeps_to_one_client(
    emulator: Emulator, colour: Sync
) -> None:
    configure(api_key="k", client_options=options(emulator))
    with Emulator() as elsewhere:
        corpus = Corpus(name="corpora/c")
        method = (
            corpus.delete_document_async if isinstance(colour, Async) else corpus.delete_document
        )
        with pytest.raises((errors.NotFound, errors.PermissionDenied)):
            colour.call(method, Reconfiguring("corpora/c/documents/d", elsewhere))
        assert len(emulator.journal.calls("DeleteDocument")) == 1
        assert not elsewhere.journal


def test_waiting_for_a_file_goes_on_with_the_client_it_began_with(
    emulator: Emulator, colour: Sync, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(kept, "VIDEO_PROCESSING", 0.5)
    configure(api_key="k", client_options=options(emulator))
    upload = twin("files.upload_file", colour)
    file = colour.call(upload, b"film", mime_type="video/mp4", wait=False, progress=None)
    with Emulator() as elsewhere:
        waiting = colour.start(twin("files.wait_for_file", colour), file.name)
        while not emulator.journal.calls("GetFile"):
            time.sleep(0.01)
        configure(api_key="k", client_options=options(elsewhere))
        assert waiting.result(10).state is FileState.ACTIVE
        assert not elsewhere.journal


@pytest.mark.parametrize("client", ["", "x", ModelServiceClient], ids=["empty", "text", "class"])
@pytest.mark.parametrize("path", DECIDED)
def test_what_is_no_client_is_named(path: str, client: Any, colour: Sync) -> None:
    said = f"^client: expected a Client or an AsyncClient, got {type(client).__name__}$"
    with pytest.raises(errors.FieldError, match=said):
        colour.call(twin(path, colour), DECIDED[path][0], client=client)
    with pytest.raises(errors.FieldError, match=said):
        GenerativeModel("m", client=client)


def test_a_generated_client_is_no_client(emulator: Emulator) -> None:
    with ModelServiceClient(client_options={**options(emulator), "api_key": "k"}) as service:
        given: Any = service
        for take in (wires_of, backend_of, client_of):
            with pytest.raises(errors.FieldError, match="got ModelServiceClient"):
                take(given)
    assert not emulator.journal
