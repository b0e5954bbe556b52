"""Keep a session going: one connection after the other, read, written and watched."""

from __future__ import annotations

import functools
import logging
import random
import threading
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import grpc

from gemini_grpc import errors
from gemini_grpc.live import events, failures
from gemini_grpc.live._async.tools import AsyncTools
from gemini_grpc.live.connection import Connection
from gemini_grpc.live.lanes import Lanes
from gemini_grpc.live.link import AsyncDial, AsyncLink, AsyncSignal
from gemini_grpc.live.supervisor import Supervisor, swap_after, wish_after
from gemini_grpc.live.turn import Answer

if TYPE_CHECKING:
    from gemini_grpc.live._async.feed import AsyncFeed
    from gemini_grpc.live.clock import TimeSource
    from gemini_grpc.live.config import Outbox, Resume
    from gemini_grpc.live.errors import LiveError
    from gemini_grpc.live.events import Event
    from gemini_grpc.live.observing import SessionWatch
    from gemini_grpc.live.outgoing import Outgoing
    from gemini_grpc.live.protocol import LiveProtocol
    from gemini_grpc.live.tools import Toolbox

_LOG = logging.getLogger(__name__)


class AsyncEngine:
    """Owns the connections of one session. Its user puts messages into lanes and gets events.

    It does not know its user, so that a session that was forgotten can be noticed.
    """

    def __init__(
        self,
        dial: AsyncDial,
        protocol: LiveProtocol,
        *,
        feed: AsyncFeed,
        toolbox: Toolbox,
        outbox: Outbox,
        resume: Resume | None,
        clock: TimeSource,
        setup_timeout: float,
        idle_timeout: float | None,
        chance: Callable[[], float] = random.random,
        watch: SessionWatch | None = None,
    ) -> None:
        self._watch = watch
        self.lock = threading.RLock()
        self.signal = AsyncSignal(self.lock, clock)
        self.protocol = protocol
        self.feed = feed
        self.tools = AsyncTools(toolbox.runs, self)
        self.outbox = outbox
        self.lanes = Lanes(outbox)
        self.opened_once = False
        """The session has been set up."""
        self.dialing = False
        """A credential for the next connection is being fetched."""
        self.finished = False
        """Nothing more will happen."""
        self.error: LiveError | None = None
        """What the session failed with, if it failed."""
        self.closing = False
        """The user has asked for the end; what waits is still sent."""
        self._stopped = False
        self._dial = dial
        self._supervisor = Supervisor(resume, chance=chance)
        self._clock = clock
        self._setup_timeout = setup_timeout
        self._idle_timeout = idle_timeout
        self._connection: Connection | None = None
        self._started = clock.now()
        self._heard = 0.0

    def now(self) -> float:
        """Return the time of the session's clock."""
        return self._clock.now()

    @property
    def age(self) -> float:
        """Seconds since the session began."""
        return self._clock.now() - self._started

    @property
    def takes_messages(self) -> bool:
        """Messages may be queued."""
        return not (self.closing or self.finished or self.error is not None)

    @property
    def has_ended(self) -> bool:
        """The session has ended, or is ending and nothing holds that up."""
        return self.finished or self._stopped

    @property
    def _is_over(self) -> bool:
        """There is to be no other connection."""
        return self._stopped or (self.closing and not self.lanes.control_waiting)

    # the life of a session

    async def run(self) -> None:
        """Hold the session to its end; the outcome is in `error`."""
        try:
            while await self._hold_connection():
                pass
        except Exception as error:  # a fault of ours, or of a credential's: it must end the session
            _LOG.exception("a live session has failed")
            self.error = self.error or failures.internal(error, self.age)
        finally:
            self._finish()

    def _finish(self) -> None:
        try:
            with self.lock:
                self._disconnect()
                self.protocol.close()
        finally:
            self.finished = True
            self.signal.notify()
            if self._watch is not None:
                self._watch.ended(self.error)

    async def _hold_connection(self) -> bool:
        """Hold one connection to its end; tell whether there is to be another."""
        error: errors.RpcError | None = None
        connection: Connection | None = None
        try:
            begun = self._connect(*await self._authorize())
            if begun is not None:
                connection, link = begun
                await self._converse(connection, link)
        except errors.RpcError as cause:
            error = cause
        except errors.ClosedError:  # the client was closed, which ends its sessions
            self.stop()
        return await self._after(connection, error)

    async def _authorize(self) -> tuple[Any, tuple[Any, ...]]:
        self.dialing = True
        try:
            return await self._dial(self._setup_timeout)
        finally:
            self.dialing = False

    def _connect(self, call: Any, metadata: tuple[Any, ...]) -> tuple[Connection, AsyncLink] | None:
        """Begin a connection, unless the session was ended meanwhile."""
        with self.lock:
            if self._is_over:
                return None
            resumed = bool(self.protocol.handle) and self.protocol.can_resume
            greeting = self.protocol.connect()
            connection = Connection(greeting, resumed=resumed, lock=self.lock, clock=self._clock)
            source = functools.partial(self._next, connection)
            ended = functools.partial(self._note_end, connection)
            self._connection = connection
            connection.end_after(self._setup_timeout, "setup_timeout")
            connection.link = link = AsyncLink(call, metadata, source, ended)
        return connection, link

    async def _converse(self, connection: Connection, link: AsyncLink) -> None:
        """Read everything a connection gives."""
        try:
            while (data := await link.read()) is not None:
                self._receive(connection, data)
                del data  # while nothing comes, nothing is kept
                if not self.feed.has_room:
                    await self._wait_for_room(connection, link)
        finally:
            self._note_end(connection)
            link.cancel()

    async def _wait_for_room(self, connection: Connection, link: AsyncLink) -> None:
        """Stop reading until the user has taken events; gRPC then slows the server down."""
        connection.blocked = True
        await self.signal.wait(lambda: self.feed.has_room or self.closing or link.done)
        connection.blocked = False
        self._heard = self._clock.now()

    def _note_end(self, connection: Connection) -> None:
        connection.note_end()
        self.signal.notify()

    # writing

    def send(self, message: Outgoing) -> None:
        """Queue a message; its sender holds the lock."""
        self.lanes.put(message)
        if message.answer is not None:
            self.feed.publish(message.answer)
        self.signal.notify()

    def answer_to(self, question: Outgoing) -> Answer:
        """Return what finds the answer to a question that is about to be queued."""
        protocol = self.protocol
        ahead = self.lanes.questions(hold_realtime=protocol.holds_realtime)
        protocol.ledger.expect([*ahead, question])
        return Answer(
            question,
            ahead,
            past=self.feed.mailbox.turn_ends,
            due=protocol.turns_due,
            late=[each for each in self.feed.mailbox if isinstance(each, events.Transcript)],
            connection=protocol.ledger.connection - self.feed.mailbox.connections,
            is_lost=protocol.ledger.is_lost,
            is_followed=self.tools.is_followed,
            awaits_caller=self.tools.awaits_caller,
        )

    async def _next(self, connection: Connection) -> bytes | None:
        """Return the next message to write, the setup first; None at the end."""
        greeting, connection.greeting = connection.greeting, None
        if greeting is not None:
            return greeting
        try:
            await self.signal.wait(functools.partial(self._may_write, connection))
            return self._take(connection)
        except Exception as error:  # a fault of ours; gRPC would keep it to itself
            _LOG.exception("a live session has failed")
            self.error = self.error or failures.internal(error, self.age)
            self.stop()
            return None

    def _may_write(self, connection: Connection) -> bool:
        """Tell whether there is something to write, or nothing more to be written."""
        if not connection.takes_messages:
            return True
        if not connection.opened:
            return False
        if not self.lanes:
            return self.closing
        return self.closing or self.lanes.ready(hold_realtime=self.protocol.holds_realtime)

    def _take(self, connection: Connection) -> bytes | None:
        """Take the next message from the lanes, if the connection can still bring it anywhere."""
        with self.lock:
            if not connection.takes_messages:
                return None
            message = self.lanes.next(hold_realtime=self.protocol.holds_realtime)
            if message is None:
                return None
            self.protocol.written(message, self._clock.now())
            if self.lanes.has_line:
                self.signal.notify()
        return message.data

    # reading

    def _receive(self, connection: Connection, data: bytes) -> None:
        with self.lock:
            self._heard = self._clock.now()
            found = self.protocol.receive(data, self._heard)
            if self.protocol.failure is not None:
                connection.reason = "malformed"  # here, for the call may have ended already
                connection.end("malformed")
                return
            if self.feed.wants_messages:
                self.feed.show("messages", self.protocol.message(data))
            if not connection.opened:
                self._open(connection)
            for event in found:
                self._tell(event)
            if connection.swap and self.protocol.quiet:
                connection.end("swap")
            if self.feed.overflows:
                self._fail(failures.overflow(self.age, self.protocol.handle, self.lanes.unsent()))
        self.signal.notify()

    def _open(self, connection: Connection) -> None:
        """The connection is set up."""
        connection.opened = True
        connection.stop_timer("setup_timeout")
        self._supervisor.opened(self._clock.now(), resumed=connection.resumed)
        if self.opened_once:
            dropped = self.lanes.drop_media()
            uncertain = self.protocol.take_uncertain()
            if (first := self.protocol.restore()) is not None:
                self.lanes.put_first(first)
            self._tell(events.Reconnected(connection.resumed, uncertain, dropped))
        else:
            self.opened_once = True
            self._tell(events.Opened(connection.resumed))
        if self._idle_timeout is not None:
            self._watch_idle(connection)

    def _tell(self, event: Event) -> None:
        """Publish an event, and do what it asks for."""
        self.feed.publish(event)
        if self._watch is not None:
            self._watch.happened(event)
        match event:
            case events.GoingAway(time_left=left) if self._connection is not None:
                self._connection.going_away = True
                self._prepare_swap(self._connection, left)
            case events.TurnEnd(reason="complete"):
                self._supervisor.worked()
            case events.ToolCall():
                self.tools.start(event)
            case events.ToolCallCancelled(ids=ids):
                self.lanes.drop_answers(ids)
                self.tools.cancel(ids)

    def _prepare_swap(self, connection: Connection, left: float) -> None:
        """Replace the connection at a quiet moment, or shortly before the server ends it."""
        if not self._supervisor.may_swap(has_handle=self._has_handle):
            return
        after = swap_after(left, busy=self.protocol.busy)
        if not after:
            connection.end("swap")  # here, before anything more is written
            return
        connection.end_after(after, "swap")
        wish = functools.partial(self._wish_swap, connection)
        connection.set_timer("wish", wish_after(left), wish)

    def _wish_swap(self, connection: Connection) -> None:
        """Replace a connection as soon as that loses nothing."""
        with self.lock:
            connection.swap = True
            if self.protocol.quiet:
                connection.end("swap")

    @property
    def _has_handle(self) -> bool:
        return bool(self.protocol.handle) and self.protocol.can_resume

    # ending

    def _watch_idle(self, connection: Connection) -> None:
        """End a connection over which nothing has come for too long, if it is us who listen."""
        assert self._idle_timeout is not None
        with self.lock:
            left = self._heard + self._idle_timeout - self._clock.now()
            if left <= 0 and not connection.blocked:
                connection.end("idle")
            else:
                again = functools.partial(self._watch_idle, connection)
                connection.set_timer("idle", left if left > 0 else self._idle_timeout, again)

    def _fail(self, error: LiveError) -> None:
        """End the session with an error of our own making."""
        self.error = self.error or error
        self.stop()

    def stop(self) -> None:
        """End the connection at once; the session ends with it."""
        with self.lock:
            self.closing = self._stopped = True
            connection = self._connection
            if connection is not None and connection.link is not None:
                connection.link.cancel()
        self.signal.notify()

    def _disconnect(self) -> None:
        for event in self.protocol.disconnect():
            self._tell(event)

    async def _after(self, connection: Connection | None, error: errors.RpcError | None) -> bool:
        """Decide what follows a connection, and wait for it; tell whether there is to be another."""
        with self.lock:
            if error is None and connection is not None and self._is_unfinished(connection):
                error = failures.cut_short()
            self._disconnect()
            if self._is_over:
                return False
            pause = self._decide(connection, error)
        self.signal.notify()
        if pause:
            await self.signal.wait_until(self._clock.now() + pause, lambda: self._is_over)
        return pause is not None and not self._is_over

    def _is_unfinished(self, connection: Connection) -> bool:
        """Return whether the server still owed something over a connection, or announced its end."""
        due = self.protocol.turns_due or self.protocol.pending
        return connection.going_away or not connection.opened or bool(due)

    def _decide(self, connection: Connection | None, error: errors.RpcError | None) -> float | None:
        """Return the seconds until the next connection; None if the session has ended."""
        reason = connection.reason if connection is not None else ""
        now = self._clock.now()
        if reason == "malformed":
            self.error = self.protocol.failure
            return None
        if reason in {"setup_timeout", "idle"}:
            error = failures.timed_out(reason, self._setup_timeout, self._idle_timeout)
        opened = connection is not None and connection.opened
        if reason == "swap":
            error = errors.make(grpc.StatusCode.UNAVAILABLE, "the server was going away")
            decision = self._supervisor.swapped(now)
        else:
            decision = self._supervisor.ended(
                now,
                error,
                has_handle=self._has_handle,
                in_setup=not opened,
                silent=reason == "setup_timeout",
            )
        if decision.action == "end":
            return None
        if decision.action == "dial at once":
            return 0.0
        if decision.forget_handle:
            self.protocol.handle = ""
        failed = failures.of(
            error or errors.make(grpc.StatusCode.UNKNOWN, ""),
            reason=reason,
            opened=opened,
            opened_once=self.opened_once,
            age=self.age,
            handle=self.protocol.handle,
            unsent=self.lanes.unsent(),
            exhausted=decision.exhausted,
        )
        if decision.action == "fail":
            failed.uncertain = self.protocol.uncertain
            self.error = failed
            return None
        self._tell(events.Reconnecting(None if reason == "swap" else failed))
        if self._watch is not None:
            self._watch.reconnecting(None if reason == "swap" else failed, decision.pause)
        return decision.pause
