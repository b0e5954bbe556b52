"""Tuned models are made by an operation that tells its progress, changed by mask, and deleted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from gemini_grpc import errors, v1alpha, v1beta
from gemini_grpc.generative.backend import Backend, UnsupportedError
from gemini_grpc.generative.training import to_dataset
from gemini_grpc.generative.tuning import TunedModel, TunedModelState
from tests.generative.shell import BOTH, Shell, each, label, quiet_shell_of, shell_of

BASE = "models/gemini-1.5-flash-001-tuning"
EXAMPLES = [{"text_input": str(number), "output": str(number + 1)} for number in range(8)]
PAIRS = [("1", "2"), ("3", "4")]


@pytest.fixture(params=each(), ids=label)
def shell(request: pytest.FixtureRequest) -> Iterator[Shell]:
    with shell_of(*request.param) as made:
        yield made


@pytest.fixture(scope="module", params=each(), ids=label)
def quiet(request: pytest.FixtureRequest) -> Iterator[Shell]:
    with quiet_shell_of(*request.param) as made:
        yield made


def tune(shell: Shell, **more: Any) -> Any:
    arguments = {"source_model": BASE, "training_data": EXAMPLES, "id": "plus-one"} | more
    return shell.call("tuning.create_tuned_model", **arguments)


def finished(shell: Shell, **more: Any) -> TunedModel:
    model: TunedModel = shell.colour.call(tune(shell, **more).result, timeout=20)
    return model


def test_tuning_tells_its_progress_and_gives_a_tuned_model(shell: Shell) -> None:
    operation = tune(
        shell, display_name="Plus one", description="Adds", epoch_count=3, batch_size=4, top_k=5
    )
    assert operation.metadata.tuned_model == "tunedModels/plus-one"
    assert operation.metadata.total_steps == 6
    seen = [
        status.completed_percent for status in shell.colour.drain(operation.wait_bar(every=0.05))
    ]
    assert seen == sorted(seen)
    assert seen[-1] == 100
    model = shell.colour.call(operation.result)
    assert isinstance(model, TunedModel)
    assert (model.name, model.state) == ("tunedModels/plus-one", TunedModelState.ACTIVE)
    assert (model.display_name, model.description, model.top_k) == ("Plus one", "Adds", 5)
    assert (model.base_model, model.source_model) == (BASE, BASE)
    assert model.tuning_task.hyperparameters.epoch_count == 3
    assert len(model.tuning_task.snapshots) == 6
    assert isinstance(model.create_time, datetime)
    assert model.create_time.tzinfo is not None
    sent = shell.sent("CreateTunedModel")[0].tuned_model.tuning_task
    assert len(sent.training_data.examples.examples) == 8


def test_a_tuned_model_is_tuned_again(shell: Shell) -> None:
    first = finished(shell)
    second = finished(shell, source_model=first, id="plus-two", learning_rate_multiplier=0.5)
    assert second.source_model == first.name
    assert second.base_model == BASE
    assert shell.call("catalog.get_base_model", second).name == BASE


def test_an_operation_is_found_again_by_its_name(shell: Shell) -> None:
    operation = tune(shell)
    again = shell.call("operations.get_operation", operation.name)
    assert type(again) is type(operation)
    shell.colour.call(again.update)
    assert shell.colour.call(again.result).name == "tunedModels/plus-one"
    assert [each.name for each in shell.call("operations.list_operations")] == [operation.name]
    shell.call("operations.delete_operation", operation.name)
    assert shell.call("operations.list_operations", page_size=3) == []


def test_tuning_can_be_cancelled(shell: Shell) -> None:
    operation = tune(shell)
    shell.colour.call(operation.cancel)
    with pytest.raises(errors.Cancelled):
        shell.colour.call(operation.result)


def test_tuned_models_are_listed_got_and_deleted(shell: Shell) -> None:
    started = [tune(shell, id=f"model-{number}") for number in range(3)]
    models = [shell.colour.call(operation.result) for operation in started]
    listed = shell.call("tuning.list_tuned_models", page_size=2)
    assert [each.name for each in listed] == [each.name for each in models]
    assert len(shell.sent("ListTunedModels")) == 2
    shell.call("tuning.delete_tuned_model", models[0])
    shell.call("tuning.delete_tuned_model", "model-1")
    assert shell.call("tuning.list_tuned_models", filter="owner:me") == models[2:]
    for name in ("model-2", "tunedModels/model-2", models[2]):
        assert shell.call("tuning.get_tuned_model", name) == models[2]
    assert shell.call("catalog.get_model", "tunedModels/model-2") == models[2]
    with pytest.raises(errors.NotFound, match=r"Did you mean 'tunedModels/model-"):
        shell.call("catalog.get_model", "tunedModels/model-3")


def test_only_the_fields_of_an_update_change(shell: Shell) -> None:
    model = finished(shell, display_name="One", description="Two")
    changed = shell.call(
        "tuning.update_tuned_model", model.name, {"description": "New", "temperature": 0.5}
    )
    assert (changed.display_name, changed.description, changed.temperature) == ("One", "New", 0.5)
    sent = shell.sent("UpdateTunedModel")[-1]
    assert sorted(sent.update_mask.paths) == ["description", "temperature"]
    assert (
        shell.call("tuning.update_tuned_model", model.name, {"description": None}).description == ""
    )
    assert shell.do(model, "update", {"display_name": "Own"}) is model
    assert model.display_name == "Own"


def test_a_message_that_was_changed_is_passed_back(shell: Shell) -> None:
    message = finished(shell).to_proto()
    message.description = "Written into the message"
    changed = shell.call("tuning.update_tuned_model", message)
    assert changed.description == "Written into the message"


@pytest.mark.parametrize(
    ("function", "arguments", "text"),
    [
        ("list_tuned_models", {"page_size": -2}, "page_size is -2"),
        ("get_tuned_model", {"name": "models/x"}, "name: 'models/x' is no name of a tuned model"),
        ("delete_tuned_model", {"tuned_model": None}, "tuned_model: expected the name of"),
        ("update_tuned_model", {"tuned_model": "x"}, "updates: expected a mapping"),
        ("update_tuned_model", {"tuned_model": "x", "updates": {}}, "what can be changed is"),
        (
            "update_tuned_model",
            {"tuned_model": "x", "updates": {"displayname": "y"}},
            "'displayname' cannot be changed; did you mean 'display_name'",
        ),
        (
            "update_tuned_model",
            {"tuned_model": "x", "updates": {"create_time": 1}},
            "updates: 'create_time' cannot be changed",
        ),
        (
            "create_tuned_model",
            {"source_model": "corpora/x", "training_data": PAIRS},
            "model: 'corpora/x' is no model",
        ),
        (
            "create_tuned_model",
            {"source_model": None, "training_data": PAIRS},
            "source_model: expected the name of a model",
        ),
        (
            "create_tuned_model",
            {"source_model": BASE, "training_data": PAIRS, "id": "a/b"},
            "id: 'a/b' is no name of a tuned model",
        ),
        (
            "create_tuned_model",
            {
                "source_model": BASE,
                "training_data": PAIRS,
                "learning_rate": 1.0,
                "learning_rate_multiplier": 1.0,
            },
            "learning_rate and learning_rate_multiplier are both given",
        ),
        ("create_tuned_model", {"source_model": BASE, "training_data": []}, "no examples"),
    ],
)
def test_bad_input_is_refused_before_anything_is_sent(
    quiet: Shell, function: str, arguments: dict[str, Any], text: str
) -> None:
    with pytest.raises(errors.ArgumentError, match=text):
        quiet.call(f"tuning.{function}", **arguments)


@pytest.mark.parametrize("name", ["tunedModels/x", "", None, 7])
def test_what_is_no_operation_is_refused(quiet: Shell, name: Any) -> None:
    for function in ("get_operation", "delete_operation"):
        with pytest.raises(errors.ArgumentError, match="is no name of an operation"):
            quiet.call(f"operations.{function}", name)
    with pytest.raises(errors.ArgumentError, match="page_size"):
        quiet.call("operations.list_operations", page_size=-1)


@pytest.mark.parametrize("colour", BOTH)
@pytest.mark.parametrize(
    ("function", "arguments"),
    [
        ("tuning.list_tuned_models", {}),
        ("tuning.get_tuned_model", {"name": "x"}),
        ("tuning.create_tuned_model", {"source_model": BASE, "training_data": PAIRS}),
        ("tuning.update_tuned_model", {"tuned_model": "x", "updates": {"description": "y"}}),
        ("tuning.delete_tuned_model", {"tuned_model": "x"}),
        ("operations.list_operations", {}),
        ("operations.get_operation", {"name": "tunedModels/x/operations/y"}),
        ("operations.delete_operation", {"name": "tunedModels/x/operations/y"}),
    ],
)
def test_vertex_has_no_tuned_models(colour: str, function: str, arguments: dict[str, Any]) -> None:
    with (
        quiet_shell_of(colour, "vertex") as shell,
        pytest.raises(UnsupportedError, match="Vertex AI has no method"),
    ):
        shell.call(function, **arguments)


@pytest.mark.parametrize("colour", BOTH)
def test_an_operation_that_makes_a_video_is_read_as_such(colour: str) -> None:
    with shell_of(colour, "v1beta") as shell:
        started = shell.colour.call(
            shell.client.prediction_service.predict_long_running,
            model="models/veo-3.0-generate-001",
            instances=[{"prompt": "A cat"}],
        )
        found = shell.call("operations.get_operation", started.name)
        assert type(found) is type(started)
        assert [each.name for each in shell.call("operations.list_operations")] == [started.name]


def pairs_of(dataset: Any) -> list[tuple[str, str]]:
    return [(each.text_input, each.output) for each in dataset.examples.examples]


@pytest.mark.parametrize(
    "value",
    [
        PAIRS,
        [list(pair) for pair in PAIRS],
        iter(PAIRS),
        [{"text_input": left, "output": right} for left, right in PAIRS],
        {"text_input": ["1", "3"], "output": ["2", "4"]},
        [v1beta.types.TuningExample(text_input=left, output=right) for left, right in PAIRS],
        v1beta.types.TuningExamples(
            examples=[{"text_input": left, "output": right} for left, right in PAIRS]
        ),
        v1alpha.types.Dataset(
            examples={"examples": [{"text_input": left, "output": right} for left, right in PAIRS]}
        ),
    ],
    ids=["tuples", "lists", "iterator", "mappings", "columns", "messages", "examples", "dataset"],
)
def test_training_data_is_taken_in_many_forms(value: object) -> None:
    assert pairs_of(to_dataset(value, Backend("v1beta"))) == PAIRS


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("data.csv", "question,reply\n1,2\n3,4\n"),
        ("data.json", json.dumps([{"question": left, "reply": right} for left, right in PAIRS])),
        ("DATA.JSON", json.dumps({"question": ["1", "3"], "reply": ["2", "4"]})),
    ],
)
def test_training_data_is_read_from_files(tmp_path: Path, name: str, text: str) -> None:
    path = tmp_path / name
    path.write_text(text)
    for value in (path, str(path)):
        dataset = to_dataset(value, Backend(), input_key="question", output_key="reply")
        assert pairs_of(dataset) == PAIRS


def test_only_v1alpha_takes_conversations() -> None:
    said = [{"contents": [{"role": "user", "parts": [{"text": "Hi"}]}]}]
    examples = v1alpha.types.TuningExamples(multiturn_examples=said)
    assert to_dataset(examples, Backend("v1alpha")).examples.multiturn_examples
    with pytest.raises(UnsupportedError, match="multiturn_examples"):
        to_dataset(examples, Backend("v1beta"))


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (5, "expected a list of examples, columns, or the path"),
        (b"bytes", "got bytes"),
        (["1"], r"training_data\[0\]: expected a pair"),
        ([("1", "2"), {"text_input": "3"}], r"training_data\[1\]: expected a pair"),
        ([("1", 2)], r"training_data\[0\]\.output: expected a text, got 2"),
        ([("", "2")], r"training_data\[0\]\.text_input: expected a text"),
        ({"a": ["1"], "output": ["2"]}, "has no 'text_input', it has 'a', 'output'"),
        ({"text_input": ["1", "2"], "output": ["2"]}, "2 of 'text_input' and 1 of 'output'"),
        ("https://example.com/data.csv", "expected the path of a local file"),
        ("data.xlsx", "ends in .csv or .json"),
        ("missing.csv", r"missing\.csv cannot be read"),
    ],
)
def test_training_data_that_cannot_be_used_is_refused(value: object, text: str) -> None:
    with pytest.raises(errors.ArgumentError, match=text):
        to_dataset(value, Backend())
