"""What the metadata of `Annotated` says about a value: a description and bounds.

Metadata is recognized by its attributes, so that annotated-types, pydantic's `Field` and classes of
one's own work alike: `ge`, `gt`, `le`, `lt`, `min_length`, `max_length`, `pattern`, `description`,
`documentation`. A plain string is a description. Anything else is meant for somebody else.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator, Mapping, Sized
from dataclasses import dataclass, fields
from typing import Any

from gemini_grpc.errors import ArgumentError
from gemini_grpc.functions.misfit import MisfitError, misfit

Data = dict[str, Any]

_LENGTHS = {
    "STRING": ("min_length", "max_length"),
    "ARRAY": ("min_items", "max_items"),
    "OBJECT": ("min_properties", "max_properties"),
}


@dataclass(frozen=True, slots=True)
class Limits:
    """A description and bounds; None where there is none."""

    description: str | None = None
    """What the value stands for."""
    ge: Any = None
    """The least value."""
    gt: Any = None
    """What the value must be greater than."""
    le: Any = None
    """The greatest value."""
    lt: Any = None
    """What the value must be less than."""
    min_length: int | None = None
    """The fewest characters, items or members."""
    max_length: int | None = None
    """The most characters, items or members."""
    pattern: str | None = None
    """A regular expression that is found in the text."""

    def add_to(self, schema: Data) -> None:
        """Add the bounds to a Schema, as far as its type has them."""
        kind = schema.get("type", "")
        if kind in ("INTEGER", "NUMBER"):
            _set(schema, "minimum", self._least(kind))
            _set(schema, "maximum", self._most(kind))
        fewest, most = _LENGTHS.get(kind, ("", ""))
        if fewest:
            _set(schema, fewest, self.min_length)
            _set(schema, most, self.max_length)
        if kind == "STRING":
            _set(schema, "pattern", self.pattern)

    def _least(self, kind: str) -> object:
        if self.gt is not None and kind == "INTEGER":
            return max(math.floor(self.gt) + 1, -math.inf if self.ge is None else self.ge)
        return self.gt if self.ge is None else self.ge

    def _most(self, kind: str) -> object:
        if self.lt is not None and kind == "INTEGER":
            return min(math.ceil(self.lt) - 1, math.inf if self.le is None else self.le)
        return self.lt if self.le is None else self.le

    def check(self, value: object, path: str, sent: object) -> None:
        """Refuse a converted value that is out of bounds.

        Args:
            value: The converted value.
            path: Where it is.
            sent: The value before its conversion, for the error.

        Raises:
            MisfitError: It is out of bounds.
            ArgumentError: The bounds and the value cannot be compared.
        """
        try:
            wanted = next(self._broken(value), None)
        except TypeError as error:
            raise ArgumentError(f"{path}: the bounds do not fit the type: {error}") from error
        if wanted is None:
            return
        if isinstance(sent, Sized) and "long" in wanted:
            raise MisfitError(path, expected=wanted, got=f"a length of {len(sent)}")
        raise misfit(path, wanted, sent)

    def _broken(self, value: Any) -> Iterator[str]:
        if self.ge is not None and not value >= self.ge:
            yield f"a value of at least {self.ge}"
        if self.gt is not None and not value > self.gt:
            yield f"a value greater than {self.gt}"
        if self.le is not None and not value <= self.le:
            yield f"a value of at most {self.le}"
        if self.lt is not None and not value < self.lt:
            yield f"a value less than {self.lt}"
        if self.min_length is not None and len(value) < self.min_length:
            yield f"a value at least {self.min_length} long"
        if self.max_length is not None and len(value) > self.max_length:
            yield f"a value at most {self.max_length} long"
        if self.pattern is not None and not re.search(self.pattern, value):
            yield f"a text with the pattern {self.pattern}"


def limits_of(metadata: Iterable[object]) -> Limits:
    """Return what metadata says; where two pieces say the same thing, the first one counts."""
    found: Data = {}
    for name, value in _statements(metadata):
        if value is not None:
            found.setdefault(name, value)
    return Limits(**found)


def _statements(metadata: Iterable[object]) -> Iterator[tuple[str, object]]:
    for piece in metadata:
        if isinstance(piece, str):
            yield "description", piece
            continue
        for name in _NAMES:
            yield name, _usable(name, getattr(piece, name, None))
        yield "description", _usable("description", getattr(piece, "documentation", None))
        inner = getattr(piece, "metadata", ())
        if isinstance(inner, (list, tuple)):  # pydantic's Field keeps its bounds in there
            yield from _statements(inner)


_NAMES = tuple(field.name for field in fields(Limits))
_KINDS: Mapping[str, type] = {
    "description": str,
    "pattern": str,
    "min_length": int,
    "max_length": int,
}


def _usable(name: str, value: object) -> object:
    if isinstance(value, re.Pattern):
        value = value.pattern
    return value if isinstance(value, _KINDS.get(name, object)) else None


def _set(schema: Data, name: str, bound: object) -> None:
    if isinstance(bound, (int, float, str)):  # a date, for one, cannot be said
        schema[name] = bound
