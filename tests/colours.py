"""Call the synchronous and the asynchronous clients in the same way, so that one test is for both.

The asynchronous clients run on an event loop in a thread of its own. So a call can be started in either
colour, and the test goes on while it runs.
"""

from __future__ import annotations

import asyncio
import importlib
import inspect
import threading
from collections.abc import Callable, Iterable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any

PATIENCE = 30.0
"""Seconds after which a test gives up."""


class Sync:
    """The synchronous clients; what is started runs in threads."""

    name = "sync"
    transport = "grpc"
    suffix = "Client"

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(64)

    def cls(self, service: str = "GenerativeService", version: str = "v1beta") -> Any:
        """Return the class of a client."""
        return getattr(importlib.import_module(f"gemini_grpc.{version}"), service + self.suffix)

    def call(self, function: Callable[..., Any], *args: Any, **more: Any) -> Any:
        """Call a method and return what it gives."""
        return function(*args, **more)

    def start(self, function: Callable[..., Any], *args: Any, **more: Any) -> Future[Any]:
        """Call a method while the test goes on."""
        return self._threads.submit(function, *args, **more)

    def next(self, stream: Any) -> Any:
        """Return the next message of a stream."""
        return next(stream)

    def drain(self, stream: Any) -> list[Any]:
        """Return the messages of a stream that are left."""
        return list(stream)

    def requests(self, messages: Iterable[Any]) -> Any:
        """Return the requests of a session as an iterator of the colour."""
        return iter(list(messages))

    def together(self, functions: Iterable[Callable[[], Any]]) -> list[Any]:
        """Return what all of them give, or the errors they raise, when they run at once."""
        return [_outcome(future) for future in [self.start(function) for function in functions]]

    def end(self) -> None:
        """Stop the threads."""
        self._threads.shutdown()


class Async(Sync):
    """The asynchronous clients; what is started runs in tasks."""

    name = "async"
    transport = "grpc_asyncio"
    suffix = "AsyncClient"

    def __init__(self) -> None:
        self.loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self.loop.run_forever, daemon=True)
        self._thread.start()

    def call(self, function: Callable[..., Any], *args: Any, **more: Any) -> Any:
        return self.start(function, *args, **more).result(PATIENCE)

    def start(self, function: Callable[..., Any], *args: Any, **more: Any) -> Future[Any]:
        async def run() -> Any:
            result = function(*args, **more)
            return await result if inspect.isawaitable(result) else result

        return asyncio.run_coroutine_threadsafe(run(), self.loop)

    def next(self, stream: Any) -> Any:
        return self.call(stream.__anext__)

    def drain(self, stream: Any) -> list[Any]:
        async def read() -> list[Any]:
            return [message async for message in stream]

        return self.call(read)

    def requests(self, messages: Iterable[Any]) -> Any:
        async def give() -> Any:
            for message in messages:
                yield message

        return give()

    def end(self) -> None:
        async def rest() -> None:
            await self.loop.shutdown_asyncgens()
            await self.loop.shutdown_default_executor()

        asyncio.run_coroutine_threadsafe(rest(), self.loop).result(PATIENCE)
        self.loop.call_soon_threadsafe(self.loop.stop)
        self._thread.join()
        self.loop.close()


COLOURS = (Sync, Async)


def _outcome(future: Future[Any]) -> Any:
    error = future.exception(PATIENCE)
    return future.result() if error is None else error
