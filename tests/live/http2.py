"""A server of live sessions that speaks HTTP/2 itself, for what grpcio's server does not do on demand.

It sets every session up, answers pings, notes when they came, and can reset streams or send GOAWAY.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from typing import Self

import h2.config
import h2.connection
import h2.errors
import h2.events
import h2.exceptions

from gemini_grpc import v1beta

_PROBES = 0.5
"""For how many seconds gRPC pings because of the first data, not to see whether anyone is there."""
HEADERS = [(":status", "200"), ("content-type", "application/grpc")]


def frame(**fields: object) -> bytes:
    """Return a message of the server as gRPC sends it: a flag, the length, the bytes."""
    kind = v1beta.types.BidiGenerateContentServerMessage
    data = kind.serialize(kind(**fields))
    return struct.pack(">BI", 0, len(data)) + data


class Http2Server:
    """Serves from `with` to its end; each connection has a thread."""

    def __init__(self, handle: str = "h") -> None:
        update = frame(session_resumption_update={"new_handle": handle, "resumable": True})
        self._greeting = frame(setup_complete={}) + update
        self.connections: list[_Connection] = []
        """Every connection that came, in order."""
        self._listener = socket.create_server(("127.0.0.1", 0))

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    @property
    def streams(self) -> int:
        """How many sessions were set up over all connections."""
        return sum(connection.opened for connection in self.connections)

    def __enter__(self) -> Self:
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def __exit__(self, *exc: object) -> None:
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self.connections:
            connection.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                connection = _Connection(client, self._greeting)
                self.connections.append(connection)
                connection.start()


class _Connection:
    def __init__(self, client: socket.socket, greeting: bytes) -> None:
        self.began = time.monotonic()
        self.opened = 0
        self.pings: list[float] = []
        """How many seconds after the beginning pings came; without those that measure the bandwidth."""
        self.frames: list[str] = []
        """What became of streams, in order."""
        self._client = client
        self._greeting = greeting
        self._greeted: set[int] = set()
        self._open: list[int] = []
        self._lock = threading.Lock()
        config = h2.config.H2Configuration(client_side=False, validate_inbound_headers=False)
        self._http = h2.connection.H2Connection(config)
        self._http.initiate_connection()
        self._flush()

    def start(self) -> None:
        threading.Thread(target=self._read, daemon=True).start()

    def reset(self, code: h2.errors.ErrorCodes) -> None:
        """Reset every stream."""
        with self._lock:
            for stream in self._open:
                self._http.reset_stream(stream, code)
            self._open.clear()
            self._flush()

    def send(self, **fields: object) -> None:
        """Send a message over every stream."""
        with self._lock:
            for stream in self._open:
                self._http.send_data(stream, frame(**fields))
            self._flush()

    def go_away(self, code: h2.errors.ErrorCodes, data: bytes = b"") -> None:
        """Say that the connection ends, and end it."""
        with self._lock:
            self._http.close_connection(code, data, last_stream_id=0)
            self._flush()
        self.close()

    def close(self) -> None:
        with contextlib.suppress(OSError):
            self._client.shutdown(socket.SHUT_RDWR)
        self._client.close()

    def _read(self) -> None:
        with contextlib.suppress(OSError, h2.exceptions.ProtocolError):
            while data := self._client.recv(65536):
                with self._lock:
                    for event in self._http.receive_data(data):
                        self._take(event)
                    self._flush()

    def _take(self, event: h2.events.Event) -> None:
        match event:
            case h2.events.RequestReceived(stream_id=stream):
                self._http.send_headers(stream, HEADERS)
                self.frames.append("begun")
            case h2.events.DataReceived(stream_id=stream):
                self._http.acknowledge_received_data(event.flow_controlled_length, stream)
                if stream not in self._greeted:
                    self._greeted.add(stream)
                    self._open.append(stream)
                    self._http.send_data(stream, self._greeting)
                    self.opened += 1
            case h2.events.StreamReset(stream_id=stream):
                self._open.remove(stream)
                self.frames.append("reset")
            case h2.events.PingReceived():
                if (age := time.monotonic() - self.began) > _PROBES:
                    self.pings.append(age)

    def _flush(self) -> None:
        with contextlib.suppress(OSError):
            self._client.sendall(self._http.data_to_send())
