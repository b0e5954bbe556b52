"""Scripts as files, YAML or JSON.

    GenerateContent:
      - fault: {code: UNAVAILABLE, times: 2, retry_after: 0.5}
      - reply: {text: done}
    GenerativeService.StreamGenerateContent:
      strict: true
      outcomes:
        - reply:
            chunks: [one, {pause: 0.5}, {message: {candidates: []}}, {fault: {code: ABORTED}}]
            when: {model: models/gemini-3.8-flash}
    BidiGenerateContent:
      - reply:
          dialogue:
            - [{message: {setup_complete: {}}}]
            - when: {client_content: {turn_complete: true}}
              send: [{bytes: "//8="}, text]

The options of `reply` and `fault` are those of `Reply` and `Fault`, except `call`. In a list of items
a text is a text, and everything else is a mapping of one of `message`, `bytes` (base64), `pause` and
`fault`.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from gemini_grpc.emulator import document
from gemini_grpc.emulator.faults import Fault
from gemini_grpc.emulator.reply import Item, Pause, Reply, Step
from gemini_grpc.errors import ArgumentError, UsageError

if TYPE_CHECKING:
    from pathlib import Path

    from gemini_grpc.emulator.script import Outcome, Scripts


def load(scripts: Scripts, path: str | Path) -> None:
    """Add what a file says to the scripts.

    Raises:
        ArgumentError: It cannot be read, or something in it is not right; the text says where.
    """
    for name, value in document.mapping(document.read(path), str(path)).items():
        try:
            strict, listed = _script(value, name)
            outcomes = [_outcome(item, f"{name}[{index}]") for index, item in enumerate(listed)]
            scripts.add(name, outcomes, strict=strict)
        except UsageError as cause:
            raise ArgumentError(f"{path}: {cause}") from cause


def _script(value: object, where: str) -> tuple[bool, list[Any]]:
    """Return whether a script is strict, and its outcomes."""
    if isinstance(value, Mapping):
        document.check_names(value, ("strict", "outcomes"), where)
        strict = value.get("strict", False)
        if not isinstance(strict, bool):
            raise ArgumentError(f"{where}.strict: expected true or false, got {strict!r}")
        return strict, document.items(value.get("outcomes"), f"{where}.outcomes")
    return False, document.items(value, where)


def _outcome(value: object, where: str) -> Outcome:
    kind, options = document.only(value, _OUTCOMES, where)
    return _OUTCOMES[kind](options, f"{where}.{kind}")


def _reply(options: object, where: str) -> Reply:
    given = dict(document.mapping(options, where))
    if "call" in given:
        raise ArgumentError(f"{where}.call: a function cannot be given in a file")
    for name in ("chunks", "dialogue"):
        if name in given:
            inner = f"{where}.{name}"
            convert = _item if name == "chunks" else _step
            listed = enumerate(document.items(given[name], inner))
            given[name] = [convert(item, f"{inner}[{index}]") for index, item in listed]
    return document.make(Reply, given, where)


def _fault(options: object, where: str) -> Fault:
    return document.make(Fault, options, where)


_OUTCOMES: dict[str, Callable[[object, str], Outcome]] = {"reply": _reply, "fault": _fault}


def _step(value: object, where: str) -> Step:
    when: Any = None
    if isinstance(value, Mapping):
        document.check_names(value, ("when", "send"), where)
        when, value = value.get("when"), value.get("send", [])
    listed = enumerate(document.items(value, where))
    return Step([_item(item, f"{where}[{index}]") for index, item in listed], when)


def _item(value: object, where: str) -> Item:
    if isinstance(value, str):
        return value
    kind, given = document.only(value, _ITEMS, where)
    return _ITEMS[kind](given, f"{where}.{kind}")


def _bytes(value: object, where: str) -> bytes:
    try:
        return base64.b64decode(str(value), validate=True)
    except (binascii.Error, ValueError) as cause:
        raise ArgumentError(f"{where}: expected base64 text: {cause}") from cause


def _pause(value: object, where: str) -> Pause:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or value < 0:
        raise ArgumentError(f"{where}: expected seconds, got {value!r}")
    return Pause(float(value))


_ITEMS: dict[str, Callable[[object, str], Item]] = {
    "message": document.mapping,
    "bytes": _bytes,
    "pause": _pause,
    "fault": _fault,
}
