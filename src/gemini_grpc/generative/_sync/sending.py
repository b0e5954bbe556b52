# Derived by `python -m codegen` from src/gemini_grpc/generative/_async/sending.py. Do not edit.
"""Make a call that has been decided, or fetch a list page by page."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeVar

from gemini_grpc.generative.request_options import call_options

if TYPE_CHECKING:
    from gemini_grpc.generative.plan import Options, Plan
    from gemini_grpc.generative.wires import HasWires, Wires

T = TypeVar("T")


def send(plan: Plan[T], client: HasWires, request_options: Options) -> T:
    """Make a call with the client it was decided for, and return what its answer becomes.

    Raises:
        ArgumentError, FieldError: The options or the request cannot be used; nothing was sent.
        RpcError: The call failed.
    """
    options = call_options(request_options)
    wires = client.wires
    return plan.read(_fetch(plan, wires, plan.request, options), wires)


def items(plan: Plan[T], client: HasWires, request_options: Options) -> Iterator[T]:
    """Return the items of a list; a page is fetched when its first item is asked for.

    Raises:
        ArgumentError: The options cannot be used.
    """
    return _pages(plan, client.wires, call_options(request_options))


def _pages(plan: Plan[T], wires: Wires, options: Any) -> Iterator[T]:
    token = ""
    while True:
        page = _fetch(plan, wires, {**plan.request, "page_token": token}, options)
        for item in getattr(page, plan.method.items):
            yield plan.read(item, wires)
        token = page.next_page_token
        if not token:
            return


def _fetch(plan: Plan[Any], wires: Wires, request: Any, options: Any) -> Any:
    timeout, retry, metadata = options
    return wires.channel.unary(plan.method, request, None, timeout, retry, metadata)
