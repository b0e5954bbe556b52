"""A message of a backend, made of what describes it.

That is a mapping of its fields, or the message of the same name of any backend or of google's own
packages. Fields and enum values are matched by name, because their numbers differ. What this backend
lacks is an `UnsupportedError` that names the path; what no backend has is a `FieldError`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any

from google.protobuf.descriptor import FieldDescriptor
from google.protobuf.message import DecodeError
from google.protobuf.message import Message as PbMessage

from gemini_grpc.errors import ArgumentError, FieldError, UsageError
from gemini_grpc.functions.document import snake_case
from gemini_grpc.generative.backend import Backend, UnsupportedError, Version
from gemini_grpc.rpc import coerce, interop, plain
from gemini_grpc.rpc.plain import is_repeated

if TYPE_CHECKING:
    Descriptor = Any  # the stubs tell the Python and the C class apart

ALL: tuple[Version, ...] = ("v1beta", "v1alpha", "aiplatform_v1")

_INTEGERS = frozenset(
    {
        FieldDescriptor.CPPTYPE_INT32,
        FieldDescriptor.CPPTYPE_INT64,
        FieldDescriptor.CPPTYPE_UINT32,
        FieldDescriptor.CPPTYPE_UINT64,
    }
)


def pb_of(value: object) -> PbMessage | None:
    """Return the protobuf message that a value is or wraps, else None."""
    if isinstance(value, PbMessage):
        return value
    inner = getattr(value, "_pb", None)
    return inner if isinstance(inner, PbMessage) else None


def message(kind: str, value: object, backend: Backend, path: str) -> Any:
    """Return `value` as the message `kind` of the backend; one that is that already comes back as it is.

    Raises:
        UnsupportedError: The backend lacks a field or an enum value that is set.
        FieldError: It is something else, or there is no such field.
        ArgumentError: It is nested too deeply.
    """
    cls = backend.pb(kind)
    source = pb_of(value)
    if source is not None:
        return _from_message(cls, source, backend, path)
    if isinstance(value, Mapping):
        return _from_mapping(cls, value, backend, path)
    raise FieldError(
        f"{path}: expected {kind} or a mapping of its fields, got {type(value).__name__}"
    )


def _from_message(cls: type[PbMessage], source: PbMessage, backend: Backend, path: str) -> Any:
    if isinstance(source, cls):
        return source
    if source.DESCRIPTOR.name != cls.DESCRIPTOR.name:
        raise FieldError(f"{path}: expected {cls.DESCRIPTOR.name}, got {source.DESCRIPTOR.name}")
    twin = interop.from_upstream(cls, source)
    if twin is not None:
        return twin
    made = cls()
    _Translator(backend).copy(source, made, path)
    return made


def _from_mapping(
    cls: type[PbMessage], values: Mapping[str, Any], backend: Backend, path: str
) -> Any:
    try:
        return _build(cls, values, backend, path)
    except DecodeError as error:
        raise ArgumentError(f"{path}: the data is nested too deeply for protobuf") from error


def _build(cls: type[PbMessage], values: Mapping[str, Any], backend: Backend, path: str) -> Any:
    message = plain.build(cls, values)
    if message is not None:
        return message
    kin = [
        found.DESCRIPTOR
        for version in ALL
        if (found := _other(version, cls)) is not None and found is not cls
    ]
    adapted = _Translator(backend).adapt(values, cls.DESCRIPTOR, kin, path)
    return coerce.as_pb(cls, adapted, path=path)


def _other(version: Version, cls: type[PbMessage]) -> type[PbMessage] | None:
    """Return the class of another backend for the same message."""
    name = cls.DESCRIPTOR.full_name.split(".", 2)[2]  # without gemini_grpc.VERSION
    backend = Backend(version)
    return backend.pb(name) if backend.has(name) else None


def in_proto_names(values: Mapping[str, Any]) -> Mapping[str, Any]:
    """Return a mapping of fields by their names in the proto, where it has those of JSON (`inlineData`)."""
    if all(str(name).islower() for name in values):
        return values
    return {snake_case(name): value for name, value in values.items()}


class _Translator:
    """Goes through messages and mappings for one backend."""

    def __init__(self, backend: Backend) -> None:
        self._backend = backend

    def copy(self, source: PbMessage, target: PbMessage, path: str) -> None:
        """Set in `target` what is set in `source`, field by field."""
        for field, value in source.ListFields():
            here = f"{path}.{field.name.rstrip('_')}"
            known = _field(target.DESCRIPTOR, field.name)
            if known is None:
                raise self._lacks(here, f"{target.DESCRIPTOR.name}.{field.name.rstrip('_')}")
            try:
                self._copy_field(value, field, target, known, here)
            except UsageError:
                raise
            except (TypeError, ValueError) as cause:
                raise FieldError(f"{here}: {cause}") from cause

    def _copy_field(
        self, value: Any, field: Descriptor, target: PbMessage, known: Descriptor, here: str
    ) -> None:
        entry = known.message_type
        if entry is not None and entry.GetOptions().map_entry:
            for key in value:  # no map that two backends have holds anything but messages
                self._copy_message(value[key], getattr(target, known.name)[key], f"{here}[{key!r}]")
        elif entry is not None and is_repeated(known):
            for index, item in enumerate(value):
                self._copy_message(item, getattr(target, known.name).add(), f"{here}[{index}]")
        elif entry is not None:
            getattr(target, known.name).SetInParent()
            self._copy_message(value, getattr(target, known.name), here)
        elif is_repeated(known):
            items = [self._scalar(item, field, known, here) for item in value]
            getattr(target, known.name).extend(items)
        else:
            setattr(target, known.name, self._scalar(value, field, known, here))

    def _copy_message(self, value: PbMessage, target: PbMessage, here: str) -> None:
        if isinstance(value, type(target)):
            target.CopyFrom(value)
        else:
            self.copy(value, target, here)

    def _scalar(self, value: Any, field: Descriptor, known: Descriptor, here: str) -> Any:
        if known.enum_type is not None:
            return self._enum(value, field.enum_type, known.enum_type, here)
        if isinstance(value, float) and known.cpp_type in _INTEGERS and value.is_integer():
            return int(value)
        return value

    def _enum(self, number: int, source: Descriptor, known: Descriptor, here: str) -> int:
        value = source.values_by_number.get(number)
        if value is None:
            raise FieldError(f"{here}: {source.name} has no value {number}")
        if value.name not in known.values_by_name:
            raise self._lacks(here, f"{known.name}.{value.name}")
        return int(known.values_by_name[value.name].number)

    def adapt(
        self, values: Mapping[str, Any], descriptor: Descriptor, kin: list[Descriptor], path: str
    ) -> dict[str, Any]:
        """Return a mapping whose messages are those of the backend; `kin` is the same message elsewhere."""
        adapted: dict[str, Any] = {}
        for name, value in values.items():
            here = f"{path}.{name}"
            field = _field(descriptor, str(name))
            others = [found for each in kin if (found := _field(each, str(name))) is not None]
            if field is None and others and value is not None:
                if not value and not others[0].has_presence:
                    continue  # the default, which JSON may spell out
                raise self._lacks(here, f"{descriptor.name}.{name}")
            adapted[name] = value if field is None else self._value(value, field, others, here)
        return adapted

    def _value(self, value: Any, field: Descriptor, others: list[Descriptor], here: str) -> Any:
        if field.message_type is not None and field.message_type.GetOptions().map_entry:
            field = field.message_type.fields_by_name["value"]
            others = [each.message_type.fields_by_name["value"] for each in others]
            if isinstance(value, Mapping):
                return {
                    key: self._single(item, field, others, f"{here}[{key!r}]")
                    for key, item in value.items()
                }
            return value
        if not is_repeated(field):
            return self._single(value, field, others, here)
        if isinstance(value, (str, bytes, Mapping, PbMessage)) or not isinstance(value, Iterable):
            return value
        return [
            self._single(item, field, others, f"{here}[{index}]")
            for index, item in enumerate(value)
        ]

    def _single(self, value: Any, field: Descriptor, others: list[Descriptor], here: str) -> Any:
        if field.enum_type is not None:
            return self._enum_value(value, field.enum_type, others, here)
        if type(value) is float and field.cpp_type in _INTEGERS and value.is_integer():
            return int(value)  # top_k is a float on one backend and an integer on another
        inner = field.message_type
        if inner is None or inner.full_name.startswith("google."):
            if inner is not None:
                coerce.check_json(value, inner.name, here)
            return value
        source = pb_of(value)
        cls = inner._concrete_class
        if source is not None and source.DESCRIPTOR.name == inner.name:
            return _from_message(cls, source, self._backend, here)
        if isinstance(value, Mapping):
            kin = [each.message_type for each in others if each.message_type is not None]
            return self.adapt(value, inner, kin, here)
        return value

    def _enum_value(
        self, value: Any, known: Descriptor, others: list[Descriptor], here: str
    ) -> Any:
        """Return a member of an enum by its name, since the numbers of other backends differ."""
        name = getattr(value, "name", value)
        if not isinstance(name, str):
            return name
        member = coerce.enum_member(known.values_by_name, known.name, name)
        if member is not None:
            return member.name
        for each in (each.enum_type for each in others if each.enum_type is not None):
            if member := coerce.enum_member(each.values_by_name, each.name, name):
                raise self._lacks(here, f"{known.name}.{member.name}")
        return name

    def _lacks(self, path: str, what: str) -> UnsupportedError:
        return UnsupportedError(f"{path}: {self._backend.name} has no {what}")


def _field(descriptor: Descriptor, name: str) -> Descriptor | None:
    """Return a field by its name, in the proto or in JSON; ours have an underscore for Python's own."""
    fields = descriptor.fields_by_name
    return (
        fields.get(name)
        or fields.get(coerce.field_name(fields, name))
        or fields.get(name.rstrip("_"))
    )
