"""NumPy, if it is installed.

Everything about audio works without it. With it, long recordings take a small part of the time; the
results are the same to the bit, since both ways compute with whole numbers, or round the same way.
"""

from __future__ import annotations

from functools import cache
from types import ModuleType


@cache
def numpy() -> ModuleType | None:
    """Return the module, imported on first use, or None without it."""
    try:
        import numpy as module
    except ImportError:
        return None
    return module
