"""The methods that are served, found by path or by the name that scripts use."""

from __future__ import annotations

from functools import cache
from typing import Any

from gemini_grpc.aiplatform_v1 import methods as aiplatform_v1
from gemini_grpc.errors import ArgumentError, nearest
from gemini_grpc.rpc import operations
from gemini_grpc.rpc.method import Method, MethodTable
from gemini_grpc.v1alpha import methods as v1alpha
from gemini_grpc.v1beta import methods as v1beta

TABLES: dict[str, dict[str, type[MethodTable]]] = {
    "v1beta": v1beta.SERVICES,
    "v1alpha": v1alpha.SERVICES,
    "aiplatform_v1": aiplatform_v1.SERVICES,
}
"""The methods tables that are served."""

Spec = Method[Any, Any]


@cache
def by_path() -> dict[str, tuple[str, Spec]]:
    """Return every method with the package of its version, by its path."""
    found = {
        spec.path: (version, spec)
        for version, services in TABLES.items()
        for service in services.values()
        for spec in service.METHODS
    }
    return found | {spec.path: ("v1beta", spec) for spec in operations.METHODS}


def key(spec: Spec) -> str:
    """Return the name of a method in the table of handlers: `GenerativeService.GenerateContent`."""
    _, service, name = spec.path.split("/")
    return f"{service.rpartition('.')[2]}.{name}"


def find(name: str) -> list[Spec]:
    """Return the methods called `GenerateContent` or `GenerativeService.GenerateContent`, v1beta first.

    Raises:
        ArgumentError: There is none.
    """
    found = [spec for _, spec in by_path().values() if name in {spec.name, key(spec)}]
    if not found:
        specs = [spec for _, spec in by_path().values()]
        known = {spec.name for spec in specs} | {key(spec) for spec in specs}
        raise ArgumentError(f"{name!r} is not a method of the API{nearest(name, sorted(known))}")
    return found
