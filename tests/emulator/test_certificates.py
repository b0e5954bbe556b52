from __future__ import annotations

import datetime
import socket
import ssl
import threading
from collections.abc import Iterator
from pathlib import Path

import grpc
import pytest
from cryptography import x509

from gemini_grpc import errors
from gemini_grpc.emulator import Certificates, Emulator
from gemini_grpc.emulator.certificates import CLIENT_NAME
from gemini_grpc.rpc.codec import pb_class
from gemini_grpc.v1beta import types

PATH = "/google.ai.generativelanguage.v1beta.ModelService/GetModel"


def call(emulator: Emulator, **credentials: bytes | None) -> str:
    """Call with a channel of grpcio, so that nothing but the emulator is tested."""
    secured = grpc.ssl_channel_credentials(**credentials)
    with grpc.secure_channel(emulator.target, secured) as channel:
        get = channel.unary_unary(PATH, None, pb_class(types.Model).FromString)
        request = pb_class(types.GetModelRequest)(name="models/gemini-3.8-flash")
        return get(request.SerializeToString(), timeout=5.0).name


@pytest.fixture(scope="module")
def certificates() -> Certificates:
    return Certificates.make()


@pytest.fixture
def mutual(certificates: Certificates) -> Iterator[Emulator]:
    with Emulator(mtls=True, certificates=certificates) as running:
        yield running


def test_tls_is_trusted_with_the_ca_alone():
    with Emulator(tls=True) as emulator:
        assert call(emulator, root_certificates=emulator.certificates.ca)
        with pytest.raises(grpc.RpcError) as caught:
            call(emulator, root_certificates=Certificates.make().ca)
        assert caught.value.code() is grpc.StatusCode.UNAVAILABLE
        assert emulator.journal[0].attempts[0].client_certificate is None


def test_mutual_tls_reports_the_client(mutual, certificates):
    assert call(
        mutual,
        root_certificates=certificates.ca,
        private_key=certificates.client_key,
        certificate_chain=certificates.client,
    )
    assert mutual.journal[0].attempts[0].client_certificate == CLIENT_NAME


def test_mutual_tls_refuses_a_client_without_a_certificate(mutual, certificates):
    with pytest.raises(grpc.RpcError):
        call(mutual, root_certificates=certificates.ca)
    assert len(mutual.journal) == 0


def test_mutual_tls_refuses_the_certificate_of_another_authority(mutual, certificates):
    other = Certificates.make()
    with pytest.raises(grpc.RpcError):
        call(
            mutual,
            root_certificates=certificates.ca,
            private_key=other.client_key,
            certificate_chain=other.client,
        )


def test_certificates_are_for_loopback_and_short_lived(certificates):
    server = x509.load_pem_x509_certificate(certificates.server)
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == ["localhost"]
    assert {str(address) for address in names.get_values_for_type(x509.IPAddress)} == {
        "127.0.0.1",
        "::1",
    }
    life = server.not_valid_after_utc - server.not_valid_before_utc
    assert life < datetime.timedelta(days=32)


def test_certificates_are_good_by_the_strict_rules_of_python_3_13(certificates, tmp_path):
    """`ssl.create_default_context` checks the extensions of RFC 5280 from 3.13 on."""
    certificates.write(tmp_path, client=True)
    (tmp_path / "server.pem").write_bytes(certificates.server)
    (tmp_path / "server-key.pem").write_bytes(certificates.server_key)
    server = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=tmp_path / "ca.pem")
    server.load_cert_chain(tmp_path / "server.pem", tmp_path / "server-key.pem")
    server.verify_mode = ssl.CERT_REQUIRED
    client = ssl.create_default_context(cafile=tmp_path / "ca.pem")
    client.load_cert_chain(tmp_path / "client.pem", tmp_path / "client-key.pem")
    for context in (server, client):
        context.verify_flags |= ssl.VERIFY_X509_STRICT
    near, far = socket.socketpair()

    def serve() -> None:
        with server.wrap_socket(far, server_side=True) as wrapped:
            wrapped.sendall(dict(wrapped.getpeercert()["subject"][0])["commonName"].encode())

    serving = threading.Thread(target=serve)
    serving.start()
    with client.wrap_socket(near, server_hostname="localhost") as wrapped:
        name = wrapped.recv(100)
    serving.join()
    assert name.decode() == CLIENT_NAME


def test_a_host_with_a_name_is_in_the_certificate():
    server = x509.load_pem_x509_certificate(Certificates.make("build.example").server)
    names = server.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert "build.example" in names.get_values_for_type(x509.DNSName)


def test_keys_are_not_shown(certificates):
    assert "PRIVATE" not in repr(certificates)


@pytest.fixture
def files(certificates: Certificates, tmp_path: Path) -> dict[str, Path]:
    contents = {
        "server.pem": certificates.server,
        "key.pem": certificates.server_key,
        "ca.pem": certificates.ca,
        "other.pem": certificates.client_key,
        "empty.pem": b"",
    }
    for name, data in contents.items():
        (tmp_path / name).write_bytes(data)
    return {name.removesuffix(".pem"): tmp_path / name for name in contents}


def test_certificates_are_read_from_files(files, certificates):
    read = Certificates.read(files["server"], files["key"], ca=files["ca"])
    assert (read.ca, read.server, read.server_key) == (
        certificates.ca,
        certificates.server,
        certificates.server_key,
    )


@pytest.mark.parametrize(
    ("certificate", "key", "ca", "text"),
    [
        ("server", "other", None, "not a certificate and its key"),
        ("empty", "key", None, "not a certificate and its key"),
        ("server", "missing", None, "cannot be read: No such file"),
        ("server", "key", "empty", "has no certificate in PEM"),
    ],
)
def test_files_that_cannot_be_used_are_named(files, tmp_path, certificate, key, ca, text):
    files = {**files, "missing": tmp_path / "missing.pem", None: None}
    with pytest.raises(errors.ArgumentError, match=text):
        Certificates.read(files[certificate], files[key], ca=files[ca])


def test_what_a_client_needs_is_written(certificates, tmp_path):
    path = certificates.write(tmp_path / "new", client=True)
    assert path.read_bytes() == certificates.ca
    assert (path.parent / "client.pem").read_bytes() == certificates.client
    assert (path.parent / "client-key.pem").stat().st_mode & 0o777 == 0o600


def test_an_emulator_without_tls_has_no_certificates(emulator):
    with pytest.raises(errors.ArgumentError, match="without tls=True"):
        assert emulator.certificates
    with pytest.raises(errors.ArgumentError, match="with tls=True or mtls=True only"):
        Emulator(certificates=Certificates(b"", b"", b""))


def test_without_cryptography_the_extra_is_named(monkeypatch):
    monkeypatch.setitem(
        __import__("sys").modules, "cryptography.hazmat.primitives.asymmetric", None
    )
    with pytest.raises(errors.ArgumentError, match=r"gemini-grpc\[emulator\]"):
        Certificates.make()
