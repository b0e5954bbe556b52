"""A proxy to a server that is far away: the first bytes of the server come late."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from typing import Self

from tests.connect_proxy import pump


class LateProxy:
    """Listens on loopback from `__enter__` to `__exit__`, and answers a connection after a while."""

    def __init__(self, target: str, seconds: float) -> None:
        host, _, port = target.rpartition(":")
        self._behind = (host, int(port))
        self._seconds = seconds
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.connections = 0

    @property
    def address(self) -> str:
        """The `host:port` to call."""
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
        time.sleep(self._seconds)
        with (
            client,
            contextlib.suppress(ConnectionRefusedError),  # the test is over
            socket.create_connection(self._behind) as server,
        ):
            back = threading.Thread(target=pump, args=(server, client), daemon=True)
            back.start()
            pump(client, server)
            back.join()
