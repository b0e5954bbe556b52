from __future__ import annotations

from typing import Any

import pytest

from gemini_grpc import errors

PARIS = "Paris is the capital of France. It lies on the Seine."
ROME = "Rome is the capital of Italy."


@pytest.fixture
def client(api: Any) -> Any:
    return api("GenerativeService")


def said(text: str) -> dict[str, Any]:
    return {"role": "user", "parts": [{"text": text}]}


def ask(client: Any, question: str, *texts: str, style: str = "EXTRACTIVE", **more: Any) -> Any:
    passages = [{"id": f"p{n}", "content": said(text)} for n, text in enumerate(texts)]
    source = {} if "semantic_retriever" in more else {"inline_passages": {"passages": passages}}
    return client.generate_answer(
        {
            "model": "models/aqa",
            "contents": [said(question)],
            "answer_style": style,
            **source,
            **more,
        }
    )


def text(answer: Any) -> str:
    return str(answer.answer.content.parts[0].text)


def test_the_sentence_that_fits_best_is_the_answer(client: Any) -> None:
    answer = ask(client, "What is the capital of France?", ROME, PARIS)
    assert text(answer) == "Paris is the capital of France."
    assert answer.answer.finish_reason.name == "STOP"
    assert answer.answerable_probability > 0.9


def test_the_passage_is_named_with_its_part(client: Any) -> None:
    parts = [
        {"text": "Nothing of note."},
        {"text": PARIS},
        {"inline_data": {"mime_type": "image/png", "data": b"1"}},
    ]
    source = {"passages": [{"id": "france", "content": {"parts": parts}}]}
    answer = ask(client, "Which capital lies in France?", inline_passages=source)
    (attribution,) = answer.answer.grounding_attributions
    assert attribution.source_id.grounding_passage.passage_id == "france"
    assert attribution.source_id.grounding_passage.part_index == 1
    assert attribution.content.parts[0].text == PARIS


def test_what_the_passages_do_not_say_is_hardly_answerable(client: Any) -> None:
    answer = ask(client, "Who invented the telephone?", PARIS)
    assert answer.answerable_probability < 0.1
    assert not answer.answer.grounding_attributions
    assert text(answer) == "The passages do not say."


def test_half_an_answer_is_half_as_answerable(client: Any) -> None:
    assert 0.3 < ask(client, "When was Paris founded?", PARIS).answerable_probability < 0.7


def test_a_verbose_answer_takes_all_that_is_to_the_point(client: Any) -> None:
    answer = ask(client, "Is the capital large?", PARIS, ROME, "Bread is good.", style="VERBOSE")
    assert text(answer) == "Paris is the capital of France. Rome is the capital of Italy."
    assert len(answer.answer.grounding_attributions) == 2


def test_an_abstractive_answer_has_words_of_its_own(client: Any) -> None:
    answer = ask(client, "What is the capital of Italy?", ROME, style="ABSTRACTIVE")
    assert ROME in text(answer)
    assert text(answer) != ROME


@pytest.mark.parametrize("source", ["corpora/c", "corpora/c/documents/d"])
def test_chunks_of_the_retriever_are_answered_from(api: Any, client: Any, source: str) -> None:
    retriever = api("RetrieverService")
    retriever.create_corpus(corpus={"name": "corpora/c"})
    document = "corpora/c/documents/d"
    retriever.create_document(parent="corpora/c", document={"name": document})
    for sentence, page in ((PARIS, 1), (ROME, 2)):
        metadata = [{"key": "page", "numeric_value": page}]
        chunk = {"data": {"string_value": sentence}, "custom_metadata": metadata}
        retriever.create_chunk(parent=document, chunk=chunk)
    question = "What is the capital of Italy?"
    config = {"source": source, "query": said(question)}
    answer = ask(client, question, semantic_retriever=config)
    assert text(answer) == ROME
    found = answer.answer.grounding_attributions[0].source_id.semantic_retriever_chunk
    assert found.source == source
    assert found.chunk.startswith(f"{document}/chunks/")
    first = {
        "key": "chunk.custom_metadata.page",
        "conditions": [{"operation": "EQUAL", "numeric_value": 1}],
    }
    for narrow in ({"metadata_filters": [first]}, {"minimum_relevance_score": 0.999}):
        narrowed = ask(client, question, semantic_retriever=config | narrow)
        assert text(narrowed) != ROME


def test_a_corpus_that_is_missing_is_not_found(client: Any) -> None:
    with pytest.raises(errors.NotFound):
        ask(client, "Why?", semantic_retriever={"source": "corpora/missing", "query": said("Why?")})


def test_harm_is_blocked(client: Any) -> None:
    answer = ask(client, "harassment-high", PARIS)
    assert answer.input_feedback.block_reason.name == "SAFETY"
    assert not answer.answer.content.parts
    other = ask(client, "prompt-blocklist", PARIS)
    assert other.input_feedback.block_reason.name == "OTHER"
    ended = ask(client, "answer-harassment-high", PARIS)
    assert ended.answer.finish_reason.name == "SAFETY"
    assert not ended.answer.content.parts


@pytest.mark.parametrize(
    "fields",
    [{"answer_style": None}, {"inline_passages": None}, {"contents": [{"parts": [{"text": " "}]}]}],
    ids=str,
)
def test_a_question_a_style_and_a_source_are_needed(client: Any, fields: dict[str, Any]) -> None:
    request = {
        "model": "models/aqa",
        "contents": [said("Why?")],
        "answer_style": "VERBOSE",
        "inline_passages": {"passages": [{"id": "1", "content": said(PARIS)}]},
    }
    with pytest.raises(errors.InvalidArgument):
        client.generate_answer({key: value for key, value in (request | fields).items() if value})


def test_a_chat_model_does_not_answer(client: Any) -> None:
    with pytest.raises(errors.NotFound, match="generateAnswer"):
        ask(client, "Why?", PARIS, model="models/gemini-3.8-flash")
