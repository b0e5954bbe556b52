"""The errors this library raises on purpose.

    GeminiError
     +-- UsageError                  misuse found before anything is sent
     |    +-- ArgumentError          (also ValueError) an argument or option has a value that cannot be used
     |    +-- FieldError             (also TypeError and ValueError) a message was given a field it does not
     |    |                          have, or a value that does not fit the field
     |    +-- CredentialsError       there is no credential, or it cannot be loaded
     |    +-- ClosedError            (also RuntimeError) a closed client or stream was used
     +-- RpcError                    a call failed; one class for each canonical code of gRPC:
          +-- Cancelled, Unknown, InvalidArgument, DeadlineExceeded, NotFound, AlreadyExists,
              PermissionDenied, ResourceExhausted, FailedPrecondition, Aborted, OutOfRange,
              Unimplemented, Internal, Unavailable, DataLoss, Unauthenticated
               +-- TlsError             (also Unavailable) the TLS handshake failed; not retried

Errors carry data, never the request: prompts and credentials do not end up in logs by way of an error.
"""

from __future__ import annotations

import difflib
import sys
from functools import cache
from typing import TYPE_CHECKING, Any

import grpc

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from google.protobuf.message import Message

__all__ = [
    "Aborted",
    "AlreadyExists",
    "ArgumentError",
    "Cancelled",
    "ClosedError",
    "CredentialsError",
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
    "TlsError",
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


class CredentialsError(UsageError):
    """There is no credential, or the one there is cannot be loaded; the text says what to set."""


class ClosedError(UsageError, RuntimeError):
    """A client or stream was used after it had been closed."""


class RpcError(GeminiError):
    """A call failed with a status of gRPC.

    When google-api-core is loaded, an error is also an instance of its class for the same code, so that
    handlers written for google's own client (`except google.api_core.exceptions.NotFound`) catch it.
    """

    code: grpc.StatusCode = grpc.StatusCode.UNKNOWN
    """The canonical code, the same for every error of one class."""

    def __init__(
        self,
        message: str,
        *,
        details: Sequence[Message] = (),
        metadata: Sequence[tuple[str, str | bytes]] = (),
    ) -> None:
        Exception.__init__(self, message)
        self.message = message
        """What the server (or gRPC itself) said."""
        self.method = ""
        """The full name of the method, as `/package.Service/Method`."""
        self.endpoint = ""
        """The `host:port` that was called."""
        self.attempts = 1
        """How many times the call was tried; 0 if it was not sent at all."""
        self.repeatable = False
        """The method may be called again even if the server has done what was asked."""
        self.received: tuple[Any, ...] = ()
        """The messages of a server stream that had been delivered before it failed."""
        self.advice = ""
        """What to do about it, where that is known."""
        self._details = tuple(details)
        self._metadata = tuple(metadata)

    @property
    def details(self) -> tuple[Message, ...]:
        """The messages of `google.rpc` that came with the status: ErrorInfo, BadRequest, RetryInfo, ..."""
        return self._details

    @property
    def metadata(self) -> tuple[tuple[str, str | bytes], ...]:
        """The trailing metadata of the last attempt."""
        return self._metadata

    @property
    def reason(self) -> str:
        """The reason in ErrorInfo (AIP-193), such as `API_KEY_INVALID`; empty without one."""
        return str(self._info("ErrorInfo", "reason", ""))

    @property
    def domain(self) -> str:
        """The domain in ErrorInfo, which makes the reason unique; empty without one."""
        return str(self._info("ErrorInfo", "domain", ""))

    @property
    def retry_after(self) -> float | None:
        """Seconds the server asks to wait before another try; None if it does not say.

        From the trailer `grpc-retry-pushback-ms` (gRFC A6) or from RetryInfo. Negative: not at all.
        """
        pushback = dict(self._metadata).get("grpc-retry-pushback-ms")
        if pushback is not None:
            text = pushback.decode("ascii", "replace") if isinstance(pushback, bytes) else pushback
            return float(text) / 1000 if text.isascii() and text.isdigit() else -1.0
        delay = self._info("RetryInfo", "retry_delay", None)
        return None if delay is None else float(delay.seconds + delay.nanos / 1e9)

    def _info(self, kind: str, field: str, default: object) -> Any:
        for detail in self._details:
            if detail.DESCRIPTOR.full_name == f"google.rpc.{kind}":
                return getattr(detail, field)
        return default

    def __str__(self) -> str:
        where = f" ({self.method.rpartition('/')[2]})" if self.method else ""
        said = with_advice(f"{self.message}{_violations(self._details)}", self.advice)
        return f"{self.code.name}{where}: {said}"

    def __reduce__(self) -> tuple[object, ...]:
        state = {**self.__dict__, "_details": tuple(map(_packed, self._details))}
        own = next(cls for cls in type(self).__mro__ if cls in _OWN)
        return _restore, (own, state)


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


class TlsError(Unavailable):
    """The TLS handshake failed: a certificate is not trusted, has expired or does not fit.

    Trying again does not help, so it is not retried; the text says what was refused.
    """


CLASSES: dict[grpc.StatusCode, type[RpcError]] = {
    cls.code: cls for cls in RpcError.__subclasses__()
}
"""The class of each canonical code."""
_OWN = frozenset({*CLASSES.values(), TlsError, RpcError})


def nearest(name: str, known: Iterable[str]) -> str:
    """Return `; did you mean 'x'?` for the known name most like `name`, or nothing."""
    close = difflib.get_close_matches(str(name), list(known), n=1)
    return f"; did you mean {close[0]!r}?" if close else ""


def with_advice(text: str, advice: str) -> str:
    """Return a text with advice as a sentence after it."""
    if not advice:
        return text
    stop = "" if not text or text.endswith((".", "!", "?")) else "."
    return f"{text}{stop} {advice}".lstrip()


def make(
    code: grpc.StatusCode,
    message: str,
    *,
    details: Sequence[Message] = (),
    metadata: Sequence[tuple[str, str | bytes]] = (),
) -> RpcError:
    """Return an error of a code."""
    return google_twin(CLASSES[code])(message, details=details, metadata=metadata)


def google_twin(cls: type[RpcError]) -> type[RpcError]:
    """Return a class that is also google-api-core's for the code, if that package is loaded."""
    exceptions = sys.modules.get("google.api_core.exceptions")
    if exceptions is None:
        return cls
    classes: Any = (cls, exceptions.exception_class_for_grpc_status(cls.code))
    both: type[RpcError] = _both(classes)
    return both


@cache
def _both(classes: tuple[type, type]) -> type:
    """Return the class that is both; the same each time, so that the types of errors compare."""
    ours = classes[0]
    # what their constructor would set
    theirs = {"_errors": (), "_response": None, "_error_info": None, "error_info": None}
    names = {"__module__": ours.__module__, "__doc__": ours.__doc__}
    return type(ours.__name__, classes, names | theirs)


def _packed(detail: Message) -> tuple[str, bytes]:
    return detail.DESCRIPTOR.full_name, detail.SerializeToString()


def _restore(cls: type[RpcError], state: dict[str, Any]) -> RpcError:
    """Rebuild an error that was pickled."""
    error = google_twin(cls)(state["message"])
    details = [unpack(name, data) for name, data in state.pop("_details")]
    error.__dict__.update(state, _details=tuple(details))
    return error


def unpack(name: str, data: bytes) -> Message:
    """Return a message of `google.rpc` by its name; an unknown or malformed one stays an `Any`."""
    from google.protobuf import any_pb2, descriptor_pool, message_factory
    from google.protobuf.message import DecodeError
    from google.rpc import error_details_pb2

    assert error_details_pb2.DESCRIPTOR  # registers the types looked up below
    try:
        descriptor = descriptor_pool.Default().FindMessageTypeByName(name)
        return message_factory.GetMessageClass(descriptor).FromString(data)
    except (KeyError, DecodeError):
        return any_pb2.Any(type_url=f"type.googleapis.com/{name}", value=data)


def _violations(details: Iterable[Any]) -> str:
    """Return the field violations of a BadRequest as text."""
    found = [
        f"{violation.field}: {violation.description}"
        for detail in details
        if detail.DESCRIPTOR.name == "BadRequest"
        for violation in detail.field_violations
    ]
    return f" [{'; '.join(found)}]" if found else ""
