"""The members of classes with named members: dataclasses, TypedDicts and NamedTuples."""

from __future__ import annotations

import dataclasses
import types
import typing
from functools import cache
from typing import Any

from gemini_grpc.errors import ArgumentError
from gemini_grpc.functions import docstring


@dataclasses.dataclass(frozen=True, slots=True)
class Member:
    """One member of a record."""

    name: str
    """Its name, in Python and in JSON."""
    annotation: Any
    """Its type, resolved."""
    required: bool
    """It has no default and may not be left out."""
    description: str = ""
    """What the class says about it."""


def is_record(kind: type) -> bool:
    """Return whether a class has named members."""
    return dataclasses.is_dataclass(kind) or is_typed_dict(kind) or is_named_tuple(kind)


def is_typed_dict(kind: type) -> bool:
    """Return whether a class is a TypedDict, of `typing` or of typing_extensions."""
    return issubclass(kind, dict) and hasattr(kind, "__required_keys__")


def is_named_tuple(kind: type) -> bool:
    """Return whether a class is a named tuple."""
    return issubclass(kind, tuple) and hasattr(kind, "_fields")


def description_of(kind: type) -> str:
    """Return what the docstring of a class says, nothing if Python wrote it."""
    return _documentation(kind).description


@cache
def members_of(kind: type) -> tuple[Member, ...]:
    """Return the members that a record is made from, in order.

    Raises:
        ArgumentError: An annotation cannot be resolved.
    """
    hints = _hints(kind)
    texts = _documentation(kind).parameters
    if dataclasses.is_dataclass(kind):
        return tuple(
            Member(
                field.name,
                hints[field.name],
                field.default is dataclasses.MISSING
                and field.default_factory is dataclasses.MISSING,
                str(field.metadata.get("description", texts.get(field.name, ""))),
            )
            for field in dataclasses.fields(kind)
            if field.init
        )
    if is_typed_dict(kind):
        return tuple(_key(kind, name, hint, texts.get(name, "")) for name, hint in hints.items())
    named: Any = kind
    return tuple(
        Member(name, hints.get(name, Any), name not in named._field_defaults, texts.get(name, ""))
        for name in named._fields
    )


def _key(kind: Any, name: str, hint: Any, text: str) -> Member:
    """Return a key of a TypedDict.

    `__required_keys__` cannot see a NotRequired in annotations that are strings; the resolved hint can.
    """
    required = name in kind.__required_keys__
    while (qualifier := _word(typing.get_origin(hint))) in _QUALIFIERS:
        required = qualifier == "Required" if "Required" in qualifier else required
        hint = typing.get_args(hint)[0]
    return Member(name, hint, required, text)


_QUALIFIERS = ("Required", "NotRequired", "ReadOnly")


def _word(origin: object) -> str:
    """Return the name of a special form; typing and typing_extensions have each their own objects."""
    return str(getattr(origin, "_name", ""))


def _hints(kind: type) -> dict[str, Any]:
    try:
        return typing.get_type_hints(kind, include_extras=True)
    except (NameError, TypeError, SyntaxError, AttributeError) as error:
        text = f"the annotations of {kind.__name__} cannot be resolved at run time: {error}"
        raise ArgumentError(text) from error


def resolve(annotation: object, names: dict[str, Any]) -> Any:
    """Return an annotation with everything in it resolved that was written as a string.

    Raises:
        ArgumentError: A name in it is not known, usually because it is imported for type checkers only.
    """
    holder: Any = types.SimpleNamespace(__annotations__={"it": annotation})
    try:
        return typing.get_type_hints(holder, names, include_extras=True)["it"]
    except (NameError, TypeError, SyntaxError, AttributeError) as error:
        raise ArgumentError(
            f"the annotation {annotation!r} cannot be resolved: {error}; "
            "everything in it has to be known at run time in the module of the function"
        ) from error


def _documentation(kind: type) -> docstring.Docstring:
    text = kind.__dict__.get("__doc__") or ""
    # dataclass and NamedTuple write `Name(member, ...)` where there is no docstring
    return docstring.Docstring() if text.startswith(f"{kind.__name__}(") else docstring.read(text)
