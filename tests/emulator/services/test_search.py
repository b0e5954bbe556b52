from __future__ import annotations

from typing import Any

import pytest

from gemini_grpc import errors

TREES = {
    "Oaks carry acorns in autumn.": {"year": 1999, "kind": "oak", "tags": ["hard", "slow"]},
    "Birches have white bark.": {"year": 2005, "kind": "birch", "tags": ["soft"]},
    "Willows grow near water.": {"year": 2010, "kind": "willow", "tags": ["soft", "wet"]},
    "Nothing else is written here.": {},
}


def entry(key: str, value: Any) -> dict[str, Any]:
    if isinstance(value, list):
        return {"key": key, "string_list_value": {"values": value}}
    field = "string_value" if isinstance(value, str) else "numeric_value"
    return {"key": key, field: value}


@pytest.fixture
def client(api: Any) -> Any:
    return api("RetrieverService")


@pytest.fixture
def corpus(client: Any) -> str:
    corpus = client.create_corpus(corpus={"name": "corpora/c"}).name
    names = {}
    for number, (text, facts) in enumerate(TREES.items()):
        name = f"{corpus}/documents/{'even' if number % 2 == 0 else 'odd'}"
        if name not in names:
            shelf = [{"key": "shelf", "string_value": name[-3:]}]
            names[name] = client.create_document(
                parent=corpus, document={"name": name, "custom_metadata": shelf}
            )
        metadata = [entry(key, value) for key, value in facts.items()]
        data = {"data": {"string_value": text}, "custom_metadata": metadata}
        client.create_chunk(parent=name, chunk=data)
    return str(corpus)


def hits(client: Any, name: str, query: str = "trees", **more: Any) -> list[str]:
    ask = client.query_document if "/documents/" in name else client.query_corpus
    found = ask({"name": name, "query": query, **more}).relevant_chunks
    return [hit.chunk.data.string_value for hit in found]


def condition(key: str, operation: str, value: Any) -> dict[str, Any]:
    field = "string_value" if isinstance(value, str) else "numeric_value"
    return {"key": key, "conditions": [{"operation": operation, field: value}]}


@pytest.mark.parametrize(
    ("query", "best"),
    [
        ("What colour is the bark of birches?", "Birches have white bark."),
        ("acorns of oaks", "Oaks carry acorns in autumn."),
        ("Which grow near the water?", "Willows grow near water."),
    ],
)
def test_the_closest_chunk_comes_first(client: Any, corpus: str, query: str, best: str) -> None:
    found = client.query_corpus({"name": corpus, "query": query}).relevant_chunks
    scores = [hit.chunk_relevance_score for hit in found]
    assert found[0].chunk.data.string_value == best
    assert scores == sorted(scores, reverse=True)
    assert 0.5 < scores[0] <= 1.001
    assert scores[1] < scores[0] / 2


def test_a_hit_names_its_document(client: Any, corpus: str) -> None:
    (hit,) = client.query_corpus(
        {"name": corpus, "query": "white bark", "results_count": 1}
    ).relevant_chunks
    assert hit.document.name == f"{corpus}/documents/odd"


def test_a_document_is_searched_alone(client: Any, corpus: str) -> None:
    assert "Oaks carry acorns in autumn." not in hits(client, f"{corpus}/documents/odd", "oaks")


def test_no_more_results_come_than_are_asked_for(client: Any, corpus: str) -> None:
    assert len(hits(client, corpus, results_count=2)) == 2
    assert len(hits(client, corpus, results_count=1000)) == 4


@pytest.mark.parametrize(
    ("key", "operation", "value", "kinds"),
    [
        ("year", "LESS", 2005, "oak"),
        ("year", "LESS_EQUAL", 2005, "birch oak"),
        ("year", "EQUAL", 2005, "birch"),
        ("year", "GREATER_EQUAL", 2005, "birch willow"),
        ("year", "GREATER", 2005, "willow"),
        ("year", "NOT_EQUAL", 2005, "oak willow"),
        ("kind", "EQUAL", "oak", "oak"),
        ("kind", "NOT_EQUAL", "oak", "birch willow"),
        ("tags", "INCLUDES", "soft", "birch willow"),
        ("tags", "EXCLUDES", "soft", "oak"),
        ("kind", "EQUAL", 1, ""),
        ("missing", "NOT_EQUAL", "oak", ""),
    ],
)
def test_a_filter_lets_through_what_meets_it(
    client: Any, corpus: str, key: str, operation: str, value: Any, kinds: str
) -> None:
    wanted = condition(f"chunk.custom_metadata.{key}", operation, value)
    found = client.query_corpus({"name": corpus, "query": "a", "metadata_filters": [wanted]})
    chunks = [hit.chunk for hit in found.relevant_chunks]
    seen = {
        each.string_value
        for chunk in chunks
        for each in chunk.custom_metadata
        if each.key == "kind"
    }
    assert seen == set(kinds.split())


def test_documents_are_filtered_too(client: Any, corpus: str) -> None:
    wanted = condition("document.custom_metadata.shelf", "EQUAL", "odd")
    assert "Birches have white bark." in hits(client, corpus, metadata_filters=[wanted])
    assert len(hits(client, corpus, metadata_filters=[wanted])) == 2


def test_filters_are_joined_by_and_their_conditions_by_or(client: Any, corpus: str) -> None:
    key = "chunk.custom_metadata.kind"
    either = {
        "key": key,
        "conditions": [{"operation": "EQUAL", "string_value": kind} for kind in ("oak", "birch")],
    }
    late = condition("chunk.custom_metadata.year", "GREATER", 2000)
    assert len(hits(client, corpus, metadata_filters=[either])) == 2
    assert hits(client, corpus, metadata_filters=[either, late]) == ["Birches have white bark."]


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("corpora/c", condition("year", "EQUAL", 1)),
        ("corpora/c", condition("chunk.custom_metadata.", "EQUAL", 1)),
        ("corpora/c", condition("chunk.custom_metadata.kind", "LESS", "oak")),
        ("corpora/c", condition("chunk.custom_metadata.year", "INCLUDES", 1)),
        ("corpora/c", condition("chunk.custom_metadata.year", "OPERATOR_UNSPECIFIED", 1)),
        ("corpora/c", {"key": "chunk.custom_metadata.a", "conditions": [{"operation": "EQUAL"}]}),
        ("corpora/c/documents/odd", condition("document.custom_metadata.a", "EQUAL", 1)),
    ],
    ids=str,
)
def test_a_filter_that_means_nothing_is_refused(
    client: Any, corpus: str, name: str, wanted: dict[str, Any]
) -> None:
    with pytest.raises(errors.InvalidArgument, match="metadata_filters"):
        hits(client, name, metadata_filters=[wanted])
