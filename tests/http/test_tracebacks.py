"""Errors of uploads, downloads and tokens show no key and no token in any frame, and keep the user's frames."""

from __future__ import annotations

import io
import json
import traceback
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from gemini_grpc import errors
from gemini_grpc.rpc import credentials
from tests.http.conftest import CONTENT, SECRETS, Case, is_start, started
from tests.support import secrets
from tests.support.raw_http import Exchange, RawRequest, RawServer, answering, once, response

pytestmark = pytest.mark.usefixtures("quick")

OPERATIONS = ("upload", "download", "token")


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("status", [400, 401, 403, 404, 429, 503])
def test_a_refusal(case: Case, operation: str, status: int) -> None:
    with RawServer(answering(response(status, b"no"))) as server:
        with pytest.raises(errors.RpcError) as caught:
            case.run(operation, server, 20.0)
        secrets.assert_hidden(caught.value, *SECRETS)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_deadline_and_a_connection_that_breaks(case: Case, operation: str) -> None:
    for behaviour in (Exchange.wait, once(b""), Exchange.reset):
        with RawServer(behaviour) as server:
            with pytest.raises(errors.RpcError) as caught:
                case.run(operation, server, 0.3)
            secrets.assert_hidden(caught.value, *SECRETS)


@pytest.mark.parametrize("operation", OPERATIONS)
@pytest.mark.parametrize("seconds", [0.001, 0.004, 0.008, 0.012, 0.02, 0.05])
def test_a_deadline_at_any_moment(case: Case, operation: str, seconds: float) -> None:
    for behaviour in (Exchange.wait, once(b""), Exchange.reset):
        with RawServer(behaviour) as server:
            with pytest.raises(errors.RpcError) as caught:
                case.run(operation, server, seconds)
            secrets.assert_hidden(caught.value, *SECRETS)


class Failing(io.BytesIO):
    """A file that cannot be read to its end."""

    def read(self, size: int | None = -1, /) -> bytes:
        if self.tell() > 1000:
            raise OSError("the disk is gone")
        return super().read(size)


def fail(done: int, total: int | None) -> None:
    raise ZeroDivisionError("mine")


@pytest.mark.parametrize(
    ("given", "progress", "expected"),
    [(CONTENT, fail, ZeroDivisionError), (Failing(CONTENT), None, errors.ArgumentError)],
    ids=["progress", "source"],
)
def test_an_error_of_the_user_keeps_its_own_frames_only(
    case: Case, given: Any, progress: Any, expected: type[Exception]
) -> None:
    def answer(request: RawRequest) -> bytes:
        if is_start(request):
            return started(server)
        return response(200, b"", {"X-Goog-Upload-Status": "active"})

    with RawServer(answering(answer)) as server:
        case.port.port = server.port
        with pytest.raises(expected) as caught:
            case.colour.call(
                case.file_function("upload_file"),
                given,
                mime_type="text/plain",
                progress=progress,
                wait=False,
                client=case.client,
            )
    secrets.assert_hidden(caught.value, *SECRETS)
    frames = [frame.name for frame in traceback.extract_tb(caught.value.__traceback__)]
    assert "_pieces" in frames or expected is errors.ArgumentError
    assert ("fail" in frames) is (progress is not None)


PRIVATE = "-----BEGIN PRIVATE KEY-----MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBKcwggSj"


@pytest.mark.parametrize(
    "text",
    [
        json.dumps({"type": "service_account", "private_key": PRIVATE, "client_email": "a@b"}),
        json.dumps(
            {
                "type": "service_account",
                "private_key": PRIVATE,
                "client_email": "a@b",
                "token_uri": "https://oauth2.example/token",
            }
        ),
        json.dumps({"type": "another", "private_key": PRIVATE}),
        json.dumps({"type": "authorized_user", "refresh_token": PRIVATE}),
        json.dumps({"type": "external_account", "credential_source": PRIVATE}),
        json.dumps({"type": "impersonated_service_account", "source_credentials": PRIVATE}),
        f'{{"type": "service_account", "private_key": "{PRIVATE}"',
        json.dumps([PRIVATE]),
    ],
)
def test_a_file_of_credentials_that_cannot_be_used(tmp_path: Path, text: str) -> None:
    path = tmp_path / "key.json"
    path.write_text(text)
    path.chmod(0o600)
    for load in (credentials.from_file, credentials.from_service_account_file):
        with pytest.raises(errors.CredentialsError, match=r"key\.json") as caught:
            load(path)
        secrets.assert_hidden(caught.value, PRIVATE)


def test_an_info_of_credentials_that_cannot_be_used() -> None:
    info = {
        "type": "service_account",
        "private_key": PRIVATE,
        "client_email": "a@b",
        "token_uri": "x",
    }
    for given in (info, {"private_key": PRIVATE}):
        with pytest.raises(errors.CredentialsError) as caught:
            credentials.from_service_account_info(given)
        secrets.assert_hidden(caught.value, PRIVATE)


def service_account_key() -> str:
    private = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    form = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private.private_bytes(*form).decode()


@pytest.mark.parametrize("status", [200, 400, 503])
def test_a_service_account_that_acts_for_a_user(status: int) -> None:
    key = service_account_key()
    with RawServer(answering(lambda request: response(status, request.body))) as server:
        made = credentials.from_service_account_info(
            {
                "type": "service_account",
                "private_key": key,
                "client_email": "a@b",
                "token_uri": f"{server.url}/token",
            }
        )
        acting: Any = made
        with pytest.raises(errors.RpcError) as caught:
            credentials.Token(acting.with_subject("user@b").with_scopes(["s"])).ensure(20.0)
    body = server.requests[0].body.decode()
    assertion = body.partition("assertion=")[2].partition("&")[0]
    assert len(assertion) > 100
    secrets.assert_hidden(caught.value, key.splitlines()[1], assertion)
