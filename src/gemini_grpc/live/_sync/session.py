# Derived by `python -m codegen` from src/gemini_grpc/live/_async/session.py. Do not edit.
"""A live session, as its user sees it."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, Self, TypeVar

from gemini_grpc import checks
from gemini_grpc.live import arguments, errors, events, failures
from gemini_grpc.live._sync.tap import Tap
from gemini_grpc.live._sync.turns import Turns
from gemini_grpc.live.audio.samples import INPUT_RATE, PCM, duration
from gemini_grpc.live.invoke import Worker
from gemini_grpc.live.lanes import Place
from gemini_grpc.live.outgoing import MEDIA
from gemini_grpc.live.owner import Owner
from gemini_grpc.rpc.shared import Shared

if TYPE_CHECKING:
    from gemini_grpc.live._sync.engine import Engine
    from gemini_grpc.live._sync.feed import Feed
    from gemini_grpc.live._sync.feed import Kind as Tapped
    from gemini_grpc.live.events import Event
    from gemini_grpc.live.outgoing import Kind, Outgoing
    from gemini_grpc.live.turn import Answer, Turn

Item = TypeVar("Item")

ANSWER_SECONDS = 300.0
"""Seconds for which `ask` waits if it is not given another limit."""


class LiveSession(Shared):
    """A conversation over as many connections as it takes; made by `live.connect`, used in a `with`.

    Iterate over it for everything that happens; the iteration ends with the session, not with a turn.
    Every wait may be cancelled or given a time limit without harm to the session. One caller at a time
    takes events, by iterating or with `ask`, and nobody else sees what it takes, except by way of a tap:
    a loop that is busy with an event while somebody asks goes on after the answer; nobody can ask while
    it waits for an event. Any number may send.
    """

    def __init__(self, engine: Engine, feed: Feed) -> None:
        self._engine = engine
        self._feed = feed
        self._worker: Worker | None = None
        self._owner: Owner | None = None
        self._iterating = False
        self._asking = False
        self._raised = False

    # its life

    def __enter__(self) -> Self:
        """Connect, and wait until the session is set up.

        Raises:
            SetupRejected, SetupTimeout, ConnectionLost, LiveError: It could not be set up, or the server
                not be reached; the server's words are in it.
        """
        engine = self._engine
        with engine.lock:  # who closes it at this moment waits until there is something to close
            if self._owner is not None:
                raise errors.StateError("the session was opened already; make a new one")
            self._owner = Owner()
            self._worker = Worker(engine.run, "gemini-live-session", stop=engine.stop)
        try:
            engine.signal.wait(lambda: engine.opened_once or engine.finished)
            if not engine.opened_once:
                self._raised = True
                raise failures.ended(engine.error, "the session was closed while it connected")
        except BaseException:
            self.close(drain=0)
            raise
        return self

    def __exit__(self, kind: object, *exc: object) -> None:
        self.close(drain=0 if kind is not None else 2.0)

    def close(self, drain: float = 2.0) -> None:
        """End the session; closing twice is fine.

        What waits to be sent is sent, then the server has the given seconds for what it still has to
        say. Calls of functions that are running are given up. At most 5 more seconds are spent until they
        have ended (what runs in threads cannot be stopped, and goes on) and their `on_cancel` has too,
        unless it is called from such a function or from an `on_cancel`, as it may be.
        """
        checks.seconds("drain", drain, endless=True)
        engine = self._engine
        if self._owner is None or not self._owner.is_here:
            return
        self._owner.check()
        with engine.lock:
            engine.closing = True
            worker = self._worker
        assert worker is not None
        engine.signal.notify()
        try:
            if drain:
                engine.signal.wait_until(engine.now() + drain, lambda: engine.finished)
        finally:
            if not engine.finished:
                engine.stop()
                if engine.dialing:
                    worker.cancel()
            engine.tools.give_up()  # before any wait: that of a cancelled scope of anyio is cancelled
            worker.join()
        engine.tools.close()

    def end(self) -> None:
        """End at once, with the client; from another event loop, without waiting for it."""
        if self._owner is None or self._engine.has_ended:
            return
        if self._owner.is_current:
            self.close(drain=0)
        else:
            self._owner.call(self._engine.stop)

    def __del__(self) -> None:
        owner = getattr(self, "_owner", None)
        if owner is None or not owner.is_here or self._engine.has_ended:
            return
        warnings.warn(f"{self!r} was not closed", ResourceWarning, stacklevel=1, source=self)
        owner.call(self._engine.stop)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self._engine.protocol.state}>"

    # what it knows

    @property
    def handle(self) -> str:
        """The handle with which another session, in another process too, can go on; may be empty."""
        return self._engine.protocol.handle

    @property
    def unsent(self) -> tuple[Outgoing, ...]:
        """The control messages that wait to be sent; when the session has ended, those that never were."""
        with self._engine.lock:
            return tuple(self._engine.lanes.unsent())

    @property
    def uncertain(self) -> tuple[Outgoing, ...]:
        """The control messages that were sent and may not have arrived yet, or never."""
        with self._engine.lock:
            return self._engine.protocol.uncertain

    @property
    def usage(self) -> events.Usage:
        """The tokens of all turns so far."""
        return self._engine.protocol.usage

    @property
    def dropped_audio(self) -> float:
        """Seconds of audio that were not sent because they could not be sent in time."""
        return self._engine.lanes.dropped_audio

    @property
    def dropped_video(self) -> int:
        """Frames of video that were not sent because a later one took their place."""
        return self._engine.lanes.dropped_video

    @property
    def dropped_events(self) -> int:
        """How many events were lost because nobody took them; only with `overflow="drop_oldest"`."""
        return self._feed.mailbox.dropped

    # sending

    def send_text(self, text: str) -> None:
        """Send realtime text; it does not interrupt the model by itself."""
        self._send("text", lambda: self._engine.protocol.text(text))

    def send_content(self, turns: Any, *, turn_complete: bool = True) -> None:
        """Append turns to the conversation, which interrupts the model; a complete one is answered.

        Args:
            turns: A text, a content (message or mapping), or a list of contents.
            turn_complete: The model is to answer now.
        """
        arguments.contents(turns)
        protocol = self._engine.protocol
        self._send("content", lambda: protocol.content(turns, turn_complete=turn_complete))

    def send_audio(self, pcm: PCM, *, rate: int = INPUT_RATE) -> None:
        """Send audio, waiting for room: PCM, 16 bit, little endian, one channel."""
        pcm, protocol = arguments.samples(pcm), self._engine.protocol
        self._send("audio", lambda: protocol.audio(pcm, rate), seconds=duration(pcm, rate))

    def offer_audio(self, pcm: PCM, *, rate: int = INPUT_RATE) -> bool:
        """Queue audio without waiting; tell whether there was room, otherwise the oldest is dropped."""
        self._check_owner()
        engine = self._engine
        with engine.lock:
            self._check()
            message = engine.protocol.audio(arguments.samples(pcm), rate)
            room = engine.lanes.has_room("audio", message.seconds)
            engine.send(message)
        return room

    def send_video(self, image: bytes, mime_type: str = "image/jpeg") -> None:
        """Send a frame of video; one that was not sent yet is replaced."""
        self._send("video", lambda: self._engine.protocol.video(image, mime_type))

    def audio_stream_end(self) -> None:
        """Say that no audio follows for now."""
        self._send("audio_stream_end", self._engine.protocol.audio_stream_end)

    def activity_start(self) -> None:
        """Say that the user begins to speak; needs `LiveConfig(manual_activity=True)`."""
        self._send("activity_start", self._engine.protocol.activity_start)

    def activity_end(self) -> None:
        """Say that the user has finished; needs `LiveConfig(manual_activity=True)`."""
        self._send("activity_end", self._engine.protocol.activity_end)

    def send_tool_result(
        self,
        call: str,
        response: Mapping[str, Any],
        *,
        scheduling: str = "",
        will_continue: bool = False,
    ) -> None:
        """Answer a call of a function that is not run by the session.

        Raises:
            StateError: The call is not pending: unknown, cancelled, or answered already.
        """
        self._send(
            "tool_response",
            lambda: self._engine.protocol.tool_response(
                call, response, scheduling=scheduling, will_continue=will_continue
            ),
        )

    def ask(self, turns: Any, *, timeout: float | None = ANSWER_SECONDS) -> Turn:
        """Send a complete turn and return the model's answer, taking the events up to its end.

        If the connection ends first, and with it the answer, while the session goes on over another one,
        `end_reason` is `connection_lost`. Answers to earlier questions are passed over, and turns that are
        interrupted before they say anything. If the session runs a function, and the model answers to the
        result in a turn of its own, that turn is part of the answer. If the model waits for a function that
        is only declared, iterate and answer the call. Transcripts have no order relative to turns: one that
        comes after the question counts as part of the answer.

        Args:
            turns: A text, a content (message or mapping), or a list of contents.
            timeout: Seconds for all of it, None for no limit. If the model does not respond to something,
                such as realtime text or the result of a function, this limit ends the wait for its turn.

        Raises:
            ArgumentError: The turns or the timeout cannot be used.
            DeadlineExceeded: There was no whole answer in time. The session goes on, and the events of the
                answer so far can be taken by iterating. An answer that comes later is passed over, unless
                a turn that may have been it was passed over already.
            StateError: Another caller asks, or waits for an event.
            SessionClosed: The session ended first, without an error.
            LiveError: The session failed first.
        """
        arguments.contents(turns)
        engine = self._engine
        deadline = failures.time_limit(timeout, engine.now())
        answers: list[Answer] = []

        def make() -> Outgoing:
            message = engine.protocol.content(turns)
            answers.append(engine.answer_to(message))
            return message

        self._begin_taking(asks=True)
        try:
            self._send("content", make, deadline=deadline)
            (answer,) = answers
            self._take_answer(answer, deadline)
        except BaseException:
            with engine.lock:
                engine.feed.mailbox.put_back([event for each in answers for event in each.taken])
            raise
        finally:
            self._iterating = self._asking = False
            engine.protocol.ledger.expect(())
            engine.signal.notify()  # a loop may wait for the end of this
        return answer.turn

    def _take_answer(self, answer: Answer, deadline: float | None) -> None:
        """Take events up to the end of an answer."""
        while (event := self._take_next(deadline)) is not None:
            if answer.add(event):
                break
        lost = event is None or answer.turn.end_reason == "connection_lost"
        if lost and not self._engine.takes_messages:
            self._raised = True
            raise failures.ended(self._engine.error)

    # receiving

    def __iter__(self) -> Self:
        return self

    def __next__(self) -> Event:
        """Return the next event; while somebody asks, that is one after the answer.

        Raises:
            StateError: Somebody else is iterating over the session.
            LiveError: The session failed; everything before has been delivered.
        """
        event = self._take()
        if event is None:
            raise StopIteration
        return event

    def turns(self) -> Turns:
        """Return an iterator over the model's turns; it gives each when it is over."""
        return Turns(self._take)

    def audio_out(self, seconds: float = 60.0) -> Tap[events.AudioOut]:
        """Return a tap of the model's speech that holds so many seconds; interruptions empty it.

        A tap takes nothing from the iteration over the session, whose events wait for somebody: without
        one who iterates, the session comes to a halt when its `Inbox` is full. If the session fails, each
        tap raises the error, once, as the iteration does.
        """
        checks.seconds("seconds", seconds, positive=True, endless=True)
        return self._tap("audio", seconds, lambda audio: len(audio.pcm) / 2 / audio.rate)

    def transcripts(self, limit: int = 1000) -> Tap[events.Transcript]:
        """Return a tap of the transcripts that holds so many."""
        checks.count("limit", limit)
        return self._tap("transcripts", limit, lambda _: 1.0)

    def raw(self, limit: int = 10_000) -> Tap[Any]:
        """Return a tap of the server's messages as they come, protobuf messages of the API version."""
        checks.count("limit", limit)
        return self._tap("messages", limit, lambda _: 1.0)

    # inside

    def _tap(self, kind: Tapped, limit: float, measure: Callable[[Item], float]) -> Tap[Item]:
        tap = Tap(self._engine, limit, measure, self._check_owner)
        with self._engine.lock:
            self._feed.add(kind, tap)
        return tap

    def _take(self) -> Event | None:
        """Wait for the next event and take it; None at the end."""
        while not self._begin_taking():
            self._engine.signal.wait(lambda: not self._asking)
        try:
            return self._take_next()
        finally:
            self._iterating = False

    def _begin_taking(self, *, asks: bool = False) -> bool:
        """Refuse a second caller who takes events; return False to one who is to wait for an answer."""
        self._check_owner()
        with self._engine.lock:
            if self._asking and not asks:
                return False
            if self._asking:
                raise errors.StateError("the session is being asked already; wait for the answer")
            if self._iterating:
                text = "the session is being iterated over already; use a tap instead"
                raise errors.StateError(text)
            self._iterating, self._asking = True, asks
            return True

    def _take_next(self, deadline: float | None = None) -> Event | None:
        engine, mailbox = self._engine, self._feed.mailbox
        if not engine.signal.wait_until(deadline, lambda: mailbox or engine.finished):
            with engine.lock:
                engine.protocol.ledger.settle(turn_open=engine.protocol.turn_open)
            raise failures.overdue()
        with engine.lock:
            had_room = self._feed.has_room
            event = mailbox.take() if mailbox else None
        if not had_room:
            engine.signal.notify()
        if event is None and engine.error is not None and not self._raised:
            self._raised = True
            raise failures.ended(engine.error)
        return event

    def _send(
        self,
        kind: Kind,
        make: Callable[[], Outgoing],
        *,
        seconds: float = 0,
        deadline: float | None = None,
    ) -> None:
        """Make a message, which raises at misuse, and queue it when there is room.

        It is made and queued in one step, so that a wait that is cancelled leaves nothing behind.
        """
        self._check_owner()
        engine, lanes, place = self._engine, self._engine.lanes, Place(kind, seconds)
        with engine.lock:
            if self._try_send(place, make):
                return
            if kind not in MEDIA and engine.outbox.when_full == "error":
                raise errors.SendQueueFull(f"{lanes.control_waiting} messages wait to be sent")
            lanes.line_up(place)
        try:
            while not self._try_send(place, make):
                in_time = engine.signal.wait_until(
                    deadline, lambda: lanes.admits(place) or not engine.takes_messages
                )
                if not in_time:
                    raise failures.overdue()
        finally:
            with engine.lock:
                lanes.leave(place)
            engine.signal.notify()  # the next in line may have been waiting for this one only

    def _try_send(self, place: Place, make: Callable[[], Outgoing]) -> bool:
        """Make a message and queue it, if there is room."""
        with self._engine.lock:
            self._check()
            if not self._engine.lanes.admits(place):
                return False
            self._engine.send(make())
            return True

    def _check(self) -> None:
        """Refuse to send when nothing can be sent any more."""
        if not self._engine.takes_messages:
            raise failures.ended(self._engine.error)

    def _check_owner(self) -> None:
        if self._owner is None:
            raise errors.SessionClosed("the session was never opened; use it in a `with` statement")
        self._owner.check()
