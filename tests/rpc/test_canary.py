"""Planted secrets turn up nowhere: not in logs, errors, reprs, pickles or the journal."""

from __future__ import annotations

import copy
import dataclasses
import io
import json
import logging
import pickle
import traceback
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from google.oauth2 import credentials as user_credentials

from gemini_grpc import ClientOptions, errors
from gemini_grpc.emulator import Authentication, Emulator, Fault
from gemini_grpc.rpc import options as settings
from gemini_grpc.rpc.secret import Secret
from tests.authority import Authority

if TYPE_CHECKING:
    from tests.colours import Sync

API_KEY = "AIza-canary-0123456789-key"
TOKEN = "ya29.canary-0123456789-token"
REFRESH = "1//canary-0123456789-refresh"
CLIENT_SECRET = "GOCSPX-canary-0123456789"
PASSWORD = "canary-0123456789-password"
PASSPHRASE = "canary-0123456789-passphrase"
MODEL = "models/gemini-3.8-flash"
PROMPT = "canary-0123456789-prompt"
CONTENTS = [{"parts": [{"text": PROMPT}]}]


@pytest.fixture(autouse=True)
def use_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let clients use the certificates they are given."""
    monkeypatch.setenv("GOOGLE_API_USE_CLIENT_CERTIFICATE", "true")


@pytest.fixture(scope="module")
def private() -> str:
    made = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    return made.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


@pytest.fixture
def info(private: str) -> dict[str, str]:
    return {
        "type": "service_account",
        "private_key_id": "key-1",
        "private_key": private,
        "client_email": "tester@project.iam.gserviceaccount.com",
        "token_uri": "https://oauth2.invalid/token",
    }


@pytest.fixture
def secrets(private: str) -> list[str]:
    lines = [line for line in private.splitlines() if "KEY" not in line]
    return [API_KEY, TOKEN, REFRESH, CLIENT_SECRET, PASSWORD, PASSPHRASE, lines[1], lines[-2]]


@pytest.fixture
def logs() -> Iterator[io.StringIO]:
    """Return everything that is logged, by anybody, at any level."""
    text = io.StringIO()
    handler = logging.StreamHandler(text)
    handler.setFormatter(logging.Formatter("%(name)s %(levelname)s %(message)s %(args)s"))
    root = logging.getLogger()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    yield text
    root.removeHandler(handler)
    root.setLevel(level)


@pytest.fixture
def scan(secrets: list[str], logs: io.StringIO) -> Callable[..., None]:
    """Return a function that looks for the secrets in texts and in the log."""

    def look(*texts: object) -> None:
        for text in [*texts, logs.getvalue()]:
            shown = text if isinstance(text, bytes) else str(text).encode()
            for secret in secrets:
                assert secret.encode() not in shown

    return look


def chain(error: BaseException | None) -> list[str]:
    """Return everything an error and its causes say; what they are passed in is not looked at."""
    shown: list[str] = []
    while error is not None:
        shown += [str(error), repr(error), repr(error.args), repr(vars(error))]
        shown += traceback.format_exception(error)
        error = error.__cause__ or error.__context__
    return shown


def pickled(value: object) -> bytes:
    """Return what pickling gives; nothing if it is refused."""
    try:
        return pickle.dumps(value)
    except (TypeError, AttributeError, pickle.PicklingError):
        return b""


def held(client: Any) -> list[object]:
    """Return what a client shows of itself and of what it holds."""
    channel = client.transport
    made = channel.settings
    shown: list[object] = [f"{part} {part!r} {part!s}" for part in (client, channel, made)]
    shown += [pickled(part) for part in (client, channel, made)]
    return shown


def failed(colour: Sync, function: Callable[..., Any], *args: Any, **more: Any) -> list[str]:
    with pytest.raises(errors.GeminiError) as caught:
        colour.call(function, *args, **more)
    return [*chain(caught.value), str(pickled(caught.value))]


def test_a_key_does_not_show(
    colour: Sync,
    connect: Callable[..., Any],
    emulator: Emulator,
    scan: Callable[..., None],
    logs: io.StringIO,
) -> None:
    client = connect(emulator, api_key=API_KEY, timeout=5.0)
    emulator.script(
        "GenerateContent", [Fault("UNAVAILABLE", times=1), Fault("INTERNAL"), Fault(malformed=True)]
    )
    shown: list[object] = [repr(client)]
    for _ in range(2):
        shown += failed(colour, client.generate_content, model=MODEL, contents=CONTENTS)
    colour.call(client.generate_content, model=MODEL, contents=CONTENTS)
    scan(*shown, *held(client), repr(emulator.journal))
    assert PROMPT not in logs.getvalue()
    assert not any(PROMPT in str(each) for each in shown)


def test_a_wrong_key_does_not_show(
    colour: Sync, connect: Callable[..., Any], scan: Callable[..., None]
) -> None:
    with Emulator(authentication=Authentication(api_keys=["right"])) as emulator:
        client = connect(emulator, api_key=API_KEY)
        shown = failed(colour, client.generate_content, model=MODEL, contents=CONTENTS)
        scan(*shown, repr(emulator.journal))


def test_a_token_does_not_show(
    colour: Sync, connect: Callable[..., Any], authority: Authority, scan: Callable[..., None]
) -> None:
    authentication = Authentication(bearer_tokens=[TOKEN, "other"])
    certificates = authority.server()
    with Emulator(tls=True, certificates=certificates, authentication=authentication) as emulator:
        credentials = user_credentials.Credentials(  # type: ignore[no-untyped-call]
            TOKEN, refresh_token=REFRESH, client_secret=CLIENT_SECRET, client_id="id"
        )
        client = connect(
            api_endpoint=emulator.target,
            ca_certificates=authority.ca,
            arguments={"credentials": credentials},
        )
        colour.call(client.generate_content, model=MODEL, contents=CONTENTS)
        emulator.script("GenerateContent", [Fault("PERMISSION_DENIED")])
        shown = failed(colour, client.generate_content, model=MODEL, contents=CONTENTS)
        scan(*shown, *held(client), repr(emulator.journal))


def test_a_refresh_that_fails_does_not_show_what_was_sent(
    colour: Sync, connect: Callable[..., Any], authority: Authority, scan: Callable[..., None]
) -> None:
    credentials = user_credentials.Credentials(  # type: ignore[no-untyped-call]
        None,
        refresh_token=REFRESH,
        client_secret=CLIENT_SECRET,
        client_id="id",
        token_uri="http://127.0.0.1:1/token",
    )
    client = connect(arguments={"credentials": credentials}, ca_certificates=authority.ca)
    more: dict[str, Any] = {"model": MODEL, "contents": CONTENTS, "retry": None, "timeout": 1.0}
    scan(*failed(colour, client.generate_content, **more), *held(client))


def test_the_key_of_a_service_account_does_not_show(
    colour: Sync,
    connect: Callable[..., Any],
    authority: Authority,
    scan: Callable[..., None],
    info: dict[str, str],
    tmp_path: Path,
) -> None:
    with Emulator(tls=True, certificates=authority.server()) as emulator:
        options = {"api_endpoint": emulator.target, "ca_certificates": authority.ca}
        client = colour.cls().from_service_account_info(info, client_options=options)
        colour.call(client.generate_content, model=MODEL, contents=CONTENTS)
        (attempt,) = emulator.journal[0].attempts
        assert dict(attempt.metadata)["authorization"] == "***"
        scan(*held(client), repr(emulator.journal))
        colour.call(client.close)
    path = tmp_path / "account.json"
    for broken in (
        info | {"private_key": info["private_key"][:-200]},
        {key: value for key, value in info.items() if key != "client_email"},
    ):
        path.write_text(json.dumps(broken))
        with pytest.raises(errors.CredentialsError) as caught:
            colour.cls().from_service_account_file(str(path))
        scan(*chain(caught.value))
        with pytest.raises(errors.CredentialsError) as caught:
            colour.cls().from_service_account_info(broken)
        scan(*chain(caught.value))


def test_a_tls_handshake_that_fails_shows_nothing(
    colour: Sync, connect: Callable[..., Any], authority: Authority, scan: Callable[..., None]
) -> None:
    with Emulator(tls=True, certificates=authority.server()) as emulator:
        other = Authority("another").ca
        client = connect(api_endpoint=emulator.target, ca_certificates=other, api_key=API_KEY)
        scan(*failed(colour, client.generate_content, model=MODEL, contents=CONTENTS))


@pytest.mark.parametrize("key", [API_KEY, Secret(API_KEY)], ids=["text", "secret"])
def test_options_and_settings_do_not_show_the_key(
    scan: Callable[..., None], key: str | Secret
) -> None:
    options = ClientOptions(api_key=key)
    made = settings.resolve(options, "example.com")
    for value in (options, made):
        scan(str(value), f"{value}", pickled(value), repr([value]))


def test_copying_options_keeps_them(scan: Callable[..., None]) -> None:
    options = ClientOptions(api_endpoint="example.com", timeout=3.0)
    assert pickle.loads(pickle.dumps(options)) == options
    assert copy.deepcopy(options) == options
    assert dataclasses.replace(options, timeout=4.0).timeout == 4.0


def test_the_password_of_a_proxy_does_not_show(
    colour: Sync, connect: Callable[..., Any], scan: Callable[..., None], authority: Authority
) -> None:
    proxy = f"http://user:{PASSWORD}@127.0.0.1:1"
    options = ClientOptions(api_key=API_KEY, proxy=proxy)
    made = settings.resolve(options, "example.com")
    scan(repr(options), repr(made))
    client = connect(
        api_endpoint="example.com", api_key=API_KEY, proxy=proxy, ca_certificates=authority.ca
    )
    shown = failed(
        colour, client.generate_content, model=MODEL, contents=CONTENTS, retry=None, timeout=3.0
    )
    scan(*shown, *held(client))


def test_the_client_certificate_shows_neither_key_nor_passphrase(
    connect: Callable[..., Any], scan: Callable[..., None], tmp_path: Path, secrets: list[str]
) -> None:
    issued = Authority().issue("client")
    certificate, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    certificate.write_bytes(issued.certificate)
    key.write_bytes(issued.encrypted(PASSPHRASE.encode()))
    secrets.append(issued.key.decode().splitlines()[1])
    given = (str(certificate), str(key), PASSPHRASE.encode())
    client = connect(api_key=API_KEY, client_encrypted_cert_source=lambda: given)
    scan(*held(client), client.transport.settings.identity)
    certificate.write_bytes(Authority().issue("other").certificate)
    with pytest.raises(errors.ArgumentError) as caught:
        connect(api_key=API_KEY, client_encrypted_cert_source=lambda: given)
    scan(*chain(caught.value))


def test_the_variables_do_not_show(
    monkeypatch: pytest.MonkeyPatch, connect: Callable[..., Any], scan: Callable[..., None]
) -> None:
    monkeypatch.setenv("GOOGLE_API_KEY", API_KEY)
    monkeypatch.setenv("HTTPS_PROXY", f"socks5://user:{PASSWORD}@proxy:1")
    with pytest.raises(errors.ArgumentError) as caught:
        connect(api_key=settings.api_key())
    scan(*chain(caught.value))
