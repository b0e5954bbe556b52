from __future__ import annotations

from typing import Any

import pytest

from gemini_grpc import errors


@pytest.fixture
def client(api: Any) -> Any:
    return api("RetrieverService")


@pytest.fixture
def document(client: Any) -> str:
    corpus = client.create_corpus(corpus={"name": "corpora/c"})
    return str(client.create_document(parent=corpus.name, document={}).name)


def chunk(text: str, **more: Any) -> dict[str, Any]:
    return {"data": {"string_value": text}, **more}


def batch(client: Any, document: str, *chunks: dict[str, Any]) -> list[Any]:
    requests = [{"parent": document, "chunk": each} for each in chunks]
    return list(client.batch_create_chunks({"parent": document, "requests": requests}).chunks)


def test_a_chunk_is_active_at_once(client: Any, document: str) -> None:
    made = client.create_chunk(parent=document, chunk=chunk("Trees are tall."))
    assert made.state.name == "STATE_ACTIVE"
    assert client.get_chunk(name=made.name) == made


def test_a_chunk_needs_a_text_and_a_document(client: Any, document: str) -> None:
    with pytest.raises(errors.InvalidArgument):
        client.create_chunk(parent=document, chunk={"data": {"string_value": ""}})
    with pytest.raises(errors.NotFound):
        client.create_chunk(parent="corpora/c/documents/missing", chunk=chunk("a"))


def test_a_batch_is_stored_in_order(client: Any, document: str) -> None:
    made = batch(client, document, *(chunk(f"Tree number {n}.") for n in range(15)))
    assert list(client.list_chunks(parent=document)) == made


def test_a_batch_that_fails_leaves_nothing(client: Any, document: str) -> None:
    twice = f"{document}/chunks/one"
    with pytest.raises(errors.AlreadyExists):
        batch(client, document, chunk("a", name=twice), chunk("b", name=twice))
    assert list(client.list_chunks(parent=document)) == []


def test_a_batch_is_for_one_document(client: Any, document: str) -> None:
    other = client.create_document(parent="corpora/c", document={}).name
    requests = [{"parent": name, "chunk": chunk("a")} for name in (document, other)]
    with pytest.raises(errors.InvalidArgument, match=r"requests\[1\]\.parent"):
        client.batch_create_chunks({"requests": requests})


def test_the_parent_of_a_batch_holds_for_requests_without_one(client: Any, document: str) -> None:
    made = client.batch_create_chunks({"parent": document, "requests": [{"chunk": chunk("a")}]})
    assert made.chunks[0].name.startswith(document)


def test_an_update_replaces_what_the_mask_names(client: Any, document: str) -> None:
    metadata = [{"key": "page", "numeric_value": 3}]
    made = client.create_chunk(parent=document, chunk=chunk("Old", custom_metadata=metadata))
    changed = client.update_chunk(
        chunk=chunk("New", name=made.name), update_mask={"paths": ["data"]}
    )
    assert changed.data.string_value == "New"
    assert changed.custom_metadata[0].key == "page"


def test_an_update_cannot_take_the_text_away(client: Any, document: str) -> None:
    made = client.create_chunk(parent=document, chunk=chunk("Old"))
    with pytest.raises(errors.InvalidArgument, match=r"chunk\.data"):
        client.update_chunk(chunk={"name": made.name}, update_mask={"paths": ["data"]})


def test_several_chunks_are_updated_or_none(client: Any, document: str) -> None:
    one, two = batch(client, document, chunk("One"), chunk("Two"))
    mask = {"paths": ["data"]}
    missing = f"{document}/chunks/missing"

    def update(*names: str) -> Any:
        requests = [{"chunk": chunk("New", name=name), "update_mask": mask} for name in names]
        return client.batch_update_chunks({"parent": document, "requests": requests})

    with pytest.raises(errors.NotFound):
        update(one.name, missing)
    assert client.get_chunk(name=one.name).data.string_value == "One"
    assert [each.data.string_value for each in update(one.name, two.name).chunks] == ["New", "New"]


def test_a_batch_names_each_chunk_once_and_of_its_document(client: Any, document: str) -> None:
    (made,) = batch(client, document, chunk("One"))
    with pytest.raises(errors.InvalidArgument, match="second time"):
        client.batch_delete_chunks({"requests": [{"name": made.name}] * 2})
    requests = {"requests": [{"name": made.name}]}
    with pytest.raises(errors.InvalidArgument, match="expected a chunk of"):
        client.batch_delete_chunks(requests | {"parent": "corpora/c/documents/other"})


def test_several_chunks_are_deleted_or_none(client: Any, document: str) -> None:
    one, two = batch(client, document, chunk("One"), chunk("Two"))
    missing = {"name": f"{document}/chunks/missing"}
    with pytest.raises(errors.NotFound):
        client.batch_delete_chunks({"requests": [{"name": one.name}, missing]})
    client.batch_delete_chunks({"requests": [{"name": one.name}, {"name": two.name}]})
    assert list(client.list_chunks(parent=document)) == []


def test_a_document_with_chunks_is_deleted_by_force_alone(client: Any, document: str) -> None:
    batch(client, document, chunk("One"))
    with pytest.raises(errors.FailedPrecondition):
        client.delete_document(name=document)
    client.delete_document(name=document, force=True)
    with pytest.raises(errors.NotFound):
        client.list_chunks(parent=document)
