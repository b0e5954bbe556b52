"""A descriptor and its comments are printed as our protos are written."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from codegen import elements, load, option_text, proto_text

if TYPE_CHECKING:
    from google.protobuf.descriptor_pb2 import FileDescriptorProto

PROTOS = Path(__file__).resolve().parents[2] / "protos"

TRICKY = """\
// The comment of the file.

syntax = "proto3";

package tricky.v1;

import "google/api/annotations.proto";
import "google/api/field_behavior.proto";
import "google/api/field_info.proto";
import "google/api/resource.proto";
import "google/api/routing.proto";
import "google/protobuf/struct.proto";

// A service whose method is called like a type.
service Things {
  option deprecated = true;

  // Without options.
  rpc Thing(.tricky.v1.Thing) returns (stream Other) {}

  // With a nested option.
  rpc Find(stream Other) returns (google.protobuf.Struct) {
    option deprecated = true;
    option (google.api.routing) = {
      routing_parameters {
        field: "name"
        path_template: "{name=**}"
      }
    };
  }

  // Both forms in one.
  rpc Read(Other) returns (Other) {
    option (google.api.http) = {
      get: "/v1/{name=things/*}"
      additional_bindings {
        get: "/v1/{name=\\"quoted\\"}"
      }
    };
  }
}

// An enum with everything.
enum Colour {
  option allow_alias = true;

  reserved 7, 9 to 12, 100 to max;
  reserved "MAUVE", "BEIGE";

  // Nothing.
  COLOUR_UNSPECIFIED = 0;

  // Something.
  RED = 1 [deprecated = true];

  // The same.
  CRIMSON = 1;

  // Below zero.
  DARK = -1;
}

// A message with everything.
message Thing {
  option deprecated = true;
  option (google.api.resource) = {
    type: "example.com/Thing"
    pattern: "things/{thing}"
    pattern: "parents/{parent}/things/{thing}"
  };

  reserved 2, 4 to 6, 1000 to max;
  reserved "old";

  // Called like a type outside.
  message Other {
    // The one inside.
    Thing.Other inner = 1;

    // The one outside.
    .tricky.v1.Other outer = 2;
  }

  // A name in two languages.
  string name = 1 [json_name = "title"];

  // One or the other.
  oneof choice {
    // This.
    string this_one = 10;

    // That, with a list:
    // - first
    // - second
    Thing.Other that_one = 11;
  }

  // A map.
  map<int32, Thing> things = 12;

  // Present or not.
  optional Colour colour = 13 [(google.api.field_info).format = UUID4];

  // Wide.
  repeated google.protobuf.Value values = 14 [
    deprecated = true,
    (google.api.field_behavior) = OPTIONAL,
    (google.api.field_behavior) = IMMUTABLE
  ];

  // With a list inside an option.
  string any = 15 [(google.api.field_info) = { referenced_types { type_name: "*" } }];
}

// Nothing in it.
message Other {
}
"""


def compiled(folder: Path, text: str) -> FileDescriptorProto:
    (folder / "tricky.proto").write_text(text)
    return load.load(folder)[0]


@pytest.fixture(scope="module")
def ours() -> list[FileDescriptorProto]:
    return load.load(PROTOS)


def test_our_protos_are_printed_as_they_are(ours: list[FileDescriptorProto]) -> None:
    comments = elements.comments(ours)
    different = [
        file.name
        for file in ours
        if proto_text.print_file(file, comments) != (PROTOS / file.name).read_text()
    ]
    assert len(ours) > 40
    assert different == []


def test_a_comment_that_is_too_long_is_broken_where_our_protos_break_it(
    ours: list[FileDescriptorProto],
) -> None:
    unbroken = {
        name: "\n\n".join(" ".join(paragraph.split()) for paragraph in text.split("\n\n"))
        for name, text in elements.comments(ours).items()
    }
    for file in ours:
        assert proto_text.print_file(file, unbroken) == (PROTOS / file.name).read_text()


def test_every_construct_is_printed_as_it_is_written(tmp_path: Path) -> None:
    file = compiled(tmp_path, TRICKY)
    assert proto_text.print_file(file, elements.comments([file])) == TRICKY


def test_without_comments_only_the_comments_are_missing(tmp_path: Path) -> None:
    file = compiled(tmp_path, TRICKY)
    printed = proto_text.print_file(file, {})
    assert "//" not in printed
    again = compiled(tmp_path, printed)
    file.ClearField("source_code_info")
    again.ClearField("source_code_info")
    assert again == file


def test_options_of_the_file_are_left_out(tmp_path: Path) -> None:
    file = compiled(
        tmp_path, 'syntax = "proto3";\npackage p.v1;\noption go_package = "p";\nmessage A {}\n'
    )
    assert "go_package" not in proto_text.print_file(file, {})


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ('syntax = "proto2";\npackage p.v1;\nmessage A {}\n', "only proto3"),
        (
            'syntax = "proto3";\npackage p.v1;\nimport public "google/api/http.proto";\n',
            "only proto3",
        ),
    ],
)
def test_what_the_layout_has_no_place_for_is_refused(
    tmp_path: Path, text: str, reason: str
) -> None:
    file = compiled(tmp_path, text)
    with pytest.raises(proto_text.UnsupportedError, match=reason):
        proto_text.print_file(file, {})


@pytest.mark.parametrize(
    ("body", "line"),
    [
        ("message A {\n  string b = 1; // behind\n}\n", 4),
        ("// above nothing\n\nmessage A {}\n", 2),  # the compiler gives it to the package
        ("message A {}\n\n// far above\n\nmessage B {}\n", 7),
        ("message A {\n  // above an option\n  option deprecated = true;\n}\n", 5),
    ],
)
def test_a_comment_that_would_get_lost_is_refused(tmp_path: Path, body: str, line: int) -> None:
    file = compiled(tmp_path, f'syntax = "proto3";\npackage p.v1;\n{body}')
    with pytest.raises(elements.MisplacedCommentError, match=f"tricky.proto:{line}:"):
        elements.comments([file])


def test_an_option_that_is_not_defined_here_is_noticed(tmp_path: Path) -> None:
    known = compiled(tmp_path, TRICKY)
    field = known.message_type[0].field[0]
    assert not option_text.has_unknown(field.options)
    field.options.MergeFromString(bytes.fromhex("f2ff7f0178"))  # number 262142, a string
    assert option_text.has_unknown(field.options)
    assert elements.elements([known])["tricky.v1.Thing.name"].unknown


def test_a_value_that_is_not_defined_here_is_left_out_and_noticed(tmp_path: Path) -> None:
    known = compiled(tmp_path, TRICKY)
    field = next(each for each in known.message_type[0].field if each.name == "values")
    field.options.MergeFromString(bytes.fromhex("e04163"))  # field_behavior = 99
    assert option_text.has_unknown(field.options)
    assert proto_text.print_file(known, elements.comments([known])) == TRICKY


@pytest.mark.parametrize(
    ("field", "json"), [("a", "a"), ("a_b", "aB"), ("a__b1_c", "aB1C"), ("a_", "a"), ("_a", "A")]
)
def test_the_json_name_is_the_one_of_the_compiler(tmp_path: Path, field: str, json: str) -> None:
    text = f'syntax = "proto3";\npackage p.v1;\nmessage A {{ string {field} = 1; }}\n'
    assert compiled(tmp_path, text).message_type[0].field[0].json_name == json
    assert proto_text.json_name(field) == json
