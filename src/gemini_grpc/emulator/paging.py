"""Pages of a list, with opaque tokens (AIP-158)."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from typing import TYPE_CHECKING, TypeVar

from gemini_grpc.emulator import status

if TYPE_CHECKING:
    from gemini_grpc.emulator.convert import Data

Item = TypeVar("Item")


def page(
    items: Sequence[Item], request: Data, *, default: int, maximum: int
) -> tuple[list[Item], str]:
    """Return the page a request asks for, and the token of the next one, empty at the end.

    Raises:
        StatusError: INVALID_ARGUMENT: the size is negative or the token is not one of ours.
    """
    size = request.get("page_size", 0)
    if size < 0:
        raise status.invalid("page_size", f"is {size}, expected 0 or more")
    start = _start(request.get("page_token", ""))
    end = start + min(size or default, maximum)
    return list(items[start:end]), _token(end) if end < len(items) else ""


def _token(start: int) -> str:
    return base64.urlsafe_b64encode(f"start:{start}".encode()).decode()


def _start(token: str) -> int:
    if not token:
        return 0
    try:
        word, _, number = base64.urlsafe_b64decode(token.encode()).decode().partition(":")
        if word == "start" and int(number) >= 0:
            return int(number)
    except (binascii.Error, ValueError):
        pass
    raise status.invalid("page_token", "is not a token of an earlier response")
