"""The errors this library raises on purpose.

    GeminiError
     +-- UsageError                  misuse found before anything is sent
     |    +-- ArgumentError          (also ValueError) an argument or option has a value that cannot be used
     |    +-- FieldError             (also TypeError and ValueError) a message was given a field it does not
     |    |                          have, or a value that does not fit the field
     |    +-- ClosedError            (also RuntimeError) a closed client or stream was used
     +-- RpcError                    a call failed; one class for each canonical code of gRPC:
          +-- Cancelled, Unknown, InvalidArgument, DeadlineExceeded, NotFound, AlreadyExists,
              PermissionDenied, ResourceExhausted, FailedPrecondition, Aborted, OutOfRange,
              Unimplemented, Internal, Unavailable, DataLoss, Unauthenticated

Errors carry data, never the request: prompts and credentials do not end up in logs by way of an error.
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Any

import grpc

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from google.protobuf.message import Message
    from google.rpc import status_pb2

__all__ = [
    "Aborted",
    "AlreadyExists",
    "ArgumentError",
    "Cancelled",
    "ClosedError",
    "DataLoss",
    "DeadlineExceeded",
    "FailedPrecondition",
    "FieldError",
    "GeminiError",
    "Internal",
    "InvalidArgument",
    "NotFound",
    "OutOfRange",
    "PermissionDenied",
    "ResourceExhausted",
    "RpcError",
    "Unauthenticated",
    "Unavailable",
    "Unimplemented",
    "Unknown",
    "UsageError",
]


class GeminiError(Exception):
    """Base of everything this library raises on purpose."""


class UsageError(GeminiError):
    """Base of the errors that say how the library was misused; nothing was sent."""


class ArgumentError(UsageError, ValueError):
    """An argument or option has a value that cannot be used; the text names it and what would do."""


class FieldError(UsageError, TypeError, ValueError):
    """A message was given a field it does not have, or a value that does not fit the field.

    It is both a `TypeError` (a wrong keyword) and a `ValueError` (what proto-plus raises here).
    """


class ClosedError(UsageError, RuntimeError):
    """A client or stream was used after it had been closed."""


class RpcError(GeminiError):
    """A call failed with a status of gRPC."""

    code: grpc.StatusCode = grpc.StatusCode.UNKNOWN
    """The canonical code, the same for every error of one class."""

    def __init__(
        self,
        message: str,
        *,
        method: str = "",
        attempts: int = 1,
        details: Sequence[Message] = (),
        metadata: Sequence[tuple[str, str | bytes]] = (),
    ) -> None:
        super().__init__(message)
        self.message = message
        """What the server (or gRPC itself) said."""
        self.method = method
        """The full name of the method, as `/package.Service/Method`."""
        self.attempts = attempts
        """How many times the call was tried."""
        self.details = tuple(details)
        """The messages of `google.rpc` that came with the status: ErrorInfo, BadRequest, RetryInfo, ..."""
        self.metadata = tuple(metadata)
        """The trailing metadata of the last attempt."""

    def __str__(self) -> str:
        where = f" ({self.method.rpartition('/')[2]})" if self.method else ""
        return f"{self.code.name}{where}: {self.message}{_violations(self.details)}"

    def __reduce__(self) -> tuple[object, ...]:
        return type(self), (self.message,), self.__dict__.copy()


class Cancelled(RpcError):
    """The call was cancelled, usually by the caller."""

    code = grpc.StatusCode.CANCELLED


class Unknown(RpcError):
    """The server failed without saying how, or another system's error was passed through."""

    code = grpc.StatusCode.UNKNOWN


class InvalidArgument(RpcError):
    """The request is wrong whatever the state of the server; the details name the fields."""

    code = grpc.StatusCode.INVALID_ARGUMENT


class DeadlineExceeded(RpcError):
    """The time given with `timeout` ran out; the server may have done the work all the same."""

    code = grpc.StatusCode.DEADLINE_EXCEEDED


class NotFound(RpcError):
    """The model, file, corpus or other resource does not exist."""

    code = grpc.StatusCode.NOT_FOUND


