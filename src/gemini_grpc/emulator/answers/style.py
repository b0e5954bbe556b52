"""How an answer is to be worded: what a system instruction or the prompt itself says about form.

Understood are: upper and lower case, how every answer begins or ends, one sentence or one word, brief,
only the number or the word, and a fixed answer. Everything else in an instruction only colours prose.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gemini_grpc.emulator.answers.prompt import Prompt

_LAST = r"[\"'\u201c]?([^\"'\u201d\n]{1,200}?)[\"'\u201d]?(?=[.\n]|$)"

_FIXED = re.compile(
    r"\b(?:always|only|just) (?:answer|reply|respond|say)(?: only)?(?: with)?(?: exactly| the word)?:?"
    r" [\"'\u201c]([^\"\u201d\n]{1,500}?)[\"'\u201d](?:[.\s]|$)",
    re.IGNORECASE,
)
_PREFIX = re.compile(
    rf"\b(?:start|begin|prefix) (?:every|each|all|your) [^\n\"':]{{0,40}}?(?:with|by|:) {_LAST}",
    re.IGNORECASE,
)
_SUFFIX = re.compile(
    rf"\b(?:end|finish|close) (?:every|each|all|your) [^\n\"':]{{0,40}}?(?:with|by|:) {_LAST}",
    re.IGNORECASE,
)
_PIRATE = re.compile(r"\b(?:as|like|you are) a pirate\b", re.IGNORECASE)


def fixed(prompt: Prompt) -> str | None:
    """Return the answer that the system instruction prescribes for everything, None without one."""
    found = _FIXED.search(prompt.instruction)
    return found[1] if found else None


def apply(said: str, prompt: Prompt) -> str:
    """Return an answer in the form that is wished for."""
    wishes = f"{prompt.instruction}\n{prompt.said[-2000:]}"
    for pattern, shape in _SHAPES:
        if pattern.search(wishes):
            said = shape(said)
    if _PIRATE.search(prompt.instruction):
        said = f"Arr! {said}"
    if start := _PREFIX.search(prompt.instruction):
        said = f"{start[1].strip()} {said}"
    if end := _SUFFIX.search(prompt.instruction):
        said = f"{said} {end[1].strip()}"
    return said


def _first_sentence(said: str) -> str:
    found = re.match(r".*?[.!?](?=\s|$)", said, re.DOTALL)
    return found[0] if found else said


def _first_word(said: str) -> str:
    found = re.findall(r"[\w'-]+", said)
    return str(found[-1]) if found else said


def _number(said: str) -> str:
    found = re.findall(r"-?\d+(?:\.\d+)?", said)
    return str(found[-1]) if found else said


def _pattern(words: str) -> re.Pattern[str]:
    return re.compile(words, re.IGNORECASE)


_SHAPES: tuple[tuple[re.Pattern[str], Callable[[str], str]], ...] = (
    (_pattern(r"\b(?:only|just) (?:with )?(?:the |a )?(?:number|result|digits?)\b"), _number),
    (
        _pattern(r"\b(?:in|with|using) (?:just |only |exactly )?(?:one|a single) word\b"),
        _first_word,
    ),
    (
        _pattern(
            r"\b(?:in|with|using) (?:just |only |exactly )?(?:one|a single|1)(?: short)? sentence\b"
            r"|\b(?:be|keep it) (?:very |extremely )?(?:brief|short|concise)\b|\bbriefly\b"
        ),
        _first_sentence,
    ),
    (_pattern(r"\bin (?:upper ?case|all caps|capital letters|capitals)\b"), str.upper),
    (_pattern(r"\bin lower ?case\b"), str.lower),
)
