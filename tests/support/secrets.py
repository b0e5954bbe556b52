"""Search a raised error for secrets, wherever a log or a crash reporter would show them.

A crash reporter prints an error with its causes and the local variables of every frame; it follows
containers a few levels deep and shows everything else by its `repr`.
"""

from __future__ import annotations

import dataclasses
import traceback
from collections.abc import Iterator, Mapping, Sequence, Set
from typing import Any

DEPTH = 5
"""How many levels of containers are followed."""

SKIPPED = ("tests.", "_pytest.", "pluggy.")
"""Modules whose frames are not searched: a test knows the secrets."""


def assert_hidden(error: BaseException, *secrets: str) -> None:
    """Fail if an error, one of its causes, or a local variable of a frame shows one of the secrets."""
    found = find(error, *secrets)
    assert not found, "\n".join(found)


def find(error: BaseException, *secrets: str) -> list[str]:
    """Return where an error shows one of the secrets, one line for each place."""
    assert secrets
    assert all(secrets)
    found = []
    for place, text in _texts(error):
        found += [f"{place} shows {secret!r}" for secret in secrets if secret in text]
    return found


def _texts(error: BaseException) -> Iterator[tuple[str, str]]:
    """Yield each text that an error can put into a log, and where it stands."""
    for each in _chain(error):
        name = type(each).__name__
        yield f"str({name})", str(each)
        yield f"repr({name})", repr(each)
        yield from _shown(f"{name}.__dict__", vars(each), DEPTH)
        for frame, _ in traceback.walk_tb(each.__traceback__):
            if not frame.f_globals.get("__name__", "").startswith(SKIPPED):
                where = f"{name}: {frame.f_globals.get('__name__')}.{frame.f_code.co_name}"
                for key, value in frame.f_locals.items():
                    yield from _shown(f"{where}: {key}", value, DEPTH)


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield an error, its causes and contexts (also suppressed ones), and the members of groups."""
    waiting, seen = [error], set()
    while waiting:
        each = waiting.pop()
        if id(each) in seen:
            continue
        seen.add(id(each))
        yield each
        waiting += [other for other in (each.__cause__, each.__context__) if other is not None]
        if isinstance(each, BaseExceptionGroup):
            waiting += each.exceptions


def _shown(place: str, value: Any, depth: int) -> Iterator[tuple[str, str]]:
    yield place, _repr(value)
    if depth == 0 or isinstance(value, (str, bytes, bytearray, memoryview)):
        return
    if isinstance(value, Mapping):
        parts = [(f"[{_repr(key):.30}]", each) for key, each in list(value.items())]
        parts += [(" key", key) for key in list(value)]
    elif isinstance(value, (Sequence, Set)):
        parts = [(f"[{index}]", each) for index, each in enumerate(value)]
    elif dataclasses.is_dataclass(value) and not isinstance(value, type):
        shown = [each.name for each in dataclasses.fields(value) if each.repr]
        parts = [(f".{name}", getattr(value, name, None)) for name in shown]
    else:
        return
    for part, each in parts:
        yield from _shown(place + part, each, depth - 1)


def _repr(value: object) -> str:
    try:
        return repr(value)
    except Exception as error:  # a crash reporter survives a repr that fails
        return f"<unrepresentable: {error}>"
