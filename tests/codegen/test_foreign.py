"""Types of other packages: what upstream may use works, and what it may not use is refused in words."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen import names
from codegen.errors import InputError
from tests.codegen.hazards import generate, run, save

PROTO = """
syntax = "proto3";
package hazard.trap;
import "google/api/httpbody.proto";
import "google/longrunning/operations.proto";
import "google/protobuf/empty.proto";
import "google/protobuf/wrappers.proto";
import "google/rpc/error_details.proto";
import "google/type/dayofweek.proto";
import "google/type/money.proto";

// Serves.
service TrapService {
  // Takes nothing.
  rpc Ping(google.protobuf.Empty) returns (google.api.HttpBody);
  // Takes a nested message.
  rpc Ask(Outer.Request) returns (Outer.Answer);
  // Ends with nothing.
  rpc DeleteIt(Outer.Request) returns (google.longrunning.Operation) {
    option (google.longrunning.operation_info) = {
      response_type: "google.protobuf.Empty" metadata_type: "google.type.Money"
    };
  }
  // Starts.
  rpc StartIt(Outer.Request) returns (google.longrunning.Operation) {
    option (google.longrunning.operation_info) = {
      response_type: "hazard.trap.Outer.Answer" metadata_type: "Outer.Request"
    };
  }
}

// Outer.
message Outer {
  // A request in a message.
  message Request {
    // Text.
    string text = 1;
    // Another of its level.
    Answer answer = 2;
  }
  // An answer in a message.
  message Answer {
    // Text.
    string text = 1;
  }
}

// Holds all kinds.
message Holder {
  // An enum of another package.
  google.type.DayOfWeek day = 1;
  // Many.
  repeated google.type.DayOfWeek days = 2;
  // In a map.
  map<string, google.type.DayOfWeek> by_name = 3;
  // A wrapper.
  google.protobuf.StringValue maybe_text = 4;
  // A wrapper.
  google.protobuf.BoolValue maybe = 5;
  // A message.
  google.type.Money price = 6;
  // Many.
  repeated google.type.Money prices = 7;
  // One nested in another.
  google.rpc.BadRequest.FieldViolation violation = 8;
}
"""


@pytest.fixture(scope="module")
def texts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    return generate(tmp_path_factory.mktemp("hazard"), things=PROTO)


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory, texts: dict[str, str]) -> Path:
    return save(tmp_path_factory.mktemp("package"), texts)


def test_fields_of_types_of_other_packages_are_read_and_set(package: Path) -> None:
    run(
        package,
        """
from google.type import money_pb2
from gemini_grpc.trap import Holder

holder = Holder(
    day="MONDAY", days=["MONDAY", 2], by_name={"a": "FRIDAY"}, maybe_text="", maybe=True,
    price={"units": 3}, prices=[{"units": 1}, money_pb2.Money(units=2)], violation={"field": "x"},
)
assert holder.day == 1 and list(holder.days) == [1, 2] and dict(holder.by_name) == {"a": 5}
assert holder.maybe_text == "" and holder.maybe is True
assert Holder().maybe_text is None and Holder().day == 0
assert holder.price.units == 3 and [each.units for each in holder.prices] == [1, 2]
assert holder.violation.field == "x"
assert Holder.deserialize(Holder.serialize(holder)) == holder
assert Holder.from_json(Holder.to_json(holder)) == holder
holder.day = "SUNDAY"
holder.maybe_text = None
assert holder.day == 7 and holder.maybe_text is None
""",
    )


def test_calls_take_and_give_types_of_other_packages_and_nested_ones(package: Path) -> None:
    run(
        package,
        """
from concurrent import futures
import asyncio
import grpc
from google.api import httpbody_pb2
from google.longrunning import operations_pb2
from google.protobuf import empty_pb2
from google.type import money_pb2
from gemini_grpc import trap
from gemini_grpc.trap import servicers

