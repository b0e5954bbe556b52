"""Permissions: who may use, edit or own a tuned model or a corpus.

They are a feature of the Gemini API; on Vertex AI every function is an `UnsupportedError`.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, Self

from gemini_grpc.errors import ArgumentError
from gemini_grpc.generative import member, names
from gemini_grpc.generative._async.sending import async_items, async_send
from gemini_grpc.generative._sync.sending import items as sync_items
from gemini_grpc.generative._sync.sending import send as sync_send
from gemini_grpc.generative.default import backend_of, client_of
from gemini_grpc.generative.editable import Editable, mask
from gemini_grpc.generative.plan import Plan, nothing, page
from gemini_grpc.generative.resource import Resource

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator

    from gemini_grpc.generative.backend import Backend
    from gemini_grpc.generative.plan import Options
    from gemini_grpc.generative.wires import HasWires


class Role(enum.IntEnum):
    """What somebody may do; each role may also do what those after it may."""

    ROLE_UNSPECIFIED = 0
    OWNER = 1
    """Delete it, and hand it to another owner."""
    WRITER = 2
    """Edit and share it."""
    READER = 3
    """Use it."""


class GranteeType(enum.IntEnum):
    """Who is given a permission."""

    GRANTEE_TYPE_UNSPECIFIED = 0
    USER = 1
    GROUP = 2
    EVERYONE = 3


class Permission(Editable):
    """What one user, one group or everyone may do with a tuned model or a corpus."""

    __slots__ = ()
    _ENUMS = {"role": Role, "grantee_type": GranteeType}  # noqa: RUF012  # a constant of the class
    EDITABLE = ("role",)

    name: str
    """Its name, which begins with that of the resource: `tunedModels/mine/permissions/1`."""
    role: Role
    grantee_type: GranteeType
    email_address: str
    """The address of the user or group; empty for everyone."""

    @classmethod
    def get(
        cls, name: str, *, client: HasWires | None = None, request_options: Options = None
    ) -> Permission:
        """Return a permission by its name.

        Raises:
            ArgumentError: It is no name of a permission.
        """
        client = client_of(client)
        return sync_send(getting(backend_of(client), name), client, request_options)

    @classmethod
    async def get_async(
        cls, name: str, *, client: HasWires | None = None, request_options: Options = None
    ) -> Permission:
        """Return a permission by its name; see `get`."""
        client = client_of(client)
        return await async_send(getting(backend_of(client), name), client, request_options)

    def _updating(self, backend: Backend, changed: dict[str, Any]) -> Plan[Self]:
        role = member.choose(Role, changed["role"], "updates: role", prefix="ROLE_")
        request = {"permission": {"name": self.name, "role": role}, "update_mask": mask(changed)}
        return Plan(backend.method("UpdatePermission"), request, self.of)

    def delete(self, *, client: HasWires | None = None, request_options: Options = None) -> None:
        """Take the permission away."""
        client = self._from(client)
        sync_send(deleting(backend_of(client), self), client, request_options)

    async def delete_async(
        self, *, client: HasWires | None = None, request_options: Options = None
    ) -> None:
        """Take the permission away."""
        client = self._from(client)
        await async_send(deleting(backend_of(client), self), client, request_options)


class Permissions:
    """The permissions on one tuned model or corpus; iterating over them lists them."""

    __slots__ = ("_parent",)

    get = Permission.get
    get_async = Permission.get_async

    def __init__(self, parent: str | Resource) -> None:
        """Say on what; nothing is asked before a method is called.

        Raises:
            ArgumentError: It is neither a tuned model nor a corpus.
        """
        names.SHARED.full(parent, "parent")
        self._parent = parent

    @property
    def parent(self) -> str:
        """The name of the tuned model or corpus."""
        return names.SHARED.full(self._parent, "parent")

    def create(
        self,
        role: Role | str | int,
        grantee_type: GranteeType | str | int | None = None,
        email_address: str | None = None,
        *,
        client: HasWires | None = None,
        request_options: Options = None,
    ) -> Permission:
        """Give somebody a role.

        Args:
            role: `reader`, `writer` or `owner`.
            grantee_type: `user`, `group` or `everyone`; without one, a user if there is an address.
            email_address: The address of the user or group; none for everyone.
            client: The client to use, instead of the one the resource came from.
            request_options: The timeout, retry and metadata of the call.

        Raises:
            ArgumentError: There is no such role or grantee, or the address does not go with it.
        """
        client = self._from(client)
        plan = creating(backend_of(client), self._parent, role, grantee_type, email_address)
        return sync_send(plan, client, request_options)

    async def create_async(
        self,
        role: Role | str | int,
        grantee_type: GranteeType | str | int | None = None,
        email_address: str | None = None,
        *,
        client: HasWires | None = None,
        request_options: Options = None,
    ) -> Permission:
        """Give somebody a role; see `create`."""
        client = self._from(client)
        plan = creating(backend_of(client), self._parent, role, grantee_type, email_address)
        return await async_send(plan, client, request_options)

    def list(
        self,
        page_size: int | None = None,
        *,
        client: HasWires | None = None,
        request_options: Options = None,
    ) -> Iterator[Permission]:
        """Return the permissions one after the other; a call fetches `page_size` of them."""
        client = self._from(client)
        return sync_items(
            listing(backend_of(client), self._parent, page_size), client, request_options
        )

    def list_async(
        self,
        page_size: int | None = None,
        *,
        client: HasWires | None = None,
        request_options: Options = None,
    ) -> AsyncIterator[Permission]:
        """Return the permissions one after the other; a call fetches `page_size` of them."""
        client = self._from(client)
        return async_items(
            listing(backend_of(client), self._parent, page_size), client, request_options
        )

    def __iter__(self) -> Iterator[Permission]:
        return self.list()

    def __aiter__(self) -> AsyncIterator[Permission]:
        return self.list_async()

    def transfer_ownership(
        self,
        email_address: str,
        *,
        client: HasWires | None = None,
        request_options: Options = None,
    ) -> None:
        """Hand a tuned model to another owner; who owned it becomes a writer.

        Raises:
            ArgumentError: There is no address, or it is a corpus.
        """
        client = self._from(client)
        plan = transferring(backend_of(client), self._parent, email_address)
        sync_send(plan, client, request_options)

    async def transfer_ownership_async(
        self,
        email_address: str,
        *,
        client: HasWires | None = None,
        request_options: Options = None,
    ) -> None:
        """Hand a tuned model to another owner; see `transfer_ownership`."""
        client = self._from(client)
        plan = transferring(backend_of(client), self._parent, email_address)
        await async_send(plan, client, request_options)

    def _from(self, client: HasWires | None) -> HasWires:
        parent = self._parent
        return parent._from(client) if isinstance(parent, Resource) else client_of(client)


def creating(
    backend: Backend, parent: object, role: object, grantee_type: object, email_address: object
) -> Plan[Permission]:
    """Decide the call that gives somebody a role.

    Raises:
        ArgumentError: There is no such role or grantee, or the address does not go with it.
    """
    method = backend.method("CreatePermission")
    if grantee_type is None and email_address:
        grantee_type = GranteeType.USER
    kind = member.choose(GranteeType, grantee_type, "grantee_type", prefix="GRANTEE_TYPE_")
    everyone = kind is GranteeType.EVERYONE
    if everyone and email_address:
        raise ArgumentError(
            f"email_address is {email_address!r}; with grantee_type 'everyone' there is none"
        )
    if not everyone:
        _check_address(email_address)
    permission = {
        "role": member.choose(Role, role, "role", prefix="ROLE_"),
        "grantee_type": kind,
        "email_address": None if everyone else email_address,
    }
    request = {"parent": names.SHARED.full(parent, "parent"), "permission": permission}
    return Plan(method, request, Permission.of)


def full_name(
    name: object, resource_name: object, permission_id: object, resource_type: object
) -> Any:
    """Return the name of a permission, given whole or as what it is on and its id.

    Raises:
        ArgumentError: Neither or both are given, or the type is none that has permissions.
    """
    parts = (resource_name, permission_id)
    if (name is None) is (resource_name is None) or (permission_id is None) is not (
        parts[0] is None
    ):
        raise ArgumentError("name: expected a name, or else resource_name and permission_id")
    if name is not None:
        return name
    collection = ""
    if resource_type is not None:
        word = str(resource_type).replace("_", "").lower()
        collection = _COLLECTIONS.get(word, "")
        if not collection:
            raise ArgumentError(
                f"resource_type is {resource_type!r}; expected 'tunedModel' or 'corpus'"
            )
    whole = "/" in str(resource_name)
    parent = resource_name if whole or not collection else f"{collection}/{resource_name}"
    return f"{parent}/permissions/{permission_id}"


_COLLECTIONS = {
    "tunedmodel": "tunedModels",
    "tunedmodels": "tunedModels",
    "corpus": "corpora",
    "corpora": "corpora",
}
"""The collections of what permissions are on, by the words for one."""


def getting(backend: Backend, name: object) -> Plan[Permission]:
    """Decide the call that gets one."""
    method = backend.method("GetPermission")
    return Plan(method, {"name": names.PERMISSION.full(name, "name")}, Permission.of)


def listing(backend: Backend, parent: object, page_size: int | None) -> Plan[Permission]:
    """Decide the call that lists those on a tuned model or corpus."""
    method = backend.method("ListPermissions")
    request = {"parent": names.SHARED.full(parent, "parent"), **page(page_size)}
    return Plan(method, request, Permission.of)


def deleting(backend: Backend, name: object) -> Plan[None]:
    """Decide the call that takes one away."""
    method = backend.method("DeletePermission")
    return Plan(method, {"name": names.PERMISSION.full(name, "name")}, nothing)


def transferring(backend: Backend, name: object, email_address: object) -> Plan[None]:
    """Decide the call that makes another user the owner of a tuned model."""
    method = backend.method("TransferOwnership")
    _check_address(email_address)
    full = names.TUNED_MODEL.full(name, "name")
    return Plan(method, {"name": full, "email_address": email_address}, nothing)


def _check_address(value: object) -> None:
    if not isinstance(value, str) or not value.strip():
        raise ArgumentError(f"email_address is {value!r}; expected the address of a user or group")
