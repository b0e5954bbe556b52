"""The generated code of protos full of traps imports, and does what it says."""

from __future__ import annotations

import ast
from pathlib import Path
from typing import Any

import pytest

from tests.codegen import hazards
from tests.codegen.hazards import run

PROTO = """
syntax = "proto3";
package hazard.trap;
import "google/api/annotations.proto";
import "google/api/client.proto";
import "google/api/resource.proto";
import "google/longrunning/operations.proto";
import "google/protobuf/empty.proto";
import "google/protobuf/struct.proto";
import "google/protobuf/timestamp.proto";
import "hazard/trap/other.proto";

// Serves \\ "traps" and '''quotes'''.
service TrapService {
  option (google.api.default_host) = "trap.example.com";
  option (google.api.oauth_scopes) = "https://example.com/a,https://example.com/b";
  // Does it.
  rpc DoIt(Message) returns (Message) {
    option (google.api.http) = {post: "/v1/{parent.own_name=things/*}:do" body: "*"};
  }
  // Lists.
  rpc ListThings(ListThingsRequest) returns (ListThingsResponse);
  // Starts.
  rpc StartIt(Message) returns (google.longrunning.Operation) {
    option (google.longrunning.operation_info) = {response_type: "Message" metadata_type: "Enum"};
  }
  // Deletes.
  rpc DeleteIt(Message) returns (google.protobuf.Empty);
  // Talks.
  rpc TalkAboutIt(stream Message) returns (stream Message);
  // Reads.
  rpc ReadIt(Message) returns (stream Message);
}

// The top-level one.
message Content {
  // Text.
  string text = 1;
}

// A message called like the class all messages have. A second sentence.
//
// A second paragraph, which is so long that it has to be wrapped somewhere, because a line of a docstring ends at the hundredth column at the latest.
message Message {
  option (google.api.resource) = {
    type: "example.com/Thing" pattern: "things/{thing}" pattern: "shelves/{shelf}/things/{thing}"
  };
  // Named like a top-level message.
  message Content {
    // A number.
    int32 number = 1;
    // Deeper.
    enum Kind {
      // None.
      KIND_UNSPECIFIED = 0;
      // One.
      ONE = 1;
      // A negative one.
      NEGATIVE = -1;
    }
    // The kind.
    Kind kind = 2;
  }
  // The nested one.
  Content own = 1;
  // The top-level one.
  .hazard.trap.Content outer = 2;
  // A keyword of Python.
  string class = 3;
  // What the calls take as well.
  string timeout = 4;
  // The same.
  map<string, string> metadata = 5;
  // The same.
  int64 request = 6;
  // Itself.
  Message parent = 7;
  // Itself in a map.
  map<string, Message> children = 8;
  // A builtin, with presence.
  optional string type = 9;
  // One of two.
  oneof which {
    // A keyword.
    string from = 10;
    // Another, with a message.
    Other import = 11;
  }
  // A Struct.
  google.protobuf.Struct settings = 12;
  // A time.
  google.protobuf.Timestamp at = 13;
  // Enums by number.
  map<int32, Content.Kind> kinds = 14;
  // Many.
  repeated Content.Kind many = 15;
  // JSON calls it otherwise.
  string renamed = 16 [json_name = "_renamed"];
  // Name.
  string own_name = 17;
}

// A message called Enum.
message Enum {
  // A list.
  repeated bytes list = 1;
}

// Asks.
message ListThingsRequest {
  // Size.
  int32 page_size = 1;
  // Token.
  string page_token = 2;
}

// Answers.
message ListThingsResponse {
  // Messages.
  repeated Message things = 1;
  // Token.
  string next_page_token = 2;
}
"""

OTHER = """
syntax = "proto3";
package hazard.trap;

// In another file.
message Other {
  // Weight.
  double weight = 1;
}

// A top-level enum.
enum Colour {
  // None.
  COLOUR_UNSPECIFIED = 0;
  // Red.
  RED = 1;
}
"""


def generate(folder: Path, proto: str = PROTO) -> dict[str, str]:
    return hazards.generate(folder, things=proto, other=OTHER)


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return generate(tmp_path_factory.mktemp("hazard"))


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory, texts: dict[str, str]) -> Path:
    return hazards.save(tmp_path_factory.mktemp("package"), texts)


