"""The words for a closed set of values: enums and literals.

A Schema knows only texts in `enum`, none of them empty. So an Enum class goes by its values if all of
them are texts, and by its names otherwise. A number or bool of a Literal is described as it is in JSON;
its text (`"3"` for 3, `"true"` for True) is accepted as well.
"""

from __future__ import annotations

import enum
from collections.abc import Iterable

from gemini_grpc.errors import ArgumentError

Words = tuple[tuple[str, object], ...]
"""Each word with the value it stands for."""


def enum_words(kind: type[enum.Enum]) -> Words:
    """Return the words of an Enum class."""
    if not len(kind):
        raise ArgumentError(f"the enum {kind.__name__} has no members")
    return tuple((word_of(member), member) for member in kind)


def word_of(member: enum.Enum) -> str:
    """Return the word of a member of an Enum class."""
    if all(isinstance(each.value, str) and each.value for each in type(member)):
        return str(member.value)
    return member.name or str(member.value)  # a flag without members has no name


def literal_words(values: Iterable[object]) -> Words:
    """Return the words of the values of a Literal, without None."""
    words = tuple((_literal_word(value), value) for value in values)
    if len({word for word, _ in words}) < len(words):
        raise ArgumentError(f"the values of the Literal read the same as texts: {dict(words)}")
    return words


def _literal_word(value: object) -> str:
    match value:
        case enum.Enum():
            return word_of(value)
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case str() if value:
            return value
    raise ArgumentError(
        f"a Literal of {value!r} cannot be used; expected a non-empty str or an int"
    )
