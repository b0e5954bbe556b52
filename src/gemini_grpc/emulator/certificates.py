"""The certificates of an emulator: made on the fly, or read from files.

Those made on the fly are signed by an authority of their own, whose key is thrown away: it can vouch
for nothing else. They are good for loopback addresses and a month.
"""

from __future__ import annotations

import datetime
import ipaddress
import ssl
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from gemini_grpc.errors import ArgumentError

if TYPE_CHECKING:
    from cryptography import x509
    from cryptography.hazmat.primitives.asymmetric.ec import EllipticCurvePrivateKey

CLIENT_NAME = "gemini-grpc test client"
"""The common name of the client certificate."""

_LIFE = datetime.timedelta(days=30)
_SKEW = datetime.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class Certificates:
    """The certificates of an emulator, as PEM."""

    ca: bytes
    """The authority: what a client trusts, and what client certificates are checked against."""
    server: bytes
    """The server's certificate."""
    server_key: bytes = field(repr=False)
    client: bytes = b""
    """The certificate that a client may show; empty for certificates that were read."""
    client_key: bytes = field(default=b"", repr=False)

    @classmethod
    def make(cls, host: str = "127.0.0.1") -> Certificates:
        """Return new ones for a server on a host, and a client.

        Raises:
            ArgumentError: cryptography is not installed.
        """
        try:
            from cryptography.hazmat.primitives.asymmetric import ec
        except ImportError as cause:
            raise ArgumentError(
                "TLS needs `pip install 'gemini-grpc[emulator]'` (cryptography)"
            ) from cause
        authority, server, client = (ec.generate_private_key(ec.SECP256R1()) for _ in range(3))
        return cls(
            ca=_certificate("gemini-grpc emulator authority", authority, authority),
            server=_certificate("localhost", server, authority, host=host),
            server_key=_private(server),
            client=_certificate(CLIENT_NAME, client, authority),
            client_key=_private(client),
        )

    @classmethod
    def read(
        cls, certificate: str | Path, key: str | Path, *, ca: str | Path | None = None
    ) -> Certificates:
        """Return a server's certificate and key from PEM files, and the authority of clients.

        Without `ca` the server's certificate is its own authority.

        Raises:
            ArgumentError: A file cannot be read, is no PEM, or certificate and key do not match.
        """
        texts = [_read(path) for path in (certificate, key, ca or certificate)]
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_cert_chain(certificate, key, _no_password)
        except (ssl.SSLError, ValueError) as cause:
            raise ArgumentError(
                f"{certificate} and {key} are not a certificate and its key in PEM"
            ) from cause
        try:
            ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER).load_verify_locations(ca or certificate)
        except (ssl.SSLError, ValueError) as cause:
            raise ArgumentError(f"{ca or certificate} has no certificate in PEM") from cause
        return cls(ca=texts[2], server=texts[0], server_key=texts[1])

    def write(self, directory: str | Path, *, client: bool = False) -> Path:
        """Write `ca.pem`, with `client` also `client.pem` and `client-key.pem`; return that of the CA.

        Raises:
            OSError: They cannot be written.
        """
        directory = Path(directory)
        directory.mkdir(parents=True, exist_ok=True)
        path = directory / "ca.pem"
        path.write_bytes(self.ca)
        if client and self.client:
            (directory / "client.pem").write_bytes(self.client)
            private = directory / "client-key.pem"
            private.touch(mode=0o600)
            private.write_bytes(self.client_key)
        return path


def _no_password() -> str:
    raise ValueError("the key is encrypted")


def _read(path: str | Path) -> bytes:
    try:
        return Path(path).read_bytes()
    except OSError as cause:
        raise ArgumentError(f"{path} cannot be read: {cause.strerror}") from cause


def _certificate(
    name: str, key: EllipticCurvePrivateKey, issuer: EllipticCurvePrivateKey, *, host: str = ""
) -> bytes:
    """Return a certificate for a name, signed by the authority (which signs itself).

    With a host it is a server's certificate. It has the extensions of RFC 5280, which Python 3.13 checks.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes
    from cryptography.hazmat.primitives.serialization import Encoding
    from cryptography.x509.oid import ExtendedKeyUsageOID

    authority = key is issuer
    now = datetime.datetime.now(datetime.UTC)
    builder = (
        x509.CertificateBuilder()
        .subject_name(_name(name))
        .issuer_name(_name("gemini-grpc emulator authority"))
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _SKEW)
        .not_valid_after(now + _LIFE)
        .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
        .add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(issuer.public_key()), critical=False
        )
        .add_extension(_key_usage(authority), critical=True)
    )
    if not authority:
        usage = ExtendedKeyUsageOID.SERVER_AUTH if host else ExtendedKeyUsageOID.CLIENT_AUTH
        builder = builder.add_extension(x509.ExtendedKeyUsage([usage]), critical=False)
    if host:
        names = x509.SubjectAlternativeName(_alternatives(host))
        builder = builder.add_extension(names, critical=False)
    return builder.sign(issuer, hashes.SHA256()).public_bytes(Encoding.PEM)


def _key_usage(authority: bool) -> x509.KeyUsage:
    """Return what a key may do: an authority's signs certificates, any other signs handshakes."""
    from cryptography import x509

    return x509.KeyUsage(
        digital_signature=not authority,
        key_cert_sign=authority,
        crl_sign=authority,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )


def _alternatives(host: str) -> list[x509.GeneralName]:
    from cryptography import x509

    names: list[x509.GeneralName] = [x509.DNSName("localhost")]
    addresses: list[Any] = [ipaddress.ip_address("127.0.0.1"), ipaddress.ip_address("::1")]
    try:
        addresses.append(ipaddress.ip_address(host.strip("[]")))
    except ValueError:
        names.append(x509.DNSName(host))
    return [*names, *(x509.IPAddress(address) for address in dict.fromkeys(addresses))]


def _name(name: str) -> x509.Name:
    from cryptography import x509
    from cryptography.x509.oid import NameOID

    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _private(key: EllipticCurvePrivateKey) -> bytes:
    from cryptography.hazmat.primitives.serialization import (
        Encoding,
        NoEncryption,
        PrivateFormat,
    )

    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
