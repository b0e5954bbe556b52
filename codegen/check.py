"""Refuse protos for which nothing can be generated, and name the file and the element."""

from __future__ import annotations

import keyword
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING

from google.longrunning import operations_pb2

from codegen import build_messages, names
from codegen.build_messages import TypeIndex
from codegen.errors import InputError

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import (
        DescriptorProto,
        EnumDescriptorProto,
        FileDescriptorProto,
        MethodDescriptorProto,
    )

STRANGER = "which is neither of its package nor of protobuf or googleapis-common-protos"


def check(packages: Mapping[str, Sequence[FileDescriptorProto]]) -> None:
    """Look at every file of the packages.

    Raises:
        InputError: Nothing can be generated for them; the text has a line for each reason.
    """
    found = [
        f"{file.name}: {text}" for files in packages.values() for file, text in _problems(files)
    ]
    if found:
        raise InputError("\n".join(found))


def _problems(files: Sequence[FileDescriptorProto]) -> Iterator[tuple[FileDescriptorProto, str]]:
    package = files[0].package
    if package not in names.PACKAGES:
        text = f"package {package} is not in PACKAGES of codegen/names.py, which names the Python package"
        yield files[0], text
        return
    index = TypeIndex.of(files)
    for file in files:
        if keyword.iskeyword(names.module(file.name)):
            yield file, "a module of Python cannot be called that"
        for text in (*_of_types(file, index), *_of_services(file, index)):
            yield file, text


def _of_types(file: FileDescriptorProto, index: TypeIndex) -> Iterator[str]:
    yield from _of_enums(file.enum_type, "")
    for full_name, _, message in build_messages.messages_of(file):
        name = full_name.removeprefix(f"{file.package}.")
        yield from _of_enums(message.enum_type, f"{name}.")
        yield from _of_fields(message, name, index)


def _of_fields(message: DescriptorProto, name: str, index: TypeIndex) -> Iterator[str]:
    for field in message.field:
        if field.type_name and field.type_name[1:] not in index:
            yield f"field {name}.{field.name} has type {field.type_name[1:]}, {STRANGER}"


def _of_enums(enums: Iterable[EnumDescriptorProto], scope: str) -> Iterator[str]:
    for enum in enums:
        name = f"{scope}{enum.name}"
        for value in enum.value:
            if names.is_value_taken(value.name):
                yield f"value {name}.{value.name}: the name {value.name} is taken (codegen/names.py)"


def _of_services(file: FileDescriptorProto, index: TypeIndex) -> Iterator[str]:
    for service in file.service:
        for method in service.method:
            name = f"{service.name}.{method.name}"
            yield from _of_rpc(method, name, file.package, index)


def _of_rpc(
    method: MethodDescriptorProto, name: str, package: str, index: TypeIndex
) -> Iterator[str]:
    for verb, full_name in (("takes", method.input_type), ("returns", method.output_type)):
        if full_name[1:] not in index:
            yield f"rpc {name} {verb} {full_name[1:]}, {STRANGER}"
    operation = method.options.Extensions[operations_pb2.operation_info]
    for given in filter(None, (operation.response_type, operation.metadata_type)):
        full_name = index.full_name(given, package)
        if full_name not in index:
            yield f"rpc {name} starts an operation with {given}, {STRANGER}"
