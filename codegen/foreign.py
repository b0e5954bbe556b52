"""Find the types of other packages that our protos may name: those that are installed with us.

A `.proto` of protobuf or of googleapis-common-protos has a Python module beside it, which is asked what
it defines; so a type that upstream begins to use needs no entry anywhere.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import FileDescriptorProto

SHIPPED = ("google/api/", "google/longrunning/", "google/protobuf/", "google/rpc/", "google/type/")
"""The folders of the two distributions, which the library needs at run time anyway."""

ALWAYS = ("google/protobuf/empty.proto",)
"""What options name in a text: a file that does no more than that does not import it."""


def types(files: Iterable[FileDescriptorProto]) -> dict[str, str]:
    """Return the class of each message and enum that the files import: `module:Class` by full name."""
    sources = {name for file in files for name in file.dependency if name.startswith(SHIPPED)}
    return {
        name: f"{module}:{path}"
        for module in map(_module, sorted({*sources, *ALWAYS}))
        for name, path in _types_of(module)
    }


def _module(source: str) -> str:
    return source.removesuffix(".proto").replace("/", ".") + "_pb2"


def _types_of(module: str) -> Iterator[tuple[str, str]]:
    file: Any = importlib.import_module(module).DESCRIPTOR
    for enum in file.enum_types_by_name.values():
        yield enum.full_name, enum.name
    waiting = list(file.message_types_by_name.values())
    while waiting:
        message = waiting.pop()
        path = message.full_name.removeprefix(f"{file.package}.")
        yield message.full_name, path
        waiting += message.nested_types
        yield from ((enum.full_name, f"{path}.{enum.name}") for enum in message.enum_types)
