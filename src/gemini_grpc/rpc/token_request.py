"""The requests that google-auth makes to fetch a token, over the HTTP client of this library.

google-auth repeats some requests itself, with pauses that know no deadline. So what may pass is raised as
an error of this library, which google-auth does not catch; the retry policy of the call decides.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qsl

import grpc
from google.auth import transport

from gemini_grpc import errors
from gemini_grpc.http._sync.client import HttpClient
from gemini_grpc.http.redaction import masked_headers
from gemini_grpc.http.settings import HttpSettings, untrusting_context
from gemini_grpc.http.url import origin
from gemini_grpc.rpc import http_status

if TYPE_CHECKING:
    from gemini_grpc.http.message import Response

_PASSING = frozenset({408, 429, 500, 502, 503, 504})
"""The statuses after which another attempt may succeed."""

_PASSING_ERRORS = frozenset({"internal_failure", "server_error", "temporarily_unavailable"})
"""The same for the error codes of OAuth (RFC 6749, 4.1.2.1) and of Google's token endpoint."""

_SHORTEST_SECRET = 12
"""Characters; a shorter value that was sent is no secret, but a word that an error text may have."""


class TokenResponse(transport.Response):
    """A response as google-auth reads it."""

    def __init__(self, response: Response) -> None:
        self._response = response

    @property
    def status(self) -> int:
        """The HTTP status."""
        return self._response.status

    @property
    def headers(self) -> Mapping[str, str]:
        """The HTTP headers."""
        return self._response.headers

    @property
    def data(self) -> bytes:
        """The body."""
        return self._response.body


class Request(transport.Request):
    """Makes the requests of one refresh; one deadline applies to all of them."""

    def __init__(self, settings: HttpSettings, timeout: float | None) -> None:
        self._settings = settings
        self._timeout = timeout
        self._deadline = None if timeout is None else time.monotonic() + timeout
        self._sent: set[str] = set()
        self.outcome = ""
        """The status and host of the last response, for errors."""

    def __call__(
        self,
        url: str,
        method: str = "GET",
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
        timeout: float | None = 120,
        cert: tuple[str, str] | str | None = None,
        **more: Any,
    ) -> TokenResponse:
        """Make one request.

        Args:
            url: Where to.
            method: The HTTP method.
            body: The body.
            headers: The headers.
            timeout: Seconds for this request; the deadline of the refresh applies too.
            cert: The paths of a client certificate and its key, of X.509 workload identities.
            more: Options of other transports; not used.

        Raises:
            DeadlineExceeded: The deadline of the refresh is over.
            TlsError: The TLS handshake failed.
            Unavailable: There was no response, or one after which another attempt may succeed.
        """
        found = origin(url)
        if found is None:
            raise errors.make(grpc.StatusCode.UNAUTHENTICATED, "the URL for tokens is not a URL")
        content = body.encode() if isinstance(body, str) else body or b""
        self._remember(content, headers or {})
        context = untrusting_context() if found[0] == "http" else self._settings.context()
        if cert is not None:
            _load(context, cert)
        client = HttpClient(self._settings, context)
        try:
            sent = masked_headers((headers or {}).items())
            response = client.send(method, url, sent, content, self._limit(timeout))
        except errors.DeadlineExceeded as error:
            raise self._late(error, found[1]) from None
        finally:
            client.close()
        self.outcome = f"HTTP {response.status} from {found[1]}"
        if _is_passing(response):
            refused = http_status.from_response(response)
            text = f"{found[1]}: {refused.message}"
            raise errors.make(grpc.StatusCode.UNAVAILABLE, text, details=refused.details)
        return TokenResponse(response)

    def redacted(self, text: str) -> str:
        """Return a text of a server without the values that were sent to it."""
        for secret in sorted(self._sent, key=len, reverse=True):
            text = text.replace(secret, "***")
        return text

    def _remember(self, content: bytes, headers: Mapping[str, str]) -> None:
        text = content.decode("utf-8", "replace")
        values = [value for _, value in parse_qsl(text)] + list(headers.values())
        words = [word for value in values for word in (value, value.rpartition(" ")[2])]
        self._sent |= {word for word in words if len(word) >= _SHORTEST_SECRET}

    def _limit(self, timeout: float | None) -> float | None:
        """Return the seconds for the next request."""
        if self._deadline is None:
            return timeout
        left = max(0.0, self._deadline - time.monotonic())
        return left if timeout is None else min(timeout, left)

    def _late(self, error: errors.RpcError, host: str) -> errors.RpcError:
        """Return the error for a request that took too long: only the deadline is final."""
        if self._limit(None) == 0:
            text = f"fetching a token from {host} took longer than {self._timeout:g} s"
            return errors.make(grpc.StatusCode.DEADLINE_EXCEEDED, text)
        return errors.make(grpc.StatusCode.UNAVAILABLE, f"{host}: {error.message}")


def _load(context: Any, cert: tuple[str, str] | str) -> None:
    """Load a client certificate from files, whose paths google-auth knows.

    Raises:
        ArgumentError: They cannot be read.
    """
    paths = (cert,) if isinstance(cert, str) else cert
    try:
        context.load_cert_chain(*map(Path, paths))
    except (OSError, ValueError) as cause:
        raise errors.ArgumentError(
            f"the client certificate in {paths[0]} cannot be read: {cause}"
        ) from cause


def _is_passing(response: Response) -> bool:
    if response.status in _PASSING:
        return True
    body = None if response.is_success else response.json()
    return isinstance(body, dict) and str(body.get("error")) in _PASSING_ERRORS
