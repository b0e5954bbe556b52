"""What a session asks of the rest of the emulator."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from gemini_grpc.emulator.convert import Data


@dataclass(frozen=True, slots=True, kw_only=True)
class Engine:
    """The catalogue and the model behind a session, and the seed of both."""

    seed: int
    """Changes the ids that are made."""
    find: Callable[[str], Data]
    """Returns the model of a resource name; raises NOT_FOUND if there is none that is live."""
    respond: Callable[[Data], Data]
    """Answers a GenerateContentRequest whole."""
    split: Callable[[Data], Iterator[Data]]
    """Cuts such an answer into pieces, as streaming it would."""
