"""Keep secrets and upload ids out of tracebacks and logs.

The frames of HTTP libraries hold the headers and bodies of requests; crash reporters print the local
variables of frames. httpx logs the URL of every request; the query of an upload URL is all that is
needed to write into that upload, and a download URL may be signed. httpcore logs response headers.
"""

from __future__ import annotations

import logging
import types
from collections.abc import Iterable
from contextvars import ContextVar
from functools import cache
from typing import Any

FOREIGN = frozenset({"anyio", "asyncio", "google", "h11", "httpcore", "httpx", "socket", "ssl"})
"""The packages whose frames are removed from tracebacks: those of HTTP, and of the sockets below."""

_SOCKETS = "gemini_grpc.http.transport"
"""The module of this package whose frames hold the bytes of requests."""

active: ContextVar[bool] = ContextVar("gemini_grpc_http_request", default=False)
"""Whether a request of this library is in progress, so that the log filters apply."""


class Masked(str):
    """A text that prints as stars, except where it is used as a text."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


def masked_headers(metadata: Iterable[tuple[str, str | bytes]]) -> dict[str, str]:
    """Return metadata as headers whose values print as stars; binary values cannot be sent."""
    return {key: Masked(value) for key, value in metadata if isinstance(value, str)}


def cut_frames(error: BaseException) -> None:
    """Remove the frames of HTTP libraries from an error, its causes and its contexts."""
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    while waiting:
        each = waiting.pop()
        if each is None or id(each) in seen:
            continue
        seen.add(id(each))
        each.__traceback__ = _own_frames(each.__traceback__)
        waiting += [each.__cause__, each.__context__]
        if isinstance(each, BaseExceptionGroup):
            waiting += each.exceptions


def _own_frames(traceback: types.TracebackType | None) -> types.TracebackType | None:
    kept = []
    while traceback is not None:
        module = traceback.tb_frame.f_globals.get("__name__", "")
        if module.partition(".")[0] not in FOREIGN and module != _SOCKETS:
            kept.append(traceback)
        traceback = traceback.tb_next
    result: types.TracebackType | None = None
    for each in reversed(kept):
        result = types.TracebackType(result, each.tb_frame, each.tb_lasti, each.tb_lineno)
    return result


def hide_query(request: Any) -> None:
    """Make a request of httpx print and log its URL without the query; the sent URL is the same."""
    request.url = _quiet_url()(request.url)


@cache
def _quiet_url() -> Any:
    import httpx

    def without_query(url: httpx.URL) -> str:
        return str(httpx.URL(url).copy_with(query=None))

    return type("QuietURL", (httpx.URL,), {"__str__": without_query})


class _HeaderFilter(logging.Filter):
    """Drops the log records of httpcore that show the response headers of this library's requests."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Return whether a record may be logged."""
        return not (
            active.get() and str(record.msg).startswith("receive_response_headers.complete")
        )


@cache
def install_log_filter() -> None:
    """Filter what httpcore logs about this library's requests; those of others are not touched."""
    logging.getLogger("httpcore.http11").addFilter(_HeaderFilter())
