"""Argument checks: each function raises an ArgumentError that names the argument and what it may be."""

from __future__ import annotations

import math
from numbers import Integral, Real
from typing import Any

from gemini_grpc.errors import ArgumentError


def instance(name: str, value: object, kind: type, *, optional: bool = False) -> None:
    """Require an instance of a class, or None if `optional`."""
    if not (isinstance(value, kind) or (optional and value is None)):
        expected = f"{kind.__name__} or None" if optional else kind.__name__
        raise ArgumentError(f"{name} is {type(value).__name__}; expected {expected}")


def choice(name: str, value: object, *choices: str) -> None:
    """Require one of some words."""
    if value not in choices:
        raise ArgumentError(f"{name} is {value!r}; expected one of {', '.join(map(repr, choices))}")


def count(name: str, value: object, *, least: int = 1, none: str = "") -> None:
    """Require an integer (numpy's too) of at least `least`; None is accepted if `none` says what it means."""
    if value is None and none:
        return
    if isinstance(value, bool) or not isinstance(value, Integral) or int(value) < least:
        more = f", or None for {none}" if none else ""
        raise ArgumentError(f"{name} is {value!r}; expected an integer, at least {least}{more}")


def seconds(
    name: str,
    value: object,
    *,
    positive: bool = False,
    optional: bool = False,
    endless: bool = False,
) -> None:
    """Require a number (numpy's and fractions too) of at least 0, or more than 0 if `positive`.

    It is finite unless it may be `endless`.
    """
    if optional and value is None:
        return
    number: Any = value if isinstance(value, Real) and not isinstance(value, bool) else math.nan
    if not ((number > 0 if positive else number >= 0) and (endless or number < math.inf)):
        least = "more than 0" if positive else "0 or more"
        none = ", or None for no limit" if optional else ""
        raise ArgumentError(f"{name} is {value!r}; expected seconds as a number, {least}{none}")
