"""A server of raw sockets, for responses that no HTTP library would send."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Self

PATIENCE = 30.0
"""Seconds after which a test gives up."""


@dataclass
class RawRequest:
    """A request as it arrived."""

    method: str
    target: str
    headers: dict[str, str]
    body: bytes = b""


@dataclass
class Exchange:
    """One connection: what a behaviour reads from it and sends over it."""

    socket: socket.socket
    server: RawServer
    sent: int = 0
    """Bytes that were sent."""
    _buffer: bytes = field(default=b"", repr=False)

    def request(self) -> RawRequest | None:
        """Return the next request, noted by the server; None at the end of the connection."""
        while b"\r\n\r\n" not in self._buffer:
            if not self._fill():
                return None
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        first, *lines = head.decode("latin-1").split("\r\n")
        method, target, _ = first.split(" ", 2)
        headers = {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}
        made = RawRequest(method, target, headers)
        size = int(headers.get("content-length", 0))
        while len(self._buffer) < size:
            if not self._fill():
                break
        made.body, self._buffer = self._buffer[:size], self._buffer[size:]
        self.server.requests.append(made)
        return made

    def send(self, data: bytes) -> bool:
        """Send bytes; return whether the client still listens."""
        try:
            self.socket.sendall(data)
        except OSError:
            return False
        self.sent += len(data)
        return True

    def drip(self, data: bytes, seconds: float = 0.02) -> None:
        """Send byte after byte until the client hangs up or the test ends."""
        for index in range(len(data)):
            if self.server.ended.wait(seconds) or not self.send(data[index : index + 1]):
                return

    def wait(self) -> None:
        """Wait until the client hangs up or the test ends."""
        with contextlib.suppress(OSError):
            while self.socket.recv(65536):
                pass

    def reset(self) -> None:
        """End the connection with a reset."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _fill(self) -> bool:
        try:
            data = self.socket.recv(65536)
        except OSError:
            return False
        self._buffer += data
        return bool(data)


Behaviour = Callable[[Exchange], None]


class RawServer:
    """Listens on loopback from `__enter__` to `__exit__`; `behaviour` serves each connection."""

    def __init__(self, behaviour: Behaviour, *, tls: ssl.SSLContext | None = None) -> None:
        self.behaviour = behaviour
        self.requests: list[RawRequest] = []
        """The requests that arrived whole."""
        self.exchanges: list[Exchange] = []
        """The connections, in the order of their arrival."""
        self.errors: list[BaseException] = []
        """What went wrong in a behaviour: a fault of the test."""
        self.ended = threading.Event()
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._threads: list[threading.Thread] = []

    @property
    def port(self) -> int:
        """Where it listens."""
        return int(self._listener.getsockname()[1])

    @property
    def url(self) -> str:
        """The root of its URLs."""
        return f"{'https' if self._tls else 'http'}://127.0.0.1:{self.port}"

    def __enter__(self) -> Self:
        self._start(self._accept)
        return self

    def __exit__(self, *exc: object) -> None:
        self.ended.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for each in self.exchanges:
            with contextlib.suppress(OSError):
                each.socket.shutdown(socket.SHUT_RDWR)
        for thread in self._threads:
            thread.join(PATIENCE)
        assert self.errors == []

    def join(self) -> None:
        """Wait until every connection so far has ended."""
        for thread in self._threads[1:]:
            thread.join(PATIENCE)
            assert not thread.is_alive()

    def _start(self, run: Callable[[], None]) -> None:
        thread = threading.Thread(target=run, daemon=True)
        self._threads.append(thread)
        thread.start()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                made = Exchange(connection, self)
                self.exchanges.append(made)
                self._start(lambda made=made: self._serve(made))  # type: ignore[misc]

    def _serve(self, made: Exchange) -> None:
        try:
            if self._tls is not None:
                made.socket = self._tls.wrap_socket(made.socket, server_side=True)
            self.behaviour(made)
        except OSError:
            pass  # the client has hung up
        except BaseException as error:
            self.errors.append(error)
        finally:
            made.socket.close()


def answering(answer: Callable[[RawRequest], bytes] | bytes) -> Behaviour:
    """Return a behaviour that answers every request of a connection, and then closes it."""

    def serve(exchange: Exchange) -> None:
        while (request := exchange.request()) is not None:
            if not exchange.send(answer if isinstance(answer, bytes) else answer(request)):
                return

    return serve


def once(answer: bytes, then: Callable[[Exchange], None] | None = None) -> Behaviour:
    """Return a behaviour that reads a request, sends bytes, does something, and closes."""

    def serve(exchange: Exchange) -> None:
        if exchange.request() is not None and exchange.send(answer) and then is not None:
            then(exchange)

    return serve


def response(
    status: int = 200,
    body: bytes = b"",
    headers: dict[str, str] | None = None,
    *,
    length: bool = True,
) -> bytes:
    """Return the bytes of a well-formed response."""
    given = {"Content-Length": str(len(body))} if length else {}
    lines = [f"HTTP/1.1 {status} Status"]
    lines += [f"{name}: {value}" for name, value in (given | (headers or {})).items()]
    return "\r\n".join([*lines, "", ""]).encode("latin-1") + body


def lines(count: int) -> Iterator[bytes]:
    """Yield header lines."""
    for number in range(count):
        yield f"x-{number}: {'y' * 60}\r\n".encode()
