"""Log probabilities of the tokens of an answer, and of those that might have stood in their place.

They are drawn from the text itself: the same answer has the same probabilities, and `avg_logprobs` is
the mean of what the list says. The chosen token is the likeliest one at temperature 0, and mostly
otherwise.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from gemini_grpc.emulator import text, tokens

if TYPE_CHECKING:
    from gemini_grpc.emulator.convert import Data

_OTHERS = (
    *(" the", " a", " is", " of", " and", " to", " in", ",", ".", " it", " that", " for"),
    *(" with", " one", " as", " at", " not", " on", " by", " or", " an", " so", " no"),
)


def average(said: str, *, temperature: float) -> float:
    """Return the mean log probability of the tokens of a text, 0 without any."""
    drawn = _drawn(len(tokens.pieces(said)), said, temperature)
    return sum(drawn) / len(drawn) if drawn else 0.0


def result(said: str, count: int, *, temperature: float) -> Data:
    """Return the `LogprobsResult` of a text, with so many likeliest tokens at each place."""
    pieces = tokens.pieces(said)
    drawn = _drawn(len(pieces), said, temperature)
    fields: Data = {
        "chosen_candidates": [
            _entry(piece, value) for piece, value in zip(pieces, drawn, strict=True)
        ],
        "log_probability_sum": sum(drawn),
    }
    if count:
        chance = text.seeded("alternatives", said)
        fields["top_candidates"] = [
            {"candidates": _likeliest(piece, value, count, chance.randrange(len(_OTHERS)))}
            for piece, value in zip(pieces, drawn, strict=True)
        ]
    return fields


def _drawn(count: int, said: str, temperature: float) -> list[float]:
    """Return the log probability of each token; below one half another one would be likelier."""
    chance = text.seeded("logprobs", said)
    least = 0.55 if temperature == 0 else 0.35
    return [math.log(chance.uniform(least, 0.999)) for _ in range(count)]


def _likeliest(piece: str, value: float, count: int, start: int) -> list[Data]:
    """Return the likeliest tokens at a place, in descending order; their sum is at most 1."""
    left = 1.0 - math.exp(value)
    others = [_OTHERS[(start + place) % len(_OTHERS)] for place in range(len(_OTHERS))]
    entries = [_entry(piece, value)]
    for other in others:
        if len(entries) >= count:
            break
        if other.strip() != piece.strip():
            left *= 0.5
            entries.append(_entry(other, math.log(max(left, 1e-12))))
    return sorted(entries, key=lambda entry: -entry["log_probability"])[:count]


def _entry(piece: str, value: float) -> Data:
    return {"token": piece, "token_id": tokens.token_id(piece), "log_probability": value}
