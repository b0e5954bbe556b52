"""Work that goes on after the call, in both colours."""

from __future__ import annotations

import pickle
import time
from collections.abc import Callable, Iterator
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

import pytest
from google.longrunning import operations_pb2
from google.protobuf import duration_pb2
from google.rpc import error_details_pb2

from gemini_grpc import errors
from gemini_grpc.emulator import Emulator, Fault, Reply, VirtualClock

if TYPE_CHECKING:
    from tests.colours import Sync

VEO = "models/veo-3.0-generate-001"
NAME = f"{VEO}/operations/one"
PACKAGE = "type.googleapis.com/google.ai.generativelanguage.v1beta"


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock()


@pytest.fixture
def still(clock: VirtualClock) -> Iterator[Emulator]:
    """Return an emulator whose time stands still."""
    with Emulator(clock=clock) as running:
        yield running


@pytest.fixture
def videos(connect: Callable[..., Any], still: Emulator) -> Any:
    return connect(still, "PredictionService")


def start(colour: Sync, client: Any) -> Any:
    return colour.call(
        client.predict_long_running, model=VEO, instances=[{"prompt": "a tree in the wind"}]
    )


def test_an_operation_knows_its_name_and_how_far_it_has_come(colour: Sync, videos: Any) -> None:
    operation = start(colour, videos)
    assert operation.name.startswith(f"{VEO}/operations/")
    assert type(operation.metadata).__name__ == "PredictLongRunningMetadata"
    assert not operation.state.done


def test_done_asks_until_it_is(
    colour: Sync, videos: Any, still: Emulator, clock: VirtualClock
) -> None:
    operation = start(colour, videos)
    assert not colour.call(operation.done)
    clock.advance(60)
    assert colour.call(operation.done)
    assert colour.call(operation.done)
    assert len(still.journal.calls("GetOperation")) == 2


def test_the_result_is_a_message_of_the_method(
    colour: Sync, videos: Any, clock: VirtualClock
) -> None:
    operation = start(colour, videos)
    clock.advance(60)
    result = colour.call(operation.result, timeout=5.0)
    assert type(result).__name__ == "PredictLongRunningResponse"
    assert result.generate_video_response.generated_samples


def test_the_result_is_waited_for(
    colour: Sync, connect: Callable[..., Any], emulator: Emulator
) -> None:
    operation = start(colour, connect(emulator, "PredictionService"))
    assert colour.call(operation.result)
    assert operation.state.done
    assert len(emulator.journal.calls("GetOperation")) == 2


def test_a_result_that_is_late_is_not_waited_for_any_longer(
    colour: Sync, videos: Any, still: Emulator
) -> None:
    operation = start(colour, videos)
    with pytest.raises(errors.DeadlineExceeded, match=f"{operation.name} had not ended after 0.1"):
        colour.call(operation.result, timeout=0.1)
    assert len(still.journal.calls("GetOperation")) == 2


def test_the_result_is_looked_for_until_the_time_is_over(
    colour: Sync, videos: Any, still: Emulator, clock: VirtualClock
) -> None:
    operation = start(colour, videos)
    clock.advance(60)
    still.script("GetOperation", [Reply(message={"name": operation.name})] * 3)
    started = time.monotonic()
    assert colour.call(operation.result, timeout=1.0)
    assert len(still.journal.calls("GetOperation")) == 4
    assert time.monotonic() - started >= 1.0


def test_without_time_one_look_is_taken(
    colour: Sync, videos: Any, still: Emulator, clock: VirtualClock
) -> None:
    operation = start(colour, videos)
    with pytest.raises(errors.DeadlineExceeded, match=f"{operation.name} had not ended after 0 s"):
        colour.call(operation.result, timeout=0)
    assert len(still.journal.calls("GetOperation")) == 1
    clock.advance(60)
    assert colour.call(operation.result, timeout=0)


def test_a_server_that_does_not_answer_is_not_waited_for_any_longer(
    colour: Sync, videos: Any, still: Emulator
) -> None:
    operation = start(colour, videos)
    still.script("GetOperation", [Fault(delay=30.0, times=None)])
    started = time.monotonic()
    with pytest.raises(errors.DeadlineExceeded):
        colour.call(operation.result, timeout=0.2)
    with pytest.raises(errors.DeadlineExceeded):
        colour.call(operation.done, timeout=0.2)
    assert sum(len(call.attempts) for call in still.journal.calls("GetOperation")) == 2
    assert time.monotonic() - started < 20


