"""The metadata of a call: the user agent, the credential, and the routing header."""

from __future__ import annotations

import platform
from collections.abc import Sequence
from functools import cache, lru_cache
from urllib.parse import urlencode

from gemini_grpc.errors import ArgumentError

Metadata = Sequence[tuple[str, str | bytes]]
"""Metadata as users pass it: pairs of a lower-case key and a value."""

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


@lru_cache(maxsize=512)
def routing_header(names: tuple[str, ...], values: str | tuple[str, ...]) -> tuple[str, str] | None:
    """Return the routing header of AIP-4222 for fields and their values; None if all are empty."""
    if isinstance(values, str):
        values = (values,)
    pairs = [(name, value) for name, value in zip(names, values, strict=True) if value]
    return (ROUTING, urlencode(pairs, safe="/")) if pairs else None


def refuse_credentials(pairs: Metadata) -> None:
    """Refuse credentials among the metadata a user adds to a call: there is exactly one of them.

    Raises:
        ArgumentError: There is one.
    """
    for key, _ in pairs:
        if key.lower() in {API_KEY, AUTHORIZATION}:
            raise ArgumentError(
                f"metadata has {key!r}; credentials are given to the client, not to a call"
            )
