"""Resumption handles: snapshots of conversations, kept so that another connection can go on.

A handle may be used several times until it expires, and always leads to the same moment.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gemini_grpc.emulator import status, text

if TYPE_CHECKING:
    from gemini_grpc.emulator.live.conversation import Snapshot

PATH = "setup.session_resumption.handle"
LIMIT = 10_000
"""How many handles are kept; the oldest are forgotten first."""


@dataclass(slots=True)
class Connection:
    """The connection a handle was issued on."""

    open: bool = True
    """The call is still running."""


@dataclass(frozen=True, slots=True)
class Saved:
    """What a handle stands for."""

    model: str
    """The resource name of the model; a session cannot be resumed with another one."""
    snapshot: Snapshot
    """The conversation at that moment."""
    issued: float
    """When, in seconds since 1970."""
    connection: Connection
    """Where it was issued."""


class Handles:
    """The handles of one emulator; every method may be called from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._saved: dict[str, Saved] = {}
        self._poisoned: set[str] = set()
        self._issued = 0

    def issue(self, saved: Saved, *, seed: int) -> str:
        """Keep a snapshot and return its handle, a new one every time."""
        with self._lock:
            self._issued += 1
            handle = f"{text.seeded(seed, 'handle', self._issued).getrandbits(128):032x}"
            self._saved[handle] = saved
            if len(self._saved) > LIMIT:
                oldest = next(iter(self._saved))
                del self._saved[oldest]
                self._poisoned.discard(oldest)
        return handle

    def redeem(
        self, handle: str, *, model: str, now: float, lifetime: float, exclusive: bool
    ) -> Saved:
        """Return what a handle stands for.

        Raises:
            StatusError: NOT_FOUND for a handle that was never issued, INVALID_ARGUMENT for one that
                has expired or belongs to another model, FAILED_PRECONDITION while its connection is
                open and handles are exclusive.
        """
        with self._lock:
            saved = self._saved.get(handle)
        if saved is None:
            raise status.not_found(f"{PATH} {handle!r}")
        if now - saved.issued > lifetime:
            raise status.invalid(PATH, f"{handle!r} has expired")
        if model != saved.model:
            raise status.invalid("setup.model", f"is {model}, the session was with {saved.model}")
        if exclusive and saved.connection.open:
            raise status.failed_precondition(f"{PATH}: the session is still open elsewhere")
        return saved

    def poison(self, handle: str) -> None:
        """Let every session that is resumed with a handle fail with INTERNAL after its setup."""
        with self._lock:
            self._poisoned.add(handle)

    def poisoned(self, handle: str) -> bool:
        """Tell whether a handle was poisoned."""
        with self._lock:
            return handle in self._poisoned
