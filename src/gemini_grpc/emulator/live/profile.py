"""What live models do differently, as data: one profile for each family."""

from __future__ import annotations

from dataclasses import dataclass

from gemini_grpc import model_names


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


PROFILES: tuple[tuple[tuple[int, int], str, Profile], ...] = (
    (
        (3, 8),
        "",
        Profile(modalities=("AUDIO",), blocking=False, bundles=True, thinking=False),
    ),
    (
        (3, 1),
        "",
        Profile(
            modalities=("AUDIO",), asynchronous=False, realtime_while_blocked=False, bundles=True
        ),
    ),
    (
        (2, 5),
        "native",
        Profile(modalities=("AUDIO",), realtime_while_blocked=False, model_last=False),
    ),
    ((2, 5), "", Profile(realtime_while_blocked=False, model_last=False)),
    ((2, 0), "", Profile(modalities=("AUDIO", "TEXT"))),
)
"""The families, newest first: the first version, a word of the name if one is needed, the habits.

A model has the habits of the first row that fits, so a later version has those of the newest family.
"""

_ANY = Profile()


def of(model: str) -> Profile:
    """Return the profile of a model by its name; a lenient one where the name tells no version."""
    name = model_names.parse(model)
    rows = (
        row for row in PROFILES if name.version >= row[0] and (not row[1] or row[1] in name.words)
    )
    return next((profile for _, _, profile in rows), _ANY)
