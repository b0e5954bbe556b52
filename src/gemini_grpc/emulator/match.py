"""Which request an outcome is for, and what keeps a request from being it.

A condition is a text that the last content (or the whole request, where there are no contents) must
contain, a part of the request, or a function of the request as a dictionary. A part of a request says
what must be there: a mapping asks for its fields, a list for its items one by one, a value for equality.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from gemini_grpc.emulator.convert import Data

When = str | Mapping[str, object] | Callable[[dict[str, Any]], bool]
"""A condition on a request."""

_SHOWN = 60


@dataclass(frozen=True, slots=True)
class Difference:
    """A field of a request that is not what a condition asks for."""

    path: str
    """Where it is: `contents[0].parts[0].text`."""
    expected: str
    """What the condition asks for."""
    got: str
    """What the request has."""

    def __str__(self) -> str:
        return f"{self.path}: expected {self.expected}, got {self.got}"


def differences(when: When, request: Data) -> list[Difference]:
    """Return where a request is not what a condition asks for; nothing if it fits."""
    if callable(when):
        name = getattr(when, "__name__", "function")
        return [] if when(request) else [Difference("when", f"{name}() to be true", "false")]
    if isinstance(when, str):
        path, said = _said(request)
        if any(when in text for text in said):
            return []
        return [Difference(path, f"a text with {when!r}", _show(" ".join(said)))]
    return list(_compare(when, request, ""))


def size(when: When) -> int:
    """Return how many values a condition asks for."""
    return _leaves(when) if isinstance(when, Mapping) else 1


def _compare(expected: Any, got: Any, path: str) -> Iterator[Difference]:
    if isinstance(expected, Mapping) and isinstance(got, Mapping):
        for name, value in expected.items():
            yield from _compare(value, got.get(name), f"{path}.{name}" if path else str(name))
    elif isinstance(expected, list) and isinstance(got, list):
        if len(expected) != len(got):
            yield Difference(path, _count(expected), _count(got))
        for index, (value, other) in enumerate(zip(expected, got, strict=False)):
            yield from _compare(value, other, f"{path}[{index}]")
    elif expected != got:
        yield Difference(path or "the request", _show(expected), _show(got))


def _leaves(value: object) -> int:
    if isinstance(value, Mapping):
        return sum(map(_leaves, value.values()))
    return sum(map(_leaves, value)) if isinstance(value, list) else 1


def _said(request: Data) -> tuple[str, list[str]]:
    """Return where to look for a text, and the texts that are there."""
    contents = request.get("contents")
    if contents:
        path = f"contents[{len(contents) - 1}]"
        return path, [part["text"] for part in contents[-1].get("parts", ()) if "text" in part]
    return "the request", list(_strings(request))


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, Mapping):
        for item in value.values():
            yield from _strings(item)
    elif isinstance(value, list):
        for item in value:
            yield from _strings(item)


def _count(items: list[Any]) -> str:
    return f"{len(items)} item" if len(items) == 1 else f"{len(items)} items"


def _show(value: object) -> str:
    if value is None:
        return "nothing"
    text = repr(value)
    return text if len(text) <= _SHOWN else text[: _SHOWN - 3] + "..."