def test_an_operation_that_is_cancelled_ends_with_that(colour: Sync, videos: Any) -> None:
    operation = start(colour, videos)
    colour.call(operation.cancel)
    with pytest.raises(errors.Cancelled):
        colour.call(operation.result)


def test_an_operation_that_failed_is_an_error_with_its_details(
    colour: Sync, videos: Any, still: Emulator
) -> None:
    operation = start(colour, videos)
    failed = operations_pb2.Operation(name=operation.name, done=True)
    failed.error.code, failed.error.message = 8, "no room for a film"
    failed.error.details.add().Pack(
        error_details_pb2.RetryInfo(retry_delay=duration_pb2.Duration(seconds=3))
    )
    still.script("GetOperation", [Reply(message=failed)])
    with pytest.raises(errors.ResourceExhausted, match="no room for a film") as caught:
        colour.call(operation.result)
    assert caught.value.retry_after == 3.0
    error = colour.call(operation.exception)
    assert isinstance(error, errors.ResourceExhausted)


def test_an_operation_that_succeeded_has_no_exception(
    colour: Sync, videos: Any, still: Emulator
) -> None:
    operation = start(colour, videos)
    done = operations_pb2.Operation(name=operation.name, done=True)
    still.script("GetOperation", [Reply(message=done)])
    assert colour.call(operation.exception) is None
    other = start(colour, videos)
    with pytest.raises(errors.DeadlineExceeded):
        colour.call(other.exception, timeout=0)


@pytest.mark.parametrize("known", [True, False])
def test_a_malformed_detail_of_an_operation_that_failed_stays_an_any(
    colour: Sync, videos: Any, still: Emulator, known: bool
) -> None:
    operation = start(colour, videos)
    failed = operations_pb2.Operation(name=operation.name, done=True)
    failed.error.code, failed.error.message = 8, "no room for a film"
    kind = "google.rpc.ErrorInfo" if known else "made.Up"
    detail = failed.error.details.add()
    detail.type_url, detail.value = f"type.googleapis.com/{kind}", b"\xff\xff"
    failed.error.details.add().Pack(
        error_details_pb2.RetryInfo(retry_delay=duration_pb2.Duration(seconds=3))
    )
    still.script("GetOperation", [Reply(message=failed)])
    with pytest.raises(errors.ResourceExhausted, match="no room for a film") as caught:
        colour.call(operation.result)
    assert caught.value.details[0] == detail
    assert caught.value.retry_after == 3.0
    assert pickle.loads(pickle.dumps(caught.value)).details == caught.value.details


def test_a_malformed_result_or_progress_of_an_operation_is_internal(
    colour: Sync, videos: Any, still: Emulator
) -> None:
    operation = start(colour, videos)
    ended = operations_pb2.Operation(name=operation.name, done=True)
    for packed in (ended.response, ended.metadata):
        packed.type_url, packed.value = f"{PACKAGE}.PredictLongRunningResponse", b"\xff\xff"
    still.script("GetOperation", [Reply(message=ended)])
    with pytest.raises(errors.Internal, match=f"{operation.name} has 2 bytes that are no Predict"):
        colour.call(operation.result)
    with pytest.raises(errors.Internal, match="2 bytes that are no PredictLongRunningMetadata"):
        assert operation.metadata


@pytest.mark.parametrize("timeout", [-3, float("nan"), float("inf"), "5", True])
def test_a_time_to_wait_that_is_none_is_refused(
    colour: Sync, videos: Any, still: Emulator, timeout: Any
) -> None:
    operation = start(colour, videos)
    with pytest.raises(errors.ArgumentError, match=r"timeout is .*; expected seconds as a number"):
        colour.call(operation.result, timeout=timeout)
    assert not still.journal.calls("GetOperation")


def test_an_operation_may_end_without_a_result(colour: Sync, videos: Any, still: Emulator) -> None:
    operation = start(colour, videos)
    still.script("GetOperation", [Reply(message={"name": operation.name, "done": True})])
    assert colour.call(operation.result) is None
    assert operation.metadata is None


def test_asking_is_tried_again_when_the_service_is_unavailable(
    colour: Sync, videos: Any, still: Emulator, clock: VirtualClock
) -> None:
    operation = start(colour, videos)
    clock.advance(60)
    fault = Fault("UNAVAILABLE")
    still.script("GetOperation", [fault])
    assert colour.call(operation.done)
    assert fault.fired == 1


# without the object


def test_an_operation_is_asked_for_by_name(colour: Sync, videos: Any, clock: VirtualClock) -> None:
    name = start(colour, videos).name
    assert not colour.call(videos.get_operation, name).done
    clock.advance(60)
    state = colour.call(videos.get_operation, name)
    assert state.response.type_url == f"{PACKAGE}.PredictLongRunningResponse"


