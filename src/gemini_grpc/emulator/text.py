"""Make answers by rule: deterministic sentences about what was asked, and vectors of what was said."""

from __future__ import annotations

import hashlib
import math
import random
import re
from functools import lru_cache

_WORD = re.compile(r"\w+")
_COMMON = frozenset(
    (
        *(
            "a",
            "about",
            "an",
            "and",
            "are",
            "as",
            "at",
            "be",
            "by",
            "can",
            "do",
            "does",
            "for",
            "from",
        ),
        *("give", "has", "have", "how", "i", "in", "is", "it", "its", "me", "my", "of", "on", "or"),
        *("please", "say", "tell", "than", "that", "the", "their", "them", "then", "there", "this"),
        *("to", "us", "was", "we", "were", "what", "when", "where", "which", "who", "why", "will"),
        *("with", "would", "you", "your"),
    )
)
_OPENINGS = (
    "Here is what can be said about {0}.",
    "A short answer about {0} follows.",
    "Let us look at {0} together.",
    "This is about {0}.",
)
_SENTENCES = (
    "The first thing to know about {0} is how it relates to {1}.",
    "Most people meet {0} long before they think about {1}.",
    "In practice, {0} depends on {1} more than it seems.",
    "It helps to keep {0} and {1} apart.",
    "There is no {0} without a little {1}.",
    "Whoever works with {0} will sooner or later work with {1}.",
)
_CLOSINGS = (
    "That is the essence of {0}.",
    "With that, {0} should be clearer.",
    "So much for {0}.",
)
_ARITHMETIC = re.compile(r"(-?\d+)\s*([-+*x])\s*(-?\d+)")


def seeded(*parts: object) -> random.Random:
    """Return a random generator that is the same for the same parts, in every process."""
    digest = hashlib.sha256(repr(parts).encode()).digest()
    return random.Random(int.from_bytes(digest[:8], "big"))  # noqa: S311  # not for secrets


def words(text: str) -> list[str]:
    """Return the words of a text, in lower case."""
    return _WORD.findall(text.lower())


def keywords(text: str) -> list[str]:
    """Return the words that carry the meaning of a text, in order, each once."""
    found = dict.fromkeys(word for word in words(text) if word not in _COMMON and len(word) > 1)
    return list(found) or list(dict.fromkeys(words(text))) or ["this"]


def answer(prompt: str, *, instruction: str = "", history: str = "", seed: object = 0) -> str:
    """Return a text of a few sentences about a prompt; a sum is worked out."""
    if match := _ARITHMETIC.search(prompt):
        left, sign, right = int(match[1]), match[2], int(match[3])
        result = {"+": left + right, "-": left - right}.get(sign, left * right)
        return f"{left} {sign} {right} is {result}."
    chance = seeded(prompt, instruction, history, seed)
    topics = keywords(prompt)
    lead = " ".join(topics[:4])
    sentences = [chance.choice(_OPENINGS).format(lead)]
    pool = [
        *topics,
        *keywords(history)[:3],
        *keywords(instruction)[:3],
        "context",
        "time",
        "practice",
    ]
    sentences += [
        template.format(chance.choice(topics), chance.choice(pool))
        for template in chance.sample(_SENTENCES, chance.randint(2, 4))
    ]
    sentences.append(chance.choice(_CLOSINGS).format(lead))
    return " ".join(sentences)


def embed(text: str, size: int, *, flavour: str = "") -> list[float]:
    """Return the vector of a text: unit length, and closer the more words two texts share.

    Every word adds a few components at places that only depend on the word; so does the flavour
    (a task type), faintly.
    """
    vector = [0.0] * size
    for word in words(text) or [""]:
        _add(vector, word, 1.0)
    if flavour:
        _add(vector, f"\0{flavour}", 0.1)
    length = math.sqrt(sum(value * value for value in vector))
    return [value / length for value in vector]


def _add(vector: list[float], word: str, weight: float) -> None:
    size = len(vector)
    for place, value in _components(word):
        vector[place % size] += weight * value


@lru_cache(maxsize=4096)
def _components(word: str) -> tuple[tuple[int, float], ...]:
    chance = seeded(word)
    return tuple((chance.randrange(1 << 30), chance.uniform(0.5, 1.5)) for _ in range(24))
