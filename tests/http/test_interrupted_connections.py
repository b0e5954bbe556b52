"""A connection is closed at once when its operation is cancelled, is interrupted or takes too long.

The servers speak TLS and stall: in the handshake, before or after the response to CONNECT, in the headers
or in the body.
"""

from __future__ import annotations

import asyncio
import contextlib
import gc
import signal
import socket
import ssl
import threading
import warnings
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import grpc
import pytest

import gemini_grpc
from gemini_grpc import errors
from gemini_grpc.http.settings import HttpSettings, load_certificate
from gemini_grpc.rpc import proxy
from gemini_grpc.rpc.policy import RetryPolicy
from gemini_grpc.rpc.token_request import Request
from tests.colours import COLOURS, PATIENCE, Async, Sync
from tests.connect_proxy import pump
from tests.http.conftest import CONTENT, Port, after_start
from tests.support.raw_http import Behaviour, Exchange, RawServer

if TYPE_CHECKING:
    from tests.authority import Authority

pytestmark = pytest.mark.usefixtures("quick")

DEADLINE = 0.5
ONCE = RetryPolicy(attempts=1)
HEAD = b"HTTP/1.1 200 OK\r\n"
STAGES = ("handshake", "proxy", "tunnel", "request", "headers", "body")
CASES = [(operation, stage) for operation in ("start", "download") for stage in STAGES]
CASES += [("chunk", stage) for stage in ("request", "headers", "body")]


class Stalling:
    """A TLS server, or the proxy before one, that stalls at a stage of a connection."""

    def __init__(self, stage: str, context: ssl.SSLContext, is_chunk: bool, grpc_port: str) -> None:
        self.reached = threading.Event()
        """Whether a connection got that far."""
        self._grpc = ("127.0.0.1", int(grpc_port))
        is_proxy = stage in {"proxy", "tunnel"}
        behaviours: dict[str, Behaviour] = {
            "handshake": self._wait,
            "proxy": self._proxy(b""),
            "tunnel": self._proxy(HEAD + b"\r\n"),
            "request": self._after(b""),
            "headers": self._after(HEAD + b"X-Part: "),
            "body": self._after(HEAD + b"Content-Length: 1000\r\n\r\nx"),
        }
        made = behaviours[stage]
        tls = None if is_proxy or stage == "handshake" else context
        self.server = RawServer(after_start(made) if is_chunk else made, tls=tls)
        self.proxy = self.server.url if is_proxy else None

    def _wait(self, exchange: Exchange) -> None:
        if exchange.socket.recv(1):
            self._stall(exchange)

    def _after(self, answer: bytes) -> Behaviour:
        def serve(exchange: Exchange) -> None:
            if exchange.request() is not None and exchange.send(answer):
                self._stall(exchange)

        return serve

    def _proxy(self, answer: bytes) -> Behaviour:
        def serve(exchange: Exchange) -> None:
            request = exchange.request()
            if request is None:
                return
            if request.target == f"127.0.0.1:{self._grpc[1]}":
                self._pass_on(exchange)
            elif not answer:
                self._stall(exchange)
            elif exchange.send(answer):
                self._wait(exchange)

        return serve

    def _pass_on(self, exchange: Exchange) -> None:
        exchange.send(HEAD + b"\r\n")
        with socket.create_connection(self._grpc) as behind:
            back = threading.Thread(target=pump, args=(behind, exchange.socket), daemon=True)
            back.start()
            pump(exchange.socket, behind)
            back.join()

    def _stall(self, exchange: Exchange) -> None:
        self.reached.set()
        exchange.wait()


@pytest.fixture(scope="module")
def context(authority: Authority) -> ssl.SSLContext:
    made = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    issued = authority.issue()
    load_certificate(made, issued.certificate, issued.key)
    return made


@pytest.fixture(scope="module")
def tls_port(authority: Authority) -> Iterator[Port]:
    issued = authority.issue()
    made = Port(grpc.ssl_server_credentials([(issued.key, issued.certificate)]))
    yield made
    made.stop()


@pytest.fixture(params=COLOURS, ids=lambda made: made.name)
def colour(request: pytest.FixtureRequest) -> Iterator[Sync]:
    made = request.param()
    yield made
    made.end()


@contextlib.contextmanager
def nothing_left(server: RawServer) -> Iterator[None]:
    """Assert that all connections are closed in the end, and none of them by the garbage collector."""
    gc.collect()
    with warnings.catch_warnings(record=True) as caught, server:
        warnings.simplefilter("always")
        yield
        server.join()
        gc.collect()
    assert [str(each.message) for each in caught if each.category is ResourceWarning] == []


