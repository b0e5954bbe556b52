"""GenerateAnswer: an answer from passages, with the passages it rests on.

- Passages come with the request, part by part, or from the retriever, chunk by chunk.
- The answer is made of their sentences, taken by how many words of the question they have: the best one
  as it is (EXTRACTIVE), or with a short lead (ABSTRACTIVE), or all that are to the point (VERBOSE).
- `answerable_probability` rises with the share of the question's words that the sentences cover.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gemini_grpc.emulator import names, status, text, tokens
from gemini_grpc.emulator.answers import safety
from gemini_grpc.emulator.answers.prompt import texts
from gemini_grpc.emulator.services import search
from gemini_grpc.emulator.services.models import find, require

if TYPE_CHECKING:
    from gemini_grpc.emulator.convert import Data
    from gemini_grpc.emulator.world import Call

CHUNKS = 10
"""How many chunks are looked at when nothing is said."""
VERBOSE_LIMIT = 5
"""How many sentences a verbose answer has at most."""
LEAST_PROBABILITY, MOST_PROBABILITY = 0.02, 0.98

_SENTENCE = re.compile(r"(?<=[.!?])\s+|\n+")


@dataclass(frozen=True, slots=True)
class Passage:
    """Something to answer from."""

    source: Data
    """What it is, as `AttributionSourceId`."""
    said: str
    """Its text."""


@dataclass(frozen=True, slots=True)
class Sentence:
    """One sentence of a passage, and what it has of the question."""

    passage: Passage
    said: str
    covered: frozenset[str]
    """The words of the question it has."""


def generate_answer(call: Call) -> Data:
    """Answer the last content from the passages."""
    request = call.request
    find(call, require(request, "model"), supports="generateAnswer")
    question = texts(request["contents"][-1:])
    if not question.strip():
        raise status.invalid("contents", "ends without a text, which would be the question")
    feedback = _feedback(question, passages := _passages(call), request)
    if "block_reason" in feedback:
        return {"input_feedback": feedback}
    asked = frozenset(map(_stem, text.keywords(question)))
    chosen = _choose(asked, _sentences(asked, passages), request["answer_style"])
    covered = frozenset().union(*(sentence.covered for sentence in chosen))
    share = len(covered) / len(asked)
    said = _write(chosen, request["answer_style"])
    verdict = safety.judge(said, request.get("safety_settings", ()), asked=question)
    answer: Data = {"index": 0, "safety_ratings": list(verdict.ratings)}
    if verdict.blocked:
        answer |= {"finish_reason": "SAFETY"}
    else:
        answer |= {
            "content": {"role": "model", "parts": [{"text": said}]},
            "finish_reason": "STOP",
            "token_count": tokens.count_text(said),
            "grounding_attributions": _attributions(chosen),
        }
    probability = LEAST_PROBABILITY + share * (MOST_PROBABILITY - LEAST_PROBABILITY)
    return {
        "answer": answer,
        "answerable_probability": probability,
        "input_feedback": feedback,
    }


def _feedback(question: str, passages: list[Passage], request: Data) -> Data:
    """Return the verdict on what was sent: the question and the passages together."""
    sent = " ".join([question, *(passage.said for passage in passages)])
    verdict = safety.judge(sent, request.get("safety_settings", ()))
    feedback: Data = {"safety_ratings": list(verdict.ratings)}
    if verdict.blocked:
        feedback["block_reason"] = "SAFETY"
    elif safety.block_reason(question):
        feedback["block_reason"] = "OTHER"  # this method names no other reason
    return feedback


def _passages(call: Call) -> list[Passage]:
    """Return what there is to answer from."""
    given = call.request.get("inline_passages")
    if given is not None:
        return [
            Passage(
                {"grounding_passage": {"passage_id": each.get("id", ""), "part_index": index}},
                part["text"],
            )
            for each in given.get("passages", ())
            for index, part in enumerate(each.get("content", {}).get("parts", ()))
            if "text" in part
        ]
    config = call.request.get("semantic_retriever")
    if config is None:
        raise status.invalid("inline_passages", "is required, or semantic_retriever")
    return _retrieved(call, config)


def _retrieved(call: Call, config: Data) -> list[Passage]:
    """Return the chunks that the retriever finds for a configuration."""
    path = "semantic_retriever"
    source = names.require(config, "source", names.CORPUS, names.DOCUMENT, path=f"{path}.source")
    query = texts([config["query"]])
    filters = search.filters(
        config.get("metadata_filters", []), ("document", "chunk"), f"{path}.metadata_filters"
    )
    limit = config.get("max_chunks_count") or CHUNKS
    least = config.get("minimum_relevance_score", 0.0)
    found = search.find(call.world.store, source, query, filters, limit)
    return [
        Passage(
            {"semantic_retriever_chunk": {"source": source, "chunk": each["chunk"]["name"]}},
            each["chunk"]["data"]["string_value"],
        )
        for each in found
        if each["chunk_relevance_score"] >= least
    ]


def _sentences(asked: frozenset[str], passages: list[Passage]) -> list[Sentence]:
    """Return the sentences that have something of the question, the best first."""
    found = [
        Sentence(passage, said, asked & frozenset(map(_stem, text.words(said))))
        for passage in passages
        for said in map(str.strip, _SENTENCE.split(passage.said))
        if said
    ]
    return sorted(
        (sentence for sentence in found if sentence.covered),
        key=lambda sentence: -len(sentence.covered),
    )


def _choose(asked: frozenset[str], sentences: list[Sentence], style: str) -> list[Sentence]:
    """Return the sentences that make the answer."""
    if style != "VERBOSE":
        return sentences[:1]
    enough = len(asked) / 3  # a sentence that has less is beside the point
    return [
        sentence
        for index, sentence in enumerate(sentences[:VERBOSE_LIMIT])
        if index == 0 or len(sentence.covered) >= enough
    ]


def _write(chosen: list[Sentence], style: str) -> str:
    if not chosen:
        return "The passages do not say."
    said = " ".join(sentence.said for sentence in chosen)
    return f"In short: {said}" if style == "ABSTRACTIVE" else said


def _attributions(chosen: list[Sentence]) -> list[Data]:
    """Return each passage that was used, once, in the order of use."""
    passages = {id(sentence.passage): sentence.passage for sentence in chosen}
    return [
        {
            "source_id": passage.source,
            "content": {"role": "user", "parts": [{"text": passage.said}]},
        }
        for passage in passages.values()
    ]


def _stem(word: str) -> str:
    """Return a word without what only makes it a plural."""
    return word[:-1] if len(word) > 3 and word.endswith("s") and not word.endswith("ss") else word


HANDLERS = {"GenerativeService.GenerateAnswer": generate_answer}
