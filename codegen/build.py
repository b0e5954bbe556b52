"""Build the IR of packages: every choice the templates rely on is made here."""

from __future__ import annotations

import fnmatch
import re
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from google.api import annotations_pb2, client_pb2, http_pb2, resource_pb2
from google.longrunning import operations_pb2
from google.protobuf.descriptor_pb2 import (
    DescriptorProto,
    FieldDescriptorProto,
    FileDescriptorProto,
    MethodDescriptorProto,
    ServiceDescriptorProto,
)

from codegen import build_messages, check, ir, names, taken
from codegen.errors import InputError


class DefaultsError(InputError):
    """The file of defaults names an RPC that does not exist, or leaves one out."""

    def __init__(self, text: str) -> None:
        super().__init__(f"codegen/defaults.toml: {text}")


EMPTY = "google.protobuf.Empty"
"""What a call returns that gives nothing."""

LISTS = (
    "an RPC belongs in `repeatable` if it may be sent again when it is not known whether the server "
    "has done it, else in `once`"
)
"""What the lists of the file of defaults mean."""


@dataclass(frozen=True)
class Defaults:
    """Default timeout and repeatability of every RPC, by `Service.Method`."""

    timeouts: Mapping[str, float]
    repeatable: frozenset[str]

    @classmethod
    def resolve(cls, data: Mapping[str, object], rpcs: Sequence[str]) -> Defaults:
        """Match the patterns of the data file against the RPCs there are."""
        repeatable = _match_all(data["repeatable"], rpcs)
        once = _match_all(data["once"], rpcs)
        undecided = sorted(set(rpcs) - repeatable - once)
        if undecided:
            raise DefaultsError(f"in neither list: {', '.join(undecided)}; {LISTS}")
        twice = sorted(repeatable & once)
        if twice:
            raise DefaultsError(f"in both lists: {', '.join(twice)}; {LISTS}")
        table = dict(data["timeout"])  # type: ignore[call-overload]  # a TOML table
        timeouts = dict.fromkeys(rpcs, float(table.pop("default")))
        for seconds, patterns in table.items():
            timeouts.update(dict.fromkeys(_match_all(patterns, rpcs), float(seconds)))
        return cls(timeouts, frozenset(repeatable))


def _match_all(patterns: object, rpcs: Sequence[str]) -> set[str]:
    matched: set[str] = set()
    for pattern in patterns:  # type: ignore[attr-defined]  # a TOML list
        found = fnmatch.filter(rpcs, pattern)
        if not found:
            raise DefaultsError(f"no RPC is called {pattern!r}")
        matched.update(found)
    return matched


def build(
    files: Sequence[FileDescriptorProto], defaults: Mapping[str, object]
) -> tuple[ir.Package, ...]:
    """Build every package of the given files.

    Raises:
        InputError: The files have something for which nothing can be generated, or an RPC is undecided.
    """
    by_package: dict[str, list[FileDescriptorProto]] = defaultdict(list)
    for file in taken.free_names(files):
        by_package[file.package].append(file)
    check.check(by_package)
    rpcs = {
        f"{service.name}.{method.name}"
        for file in files
        for service in file.service
        for method in service.method
    }
    resolved = Defaults.resolve(defaults, sorted(rpcs))
    return tuple(
        _Builder(name, group, resolved).package() for name, group in sorted(by_package.items())
    )


