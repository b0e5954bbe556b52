"""Fetch tokens over HTTP with the standard library: what google-auth needs, within a deadline."""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from google.auth import exceptions, transport


class Response(transport.Response):
    """The answer to a request for a token."""

    def __init__(self, status: int, headers: Mapping[str, str], data: bytes) -> None:
        self._status = status
        self._headers = headers
        self._data = data

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self._status

    @property
    def headers(self) -> Mapping[str, str]:
        """The HTTP headers."""
        return self._headers

    @property
    def data(self) -> bytes:
        """The body."""
        return self._data


class Request(transport.Request):
    """Makes the requests of one refresh; all of them together take no longer than the timeout."""

    def __init__(self, timeout: float | None) -> None:
        self._deadline = None if timeout is None else time.monotonic() + timeout

    @property
    def is_late(self) -> bool:
        """The time for the refresh is over."""
        return self._deadline is not None and time.monotonic() >= self._deadline

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = 120,
        **more: Any,
    ) -> Response:
        """Make one request.

        Raises:
            google.auth.exceptions.TransportError: There was no answer.
        """
        if self._deadline is not None:
            left = max(0.001, self._deadline - time.monotonic())
            timeout = left if timeout is None else min(timeout, left)
        request = urllib.request.Request(url, body, dict(headers or {}), method=method)  # noqa: S310
        try:
            with _open(request, timeout) as answer:
                return Response(answer.status, dict(answer.headers), answer.read())
        except (OSError, http.client.HTTPException) as cause:
            raise exceptions.TransportError(cause) from cause


def _open(request: urllib.request.Request, timeout: float | None) -> Any:
    """Return the answer, whatever its status is."""
    try:
        return urllib.request.urlopen(request, timeout=timeout)  # noqa: S310
    except urllib.error.HTTPError as refusal:
        return refusal
