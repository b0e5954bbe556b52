"""Print the public surface of google.generativeai as JSON: modules, their names, and the parameters of callables.

Run in an environment that has that package; it imports nothing else that is not part of Python.
"""

from __future__ import annotations

import importlib
import inspect
import json
import sys
from types import ModuleType
from typing import Any

MODULES = (
    *("", ".answer", ".caching", ".operations", ".permission", ".retriever", ".types"),
    *(
        f".types.{name}_types"
        for name in (
            *("answer", "caching", "citation", "content", "file", "generation", "helper"),
            *("model", "permission", "retriever", "safety"),
        )
    ),
)


def parameters(value: Any) -> list[str] | None:
    """Return the names of the parameters of a callable; None if it says nothing of them."""
    try:
        found = inspect.signature(value).parameters.values()
    except (TypeError, ValueError):
        return None
    named = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)
    return [each.name for each in found if each.kind in named and each.name not in ("self", "cls")]


def describe(value: Any) -> dict[str, Any]:
    """Return what a public name is."""
    if inspect.isclass(value):
        methods = {
            name: parameters(getattr(value, name))
            for name in vars(value)
            if not name.startswith("_")
        }
        return {"kind": "class", "parameters": parameters(value), "members": methods}
    return {"kind": "value", "parameters": parameters(value) if callable(value) else None}


def surface(module: ModuleType, package: str) -> dict[str, Any]:
    """Return the names of a module that it defines or takes from its own package."""
    names = getattr(module, "__all__", None) or [name for name in vars(module) if name[:1] != "_"]
    found = {}
    for name in names:
        value = getattr(module, name, None)  # `__all__` may name what does not exist
        home = getattr(value, "__module__", None) or ""
        if inspect.ismodule(value) or name == "annotations":
            continue
        if home.startswith(package) or (not home and name.isupper()):
            found[name] = describe(value)
    return found


package = sys.argv[1]
print(
    json.dumps(
        {name: surface(importlib.import_module(package + name), package) for name in MODULES}
    )
)
