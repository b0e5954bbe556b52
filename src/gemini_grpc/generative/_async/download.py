"""Fetch the content of a file, from where the last connection ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import grpc

from gemini_grpc import errors
from gemini_grpc.generative._async.http_endpoint import AsyncHttpEndpoint
from gemini_grpc.generative.source import LARGEST
from gemini_grpc.http import url as urls
from gemini_grpc.rpc import http_status, wire
from gemini_grpc.rpc.method import Method

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gemini_grpc.generative.progress import Watch
    from gemini_grpc.generative.sink import Sink
    from gemini_grpc.generative.upload import Retries
    from gemini_grpc.generative.wires import Wires
    from gemini_grpc.http.message import Response
    from gemini_grpc.rpc.metadata import Metadata

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5


async def async_fetch(
    wires: Wires,
    name: str,
    sink: Sink,
    *,
    retries: Retries,
    metadata: Metadata,
    watch: Watch,
) -> None:
    """Write the content of a file.

    Raises:
        ArgumentError: It cannot be written.
        RpcError: It could not be fetched, or the time is over.
    """
    path = f"/google.ai.generativelanguage.{wires.backend.version}.FileService/DownloadFile"
    endpoint = AsyncHttpEndpoint(wires, _download(path), metadata)
    try:
        await endpoint.open(retries.left)
        url = f"{endpoint.root}/{wires.backend.version}/{name}:download?alt=media"
        while True:
            try:
                await _attempt(endpoint, url, sink, retries, watch)
            except errors.RpcError as error:
                endpoint.add_context(error)
                if not endpoint.discard_refused_token(error):
                    await wire.async_sleep(retries.pause(error, sink.offset))
            else:
                return
    finally:
        await endpoint.close()


def _download(path: str) -> Method[Any, Any]:
    """Return the method whose part over HTTP this is; v1alpha has that part only."""
    empty = "google.protobuf.empty_pb2:Empty"
    return Method(path=path, shape="unary", request=empty, response=empty, repeatable=True)


async def _attempt(
    endpoint: AsyncHttpEndpoint, url: str, sink: Sink, retries: Retries, watch: Watch
) -> None:
    """Fetch what is missing, wherever the server redirects; credentials stay with the server."""
    from gemini_grpc.http._async.client import read_whole

    async def receive(response: Response, blocks: AsyncIterator[bytes]) -> str | None:
        """Write the body; return the address of a redirect, None without one."""
        if response.status in _REDIRECTS:
            return response.headers.get("location", "")
        if not response.is_success:
            raise http_status.from_response(await read_whole(response, blocks))
        total = sink.begin(response)
        async for block in blocks:
            await wire.async_call(lambda _: sink.write(block), None)  # noqa: B023  # called at once
            if sink.offset > LARGEST:
                text = f"the server sends more than {LARGEST:,} bytes, which no file has"
                raise errors.make(grpc.StatusCode.INTERNAL, text)
            watch(sink.offset, total)
        return None

    headers = {"range": f"bytes={sink.offset}-"} if sink.offset else {}
    for _ in range(_MOST_REDIRECTS):
        if retries.left == 0:
            raise retries.late()
        location = await endpoint.get(url, headers, retries.left, receive)
        if location is None:
            return
        url = urls.join(url, location)
        found = urls.origin(url)
        if found is None or (endpoint.root.startswith("https:") and found[0] != "https"):
            break
    raise errors.make(
        grpc.StatusCode.INTERNAL, "the server redirects to where nothing can be fetched"
    )
