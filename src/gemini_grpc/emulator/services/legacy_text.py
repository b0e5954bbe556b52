"""TextService: text, embeddings and counts of the PaLM models.

`answers.safety` says what is harmful; PaLM has names of its own for the categories, `CATEGORIES`. What is
blocked is left out, and explained by `filters` and `safety_feedback`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemini_grpc.emulator import status, text, tokens
from gemini_grpc.emulator.answers import replies, safety
from gemini_grpc.emulator.answers.prompt import Prompt
from gemini_grpc.emulator.services.models import find, require

if TYPE_CHECKING:
    from gemini_grpc.emulator.convert import Data
    from gemini_grpc.emulator.world import Call

EMBEDDING_SIZE = 768
CATEGORIES = {
    "HARM_CATEGORY_DEROGATORY": "HARM_CATEGORY_HATE_SPEECH",
    "HARM_CATEGORY_TOXICITY": "HARM_CATEGORY_HARASSMENT",
    "HARM_CATEGORY_SEXUAL": "HARM_CATEGORY_SEXUALLY_EXPLICIT",
    "HARM_CATEGORY_DANGEROUS": "HARM_CATEGORY_DANGEROUS_CONTENT",
}
"""What the categories of PaLM that are rated are called since."""
UNRATED = {"HARM_CATEGORY_VIOLENCE", "HARM_CATEGORY_MEDICAL"}
"""The categories of PaLM that are accepted, and that nothing is found in."""


def generate_text(call: Call) -> Data:
    """Return completions of a prompt."""
    request = call.request
    name = require(request, "model")
    method = "" if name.startswith("tunedModels/") else "generateText"
    model = find(call, name, supports=method)
    said: str = request["prompt"]["text"]
    if (count := tokens.count_text(said)) > model["input_token_limit"]:
        limit = model["input_token_limit"]
        raise status.invalid("prompt.text", f"has {count} tokens, at most {limit} will do")
    limit = request.get("max_output_tokens") or model["output_token_limit"]
    settings = _settings(request)
    verdict = safety.judge(said, settings)
    if verdict.blocked:
        return _explain([verdict], settings) | {"candidates": []}
    stops = request.get("stop_sequences", [])
    written = [
        _cut(replies.reply(Prompt(said), seed=(call.world.seed, index)), stops, limit)
        for index in range(request.get("candidate_count", 1))
    ]
    verdicts = [safety.judge(output, settings, asked=said) for output in written]
    candidates = [
        {"output": output, "safety_ratings": [_rating(rating) for rating in verdict.ratings]}
        for output, verdict in zip(written, verdicts, strict=True)
        if not verdict.blocked
    ]
    return _explain(verdicts, settings) | {"candidates": candidates}


def embed_text(call: Call) -> Data:
    """Return the embedding of one text."""
    find(call, require(call.request, "model"), supports="embedText")
    return {"embedding": _embed(call.request.get("text", ""))}


def batch_embed_text(call: Call) -> Data:
    """Return the embeddings of several texts, given as such or as requests."""
    find(call, require(call.request, "model"), supports="embedText")
    texts, requests = call.request.get("texts", []), call.request.get("requests", [])
    if bool(texts) == bool(requests):
        raise status.invalid("texts", "is required, or requests, and not both")
    said = texts or [request.get("text", "") for request in requests]
    return {"embeddings": [_embed(each) for each in said]}


def count_text_tokens(call: Call) -> Data:
    """Return how many tokens a prompt has."""
    find(call, require(call.request, "model"), supports="countTextTokens")
    return {"token_count": tokens.count_text(call.request["prompt"]["text"])}


def _settings(request: Data) -> list[Data]:
    """Return the safety settings with the categories as they are called since."""
    given = request.get("safety_settings", [])
    for index, setting in enumerate(given):
        category = setting["category"]
        if category not in CATEGORIES and category not in UNRATED:
            path = f"safety_settings[{index}].category"
            raise status.invalid(path, f"is {category}, which these models do not know")
    return [
        setting | {"category": CATEGORIES[setting["category"]]}
        for setting in given
        if setting["category"] in CATEGORIES
    ]


def _explain(verdicts: list[safety.Verdict], settings: list[Data]) -> Data:
    """Return the filters and the feedback for what was blocked."""
    thresholds = {setting["category"]: setting.get("threshold") for setting in settings}
    blocked = [rating for verdict in verdicts for rating in verdict.ratings if rating["blocked"]]
    feedback = [
        {
            "rating": _rating(rating),
            "setting": {
                "category": _rating(rating)["category"],
                "threshold": thresholds.get(rating["category"]) or safety.DEFAULT_THRESHOLD,
            },
        }
        for rating in blocked
    ]
    return {"filters": [{"reason": "SAFETY"}] if blocked else [], "safety_feedback": feedback}


def _rating(rating: Data) -> Data:
    """Return a rating with the category as PaLM calls it."""
    older = {new: old for old, new in CATEGORIES.items()}
    return rating | {"category": older.get(rating["category"], rating["category"])}


def _cut(said: str, stops: list[str], limit: int) -> str:
    """Return a text up to the first stop sequence, and no longer than so many tokens."""
    ends = [said.find(stop) for stop in stops if stop in said]
    return "".join(tokens.pieces(said[: min(ends, default=len(said))])[:limit])


def _embed(said: str) -> Data:
    return {"value": text.embed(said, EMBEDDING_SIZE)}


HANDLERS = {
    "TextService.GenerateText": generate_text,
    "TextService.EmbedText": embed_text,
    "TextService.BatchEmbedText": batch_embed_text,
    "TextService.CountTextTokens": count_text_tokens,
}
