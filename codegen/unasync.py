"""Derive the synchronous shell from the asynchronous one by substituting words.

The list of rules is short on purpose: what cannot be expressed by it belongs into the colourless core
or into `rpc/wire.py`, which holds the pairs. A rule that matches nothing is an error, so that the list
does not collect dead words.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

RULES: tuple[tuple[str, str], ...] = (
    (r"\basync def\b", "def"),
    (r"\basync for\b", "for"),
    (r"\basync with\b", "with"),
    (r"\bawait ", ""),
    (r"__aenter__", "__enter__"),
    (r"__aexit__", "__exit__"),
    (r"__aiter__", "__iter__"),
    (r"__anext__", "__next__"),
    (r"\baclose\b", "close"),
    (r"\baiter_raw\b", "iter_raw"),
    (r"StopAsyncIteration", "StopIteration"),
    (r"\bAsyncIterator\b", "Iterator"),
    (r"\bAsyncIterable\b", "Iterable"),
    (r"\bAwaitable\[([^\[\]]+)\]", r"\1"),
    (r"\b(\w*)Async([A-Z]\w+)", r"\1\2"),
    (r"\basync_(\w+)", r"\1"),
    (r"\b(\w+)_async\b", r"\1"),
    (r"\b_async\b", "_sync"),
    (r"grpc\.aio\b", "grpc"),
    (r"\bgrpc_asyncio\b", "grpc"),
)
"""Regular expressions and what replaces them, applied in order."""

STAMP = "# Derived by `python -m codegen` from {source}. Do not edit.\n"
"""The first line of every derived file."""


class UnusedRuleError(Exception):
    """A rule matched nothing in any source."""


def derive(sources: Mapping[str, str]) -> dict[str, str]:
    """Return the derived files for the given sources, path to text."""
    used: set[str] = set()
    derived: dict[str, str] = {}
    for path, source in sources.items():
        text = source
        for pattern, replacement in RULES:
            text, count = re.subn(pattern, replacement, text)
            if count:
                used.add(pattern)
        derived[path.replace("/_async/", "/_sync/")] = STAMP.format(source=path) + text
    unused = [pattern for pattern, _ in RULES if pattern not in used]
    if sources and unused:
        raise UnusedRuleError(f"rules that match nothing: {unused}")
    return derived
