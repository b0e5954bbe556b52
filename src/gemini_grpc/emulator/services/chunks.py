"""RetrieverService: the chunks of documents, one by one and in batches.

A chunk is embedded as it is written, so it is active, and found by queries, at once. A batch is done
wholly or not at all.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemini_grpc.emulator import names, paging, status
from gemini_grpc.emulator.services import masks, permissions, search
from gemini_grpc.emulator.services.retriever import corpus_of
from gemini_grpc.emulator.store import Record

if TYPE_CHECKING:
    from gemini_grpc.emulator.convert import Data
    from gemini_grpc.emulator.world import Call

_EDITABLE = ("data", "custom_metadata")


def create_chunk(call: Call) -> Data:
    """Add a passage to a document."""
    return _create_all(call, [call.request], [""])[0]


def batch_create_chunks(call: Call) -> Data:
    """Add several passages to one document."""
    requests, paths = _batch(call)
    parent = call.request.get("parent") or requests[0].get("parent", "")
    for request, path in zip(requests, paths, strict=True):
        if request.setdefault("parent", parent) != parent:
            raise status.invalid(f"{path}parent", f"is not {parent}, the document of the batch")
    return {"chunks": _create_all(call, requests, paths)}


def get_chunk(call: Call) -> Data:
    """Return one chunk."""
    return call.world.store.find(names.require(call.request, "name", names.CHUNK)).data


def list_chunks(call: Call) -> Data:
    """Return a page of the chunks of a document, the oldest first."""
    parent = names.require(call.request, "parent", names.DOCUMENT)
    call.world.store.find(parent)
    records = call.world.store.records(f"{parent}/chunks")
    found, token = paging.page(records, call.request, default=10, maximum=100)
    return {"chunks": [record.data for record in found], "next_page_token": token}


def update_chunk(call: Call) -> Data:
    """Change the text or the metadata of a chunk."""
    return _update_all(call, [call.request], [""])[0]


def batch_update_chunks(call: Call) -> Data:
    """Change several chunks of one document."""
    requests, paths = _batch(call)
    chosen = [request["chunk"].get("name", "") for request in requests]
    _check_siblings(call, chosen, [f"{path}chunk.name" for path in paths])
    return {"chunks": _update_all(call, requests, paths)}


def delete_chunk(call: Call) -> Data:
    """Remove a chunk."""
    _delete_all(call, [names.require(call.request, "name", names.CHUNK)])
    return {}


def batch_delete_chunks(call: Call) -> Data:
    """Remove several chunks of one document."""
    requests, paths = _batch(call)
    chosen = [
        names.require(request, "name", names.CHUNK, path=f"{path}name")
        for request, path in zip(requests, paths, strict=True)
    ]
    _check_siblings(call, chosen, [f"{path}name" for path in paths])
    _delete_all(call, chosen)
    return {}


def _batch(call: Call) -> tuple[list[Data], list[str]]:
    """Return the requests of a batch, and the path of each."""
    requests = call.request["requests"]
    return requests, [f"requests[{index}]." for index in range(len(requests))]


def _check_siblings(call: Call, chosen: list[str], paths: list[str]) -> None:
    """Refuse chunks that are not all of one document, or named twice."""
    parent = call.request.get("parent") or _document_of(chosen[0])
    seen: set[str] = set()
    for name, path in zip(chosen, paths, strict=True):
        if _document_of(name) != parent:
            raise status.invalid(path, f"is {name!r}, expected a chunk of {parent}")
        if name in seen:
            raise status.invalid(path, f"is {name!r} for the second time")
        seen.add(name)


def _create_all(call: Call, requests: list[Data], paths: list[str]) -> list[Data]:
    """Add chunks to one document: first all are checked, then all are stored."""
    store = call.world.store
    with store.lock:
        made: dict[str, Record] = {}
        for request, path in zip(requests, paths, strict=True):
            parent = names.require(request, "parent", names.DOCUMENT, path=f"{path}parent")
            store.find(parent)
            permissions.require(call, corpus_of(parent), "WRITER")
            given = request["chunk"]
            said = _text(given, f"{path}chunk")
            chosen = given.get("name", "")
            name = names.choose(store, f"{parent}/chunks", chosen, path=f"{path}chunk.name")
            if name in made or store.get(name):
                raise status.exists(name)
            now = store.moment()
            data = {key: given[key] for key in _EDITABLE if key in given}
            data |= {"name": name, "create_time": now, "update_time": now, "state": "STATE_ACTIVE"}
            made[name] = Record(data, {"embedding": search.embed(said)})
        return [store.add(record).data for record in made.values()]


def _update_all(call: Call, requests: list[Data], paths: list[str]) -> list[Data]:
    """Change chunks: first all are checked, then all are stored."""
    store = call.world.store
    with store.lock:
        changed: dict[str, tuple[Data, Data]] = {}
        for request, path in zip(requests, paths, strict=True):
            given = request["chunk"]
            name = names.require(given, "name", names.CHUNK, path=f"{path}chunk.name")
            where = f"{path}update_mask"
            mask = masks.require(request, path=where)
            record = store.find(name)
            permissions.require(call, corpus_of(name), "WRITER")
            data = masks.apply(record.data, given, mask, editable=_EDITABLE, path=where)
            said = _text(data, f"{path}chunk")
            changed[name] = (
                data | {"update_time": store.moment()},
                {"embedding": search.embed(said)},
            )
        return [
            store.change(name, data=data, private=private).data
            for name, (data, private) in changed.items()
        ]


def _delete_all(call: Call, chosen: list[str]) -> None:
    store = call.world.store
    with store.lock:
        for name in chosen:
            store.find(name)
            permissions.require(call, corpus_of(name), "WRITER")
        for name in chosen:
            store.remove(name)


def _text(chunk: Data, path: str) -> str:
    """Return the text of a chunk, which must have one."""
    said: str = chunk.get("data", {}).get("string_value", "")
    if not said:
        raise status.invalid(f"{path}.data", "is required")
    return said


def _document_of(name: str) -> str:
    return name.rpartition("/chunks/")[0]


HANDLERS = {
    "RetrieverService.CreateChunk": create_chunk,
    "RetrieverService.BatchCreateChunks": batch_create_chunks,
    "RetrieverService.GetChunk": get_chunk,
    "RetrieverService.ListChunks": list_chunks,
    "RetrieverService.UpdateChunk": update_chunk,
    "RetrieverService.BatchUpdateChunks": batch_update_chunks,
    "RetrieverService.DeleteChunk": delete_chunk,
    "RetrieverService.BatchDeleteChunks": batch_delete_chunks,
}
