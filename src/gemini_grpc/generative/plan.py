"""A call that is decided and not yet made: which method, with what, and what its answer becomes.

What the functions over the resources of the API take is turned into such a value first; it is the same
for both colours, and what is wrong is found here, before a client is needed. The shells
(`_async/sending.py`) make the call.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Generic, TypeAlias, TypeVar

from gemini_grpc.errors import ArgumentError

if TYPE_CHECKING:
    from gemini_grpc.generative.request_options import RequestOptions
    from gemini_grpc.generative.wires import Wires
    from gemini_grpc.rpc.method import Method

T = TypeVar("T")

Options: TypeAlias = "RequestOptions | Mapping[str, Any] | None"
"""What `request_options` takes."""


@dataclass(frozen=True, slots=True)
class Plan(Generic[T]):
    """A call to be made."""

    method: Method[Any, Any]
    """The method."""
    request: Mapping[str, object]
    """The fields of its request."""
    read: Callable[[Any, Wires], T]
    """Makes of the answer, or of each item of a list, what the caller gets."""


def same(answer: T, wires: Wires) -> T:
    """Return the answer as it is."""
    return answer


def nothing(answer: object, wires: Wires) -> None:
    """Return nothing: the answer says no more than that the call has succeeded."""


def page(size: object) -> dict[str, object]:
    """Return the fields of a list request for a size of pages; None leaves it to the server.

    Raises:
        ArgumentError: It is no number of items.
    """
    if size is None:
        return {}
    if not isinstance(size, int) or isinstance(size, bool) or size < 1:
        raise ArgumentError(
            f"page_size is {size!r}; expected how many items one call fetches, 1 or more, or None"
        )
    return {"page_size": size}
