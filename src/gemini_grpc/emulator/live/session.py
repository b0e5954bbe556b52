"""One live session as a state machine: messages of the client and the time go in, messages come out.

- It owns no thread and no clock, and is used by one thread. Whoever runs it calls `next` until nothing
  is due, then gives it one message (`receive`) or lets time pass until `due`.
- What is due is sent before the next message of the client is looked at. So a model without any delay
  (see `settings`) is never interrupted, and what happens depends on the messages and the time alone.
- Whatever is wrong ends the session with a status, after everything that was already on its way.
"""

from __future__ import annotations

import datetime
import math
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

import grpc

from gemini_grpc.emulator import status
from gemini_grpc.emulator.live.conversation import Snapshot
from gemini_grpc.emulator.live.dialog import Dialog
from gemini_grpc.emulator.live.handles import Connection
from gemini_grpc.emulator.live.settings import ENDINGS, Live
from gemini_grpc.emulator.live.setup import Setup, check

if TYPE_CHECKING:
    from gemini_grpc.emulator.convert import Data
    from gemini_grpc.emulator.live.engine import Engine
    from gemini_grpc.emulator.live.shape import Shape

KINDS = ("setup", "client_content", "realtime_input", "tool_response")
"""What a message of the client can hold."""


class Session:
    """A session, from before its setup to its end.

    Args:
        engine: The rest of the emulator.
        live: The settings.
        shape: What the version of the API can carry.
        now: The time, in seconds since 1970.
    """

    def __init__(self, engine: Engine, live: Live, shape: Shape, *, now: float) -> None:
        self.over = False
        """The session has ended well; a bad end is raised by `next`."""
        self._engine = engine
        self._live = live
        self._shape = shape
        self._connection = Connection()
        self._dialog: Dialog | None = None
        self._opened = False
        self._poisoned = False
        self._ready: deque[Data] = deque()
        self._early: deque[Data] = (
            deque()
        )  # what the client sent without waiting for setup_complete
        self._failure: status.StatusError | None = None
        self._input_ended = False
        lifetime = math.inf if live.connection_lifetime is None else live.connection_lifetime
        self._end_at = now + lifetime
        self._open_at = math.inf
        self._go_away_at = math.inf

    def due(self) -> float:
        """Return when `next` has something to do; infinity if that is up to the client."""
        if self._ready or self._failure:
            return -math.inf
        if self.over:
            return math.inf
        if self._input_ended:
            return -math.inf
        return min(due for due, _ in self._agenda())

    def next(self, now: float) -> Data | None:
        """Return the next message that is due, None if there is none.

        Raises:
            StatusError: The session ends with it.
        """
        while not self._ready:
            if self._failure is not None:
                raise self._failure
            if self.over or self.due() > now:
                return None
            self._guard(self._advance, now)
        return self._ready.popleft()

    def receive(self, message: Data, now: float) -> None:
        """Take in a message of the client."""
        self._guard(lambda now: self._receive(message, now), now)

    def end_input(self) -> None:
        """Note that the client has ended its side: what was asked is answered at once, then it is over."""
        self._input_ended = True

    def close(self) -> None:
        """Note that the call has ended."""
        self._connection.open = False

    def _guard(self, action: Callable[[float], None], now: float) -> None:
        try:
            action(now)
        except status.StatusError as error:
            self._failure = error

    def _send(self, message: Data) -> None:
        trimmed = self._shape.trim(message)
        if trimmed is not None:
            self._ready.append(trimmed)

    def _agenda(self) -> list[tuple[float, Callable[[float], None]]]:
        """Return what will happen by itself, with its time."""
        agenda: list[tuple[float, Callable[[float], None]]] = [
            (self._open_at, self._open),
            (self._go_away_at, self._go_away),
            (self._end_at, self._end),
        ]
        if self._dialog is not None:
            agenda.append((self._dialog.due, self._dialog.step))
        return agenda

    def _advance(self, now: float) -> None:
        if self._input_ended:
            self._drain(now)
            return
        _, action = min(self._agenda(), key=lambda entry: entry[0])
        action(now)

    def _drain(self, now: float) -> None:
        """Do the next of what is left to do when the client has ended its side, without its delay."""
        if self._dialog is None:
            raise _missing_setup()
        if self._open_at < math.inf:
            self._open(now)
        elif self._dialog.due < math.inf:
            self._dialog.step(now)
        else:
            self._dialog.hang_up(now)
            self.over = not (self._ready or self._dialog.due < math.inf)

    def _receive(self, message: Data, now: float) -> None:
        kind = next((kind for kind in KINDS if kind in message), None)
        if self._dialog is None:
            if kind != "setup":
                raise _missing_setup()
            self._set_up(check(message["setup"], self._engine.find), now)
        elif kind is None:
            raise status.invalid("message_type", f"is not set, expected one of {', '.join(KINDS)}")
        elif kind == "setup":
            raise status.invalid("setup", "was sent already; a session has one setup")
        elif not self._opened:
            self._early.append(message)
        else:
            getattr(self._dialog, kind)(message[kind], now)

    def _set_up(self, setup: Setup, now: float) -> None:
        snapshot = Snapshot()
        if setup.handle:
            saved = self._live.handles.redeem(
                setup.handle,
                model=setup.model,
                now=now,
                lifetime=self._live.handle_lifetime,
                exclusive=self._live.exclusive_handles,
            )
            snapshot = saved.snapshot
            self._poisoned = self._live.handles.poisoned(setup.handle)
        self._dialog = Dialog(
            self._engine,
            self._live,
            setup,
            snapshot=snapshot,
            connection=self._connection,
            send=self._send,
        )
        self._open_at = now + self._live.setup_delay

    def _open(self, now: float) -> None:
        self._open_at, self._opened = math.inf, True
        self._send({"setup_complete": {}})
        if self._poisoned:
            raise status.StatusError(grpc.StatusCode.INTERNAL, ENDINGS["INTERNAL"])
        if self._live.connection_lifetime is not None:
            self._go_away_at = max(now, self._end_at - self._live.go_away_notice)
        while self._early:
            self._receive(self._early.popleft(), now)

    def _go_away(self, now: float) -> None:
        self._go_away_at = math.inf
        left = datetime.timedelta(seconds=max(0.0, self._end_at - now))
        self._send({"go_away": {"time_left": left}})

    def _end(self, now: float) -> None:
        ending = self._live.ending
        if ending != "OK":
            raise status.StatusError(grpc.StatusCode[ending], ENDINGS[ending])
        self.over = True


def _missing_setup() -> status.StatusError:
    return status.invalid("setup", "must be the first message of a session, and is missing")
