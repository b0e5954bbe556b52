"""Texts that match a regular expression, for schemas that ask for one.

Understood is what schemas use: literals, classes, groups, alternatives and repetition. What is beyond
that (look-around, back references) adds nothing to the text, so the caller checks what comes out.
"""

from __future__ import annotations

import random
import re
import string

_CLASSES = {
    "d": "0123456789",
    "w": string.ascii_lowercase,
    "s": " ",
    "D": string.ascii_lowercase,
    "W": "-",
    "S": string.ascii_lowercase,
    "n": "\n",
    "t": "\t",
    "r": "\r",
}
_EMPTY_ESCAPES = "bBAZz"
_REPEATS = {"*": (0, None), "+": (1, None), "?": (0, 1)}
_BRACES = re.compile(r"\{(\d+)(,?)(\d*)\}")
_BUDGET = 5000  # how many atoms are read again for repetitions
_DEEPEST = 50  # how many groups a pattern may have
_PRINTABLE = string.digits + string.ascii_letters + string.punctuation + " "


def example(pattern: str, chance: random.Random, *, stretch: int = 1) -> str:
    """Return a text made along a pattern; open repetitions are repeated `stretch` times more."""
    if pattern.count("(") > _DEEPEST:
        return ""
    return _Reader(pattern, chance, stretch).alternatives()


class _Reader:
    """Reads a pattern from left to right and writes the text while it does."""

    def __init__(self, pattern: str, chance: random.Random, stretch: int) -> None:
        self._pattern = pattern
        self._place = 0
        self._chance = chance
        self._stretch = stretch
        self._budget = _BUDGET

    def alternatives(self) -> str:
        """Read up to the end or a closing parenthesis, and return one of the alternatives."""
        found = [self._sequence()]
        while self._peek() == "|":
            self._place += 1
            found.append(self._sequence())
        return self._chance.choice(found)

    def _peek(self) -> str:
        return self._pattern[self._place : self._place + 1]

    def _take(self) -> str:
        taken = self._peek()
        self._place += 1
        return taken

    def _sequence(self) -> str:
        written: list[str] = []
        while self._peek() not in ("", "|", ")"):
            start = self._place
            piece = self._atom()
            times = self._repetition()
            after = self._place
            for _ in range(min(times, self._budget)):
                written.append(piece)
                self._place = start
                piece = self._atom()
            self._place = after
        return "".join(written)

    def _repetition(self) -> int:
        """Read what stands behind an atom, and return how often the atom comes."""
        least, most = 1, 1
        sign = self._peek()
        if sign in _REPEATS and sign:
            self._place += 1
            low, high = _REPEATS[sign]
            least, most = low, high if high is not None else low + self._stretch
        elif braces := _BRACES.match(self._pattern, self._place):
            self._place = braces.end()
            least = int(braces[1])
            most = int(braces[3]) if braces[3] else least + (self._stretch if braces[2] else 0)
        if least != most or sign in _REPEATS:
            self._place += self._peek() in ("?", "+") and bool(self._peek())
        return min(most, least + self._stretch)

    def _atom(self) -> str:
        self._budget = max(0, self._budget - 1)
        sign = self._take()
        if sign == "(":
            return self._group()
        if sign == "[":
            return self._class()
        if sign == "\\":
            return self._escape()
        if sign == ".":
            return self._chance.choice(string.ascii_lowercase)
        return "" if sign in "^$" else sign

    def _group(self) -> str:
        kind = re.compile(r"\?(?::|P?<\w+>|[=!]|<[=!])").match(self._pattern, self._place)
        if kind:
            self._place = kind.end()
        inner = self.alternatives()
        self._place += 1
        return "" if kind and kind[0] in {"?=", "?!", "?<=", "?<!"} else inner

    def _escape(self) -> str:
        sign = self._take()
        if sign in _EMPTY_ESCAPES:
            return ""
        return self._chance.choice(_CLASSES[sign]) if sign in _CLASSES else sign

    def _class(self) -> str:
        negated = self._peek() == "^"
        self._place += negated
        members: list[str] = []
        first = True
        while self._peek() and (first or self._peek() != "]"):
            first = False
            members += self._members()
        self._place += 1
        if negated:
            members = [sign for sign in _PRINTABLE if sign not in members]
        return self._chance.choice(members or ["a"])

    def _members(self) -> list[str]:
        """Read one member of a class: a character, an escape or a range."""
        sign = self._take()
        if sign == "\\":
            escaped = self._take()
            return list(_CLASSES.get(escaped, escaped))
        following = self._pattern[self._place + 1 : self._place + 2]
        if self._peek() != "-" or following in ("", "]"):
            return [sign]
        self._place += 2
        last = self._take() if following == "\\" else following
        if not last:
            return [sign]
        return [chr(code) for code in range(ord(sign), min(ord(last), ord(sign) + 512) + 1)]
