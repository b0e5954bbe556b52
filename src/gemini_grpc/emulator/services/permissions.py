"""PermissionService: who may do what with a corpus or a tuned model.

- Every caller of the emulator is the user `CALLER`, who owns what they create.
- What a role allows is enforced: a reader uses, a writer also edits and shares, an owner also deletes.
- A tuned model has one owner, and gets another by `TransferOwnership` alone; the old one becomes a
  writer. A corpus may have several owners, but never none.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import grpc

from gemini_grpc.emulator import names, paging, status
from gemini_grpc.emulator.services import masks
from gemini_grpc.emulator.status import StatusError
from gemini_grpc.emulator.store import Record

if TYPE_CHECKING:
    from gemini_grpc.emulator.convert import Data
    from gemini_grpc.emulator.store import Store
    from gemini_grpc.emulator.world import Call

CALLER = "owner@example.com"
"""The user that every caller is."""

_RANK = {"READER": 1, "WRITER": 2, "OWNER": 3}
_PARENTS = (names.TUNED_MODEL, names.CORPUS)


def create_permission(call: Call) -> Data:
    """Share a resource with a user, a group or everyone."""
    parent = names.require(call.request, "parent", *_PARENTS)
    given = call.request["permission"]
    role = _role(given, parent)
    kind, email = given["grantee_type"], given.get("email_address", "")
    store = call.world.store
    with store.lock:
        store.find(parent)
        require(call, parent, "WRITER")
        for record in store.records(f"{parent}/permissions"):
            data = record.data
            if (data["grantee_type"], data.get("email_address", "")) == (kind, email):
                raise status.exists(f"{record.name}, a permission of {email or 'everyone'},")
        return _add(store, parent, role=role, kind=kind, email=email)


def get_permission(call: Call) -> Data:
    """Return one permission."""
    return call.world.store.find(names.require(call.request, "name", *names.PERMISSIONS)).data


def list_permissions(call: Call) -> Data:
    """Return a page of the permissions on a resource."""
    parent = names.require(call.request, "parent", *_PARENTS)
    call.world.store.find(parent)
    records = call.world.store.records(f"{parent}/permissions")
    found, token = paging.page(records, call.request, default=10, maximum=100)
    return {"permissions": [record.data for record in found], "next_page_token": token}


def update_permission(call: Call) -> Data:
    """Change the role of a permission."""
    given = call.request["permission"]
    name = names.require(given, "name", *names.PERMISSIONS, path="permission.name")
    mask = masks.require(call.request)
    store = call.world.store
    with store.lock:
        record = store.find(name)
        data = masks.apply(record.data, given, mask, editable={"role"})
        parent = _parent(name)
        if data.get("role") != record.data["role"]:
            _role(data, parent)
            require(call, parent, "WRITER")
            _keep_an_owner(store, record)
        return store.change(name, data=data).data


def delete_permission(call: Call) -> Data:
    """Revoke a permission."""
    name = names.require(call.request, "name", *names.PERMISSIONS)
    store = call.world.store
    with store.lock:
        record = store.find(name)
        require(call, _parent(name), "WRITER")
        _keep_an_owner(store, record)
        store.remove(name)
    return {}


def transfer_ownership(call: Call) -> Data:
    """Make another user the owner of a tuned model, and the present one a writer."""
    parent = names.require(call.request, "name", names.TUNED_MODEL)
    email = call.request["email_address"]
    store = call.world.store
    with store.lock:
        store.find(parent)
        require(call, parent, "OWNER")
        if email == CALLER:
            raise status.invalid("email_address", f"is {email}, who is the owner already")
        roles = {CALLER: "WRITER", email: "OWNER"}
        for record in store.records(f"{parent}/permissions"):
            if record.data["grantee_type"] != "USER":
                continue
            if role := roles.pop(record.data.get("email_address", ""), None):
                store.change(record.name, data=record.data | {"role": role})
        if email in roles:
            _add(store, parent, role="OWNER", kind="USER", email=email)
    return {}


def own(call: Call, parent: str) -> None:
    """Make the caller the owner of what they have just created."""
    _add(call.world.store, parent, role="OWNER", kind="USER", email=CALLER)


def require(call: Call, resource: str, role: str) -> None:
    """Refuse a caller who has a lower role.

    Raises:
        StatusError: PERMISSION_DENIED.
    """
    if not allows(call, resource, role):
        raise StatusError(
            grpc.StatusCode.PERMISSION_DENIED,
            f"{CALLER} is not {'an' if role == 'OWNER' else 'a'} {role.lower()} of {resource}",
        )


def allows(call: Call, resource: str, role: str, *, everyone: bool = False) -> bool:
    """Tell whether the caller, or everyone, has a role on a resource, or a higher one."""
    grantees = {("EVERYONE", "")} if everyone else {("EVERYONE", ""), ("USER", CALLER)}
    return any(
        (record.data["grantee_type"], record.data.get("email_address", "")) in grantees
        and _RANK[record.data["role"]] >= _RANK[role]
        for record in call.world.store.records(f"{resource}/permissions")
    )


def _add(store: Store, parent: str, *, role: str, kind: str, email: str) -> Data:
    collection = f"{parent}/permissions"
    data = {
        "name": f"{collection}/{store.new_id(collection)}",
        "grantee_type": kind,
        "role": role,
    }
    if email:
        data["email_address"] = email
    return store.add(Record(data)).data


def _role(given: Data, parent: str) -> str:
    """Return the role that is given, if a caller may give it."""
    role = given.get("role")
    if role not in _RANK:
        raise status.invalid("permission.role", f"is required: one of {', '.join(_RANK)}")
    if role == "OWNER" and parent.startswith("tunedModels/"):
        raise status.invalid("permission.role", "is OWNER; TransferOwnership makes another owner")
    return str(role)


def _keep_an_owner(store: Store, record: Record) -> None:
    """Refuse to take the last owner away."""
    siblings = store.records(f"{_parent(record.name)}/permissions")
    owners = [one.name for one in siblings if one.data["role"] == "OWNER"]
    if owners == [record.name]:
        raise status.failed_precondition(f"{record.name} is the only owner's")


def _parent(name: str) -> str:
    return name.rpartition("/permissions/")[0]


HANDLERS = {
    "PermissionService.CreatePermission": create_permission,
    "PermissionService.GetPermission": get_permission,
    "PermissionService.ListPermissions": list_permissions,
    "PermissionService.UpdatePermission": update_permission,
    "PermissionService.DeletePermission": delete_permission,
    "PermissionService.TransferOwnership": transfer_ownership,
}
