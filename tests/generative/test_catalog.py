"""Models are listed lazily, got by name, and named when one is mistyped."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from gemini_grpc import errors
from gemini_grpc.generative._async.catalog import list_models_async
from gemini_grpc.generative._sync.catalog import list_models
from gemini_grpc.generative.backend import UnsupportedError
from gemini_grpc.generative.catalog import Model
from tests.generative.shell import BOTH, Shell, each, label, quiet_shell_of, shell_of


@pytest.fixture(params=each(), ids=label)
def shell(request: pytest.FixtureRequest) -> Iterator[Shell]:
    with shell_of(*request.param) as made:
        yield made


@pytest.fixture(scope="module", params=each(), ids=label)
def quiet(request: pytest.FixtureRequest) -> Iterator[Shell]:
    with quiet_shell_of(*request.param) as made:
        yield made


def test_every_model_is_listed_page_by_page(shell: Shell) -> None:
    models = shell.call("catalog.list_models", page_size=10)
    assert {model.name for model in models} == set(shell.emulator.world.models)
    assert [request.page_size for request in shell.sent("ListModels")] == [10, 10]
    assert all(isinstance(model, Model) for model in models)


def test_no_page_is_fetched_before_it_is_needed(shell: Shell) -> None:
    function = list_models_async if shell.is_async else list_models
    models: Any = function(page_size=5, client=shell.client)
    assert not shell.sent("ListModels")
    for _ in range(5):
        shell.colour.next(models)
    assert len(shell.sent("ListModels")) == 1
    shell.colour.next(models)
    assert len(shell.sent("ListModels")) == 2
    shell.colour.call(models.aclose if shell.is_async else models.close)


def test_a_model_has_typed_attributes(shell: Shell) -> None:
    model = shell.call("catalog.get_model", "models/gemini-3.8-flash")
    assert (model.name, model.display_name) == ("models/gemini-3.8-flash", "Gemini 3.8 Flash")
    assert (model.input_token_limit, model.output_token_limit) == (1_048_576, 65_536)
    assert "generateContent" in model.supported_generation_methods
    assert (model.temperature, model.max_temperature, model.top_k) == (1.0, 2.0, 64)
    embedding = shell.call("catalog.get_model", "models/gemini-embedding-2")
    assert embedding.temperature is None
    assert embedding.top_k is None


@pytest.mark.parametrize("name", ["gemini-3.8-flash", "models/gemini-3.8-flash"])
def test_a_model_is_got_by_either_form_of_its_name(shell: Shell, name: str) -> None:
    assert shell.call("catalog.get_base_model", name).name == "models/gemini-3.8-flash"
    assert shell.sent("GetModel")[-1].name == "models/gemini-3.8-flash"


def test_a_model_can_be_passed_back(shell: Shell) -> None:
    model = shell.call("catalog.get_model", "gemini-3.8-flash")
    assert shell.call("catalog.get_model", model) == model


def test_a_mistyped_model_is_answered_with_the_nearest_that_have_been_shown(shell: Shell) -> None:
    with pytest.raises(errors.NotFound) as caught:
        shell.call("catalog.get_model", "gemini-3.8-flsh")
    assert "Did you mean" not in str(caught.value)
    shell.call("catalog.list_models")
    with pytest.raises(errors.NotFound, match=r"Did you mean 'models/gemini-3\.8-flash' or "):
        shell.call("catalog.get_model", "gemini-3.8-flsh")
    with pytest.raises(errors.NotFound) as caught:
        shell.call("catalog.get_model", "nothing-like-it-at-all-zzzzzzzzzzzzzz")
    assert "Did you mean" not in str(caught.value)
    with pytest.raises(errors.NotFound) as caught:
        shell.call("corpora.get_corpus", "corpora/gemini-2")
    assert not caught.value.advice


@pytest.mark.parametrize(
    ("function", "arguments", "text"),
    [
        ("list_models", {"page_size": -1}, "page_size is -1"),
        ("list_models", {"page_size": True}, "page_size is True"),
        ("list_models", {"request_options": {"timeot": 1}}, "did you mean 'timeout'"),
        ("get_model", {"name": ""}, "model: expected the name of a model"),
        ("get_model", {"name": "corpora/x"}, "model: 'corpora/x' is no model of"),
        ("get_model", {"name": "tunedModels/a/b"}, "name: 'tunedModels/a/b' is no name of a tuned"),
        (
            "get_base_model",
            {"name": "tunedModels/x"},
            "name: 'tunedModels/x' is no model of Google",
        ),
        ("get_base_model", {"name": 5}, "expected the name of a model, got 5"),
    ],
)
def test_bad_input_is_refused_before_anything_is_sent(
    quiet: Shell, function: str, arguments: dict[str, Any], text: str
) -> None:
    with pytest.raises(errors.ArgumentError, match=text):
        quiet.call(f"catalog.{function}", **arguments)


@pytest.mark.parametrize("colour", BOTH)
@pytest.mark.parametrize(
    ("function", "arguments", "lacks"),
    [
        ("list_models", [], "ListModels"),
        ("get_model", ["gemini-3.8-flash"], "GetModel"),
        ("get_base_model", ["gemini-3.8-flash"], "GetModel"),
        ("get_model", ["tunedModels/x"], "GetTunedModel"),
    ],
)
def test_vertex_lists_no_models(
    colour: str, function: str, arguments: list[str], lacks: str
) -> None:
    with (
        quiet_shell_of(colour, "vertex") as shell,
        pytest.raises(UnsupportedError, match=f"Vertex AI has no method {lacks}"),
    ):
        shell.call(f"catalog.{function}", *arguments)


def test_every_call_of_the_client_then_names_the_nearest(shell: Shell) -> None:
    shell.call("catalog.list_models")
    method = shell.client.wires.backend.method("CountTokens")
    request = {"model": "models/gemini-3.8-flsh", "contents": [{"parts": [{"text": "Hi"}]}]}
    with pytest.raises(errors.NotFound, match=r"Did you mean 'models/gemini-3\.8-flash' or "):
        shell.client.wires.channel.unary(method, request)
