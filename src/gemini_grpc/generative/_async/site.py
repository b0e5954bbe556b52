"""The part of a service that speaks HTTP: where it is, and requests with the credentials of the channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gemini_grpc import errors
from gemini_grpc.generative.discretion import hide_query
from gemini_grpc.rpc import http, tls, wire
from gemini_grpc.rpc.policy import remaining

if TYPE_CHECKING:
    from collections.abc import AsyncIterable, Mapping

    from gemini_grpc.generative.upload import Request
    from gemini_grpc.generative.wires import Wires
    from gemini_grpc.rpc.http import Answer
    from gemini_grpc.rpc.metadata import Metadata
    from gemini_grpc.rpc.method import Method


_NO_EMULATOR = (
    errors.Unimplemented,
    errors.Unauthenticated,
    errors.PermissionDenied,
    errors.NotFound,
)
"""What servers say that do not know the question for the port, or whoever stands before them."""


class AsyncSite:
    """One use of it, from `open` to `close`."""

    def __init__(self, wires: Wires, method: Method[Any, Any], metadata: Metadata) -> None:
        """Prepare.

        Args:
            wires: The client.
            method: The method of gRPC whose part over HTTP this is; errors name it.
            metadata: More headers.

        Raises:
            MissingExtraError: httpx is not installed.
        """
        http.load()
        self._channel = wires.async_channel
        self._settings = wires.settings
        self._method = method
        self._headers = http.headers(metadata)
        self._client: Any = None
        self._reauthorized = False
        self.root = ""
        """The root of its URLs."""

    async def open(self, timeout: float | None) -> None:
        """Find out where it is.

        Raises:
            RpcError: The server cannot be asked.
        """
        port = 0
        if http.is_asked(self._settings):
            port = await self._ask(timeout)
        identity = None
        source = self._settings.cert_source
        if source is not None:  # asked again, as it may have been rotated
            identity = await wire.async_call(lambda _: tls.identity(source), timeout)
        self.root = http.address(self._settings, port)
        self._client = http.async_client(self._settings, identity)
        self._client.event_hooks = {"request": [_keep_quiet]}

    async def _ask(self, timeout: float | None) -> int:
        limit = http.PORT.timeout if timeout is None else timeout
        try:
            answer = await self._channel.unary(http.PORT, {}, None, remaining(limit))
        except _NO_EMULATOR:
            return 0  # it speaks HTTP where it speaks gRPC
        return int(answer.value)

    async def post(
        self, request: Request, content: bytes | AsyncIterable[bytes], timeout: float | None
    ) -> Answer:
        """Send a request and return the answer, good or bad.

        Raises:
            RpcError: There was none, or no token could be fetched.
        """
        headers = {**await self._credentials(timeout, request.is_trusted), **request.headers}
        if not isinstance(content, bytes):
            headers["content-length"] = str(len(request.body))
        return await http.async_send(self._client, request.url, headers, content, timeout)

    async def get(self, url: str, headers: Mapping[str, str], timeout: float | None) -> Any:
        """Send a request for something large and return the answer of httpx, its body to be read.

        Raises:
            RpcError: There was none, or no token could be fetched.
        """
        trusted = http.is_same_origin(url, self.root)
        given = {**await self._credentials(timeout, trusted), **headers}
        return await http.async_begin(self._client, url, given, timeout)

    def is_mended(self, error: errors.RpcError) -> bool:
        """Tell whether a request can go again at once, because a token that was refused is replaced."""
        token = self._settings.token
        if not isinstance(error, errors.Unauthenticated) or token is None or self._reauthorized:
            return False
        self._reauthorized = True
        token.discard(token.pairs or ())
        return True

    def told(self, error: errors.RpcError) -> errors.RpcError:
        """Let an error know what it belongs to."""
        error.method = self._method.path
        error.endpoint = self.root.rpartition("/")[2] or self._channel.host
        return error

    async def close(self) -> None:
        """End the connections."""
        if self._client is not None:
            await http.async_close(self._client)

    async def _credentials(self, timeout: float | None, is_trusted: bool) -> dict[str, str]:
        if not is_trusted:
            return {}
        pairs = await self._channel.metadata(self._method, timeout)
        return {**http.headers(pairs), **self._headers}


async def _keep_quiet(request: Any) -> None:
    hide_query(request)
