"""Scripts: what the next calls of a method are answered with.

The outcomes of a method are taken in order, each as often as its `times` says; when they are used up,
the emulator answers by its rules again. An outcome with a condition (`when`) is taken as soon as a
request fits it, wherever it stands among the replies: content comes first, and order only decides
between several that fit. A reply without a condition stands in when none fits; a fault without one is
for any request, so it takes its turn, after the replies without one that stand before it. A strict
script has an answer to every request or fails with FAILED_PRECONDITION, which names the outcomes that
come nearest and the fields that differ.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gemini_grpc.emulator import catalog, match, status
from gemini_grpc.emulator.compose import Target, check
from gemini_grpc.emulator.faults import Fault
from gemini_grpc.emulator.reply import Reply
from gemini_grpc.errors import ArgumentError, UsageError

if TYPE_CHECKING:
    from gemini_grpc.emulator.convert import Data

Outcome = Reply | Fault
"""How a call goes."""

_SHOWN = 3  # how many of the nearest outcomes a miss names


@dataclass(slots=True, eq=False)
class Entry:
    """One outcome of a script, and how often it can still be taken."""

    number: int
    """Its place among the outcomes of the script, from 1."""
    outcome: Outcome
    target: Target
    """The method in the version that the outcome was found to fit."""
    when: match.When | None
    """The condition, with its fields as requests have them."""
    left: int | None
    """How often it can be taken; None for always."""
    strict: bool
    """The script has an answer to every request."""

    def __str__(self) -> str:
        kind = type(self.outcome).__name__
        return f"outcome {self.number} ({kind})"


class Scripts:
    """The scripts of one emulator. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._entries: dict[str, list[Entry]] = {}

    def add(self, name: str, outcomes: Sequence[Outcome], *, strict: bool = False) -> None:
        """Add outcomes after those that the method has.

        Raises:
            ArgumentError: The method does not exist, or something is no outcome or does not fit.
        """
        specs = catalog.find(name)
        if isinstance(outcomes, (Reply, Fault)) or not isinstance(outcomes, Iterable):
            raise ArgumentError(f"script {name}: expected a list of Reply and Fault")
        targets = [Target.of(spec) for spec in specs]
        entries = [
            _entry(f"{name}[{number - 1}]", number, outcome, targets, strict=strict)
            for number, outcome in enumerate(outcomes, start=1)
        ]
        with self._lock:
            self._entries.setdefault(name, []).extend(entries)

    def clear(self) -> None:
        """Forget every script."""
        with self._lock:
            self._entries.clear()

    def conditional(self, names: Iterable[str]) -> bool:
        """Tell whether the request must be known to choose an outcome."""
        with self._lock:
            return any(entry.when is not None for entry in self._of(names))

    def take(self, names: Sequence[str], request: Data) -> Entry | None:
        """Take the outcome of a call; None if it has none.

        Args:
            names: The names that the method has in scripts, the one to look at first first.
            request: The request.

        Raises:
            StatusError: A strict script has no outcome for the request.
        """
        with self._lock:
            entries = self._of(names)
            left = [entry for entry in entries if entry.left is None or entry.left > 0]
            entry = _choose(left, request)
            if entry is not None:
                if entry.left is not None:
                    entry.left -= 1
                return entry
            strict = any(entry.strict for entry in entries)
        if strict:
            raise status.failed_precondition(_miss(names[-1], left, request))
        return None

    def _of(self, names: Iterable[str]) -> list[Entry]:
        return [entry for name in names for entry in self._entries.get(name, ())]


def _entry(
    where: str, number: int, outcome: Outcome, targets: list[Target], *, strict: bool
) -> Entry:
    """Return an outcome with the version it fits.

    Raises:
        ArgumentError: It fits none.
    """
    if not isinstance(outcome, (Reply, Fault)):
        raise ArgumentError(f"script {where}: expected a Reply or Fault, got {outcome!r}")
    if isinstance(outcome, Fault) and outcome.after and targets[0].spec.shape == "unary":
        raise ArgumentError(
            f"script {where}: after is for streams, and {targets[0].spec.name} is none"
        )
    wrong: UsageError | None = None
    for target in targets:
        try:
            if isinstance(outcome, Reply):
                check(outcome, target)
            when = target.condition(outcome.when)
        except UsageError as error:
            wrong = wrong or error
        else:
            return Entry(number, outcome, target, when, outcome.times, strict)
    raise ArgumentError(f"script {where}: {wrong}") from wrong


def _choose(entries: list[Entry], request: Data) -> Entry | None:
    """Return the first entry that is for the request, or else the first that is for any."""
    free = None
    for entry in entries:
        if entry.when is not None:
            if not match.differences(entry.when, request):
                return entry
        elif free is None:
            if isinstance(entry.outcome, Fault):
                return entry
            free = entry
    return free


def _miss(name: str, entries: list[Entry], request: Data) -> str:
    """Return what to say when no outcome fits: the nearest, and what differs."""
    if not entries:
        return f"the script of {name} is used up: every outcome has been taken"
    differing = [
        (match.differences(entry.when, request), entry)
        for entry in entries
        if entry.when is not None
    ]
    differing.sort(key=lambda pair: _distance(*pair))
    lines = [f"{entry}: {'; '.join(map(str, found))}" for found, entry in differing[:_SHOWN]]
    return f"no outcome in the script of {name} fits the request; nearest: " + " | ".join(lines)


def _distance(found: list[match.Difference], entry: Entry) -> float:
    """Return which part of a condition is not met."""
    assert entry.when is not None
    return len(found) / max(1, match.size(entry.when))
