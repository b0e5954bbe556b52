"""The kinds of constraint that a field of a request can have; `rules` says which field has which.

A constraint that is `needed` holds even when validation is not strict, since handlers rely on it.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass
from functools import cache
from typing import Any, Protocol

from gemini_grpc.emulator import tokens

Problems = Iterator[tuple[str, str]]
"""What is wrong with a value: where inside it, empty for the whole, and a text."""


class Constraint(Protocol):
    """Tells what is wrong with a value of a field that is set."""

    @property
    def needed(self) -> bool:
        """Tell whether it holds even when validation is not strict."""
        ...

    def problems(self, value: Any) -> Problems:
        """Yield what is wrong."""
        ...


@dataclass(frozen=True, slots=True)
class Required:
    """The field must be set, though its descriptor does not say so."""

    needed: bool = True

    def problems(self, value: Any) -> Problems:
        """Yield nothing: a field that has a value is fine."""
        yield from ()


@dataclass(frozen=True, slots=True)
class Range:
    """A number must lie within bounds, which belong to the range."""

    low: float
    high: float = math.inf
    _: KW_ONLY
    above: bool = False
    """The lower bound does not belong to the range."""
    below: bool = False
    """The upper bound does not belong to the range."""
    needed: bool = False

    def problems(self, value: Any) -> Problems:
        """Yield what is wrong."""
        low = value > self.low if self.above else value >= self.low
        high = value < self.high if self.below else value <= self.high
        if not (low and high):
            yield "", f"is {value:g}, expected {self}"

    def __str__(self) -> str:
        low = f"more than {self.low:g}" if self.above else f"{self.low:g}"
        if self.high == math.inf:
            return low if self.above else f"{low} or more"
        return f"{low} to {'less than ' if self.below else ''}{self.high:g}"


@dataclass(frozen=True, slots=True)
class Seconds:
    """A `Duration` must lie within bounds, in seconds."""

    range: Range
    needed: bool = False

    def problems(self, value: Any) -> Problems:
        """Yield what is wrong."""
        for _, text in self.range.problems(value.seconds + value.nanos / 1e9):
            yield "", f"{text} seconds"


@dataclass(frozen=True, slots=True)
class Count:
    """A list must have so many items."""

    low: int
    high: int
    _: KW_ONLY
    needed: bool = False

    def problems(self, value: Any) -> Problems:
        """Yield what is wrong."""
        if not self.low <= len(value) <= self.high:
            yield "", f"has {len(value)}, expected {self.low} to {self.high}"


@dataclass(frozen=True, slots=True)
class Length:
    """A text must not have more characters."""

    high: int
    needed: bool = False

    def problems(self, value: Any) -> Problems:
        """Yield what is wrong."""
        if len(value) > self.high:
            yield "", f"has {len(value)} characters, expected at most {self.high}"


@dataclass(frozen=True, slots=True)
class Tokens:
    """A text must not have more tokens."""

    high: int
    needed: bool = False

    def problems(self, value: Any) -> Problems:
        """Yield what is wrong."""
        count = tokens.count_text(value)
        if count > self.high:
            yield "", f"has {count} tokens, expected at most {self.high}"


@dataclass(frozen=True, slots=True)
class Pattern:
    """A text must match a regular expression as a whole; an empty one counts as unset."""

    regex: str
    expected: str
    needed: bool = False

    def problems(self, value: Any) -> Problems:
        """Yield what is wrong."""
        if value and not re.fullmatch(self.regex, value):
            yield "", f"is {_short(value)}, expected {self.expected}"


@dataclass(frozen=True, slots=True)
class Choice:
    """A text must be one of these; an empty one counts as unset."""

    values: tuple[str, ...]
    needed: bool = False

    def problems(self, value: Any) -> Problems:
        """Yield what is wrong."""
        if value and value not in self.values:
            yield "", f"is {_short(value)}, expected one of {', '.join(self.values)}"


@dataclass(frozen=True, slots=True)
class Names:
    """A text must be a resource name of one of these shapes; an empty one counts as unset."""

    patterns: tuple[str, ...]
    """Shapes such as `corpora/*/documents/*`; a star is one segment."""
    _: KW_ONLY
    id: str = "[^/]+"
    """The regular expression of the last segment."""
    expected: str = ""
    """What the last segment must be, in words."""
    needed: bool = False

    def problems(self, value: Any) -> Problems:
        """Yield what is wrong."""
        if value and not any(
            _shape(pattern, self.id).fullmatch(value) for pattern in self.patterns
        ):
            yield "", f"is {_short(value)}, expected {' or '.join(self.patterns)}{self.expected}"


@dataclass(frozen=True, slots=True)
class Each:
    """Every item of a list, or one field of every item, must obey a constraint."""

    constraint: Constraint
    field: str = ""
    needed: bool = False

    def problems(self, value: Any) -> Problems:
        """Yield what is wrong."""
        for index, item in enumerate(value):
            inner = getattr(item, self.field) if self.field else item
            for _, text in self.constraint.problems(inner):
                yield f"[{index}].{self.field}".rstrip("."), text


@dataclass(frozen=True, slots=True)
class Filled:
    """A text must not be empty."""

    needed: bool = False

    def problems(self, value: Any) -> Problems:
        """Yield what is wrong."""
        if not value:
            yield "", "is empty"


@dataclass(frozen=True, slots=True)
class Distinct:
    """The items of a list must differ in one field."""

    field: str
    needed: bool = False

    def problems(self, value: Any) -> Problems:
        """Yield what is wrong."""
        seen = set()
        for index, item in enumerate(value):
            key = getattr(item, self.field)
            if key in seen:
                yield f"[{index}].{self.field}", "repeats an earlier one"
            seen.add(key)


@dataclass(frozen=True, slots=True)
class Labels:
    """A map must hold labels as Google Cloud has them."""

    needed: bool = False

    def problems(self, value: Any) -> Problems:
        """Yield what is wrong."""
        for key, text in value.items():
            if not re.fullmatch(r"[a-z][a-z0-9_-]{0,62}", key):
                yield f"[{key!r}]", "has a key that is no label"
            if not re.fullmatch(r"[a-z0-9_-]{0,63}", text):
                yield f"[{key!r}]", f"is {_short(text)}, which is no label"


@dataclass(frozen=True, slots=True)
class Moment:
    """A `Timestamp` must be within the years 1 to 9999, as its proto says."""

    needed: bool = True

    def problems(self, value: Any) -> Problems:
        """Yield what is wrong."""
        if not -62_135_596_800 <= value.seconds <= 253_402_300_799:
            yield "", f"is {value.seconds} seconds from 1970, expected the years 1 to 9999"
        if not 0 <= value.nanos <= 999_999_999:
            yield "", f"has {value.nanos} nanos, expected 0 to 999999999"


@dataclass(frozen=True, slots=True)
class Span:
    """A `Duration` must be within 10 000 years, its two parts of one sign, as its proto says."""

    needed: bool = True

    def problems(self, value: Any) -> Problems:
        """Yield what is wrong."""
        if abs(value.seconds) > 315_576_000_000 or abs(value.nanos) > 999_999_999:
            yield "", "is longer than 10000 years or has too many nanos"
        elif value.seconds * value.nanos < 0:
            yield "", "has seconds and nanos of different signs"


@cache
def _shape(pattern: str, last: str) -> re.Pattern[str]:
    """Return the regular expression of the names of a shape."""
    *segments, end = pattern.split("/")
    parts = ["[^/]+" if segment == "*" else re.escape(segment) for segment in segments]
    return re.compile("/".join([*parts, last if end == "*" else re.escape(end)]))


def _short(value: str) -> str:
    return repr(value if len(value) <= 40 else f"{value[:37]}...")
