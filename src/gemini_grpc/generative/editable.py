"""Resources that can be changed: what an update may name, and the update in both colours."""

from __future__ import annotations

import abc
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar, Self

from google.protobuf import field_mask_pb2

from gemini_grpc.errors import ArgumentError, nearest
from gemini_grpc.generative._async.sending import async_send
from gemini_grpc.generative._sync.sending import send
from gemini_grpc.generative.default import backend_of
from gemini_grpc.generative.resource import Resource

if TYPE_CHECKING:
    from collections.abc import Collection

    from gemini_grpc.generative.backend import Backend
    from gemini_grpc.generative.plan import Options, Plan
    from gemini_grpc.generative.wires import HasWires


class Editable(Resource, abc.ABC):
    """A resource that can be changed."""

    __slots__ = ()

    EDITABLE: ClassVar[tuple[str, ...]]
    """The fields that can."""

    @abc.abstractmethod
    def _updating(self, backend: Backend, changed: dict[str, Any]) -> Plan[Self]:
        """Decide the call that changes some fields."""

    def update(
        self,
        updates: Mapping[str, Any],
        *,
        client: HasWires | None = None,
        request_options: Options = None,
    ) -> Self:
        """Change some fields, and return this resource as it is now.

        Args:
            updates: The fields to change, with their new values; `EDITABLE` tells which can be.
            client: The client to use, instead of the one it came from.
            request_options: The timeout, retry and metadata of the call.

        Raises:
            ArgumentError: Another field is named, or a value cannot be used.
        """
        client = self._from(client)
        plan = self._updating(backend_of(client), changes(self.EDITABLE, updates))
        return self._replace(send(plan, client, request_options))

    async def update_async(
        self,
        updates: Mapping[str, Any],
        *,
        client: HasWires | None = None,
        request_options: Options = None,
    ) -> Self:
        """Change some fields, and return this resource as it is now; see `update`."""
        client = self._from(client)
        plan = self._updating(backend_of(client), changes(self.EDITABLE, updates))
        return self._replace(await async_send(plan, client, request_options))


def changes(editable: Collection[str], updates: object) -> dict[str, Any]:
    """Return the fields that an update changes.

    Args:
        editable: The fields that can be changed.
        updates: A mapping of fields to their new values.

    Raises:
        ArgumentError: It is empty, or names a field that does not exist or cannot be changed.
    """
    possible = ", ".join(editable)
    if not isinstance(updates, Mapping) or not updates:
        raise ArgumentError(
            f"updates: expected a mapping of fields to new values, got {updates!r:.80}; what can be "
            f"changed is {possible}"
        )
    for name in updates:
        if name not in editable:
            hint = nearest(name, editable)
            raise ArgumentError(
                f"updates: {name!r} cannot be changed{hint or f'; what can be is {possible}'}"
            )
    return dict(updates)


def mask(fields: Mapping[str, object]) -> field_mask_pb2.FieldMask:
    """Return the mask of an update that changes some fields."""
    return field_mask_pb2.FieldMask(paths=list(fields))
