"""Turn what grpcio and the service report into errors of ours, with details and advice."""

from __future__ import annotations

import difflib
import re
from typing import TYPE_CHECKING, Any

import grpc

from gemini_grpc import errors

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from google.protobuf.message import Message
    from google.rpc import error_details_pb2, status_pb2

_HANDSHAKE = (
    "CERTIFICATE_VERIFY_FAILED",
    "Ssl handshake failed",
    "SSL_ERROR_SSL",
    "Custom verification check failed",
)
"""What grpcio says inside UNAVAILABLE when it is TLS that failed."""


_OF_AIO = "Internal error from Core"
"""What grpc.aio says when it ends a call itself; the reason stands elsewhere."""

_LIMITS = (
    "client: received message larger than max",
    "decompressed message larger than max",
    "received metadata size exceeds",
)
"""What grpcio says inside RESOURCE_EXHAUSTED when a limit of the client is exceeded, in lower case."""


def exceeds_limit(error: errors.RpcError) -> bool:
    """Return whether an answer was refused here because it exceeds a limit of the client."""
    said = error.message.lower()
    exhausted = error.code is grpc.StatusCode.RESOURCE_EXHAUSTED
    return exhausted and any(sign in said for sign in _LIMITS)


def from_grpc(error: grpc.RpcError) -> errors.RpcError:
    """Turn what grpcio raised into the error of its code, with the details decoded."""
    call: Any = error  # what grpcio raises from a call is also a grpc.Call
    said = call.details()
    if said == _OF_AIO:
        said = call.debug_error_string()
    return from_call(call.code(), said, call.trailing_metadata())


def from_call(
    code: grpc.StatusCode, message: str | None, trailers: Iterable[tuple[str, str | bytes]] | None
) -> errors.RpcError:
    """Turn the end of a call into the error of its code, with the details decoded."""
    metadata = tuple((key, value) for key, value in trailers or ())
    details = _decode_details(metadata)
    said = message or ""
    if code is grpc.StatusCode.UNAVAILABLE and any(sign in said for sign in _HANDSHAKE):
        cls = errors.google_twin(errors.TlsError)
        return _advised(cls(said, details=details, metadata=metadata))
    return _advised(errors.make(code, said, details=details, metadata=metadata))


def from_status(status: status_pb2.Status) -> errors.RpcError:
    """Turn a `google.rpc.Status`, which operations end with, into the error of its code."""
    code = next(
        (code for code in errors.CLASSES if code.value[0] == status.code), grpc.StatusCode.UNKNOWN
    )
    return _advised(errors.make(code, status.message, details=_unpack(status)))


def not_encrypted() -> errors.RpcError:
    """Return the error of an API key that must not be sent over a channel of the user."""
    return _advised(errors.make(grpc.StatusCode.UNAUTHENTICATED, _NOT_ENCRYPTED))


_NOT_ENCRYPTED = (
    "Established channel does not have a sufficient security level to transfer call credential."
)
"""What grpc core says of a credential of a call over a connection that is not encrypted."""


def must_wait(message: str, seconds: float) -> errors.RpcError:
    """Return RESOURCE_EXHAUSTED that says how long to wait, as the service does."""
    return errors.make(grpc.StatusCode.RESOURCE_EXHAUSTED, message, details=[retry_info(seconds)])


_LONGEST_DURATION = 315_576_000_000
"""Seconds a `google.protobuf.Duration` can have, 10,000 years."""


def retry_info(seconds: float) -> error_details_pb2.RetryInfo:
    """Return a hint to wait, of any number of seconds; what a Duration cannot have becomes its maximum."""
    from google.rpc import error_details_pb2

    hint = error_details_pb2.RetryInfo()
    hint.retry_delay.FromNanoseconds(int(min(seconds, _LONGEST_DURATION) * 1e9))
    return hint


def explain_deadline(
    error: errors.RpcError, seconds: float | None, left: float, connected: bool | None
) -> None:
    """Say in a DEADLINE_EXCEEDED what the call waited for, if its text is the bare name of the code.

    Args:
        error: The error, with its endpoint and attempts.
        seconds: The seconds the call had; None for no limit.
        left: How many of them are left. If there are any, the server gave up, not the client.
        connected: There is a connection; None if that is unknown.
    """
    if not _DEADLINE.fullmatch(error.message):
        return
    if seconds is None or left > _ROUNDING:
        had = "no limit" if seconds is None else f"{left:.1f} of {seconds:g} s left"
        error.advice = f"The server gave up; the call had {had}."
        return
    tries = f"{error.attempts} attempt{'s' if error.attempts != 1 else ''}"
    if connected is False:
        error.message = f"could not connect within {seconds:g} s to {error.endpoint} ({tries})"
    else:
        state = "connected; " if connected else ""
        error.message = (
            f"no complete answer within {seconds:g} s from {error.endpoint} ({state}{tries})"
        )
    error.args = (error.message,)


