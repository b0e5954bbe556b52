"""The kinds of relation between the fields of one message; `rules` says which message has which.

A relation yields what is wrong as pairs: the place inside the message, empty for the message itself,
and a text. The versions of a message differ; a relation only looks at fields that a version has.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from gemini_grpc.emulator.constraints import Problems


class Relation(Protocol):
    """Tells what is wrong with a message as a whole."""

    def problems(self, message: Any) -> Problems:
        """Yield what is wrong."""
        ...


@dataclass(frozen=True, slots=True)
class OneOf:
    """A oneof must have a member set; proto itself cannot ask for that."""

    name: str

    def problems(self, message: Any) -> Problems:
        """Yield what is wrong."""
        if message.WhichOneof(self.name) is None:
            members = message.DESCRIPTOR.oneofs_by_name[self.name].fields
            yield "", f"must have one of {', '.join(field.name for field in members)}"


@dataclass(frozen=True, slots=True)
class AtLeastOne:
    """One of several fields must be set."""

    fields: tuple[str, ...]

    def problems(self, message: Any) -> Problems:
        """Yield what is wrong."""
        if not any(_is_set(message, name) for name in self.fields):
            yield self.fields[0], f"is required, unless {' or '.join(self.fields[1:])} is given"


@dataclass(frozen=True, slots=True)
class AtMostOne:
    """No two of several fields may be set."""

    fields: tuple[str, ...]

    def problems(self, message: Any) -> Problems:
        """Yield what is wrong."""
        first, *more = [name for name in self.fields if _is_set(message, name)] or [""]
        for name in more:
            yield name, f"cannot be combined with {first}"


@dataclass(frozen=True, slots=True)
class Excludes:
    """While one field is set, others may not be."""

    field: str
    others: tuple[str, ...]

    def problems(self, message: Any) -> Problems:
        """Yield what is wrong."""
        if not _is_set(message, self.field):
            return
        for name in self.others:
            if _is_set(message, name):
                yield name, f"must not be set together with {self.field}"


@dataclass(frozen=True, slots=True)
class Lacks:
    """An inner message must leave fields unset that make no sense where it stands."""

    field: str
    others: tuple[str, ...]

    def problems(self, message: Any) -> Problems:
        """Yield what is wrong."""
        if not _is_set(message, self.field):
            return
        inner = getattr(message, self.field)
        for name in self.others:
            if _is_set(inner, name):
                yield f"{self.field}.{name}", f"must not be set in {message.DESCRIPTOR.name}"


@dataclass(frozen=True, slots=True)
class OnlyWith:
    """A field may only be set while another has one of these values; enums by name."""

    field: str
    other: str
    values: tuple[object, ...]

    def problems(self, message: Any) -> Problems:
        """Yield what is wrong."""
        if _is_set(message, self.field) and _plain(message, self.other) not in self.values:
            yield self.field, f"needs {self.other} to be {' or '.join(map(str, self.values))}"


@dataclass(frozen=True, slots=True)
class Needs:
    """While an enum has one of these values, other fields must be set."""

    field: str
    values: tuple[str, ...]
    others: tuple[str, ...]

    def problems(self, message: Any) -> Problems:
        """Yield what is wrong."""
        value = _plain(message, self.field)
        if value not in self.values:
            return
        for name in self.others:
            if not _is_set(message, name):
                yield name, f"is required while {self.field} is {value}"


@dataclass(frozen=True, slots=True)
class Ordered:
    """One field must not exceed another, as far as both are set."""

    low: str
    high: str

    def problems(self, message: Any) -> Problems:
        """Yield what is wrong."""
        if not (_is_set(message, self.low) and _is_set(message, self.high)):
            return
        low, high = _size(getattr(message, self.low)), _size(getattr(message, self.high))
        if low > high:
            yield self.low, f"exceeds {self.high}"


@dataclass(frozen=True, slots=True)
class Among:
    """The texts of a list must be keys of a map beside it."""

    field: str
    keys: str

    def problems(self, message: Any) -> Problems:
        """Yield what is wrong."""
        keys = getattr(message, self.keys)
        for index, name in enumerate(getattr(message, self.field)):
            if name not in keys:
                yield f"{self.field}[{index}]", f"is {name!r}, which is not in {self.keys}"


@dataclass(frozen=True, slots=True)
class NotEmpty:
    """Some field of the message must be set."""

    def problems(self, message: Any) -> Problems:
        """Yield what is wrong."""
        if not message.ListFields():
            yield "", "is empty"


@dataclass(frozen=True, slots=True)
class Inherits:
    """A field of each request of a batch must be given there or by the batch, and be the same."""

    field: str

    def problems(self, message: Any) -> Problems:
        """Yield what is wrong."""
        own = getattr(message, self.field)
        for index, request in enumerate(message.requests):
            value = getattr(request, self.field)
            if not (own or value):
                yield f"requests[{index}].{self.field}", "is required"
            elif own and value and value != own:
                yield f"requests[{index}].{self.field}", f"is not {own}, the batch's {self.field}"


@dataclass(frozen=True, slots=True)
class DeclaredFunctions:
    """The functions of all tools must differ by name, and those that are allowed be declared."""

    def problems(self, message: Any) -> Problems:
        """Yield what is wrong."""
        names: set[str] = set()
        for where, declaration in _declarations(message):
            if declaration.name in names:
                yield f"{where}.name", f"is {declaration.name!r} once more; names must differ"
            names.add(declaration.name)
        if not names or "tool_config" not in message.DESCRIPTOR.fields_by_name:
            return
        allowed = message.tool_config.function_calling_config.allowed_function_names
        for index, name in enumerate(allowed):
            if name not in names:
                where = f"tool_config.function_calling_config.allowed_function_names[{index}]"
                yield where, f"is {name!r}, which is not declared"


@dataclass(frozen=True, slots=True)
class ObjectParameters:
    """The parameters of a function must be an object."""

    def problems(self, message: Any) -> Problems:
        """Yield what is wrong."""
        if message.HasField("parameters") and _plain(message.parameters, "type_") not in {
            "OBJECT",
            "TYPE_UNSPECIFIED",  # refused, where it is, as a required field
        }:
            yield "parameters.type", "must be OBJECT"


@dataclass(frozen=True, slots=True)
class ReplayedTexts:
    """In what the model has said, a text without a signature must not be empty."""

    def problems(self, message: Any) -> Problems:
        """Yield what is wrong."""
        if message.role != "model":
            return
        for index, part in enumerate(message.parts):
            is_empty = part.WhichOneof("data") == "text" and not part.text
            if is_empty and not getattr(part, "thought_signature", b""):
                yield f"parts[{index}].text", "must not be empty"


def _declarations(message: Any) -> Iterator[tuple[str, Any]]:
    for index, tool in enumerate(message.tools):
        for place, declaration in enumerate(tool.function_declarations):
            yield f"tools[{index}].function_declarations[{place}]", declaration


def _is_set(message: Any, name: str) -> bool:
    """Tell whether a field has a value; a version without the field has none."""
    field = message.DESCRIPTOR.fields_by_name.get(name)
    if field is None:
        return False
    return message.HasField(name) if field.has_presence else bool(getattr(message, name))


def _plain(message: Any, name: str) -> object:
    """Return the value of a field, an enum by its name."""
    value: object = getattr(message, name)
    enum = message.DESCRIPTOR.fields_by_name[name].enum_type
    if enum is None:
        return value
    known = enum.values_by_number.get(value)
    return known.name if known else value


def _size(value: Any) -> Any:
    """Return what a value is compared by; times have two parts."""
    return (value.seconds, value.nanos) if hasattr(value, "nanos") else value
