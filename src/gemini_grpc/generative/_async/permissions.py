"""Give, find and hand over permissions by the names of resources."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemini_grpc.generative import permissions
from gemini_grpc.generative._async.sending import async_items, async_send
from gemini_grpc.generative.default import backend_of, client_of

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from gemini_grpc.generative.permissions import GranteeType, Permission, Role
    from gemini_grpc.generative.plan import Options
    from gemini_grpc.generative.resource import Resource
    from gemini_grpc.generative.wires import HasWires


async def create_permission_async(
    parent: str | Resource,
    role: Role | str | int,
    grantee_type: GranteeType | str | int | None = None,
    email_address: str | None = None,
    client: HasWires | None = None,
    request_options: Options = None,
) -> Permission:
    """Give somebody a role on a tuned model or a corpus.

    Args:
        parent: The tuned model or corpus, or its name.
        role: `reader`, `writer` or `owner`.
        grantee_type: `user`, `group` or `everyone`; without one, a user if there is an address.
        email_address: The address of the user or group; none for everyone.
        client: The client to use, instead of the default one.
        request_options: The timeout, retry and metadata of the call.

    Raises:
        ArgumentError: There is no such role or grantee, or the address does not go with it.
        UnsupportedError: Vertex AI has no such permissions.
    """
    client = client_of(client)
    plan = permissions.creating(backend_of(client), parent, role, grantee_type, email_address)
    return await async_send(plan, client, request_options)


async def get_permission_async(
    name: str | None = None,
    client: HasWires | None = None,
    request_options: Options = None,
    *,
    resource_name: str | None = None,
    permission_id: str | int | None = None,
    resource_type: str | None = None,
) -> Permission:
    """Return a permission.

    Args:
        name: Its name, as `tunedModels/mine/permissions/1`.
        client: The client to use, instead of the default one.
        request_options: The timeout, retry and metadata of the call.
        resource_name: Instead of a name, what it is on: `tunedModels/mine`, or `mine` with a
            `resource_type`.
        permission_id: Its id, with `resource_name`.
        resource_type: `tunedModel` or `corpus`.

    Raises:
        ArgumentError: It is no name of a permission.
        UnsupportedError: Vertex AI has no such permissions.
    """
    client = client_of(client)
    full = permissions.full_name(name, resource_name, permission_id, resource_type)
    plan = permissions.getting(backend_of(client), full)
    return await async_send(plan, client, request_options)


def list_permissions_async(
    parent: str | Resource,
    page_size: int | None = None,
    client: HasWires | None = None,
    request_options: Options = None,
) -> AsyncIterator[Permission]:
    """Return the permissions on a tuned model or a corpus, one after the other.

    Args:
        parent: The tuned model or corpus, or its name.
        page_size: How many one call fetches; the next is made when they are used up.
        client: The client to use, instead of the default one.
        request_options: The timeout, retry and metadata of each call.

    Raises:
        ArgumentError: It is neither, or the page size cannot be used.
        UnsupportedError: Vertex AI has no such permissions.
    """
    client = client_of(client)
    plan = permissions.listing(backend_of(client), parent, page_size)
    return async_items(plan, client, request_options)


async def transfer_ownership_async(
    name: str | Resource,
    email_address: str,
    client: HasWires | None = None,
    request_options: Options = None,
) -> None:
    """Hand a tuned model to another owner; who owned it becomes a writer.

    Args:
        name: The tuned model, or its name.
        email_address: The address of the new owner.
        client: The client to use, instead of the default one.
        request_options: The timeout, retry and metadata of the call.

    Raises:
        ArgumentError: There is no address, or it is no tuned model.
        UnsupportedError: Vertex AI has no such permissions.
    """
    client = client_of(client)
    plan = permissions.transferring(backend_of(client), name, email_address)
    await async_send(plan, client, request_options)
