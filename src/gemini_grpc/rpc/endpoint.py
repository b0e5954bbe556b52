"""Decide where a call goes: a host and a port, and whether the connection is encrypted."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

from gemini_grpc.errors import ArgumentError

PLAINTEXT = "http://"
"""What an `api_endpoint` starts with to ask for a connection without TLS; loopback only."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """The address of a service."""

    target: str
    """`host:port`, as gRPC takes it."""
    plaintext: bool
    """The connection is not encrypted."""


def parse(api_endpoint: str) -> Endpoint:
    """Read an `api_endpoint`: `host`, `host:port`, `https://host`, or `http://` and a loopback host.

    Raises:
        ArgumentError: There is a path, the port is no number, or plaintext would leave this machine.
    """
    plaintext = api_endpoint.startswith(PLAINTEXT)
    address = api_endpoint.removeprefix(PLAINTEXT).removeprefix("https://").rstrip("/")
    host, colon, port = address.rpartition(":")
    if not colon or address.endswith("]"):
        host, port = address, "80" if plaintext else "443"
    if not host or "/" in host or not port.isdigit():
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
