"""Resource names: the common ones and those of the versions."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from gemini_grpc import aiplatform_v1, v1beta
from gemini_grpc.rpc.paths import CommonPaths

COMMON = [
    ("billing_account", ["x"], "billingAccounts/x"),
    ("folder", ["x"], "folders/x"),
    ("organization", ["x"], "organizations/x"),
    ("project", ["x"], "projects/x"),
    ("location", ["x", "y"], "projects/x/locations/y"),
]


@pytest.mark.parametrize(("name", "parts", "path"), COMMON)
def test_common_names(name: str, parts: list[str], path: str) -> None:
    client = v1beta.ModelServiceClient
    assert getattr(client, f"common_{name}_path")(*parts) == path
    parse = getattr(CommonPaths, f"parse_common_{name}_path")
    assert list(parse(path).values()) == parts
    assert parse("something/else") == parse("x" + path) == {}


def _helpers() -> list[Any]:
    found = []
    for version in ("v1alpha", "v1beta", "aiplatform_v1"):
        module = importlib.import_module(f"gemini_grpc.{version}.paths")
        names = [name for name in module.__all__ if not name.startswith("parse_")]
        found += [pytest.param(module, name, id=f"{version}.{name}") for name in names]
    return found


@pytest.mark.parametrize(("module", "name"), _helpers())
def test_names_are_built_and_taken_apart(module: Any, name: str) -> None:
    build, parse = getattr(module, name), getattr(module, f"parse_{name}")
    variables = build.__code__.co_varnames[: build.__code__.co_argcount]
    parts = {variable: f"a-{number}" for number, variable in enumerate(variables)}
    path = build(**parts)
    assert parse(path) == parts
    assert parse(path + "/") == parse("/" + path) == parse("x" + path) == {}
    assert parse(path.rpartition("/")[0] + "/") == {}


def test_clients_have_the_helpers_of_the_resources_they_name() -> None:
    for client in (v1beta.ModelServiceClient, v1beta.ModelServiceAsyncClient):
        assert client.model_path("x") == "models/x"
        assert client.parse_model_path("models/x") == {"model": "x"}
        assert client.tuned_model_path("y") == "tunedModels/y"
    assert aiplatform_v1.GenAiCacheServiceClient.cached_content_path("p", "l", "c") == (
        "projects/p/locations/l/cachedContents/c"
    )
