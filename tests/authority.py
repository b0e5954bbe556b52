"""A certificate authority for tests, which also issues what is wrong on purpose."""

from __future__ import annotations

import datetime
import ipaddress
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from gemini_grpc.emulator import Certificates

DAY = datetime.timedelta(days=1)


@dataclass(frozen=True)
class Issued:
    """A certificate and its key."""

    certificate: bytes
    private: Any

    @property
    def key(self) -> bytes:
        """The key as PEM."""
        return self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())

    def encrypted(self, passphrase: bytes) -> bytes:
        """The key as PEM that needs a passphrase."""
        protection = BestAvailableEncryption(passphrase)
        return self.private.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, protection)

    def source(self) -> tuple[bytes, bytes]:
        """Give both, as `client_cert_source` does."""
        return self.certificate, self.key


class Authority:
    """Issues certificates that its own certificate vouches for."""

    def __init__(self, name: str = "an authority for tests") -> None:
        self._name = _named(name)
        self._private = ec.generate_private_key(ec.SECP256R1())

    @cached_property
    def ca(self) -> bytes:
        """The certificate to trust."""
        return self._sign(self._name, self._private, authority=True, until=30 * DAY)

    def issue(
        self,
        name: str = "localhost",
        *,
        hosts: tuple[str, ...] = ("localhost", "127.0.0.1"),
        until: datetime.timedelta = 30 * DAY,
    ) -> Issued:
        """Issue a certificate; a negative `until` makes one that has expired."""
        private = ec.generate_private_key(ec.SECP256R1())
        return Issued(self._sign(_named(name), private, hosts=hosts, until=until), private)

    def server(self, *, clients: Authority | None = None, **options: Any) -> Certificates:
        """Return what an emulator needs; `clients` is who vouches for clients."""
        issued = self.issue(**options)
        return Certificates(
            ca=(clients or self).ca, server=issued.certificate, server_key=issued.key
        )

    def write(self, directory: Path) -> Path:
        """Write the certificate to trust to a file."""
        path = directory / "ca.pem"
        path.write_bytes(self.ca)
        return path

    def _sign(
        self,
        subject: x509.Name,
        private: ec.EllipticCurvePrivateKey,
        *,
        hosts: tuple[str, ...] = (),
        until: datetime.timedelta,
        authority: bool = False,
    ) -> bytes:
        now = datetime.datetime.now(datetime.UTC)
        identifier = x509.SubjectKeyIdentifier.from_public_key(private.public_key())
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self._private.public_key())
        builder = (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(self._name)
            .public_key(private.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 60 * DAY)
            .not_valid_after(now + until)
            .add_extension(x509.BasicConstraints(ca=authority, path_length=None), critical=True)
            .add_extension(identifier, critical=False)
            .add_extension(issuer, critical=False)
            .add_extension(_usage(authority), critical=True)
        )
        if not authority:
            roles = [ExtendedKeyUsageOID.SERVER_AUTH, ExtendedKeyUsageOID.CLIENT_AUTH]
            builder = builder.add_extension(x509.ExtendedKeyUsage(roles), critical=False)
        if hosts:
            builder = builder.add_extension(
                x509.SubjectAlternativeName([_alternative(host) for host in hosts]), critical=False
            )
        return builder.sign(self._private, hashes.SHA256()).public_bytes(Encoding.PEM)


def _usage(authority: bool) -> x509.KeyUsage:
    """Return what a key may do, as RFC 5280 wants it of an authority and of others."""
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


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _alternative(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)
