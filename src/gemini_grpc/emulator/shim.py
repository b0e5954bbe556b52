"""A loopback TCP proxy in front of an emulator, for what goes wrong below gRPC.

It passes bytes both ways until it is told otherwise: cut (reset) or half-close the connections, swallow
every byte, or let them drip. What it does holds for connections that are open and, until `restore`, for
new ones. It works on bytes, so TLS goes through it as well. Times are real: there are sockets involved.
"""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections import Counter
from typing import Literal, Self

from gemini_grpc import checks

Mode = Literal["pass", "cut", "half_close", "black_hole", "drip"]

_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: on, 0 seconds, so that closing resets
_BLOCK = 65_536
_TICK = 0.01  # seconds between two drops of a drip


class Shim:
    """A proxy in front of `target`, from `start` (or `with`) to `close`. Thread-safe."""

    def __init__(self, target: str) -> None:
        host, _, port = target.rpartition(":")
        self._behind = (host.strip("[]"), int(port))
        self._listener: socket.socket | None = None
        self._target = ""
        self._lock = threading.Lock()
        self._mode: Mode = "pass"
        self._after = 0
        self._rate = 0.0
        self._pipes: set[_Pipe] = set()
        self.fired: Counter[str] = Counter()
        """How many connections each fault has really hit, by its name."""
        self.connections = 0
        """How many connections came in."""

    @property
    def target(self) -> str:
        """The address to use instead of the emulator's, as `127.0.0.1:PORT`."""
        return self._target

    def start(self) -> Self:
        """Start listening."""
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._target = f"127.0.0.1:{self._listener.getsockname()[1]}"
        threading.Thread(
            target=self._accept, args=(self._listener,), name="gemini-shim", daemon=True
        ).start()
        return self

    def close(self) -> None:
        """Stop listening and cut every connection. Closing twice is fine."""
        listener, self._listener = self._listener, None
        if listener is not None:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        self._set("pass")
        for pipe in self._open():
            pipe.reset()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(self, *exc: object) -> None:
        self.close()

    def cut(self, *, after: int = 0) -> None:
        """Reset every connection, and refuse new ones in the same way.

        Args:
            after: How many more bytes of answers each connection passes first.
        """
        checks.count("after", after, least=0)
        self._set("cut", after=after)
        if after == 0:
            for pipe in self._open():
                pipe.hit("cut")
                pipe.reset()

    def half_close(self) -> None:
        """End the bytes towards the client, as a server does that closes its side only."""
        self._set("half_close")
        for pipe in self._open():
            pipe.half_close()

    def black_hole(self) -> None:
        """Swallow every byte in both directions; connections stay open."""
        self._set("black_hole")

    def drip(self, bytes_per_second: float) -> None:
        """Pass the bytes of answers slowly."""
        checks.seconds("bytes_per_second", bytes_per_second)
        self._set("drip", rate=max(1.0, bytes_per_second))

    def restore(self) -> None:
        """Pass everything again; connections that were hit stay as they are."""
        self._set("pass")

    def _set(self, mode: Mode, *, after: int = 0, rate: float = 0.0) -> None:
        with self._lock:
            self._mode, self._after, self._rate = mode, after, rate
            for pipe in self._pipes:
                pipe.passed = 0

    def _open(self) -> list[_Pipe]:
        with self._lock:
            return list(self._pipes)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return  # the shim is closed
            self.connections += 1
            try:
                server = socket.create_connection(self._behind)
            except OSError:
                client.close()
                continue
            pipe = _Pipe(self, client, server)
            with self._lock:
                self._pipes.add(pipe)
                mode, after = self._mode, self._after
            if mode == "cut" and after == 0:
                pipe.hit("cut")
                pipe.reset()
                continue
            pipe.start()

    def _now(self) -> tuple[Mode, int, float]:
        with self._lock:
            return self._mode, self._after, self._rate

    def _forget(self, pipe: _Pipe) -> None:
        with self._lock:
            self._pipes.discard(pipe)

    def _count(self, fault: str) -> None:
        with self._lock:
            self.fired[fault] += 1


class _Pipe:
    """One connection through the shim."""

    def __init__(self, shim: Shim, client: socket.socket, server: socket.socket) -> None:
        self._shim = shim
        self._client = client
        self._server = server
        self._hits: set[str] = set()
        self._ended = threading.Event()
        self.passed = 0
        """How many bytes of answers have passed since the mode was set."""

    def start(self) -> None:
        """Pass bytes both ways, each in a thread."""
        for work in (self._pass_requests, self._pass_answers):
            threading.Thread(target=work, name="gemini-shim", daemon=True).start()

    def hit(self, fault: str) -> None:
        """Note that a fault has reached this connection."""
        if fault not in self._hits:
            self._hits.add(fault)
            self._shim._count(fault)

    def reset(self) -> None:
        """End both connections at once; the client's with a reset."""
        self._ended.set()
        with contextlib.suppress(OSError):
            self._client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
            self._client.shutdown(socket.SHUT_RD)  # wakes the reader; writing would end in peace
        self._client.close()
        _close(self._server)
        self._shim._forget(self)

    def half_close(self) -> None:
        """End the bytes towards the client."""
        self.hit("half_close")
        with contextlib.suppress(OSError):
            self._client.shutdown(socket.SHUT_WR)

    def _pass_requests(self) -> None:
        while data := _receive(self._client):
            mode, _, _ = self._shim._now()
            if mode == "black_hole":
                self.hit(mode)
            elif not _send(self._server, data):
                break
        if self._shim._now()[0] != "black_hole":
            self._finish()

    def _pass_answers(self) -> None:
        while data := _receive(self._server):
            mode, after, rate = self._shim._now()
            if mode == "black_hole":
                self.hit(mode)
            elif mode == "half_close":
                self.half_close()
            elif mode == "cut" and self.passed + len(data) > after:
                _send(self._client, data[: after - self.passed])
                self.hit(mode)
                self.reset()
                return
            elif mode == "drip":
                self.hit(mode)
                self._drip(data, rate)
            elif not _send(self._client, data):
                break
            self.passed += len(data)
        self._finish()

    def _drip(self, data: bytes, rate: float) -> None:
        """Pass bytes slowly, until the mode changes."""
        size = max(1, round(rate * _TICK))
        pause = size / rate
        while data and not self._ended.is_set():
            if self._shim._now()[0] != "drip":
                size = len(data)
            _send(self._client, data[:size])
            data = data[size:]
            self._ended.wait(pause if data else 0)

    def _finish(self) -> None:
        """End both sides after one has ended, unless `reset` is doing that its own way."""
        if self._ended.is_set():
            return
        self._ended.set()
        for end in (self._client, self._server):
            _close(end)
        self._shim._forget(self)


def _receive(source: socket.socket) -> bytes:
    """Return what comes; nothing at the end, however it came."""
    try:
        return source.recv(_BLOCK)
    except OSError:
        return b""


def _send(to: socket.socket, data: bytes) -> bool:
    """Pass bytes on; tell whether it was possible."""
    try:
        to.sendall(data)
    except OSError:
        return False
    return True


def _close(end: socket.socket) -> None:
    """Close a socket that another thread may be reading from, so that it wakes."""
    with contextlib.suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)
    with contextlib.suppress(OSError):
        end.close()
