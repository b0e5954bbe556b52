"""Where a service speaks HTTP, and the errors that responses and failures become."""

from __future__ import annotations

import datetime
import json
import ssl
from typing import Any

import httpx
import pytest

from gemini_grpc import errors
from gemini_grpc.http import failure
from gemini_grpc.http.message import Response
from gemini_grpc.rpc import http_endpoint, http_status, options
from gemini_grpc.rpc.client_options import ClientOptions

HOST = "generativelanguage.googleapis.com"


def settings(**given: Any) -> options.Settings:
    return options.resolve(ClientOptions.of({"api_key": "k", **given}), HOST, variables={})


@pytest.mark.parametrize(
    ("endpoint", "asked", "root"),
    [
        (None, False, f"https://{HOST}:443"),
        (f"mtls.{HOST}", False, f"https://mtls.{HOST}:443"),
        ("http://127.0.0.1:9090", True, "http://127.0.0.1:9090"),
        ("http://[::1]:9090", True, "http://[::1]:9090"),
        ("gateway.example", True, "https://gateway.example:443"),
        ("googleapis.com.evil.example:8443", True, "https://googleapis.com.evil.example:8443"),
    ],
)
def test_the_endpoint_says_where(endpoint: str | None, asked: bool, root: str) -> None:
    made = settings(api_endpoint=endpoint)
    assert http_endpoint.may_be_emulator(made) is asked
    assert http_endpoint.root_url(made) == root
    assert http_endpoint.root_url(made, 5) == root.rpartition(":")[0] + ":5"


def error_body(**fields: Any) -> bytes:
    return json.dumps({"error": {"code": 400, "message": "bad", **fields}}).encode()


INFO = {"@type": "type.googleapis.com/google.rpc.ErrorInfo", "reason": "API_KEY_INVALID"}


@pytest.mark.parametrize(
    ("response", "kind", "text"),
    [
        (Response(400, {}, error_body(status="INVALID_ARGUMENT")), errors.InvalidArgument, "bad (HTTP 400)"),
        (Response(400, {}, error_body(status="FAILED_PRECONDITION")), errors.FailedPrecondition, "bad"),
        (Response(409, {}, error_body(status="ALREADY_EXISTS")), errors.AlreadyExists, "bad"),
        (Response(403, {}, b"<html>no</html>"), errors.PermissionDenied, "<html>no</html> (HTTP 403)"),
        (Response(401, {}), errors.Unauthenticated, "HTTP 401"),
        (Response(404, {}, b"[]"), errors.NotFound, "HTTP 404"),
        (Response(429, {}, b'{"error": "x"}'), errors.ResourceExhausted, "HTTP 429"),
        (Response(418, {}), errors.Unknown, "HTTP 418"),
        (Response(500, {}, error_body(status="INTERNAL")), errors.Unavailable, "bad"),
        (Response(503, {}), errors.Unavailable, "HTTP 503"),
        (Response(504, {}), errors.Unavailable, "HTTP 504"),
        (Response(400, {}, error_body(status="?", details=[{"@type": "x/y.Z"}])), errors.InvalidArgument, "bad"),
    ],
)  # fmt: skip
def test_a_refusal_becomes_the_error_of_its_code(
    response: Response, kind: type[errors.RpcError], text: str
) -> None:
    error = http_status.from_response(response)
    assert type(error) is kind or isinstance(error, kind)
    assert text in str(error)


def test_details_are_decoded() -> None:
    error = http_status.from_response(Response(400, {}, error_body(details=[INFO])))
    assert error.reason == "API_KEY_INVALID"
    assert "pass another one" in error.advice


NOW = datetime.datetime(2025, 1, 1, 12, 0, 0, tzinfo=datetime.UTC)


@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("7", 7.0),
        ("Wed, 01 Jan 2025 12:00:30 GMT", 30.0),
        ("Wed, 01 Jan 2025 12:00:30 -0000", 30.0),
        ("Wed, 01 Jan 2025 11:00:00 GMT", 0.0),
        ("soon", None),
        ("", None),
    ],
)
def test_retry_after_is_the_hint(status: int, text: str, seconds: float | None) -> None:
    error = http_status.from_response(Response(status, {"retry-after": text}), NOW)
    assert error.retry_after == seconds


def test_what_ends_a_connection_may_pass_but_tls_that_refuses_does_not() -> None:
    def caused(by: Exception) -> Exception:
        error = httpx.ConnectError("it broke")
        error.__cause__ = OSError("below")
        error.__cause__.__cause__ = by
        return error

    assert type(failure.from_httpx(httpx.ReadError(""))) is not errors.TlsError
    assert "ReadError" in str(failure.from_httpx(httpx.ReadError("")))
    assert not isinstance(failure.from_httpx(caused(ssl.SSLEOFError())), errors.TlsError)
    refused = failure.from_httpx(caused(ssl.SSLCertVerificationError("not trusted")))
    assert isinstance(refused, errors.TlsError)
    assert "not trusted" in str(refused)
