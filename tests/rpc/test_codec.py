"""The conversions of one method."""

from __future__ import annotations

import pytest

from gemini_grpc import errors, v1beta
from gemini_grpc.rpc import operations
from gemini_grpc.rpc.codec import Codec
from gemini_grpc.v1beta import methods

GENERATE = Codec(methods.GenerativeService.GENERATE_CONTENT)
WHOLE = v1beta.GenerateContentRequest(model="models/x")


@pytest.mark.parametrize("request_", [WHOLE, WHOLE._pb, {"model": "models/x"}])
def test_a_request_is_given_whole_or_by_its_fields(request_: object) -> None:
    assert GENERATE.request(request_) == WHOLE._pb
    assert GENERATE.request(request_, {"model": None}) == WHOLE._pb
    assert GENERATE.request(None, {"model": "models/x", "contents": None}) == WHOLE._pb
    assert GENERATE.request(None) == GENERATE.request({})


def test_both_at_once_is_an_error_that_names_the_fields() -> None:
    with pytest.raises(ValueError, match=r"request and its fields \(contents\)"):
        GENERATE.request(WHOLE, {"model": None, "contents": []})


@pytest.mark.parametrize("wrong", [5, "models/x", v1beta.Content()])
def test_something_else_is_no_request(wrong: object) -> None:
    with pytest.raises(errors.FieldError, match="request: expected GenerateContentRequest"):
        GENERATE.request(wrong)


def test_the_routing_header_names_the_resource() -> None:
    assert GENERATE.routing(WHOLE._pb) == ("x-goog-request-params", "model=models/x")
    assert GENERATE.routing(v1beta.GenerateContentRequest.pb()()) is None
    assert Codec(methods.ModelService.LIST_MODELS).routing(v1beta.ListModelsRequest.pb()()) is None
    update = Codec(methods.CacheService.UPDATE_CACHED_CONTENT)
    request = update.request({"cached_content": {"name": "cachedContents/a b"}})
    assert update.routing(request) == (
        "x-goog-request-params",
        "cached_content.name=cachedContents/a+b",
    )


def test_a_response_is_a_message_of_ours_or_of_protobuf() -> None:
    answer = GENERATE.response(b"")
    assert isinstance(answer, v1beta.GenerateContentResponse)
    operation = Codec(operations.GET).response(b"\x0a\x01x")
    assert operation.name == "x"


def test_bytes_that_are_no_message_are_an_internal_error() -> None:
    with pytest.raises(
        errors.Internal, match=r"3 bytes that are no .*GenerateContentResponse"
    ) as e:
        GENERATE.response(b"\xff\xff\xff")
    assert e.value.method.endswith("/GenerateContent")
