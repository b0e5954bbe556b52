"""Decide which proxy a connection goes through.

grpc core reads `grpc_proxy`, `https_proxy` and `http_proxy`, in lower case only, and no upper-case
`NO_PROXY`; other Python programs read both cases and `all_proxy`. We decide here, as they do, and tell
grpc core what was decided.
"""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Mapping
from urllib.parse import unquote

from gemini_grpc.errors import ArgumentError
from gemini_grpc.rpc.endpoint import is_loopback

_VARIABLES = ("grpc_proxy", "https_proxy", "all_proxy", "http_proxy")
"""In this order; each also in upper case."""


def choose(host: str, variables: Mapping[str, str], explicit: str | None = None) -> str | None:
    """Return the URL of the proxy for a host, None to connect directly.

    Args:
        host: The host without its port.
        variables: The environment.
        explicit: The option `proxy`: wins over the environment; empty for none.

    Raises:
        ArgumentError: The proxy is not one grpc can use: it speaks HTTP CONNECT only.
    """
    url = explicit
    if url is None:
        if is_loopback(host) or _excluded(host, _read(variables, "no_proxy")):
            return None
        url = next((found for name in _VARIABLES if (found := _read(variables, name))), "")
    if not url:
        return None
    scheme, separator, rest = url.partition("://")
    if not separator:
        scheme, rest = "http", url
    if scheme != "http" or not rest.strip("/"):
        raise ArgumentError(f"proxy {masked(url)!r} cannot be used; expected http://host:port")
    return f"http://{rest.rstrip('/')}"


def _read(variables: Mapping[str, str], name: str) -> str:
    return variables.get(name) or variables.get(name.upper()) or ""


def _excluded(host: str, no_proxy: str) -> bool:
    """Tell whether `NO_PROXY` names a host: itself, a domain above it, a network, or `*`."""
    return any(_matches(host, entry.strip()) for entry in no_proxy.split(",") if entry.strip())


def _matches(host: str, entry: str) -> bool:
    if entry == "*":
        return True
    if "/" in entry:
        try:
            return ipaddress.ip_address(host) in ipaddress.ip_network(entry, strict=False)
        except ValueError:
            return False
    domain = entry.partition(":")[0].removeprefix("*").lstrip(".").lower()
    return host.lower() == domain or host.lower().endswith(f".{domain}")


def masked(url: str) -> str:
    """Return a URL without the user and password in it."""
    scheme, separator, rest = url.rpartition("://")
    return f"{scheme}{separator}{rest.rpartition('@')[2]}"


def connect_options(proxy: str, target: str) -> tuple[str, tuple[tuple[str, str], ...]]:
    """Return the address to dial for a target behind a proxy, and the channel options that go with it.

    grpc core would do the same for the proxies it finds itself, but would let its own reading of
    `no_proxy` overrule ours.
    """
    user, _, address = proxy.removeprefix("http://").rpartition("@")
    options = [("grpc.http_connect_server", target), ("grpc.default_authority", target)]
    options.append(("grpc.ssl_target_name_override", target.rpartition(":")[0].strip("[]")))
    if user:
        encoded = base64.b64encode(unquote(user).encode()).decode()
        options.append(("grpc.http_connect_headers", f"Proxy-Authorization:Basic {encoded}"))
    return address, tuple(options)
