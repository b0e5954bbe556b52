"""Facts attached to documents and chunks, and the filters that ask for them."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, TypeGuard

from gemini_grpc.errors import ArgumentError
from gemini_grpc.generative import member, translation

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gemini_grpc.generative.backend import Backend


class Operator(enum.IntEnum):
    """How a condition compares what is stored with its value."""

    OPERATOR_UNSPECIFIED = 0
    LESS = 1
    LESS_EQUAL = 2
    EQUAL = 3
    GREATER_EQUAL = 4
    GREATER = 5
    NOT_EQUAL = 6
    INCLUDES = 7
    """The stored list has the text."""
    EXCLUDES = 8
    """The stored list does not have it."""


_SIGNS = MappingProxyType(
    {
        "<": "LESS",
        "<=": "LESS_EQUAL",
        "=": "EQUAL",
        "==": "EQUAL",
        ">=": "GREATER_EQUAL",
        ">": "GREATER",
        "!=": "NOT_EQUAL",
        "NOT INCLUDES": "EXCLUDES",
    }
)
_ORDERS = frozenset({Operator.LESS, Operator.LESS_EQUAL, Operator.GREATER_EQUAL, Operator.GREATER})
_LISTS = frozenset({Operator.INCLUDES, Operator.EXCLUDES})


@dataclass(frozen=True, slots=True)
class CustomMetadata:
    """One fact about a document or a chunk."""

    key: str
    """What it is called; once for each document or chunk."""
    value: str | float | Sequence[str]
    """A text, a number or several texts. Numbers are kept in single precision."""


@dataclass(frozen=True, slots=True)
class Condition:
    """One comparison of a stored fact with a value."""

    value: str | float
    """What it is compared with."""
    operation: Operator | str | int
    """How: an `Operator`, its name, or a sign such as `>=`."""


@dataclass(frozen=True, slots=True)
class MetadataFilter:
    """What a fact must be: at least one of the conditions holds; of several filters, all must pass."""

    key: str
    """The fact: `document.custom_metadata.year` or `chunk.custom_metadata.year`."""
    conditions: Iterable[Condition | Mapping[str, Any]]
    """The comparisons."""


def to_metadata(value: object, backend: Backend, argument: str = "custom_metadata") -> list[object]:
    """Return the entries of custom metadata: from a mapping of keys to values, or a list of entries.

    Raises:
        ArgumentError: A key or a value cannot be used.
        FieldError: Something is no entry.
    """
    if isinstance(value, Mapping):
        value = [CustomMetadata(key, item) for key, item in value.items()]
    return [
        _entry(item, backend, f"{argument}[{index}]")
        for index, item in enumerate(_items(value, argument))
    ]


def to_filters(value: object, backend: Backend, argument: str = "metadata_filters") -> list[object]:
    """Return the filters of a query.

    Raises:
        ArgumentError: A key, an operator or a value cannot be used.
        FieldError: Something is no filter or condition.
    """
    if isinstance(value, MetadataFilter):
        value = [value]
    return [
        _filter(item, backend, f"{argument}[{index}]")
        for index, item in enumerate(_items(value, argument))
    ]


def from_metadata(entries: Iterable[Any]) -> list[CustomMetadata]:
    """Return the entries of a message as they are shown."""
    return [CustomMetadata(entry.key, _value(entry)) for entry in entries]


def _value(entry: Any) -> str | float | Sequence[str]:
    kind = entry.WhichOneof("value")
    if kind == "string_list_value":
        return tuple(entry.string_list_value.values)
    return "" if kind is None else getattr(entry, kind)


def _items(value: object, argument: str) -> Iterable[object]:
    if value is None:
        return ()
    if isinstance(value, (str, bytes)) or not isinstance(value, Iterable):
        raise ArgumentError(f"{argument}: expected a list, got {value!r:.80}")
    return value


def _entry(item: Any, backend: Backend, path: str) -> object:
    """Return one entry; messages and mappings of their fields stay what they are."""
    if isinstance(item, Mapping) and "value" in item:
        item = CustomMetadata(**_only(item, ("key", "value"), path))
    if not isinstance(item, CustomMetadata):
        made = translation.message("CustomMetadata", item, backend, path)
        if made.WhichOneof("value") is None:
            raise ArgumentError(
                f"{path}: {made.key!r} has no value; expected a text, a number or texts"
            )
        return made
    value = item.value
    _check_key(item.key, path)
    if isinstance(value, str):
        return {"key": item.key, "string_value": value}
    if _is_number(value):
        return {"key": item.key, "numeric_value": float(value)}
    texts = list(value) if isinstance(value, Iterable) else []
    if not texts or not all(isinstance(text, str) for text in texts):
        raise ArgumentError(f"{path}.value: expected a text, a number or texts, got {value!r:.80}")
    return {"key": item.key, "string_list_value": {"values": texts}}


def _filter(item: Any, backend: Backend, path: str) -> object:
    if isinstance(item, Mapping):
        item = MetadataFilter(**_only(item, ("key", "conditions"), path))
    if not isinstance(item, MetadataFilter):
        return translation.message("MetadataFilter", item, backend, path)
    _check_key(item.key, path)
    if not item.key.startswith(("document.custom_metadata.", "chunk.custom_metadata.")):
        raise ArgumentError(
            f"{path}.key is {item.key!r}; expected 'document.custom_metadata.KEY' or "
            "'chunk.custom_metadata.KEY'"
        )
    conditions = [
        _condition(each, backend, f"{path}.conditions[{index}]")
        for index, each in enumerate(_items(item.conditions, f"{path}.conditions"))
    ]
    if not conditions:
        raise ArgumentError(f"{path}.conditions is empty; expected at least one")
    return {"key": item.key, "conditions": conditions}


def _condition(item: Any, backend: Backend, path: str) -> object:
    if isinstance(item, Mapping) and "value" in item:
        item = Condition(**_only(item, ("value", "operation"), path))
    if not isinstance(item, Condition):
        return translation.message("Condition", item, backend, path)
    chosen = member.choose(
        Operator, item.operation, f"{path}.operation", prefix="OPERATOR_", aliases=_SIGNS
    )
    is_text = isinstance(item.value, str)
    if not is_text and not _is_number(item.value):
        raise ArgumentError(f"{path}.value: expected a text or a number, got {item.value!r:.80}")
    if chosen in (_ORDERS if is_text else _LISTS):
        raise ArgumentError(
            f"{path}: {chosen.name} does not compare a {'text' if is_text else 'number'}, it got "
            f"{item.value!r:.80}"
        )
    if is_text:
        return {"string_value": item.value, "operation": chosen}
    return {"numeric_value": float(item.value), "operation": chosen}


def _only(item: Mapping[str, Any], names: tuple[str, ...], path: str) -> dict[str, Any]:
    if set(item) != set(names):
        raise ArgumentError(
            f"{path}: expected {' and '.join(names)}, got {', '.join(map(str, item))}"
        )
    return dict(item)


def _check_key(key: object, path: str) -> None:
    if not isinstance(key, str) or not key:
        raise ArgumentError(f"{path}.key: expected a text, got {key!r}")


def _is_number(value: object) -> TypeGuard[float]:
    return isinstance(value, (int, float)) and not isinstance(value, bool)
