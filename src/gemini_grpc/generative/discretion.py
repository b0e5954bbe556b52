"""Requests of httpx that keep their queries to themselves.

httpx logs the URL of every request. What the URL of an upload has in its query is all that is needed to
write into it, and that of a download may be signed; neither belongs into a log.
"""

from __future__ import annotations

from functools import cache
from typing import Any

from gemini_grpc.rpc import http


def hide_query(request: Any) -> None:
    """Let a request of httpx show its URL without the query; what is sent stays the same."""
    request.url = _discreet()(request.url)


@cache
def _discreet() -> Any:
    shown = {"__str__": lambda url: str(url.copy_with(query=None))}
    return type("DiscreetURL", (http.load().URL,), shown)
