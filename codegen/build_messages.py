"""Build the IR of messages, enums and their registered descriptors."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from google.api import field_behavior_pb2
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    EnumDescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
)

from codegen import docs, foreign, ir, names, proto_text

LINE = 24
"""How many bytes of a descriptor stand on one line."""

SCALARS = {
    FieldDescriptorProto.TYPE_STRING: "str",
    FieldDescriptorProto.TYPE_BYTES: "bytes",
    FieldDescriptorProto.TYPE_BOOL: "bool",
    FieldDescriptorProto.TYPE_FLOAT: "float",
    FieldDescriptorProto.TYPE_DOUBLE: "float",
}
"""Python types of the scalars; what is not here is an integer."""

DEPRECATED = "Deprecated."

BEHAVIORS = {
    field_behavior_pb2.REQUIRED: "Required.",
    field_behavior_pb2.OUTPUT_ONLY: "Output only.",
    field_behavior_pb2.INPUT_ONLY: "Input only.",
    field_behavior_pb2.IMMUTABLE: "Immutable.",
    field_behavior_pb2.IDENTIFIER: "Identifier.",
}
"""What is written about a field; that it is optional says nothing in proto3."""

JSON_OBJECT = "Mapping[str, object]"

WRAPPED = {
    "Bool": "bool",
    "Bytes": "bytes",
    "Double": "float",
    "Float": "float",
    "Int32": "int",
    "Int64": "int",
    "String": "str",
    "UInt32": "int",
    "UInt64": "int",
}
"""What is in the wrappers of protobuf, `google.protobuf.BoolValue` and so on."""

WELL_KNOWN = {
    "google.protobuf.Timestamp": (
        "datetime.datetime | None",
        "datetime.datetime | timestamp_pb2.Timestamp",
    ),
    "google.protobuf.Duration": (
        "datetime.timedelta | None",
        "datetime.timedelta | duration_pb2.Duration",
    ),
    "google.protobuf.Struct": (
        "MutableMapping[str, object] | None",
        f"{JSON_OBJECT} | struct_pb2.Struct",
    ),
    "google.protobuf.ListValue": (
        "MutableSequence[object]",
        "Iterable[object] | struct_pb2.ListValue",
    ),
    "google.protobuf.Value": ("object", "object"),
    **{
        f"google.protobuf.{name}Value": (f"{read} | None", f"{read} | wrappers_pb2.{name}Value")
        for name, read in WRAPPED.items()
    },
}
"""What one reads and what one may pass for the types proto-plus converts."""


@dataclass
class Comments:
    """The comments of a file, by the path of the element as descriptor.proto defines it."""

    by_path: dict[tuple[int, ...], str] = field(default_factory=dict)

    @classmethod
    def of(cls, file: FileDescriptorProto) -> Comments:
        """Collect the leading comments of a file."""
        return cls(
            {
                tuple(location.path): docs.clean(location.leading_comments)
                for location in file.source_code_info.location
                if location.leading_comments
            }
        )

    def at(self, *path: int) -> str:
        """Return the comment of an element, or a text that names nothing."""
        return self.by_path.get(path, "")


@dataclass(frozen=True)
class TypeIndex:
    """Where each type lives that the files of a package may name."""

    modules: Mapping[str, str]
    """Full proto name to module name."""
    classes: Mapping[str, str]
    """Full proto name to class path, `GenerateContentResponse.PromptFeedback`."""
    map_entries: Mapping[str, DescriptorProto]
    """The entry messages of map fields."""
    foreign: Mapping[str, str]
    """Of a type of another package the class, `google.rpc.status_pb2:Status`."""

    @classmethod
    def of(cls, files: Sequence[FileDescriptorProto]) -> TypeIndex:
        """Index every message and enum of the given files, and of those they import."""
        index = cls({}, {}, {}, foreign.types(files))
        for file in files:
            module = names.module(file.name)
            for enum in file.enum_type:
                index._add(f"{file.package}.{enum.name}", module, enum.name)
            for message in file.message_type:
                index._add_message(file.package, message, module, "")
        return index

    def __contains__(self, full_name: str) -> bool:
        return full_name in self.modules or full_name in self.foreign

    def full_name(self, name: str, package: str) -> str:
        """Return the full name of a type that an option names, in full or below its package."""
        return name if not name or name in self else f"{package}.{name}"

    def reference(self, full_name: str) -> str:
        """Return where a type is found: `module:Class`, in our types or elsewhere."""
        if full_name in self.modules:
            return f"{self.modules[full_name]}:{self.classes[full_name]}"
        return self.foreign[full_name]

    def annotation(self, full_name: str) -> str:
        """Return the class of a type as an annotation names it: `Content`, `status_pb2.Status`."""
        if full_name in self.classes:
            return self.classes[full_name]
        module, _, name = self.foreign[full_name].partition(":")
        return f"{module.rpartition('.')[2]}.{name}"

    def foreign_modules(self, used: Iterable[str]) -> set[str]:
        """Return the modules that define those of the given types that are of other packages."""
        return {self.foreign[name].partition(":")[0] for name in used if name in self.foreign}

    def _add(self, full_name: str, module: str, path: str) -> None:
        self.modules[full_name] = module  # type: ignore[index]  # still being built
        self.classes[full_name] = path  # type: ignore[index]

    def _add_message(self, scope: str, message: DescriptorProto, module: str, outer: str) -> None:
        full_name, path = f"{scope}.{message.name}", f"{outer}{message.name}"
        if message.options.map_entry:
            self.map_entries[full_name] = message  # type: ignore[index]
        self._add(full_name, module, path)
        for enum in message.enum_type:
            self._add(f"{full_name}.{enum.name}", module, f"{path}.{enum.name}")
        for nested in message.nested_type:
            self._add_message(full_name, nested, module, f"{path}.")


def enum(descriptor: EnumDescriptorProto, comments: Comments, *path: int) -> ir.Enum:
    """Build an enum."""
    values = tuple(
        ir.EnumValue(
            value.name,
            value.number,
            marked(comments.at(*path, 2, number), value.options.deprecated),
        )
        for number, value in enumerate(descriptor.value)
    )
    doc = marked(comments.at(*path), descriptor.options.deprecated)
    return ir.Enum(descriptor.name, doc, values)


def message(
    descriptor: DescriptorProto,
    index: TypeIndex,
    comments: Comments,
    *path: int,
    hidden: frozenset[str] = frozenset(),
) -> ir.Message:
    """Build a message and the types nested in it.

    `hidden` are the top-level names that nested types of the same name hide where it stands.
    """
    hidden |= {each.name for each in descriptor.nested_type}
    hidden |= {each.name for each in descriptor.enum_type}
    fields = fields_of(descriptor, index, comments, *path, hidden=hidden)
    nested = tuple(
        message(inner, index, comments, *path, 3, number, hidden=hidden)
        for number, inner in enumerate(descriptor.nested_type)
        if not inner.options.map_entry
    )
    enums = tuple(
        enum(inner, comments, *path, 4, number) for number, inner in enumerate(descriptor.enum_type)
    )
    doc = marked(comments.at(*path), descriptor.options.deprecated)
    return ir.Message(descriptor.name, doc, fields, nested, enums)


def fields_of(
    descriptor: DescriptorProto,
    index: TypeIndex,
    comments: Comments,
    *path: int,
    hidden: frozenset[str] = frozenset(),
) -> tuple[ir.Field, ...]:
    """Build the fields of a message."""
    built = []
    for number, each in enumerate(descriptor.field):
        get_type, set_type = annotate(each, index, hidden)
        built.append(
            ir.Field(
                name=names.attribute(each.name),
                keywords=names.keywords(each.name),
                parameter=names.parameter(each.name),
                doc=comments.at(*path, 2, number),
                traits=_traits(each, descriptor),
                get_type=get_type,
                set_type=set_type,
            )
        )
    return tuple(built)


def _traits(each: FieldDescriptorProto, owner: DescriptorProto) -> str:
    """Return what the options of a field and its oneof say, as sentences."""
    behaviors = each.options.Extensions[field_behavior_pb2.field_behavior]
    found = [DEPRECATED] if each.options.deprecated else []
    found += [BEHAVIORS[behavior] for behavior in behaviors if behavior in BEHAVIORS]
    if proto_text.in_oneof(each):
        found.append(f"One of `{owner.oneof_decl[each.oneof_index].name}`.")
    return " ".join(found)


def marked(doc: str, deprecated: bool) -> str:
    """Return the comment of an element, which says first if the element is deprecated."""
    return f"{DEPRECATED} {doc}".rstrip() if deprecated else doc


def annotate(
    each: FieldDescriptorProto, index: TypeIndex, hidden: frozenset[str] = frozenset()
) -> tuple[str, str]:
    """Return the annotations for reading a field and for setting it."""
    entry = index.map_entries.get(each.type_name.lstrip("."))
    if entry is not None:
        key, _ = _single(entry.field[0], index, hidden)
        get_type, set_type = _single(entry.field[1], index, hidden)
        return f"MutableMapping[{key}, {get_type}]", f"Mapping[{key}, {set_type}]"
    get_type, set_type = _single(each, index, hidden)
    if each.label == FieldDescriptorProto.LABEL_REPEATED:
        return f"MutableSequence[{get_type}]", f"Iterable[{set_type}]"
    return get_type, set_type


def _single(
    each: FieldDescriptorProto, index: TypeIndex, hidden: frozenset[str]
) -> tuple[str, str]:
    full_name = each.type_name.lstrip(".")
    if not full_name:
        scalar = SCALARS.get(each.type, "int")
        return scalar, scalar
    if full_name in WELL_KNOWN:
        return WELL_KNOWN[full_name]
    name = index.classes.get(full_name)
    if name is not None and name.partition(".")[0] in hidden:
        package = names.registered(full_name.removesuffix(f".{name}"))
        name = f"{package}.types.{index.modules[full_name]}.{name}"
    if each.type == FieldDescriptorProto.TYPE_ENUM:
        return (name, f"{name} | int | str") if name else ("int", "int | str")
    if name is None:
        name = index.annotation(full_name)
    return name, f"{name} | {JSON_OBJECT}"


def registered(file: FileDescriptorProto, index: TypeIndex) -> bytes:
    """Return the descriptor under which the types of a file are registered.

    It has our package instead of upstream's and the attribute names instead of the reserved ones, and
    nothing that only documents or serves calls: comments, services, and the imports of options (which
    stay in it as bytes).
    """
    copy = FileDescriptorProto()
    copy.CopyFrom(file)
    copy.ClearField("source_code_info")
    copy.ClearField("service")
    copy.name = _registered_path(file.name, file.package)
    copy.package = names.registered(file.package)
    modules = index.foreign_modules(_used(file))
    kept = [name for name in file.dependency if _is_needed(name, file, modules)]
    copy.ClearField("dependency")
    copy.dependency.extend(_registered_path(name, file.package) for name in kept)
    for each in _all_fields(copy.message_type):
        each.name = names.attribute(each.name)
        if each.type_name.startswith(f".{file.package}."):
            each.type_name = f".{copy.package}{each.type_name[len(file.package) + 1 :]}"
    _rename_synthetic_oneofs(copy.message_type)
    return copy.SerializeToString(deterministic=True)


def _registered_path(name: str, package: str) -> str:
    folder = package.replace(".", "/") + "/"
    if not name.startswith(folder):
        return name
    return f"{names.registered(package).replace('.', '/')}/{name.removeprefix(folder)}"


def _is_needed(dependency: str, file: FileDescriptorProto, modules: set[str]) -> bool:
    """Tell whether an import defines a type of a field; options and operations need none."""
    if dependency.startswith(file.package.replace(".", "/")):
        return True
    return dependency.replace("/", ".").replace(".proto", "_pb2") in modules


def _used(file: FileDescriptorProto) -> set[str]:
    """Return the full names of the types that fields of a file have."""
    return {each.type_name[1:] for each in _all_fields(file.message_type) if each.type_name}


def messages_of(
    file: FileDescriptorProto,
) -> Iterator[tuple[str, tuple[int, ...], DescriptorProto]]:
    """Yield every message of a file, with its full name and its path."""
    for number, each in enumerate(file.message_type):
        yield from _with_nested(each, file.package, (4, number))


def _with_nested(
    each: DescriptorProto, scope: str, path: tuple[int, ...]
) -> Iterator[tuple[str, tuple[int, ...], DescriptorProto]]:
    full_name = f"{scope}.{each.name}"
    yield full_name, path, each
    for number, inner in enumerate(each.nested_type):
        yield from _with_nested(inner, full_name, (*path, 3, number))


def _all_fields(messages: Iterable[DescriptorProto]) -> Iterable[FieldDescriptorProto]:
    for each in messages:
        yield from each.field
        yield from _all_fields(each.nested_type)


def _rename_synthetic_oneofs(messages: Iterable[DescriptorProto]) -> None:
    for each in messages:
        for inner in each.field:
            if inner.proto3_optional:
                each.oneof_decl[inner.oneof_index].name = f"_{inner.name}"
        _rename_synthetic_oneofs(each.nested_type)


def types_module(file: FileDescriptorProto, index: TypeIndex) -> ir.TypesModule:
    """Build the module of one `.proto`."""
    comments = Comments.of(file)
    serialized = registered(file, index)
    used = _used(file)
    module = names.module(file.name)
    return ir.TypesModule(
        name=module,
        source=file.name,
        messages=tuple(
            message(each, index, comments, 4, number)
            for number, each in enumerate(file.message_type)
        ),
        enums=tuple(enum(each, comments, 5, number) for number, each in enumerate(file.enum_type)),
        serialized=tuple(serialized[at : at + LINE] for at in range(0, len(serialized), LINE)),
        siblings=tuple(sorted(_sibling_imports(file))),
        well_known=tuple(sorted(index.foreign_modules(used))),
        annotations=tuple(sorted(import_lines(used, index, file.package, but=module))),
    )


def _sibling_imports(file: FileDescriptorProto) -> Iterable[str]:
    folder = file.package.replace(".", "/") + "/"
    return (names.module(name) for name in file.dependency if name.startswith(folder))


def import_lines(used: Collection[str], index: TypeIndex, package: str, but: str = "") -> set[str]:
    """Return the imports that annotations of the given types need, except those of one module."""
    lines: set[str] = set()
    for parent, _, name in (each.rpartition(".") for each in index.foreign_modules(used)):
        lines.add(f"from {parent} import {name}")
    for full_name in used:
        if full_name in index.map_entries:
            entry = index.map_entries[full_name]
            lines |= import_lines([entry.field[1].type_name[1:]], index, package, but)
        elif full_name in index.modules:
            module = index.modules[full_name]
            name = index.classes[full_name].partition(".")[0]
            if module != but:
                lines.add(f"from gemini_grpc.{names.package(package)}.types.{module} import {name}")
    return lines
