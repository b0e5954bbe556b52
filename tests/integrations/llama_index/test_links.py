"""Links are fetched, except those that Google reads itself."""

from __future__ import annotations

from typing import Any

import pytest
from llama_index.core.base.llms.types import (
    ChatMessage,
    CitableBlock,
    DocumentBlock,
    ImageBlock,
    TextBlock,
)

from gemini_grpc.errors import ArgumentError
from gemini_grpc.integrations.llama_index import links

LINK = "https://example.com/a.png"


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (ImageBlock(url=LINK), [LINK]),
        (ImageBlock(url="gs://bucket/a.png"), []),
        (ImageBlock(url="https://youtu.be/1"), []),
        (ImageBlock(url="data:image/png;base64,aGk="), []),
        (ImageBlock(image=b"\x89PNG\r\n\x1a\n", url=LINK), []),
        (DocumentBlock(url=LINK), [LINK]),
        (CitableBlock(title="t", source="s", content=[ImageBlock(url=LINK)]), [LINK]),
        (TextBlock(text=LINK), []),
    ],
)
def test_links_are_found(block: Any, expected: list[str]) -> None:
    message = ChatMessage(blocks=[block])
    assert links.links_in([message, message]) == expected


async def test_links_are_fetched_in_both_colours(website: str, picture: bytes) -> None:
    urls = [f"{website}/a", f"{website}/b"]
    expected = dict.fromkeys(urls, picture)
    assert links.fetch(urls) == expected
    assert await links.async_fetch(urls) == expected
    assert links.fetch([]) == await links.async_fetch([]) == {}


@pytest.mark.parametrize("url", ["{website}/missing", "http://127.0.0.1:1/"])
async def test_a_link_that_cannot_be_fetched_is_named(website: str, url: str) -> None:
    url = url.format(website=website)
    with pytest.raises(ArgumentError, match=f"cannot fetch '{url}'"):
        links.fetch([url])
    with pytest.raises(ArgumentError, match=f"cannot fetch '{url}'"):
        await links.async_fetch([url])
