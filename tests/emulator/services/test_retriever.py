from __future__ import annotations

from typing import Any

import pytest

from gemini_grpc import errors

METADATA = [{"key": "year", "numeric_value": 2001}]


@pytest.fixture
def client(api: Any) -> Any:
    return api("RetrieverService")


def test_a_corpus_gets_a_name_from_its_label(client: Any) -> None:
    made = client.create_corpus(corpus={"display_name": "My Manuals"})
    assert made.name.startswith("corpora/my-manuals-")
    assert made.create_time == made.update_time
    assert client.get_corpus(name=made.name) == made


def test_a_chosen_name_can_be_taken_once(client: Any) -> None:
    client.create_corpus(corpus={"name": "corpora/mine"})
    with pytest.raises(errors.AlreadyExists):
        client.create_corpus(corpus={"name": "corpora/mine"})


def test_an_update_changes_what_the_mask_names_and_the_time(api: Any, client: Any) -> None:
    made = client.create_corpus(corpus={"display_name": "Old"})
    api.clock.advance(5)
    changed = client.update_corpus(
        corpus={"name": made.name, "display_name": "New"}, update_mask={"paths": ["display_name"]}
    )
    assert changed.display_name == "New"
    assert (changed.update_time - made.update_time).total_seconds() == 5
    assert changed.create_time == made.create_time


@pytest.mark.parametrize("paths", [[], ["create_time"], ["display_name", "name"]], ids=str)
def test_a_mask_must_name_what_can_change(client: Any, paths: list[str]) -> None:
    made = client.create_corpus(corpus={})
    with pytest.raises(errors.InvalidArgument, match="update_mask"):
        client.update_corpus(corpus={"name": made.name}, update_mask={"paths": paths})


def test_a_field_in_the_mask_that_is_not_given_is_cleared(client: Any) -> None:
    corpus = client.create_corpus(corpus={})
    made = client.create_document(
        parent=corpus.name, document={"display_name": "Old", "custom_metadata": METADATA}
    )
    changed = client.update_document(
        document={"name": made.name, "display_name": "New"}, update_mask={"paths": ["*"]}
    )
    assert changed.display_name == "New"
    assert not changed.custom_metadata


def test_a_document_needs_its_corpus(client: Any) -> None:
    with pytest.raises(errors.NotFound):
        client.create_document(parent="corpora/missing", document={})
    with pytest.raises(errors.NotFound):
        client.list_documents(parent="corpora/missing")


def test_a_document_cannot_be_named_into_another_corpus(client: Any) -> None:
    one, other = (client.create_corpus(corpus={}).name for _ in range(2))
    with pytest.raises(errors.InvalidArgument, match=r"document\.name"):
        client.create_document(parent=one, document={"name": f"{other}/documents/d"})


def test_a_corpus_with_documents_is_deleted_by_force_alone(client: Any) -> None:
    corpus = client.create_corpus(corpus={})
    document = client.create_document(parent=corpus.name, document={})
    with pytest.raises(errors.FailedPrecondition, match="force"):
        client.delete_corpus(name=corpus.name)
    client.delete_corpus(name=corpus.name, force=True)
    with pytest.raises(errors.NotFound):
        client.get_document(name=document.name)


def test_an_empty_corpus_needs_no_force(client: Any) -> None:
    corpus = client.create_corpus(corpus={})
    document = client.create_document(parent=corpus.name, document={})
    client.delete_document(name=document.name)
    client.delete_corpus(name=corpus.name)
    assert list(client.list_corpora()) == []


def test_corpora_come_in_pages_of_twenty_at_most(client: Any) -> None:
    made = [client.create_corpus(corpus={}).name for _ in range(25)]
    assert len(client.list_corpora(page_size=100).corpora) == 20
    assert len(client.list_corpora().corpora) == 10
    assert [corpus.name for corpus in client.list_corpora()] == made


def test_a_page_token_of_somebody_else_is_refused(client: Any) -> None:
    with pytest.raises(errors.InvalidArgument, match="page_token"):
        client.list_corpora(page_token="made up")


def test_a_reader_cannot_delete(api: Any, client: Any) -> None:
    corpus = client.create_corpus(corpus={})
    permissions = api("PermissionService")
    (mine,) = permissions.list_permissions(parent=corpus.name)
    permissions.create_permission(
        parent=corpus.name,
        permission={"grantee_type": "USER", "email_address": "a@example.com", "role": "OWNER"},
    )
    permissions.update_permission(
        permission={"name": mine.name, "role": "READER"}, update_mask={"paths": ["role"]}
    )
    assert client.get_corpus(name=corpus.name)
    with pytest.raises(errors.PermissionDenied):
        client.delete_corpus(name=corpus.name)
    with pytest.raises(errors.PermissionDenied):
        client.create_document(parent=corpus.name, document={})
