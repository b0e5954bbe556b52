"""Work that goes on after its call has answered: the calls that find it again, and what it is."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from gemini_grpc.errors import ArgumentError
from gemini_grpc.generative.plan import Plan, nothing, page
from gemini_grpc.rpc import operations

if TYPE_CHECKING:
    from collections.abc import Callable

    from gemini_grpc.generative.backend import Backend
    from gemini_grpc.generative.wires import Wires
    from gemini_grpc.rpc.method import OperationTypes

T = TypeVar("T")

_STARTERS = {"tunedModels": "CreateTunedModel", "models": "PredictLongRunning"}
"""The method that starts the operations of a kind of resource."""


def listing(backend: Backend, page_size: int | None, read: Callable[[Any, Wires], T]) -> Plan[T]:
    """Decide the call that lists operations."""
    tuning_types(backend)
    return Plan(operations.LIST, page(page_size), read)


def getting(backend: Backend, name: object, read: Callable[[Any, Wires], T]) -> Plan[T]:
    """Decide the call that gets one.

    Raises:
        ArgumentError: It is no name of an operation.
    """
    return Plan(operations.GET, {"name": _full(backend, name)}, read)


def deleting(backend: Backend, name: object) -> Plan[None]:
    """Decide the call that makes the server forget one.

    Raises:
        ArgumentError: It is no name of an operation.
    """
    return Plan(operations.DELETE, {"name": _full(backend, name)}, nothing)


def tuning_types(backend: Backend) -> OperationTypes:
    """Return what an operation that tunes gives."""
    return types_of(backend, "tunedModels/")


def types_of(backend: Backend, name: str) -> OperationTypes:
    """Return what an operation gives, by its name."""
    starter = _STARTERS.get(name.partition("/")[0], "CreateTunedModel")
    types = backend.method(starter).operation
    assert types is not None, starter
    return types


def _full(backend: Backend, name: object) -> str:
    tuning_types(backend)
    full = getattr(name, "name", name)
    if not isinstance(full, str) or "/operations/" not in full:
        raise ArgumentError(
            f"name: {name!r} is no name of an operation; expected "
            "'tunedModels/TUNED_MODEL/operations/OPERATION'"
        )
    return full
