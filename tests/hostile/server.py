"""A server that speaks HTTP/2 frame by frame, so that a test can break any rule of it.

A script gets a `Stream` when its request is complete and answers with frames of its choice. Nothing is
sent for it: no headers, no trailers, no end.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from typing import Any, Self

import hpack

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"

DATA, HEADERS, RST_STREAM, SETTINGS, PING, GOAWAY, WINDOW_UPDATE, CONTINUATION = (
    *(0, 1, 3, 4, 6, 7, 8, 9),
)
"""Types of frames."""
END_STREAM, END_HEADERS, ACK = 1, 4, 1
"""Flags of frames."""

OK_HEADERS = ((":status", "200"), ("content-type", "application/grpc"))

_LARGEST_FRAME = 16384
_FIRST_WINDOW = 65535


def frame(kind: int, stream: int, payload: bytes = b"", flags: int = 0) -> bytes:
    """Return the bytes of a frame."""
    head = struct.pack(">I", len(payload))[1:] + struct.pack(">BBI", kind, flags, stream)
    return head + payload


def message(data: bytes, *, flag: int = 0, length: int | None = None) -> bytes:
    """Return a message with the prefix of gRPC; `length` is what the prefix says if it lies."""
    return struct.pack(">BI", flag, len(data) if length is None else length) + data


def block(pairs: Iterable[tuple[str, str | bytes]]) -> bytes:
    """Return a header block without references to the dynamic table and without Huffman codes."""
    return hpack.Encoder().encode(
        [hpack.NeverIndexedHeaderTuple(key, value) for key, value in pairs], huffman=False
    )


@dataclass
class Stream:
    """One call of a client, as the server sees it."""

    connection: Connection
    number: int
    headers: dict[str, str]
    received: bytes = b""
    """The bytes of the request's messages with their prefixes."""
    complete: bool = False
    """The first message has arrived."""
    ended: threading.Event = field(default_factory=threading.Event)
    """The client has reset the stream, or its connection has ended."""
    reset: int | None = None
    """The code with which the client has reset the stream."""
    window: int = _FIRST_WINDOW
    good: bytes = b""
    """The bytes of a good message, for scripts that send one."""

    @property
    def timeout(self) -> str:
        """The deadline that the client has sent, as `grpc-timeout` has it; empty without one."""
        return self.headers.get("grpc-timeout", "")

    def answer(self, pairs: Iterable[tuple[str, str | bytes]] = OK_HEADERS) -> None:
        """Send headers, split over as many frames as they need."""
        self._send_block(block(pairs), 0)

    def trail(self, *pairs: tuple[str, str | bytes]) -> None:
        """Send trailers, or headers that end the stream: `grpc-status: 0` if none are named."""
        self._send_block(block(pairs or [("grpc-status", "0")]), END_STREAM)

    def _send_block(self, encoded: bytes, flags: int) -> None:
        parts = [
            encoded[start : start + _LARGEST_FRAME]
            for start in range(0, len(encoded), _LARGEST_FRAME)
        ]
        frames = bytearray()
        for index, part in enumerate(parts):
            kind = CONTINUATION if index else HEADERS
            last = END_HEADERS if index == len(parts) - 1 else 0
            frames += frame(kind, self.number, part, last | (0 if index else flags))
        self.send(bytes(frames))

    def write(self, data: bytes, *, end: bool = False) -> None:
        """Send bytes as DATA, as fast as the client's windows allow."""
        start = 0
        while start < len(data):
            room = self.connection.take_window(self, len(data) - start)
            if not room:
                return  # the client is gone
            part = data[start : start + room]
            start += room
            self.send(
                frame(DATA, self.number, part, END_STREAM if end and start == len(data) else 0)
            )

    def cancel(self, code: int) -> None:
        """Send RST_STREAM."""
        self.send(frame(RST_STREAM, self.number, struct.pack(">I", code)))

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.connection.send(data)


Script = Callable[[Stream], None]
Greeting = Callable[["Connection"], None]


def send_settings(connection: Connection) -> None:
    """Greet a client as HTTP/2 wants it, with a large window for its requests."""
    connection.send(frame(SETTINGS, 0) + frame(WINDOW_UPDATE, 0, struct.pack(">I", 1 << 30)))


