# Derived by `python -m codegen` from src/gemini_grpc/generative/_async/download.py. Do not edit.
"""Fetch the content of a file, from where the last connection ended."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import urljoin

import grpc

from gemini_grpc import errors
from gemini_grpc.generative._sync.site import Site
from gemini_grpc.rpc import http, http_failure, wire
from gemini_grpc.rpc.method import Method

if TYPE_CHECKING:
    from gemini_grpc.generative.progress import Watch
    from gemini_grpc.generative.sink import Sink
    from gemini_grpc.generative.upload import Retries
    from gemini_grpc.generative.wires import Wires
    from gemini_grpc.rpc.metadata import Metadata

_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_MOST_REDIRECTS = 5


def fetch(
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
    site = Site(wires, _download(path), metadata)
    try:
        site.open(retries.left)
        url = f"{site.root}/{wires.backend.version}/{name}:download?alt=media"
        while True:
            try:
                _attempt(site, url, sink, retries, watch)
            except errors.RpcError as error:
                site.told(error)
                if not site.is_mended(error):
                    wire.sleep(retries.pause(error, sink.offset))
            else:
                return
    finally:
        site.close()


def _download(path: str) -> Method[Any, Any]:
    """Return the method whose part over HTTP this is; v1alpha has that part only."""
    empty = "google.protobuf.empty_pb2:Empty"
    return Method(path=path, shape="unary", request=empty, response=empty, repeatable=True)


def _attempt(site: Site, url: str, sink: Sink, retries: Retries, watch: Watch) -> None:
    response = _open(site, url, sink, retries)
    try:
        answer = http.Answer(response.status_code, response.headers)
        if not answer.is_good:
            raise http_failure.from_answer(http.read(response))
        total = sink.begin(answer)
        for block in http.blocks(response):
            if retries.left == 0:
                raise retries.late()
            wire.call(lambda _: sink.write(block), None)  # noqa: B023  # called at once
            watch(sink.offset, total)
    finally:
        http.finish(response)


def _open(site: Site, url: str, sink: Sink, retries: Retries) -> Any:
    """Return the answer, wherever the server sends us for it; credentials stay with the server."""
    headers = {"accept-encoding": "identity"}
    if sink.offset:
        headers["range"] = f"bytes={sink.offset}-"
    for _ in range(_MOST_REDIRECTS):
        if retries.left == 0:
            raise retries.late()
        response = site.get(url, headers, retries.left)
        if response.status_code not in _REDIRECTS:
            return response
        http.finish(response)
        url = urljoin(url, response.headers.get("location", ""))
        if site.root.startswith("https:") and not url.startswith("https:"):
            break
    raise errors.make(grpc.StatusCode.INTERNAL, "the server sends us from one address to another")
