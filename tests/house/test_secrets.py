"""The search for secrets finds them wherever an error can carry them."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from tests.support import secrets

SECRET = "s3cr3t-value"


class Masked(str):
    """A text that does not show itself."""

    __slots__ = ()

    def __repr__(self) -> str:
        return "'***'"


@dataclasses.dataclass
class Shown:
    value: object
    hidden: object = dataclasses.field(repr=False, default=None)


def in_a_module(value: object) -> Callable[[], None]:
    """Return a function whose frame is searched, unlike those of tests."""
    code = "def fail():\n    held = value\n    raise ValueError('no')"
    scope: dict[str, Any] = {"value": value, "__name__": "elsewhere"}
    exec(code, scope)
    function: Callable[[], None] = scope["fail"]
    return function


def raised(function: Callable[[], None]) -> Exception:
    with pytest.raises(ValueError, match="no") as caught:
        function()
    return caught.value


@pytest.mark.parametrize(
    "held",
    [
        SECRET,
        SECRET.encode(),
        [("key", SECRET)],
        {"a": [{"b": (SECRET,)}]},
        Shown(SECRET),
        {SECRET: 1},
    ],
)
def test_a_secret_in_a_local_variable_is_found(held: object) -> None:
    assert secrets.find(raised(in_a_module(held)), SECRET)


@pytest.mark.parametrize("held", [Masked(SECRET), [Masked(SECRET)], Shown("x", SECRET), object()])
def test_what_is_masked_is_not(held: object) -> None:
    secrets.assert_hidden(raised(in_a_module(held)), SECRET)


def test_causes_contexts_groups_and_attributes_are_searched() -> None:
    inner = ValueError("no")
    for attach in ("__cause__", "__context__"):
        outer = RuntimeError("outer")
        setattr(outer, attach, ValueError(SECRET))
        assert secrets.find(outer, SECRET)
    assert secrets.find(ExceptionGroup("g", [ValueError(SECRET)]), SECRET)
    inner.detail = {"key": SECRET}  # type: ignore[attr-defined]
    assert secrets.find(inner, SECRET)
