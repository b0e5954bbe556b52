"""The stubs say what the descriptors say: every field, under its name, with its type."""

from __future__ import annotations

import ast
import importlib
from pathlib import Path
from typing import Any

import pytest
from google.protobuf.descriptor import FieldDescriptor

from codegen import names
from codegen.build_messages import WRAPPED

ROOT = Path(__file__).resolve().parents[2]
VERSIONS = ("v1alpha", "v1beta", "aiplatform_v1")
STUBS = [
    pytest.param(version, path, id=f"{version}.{path.stem}")
    for version in VERSIONS
    for path in sorted((ROOT / f"src/gemini_grpc/{version}/types").glob("*.pyi"))
]
READ_AS = {
    "google.protobuf.Timestamp": "datetime.datetime | None",
    "google.protobuf.Duration": "datetime.timedelta | None",
    "google.protobuf.Struct": "MutableMapping[str, object] | None",
    "google.protobuf.ListValue": "MutableSequence[object]",
    "google.protobuf.Value": "object",
    **{f"google.protobuf.{name}Value": f"{read} | None" for name, read in WRAPPED.items()},
}
SCALARS = {
    FieldDescriptor.CPPTYPE_BOOL: "bool",
    FieldDescriptor.CPPTYPE_FLOAT: "float",
    FieldDescriptor.CPPTYPE_DOUBLE: "float",
}


@pytest.mark.parametrize(("version", "path"), STUBS)
def test_a_stub_declares_what_its_module_has(version: str, path: Path) -> None:
    module = importlib.import_module(f"gemini_grpc.{version}.types.{path.stem}")
    tree = ast.parse(path.read_text())
    top = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    assert top.keys() == set(module.__all__)
    for name, node in top.items():
        check_class(node, getattr(module, name))


def check_class(node: ast.ClassDef, cls: Any) -> None:
    nested = {inner.name: inner for inner in node.body if isinstance(inner, ast.ClassDef)}
    if not hasattr(cls, "pb"):
        values = {
            ast.unparse(n.targets[0]): n.value for n in node.body if isinstance(n, ast.Assign)
        }
        stated = {name: ast.literal_eval(value) for name, value in values.items()}
        assert stated == {member.name: member.value for member in cls}
        return
    descriptor = cls.pb().DESCRIPTOR
    entries = {n.name for n in descriptor.nested_types if n.GetOptions().map_entry}
    types = {each.name for each in (*descriptor.nested_types, *descriptor.enum_types)} - entries
    assert nested.keys() == types
    declared = {
        ast.unparse(each.target): each.annotation
        for each in node.body
        if isinstance(each, ast.AnnAssign)
    }
    assert list(declared) == [field.name for field in descriptor.fields]
    for field in descriptor.fields:
        annotation = declared[field.name]
        assert isinstance(annotation, ast.Subscript)
        assert isinstance(annotation.slice, ast.Tuple)
        read = ast.unparse(qualified(annotation.slice.elts[0], cls.__qualname__, nested))
        assert read == expected(field), f"{cls.__qualname__}.{field.name}"
    check_constructor(node, list(declared), cls)
    for name, inner in nested.items():
        check_class(inner, getattr(cls, name))


def qualified(node: ast.expr, path: str, nested: dict[str, ast.ClassDef]) -> ast.expr:
    """Write out what a name means in the body of a class, where nested classes come first."""

    class Qualify(ast.NodeTransformer):
        def visit_Name(self, name: ast.Name) -> ast.expr:
            return ast.parse(f"{path}.{name.id}").body[0].value if name.id in nested else name

    return Qualify().visit(node)


def expected(field: Any) -> str:
    """Return the annotation of what one reads."""
    inner = field.message_type
    if inner is not None and inner.GetOptions().map_entry:
        key, value = inner.fields_by_name["key"], inner.fields_by_name["value"]
        return f"MutableMapping[{single(key)}, {single(value)}]"
    return f"MutableSequence[{single(field)}]" if field.is_repeated else single(field)


def single(field: Any) -> str:
    named = field.message_type or field.enum_type
    if named is None:
        if field.type in (field.TYPE_STRING, field.TYPE_BYTES):
            return "str" if field.type == field.TYPE_STRING else "bytes"
        return SCALARS.get(field.cpp_type, "int")
    if named.full_name in READ_AS:
        return READ_AS[named.full_name]
    if not named.full_name.startswith("gemini_grpc."):
        if field.enum_type is not None:
            return "int"
        module = named.file.name.rpartition("/")[2].removesuffix(".proto")
        return f"{module}_pb2.{named.name}"
    return named.full_name.removeprefix(named.file.package + ".")


def check_constructor(node: ast.ClassDef, fields: list[str], cls: Any) -> None:
    (init,) = [each for each in node.body if isinstance(each, ast.FunctionDef)]
    assert init.name == "__init__"
    assert [argument.arg for argument in init.args.args] == ["self", "mapping"]
    keywords = [argument.arg for argument in init.args.kwonlyargs]
    taken = [known for name in fields for known in names.keywords(name.removesuffix("_"))]
    assert keywords == ["ignore_unknown_fields", *taken]
    assert all(hasattr(cls(), name) for name in taken)
    for argument in init.args.kwonlyargs[1:]:
        assert argument.annotation is not None
        assert ast.unparse(argument.annotation).endswith("| None")
