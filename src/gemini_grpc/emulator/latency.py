"""How long answers take: the time to the first token, then so many tokens a second, with jitter.

Only answers of handlers are paced; a scripted reply keeps its own pauses, and live sessions theirs.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gemini_grpc import checks
from gemini_grpc.emulator import tokens
from gemini_grpc.errors import ArgumentError

if TYPE_CHECKING:
    from gemini_grpc.emulator.convert import Data


@dataclass(frozen=True, slots=True, kw_only=True)
class Latency:
    """A model of the time that answers take. Seconds everywhere."""

    first: float = 0.0
    """Seconds until the first token, or until the answer where there are no tokens."""
    tokens_per_second: float | None = None
    """How fast the tokens come; None for all at once."""
    jitter: float = 0.0
    """How much each pause varies, 0 to 1; by the seed and the request, so it is the same again."""

    def __post_init__(self) -> None:
        checks.seconds("first", self.first)
        if self.tokens_per_second is not None and self.tokens_per_second <= 0:
            raise ArgumentError(
                f"tokens_per_second is {self.tokens_per_second}; expected more than 0, or None"
            )
        if not 0 <= self.jitter <= 1:
            raise ArgumentError(f"jitter is {self.jitter}; expected 0 to 1")

    def pause(self, answer: Data, chance: random.Random, *, first: bool) -> float:
        """Return the seconds to wait before a message of an answer."""
        seconds = self.first if first else 0.0
        if self.tokens_per_second is not None:
            seconds += _tokens(answer) / self.tokens_per_second
        return seconds * (1 + self.jitter * chance.uniform(-1, 1))


def _tokens(answer: Data) -> int:
    """Return how many tokens a response to a generating method has."""
    candidates = answer.get("candidates", ())
    contents = [candidate.get("content") for candidate in candidates]
    contents.append(answer.get("answer", {}).get("content"))
    counted = tokens.count_contents(content for content in contents if isinstance(content, dict))
    return sum(counted.values())
