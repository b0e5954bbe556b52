"""Responses over HTTP."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

_MOST_DIGITS = 15


@dataclass(frozen=True, slots=True)
class Response:
    """The response of a server."""

    status: int
    """The status code."""
    headers: Mapping[str, str] = field(repr=False)
    """The headers, by their names in lower case."""
    body: bytes = field(default=b"", repr=False)
    """The body, as it was sent; empty while it is not read."""

    @property
    def is_success(self) -> bool:
        """Whether the request succeeded."""
        return 200 <= self.status < 300

    def number(self, header: str) -> int | None:
        """Return the number in a header; None if it holds none. What exceeds 10^15 counts as that."""
        text = self.headers.get(header, "").strip()
        if not (text.isascii() and text.isdigit()):
            return None
        return int(text) if len(text) <= _MOST_DIGITS else 10**_MOST_DIGITS

    def json(self) -> Any:
        """Return the body as JSON without lone surrogates; None if it is not JSON, or nested too deep."""
        try:
            value = json.loads(self.body)
            if b"\\u" in self.body:
                value = json.loads(json.dumps(value, ensure_ascii=False).encode("utf-8", "replace"))
        except (ValueError, RecursionError):
            return None
        return value

    @property
    def text(self) -> str:
        """The body as text; empty if it is compressed, which no request asks for."""
        if self.headers.get("content-encoding", "identity") != "identity":
            return ""
        return self.body.decode("utf-8", "replace")
