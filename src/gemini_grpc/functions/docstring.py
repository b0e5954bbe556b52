"""Docstrings in the styles of Google, NumPy and Sphinx: what a function is for, and its parameters.

The description is everything before the first section or field. Types written in a docstring are
passed over: annotations say it better.
"""

from __future__ import annotations

import inspect
import itertools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

_PARAMETERS = frozenset(
    {
        *("args", "arguments", "parameters", "params", "attributes", "fields"),
        *("keyword args", "keyword arguments", "other parameters", "other arguments"),
    }
)
_OTHERS = frozenset(
    {
        *("returns", "return", "yields", "yield", "raises", "raise", "receives", "warns"),
        *("example", "examples", "usage", "note", "notes", "warning", "warnings"),
        *("see also", "references", "todo", "methods"),
    }
)
_GOOGLE = re.compile(r"(?P<title>[A-Z][A-Za-z ]*):\s*")
_ENTRY = re.compile(r"\*{0,2}(?P<name>\w+)\s*(\((?P<type>.*?)\))?\s*:(\s+(?P<text>.*))?")
_UNDERLINE = re.compile(r"[-=]{3,}\s*")
_NAMES = re.compile(r"(?P<names>\*{0,2}\w+(\s*,\s*\*{0,2}\w+)*)\s*(:.*)?")
_FIELD = re.compile(r":(?P<kind>\w+)(\s+(?P<rest>[^:]*))?:\s*(?P<text>.*)")
_FIELD_KINDS = frozenset(
    {"param", "parameter", "arg", "argument", "key", "keyword", "ivar", "var", "cvar"}
)


@dataclass(frozen=True, slots=True)
class Docstring:
    """What a docstring says."""

    description: str = ""
    """The paragraphs before the first section."""
    parameters: dict[str, str] = field(default_factory=dict)
    """For each parameter (or attribute) that is described, its text on one line."""


def read(text: str | None) -> Docstring:
    """Return what a docstring says; nothing for None."""
    lines = inspect.cleandoc(text or "").splitlines()
    starts = [index for index in range(len(lines)) if _opens(lines, index)]
    found: dict[str, str] = {}
    for start, end in itertools.pairwise([*starts, len(lines)]):
        for name, words in _entries(lines[start:end]):
            found.setdefault(name, words)
    description = "\n".join(lines[: starts[0]] if starts else lines).strip()
    return Docstring(description, found)


def _opens(lines: list[str], index: int) -> bool:
    """Return whether a section or a field begins at a line."""
    line = lines[index]
    if title := _GOOGLE.fullmatch(line):
        return title["title"].lower() in _PARAMETERS | _OTHERS
    if _FIELD.fullmatch(line):
        return True
    underlined = index + 1 < len(lines) and _UNDERLINE.fullmatch(lines[index + 1])
    return bool(underlined) and line.strip().lower() in _PARAMETERS | _OTHERS


def _entries(lines: list[str]) -> Iterator[tuple[str, str]]:
    """Yield names and texts of one section or field."""
    first = lines[0]
    if entry := _FIELD.fullmatch(first):
        if entry["kind"] in _FIELD_KINDS and entry["rest"]:
            yield entry["rest"].split()[-1].lstrip("*"), _joined([entry["text"], *lines[1:]])
    elif first.rstrip(": ").lower() in _PARAMETERS:
        yield from _google(lines[1:]) if first.rstrip().endswith(":") else _numpy(lines[2:])


def _google(lines: list[str]) -> Iterator[tuple[str, str]]:
    for block in _blocks(lines):
        if entry := _ENTRY.fullmatch(block[0].strip()):
            yield entry["name"], _joined([entry["text"] or "", *block[1:]])


def _numpy(lines: list[str]) -> Iterator[tuple[str, str]]:
    for block in _blocks(lines):
        if entry := _NAMES.fullmatch(block[0].strip()):
            for name in entry["names"].split(","):
                yield name.strip().lstrip("*"), _joined(block[1:])


def _blocks(lines: list[str]) -> Iterator[list[str]]:
    """Yield each least indented line with the deeper ones under it."""
    filled = [line for line in lines if line.strip()]
    margin = min((_indent(line) for line in filled), default=0)
    block: list[str] = []
    for line in filled:
        if _indent(line) == margin and block:
            yield block
            block = []
        block.append(line)
    if block:
        yield block


def _indent(line: str) -> int:
    return len(line) - len(line.lstrip())


def _joined(lines: list[str]) -> str:
    return " ".join(" ".join(lines).split())
