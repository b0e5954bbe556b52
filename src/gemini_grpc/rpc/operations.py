"""The methods of `google.longrunning.Operations`, which every service of the API answers as well."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemini_grpc.rpc.method import Method

if TYPE_CHECKING:
    from google.longrunning import operations_pb2

_PATH = "/google.longrunning.Operations/"
_TYPES = "google.longrunning.operations_pb2:"
_EMPTY = "google.protobuf.empty_pb2:Empty"

GET: Method[operations_pb2.GetOperationRequest, operations_pb2.Operation] = Method(
    path=_PATH + "GetOperation",
    shape="unary",
    request=_TYPES + "GetOperationRequest",
    response=_TYPES + "Operation",
    routing=("name",),
    repeatable=True,
    timeout=60.0,
)
LIST: Method[operations_pb2.ListOperationsRequest, operations_pb2.ListOperationsResponse] = Method(
    path=_PATH + "ListOperations",
    shape="unary",
    request=_TYPES + "ListOperationsRequest",
    response=_TYPES + "ListOperationsResponse",
    routing=("name",),
    repeatable=True,
    timeout=60.0,
    items="operations",
)
CANCEL: Method[operations_pb2.CancelOperationRequest, object] = Method(
    path=_PATH + "CancelOperation",
    shape="unary",
    request=_TYPES + "CancelOperationRequest",
    response=_EMPTY,
    routing=("name",),
    repeatable=True,
    timeout=60.0,
)
DELETE: Method[operations_pb2.DeleteOperationRequest, object] = Method(
    path=_PATH + "DeleteOperation",
    shape="unary",
    request=_TYPES + "DeleteOperationRequest",
    response=_EMPTY,
    routing=("name",),
    repeatable=True,
    timeout=60.0,
)

METHODS = (GET, LIST, CANCEL, DELETE)
"""All four."""
