"""A pytest plugin for the test suite of vertexai: lets our `vertexai` call what that suite replaces.

The suite replaces methods of google's generated clients. A server of gRPC calls those methods, so that requests of
ours reach the replacement, and its answers come back, over a real connection.
"""

from __future__ import annotations

from collections.abc import Iterator
from concurrent import futures
from typing import Any

import grpc
import pytest
from google.cloud.aiplatform_v1 import types
from google.cloud.aiplatform_v1.services import gen_ai_cache_service, prediction_service

import gemini_grpc

PREDICTION = prediction_service.PredictionServiceClient
CACHES = gen_ai_cache_service.GenAiCacheServiceClient


def generate(data: bytes, context: grpc.ServicerContext) -> bytes:
    request = types.GenerateContentRequest.deserialize(data)
    answer = PREDICTION.generate_content(None, request)
    return bytes(type(answer).serialize(answer))  # of v1 or v1beta1, whose bytes are the same


def stream(data: bytes, context: grpc.ServicerContext) -> Iterator[bytes]:
    request = types.GenerateContentRequest.deserialize(data)
    for answer in PREDICTION.stream_generate_content(None, request):
        yield type(answer).serialize(answer)


def get_cached_content(data: bytes, context: grpc.ServicerContext) -> bytes:
    name = types.GetCachedContentRequest.deserialize(data).name
    return bytes(types.CachedContent.serialize(CACHES.get_cached_content(None, name=name)))


def handlers() -> dict[str, Any]:
    unary, streaming = grpc.unary_unary_rpc_method_handler, grpc.unary_stream_rpc_method_handler
    return {
        "PredictionService": {
            "GenerateContent": unary(generate),
            "StreamGenerateContent": streaming(stream),
        },
        "GenAiCacheService": {"GetCachedContent": unary(get_cached_content)},
    }


@pytest.fixture
def google_auth_mock() -> None:
    """Stand for the fixture of that suite that replaces credentials; the variable of the emulator needs none."""


@pytest.fixture(autouse=True)
def bridge(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Serve what the suite replaces, and let our clients call it."""
    with futures.ThreadPoolExecutor(4) as pool:
        server = grpc.server(pool)
        for service, methods in handlers().items():
            name = f"google.cloud.aiplatform.v1.{service}"
            server.add_generic_rpc_handlers([grpc.method_handlers_generic_handler(name, methods)])
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        monkeypatch.setenv("GEMINI_EMULATOR_HOST", f"127.0.0.1:{port}")
        yield
        server.stop(None).wait()
        gemini_grpc.configure(api_key="unused")
