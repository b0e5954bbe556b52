"""Our descriptors against google's client, and against the facts of the API where they are at hand."""

from __future__ import annotations

import importlib
import importlib.resources
import json
from pathlib import Path
from typing import Any

import pytest
from google.api import annotations_pb2, client_pb2, field_behavior_pb2, resource_pb2
from google.longrunning import operations_pb2
from google.protobuf import descriptor_pb2

from codegen import load
from gemini_grpc.rpc import interop, method

ROOT = Path(__file__).resolve().parents[2]
FACTS = ROOT.parent / "shared" / "facts"

VERSIONS = ("v1alpha", "v1beta")
APIS = {
    "v1alpha": "generativelanguage-v1alpha",
    "v1beta": "generativelanguage-v1beta",
    "aiplatform_v1": "aiplatform-v1",
}
FORGOTTEN_JSON_NAMES = {
    "v1alpha": set(),
    "v1beta": {
        "GenerationConfig.response_json_schema",
        "GenerationConfig.response_json_schema_ordered",
    },
}
"""Fields whose json_name google's client forgets."""

Field = descriptor_pb2.FieldDescriptorProto


@pytest.fixture(scope="module")
def compiled() -> list[descriptor_pb2.FileDescriptorProto]:
    return load.load(ROOT / "protos")


# what a type is, whichever library it comes from


def our_types(version: str) -> dict[str, Any]:
    return types_of(importlib.import_module(f"gemini_grpc.{version}.types"))


def google_types(version: str) -> dict[str, Any]:
    return types_of(importlib.import_module(f"google.ai.generativelanguage_{version}.types"))


def types_of(module: Any) -> dict[str, Any]:
    """Return what every message and enum of a package is, by its name below the package."""
    found: dict[str, Any] = {}
    for name in module.__all__:
        cls = getattr(module, name)
        if hasattr(cls, "pb"):
            add_message(found, cls.pb().DESCRIPTOR, name)
        else:
            found[name] = {member.name: member.value for member in cls}
    return found


def add_message(found: dict[str, Any], descriptor: Any, name: str) -> None:
    package = descriptor.file.package
    found[name] = {
        field.name: {
            "number": field.number,
            "type": field.type,
            "of": type_name(field, package),
            "repeated": field.is_repeated,
            "presence": field.has_presence,
            "packed": field.is_packed,
            "oneof": field.containing_oneof.name if field.containing_oneof else "",
            "json_name": field.json_name,
        }
        for field in descriptor.fields
    }
    for enum in descriptor.enum_types:
        found[f"{name}.{enum.name}"] = {value.name: value.number for value in enum.values}
    for nested in descriptor.nested_types:
        add_message(found, nested, f"{name}.{nested.name}")


def type_name(field: Any, package: str) -> str:
    named = field.message_type or field.enum_type
    return named.full_name.removeprefix(package + ".") if named else ""


@pytest.mark.parametrize("version", VERSIONS)
def test_messages_and_enums_are_those_of_googles_client(version: str) -> None:
    ours, google = our_types(version), google_types(version)
    assert len(ours) > 190
    assert ours.keys() == google.keys()
    for name in ours:
        for field in ours[name] if isinstance(ours[name], dict) else ():
            if f"{name}.{field}" in FORGOTTEN_JSON_NAMES[version]:
                assert ours[name][field].pop("json_name") != google[name][field].pop("json_name")
        assert ours[name] == google[name], name


@pytest.mark.parametrize("version", VERSIONS)
def test_enum_classes_have_the_members_of_googles(version: str) -> None:
    ours = importlib.import_module(f"gemini_grpc.{version}.types")
    google = importlib.import_module(f"google.ai.generativelanguage_{version}.types")
    for name in ours.__all__:
        compare_classes(getattr(ours, name), getattr(google, name))


def compare_classes(ours: Any, google: Any) -> None:
    if not hasattr(ours, "pb"):
        assert {m.name: m.value for m in ours} == {m.name: m.value for m in google}
        return
    assert list(ours.meta.fields) == list(google.meta.fields)
    nested = {n.name for n in ours.pb().DESCRIPTOR.nested_types if not n.GetOptions().map_entry}
    for name in nested | set(ours.pb().DESCRIPTOR.enum_types_by_name):
        compare_classes(getattr(ours, name), getattr(google, name))


@pytest.mark.parametrize("version", APIS)
def test_methods_have_the_upstream_paths_types_and_shapes(version: str, compiled: Any) -> None:
    tables = importlib.import_module(f"gemini_grpc.{version}.methods").SERVICES
    listed = {
        spec.path: (
            method.load(spec.request).__name__,
            method.load(spec.response).__name__,
            spec.shape,
        )
        for service in tables.values()
        for spec in service.METHODS
    }
    package = interop.UPSTREAM[f"gemini_grpc.{version}"]
    assert listed == {
        f"/{package}.{service.name}/{each.name}": (
            each.input_type.rpartition(".")[2],
            each.output_type.rpartition(".")[2],
            SHAPES[each.client_streaming, each.server_streaming],
        )
        for file in compiled
        if file.package == package
        for service in file.service
        for each in service.method
    }


