"""Convert failures of HTTP requests that have no response into the errors of gRPC calls.

What may pass, such as a connection that ends, is `Unavailable`, so that retry policies treat it as they
do for gRPC. TLS failures are `TlsError`, which is not retried.
"""

from __future__ import annotations

import ssl

import grpc

from gemini_grpc import errors


def from_httpx(cause: Exception) -> errors.RpcError:
    """Return the error for an exception of httpx."""
    refused = _tls_error(cause)
    if refused is not None:
        return errors.google_twin(errors.TlsError)(f"TLS failed: {refused}")
    text = str(cause) or type(cause).__name__
    return errors.make(grpc.StatusCode.UNAVAILABLE, f"no answer over HTTP: {text}")


def late(timeout: float) -> errors.RpcError:
    """Return the error for a request that took longer than its timeout."""
    text = f"the HTTP request took longer than {timeout:.3g} s"
    return errors.make(grpc.StatusCode.DEADLINE_EXCEEDED, text)


def too_large(limit: int) -> errors.RpcError:
    """Return the error for a response whose body is larger than is read."""
    text = f"the body of the HTTP response has more than {limit:,} bytes"
    return errors.make(grpc.StatusCode.UNAVAILABLE, text)


def _tls_error(cause: BaseException | None) -> ssl.SSLError | None:
    """Return the TLS error behind an error, if another attempt cannot succeed."""
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            ended = isinstance(cause, (ssl.SSLEOFError, ssl.SSLZeroReturnError))
            return None if ended else cause
        cause = cause.__cause__ or cause.__context__
    return None
