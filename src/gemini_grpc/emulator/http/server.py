"""The server: a port of its own, a thread for each connection, TLS where gRPC has it."""

from __future__ import annotations

import contextlib
import logging
import socket
import ssl
import struct
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from http.server import BaseHTTPRequestHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any

import grpc

from gemini_grpc.emulator import status
from gemini_grpc.emulator.http.faults import HttpFault, HttpFaults
from gemini_grpc.emulator.http.message import CODES, HttpReply, HttpRequest, refusal, with_key
from gemini_grpc.emulator.http.service import Asked, Service, understand

if TYPE_CHECKING:
    from gemini_grpc.emulator.certificates import Certificates
    from gemini_grpc.emulator.journal import Attempt
    from gemini_grpc.emulator.route import Conditions

_LOG = logging.getLogger(__name__)
_BLOCK = 1 << 18
_RESET = struct.pack("ii", 1, 0)  # SO_LINGER: on, 0 seconds, so that closing resets


class CutError(OSError):
    """A fault ends the connection."""


class HttpServer:
    """Serves one emulator over HTTP/1.1, from `start` to `close`. Thread-safe."""

    def __init__(
        self, conditions: Conditions, host: str, port: int, certificates: Certificates | None
    ) -> None:
        self._host = host
        self._port = port
        self._certificates = certificates
        self._context: ssl.SSLContext | None = None
        self._listener: socket.socket | None = None
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self.conditions = conditions
        self.faults = HttpFaults()
        self.service = Service()

    @property
    def target(self) -> str:
        """The address, as `127.0.0.1:PORT`."""
        return f"{self._host}:{self._port}"

    @property
    def port(self) -> int:
        """The port."""
        return self._port

    @property
    def scheme(self) -> str:
        """`https` with TLS, else `http`."""
        return "http" if self._certificates is None else "https"

    @property
    def granularity(self) -> int:
        """What the chunks of an upload are multiples of, in bytes; may be set."""
        return self.service.granularity

    @granularity.setter
    def granularity(self, size: int) -> None:
        self.service.granularity = size

    def script(self, faults: Sequence[HttpFault]) -> None:
        """Say what goes wrong with the next requests.

        Raises:
            ArgumentError: Something is no `HttpFault`.
        """
        self.faults.add(faults)

    def clear_scripts(self) -> None:
        """Let everything go well again."""
        self.faults.clear()

    def start(self, *, mtls: bool) -> None:
        """Start listening.

        Raises:
            OSError: The port is in use.
        """
        if self._certificates is not None:
            self._context = _context(self._certificates, mtls=mtls)
        address = (self._host.strip("[]"), self._port)
        family = socket.AF_INET6 if ":" in address[0] else socket.AF_INET
        listener = socket.create_server(address, family=family)
        self._port = listener.getsockname()[1]
        self._listener = listener
        work = threading.Thread(
            target=self._accept, args=(listener,), name="gemini-http", daemon=True
        )
        work.start()

    def close(self) -> None:
        """Stop at once. Closing twice is fine."""
        with self._lock:
            listener, self._listener = self._listener, None
        if listener is not None:
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()
        with self._lock:
            for each in self._open:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                plain, address = listener.accept()
            except OSError:
                return  # closed
            threading.Thread(
                target=self._serve, args=(listener, plain, address), name="gemini-http", daemon=True
            ).start()

    def _serve(self, listener: socket.socket, plain: socket.socket, address: Any) -> None:
        """Serve one connection to its end."""
        with self._lock:
            is_late = self._listener is not listener
            self._open.add(plain)
        connection = plain
        try:
            if is_late:  # it came in while the server was closed
                return
            if self._context is not None:
                connection = self._context.wrap_socket(plain, server_side=True)
                with self._lock:
                    self._open.discard(plain)
                    self._open.add(connection)
            Connection(connection, address, self)
        except OSError:
            return  # the client has gone away, or TLS has refused it
        finally:
            with self._lock:
                self._open -= {plain, connection}
            connection.close()
            plain.close()


def _context(certificates: Certificates, *, mtls: bool) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "server.pem"
        path.touch(mode=0o600)
        path.write_bytes(certificates.server + b"\n" + certificates.server_key)
        context.load_cert_chain(path)
    if mtls:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(cadata=certificates.ca.decode("ascii"))
    return context


