"""Work that goes on after its call has answered: `google.longrunning.Operations` (AIP-151).

A service starts a `Job`; what is read of it follows from the time alone, no thread works on it. Names
are `{parent}/operations/{id}`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import grpc
from google.protobuf import any_pb2

from gemini_grpc.emulator import convert, paging, status
from gemini_grpc.emulator.store import Record
from gemini_grpc.rpc import method
from gemini_grpc.rpc.codec import pb_class
from gemini_grpc.rpc.interop import upstream_name

if TYPE_CHECKING:
    from gemini_grpc.emulator.convert import Data
    from gemini_grpc.emulator.world import Call, World

_FILTERS = {"": (True, False), "done=true": (True,), "done=false": (False,)}
"""For each filter of a list, what `done` may be."""


@dataclass(frozen=True, slots=True)
class Job:
    """What an operation does."""

    end: float
    """When it is finished, in seconds since 1970."""
    metadata: Callable[[float], Data]
    """Tells how far it is at a time."""
    response: Callable[[], Data]
    """Gives the result, once it is finished."""
    cancel: Callable[[], None]
    """Stops it."""


def start(call: Call, parent: str, job: Job) -> Data:
    """Keep the operation that the method of a call starts, and return it as it is now."""
    types = call.method.operation
    assert types is not None, call.method.path
    store = call.world.store
    with store.lock:
        collection = f"{parent}/operations"
        name = f"{collection}/{store.new_id(collection)}"
        record = store.add(Record({"name": name}, {"job": job, "types": types}))
        return _seen(call.world, record)


def get_operation(call: Call) -> Data:
    """Return one operation as it is now."""
    return _seen(call.world, _find(call))


def list_operations(call: Call) -> Data:
    """Return a page of the operations below a resource, or of all of them."""
    wanted = _FILTERS.get(call.request.get("filter", "").replace(" ", "").lower())
    if wanted is None:
        raise status.invalid("filter", f"is none of {', '.join(filter(None, _FILTERS))}")
    parent = call.request.get("name", "").removesuffix("operations").removesuffix("/")
    store = call.world.store
    with store.lock:
        if parent and call.world.models.get(parent) is None:
            store.find(parent)
        collections = [f"{parent}/operations"] if parent else store.collections("operations")
        records = [record for each in collections for record in store.records(each)]
        found = [record for record in records if _done(call.world, record) in wanted]
        page, token = paging.page(found, call.request, default=10, maximum=100)
        seen = [_seen(call.world, record) for record in page]
    return {"operations": seen, "next_page_token": token}


def cancel_operation(call: Call) -> Data:
    """Stop an operation; one that is done stays as it is."""
    store = call.world.store
    with store.lock:
        record = _find(call)
        if not _done(call.world, record):
            record.private["job"].cancel()
            stopped = {"stopped": store.now()}
            store.change(record.name, private=record.private | stopped)
    return {}


def delete_operation(call: Call) -> Data:
    """Forget an operation; what it does goes on."""
    with call.world.store.lock:
        call.world.store.remove(_find(call).name)
    return {}


def _find(call: Call) -> Record:
    name = call.request["name"]
    record = call.world.store.find(name)
    if "job" not in record.private:
        raise status.invalid("name", f"is {name!r}, which is no operation")
    return record


def _done(world: World, record: Record) -> bool:
    return "stopped" in record.private or world.store.now() >= record.private["job"].end


def _seen(world: World, record: Record) -> Data:
    """Return an operation as it is now."""
    job, types = record.private["job"], record.private["types"]
    stopped = record.private.get("stopped")
    done = _done(world, record)
    now = world.store.now() if stopped is None else stopped
    seen = record.data | {"done": done, "metadata": pack(types.metadata, job.metadata(now))}
    if stopped is not None:
        code: int = grpc.StatusCode.CANCELLED.value[0]
        return seen | {"error": {"code": code, "message": f"{record.name} was cancelled"}}
    return seen | {"response": pack(types.response, job.response())} if done else seen


def pack(name: str, data: Data) -> any_pb2.Any:
    """Return a message of ours as an Any that bears the upstream name of its type.

    Args:
        name: The class, as the methods tables name it: `module:Class`.
        data: Its fields.
    """
    message = convert.build(pb_class(method.load(name)), data)
    return any_pb2.Any(
        type_url=f"type.googleapis.com/{upstream_name(message.DESCRIPTOR.full_name)}",
        value=message.SerializeToString(),
    )


HANDLERS = {
    "Operations.GetOperation": get_operation,
    "Operations.ListOperations": list_operations,
    "Operations.CancelOperation": cancel_operation,
    "Operations.DeleteOperation": delete_operation,
}
