"""Names that are taken: a field gets an underscore, anything else of such a name is refused in words."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from codegen import names
from codegen.errors import InputError
from gemini_grpc.rpc._async.service import AsyncService
from gemini_grpc.rpc._sync.service import Service
from gemini_grpc.rpc.message import MessageType
from gemini_grpc.rpc.method import MethodTable
from gemini_grpc.rpc.servicer import Servicer
from tests.codegen.hazards import ROOT, generate, run, save

FIELDS = sorted(names.FIELDS)
HEAD = 'syntax = "proto3";\npackage hazard.trap;\n'
PROTO = f"""{HEAD}
// Serves.
service TrapService {{
  // Does it.
  rpc DoIt(Message) returns (Message);
}}
// Has every name that is taken, and a neighbour without one.
message Message {{
  // Plain.
  string plain = 999;
{"".join(f"  // F.{chr(10)}  string {name} = {n};{chr(10)}" for n, name in enumerate(FIELDS, 1))}
}}
"""


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    texts = generate(tmp_path_factory.mktemp("taken"), things=PROTO)
    for name, text in texts.items():
        ast.parse(text, name)
    return save(tmp_path_factory.mktemp("package"), texts)


def test_fields_with_taken_names_are_set_read_and_sent(package: Path) -> None:
    run(
        package,
        f"""
from concurrent import futures
import grpc
from gemini_grpc import trap
from gemini_grpc.trap import Message, servicers

NAMES = {FIELDS}
CONSTRUCTOR = {set(names.CONSTRUCTOR)}
for name in NAMES:
    message = Message(**{{f"{{name}}_": "x"}})
    assert getattr(message, f"{{name}}_") == "x", name
    assert getattr(message, name) == "x", name
    assert Message({{name: "x"}}) == message
    if name not in CONSTRUCTOR:
        assert Message(**{{name: "x"}}) == message
    assert Message.deserialize(Message.serialize(message)) == message
    assert Message.from_json(Message.to_json(message)) == message
    assert Message.wrap(Message.pb(message)) == message
    setattr(message, name, "y")
    assert getattr(message, f"{{name}}_") == "y", name
assert '"meta": "x"' in Message.to_json(Message(meta="x"))
assert Message.meta.fields and Message(plain="x").plain == "x"

class Trap(servicers.TrapServiceServicer):
    def do_it(self, request, context):
        return request

server = grpc.server(futures.ThreadPoolExecutor(4))
Trap().add_to(server)
port = server.add_insecure_port("127.0.0.1:0")
server.start()
fields = {{f"{{name}}_": name for name in NAMES}}
with trap.TrapServiceClient(client_options={{"api_endpoint": f"http://127.0.0.1:{{port}}"}}) as client:
    assert client.do_it(**fields) == Message(**fields)
server.stop(None).wait()
""",
    )


@pytest.mark.parametrize(
    ("text", "what"),
    [
        ("message Mapping {}", "message Mapping: the name Mapping is taken"),
        ("message A { message Sequence {} }", "message A.Sequence: the name Sequence is taken"),
        ("enum Retry { NONE = 0; }", "enum Retry: the name Retry is taken"),
        ("enum A { None = 0; }", "value A.None: the name None is taken"),
        ("message A { enum B { mro = 0; } }", "value A.B.mro: the name mro is taken"),
        ("message A {} service Stream { rpc Do(A) returns (A); }", "service Stream: the name"),
        ("message A {} service B { rpc Import(A) returns (A); }", "rpc B.Import: the name Import"),
        ("message A {} service B { rpc Close(A) returns (A); }", "rpc B.Close: the name Close"),
        ("message A {} service B { rpc Methods(A) returns (A); }", "rpc B.Methods: the name Meth"),
    ],
)
def test_a_name_that_is_taken_is_refused(tmp_path: Path, text: str, what: str) -> None:
    with pytest.raises(InputError) as refused:
        generate(tmp_path, things=HEAD + text)
    assert f"hazard/trap/things.proto: {what}" in str(refused.value)


def test_a_file_called_like_a_word_of_python_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^hazard/trap/import.proto: a module of Python "):
        generate(tmp_path, **{"import": HEAD + "message A {}"})


def test_every_problem_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        generate(tmp_path, things=HEAD + "message Mapping {} message Sequence {}")
    assert len(str(refused.value).splitlines()) == 2


# the lists are those of the code


def public(cls: type) -> set[str]:
    return {name for name in dir(cls) if not name.startswith("_") and not name.endswith("_path")}


def test_the_list_of_fields_has_what_a_message_class_has() -> None:
    assert public(MessageType) <= names.FIELDS


@pytest.mark.parametrize("cls", [Service, AsyncService, Servicer, MethodTable])
def test_the_list_of_rpcs_has_what_clients_and_servicers_have(cls: type) -> None:
    annotated = {name for base in cls.__mro__ for name in getattr(base, "__annotations__", {})}
    lower = {name.lower() for name in public(cls) | annotated if not name.startswith("DEFAULT_")}
    assert {name for name in lower if not name.startswith("_")} <= names.RPCS


def test_the_list_of_classes_has_what_generated_modules_import() -> None:
    imported: set[str] = set()
    for package in names.PACKAGES.values():
        for path in (ROOT / "src/gemini_grpc" / package).rglob("*.py*"):
            if path.suffix in {".py", ".pyi"}:
                imported |= imports(ast.parse(path.read_text()))
    assert "Mapping" in imported
    assert imported <= names.CLASSES


def imports(module: ast.Module) -> set[str]:
    """Return the names with a capital that a module imports, apart from what is generated itself."""
    return {
        alias.name
        for node in ast.walk(module)
        if isinstance(node, ast.ImportFrom) and not generated(node.module or "")
        for alias in node.names
        if alias.name[0].isupper()
    }


def generated(module: str) -> bool:
    return module.startswith(tuple(f"gemini_grpc.{name}." for name in names.PACKAGES.values()))
