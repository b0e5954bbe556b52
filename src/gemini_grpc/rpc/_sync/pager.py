# Derived by `python -m codegen` from src/gemini_grpc/rpc/_async/pager.py. Do not edit.
"""A list that comes in pages."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Generic, TypeVar

Page = TypeVar("Page")
Item = TypeVar("Item")


class Pager(Iterator[Item], Generic[Page, Item]):
    """The items of a list method over all its pages (AIP-158).

    Iterate over it for the items, or over `pages` for the responses. The attributes of the response
    read last (`next_page_token`) are attributes of the pager. Each page is a call of its own, with the
    timeout and retries given for the first.
    """

    def __init__(self, fetch: Callable[[str], Page], first: Page, items: str) -> None:
        self._fetch = fetch
        self._page: Any = first
        self._name = items
        self._items = iter(getattr(first, items))

    @property
    def pages(self) -> Iterator[Page]:
        """The responses, from the one read last."""
        while True:
            yield self._page
            if not self._page.next_page_token:
                return
            self._advance()

    def __iter__(self) -> Iterator[Item]:
        return self

    def __next__(self) -> Item:
        """Return the next item, fetching a page when one is needed.

        Raises:
            RpcError: Fetching failed; the next attempt fetches the same page again.
        """
        while True:
            for item in self._items:
                return item  # type: ignore[no-any-return]  # the table says what the field holds
            if not self._page.next_page_token:
                raise StopIteration
            self._advance()

    def _advance(self) -> None:
        self._page = self._fetch(self._page.next_page_token)
        self._items = iter(getattr(self._page, self._name))

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_"):
            raise AttributeError(name)
        return getattr(self._page, name)