_DEADLINE = re.compile(r"(Stream removed \()?Deadline Exceeded\)?", re.IGNORECASE)
"""What grpc core says of a deadline."""
_ROUNDING = 0.1
"""Seconds by which grpc core's clock and ours may differ about a deadline."""


def _advised(error: errors.RpcError) -> errors.RpcError:
    error.advice = _advice(error)
    return error


_ADVICE_BY_REASON = {
    "API_KEY_INVALID": "The API key is not valid; pass another one.",
    "API_KEY_SERVICE_BLOCKED": (
        "The API key may not be used for this service: allow the Generative Language API in the "
        "restrictions of the key, or use another key."
    ),
    "SERVICE_DISABLED": "The API is not enabled in the project; enable it in the Cloud console.",
    "ACCESS_TOKEN_SCOPE_INSUFFICIENT": "The credentials lack a scope; pass scopes= in client_options.",
    "CREDENTIALS_MISSING": "No credential was sent; pass an API key or credentials.",
    "USER_PROJECT_DENIED": "The quota project may not be used; check quota_project_id.",
}
"""What to do about the reasons in ErrorInfo."""


_ADVICE_BY_TEXT = (
    *(
        (
            grpc.StatusCode.RESOURCE_EXHAUSTED,
            sign,
            "The message is larger than the client takes; raise max_receive_message_length in "
            "client_options (bytes; -1 for no limit).",
        )
        for sign in _LIMITS[:2]
    ),
    (
        grpc.StatusCode.RESOURCE_EXHAUSTED,
        _LIMITS[2],
        "The server sent more headers or trailers than the client takes; raise the channel options "
        "grpc.max_metadata_size and grpc.absolute_max_metadata_size (bytes).",
    ),
    (
        grpc.StatusCode.UNAVAILABLE,
        "too_many_pings",
        "The server allows fewer pings: raise keepalive in client_options. Until then grpc doubles the "
        "seconds between pings each time.",
    ),
    (
        grpc.StatusCode.UNAUTHENTICATED,
        "sufficient security level to transfer call credential",
        "The channel is not encrypted and leaves this machine, so the API key was not sent; use "
        "grpc.secure_channel.",
    ),
    (
        grpc.StatusCode.INVALID_ARGUMENT,
        "request payload size exceeds",
        "Upload large media as files and name them in the request.",
    ),
)
"""What to do about texts of grpcio and of the service: the code, a part in lower case, the advice."""


def _advice(error: errors.RpcError) -> str:
    """Return what to do about an error; empty where that is not known."""
    if error.reason in _ADVICE_BY_REASON:
        return _ADVICE_BY_REASON[error.reason]
    said = error.message.lower()
    for code, sign, advice in _ADVICE_BY_TEXT:
        if error.code is code and sign in said:
            return advice
    wait = error.retry_after
    if error.code is grpc.StatusCode.RESOURCE_EXHAUSTED:
        if is_daily_quota(error):
            return "The quota of the day is used up; waiting shortly does not help."
        if wait is not None and wait >= 0:
            return f"The server asks to wait {wait:g} s."
    return _where_models_are_listed(error)


def _where_models_are_listed(error: errors.RpcError) -> str:
    """Return what lists the models, for a model that is not found; nothing if the server has said it."""
    missing = _MODEL.search(error.message) if error.code is grpc.StatusCode.NOT_FOUND else None
    if missing is None or _LISTS[missing[1]] in error.message:
        return ""
    return f"{_LISTS[missing[1]]} tells which models there are."


_MODEL = re.compile(r"(?<![\w/])(models|tunedModels)/[\w@-]++(?:\.[\w@-]+)*+(?!/)")
"""The whole name of a model, and nothing under it. On Vertex AI, which cannot list models, something
stands before it.
"""
_LISTS = {"models": "ListModels", "tunedModels": "ListTunedModels"}
"""What lists the models of a kind."""


def name_nearest(error: errors.NotFound, models: Collection[str]) -> None:
    """Let an error that says a model is not there name those that are nearest to it."""
    missing = _MODEL.search(error.message) if models else None
    others = [model for model in models if missing and model != missing[0]]
    near = difflib.get_close_matches(missing[0], others, n=3) if missing else []
    if near:
        error.advice = f"Did you mean {' or '.join(map(repr, near))}? {error.advice}".rstrip()


def is_daily_quota(error: errors.RpcError) -> bool:
    """Tell whether a quota is used up that only the next day renews."""
    for detail in error.details:
        if detail.DESCRIPTOR.full_name == "google.rpc.QuotaFailure":
            named: Any = detail
            return any(
                "PerDay" in getattr(violation, "quota_id", "") for violation in named.violations
            )
    return False


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
    return [
        errors.unpack(detail.type_url.rpartition("/")[2], detail.value) for detail in status.details
    ]
