"""The metadata of a call: the user agent, the credential, and the routing header."""

from __future__ import annotations

import platform
import re
from collections.abc import Collection, Sequence
from functools import cache
from urllib.parse import urlencode

from gemini_grpc.errors import ArgumentError
from gemini_grpc.rpc.secret import Secret

Metadata = Sequence[tuple[str, str | bytes]]
"""Metadata as users pass it: pairs of a lower-case key and a value, bytes if the key ends in `-bin`."""

API_KEY = "x-goog-api-key"
CLIENT = "x-goog-api-client"
ROUTING = "x-goog-request-params"
AUTHORIZATION = "authorization"
QUOTA_PROJECT = "x-goog-user-project"

CREDENTIALS = frozenset(
    {
        API_KEY,
        AUTHORIZATION,
        "cookie",
        "proxy-authorization",
        "x-goog-iam-authorization-token",
        "x-serverless-authorization",
    }
)
"""The keys whose values are credentials: whatever shows metadata leaves them out, by this list."""


@cache
def client_header() -> str:
    """Return the value of `x-goog-api-client`, which tells the service what is calling."""
    import google.protobuf
    import grpc

    from gemini_grpc import __version__

    return (
        f"gl-python/{platform.python_version()} grpc/{grpc.__version__} "
        f"gemini-grpc/{__version__} pb/{google.protobuf.__version__}"
    )


def routing_header(names: tuple[str, ...], values: str | tuple[str, ...]) -> tuple[str, str] | None:
    """Return the routing header of AIP-4222 for fields and their values; None if all are empty."""
    if isinstance(values, str):
        values = (values,)
    pairs = [(name, value) for name, value in zip(names, values, strict=True) if value]
    return (ROUTING, urlencode(pairs, safe="/")) if pairs else None


_KEY = re.compile(r"[0-9a-z_.-]+")
_PROPAGATED = frozenset({"grpc-trace-bin", "grpc-tags-bin"})
"""The keys with `grpc-` in front that applications set, to pass on a trace context."""
_RESERVED = frozenset(
    {
        *("connection", "host", "http2-settings", "keep-alive", "proxy-connection"),
        *("te", "trailer", "transfer-encoding", "upgrade", "content-length", "content-type"),
    }
)
"""The keys that HTTP/2 forbids or that gRPC sets itself, besides `grpc-*`."""
_KINDS = {
    bytes: "bytes, because the key ends in '-bin'",
    str: "a str, or a key that ends in '-bin'",
}


def check_metadata(pairs: object, argument: str = "metadata") -> None:
    """Refuse metadata of a user that gRPC cannot send, reserved keys, and credentials.

    A call has exactly one credential, that of the client. HTTP/2 forbids `connection`,
    `transfer-encoding`, `host` and the like, and gRPC sets `content-type`, `te`, `user-agent` and
    `grpc-*` itself. Errors do not show values.

    Raises:
        ArgumentError: There is such a pair, or something that is no pair.
    """
    for pair in pairs if isinstance(pairs, Collection) else (pairs,):
        if not isinstance(pair, (tuple, list)) or len(pair) != 2:
            raise ArgumentError(
                f"{argument}: expected pairs of a key and a value, such as [('x-team', 'blue')], "
                f"got {type(pair).__name__}"
            )
        key, value = pair
        if isinstance(key, str) and key.lower() in {API_KEY, AUTHORIZATION}:
            raise ArgumentError(
                f"{argument} has {key!r}; credentials are given to the client, not to a call"
            )
        if not isinstance(key, str) or not _KEY.fullmatch(key):
            raise ArgumentError(
                f"{argument} has the key {key!r}; expected lower-case letters, digits, '-', '_' and '.'"
            )
        _refuse_reserved(key, argument)
        kind = bytes if key.endswith("-bin") else str
        if not isinstance(value, kind):
            raise ArgumentError(
                f"{key!r} of {argument} is {type(value).__name__}; expected {_KINDS[kind]}"
            )
        if isinstance(value, str) and not is_sendable(value):
            raise ArgumentError(
                f"{key!r} of {argument} has a value that is not printable ASCII; send other values as "
                f"bytes, as '{key}-bin'"
            )


def _refuse_reserved(key: str, argument: str) -> None:
    if key == "user-agent":
        raise ArgumentError(
            f"{argument} has 'user-agent', which gRPC sets itself; pass client_info to the client"
        )
    if key in _RESERVED or (key.startswith("grpc-") and key not in _PROPAGATED):
        raise ArgumentError(
            f"{argument} has {key!r}, which HTTP/2 or gRPC reserves; expected another key, such as "
            f"'x-{key}'"
        )


def is_sendable(value: str) -> bool:
    """Tell whether gRPC can send a text as the value of metadata."""
    return value.isascii() and value.isprintable()


def checked_key(key: object, argument: str = "api_key") -> Secret:
    """Return an API key as a `Secret`; what it is checked for never shows it.

    Raises:
        ArgumentError: It cannot be sent.
    """
    value = key.reveal() if isinstance(key, Secret) else key
    if not isinstance(value, str):
        raise ArgumentError(f"{argument} is {type(value).__name__}; expected a str")
    if not value:
        raise ArgumentError(
            f"{argument} is empty; pass a key, or None, with which `Client` and `configure` take that "
            "of GOOGLE_API_KEY or GEMINI_API_KEY"
        )
    if value != value.strip():
        raise ArgumentError(
            f"{argument} has whitespace around it, such as the line end of a file it was read from; "
            "remove it"
        )
    if not is_sendable(value):
        raise ArgumentError(f"{argument} has characters that no key has; expected printable ASCII")
    return Secret(value)