def test_operations_are_listed_over_pages(colour: Sync, videos: Any) -> None:
    started = [start(colour, videos).name for _ in range(3)]
    pager = colour.call(videos.list_operations, VEO, page_size=2)
    assert [each.name for each in colour.drain(pager)] == started


def test_an_operation_is_cancelled_by_name(colour: Sync, videos: Any) -> None:
    name = start(colour, videos).name
    colour.call(videos.cancel_operation, name)
    assert colour.call(videos.get_operation, name).error.code == 1


def test_an_operation_is_forgotten_by_name(colour: Sync, videos: Any, clock: VirtualClock) -> None:
    name = start(colour, videos).name
    clock.advance(60)
    colour.call(videos.delete_operation, name)
    with pytest.raises(errors.NotFound):
        colour.call(videos.get_operation, name)


REQUESTS = {
    "get_operation": operations_pb2.GetOperationRequest,
    "list_operations": operations_pb2.ListOperationsRequest,
    "cancel_operation": operations_pb2.CancelOperationRequest,
    "delete_operation": operations_pb2.DeleteOperationRequest,
}
"""The methods that every client has, and google's classes of their requests."""

methods = pytest.mark.parametrize("method", REQUESTS)


@methods
@pytest.mark.parametrize("how", ["message", "dict", "mapping", "keyword", "name"])
def test_the_request_is_given_as_to_other_methods(
    colour: Sync, videos: Any, still: Emulator, method: str, how: str
) -> None:
    name = VEO if method == "list_operations" else start(colour, videos).name
    given: dict[str, tuple[Any, ...]] = {
        "message": (REQUESTS[method](name=name),),
        "dict": ({"name": name},),
        "mapping": (MappingProxyType({"name": name}),),
        "keyword": (),
        "name": (name,),
    }
    fields = {"name": name} if how == "keyword" else {}
    colour.call(getattr(videos, method), *given[how], **fields)
    assert still.journal[-1].request == REQUESTS[method](name=name)


@pytest.mark.parametrize("how", ["message", "dict", "fields"])
def test_a_page_of_operations_is_asked_for_by_its_token(
    colour: Sync, videos: Any, how: str
) -> None:
    started = [start(colour, videos).name for _ in range(3)]
    token = colour.call(videos.list_operations, VEO, page_size=2).next_page_token
    asked = {"name": VEO, "filter": "done = false", "page_size": 2, "page_token": token}
    given: dict[str, tuple[Any, ...]] = {
        "message": (operations_pb2.ListOperationsRequest(**asked),),
        "dict": (asked,),
        "fields": (),
    }
    pager = colour.call(videos.list_operations, *given[how], **asked if how == "fields" else {})
    assert [each.name for each in colour.drain(pager)] == started[2:]


@methods
def test_calls_about_operations_have_the_options_of_all_calls(
    colour: Sync, videos: Any, still: Emulator, method: str
) -> None:
    name = VEO if method == "list_operations" else start(colour, videos).name
    call = getattr(videos, method)
    still.script(REQUESTS[method].__name__.removesuffix("Request"), [Fault("UNAVAILABLE")])
    with pytest.raises(errors.Unavailable):
        colour.call(call, name, timeout=7.0, retry=None, metadata=[("x-team", "blue")])
    (attempt,) = still.journal[-1].attempts
    assert 6.0 < attempt.deadline < 7.2
    assert ("x-team", "blue") in attempt.metadata


@methods
@pytest.mark.parametrize(
    ("request_", "fields", "expected"),
    [
        (5, {}, r"request: expected \w+Request or a mapping of its fields, got int"),
        (operations_pb2.Operation(name=NAME), {}, r"expected \w+Request or .*, got Operation"),
        ({"nam": NAME}, {}, r"Request has no field 'nam'; did you mean 'name'"),
        ({"name": 5}, {}, "name: expected a str, got int"),
        ({"name": NAME}, {"name": NAME}, r"request and its fields \(name\) are both given"),
        (NAME, {"name": NAME}, r"request and its fields \(name\) are both given"),
        (None, {"name": 5}, "name: expected a str, got int"),
    ],
)
def test_a_request_about_an_operation_that_is_none_is_refused(
    colour: Sync,
    videos: Any,
    still: Emulator,
    method: str,
    request_: Any,
    fields: dict[str, Any],
    expected: str,
) -> None:
    with pytest.raises(errors.UsageError, match=expected):
        colour.call(getattr(videos, method), request_, **fields)
    assert not still.journal
