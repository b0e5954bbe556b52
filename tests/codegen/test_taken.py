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
        ("enum A { None = 0; }", "value A.None: the name None is taken"),
        ("message A { enum B { mro = 0; } }", "value A.B.mro: the name mro is taken"),
    ],
)
def test_a_name_that_is_taken_is_refused(tmp_path: Path, text: str, what: str) -> None:
    with pytest.raises(InputError) as refused:
        generate(tmp_path, things=HEAD + text)
    assert f"hazard/trap/things.proto: {what}" in str(refused.value)


TAKEN = f"""{HEAD}
import "google/longrunning/operations.proto";
// Serves.
service Stream {{
  // Closes.
  rpc Close(Operation) returns (Operation.Sequence);
  // Imports.
  rpc Import(Operation) returns (google.longrunning.Operation) {{
    option (google.longrunning.operation_info) = {{
      response_type: "Retry" metadata_type: "hazard.trap.Operation"
    }};
  }}
  // Tells.
  rpc Methods(Retry) returns (Retry);
}}
// Is called like what a call returns.
message Operation {{
  // Is called like what a module imports.
  message Sequence {{
    // Of the same.
    repeated Mapping kinds = 1;
  }}
  // Text.
  string text = 1;
  // The nested one.
  map<string, Sequence> parts = 2;
}}
// Is one, too.
message Retry {{
  // Text.
  string text = 1;
}}
// An enum.
enum Mapping {{
  // None.
  NONE = 0;
  // One.
  ONE = 1;
}}
"""


def test_messages_enums_services_and_rpcs_with_taken_names_carry_an_underscore(
    tmp_path: Path,
) -> None:
    run(
        save(tmp_path / "package", generate(tmp_path, things=TAKEN)),
        """
from concurrent import futures
import grpc
from gemini_grpc import trap
from gemini_grpc.trap import Mapping_, Operation_, Retry_, methods, servicers

assert methods.SERVICES["hazard.trap.Stream"] is methods.Stream_
assert methods.Stream_.IMPORT_.operation.response.endswith(":Retry_")
assert methods.Stream_.IMPORT_.operation.metadata.endswith(":Operation_")

class Served(servicers.StreamServicer):
    def close_(self, request, context):
        return Operation_.Sequence_(kinds=[Mapping_.ONE] * len(request.text))

    def methods_(self, request, context):
        return request

server = grpc.server(futures.ThreadPoolExecutor(4))
Served().add_to(server)
port = server.add_insecure_port("127.0.0.1:0")
server.start()
with trap.StreamClient(client_options={"api_endpoint": f"http://127.0.0.1:{port}"}) as client:
    assert client.close_(text="ab") == Operation_.Sequence_(kinds=["ONE", 1])
    assert client.methods_(text="x") == Retry_(text="x")
server.stop(None).wait()
""",
    )


CLIENT_STREAM = f"""{HEAD}
// Serves.
service Adder {{
  // Adds.
  rpc Add(stream Number) returns (Number);
}}
// A number.
message Number {{
  // Its value.
  int32 value = 1;
}}
"""


def test_an_rpc_to_which_only_the_client_streams_returns_one_response(tmp_path: Path) -> None:
    texts = generate(tmp_path, things=CLIENT_STREAM)
    client = "src/gemini_grpc/trap/{}clients/adder.py"
    assert ") -> Number:" in texts[client.format("")]
    assert ") -> Number:" in texts[client.format("async_")]
    run(
        save(tmp_path / "package", texts),
        """
import asyncio
from concurrent import futures
import grpc
from gemini_grpc import errors, trap
from gemini_grpc.trap import Number, servicers

class Served(servicers.AdderServicer):
    def add(self, requests, context):
        total = sum(request.value for request in requests)
        if total < 0:
            context.abort(grpc.StatusCode.OUT_OF_RANGE, "below zero")
        return Number(value=total)

server = grpc.server(futures.ThreadPoolExecutor(4))
Served().add_to(server)
port = server.add_insecure_port("127.0.0.1:0")
server.start()
options = {"api_endpoint": f"http://127.0.0.1:{port}"}
with trap.AdderClient(client_options=options) as client:
    assert client.add([{"value": 2}, Number(value=3)]) == Number(value=5)
    assert client.add([]) == Number()
    try:
        client.add([{"value": -1}])
    except errors.OutOfRange as error:
        assert error.message == "below zero"
    else:
        raise AssertionError

async def main():
    async with trap.AdderAsyncClient(client_options=options) as client:
        assert await client.add([{"value": 2}, Number(value=3)]) == Number(value=5)

asyncio.run(main())
server.stop(None).wait()
""",
    )


def test_a_file_called_like_a_word_of_python_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"^hazard/trap/import.proto: a module of Python "):
        generate(tmp_path, **{"import": HEAD + "message A {}"})


def test_every_problem_is_named(tmp_path: Path) -> None:
    with pytest.raises(InputError) as refused:
        generate(tmp_path, things=HEAD + "enum A { None = 0; mro = 1; }")
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
