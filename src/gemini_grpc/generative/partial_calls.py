"""Function calls that arrive in pieces, as Vertex AI streams them when it is asked to.

The first piece has the name, the others have partial arguments: a JSON path and a value, where a text may
go on in the next piece with the same path. Together they are one call with all its arguments.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from itertools import pairwise
from typing import Any

_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+)\]|\['((?:[^'\\]|\\.)*)'\]|\[\"((?:[^\"\\]|\\.)*)\"\]")

Key = str | int


def goes_on(first: Any, second: Any) -> bool:
    """Tell whether the second part is the next piece of the call in the first."""
    if not (first.HasField("function_call") and second.HasField("function_call")):
        return False
    return bool(getattr(first.function_call, "will_continue", False)) and not (
        second.function_call.name
    )


def assemble(call: Any, pieces: Sequence[Any]) -> None:
    """Give a call, which is a copy of the first piece, what all pieces say."""
    arguments: dict[str, Any] = {}
    texts: dict[str, list[str]] = {}
    for piece in pieces:
        for partial in piece.partial_args:
            kind = partial.WhichOneof("delta")
            value = None if kind in (None, "null_value") else getattr(partial, kind)
            if isinstance(value, str):
                texts.setdefault(partial.json_path, []).append(value)
            else:
                _put(arguments, partial.json_path, value)
    for path, said in texts.items():
        _put(arguments, path, "".join(said))
    for piece in pieces:
        call.args.MergeFrom(piece.args)
    call.args.update(arguments)
    call.ClearField("partial_args")
    call.will_continue = pieces[-1].will_continue


def _put(arguments: dict[str, Any], path: str, value: object) -> None:
    """Set the value at a path, making the objects and lists on the way."""
    keys = [_key(step) for step in _STEP.finditer(path)]
    inside: Any = arguments
    for key, following in pairwise(keys):
        inside = _at(inside, key, [] if isinstance(following, int) else {})
    if keys:
        _at(inside, keys[-1], value)
        inside[keys[-1]] = value


def _key(step: re.Match[str]) -> Key:
    name, index, single, double = step.groups()
    return int(index) if index is not None else name or single or double or ""


def _at(inside: Any, key: Key, fresh: Any) -> Any:
    """Return what is at a key; something fresh, put there, if nothing is."""
    if isinstance(key, str):
        return inside.setdefault(key, fresh)
    inside.extend([None] * (key + 1 - len(inside)))
    if inside[key] is None:
        inside[key] = fresh
    return inside[key]
