"""A response in pieces, as a stream carries it.

Texts are cut at tokens and join to the whole; a function call, a blob or any other part stays whole. Each
message has a piece of every candidate that is not finished, and the usage so far. The last piece of a
candidate has its finish reason and everything that is known only at the end.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gemini_grpc.emulator import tokens

if TYPE_CHECKING:
    from gemini_grpc.emulator.convert import Data

CHUNK_TOKENS = 8
"""How many tokens one message of a stream carries; a short text is cut in two."""

_COMMON = ("model_version", "response_id", "create_time")
_EVERYWHERE = ("index", "safety_ratings")
_AT_THE_END = ("candidates_tokens_details",)


@dataclass(frozen=True, slots=True)
class _Piece:
    """What one message has of a candidate."""

    candidate: Data
    parts: list[Data]
    last: bool

    def data(self) -> Data:
        """Return the candidate of the message."""
        content = {"role": "model", "parts": self.parts}
        kept = self.candidate if self.last else {}
        common = {key: self.candidate[key] for key in _EVERYWHERE if key in self.candidate}
        return {**kept, **common, "content": content}

    def count(self) -> int:
        """Return how many tokens it has, thoughts left out."""
        said = [part for part in self.parts if not part.get("thought")]
        return sum(tokens.count_contents([{"parts": said}]).values())


def split(response: Data) -> Iterator[Data]:
    """Yield a response in pieces; a prompt that was blocked is one piece."""
    common = {key: response[key] for key in _COMMON if key in response}
    queues = [list(_pieces(candidate)) for candidate in response.get("candidates", ())]
    if not queues:
        yield response
        return
    longest = max(map(len, queues))
    sent = 0
    for number in range(longest):
        pieces = [queue[number] for queue in queues if number < len(queue)]
        sent += sum(piece.count() for piece in pieces)
        message = {**common, "candidates": [piece.data() for piece in pieces]}
        if number == 0 and "prompt_feedback" in response:
            message["prompt_feedback"] = response["prompt_feedback"]
        usage = response["usage_metadata"]
        message["usage_metadata"] = usage if number == longest - 1 else _so_far(usage, sent)
        yield message


def cut(said: str) -> list[str]:
    """Return a text in pieces of some tokens each; joined they are the text."""
    pieces = tokens.pieces(said)
    size = min(CHUNK_TOKENS, max(1, -(-len(pieces) // 2)))
    return ["".join(pieces[start : start + size]) for start in range(0, len(pieces), size)] or [
        said
    ]


def _pieces(candidate: Data) -> Iterator[_Piece]:
    parts = [
        piece for part in candidate.get("content", {}).get("parts", ()) for piece in _cut_part(part)
    ]
    for index, part in enumerate(parts):
        yield _Piece(candidate, [part], index == len(parts) - 1)
    if not parts:
        yield _Piece(candidate, [], True)


def _cut_part(part: Data) -> list[Data]:
    if "text" not in part:
        return [part]
    return [{**part, "text": piece} for piece in cut(part["text"])]


def _so_far(usage: Data, sent: int) -> Data:
    """Return the usage before the end: what was sent in the place of the whole answer."""
    count = min(sent, usage["candidates_token_count"])
    kept = {key: value for key, value in usage.items() if key not in _AT_THE_END}
    rest = usage["total_token_count"] - usage["candidates_token_count"]
    return {**kept, "candidates_token_count": count, "total_token_count": rest + count}
