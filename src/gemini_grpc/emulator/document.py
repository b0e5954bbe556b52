"""Documents that users write, YAML or JSON: read, and taken apart with errors that say where."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, TypeVar

from gemini_grpc.errors import ArgumentError, UsageError, nearest

Value = TypeVar("Value")


def read(path: str | Path) -> object:
    """Return what a YAML or JSON file holds.

    Raises:
        ArgumentError: It cannot be read.
    """
    path = Path(path)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as cause:
        why = getattr(cause, "strerror", None) or "it is not UTF-8 text"
        raise ArgumentError(f"{path} cannot be read: {why}") from cause
    return _parse_json(text, path) if path.suffix == ".json" else _parse_yaml(text, path)


def make(cls: type[Value], options: object, where: str) -> Value:
    """Return a value of a class with named options.

    Raises:
        ArgumentError: An option does not exist, or does not fit.
    """
    given = mapping(options, where)
    known = [field.name for field in fields(cls) if field.init]  # type: ignore[arg-type]
    check_names(given, known, where)
    try:
        return cls(**given)
    except (UsageError, TypeError) as cause:
        raise ArgumentError(f"{where}: {cause}") from cause


def check_names(given: Iterable[str], known: Iterable[str], where: str) -> None:
    """Check the names of options.

    Raises:
        ArgumentError: One does not exist; the text says which is nearest.
    """
    known = list(known)
    for name in given:
        if name not in known:
            hint = nearest(name, known) or f"; the options are {', '.join(known)}"
            raise ArgumentError(f"{where} has no option {name!r}{hint}")


def _parse_json(text: str, path: Path) -> object:
    try:
        return json.loads(text)
    except json.JSONDecodeError as cause:
        raise ArgumentError(
            f"{path}, line {cause.lineno}, column {cause.colno}: {cause.msg}"
        ) from cause


def _parse_yaml(text: str, path: Path) -> object:
    try:
        import yaml
    except ImportError as cause:
        raise ArgumentError(
            f"{path} is read as YAML, which needs `pip install 'gemini-grpc[emulator]'`; "
            "a file whose name ends in .json does not"
        ) from cause
    try:
        return yaml.safe_load(text)
    except yaml.MarkedYAMLError as cause:
        mark = cause.problem_mark
        place = f", line {mark.line + 1}, column {mark.column + 1}" if mark else ""
        raise ArgumentError(f"{path}{place}: {cause.problem}") from cause
    except yaml.YAMLError as cause:
        raise ArgumentError(f"{path}: {' '.join(str(cause).split())}") from cause


def only(value: object, kinds: Mapping[str, object], where: str) -> tuple[str, object]:
    """Return the one key of a mapping, and its value.

    Raises:
        ArgumentError: There is another key, or not exactly one.
    """
    given = mapping(value, where)
    expected = ", ".join(kinds)
    check_names(given, kinds, where)
    if len(given) != 1:
        raise ArgumentError(f"{where}: expected exactly one of {expected}")
    return next(iter(given.items()))


def mapping(value: object, where: str) -> Mapping[str, Any]:
    """Return a mapping.

    Raises:
        ArgumentError: It is something else.
    """
    if not isinstance(value, Mapping):
        raise ArgumentError(f"{where}: expected a mapping, got {_kind(value)}")
    for name in value:
        if not isinstance(name, str):
            raise ArgumentError(f"{where}: {name!r} is not a name")
    return value


def items(value: object, where: str) -> list[Any]:
    """Return a list.

    Raises:
        ArgumentError: It is something else.
    """
    if not isinstance(value, list):
        raise ArgumentError(f"{where}: expected a list, got {_kind(value)}")
    return value


def _kind(value: object) -> str:
    return "nothing" if value is None else type(value).__name__
