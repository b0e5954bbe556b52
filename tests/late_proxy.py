"""A proxy to a server that is far away: the first bytes of the server come late."""

from __future__ import annotations

import contextlib
import socket
import threading
import time

from tests.connect_proxy import Proxy, pump


class LateProxy(Proxy):
    """Passes everything on, but answers a connection only after a while."""

    def __init__(self, target: str, seconds: float) -> None:
        super().__init__(target)
        self._seconds = seconds

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
