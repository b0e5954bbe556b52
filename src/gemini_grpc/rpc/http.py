"""The seam to HTTP: what has no RPC goes over httpx; everything in which its two colours differ, as pairs.

Endpoint, credentials, proxy, trust roots and client certificate are those of the channel. httpx is an
extra (`files`), imported when a file is first sent or fetched.
"""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import AsyncIterable, AsyncIterator, Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from gemini_grpc.errors import ArgumentError, UsageError
from gemini_grpc.rpc import http_failure
from gemini_grpc.rpc.method import Method

if TYPE_CHECKING:
    import httpx

    from gemini_grpc.rpc.metadata import Metadata
    from gemini_grpc.rpc.options import Settings
    from gemini_grpc.rpc.tls import Identity

PORT: Method[Any, Any] = Method(
    path="/gemini_grpc.emulator.Http/GetPort",
    shape="unary",
    request="google.protobuf.empty_pb2:Empty",
    response="google.protobuf.wrappers_pb2:Int32Value",
    repeatable=True,
    timeout=10.0,
)
"""Asks a server where it speaks HTTP. Google does so where it speaks gRPC; an emulator, whose gRPC has
its port for itself, on another port of the same host."""

PATIENCE = 60.0
"""Seconds without a byte in either direction after which a connection counts as dead."""

BLOCK = 1 << 18
"""How many bytes are handed to httpx, or taken from it, at once."""


class MissingExtraError(UsageError, ImportError):
    """A package is not installed that an extra of this one brings; the text says which."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What a server has answered."""

    status: int
    """The status of HTTP."""
    headers: Mapping[str, str]
    """The headers, by their names in lower case."""
    body: bytes = b""
    """The body."""

    @property
    def is_good(self) -> bool:
        """Whether the request has succeeded."""
        return 200 <= self.status < 300


def load() -> Any:
    """Return the module httpx.

    Raises:
        MissingExtraError: It is not installed.
    """
    try:
        import httpx
    except ImportError as cause:
        raise MissingExtraError(
            "files travel over HTTPS, which needs httpx: pip install 'gemini-grpc[files]'"
        ) from cause
    return httpx


def is_asked(settings: Settings) -> bool:
    """Tell whether a server may be an emulator, which has to be asked for its port: not if it is Google's."""
    host = settings.endpoint.host
    return not host.endswith(f".{settings.universe}")


def address(settings: Settings, port: int = 0) -> str:
    """Return the root of the URLs of a service: its endpoint, or another port of the same host."""
    endpoint = settings.endpoint
    scheme = "http" if endpoint.plaintext else "https"
    host, _, own = endpoint.target.rpartition(":")
    return f"{scheme}://{host}:{port or own}"


def is_same_origin(url: str, root: str) -> bool:
    """Tell whether a URL leads to the same server in the same way; only there credentials may go."""
    return _origin(url) == _origin(root)


def _origin(url: str) -> tuple[str, str | None, int | None]:
    parts = urlsplit(url)
    port = parts.port or {"http": 80, "https": 443}.get(parts.scheme)
    return parts.scheme, parts.hostname, port


def headers(metadata: Metadata) -> dict[str, str]:
    """Return metadata as headers; what is binary has no form there."""
    return {key: value for key, value in metadata if isinstance(value, str)}


def client(settings: Settings, identity: Identity | None) -> httpx.Client:
    """Return a client of httpx with the settings of a channel."""
    made: httpx.Client = load().Client(**_options(settings, identity))
    return made


def async_client(settings: Settings, identity: Identity | None) -> httpx.AsyncClient:
    """Return a client of httpx with the settings of a channel."""
    made: httpx.AsyncClient = load().AsyncClient(**_options(settings, identity))
    return made


def _options(settings: Settings, identity: Identity | None) -> dict[str, Any]:
    options: dict[str, Any] = {"trust_env": False, "proxy": settings.proxy, "timeout": PATIENCE}
    if settings.endpoint.plaintext:
        options["verify"] = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)  # which trusts nobody
    else:
        options["verify"] = _context(settings, identity)
    return options


def _context(settings: Settings, identity: Identity | None) -> ssl.SSLContext:
    """Return what TLS needs: whom we trust, and who we are."""
    if settings.signer is not None:
        raise ArgumentError(
            "client_cert_signer: files travel over HTTPS, where a key that is not in this process "
            "cannot sign; use client_cert_source"
        )
    if settings.roots is None:
        context: ssl.SSLContext = load().create_ssl_context(trust_env=False)
    else:
        context = ssl.create_default_context(cadata=settings.roots.decode("ascii", "replace"))
    if identity is not None:
        load_identity(context, identity.certificate, identity.key)
    return context