SHAPES = {(False, False): "unary", (False, True): "server_stream", (True, True): "bidi"}


@pytest.mark.parametrize("version", VERSIONS)
def test_every_method_of_googles_client_is_there(version: str) -> None:
    tables = importlib.import_module(f"gemini_grpc.{version}.methods").SERVICES
    ours = {
        (name.rpartition(".")[2], spec.name)
        for name, service in tables.items()
        for spec in service.METHODS
    }
    package = importlib.resources.files(f"google.ai.generativelanguage_{version}")
    services = json.loads((package / "gapic_metadata.json").read_text())["services"]
    google = {
        (name, rpc)
        for name, service in services.items()
        for rpc in service["clients"]["grpc"]["rpcs"]
    }
    assert ours == google


# the facts


@pytest.fixture(params=APIS)
def facts(request: pytest.FixtureRequest) -> tuple[str, dict[str, Any]]:
    if not FACTS.is_dir():
        pytest.skip("the facts of the API lie outside the repository, in ../shared/facts")
    data = json.loads((FACTS / f"{APIS[request.param]}.json").read_text())
    return request.param, data


def test_protos_state_the_facts_with_every_option(facts: Any, compiled: Any) -> None:
    _, expected = facts
    files = {file.name: file for file in compiled if file.package == expected["package"]}
    assert files.keys() == {file["name"] for file in expected["files"]}
    for file in expected["files"]:
        stated = file_facts(files[file["name"]])
        file.pop("imports")  # which imports are needed follows from the rest
        assert stated.keys() == file.keys(), file["name"]
        for kind in file:
            compare_lists(stated[kind], file[kind], file["name"])


def compare_lists(stated: Any, expected: Any, where: str) -> None:
    """Compare element by element, so that a difference is shown where it is."""
    if isinstance(expected, dict):
        expected = {key: value for key, value in expected.items() if value != ""}  # not set
    if not (isinstance(expected, list) and expected and isinstance(expected[0], dict)):
        assert stated == expected, where
        return
    # a facts list of named elements; the order of declaration is no fact
    by_name = {item.get("name", number): item for number, item in enumerate(stated)}
    wanted = {item.get("name", number): item for number, item in enumerate(expected)}
    assert by_name.keys() == wanted.keys(), where
    for name, item in wanted.items():
        assert by_name[name].keys() == item.keys(), f"{where}: {name}"
        for key in item:
            compare_lists(by_name[name][key], item[key], f"{where}: {name}.{key}")


def test_registered_types_are_those_of_the_facts(facts: Any) -> None:
    version, expected = facts
    stated = our_types(version)
    wanted: dict[str, Any] = {}
    for file in expected["files"]:
        for enum in file.get("enums", ()):
            wanted[enum["name"]] = enum["values"]
        for message in file.get("messages", ()):
            add_wanted(wanted, message, message["name"], expected["package"])
    entries = {name for name in stated if name.endswith("Entry") and name not in wanted}
    assert stated.keys() - entries == wanted.keys()
    for name, values in wanted.items():
        assert simplified(stated, name) == values, name


def add_wanted(wanted: dict[str, Any], message: Any, name: str, package: str) -> None:
    wanted[name] = {
        attribute(name, field["name"]): (
            field["number"],
            field["type"].replace(f"{package}.", ""),
            field.get("repeated", False),
            field.get("oneof") or (f"_{field['name']}" if field.get("optional") else ""),
            field.get("json_name", camel(field["name"])),
        )
        for field in message["fields"]
    }
    for enum in message.get("enums", ()):
        wanted[f"{name}.{enum['name']}"] = enum["values"]
    for nested in message.get("messages", ()):
        add_wanted(wanted, nested, f"{name}.{nested['name']}", package)


RENAMED = {"Schema.type", "Schema.format", "CitationSource.license", "Citation.license"}
"""Fields that carry an underscore in Python, because their name is a builtin."""


def attribute(message: str, field: str) -> str:
    return f"{field}_" if f"{message}.{field}" in RENAMED else field


