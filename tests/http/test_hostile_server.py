"""Servers that break HTTP/1.1 in every way end in typed errors, in time, after few requests.

Each case is a server of raw sockets. It serves a request for a token, the start of an upload, a chunk of
one, or a download, over the synchronous and the asynchronous client.
"""

from __future__ import annotations

import gzip
import json
import tracemalloc

import pytest

from gemini_grpc import errors
from tests.http.conftest import SECRETS, Case, after_start
from tests.support import secrets
from tests.support.raw_http import Behaviour, Exchange, RawServer, answering, once, response

pytestmark = pytest.mark.usefixtures("quick")

DEADLINE = 0.3
MOST_REQUESTS = 24
"""Requests that an operation of three attempts makes at most, with those that ask where an upload is."""

OK = b"HTTP/1.1 200 OK\r\n"
LONG = b"a" * 300_000


def forever(piece: bytes, start: bytes = b"") -> Behaviour:
    """Return a behaviour that sends a piece until the client hangs up."""

    def serve(exchange: Exchange) -> None:
        exchange.request()
        exchange.send(start)
        while exchange.send(piece):
            pass

    return serve


def dripping(start: bytes, piece: bytes) -> Behaviour:
    """Return a behaviour that sends a byte of a piece every few milliseconds."""
    return once(start, lambda exchange: exchange.drip(piece * 300))


def accepting(exchange: Exchange) -> None:
    """Close a connection that was just opened."""


def resetting(exchange: Exchange) -> None:
    exchange.reset()


def reading_then_resetting(exchange: Exchange) -> None:
    exchange.request()
    exchange.reset()


def raw(head: bytes, body: bytes = b"") -> Behaviour:
    return once(head + b"\r\n" + body)


def with_length(length: str) -> Behaviour:
    return raw(OK + f"Content-Length: {length}\r\n".encode(), b"{}")


def chunked(body: bytes) -> Behaviour:
    return raw(OK + b"Transfer-Encoding: chunked\r\n", body)


def json_error(**fields: object) -> bytes:
    return json.dumps({"error": {"code": 400, "message": "no", **fields}}).encode()


BOMB = gzip.compress(bytes(64 << 20), 9)
DEEP = b"[" * 100_000 + b"]" * 100_000

