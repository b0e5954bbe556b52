"""URLs that servers send, checked before a request goes there."""

from __future__ import annotations

Origin = tuple[str, str, int]
"""The scheme, host and port of a URL."""

_DEFAULT_PORTS = {"http": 80, "https": 443}
_LONGEST_HOST = 253  # RFC 1035, 2.3.4
_LONGEST_LABEL = 63


def origin(url: str) -> Origin | None:
    """Return the origin of an HTTP URL; None if no request can go there."""
    import httpx

    try:
        parsed = httpx.URL(url)
        host = parsed.raw_host.decode("ascii")
    except (httpx.InvalidURL, UnicodeError):
        return None
    port = parsed.port or _DEFAULT_PORTS.get(parsed.scheme, 0)
    if parsed.scheme not in _DEFAULT_PORTS or not 0 < port < 65536 or not _is_host(host):
        return None
    return parsed.scheme, host, port


def is_same_origin(url: str, other: str) -> bool:
    """Return whether both URLs lead to the same server; credentials go nowhere else."""
    found = origin(url)
    return found is not None and found == origin(other)


def join(base: str, location: str) -> str:
    """Return the URL that a redirect leads to; empty if it is not a URL."""
    import httpx

    try:
        return str(httpx.URL(base).join(location))
    except (httpx.InvalidURL, ValueError):
        return ""


def _is_host(host: str) -> bool:
    labels = host.removesuffix(".").split(".")
    is_short = len(host) <= _LONGEST_HOST and all(len(each) <= _LONGEST_LABEL for each in labels)
    return bool(host) and is_short and ("" not in labels or ":" in host)
