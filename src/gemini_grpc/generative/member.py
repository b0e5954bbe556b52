"""The members of enums: which one a user means, and which one the server sent."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from types import MappingProxyType
from typing import Any, TypeVar

from gemini_grpc.errors import ArgumentError, nearest

Kind = TypeVar("Kind", bound=enum.IntEnum)

_NONE: Mapping[str, str] = MappingProxyType({})


def choose(
    kind: type[Kind],
    value: object,
    argument: str,
    *,
    prefix: str = "",
    aliases: Mapping[str, str] = _NONE,
) -> Kind:
    """Return the member that is meant: a member, its number, or its name in any case.

    Args:
        kind: The enum; its member 0 stands for nothing and cannot be chosen.
        value: What the user passed.
        argument: How messages call it.
        prefix: What names may begin with.
        aliases: More names for members.

    Raises:
        ArgumentError: It is none of them.
    """
    names = {member.name: member for member in kind if member}
    if isinstance(value, str):
        word = value.strip().upper().removeprefix(prefix)
        word = aliases.get(word, word)
        if word in names:
            return names[word]
    elif isinstance(value, int) and not isinstance(value, bool) and value in names.values():
        return kind(value)
    hint = nearest(value.upper(), names) if isinstance(value, str) else ""
    raise ArgumentError(f"{argument} is {value!r}{hint or '; expected one of ' + ', '.join(names)}")


def known(kind: type[enum.IntEnum], number: int) -> int:
    """Return the member of a number that the server sent; a number without a member stays one."""
    return kind._value2member_map_.get(int(number), int(number))  # type: ignore[return-value]  # members are ints


def word(message: Any, field: str) -> str:
    """Return the name of the member that an enum field of a protobuf message has.

    Of a member that is newer than the library it is the number.
    """
    number = getattr(message, field)
    found = message.DESCRIPTOR.fields_by_name[field].enum_type.values_by_number.get(number)
    return str(number) if found is None else str(found.name)
