"""The classes of our messages and enums: proto-plus in the hand, the descriptor underneath.

- A generated module registers its file in protobuf's default pool first (`File`) and then declares
  one class for each message and enum. The classes take their fields from the descriptor, so a class
  body holds a docstring and nested types, and importing is quick: proto-plus itself would build the
  descriptors in Python.
- They are proto-plus messages in every respect: `to_dict`, `to_json`, `from_json`, `pb`, `wrap`,
  equality, `in`, copy and pickle.
- Construction and assignment go through `coerce`, which names the field that is wrong.
- Reading goes through properties that `accessors` adds to a class when it is first read; `shortcuts`
  has the few names that are no fields.

`message.pyi` tells type checkers what proto-plus, which has no types, does not.
"""

from __future__ import annotations

import enum
import operator
import sys
from collections import OrderedDict
from collections.abc import Callable, Mapping
from functools import cached_property

import proto
from google.protobuf import descriptor_pool, message_factory
from google.protobuf.struct_pb2 import NULL_VALUE, Value
from proto.enums import ProtoEnumMeta, _EnumInfo
from proto.marshal import Marshal
from proto.marshal.rules.enums import EnumRule
from proto.marshal.rules.message import MessageRule
from proto.message import MessageMeta

from gemini_grpc.rpc import accessors, coerce
from gemini_grpc.rpc.json_values import print_json
from gemini_grpc.rpc.shortcuts import SHORTCUTS

_POOL = descriptor_pool.Default()


class File:
    """One of our `.proto` files, registered in the default pool."""

    __slots__ = ("marshal", "package")

    def __init__(self, package: str, serialized: bytes) -> None:
        """Register a serialized FileDescriptorProto whose imports are registered already."""
        _POOL.AddSerializedFile(serialized)
        self.package = package
        self.marshal = Marshal(name=package)


def _file_of(attrs: dict[str, object]) -> File | None:
    """Return the file a class belongs to; a user's subclass and our own bases have none."""
    return getattr(sys.modules.get(attrs.get("__module__")), "__protobuf__", None)


class _Meta:
    """What proto-plus keeps about a message class, taken from the descriptor when asked for."""

    def __init__(self, cls: type, file: File, full_name: str) -> None:
        self.parent = cls
        self.package = file.package
        self.marshal = file.marshal
        self.full_name = full_name
        self.pb = message_factory.GetMessageClass(_POOL.FindMessageTypeByName(full_name))

    @cached_property
    def fields(self) -> OrderedDict[str, proto.Field]:
        """The fields as proto-plus describes them, by name."""
        return OrderedDict(
            (field.name, accessors.proto_plus_field(field, self))
            for field in self.pb.DESCRIPTOR.fields
        )

    @cached_property
    def fields_by_number(self) -> OrderedDict[int, proto.Field]:
        """The same, by number."""
        return OrderedDict((field.number, field) for field in self.fields.values())

    @property
    def options(self) -> object:
        """The options of the message."""
        return self.pb.DESCRIPTOR.GetOptions()


class MessageType(MessageMeta):
    """The metaclass of messages: binds a class to its descriptor."""

    def __new__(mcls, name, bases, attrs):  # noqa: D102
        cls = type.__new__(mcls, name, bases, attrs)
        file = _file_of(attrs)
        if file is not None:
            meta = _Meta(cls, file, f"{file.package}.{attrs['__qualname__']}")
            cls._meta = meta
            file.marshal.register(meta.pb, MessageRule(meta.pb, cls))
        return cls

    def __getattr__(cls, name):
        if not name.startswith("_") and accessors.install(cls) and name in cls._meta.fields:
            return getattr(cls, name)
        raise AttributeError(f"type object {cls.__name__!r} has no attribute {name!r}")

    def wrap(cls, pb):
        """Return a message that is a view of `pb`; nothing is copied."""
        return accessors.view(cls, pb)

    def to_dict(cls, instance, **options):
        """Return a message as a dictionary; see proto-plus for the options.

        What JSON does not have is replaced: infinite numbers and NaN by texts such as "Infinity", times out
        of range by the nearest one.
        """
        printer = super().to_dict
        return print_json(
            lambda pb: printer(accessors.view(cls, pb), **options), cls.pb(instance, coerce=True)
        )

    def to_json(cls, instance, **options):
        """Return a message as JSON; see `to_dict`."""
        printer = super().to_json
        return print_json(
            lambda pb: printer(accessors.view(cls, pb), **options), cls.pb(instance, coerce=True)
        )


