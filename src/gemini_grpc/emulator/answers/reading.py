"""Questions about a text that the prompt carries: the sentence that answers is quoted.

The prompt names its parts ("Context: ... Question: ...", as programs that retrieve do), or it is a
text with a question at the end. A request for a summary gets the sentences that say most.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from gemini_grpc.emulator import text

if TYPE_CHECKING:
    from gemini_grpc.emulator.answers.prompt import Prompt

READ = 100_000
"""How many characters of a text are looked at."""

_SENTENCE = re.compile(r"[^.!?\n]+(?:[.!?](?!\s|$)[^.!?\n]*)*[.!?]?")
_LABELLED = re.compile(
    r"(?:^|\n)\s*(?:user )?(?:query|question|q)\s*:\s*(.+?)\s*(?=\n\s*(?:helpful )?answer\b|\n\n|$)",
    re.IGNORECASE | re.DOTALL,
)
_CONTEXT = re.compile(r"\b(?:context|passages?|documents?|sources?|excerpts?)\b", re.IGNORECASE)
_ASKING = re.compile(
    r"^\W*(?:what|who|whom|whose|where|when|which|why|how|is|are|was|were|did|does|do|can)\b",
    re.IGNORECASE,
)
_SUMMARY = re.compile(
    r"\b(?:summari[sz]e|summary of|tl;?dr|in short)\b[^:\n]{0,60}[:\n]\s*(.+)",
    re.IGNORECASE | re.DOTALL,
)


def answer(prompt: Prompt) -> str | None:
    """Return what the text of a prompt says to its question, None when it has none of both."""
    said = prompt.said[-READ:]
    if summary := _SUMMARY.search(said):
        return summarize(summary[1])
    if asked := _LABELLED.search(said):
        around = said[: asked.start()] + "\n" + said[asked.end() :]
        if _CONTEXT.search(around) or len(sentences(around)) > 2:
            return quote(around, asked[1]) or "The context does not say."
    *before, last = sentences(said) or [""]
    if not _ASKING.match(last):
        return None
    return quote(" ".join(before), last, least=2) or quote(prompt.remembered[-READ:], last, least=3)


def sentences(said: str) -> list[str]:
    """Return the sentences of a text; a line end ends one as well."""
    found = (match[0].strip() for match in _SENTENCE.finditer(said))
    return [sentence for sentence in found if text.words(sentence)]


def quote(said: str, question: str, *, least: int = 1) -> str | None:
    """Return the sentence that shares most words with a question, None below the least number."""
    asked = {stem(word) for word in text.keywords(question)}
    expected = next((form for kind, form in _EXPECTED if kind.search(question)), None)
    best, chosen = 0.0, None
    for sentence in sentences(said):
        if sentence.endswith(("?", ":")):
            continue
        shared: float = len(asked & {stem(word) for word in text.words(sentence)})
        if shared and expected and expected.search(sentence):
            shared += 0.5
        if shared > best and not _is_directive(sentence):
            best, chosen = shared, sentence
    return chosen if best >= least else None


def summarize(said: str, *, size: int = 2) -> str:
    """Return the sentences that hold most of a text's frequent words, in their order."""
    found = sentences(said)
    counts: dict[str, int] = {}
    for word in map(stem, text.words(said)):
        counts[word] = counts.get(word, 0) + 1
    weights = [
        sum(counts[stem(word)] for word in text.keywords(sentence) if stem(word) in counts)
        for sentence in found
    ]
    best = sorted(range(len(found)), key=lambda index: (-weights[index], index))[:size]
    return "In short: " + " ".join(found[index] for index in sorted(best))


def stem(word: str) -> str:
    """Return a word without its commonest endings, so that `multiplies` meets `multiply`."""
    word = word.lower()
    for ending, replacement in _ENDINGS:
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            return word[: -len(ending)] + replacement
    return word


_ENDINGS = (
    ("ications", "y"),
    ("ication", "y"),
    ("ies", "y"),
    ("ying", "y"),
    ("ied", "y"),
    ("ations", ""),
    ("ation", ""),
    ("ing", ""),
    ("es", ""),
    ("ed", ""),
    ("er", ""),
    ("s", ""),
    ("e", ""),
)
_DIRECTIVE = re.compile(
    r"^\W*(?:given the context|use the following|answer the (?:query|question)|using only|"
    r"context information|you are|if you don'?t know|please)\b",
    re.IGNORECASE,
)


_EXPECTED = (
    (re.compile(r"\bwhen\b", re.IGNORECASE), re.compile(r"\b\d{4}\b|\d:\d\d|\b\w+day\b")),
    (re.compile(r"\bhow (?:many|much|tall|old|far|long|big|high)\b", re.I), re.compile(r"\d")),
    (re.compile(r"\bwho\b", re.IGNORECASE), re.compile(r"\w \W*[A-Z]\w+")),
)
"""What a sentence should have for a kind of question."""


def _is_directive(sentence: str) -> bool:
    return bool(_DIRECTIVE.match(sentence))
