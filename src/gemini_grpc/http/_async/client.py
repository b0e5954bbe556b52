"""Requests over HTTP: one deadline for everything, bounded reads, errors without secrets."""

from __future__ import annotations

from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Mapping
from http.cookiejar import CookieJar, DefaultCookiePolicy
from typing import TYPE_CHECKING, TypeVar

import httpx

from gemini_grpc.http import failure, redaction, transport
from gemini_grpc.http.message import Response

if TYPE_CHECKING:
    import ssl

    from gemini_grpc.http.settings import HttpSettings

T = TypeVar("T")

IDLE_TIMEOUT = 60.0
"""Seconds without a byte in either direction after which a connection counts as dead."""

BLOCK = 1 << 18
"""Bytes that are read or written at once."""

LARGEST_BODY = 1 << 20
"""Bytes of a body that `send` reads; what servers answer to tokens and uploads is far smaller."""


class AsyncHttpClient:
    """Makes requests, and keeps the connections until it is closed. For one request at a time."""

    def __init__(self, settings: HttpSettings, context: ssl.SSLContext) -> None:
        """Prepare; nothing is connected before the first request."""
        redaction.install_log_filter()
        self._settings = settings
        self._context = context
        self._clients: dict[str | None, httpx.AsyncClient] = {}  # by proxy

    async def send(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | AsyncIterable[bytes],
        timeout: float | None,
    ) -> Response:
        """Send a request and return the response with its body.

        Args:
            method: The HTTP method.
            url: Where to.
            headers: The headers, with credentials.
            content: The body.
            timeout: Seconds for everything; None for no limit.

        Raises:
            DeadlineExceeded: It took longer than the timeout.
            TlsError: The TLS handshake failed.
            Unavailable: There was no response, or its body has more than `LARGEST_BODY` bytes.
        """
        return await self.exchange(method, url, headers, content, timeout, read_whole)

    async def exchange(
        self,
        method: str,
        url: str,
        headers: Mapping[str, str],
        content: bytes | AsyncIterable[bytes],
        timeout: float | None,
        receive: Callable[[Response, AsyncIterator[bytes]], Awaitable[T]],
    ) -> T:
        """Send a request and return what a function makes of the response and the blocks of its body.

        Raises:
            DeadlineExceeded: It took longer than the timeout.
            TlsError: The TLS handshake failed.
            Unavailable: There was no response, or it broke off.
        """
        token = redaction.active.set(True)
        try:
            async with transport.AsyncDeadline(timeout):
                client = self._client(url)
                request = client.build_request(method, url, headers=headers, content=content)
                response = await client.send(request, stream=True)
                try:
                    head = Response(response.status_code, dict(response.headers))
                    return await receive(head, response.aiter_raw(BLOCK))
                finally:
                    await response.aclose()
        except (httpx.HTTPError, httpx.InvalidURL, UnicodeError) as cause:
            redaction.cut_frames(cause)
            raise failure.from_httpx(cause) from cause
        except BaseException as error:
            redaction.cut_frames(error)
            raise
        finally:
            redaction.active.reset(token)

    async def close(self) -> None:
        """Close the connections."""
        for client in self._clients.values():
            await client.aclose()

    def _client(self, url: str) -> httpx.AsyncClient:
        """Return the client for the proxy that leads to a URL."""
        proxy = self._settings.proxy_for(httpx.URL(url).host)
        client = self._clients.get(proxy)
        if client is None:
            client = self._clients[proxy] = httpx.AsyncClient(
                transport=transport.async_transport(self._context, proxy),
                trust_env=False,
                timeout=IDLE_TIMEOUT,
                headers={"accept-encoding": "identity"},
                cookies=CookieJar(DefaultCookiePolicy(allowed_domains=())),
                event_hooks={"request": [_prepare]},
            )
        return client


async def _prepare(request: httpx.Request) -> None:
    redaction.hide_query(request)


async def read_whole(head: Response, blocks: AsyncIterator[bytes]) -> Response:
    """Return a response with its body.

    Raises:
        Unavailable: The body has more than `LARGEST_BODY` bytes.
    """
    body = bytearray()
    async for block in blocks:
        body += block
        if len(body) > LARGEST_BODY:
            raise failure.too_large(LARGEST_BODY)
    return Response(head.status, head.headers, bytes(body))
