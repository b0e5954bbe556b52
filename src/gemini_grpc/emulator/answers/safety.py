"""Safety: words that make a prompt or an answer count as harmful, and what the thresholds do about it.

- `harassment-low`, `harassment-medium` and `harassment-high` in a prompt rate it so, and likewise
  `hate-speech-`, `sexually-explicit-`, `dangerous-content-` and `civic-integrity-`. So do the phrases of
  `PHRASES`, wherever they stand, in a prompt or in an answer.
- With `answer-` in front (`answer-harassment-high`) the prompt passes, and the answer to it is rated.
- What is rated at or above the threshold of its category is blocked: a prompt with the block reason SAFETY
  and no candidates, an answer with the finish reason SAFETY and no content. The threshold is
  BLOCK_MEDIUM_AND_ABOVE where none is given; BLOCK_NONE lets all pass, OFF drops the rating as well.
- `prompt-blocklist`, `prompt-prohibited-content` and `prompt-other` block for these reasons, and
  `answer-recitation`, `answer-spii` and the others of `FINISHES` end the answer so, whatever the thresholds.

Words may be joined by `_` too, and upper case makes no difference.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gemini_grpc.emulator.convert import Data

LEVELS = ("NEGLIGIBLE", "LOW", "MEDIUM", "HIGH")
"""The steps of `HarmProbability`, and of `HarmSeverity` behind its prefix."""
DEFAULT_THRESHOLD = "BLOCK_MEDIUM_AND_ABOVE"

_THRESHOLDS = {
    "BLOCK_LOW_AND_ABOVE": 1,
    "BLOCK_MEDIUM_AND_ABOVE": 2,
    "BLOCK_ONLY_HIGH": 3,
    "BLOCK_NONE": 4,
    "OFF": 4,
}
CATEGORIES = {
    "harassment": "HARM_CATEGORY_HARASSMENT",
    "hate-speech": "HARM_CATEGORY_HATE_SPEECH",
    "sexually-explicit": "HARM_CATEGORY_SEXUALLY_EXPLICIT",
    "dangerous-content": "HARM_CATEGORY_DANGEROUS_CONTENT",
    "civic-integrity": "HARM_CATEGORY_CIVIC_INTEGRITY",
}
"""The trigger word of each category, in front of a level."""
_ALWAYS = tuple(CATEGORIES.values())[:4]

PHRASES: dict[str, dict[str, tuple[str, ...]]] = {
    "HARM_CATEGORY_HARASSMENT": {
        "LOW": ("you are an idiot",),
        "MEDIUM": ("insult my boss", "insult my colleague"),
        "HIGH": ("threaten my neighbour", "threaten my neighbor"),
    },
    "HARM_CATEGORY_HATE_SPEECH": {
        "LOW": ("make fun of foreigners",),
        "MEDIUM": ("write a racist joke",),
        "HIGH": ("incite hatred against",),
    },
    "HARM_CATEGORY_SEXUALLY_EXPLICIT": {
        "LOW": ("describe a nude",),
        "MEDIUM": ("write an erotic story",),
        "HIGH": ("write pornography",),
    },
    "HARM_CATEGORY_DANGEROUS_CONTENT": {
        "LOW": ("pick a lock",),
        "MEDIUM": ("hotwire a car",),
        "HIGH": ("build a bomb", "make a bomb"),
    },
    "HARM_CATEGORY_CIVIC_INTEGRITY": {
        "LOW": ("spread an election rumour", "spread an election rumor"),
        "MEDIUM": ("mislead voters",),
        "HIGH": ("forge ballots",),
    },
}
"""What is harmful without a trigger word, by category and level."""

BLOCKS = {
    "blocklist": "BLOCKLIST",
    "prohibited-content": "PROHIBITED_CONTENT",
    "other": "OTHER",
}
"""The other reasons to block a prompt, behind `prompt-`."""
FINISHES = {
    "recitation": ("RECITATION", "The answer repeats a known text."),
    "language": ("LANGUAGE", "The language is not supported."),
    "blocklist": ("BLOCKLIST", "The answer has a term of the blocklist."),
    "prohibited-content": (
        "PROHIBITED_CONTENT",
        "The answer is of a kind that is never permitted.",
    ),
    "spii": ("SPII", "The answer has personal data."),
    "malformed-function-call": ("MALFORMED_FUNCTION_CALL", "The call could not be read: print(f("),
    "unexpected-tool-call": ("UNEXPECTED_TOOL_CALL", "No tool is enabled."),
    "too-many-tool-calls": ("TOO_MANY_TOOL_CALLS", "Tools were called again and again."),
    "image-safety": ("IMAGE_SAFETY", "The picture is not safe."),
    "no-image": ("NO_IMAGE", "No picture was made."),
    "other": ("OTHER", "The answer ended for no named reason."),
}
"""The other ends of an answer, behind `answer-`, with their messages."""

_WORDS = "|".join(CATEGORIES).replace("-", "[-_]")
_RATED = re.compile(
    rf"(?<![\w-])(answer[-_])?({_WORDS})[-_](low|medium|high)(?![\w-])", re.IGNORECASE
)
_NAMED = re.compile(r"(?<![\w-])(prompt|answer)[-_]([a-z][a-z_-]{2,30})(?![\w-])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Verdict:
    """How a text is rated under the thresholds of a request."""

    ratings: tuple[Data, ...]
    """Messages of `SafetyRating`, one for each category."""
    blocked: bool
    """Whether one of them is at its threshold or above."""

    @property
    def notable(self) -> bool:
        """Tell whether any rating is above the least."""
        return any(rating["probability"] != LEVELS[0] for rating in self.ratings)


def rate(said: str, *, answer: bool = False) -> dict[str, str]:
    """Return the level of each category that a text touches.

    Args:
        said: The text.
        answer: Look for the trigger words of the answer, which are in the prompt, in the place of its own.
    """
    levels: dict[str, int] = {}
    for match in _RATED.finditer(said):
        if bool(match[1]) == answer:
            category = CATEGORIES[match[2].lower().replace("_", "-")]
            level = LEVELS.index(match[3].upper())
            levels[category] = max(level, levels.get(category, 0))
    return {category: LEVELS[level] for category, level in levels.items()} | (
        {} if answer else _phrases(said, levels)
    )


def judge(said: str, settings: Iterable[Data], *, asked: str | None = None) -> Verdict:
    """Return the verdict on a text.

    Args:
        said: The text of a prompt or an answer.
        settings: The safety settings of the request.
        asked: For an answer, the prompt it is given to.
    """
    thresholds = {entry.get("category"): entry.get("threshold", "") for entry in settings}
    levels = rate(said) if asked is None else _without_words(said) | rate(asked, answer=True)
    categories = dict.fromkeys([*_ALWAYS, *(c for c in thresholds if c in _KNOWN), *levels])
    ratings = tuple(
        _rating(category, levels.get(category, LEVELS[0]), thresholds.get(category, ""))
        for category in categories
        if thresholds.get(category) != "OFF"
    )
    return Verdict(ratings, any(rating["blocked"] for rating in ratings))


def block_reason(said: str) -> str | None:
    """Return why a prompt is blocked whatever the thresholds, None when it is not."""
    return next((BLOCKS[name] for name in _names(said, "prompt") if name in BLOCKS), None)


def finish(said: str) -> tuple[str, str] | None:
    """Return the end that a prompt makes its answer have, with a message; None for a normal one."""
    return next((FINISHES[name] for name in _names(said, "answer") if name in FINISHES), None)


_KNOWN = frozenset(CATEGORIES.values())


def _names(said: str, kind: str) -> list[str]:
    found = [match for match in _NAMED.finditer(said) if match[1].lower() == kind]
    return [match[2].lower().replace("_", "-") for match in found]


def _phrases(said: str, levels: dict[str, int]) -> dict[str, str]:
    lowered = said.lower()
    found = {}
    for category, by_level in PHRASES.items():
        for level, phrases in by_level.items():
            met = any(phrase in lowered for phrase in phrases)
            if met and LEVELS.index(level) > levels.get(category, 0):
                found[category] = level
    return found


def _without_words(said: str) -> dict[str, str]:
    """Return the rating of an answer by its phrases; a trigger word in it is only a quotation."""
    return _phrases(said, {})


def _rating(category: str, level: str, threshold: str) -> Data:
    step = LEVELS.index(level)
    least = _THRESHOLDS.get(threshold, _THRESHOLDS[DEFAULT_THRESHOLD])
    score = round(0.05 + 0.3 * step, 2)
    return {
        "category": category,
        "probability": level,
        "blocked": step >= least,
        "probability_score": score,
        "severity": f"HARM_SEVERITY_{level}",
        "severity_score": score,
    }
