"""Encrypted connections: whom we trust, who we are, and what is wrong said at once."""

from __future__ import annotations

import asyncio
import datetime
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import grpc.experimental
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, utils

from gemini_grpc import errors
from gemini_grpc.emulator import Certificates, Emulator, Fault
from gemini_grpc.rpc import tls
from tests.authority import DAY, Authority, Issued
from tests.colours import Async, Sync

MODEL = "models/gemini-3.8-flash"
KEY = {"api_key": "k"}


@pytest.fixture(autouse=True)
def use_certificates(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let clients use the certificates they are given."""
    monkeypatch.setenv("GOOGLE_API_USE_CLIENT_CERTIFICATE", "true")


@pytest.fixture(scope="module")
def clients() -> Authority:
    """Return who vouches for clients."""
    return Authority("an authority for clients")


@pytest.fixture(scope="module")
def secure(authority: Authority) -> Iterator[Emulator]:
    with Emulator(tls=True, certificates=authority.server()) as running:
        yield running


@pytest.fixture(scope="module")
def mutual(authority: Authority, clients: Authority) -> Iterator[Emulator]:
    with Emulator(mtls=True, certificates=authority.server(clients=clients)) as running:
        yield running


@pytest.fixture
def model(colour: Sync, connect: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function that calls an emulator, with the policy that a user gets."""

    def get(to: Emulator | str, **options: Any) -> Any:
        target = to if isinstance(to, str) else to.target
        client = connect(service="ModelService", **KEY | {"api_endpoint": target} | options)
        return colour.call(client.get_model, name=MODEL, timeout=20.0)

    return get


def refused(get: Callable[[], Any]) -> errors.TlsError:
    """Return the error of a call that TLS ends at once."""
    started = time.monotonic()
    with pytest.raises(errors.TlsError) as caught:
        get()
    assert time.monotonic() - started < 4
    assert caught.value.attempts == 1
    assert isinstance(caught.value, errors.Unavailable)
    return caught.value


# whom we trust


@pytest.mark.parametrize("form", [bytes, str, Path])
def test_a_private_authority_is_trusted(
    model: Callable[..., Any], secure: Emulator, ca: Path, form: type
) -> None:
    given = ca.read_bytes() if form is bytes else form(ca)
    assert model(secure, ca_certificates=given).name == MODEL


@pytest.mark.parametrize("name", tls.ROOTS)
def test_each_variable_names_the_trust_roots(
    monkeypatch: pytest.MonkeyPatch,
    model: Callable[..., Any],
    secure: Emulator,
    ca: Path,
    name: str,
) -> None:
    monkeypatch.setenv(name, str(ca))
    assert model(secure).name == MODEL


def test_the_first_variable_wins(ca: Path, tmp_path: Path) -> None:
    other = Authority("another").write(tmp_path)
    first, second, third = tls.ROOTS
    variables = {first: str(ca), second: str(other), third: str(other)}
    assert tls.trust_roots(None, variables) == ca.read_bytes()
    assert tls.trust_roots(other, variables) == other.read_bytes()
    assert tls.trust_roots(None, {}) is None


def test_an_unknown_authority_ends_the_call_at_once(
    model: Callable[..., Any], secure: Emulator
) -> None:
    error = refused(lambda: model(secure, ca_certificates=Authority("another").ca))
    assert error.method.endswith("/GetModel")
    assert error.endpoint == secure.target


def test_without_the_private_authority_it_is_not_trusted(
    model: Callable[..., Any], secure: Emulator
) -> None:
    refused(lambda: model(secure))


@pytest.mark.parametrize(
    "wrong",
    [{"until": -DAY}, {"hosts": ("example.com",)}, {"hosts": ()}],
    ids=["expired", "another host", "no host"],
)
def test_a_certificate_of_the_server_that_is_wrong_ends_the_call_at_once(
    model: Callable[..., Any], authority: Authority, wrong: dict[str, Any]
) -> None:
    with Emulator(tls=True, certificates=authority.server(**wrong)) as emulator:
        refused(lambda: model(emulator, ca_certificates=authority.ca))


def test_a_stream_ends_at_once_as_well(
    colour: Sync, connect: Callable[..., Any], secure: Emulator
) -> None:
    other = Authority("another").ca
    client = connect(api_endpoint=secure.target, ca_certificates=other, **KEY)
    contents = [{"parts": [{"text": "hi"}]}]
    refused(
        lambda: colour.drain(
            colour.call(client.stream_generate_content, model=MODEL, contents=contents)
        )
    )


def test_a_server_without_tls_is_no_success(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator, authority: Authority
) -> None:
    options = {"api_endpoint": emulator.target, "ca_certificates": authority.ca}
    client = connect(service="ModelService", **KEY | options)
    with pytest.raises(errors.Unavailable):
        colour.call(client.get_model, name=MODEL, timeout=1.0)
    assert len(emulator.journal) == 0


def test_a_bundle_that_is_damaged_is_refused_when_the_client_is_made(
    connect: Callable[..., Any],
) -> None:
    damaged = b"-----BEGIN CERTIFICATE-----\nbm90aGluZw==\n-----END CERTIFICATE-----\n"
    with pytest.raises(errors.ArgumentError, match="ca_certificates"):
        connect(service="ModelService", ca_certificates=damaged, **KEY)


# who we are


def test_a_certificate_of_the_client_is_shown(
    model: Callable[..., Any], mutual: Emulator, authority: Authority, clients: Authority
) -> None:
    mine = clients.issue("my workload")
    assert model(mutual, ca_certificates=authority.ca, client_cert_source=mine.source)
    assert mutual.journal[-1].attempts[0].client_certificate == "my workload"


def test_a_client_without_a_certificate_gets_nothing(
    colour: Sync, connect: Callable[..., Any], mutual: Emulator, authority: Authority
) -> None:
    mutual.reset_journal()
    options = {"api_endpoint": mutual.target, "ca_certificates": authority.ca}
    client = connect(service="ModelService", **KEY | options)
    with pytest.raises(errors.Unavailable):
        colour.call(client.get_model, name=MODEL, timeout=0.5)
    assert len(mutual.journal) == 0


def encrypted_source(issued: Issued, directory: Path) -> tls.EncryptedCertSource:
    certificate, key = directory / "client.pem", directory / "client-key.pem"
    certificate.write_bytes(issued.certificate)
    key.write_bytes(issued.encrypted(b"open sesame"))
    return lambda: (str(certificate), str(key), b"open sesame")


def test_an_encrypted_key_is_decrypted(
    model: Callable[..., Any],
    mutual: Emulator,
    authority: Authority,
    clients: Authority,
    tmp_path: Path,
) -> None:
    source = encrypted_source(clients.issue("encrypted"), tmp_path)
    assert model(mutual, ca_certificates=authority.ca, client_encrypted_cert_source=source)
    assert mutual.journal[-1].attempts[0].client_certificate == "encrypted"


def test_the_certificate_configuration_of_a_workload_is_used(
    monkeypatch: pytest.MonkeyPatch,
    model: Callable[..., Any],
    mutual: Emulator,
    authority: Authority,
    clients: Authority,
    tmp_path: Path,
) -> None:
    mine = clients.issue("configured")
    (tmp_path / "cert.pem").write_bytes(mine.certificate)
    (tmp_path / "key.pem").write_bytes(mine.key)
    config = tmp_path / "certificate_config.json"
    config.write_text(
        f'{{"cert_configs": {{"workload": {{"cert_path": "{tmp_path / "cert.pem"}", '
        f'"key_path": "{tmp_path / "key.pem"}"}}}}}}'
    )
    monkeypatch.setenv("GOOGLE_API_CERTIFICATE_CONFIG", str(config))
    assert model(mutual, ca_certificates=authority.ca)
    assert mutual.journal[-1].attempts[0].client_certificate == "configured"


def wrong_sources(clients: Authority) -> dict[str, Callable[[], tuple[bytes, bytes]]]:
    good, expired = clients.issue("good"), clients.issue("old", until=-DAY)
    return {
        "does not belong to the client certificate of CN=good": lambda: (
            good.certificate,
            clients.issue("other").key,
        ),
        "CN=old has expired on": expired.source,
        "is not PEM": lambda: (b"nothing", good.key),
        "not PEM, or the key is encrypted": lambda: (good.certificate, good.encrypted(b"x")),
    }


@pytest.mark.parametrize("text", list(wrong_sources(Authority())))
def test_a_certificate_that_cannot_work_is_refused_when_the_client_is_made(
    connect: Callable[..., Any], clients: Authority, text: str
) -> None:
    source = wrong_sources(clients)[text]
    with pytest.raises(errors.ArgumentError, match=text):
        connect(service="ModelService", client_cert_source=source, **KEY)


def test_a_certificate_that_is_not_valid_yet_is_refused(clients: Authority) -> None:
    past = datetime.datetime.now(datetime.UTC) - 100 * DAY
    with pytest.raises(errors.ArgumentError, match="CN=early is not valid before"):
        tls.identity(clients.issue("early").source, now=past)


@pytest.mark.parametrize("broken", ["passphrase", "key", "certificate"])
def test_an_encrypted_source_that_cannot_be_read_is_refused(
    connect: Callable[..., Any], clients: Authority, tmp_path: Path, broken: str
) -> None:
    certificate, key, passphrase = encrypted_source(clients.issue(), tmp_path)()
    answers = {
        "passphrase": (certificate, key, b"wrong"),
        "key": (certificate, str(tmp_path / "none"), passphrase),
        "certificate": (str(tmp_path / "none"), key, passphrase),
    }
    with pytest.raises(errors.ArgumentError, match="client_encrypted_cert_source") as caught:
        connect(
            service="ModelService",
            client_encrypted_cert_source=lambda: answers[broken],
            **KEY,
        )
    assert "sesame" not in str(caught.value)


def test_a_key_is_not_shown(clients: Authority) -> None:
    found = tls.identity(clients.issue().source)
    assert "PRIVATE" not in repr(found)
    assert "CERTIFICATE" not in repr(found)


# rotation


class Rotating:
    """A source whose certificate is replaced from time to time."""

    def __init__(self, issued: Issued) -> None:
        self.issued = issued
        self.asked = 0

    def __call__(self) -> tuple[bytes, bytes]:
        self.asked += 1
        return self.issued.source()


def test_a_rotated_certificate_is_picked_up(
    colour: Sync, connect: Callable[..., Any], authority: Authority
) -> None:
    old, new = Authority("old"), Authority("new")
    source = Rotating(old.issue("before"))
    with Emulator(mtls=True, certificates=authority.server(clients=old)) as first:
        port = int(first.target.rpartition(":")[2])
        options = {"ca_certificates": authority.ca, "client_cert_source": source}
        client = connect(service="ModelService", api_endpoint=first.target, **KEY, **options)
        assert colour.call(client.get_model, name=MODEL)
        assert first.journal[0].attempts[0].client_certificate == "before"
    source.issued = new.issue("after")
    certificates = authority.server(clients=new)
    with Emulator(mtls=True, certificates=certificates, port=port) as second:
        assert colour.call(client.get_model, name=MODEL, timeout=20.0)
        assert second.journal[0].attempts[0].client_certificate == "after"


@pytest.fixture
def rotating(
    connect: Callable[..., Any], mutual: Emulator, authority: Authority, clients: Authority
) -> Iterator[tuple[Any, Any, Rotating]]:
    """Return two clients of one channel, and the source of its certificate."""
    mutual.reset_journal()
    source = Rotating(clients.issue("first"))
    options = {"ca_certificates": authority.ca, "client_cert_source": source}
    generative = connect(api_endpoint=mutual.target, **KEY, **options)
    retriever = connect(service="RetrieverService", arguments={"channel": generative.transport})
    yield generative, retriever, source
    mutual.clear_scripts()


def test_a_rotation_does_not_repeat_what_may_not_be_repeated(
    colour: Sync, mutual: Emulator, clients: Authority, rotating: tuple[Any, Any, Rotating]
) -> None:
    _, retriever, source = rotating
    fault = Fault("UNAVAILABLE")
    mutual.script("CreateCorpus", [fault])
    source.issued = clients.issue("second")
    with pytest.raises(errors.Unavailable):
        colour.call(retriever.create_corpus, corpus={"display_name": "once"})
    assert fault.fired == 1
    assert [len(call.attempts) for call in mutual.journal.calls("CreateCorpus")] == [1]


def test_a_rotation_does_not_end_the_calls_that_are_running(
    colour: Sync, mutual: Emulator, clients: Authority, rotating: tuple[Any, Any, Rotating]
) -> None:
    generative, _, source = rotating
    contents = [{"parts": [{"text": "tell me a long story"}]}]
    mutual.script("StreamGenerateContent", [Fault(delay=0.3)])
    mutual.script("CountTokens", [Fault("UNAVAILABLE")])
    running = colour.start(generative.stream_generate_content, model=MODEL, contents=contents)
    while not mutual.journal.calls("StreamGenerateContent"):
        time.sleep(0.001)
    source.issued = clients.issue("second")
    assert colour.call(generative.count_tokens, model=MODEL, contents=contents).total_tokens
    assert colour.drain(running.result(10))
    assert len(mutual.journal.calls("StreamGenerateContent")[0].attempts) == 1


async def test_a_rotated_certificate_is_picked_up_in_every_loop(authority: Authority) -> None:
    from gemini_grpc.v1beta import ModelServiceAsyncClient

    old, new = Authority("old"), Authority("new")
    source = Rotating(old.issue("before"))
    other = Async()
    with Emulator(mtls=True, certificates=authority.server(clients=old)) as first:
        port = int(first.target.rpartition(":")[2])
        options = {
            "api_endpoint": first.target,
            "ca_certificates": authority.ca,
            "client_cert_source": source,
        }
        client = ModelServiceAsyncClient(client_options=KEY | options)
        assert await client.get_model(name=MODEL)
        assert other.call(client.get_model, name=MODEL)
    source.issued = new.issue("after")
    certificates = authority.server(clients=new)
    with Emulator(mtls=True, certificates=certificates, port=port) as second:
        assert await client.get_model(name=MODEL, timeout=5.0)
        assert await asyncio.to_thread(other.call, client.get_model, name=MODEL, timeout=5.0)
        shown = {call.attempts[0].client_certificate for call in second.journal}
        assert shown == {"after"}
    await client.close()
    other.end()


# a key that stays where it is


@pytest.mark.skipif(
    not hasattr(grpc.experimental, "ssl_channel_credentials_with_custom_signer"),
    reason="this grpcio takes no signer",
)
def test_a_key_may_stay_outside(
    model: Callable[..., Any], mutual: Emulator, authority: Authority, clients: Authority
) -> None:
    mine = clients.issue("signed elsewhere")
    signed: list[int] = []

    def sign(data: bytes, algorithm: object, done: object) -> bytes:
        signed.append(len(data))
        digest = hashes.Hash(hashes.SHA256())
        digest.update(data)
        return mine.private.sign(digest.finalize(), ec.ECDSA(utils.Prehashed(hashes.SHA256())))

    signer = tls.Signer(mine.certificate, sign)
    assert model(mutual, ca_certificates=authority.ca, client_cert_signer=signer)
    assert signed
    assert mutual.journal[-1].attempts[0].client_certificate == "signed elsewhere"


def test_a_signer_needs_a_grpcio_that_has_it(
    monkeypatch: pytest.MonkeyPatch, model: Callable[..., Any], clients: Authority
) -> None:
    name = "ssl_channel_credentials_with_custom_signer"
    monkeypatch.delattr(grpc.experimental, name, raising=False)
    signer = tls.Signer(clients.issue().certificate, lambda *_: b"")
    with pytest.raises(errors.ArgumentError, match="client_cert_signer needs a newer grpcio"):
        model("example.com:1", client_cert_signer=signer)


def test_the_certificates_of_the_emulator_work(model: Callable[..., Any]) -> None:
    certificates = Certificates.make()
    source = (certificates.client, certificates.client_key)
    with Emulator(mtls=True, certificates=certificates) as emulator:
        assert model(emulator, ca_certificates=certificates.ca, client_cert_source=lambda: source)
