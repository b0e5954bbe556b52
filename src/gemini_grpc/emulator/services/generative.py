"""Generating: GenerateContent, StreamGenerateContent and CountTokens.

`answers` makes the answers. Here they are put together: the cache in front of the prompt, the verdict on
the prompt, the candidates cut to length, rated and counted.
"""

from __future__ import annotations

import datetime
import json
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING

from gemini_grpc.emulator import status, text, tokens
from gemini_grpc.emulator.answers import (
    compose,
    logprobs,
    media,
    prompt,
    safety,
    streaming,
    thinking,
)
from gemini_grpc.emulator.services import caches, files
from gemini_grpc.emulator.services.models import find, require

if TYPE_CHECKING:
    from gemini_grpc.emulator.convert import Data
    from gemini_grpc.emulator.world import Call

CANDIDATE_LIMIT = 8
"""How many candidates an answer has at most."""

_CACHED = ("system_instruction", "tools", "tool_config")


def generate_content(call: Call) -> Data:
    """Return the whole answer."""
    return respond(call, call.request, supports="generateContent")


def stream_generate_content(call: Call) -> Iterator[Data]:
    """Yield the same answer in pieces; the last one of each candidate has the finish reason."""
    return split(respond(call, call.request, supports="generateContent"))


def count_tokens(call: Call) -> Data:
    """Return what a prompt counts, the same as `usage_metadata` of generating would say."""
    request = call.request
    model = find(call, require(request, "model"), supports="countTokens")
    request = request.get("generate_content_request") or request
    if not request.get("contents"):
        raise status.invalid("contents", "is required")
    cached = _cached(call, request, model)
    held = cached.get("totals", {})
    totals = _added(prompt_totals(call, request), held)
    counted: Data = {
        "total_tokens": sum(totals.values()),
        "prompt_tokens_details": tokens.details(totals),
    }
    if held:
        counted["cached_content_token_count"] = sum(held.values())
        counted["cache_tokens_details"] = tokens.details(held)
    return counted


def respond(call: Call, request: Data, *, supports: str) -> Data:
    """Return the answer to a GenerateContentRequest, by a model that supports a method.

    Raises:
        StatusError: INVALID_ARGUMENT, or NOT_FOUND: the model or the cache.
    """
    model = find(call, require(request, "model"), supports=supports)
    if not request.get("contents"):
        raise status.invalid("contents", "is required")
    cached = _cached(call, request, model)
    held: dict[str, int] = cached.get("totals", {})
    counted = _added(prompt_totals(call, request), held)
    whole = _with_cache(request, cached)
    response = _frame(call, request, model)
    asked = prompt.read(whole)
    feedback = _feedback(whole, asked)
    if feedback is not None:
        response["prompt_feedback"] = feedback
    if feedback is not None and "block_reason" in feedback:
        response["usage_metadata"] = _usage(counted, held, [])
        return response
    count = min(
        max(whole.get("generation_config", {}).get("candidate_count", 1), 1), CANDIDATE_LIMIT
    )
    made = [_candidate(call, whole, asked, model, index) for index in range(count)]
    response["candidates"] = [candidate for candidate, _, _ in made]
    response["usage_metadata"] = _usage(counted, held, made)
    return response


def split(response: Data) -> Iterator[Data]:
    """Yield a response in pieces whose texts join to the whole."""
    return streaming.split(response)


def prompt_totals(call: Call, request: Data) -> dict[str, int]:
    """Return what the prompt of a GenerateContentRequest counts, by modality, without its cache."""
    instruction = request.get("system_instruction")
    totals = tokens.count_contents(
        [*([instruction] if instruction else []), *request.get("contents", ())],
        files.reader(call.world),
    )
    return _added(totals, {"TEXT": tokens.count_tools(request.get("tools", ()))})


def _added(first: dict[str, int], second: dict[str, int]) -> dict[str, int]:
    sums = {key: first.get(key, 0) + second.get(key, 0) for key in {**first, **second}}
    return {key: count for key, count in sums.items() if count}


