"""Servicers whose answer has no fields: `google.protobuf.Empty`, or nothing at all."""

from __future__ import annotations

from concurrent import futures
from typing import Any

import grpc
import pytest
from google.protobuf import empty_pb2

from gemini_grpc import v1beta


class Shelf(v1beta.servicers.CacheServiceServicer):
    """Answers every deletion with the same."""

    def __init__(self, answer: object) -> None:
        self.answer = answer
        self.deleted: list[str] = []

    def delete_cached_content(self, request: Any, context: Any) -> Any:
        self.deleted.append(request.name)
        return self.answer


@pytest.mark.parametrize("answer", [None, empty_pb2.Empty()], ids=["None", "Empty"])
def test_nothing_stands_for_empty(answer: object) -> None:
    shelf = Shelf(answer)
    server = grpc.server(futures.ThreadPoolExecutor(1))
    shelf.add_to(server)
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    options = {"api_endpoint": f"http://127.0.0.1:{port}", "api_key": "test"}
    with v1beta.CacheServiceClient(client_options=options) as client:
        client.delete_cached_content(name="cachedContents/x")
    server.stop(0.1).wait()
    assert shelf.deleted == ["cachedContents/x"]
