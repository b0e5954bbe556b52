"""A session on a call: one thread reads what the client sends, the handler's own thread does the rest.

The reading thread ends with the call: when the client ends its side, when it cancels, or when the
handler is done. It reads only a little ahead, so a client that is not listened to is slowed down.
"""

from __future__ import annotations

import itertools
import math
import queue
import threading
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

import grpc

from gemini_grpc.emulator.live.session import Session
from gemini_grpc.emulator.live.shape import Shape

if TYPE_CHECKING:
    from gemini_grpc.emulator.convert import Data
    from gemini_grpc.emulator.live.engine import Engine
    from gemini_grpc.emulator.world import Call

AHEAD = 64
"""How many messages of the client wait at most."""
THREAD_NAME = "gemini-emulator-live"
_GLANCE = 0.02  # how often, in real seconds, a call that says nothing is checked for its end


def hold(call: Call, requests: Iterator[Data], engine: Engine) -> Iterator[Data]:
    """Yield the messages of one session.

    Raises:
        StatusError: The session ends badly.
    """
    live, clock = call.world.live, call.world.clock
    session = Session(engine, live, Shape.of(call.method), now=clock.now())
    inbox = _Inbox(requests, call.is_active, limit=live.read_limit)
    try:
        while True:
            message = session.next(clock.now())
            if message is not None:
                yield message
                continue
            if session.over:
                return
            if not _listen(call, session, inbox, linger=live.ignore_half_close):
                return
    finally:
        session.close()
        inbox.close()


def _listen(call: Call, session: Session, inbox: _Inbox, *, linger: bool) -> bool:
    """Wait for the client, or until something is due; tell whether the call goes on."""
    clock = call.world.clock
    due = session.due()
    try:
        entry = clock.get(inbox.entries, None if math.isinf(due) else due)
    except queue.Empty:
        return True
    if isinstance(entry, Exception):
        raise entry
    if entry is not None:
        session.receive(entry, clock.now())
        return True
    if linger:
        _linger(call.is_active)
    session.end_input()
    return call.is_active()


def _linger(is_active: Callable[[], bool]) -> None:
    pause = threading.Event()
    while is_active():
        pause.wait(_GLANCE)


class _Inbox:
    """What the client has sent and nobody has looked at: messages, then None, or what went wrong."""

    def __init__(
        self, requests: Iterator[Data], is_active: Callable[[], bool], *, limit: int | None
    ) -> None:
        self.entries: queue.Queue[Data | Exception | None] = queue.Queue(AHEAD)
        self._requests = requests
        self._is_active = is_active
        self._limit = limit
        self._closed = threading.Event()
        threading.Thread(target=self._read, name=THREAD_NAME, daemon=True).start()

    def close(self) -> None:
        """Let the reading thread end."""
        self._closed.set()
        while not self.entries.empty():
            self.entries.get_nowait()

    def _read(self) -> None:
        end: Exception | None = None
        try:
            for request in itertools.islice(self._requests, self._limit):
                self.entries.put(request)
                if self._closed.is_set():
                    return
            self._wait_if_limited()
        except grpc.RpcError:
            pass  # the client has cancelled, and nobody is there to be told
        except Exception as error:
            end = error
        self.entries.put(end)

    def _wait_if_limited(self) -> None:
        """Stay as long as the call, having stopped to read."""
        while self._limit is not None and self._is_active() and not self._closed.wait(_GLANCE):
            pass