class _Builder:
    """Builds one package; holds what all its services look up."""

    def __init__(self, name: str, files: Sequence[FileDescriptorProto], defaults: Defaults) -> None:
        self._name = name
        self._files = files
        self._defaults = defaults
        self._index = build_messages.TypeIndex.of(files)
        self._comments = {file.name: build_messages.Comments.of(file) for file in files}
        self._messages: dict[str, tuple[FileDescriptorProto, tuple[int, ...], DescriptorProto]] = {
            full_name: (file, path, message)
            for file in files
            for full_name, path, message in build_messages.messages_of(file)
        }
        self._resources = self._collect_resources()

    def package(self) -> ir.Package:
        """Build the package."""
        return ir.Package(
            name=names.package(self._name),
            proto=self._name,
            registered=names.registered(self._name),
            modules=tuple(
                build_messages.types_module(file, self._index)
                for file in sorted(self._files, key=lambda file: file.name)
            ),
            services=tuple(
                self._service(file, number, service)
                for file in sorted(self._files, key=lambda file: file.name)
                for number, service in enumerate(file.service)
            ),
            paths=tuple(helper for group in self._resources.values() for helper in group),
        )

    # services

    def _service(
        self, file: FileDescriptorProto, number: int, service: ServiceDescriptorProto
    ) -> ir.Service:
        comments = self._comments[file.name]
        scopes = service.options.Extensions[client_pb2.oauth_scopes]
        return ir.Service(
            name=service.name,
            table=names.class_name(service.name),
            module=names.snake(service.name),
            doc=build_messages.marked(comments.at(6, number), service.options.deprecated),
            source=file.name,
            client=names.client(service.name, asynchronous=False),
            async_client=names.client(service.name, asynchronous=True),
            servicer=names.servicer(service.name),
            host=service.options.Extensions[client_pb2.default_host],
            scopes=tuple(scopes.split(",")) if scopes else (),
            rpcs=tuple(
                self._rpc(service, method, comments.at(6, number, 2, place))
                for place, method in enumerate(service.method)
            ),
            paths=tuple(
                helper
                for resource in sorted(self._resources_of(service))
                for helper in self._resources[resource]
            ),
        )

    def _rpc(
        self, service: ServiceDescriptorProto, method: MethodDescriptorProto, doc: str
    ) -> ir.Rpc:
        name = f"{service.name}.{method.name}"
        request, response = method.input_type[1:], method.output_type[1:]
        operation = method.options.Extensions[operations_pb2.operation_info]
        result = self._index.full_name(operation.response_type, self._name)
        progress = self._index.full_name(operation.metadata_type, self._name)
        items = self._paged_field(request, response)
        message = self._messages[request][2] if request in self._messages else DescriptorProto()
        shape = _shape(method)
        used = {each.type_name[1:] for each in message.field if each.type_name}
        used |= {request, response, result, progress} - {""}
        item_type = ""
        if items is not None:
            used.add(items.type_name[1:])
            item_type = self._index.classes[items.type_name[1:]]
        return ir.Rpc(
            name=names.rpc(method.name),
            constant=names.rpc(method.name).upper(),
            path=f"/{self._name}.{service.name}/{method.name}",
            doc=build_messages.marked(doc, method.options.deprecated),
            shape=shape,
            request=self._index.reference(request),
            response=self._index.reference(response),
            request_type=self._index.annotation(request),
            response_type=self._given(response),
            fields=() if method.client_streaming else self._fields_of(request),
            routing=_routing(method),
            repeatable=name in self._defaults.repeatable,
            timeout=None if method.client_streaming else self._defaults.timeouts[name],
            items=names.attribute(items.name) if items is not None else "",
            item_type=item_type,
            operation_response=self._index.reference(result) if result else "",
            operation_metadata=self._index.reference(progress) if progress else "",
            operation_type=self._given(result) if result else "",
            modules=tuple(
                sorted({self._index.modules[name] for name in used if name in self._index.modules})
            ),
            annotations=tuple(sorted(build_messages.import_lines(used, self._index, self._name))),
        )

    def _fields_of(self, request: str) -> tuple[ir.Field, ...]:
        if request not in self._messages:
            return ()
        file, path, message = self._messages[request]
        return build_messages.fields_of(message, self._index, self._comments[file.name], *path)

    def _given(self, full_name: str) -> str:
        """Return the annotation of what a call gives."""
        return "None" if full_name == EMPTY else self._index.annotation(full_name)

    def _paged_field(self, request: str, response: str) -> FieldDescriptorProto | None:
        """Return the repeated message of a paged response (AIP-4233), None if it is not one."""
        if response not in self._messages or request not in self._messages:
            return None
        fields = {field.name: field for field in self._messages[response][2].field}
        asked = {field.name for field in self._messages[request][2].field}
        if "next_page_token" not in fields or not {"page_token", "page_size"} <= asked:
            return None
        repeated = [
            field
            for field in fields.values()
            if field.label == FieldDescriptorProto.LABEL_REPEATED and field.type_name
        ]
        return min(repeated, key=lambda field: field.number) if repeated else None

    # resources

    def _collect_resources(self) -> dict[str, tuple[ir.PathHelper, ...]]:
        """Return the path helpers of every resource the package defines, by resource type."""
        found: dict[str, tuple[ir.PathHelper, ...]] = {}
        for _, _, message in self._messages.values():
            resource = message.options.Extensions[resource_pb2.resource]
            if resource.type:
                found[resource.type] = tuple(_path_helpers(resource.type, resource.pattern))
        return dict(sorted(found.items()))

    def _resources_of(self, service: ServiceDescriptorProto) -> set[str]:
        """Return the resource types that the messages of a service name, at any depth."""
        waiting = {method.input_type[1:] for method in service.method}
        waiting |= {method.output_type[1:] for method in service.method}
        seen: set[str] = set()
        resources: set[str] = set()
        while waiting:
            full_name = waiting.pop()
            if full_name in seen or full_name not in self._messages:
                continue
            seen.add(full_name)
            message = self._messages[full_name][2]
            resources.add(message.options.Extensions[resource_pb2.resource].type)
            for field in message.field:
                reference = field.options.Extensions[resource_pb2.resource_reference]
                resources |= {reference.type, reference.child_type}
                waiting.add(field.type_name[1:])
        return resources & self._resources.keys()


def _shape(method: MethodDescriptorProto) -> str:
    if method.client_streaming:
        return "bidi" if method.server_streaming else "client_stream"
    return "server_stream" if method.server_streaming else "unary"


def _routing(method: MethodDescriptorProto) -> tuple[str, ...]:
    """Return the fields whose values go into the routing header (AIP-4222): those of the URL."""
    rule: http_pb2.HttpRule = method.options.Extensions[annotations_pb2.http]
    verb = rule.WhichOneof("pattern")
    return tuple(re.findall(r"{([\w.]+)[=}]", getattr(rule, verb))) if verb else ()


def _path_helpers(resource_type: str, patterns: Iterable[str]) -> Iterable[ir.PathHelper]:
    """Return one helper for each pattern; after the first, the name starts with the parent's."""
    base = names.resource(resource_type)
    for number, pattern in enumerate(patterns):
        variables = tuple(re.findall(r"{(\w+)}", pattern))
        parents = "_".join(variables[:-1])
        expression = re.sub(r"{(\w+)}", r"(?P<\1>[^/]+)", pattern)
        yield ir.PathHelper(
            name=f"{parents}_{base}" if number else base,
            pattern=pattern,
            variables=variables,
            regex=expression,
        )