def test_every_module_imports_and_every_name_is_there(package: Path) -> None:
    run(
        package,
        """
import importlib
for name in ("", ".types", ".types.things", ".types.other", ".methods", ".paths", ".servicers",
             ".clients.trap_service", ".async_clients.trap_service"):
    module = importlib.import_module("gemini_grpc.trap" + name)
    for public in getattr(module, "__all__", ()):
        assert getattr(module, public), public
""",
    )


def test_messages_round_trip_through_every_trap(package: Path) -> None:
    run(
        package,
        """
import datetime
from gemini_grpc.trap import Colour, Content, Enum, Message, Other

now = datetime.datetime(2025, 1, 1, tzinfo=datetime.timezone.utc)
message = Message(
    own={"number": 1, "kind": "ONE"}, outer={"text": "a"}, class_="b", timeout="c",
    metadata={"d": "e"}, request=6, parent={"parent": {"class": "deep"}},
    children={"f": {"children": {"g": {}}}}, type_="", from_="h", settings={"i": [1, None]},
    at=now, kinds={1: "NEGATIVE", 2: 1}, many=["ONE", 0, -1], renamed="j",
)
again = Message.deserialize(Message.serialize(message))
assert again == message
assert Message.from_json(Message.to_json(message)) == message
data = Message.to_dict(message, always_print_fields_with_no_presence=False)
data["kinds"] = message.kinds  # JSON, and so to_dict, turns the keys of a map into text
assert Message(data) == message
assert type(message.own) is Message.Content and type(message.outer) is Content
assert message.own.kind is Message.Content.Kind.ONE
assert message.parent.parent.class_ == "deep"
assert "g" in message.children["f"].children
assert "type_" in message and "type_" not in Message()
assert message.metadata["d"] == "e" and message.timeout == "c" and message.request == 6
assert message.settings["i"][0] == 1 and message.at == now
assert dict(message.kinds) == {1: -1, 2: 1}
assert list(message.many) == [1, 0, -1]
assert '"_renamed": "j"' in Message.to_json(message)
message.import_ = Other(weight=2.5)
assert "from_" not in message and message.import_.weight == 2.5
assert Message.pb(message).WhichOneof("which") == "import_"
assert list(Enum(list_=[b"a"]).list_) == [b"a"]
assert Colour.RED == 1
""",
    )


def test_clients_and_servicers_serve_each_other(package: Path) -> None:
    run(
        package,
        """
from concurrent import futures
import asyncio
import grpc
from google.longrunning import operations_pb2
from gemini_grpc import trap
from gemini_grpc.trap import servicers

class Trap(servicers.TrapServiceServicer):
    def do_it(self, request, context):
        sent = dict(context.invocation_metadata())
        return trap.Message(request, own_name=sent["x-goog-request-params"])
    def list_things(self, request, context):
        token = "" if request.page_token else "more"
        return trap.ListThingsResponse(things=[{}, {}], next_page_token=token)
    def start_it(self, request, context):
        done = operations_pb2.Operation(name="operations/1", done=True)
        done.response.type_url = "type.googleapis.com/hazard.trap.Message"
        done.response.value = trap.Message.serialize(request)
        return done
    def delete_it(self, request, context):
        return None
    def talk_about_it(self, requests, context):
        yield from requests
    def read_it(self, request, context):
        yield request
        yield request

server = grpc.server(futures.ThreadPoolExecutor(4))
Trap().add_to(server)
port = server.add_insecure_port("127.0.0.1:0")
server.start()
options = {"api_endpoint": f"http://127.0.0.1:{port}"}
call = {"class_": "a", "timeout_": "b", "metadata_": {"c": "d"}, "request_": 5,
        "parent": {"own_name": "things/x"}, "timeout": 10.0, "metadata": [("x", "y")]}
with trap.TrapServiceClient(client_options=options) as client:
    answer = client.do_it(**call)
    assert (answer.class_, answer.timeout, answer.request) == ("a", "b", 5)
    assert answer.metadata == {"c": "d"}
    assert answer.own_name == "parent.own_name=things/x", answer
    assert len(list(client.list_things(page_size=2))) == 4
    assert client.start_it(class_="z").result().class_ == "z"
    client.delete_it(class_="z")
    assert [m.class_ for m in client.talk_about_it([{"class_": "q"}, trap.Message()])] == ["q", ""]
    assert len(list(client.read_it(class_="r"))) == 2

async def main():
    async with trap.TrapServiceAsyncClient(client_options=options) as client:
        assert (await client.do_it(**call)).class_ == "a"
        assert len([m async for m in await client.list_things()]) == 4
asyncio.run(main())
server.stop(None).wait()
""",
    )


