"""The resources of one emulator: records by their names, in memory.

- A record is never changed in place: a change puts a new one, so whoever holds a record may read on.
- Records are kept by collection (`corpora/1/documents`), in the order in which they were added.
- What has expired is gone: it is dropped when it would be seen.
- Ids and times come from the seed, the clock and the number of ids made so far.

Every method may be called from any thread. Take `lock` around several that belong together.
"""

from __future__ import annotations

import datetime
import math
import re
import string
import threading
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from gemini_grpc.emulator import status, text

if TYPE_CHECKING:
    from gemini_grpc.emulator.convert import Data

_LETTERS = string.ascii_lowercase + string.digits
_ID_LENGTH = 12
_LABEL_LENGTH = 27  # with a dash and the random part, forty characters

LATEST = datetime.datetime(9999, 12, 31, tzinfo=datetime.UTC).timestamp()
"""The last moment that can be written, in seconds since 1970."""


@dataclass(frozen=True, slots=True)
class Record:
    """One resource."""

    data: Data
    """What reading the resource returns."""
    private: Data = field(default_factory=dict)
    """What is kept of it and never returned."""
    expires: float = math.inf
    """When it disappears by itself, in seconds since 1970."""

    @property
    def name(self) -> str:
        """The resource name."""
        return str(self.data["name"])


class Store:
    """The records of one emulator."""

    def __init__(self, *, seed: int, lock: threading.RLock, now: Callable[[], float]) -> None:
        self.lock = lock
        """Held while anything changes; it may be taken several times."""
        self.now = now
        """Returns the seconds since 1970."""
        self._seed = seed
        self._collections: dict[str, dict[str, Record]] = {}
        self._ids_made = 0

    def reset(self) -> None:
        """Forget everything, the number of ids made as well."""
        with self.lock:
            self._collections.clear()
            self._ids_made = 0

    def moment(self) -> datetime.datetime:
        """Return the time as messages have it."""
        return moment(self.now())

    def add(self, record: Record) -> Record:
        """Keep a new record and return it.

        Raises:
            StatusError: ALREADY_EXISTS.
        """
        with self.lock:
            if self.get(record.name) is not None:
                raise status.exists(record.name)
            self._collections.setdefault(_collection(record.name), {})[record.name] = record
        return record

    def get(self, name: str) -> Record | None:
        """Return the record of a name, None if there is none."""
        with self.lock:
            records = self._collections.get(_collection(name), {})
            record = records.get(name)
            if record is not None and record.expires <= self.now():
                self.remove(name)
                return None
            return record

    def find(self, name: str) -> Record:
        """Return the record of a name.

        Raises:
            StatusError: NOT_FOUND.
        """
        record = self.get(name)
        if record is None:
            raise status.not_found(name)
        return record

    def change(
        self,
        name: str,
        *,
        data: Data | None = None,
        private: Data | None = None,
        expires: float | None = None,
    ) -> Record:
        """Put a record with other parts in the place of one, and return it.

        Raises:
            StatusError: NOT_FOUND.
        """
        with self.lock:
            old = self.find(name)
            new = replace(
                old,
                data=old.data if data is None else data,
                private=old.private if private is None else private,
                expires=old.expires if expires is None else expires,
            )
            self._collections[_collection(name)][name] = new
        return new

    def remove(self, name: str) -> None:
        """Drop a record and all below it.

        Raises:
            StatusError: NOT_FOUND.
        """
        with self.lock:
            collection = _collection(name)
            records = self._collections.get(collection, {})
            if records.pop(name, None) is None:
                raise status.not_found(name)
            if not records:
                del self._collections[collection]
            for child in [key for key in self._collections if key.startswith(f"{name}/")]:
                del self._collections[child]

    def records(self, collection: str) -> list[Record]:
        """Return what a collection holds, the oldest first."""
        with self.lock:
            now = self.now()
            found = list(self._collections.get(collection, {}).values())
            for record in found:
                if record.expires <= now:
                    self.remove(record.name)
            return [record for record in found if record.expires > now]

    def collections(self, last: str) -> list[str]:
        """Return the collections whose last word is `last`, wherever they are."""
        with self.lock:
            return [key for key in self._collections if key.rpartition("/")[2] == last]

    def new_id(self, collection: str, label: str = "") -> str:
        """Return an id that is free in a collection, beginning with what a label has of letters."""
        slug = re.sub(r"[^a-z0-9]+", "-", label.lower())[:_LABEL_LENGTH].strip("-")
        with self.lock:
            while True:
                self._ids_made += 1
                chance = text.seeded(self._seed, collection, self._ids_made)
                ending = "".join(chance.choices(_LETTERS, k=_ID_LENGTH))
                found = f"{slug}-{ending}" if slug else ending
                if self.get(f"{collection}/{found}") is None:
                    return found


def moment(seconds: float) -> datetime.datetime:
    """Return seconds since 1970 as messages have them."""
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC)


def _collection(name: str) -> str:
    return name.rpartition("/")[0]
