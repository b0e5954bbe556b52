"""Cut proto files down to what some RPCs reach, and find the imports that are left.

A type is taken whole, with the types nested in it, and stays in its file. Types of other packages
end the search.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator

from google.longrunning import operations_pb2
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    MethodDescriptorProto,
    ServiceDescriptorProto,
)
from google.protobuf.message import Message

Named = DescriptorProto | EnumDescriptorProto


def reach(
    files: Iterable[FileDescriptorProto], package: str, rpcs: Collection[str]
) -> list[FileDescriptorProto]:
    """Return the files of a package with no more than the given RPCs (full names) need."""
    mine = [file for file in files if file.package == package]
    cut = [_with_services(file, rpcs) for file in mine]
    needed = _needed_types(cut)
    for file in cut:
        _keep(file, needed)
    return [file for file in cut if file.service or file.message_type or file.enum_type]


def imports(file: FileDescriptorProto, files: Iterable[FileDescriptorProto]) -> list[str]:
    """Return the files among the given ones that define what a file uses: types and options."""
    wanted = {field.type_name[1:] for field in _fields(file.message_type) if field.type_name}
    for method in _methods(file.service):
        wanted |= {method.input_type[1:], method.output_type[1:]}
    types = {name: each.name for each in files for name in _type_names(each)}
    options = {
        f"{each.package}.{extension.name}": each.name
        for each in files
        for extension in each.extension
    }
    used = {types[name] for name in wanted if name in types}
    used |= {options[name] for name in _extensions(file) if name in options}
    return sorted(used - {file.name})


def _with_services(file: FileDescriptorProto, rpcs: Collection[str]) -> FileDescriptorProto:
    """Return a copy of a file with those services and methods that are asked for."""
    cut = FileDescriptorProto()
    cut.CopyFrom(file)
    del cut.service[:]
    for service in file.service:
        name = f"{file.package}.{service.name}"
        methods = [method for method in service.method if f"{name}.{method.name}" in rpcs]
        if methods:
            kept = cut.service.add()
            kept.CopyFrom(service)
            del kept.method[:]
            kept.method.extend(methods)
    return cut


def _needed_types(files: Iterable[FileDescriptorProto]) -> set[str]:
    """Return the names of the types outside of others that the services of files reach."""
    owners = {
        name: top
        for file in files
        for top in _outer_types(file)
        for name in _names_within(top, file.package)
    }
    waiting = [
        name
        for file in files
        for method in _methods(file.service)
        for name in _types_of_method(method, file.package)
    ]
    needed: dict[str, Named] = {}
    while waiting:
        top = owners.get(waiting.pop())
        if top is not None and top.name not in needed:
            needed[top.name] = top
            if isinstance(top, DescriptorProto):
                waiting += [field.type_name[1:] for field in _fields([top]) if field.type_name]
    return set(needed)


def _types_of_method(method: MethodDescriptorProto, package: str) -> Iterator[str]:
    yield method.input_type[1:]
    yield method.output_type[1:]
    operation = method.options.Extensions[operations_pb2.operation_info]
    for name in (operation.response_type, operation.metadata_type):
        # written within the package or in full
        yield from (name, f"{package}.{name}")


def _keep(file: FileDescriptorProto, needed: Collection[str]) -> None:
    messages = [message for message in file.message_type if message.name in needed]
    enums = [enum for enum in file.enum_type if enum.name in needed]
    del file.message_type[:], file.enum_type[:]
    file.message_type.extend(messages)
    file.enum_type.extend(enums)


def _outer_types(file: FileDescriptorProto) -> list[Named]:
    return [*file.message_type, *file.enum_type]


def _names_within(top: Named, scope: str) -> Iterator[str]:
    """Yield the full name of a type and of the types nested in it."""
    name = f"{scope}.{top.name}"
    yield name
    if isinstance(top, DescriptorProto):
        inner: list[Named] = [*top.nested_type, *top.enum_type]
        for nested in inner:
            yield from _names_within(nested, name)


def _type_names(file: FileDescriptorProto) -> Iterator[str]:
    for top in _outer_types(file):
        yield from _names_within(top, file.package)


def _fields(messages: Iterable[DescriptorProto]) -> Iterator[FieldDescriptorProto]:
    for message in messages:
        yield from message.field
        yield from _fields(message.nested_type)


def _methods(services: Iterable[ServiceDescriptorProto]) -> Iterator[MethodDescriptorProto]:
    for service in services:
        yield from service.method


def _extensions(message: Message) -> Iterator[str]:
    """Yield the full names of the options set in a descriptor at any depth, except the file's own."""
    for descriptor, value in message.ListFields():
        if descriptor.is_extension:
            yield descriptor.full_name
        elif descriptor.full_name != "google.protobuf.FileDescriptorProto.options":
            for each in value if descriptor.is_repeated else [value]:
                if isinstance(each, Message):
                    yield from _extensions(each)
