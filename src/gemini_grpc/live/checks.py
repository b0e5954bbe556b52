"""What arguments may be: each function refuses a value that cannot be used, and names the argument.

They raise an ArgumentError.
"""

from __future__ import annotations

import operator
from typing import Any

from gemini_grpc.errors import ArgumentError


def instance(name: str, value: object, kind: type, *, optional: bool = False) -> None:
    """Refuse what is not of a class; `optional` may be None."""
    if not (isinstance(value, kind) or (optional and value is None)):
        expected = f"{kind.__name__} or None" if optional else kind.__name__
        raise ArgumentError(f"{name} is {type(value).__name__}; expected {expected}")


def choice(name: str, value: object, *choices: str) -> None:
    """Refuse what is none of some words."""
    if value not in choices:
        raise ArgumentError(f"{name} is {value!r}; expected one of {', '.join(map(repr, choices))}")


def count(name: str, value: int) -> None:
    """Refuse what is no integer, or less than 1."""
    try:
        fits = operator.index(value) >= 1
    except TypeError:
        fits = False
    if not fits:
        raise ArgumentError(f"{name} is {value!r}; expected an integer, at least 1")


def seconds(name: str, value: Any, *, zero: bool = False, optional: bool = False) -> None:
    """Refuse what is no number, or not more than 0; `zero` may be 0, `optional` None."""
    if optional and value is None:
        return
    number = hasattr(value, "__float__")  # numpy's and fractions as well
    if not number or not (value >= 0 if zero else value > 0):
        least, none = "0 or more" if zero else "more than 0", ", or None" if optional else ""
        raise ArgumentError(f"{name} is {value!r}; expected seconds, {least}{none}")
