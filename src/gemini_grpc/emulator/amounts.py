"""Numbers that users give: each is checked once, where it comes in."""

from __future__ import annotations

from gemini_grpc.errors import ArgumentError


def seconds(name: str, value: object) -> None:
    """Check a time.

    Raises:
        ArgumentError: It is no number, or less than 0.
    """
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not value >= 0:
        raise ArgumentError(f"{name} is {value!r}; expected seconds, 0 or more")


def count(name: str, value: object, *, least: int = 1, none: str = "") -> None:
    """Check a count; `none` says what None means, where it may be given.

    Raises:
        ArgumentError: It is no integer, or too small.
    """
    if value is None and none:
        return
    if isinstance(value, bool) or not isinstance(value, int) or value < least:
        more = f", or None for {none}" if none else ""
        raise ArgumentError(f"{name} is {value!r}; expected an integer, at least {least}{more}")
