"""Give a package names that are imported on first use.

Importing every message class of an API takes longer than most programs run; so packages list where
each public name lives, and PEP 562 does the rest.
"""

from __future__ import annotations

import importlib
import sys
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


def attach(
    package: str, homes: Mapping[str, str]
) -> tuple[Callable[[str], object], Callable[[], list[str]]]:
    """Return the `__getattr__` and `__dir__` of a package.

    Args:
        package: The package's `__name__`.
        homes: For each public name the module that defines it, relative to the package (`".types"`).
            A name that equals the last part of its module is the module itself; what has another
            name there follows after a colon (`".types:Name"`).
    """

    def get(name: str) -> object:
        home = homes.get(name)
        if home is None:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        path, _, other = home.partition(":")
        module = importlib.import_module(path, package)
        is_module = path.rpartition(".")[2] == name
        value: object = module if is_module else getattr(module, other or name)
        setattr(sys.modules[package], name, value)
        return value

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *homes})

    return get, names
