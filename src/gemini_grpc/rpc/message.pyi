"""What type checkers see of the message classes; proto-plus itself has no types."""

import enum
from collections.abc import Mapping
from typing import Any, Generic, Self, TypeVar, overload

from google.protobuf.message import Message as PbMessage

Get = TypeVar("Get", covariant=True)
Set = TypeVar("Set", contravariant=True)

class File:
    package: str
    def __init__(self, package: str, serialized: bytes) -> None: ...

class Field(Generic[Get, Set]):
    """A field: the type one reads and the types one may assign."""

    @overload
    def __get__(self, instance: None, owner: type[object]) -> str: ...
    @overload
    def __get__(self, instance: object, owner: type[object]) -> Get: ...
    def __set__(self, instance: object, value: Set | None) -> None: ...
    def __delete__(self, instance: object) -> None: ...

class MessageType(type):
    @overload
    def pb(cls) -> type[PbMessage]: ...
    @overload
    def pb(cls, obj: object, *, coerce: bool = False) -> PbMessage: ...
    def wrap(cls: type[M], pb: PbMessage) -> M: ...  # type: ignore[misc]  # the self type of a metaclass
    def serialize(cls: type[M], instance: M | Mapping[str, object]) -> bytes: ...  # type: ignore[misc]
    def deserialize(cls: type[M], payload: bytes) -> M: ...  # type: ignore[misc]
    def to_json(  # type: ignore[misc]
        cls: type[M],
        instance: M,
        *,
        use_integers_for_enums: bool = True,
        including_default_value_fields: bool | None = None,
        preserving_proto_field_name: bool = False,
        sort_keys: bool = False,
        indent: int | None = 2,
        float_precision: int | None = None,
        always_print_fields_with_no_presence: bool | None = None,
    ) -> str: ...
    def from_json(  # type: ignore[misc]
        cls: type[M], payload: str, *, ignore_unknown_fields: bool = False
    ) -> M: ...
    def to_dict(  # type: ignore[misc]
        cls: type[M],
        instance: M,
        *,
        use_integers_for_enums: bool = True,
        preserving_proto_field_name: bool = True,
        including_default_value_fields: bool | None = None,
        float_precision: int | None = None,
        always_print_fields_with_no_presence: bool | None = None,
    ) -> dict[str, Any]: ...
    def copy_from(cls: type[M], instance: M, other: M | Mapping[str, object]) -> None: ...  # type: ignore[misc]

class Message(metaclass=MessageType):
    def __init__(
        self,
        mapping: Self | PbMessage | Mapping[str, object] | None = None,
        *,
        ignore_unknown_fields: bool = False,
    ) -> None: ...
    def __bool__(self) -> bool: ...
    def __contains__(self, name: str) -> bool: ...

M = TypeVar("M", bound=Message)

class EnumType(enum.EnumMeta): ...

class NameAsText:
    """A base of integer enums: as text a member is its name."""

class Enum(NameAsText, enum.IntEnum, metaclass=EnumType):  # type: ignore[misc]  # the members are in the subclasses
    ...
