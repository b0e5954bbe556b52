"""Convert HTTP responses that refuse a request into the errors of gRPC calls.

What may pass (408 and 5xx) is `Unavailable`, so that retry policies treat it as they do for gRPC. Servers
may send anything here; what is not in Google's form is ignored.
"""

from __future__ import annotations

import datetime
import email.utils
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import grpc

from gemini_grpc import errors
from gemini_grpc.rpc import failure

if TYPE_CHECKING:
    from google.protobuf import any_pb2
    from google.protobuf.message import Message
    from google.rpc import status_pb2

    from gemini_grpc.http.message import Response

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

_SHOWN = 2000
"""Characters of a server's text that an error shows."""


def from_response(response: Response, now: datetime.datetime | None = None) -> errors.RpcError:
    """Return the error for a response that refuses a request, with the details decoded.

    Args:
        response: The response, with its body.
        now: The time, for a date in `Retry-After`; the current time if not given.
    """
    code = _CODES.get(response.status, grpc.StatusCode.UNKNOWN)
    error = failure.from_status(_status(response, code, _wait(response, now)))
    if response.status not in _PASSING:
        return error
    return errors.make(grpc.StatusCode.UNAVAILABLE, error.message, details=error.details)


def _status(response: Response, code: grpc.StatusCode, wait: float | None) -> status_pb2.Status:
    from google.rpc import error_details_pb2, status_pb2

    body = _error(response)
    text = str(body.get("message", "")) if body else response.text
    text = text[:_SHOWN].strip()
    number = f"HTTP {response.status}"
    status = status_pb2.Status(
        code=code.value[0],
        message=f"{text} ({number})" if text else number,
        details=_details(body.get("details")),
    )
    known = {each.name: each.value[0] for each in errors.CLASSES}
    status.code = known.get(str(body.get("status")), status.code)
    hinted = any(detail.Is(error_details_pb2.RetryInfo.DESCRIPTOR) for detail in status.details)
    if wait is not None and not hinted:
        status.details.add().Pack(failure.retry_info(wait))
    return status


def _error(response: Response) -> dict[str, Any]:
    """Return the error in the body of a response in Google's form; empty if there is none."""
    body = response.json()
    error = body.get("error") if isinstance(body, dict) else None
    return error if isinstance(error, dict) else {}


def _details(given: object) -> list[any_pb2.Any]:
    """Return the details of an error; those of an unknown type, or that are malformed, are left out."""
    from google.protobuf import any_pb2
    from google.rpc import error_details_pb2

    assert error_details_pb2.DESCRIPTOR  # registers the types
    details = []
    for each in given if isinstance(given, list) else ():
        detail = any_pb2.Any()
        if parse(each, detail):
            details.append(detail)
    return details


def parse(value: Any, message: Message) -> bool:
    """Fill a message with JSON of a server; return whether the JSON fits."""
    from google.protobuf import json_format

    try:
        json_format.ParseDict(value, message, ignore_unknown_fields=True)
    except (json_format.ParseError, ValueError, TypeError, AttributeError, OverflowError):
        return False
    return True


def _wait(response: Response, now: datetime.datetime | None) -> float | None:
    """Return the seconds in `Retry-After`, which has seconds or a date (RFC 9110, 10.2.3)."""
    seconds = response.number("retry-after")
    if seconds is not None:
        return float(seconds)
    try:
        moment = email.utils.parsedate_to_datetime(response.headers.get("retry-after", ""))
    except (ValueError, OverflowError):
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=datetime.UTC)
    return max(0.0, (moment - (now or datetime.datetime.now(datetime.UTC))).total_seconds())