def client(cls: Any, authority: Authority, port: Port, stalling: Stalling) -> Any:
    port.port = 9 if stalling.proxy else stalling.server.port  # nothing goes through the proxy
    options = {
        "api_endpoint": port.target,
        "api_key": "k",
        "ca_certificates": authority.ca,
        "proxy": stalling.proxy or "",
    }
    return cls(client_options=options)


def operate(operation: str, made: Any, timeout: float | None = None) -> Any:
    """Call a function for files; that of an asynchronous client returns a coroutine."""
    name = "download_file" if operation == "download" else "upload_file"
    suffix = "_async" if isinstance(made, gemini_grpc.AsyncClient) else ""
    options: dict[str, Any] = {"timeout": timeout, "retry": ONCE}
    given: dict[str, Any] = {"progress": None, "client": made, "request_options": options}
    if operation != "download":
        given |= {"mime_type": "text/plain", "wait": False}
    what = "files/a" if operation == "download" else CONTENT
    return getattr(gemini_grpc, name + suffix)(what, **given)


@contextlib.contextmanager
def ctrl_c(reached: threading.Event) -> Iterator[None]:
    """Interrupt the main thread as Ctrl-C does, when a server has got to a point."""

    def send() -> None:
        assert reached.wait(PATIENCE)
        signal.pthread_kill(main, signal.SIGINT)

    main = threading.main_thread().ident
    assert main == threading.get_ident()
    thread = threading.Thread(target=send)
    thread.start()
    try:
        with pytest.raises(KeyboardInterrupt):
            yield
    finally:
        thread.join()


@pytest.mark.parametrize(("operation", "stage"), CASES)
def test_a_cancelled_task_closes_its_connection(
    authority: Authority, context: ssl.SSLContext, tls_port: Port, operation: str, stage: str
) -> None:
    stalling = Stalling(stage, context, operation == "chunk", tls_port.target.rpartition(":")[2])

    async def cancel() -> None:
        made = client(gemini_grpc.AsyncClient, authority, tls_port, stalling)
        task = asyncio.create_task(operate(operation, made))
        assert await asyncio.to_thread(stalling.reached.wait, PATIENCE)
        task.cancel()
        await asyncio.wait([task])
        assert task.cancelled()
        await made.close()

    with nothing_left(stalling.server):
        asyncio.run(cancel())


@pytest.mark.parametrize(("operation", "stage"), CASES)
def test_a_deadline_closes_the_connection(
    authority: Authority,
    context: ssl.SSLContext,
    tls_port: Port,
    operation: str,
    stage: str,
    colour: Sync,
) -> None:
    stalling = Stalling(stage, context, operation == "chunk", tls_port.target.rpartition(":")[2])
    cls = gemini_grpc.AsyncClient if isinstance(colour, Async) else gemini_grpc.Client
    with nothing_left(stalling.server):
        made = client(cls, authority, tls_port, stalling)
        with pytest.raises(errors.DeadlineExceeded):
            colour.call(operate, operation, made, DEADLINE)
        colour.call(made.close)


@pytest.mark.parametrize(("operation", "stage"), CASES)
def test_ctrl_c_closes_the_connection(
    authority: Authority, context: ssl.SSLContext, tls_port: Port, operation: str, stage: str
) -> None:
    stalling = Stalling(stage, context, operation == "chunk", tls_port.target.rpartition(":")[2])
    with nothing_left(stalling.server):
        made = client(gemini_grpc.Client, authority, tls_port, stalling)
        with ctrl_c(stalling.reached):
            operate(operation, made)
        made.close()


class TestToken:
    """Tokens are requested by the synchronous HTTP client, also for asynchronous calls."""

    @staticmethod
    def request(authority: Authority, stalling: Stalling, timeout: float | None) -> None:
        settings = HttpSettings(authority.ca, proxy.chooser({}, stalling.proxy or ""))
        port = 9 if stalling.proxy else stalling.server.port
        Request(settings, timeout)(f"https://127.0.0.1:{port}/token", timeout=None)

    @pytest.mark.parametrize("stage", STAGES)
    def test_a_deadline_closes_the_connection(
        self, authority: Authority, context: ssl.SSLContext, stage: str
    ) -> None:
        stalling = Stalling(stage, context, False, "0")
        with nothing_left(stalling.server), pytest.raises(errors.DeadlineExceeded):
            self.request(authority, stalling, DEADLINE)

    @pytest.mark.parametrize("stage", STAGES)
    def test_ctrl_c_closes_the_connection(
        self, authority: Authority, context: ssl.SSLContext, stage: str
    ) -> None:
        stalling = Stalling(stage, context, False, "0")
        with nothing_left(stalling.server), ctrl_c(stalling.reached):
            self.request(authority, stalling, None)
