from __future__ import annotations

from typing import Any

import pytest

from gemini_grpc import errors

VEO = "models/veo-3.0-generate-001"


@pytest.fixture
def client(api: Any) -> Any:
    return api("PredictionService")


def start(client: Any) -> Any:
    return client.predict_long_running(model=VEO, instances=[{"prompt": "a tree"}])


def test_an_operation_is_done_after_its_time_and_has_upstream_types(api: Any, client: Any) -> None:
    name = start(client).name
    assert name.startswith(f"{VEO}/operations/")
    state = client.get_operation(name)
    assert not state.done
    package = "type.googleapis.com/google.ai.generativelanguage.v1beta"
    assert state.metadata.type_url == f"{package}.PredictLongRunningMetadata"
    api.clock.advance(0.25)
    state = client.get_operation(name)
    assert state.done
    assert state.response.type_url == f"{package}.PredictLongRunningResponse"


def test_operations_are_listed_below_a_resource_or_all_together(api: Any, client: Any) -> None:
    names = [start(client).name for _ in range(3)]
    assert [each.name for each in client.list_operations(VEO)] == names
    assert [each.name for each in client.list_operations(f"{VEO}/operations", page_size=2)] == names
    assert [each.name for each in client.list_operations()] == names
    assert [each.name for each in client.list_operations("operations")] == names
    with pytest.raises(errors.NotFound):
        client.list_operations("tunedModels/missing")


def test_a_list_can_be_of_those_that_are_done_or_not(api: Any, client: Any) -> None:
    first = start(client).name
    api.clock.advance(1)
    second = start(client).name
    assert [each.name for each in client.list_operations(VEO, filter="done = true")] == [first]
    assert [each.name for each in client.list_operations(VEO, filter="done=false")] == [second]
    with pytest.raises(errors.InvalidArgument, match="filter"):
        client.list_operations(VEO, filter="name=1")


def test_an_operation_that_is_cancelled_ends_so(api: Any, client: Any) -> None:
    operation = start(client)
    operation.cancel()
    with pytest.raises(errors.Cancelled):
        operation.result()
    assert list(api("FileService").list_files()) == []


def test_cancelling_what_is_done_changes_nothing(api: Any, client: Any) -> None:
    operation = start(client)
    api.clock.advance(1)
    operation.cancel()
    assert operation.result().generate_video_response.generated_samples


def test_an_operation_that_was_deleted_is_forgotten(client: Any) -> None:
    name = start(client).name
    client.delete_operation(name)
    with pytest.raises(errors.NotFound):
        client.get_operation(name)


def test_only_operations_are_operations(api: Any, client: Any) -> None:
    corpus = api("RetrieverService").create_corpus(corpus={})
    with pytest.raises(errors.InvalidArgument, match="no operation"):
        client.get_operation(corpus.name)
