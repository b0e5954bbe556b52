"""A method as a value: what differs from RPC to RPC, and nothing that is the same for all."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Literal, TypeVar

Req = TypeVar("Req")
Res = TypeVar("Res")

Shape = Literal["unary", "server_stream", "client_stream", "bidi"]


@dataclass(frozen=True, slots=True)
class OperationTypes:
    """The types of a long-running operation (AIP-151), each as `module:Class`."""

    response: str
    metadata: str


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)  # so that hashing one costs nothing
class Method(Generic[Req, Res]):
    """One RPC. Types are named, not imported: a table of methods costs nothing until it is used."""

    path: str
    """The name on the wire: `/package.Service/Method`."""
    shape: Shape
    """Which sides stream."""
    request: str
    """The request type, as `module:Class`."""
    response: str
    """The type of what the server sends, as `module:Class`."""
    routing: tuple[str, ...] = ()
    """The request fields that go into the routing header (AIP-4222); dots lead into messages."""
    repeatable: bool = False
    """The call may be sent again when it is not known whether the server has done it."""
    timeout: float | None = None
    """Seconds for the whole call when the caller says nothing."""
    items: str = ""
    """The field of a paged response that holds the items (AIP-158); empty if it is not paged."""
    operation: OperationTypes | None = None
    """What the operation that the method starts will give."""

    @property
    def name(self) -> str:
        """The bare name of the RPC, `GenerateContent`."""
        return self.path.rpartition("/")[2]


class MethodTable:
    """The methods of one service; the generated tables are its subclasses."""

    HOST: ClassVar[str]
    """The host of the service."""
    SCOPES: ClassVar[tuple[str, ...]]
    """The OAuth scopes of the service."""
    METHODS: ClassVar[tuple[Method[Any, Any], ...]]
    """Every method, in the order of the proto."""


def load(name: str) -> type:
    """Import the class that `module:Class` names."""
    module, _, path = name.partition(":")
    value: object = importlib.import_module(module)
    for part in path.split("."):
        value = getattr(value, part)
    assert isinstance(value, type)
    return value
