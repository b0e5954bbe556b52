"""Requests for tokens: the interface of google-auth, one deadline, roots and proxy of the channel."""

from __future__ import annotations

import json
import socket
import ssl
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import google.oauth2.credentials
import pytest
from google.auth import identity_pool

from gemini_grpc import errors
from gemini_grpc.http.settings import HttpSettings
from gemini_grpc.rpc import proxy
from gemini_grpc.rpc.credentials import Token
from gemini_grpc.rpc.token_request import Request
from tests.authority import Authority, Issued
from tests.connect_proxy import ConnectProxy
from tests.support import secrets
from tests.support.raw_http import Exchange, RawRequest, RawServer, answering, once, response

PLAIN = HttpSettings()
REFRESH_TOKEN, CLIENT_SECRET = "refresh-token-of-a-user", "client-secret-of-an-app"
ACCESS_TOKEN = "access-token-of-a-user"
GRANT = response(200, json.dumps({"access_token": ACCESS_TOKEN, "expires_in": 3600}).encode())


def echo(request: RawRequest) -> bytes:
    status = 403 if request.target == "/refused" else 200
    seen = f"{request.method} {request.headers.get('x-mine')}"
    return response(status, b"body:" + request.body, {"X-Seen": seen})


@pytest.fixture
def server() -> Iterator[RawServer]:
    with RawServer(answering(echo)) as made:
        yield made


def user(server: RawServer) -> Any:
    return google.oauth2.credentials.Credentials(
        None,
        REFRESH_TOKEN,
        token_uri=f"{server.url}/token",
        client_id="id",
        client_secret=CLIENT_SECRET,
    )


def refused(token: Token, timeout: float | None = 20.0) -> errors.RpcError:
    with pytest.raises(errors.RpcError) as caught:
        token.ensure(timeout)
    secrets.assert_hidden(caught.value, REFRESH_TOKEN, CLIENT_SECRET, ACCESS_TOKEN)
    assert str(caught.value.message).startswith("no token could be fetched: ")
    return caught.value


class TestInterface:
    def test_method_headers_and_body_are_sent_and_the_response_is_whole(
        self, server: RawServer
    ) -> None:
        made = Request(PLAIN, 5.0)(
            f"{server.url}/token", method="POST", body=b"grant", headers={"X-Mine": "yes"}
        )
        assert (made.status, made.data) == (200, b"body:grant")
        assert made.headers["x-seen"] == "POST yes"

    def test_a_body_may_be_a_text_as_that_of_aws_is(self, server: RawServer) -> None:
        made = Request(PLAIN, 5.0)(server.url, method="POST", body="grant")
        assert made.data == b"body:grant"

    def test_without_a_method_it_is_get(self, server: RawServer) -> None:
        assert Request(PLAIN, None)(server.url).headers["x-seen"] == "GET None"

    def test_a_refusal_is_a_response(self, server: RawServer) -> None:
        made = Request(PLAIN, 5.0)(f"{server.url}/refused", timeout=None)
        assert (made.status, made.data) == (403, b"body:")

    @pytest.mark.parametrize(
        "url", ["", "token", "ftp://a/b", "http://a:99999/", "http://[::1/", "http://²/"]
    )
    def test_what_is_no_url_is_an_error_of_ours(self, url: str) -> None:
        with pytest.raises(errors.Unauthenticated, match="not a URL"):
            Request(PLAIN, 5.0)(url)

    def test_a_server_that_is_not_there_may_come_back(self) -> None:
        with socket.create_server(("127.0.0.1", 0)) as free:
            port = free.getsockname()[1]
        with pytest.raises(errors.Unavailable):
            Request(PLAIN, 5.0)(f"http://127.0.0.1:{port}")


class TestDeadline:
    @pytest.mark.parametrize(
        ("whole", "each", "expected"),
        [
            (0.2, 120.0, errors.DeadlineExceeded),
            (0.2, None, errors.DeadlineExceeded),
            (None, 0.2, errors.Unavailable),
            (30.0, 0.2, errors.Unavailable),
        ],
    )
    @pytest.mark.parametrize("start", [b"", b"HTTP/1.1 200 OK\r\n", b"HTTP/1.1 200 OK\r\n\r\n"])
    def test_it_covers_every_byte_of_a_slow_response(
        self, whole: float | None, each: float | None, expected: type[Exception], start: bytes
    ) -> None:
        slow = once(start, lambda exchange: exchange.drip(b"x-slow: yes\r\n" * 100))
        with RawServer(slow) as server:
            with pytest.raises(expected, match=r"took longer than 0\.2"):
                Request(PLAIN, whole)(server.url, timeout=each)
            server.join()
            assert server.exchanges[0].sent < 1000

    def test_the_time_is_for_all_requests_together(self) -> None:
        with RawServer(Exchange.wait) as server:
            request = Request(PLAIN, 0.1)
            for _ in range(2):
                with pytest.raises(errors.DeadlineExceeded):
                    request(server.url)


