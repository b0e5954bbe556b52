"""The table of methods."""

from __future__ import annotations

import importlib
from typing import Any

import pytest

from gemini_grpc.rpc import method, operations
from gemini_grpc.v1beta import methods

TABLES = [
    spec
    for version in ("v1alpha", "v1beta", "aiplatform_v1")
    for service in importlib.import_module(f"gemini_grpc.{version}.methods").SERVICES.values()
    for spec in service.METHODS
]


@pytest.mark.parametrize("spec", [*TABLES, *operations.METHODS], ids=lambda spec: spec.path[1:])
def test_a_method_names_types_and_fields_that_exist(spec: Any) -> None:
    from gemini_grpc.rpc.codec import pb_class

    request, response = pb_class(method.load(spec.request)), pb_class(method.load(spec.response))
    for route in spec.routing:
        found = request.DESCRIPTOR
        for part in route.split("."):
            field = found.fields_by_name[part]
            found = field.message_type
        assert field.type == field.TYPE_STRING
    if spec.items:
        assert response.DESCRIPTOR.fields_by_name[spec.items].is_repeated
        assert "next_page_token" in response.DESCRIPTOR.fields_by_name
    if spec.operation:
        assert method.load(spec.operation.response)
        assert method.load(spec.operation.metadata)
    assert (spec.timeout is None) == (spec.shape == "bidi")


def test_generating_has_ten_minutes_and_the_rest_one() -> None:
    by_name = {spec.name: spec for spec in TABLES}
    assert by_name["GenerateContent"].timeout == by_name["StreamGenerateContent"].timeout == 600
    others = {spec.timeout for spec in TABLES if not spec.name.endswith("GenerateContent")}
    assert others == {60}


def test_what_creates_is_not_repeated() -> None:
    assert {
        spec.name for spec in TABLES if spec.name.startswith("Create") and spec.repeatable
    } == set()
    assert all(spec.repeatable for spec in TABLES if spec.name.startswith(("Get", "List", "Count")))


def test_load_finds_nested_classes() -> None:
    found = method.load("gemini_grpc.v1beta.types.content:FunctionCallingConfig.Mode")
    assert found.__qualname__ == "FunctionCallingConfig.Mode"
    assert methods.GenerativeService.GENERATE_CONTENT.name == "GenerateContent"
