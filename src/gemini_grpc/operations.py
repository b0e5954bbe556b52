"""Long-running operations under the name of google-generativeai, in both colours."""

from __future__ import annotations

from gemini_grpc.generative._async.operations import (
    AsyncCreateTunedModelOperation,
    delete_operation_async,
    get_operation_async,
    list_operations_async,
)
from gemini_grpc.generative._sync.operations import (
    CreateTunedModelOperation,
    delete_operation,
    get_operation,
    list_operations,
)

__all__ = [
    "AsyncCreateTunedModelOperation",
    "CreateTunedModelOperation",
    "delete_operation",
    "delete_operation_async",
    "get_operation",
    "get_operation_async",
    "list_operations",
    "list_operations_async",
]
