"""Decide which proxy a connection goes through.

grpc core reads `grpc_proxy`, `https_proxy` and `http_proxy`, and `no_grpc_proxy` or else `no_proxy`, all in
lower case only; other Python programs read both cases, and `all_proxy` when nothing else is set. We read
them in core's order, in both cases, and tell grpc core what was decided.
"""

from __future__ import annotations

import base64
import ipaddress
from collections.abc import Callable, Mapping
from urllib.parse import unquote

from gemini_grpc.errors import ArgumentError
from gemini_grpc.http.redaction import Masked
from gemini_grpc.rpc.endpoint import is_loopback, shown, split

_VARIABLES = ("grpc_proxy", "https_proxy", "http_proxy", "all_proxy")
"""In this order; each also in upper case."""
_EXCEPTIONS = ("no_grpc_proxy", "no_proxy")
"""The first that is set counts; each also in upper case."""


def choose(host: str, variables: Mapping[str, str], explicit: str | None = None) -> str | None:
    """Return the URL of the proxy for a host, None to connect directly.

    Args:
        host: The host without its port.
        variables: The environment.
        explicit: The option `proxy`: wins over the environment; empty for none.

    Raises:
        ArgumentError: The proxy is not one grpc can use: it speaks HTTP CONNECT only.
    """
    if explicit is not None:
        return usable(explicit) if explicit else None
    if is_loopback(host) or _excluded(host, _exceptions(variables)):
        return None
    for name in (each for lower in _VARIABLES for each in (lower, lower.upper())):
        if url := variables.get(name):
            return usable(url, name)
    return None


def usable(url: str, origin: str = "proxy") -> str:
    """Return the URL of a proxy as `http://host:port`, with the user in it if there is one.

    Raises:
        ArgumentError: grpc cannot use it; `origin` is the option or variable it comes from.
    """
    scheme, separator, rest = url.partition("://")
    if not separator:
        scheme, rest = "http", url
    rest = rest.rstrip("/")
    if scheme != "http" or split(rest.rpartition("@")[2]) is None:
        raise ArgumentError(
            f"{origin} {shown(url)} cannot be used; expected http://host:port (the option proxy='' connects "
            "without a proxy)"
        )
    return f"http://{rest}"


def _exceptions(variables: Mapping[str, str]) -> str:
    for name in _EXCEPTIONS:
        found = variables.get(name) or variables.get(name.upper(), variables.get(name))
        if found is not None:
            return found
    return ""


def chooser(
    variables: Mapping[str, str], explicit: str | None = None
) -> Callable[[str], str | None]:
    """Return a function of a host that chooses as `choose` does with what is set now.

    Metadata servers of clouds, which give tokens to this machine only, are called directly.
    """
    kept = {name: value for name, value in variables.items() if name.lower().endswith("_proxy")}

    def for_host(host: str) -> str | None:
        return None if _is_metadata_server(host) else choose(host, kept, explicit)

    return for_host


def _is_metadata_server(host: str) -> bool:
    if host == "metadata.google.internal":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_link_local
    except ValueError:
        return False


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
        authorization = Masked(f"Proxy-Authorization:Basic {encoded}")
        options.append(("grpc.http_connect_headers", authorization))
    return address, tuple(options)
