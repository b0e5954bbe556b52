"""Decide where a call goes: the host and port, and whether the connection is encrypted.

The rules are those of AIP-4114, in this order:

1. an `api_endpoint` is used as it is; nobody guesses from it whether to use mTLS;
2. `GOOGLE_API_USE_MTLS_ENDPOINT` is `always`, or `auto` (the default) and there is a client certificate:
   the mTLS name of the service;
3. the service's name in the universe domain, `googleapis.com` unless told otherwise.
"""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from gemini_grpc.errors import ArgumentError

PLAINTEXT = "http://"
"""What an `api_endpoint` starts with to ask for a connection without TLS; loopback only."""

UNIVERSE = "googleapis.com"
"""The universe domain when nothing is said."""

_MULTI_REGIONS = frozenset({"us", "eu"})


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The address of a service."""

    target: str
    """`host:port`, as gRPC takes it."""
    plaintext: bool
    """The connection is not encrypted."""

    @property
    def host(self) -> str:
        """The host without the port."""
        return self.target.rpartition(":")[0].strip("[]")


def choose(
    default_host: str,
    *,
    api_endpoint: str | None = None,
    universe: str = UNIVERSE,
    use_mtls: str = "auto",
    has_certificate: bool = False,
) -> Endpoint:
    """Return the endpoint of the service at `default_host` for the given options and environment.

    Raises:
        ArgumentError: An option is not an address, or mTLS is asked for where there is none.
    """
    if use_mtls not in {"auto", "always", "never"}:
        raise ArgumentError(
            f"GOOGLE_API_USE_MTLS_ENDPOINT is {use_mtls!r}; expected `never`, `auto` or `always`"
        )
    if not universe.strip():
        raise ArgumentError("universe_domain is empty; leave it out for googleapis.com")
    if api_endpoint:
        return parse(api_endpoint)
    if use_mtls == "always" or (use_mtls == "auto" and has_certificate):
        if universe != UNIVERSE:
            raise ArgumentError(
                f"mTLS is not supported in any universe other than {UNIVERSE}, and the universe "
                f"domain is {universe!r}; set GOOGLE_API_USE_MTLS_ENDPOINT=never"
            )
        return parse(mtls_host(default_host))
    return parse(default_host.replace(UNIVERSE, universe.strip()))


def mtls_host(host: str) -> str:
    """Return the mTLS name of a host of Google; other hosts, and those that have none, unchanged."""
    name, dot, port = host.partition(":")
    labels = name.split(".")
    if "mtls" in labels or "rep" in labels:  # the `.rep.` hosts of multi-regions have no mTLS name
        return host
    for suffix in (".sandbox.googleapis.com", ".googleapis.com"):
        if name.endswith(suffix):
            return f"{name.removesuffix(suffix)}.mtls{suffix}{dot}{port}"
    return host


def vertex_host(location: str) -> str:
    """Return the host of Vertex AI for a location: `global`, a multi-region, or a region."""
    if location in {"", "global"}:
        return "aiplatform.googleapis.com"
    if location in _MULTI_REGIONS:
        return f"aiplatform.{location}.rep.googleapis.com"
    return f"{location}-aiplatform.googleapis.com"


def parse(api_endpoint: str) -> Endpoint:
    """Read an `api_endpoint`: `host`, `host:port`, `https://host`, or `http://` and a loopback host.

    Raises:
        ArgumentError: There is a path, the port is none, or plaintext would leave this machine.
    """
    plaintext = api_endpoint.startswith(PLAINTEXT)
    address = api_endpoint.removeprefix(PLAINTEXT).removeprefix("https://").rstrip("/")
    host, colon, port = address.rpartition(":")
    if not colon or address.endswith("]"):
        host, port = address, "80" if plaintext else "443"
    if not host or "/" in host or not port.isdigit() or not 0 < int(port) < 65536:
        raise ArgumentError(
            f"api_endpoint {api_endpoint!r} is not an address; expected host, host:port or "
            "http://127.0.0.1:port"
        )
    if plaintext and not is_loopback(host):
        raise ArgumentError(
            f"api_endpoint {api_endpoint!r} asks for plaintext to another machine; http:// is for "
            "loopback addresses only, leave it out to use TLS"
        )
    return Endpoint(f"{host}:{port}", plaintext)


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine's loopback interface, by its name or address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