ENDING: dict[str, Behaviour] = {
    # before the status line
    "closed at once": accepting,
    "reset at once": resetting,
    "closed after the request": once(b""),
    "reset after the request": reading_then_resetting,
    "garbage": once(b"\x00\xff\x00garbage\r\n\r\n"),
    "garbage without end": forever(b"x" * 65536),
    "the preface of HTTP/2": once(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"),
    "an alert of TLS": once(b"\x15\x03\x01\x00\x02\x02\x28"),
    "line ends without end": forever(b"\r\n" * 1000),
    # the status line
    "no status": once(b"HTTP/1.1\r\n\r\n"),
    "another version": once(b"HTTP/9.9 200 OK\r\n\r\n"),
    "a status of two digits": once(b"HTTP/1.1 99 What\r\n\r\n"),
    "a status of four digits": once(b"HTTP/1.1 1000 What\r\n\r\n"),
    "a status that is no number": once("HTTP/1.1 ²00 OK\r\n\r\n".encode()),
    "status 101": once(b"HTTP/1.1 101 Switching\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n"),
    "status 204": answering(response(204)),
    "status 304": answering(response(304)),
    "status 418": answering(response(418, b"tea")),
    "status 999": answering(response(999)),
    # the headers
    "a header of 300 kB": raw(OK + b"X-Long: " + LONG + b"\r\n"),
    "headers without end": forever(b"x-one: 1\r\n" * 500, OK),
    "a header without a colon": raw(OK + b"nothing\r\n"),
    "a header without a name": raw(OK + b": x\r\n"),
    "a header with NUL": raw(OK + b"X-Nul: a\x00b\r\n"),
    "a header that is no ASCII": raw(OK + b"X-Odd: \xff\xfe\xe9\r\nContent-Length: 0\r\n"),
    "a folded header": raw(OK + b"X-Fold: a\r\n b\r\nContent-Length: 0\r\n"),
    "two lengths": raw(OK + b"Content-Length: 2\r\nContent-Length: 3\r\n", b"{}x"),
    "a length of ²": with_length("²"),
    "a negative length": with_length("-1"),
    "a length of 5000 digits": with_length("9" * 5000),
    "a length that is no number": with_length("two"),
    "an unknown transfer encoding": raw(OK + b"Transfer-Encoding: magic\r\n"),
    "an unknown content encoding": answering(response(200, b"{}", {"Content-Encoding": "magic"})),
    # the body
    "half a body": raw(OK + b"Content-Length: 1000\r\n", b"{"),
    "half an error": raw(b"HTTP/1.1 400 No\r\nContent-Length: 1000\r\n", b"{"),
    "a chunk size that is no number": chunked(b"xyz\r\n{}\r\n0\r\n\r\n"),
    "a chunk size of ²": chunked("²\r\n{}\r\n0\r\n\r\n".encode()),
    "a negative chunk size": chunked(b"-2\r\n{}\r\n0\r\n\r\n"),
    "a chunk size of 5000 digits": chunked(b"f" * 5000 + b"\r\n{}"),
    "a chunk that is longer than its size": chunked(b"1\r\n{}{}{}\r\n0\r\n\r\n"),
    "half a chunk": chunked(b"100\r\n{}"),
    "chunks without the last": chunked(b"2\r\n{}\r\n"),
    "trailers without end": forever(b"x-one: 1\r\n" * 500, OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n"),
    "an error without end": forever(bytes(65536), b"HTTP/1.1 400 No\r\n\r\n"),
    "an error in chunks without end": forever(
        b"1000\r\n" + b"x" * 4096 + b"\r\n", b"HTTP/1.1 503 No\r\nTransfer-Encoding: chunked\r\n\r\n"
    ),
    "a bomb": answering(response(400, BOMB, {"Content-Encoding": "gzip"})),
    "a bomb that may pass": answering(response(503, BOMB, {"Content-Encoding": "gzip"})),
    "an error of 100,000 levels": answering(response(400, DEEP)),
    "an error with a lone surrogate": answering(response(400, b'{"error": {"message": "\\ud800"}}')),
    "a surrogate in the details": answering(
        response(400, b'{"error": {"details": [{"@type": "\\udfff"}], "status": "\\ud800"}}')
    ),
    "an error that is no UTF-8": answering(response(400, b"\xff\xfe{}")),
    "an error that is no object": answering(response(400, b"[1, 2]")),
    "an error with a number of 5000 digits": answering(
        response(400, b'{"error": {"code": ' + b"9" * 5000 + b"}}")
    ),
    "details that are none": answering(response(400, json_error(details={"a": 1}))),
    "details of no type": answering(response(400, json_error(details=[1, None, {"@type": 7}, {}]))),
    # redirects
    "a redirect to itself": answering(response(302, headers={"Location": "/again"})),
    "a redirect without a place": answering(response(302)),
    "a redirect to no URL": answering(response(302, headers={"Location": "http://[::1"})),
    "a redirect to another scheme": answering(response(302, headers={"Location": "file:///etc/passwd"})),
    "a redirect to a port out of range": answering(
        response(302, headers={"Location": "http://127.0.0.1:99999/"})
    ),
}  # fmt: skip
"""Servers whose misbehaviour ends by itself or is more than a client takes."""

for _text in (
    "²",
    "9" * 400,
    "-1",
    "1e400",
    "NaN",
    "Wed, 01 Jan 99999 00:00:00 GMT",
    "\x01",
    "Wed, 01 Jan",
):
    for _status in (429, 503):
        ENDING[f"{_status} with Retry-After {_text[:20]!r}"] = answering(
            response(_status, headers={"Retry-After": _text.encode().decode("latin-1")})
        )

SLOW: dict[str, Behaviour] = {
    "silence": once(b"", Exchange.wait),
    "silence before the request": Exchange.wait,
    "a slow status line": dripping(b"HTTP", b"/1.1 200 OK"),
    "slow headers": dripping(OK, b"x-slow: yes\r\n"),
    "100 Continue without end": dripping(b"", b"HTTP/1.1 100 Continue\r\n\r\n"),
    "a slow body": dripping(OK + b"Content-Length: 100000\r\n\r\n", b"x"),
    "a slow error": dripping(b"HTTP/1.1 400 No\r\n\r\n", b"x"),
    "slow chunks": dripping(OK + b"Transfer-Encoding: chunked\r\n\r\n", b"1\r\nx\r\n"),
    "slow trailers": dripping(OK + b"Transfer-Encoding: chunked\r\n\r\n0\r\n", b"x: y\r\n"),
}
"""Servers that go on for longer than the deadline."""

OPERATIONS = ("token", "start", "chunk", "download")


def run(
    case: Case, operation: str, behaviour: Behaviour, timeout: float
) -> tuple[errors.RpcError, RawServer]:
    """Let an operation fail on a server; return the error and the server, whose connections have ended."""
    name = "upload" if operation in {"start", "chunk"} else operation
    with RawServer(after_start(behaviour) if operation == "chunk" else behaviour) as server:
        with pytest.raises(errors.RpcError) as caught:
            case.run(name, server, timeout)
        secrets.assert_hidden(caught.value, *SECRETS)
        server.join()
    assert len(server.requests) <= MOST_REQUESTS
    assert len(server.exchanges) <= MOST_REQUESTS
    assert "upload_id" not in str(caught.value)
    return caught.value, server


@pytest.mark.parametrize("name", ["a bomb", "a bomb that may pass", "an error without end"])
@pytest.mark.parametrize("operation", ["start", "download"])
def test_the_body_of_an_error_takes_little_memory(case: Case, operation: str, name: str) -> None:
    tracemalloc.start()
    try:
        run(case, operation, ENDING[name], 20.0)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < 16 << 20


FINE = {
    **{
        ("download", name): b""
        for name in (
            "status 204",
            "another version",
            "a header that is no ASCII",
            "a folded header",
        )
    },
    ("download", "an unknown content encoding"): b"{}",
}
"""What is a good response to a download."""


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("name", ENDING)
def test_what_breaks_http_ends_in_a_typed_error(
    case: Case, operation: str, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    if (operation, name) in FINE:
        with RawServer(ENDING[name]) as server:
            assert case.run("download", server, 20.0) == FINE[operation, name]
        return
    error, _ = run(case, operation, ENDING[name], 20.0)
    assert not isinstance(error, errors.DeadlineExceeded)
    assert capfd.readouterr().err == ""


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("name", SLOW)
def test_the_deadline_covers_every_byte(
    case: Case, operation: str, name: str, capfd: pytest.CaptureFixture[str]
) -> None:
    error, server = run(case, operation, SLOW[name], DEADLINE)
    assert isinstance(error, errors.DeadlineExceeded)
    assert max(exchange.sent for exchange in server.exchanges) < 300
    assert capfd.readouterr().err == ""
