"""Corpora, documents and chunks are made, found by queries, changed and deleted."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

import pytest

from gemini_grpc import errors, v1alpha, v1beta
from gemini_grpc.generative.backend import Backend, UnsupportedError
from gemini_grpc.generative.chunks import Chunk, ChunkState
from gemini_grpc.generative.corpora import Corpus
from gemini_grpc.generative.custom_metadata import (
    Condition,
    CustomMetadata,
    MetadataFilter,
    Operator,
    to_filters,
    to_metadata,
)
from gemini_grpc.generative.documents import Document
from tests.generative.shell import BOTH, Shell, each, label, quiet_shell_of, shell_of

BACKEND = Backend("v1beta")
PASSAGES = ["Open the door.", "Press the red button to start.", "Call us when it smokes."]


@pytest.fixture(params=each(), ids=label)
def shell(request: pytest.FixtureRequest) -> Iterator[Shell]:
    with shell_of(*request.param) as made:
        yield made


@pytest.fixture(scope="module", params=each(), ids=label)
def quiet(request: pytest.FixtureRequest) -> Iterator[Shell]:
    with quiet_shell_of(*request.param) as made:
        yield made


@pytest.fixture
def corpus(shell: Shell) -> Corpus:
    made: Corpus = shell.call("corpora.create_corpus", "manuals", "Manuals")
    return made


@pytest.fixture
def document(shell: Shell, corpus: Corpus) -> Document:
    facts = {"year": 2020, "kind": "washer", "tags": ["home", "loud"]}
    made: Document = shell.do(corpus, "create_document", "washer", "The washer", facts)
    return made


def test_a_corpus_is_made_found_changed_and_deleted(shell: Shell) -> None:
    corpus = shell.call("corpora.create_corpus", name="manuals", display_name="Manuals")
    assert isinstance(corpus, Corpus)
    assert (corpus.name, corpus.display_name) == ("corpora/manuals", "Manuals")
    assert isinstance(corpus.create_time, datetime)
    for name in ("manuals", "corpora/manuals", corpus):
        assert shell.call("corpora.get_corpus", name) == corpus
    assert shell.do(corpus, "update", {"display_name": "Handbooks"}) is corpus
    assert corpus.display_name == "Handbooks"
    assert list(shell.sent("UpdateCorpus")[-1].update_mask.paths) == ["display_name"]
    shell.call("corpora.delete_corpus", corpus)
    with pytest.raises(errors.NotFound):
        shell.call("corpora.get_corpus", "manuals")


def test_the_server_makes_up_a_name(shell: Shell) -> None:
    corpus = shell.call("corpora.create_corpus", display_name="My Manuals")
    assert corpus.name.startswith("corpora/my-manuals-")
    document = shell.do(corpus, "create_document")
    assert document.name.startswith(f"{corpus.name}/documents/")


def test_corpora_and_documents_are_listed_page_by_page(shell: Shell) -> None:
    corpora = [shell.call("corpora.create_corpus", f"corpus-{number}") for number in range(3)]
    assert shell.call("corpora.list_corpora", page_size=2) == corpora
    assert len(shell.sent("ListCorpora")) == 2
    documents = [shell.do(corpora[0], "create_document", f"doc-{number}") for number in range(3)]
    assert shell.do(corpora[0], "list_documents", page_size=2) == documents
    assert len(shell.sent("ListDocuments")) == 2
    assert shell.do(corpora[1], "list_documents") == []


def test_a_document_is_made_found_changed_and_deleted(
    shell: Shell, corpus: Corpus, document: Document
) -> None:
    assert document.name == "corpora/manuals/documents/washer"
    assert document.custom_metadata == [
        CustomMetadata("year", 2020.0),
        CustomMetadata("kind", "washer"),
        CustomMetadata("tags", ("home", "loud")),
    ]
    assert shell.do(corpus, "get_document", "washer") == document
    assert shell.do(corpus, "get_document", document.name) == document
    changed = shell.do(document, "update", {"custom_metadata": {"year": 2021}})
    assert changed.custom_metadata == [CustomMetadata("year", 2021.0)]
    assert document.display_name == "The washer"
    shell.do(document, "create_chunk", PASSAGES[0])
    with pytest.raises(errors.FailedPrecondition):
        shell.do(corpus, "delete_document", "washer")
    shell.do(corpus, "delete_document", "washer", force=True)
    other = shell.do(corpus, "create_document", "other")
    shell.do(other, "delete")
    assert shell.do(corpus, "list_documents") == []


def test_a_chunk_is_made_found_changed_and_deleted(shell: Shell, document: Document) -> None:
    chunk = shell.do(document, "create_chunk", PASSAGES[0], "first", {"page": 1})
    assert chunk.name == f"{document.name}/chunks/first"
    assert chunk.text == chunk.data.string_value == PASSAGES[0]
    assert chunk.custom_metadata == [CustomMetadata("page", 1.0)]
    assert chunk.state is ChunkState.STATE_ACTIVE
    assert shell.do(document, "get_chunk", "first") == chunk
    assert shell.do(chunk, "update", {"data": "New."}).text == "New."
    assert chunk.custom_metadata == [CustomMetadata("page", 1.0)]
    shell.do(chunk, "update", {"data": {"string_value": "Newer."}, "custom_metadata": None})
    assert (chunk.text, chunk.custom_metadata) == ("Newer.", [])
    shell.do(document, "delete_chunk", chunk)
    second = shell.do(document, "create_chunk", data=PASSAGES[1])
    shell.do(second, "delete")
    assert shell.do(document, "list_chunks") == []


def test_chunks_are_made_changed_and_deleted_in_batches(shell: Shell, document: Document) -> None:
    made = shell.do(
        document,
        "batch_create_chunks",
        [
            PASSAGES[0],
            ("second", PASSAGES[1]),
            ("third", PASSAGES[2], {"page": 3}),
            {"name": "fourth", "data": "Four."},
            v1beta.types.Chunk(name="fifth", data={"string_value": "Five."}),
            Chunk(
                data={"string_value": "Six."}, custom_metadata=[{"key": "k", "numeric_value": 6}]
            ),
        ],
    )
    assert [each.text for each in made] == [*PASSAGES, "Four.", "Five.", "Six."]
    assert made[1].name == f"{document.name}/chunks/second"
    assert made[2].custom_metadata == [CustomMetadata("page", 3.0)]
    assert made[5].custom_metadata == [CustomMetadata("k", 6.0)]
    assert shell.do(document, "list_chunks", page_size=4) == made
    assert len(shell.sent("ListChunks")) == 2
    changed = shell.do(
        document, "batch_update_chunks", {"second": {"data": "2"}, made[2].name: {"data": "3"}}
    )
    assert [each.text for each in changed] == ["2", "3"]
    assert len(shell.do(document, "batch_update_chunks", [("fourth", {"data": "4"})])) == 1
    request = v1beta.UpdateChunkRequest(
        chunk={"name": made[2].name, "data": {"string_value": "5"}}, update_mask={"paths": ["data"]}
    )
    for given in ([request], v1beta.BatchUpdateChunksRequest(requests=[request])):
        (changed,) = shell.do(document, "batch_update_chunks", given)
        assert (changed.name, changed.data.string_value) == (made[2].name, "5")
    shell.do(document, "batch_delete_chunks", [made[0], "second", made[2].name])
    assert [each.text for each in shell.do(document, "list_chunks")] == ["4", "Five.", "Six."]
    named = shell.do(document, "batch_create_chunks", {"a": "A.", "b": "B."})
    assert [each.name.rpartition("/")[2] for each in named] == ["a", "b"]


def test_a_query_finds_the_passages_that_fit_best(
    shell: Shell, corpus: Corpus, document: Document
) -> None:
    shell.do(document, "batch_create_chunks", PASSAGES)
    for searched in (corpus, document):
        found = shell.do(searched, "query", "Which button do I press?", results_count=2)
        assert len(found) == 2
        assert found[0].chunk.text == PASSAGES[1]
        assert found[0].chunk_relevance_score > found[1].chunk_relevance_score
    told = None if shell.backend == "v1alpha" else document
    assert shell.do(corpus, "query", "button")[0].document == told


YEAR = "document.custom_metadata.year"


@pytest.mark.parametrize(
    ("filters", "count"),
    [
        ([MetadataFilter(YEAR, [Condition(2019, ">")])], 3),
        ([MetadataFilter(YEAR, [Condition(2020, Operator.LESS)])], 0),
        (MetadataFilter(YEAR, [Condition(2020, "less_equal")]), 3),
        ([{"key": YEAR, "conditions": [{"value": 2020, "operation": "=="}]}], 3),
        ([{"key": YEAR, "conditions": [{"numeric_value": 2020, "operation": "EQUAL"}]}], 3),
        ([MetadataFilter("document.custom_metadata.kind", [Condition("dryer", "=")])], 0),
        ([MetadataFilter("document.custom_metadata.tags", [Condition("loud", "includes")])], 3),
        ([MetadataFilter("document.custom_metadata.tags", [Condition("loud", "excludes")])], 0),
        (
            [
                v1beta.types.MetadataFilter(
                    key=YEAR, conditions=[{"numeric_value": 1, "operation": "GREATER"}]
                )
            ],
            3,
        ),
        ([], 3),
        (None, 3),
    ],
)
def test_filters_choose_by_metadata(filters: Any, count: int) -> None:
    with shell_of("sync", "v1beta") as shell:
        corpus = shell.call("corpora.create_corpus", "manuals")
        document = corpus.create_document("washer", None, FACTS)
        document.batch_create_chunks(PASSAGES)
        assert len(corpus.query("button", filters)) == count


FACTS = {"year": 2020, "kind": "washer", "tags": ["home", "loud"]}


def test_metadata_of_another_version_is_translated() -> None:
    entry = v1alpha.types.CustomMetadata(key="k", string_value="v")
    [made] = to_metadata([entry], BACKEND)
    assert isinstance(made, v1beta.types.CustomMetadata.pb())
    found: Any = to_filters(
        [MetadataFilter(YEAR, [v1alpha.types.Condition(operation="LESS", numeric_value=1)])],  # type: ignore[list-item]  # a message will do
        BACKEND,
    )
    assert v1beta.types.MetadataFilter(found[0]).conditions[0].numeric_value == 1


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"k": None}, r"custom_metadata\[0\]\.value: expected a text, a number or texts, got None"),
        ({"k": True}, r"got True"),
        ({"k": []}, r"got \[\]"),
        ({"k": ["a", 1]}, r"got \['a', 1\]"),
        ({"": "v"}, r"custom_metadata\[0\]\.key: expected a text, got ''"),
        (
            [{"value": 1, "kei": "k"}],
            r"custom_metadata\[0\]: expected key and value, got value, kei",
        ),
        ([{"key": "k"}], r"custom_metadata\[0\]: 'k' has no value"),
        ([v1beta.types.CustomMetadata(key="k")], r"custom_metadata\[0\]: 'k' has no value"),
        ("text", r"custom_metadata: expected a list, got 'text'"),
        (5, r"custom_metadata: expected a list, got 5"),
    ],
)
def test_metadata_that_cannot_be_used_is_refused(value: Any, text: str) -> None:
    with pytest.raises(errors.ArgumentError, match=text):
        to_metadata(value, BACKEND)


@pytest.mark.parametrize("convert", [to_metadata, to_filters])
def test_what_is_no_entry_is_a_field_error(convert: Any) -> None:
    with pytest.raises(errors.FieldError):
        convert([5], BACKEND)


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (MetadataFilter("year", [Condition(1, "<")]), "expected 'document.custom_metadata.KEY' or"),
        (MetadataFilter(YEAR, []), r"metadata_filters\[0\]\.conditions is empty"),
        (MetadataFilter(YEAR, [Condition(1, "~")]), r"conditions\[0\]\.operation is '~'"),
        (MetadataFilter(YEAR, [Condition("a", "<")]), "LESS does not compare a text"),
        (MetadataFilter(YEAR, [Condition(1, "includes")]), "INCLUDES does not compare a number"),
        (MetadataFilter(YEAR, [Condition(None, "<")]), "expected a text or a number, got None"),  # type: ignore[arg-type]  # on purpose
        ([{"kei": YEAR, "conditions": []}], "expected key and conditions, got kei, conditions"),
    ],
)
def test_a_filter_that_cannot_be_used_is_refused(value: Any, text: str) -> None:
    with pytest.raises(errors.ArgumentError, match=text):
        to_filters(value, BACKEND)


@pytest.mark.parametrize(
    ("owner", "method", "arguments", "text"),
    [
        ("corpus", "get_document", ("a/b",), "name: 'a/b' is no name of a document"),
        ("corpus", "create_document", ("a b",), "name: 'a b' is no name of a document"),
        ("corpus", "delete_document", (None,), "name: expected the name of a document, got None"),
        ("corpus", "list_documents", (-1,), "page_size is -1"),
        ("corpus", "query", ("",), "query: expected a question"),
        ("corpus", "query", ("q", None, 0), "results_count is 0; expected 1 to 100"),
        ("corpus", "query", ("q", None, True), "results_count is True"),
        ("corpus", "query", ("q", None, 101), "results_count is 101"),
        ("corpus", "update", ({"name": "x"},), "updates: 'name' cannot be changed"),
        ("document", "create_chunk", ("",), "chunk: data is ''; expected the text"),
        ("document", "create_chunk", ("t", "a/b"), r"chunk\.name: 'a/b' is no name of a chunk"),
        ("document", "get_chunk", ("corpora/x",), "name: 'corpora/x' is no name of a chunk"),
        ("document", "batch_create_chunks", ([],), "there are 0; one call takes 1 to 100"),
        ("document", "batch_create_chunks", (["t"] * 101,), "there are 101"),
        ("document", "batch_create_chunks", ("text",), "chunks: expected a list, got 'text'"),
        ("document", "batch_create_chunks", (["t", 5],), r"chunks\[1\]: expected a text"),
        ("document", "batch_create_chunks", ([{"name": "x"}],), r"chunks\[0\]: data is None"),
        ("document", "batch_update_chunks", (["x"],), r"chunks\[0\]: expected a name and its upd"),
        ("document", "batch_update_chunks", ({"x": {"state": 1}},), "'state' cannot be changed"),
        ("document", "batch_delete_chunks", (["a/b"],), r"chunks\[0\]: 'a/b' is no name"),
        ("document", "update", ({"displayname": "x"},), "did you mean 'display_name'"),
        ("chunk", "update", ({"data": ""},), "updates: data is ''"),
        ("chunk", "update", ({"custom_metadata": 5},), "updates.custom_metadata: expected a list"),
    ],
)
def test_bad_input_is_refused_before_anything_is_sent(
    quiet: Shell, owner: str, method: str, arguments: tuple[Any, ...], text: str
) -> None:
    owners: dict[str, Any] = {
        "corpus": Corpus(name="corpora/x"),
        "document": Document(name="corpora/x/documents/y"),
        "chunk": Chunk(name="corpora/x/documents/y/chunks/z"),
    }
    with pytest.raises(errors.ArgumentError, match=text):
        quiet.do(owners[owner], method, *arguments, client=quiet.client)


@pytest.mark.parametrize(
    ("function", "arguments", "text"),
    [
        ("create_corpus", ("documents/x",), "name: 'documents/x' is no name of a corpus"),
        ("get_corpus", ("",), "name: expected the name of a corpus"),
        ("delete_corpus", ("corpora/",), "name: 'corpora/' is no name of a corpus"),
    ],
)
def test_a_bad_name_of_a_corpus_is_refused(
    quiet: Shell, function: str, arguments: tuple[Any, ...], text: str
) -> None:
    with pytest.raises(errors.ArgumentError, match=text):
        quiet.call(f"corpora.{function}", *arguments)
    with pytest.raises(errors.ArgumentError, match="page_size is 'x'"):
        quiet.call("corpora.list_corpora", page_size="x")


@pytest.mark.parametrize("colour", BOTH)
def test_vertex_has_no_corpora(colour: str) -> None:
    with quiet_shell_of(colour, "vertex") as quiet:
        for function, arguments in (
            ("create_corpus", ("x",)),
            ("get_corpus", ("x",)),
            ("list_corpora", ()),
            ("delete_corpus", ("x",)),
        ):
            with pytest.raises(UnsupportedError, match="Vertex AI has no method"):
                quiet.call(f"corpora.{function}", *arguments)
        with pytest.raises(UnsupportedError, match="Vertex AI has no method"):
            quiet.do(Corpus(name="corpora/x"), "query", "q", client=quiet.client)


@pytest.mark.parametrize("colour", BOTH)
def test_another_client_can_be_given(colour: str) -> None:
    with shell_of(colour, "v1beta") as here, shell_of(colour, "v1beta") as there:
        corpus = here.call("corpora.create_corpus", "x")
        there.call("corpora.create_corpus", "x")
        here.do(corpus, "create_document", "d")
        assert len(here.do(corpus, "list_documents")) == 1
        if colour == "sync":
            assert list(corpus.list_documents(client=there.client)) == []
