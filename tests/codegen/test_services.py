"""Every service of the protos is an attribute of the everyday clients."""

from __future__ import annotations

import importlib
from typing import Any

import pytest
from google.auth.credentials import AnonymousCredentials

from codegen import names
from gemini_grpc import AsyncClient, Client

GIVEN: dict[str, dict[str, Any]] = {
    "v1alpha": {"api_key": "test", "version": "v1alpha"},
    "v1beta": {"api_key": "test", "version": "v1beta"},
    "aiplatform_v1": {
        "credentials": AnonymousCredentials(),  # type: ignore[no-untyped-call]  # google's
        "project": "p",
        "location": "us-central1",
    },
}
"""What makes a client of each package."""

SERVICES = [
    pytest.param(package, service.rpartition(".")[2], id=service)
    for package in names.PACKAGES.values()
    for service in importlib.import_module(f"gemini_grpc.{package}.methods").SERVICES
]


@pytest.mark.parametrize(("package", "service"), SERVICES)
async def test_every_service_is_an_attribute_of_both_clients(package: str, service: str) -> None:
    module = importlib.import_module(f"gemini_grpc.{package}")
    attribute = names.snake(service)
    hint = f"give generative/_async/client.py a property {attribute}"
    assert hasattr(AsyncClient, attribute), hint
    assert hasattr(Client, attribute), hint
    with Client(**GIVEN[package]) as client:
        assert type(getattr(client, attribute)) is getattr(module, f"{service}Client")
    async with AsyncClient(**GIVEN[package]) as asynchronous:
        assert type(getattr(asynchronous, attribute)) is getattr(module, f"{service}AsyncClient")