class AlreadyExists(RpcError):
    """A resource of that name exists already."""

    code = grpc.StatusCode.ALREADY_EXISTS


class PermissionDenied(RpcError):
    """The credentials are valid, but do not allow this."""

    code = grpc.StatusCode.PERMISSION_DENIED


class ResourceExhausted(RpcError):
    """A quota is used up, or a message is too large."""

    code = grpc.StatusCode.RESOURCE_EXHAUSTED


class FailedPrecondition(RpcError):
    """The resource is not in a state that allows this."""

    code = grpc.StatusCode.FAILED_PRECONDITION


class Aborted(RpcError):
    """The operation was given up because another one interfered, or the server ended a session."""

    code = grpc.StatusCode.ABORTED


class OutOfRange(RpcError):
    """The operation went past a valid range."""

    code = grpc.StatusCode.OUT_OF_RANGE


class Unimplemented(RpcError):
    """The server does not offer this method."""

    code = grpc.StatusCode.UNIMPLEMENTED


class Internal(RpcError):
    """Something in the server, or in gRPC, is broken."""

    code = grpc.StatusCode.INTERNAL


class Unavailable(RpcError):
    """The server cannot be reached at the moment; another try may succeed."""

    code = grpc.StatusCode.UNAVAILABLE


class DataLoss(RpcError):
    """Data was lost or is damaged beyond repair."""

    code = grpc.StatusCode.DATA_LOSS


class Unauthenticated(RpcError):
    """The credentials are missing, wrong or expired."""

    code = grpc.StatusCode.UNAUTHENTICATED


CLASSES: dict[grpc.StatusCode, type[RpcError]] = {
    cls.code: cls for cls in RpcError.__subclasses__()
}
"""The class of each canonical code."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` for the known name most like `name`, or nothing."""
    close = difflib.get_close_matches(str(name), list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def from_grpc(error: grpc.RpcError) -> RpcError:
    """Turn what grpcio raised into the error of its code, with the details decoded."""
    call: Any = error  # what grpcio raises from a call is also a grpc.Call
    metadata = tuple((key, value) for key, value in call.trailing_metadata() or ())
    return CLASSES[call.code()](
        call.details() or "",
        details=_decode_details(metadata),
        metadata=metadata,
    )


def from_status(status: status_pb2.Status) -> RpcError:
    """Turn a `google.rpc.Status`, which operations end with, into the error of its code."""
    code = next((code for code in CLASSES if code.value[0] == status.code), grpc.StatusCode.UNKNOWN)
    return CLASSES[code](status.message, details=_unpack(status))


def _decode_details(metadata: Iterable[tuple[str, str | bytes]]) -> list[Message]:
    """Return the messages packed in `grpc-status-details-bin`; unknown types stay `Any`."""
    packed = dict(metadata).get("grpc-status-details-bin")
    if not isinstance(packed, bytes):
        return []
    from google.protobuf.message import DecodeError
    from google.rpc import status_pb2

    try:
        return _unpack(status_pb2.Status.FromString(packed))
    except DecodeError:  # a server that sends garbage here has still told us its code and message
        return []


def _unpack(status: status_pb2.Status) -> list[Message]:
    from google.protobuf import descriptor_pool, message_factory
    from google.rpc import error_details_pb2

    assert error_details_pb2.DESCRIPTOR  # registers the types looked up below
    messages: list[Message] = []
    for detail in status.details:
        try:
            name = detail.type_url.rpartition("/")[2]
            descriptor = descriptor_pool.Default().FindMessageTypeByName(name)
        except KeyError:
            messages.append(detail)
        else:
            messages.append(message_factory.GetMessageClass(descriptor).FromString(detail.value))
    return messages


def _violations(details: Iterable[Any]) -> str:
    """Return the field violations of a BadRequest as text."""
    found = [
        f"{violation.field}: {violation.description}"
        for detail in details
        if detail.DESCRIPTOR.name == "BadRequest"
        for violation in detail.field_violations
    ]
    return f" [{'; '.join(found)}]" if found else ""
