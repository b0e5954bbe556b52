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
_ASKING = frozenset(
    (
        *("answer", "brief", "briefly", "compose", "create", "describe", "detail", "detailed"),
        *(
            "discuss",
            "essay",
            "explain",
            "generate",
            "know",
            "list",
            "long",
            "make",
            "name",
            "need",
        ),
        *("paragraph", "paragraphs", "produce", "reply", "sentence", "sentences", "short", "story"),
        *("suggest", "talk", "text", "translate", "use", "very", "want", "word", "words", "write"),
    )
)
"""Words that ask for a text and are not what it is about."""
_FORMS = frozenset(
    {"joke", "jokes", "poem", "haiku", "verse", "rhyme", "limerick", "funny", "json"}
)
_ABOUT = re.compile(r"\b(?:about|on|for|of) (?:an? |the )?([^.,;:!?\n]{2,40})")
_OPENINGS = (
    "Here is what can be said about {0}.",
    "A short answer about {0} follows.",
    "Let us look at {0} together.",
    "This is about {0}.",
)
_SENTENCES = (
    "The first thing to know about {0} is how it relates to {1}.",
    "A good way to begin with {0} is to look at {1}.",
    "Many questions about {0} turn out to be questions about {1}.",
    "One can spend a pleasant afternoon with {0} and hardly notice {1}.",
    "What {0} lacks in fame, it makes up for with {1}.",
    "Ask three people about {0} and one of them will mention {1}.",
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


def subjects(text: str) -> list[str]:
    """Return the words that tell what a text is to be about: its keywords without those that ask."""
    found = [word for word in keywords(text) if word not in _ASKING and not word.isdecimal()]
    return found or keywords(text)


def topic(text: str, limit: int = 3) -> str:
    """Return what a text is about, in a few words."""
    about = _ABOUT.search(text)
    chosen = subjects(about[1] if about else text)
    named = [word for word in chosen if word not in _FORMS] or ["chicken"]
    return " ".join(named[:limit])


def answer(prompt: str, *, instruction: str = "", history: str = "", seed: object = 0) -> str:
    """Return a text of a few sentences about a prompt.

    This is prose only. `answers.replies` knows more: it repeats, recalls, reckons, counts and lists.
    """
    chance = seeded(prompt, instruction, history, seed)
    topics = subjects(prompt)
    lead = " ".join(topics[:4])
    sentences = [chance.choice(_OPENINGS).format(lead)]
    pool = [
        *topics,
        *(keywords(history)[:3] if history else ()),
        *(keywords(instruction)[:3] if instruction else ()),
        "context",
        "time",
        "practice",
    ]
    sentences += [
        _filled(template, topics, pool, chance)
        for template in chance.sample(_SENTENCES, chance.randint(2, 4))
    ]
    sentences.append(chance.choice(_CLOSINGS).format(lead))
    return " ".join(sentences)


def essay(prompt: str, size: int, *, seed: object = 0) -> str:
    """Return a text about a prompt of exactly so many words, in paragraphs."""
    chance = seeded("essay", prompt, seed)
    topics = subjects(prompt)[:8]
    pool = [*topics, "time", "practice", "patience", "chance", "memory", "order"]
    written = [chance.choice(_OPENINGS).format(" ".join(topics[:4]))]
    count = len(written[0].split())
    while count < size:
        sentence = _filled(chance.choice(_SENTENCES), topics, pool, chance)
        count += len(sentence.split())
        written.append(sentence)
    groups = [written[start : start + 5] for start in range(0, len(written), 5)]
    return _first_words("\n\n".join(" ".join(group) for group in groups), size)


def _filled(template: str, topics: list[str], pool: list[str], chance: random.Random) -> str:
    """Return a sentence about a topic and something else."""
    topic = chance.choice(topics)
    other = chance.choice([word for word in pool if word != topic])
    said = template.format(topic, other)
    return said[:1].upper() + said[1:]


def _first_words(text: str, size: int) -> str:
    """Return the beginning of a text, ended with a full stop."""
    ends = [match.end() for match in re.finditer(r"\S+", text)]
    return text if len(ends) <= size else text[: ends[size - 1]].rstrip(".,") + "."


def embed(text: str, size: int, *, flavour: str = "") -> list[float]:
    """Return the vector of a text: unit length, and closer the more words two texts share.

    Every word adds a few components at places that only depend on the word; so does the flavour
    (a task type), faintly. As in vectors of real models, no component is zero: each has a small
    value that depends on the whole text.
    """
    faint = 0.1 / (74 * math.sqrt(size))  # 74: the root mean square of the bytes below
    vector = [(2 * byte - 255) * faint / 2 for byte in seeded(text).randbytes(size)]
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
