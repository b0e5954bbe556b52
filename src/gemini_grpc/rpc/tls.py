"""The certificates of a connection: whom we trust, and who we are.

Everything that can be known to be wrong is found when the client is made: an unreadable or empty bundle,
a key that does not belong to its certificate, a certificate that has expired. grpc would report all of
these as UNAVAILABLE, which looks like something that passes.
"""

from __future__ import annotations

import datetime
import ssl
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gemini_grpc.errors import ArgumentError

ROOTS = ("GRPC_DEFAULT_SSL_ROOTS_FILE_PATH", "SSL_CERT_FILE", "REQUESTS_CA_BUNDLE")
"""The variables that name a bundle of trust roots, the first that is set wins; grpc reads the first only."""

CertSource = Callable[[], tuple[bytes, bytes]]
"""Returns a certificate chain and its private key, both PEM."""

EncryptedCertSource = Callable[[], tuple[str, str, bytes]]
"""Returns the paths of a certificate chain and of an encrypted private key, and the passphrase."""


@dataclass(frozen=True, slots=True)
class Signer:
    """A private key that stays where it is: a token, a TPM, another process (gRFC A107).

    Needs a grpcio that has `grpc.experimental.ssl_channel_credentials_with_custom_signer`.
    """

    certificate_chain: bytes
    """The certificate chain, PEM."""
    sign: Callable[..., Any]
    """Signs what the handshake asks for; called by grpc as it defines."""


@dataclass(frozen=True, slots=True, repr=False)
class Identity:
    """A certificate chain and its private key, both PEM; never shown."""

    certificate: bytes
    key: bytes


def trust_roots(explicit: bytes | str | Path | None, variables: Mapping[str, str]) -> bytes | None:
    """Return the PEM bundle of trust roots; None for grpc's own.

    Raises:
        ArgumentError: A bundle cannot be read or holds no certificate.
    """
    if isinstance(explicit, bytes):
        return _checked_bundle(explicit, "ca_certificates")
    if explicit is not None:
        return _read_bundle(Path(explicit), "ca_certificates")
    for name in ROOTS:
        if path := variables.get(name):
            return _read_bundle(Path(path), name)
    return None


def identity(source: CertSource, *, now: datetime.datetime | None = None) -> Identity:
    """Ask a source for the client certificate, and check it.

    Raises:
        ArgumentError: It is not PEM, has expired, or the key does not belong to it.
    """
    found = Identity(*source())
    check(found, now=now)
    return found


def decrypted(source: EncryptedCertSource) -> CertSource:
    """Return a source of the decrypted key for a source of an encrypted one."""

    def read() -> tuple[bytes, bytes]:
        from cryptography.hazmat.primitives import serialization

        certificate_path, key_path, passphrase = source()
        try:
            certificate = Path(certificate_path).read_bytes()
            key = serialization.load_pem_private_key(Path(key_path).read_bytes(), passphrase)
        except (OSError, ValueError, TypeError) as cause:
            raise ArgumentError(
                "client_encrypted_cert_source: the certificate or the key cannot be read with the "
                f"passphrase: {cause}"
            ) from cause
        pem = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        return certificate, pem

    return read


def check(found: Identity, *, now: datetime.datetime | None = None) -> None:
    """Check that a key belongs to its certificate and that the certificate is valid now.

    Raises:
        ArgumentError: It does not or is not.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import serialization

    try:
        certificate = x509.load_pem_x509_certificates(found.certificate)[0]
        key = serialization.load_pem_private_key(found.key, None)
    except (ValueError, TypeError, IndexError) as cause:
        raise ArgumentError(
            "the client certificate or its key is not PEM, or the key is encrypted"
        ) from cause
    form = (serialization.Encoding.DER, serialization.PublicFormat.SubjectPublicKeyInfo)
    if certificate.public_key().public_bytes(*form) != key.public_key().public_bytes(*form):
        raise ArgumentError(
            f"the private key does not belong to the client certificate of {_name(certificate)}"
        )
    moment = now or datetime.datetime.now(datetime.UTC)
    if moment > certificate.not_valid_after_utc:
        raise ArgumentError(
            f"the client certificate of {_name(certificate)} has expired on "
            f"{certificate.not_valid_after_utc:%Y-%m-%d %H:%M} UTC"
        )
    if moment < certificate.not_valid_before_utc:
        raise ArgumentError(
            f"the client certificate of {_name(certificate)} is not valid before "
            f"{certificate.not_valid_before_utc:%Y-%m-%d %H:%M} UTC"
        )


def _name(certificate: Any) -> str:
    return certificate.subject.rfc4514_string() or "an unnamed subject"


def _read_bundle(path: Path, origin: str) -> bytes:
    try:
        data = path.read_bytes()
    except OSError as cause:
        raise ArgumentError(f"{origin}: {path} cannot be read: {cause.strerror}") from cause
    return _checked_bundle(data, origin)


def _checked_bundle(data: bytes, origin: str) -> bytes:
    if b"-----BEGIN CERTIFICATE-----" not in data:
        raise ArgumentError(f"{origin} holds no certificate; expected a bundle of PEM certificates")
    try:
        ssl.create_default_context(cadata=data.decode("ascii", "replace"))
    except (ssl.SSLError, ValueError) as cause:
        raise ArgumentError(f"{origin} holds a certificate that is damaged: {cause}") from cause
    return data