class Connection:
    """One connection of a client."""

    def __init__(self, client: socket.socket, server: Server) -> None:
        self.streams: dict[int, Stream] = {}
        self.pings: list[float] = []
        """When the client has sent pings, by the monotonic clock."""
        self.closed = False
        self._client = client
        self.server = server
        self._decoder: Any = hpack.Decoder()
        self._block = bytearray()
        self._window = _FIRST_WINDOW
        self._first_window = _FIRST_WINDOW
        self._changed = threading.Condition()

    def send(self, data: bytes) -> None:
        """Send bytes as they are; what the client does not take any more is dropped."""
        with contextlib.suppress(OSError):
            self._client.sendall(data)

    def close(self) -> None:
        """End the connection."""
        with contextlib.suppress(OSError):
            self._client.shutdown(socket.SHUT_RDWR)

    def take_window(self, stream: Stream, wanted: int) -> int:
        """Wait until the client takes more, and return how many bytes of the wanted; 0 if it is gone."""
        with self._changed:
            self._changed.wait_for(
                lambda: stream.ended.is_set() or (self._window > 0 and stream.window > 0)
            )
            if stream.ended.is_set():
                return 0
            room = min(wanted, self._window, stream.window, _LARGEST_FRAME)
            self._window -= room
            stream.window -= room
            return room

    def serve(self) -> None:
        """Read frames until the client is gone."""
        try:
            with self._client, contextlib.suppress(OSError):
                self.server.greet(self)
                self._read_exactly(len(PREFACE))
                while True:
                    head = self._read_exactly(9)
                    length = int.from_bytes(head[:3], "big")
                    kind, flags, number = struct.unpack(">BBI", head[3:])
                    self._take(kind, flags, number, self._read_exactly(length))
        finally:
            self.closed = True
            for stream in self.streams.values():
                stream.ended.set()
            with self._changed:
                self._changed.notify_all()

    def _read_exactly(self, size: int) -> bytes:
        data = b""
        while len(data) < size:
            part = self._client.recv(size - len(data))
            if not part:
                raise ConnectionResetError
            data += part
        return data

    def _take(self, kind: int, flags: int, number: int, payload: bytes) -> None:
        if kind in {HEADERS, CONTINUATION}:
            self._block += payload
            if flags & END_HEADERS:
                pairs = self._decoder.decode(bytes(self._block))
                self._block.clear()
                stream = Stream(self, number, dict(pairs), window=self._first_window)
                self.streams[number] = stream
                self.server.streams.append(stream)
        elif kind == DATA:
            self._take_data(self.streams[number], payload)
        elif kind == SETTINGS and not flags & ACK:
            for start in range(0, len(payload), 6):
                name, value = struct.unpack(">HI", payload[start : start + 6])
                if name == 4:
                    self._first_window = value
            self.send(frame(SETTINGS, 0, flags=ACK))
        elif kind == PING and not flags & ACK:
            self.pings.append(time.monotonic())
            self.send(frame(PING, 0, payload, ACK))
        elif kind == WINDOW_UPDATE:
            self._widen(number, int.from_bytes(payload, "big"))
        elif kind == RST_STREAM:
            stream = self.streams[number]
            stream.reset = int.from_bytes(payload, "big")
            stream.ended.set()
            with self._changed:
                self._changed.notify_all()

    def _take_data(self, stream: Stream, payload: bytes) -> None:
        stream.received += payload
        if stream.complete or len(stream.received) < 5:
            return
        if len(stream.received) >= 5 + int.from_bytes(stream.received[1:5], "big"):
            stream.complete = True
            threading.Thread(target=self.server.script, args=[stream], daemon=True).start()

    def _widen(self, number: int, size: int) -> None:
        with self._changed:
            if number:
                self.streams[number].window += size
            else:
                self._window += size
            self._changed.notify_all()


class Server:
    """Serves from `with` to its end; each connection and each script has a thread."""

    def __init__(self, script: Script, greet: Greeting = send_settings) -> None:
        self.script = script
        self.greet = greet
        self.connections: list[Connection] = []
        """Every connection that came, in order."""
        self.streams: list[Stream] = []
        """Every call that came, in order."""
        self._listener = socket.create_server(("127.0.0.1", 0))

    @property
    def target(self) -> str:
        return f"127.0.0.1:{self._listener.getsockname()[1]}"

    def start(self) -> Self:
        """Serve from now on."""
        threading.Thread(target=self._accept, daemon=True).start()
        return self

    def stop(self) -> None:
        """End every connection."""
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        for connection in self.connections:
            connection.close()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.stop()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                connection = Connection(client, self)
                self.connections.append(connection)
                threading.Thread(target=connection.serve, daemon=True).start()
