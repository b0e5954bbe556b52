"""RetrieverService: corpora and the documents in them. Chunks and queries have modules of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemini_grpc.emulator import names, paging, status
from gemini_grpc.emulator.services import masks, permissions
from gemini_grpc.emulator.store import Record

if TYPE_CHECKING:
    from gemini_grpc.emulator.convert import Data
    from gemini_grpc.emulator.store import Store
    from gemini_grpc.emulator.world import Call


def create_corpus(call: Call) -> Data:
    """Make a corpus; the caller owns it."""
    given = call.request["corpus"]
    store = call.world.store
    with store.lock:
        created = _create(store, "corpora", given, ("display_name",), path="corpus")
        permissions.own(call, created["name"])
        return created


def get_corpus(call: Call) -> Data:
    """Return one corpus."""
    return call.world.store.find(names.require(call.request, "name", names.CORPUS)).data


def update_corpus(call: Call) -> Data:
    """Change the label of a corpus."""
    return _update(call, "corpus", names.CORPUS, ("display_name",))


def delete_corpus(call: Call) -> Data:
    """Remove a corpus; one that has documents only with `force`."""
    return _delete(call, names.CORPUS, "documents")


def list_corpora(call: Call) -> Data:
    """Return a page of the corpora, the oldest first."""
    return _list(call, "corpora", "corpora")


def create_document(call: Call) -> Data:
    """Add a document to a corpus."""
    parent = names.require(call.request, "parent", names.CORPUS)
    given = call.request["document"]
    store = call.world.store
    with store.lock:
        store.find(parent)
        permissions.require(call, parent, "WRITER")
        return _create(store, f"{parent}/documents", given, _DOCUMENT, path="document")


def get_document(call: Call) -> Data:
    """Return one document."""
    return call.world.store.find(names.require(call.request, "name", names.DOCUMENT)).data


def update_document(call: Call) -> Data:
    """Change the label or the metadata of a document."""
    return _update(call, "document", names.DOCUMENT, _DOCUMENT)


def delete_document(call: Call) -> Data:
    """Remove a document; one that has chunks only with `force`."""
    return _delete(call, names.DOCUMENT, "chunks")


def list_documents(call: Call) -> Data:
    """Return a page of the documents of a corpus, the oldest first."""
    parent = names.require(call.request, "parent", names.CORPUS)
    call.world.store.find(parent)
    return _list(call, f"{parent}/documents", "documents")


def corpus_of(name: str) -> str:
    """Return the corpus that a document or chunk is in."""
    return "/".join(name.split("/")[:2])


def _create(
    store: Store, collection: str, given: Data, fields: tuple[str, ...], *, path: str
) -> Data:
    label = given.get("display_name", "")
    name = names.choose(store, collection, given.get("name", ""), label=label, path=f"{path}.name")
    now = store.moment()
    data = {"name": name, "create_time": now, "update_time": now}
    return store.add(Record(data | {key: given[key] for key in fields if key in given})).data


def _update(call: Call, field: str, pattern: str, editable: tuple[str, ...]) -> Data:
    given = call.request[field]
    name = names.require(given, "name", pattern, path=f"{field}.name")
    mask = masks.require(call.request)
    store = call.world.store
    with store.lock:
        record = store.find(name)
        permissions.require(call, corpus_of(name), "WRITER")
        data = masks.apply(record.data, given, mask, editable=editable)
        return store.change(name, data=data | {"update_time": store.moment()}).data


def _delete(call: Call, pattern: str, children: str) -> Data:
    name = names.require(call.request, "name", pattern)
    store = call.world.store
    with store.lock:
        store.find(name)
        permissions.require(call, corpus_of(name), "OWNER" if pattern == names.CORPUS else "WRITER")
        if store.records(f"{name}/{children}") and not call.request.get("force"):
            raise status.failed_precondition(f"{name} has {children}; set force to delete them too")
        store.remove(name)
    return {}


def _list(call: Call, collection: str, field: str) -> Data:
    records = call.world.store.records(collection)
    found, token = paging.page(records, call.request, default=10, maximum=20)
    return {field: [record.data for record in found], "next_page_token": token}


_DOCUMENT = ("display_name", "custom_metadata")

HANDLERS = {
    "RetrieverService.CreateCorpus": create_corpus,
    "RetrieverService.GetCorpus": get_corpus,
    "RetrieverService.UpdateCorpus": update_corpus,
    "RetrieverService.DeleteCorpus": delete_corpus,
    "RetrieverService.ListCorpora": list_corpora,
    "RetrieverService.CreateDocument": create_document,
    "RetrieverService.GetDocument": get_document,
    "RetrieverService.UpdateDocument": update_document,
    "RetrieverService.DeleteDocument": delete_document,
    "RetrieverService.ListDocuments": list_documents,
}
