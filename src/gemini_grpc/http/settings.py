"""How HTTP connections are made: trust roots, proxies, client certificates."""

from __future__ import annotations

import ssl
import tempfile
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path


def no_proxy(host: str) -> str | None:
    """Connect directly to every host."""
    return None


@dataclass(frozen=True, slots=True)
class HttpSettings:
    """The trust roots and proxies of a client."""

    roots: bytes | None = field(default=None, repr=False)
    """Trust roots, PEM; None for those of certifi, which httpx brings."""
    proxy_for: Callable[[str], str | None] = field(default=no_proxy, repr=False)
    """Returns the URL of the proxy for a host, None to connect directly."""

    def context(self, certificate: bytes = b"", key: bytes = b"") -> ssl.SSLContext:
        """Return the TLS settings of a connection, with a client certificate (PEM) if there is one."""
        if self.roots is None:
            import httpx

            context = httpx.create_ssl_context(trust_env=False)
        else:
            context = ssl.create_default_context(cadata=self.roots.decode("ascii", "replace"))
        if certificate:
            load_certificate(context, certificate, key)
        return context


def untrusting_context() -> ssl.SSLContext:
    """Return a context that trusts no server, for connections without TLS. It costs no file access."""
    return ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)


def load_certificate(context: ssl.SSLContext, certificate: bytes, key: bytes) -> None:
    """Add a client certificate to a context. OpenSSL reads only files, so a file exists meanwhile."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "identity.pem"
        path.touch(mode=0o600)
        path.write_bytes(certificate + b"\n" + key)
        context.load_cert_chain(path)
