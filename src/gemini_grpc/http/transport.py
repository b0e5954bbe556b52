"""Where the synchronous and the asynchronous HTTP client differ, as pairs: deadlines and sockets.

The timeouts of httpx apply to each read and write, so a server that sends a byte a second outlasts them.
Here one deadline applies to everything: name resolution, connecting, TLS, request, headers and body. The
asynchronous client cancels what runs at the deadline. The synchronous client passes the time that is left
to every socket operation.

httpcore closes a connection whose TLS handshake fails with an `Exception` only. A cancelled task and Ctrl-C
raise a `BaseException`, so the streams here close the connection themselves.
"""

from __future__ import annotations

import asyncio
import socket
import ssl
import threading
import time
from collections.abc import Iterable
from contextvars import ContextVar
from types import TracebackType
from typing import Any, Self

import httpcore
import httpx

from gemini_grpc.http import failure

_WRITE = 1 << 14  # bytes; a socket that is ready to be written takes them at once

_deadline: ContextVar[float | None] = ContextVar("gemini_grpc_http_deadline", default=None)


class Deadline:
    """Ends the HTTP requests inside a `with` block after a number of seconds; None for no limit.

    Raises:
        DeadlineExceeded: The time is over.
    """

    def __init__(self, timeout: float | None) -> None:
        self._timeout = timeout
        self._end = None if timeout is None else time.monotonic() + timeout

    def __enter__(self) -> Self:
        self._token = _deadline.set(self._end)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        _deadline.reset(self._token)
        is_over = self._end is not None and time.monotonic() >= self._end
        if is_over and isinstance(error, httpx.TimeoutException):
            assert self._timeout is not None
            raise failure.late(self._timeout) from error


class AsyncDeadline:
    """Ends what runs inside an `async with` block after a number of seconds; None for no limit.

    Raises:
        DeadlineExceeded: The time is over.
    """

    def __init__(self, timeout: float | None) -> None:
        self._timeout = timeout
        self._scope = asyncio.timeout(timeout)

    async def __aenter__(self) -> Self:
        await self._scope.__aenter__()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        try:
            await self._scope.__aexit__(kind, error, traceback)
        except TimeoutError as cause:
            assert self._timeout is not None
            raise failure.late(self._timeout) from cause


def transport(context: ssl.SSLContext, proxy: str | None) -> httpx.HTTPTransport:
    """Return a transport whose socket operations keep to the deadline."""
    context.sslsocket_class = _TlsSocket
    made = httpx.HTTPTransport(verify=context, proxy=proxy, trust_env=False)
    pool: Any = made._pool  # httpx has no option for this
    pool._network_backend = _Backend()
    return made


def async_transport(context: ssl.SSLContext, proxy: str | None) -> httpx.AsyncHTTPTransport:
    """Return a transport; what uses it is cancelled at the deadline."""
    made = httpx.AsyncHTTPTransport(verify=context, proxy=proxy, trust_env=False)
    pool: Any = made._pool  # httpx has no option for this
    pool._network_backend = _AsyncBackend()
    return made


def _left(timeout: float | None, late: type[Exception]) -> float | None:
    """Return the seconds for one socket operation.

    Raises:
        httpcore.TimeoutException: The deadline is over.
    """
    end = _deadline.get()
    if end is None:
        return timeout
    left = end - time.monotonic()
    if left <= 0:
        raise late("the deadline is over")
    return left if timeout is None else min(timeout, left)


class _Stream(httpcore.NetworkStream):
    """A connection whose operations keep to the deadline."""

    def __init__(self, stream: httpcore.NetworkStream) -> None:
        self._stream = stream

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return self._stream.read(max_bytes, _left(timeout, httpcore.ReadTimeout))

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        for start in range(0, len(buffer), _WRITE):
            piece = buffer[start : start + _WRITE]
            self._stream.write(piece, _left(timeout, httpcore.WriteTimeout))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        left = _left(timeout, httpcore.ConnectTimeout)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, left))

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _TlsSocket(ssl.SSLSocket):
    """A TLS socket that closes when its handshake is interrupted.

    The socket is not returned before the handshake is over, so no caller can close it.
    """

    def do_handshake(self, block: bool = False) -> None:
        try:
            super().do_handshake(block)
        except BaseException:
            self.close()
            raise


class _AsyncStream(httpcore.AsyncNetworkStream):
    """A connection that closes when its TLS handshake is cancelled."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        return await self._stream.read(max_bytes, timeout)

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        await self._stream.write(buffer, timeout)

    async def aclose(self) -> None:
        await self._stream.aclose()

    async def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.AsyncNetworkStream:
        try:
            return _AsyncStream(await self._stream.start_tls(ssl_context, server_hostname, timeout))
        except BaseException:
            await self._stream.aclose()
            raise

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _AsyncBackend(httpcore.AnyIOBackend):
    """Opens connections that close when they are cancelled."""

    async def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.AsyncNetworkStream:
        opened = await super().connect_tcp(host, port, timeout, local_address, socket_options)
        return _AsyncStream(opened)


class _Backend(httpcore.SyncBackend):
    """Opens connections within the deadline."""

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Iterable[Any] | None = None,
    ) -> httpcore.NetworkStream:
        failed: Exception = httpcore.ConnectError(f"{host} has no address")
        for address in _resolve(host, port, _left(timeout, httpcore.ConnectTimeout)):
            try:
                left = _left(timeout, httpcore.ConnectTimeout)
                opened = super().connect_tcp(address, port, left, local_address, socket_options)
                return _Stream(opened)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failed = error
        raise failed


def _resolve(host: str, port: int, timeout: float | None) -> list[str]:
    """Return the addresses of a host, which are looked up in a thread: that has no timeout of its own."""
    found: list[str] = []
    failed: list[Exception] = []

    def resolve() -> None:
        try:
            infos = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        except (OSError, UnicodeError) as error:
            failed.append(error)
        else:
            found.extend(_host(*info[4]) for info in infos)

    thread = threading.Thread(target=resolve, daemon=True)
    thread.start()
    thread.join(timeout)
    if thread.is_alive():
        raise httpcore.ConnectTimeout(f"looking up {host} took too long")
    if failed:
        raise httpcore.ConnectError(str(failed[0])) from failed[0]
    return found


def _host(address: str | int, port: object, flow: int = 0, scope: int = 0) -> str:
    """Return the host of a socket address, with the scope of a link-local one."""
    return f"{address}%{scope}" if scope else str(address)
