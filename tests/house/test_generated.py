"""Generated code is current, and the protos it comes from explain every element."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

from codegen import __main__ as main
from codegen import load, write

if TYPE_CHECKING:
    import pytest

ROOT = Path(__file__).resolve().parents[2]


def test_generated_code_is_current(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(sys, "argv", ["codegen", "--check"])
    assert main.main() == 0, capsys.readouterr().out


def test_every_generated_file_says_so() -> None:
    for folder in write.OWNED:
        for path in (ROOT / folder).rglob("*.py*"):
            if path.suffix in (".py", ".pyi") and path.read_text().count("\n") > 1:
                first = path.read_text().split("\n", 1)[0]
                assert first.endswith("Do not edit."), path


def elements(file: Any) -> Iterator[tuple[tuple[int, ...], str]]:
    """Yield the path of every element that needs a comment, as descriptor.proto counts, and its name."""
    for number, service in enumerate(file.service):
        yield (6, number), service.name
        for place, method in enumerate(service.method):
            yield (6, number, 2, place), f"{service.name}.{method.name}"
    for number, message in enumerate(file.message_type):
        yield from of_message(message, (4, number), message.name)
    for number, enum in enumerate(file.enum_type):
        yield from of_enum(enum, (5, number), enum.name)


def of_message(message: Any, path: tuple[int, ...], name: str) -> Iterator[Any]:
    yield path, name
    for number, field in enumerate(message.field):
        yield (*path, 2, number), f"{name}.{field.name}"
    for number, nested in enumerate(message.nested_type):
        if not nested.options.map_entry:
            yield from of_message(nested, (*path, 3, number), f"{name}.{nested.name}")
    for number, enum in enumerate(message.enum_type):
        yield from of_enum(enum, (*path, 4, number), f"{name}.{enum.name}")


def of_enum(enum: Any, path: tuple[int, ...], name: str) -> Iterator[Any]:
    yield path, name
    for number, value in enumerate(enum.value):
        yield (*path, 2, number), f"{name}.{value.name}"


def test_every_element_of_the_protos_has_a_comment_that_is_a_sentence() -> None:
    files = load.load(ROOT / "protos")
    assert len(files) > 40
    without = []
    for file in files:
        comments = {
            tuple(each.path): each.leading_comments for each in file.source_code_info.location
        }
        for path, name in elements(file):
            text = comments.get(path, "").strip()
            if len(text) < 8 or text[-1] not in ".:)`;|" or " " not in text:
                without.append(f"{file.name}: {name}: {text!r}")
    assert without == []
