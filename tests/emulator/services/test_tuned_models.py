from __future__ import annotations

from typing import Any

import pytest

from gemini_grpc import errors

BASE = "models/gemini-1.5-flash-001-tuning"


@pytest.fixture
def client(api: Any) -> Any:
    return api("ModelService")


def task(count: int = 8, **settings: Any) -> dict[str, Any]:
    pairs = [{"text_input": str(n), "output": str(n + 1)} for n in range(count)]
    data = {"examples": {"examples": pairs}}
    return {"training_data": data, "hyperparameters": settings}


def create(client: Any, name: str = "mine", **fields: Any) -> Any:
    given = {"base_model": BASE, "tuning_task": task()} | fields
    return client.create_tuned_model(tuned_model_id=name, tuned_model=given)


def test_a_model_is_creating_until_its_run_has_ended(api: Any, client: Any) -> None:
    create(client)
    assert client.get_tuned_model(name="tunedModels/mine").state.name == "CREATING"
    api.clock.advance(0.25)
    found = client.get_tuned_model(name="tunedModels/mine")
    assert found.state.name == "ACTIVE"
    assert found.tuning_task.complete_time == found.update_time
    assert not found.tuning_task.training_data.examples.examples


def test_the_operation_tells_how_far_it_is(api: Any, client: Any) -> None:
    operation = create(client, tuning_task=task(8, epoch_count=5, batch_size=4))
    assert operation.metadata.total_steps == 10
    assert operation.metadata.completed_steps == 0
    api.clock.advance(0.125)
    assert not operation.done()
    assert operation.metadata.completed_steps == 5
    assert operation.metadata.completed_percent == 50
    losses = [shot.mean_loss for shot in operation.metadata.snapshots]
    assert [shot.epoch for shot in operation.metadata.snapshots] == [1, 1, 2, 2, 3]
    assert losses[-1] < losses[0] / 2
    api.clock.advance(0.125)
    assert operation.done()
    assert operation.result().name == "tunedModels/mine"


def test_a_long_run_has_fifty_snapshots_and_countable_steps(api: Any, client: Any) -> None:
    create(client, tuning_task=task(8, epoch_count=2**31 - 1, batch_size=1))
    api.clock.advance(1)
    found = client.get_tuned_model(name="tunedModels/mine")
    assert len(found.tuning_task.snapshots) <= 50


def test_what_is_not_said_is_taken_from_the_base_model(client: Any) -> None:
    create(client, top_k=7, display_name="Mine")
    found = client.get_tuned_model(name="tunedModels/mine")
    assert (found.temperature, found.top_k) == (1.0, 7)
    settings = found.tuning_task.hyperparameters
    assert (settings.epoch_count, settings.batch_size) == (5, 4)
    assert settings.learning_rate == pytest.approx(0.001)


def test_a_learning_rate_that_is_given_is_kept(client: Any) -> None:
    create(client, tuning_task=task(learning_rate_multiplier=0.5))
    settings = client.get_tuned_model(name="tunedModels/mine").tuning_task.hyperparameters
    assert settings.learning_rate_multiplier == 0.5
    assert "learning_rate" not in settings


def test_a_name_is_made_of_the_label(client: Any) -> None:
    given = {"base_model": BASE, "tuning_task": task(), "display_name": "Next Number"}
    operation = client.create_tuned_model(tuned_model=given)
    assert operation.metadata.tuned_model.startswith("tunedModels/next-number-")


@pytest.mark.parametrize("name", ["Mine", "-mine", "1st", "a" * 41])
def test_an_id_that_will_not_do_is_refused(client: Any, name: str) -> None:
    with pytest.raises(errors.InvalidArgument, match="tuned_model_id"):
        create(client, name)


def test_an_id_can_be_taken_once(client: Any) -> None:
    create(client)
    with pytest.raises(errors.AlreadyExists):
        create(client)


@pytest.mark.parametrize(
    "fields",
    [
        {"base_model": "models/gemini-3.1-pro-preview"},
        {"base_model": None},
        {"tuning_task": {"training_data": {}}},
        {"tuning_task": {"training_data": {"examples": {"examples": [{"output": "2"}]}}}},
        {"tuning_task": task(epoch_count=0)},
    ],
    ids=str,
)
def test_what_cannot_be_tuned_is_refused(client: Any, fields: dict[str, Any]) -> None:
    with pytest.raises(errors.InvalidArgument):
        create(client, **fields)


