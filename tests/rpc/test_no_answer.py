"""A server that ends a call well without the answer that belongs to it."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import grpc
import pytest

from gemini_grpc import errors

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.colours import Sync

SERVICE = "google.ai.generativelanguage.v1beta.GenerativeService"
NOTHING = grpc.unary_stream_rpc_method_handler(lambda request, context: iter(()))


def test_that_is_an_error_of_ours(colour: Sync, connect: Callable[..., Any]) -> None:
    handler = grpc.method_handlers_generic_handler(SERVICE, {"CountTokens": NOTHING})
    with ThreadPoolExecutor(1) as pool:
        server = grpc.server(pool, handlers=[handler])
        port = server.add_insecure_port("127.0.0.1:0")
        server.start()
        client = connect(api_endpoint=f"http://127.0.0.1:{port}", api_key="k")
        with pytest.raises(errors.Internal, match="sent no answer") as caught:
            colour.call(client.count_tokens, model="models/m", contents=[], timeout=5.0)
        server.stop(None).wait()
    assert caught.value.method == f"/{SERVICE}/CountTokens"
