"""Keep secrets out of what is printed: a string that does not show itself, and errors without locals."""

from __future__ import annotations

import functools
import hmac
import traceback
from collections.abc import Callable
from typing import ParamSpec, TypeVar

P = ParamSpec("P")
R = TypeVar("R")


class Secret:
    """A credential: prints as stars wherever it turns up, and cannot be pickled.

    Only `reveal` gives the value, and only the code that attaches it to a call uses that.
    """

    __slots__ = ("_value",)

    def __init__(self, value: str) -> None:
        self._value = value

    def reveal(self) -> str:
        """Return the value itself."""
        return self._value

    def __repr__(self) -> str:
        return "Secret('***')"

    def __str__(self) -> str:
        return "***"

    def __format__(self, spec: str) -> str:
        return format("***", spec)

    def __eq__(self, other: object) -> bool:
        """Compare in constant time."""
        if not isinstance(other, Secret):
            return NotImplemented
        return hmac.compare_digest(self._value.encode(), other._value.encode())

    def __hash__(self) -> int:
        return hash((Secret, self._value))

    def __copy__(self) -> Secret:
        return self

    def __deepcopy__(self, memo: object) -> Secret:
        return self

    def __reduce__(self) -> str:
        raise TypeError("a Secret is not pickled; read it again where it is needed")


def forget_locals(function: Callable[P, R]) -> Callable[P, R]:
    """Return a function whose errors carry no local variables of it and of what it called.

    For functions that take keys or read the environment: crash reporters print the local variables of
    each frame.
    """

    @functools.wraps(function)
    def call(*args: P.args, **kwargs: P.kwargs) -> R:
        try:
            return function(*args, **kwargs)
        except BaseException as error:
            del args, kwargs
            _clear_frames(error)
            raise

    return call


def _clear_frames(error: BaseException) -> None:
    """Clear the frames of an error, its causes and its contexts; those that still run keep theirs."""
    waiting: list[BaseException | None] = [error]
    seen: set[int] = set()
    while waiting:
        each = waiting.pop()
        if each is not None and id(each) not in seen:
            seen.add(id(each))
            traceback.clear_frames(each.__traceback__)
            waiting += [each.__cause__, each.__context__]
