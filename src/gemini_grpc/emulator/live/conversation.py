"""What was said in a session so far: the context of the next answer."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gemini_grpc.emulator import status, tokens

if TYPE_CHECKING:
    from gemini_grpc.emulator.convert import Data


@dataclass(frozen=True, slots=True)
class Turn:
    """One content of the conversation."""

    content: Data
    """What is answered from; speech is there as its words."""
    totals: Mapping[str, int]
    """The tokens by modality; speech counts as the audio it was."""


@dataclass(frozen=True, slots=True)
class Snapshot:
    """A conversation at one moment."""

    turns: tuple[Turn, ...] = ()
    """What was said."""
    calls: int = 0
    """How many function calls were made."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """How long a conversation may get, in tokens."""

    window: int
    """The size of the model's context window."""
    trigger: int | None = None
    """The size from which on it is shortened; None for never."""
    target: int = 0
    """The size it is shortened to."""


def turn(content: Data) -> Turn:
    """Return a turn that counts what its content counts."""
    return Turn(content, tokens.count_contents([content]))


class Conversation:
    """The turns of a session, oldest first."""

    def __init__(self, snapshot: Snapshot, *, instruction: Data | None) -> None:
        self.calls = snapshot.calls
        """How many function calls were made; ids are made from it."""
        self.revision = 0
        """How often it was changed."""
        self._turns = list(snapshot.turns)
        self._instruction = tokens.count_contents([instruction] if instruction else [])

    def add(self, turns: Iterable[Turn]) -> None:
        """Append turns."""
        self._turns += turns
        self.revision += 1

    def contents(self) -> list[Data]:
        """Return the contents of all turns."""
        return [turn.content for turn in self._turns]

    def totals(self) -> dict[str, int]:
        """Return how many tokens the context has, by modality, the system instruction included."""
        return add_totals([self._instruction, *(turn.totals for turn in self._turns)])

    def snapshot(self) -> Snapshot:
        """Return the conversation as it is now."""
        return Snapshot(tuple(self._turns), self.calls)

    def fit(self, limits: Limits) -> None:
        """Make room for an answer: forget the oldest turns if there are too many tokens.

        What remains begins with something the user said. The last of these always remains.

        Raises:
            StatusError: INVALID_ARGUMENT: it does not fit the context window.
        """
        size = sum(self.totals().values())
        if limits.trigger is not None and size > limits.trigger:
            size = self._forget(size, limits.target)
        if size > limits.window:
            raise status.invalid(
                "contents", f"has {size} tokens, more than the context of {limits.window} tokens"
            )

    def _forget(self, size: int, target: int) -> int:
        starts = [index for index, turn in enumerate(self._turns) if _opens(turn.content)]
        sizes = [sum(turn.totals.values()) for turn in self._turns]
        for start in starts:
            left = size - sum(sizes[:start])
            if left <= target or start == starts[-1]:
                self._turns = self._turns[start:]
                self.revision += 1
                return left
        return size


def add_totals(parts: Iterable[Mapping[str, int]]) -> dict[str, int]:
    """Return the sum of several totals by modality."""
    result: dict[str, int] = {}
    for totals in parts:
        for modality, count in totals.items():
            result[modality] = result.get(modality, 0) + count
    return result


def _opens(content: Data) -> bool:
    """Tell whether a conversation can begin with a content: it is the user's own words."""
    parts: list[dict[str, Any]] = content.get("parts", [])
    return content.get("role") != "model" and not any("function_response" in part for part in parts)
