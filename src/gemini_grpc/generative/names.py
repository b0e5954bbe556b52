"""The names of resources: what a user may pass for one, and the full name that is sent.

A name is given in full (`corpora/manuals`), as the bare id where what is in front of it is known
(`manuals`), or as the resource itself.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cached_property

from gemini_grpc.errors import ArgumentError

_ID = r"[^/\s]+"


@dataclass(frozen=True)
class Kind:
    """One kind of resource."""

    label: str
    """What messages call it."""
    patterns: tuple[str, ...]
    """The shapes of its name: `corpora/CORPUS`, ids in capital letters."""

    @cached_property
    def _shapes(self) -> tuple[re.Pattern[str], ...]:
        return tuple(
            re.compile(re.sub(r"[A-Z_]{2,}", lambda _: _ID, pattern)) for pattern in self.patterns
        )

    def full(self, value: object, argument: str, *, parent: str = "") -> str:
        """Return the full name of a resource.

        Args:
            value: Its name, its bare id, or the resource.
            argument: How messages call the argument.
            parent: The name of what it is in, where there is such a thing.

        Raises:
            ArgumentError: It is no name of this kind.
        """
        given = value if isinstance(value, str) else getattr(value, "name", None)
        if not isinstance(given, str) or not given.strip():
            raise ArgumentError(f"{argument}: expected the name of a {self.label}, got {value!r}")
        name = given if "/" in given else f"{self._collection(parent)}{given}"
        if not any(shape.fullmatch(name) for shape in self._shapes):
            expected = " or ".join(f"'{pattern}'" for pattern in self.patterns)
            raise ArgumentError(
                f"{argument}: {given!r} is no name of a {self.label}; expected {expected}"
            )
        return name

    def _collection(self, parent: str) -> str:
        """Return what is put in front of a bare id; nothing where that is not known."""
        collection = self.patterns[0].rpartition("/")[0]
        if parent:
            return f"{parent}/{collection.rpartition('/')[2]}/"
        return "" if "/" in collection or len(self.patterns) > 1 else f"{collection}/"


TUNED_MODEL = Kind("tuned model", ("tunedModels/TUNED_MODEL",))
CACHED_CONTENT = Kind("cached content", ("cachedContents/ID",))
VERTEX_CACHED_CONTENT = Kind(
    "cached content", ("projects/PROJECT/locations/LOCATION/cachedContents/ID",)
)
CORPUS = Kind("corpus", ("corpora/CORPUS",))
DOCUMENT = Kind("document", ("corpora/CORPUS/documents/DOCUMENT",))
CHUNK = Kind("chunk", ("corpora/CORPUS/documents/DOCUMENT/chunks/CHUNK",))
PERMISSION = Kind(
    "permission",
    ("tunedModels/TUNED_MODEL/permissions/PERMISSION", "corpora/CORPUS/permissions/PERMISSION"),
)
SHARED = Kind("tuned model or corpus", ("tunedModels/TUNED_MODEL", "corpora/CORPUS"))
"""What permissions are given on."""
SOURCE = Kind("corpus or document", ("corpora/CORPUS", "corpora/CORPUS/documents/DOCUMENT"))
"""What answers are looked for in."""
