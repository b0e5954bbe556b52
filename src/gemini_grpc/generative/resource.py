"""A resource of the server as a value: a typed view of its message, and the client it came from.

- The attributes are the fields of the message; the classes declare them for the type checker. Times are
  aware `datetime`s, an optional number that is not set is None, enums are the neutral ones of this
  package, whatever the backend.
- Fields that a newer server adds are kept, and go back with the message.
- A resource is accepted wherever its name or its message is.
- A method makes its call with the client the resource came from, unless it is given another.
"""

from __future__ import annotations

import copy
import enum
import struct
from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Self

from proto.marshal.collections.repeated import Repeated, RepeatedComposite

from gemini_grpc.generative import default, member
from gemini_grpc.generative.backend import Backend
from gemini_grpc.rpc.message import Message

if TYPE_CHECKING:
    from gemini_grpc.generative.wires import HasWires, Wires


class Resource:
    """Base of the views; the name of the class is that of the message."""

    __slots__ = ("_message", "_wires")
    __hash__ = None  # type: ignore[assignment]  # what an update changes must not be a key

    _ENUMS: ClassVar[Mapping[str, type[enum.IntEnum]]] = MappingProxyType({})
    """The enums of the fields that have one."""

    def __init__(self, proto: object = None, /, **fields: object) -> None:
        """Make one by hand, from the fields of its message; `proto` is a mapping of them or a message.

        Raises:
            FieldError: There is no such field, or a value does not fit.
        """
        self._message: Any = getattr(Backend().types, type(self).__name__)(proto, **fields)
        self._wires: Wires | None = None

    @classmethod
    def of(cls, message: object, wires: Wires | None) -> Self:
        """Return the view of a message that came from a client."""
        made = object.__new__(cls)
        made._message = message
        made._wires = wires
        return made

    @property
    def wires(self) -> Wires:
        """The client it came from; the default one if it was made by hand."""
        return default.wires_of() if self._wires is None else self._wires

    @property
    def _pb(self) -> Any:
        """The protobuf message; by this name every function that takes a message finds it."""
        return self._message._pb

    def to_proto(self) -> Any:
        """Return the message, of the types of its backend."""
        return self._message

    def to_dict(self) -> dict[str, Any]:
        """Return the fields that are set, as JSON has them, by their names in the proto."""
        message = self._message
        every = type(message).to_dict(message, use_integers_for_enums=False)
        return {name: every[name] for name in self._set()}

    def _set(self) -> list[str]:
        return [field.name for field, _ in self._pb.ListFields()]

    def _from(self, client: HasWires | None) -> HasWires:
        """Return the client of a call: the one that is given, else the one it came from, if any."""
        if client is None and self._wires is not None:
            return self
        return default.client_of(client)

    def _replace(self, newer: Self) -> Self:
        """Become what the server has answered to an update."""
        self._message = newer._message
        return self

    if not TYPE_CHECKING:  # checkers know the attributes that the classes declare

        def __getattr__(self, name: str) -> Any:
            if name.startswith("_"):
                raise AttributeError(name)
            if name in self._ENUMS:
                return member.known(self._ENUMS[name], getattr(self._pb, name))
            value = getattr(self._message, name)
            if type(value) in (int, float, bool):
                field = self._pb.DESCRIPTOR.fields_by_name[name]
                if field.has_presence and not self._pb.HasField(name):
                    return None
                return shortest(value) if field.type == field.TYPE_FLOAT else value
            return list(value) if isinstance(value, Repeated) else value

    def __eq__(self, other: object) -> bool:
        return type(other) is type(self) and bool(self._pb == other._pb)

    def __repr__(self) -> str:
        shown = ", ".join(f"{name}={value!r}" for name, value in self.to_dict().items())
        return f"{type(self).__name__}({shown})"

    def __copy__(self) -> Self:
        return self._with(self._message)

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self._with(copy.deepcopy(self._message, memo))

    def _with(self, message: object) -> Self:
        """Return the view of another message, with the same client."""
        return type(self).of(message, self._wires)

    def __reduce__(self) -> tuple[object, ...]:
        return _restore, (type(self), self._message)  # clients stay where they are


class Fields(dict[str, Any]):
    """The fields of a message as plain values, which are items and attributes alike."""

    def __getattr__(self, name: str) -> Any:
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


def plain(message: Any) -> Fields:
    """Return a message of a backend as a dictionary of plain values.

    Lists are lists, times are aware `datetime`s, an optional field that is not set is None.
    """
    pb = getattr(message, "_pb", message)
    return Fields(
        {field.name.rstrip("_"): _value(message, pb, field) for field in pb.DESCRIPTOR.fields}
    )


def _value(message: Any, pb: Any, field: Any) -> Any:
    if field.has_presence and not pb.HasField(field.name):
        return None
    value = getattr(message, field.name)
    if isinstance(value, (Repeated, RepeatedComposite)):
        return [_item(each, field) for each in value]
    return _item(value, field)


def _item(value: Any, field: Any) -> Any:
    if isinstance(value, Message):
        return plain(value)
    return shortest(value) if field.type == field.TYPE_FLOAT else value


def shortest(number: float) -> float:
    """Return a number of 32 bits as the float that people would write: 0.95, not 0.949999988079071."""
    for digits in range(6, 9):
        short = float(f"{number:.{digits}g}")
        if _SINGLE.pack(short) == _SINGLE.pack(number):
            return short
    return number


_SINGLE = struct.Struct("f")


def _restore(cls: type[Resource], message: object) -> Resource:
    return cls.of(message, None)
