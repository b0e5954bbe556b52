"""The HTTP endpoint of a service: its URL, and requests with the credentials of the channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from gemini_grpc import errors
from gemini_grpc.http import settings as http
from gemini_grpc.http import url as urls
from gemini_grpc.http.redaction import masked_headers
from gemini_grpc.rpc import tls, wire
from gemini_grpc.rpc.http_endpoint import PORT, may_be_emulator, root_url
from gemini_grpc.rpc.policy import remaining

if TYPE_CHECKING:
    import ssl
    from collections.abc import AsyncIterable, AsyncIterator, Awaitable, Callable, Mapping

    from gemini_grpc.generative.upload import Request
    from gemini_grpc.generative.wires import Wires
    from gemini_grpc.http.message import Response
    from gemini_grpc.rpc.metadata import Metadata
    from gemini_grpc.rpc.method import Method

T = TypeVar("T")

_NO_EMULATOR = (
    errors.Unimplemented,
    errors.Unauthenticated,
    errors.PermissionDenied,
    errors.NotFound,
)
"""What servers and gateways answer that do not know the question for the port."""


class AsyncHttpEndpoint:
    """Makes the HTTP requests of one upload or download, from `open` to `close`."""

    def __init__(self, wires: Wires, method: Method[Any, Any], metadata: Metadata) -> None:
        """Prepare.

        Args:
            wires: The channels of the client.
            method: The gRPC method that the requests stand for; errors name it.
            metadata: More headers.

        Raises:
            ArgumentError: The client was made with a channel of the user.
        """
        wires.refuse_files()
        self._channel = wires.async_channel
        self._settings = wires.settings
        self._method = method
        self._metadata = metadata
        self._client: Any = None
        self._reauthorized = False
        self.root = ""
        """The root of its URLs."""

    async def open(self, timeout: float | None) -> None:
        """Find the URL, and prepare the connections.

        Raises:
            ArgumentError: The key of the client certificate is not in this process.
            RpcError: The server could not be asked for its port.
        """
        from gemini_grpc.http._async.client import AsyncHttpClient

        port = 0
        if may_be_emulator(self._settings):
            port = await self._ask_port(timeout)
        self.root = root_url(self._settings, port)
        context = await wire.async_call(lambda _: self._context(), None)
        self._client = AsyncHttpClient(self._settings.http, context)

    async def _ask_port(self, timeout: float | None) -> int:
        limit = PORT.timeout if timeout is None else timeout
        try:
            answer = await self._channel.unary(PORT, {}, None, remaining(limit))
        except _NO_EMULATOR:
            return 0  # it serves HTTP at the port of gRPC
        return int(answer.value)

    def _context(self) -> ssl.SSLContext:
        settings = self._settings
        if settings.endpoint.plaintext:
            return http.untrusting_context()
        if settings.signer is not None:
            raise errors.ArgumentError(
                "client_cert_signer: files travel over HTTPS, where a key that is not in this "
                "process cannot sign; use client_cert_source"
            )
        if settings.cert_source is None:
            return settings.http.context()
        identity = tls.identity(settings.cert_source)  # it may have been rotated
        return settings.http.context(identity.certificate, identity.key)

    async def post(
        self, request: Request, content: bytes | AsyncIterable[bytes], timeout: float | None
    ) -> Response:
        """Send a request and return the response, whatever its status.

        Raises:
            RpcError: There was none, or no token could be fetched.
        """
        headers = {**await self._credentials(timeout, request.is_trusted), **request.headers}
        if not isinstance(content, bytes):
            headers["content-length"] = str(len(request.body))
        response: Response = await self._client.send("POST", request.url, headers, content, timeout)
        return response

    async def get(
        self,
        url: str,
        headers: Mapping[str, str],
        timeout: float | None,
        receive: Callable[[Response, AsyncIterator[bytes]], Awaitable[T]],
    ) -> T:
        """Send a request and return what a function makes of the response and its body.

        Raises:
            RpcError: There was none, it broke off, or no token could be fetched.
        """
        trusted = urls.is_same_origin(url, self.root)
        sent = {**await self._credentials(timeout, trusted), **headers}
        result: T = await self._client.exchange("GET", url, sent, b"", timeout, receive)
        return result

    def discard_refused_token(self, error: errors.RpcError) -> bool:
        """Discard a token that the server refused, once; return whether there was one."""
        token = self._settings.token
        if not isinstance(error, errors.Unauthenticated) or token is None or self._reauthorized:
            return False
        self._reauthorized = True
        token.discard(token.pairs or ())
        return True

    def add_context(self, error: errors.RpcError) -> errors.RpcError:
        """Attach the method and the endpoint to an error."""
        error.method = self._method.path
        error.endpoint = self.root.rpartition("/")[2] or self._channel.host
        return error

    async def close(self) -> None:
        """Close the connections."""
        if self._client is not None:
            await self._client.close()

    async def _credentials(self, timeout: float | None, is_trusted: bool) -> dict[str, str]:
        if not is_trusted:
            return {}
        return masked_headers(
            (*await self._channel.metadata(self._method, timeout), *self._metadata)
        )
