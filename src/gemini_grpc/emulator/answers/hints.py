"""What a prompt offers as values: numbers, quoted texts, places, addresses, dates, choices.

Each number and each quoted text is handed out once, in the order in which they stand, so that
"multiply 3 by 4" fills two arguments with two numbers. A value that stands behind the name it is asked
for ("quantity: 3", "a title of 'Dune'") comes first.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterable, Sequence

from gemini_grpc.emulator import text
from gemini_grpc.emulator.answers import arithmetic
from gemini_grpc.emulator.answers.reading import stem

READ = 4000
"""How many characters of a prompt are looked at, from its end."""

_NUMBER = re.compile(r"(?<![\w.])-?\d[\d,]{0,30}(?:\.\d{1,30})?(?![\w])")
_QUOTED = re.compile(
    '"([^"\n]{1,500})"|\u201c([^\u201d\n]{1,500})\u201d|`([^`\n]{1,500})`|'
    r"(?<!\w)'([^'\n]{1,500})'(?!\w)"
)
_CAPITAL = r"[A-Z\u00c0-\u00de][\w'.-]*"
_PHRASE = rf"{_CAPITAL}(?:,? (?:of (?:the )?|de |la )?{_CAPITAL}){{0,4}}"
_PLACE = re.compile(rf"\b(?:in|at|for|near|to|from|of|around|visit) ({_PHRASE})")
_PERSON = re.compile(
    rf"\b(?:named?|called|name is|i am|i'm|for|to|user|customer|person|of) ({_PHRASE})"
)
_PROPER = re.compile(rf"(?<=[a-z,] )({_PHRASE})")
_ABOUT = re.compile(
    r"\b(?:search(?: the web)? for|look up|looking for|find|about|regarding|on the topic of)"
    r" (?:the |an? )?([^.,;!?\n]{2,120})",
    re.IGNORECASE,
)
_EMAIL = re.compile(r"[\w.+-]{1,64}@[\w-]{1,64}(?:\.[\w-]{1,64})+")
_LINK = re.compile(r"https?://[^\s\"'<>)]{1,500}")
_DATE = re.compile(
    r"\b(\d{4}-\d{2}-\d{2}|today|tomorrow|yesterday|next \w+|(?:mon|tues|wednes|thurs|fri|satur|sun)day)\b",
    re.IGNORECASE,
)
_TIME = re.compile(r"\b(\d{1,2}:\d{2}(?: ?[ap]m)?|\d{1,2} ?[ap]m)\b", re.IGNORECASE)

_KINDS: tuple[tuple[frozenset[str], tuple[re.Pattern[str], ...]], ...] = (
    (frozenset({"email", "mail"}), (_EMAIL,)),
    (frozenset({"url", "uri", "link", "website"}), (_LINK,)),
    (frozenset({"date", "day", "when"}), (_DATE,)),
    (frozenset({"time", "hour"}), (_TIME,)),
    (
        frozenset(
            {"city", "location", "place", "destination", "origin", "town", "country", "where"}
            | {"address", "region", "state", "area"}
        ),
        (_PLACE, _QUOTED, _PROPER),
    ),
    (
        frozenset({"name", "customer", "person", "user", "author", "recipient", "employee"}),
        (_QUOTED, _PERSON, _PROPER),
    ),
)
_WHOLE = frozenset(
    {
        "query",
        "question",
        "input",
        "text",
        "prompt",
        "message",
        "content",
        "search",
        "topic",
        "term",
    }
    | {"q", "string", "sentence", "request", "task", "instruction", "instructions"}
)
_EXPRESSIONS = frozenset({"expression", "formula", "equation", "calculation"})
_CONNECTED = r"\s*(?:is|are|=|:|of|to|as|was|should be|named|called|by)?\s*"


class Hints:
    """The values of one prompt; handing one out uses it up."""

    def __init__(self, said: str, chance: random.Random) -> None:
        self.said = said[-READ:]
        self.chance = chance
        """The source of everything the prompt does not say."""
        numbers = _QUOTED.sub(" ", self.said)
        self._numbers = [match[0] for match in _NUMBER.finditer(numbers)]
        self._used: set[str] = set()
        self._quoted = [_text(match) for match in _QUOTED.finditer(self.said)]

    def number(self, name: str, *, whole: bool, low: float, high: float) -> float | None:
        """Return the number for a name, within bounds, None when the prompt has none left."""
        joined = _CONNECTED if len(name) > 2 else r"\s*(?:=|:| is )\s*"
        digits = r"(-?\d[\d,]{0,30}(?:\.\d{1,30})?)"
        named = re.search(rf"\b{_spaced(name)}{joined}{digits}", self.said, re.IGNORECASE)
        chosen = [named[1]] if named else []
        for written in [*chosen, *self._numbers]:
            value = float(written.replace(",", "") or 0)
            if low <= value <= high and (not whole or value.is_integer()):
                if written in self._numbers:
                    self._numbers.remove(written)
                return int(value) if value.is_integer() else value
        return None

    def text(self, name: str) -> str | None:
        """Return the text for a name, None when the prompt has nothing that fits."""
        words = [word for word in re.split(r"[_\W]+", _spaced_words(name)) if word]
        if named := self._named(name):
            return named
        for names, patterns in _KINDS:
            if names & set(words):
                return self._first(patterns)
        if _EXPRESSIONS & set(words):
            found = arithmetic.find(self.said)
            return found.expression if found else None
        if self._quoted:
            return self._use(self._quoted[0])
        return None

    def whole(self, name: str) -> str | None:
        """Return the prompt itself, or what it is about, for a name like `query`."""
        words = set(re.split(r"[_\W]+", _spaced_words(name)))
        if not words & _WHOLE or not self.said.strip():
            return None
        about = _ABOUT.search(self.said)
        return about[1].strip() if about else self.said.strip()

    def proper(self) -> str | None:
        """Return the first name that stands in the prompt, None without one."""
        return self._first((_PROPER,))

    def choice(self, options: Sequence[object]) -> object:
        """Return the option that the prompt mentions, or one by chance."""
        mentioned = {stem(word) for word in text.words(self.said)}
        for option in options:
            words = [stem(word) for word in text.words(str(option))]
            if words and mentioned.issuperset(words):
                return option
        return self.chance.choice(list(options))

    def truth(self, name: str) -> bool | None:
        """Return whether the prompt wants or denies a thing, None when it does not speak of it."""
        spaced = _spaced(name.removeprefix("is_").removeprefix("include_"))
        found = re.search(
            rf"(\b(?:no|not|without|don't|never|disable)\b[^.\n]{{0,20}})?{spaced}\W*(\w*)",
            self.said,
            re.I,
        )
        if found is None:
            return None
        return not found[1] and found[2].lower() not in {"false", "no", "off"}

    def spend(self, number: int) -> None:
        """Take a number away that says something else, like how many things are wanted."""
        if str(number) in self._numbers:
            self._numbers.remove(str(number))

    def mentions(self, name: str) -> bool:
        """Tell whether the prompt speaks of a name."""
        return re.search(rf"\b{_spaced(name)}\b", self.said, re.IGNORECASE) is not None

    def _named(self, name: str) -> str | None:
        joined = "(?:=|:| is | of | to | as | named | called )" if len(name) > 2 else "(?:=|:| is )"
        found = re.search(
            rf"\b{_spaced(name)}\s?{joined}\s*(?:\"([^\"\n]+)\"|'([^'\n]+)'|([\w][\w@.+/-]*))",
            self.said,
            re.IGNORECASE,
        )
        if found is None or (found[3] or "").lower() in _EMPTY:
            return None
        value = _text(found)
        return self._use(value) if value in self._quoted else value.rstrip(".,;")

    def _first(self, patterns: Iterable[re.Pattern[str]]) -> str | None:
        for pattern in patterns:
            if pattern is _QUOTED:
                if self._quoted:
                    return self._use(self._quoted[0])
                continue
            found = [
                match[pattern.groups and 1].rstrip(".,;") for match in pattern.finditer(self.said)
            ]
            fresh = next((value for value in found if value not in self._used), None)
            if found:
                self._used.add(fresh or found[0])
                return fresh or found[0]
        return None

    def _use(self, quoted: str) -> str:
        self._quoted.remove(quoted)
        return quoted


_EMPTY = frozenset({"the", "a", "an", "my", "your", "this", "that", "what", "be", "in", "for"})


def _text(match: re.Match[str]) -> str:
    return next(group for group in match.groups() if group is not None)


def _spaced_words(name: str) -> str:
    """Return a name in words, in lower case: `unitPrice` and `unit_price` are `unit price`."""
    return re.sub(r"(?<=[a-z0-9])(?=[A-Z])|_|-", " ", name).lower().strip()


def _spaced(name: str) -> str:
    """Return a pattern for a name however its words are joined."""
    return r"[ _-]?".join(map(re.escape, _spaced_words(name).split())) or re.escape(name)
