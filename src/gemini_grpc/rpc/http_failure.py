"""Turn what httpx and the service report over HTTP into the errors that calls of gRPC raise.

What may pass (a connection that ends, 408 and 5xx) is `Unavailable`, so that a policy retries it as it
does calls of gRPC.
"""

from __future__ import annotations

import datetime
import email.utils
import json
import ssl
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import grpc

from gemini_grpc import errors
from gemini_grpc.rpc import failure

if TYPE_CHECKING:
    from google.rpc import status_pb2

    from gemini_grpc.rpc.http import Answer

_PASSING = frozenset({408, 500, 502, 503, 504})
"""The statuses after which another try may succeed, whatever the server calls the error."""

_CODES: Mapping[int, grpc.StatusCode] = {
    400: grpc.StatusCode.INVALID_ARGUMENT,
    401: grpc.StatusCode.UNAUTHENTICATED,
    403: grpc.StatusCode.PERMISSION_DENIED,
    404: grpc.StatusCode.NOT_FOUND,
    409: grpc.StatusCode.ABORTED,
    410: grpc.StatusCode.NOT_FOUND,
    411: grpc.StatusCode.INVALID_ARGUMENT,
    412: grpc.StatusCode.FAILED_PRECONDITION,
    413: grpc.StatusCode.INVALID_ARGUMENT,
    416: grpc.StatusCode.OUT_OF_RANGE,
    429: grpc.StatusCode.RESOURCE_EXHAUSTED,
    499: grpc.StatusCode.CANCELLED,
    501: grpc.StatusCode.UNIMPLEMENTED,
}
"""The code that a status stands for when the body names none (google.rpc.Code)."""

_SHOWN = 500  # how many characters of a body that is no error of Google's are told


def from_httpx(cause: Exception) -> errors.RpcError:
    """Turn an error of httpx, which never got an answer, into one of ours."""
    refused = _tls_error(cause)
    if refused is not None:
        return errors.google_twin(errors.TlsError)(f"TLS failed: {refused}")
    said = str(cause) or type(cause).__name__
    return errors.make(grpc.StatusCode.UNAVAILABLE, f"no answer over HTTP: {said}")


def _tls_error(cause: BaseException | None) -> ssl.SSLError | None:
    """Return the error of TLS behind an error, if it is one that trying again does not mend."""
    while cause is not None:
        if isinstance(cause, ssl.SSLError):
            ended = isinstance(cause, (ssl.SSLEOFError, ssl.SSLZeroReturnError))
            return None if ended else cause
        cause = cause.__cause__ or cause.__context__
    return None


def from_answer(answer: Answer, now: datetime.datetime | None = None) -> errors.RpcError:
    """Turn an answer that refuses a request into the error of its code, with the details decoded."""
    code = _CODES.get(answer.status, grpc.StatusCode.UNKNOWN)
    error = failure.from_status(_status(answer, code, _wait(answer, now)))
    if answer.status not in _PASSING:
        return error
    return errors.make(grpc.StatusCode.UNAVAILABLE, error.message, details=error.details)


def _status(answer: Answer, code: grpc.StatusCode, wait: float | None) -> status_pb2.Status:
    from google.protobuf import json_format
    from google.rpc import error_details_pb2, status_pb2

    status = status_pb2.Status(code=code.value[0], message=_text(answer))
    body = _error(answer)
    if body:
        known = {each.name: each.value[0] for each in grpc.StatusCode}
        status.code = known.get(str(body.get("status")), status.code)
        status.message = f"{body.get('message', '')} (HTTP {answer.status})"
        try:
            json_format.ParseDict({"details": body.get("details", [])}, status)
        except json_format.ParseError:  # details of types that nobody here knows
            del status.details[:]
    hinted = any(detail.Is(error_details_pb2.RetryInfo.DESCRIPTOR) for detail in status.details)
    if wait is not None and not hinted:
        status.details.add().Pack(failure.retry_info(wait))
    return status


def _error(answer: Answer) -> dict[str, Any]:
    """Return the error in the body of an answer, as Google's JSON has it; empty if there is none."""
    try:
        body = json.loads(answer.body)
    except ValueError:
        return {}
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) else {}


def _text(answer: Answer) -> str:
    """Return what a body says that is not in the form of Google's errors."""
    said = answer.body[:_SHOWN].decode("utf-8", "replace").strip()
    return f"{said} (HTTP {answer.status})" if said else f"HTTP {answer.status}"


def _wait(answer: Answer, now: datetime.datetime | None) -> float | None:
    """Return the seconds in `Retry-After`, which has seconds or a date (RFC 9110, 10.2.3)."""
    text = answer.headers.get("retry-after", "").strip()
    if text.isdigit():
        return float(text)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return max(0.0, (moment - (now or datetime.datetime.now(datetime.UTC))).total_seconds())
