"""A newer upstream is compared with our protos and taken over, and our comments stay."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from codegen import elements, load, proto_text, update

PROTOS = Path(__file__).resolve().parents[2] / "protos"

GOOGLE_AI = "google/ai/generativelanguage/v1beta"
VERTEX = "google/cloud/aiplatform/v1"
BETA = GOOGLE_AI.replace("/", ".")
CLOUD = VERTEX.replace("/", ".")

EDITS = (
    # a warning of the compiler, and an option for another language
    (
        f"{GOOGLE_AI}/model.proto",
        'import "google/api/resource.proto";',
        'import "google/api/resource.proto";\n'
        'import "google/protobuf/duration.proto";\n'
        'option go_package = "example.com/go";',
    ),
    # an added field, a changed type, a removed field, a field with another name and another option
    (f"{GOOGLE_AI}/model.proto", "string version = 3", "string colour = 90;\n  string version = 3"),
    (f"{GOOGLE_AI}/model.proto", "int32 input_token_limit = 6", "string input_token_limit = 6"),
    (f"{GOOGLE_AI}/model.proto", "  optional float max_temperature = 13;\n", ""),
    (f"{GOOGLE_AI}/model.proto", "string description = 5", "string summary = 5"),
    (f"{GOOGLE_AI}/model.proto", "display_name = 4", "display_name = 4 [deprecated = true]"),
    # an added enum value
    (
        f"{GOOGLE_AI}/safety.proto",
        "HARM_CATEGORY_MEDICAL = 5;",
        "HARM_CATEGORY_MEDICAL = 5;\n  HARM_CATEGORY_NOISE = 90;",
    ),
    # added messages with a oneof and an enum, and an added RPC
    (
        f"{GOOGLE_AI}/model_service.proto",
        "message GetModelRequest {",
        "message PaintModelRequest {\n"
        "  enum Gloss { MATT = 0; }\n"
        "  oneof paint { string colour = 1; }\n"
        "}\n"
        "message GetModelRequest {",
    ),
    (
        f"{GOOGLE_AI}/model_service.proto",
        "  rpc GetModel(",
        "  // Words of upstream.\n"
        "  rpc PaintModel(PaintModelRequest) returns (Model) {\n"
        '    option (google.api.http) = { post: "/v1beta/{colour=models/*}:paint" body: "*" };\n'
        "  }\n"
        "  rpc GetModel(",
    ),
    # what our RPCs reach now, in a file we do not have, and what they do not reach
    (
        f"{VERTEX}/content.proto",
        'import "google/cloud/aiplatform/v1/tool.proto";',
        'import "google/cloud/aiplatform/v1/tool.proto";\n'
        'import "google/cloud/aiplatform/v1/extra.proto";',
    ),
    (f"{VERTEX}/content.proto", "message Content {", "message Content {\n  Extra extra = 90;"),
    (
        f"{VERTEX}/prediction_service.proto",
        "service PredictionService {",
        "message ExplainRequest {}\n"
        "service PredictionService {\n"
        "  rpc Explain(ExplainRequest) returns (ExplainRequest);\n",
    ),
)
"""What upstream did since: in a file, a text and what it became."""

EXTRA = """
syntax = "proto3";
package google.cloud.aiplatform.v1;
import "google/cloud/aiplatform/v1/openapi.proto";
message Extra { Deep.Inner inner = 1; }
message NotReached { Schema schema = 1; }
message Deep { message Inner { string text = 1; } Farther farther = 2; }
enum Farther { NEAR = 0; }
"""
"""A file of upstream that we do not have; its import is for what we do not take."""


def write_upstream(folder: Path, protos: Path = PROTOS) -> Path:
    """Copy our protos, without our comments."""
    shutil.copytree(protos, folder)
    for path in folder.rglob("*.proto"):
        path.write_text(re.sub(r"^ *//.*\n", "", path.read_text(), flags=re.MULTILINE))
    return folder


@pytest.fixture(scope="module")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = write_upstream(tmp_path_factory.mktemp("upstream") / "checkout")
    for name, old, new in EDITS:
        text = (folder / name).read_text()
        assert text.count(old) == 1, (name, old)
        (folder / name).write_text(text.replace(old, new))
    (folder / VERTEX / "extra.proto").write_text(EXTRA)
    # is of upstream, has no service of ours, and would not compile
    (folder / VERTEX / "unrelated.proto").write_text('import "is/not/there.proto";')
    return folder


@pytest.fixture(scope="module")
def change(upstream: Path) -> update.Update:
    return update.compare(upstream, PROTOS)


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory, change: update.Update) -> Path:
    folder = tmp_path_factory.mktemp("written") / "protos"
    shutil.copytree(PROTOS, folder)
    update.write(change, folder)
    return folder


def texts(change: update.Update, breaks: bool) -> set[tuple[str, str]]:
    return {(each.element.name, each.text) for each in change.differences if each.breaks is breaks}


def test_the_same_protos_without_comments_change_nothing(tmp_path: Path) -> None:
    same = update.compare(write_upstream(tmp_path / "checkout"), PROTOS)
    assert same.written == same.gone == same.added == same.differences == same.uncommented == ()
    assert update.report(same) == "our protos are those of upstream"


def test_what_was_added_is_named(change: update.Update) -> None:
    assert {(element.kind, element.name) for element in change.added} == {
        ("field", f"{BETA}.Model.colour"),
        ("value", f"{BETA}.HarmCategory.HARM_CATEGORY_NOISE"),
        ("rpc", f"{BETA}.ModelService.PaintModel"),
        ("message", f"{BETA}.PaintModelRequest"),
        ("oneof", f"{BETA}.PaintModelRequest.paint"),
        ("field", f"{BETA}.PaintModelRequest.colour"),
        ("enum", f"{BETA}.PaintModelRequest.Gloss"),
        ("value", f"{BETA}.PaintModelRequest.Gloss.MATT"),
        ("field", f"{CLOUD}.Content.extra"),
        ("message", f"{CLOUD}.Extra"),
        ("field", f"{CLOUD}.Extra.inner"),
        ("message", f"{CLOUD}.Deep"),
        ("field", f"{CLOUD}.Deep.farther"),
        ("message", f"{CLOUD}.Deep.Inner"),
        ("field", f"{CLOUD}.Deep.Inner.text"),
        ("enum", f"{CLOUD}.Farther"),
        ("value", f"{CLOUD}.Farther.NEAR"),
    }


def test_what_was_broken_is_named(change: update.Update) -> None:
    assert texts(change, breaks=True) == {
        (f"{BETA}.Model.input_token_limit", "type was int32, is string"),
        (f"{BETA}.Model.max_temperature", "is gone"),
        (f"{BETA}.Model.summary", "was called description"),
    }


def test_what_was_changed_without_harm_is_named(change: update.Update) -> None:
    assert texts(change, breaks=False) == {
        (f"{BETA}.Model.display_name", "options was none, is deprecated = true")
    }


def test_the_report_has_every_difference(change: update.Update) -> None:
    report = update.report(change)
    for line in (
        f"  field {BETA}.Model.colour: number 90, type string",
        f"  rpc {BETA}.ModelService.PaintModel: request {BETA}.PaintModelRequest,"
        f" response {BETA}.Model, streams neither way",
        f"  field {BETA}.Model.display_name: options was none, is deprecated = true",
        f"  field {BETA}.Model.input_token_limit: type was int32, is string",
        f"  field {BETA}.Model.max_temperature: is gone",
        f"  {VERTEX}/extra.proto",
        f"  {CLOUD}.PredictionService.Explain",
    ):
        assert line in report.splitlines()


def test_only_what_our_rpcs_reach_is_taken_from_vertex(change: update.Update) -> None:
    assert change.not_taken == (f"{CLOUD}.PredictionService.Explain",)
    taken = change.texts[f"{VERTEX}/extra.proto"]
    assert "NotReached" not in taken
    assert "import" not in taken
    assert "Explain" not in change.texts[f"{VERTEX}/prediction_service.proto"]
    assert f"{VERTEX}/unrelated.proto" not in change.texts


def test_comments_of_upstream_are_not_taken(change: update.Update) -> None:
    assert not any("Words of upstream" in text for text in change.texts.values())


def test_only_files_that_differ_are_written(change: update.Update) -> None:
    assert change.gone == ()
    assert change.written == (
        f"{GOOGLE_AI}/model.proto",
        f"{GOOGLE_AI}/model_service.proto",
        f"{GOOGLE_AI}/safety.proto",
        f"{VERTEX}/content.proto",
        f"{VERTEX}/extra.proto",
    )


def test_our_comments_stay_but_for_fields_with_another_name_or_type(
    change: update.Update, written: Path
) -> None:
    before = elements.comments(load.load(PROTOS))
    after = elements.comments(load.load(written))
    assert before.pop(f"{BETA}.Model.max_temperature")
    dropped = {"Model.description": "Model.summary", "Model.input_token_limit": ""}
    old = {new or name: before.pop(f"{BETA}.{name}") for name, new in dropped.items()}
    assert after == before
    assert {element.name: text for element, text in change.stale} == {
        f"{BETA}.{name}": text for name, text in old.items()
    }
    for name, text in old.items():
        assert f"  field {BETA}.{name}: {' '.join(text.split())}" in update.report(change)


def test_what_was_written_is_what_upstream_has(upstream: Path, written: Path) -> None:
    after = update.compare(upstream, written)
    assert after.written == after.added == after.differences == ()


def test_what_needs_a_comment_is_listed_with_its_line(change: update.Update, written: Path) -> None:
    # all that was added or has lost its comment, and nothing else
    lacking = {element.name for element in change.added}
    lacking |= {element.name for element, _ in change.stale}
    assert {element.name for element, _ in change.uncommented} == lacking
    for element, line in change.uncommented:
        text = (written / element.file).read_text().splitlines()[line - 1]
        assert element.name.rpartition(".")[2] in text
        assert f"{element.file}:{line} {element.kind} {element.name}" in update.report(change)


@pytest.fixture
def few(tmp_path: Path) -> Path:
    """Protos of ours that are compiled quickly."""
    folder = tmp_path / "protos" / GOOGLE_AI
    folder.mkdir(parents=True)
    for name in ("model.proto", "model_service.proto", "tuned_model.proto"):
        shutil.copy(PROTOS / GOOGLE_AI / name, folder)
    return tmp_path / "protos"


@pytest.fixture
def few_upstream(few: Path, tmp_path: Path) -> Path:
    return write_upstream(tmp_path / "checkout", few)


def edit(path: Path, old: str, new: str) -> None:
    text = path.read_text()
    assert old in text
    path.write_text(text.replace(old, new, 1))


def test_a_file_that_upstream_dropped_goes_and_is_reported_once(
    few: Path, few_upstream: Path
) -> None:
    name = f"{GOOGLE_AI}/model_service.proto"
    (few_upstream / name).unlink()
    change = update.compare(few_upstream, few)
    assert change.gone == (name,)
    assert change.breaks
    gone = [line for line in update.report(change).splitlines() if line.endswith("is gone")]
    assert f"  service {BETA}.ModelService: is gone" in gone
    assert not any("ModelService.GetModel:" in line for line in gone)  # it went with its service
    update.write(change, few)
    assert not (few / name).exists()


def test_a_type_that_moved_to_another_file_keeps_its_comments(
    few: Path, few_upstream: Path
) -> None:
    old = few_upstream / GOOGLE_AI / "tuned_model.proto"
    text = old.read_text()
    start, end = text.index("message TuningSnapshot"), len(text)
    old.write_text(text[:start])
    new = few_upstream / GOOGLE_AI / "tuning_snapshot.proto"
    head = text[: text.index("message TunedModel ")]
    new.write_text(head + text[start:end])
    edit(old, "import ", f'import "{GOOGLE_AI}/tuning_snapshot.proto";\nimport ')
    edit(
        few_upstream / GOOGLE_AI / "model_service.proto",
        "import ",
        f'import "{GOOGLE_AI}/tuning_snapshot.proto";\nimport ',
    )
    change = update.compare(few_upstream, few)
    assert texts(change, breaks=True) == {
        (
            f"{BETA}.TuningSnapshot",
            f"file was {GOOGLE_AI}/tuned_model.proto, is {GOOGLE_AI}/tuning_snapshot.proto",
        )
    }
    assert change.added == change.uncommented == ()
    # written with the imports that each file needs
    assert 'resource.proto"' not in change.texts[f"{GOOGLE_AI}/tuning_snapshot.proto"]
    assert 'timestamp.proto"' in change.texts[f"{GOOGLE_AI}/tuning_snapshot.proto"]


@pytest.mark.parametrize(
    ("name", "old", "new", "expected"),
    [
        (
            "model_service.proto",
            "returns (Model) {",
            "returns (stream Model) {",
            ("ModelService.GetModel", "streams was neither way, is responses"),
        ),
        (
            "model_service.proto",
            "message DeleteTunedModelRequest {",
            "enum DeleteTunedModelMode { DELETE_TUNED_MODEL_MODE_NONE = 0; }\n"
            "message DeleteTunedModelRequest {\n  DeleteTunedModelMode mode = 9;",
            None,
        ),
        (
            "tuned_model.proto",
            "string output = 3",
            "string output = 4",
            ("TuningExample.output", "number was 3, is 4"),
        ),
        (
            "tuned_model.proto",
            "string output = 3 [",
            'string output = 3 [json_name = "result", ',
            ("TuningExample.output", "JSON name was none, is result"),
        ),
        (
            "tuned_model.proto",
            "float mean_loss = 3 [",
            "optional float mean_loss = 3 [",
            ("TuningSnapshot.mean_loss", "type was float, is optional float"),
        ),
    ],
)
def test_what_breaks_a_program_is_told_from_what_does_not(
    few: Path,
    few_upstream: Path,
    name: str,
    old: str,
    new: str,
    expected: tuple[str, str] | None,
) -> None:
    edit(few_upstream / GOOGLE_AI / name, old, new)
    change = update.compare(few_upstream, few)
    assert change.breaks is (expected is not None)
    assert texts(change, breaks=False) == set()
    if expected:
        assert texts(change, breaks=True) == {(f"{BETA}.{expected[0]}", expected[1])}


@pytest.mark.parametrize(
    ("name", "old", "new", "expected"),
    [
        (
            "model.proto",
            'pattern: "models/{model}"',
            'pattern: "models/{model}" pattern: "shelves/{shelf}/models/{model}"',
            ("Model", "resource was "),
        ),
        (
            "model_service.proto",
            "string name = 1 [",
            "int32 page_size = 2;\n  string page_token = 3;\n  string name = 1 [",
            ("ModelService.GetModel", "pages was none, is shelf"),
        ),
        (
            "model_service.proto",
            'metadata_type: "CreateTunedModelMetadata"',
            'metadata_type: "google.protobuf.Empty"',
            ("ModelService.CreateTunedModel", "operation was "),
        ),
        (
            "tuned_model.proto",
            "(google.api.field_behavior) = OPTIONAL",
            "(google.api.field_behavior) = REQUIRED",
            ("", "required was none, is yes"),
        ),
    ],
)
def test_what_an_option_breaks_in_python_is_named(
    few: Path, few_upstream: Path, name: str, old: str, new: str, expected: tuple[str, str]
) -> None:
    edit(few_upstream / GOOGLE_AI / name, old, new)
    if expected[1].startswith("pages"):
        path = few_upstream / GOOGLE_AI / "model.proto"
        edit(
            path,
            "string name = 1",
            "repeated Model shelf = 90;\n  string next_page_token = 91;\n  string name = 1",
        )
    change = update.compare(few_upstream, few)
    assert change.breaks
    broken = {(element, text) for element, text in texts(change, breaks=True)}
    assert any(
        element.endswith(expected[0]) and text.startswith(expected[1]) for element, text in broken
    ), broken


def test_a_field_that_is_not_required_any_more_breaks_nothing(
    few: Path, few_upstream: Path
) -> None:
    edit(few_upstream / GOOGLE_AI / "tuned_model.proto", " = REQUIRED", " = OPTIONAL")
    change = update.compare(few_upstream, few)
    assert change.written
    assert not change.breaks


EDITION = """edition = "2023";
package google.ai.generativelanguage.v1beta;
message Newest {
  string text = 1;
}
"""
PROTO2 = """syntax = "proto2";
package google.ai.generativelanguage.v1beta;
message Oldest {
  required string text = 1;
}
"""
NEEDS = """syntax = "proto3";
package google.ai.generativelanguage.v1beta;
import "google/ai/generativelanguage/v1beta/newest.proto";
message NeedsNewest {
  Newest newest = 1;
}
"""


def test_files_that_cannot_be_taken_are_left_out_and_reported(
    few: Path, few_upstream: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    texts = {"newest": EDITION, "oldest": PROTO2, "needs": NEEDS}
    for name, text in texts.items():
        (few_upstream / GOOGLE_AI / f"{name}.proto").write_text(text)
    edit(
        few_upstream / GOOGLE_AI / "model.proto",
        "bool thinking",
        "string hue = 90;\n  bool thinking",
    )
    code, out, _ = run(capfd, few_upstream, "--write", "--protos", few)
    assert code == 0
    why = "only proto3 without extensions, public and weak imports"
    for line in (
        "files that cannot be taken, left out with what needs them: 3",
        f"  {GOOGLE_AI}/newest.proto: {why}",
        f"  {GOOGLE_AI}/oldest.proto: {why}",
        f"  {GOOGLE_AI}/needs.proto: needs {BETA}.Newest",
    ):
        assert line in out.splitlines()
    assert "string hue = 90" in (few / GOOGLE_AI / "model.proto").read_text()
    assert not any((few / GOOGLE_AI / f"{name}.proto").exists() for name in texts)


def test_our_version_of_a_file_that_cannot_be_taken_stays(few: Path, few_upstream: Path) -> None:
    path = few_upstream / GOOGLE_AI / "model.proto"
    edit(path, 'syntax = "proto3";', 'edition = "2023";')
    path.write_text(path.read_text().replace("optional ", ""))
    change = update.compare(few_upstream, few)
    assert list(change.refused) == [f"{GOOGLE_AI}/model.proto"]
    assert change.written == change.gone == change.differences == ()


def test_reserved_numbers_break_nothing(few: Path, few_upstream: Path) -> None:
    path = few_upstream / GOOGLE_AI / "tuned_model.proto"
    edit(path, "message TuningSnapshot {", "message TuningSnapshot {\n  reserved 77, 80 to 90;")
    change = update.compare(few_upstream, few)
    assert not change.breaks
    assert texts(change, breaks=False) == {
        (f"{BETA}.TuningSnapshot", "reserved was none, is reserved 77, 80 to 90;")
    }


def test_a_name_that_stands_for_another_kind_is_broken(few: Path, few_upstream: Path) -> None:
    text = "message Spare {\n}\n"
    for folder, spare in ((few, text), (few_upstream, "enum Spare { NONE = 0; }\n")):
        path = folder / GOOGLE_AI / "model.proto"
        path.write_text(path.read_text() + spare)
    change = update.compare(few_upstream, few)
    assert texts(change, breaks=True) == {(f"{BETA}.Spare", "was a message")}


def test_an_option_that_is_not_defined_here_is_reported(few: Path, few_upstream: Path) -> None:
    (few_upstream / "google/new").mkdir(parents=True)
    (few_upstream / "google/new/option.proto").write_text(
        'syntax = "proto3";\npackage google.new;\n'
        'import "google/protobuf/descriptor.proto";\n'
        "extend google.protobuf.FieldOptions { string hint = 262142; }\n"
    )
    path = few_upstream / GOOGLE_AI / "model.proto"
    edit(path, "import ", 'import "google/new/option.proto";\nimport ')
    edit(
        path, "int32 input_token_limit = 6", 'int32 input_token_limit = 6 [(google.new.hint) = "h"]'
    )
    change = update.compare(few_upstream, few)
    assert [element.name for element in change.unknown] == [f"{BETA}.Model.input_token_limit"]
    assert change.written == ()


def run(capfd: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    code = update.main([str(argument) for argument in arguments])
    captured = capfd.readouterr()
    return code, captured.out, captured.err


def test_the_command_reports_and_writes_nothing(
    upstream: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(PROTOS, tmp_path / "protos")
    code, out, err = run(capfd, upstream, "--protos", tmp_path / "protos")
    assert code == 1
    assert "broken: 3" in out
    assert 'Field "6" with name "input_token_limit" on message "Model" changed type' in out  # buf
    assert not err
    for path in PROTOS.rglob("*.proto"):
        copy = tmp_path / "protos" / path.relative_to(PROTOS)
        assert copy.read_text() == path.read_text()


def test_the_command_writes_when_told_to(
    few: Path, few_upstream: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    edit(
        few_upstream / GOOGLE_AI / "model.proto",
        "bool thinking",
        "string hue = 90;\n  bool thinking",
    )
    code, out, _ = run(capfd, few_upstream, "--write", "--protos", few)
    assert code == 0
    assert out.splitlines()[-1].startswith(
        "written; next: the comments, codegen/defaults.toml for "
    )
    assert "  string hue = 90;\n\n  // True when" in (few / GOOGLE_AI / "model.proto").read_text()


def test_nothing_new_is_no_error(
    few: Path, few_upstream: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    code, out, err = run(capfd, few_upstream, "--protos", few)
    assert (code, out, err) == (0, "our protos are those of upstream\n", "")


def test_a_folder_that_is_no_checkout_is_refused(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    code, _, err = run(capfd, tmp_path)
    assert code == 2
    assert f"is {tmp_path} a checkout of upstream?" in err


def test_an_upstream_that_does_not_compile_is_refused(
    few: Path, few_upstream: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (few_upstream / GOOGLE_AI / "model.proto").write_text("nonsense")
    code, _, err = run(capfd, few_upstream, "--protos", few)
    assert code == 2
    assert "model.proto" in err


def test_a_comment_of_ours_that_the_compiler_drops_is_refused(
    few: Path, few_upstream: Path
) -> None:
    path = few / GOOGLE_AI / "model.proto"
    path.write_text(path.read_text() + "// Behind everything.\n")
    with pytest.raises(elements.MisplacedCommentError, match=r"model\.proto"):
        update.compare(few_upstream, few)


def test_a_text_that_says_something_else_is_refused(
    few: Path, few_upstream: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    printed = proto_text.print_file
    monkeypatch.setattr(
        proto_text,
        "print_file",
        lambda file, comments: printed(file, comments).replace("thinking = 15", "thinking = 91"),
    )
    with pytest.raises(update.UpdateError, match=rf"{BETA}\.Model\.thinking$"):
        update.compare(few_upstream, few)
