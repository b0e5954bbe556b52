"""The synchronous shell is derived by substitution."""

from __future__ import annotations

from pathlib import Path

import pytest

from codegen import load, unasync

ROOT = Path(__file__).resolve().parents[2]
EVERY_RULE = """
from x._async.y import AsyncThing
async def f(a: AsyncIterator[int], b: AsyncIterable[int], c: Awaitable[int]) -> None:
    async for x in a:
        await async_sleep(1)
        await g_async(1)
    async with a:
        await b.aclose()
        b.aiter_raw()
    channel: grpc.aio.Channel = "grpc_asyncio"
    raise StopAsyncIteration
    __aenter__, __aexit__, __aiter__, __anext__
"""


def test_words_are_substituted() -> None:
    (path, text), *rest = unasync.derive({"src/_async/y.py": EVERY_RULE}).items()
    assert not rest
    assert path == "src/_sync/y.py"
    assert text == (
        "# Derived by `python -m codegen` from src/_async/y.py. Do not edit.\n"
        """
from x._sync.y import Thing
def f(a: Iterator[int], b: Iterable[int], c: int) -> None:
    for x in a:
        sleep(1)
        g(1)
    with a:
        b.close()
        b.iter_raw()
    channel: grpc.Channel = "grpc"
    raise StopIteration
    __enter__, __exit__, __iter__, __next__
"""
    )


def test_a_rule_that_matches_nothing_fails() -> None:
    source = EVERY_RULE.replace("StopAsyncIteration", "Stop")
    with pytest.raises(unasync.UnusedRuleError, match="StopAsyncIteration"):
        unasync.derive({"src/_async/y.py": source})


def test_nothing_gives_nothing() -> None:
    assert unasync.derive({}) == {}


def test_the_derived_shell_has_no_asynchronous_word_left() -> None:
    for path, text in unasync.derive(load.load_async(ROOT)).items():
        code = "\n".join(line for line in text.splitlines() if not line.startswith("#"))
        for word in ("async ", "await ", "_async", "Async", "__a"):
            assert word not in code.replace("__all__", "").replace("__annotations__", ""), path
