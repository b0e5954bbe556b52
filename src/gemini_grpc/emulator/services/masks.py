"""Update masks: which fields of a resource a call overwrites (AIP-134)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemini_grpc.emulator import status

if TYPE_CHECKING:
    from collections.abc import Collection

    from gemini_grpc.emulator.convert import Data


def require(request: Data, *, path: str = "update_mask") -> list[str]:
    """Return the mask of a request that must have one.

    Raises:
        StatusError: INVALID_ARGUMENT: it is missing or empty.
    """
    mask: list[str] = request.get("update_mask", [])
    if not mask:
        raise status.invalid(path, "is required")
    return mask


def apply(
    stored: Data,
    given: Data,
    mask: Collection[str],
    *,
    editable: Collection[str],
    path: str = "update_mask",
) -> Data:
    """Return what is stored with the fields of a mask as they are given; `*` is all that can change.

    Raises:
        StatusError: INVALID_ARGUMENT: the mask names a field that cannot be changed.
    """
    wrong = [field for field in mask if field not in editable and field != "*"]
    if wrong:
        allowed = ", ".join(sorted(editable))
        raise status.invalid(path, f"names {', '.join(wrong)}; what can be changed is {allowed}")
    chosen = set(editable if "*" in mask else mask)
    kept = {field: value for field, value in stored.items() if field not in chosen}
    return kept | {field: given[field] for field in chosen if field in given}
