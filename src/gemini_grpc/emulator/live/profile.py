"""What live models do differently, as data: one profile for each family."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Profile:
    """The habits of one family of live models."""

    modalities: tuple[str, ...] = ("TEXT", "AUDIO")
    """What it answers in; the first is the default."""
    blocking: bool = True
    """Whether a function that says nothing about its behavior blocks."""
    asynchronous: bool = True
    """Whether functions may be NON_BLOCKING at all."""
    realtime_while_blocked: bool = True
    """Whether realtime input during a blocking call withdraws the call; else it ends the session."""
    bundles: bool = False
    """Whether parts, transcripts and ends of a turn share messages."""
    thinking: bool = True
    """Whether `thinking_config` may be set."""
    model_last: bool = True
    """Whether the turns of the client may end with one of the model when it asks for an answer."""


PROFILES: dict[str, Profile] = {
    "models/gemini-2.0": Profile(modalities=("AUDIO", "TEXT")),
    "models/gemini-2.5": Profile(
        modalities=("AUDIO",), realtime_while_blocked=False, model_last=False
    ),
    "models/gemini-3.1": Profile(
        modalities=("AUDIO",), asynchronous=False, realtime_while_blocked=False, bundles=True
    ),
    "models/gemini-3.8": Profile(
        modalities=("AUDIO",), blocking=False, bundles=True, thinking=False
    ),
}
"""The families, by how the names of their models begin."""

_ANY = Profile()


def of(model: str) -> Profile:
    """Return the profile of a model by its resource name; a lenient one for an unknown family."""
    return next((PROFILES[start] for start in PROFILES if model.startswith(start)), _ANY)