def test_methods_state_what_the_proto_says(package: Path) -> None:
    run(
        package,
        """
from gemini_grpc.trap import methods, paths
from gemini_grpc.rpc import method
service = methods.SERVICES["hazard.trap.TrapService"]
assert service.HOST == "trap.example.com"
assert service.SCOPES == ("https://example.com/a", "https://example.com/b")
assert service.DO_IT.path == "/hazard.trap.TrapService/DoIt"
assert service.DO_IT.routing == ("parent.own_name",)
assert service.LIST_THINGS.items == "things"
assert [spec.shape for spec in service.METHODS] == [
    "unary", "unary", "unary", "unary", "bidi", "server_stream"]
assert service.START_IT.operation.metadata.endswith(":Enum")
assert method.load(service.START_IT.operation.response).__name__ == "Message"
assert service.TALK_ABOUT_IT.timeout is None
assert paths.thing_path("a") == "things/a"
assert paths.shelf_thing_path("a", "b") == "shelves/a/things/b"
assert paths.parse_shelf_thing_path("shelves/a/things/b") == {"shelf": "a", "thing": "b"}
assert paths.parse_thing_path("shelves/a/things/b") == {}
""",
    )


def test_comments_become_docstrings_that_fit_the_page(texts: dict[str, str]) -> None:
    module = ast.parse(texts["src/gemini_grpc/trap/types/things.py"])
    message = next(n for n in module.body if isinstance(n, ast.ClassDef) and n.name == "Message")
    doc = ast.get_docstring(message)
    assert doc is not None
    assert doc.startswith(
        "A message called like the class all messages have. A second sentence.\n\n"
    )
    assert "    timeout: What the calls take as well.\n" in doc
    assert all(len(line) <= 100 for line in doc.splitlines())
    client = ast.parse(texts["src/gemini_grpc/trap/clients/trap_service.py"])
    service = next(node for node in client.body if isinstance(node, ast.ClassDef))
    assert ast.get_docstring(service) == "Serves \\ \"traps\" and '''quotes'''."


def test_stubs_are_valid_and_name_every_field(texts: dict[str, str]) -> None:
    stub = ast.parse(texts["src/gemini_grpc/trap/types/things.pyi"])
    message = class_of(stub, "Message")
    fields = {n.target.id for n in message.body if isinstance(n, ast.AnnAssign)}
    assert {"own", "outer", "class_", "timeout", "type_", "from_", "import_"} <= fields
    assert class_of(class_of(message, "Content"), "Kind")


def class_of(node: Any, name: str) -> ast.ClassDef:
    return next(n for n in node.body if isinstance(n, ast.ClassDef) and n.name == name)


def test_stubs_tell_a_nested_type_from_the_top_level_one_of_its_name(texts: dict[str, str]) -> None:
    message = class_of(ast.parse(texts["src/gemini_grpc/trap/types/things.pyi"]), "Message")
    (outer,) = [
        ast.unparse(node.annotation)
        for node in message.body
        if isinstance(node, ast.AnnAssign) and ast.unparse(node.target) == "outer"
    ]
    # in the class a bare `Content` is the nested one
    assert "[Content," not in outer


def test_a_field_may_be_called_like_a_name_the_client_uses(tmp_path: Path) -> None:
    names = ("rpc", "fields", "paths", "method", "channel")
    fields = "".join(f"  // F.\n  string {name} = {n};\n" for n, name in enumerate(names, 1))
    proto = f"""syntax = "proto3";
package hazard.trap;
// S.
service TrapService {{
  // Do.
  rpc DoIt(Message) returns (Message);
}}
// M.
message Message {{
{fields}}}
"""
    texts = generate(tmp_path, proto)
    module = ast.parse(texts["src/gemini_grpc/trap/clients/trap_service.py"])
    imported = {
        alias.asname or alias.name
        for node in module.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    client = next(node for node in module.body if isinstance(node, ast.ClassDef))
    call = next(node for node in client.body if isinstance(node, ast.FunctionDef))
    keywords = {argument.arg for argument in call.args.kwonlyargs}
    used = {n.id for part in call.body for n in ast.walk(part) if isinstance(n, ast.Name)}
    assert not imported & keywords & used


def test_two_runs_give_the_same_bytes(tmp_path: Path, texts: dict[str, str]) -> None:
    assert generate(tmp_path) == texts
