"""Decide where a call goes: the host and port, and whether the connection is encrypted.

The rules are those of AIP-4114, in this order:

1. an `api_endpoint` is used as it is; nobody guesses from it whether to use mTLS;
2. `GOOGLE_API_USE_MTLS_ENDPOINT` is `always`, or `auto` (the default) and there is a client certificate:
   the mTLS name of the service;
3. the service's name in the universe domain, `googleapis.com` unless told otherwise.
"""

from __future__ import annotations

import ipaddress
import re
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
    check_universe(universe)
    if api_endpoint is not None:
        return parse(api_endpoint)
    if use_mtls == "always" or (use_mtls == "auto" and has_certificate):
        if universe.lower() != UNIVERSE:
            raise ArgumentError(
                f"mTLS is not supported in any universe other than {UNIVERSE}, and the universe "
                f"domain is {universe!r}; set GOOGLE_API_USE_MTLS_ENDPOINT=never"
            )
        return parse(mtls_host(default_host))
    return parse(default_host.replace(UNIVERSE, universe.strip()))


def check_universe(domain: str, origin: str = "universe_domain") -> None:
    """Refuse a universe domain that cannot be part of the name of a host.

    Raises:
        ArgumentError: It is empty or no domain.
    """
    if not domain.strip():
        raise ArgumentError(f"{origin} is empty; leave it out for {UNIVERSE}")
    if _NAME.fullmatch(domain.strip()) is None:
        raise ArgumentError(f"{origin} is {shown(domain)}; expected a domain, such as {UNIVERSE}")


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
        ArgumentError: It is not an address, or plaintext would leave this machine.
    """
    plaintext = api_endpoint.startswith(PLAINTEXT)
    address = api_endpoint.removeprefix(PLAINTEXT).removeprefix("https://").removesuffix("/")
    found = split(address)
    if found is None:
        raise ArgumentError(
            f"api_endpoint {shown(api_endpoint)} is not an address; expected host, host:port or "
            f"http://127.0.0.1:port{_hint(address)}"
        )
    host, port = found
    if plaintext and not is_loopback(host):
        raise ArgumentError(
            f"api_endpoint {shown(api_endpoint)} asks for plaintext to another machine; http:// is for "
            "loopback addresses only, leave it out to use TLS"
        )
    return Endpoint(f"{host}:{port or (80 if plaintext else 443)}", plaintext)


_ADDRESS = re.compile(
    r"(?P<host>\[[0-9A-Fa-f:.]+(?:%[A-Za-z0-9._-]+)?\]|[A-Za-z0-9._-]+)(?::(?P<port>[0-9]{1,5}))?"
)
_LABEL = r"(?!-)[A-Za-z0-9_-]{1,63}(?<!-)"
_NAME = re.compile(rf"(?=.{{1,254}}\Z){_LABEL}(?:\.{_LABEL})*\.?")


def split(address: str) -> tuple[str, int | None] | None:
    """Return the host of an address, in brackets if it is IPv6, and the port or None.

    None if it is not an address: ASCII, one host, at most one port, and nothing else.
    """
    match = _ADDRESS.fullmatch(address)
    if match is None or not is_host(match["host"]):
        return None
    port = None if match["port"] is None else int(match["port"])
    return None if port is not None and not 0 < port < 65536 else (match["host"], port)


def is_host(host: str) -> bool:
    """Return whether this is the name of a host, an IPv4 address, or an IPv6 address in brackets."""
    if host.startswith("["):
        return _is_ip(host.strip("[]"), 6)
    if _NAME.fullmatch(host) is None:
        return False
    last = host.rstrip(".").rpartition(".")[2]
    return not last.isdigit() or _is_ip(host, 4)


def _is_ip(text: str, version: int) -> bool:
    try:
        return ipaddress.ip_address(text).version == version
    except ValueError:
        return False


def _hint(address: str) -> str:
    """Return what is likely to be wrong with an address."""
    if not address.isascii():
        return "; write a name in other letters in its ASCII form, xn--..."
    if address.count(":") > 1 and "[" not in address:
        return "; an IPv6 address stands in brackets, as in [::1]:443"
    return ""


def shown(address: str) -> str:
    """Return an address for the text of an error: quoted, shortened, without a user and password."""
    text = masked(address)
    return repr(text if len(text) <= 100 else f"{text[:97]}...")


def masked(url: str) -> str:
    """Return a URL without the user and password in it."""
    scheme, separator, rest = url.rpartition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}"


def is_local(target: str) -> bool:
    """Return whether a target of gRPC (`dns:///host:port`, `ipv4:...`, `unix:...`) is this machine."""
    if target.startswith("unix"):
        return True
    for scheme in ("dns:///", "dns:", "ipv4:", "ipv6:"):
        target = target.removeprefix(scheme)
    host = target if target.endswith("]") else target.rpartition(":")[0]
    return "," not in target and is_loopback(host)


def is_loopback(host: str) -> bool:
    """Tell whether a host is this machine's loopback interface, by its name or address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False
