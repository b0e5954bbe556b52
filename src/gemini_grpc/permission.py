"""Permissions under the name of google-generativeai: `permission.get_permission(...)`, in both colours."""

from __future__ import annotations

from gemini_grpc.generative._async.permissions import (
    create_permission_async,
    get_permission_async,
    list_permissions_async,
    transfer_ownership_async,
)
from gemini_grpc.generative._sync.permissions import (
    create_permission,
    get_permission,
    list_permissions,
    transfer_ownership,
)
from gemini_grpc.generative.permissions import GranteeType, Permission, Permissions, Role

__all__ = [
    "GranteeType",
    "Permission",
    "Permissions",
    "Role",
    "create_permission",
    "create_permission_async",
    "get_permission",
    "get_permission_async",
    "list_permissions",
    "list_permissions_async",
    "transfer_ownership",
    "transfer_ownership_async",
]
