"""The sessions of resumable uploads: what has arrived of each, and what it has become.

Only whole multiples of the granularity survive a connection that breaks, as on the real service.
"""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import grpc

from gemini_grpc.emulator import names, status, text
from gemini_grpc.emulator.services import files

if TYPE_CHECKING:
    from gemini_grpc.emulator.convert import Data
    from gemini_grpc.emulator.world import World

LIFETIME = 7 * 86_400.0
"""Seconds until a session expires."""
LARGEST = 2 << 30
"""The bytes a file may have."""
KEPT = 100
"""How many sessions that are over can still be queried."""

State = Literal["active", "final", "cancelled"]


class GoneError(Exception):
    """There is no such session, or no more."""


class RefusedError(status.StatusError):
    """A session refuses a request; it stays as it was."""

    def __init__(self, message: str) -> None:
        super().__init__(grpc.StatusCode.INVALID_ARGUMENT, message)


@dataclass(slots=True, eq=False)
class Session:
    """One upload. Hold `lock` while working with it."""

    world: World
    version: str
    file: Data
    mime_type: str
    size: int | None
    granularity: int
    expires: float
    lock: threading.RLock = field(default_factory=threading.RLock)
    data: bytearray = field(default_factory=bytearray)
    state: State = "active"
    result: Data | None = None
    """The file that it has become."""

    def is_gone(self, world: World) -> bool:
        """Return whether it has expired, or the emulator was reset since it began."""
        return self.world is not world or self.expires <= world.store.now()

    def begin(self, offset: int) -> None:
        """Get ready to take bytes.

        Raises:
            RefusedError: The session is over, or it is elsewhere.
        """
        if self.state != "active":
            raise RefusedError("Upload has already been terminated.")
        if offset != len(self.data):
            raise RefusedError(f"the offset is {offset}, but {len(self.data)} bytes have arrived")

    def take(self, block: bytes) -> None:
        """Take bytes.

        Raises:
            RefusedError: They are more than was said, or than a file may have.
        """
        if len(self.data) + len(block) > min(LARGEST, self.size or LARGEST):
            raise RefusedError("more bytes have arrived than the file has or may have")
        self.data += block

    def keep(self, start: int) -> None:
        """Keep what counts of a chunk that broke off, from where it started."""
        whole = (len(self.data) - start) // self.granularity * self.granularity
        del self.data[start + whole :]

    def end_chunk(self, start: int) -> None:
        """Check a chunk that is not the last.

        Raises:
            RefusedError: Its size is no multiple of the granularity; it is not taken.
        """
        size = len(self.data) - start
        if size % self.granularity:
            del self.data[start:]
            raise RefusedError(f"the chunk has {size} bytes, no multiple of {self.granularity}")

    def finalize(self) -> Data:
        """Make the file and return it.

        Raises:
            StatusError: Bytes are missing, or the name is taken.
        """
        if self.size is not None and len(self.data) != self.size:
            raise RefusedError(f"{len(self.data)} of {self.size} bytes have arrived")
        self.result = files.add(
            self.world, self.file, content=bytes(self.data), mime_type=self.mime_type
        )
        self.state = "final"
        self.data = bytearray()
        return self.result

    def cancel(self) -> None:
        """End it.

        Raises:
            RefusedError: It is over.
        """
        if self.state == "final":
            raise RefusedError("Upload has already been terminated.")
        self.state = "cancelled"
        self.data = bytearray()


class Sessions:
    """The sessions of one emulator. Thread-safe."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._sessions: dict[str, Session] = {}
        self._started = 0

    def start(
        self,
        world: World,
        version: str,
        file: Data,
        *,
        mime_type: str,
        size: int | None,
        granularity: int,
    ) -> str:
        """Begin an upload and return the id of its session.

        Raises:
            StatusError: The name is bad or taken, or the file too large.
        """
        if size is not None and size > LARGEST:
            raise RefusedError(f"the file has {size} bytes, expected at most {LARGEST}")
        name = file.get("name", "")
        if name:
            names.choose(world.store, "files", name, path="file.name")
            if world.store.get(name) is not None:
                raise status.exists(name)
        session = Session(
            world,
            version,
            file,
            mime_type,
            size,
            granularity,
            expires=world.store.now() + LIFETIME,
        )
        with self._lock:
            self._make_room(world)
            chance = text.seeded(world.seed, "uploads", self._started)
            self._started += 1
            made = f"{chance.getrandbits(128):032x}"
            self._sessions[made] = session
        return made

    def find(self, key: str, world: World) -> Session:
        """Return a session.

        Raises:
            GoneError: There is none, or it has expired.
        """
        session = self._sessions.get(key)
        if session is None or session.is_gone(world):
            raise GoneError
        return session

    def _make_room(self, world: World) -> None:
        """Drop the sessions that are gone, and the oldest of those that are over."""
        for key in [key for key, session in self._sessions.items() if session.is_gone(world)]:
            del self._sessions[key]
        over = [key for key, session in self._sessions.items() if session.state != "active"]
        for key in over[:-KEPT]:
            del self._sessions[key]

    def forget(self, key: str) -> None:
        """Let a session expire."""
        session = self._sessions.get(key)
        if session is not None:
            session.expires = 0.0
