"""The error for a value of the model that does not fit the type asked for.

It is written for two readers: the program, which gets path, expectation and finding as attributes, and
the model, which can mend its call when it is given the text as the answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence

from gemini_grpc.errors import GeminiError

LONGEST = 60
"""How many characters of a value are quoted."""


class MisfitError(GeminiError, ValueError):
    """A value that the model sent does not fit the type it is meant for."""

    def __init__(self, path: str, *, expected: str, got: str) -> None:
        super().__init__(path, expected, got)
        self.path = path
        """Where the value is, as `stops[2].city`; empty for the whole."""
        self.expected = expected
        """What would fit, in words."""
        self.got = got
        """What there is, in words and shortened."""

    def __str__(self) -> str:
        return f"{self.path or 'the value'}: expected {self.expected}, got {self.got}"

    def __reduce__(self) -> tuple[object, ...]:
        return _restore, (self.path, self.expected, self.got)


def _restore(path: str, expected: str, got: str) -> MisfitError:
    return MisfitError(path, expected=expected, got=got)


def misfit(path: str, expected: str, value: object) -> MisfitError:
    """Return the error for a value."""
    return MisfitError(path, expected=expected, got=describe(value))


def describe(value: object) -> str:
    """Return a JSON value in words, with at most `LONGEST` characters of it."""
    match value:
        case None | bool():
            return json.dumps(value)
        case int() | float():
            return f"the number {short(repr(value))}"
        case str():
            return f"the text {short(_printable(json.dumps(value, ensure_ascii=False)))}"
        case Mapping():
            names = ", ".join(map(str, value))
            return f"an object with {short(names)}" if names else "an empty object"
        case Sequence():
            return f"a list of {len(value)}"
        case _:
            return f"a value of type {type(value).__name__}"


def _printable(text: str) -> str:
    """Return a text with lone surrogates, which cannot be encoded, as escapes."""
    return text.encode(errors="backslashreplace").decode()


def short(text: str) -> str:
    """Return a text, cut at `LONGEST` characters."""
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."
