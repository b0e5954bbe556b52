"""Make a call that has been decided, or fetch a list page by page."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import TYPE_CHECKING, Any, TypeVar

from gemini_grpc.generative.request_options import call_options

if TYPE_CHECKING:
    from gemini_grpc.generative.plan import Options, Plan
    from gemini_grpc.generative.wires import HasWires, Wires

T = TypeVar("T")


async def async_send(plan: Plan[T], client: HasWires, request_options: Options) -> T:
    """Make a call with the client it was decided for, and return what its answer becomes.

    Raises:
        ArgumentError, FieldError: The options or the request cannot be used; nothing was sent.
        RpcError: The call failed.
    """
    options = call_options(request_options)
    wires = client.wires
    return plan.read(await _fetch(plan, wires, plan.request, options), wires)


def async_items(plan: Plan[T], client: HasWires, request_options: Options) -> AsyncIterator[T]:
    """Return the items of a list; a page is fetched when its first item is asked for.

    Raises:
        ArgumentError: The options cannot be used.
    """
    return _pages(plan, client.wires, call_options(request_options))


async def _pages(plan: Plan[T], wires: Wires, options: Any) -> AsyncIterator[T]:
    token = ""
    while True:
        page = await _fetch(plan, wires, {**plan.request, "page_token": token}, options)
        for item in getattr(page, plan.method.items):
            yield plan.read(item, wires)
        token = page.next_page_token
        if not token:
            return


async def _fetch(plan: Plan[Any], wires: Wires, request: Any, options: Any) -> Any:
    timeout, retry, metadata = options
    return await wires.async_channel.unary(plan.method, request, None, timeout, retry, metadata)
