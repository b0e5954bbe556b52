"""What the templates see: frozen values in which every choice has been made."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Field:
    """One field of a message."""

    name: str
    """The attribute, with an underscore where the proto's name is taken."""
    keywords: tuple[str, ...]
    """The keywords of the constructor, which also takes the proto's name."""
    parameter: str
    """The keyword in a client method whose request has the field."""
    doc: str
    """The whole comment."""
    traits: str
    """What the proto says besides: `Required.`, `Output only.` and so on, its oneof; or empty."""
    get_type: str
    """The annotation of the value one reads."""
    set_type: str
    """The annotation of a value one may pass."""


@dataclass(frozen=True, slots=True)
class EnumValue:
    """One value of an enum."""

    name: str
    number: int
    doc: str


@dataclass(frozen=True, slots=True)
class Enum:
    """An enum."""

    name: str
    doc: str
    values: tuple[EnumValue, ...]


@dataclass(frozen=True, slots=True)
class Message:
    """A message with the types nested in it; map entries are left out."""

    name: str
    doc: str
    fields: tuple[Field, ...]
    messages: tuple[Message, ...]
    enums: tuple[Enum, ...]


@dataclass(frozen=True, slots=True)
class TypesModule:
    """The types of one `.proto`."""

    name: str
    source: str
    messages: tuple[Message, ...]
    enums: tuple[Enum, ...]
    serialized: tuple[bytes, ...]
    """The descriptor, in slices that fit a line."""
    siblings: tuple[str, ...]
    """The modules of the same package it refers to."""
    well_known: tuple[str, ...]
    """The modules of protobuf and googleapis that must be registered first."""
    annotations: tuple[str, ...]
    """Imports of the stub: whole lines."""

    @property
    def public(self) -> tuple[str, ...]:
        """The top-level names, sorted."""
        return tuple(sorted([*(m.name for m in self.messages), *(e.name for e in self.enums)]))


@dataclass(frozen=True, slots=True)
class Rpc:
    """One RPC."""

    name: str
    """The method of the clients, in snake_case."""
    constant: str
    """Its name in the methods table."""
    path: str
    doc: str
    shape: str
    """`unary`, `server_stream`, `client_stream` or `bidi`."""
    request: str
    """The request type, as `module:Class` or the full path of a class of another package."""
    response: str
    request_type: str
    """The request type as an annotation."""
    response_type: str
    """The annotation of what the server sends; `None` for Empty."""
    fields: tuple[Field, ...]
    """The fields of the request, each a keyword."""
    routing: tuple[str, ...]
    repeatable: bool
    timeout: float | None
    items: str
    """The repeated field of a paged response, or empty."""
    item_type: str
    operation_response: str
    operation_metadata: str
    operation_type: str
    """The annotation of an operation's result, or empty."""
    modules: tuple[str, ...]
    """The type modules its annotations name."""
    annotations: tuple[str, ...]
    """Other imports its annotations need: whole lines."""


@dataclass(frozen=True, slots=True)
class PathHelper:
    """A pair of functions for one pattern of a resource name."""

    name: str
    pattern: str
    variables: tuple[str, ...]
    regex: str


@dataclass(frozen=True, slots=True)
class Service:
    """One service."""

    name: str
    table: str
    """The class of its methods."""
    module: str
    doc: str
    source: str
    client: str
    async_client: str
    servicer: str
    host: str
    scopes: tuple[str, ...]
    rpcs: tuple[Rpc, ...]
    paths: tuple[PathHelper, ...]
    """Helpers for the resources its messages name."""

    @property
    def modules(self) -> tuple[str, ...]:
        """The type modules its annotations name."""
        return tuple(sorted({module for rpc in self.rpcs for module in rpc.modules}))

    @property
    def annotations(self) -> tuple[str, ...]:
        """Other imports its annotations need."""
        return tuple(sorted({line for rpc in self.rpcs for line in rpc.annotations}))


@dataclass(frozen=True, slots=True)
class Package:
    """One version of one API."""

    name: str
    """The Python package below `gemini_grpc`."""
    proto: str
    registered: str
    modules: tuple[TypesModule, ...]
    services: tuple[Service, ...]
    paths: tuple[PathHelper, ...]

    @property
    def foreign(self) -> tuple[str, ...]:
        """The imports of other packages that the annotations of its services need."""
        lines = {line for service in self.services for line in service.annotations}
        return tuple(sorted(line for line in lines if line.startswith("from google.")))
