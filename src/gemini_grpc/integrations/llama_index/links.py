"""Where the data of a block is: in the block or a file, with Google already, or behind a link to fetch.

Google's own URIs (Cloud Storage, uploaded files, YouTube) are passed on; every other link is fetched
here, because not every model follows links.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import aiohttp
from llama_index.core.base.llms.types import BaseRecursiveContentBlock, ChatMessage
from llama_index.core.utils import resolve_binary

from gemini_grpc.errors import ArgumentError

TIMEOUT = 60.0
"""Seconds in which a link has to be fetched, in asynchronous calls; LlamaIndex sets it in the others."""

_WITH_GOOGLE = re.compile(
    r"gs://.+|https?://[^/]+/v\d\w*/files/[^/]+|https?://(www\.youtube\.com|youtu\.be)/.+"
)
_LINK = re.compile(r"https?://.+")

Fetched = Mapping[str, bytes]
"""What was behind the links."""


def uri_of(block: Any) -> str:
    """Return the URI of data that Google has already; empty if the data is elsewhere."""
    url = _url(block)
    return url if _WITH_GOOGLE.fullmatch(url) else ""


def link_of(block: Any) -> str:
    """Return the link that the data of a block has to be fetched from; empty if it is elsewhere."""
    url = _url(block)
    return url if _LINK.fullmatch(url) and not _WITH_GOOGLE.fullmatch(url) else ""


def _url(block: Any) -> str:
    given = (getattr(block, name, None) for name in ("image", "audio", "video", "data", "path"))
    url = getattr(block, "url", None)
    return str(url) if url and not any(given) else ""


def links_in(messages: Sequence[ChatMessage]) -> list[str]:
    """Return the links to fetch for messages, each once."""
    blocks = (block for message in messages for block in _flat(message))
    return list(dict.fromkeys(filter(None, map(link_of, blocks))))


def _flat(block: Any) -> Iterator[Any]:
    """Yield a block and those inside it."""
    if isinstance(block, BaseRecursiveContentBlock):
        for inner in block.nested_blocks:
            yield from _flat(inner)
    else:
        yield block


def fetch(urls: Iterable[str]) -> Fetched:
    """Return what is behind links.

    Raises:
        ArgumentError: A link cannot be fetched.
    """
    found = {}
    for url in urls:
        try:
            found[url] = resolve_binary(url=url).read()
        except OSError as error:
            raise _unfetched(url, error) from error
    return found


async def async_fetch(urls: Sequence[str]) -> Fetched:
    """Return what is behind links, fetched at the same time.

    Raises:
        ArgumentError: A link cannot be fetched.
    """
    if not urls:
        return {}
    timeout = aiohttp.ClientTimeout(total=TIMEOUT)
    async with aiohttp.ClientSession(timeout=timeout, raise_for_status=True) as session:
        return dict(
            zip(urls, await asyncio.gather(*(_get(session, url) for url in urls)), strict=True)
        )


async def _get(session: aiohttp.ClientSession, url: str) -> bytes:
    try:
        async with session.get(url) as response:
            return await response.read()
    except (aiohttp.ClientError, TimeoutError) as error:
        raise _unfetched(url, error) from error


def _unfetched(url: str, error: Exception) -> ArgumentError:
    return ArgumentError(f"url: cannot fetch {url!r}: {error or type(error).__name__}")
