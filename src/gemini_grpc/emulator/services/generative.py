"""Generating: GenerateContent, StreamGenerateContent, GenerateAnswer and CountTokens."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from gemini_grpc.emulator import status, text, tokens
from gemini_grpc.emulator.services.models import find, require

if TYPE_CHECKING:
    from gemini_grpc.emulator.convert import Data
    from gemini_grpc.emulator.world import Call

CHUNK_TOKENS = 8
"""How many tokens one message of a stream carries."""


def generate_content(call: Call) -> Data:
    """Return the whole answer."""
    return respond(call, call.request)


def stream_generate_content(call: Call) -> Iterator[Data]:
    """Yield the same answer in pieces; the last one of each candidate has the finish reason."""
    return split(respond(call, call.request))


def count_tokens(call: Call) -> Data:
    """Return what a prompt counts, the same as `usage_metadata` of generating would say."""
    find(call, require(call.request, "model"))
    request = call.request.get("generate_content_request") or call.request
    if not request.get("contents"):
        raise status.invalid("contents", "is required")
    totals = prompt_totals(request)
    return {"total_tokens": sum(totals.values()), "prompt_tokens_details": tokens.details(totals)}


def generate_answer(call: Call) -> Data:
    """Answer from the passage that shares most words with the question."""
    find(call, require(call.request, "model"))
    question = _texts(call.request.get("contents", [])[-1:])
    if not question:
        raise status.invalid("contents", "is required")
    passages = call.request.get("inline_passages", {}).get("passages", [])
    asked = set(text.keywords(question))
    scored = [
        (len(asked & set(text.words(_texts([passage.get("content", {})])))), index)
        for index, passage in enumerate(passages)
    ]
    best, index = max(scored, key=lambda pair: (pair[0], -pair[1]), default=(0, -1))
    probability = best / len(asked)
    said = _texts([passages[index]["content"]]) if best else "The passages do not say."
    candidate: Data = {
        "content": {"role": "model", "parts": [{"text": said}]},
        "finish_reason": "STOP",
        "index": 0,
    }
    if best:
        source = {
            "grounding_passage": {"passage_id": passages[index].get("id", ""), "part_index": 0}
        }
        candidate["grounding_attributions"] = [
            {"source_id": source, "content": passages[index]["content"]}
        ]
    return {"answer": candidate, "answerable_probability": probability}


def respond(call: Call, request: Data) -> Data:
    """Return the answer to a GenerateContentRequest."""
    model = find(call, require(request, "model"))
    contents = request.get("contents")
    if not contents:
        raise status.invalid("contents", "is required")
    config = request.get("generation_config", {})
    candidates = [
        _candidate(call, request, config, index)
        for index in range(config.get("candidate_count", 1))
    ]
    prompt = prompt_totals(request)
    answered = tokens.count_contents(candidate["content"] for candidate in candidates)
    return {
        "candidates": candidates,
        "usage_metadata": {
            "prompt_token_count": sum(prompt.values()),
            "candidates_token_count": sum(answered.values()),
            "total_token_count": sum(prompt.values()) + sum(answered.values()),
            "prompt_tokens_details": tokens.details(prompt),
            "candidates_tokens_details": tokens.details(answered),
        },
        "model_version": model["name"].removeprefix("models/"),
        "response_id": f"{text.seeded(call.world.seed, repr(request)).getrandbits(64):016x}",
    }


def split(response: Data) -> Iterator[Data]:
    """Yield a response in pieces whose texts join to the whole."""
    common = {key: response[key] for key in ("model_version", "response_id")}
    queues = [
        (candidate, _chunks(candidate["content"]["parts"][0]["text"]))
        for candidate in response["candidates"]
    ]
    longest = max(len(chunks) for _, chunks in queues)
    prompt = response["usage_metadata"]["prompt_token_count"]
    sent = 0
    for number in range(longest):
        parts: list[Any] = []
        for candidate, chunks in queues:
            if number >= len(chunks):
                continue
            sent += tokens.count_text(chunks[number])
            piece = {"text": chunks[number]}
            chunk = {"index": candidate["index"], "content": {"role": "model", "parts": [piece]}}
            if number == len(chunks) - 1:
                chunk["finish_reason"] = candidate["finish_reason"]
            parts.append(chunk)
        usage = {
            "prompt_token_count": prompt,
            "candidates_token_count": sent,
            "total_token_count": prompt + sent,
        }
        if number == longest - 1:
            usage = response["usage_metadata"]
        yield {**common, "candidates": parts, "usage_metadata": usage}


def prompt_totals(request: Data) -> dict[str, int]:
    """Return what the prompt of a GenerateContentRequest counts, by modality."""
    instruction = request.get("system_instruction")
    return tokens.count_contents([*([instruction] if instruction else []), *request["contents"]])


def _candidate(call: Call, request: Data, config: Data, index: int) -> Data:
    *before, last = request["contents"]
    said = text.answer(
        _texts([last]),
        instruction=_texts([request.get("system_instruction", {})]),
        history=_texts(before),
        seed=(call.world.seed, config.get("seed", 0), index),
    )
    said, reason = _cut(said, config)
    return {
        "index": index,
        "content": {"role": "model", "parts": [{"text": said}]},
        "finish_reason": reason,
        "token_count": tokens.count_text(said),
    }


def _cut(said: str, config: Data) -> tuple[str, str]:
    """Return a text shortened to what the configuration allows, and the finish reason."""
    for stop in config.get("stop_sequences", ()):
        said = said.partition(stop)[0]
    pieces = tokens.pieces(said)
    limit = config.get("max_output_tokens", 0)
    if limit and len(pieces) > limit:
        return "".join(pieces[:limit]), "MAX_TOKENS"
    return said, "STOP"


def _chunks(said: str) -> list[str]:
    pieces = tokens.pieces(said)
    starts = range(0, len(pieces), CHUNK_TOKENS)
    return ["".join(pieces[start : start + CHUNK_TOKENS]) for start in starts] or [said]


def _texts(contents: list[Data]) -> str:
    parts = (part for content in contents for part in content.get("parts", ()))
    return " ".join(part["text"] for part in parts if "text" in part)


HANDLERS = {
    "GenerativeService.GenerateContent": generate_content,
    "GenerativeService.StreamGenerateContent": stream_generate_content,
    "GenerativeService.GenerateAnswer": generate_answer,
    "GenerativeService.CountTokens": count_tokens,
    "PredictionService.GenerateContent": generate_content,
    "PredictionService.StreamGenerateContent": stream_generate_content,
}