class Connection(BaseHTTPRequestHandler):
    """One connection: requests one after the other."""

    protocol_version = "HTTP/1.1"
    server_version = "gemini-grpc-emulator"
    disable_nagle_algorithm = True
    rbufsize = _BLOCK
    wbufsize = -1

    def __init__(self, connection: socket.socket, address: Any, server: HttpServer) -> None:
        self._server = server
        self._left = 0
        super().__init__(connection, address, server)  # type: ignore[arg-type]  # it only keeps it

    def do_POST(self) -> None:  # the base calls it by this name
        """Serve a request."""
        self._serve()

    def do_GET(self) -> None:  # the base calls it by this name
        """Serve a request."""
        self._serve()

    def log_message(self, format: str, *args: Any) -> None:
        """Write nothing on stderr; there is the journal."""
        _LOG.debug(format, *args)

    def _serve(self) -> None:
        length = self.headers.get("content-length", "0")
        self._left = int(length) if length.isdigit() else 0
        metadata = tuple((key.lower(), value) for key, value in self.headers.items())
        base = f"{self._server.scheme}://{self.headers.get('host', self._server.target)}"
        fault: HttpFault | None = None
        asked = understand(
            self.command, self.path, dict(metadata), base, lambda: self._blocks(fault)
        )
        body = b"".join(self._blocks(None)) if asked.command == "start" else b""
        attempt = self._begin(asked, metadata, body)
        conditions = self._server.conditions
        try:
            if conditions.authentication is not None:
                given = with_key(metadata, self.path)
                conditions.authentication.check(given, conditions.world.clock)
            fault = self._server.faults.take(asked.command)
            reply = self._answer(asked, fault, body)
            attempt.received, attempt.sent = 1, 1
            self._end(attempt, reply.code, reply.body if reply.status >= 400 else b"")
            for _ in self._blocks(None):
                pass  # what was not wanted stands in the way of the next request
            self._send(reply, fault)
        except status.StatusError as error:
            self._end(attempt, error.code.name, error.message.encode())
            for _ in self._blocks(None):
                pass
            self._send(refusal(error), None)
        except OSError as error:
            said = "cut by a fault" if isinstance(error, CutError) else "the client went away"
            self._end(attempt, "CANCELLED", said.encode(), cancelled=True)
            self._reset()
        except Exception as error:
            _LOG.error("the emulator failed", exc_info=error)
            said = f"the emulator failed: {error!r}"
            self._end(attempt, "INTERNAL", said.encode())
            self.close_connection = True
            self._send(refusal(status.StatusError(grpc.StatusCode.INTERNAL, said)), None)

    def _answer(self, asked: Asked, fault: HttpFault | None, body: bytes) -> HttpReply:
        """Return the answer, after what a fault does before."""
        world = self._server.conditions.world
        if fault is not None and fault.delay:
            world.clock.sleep(fault.delay)
        if fault is not None and fault.cut == 0 and asked.command != "download":
            raise CutError
        if fault is not None and fault.status is not None:
            said = fault.message or f"a scripted {fault.status}"
            wait = {} if fault.retry_after is None else {"retry-after": f"{fault.retry_after:g}"}
            code = getattr(grpc.StatusCode, CODES.get(fault.status, "UNKNOWN"))
            return refusal(status.StatusError(code, said), wait, number=fault.status)
        reply = self._server.service.answer(asked, world, fault, body)
        if fault is not None and fault.answerless:
            raise CutError
        return reply

    def _blocks(self, fault: HttpFault | None) -> Iterator[bytes]:
        """Read the body, in the way of a fault."""
        cut = fault.cut if fault is not None else None
        if cut is not None:
            cut = min(cut, self._left)
        done = 0
        while self._left:
            size = min(_BLOCK, self._left, _BLOCK if cut is None else cut - done)
            if not size:
                raise CutError
            block = self.rfile.read(size)
            if not block:
                raise ConnectionError("the client went away")
            self._left -= len(block)
            done += len(block)
            if fault is not None and fault.damage and done == len(block):
                block = bytes([block[0] ^ 1]) + block[1:]
            if fault is not None and fault.rate:
                time.sleep(len(block) / fault.rate)
            yield block
        if cut is not None:
            raise CutError

    def _send(self, reply: HttpReply, fault: HttpFault | None) -> None:
        """Send an answer, as far as a fault lets it."""
        self.send_response(reply.status)
        for key, value in reply.headers.items():
            self.send_header(key, value)
        self.send_header("content-length", str(len(reply.body)))
        self.end_headers()
        cut = fault.cut if fault is not None and fault.command == "download" else None
        self.wfile.write(reply.body[:cut])
        self.wfile.flush()
        if cut is not None:
            raise CutError

    def _reset(self) -> None:
        """End the connection with a reset."""
        self.close_connection = True
        with contextlib.suppress(OSError):
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)

    def _begin(self, asked: Asked, metadata: Any, body: bytes) -> Attempt:
        request = HttpRequest.of(self.command, self.path, metadata, body)
        names = {}
        if isinstance(self.connection, ssl.SSLSocket):
            subject: Any = (self.connection.getpeercert() or {}).get("subject", ())
            names = dict(pair for pairs in subject for pair in pairs)
        return self._server.conditions.journal.begin(
            version=asked.version,
            path=f"/HTTP/{asked.command or 'unknown'}",
            data=request.to_bytes(),
            parse=HttpRequest.parse,
            metadata=metadata,
            deadline=None,
            peer=f"ipv4:{self.client_address[0]}:{self.client_address[1]}",
            client_certificate=names.get("commonName"),
        )

    def _end(self, attempt: Attempt, code: str, message: bytes, *, cancelled: bool = False) -> None:
        journal = self._server.conditions.journal
        journal.end(attempt, code, message.decode("utf-8", "replace"), cancelled=cancelled)
