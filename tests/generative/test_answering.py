"""Questions are answered from passages that are sent along or found in a corpus."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from gemini_grpc import errors, v1beta
from gemini_grpc.generative.answering import AnswerStyle
from gemini_grpc.generative.backend import UnsupportedError
from gemini_grpc.generative.custom_metadata import Condition, MetadataFilter
from tests.generative.shell import BOTH, Shell, each, label, quiet_shell_of, shell_of

QUESTION = "Which button starts the washer?"
PASSAGES = ["The door is round.", "The red button starts the washer.", "It is made of steel."]


@pytest.fixture(params=each(), ids=label)
def shell(request: pytest.FixtureRequest) -> Iterator[Shell]:
    with shell_of(*request.param) as made:
        yield made


@pytest.fixture(scope="module", params=each(), ids=label)
def quiet(request: pytest.FixtureRequest) -> Iterator[Shell]:
    with quiet_shell_of(*request.param) as made:
        yield made


def ask(shell: Shell, **more: Any) -> Any:
    return shell.call("answering.generate_answer", **{"contents": QUESTION} | more)


def test_an_answer_rests_on_passages(shell: Shell) -> None:
    answer = ask(shell, inline_passages=PASSAGES, temperature=0.5, safety_settings="block_none")
    assert "red button" in answer.answer.content.parts[0].text
    assert answer.answerable_probability > 0.9
    [request] = shell.sent("GenerateAnswer")
    assert request.model == "models/aqa"
    assert request.answer_style == AnswerStyle.ABSTRACTIVE
    assert request.temperature == 0.5
    assert len(request.safety_settings) == 4
    source = answer.answer.grounding_attributions[0].source_id.grounding_passage
    assert source.passage_id == "1"


@pytest.mark.parametrize("style", ["extractive", "ANSWER_STYLE_EXTRACTIVE", 2, AnswerStyle(2)])
def test_the_style_is_chosen(shell: Shell, style: Any) -> None:
    answer = ask(shell, inline_passages=PASSAGES, answer_style=style)
    assert answer.answer.content.parts[0].text == PASSAGES[1]


GROUNDING = v1beta.types.GroundingPassage(id="a", content={"parts": [{"text": "One."}]})


@pytest.mark.parametrize(
    ("passages", "ids"),
    [
        (["One.", "Two."], ["0", "1"]),
        ([{"role": "user", "parts": ["One."]}], ["0"]),
        ({"a": "One.", "b": ["Two.", "Three."]}, ["a", "b"]),
        ([("a", "One."), ("b", "Two.")], ["a", "b"]),
        ([{"id": "a", "content": "One."}], ["a"]),
        ([GROUNDING, "Two."], ["a", "1"]),
        (v1beta.types.GroundingPassages(passages=[GROUNDING]), ["a"]),
    ],
)
def test_passages_are_taken_in_many_forms(passages: Any, ids: list[str]) -> None:
    with shell_of("sync", "v1beta") as shell:
        ask(shell, inline_passages=passages)
        sent = shell.sent("GenerateAnswer")[0].inline_passages.passages
        assert [each.id for each in sent] == ids
        assert sent[0].content.parts[0].text == "One."


def test_passages_are_found_in_a_corpus(shell: Shell) -> None:
    corpus = shell.call("corpora.create_corpus", "manuals")
    document = shell.do(corpus, "create_document", "washer", None, {"year": 2020})
    shell.do(document, "batch_create_chunks", PASSAGES)
    for source in (corpus, document, corpus.name, {"source": corpus, "query": "button"}):
        answer = ask(shell, semantic_retriever=source)
        assert "red button" in answer.answer.content.parts[0].text
    first, *_, last = shell.sent("GenerateAnswer")
    assert first.semantic_retriever.query.parts[0].text == QUESTION
    assert last.semantic_retriever.query.parts[0].text == "button"


@pytest.mark.parametrize(
    ("year", "answerable"),
    [(2019, True), (2020, False)],
)
def test_the_retriever_takes_filters(year: int, answerable: bool) -> None:
    with shell_of("sync", "v1beta") as shell:
        corpus = shell.call("corpora.create_corpus", "manuals")
        document = corpus.create_document("washer", None, {"year": 2020})
        document.batch_create_chunks(PASSAGES)
        newer = MetadataFilter("document.custom_metadata.year", [Condition(year, ">")])
        config = {"source": "corpora/manuals", "metadata_filters": [newer], "max_chunks_count": 2}
        answer = ask(shell, semantic_retriever=config)
        assert (answer.answerable_probability > 0.5) is answerable
        sent = shell.sent("GenerateAnswer")[0].semantic_retriever
        assert ask(shell, semantic_retriever=sent) == answer


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({}, "neither is given"),
        ({"inline_passages": ["x"], "semantic_retriever": "corpora/x"}, "both are given"),
        ({"inline_passages": []}, "inline_passages is empty"),
        ({"inline_passages": "One."}, "inline_passages: expected a list"),
        ({"inline_passages": [("", "One.")]}, r"inline_passages\[0\]: the id of a passage is ''"),
        ({"inline_passages": ["One.", 5]}, r"inline_passages\[1\]"),
        ({"semantic_retriever": "x"}, "semantic_retriever.source: 'x' is no name of a corpus or"),
        ({"semantic_retriever": {"query": "x"}}, "semantic_retriever.source: expected the name"),
        ({"inline_passages": ["x"], "answer_style": "poetic"}, "answer_style is 'poetic'"),
        ({"inline_passages": ["x"], "contents": ""}, "contents"),
        ({"inline_passages": ["x"], "contents": None}, "contents must not be empty"),
        ({"inline_passages": ["x"], "model": "corpora/x"}, "model: 'corpora/x' is no model"),
        ({"inline_passages": ["x"], "temperature": "hot"}, "temperature: expected a float"),
        ({"inline_passages": ["x"], "safety_settings": "never"}, "safety_settings"),
    ],
)
def test_bad_input_is_refused_before_anything_is_sent(
    quiet: Shell, arguments: dict[str, Any], text: str
) -> None:
    with pytest.raises(ValueError, match=text) as caught:
        ask(quiet, **arguments)
    assert isinstance(caught.value, errors.UsageError)


@pytest.mark.parametrize("colour", BOTH)
def test_vertex_has_no_answers(colour: str) -> None:
    with (
        quiet_shell_of(colour, "vertex") as quiet,
        pytest.raises(UnsupportedError, match="Vertex AI has no method GenerateAnswer"),
    ):
        ask(quiet, inline_passages=PASSAGES)
