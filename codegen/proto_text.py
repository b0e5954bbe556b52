"""Print a proto file from its descriptor and comments, in the one layout that our protos have.

Services, enums and messages follow one another in this order, and so do options, reserved numbers,
enums, messages and fields within a message; a line has 100 columns at most, one less in a comment.
A comment stays broken into lines as it is, unless it would leave its place. Options of the file are
left out: they tell other languages how to name what they generate.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    MethodDescriptorProto,
    OneofDescriptorProto,
    ServiceDescriptorProto,
)

from codegen import option_text

WIDTH = 100
"""The last column of a line."""

COMMENT_WIDTH = 99
"""The last column of a line of comment."""

ENUM_LIMIT = 2**31 - 1
RESERVED_LIMIT = 2**29 - 1
"""The numbers that `max` means in the reserved ranges of enums and messages."""

SCALARS = {
    number: name.removeprefix("TYPE_").lower()
    for name, number in FieldDescriptorProto.Type.items()
    if name not in {"TYPE_MESSAGE", "TYPE_ENUM", "TYPE_GROUP"}
}
"""The word of each scalar type."""

Comments = Mapping[str, str]
"""The comment of each element by its full name, as the compiler gives it; the file's own under its path."""


class UnsupportedError(Exception):
    """A file uses something this layout has no place for."""


def print_file(file: FileDescriptorProto, comments: Comments) -> str:
    """Return the text of a file."""
    if file.syntax != "proto3" or file.extension or file.public_dependency or file.weak_dependency:
        raise UnsupportedError(
            f"{file.name}: only proto3 without extensions, public and weak imports"
        )
    printer = _Printer(file.package, comments)
    blocks: list[list[str]] = []
    if file.name in comments:
        blocks.append(printer.comment(file.name, 0))
    blocks += [['syntax = "proto3";'], [f"package {file.package};"]]
    if file.dependency:
        blocks.append([f'import "{name}";' for name in sorted(file.dependency)])
    blocks += [printer.service(service) for service in file.service]
    blocks += [printer.enum(enum, file.package, 0) for enum in file.enum_type]
    blocks += [printer.message(message, file.package, 0, ()) for message in file.message_type]
    return "\n".join(_spaced(blocks)) + "\n"


def json_name(field: str) -> str:
    """Return the JSON name a field has if it does not say another."""
    return re.sub(r"_+(.?)", lambda match: match[1].upper(), field)


def type_name(field: FieldDescriptorProto, owner: DescriptorProto, package: str) -> str:
    """Return the type of a field of a message, with `repeated` or `optional` in front."""
    return _type(field, owner, lambda name: _shorten(name, package))


def reserved_text(element: DescriptorProto | EnumDescriptorProto) -> list[str]:
    """Return the lines that reserve numbers and names."""
    # the end of a range is exclusive in a message and inclusive in an enum
    isenum = isinstance(element, EnumDescriptorProto)
    limit = ENUM_LIMIT if isenum else RESERVED_LIMIT
    ranges = [
        _range(each.start, each.end if isenum else each.end - 1, limit)
        for each in element.reserved_range
    ]
    lines = [f"reserved {', '.join(ranges)};"] if ranges else []
    if element.reserved_name:
        names = ", ".join(f'"{name}"' for name in element.reserved_name)
        lines.append(f"reserved {names};")
    return lines


def _range(first: int, last: int, limit: int) -> str:
    if first == last:
        return str(first)
    return f"{first} to {'max' if last == limit else last}"


