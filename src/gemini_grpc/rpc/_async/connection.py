"""The connections of one client: one for each event loop and process, opened when it is first used."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from gemini_grpc import errors
from gemini_grpc.rpc import tls, wire

if TYPE_CHECKING:
    from gemini_grpc.rpc.method import Method
    from gemini_grpc.rpc.options import Settings

_KIND = {
    "unary": "unary_unary",
    "server_stream": "unary_stream",
    "client_stream": "stream_stream",  # on the wire they are the same; `_collect` takes one response
    "bidi": "stream_stream",
}


class AsyncConnection:
    """Opens connections and makes grpcio's callables from them.

    A client may be used from several event loops, one after the other or at once, and after a fork: each
    finds a connection of its own. What the parent of a fork opened is left alone, not even closed.
    """

    def __init__(self, settings: Settings, ready: Any = None) -> None:
        """Prepare to connect; `ready` is a channel of grpcio that the user has opened and closes."""
        self._settings = settings
        self._ready = ready
        self._identity = settings.identity
        self._opened: dict[Any, _Opened] = {}  # by event loop
        self._retired: list[_Opened] = []
        self._inherited: list[_Opened] | None = (
            None  # in the child of a fork, what the parent opened
        )
        self._lock = threading.Lock()
        self._closed = False
        wire.prepare_for_forks(self)

    def callable(self, method: Method[Any, Any]) -> Any:
        """Return grpcio's callable of a method, made once for each connection.

        Raises:
            ClosedError: The client is closed.
        """
        try:
            return self._opened[wire.async_owner()].callables[method.path]
        except KeyError:
            return self._make(method)

    def _make(self, method: Method[Any, Any]) -> Any:
        opened = self._opened.get(wire.async_owner()) or self._open()
        make = getattr(opened.channel, _KIND[method.shape])
        with self._lock:  # grpcio crashes if a method of a closed channel is registered
            if opened.closed:
                raise errors.ClosedError(wire.CLOSED)
            own, unary = self._ready is None, method.shape == "unary"
            making = make if own else lambda path: self._own(make(path))
            made = wire.async_prepared(making, method.path, own, unary)
        return opened.callables.setdefault(method.path, made)

    def _own(self, made: Any) -> Any:
        """Return a callable of a channel of the user, with the API key if grpc core is to send it."""
        key = self._settings.call_key
        return made if key is None else wire.with_key(made, key)

    @property
    def channel(self) -> Any:
        """The channel of grpcio, opened if it is not yet."""
        opened = self._opened.get(wire.async_owner())
        return (opened or self._open()).channel

    @property
    def is_connected(self) -> bool | None:
        """There is a connection at the moment; None if that is unknown."""
        opened = self._opened.get(wire.async_owner())
        return None if opened is None else wire.async_is_connected(opened.channel)

    def _open(self) -> _Opened:
        if self._closed:
            raise errors.ClosedError(wire.CLOSED)
        owner = wire.async_owner()
        self.forget_closed_loops()
        if self._ready is not None:
            channel = wire.async_intercepted(self._ready, self._settings.interceptors)
        else:
            forked = self._inherited is not None
            channel = wire.async_channel(self._settings, self._identity, forked)
        with self._lock:
            if (
                self._closed
            ):  # meanwhile, by another thread; grpc closes a channel without a reference
                raise errors.ClosedError(wire.CLOSED)
            return self._opened.setdefault(owner, _Opened(channel, self._identity))

    async def renew(self, timeout: float | None) -> bool:
        """Connect anew if the client certificate has been rotated; tell whether it has.

        Raises:
            ArgumentError: The new certificate is not valid.
        """
        source = self._settings.cert_source
        opened = self._opened.get(wire.async_owner())
        if source is None or opened is None or self._ready is not None:
            return False
        identity = await wire.async_call(lambda _: tls.identity(source), timeout)
        if identity == opened.identity:
            return False
        self._identity = identity
        owner = wire.async_owner()
        with self._lock:  # a call beside this one may have connected anew already
            if self._opened.get(owner) is opened:
                self._retired.append(self._opened.pop(owner))  # calls over it may end well
        return True

    def forget_closed_loops(self) -> None:
        """Forget the connections of event loops that are closed; they ended with them."""
        for loop in list(self._opened):
            if loop is not None and loop.is_closed():
                self._opened.pop(loop, None)

    def forked(self) -> None:
        """Begin anew in the child of a fork, whose parent may have held the lock."""
        self._inherited = [*(self._inherited or ()), *self._opened.values(), *self._retired]
        self._opened, self._retired = {}, []
        self._lock = threading.Lock()
        if self._settings.token is not None:
            self._settings.token.forked()

    def abandon(self) -> None:
        """Close without waiting: grpc closes a channel that nobody refers to any more."""
        with self._lock:
            self._closed = True
            self._opened = {}
            self._retired = []

    async def close(self) -> None:
        """End every call and close the connection; closing twice is fine."""
        with self._lock:
            self._closed = True
            opened = self._opened.pop(wire.async_owner(), None)
            self._opened = {}
            leaving, self._retired = self._retired, []
            if opened is not None:
                leaving.append(opened)
            for each in leaving:
                each.closed = True
        for each in leaving:
            if self._ready is None:
                await wire.async_close(each.channel)


class _Opened:
    """A channel of grpcio and the callables made from it."""

    __slots__ = ("callables", "channel", "closed", "identity")

    def __init__(self, channel: Any, identity: tls.Identity | None) -> None:
        self.channel = channel
        self.identity = identity
        self.callables: dict[str, Any] = {}
        self.closed = False
