"""Functions by name, as one request or session offers them.

An entry is a `Function`, which can be called, or a `Declaration`, which somebody else answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from gemini_grpc.errors import ArgumentError, GeminiError, nearest
from gemini_grpc.functions.function import Function

Data = dict[str, Any]


class UnknownFunctionError(GeminiError, KeyError):
    """There is no function of that name; the text can be given to the model as it is."""

    def __init__(self, name: str, known: tuple[str, ...] = ()) -> None:
        super().__init__(name, known)
        self.name = name
        """The name that was asked for."""
        self.known = known
        """The names there are."""

    def __str__(self) -> str:
        names = f"known are {', '.join(self.known)}" if self.known else "there are none"
        return f"there is no function {self.name!r}{nearest(self.name, self.known)}; {names}"


@dataclass(frozen=True, slots=True)
class Declaration:
    """A ready declaration without a callable."""

    name: str
    """What the model calls it by."""
    content: object
    """The declaration as it was given: a mapping or a message."""

    def declaration(self) -> object:
        """Return the declaration; a mapping as a dictionary of your own, a message as it is."""
        return dict(self.content) if isinstance(self.content, Mapping) else self.content


Entry = Function | Declaration


class Functions(Mapping[str, Entry]):
    """Functions by name, in the order they were given; it does not change."""

    def __init__(self, sources: Iterable[object] = ()) -> None:
        """Take callables, `Function`s and ready declarations.

        Raises:
            ArgumentError: Two have the same name, or one is none of these.
        """
        entries: dict[str, Entry] = {}
        for index, source in enumerate(sources):
            entry = _entry(source, index)
            if entry.name in entries:
                raise ArgumentError(
                    f"functions[{index}]: the name {entry.name!r} is taken by an earlier one; "
                    "give another with Function.of(..., name=...)"
                )
            entries[entry.name] = entry
        self._entries = entries

    def __getitem__(self, name: str) -> Entry:
        try:
            return self._entries[name]
        except KeyError:
            raise UnknownFunctionError(name, tuple(self._entries)) from None

    def __iter__(self) -> Iterator[str]:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def __repr__(self) -> str:
        return f"Functions({', '.join(self._entries)})"

    def declarations(self) -> list[Any]:
        """Return the declarations in order: dictionaries, and messages that were given as such."""
        return [entry.declaration() for entry in self._entries.values()]


def _entry(source: Any, index: int) -> Entry:
    if isinstance(source, Function | Declaration):
        return source
    if callable(source) and getattr(source, "function", source) is not None:
        return Function.of(source)  # a FunctionDeclaration without a function only declares
    name = source.get("name") if isinstance(source, Mapping) else getattr(source, "name", None)
    if isinstance(name, str) and name:
        return Declaration(name, source)
    raise ArgumentError(
        f"functions[{index}]: expected a callable, a Function or a declaration with a name, "
        f"got {type(source).__name__}"
    )
