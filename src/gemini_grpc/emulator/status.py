"""How a handler refuses a call: a status with details, as the real service gives them."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import grpc
from google.protobuf import any_pb2
from google.rpc import error_details_pb2, status_pb2

if TYPE_CHECKING:
    from google.protobuf.message import Message


class StatusError(Exception):
    """Ends a call with a status; raised by handlers."""

    def __init__(
        self,
        code: grpc.StatusCode,
        message: str,
        *,
        details: Iterable[Message] = (),
        trailers: Iterable[tuple[str, str | bytes]] = (),
    ) -> None:
        super().__init__(f"{code.name}: {message}")
        self.code = code
        self.message = message
        self.details = tuple(details)
        """Messages of `google.rpc` to send along."""
        self.trailers = tuple(trailers)
        """More trailing metadata."""

    def trailing_metadata(self) -> tuple[tuple[str, str | bytes], ...]:
        """Return the trailers, with the details packed as gRPC wants them."""
        if not self.details:
            return self.trailers
        status = status_pb2.Status(code=self.code.value[0], message=self.message)
        for detail in self.details:
            packed = any_pb2.Any()
            packed.Pack(detail)
            status.details.append(packed)
        return (*self.trailers, ("grpc-status-details-bin", status.SerializeToString()))


def invalid(field: str, description: str) -> StatusError:
    """Return INVALID_ARGUMENT for one field of the request, by its path."""
    return invalid_fields([(field, description)])


def invalid_fields(violations: Iterable[tuple[str, str]]) -> StatusError:
    """Return INVALID_ARGUMENT for several fields: pairs of a path and what is wrong there."""
    pairs = list(violations)
    bad = error_details_pb2.BadRequest(
        field_violations=[
            error_details_pb2.BadRequest.FieldViolation(field=field, description=description)
            for field, description in pairs
        ]
    )
    text = "; ".join(f"{field}: {description}" for field, description in pairs)
    return StatusError(grpc.StatusCode.INVALID_ARGUMENT, text, details=[bad])


def not_found(name: str) -> StatusError:
    """Return NOT_FOUND for a resource."""
    return StatusError(grpc.StatusCode.NOT_FOUND, f"{name} is not found")


def exists(name: str) -> StatusError:
    """Return ALREADY_EXISTS for a resource."""
    return StatusError(grpc.StatusCode.ALREADY_EXISTS, f"{name} already exists")


def permission_denied(message: str) -> StatusError:
    """Return PERMISSION_DENIED."""
    return StatusError(grpc.StatusCode.PERMISSION_DENIED, message)


def failed_precondition(message: str) -> StatusError:
    """Return FAILED_PRECONDITION."""
    return StatusError(grpc.StatusCode.FAILED_PRECONDITION, message)
