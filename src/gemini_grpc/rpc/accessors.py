"""Quick properties for reading the fields of a message.

proto-plus reads a field through `__getattr__` and a general conversion. A property that knows the
field's kind returns the same value at about a fifth of the cost. They are added to a class when one
of its fields is first read, so that importing a module of two hundred classes costs nothing here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from operator import attrgetter
from typing import TYPE_CHECKING, Any

import proto
from google.protobuf import message_factory
from proto.marshal.collections import Repeated, RepeatedComposite

from gemini_grpc.rpc.plain import is_repeated

if TYPE_CHECKING:
    FieldDescriptor = Any  # the stubs make every part optional

Meta = Any  # what proto-plus keeps about a class; proto-plus has no types
Get = Callable[[Any], Any]

ENUMS: dict[str, Any] = {}
"""The class of every enum, by the full name in the pool; filled as the classes are made."""


class FieldProperty(property):
    """A property that remembers its field, so that `Message.field in message` works."""

    field_name: str


def view(cls: Any, pb: Any) -> Any:
    """Return a message of a class that is a view of a protobuf message; nothing is copied."""
    message = _new(cls)
    _set(message, "_pb", pb)  # unlike __dict__, this does not make Python build a dictionary
    return message


_new = object.__new__
_set = object.__setattr__


class Messages(RepeatedComposite):  # type: ignore[misc]  # proto-plus has no types
    """A repeated message field: proto-plus's view, with the wrapper class known beforehand."""

    _proto_type = None

    def __init__(
        self, sequence: Any, *, wrapper: Any, marshal: Any = None, proto_type: Any = None
    ) -> None:
        self._pb = sequence
        self._wrapper = wrapper

    @property
    def _marshal(self) -> Any:
        return self._wrapper._meta.marshal

    @property
    def _pb_type(self) -> Any:
        return self._wrapper._meta.pb

    def __getitem__(self, key: Any) -> Any:
        if type(key) is int:
            message = _new(self._wrapper)  # as `view` does, which would cost a call more
            _set(message, "_pb", self._pb[key])
            return message
        return super().__getitem__(key)

    def __iter__(self) -> Iterator[Any]:
        return map(self._wrapper.wrap, self._pb)

    def __len__(self) -> int:
        return len(self._pb)

    def __copy__(self) -> Any:
        return Messages(self._pb[:], wrapper=self._wrapper)


class Scalars(Repeated):  # type: ignore[misc]  # proto-plus has no types
    """A repeated field of numbers or strings, iterated by protobuf itself."""

    def __iter__(self) -> Iterator[Any]:
        return iter(self._pb)


def proto_plus_field(field: FieldDescriptor, meta: Meta) -> Any:
    """Return a field the way proto-plus describes it."""
    kind = proto.RepeatedField if is_repeated(field) else proto.Field
    oneof = field.containing_oneof
    described = kind(
        field.type,
        number=field.number,
        message=_message_class(field, meta.marshal),
        enum=ENUMS.get(field.enum_type.full_name) if field.enum_type else None,
        json_name=field.json_name,
        oneof=oneof.name if oneof else None,
        optional=bool(oneof) and oneof.name == f"_{field.name}",
    )
    described.mcls_data = {"name": field.name, "package": meta.package}
    described.parent = meta.parent
    return described


def install(cls: type) -> bool:
    """Add a property for each field to the class that declares the fields; tell whether it has any."""
    meta = getattr(cls, "_meta", None)
    if meta is None:
        return False
    owner = meta.parent
    for field in meta.pb.DESCRIPTOR.fields:
        if field.name not in owner.__dict__:
            accessor = FieldProperty(_getter(field, meta))
            accessor.field_name = field.name
            setattr(owner, field.name, accessor)
    return True


def _message_class(field: FieldDescriptor, marshal: Any) -> Any:
    """Return the proto-plus class of a message field, or protobuf's class where we have none."""
    if field.message_type is None:
        return None
    pb_class = message_factory.GetMessageClass(field.message_type)
    return getattr(marshal.get_rule(pb_class), "_wrapper", pb_class)


def _getter(field: FieldDescriptor, meta: Meta) -> Get:
    """Return the function that reads `field` from a message."""
    read = attrgetter(f"_pb.{field.name}")
    wrapper = _message_class(field, meta.marshal)
    ours = hasattr(wrapper, "_meta")
    if is_repeated(field):
        return _repeated_getter(field, meta, read, wrapper if ours else None)
    if field.enum_type and field.enum_type.full_name in ENUMS:
        return _enum_getter(field, meta, read)
    if ours:
        return _message_getter(read, wrapper)
    if wrapper is None:
        return read
    return _general_getter(field, meta)


def _repeated_getter(field: FieldDescriptor, meta: Meta, read: Get, wrapper: Any) -> Get:
    marshal = meta.marshal
    if wrapper is not None:
        return _messages_getter(read, wrapper)
    if field.message_type is None and field.enum_type is None:
        return lambda self: Scalars(read(self), marshal=marshal)
    return _general_getter(field, meta)


def _message_getter(read: Get, wrapper: Any) -> Get:
    def get(self: Any) -> Any:
        message = _new(wrapper)  # as `view` does, which would cost a call more
        _set(message, "_pb", read(self))
        return message

    return get


def _messages_getter(read: Get, wrapper: Any) -> Get:
    def get(self: Any) -> Any:
        messages = _new(Messages)
        messages._pb = read(self)
        messages._wrapper = wrapper
        return messages

    return get


def _enum_getter(field: FieldDescriptor, meta: Meta, read: Get) -> Get:
    members = ENUMS[field.enum_type.full_name]._value2member_map_
    general = _general_getter(field, meta)

    def get(self: Any) -> Any:
        member = members.get(read(self))
        return general(self) if member is None else member

    return get


def _general_getter(field: FieldDescriptor, meta: Meta) -> Get:
    """Read the way proto-plus does: well-known types, maps, repeated enums, unknown enum values."""
    name, marshal = field.name, meta.marshal

    def get(self: Any) -> Any:
        pb_type = meta.fields[name].pb_type
        return marshal.to_python(pb_type, getattr(self._pb, name), absent=name not in self)

    return get