class _Printer:
    """Prints the elements of one file; holds what all of them look up."""

    def __init__(self, package: str, comments: Comments) -> None:
        self._package = package
        self._comments = comments

    def service(self, service: ServiceDescriptorProto) -> list[str]:
        """Print a service."""
        name = f"{self._package}.{service.name}"
        taken = [frozenset(method.name for method in service.method)]
        blocks = [option_text.statements(service.options, 2)]
        blocks += [
            self._method(method, f"{name}.{method.name}", taken) for method in service.method
        ]
        return [*self.comment(name, 0), *_braces(f"service {service.name}", blocks, 0)]

    def _method(
        self, method: MethodDescriptorProto, name: str, taken: Sequence[frozenset[str]]
    ) -> list[str]:
        request = self._reference(method.input_type, taken)
        response = self._reference(method.output_type, taken)
        request = f"stream {request}" if method.client_streaming else request
        response = f"stream {response}" if method.server_streaming else response
        options = option_text.statements(method.options, 4)
        opening = "{" if options else "{}"
        lines = [f"  rpc {method.name}({request}) returns ({response}) {opening}"]
        if len(lines[0]) > WIDTH:
            lines = [f"  rpc {method.name}({request})", f"      returns ({response}) {opening}"]
        if options:
            lines += [*options, "  }"]
        return [*self.comment(name, 2), *lines]

    def message(
        self, message: DescriptorProto, scope: str, indent: int, taken: Sequence[frozenset[str]]
    ) -> list[str]:
        """Print a message; `taken` are the names that types within the messages around it have."""
        name = f"{scope}.{message.name}"
        if message.extension or message.extension_range:
            raise UnsupportedError(f"{name}: extensions belong to proto2")
        entries = {nested.name for nested in message.nested_type if nested.options.map_entry}
        own = {nested.name for nested in message.nested_type} | {
            enum.name for enum in message.enum_type
        }
        taken = (*taken, frozenset(own))
        margin = " " * (indent + 2)
        blocks = [
            option_text.statements(message.options, indent + 2),
            [f"{margin}{line}" for line in reserved_text(message)],
        ]
        blocks += [self.enum(enum, name, indent + 2) for enum in message.enum_type]
        blocks += [
            self.message(nested, name, indent + 2, taken)
            for nested in message.nested_type
            if nested.name not in entries
        ]
        blocks += self._fields(message, name, indent + 2, taken)
        return [
            *self.comment(name, indent),
            *_braces(f"message {message.name}", blocks, indent),
        ]

    def _fields(
        self, message: DescriptorProto, name: str, indent: int, taken: Sequence[frozenset[str]]
    ) -> Iterator[list[str]]:
        """Print the fields of a message, those of a oneof where its first one stands."""
        printed: set[int] = set()
        for field in message.field:
            if not in_oneof(field):
                yield self._field(field, message, name, indent, taken)
            elif field.oneof_index not in printed:
                printed.add(field.oneof_index)
                oneof = message.oneof_decl[field.oneof_index]
                blocks = [
                    self._field(each, message, name, indent + 2, taken)
                    for each in message.field
                    if in_oneof(each) and each.oneof_index == field.oneof_index
                ]
                yield self._oneof(oneof, name, indent, blocks)

    def _oneof(
        self, oneof: OneofDescriptorProto, scope: str, indent: int, blocks: list[list[str]]
    ) -> list[str]:
        return [
            *self.comment(f"{scope}.{oneof.name}", indent),
            *_braces(
                f"oneof {oneof.name}",
                [option_text.statements(oneof.options, indent + 2), *blocks],
                indent,
            ),
        ]

    def _field(
        self,
        field: FieldDescriptorProto,
        owner: DescriptorProto,
        scope: str,
        indent: int,
        taken: Sequence[frozenset[str]],
    ) -> list[str]:
        kind = _type(field, owner, lambda name: self._reference(name, taken))
        options = option_text.in_brackets(field.options)
        if field.json_name and field.json_name != json_name(field.name):
            options.insert(0, f"json_name = {option_text.quoted(field.json_name)}")
        return [
            *self.comment(f"{scope}.{field.name}", indent),
            *_numbered(f"{kind} {field.name} = {field.number}", options, indent),
        ]

    def enum(self, enum: EnumDescriptorProto, scope: str, indent: int) -> list[str]:
        """Print an enum."""
        name = f"{scope}.{enum.name}"
        margin = " " * (indent + 2)
        blocks = [
            option_text.statements(enum.options, indent + 2),
            [f"{margin}{line}" for line in reserved_text(enum)],
        ]
        blocks += [
            [
                *self.comment(f"{name}.{value.name}", indent + 2),
                *_numbered(
                    f"{value.name} = {value.number}",
                    option_text.in_brackets(value.options),
                    indent + 2,
                ),
            ]
            for value in enum.value
        ]
        return [*self.comment(name, indent), *_braces(f"enum {enum.name}", blocks, indent)]

    def comment(self, name: str, indent: int) -> list[str]:
        """Print the comment of an element, nothing if it has none."""
        margin = f"{' ' * indent}//"
        text = self._comments.get(name, "").strip("\n")
        if not text.strip():
            return []
        lines: list[str] = []
        for paragraph in re.split(r"\n[ \t]*\n", text):
            kept = [f"{margin}{_spaced_off(line)}".rstrip() for line in paragraph.split("\n")]
            if any(len(line) > COMMENT_WIDTH for line in kept):
                kept = textwrap.wrap(
                    " ".join(paragraph.split()),
                    COMMENT_WIDTH,
                    initial_indent=f"{margin} ",
                    subsequent_indent=f"{margin} ",
                    break_long_words=False,
                    break_on_hyphens=False,
                )
            lines += [*([margin] if lines else []), *kept]
        return lines

    def _reference(self, name: str, taken: Sequence[frozenset[str]]) -> str:
        """Return how a type is called where names are taken: with its package only if it must."""
        short = _shorten(name, self._package)
        first = short.partition(".")[0]
        return name if any(first in names for names in taken) else short