def test_conversations_are_examples_in_v1alpha(api: Any) -> None:
    client = api.alpha("ModelService")

    def data(*talks: Any) -> dict[str, Any]:
        return {"training_data": {"examples": {"multiturn_examples": list(talks)}}}

    turn = {"role": "model", "parts": [{"text": "Hello"}]}
    operation = create(client, tuning_task=data({"contents": [turn]}))
    assert operation.metadata.total_steps == 5
    with pytest.raises(errors.InvalidArgument, match="multiturn_examples"):
        create(client, "other", tuning_task=data({"contents": [turn]}, {}))


def test_a_tuned_model_can_be_tuned_on_once_it_is_active(api: Any, client: Any) -> None:
    create(client)
    source = {"tuned_model": "tunedModels/mine"}
    with pytest.raises(errors.FailedPrecondition, match="CREATING"):
        create(client, "next", base_model=None, tuned_model_source=source)
    api.clock.advance(1)
    create(client, "next", base_model=None, tuned_model_source=source)
    found = client.get_tuned_model(name="tunedModels/next")
    assert found.tuned_model_source.base_model == BASE


def test_a_tuned_model_answers_once_it_is_active(api: Any, client: Any) -> None:
    create(client)
    ask = {"model": "tunedModels/mine", "contents": [{"parts": [{"text": "Hello"}]}]}
    generative = api("GenerativeService")
    with pytest.raises(errors.FailedPrecondition):
        generative.generate_content(ask)
    api.clock.advance(1)
    assert generative.generate_content(ask).model_version == "mine"


def test_a_run_that_is_cancelled_leaves_a_failed_model(api: Any, client: Any) -> None:
    operation = create(client)
    api.clock.advance(0.1)
    operation.cancel()
    api.clock.advance(1)
    with pytest.raises(errors.Cancelled):
        operation.result()
    found = client.get_tuned_model(name="tunedModels/mine")
    assert found.state.name == "FAILED"
    assert 0 < len(found.tuning_task.snapshots) < 10


def test_an_update_changes_what_the_mask_names_or_what_is_given(api: Any, client: Any) -> None:
    create(client, description="Old")
    given = {"name": "tunedModels/mine", "display_name": "New", "temperature": 0.5}
    changed = client.update_tuned_model(tuned_model=given, update_mask={"paths": ["display_name"]})
    assert (changed.display_name, changed.temperature) == ("New", 1.0)
    changed = client.update_tuned_model(tuned_model=given)
    assert (changed.description, changed.temperature) == ("Old", 0.5)
    with pytest.raises(errors.InvalidArgument, match="update_mask"):
        client.update_tuned_model(tuned_model=given, update_mask={"paths": ["base_model"]})


@pytest.mark.parametrize(
    ("filter", "names"),
    [
        ("", "a b"),
        ("trees", "a"),
        ("description plants", "b"),
        ("owner:me", "b"),
        ("writers:me", "a b"),
        ("readers:me trees", "a"),
        ("readers:everyone", "b"),
        ("writers:everyone", ""),
    ],
)
def test_a_filter_looks_for_words_and_rights(
    api: Any, client: Any, filter: str, names: str
) -> None:
    create(client, "a", display_name="About Trees")
    create(client, "b", description="A description of PLANTS")
    permissions = api("PermissionService")
    permissions.transfer_ownership(name="tunedModels/a", email_address="a@example.com")
    everyone = {"grantee_type": "EVERYONE", "role": "READER"}
    permissions.create_permission(parent="tunedModels/b", permission=everyone)
    found = client.list_tuned_models(filter=filter)
    assert [model.name for model in found] == [f"tunedModels/{name}" for name in names.split()]


def test_a_term_that_nobody_knows_is_refused(client: Any) -> None:
    with pytest.raises(errors.InvalidArgument, match="filter"):
        client.list_tuned_models(filter="owner:you")


def test_deleting_a_model_takes_its_operation_along(client: Any) -> None:
    operation = create(client)
    client.delete_tuned_model(name="tunedModels/mine")
    with pytest.raises(errors.NotFound):
        operation.done()
