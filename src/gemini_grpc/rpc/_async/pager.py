"""A list that comes in pages."""

from __future__ import annotations

from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Any, Generic, TypeVar

Page = TypeVar("Page")
Item = TypeVar("Item")


class AsyncPager(AsyncIterator[Item], Generic[Page, Item]):
    """The items of a list method over all its pages (AIP-158).

    Iterate over it for the items, or over `pages` for the responses. The attributes of the response
    read last (`next_page_token`) are attributes of the pager. Each page is a call of its own, with the
    timeout and retries given for the first.
    """

    def __init__(self, fetch: Callable[[str], Awaitable[Page]], first: Page, items: str) -> None:
        self._fetch = fetch
        self._page: Any = first
        self._name = items
        self._items = iter(getattr(first, items))

    @property
    async def pages(self) -> AsyncIterator[Page]:
        """The responses, from the one read last."""
        while True:
            yield self._page
            if not self._page.next_page_token:
                return
            await self._advance()

    def __aiter__(self) -> AsyncIterator[Item]:
        return self

    async def __anext__(self) -> Item:
        """Return the next item, fetching a page when one is needed.

        Raises:
            RpcError: Fetching failed; the next attempt fetches the same page again.
        """
        while True:
            for item in self._items:
                return item  # type: ignore[no-any-return]  # the table says what the field holds
            if not self._page.next_page_token:
                raise StopAsyncIteration
            await self._advance()

    async def _advance(self) -> None:
        self._page = await self._fetch(self._page.next_page_token)
        self._items = iter(getattr(self._page, self._name))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._page, name)