def simplified(types: dict[str, Any], name: str) -> Any:
    if not all(isinstance(value, dict) for value in types[name].values()):
        return types[name]
    fields = {}
    for field, value in types[name].items():
        entry = types.get(value["of"]) if value["of"].endswith("Entry") else None
        kind = value["of"] or Field.Type.Name(value["type"]).removeprefix("TYPE_").lower()
        if entry is not None:
            kind = f"map<{scalar(entry['key'])}, {entry['value']['of'] or scalar(entry['value'])}>"
        oneof = (
            value["oneof"].removesuffix("_") if value["oneof"].startswith("_") else value["oneof"]
        )
        fields[field] = (
            value["number"],
            kind,
            value["repeated"] and entry is None,
            oneof,
            value["json_name"],
        )
    return fields


def scalar(field: Any) -> str:
    return Field.Type.Name(field["type"]).removeprefix("TYPE_").lower()


def camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part[:1].upper() + part[1:] for part in rest)


# the facts as compiled descriptors state them


def file_facts(file: descriptor_pb2.FileDescriptorProto) -> dict[str, Any]:
    return {
        "name": file.name,
        **some(
            services=[service_facts(each, file.package) for each in file.service],
            messages=[message_facts(each) for each in file.message_type],
            enums=[enum_facts(each) for each in file.enum_type],
        ),
    }


def some(**values: Any) -> dict[str, Any]:
    return {name: value for name, value in values.items() if value}


def service_facts(service: descriptor_pb2.ServiceDescriptorProto, package: str) -> dict[str, Any]:
    scopes = service.options.Extensions[client_pb2.oauth_scopes]
    return {
        "name": service.name,
        **some(
            host=service.options.Extensions[client_pb2.default_host],
            scopes=scopes.split(",") if scopes else [],
            methods=[method_facts(each) for each in service.method],
        ),
    }


def method_facts(method: descriptor_pb2.MethodDescriptorProto) -> dict[str, Any]:
    operation = method.options.Extensions[operations_pb2.operation_info]
    return {
        "name": method.name,
        "request": method.input_type[1:],
        "response": method.output_type[1:],
        **some(
            client_streaming=method.client_streaming,
            server_streaming=method.server_streaming,
            http=http_facts(method.options.Extensions[annotations_pb2.http]),
            signatures=list(method.options.Extensions[client_pb2.method_signature]),
            operation=some(response=operation.response_type, metadata=operation.metadata_type),
            deprecated=method.options.deprecated,
        ),
    }


def http_facts(rule: Any) -> list[dict[str, str]]:
    verb = rule.WhichOneof("pattern")
    if verb is None:
        return []
    first = {"verb": verb, "path": getattr(rule, verb), **some(body=rule.body)}
    return [first, *(item for each in rule.additional_bindings for item in http_facts(each))]


def message_facts(message: descriptor_pb2.DescriptorProto) -> dict[str, Any]:
    resource = message.options.Extensions[resource_pb2.resource]
    nested = [each for each in message.nested_type if not each.options.map_entry]
    return {
        "name": message.name,
        "fields": [field_facts(each, message) for each in message.field],
        **some(
            resource=some(
                type=resource.type,
                pattern=list(resource.pattern),
                plural=resource.plural,
                singular=resource.singular,
            ),
            messages=[message_facts(each) for each in nested],
            enums=[enum_facts(each) for each in message.enum_type],
            reserved=[[each.start, each.end - 1] for each in message.reserved_range],
        ),
    }


def field_facts(field: Any, message: descriptor_pb2.DescriptorProto) -> dict[str, Any]:
    entries = {each.name: each for each in message.nested_type if each.options.map_entry}
    entry = entries.get(field.type_name.rpartition(".")[2])
    reference = field.options.Extensions[resource_pb2.resource_reference]
    behavior = field.options.Extensions[field_behavior_pb2.field_behavior]
    kind = compiled_type(field)
    if entry is not None:
        kind = f"map<{compiled_type(entry.field[0])}, {compiled_type(entry.field[1])}>"
    in_oneof = field.HasField("oneof_index") and not field.proto3_optional
    return {
        "name": field.name,
        "number": field.number,
        "type": kind,
        **some(
            repeated=field.label == Field.LABEL_REPEATED and entry is None,
            enum=field.type == Field.TYPE_ENUM,
            optional=field.proto3_optional,
            oneof=message.oneof_decl[field.oneof_index].name if in_oneof else "",
            behavior=[field_behavior_pb2.FieldBehavior.Name(each) for each in behavior],
            resource=some(type=reference.type, child_type=reference.child_type),
            json_name=field.json_name if field.json_name != camel(field.name) else "",
            deprecated=field.options.deprecated,
        ),
    }


def compiled_type(field: Any) -> str:
    return field.type_name[1:] or Field.Type.Name(field.type).removeprefix("TYPE_").lower()


def enum_facts(enum: descriptor_pb2.EnumDescriptorProto) -> dict[str, Any]:
    return {
        "name": enum.name,
        "values": {value.name: value.number for value in enum.value},
        **some(deprecated=[value.name for value in enum.value if value.options.deprecated]),
    }