class Trap(servicers.TrapServiceServicer):
    def ping(self, request, context):
        assert type(request) is empty_pb2.Empty
        return httpbody_pb2.HttpBody(data=b"pong")
    def ask(self, request, context):
        return trap.Outer.Answer(text=request.text)
    def start_it(self, request, context):
        done = operations_pb2.Operation(name="operations/1", done=True)
        done.response.type_url = "type.googleapis.com/hazard.trap.Outer.Answer"
        done.response.value = trap.Outer.Answer.serialize({"text": request.text})
        return done
    def delete_it(self, request, context):
        done = operations_pb2.Operation(name="operations/2", done=True)
        done.response.Pack(empty_pb2.Empty())
        done.metadata.Pack(money_pb2.Money(units=3))
        return done

server = grpc.server(futures.ThreadPoolExecutor(4))
Trap().add_to(server)
port = server.add_insecure_port("127.0.0.1:0")
server.start()
options = {"api_endpoint": f"http://127.0.0.1:{port}"}
with trap.TrapServiceClient(client_options=options) as client:
    assert client.ping().data == client.ping(empty_pb2.Empty()).data == b"pong"
    assert client.ask(text="a", answer={"text": "b"}).text == "a"
    assert client.start_it(text="c").result().text == "c"
    deleting = client.delete_it(text="d")
    assert deleting.metadata.units == 3 and deleting.result() is None

async def main():
    async with trap.TrapServiceAsyncClient(client_options=options) as client:
        assert (await client.ping({})).data == b"pong"
asyncio.run(main())
server.stop(None).wait()
""",
    )


def test_annotations_name_what_is_read(texts: dict[str, str]) -> None:
    stub = texts["src/gemini_grpc/trap/types/things.pyi"]
    assert "    day: _base.Field[int, int | str]\n" in stub
    assert "    maybe_text: _base.Field[str | None, str | wrappers_pb2.StringValue]\n" in stub
    assert (
        "    price: _base.Field[money_pb2.Money, money_pb2.Money | Mapping[str, object]]\n" in stub
    )
    client = texts["src/gemini_grpc/trap/clients/trap_service.py"]
    assert "request: empty_pb2.Empty | Mapping[str, object] | None = None" in client
    assert ") -> httpbody_pb2.HttpBody:" in client
    assert "fields = {}" not in client  # mypy would ask for its type
    for name in ("methods", "servicers"):
        text = texts[f"src/gemini_grpc/trap/{name}.py"]
        assert "    from google.api import httpbody_pb2\n" in text


HEAD = 'syntax = "proto3";\npackage hazard.trap;\n'
RPC = """
message Message {}
service TrapService {
  rpc DeleteIt(Message) returns (google.longrunning.Operation) {
    option (google.longrunning.operation_info) = {
      response_type: "%s" metadata_type: "Message"
    };
  }
}
"""
OPERATIONS = 'import "google/longrunning/operations.proto";\n'
ELSEWHERE = 'syntax = "proto3"; package hazard.lure; message Far {}'


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (
            'import "hazard/lure/far.proto";\nmessage Message { hazard.lure.Far far = 1; }',
            "hazard/trap/things.proto: field Message.far has type hazard.lure.Far, which is neither ",
        ),
        (
            'import "hazard/lure/far.proto";\n'
            "message Message {} service TrapService { rpc Do(hazard.lure.Far) returns (Message); }",
            "hazard/trap/things.proto: rpc TrapService.Do takes hazard.lure.Far, which is neither ",
        ),
        (
            OPERATIONS + RPC % "Gone",
            "rpc TrapService.DeleteIt starts an operation with Gone, which is neither ",
        ),
    ],
)
def test_a_type_that_cannot_be_used_is_named_with_what_uses_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, text: str, reason: str
) -> None:
    monkeypatch.setitem(names.PACKAGES, "hazard.lure", "lure")
    elsewhere = tmp_path / "protos/hazard/lure/far.proto"
    elsewhere.parent.mkdir(parents=True)
    elsewhere.write_text(ELSEWHERE)
    with pytest.raises(InputError) as refused:
        generate(tmp_path, things=HEAD + text)
    assert reason in str(refused.value)
