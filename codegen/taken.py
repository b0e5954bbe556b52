"""Give an underscore to messages and enums whose names generated modules need themselves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

from google.longrunning import operations_pb2
from google.protobuf.descriptor_pb2 import FileDescriptorProto

from codegen import names

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import (
        DescriptorProto,
        EnumDescriptorProto,
        FieldDescriptorProto,
    )


def free_names(files: Sequence[FileDescriptorProto]) -> list[FileDescriptorProto]:
    """Return copies of files in which no message and no enum has a name that is taken.

    A message `Stream` is `Stream_` there, and so is every reference to it. What is on the wire stays:
    it has no names of types.
    """
    copies = [FileDescriptorProto() for _ in files]
    renamed: dict[str, str] = {}
    for copy, file in zip(copies, files, strict=True):
        copy.CopyFrom(file)
        renamed |= _rename(copy.message_type, copy.enum_type, file.package, file.package)
    for copy in copies:
        _refer(copy, renamed)
    return copies


def _rename(
    messages: Iterable[DescriptorProto], enums: Iterable[EnumDescriptorProto], old: str, new: str
) -> dict[str, str]:
    """Rename the types of a scope; return the full name that each of them has now."""
    renamed: dict[str, str] = {}
    for enum in enums:
        before, enum.name = enum.name, names.class_name(enum.name)
        renamed[f"{old}.{before}"] = f"{new}.{enum.name}"
    for message in messages:
        before, message.name = message.name, names.class_name(message.name)
        scopes = f"{old}.{before}", f"{new}.{message.name}"
        renamed[scopes[0]] = scopes[1]
        renamed |= _rename(message.nested_type, message.enum_type, *scopes)
    return renamed


def _refer(file: FileDescriptorProto, renamed: dict[str, str]) -> None:
    """Let a file name types as they are called now."""
    for field in _fields(file.message_type):
        if field.type_name:
            field.type_name = _now(field.type_name, renamed)
    for service in file.service:
        for method in service.method:
            method.input_type = _now(method.input_type, renamed)
            method.output_type = _now(method.output_type, renamed)
            if not method.options.HasExtension(operations_pb2.operation_info):
                continue
            operation = method.options.Extensions[operations_pb2.operation_info]
            for kind in ("response_type", "metadata_type"):
                given = getattr(operation, kind)
                full_name = given if given in renamed else f"{file.package}.{given}"
                if renamed.get(full_name, full_name) != full_name:
                    setattr(operation, kind, renamed[full_name])


def _now(reference: str, renamed: dict[str, str]) -> str:
    return f".{renamed[reference[1:]]}" if reference[1:] in renamed else reference


def _fields(messages: Iterable[DescriptorProto]) -> Iterator[FieldDescriptorProto]:
    for message in messages:
        yield from message.field
        yield from _fields(message.nested_type)