def load_identity(context: ssl.SSLContext, certificate: bytes, key: bytes) -> None:
    """Let a context show a certificate. OpenSSL reads files only, so there is one for a moment."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "identity.pem"
        path.touch(mode=0o600)
        path.write_bytes(certificate + b"\n" + key)
        context.load_cert_chain(path)


def send(
    client: httpx.Client,
    url: str,
    headers: Mapping[str, str],
    content: bytes | Iterable[bytes],
    timeout: float | None,
) -> Answer:
    """Post a request and return the whole answer.

    Raises:
        RpcError: There was none.
    """
    limit = _limit(timeout)
    try:
        return _answer(client.post(url, headers=headers, content=content, timeout=limit))
    except load().HTTPError as cause:
        raise http_failure.from_httpx(cause) from cause


async def async_send(
    client: httpx.AsyncClient,
    url: str,
    headers: Mapping[str, str],
    content: bytes | AsyncIterable[bytes],
    timeout: float | None,
) -> Answer:
    """Post a request and return the whole answer.

    Raises:
        RpcError: There was none.
    """
    limit = _limit(timeout)
    try:
        return _answer(await client.post(url, headers=headers, content=content, timeout=limit))
    except load().HTTPError as cause:
        raise http_failure.from_httpx(cause) from cause


def _limit(timeout: float | None) -> float:
    return PATIENCE if timeout is None else min(PATIENCE, timeout)


def _answer(response: httpx.Response) -> Answer:
    return Answer(response.status_code, dict(response.headers), response.content)


def begin(
    client: httpx.Client, url: str, headers: Mapping[str, str], timeout: float | None
) -> httpx.Response:
    """Get something and return the answer, its body to be read; `finish` ends it.

    Raises:
        RpcError: There was no answer.
    """
    request = client.build_request("GET", url, headers=headers, timeout=_limit(timeout))
    try:
        return client.send(request, stream=True)
    except load().HTTPError as cause:
        raise http_failure.from_httpx(cause) from cause


async def async_begin(
    client: httpx.AsyncClient, url: str, headers: Mapping[str, str], timeout: float | None
) -> httpx.Response:
    """Get something and return the answer, its body to be read; `async_finish` ends it.

    Raises:
        RpcError: There was no answer.
    """
    request = client.build_request("GET", url, headers=headers, timeout=_limit(timeout))
    try:
        return await client.send(request, stream=True)
    except load().HTTPError as cause:
        raise http_failure.from_httpx(cause) from cause


def blocks(response: httpx.Response) -> Iterator[bytes]:
    """Yield the body of an answer as it comes.

    Raises:
        RpcError: It broke off.
    """
    try:
        yield from response.iter_raw(BLOCK)
    except load().HTTPError as cause:
        raise http_failure.from_httpx(cause) from cause


async def async_blocks(response: httpx.Response) -> AsyncIterator[bytes]:
    """Yield the body of an answer as it comes.

    Raises:
        RpcError: It broke off.
    """
    try:
        async for block in response.aiter_raw(BLOCK):
            yield block
    except load().HTTPError as cause:
        raise http_failure.from_httpx(cause) from cause


def read(response: httpx.Response) -> Answer:
    """Return an answer with its whole body.

    Raises:
        RpcError: It broke off.
    """
    try:
        response.read()
    except load().HTTPError as cause:
        raise http_failure.from_httpx(cause) from cause
    return _answer(response)


async def async_read(response: httpx.Response) -> Answer:
    """Return an answer with its whole body.

    Raises:
        RpcError: It broke off.
    """
    try:
        await response.aread()
    except load().HTTPError as cause:
        raise http_failure.from_httpx(cause) from cause
    return _answer(response)


def finish(response: httpx.Response) -> None:
    """End an answer, read or not."""
    response.close()


async def async_finish(response: httpx.Response) -> None:
    """End an answer, read or not."""
    await response.aclose()


def close(client: httpx.Client) -> None:
    """End the connections."""
    client.close()


async def async_close(client: httpx.AsyncClient) -> None:
    """End the connections."""
    await client.aclose()
