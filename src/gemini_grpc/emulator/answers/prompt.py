"""A request as the rules see it: what was said, by whom, and with what beside it.

The last turn is the last content that the model did not write. What stood before it, the cached
contents included, is the history.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gemini_grpc.emulator.convert import Data

MODEL = "model"
_RESULT = "function_response"


@dataclass(frozen=True, slots=True)
class Turn:
    """One turn of the history."""

    role: str
    """`user` or `model`."""
    text: str


@dataclass(frozen=True, slots=True)
class Prompt:
    """What the model is asked."""

    said: str
    """The text of the last turn; where that only has results of functions, of the turn before."""
    instruction: str = ""
    """The text of the system instruction."""
    history: tuple[Turn, ...] = ()
    """The turns before, oldest first, those without text left out."""
    media: tuple[Data, ...] = ()
    """The parts of the last turn with inline data or a file."""
    results: tuple[Data, ...] = ()
    """The function responses of the last turn."""

    @property
    def remembered(self) -> str:
        """Return the texts of the history in one."""
        return " ".join(turn.text for turn in self.history)


def read(request: Data) -> Prompt:
    """Return what a GenerateContentRequest asks."""
    contents = request.get("contents", [])
    asked = [number for number, content in enumerate(contents) if content.get("role") != MODEL]
    last = asked[-1] if asked else len(contents) - 1
    start = _start_of_run(contents, last)
    parts = [part for content in contents[start : last + 1] for part in content.get("parts", ())]
    results = _results(contents[start : last + 1])
    turns = [_turn(content) for content in contents[:last]]
    history = [turn for turn in turns if turn.text]
    said = texts(contents[last : last + 1])
    if not said and results:
        said = next((turn.text for turn in reversed(history) if turn.role != MODEL), "")
    return Prompt(
        said=said,
        instruction=texts([request.get("system_instruction", {})]),
        history=tuple(history),
        media=tuple(part for part in parts if "inline_data" in part or "file_data" in part),
        results=results,
    )


def texts(contents: Iterable[Data]) -> str:
    """Return the texts of contents in one, thoughts left out."""
    parts = (part for content in contents for part in content.get("parts", ()))
    return " ".join(part["text"] for part in parts if "text" in part and not part.get("thought"))


def _start_of_run(contents: list[Data], last: int) -> int:
    """Return where the contents begin that are one turn with the last: nobody else spoke between."""
    start = last
    while start > 0 and contents[start - 1].get("role") != MODEL:
        start -= 1
    return start


def _results(run: list[Data]) -> tuple[Data, ...]:
    """Return the function responses at the end of a run; those before a later text are history."""
    found: list[Data] = []
    for content in reversed(run):
        given = [part["function_response"] for part in content.get("parts", ()) if _RESULT in part]
        if not given:
            break
        found = given + found
    return tuple(found)


def _turn(content: Data) -> Turn:
    return Turn(MODEL if content.get("role") == MODEL else "user", texts([content]))