class Message(proto.Message, metaclass=MessageType):
    """A message of the API: every field is a keyword and an attribute.

    Args:
        mapping: A mapping of field names to values, or a message to copy.
        ignore_unknown_fields: Skip names that the message does not have instead of raising.
        fields: Values by field name; they win over `mapping`. Messages may be given as mappings,
            enums by name or number, times as `datetime` and `timedelta`, `Struct` as a mapping.

    Raises:
        FieldError: A name or a value does not fit; the text has the path and what would fit.
    """

    def __init__(self, mapping=None, *, ignore_unknown_fields=False, **fields) -> None:
        pb_class = self._meta.pb
        if mapping is None:
            pb = coerce.fill(pb_class, fields, ignore_unknown=ignore_unknown_fields)
        elif isinstance(mapping, Mapping):
            values = {**mapping, **fields}
            pb = coerce.fill(pb_class, values, ignore_unknown=ignore_unknown_fields)
        else:
            pb = pb_class()
            pb.CopyFrom(coerce.as_pb(pb_class, mapping, path=""))
            if fields:
                pb.MergeFrom(coerce.fill(pb_class, fields, ignore_unknown=ignore_unknown_fields))
        object.__setattr__(self, "_pb", pb)

    def __getattr__(self, name):
        if not name.startswith("_"):
            fields = self._meta.fields
            known = name if name in fields else f"{name}_"
            if known in fields:
                accessors.install(type(self))
                return getattr(self, known)
            shortcut = SHORTCUTS.get((self._meta.pb.DESCRIPTOR.name, name))
            if shortcut is not None:
                return shortcut(self)
        raise AttributeError(coerce.unknown_field(self._meta.pb.DESCRIPTOR, name))

    def __setattr__(self, name, value):
        if name.startswith("_"):
            object.__setattr__(self, name, value)
            return
        fields = self._meta.fields
        known = name if name in fields else f"{name}_"
        if known not in fields:
            raise AttributeError(coerce.unknown_field(self._meta.pb.DESCRIPTOR, name))
        fresh = coerce.fill(self._meta.pb, {known: value})
        if value is None and fields[known].message is Value:
            getattr(fresh, known).null_value = NULL_VALUE  # what is read as None is a JSON null
        self._pb.ClearField(known)
        self._pb.MergeFrom(fresh)

    def __contains__(self, name):
        return super().__contains__(getattr(name, "field_name", name))


class EnumType(ProtoEnumMeta):
    """The metaclass of enums: binds a class to its descriptor."""

    def __new__(mcls, name, bases, attrs):  # noqa: D102
        file = _file_of(attrs)
        full_name = f"{file.package}.{attrs['__qualname__']}" if file else ""
        cls = enum.EnumMeta.__new__(mcls, name, bases, attrs)
        if file is not None:
            cls._meta = _EnumInfo(full_name=full_name, pb=_POOL.FindEnumTypeByName(full_name))
            file.marshal.register(cls, EnumRule(cls))
            accessors.ENUMS[full_name] = cls
        return cls


_ALSO = {
    "GenerateContentResponse.PromptFeedback.BlockedReason": (
        "GenerateContentResponse.PromptFeedback.BlockReason"
    )
}
"""Enums of Vertex AI that are the same as one of the Gemini API under another name."""


def _same_enum(one: type, other: type) -> bool:
    """Tell whether two classes are one enum in several APIs, or in google's package and in ours."""
    names = (_ALSO.get(each.__qualname__, each.__qualname__) for each in (one, other))
    return issubclass(other, proto.Enum) and next(names) == next(names)


def _comparing(compare: Callable[[int, int], bool]):
    """Return a method that compares numbers, and members of another API as those of the same name."""

    def method(self, other):
        kind = type(other)
        if kind is type(self) or kind is int:
            return compare(self._value_, int(other))
        if not _same_enum(type(self), kind):
            return NotImplemented
        same = type(self)._member_map_.get(other.name)
        return NotImplemented if same is None else compare(self._value_, same._value_)

    return method


class NameAsText:
    """A base of integer enums: as text a member is its name, so `print(file.state)` prints `ACTIVE`."""

    def __str__(self):
        return self.name

    def __format__(self, spec):
        is_for_numbers = spec.endswith(tuple("bcdeEfFgGnoxX%"))
        return format(self._value_ if is_for_numbers else self.name, spec)


class Enum(NameAsText, proto.Enum, metaclass=EnumType):
    """An enum of the API: an `int` with a name; values the library does not know stay plain ints.

    Members equal those of the same name that the enum has in another API, whatever their numbers. As
    keys of a dictionary they find each other where the numbers agree, since a member equals its number.
    """

    __eq__ = _comparing(operator.eq)
    __ne__ = _comparing(operator.ne)
    __lt__ = _comparing(operator.lt)
    __le__ = _comparing(operator.le)
    __gt__ = _comparing(operator.gt)
    __ge__ = _comparing(operator.ge)
    __hash__ = proto.Enum.__hash__
