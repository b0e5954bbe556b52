"""A proxy that speaks HTTP CONNECT, and leads every connection to one place."""

from __future__ import annotations

import contextlib
import socket
import threading
from dataclasses import dataclass
from typing import Self


@dataclass(frozen=True)
class Asked:
    """What a client asked the proxy for."""

    target: str
    headers: dict[str, str]


class Proxy:
    """Listens on loopback from `__enter__` to `__exit__`; a subclass says what it does for a client."""

    def __init__(self, target: str) -> None:
        host, _, port = target.rpartition(":")
        self._behind = (host, int(port))
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.connections = 0

    @property
    def address(self) -> str:
        """The `host:port` to call, or to use as a proxy."""
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                self.connections += 1
                threading.Thread(target=self._serve, args=(client,), daemon=True).start()

    def _serve(self, client: socket.socket) -> None:
        raise NotImplementedError


class ConnectProxy(Proxy):
    """Speaks HTTP CONNECT; `asked` is every request."""

    def __init__(self, target: str) -> None:
        super().__init__(target)
        self.asked: list[Asked] = []

    def _serve(self, client: socket.socket) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            data = client.recv(1)
            if not data:
                client.close()
                return
            head += data
        first, *lines = head.decode().strip().split("\r\n")
        headers = dict(line.lower().split(": ", 1) for line in lines)
        self.asked.append(Asked(first.split()[1], headers))
        server = socket.create_connection(self._behind)
        client.sendall(b"HTTP/1.1 200 Connection established\r\n\r\n")
        back = threading.Thread(target=pump, args=(server, client), daemon=True)
        back.start()
        pump(client, server)
        back.join()
        for end in (client, server):
            end.close()


def pump(source: socket.socket, to: socket.socket) -> None:
    """Pass on what comes, and the end."""
    with contextlib.suppress(OSError):
        while data := source.recv(65536):
            to.sendall(data)
    with contextlib.suppress(OSError):
        to.shutdown(socket.SHUT_RDWR)