def in_oneof(field: FieldDescriptorProto) -> bool:
    """Tell whether a field stands in a oneof that somebody wrote."""
    return field.HasField("oneof_index") and not field.proto3_optional


def _shorten(name: str, package: str) -> str:
    """Return the name of a type without the leading dot, and without the package if it is ours."""
    return name.removeprefix(f".{package}.").removeprefix(".")


def _type(
    field: FieldDescriptorProto, owner: DescriptorProto, reference: Callable[[str], str]
) -> str:
    for nested in owner.nested_type:
        if nested.options.map_entry and field.type_name.endswith(f".{owner.name}.{nested.name}"):
            key, value = nested.field
            return f"map<{_type(key, nested, reference)}, {_type(value, nested, reference)}>"
    kind = SCALARS.get(field.type) or reference(field.type_name)
    if field.label == FieldDescriptorProto.LABEL_REPEATED:
        return f"repeated {kind}"
    return f"optional {kind}" if field.proto3_optional else kind


def _spaced(blocks: Iterable[list[str]]) -> list[str]:
    """Join the blocks that have lines by empty lines."""
    lines: list[str] = []
    for block in blocks:
        if block:
            lines += [*([""] if lines else []), *block]
    return lines


def _spaced_off(line: str) -> str:
    return line if not line or line.startswith(" ") else f" {line}"


def _braces(opening: str, blocks: Iterable[list[str]], indent: int) -> list[str]:
    margin = " " * indent
    return [f"{margin}{opening} {{", *_spaced(blocks), f"{margin}}}"]


def _numbered(declaration: str, options: Sequence[str], indent: int) -> list[str]:
    """Print a field or an enum value, its options on the same line if they fit."""
    margin = " " * indent
    if not options:
        return [f"{margin}{declaration};"]
    line = f"{margin}{declaration} [{', '.join(options)}];"
    if len(line) <= WIDTH:
        return [line]
    inner = f",\n{margin}  ".join(options).split("\n")
    return [f"{margin}{declaration} [", f"{margin}  {inner[0]}", *inner[1:], f"{margin}];"]
