"""What the models of the Live API do differently, as data (their rules contradict each other)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from gemini_grpc import model_names


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The rules of a family of models."""

    name: str
    blocking_by_default: bool = True
    """A function call stops the model until it is answered, unless it is declared NON_BLOCKING."""
    non_blocking: bool = True
    """Functions may be declared NON_BLOCKING."""
    input_during_call: Literal["held", "sent"] = "held"
    """Realtime input while a blocking call is pending: held back by us, because the server ends the
    session over it, or sent, because the server takes it for a change of mind."""
    text_output: bool = True
    """Text is possible as a response modality."""


PROFILES: tuple[tuple[tuple[int, int], str, Profile], ...] = (
    (
        (3, 9),
        "",
        Profile(name="newer than 3.8", blocking_by_default=False, input_during_call="sent"),
    ),
    (
        (3, 8),
        "",
        Profile(name="3.8", blocking_by_default=False, input_during_call="sent", text_output=False),
    ),
    ((3, 1), "", Profile(name="3.1", non_blocking=False, text_output=False)),
    ((2, 5), "native", Profile(name="2.5 native audio", text_output=False)),
)
"""The families, newest first: the first version, a word of the name if one is needed, the rules.

The first row that fits applies. Versions after the last one that is known behave like it, but nothing
is refused for them.
"""

CAUTIOUS = Profile(name="any")
"""What is assumed of other models: nothing that a model is known to refuse."""


def of(model: str) -> Profile:
    """Return the profile of a model, by its name."""
    name = model_names.parse(model)
    rows = (
        row for row in PROFILES if name.version >= row[0] and (not row[1] or row[1] in name.words)
    )
    return next((profile for _, _, profile in rows), CAUTIOUS)