def _cached(call: Call, request: Data, model: Data) -> Data:
    """Return what a cache puts in front of a prompt, nothing when none is named."""
    name = request.get("cached_content")
    if not name:
        return {}
    if doubled := next((field for field in _CACHED if field in request), None):
        raise status.invalid(doubled, "cannot be given beside cached_content, which holds its own")
    return caches.prefix(call, name, model=model["name"])


def _with_cache(request: Data, cached: Data) -> Data:
    """Return a request as if what is cached stood in it."""
    if not cached:
        return request
    kept = {field: cached[field] for field in _CACHED if field in cached}
    return {**request, **kept, "contents": [*cached.get("contents", ()), *request["contents"]]}


def _frame(call: Call, request: Data, model: Data) -> Data:
    """Return what a response has besides its candidates."""
    written = json.dumps(request, sort_keys=True, default=_shortened)
    number = text.seeded(call.world.seed, written).getrandbits(64)
    frame: Data = {
        "model_version": model["name"].rpartition("/")[2],
        "response_id": f"{number:016x}",
    }
    if call.version == "aiplatform_v1":
        now = call.world.clock.now()
        frame["create_time"] = datetime.datetime.fromtimestamp(now, datetime.UTC)
    return frame


def _shortened(value: object) -> object:
    """Return bytes as their sum, which tells them apart as well and is quicker to write."""
    return [len(value), zlib.crc32(value)] if isinstance(value, bytes) else str(value)


def _feedback(request: Data, asked: prompt.Prompt) -> Data | None:
    """Return the verdict on a prompt, None when there is nothing to say."""
    users = " ".join(turn.text for turn in asked.history if turn.role != prompt.MODEL)
    verdict = safety.judge(f"{users} {asked.said}", request.get("safety_settings", ()))
    reason = "SAFETY" if verdict.blocked else safety.block_reason(asked.said)
    if reason is None and not verdict.notable:
        return None
    feedback: Data = {"safety_ratings": list(verdict.ratings)}
    if reason is not None:
        feedback["block_reason"] = reason
        feedback["block_reason_message"] = f"The prompt was blocked: {reason}."
    return feedback


def _candidate(
    call: Call, request: Data, asked: prompt.Prompt, model: Data, index: int
) -> tuple[Data, int, int]:
    """Return one candidate, the tokens of its thoughts and those that its tools brought."""
    config = request.get("generation_config", {})
    seed = (call.world.seed, config.get("seed", 0), index)
    live = call.method.shape == "bidi"
    ask = compose.Ask(
        prompt=asked,
        request=request,
        model=model["name"],
        seed=seed,
        audio_type=media.LIVE_AUDIO if live else media.SPEECH_AUDIO,
    )
    limit = config.get("max_output_tokens", 0)
    allowed = thinking.budget(model["name"], config)
    thought = thinking.thoughts(asked, allowed, limit, seed=seed)
    spent = tokens.count_text(thought)
    drafted = compose.draft(ask)
    room = min(limit or model["output_token_limit"], model["output_token_limit"]) - spent
    parts, reason = _cut(drafted.parts, config, max(0, room))
    said = prompt.texts([{"parts": parts}])
    verdict = safety.judge(said, request.get("safety_settings", ()), asked=asked.said)
    ended = safety.finish(asked.said)
    candidate: Data = {"index": index, "safety_ratings": list(verdict.ratings)}
    if ended or verdict.blocked:
        reason, message = ended or ("SAFETY", "The answer was withheld for safety.")
        content: Data = {"role": "model", "parts": []}
        return candidate | {"content": content} | _ending(reason, message), spent, 0
    shown = [{"text": thought, "thought": True}] if _shows(config) and thought else []
    counted = sum(tokens.count_contents([{"parts": parts}]).values())
    candidate |= {
        "content": {"role": "model", "parts": shown + _signed(parts, thought)},
        "finish_reason": reason,
        "token_count": counted,
        **_moved(drafted.fields, len(shown)),
        **_probabilities(said, config),
    }
    return candidate, spent, drafted.tool_tokens