class TestFailures:
    @pytest.mark.parametrize("status", [408, 429, 500, 502, 503, 504])
    @pytest.mark.parametrize(
        "body", [b"", b"<html>later</html>", b'{"error": "server_error"}', b"\xff"]
    )
    def test_a_status_that_passes_is_unavailable_with_a_text_after_one_request(
        self, status: int, body: bytes
    ) -> None:
        with RawServer(answering(response(status, body, {"Retry-After": "7"}))) as server:
            error = refused(Token(user(server)))
            assert isinstance(error, errors.Unavailable)
            assert f"HTTP {status}" in str(error)
            assert error.retry_after == 7.0
            assert len(server.requests) == 1

    def test_an_error_of_oauth_that_passes_is_unavailable_too(self) -> None:
        body = json.dumps({"error": "temporarily_unavailable"}).encode()
        with RawServer(answering(response(400, body))) as server:
            assert isinstance(refused(Token(user(server))), errors.Unavailable)
            assert len(server.requests) == 1

    def test_a_grant_that_is_refused_is_unauthenticated_with_what_the_server_says(self) -> None:
        body = json.dumps({"error": "invalid_grant", "error_description": "revoked"}).encode()
        with RawServer(answering(response(400, body))) as server:
            error = refused(Token(user(server)))
            assert isinstance(error, errors.Unauthenticated)
            assert "invalid_grant: revoked (HTTP 400 from 127.0.0.1)" in str(error)

    def test_what_a_server_says_back_is_not_shown_if_it_is_a_secret(self) -> None:
        with RawServer(answering(lambda request: response(400, request.body))) as server:
            assert isinstance(refused(Token(user(server))), errors.Unauthenticated)

    @pytest.mark.parametrize(
        "body",
        [
            *(b"", b"<html>hello</html>", b"[]", b"null", b"7", b'"text"', b"{}", b"\xff\xfe"),
            *(b'{"access_token": null}', b'{"access_token": 7}', b'{"access_token": ""}'),
            *(b'{"access_token": {"a": 1}, "expires_in": 1}', b'{"access_token": "a\\nb"}'),
            *('{"access_token": "é"}'.encode(), b'{"access_token": "\\ud800"}'),
            *(
                b'{"access_token": "t", "expires_in": "soon"}',
                b'{"access_token": "t", "expires_in": 1e400}',
            ),
            *(
                b'{"access_token": "t", "expires_in": []}',
                b'{"access_token": "t", "expires_in": -1e12}',
            ),
            b'{"access_token": "t", "expires_in": ' + b"9" * 5000 + b"}",
            b"[" * 100_000 + b"]" * 100_000,
        ],
    )
    def test_a_body_that_is_no_grant_is_an_error_of_ours(self, body: bytes) -> None:
        with RawServer(answering(response(200, body))) as server:
            assert isinstance(refused(Token(user(server))), errors.Unauthenticated)
            assert len(server.requests) == 1

    @pytest.mark.parametrize("status", [200, 403])
    def test_a_body_without_end_is_not_read_without_end(self, status: int) -> None:
        def endless(exchange: Exchange) -> None:
            exchange.request()
            exchange.send(response(status, length=False))
            while exchange.send(bytes(65536)):
                pass

        with RawServer(endless) as server:
            assert isinstance(refused(Token(user(server))), errors.Unavailable)
            server.join()
            assert server.exchanges[0].sent < 64 << 20

    def test_a_token_is_masked_where_it_is_kept(self) -> None:
        with RawServer(answering(GRANT)) as server:
            pairs = Token(user(server)).ensure(20.0)
            assert pairs == (("authorization", f"Bearer {ACCESS_TOKEN}"),)
            assert ACCESS_TOKEN not in repr(pairs)


