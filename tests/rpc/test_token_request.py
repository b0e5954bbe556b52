"""Requests for tokens over HTTP, with a server of our own."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from google.auth import exceptions

from gemini_grpc.rpc.token_request import Request


class Handler(BaseHTTPRequestHandler):
    """Answers with what was asked; below /refused with 403, and below /slow never."""

    release = threading.Event()

    def do_GET(self) -> None:
        if self.path == "/slow":
            self.release.wait(10)
            return
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.send_response(403 if self.path == "/refused" else 200)
        self.send_header("X-Asked", f"{self.command} {self.headers.get('X-Mine')}")
        self.end_headers()
        self.wfile.write(b"body:" + body)

    do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


@pytest.fixture
def address() -> Iterator[str]:
    Handler.release.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.01,))
        thread.start()
        yield f"http://127.0.0.1:{server.server_port}"
        Handler.release.set()
        server.shutdown()
        thread.join()


def test_method_headers_and_body_are_sent_and_the_answer_is_whole(address: str) -> None:
    answer = Request(5.0)(
        f"{address}/token", method="POST", body=b"grant", headers={"X-Mine": "yes"}
    )
    assert (answer.status, answer.data) == (200, b"body:grant")
    assert answer.headers["X-Asked"] == "POST yes"


def test_without_a_method_it_is_get(address: str) -> None:
    assert Request(None)(address).headers["X-Asked"] == "GET None"


def test_a_refusal_is_an_answer(address: str) -> None:
    answer = Request(5.0)(f"{address}/refused", timeout=None)
    assert (answer.status, answer.data) == (403, b"body:")
    assert "X-Asked" in answer.headers


def test_a_server_that_is_not_there_is_an_error_of_the_transport() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with pytest.raises(exceptions.TransportError):
        Request(5.0)(f"http://127.0.0.1:{port}")


@pytest.mark.parametrize(("whole", "each"), [(0.1, 120.0), (0.1, None), (None, 0.1), (9.0, 0.1)])
def test_the_shorter_time_ends_a_request(
    address: str, whole: float | None, each: float | None
) -> None:
    started = time.monotonic()
    with pytest.raises(exceptions.TransportError):
        Request(whole)(f"{address}/slow", timeout=each)
    assert 0.09 < time.monotonic() - started < 1.0


def test_the_time_is_for_all_requests_together(address: str) -> None:
    request = Request(0.1)
    assert not request.is_late
    with pytest.raises(exceptions.TransportError):
        request(f"{address}/slow")
    assert request.is_late
    with pytest.raises(exceptions.TransportError):
        request(f"{address}/slow")


def test_without_a_time_it_is_never_late() -> None:
    assert not Request(None).is_late


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"garbage\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\n{",
        b"HTTP/1.1 403 No\r\nContent-Length: 100\r\n\r\n{",
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab",
    ],
    ids=["nothing", "garbage", "half", "half a refusal", "half a chunk"],
)
def test_an_answer_that_is_none_is_an_error_of_the_transport(answer: bytes) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:

        def serve() -> None:
            connection, _ = server.accept()
            with connection:
                connection.recv(4096)
                connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        with pytest.raises(exceptions.TransportError):
            Request(5.0)(f"http://127.0.0.1:{server.getsockname()[1]}")
        thread.join()