def _ending(reason: str, message: str) -> Data:
    """Return the fields of a candidate that was withheld."""
    fields: Data = {"finish_reason": reason, "finish_message": message}
    if reason == "RECITATION":
        source = {"start_index": 0, "end_index": 100, "uri": "https://example.com/source"}
        fields["citation_metadata"] = {"citation_sources": [source], "citations": [source]}
    return fields


def _shows(config: Data) -> bool:
    return bool(config.get("thinking_config", {}).get("include_thoughts"))


def _signed(parts: list[Data], thought: str) -> list[Data]:
    """Return parts whose first call carries the signature of the thoughts behind it."""
    if not thought or not parts or "function_call" not in parts[0]:
        return parts
    signature = f"{text.seeded('signature', thought).getrandbits(128):032x}".encode()
    return [{**parts[0], "thought_signature": signature}, *parts[1:]]


def _moved(fields: Data, places: int) -> Data:
    """Return the fields of grounding with the index of the part moved behind the thoughts."""
    supports = fields.get("grounding_metadata", {}).get("grounding_supports", ())
    for support in supports:
        support["segment"]["part_index"] += places
    return fields


def _probabilities(said: str, config: Data) -> Data:
    temperature = config.get("temperature", 1.0)
    if not said:
        return {}
    fields: Data = {"avg_logprobs": logprobs.average(said, temperature=temperature)}
    if config.get("response_logprobs"):
        count = config.get("logprobs", 0)
        fields["logprobs_result"] = logprobs.result(said, count, temperature=temperature)
    return fields


def _cut(parts: list[Data], config: Data, room: int) -> tuple[list[Data], str]:
    """Return parts shortened to what the configuration allows, and the finish reason.

    Texts end at the first stop sequence and where the room ends; other parts are not cut.
    """
    kept: list[Data] = []
    for part in parts:
        if "text" not in part:
            kept.append(part)
            continue
        said, stopped = _stopped(part["text"], config.get("stop_sequences", ()))
        pieces = tokens.pieces(said)
        if len(pieces) > room:
            rest = "".join(pieces[:room])
            return [*kept, *([{**part, "text": rest}] if rest else [])], "MAX_TOKENS"
        room -= len(pieces)
        kept.append({**part, "text": said})
        if stopped:
            break
    return kept, "STOP"


def _stopped(said: str, stops: list[str]) -> tuple[str, bool]:
    """Return a text up to the first stop sequence, and whether there was one."""
    ends = [place for stop in stops if stop and (place := said.find(stop)) >= 0]
    return (said[: min(ends)], True) if ends else (said, False)


def _usage(
    counted: dict[str, int], held: dict[str, int], made: list[tuple[Data, int, int]]
) -> Data:
    """Return the usage of a call: the prompt, its cache, and what was made."""
    answered = tokens.count_contents(
        {"parts": [part for part in candidate["content"]["parts"] if not part.get("thought")]}
        for candidate, _, _ in made
    )
    thoughts = sum(spent for _, spent, _ in made)
    brought = sum(found for _, _, found in made)
    usage: Data = {
        "prompt_token_count": sum(counted.values()),
        "candidates_token_count": sum(answered.values()),
        "total_token_count": sum(counted.values()) + sum(answered.values()) + thoughts + brought,
        "prompt_tokens_details": tokens.details(counted),
        "candidates_tokens_details": tokens.details(answered),
        "traffic_type": "ON_DEMAND",
    }
    if held:
        usage["cached_content_token_count"] = sum(held.values())
        usage["cache_tokens_details"] = tokens.details(held)
    if thoughts:
        usage["thoughts_token_count"] = thoughts
    if brought:
        usage["tool_use_prompt_token_count"] = brought
        usage["tool_use_prompt_tokens_details"] = tokens.details({"TEXT": brought})
    return usage


HANDLERS = {
    "GenerativeService.GenerateContent": generate_content,
    "GenerativeService.StreamGenerateContent": stream_generate_content,
    "GenerativeService.CountTokens": count_tokens,
    "PredictionService.GenerateContent": generate_content,
    "PredictionService.StreamGenerateContent": stream_generate_content,
}