class TestTls:
    def test_the_roots_are_those_of_the_channel(self, authority: Authority) -> None:
        with RawServer(answering(GRANT), tls=server_context(authority)) as server:
            token = Token(user(server), HttpSettings(authority.ca))
            assert token.ensure(20.0)

    def test_a_certificate_that_is_not_trusted_is_not_tried_again(
        self, authority: Authority
    ) -> None:
        with RawServer(answering(GRANT), tls=server_context(Authority("another"))) as server:
            error = refused(Token(user(server), HttpSettings(authority.ca)))
            assert isinstance(error, errors.TlsError)
            assert len(server.exchanges) == 1

    def test_a_workload_shows_its_certificate(self, authority: Authority, tmp_path: Path) -> None:
        with RawServer(answering(workload), tls=server_context(authority, clients=True)) as server:
            credentials = x509_workload(server, authority.issue("workload"), tmp_path)
            assert Token(credentials, HttpSettings(authority.ca)).ensure(20.0)

    def test_a_handshake_that_does_not_end_ends_at_the_deadline(self) -> None:
        with RawServer(Exchange.wait) as server:
            with pytest.raises(errors.DeadlineExceeded):
                Request(HttpSettings(), 0.2)(server.url.replace("http:", "https:"))
            server.join()


class TestProxy:
    @pytest.mark.parametrize("name", ["explicit", "ALL_PROXY", "https_proxy"])
    def test_it_is_that_of_the_channel(self, authority: Authority, name: str) -> None:
        context = server_context(authority, "token.example")
        with (
            RawServer(answering(GRANT), tls=context) as server,
            ConnectProxy(f"127.0.0.1:{server.port}") as through,
        ):
            url = f"http://user:pass@{through.address}"
            explicit = url if name == "explicit" else None
            chooser = proxy.chooser({} if explicit else {name: url}, explicit)
            credentials = google.oauth2.credentials.Credentials(  # type: ignore[no-untyped-call]
                None,
                REFRESH_TOKEN,
                token_uri="https://token.example/token",
                client_id="i",
                client_secret="s",
            )
            assert Token(credentials, HttpSettings(authority.ca, chooser)).ensure(20.0)
            assert through.asked[0].target == "token.example:443"
            assert "proxy-authorization" in through.asked[0].headers

    def test_no_proxy_names_hosts_that_are_called_directly(self) -> None:
        variables = {"HTTPS_PROXY": "http://127.0.0.1:1", "NO_PROXY": ".example"}
        chooser = proxy.chooser(variables)
        assert chooser("token.example") is None
        assert chooser("oauth2.googleapis.com") == "http://127.0.0.1:1"

    @pytest.mark.parametrize(
        "host", ["metadata.google.internal", "169.254.169.254", "169.254.170.2"]
    )
    @pytest.mark.parametrize("explicit", [None, "http://127.0.0.1:1"])
    def test_metadata_servers_are_called_directly(self, host: str, explicit: str | None) -> None:
        assert proxy.chooser({"https_proxy": "http://127.0.0.1:1"}, explicit)(host) is None


def server_context(
    authority: Authority, host: str = "127.0.0.1", *, clients: bool = False
) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    from gemini_grpc.http.settings import load_certificate

    issued = authority.issue(hosts=(host,))
    load_certificate(context, issued.certificate, issued.key)
    if clients:
        context.load_verify_locations(cadata=authority.ca.decode())
        context.verify_mode = ssl.CERT_REQUIRED
    return context


def workload(request: RawRequest) -> bytes:
    granted = {
        "access_token": ACCESS_TOKEN,
        "issued_token_type": "urn:ietf:params:oauth:token-type:access_token",
        "token_type": "Bearer",
        "expires_in": 3600,
    }
    return response(200, json.dumps(granted).encode())


def x509_workload(server: RawServer, issued: Issued, folder: Path) -> identity_pool.Credentials:
    """Return the credentials of a workload that an X.509 certificate identifies."""
    (folder / "cert.pem").write_bytes(issued.certificate)
    (folder / "key.pem").write_bytes(issued.key)
    paths = {"cert_path": str(folder / "cert.pem"), "key_path": str(folder / "key.pem")}
    config = folder / "certificate_config.json"
    config.write_text(json.dumps({"cert_configs": {"workload": paths}}))
    info = {
        "type": "external_account",
        "audience": "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/q",
        "subject_token_type": "urn:ietf:params:oauth:token-type:mtls",
        "token_url": f"{server.url}/v1/token",
        "credential_source": {"certificate": {"certificate_config_location": str(config)}},
    }
    made: Callable[..., identity_pool.Credentials] = identity_pool.Credentials.from_info
    return made(info)


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority()
