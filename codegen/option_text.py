"""Print the options of an element of a proto file: as statements, or in brackets behind it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from google.api import field_info_pb2, routing_pb2
from google.protobuf import text_format
from google.protobuf.message import Message
from google.protobuf.unknown_fields import UnknownFieldSet

from codegen import load

if TYPE_CHECKING:
    from google.protobuf.descriptor import FieldDescriptor

OPTIONS = (*load.OPTIONS, field_info_pb2, routing_pb2)
"""Imported so that the options they define can be printed by name."""

FIRST_OPTIONS = ("google.api.http", "google.api.method_signature")
"""Options that stand before the others, which are sorted by number."""

LISTS = frozenset({"google.api.oauth_scopes"})
"""Options whose value is a list in one string, printed with one item on each line."""


def in_brackets(options: Message) -> list[str]:
    """Return each option as it stands behind a field or value: `deprecated = true`."""
    return [
        text
        for descriptor, value in _set_options(options)
        for text in _bracketed(_option_name(descriptor), descriptor, value)
    ]


def statements(options: Message, indent: int) -> list[str]:
    """Print the options of anything but fields and values: each a statement of its own."""
    margin = " " * indent
    lines: list[str] = []
    for descriptor, value in _set_options(options):
        name = _option_name(descriptor)
        for each in _values(descriptor, value):
            if descriptor.full_name in LISTS:
                items = [quoted(item) for item in re.findall(r"[^,]+,?", str(each))]
                lines.append(f"{margin}option {name} =")
                lines += [f"{margin}    {item}" for item in items]
                lines[-1] += ";"
            elif isinstance(each, Message):
                body = text_format.MessageToString(each, as_utf8=True, indent=indent + 2)
                lines += [f"{margin}option {name} = {{", *body.splitlines(), f"{margin}}};"]
            else:
                lines.append(f"{margin}option {name} = {_scalar(descriptor, each)};")
    return lines


def has_unknown(options: Message) -> bool:
    """Tell whether something is set, at any depth, that is not defined here and cannot be printed."""
    if len(UnknownFieldSet(options)):
        return True
    return any(
        has_unknown(each) if isinstance(each, Message) else not _is_known(descriptor, each)
        for descriptor, value in options.ListFields()
        for each in _all_values(descriptor, value)
    )


def quoted(text: str) -> str:
    """Return a text as a string of the proto language."""
    return json.dumps(text, ensure_ascii=False)


def _set_options(options: Message) -> list[tuple[FieldDescriptor, object]]:
    """Return the options that are set, in the order in which they are printed."""

    def place(item: tuple[FieldDescriptor, object]) -> tuple[int, int]:
        descriptor = item[0]
        if descriptor.full_name in FIRST_OPTIONS:
            return 1, FIRST_OPTIONS.index(descriptor.full_name)
        return (2 if descriptor.is_extension else 0), descriptor.number

    return sorted(options.ListFields(), key=place)


def _bracketed(name: str, descriptor: FieldDescriptor, value: object) -> Iterator[str]:
    """Yield what sets one option within brackets, a message as far as possible field by field."""
    for each in _values(descriptor, value):
        if not isinstance(each, Message):
            yield f"{name} = {_scalar(descriptor, each)}"
        elif any(
            isinstance(part, Message) or inner.is_repeated for inner, part in each.ListFields()
        ):
            yield f"{name} = {{ {text_format.MessageToString(each, as_utf8=True, as_one_line=True)} }}"
        else:
            for inner, part in each.ListFields():
                yield f"{name}.{inner.name} = {_scalar(inner, part)}"


def _option_name(descriptor: FieldDescriptor) -> str:
    return f"({descriptor.full_name})" if descriptor.is_extension else descriptor.name


def _values(descriptor: FieldDescriptor, value: object) -> list[object]:
    """Return the values of an option that can be printed."""
    return [each for each in _all_values(descriptor, value) if _is_known(descriptor, each)]


def _all_values(descriptor: FieldDescriptor, value: object) -> Iterable[object]:
    return value if descriptor.is_repeated else [value]  # type: ignore[return-value]  # so it says


def _is_known(descriptor: FieldDescriptor, value: object) -> bool:
    return descriptor.enum_type is None or value in descriptor.enum_type.values_by_number


def _scalar(descriptor: FieldDescriptor, value: object) -> str:
    match value:
        case bool():
            return str(value).lower()
        case int() if descriptor.enum_type:
            return str(descriptor.enum_type.values_by_number[value].name)
        case str():
            return quoted(value)
        case _:
            return str(value)
