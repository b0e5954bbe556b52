"""What may be said: safety settings from short names, as the messages of a backend."""

from __future__ import annotations

import enum
import operator
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

from gemini_grpc.errors import ArgumentError, FieldError, nearest
from gemini_grpc.generative import translation
from gemini_grpc.generative.backend import Backend, UnsupportedError

if TYPE_CHECKING:
    from gemini_grpc.generative.argument_types import HarmBlockThresholdType, HarmCategoryType


class _Named(enum.StrEnum):
    """Members whose value is their name, so that messages of every backend take them.

    They equal the members of that name that answers have, whatever numbers the backend gives these; as
    keys of a dictionary they do not find each other.
    """

    @staticmethod
    def _generate_next_value_(name: str, *_: object) -> str:
        return name

    def __eq__(self, other: object) -> bool:
        if isinstance(other, enum.IntEnum):
            return type(other).__name__ == type(self).__name__ and other.name == self.name
        return str.__eq__(self, other) is True

    def __ne__(self, other: object) -> bool:
        return not self == other

    __hash__ = enum.StrEnum.__hash__


class HarmCategory(_Named):
    """Kinds of harm; the same members on every backend that has them."""

    HARM_CATEGORY_UNSPECIFIED = enum.auto()
    HARM_CATEGORY_HARASSMENT = enum.auto()
    HARM_CATEGORY_HATE_SPEECH = enum.auto()
    HARM_CATEGORY_SEXUALLY_EXPLICIT = enum.auto()
    HARM_CATEGORY_DANGEROUS_CONTENT = enum.auto()
    HARM_CATEGORY_CIVIC_INTEGRITY = enum.auto()
    HARM_CATEGORY_JAILBREAK = enum.auto()


class HarmBlockThreshold(_Named):
    """From which probability on something is blocked."""

    HARM_BLOCK_THRESHOLD_UNSPECIFIED = enum.auto()
    BLOCK_LOW_AND_ABOVE = enum.auto()
    BLOCK_MEDIUM_AND_ABOVE = enum.auto()
    BLOCK_ONLY_HIGH = enum.auto()
    BLOCK_NONE = enum.auto()
    OFF = enum.auto()


class HarmBlockMethod(_Named):
    """What the threshold is compared with; Vertex AI."""

    HARM_BLOCK_METHOD_UNSPECIFIED = enum.auto()
    SEVERITY = enum.auto()
    PROBABILITY = enum.auto()


@dataclass(frozen=True, slots=True)
class SafetySetting:
    """One kind of harm, and from when on it is blocked."""

    category: HarmCategoryType
    """A `HarmCategory`, or its name or short name."""
    threshold: HarmBlockThresholdType
    """A `HarmBlockThreshold`, or its name or short name."""
    method: HarmBlockMethod | str | int | enum.Enum | None = None
    """A `HarmBlockMethod`; Vertex AI."""
    HarmCategory: ClassVar[type[HarmCategory]] = HarmCategory
    HarmBlockThreshold: ClassVar[type[HarmBlockThreshold]] = HarmBlockThreshold
    HarmBlockMethod: ClassVar[type[HarmBlockMethod]] = HarmBlockMethod

    @classmethod
    def from_dict(cls, safety_setting_dict: Mapping[str, Any]) -> SafetySetting:
        """Return the setting that `to_dict` describes.

        Raises:
            FieldError: A field is missing or does not exist.
        """
        try:
            return cls(**safety_setting_dict)
        except TypeError as error:
            given = ", ".join(map(repr, safety_setting_dict)) or "nothing"
            raise FieldError(
                f"SafetySetting has category, threshold and perhaps method; got {given}"
            ) from error

    def to_dict(self) -> dict[str, Any]:
        """Return the fields as a dictionary, with the full names; a number stays what it is.

        Raises:
            ArgumentError: A name does not exist.
        """
        given = {"category": self.category, "threshold": self.threshold, "method": self.method}
        return {name: _written(name, value) for name, value in given.items() if value is not None}


_CATEGORIES = {
    "unspecified": "HARM_CATEGORY_UNSPECIFIED",
    "harassment": "HARM_CATEGORY_HARASSMENT",
    "hate_speech": "HARM_CATEGORY_HATE_SPEECH",
    "hate": "HARM_CATEGORY_HATE_SPEECH",
    "sexually_explicit": "HARM_CATEGORY_SEXUALLY_EXPLICIT",
    "sexual": "HARM_CATEGORY_SEXUALLY_EXPLICIT",
    "sex": "HARM_CATEGORY_SEXUALLY_EXPLICIT",
    "dangerous_content": "HARM_CATEGORY_DANGEROUS_CONTENT",
    "dangerous": "HARM_CATEGORY_DANGEROUS_CONTENT",
    "danger": "HARM_CATEGORY_DANGEROUS_CONTENT",
    "civic_integrity": "HARM_CATEGORY_CIVIC_INTEGRITY",
    "civic": "HARM_CATEGORY_CIVIC_INTEGRITY",
    "jailbreak": "HARM_CATEGORY_JAILBREAK",
}
_THRESHOLDS = {
    "unspecified": "HARM_BLOCK_THRESHOLD_UNSPECIFIED",
    "block_low_and_above": "BLOCK_LOW_AND_ABOVE",
    "low": "BLOCK_LOW_AND_ABOVE",
    "block_medium_and_above": "BLOCK_MEDIUM_AND_ABOVE",
    "medium": "BLOCK_MEDIUM_AND_ABOVE",
    "med": "BLOCK_MEDIUM_AND_ABOVE",
    "block_only_high": "BLOCK_ONLY_HIGH",
    "high": "BLOCK_ONLY_HIGH",
    "block_none": "BLOCK_NONE",
    "none": "BLOCK_NONE",
    "off": "OFF",
}
_METHODS = {
    "unspecified": "HARM_BLOCK_METHOD_UNSPECIFIED",
    "severity": "SEVERITY",
    "probability": "PROBABILITY",
}
_WORDS = {
    "category": ("harm_category_", _CATEGORIES),
    "threshold": ("harm_block_threshold_", _THRESHOLDS),
    "method": ("harm_block_method_", _METHODS),
}
"""Of each field, what may stand before a short name, and the names."""

