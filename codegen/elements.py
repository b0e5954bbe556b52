"""The elements of proto files: services, methods, messages, oneofs, fields, enums and enum values.

An element is known by its full name, so that it stays the same when its place in a file changes. Its
facts are texts, to be compared and to be shown.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from google.api import field_behavior_pb2, resource_pb2
from google.longrunning import operations_pb2

from codegen import option_text, proto_text

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import (
        DescriptorProto,
        EnumDescriptorProto,
        FieldDescriptorProto,
        FileDescriptorProto,
        MethodDescriptorProto,
        ServiceDescriptorProto,
    )
    from google.protobuf.message import Message

Kind = Literal["service", "rpc", "message", "oneof", "field", "enum", "value"]

SYNTAX = 12
"""Number of the syntax in a FileDescriptorProto; above it stands the comment of the file."""

COMPATIBLE = frozenset({"options", "reserved"})
"""Facts that may change without breaking a program. What options mean for Python are facts of their own."""


class MisplacedCommentError(Exception):
    """A comment stands where the layout has no place for one, so that it would get lost."""


@dataclass(frozen=True, slots=True)
class Element:
    """One element of a file."""

    kind: Kind
    """What it is."""

    name: str
    """Its full name; an enum value is named within its enum."""

    scope: str
    """Full name of what it stands in: a package, service, message or enum."""

    path: tuple[int, ...]
    """Where it stands in the FileDescriptorProto, as descriptor.proto counts."""

    file: str
    """The file it stands in."""

    facts: Mapping[str, str]
    """What its declaration says besides its name; what is absent is not there."""

    unknown: bool
    """Whether it has options that are not known here, which nothing can be said about."""


def elements(files: Iterable[FileDescriptorProto]) -> dict[str, Element]:
    """Return the elements of files by their full names."""
    found = {element.name: element for file in files for element in _Walk(file).file()}
    fields: dict[str, list[Element]] = defaultdict(list)
    for element in found.values():
        if element.kind == "field":
            fields[element.scope].append(element)
    for name, element in found.items():
        if element.kind == "rpc" and (items := _paged(element, fields)):
            found[name] = replace(element, facts={**element.facts, "pages": items})
    return found


def _paged(rpc: Element, fields: Mapping[str, Sequence[Element]]) -> str:
    """Return the field of a response that a pager of Python goes through (AIP-4233), or nothing."""
    request, response = (fields.get(rpc.facts[side], ()) for side in ("request", "response"))
    names = [{field.name.rpartition(".")[2] for field in side} for side in (request, response)]
    if not {"page_size", "page_token"} <= names[0] or "next_page_token" not in names[1]:
        return ""
    scalars = {f"repeated {word}" for word in proto_text.SCALARS.values()}
    repeated = [
        field
        for field in response
        if field.facts["type"].startswith("repeated ") and field.facts["type"] not in scalars
    ]
    first = min(repeated, key=lambda field: int(field.facts["number"]), default=None)
    return first.name.rpartition(".")[2] if first else ""


def comments(files: Iterable[FileDescriptorProto]) -> dict[str, str]:
    """Return the comment above each element by its full name; the one of a file under its path."""
    found: dict[str, str] = {}
    for file in files:
        names = {element.path: element.name for element in _Walk(file).file()}
        names[SYNTAX,] = file.name
        for location in file.source_code_info.location:
            detached = list(location.leading_detached_comments)
            if not (detached or location.leading_comments or location.trailing_comments):
                continue
            name = names.get(tuple(location.path))
            # the comment of the file may be followed by an empty line, the others may not
            if name is None or location.trailing_comments or (detached and name != file.name):
                raise MisplacedCommentError(
                    f"{file.name}:{location.span[0] + 1}: a comment belongs directly above an element"
                )
            found[name] = "\n".join([*detached, location.leading_comments])
    return found


def lines(files: Iterable[FileDescriptorProto]) -> dict[str, int]:
    """Return the line on which each element begins, by its full name."""
    return {
        names[tuple(location.path)]: location.span[0] + 1
        for file in files
        for names in [{element.path: element.name for element in _Walk(file).file()}]
        for location in file.source_code_info.location
        if tuple(location.path) in names
    }


def _operation(method: MethodDescriptorProto) -> str:
    """Return what the long-running operation gives that a method starts, or nothing."""
    info = method.options.Extensions[operations_pb2.operation_info]
    return ", ".join(filter(None, (info.response_type, info.metadata_type)))


class _Walk:
    """Walks through the elements of one file."""

    def __init__(self, file: FileDescriptorProto) -> None:
        self._file = file

    def file(self) -> Iterator[Element]:
        package = self._file.package
        for number, service in enumerate(self._file.service):
            yield from self._service(service, package, (6, number))
        for number, enum in enumerate(self._file.enum_type):
            yield from self._enum(enum, package, (5, number), {"file": self._file.name})
        for number, message in enumerate(self._file.message_type):
            yield from self._message(message, package, (4, number), {"file": self._file.name})

    def _service(
        self, service: ServiceDescriptorProto, scope: str, path: tuple[int, ...]
    ) -> Iterator[Element]:
        name = f"{scope}.{service.name}"
        facts = {"file": self._file.name}
        yield self._element("service", name, path, facts, service.options)
        for number, method in enumerate(service.method):
            facts = {
                "request": method.input_type[1:],
                "response": method.output_type[1:],
                "streams": {
                    (False, False): "neither way",
                    (True, False): "requests",
                    (False, True): "responses",
                    (True, True): "both ways",
                }[method.client_streaming, method.server_streaming],
                "operation": _operation(method),
            }
            place = (*path, 2, number)
            yield self._element("rpc", f"{name}.{method.name}", place, facts, method.options)

    def _message(
        self,
        message: DescriptorProto,
        scope: str,
        path: tuple[int, ...],
        facts: Mapping[str, str],
    ) -> Iterator[Element]:
        name = f"{scope}.{message.name}"
        resource = message.options.Extensions[resource_pb2.resource]
        facts = {
            **facts,
            "reserved": " ".join(proto_text.reserved_text(message)),
            "resource": ", ".join([resource.type, *resource.pattern]),
        }
        yield self._element("message", name, path, facts, message.options)
        for number, enum in enumerate(message.enum_type):
            yield from self._enum(enum, name, (*path, 4, number), {})
        for number, nested in enumerate(message.nested_type):
            if not nested.options.map_entry:
                yield from self._message(nested, name, (*path, 3, number), {})
        written = {field.oneof_index for field in message.field if proto_text.in_oneof(field)}
        for number, oneof in enumerate(message.oneof_decl):
            if number in written:
                place = (*path, 8, number)
                yield self._element("oneof", f"{name}.{oneof.name}", place, {}, oneof.options)
        for number, field in enumerate(message.field):
            facts = self._field_facts(field, message)
            place = (*path, 2, number)
            yield self._element("field", f"{name}.{field.name}", place, facts, field.options)

    def _field_facts(self, field: FieldDescriptorProto, message: DescriptorProto) -> dict[str, str]:
        oneof = message.oneof_decl[field.oneof_index].name if proto_text.in_oneof(field) else ""
        default = proto_text.json_name(field.name)
        behaviors = field.options.Extensions[field_behavior_pb2.field_behavior]
        return {
            "required": "yes" if field_behavior_pb2.REQUIRED in behaviors else "",
            "number": str(field.number),
            "type": proto_text.type_name(field, message, self._file.package),
            "oneof": oneof,
            "JSON name": "" if field.json_name == default else field.json_name,
        }

    def _enum(
        self,
        enum: EnumDescriptorProto,
        scope: str,
        path: tuple[int, ...],
        facts: Mapping[str, str],
    ) -> Iterator[Element]:
        name = f"{scope}.{enum.name}"
        facts = {**facts, "reserved": " ".join(proto_text.reserved_text(enum))}
        yield self._element("enum", name, path, facts, enum.options)
        for number, value in enumerate(enum.value):
            facts = {"number": str(value.number)}
            place = (*path, 2, number)
            yield self._element("value", f"{name}.{value.name}", place, facts, value.options)

    def _element(
        self,
        kind: Kind,
        name: str,
        path: tuple[int, ...],
        facts: Mapping[str, str],
        options: Message,
    ) -> Element:
        facts = {**facts, "options": ", ".join(option_text.in_brackets(options))}
        return Element(
            kind=kind,
            name=name,
            scope=name.rpartition(".")[0],
            path=path,
            file=self._file.name,
            facts={name: fact for name, fact in facts.items() if fact},
            unknown=option_text.has_unknown(options),
        )