_USUAL = ("harassment", "hate_speech", "sexually_explicit", "dangerous_content")
"""The categories that a threshold alone is for."""


def to_settings(value: object, backend: Backend, base: Iterable[Any] = ()) -> list[Any]:
    """Return safety settings as messages of a backend.

    Args:
        value: A threshold for the usual four categories, a mapping of categories to thresholds, one
            setting, a list of settings, or None. Names may be short and of any case; a number is that
            of the backend.
        backend: Where they are sent.
        base: Settings of the backend that hold for the categories that `value` does not name.

    Raises:
        UnsupportedError: The backend lacks a category, a threshold or the method.
        ArgumentError: A name or a number does not exist.
        FieldError: It is nothing of the kind.
    """
    made = [
        _setting(each, backend, f"safety_settings[{index}]")
        for index, each in enumerate(_settings(value))
    ]
    merged = {setting.category: setting for setting in base}
    merged.update((setting.category, setting) for setting in made)
    return list(merged.values())


def _settings(value: Any) -> Iterable[object]:
    """Return one value for each setting."""
    if value is None:
        return ()
    if isinstance(value, (str, int, enum.Enum)):
        return [SafetySetting(category, value) for category in _USUAL]
    if isinstance(value, SafetySetting) or translation.pb_of(value) is not None:
        return [value]
    if isinstance(value, Mapping):
        if "category" in value:
            return [value]
        return [SafetySetting(category, threshold) for category, threshold in value.items()]
    if isinstance(value, Iterable):
        return value
    raise FieldError(
        "safety_settings: expected a threshold, a mapping of categories to thresholds, or a list of "
        f"SafetySetting, got {type(value).__name__}"
    )


def _setting(value: Any, backend: Backend, path: str) -> Any:
    if translation.pb_of(value) is not None:
        return translation.message("SafetySetting", value, backend, path)
    if isinstance(value, SafetySetting):
        value = {"category": value.category, "threshold": value.threshold, "method": value.method}
    if not isinstance(value, Mapping):
        raise FieldError(
            f"{path}: expected a SafetySetting or a mapping of its fields, got {type(value).__name__}"
        )
    given = {
        name: _number(name, item, backend, f"{path}.{name}") if name in _WORDS else item
        for name, item in value.items()
        if item is not None
    }
    for name in ("category", "threshold"):
        if name not in given:
            raise FieldError(f"{path}: {name} is missing")
    return translation.message("SafetySetting", given, backend, path)


def _number(name: str, value: Any, backend: Backend, path: str) -> int:
    """Return the number that the backend has for a category, threshold or method."""
    field = backend.pb("SafetySetting").DESCRIPTOR.fields_by_name.get(name)
    if field is None:
        raise UnsupportedError(f"{path}: {backend.name} has no SafetySetting.{name}")
    members: Any = field.enum_type
    if isinstance(value, str) and not _is_short(name, value):
        named = members.values_by_name.get(value.upper())
        if named is not None:  # the protos may be newer than the words
            return int(named.number)
    full = _written(name, value, path)
    if not isinstance(full, str):
        return _checked(full, members, path)
    if full not in members.values_by_name:
        raise UnsupportedError(f"{path}: {backend.name} has no {members.name}.{full}")
    return int(members.values_by_name[full].number)


def _written(name: str, value: object, path: str = "") -> object:
    """Return the full name of a category, threshold or method; what has no name as it is."""
    if isinstance(value, enum.Enum):
        return value.name
    return _full_name(name, value, path or name) if isinstance(value, str) else value


def _is_short(name: str, value: str) -> bool:
    prefix, words = _WORDS[name]
    return value.lower().removeprefix(prefix) in words


def _full_name(name: str, value: str, path: str) -> str:
    prefix, words = _WORDS[name]
    short = value.lower().removeprefix(prefix)
    if short not in words:
        raise ArgumentError(
            f"{path} is {value!r}{nearest(short, words)}; expected one of {', '.join(words)}"
        )
    return words[short]


def _checked(value: Any, members: Any, path: str) -> int:
    if isinstance(value, bool) or not hasattr(value, "__index__"):
        raise FieldError(
            f"{path}: expected a member of {members.name}, its name or its number, "
            f"got {type(value).__name__}"
        )
    number = operator.index(value)
    if number not in members.values_by_number:
        known = ", ".join(f"{each.number} ({each.name})" for each in members.values)
        raise ArgumentError(f"{path} is {number}; expected one of {known}")
    return number
