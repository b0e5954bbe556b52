"""A stage for live sessions that meet trouble: an emulator, a virtual clock, and sessions of either colour.

The emulator and the sessions have clocks of their own that `advance` moves together. What a test waits for
is looked for again and again in real time, for there are sockets in between; it never sleeps for a while.
"""

from __future__ import annotations

import contextlib
import dataclasses
import heapq
import itertools
import math
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import grpc

from gemini_grpc.emulator import Emulator, Reply
from gemini_grpc.emulator.clock import VirtualClock
from gemini_grpc.live import events
from gemini_grpc.live._async.service import AsyncLive
from gemini_grpc.live._sync.service import Live

if TYPE_CHECKING:
    from tests.colours import Sync

PATIENCE = 10.0
"""Real seconds after which something that is waited for counts as never happening."""

MODEL = "gemini-live"


def until(predicate: Callable[[], Any], what: str = "") -> Any:
    """Wait until something is true, and return it."""
    give_up = time.monotonic() + PATIENCE
    while not (found := predicate()):
        assert time.monotonic() < give_up, f"never: {what or predicate}"
        time.sleep(0.002)
    return found


class VirtualTime:
    """A clock for sessions that only `advance` moves; callbacks run where the colour wants them."""

    def __init__(self, colour: Sync) -> None:
        self._colour = colour
        self._now = 1000.0
        self._lock = threading.Lock()
        self._numbers = itertools.count()
        self._queue: list[tuple[float, int, _Timer]] = []
        self._runner = None if hasattr(colour, "loop") else ThreadPoolExecutor(1, "virtual-time")

    def now(self) -> float:
        return self._now

    def call_at(self, when: float, callback: Callable[[], object]) -> _Timer:
        timer = _Timer(callback)
        with self._lock:
            heapq.heappush(self._queue, (when, next(self._numbers), timer))
        if when <= self._now:
            self._submit(self._run_due)
        return timer

    def advance(self, seconds: float, other: VirtualClock) -> None:
        """Move the time, and return when everything that became due has been called.

        The other clock moves along, always after this one: what its owner does because of its time never
        meets a session whose time is behind.
        """
        began, other_began = self._now, other.now()
        until = began + seconds
        while True:
            with self._lock:
                due = self._queue[0][0] if self._queue else math.inf
                self._now = max(self._now, min(due, until))
            passed = seconds if self._now >= until else self._now - began
            other.advance(other_began + passed - other.now())
            self._submit(self._run_due).result(PATIENCE)
            with self._lock:
                if self._now >= until and not (self._queue and self._queue[0][0] <= until):
                    return

    def due(self) -> float:
        """Return when the next callback is due; infinity if none is."""
        with self._lock:
            waiting = (when for when, _, timer in self._queue if timer.callback is not None)
            return min(waiting, default=math.inf)

    def timers(self) -> int:
        """Return how many callbacks are waiting."""
        with self._lock:
            return sum(timer.callback is not None for *_, timer in self._queue)

    def close(self) -> None:
        if self._runner is not None:
            self._runner.shutdown()

    def _submit(self, work: Callable[[], None]) -> Future[Any]:
        if self._runner is not None:
            return self._runner.submit(work)
        return self._colour.start(work)

    def _run_due(self) -> None:
        while True:
            with self._lock:
                if not self._queue or self._queue[0][0] > self._now:
                    return
                timer = heapq.heappop(self._queue)[-1]
            if timer.callback is not None:
                timer.callback()


class _Timer:
    def __init__(self, callback: Callable[[], object]) -> None:
        self.callback: Callable[[], object] | None = callback

    def cancel(self) -> None:
        self.callback = None


class Script:
    """A scripted server: one plan for each connection, the last one for all that follow.

    A plan is a generator function: it is given the messages of the client and yields what is sent.
    """

    def __init__(self, *plans: Callable[[Iterator[Any]], Iterable[Any]]) -> None:
        self.plans = plans
        self.received: list[list[Any]] = []
        """The messages of the client, connection by connection."""
        self.open = 0
        """How many connections are open."""
        self.most_open = 0
        """How many were open at once."""
        self._lock = threading.Lock()

    def __call__(self, requests: Iterator[Any]) -> Iterator[Any]:
        with self._lock:
            number = len(self.received)
            self.received.append([])
        plan = self.plans[min(number, len(self.plans) - 1)]
        return self._serve(plan, self._note(requests, self.received[number]))

    def _serve(
        self, plan: Callable[[Iterator[Any]], Iterable[Any]], requests: Iterator[Any]
    ) -> Iterator[Any]:
        with self._lock:
            self.open += 1
            self.most_open = max(self.most_open, self.open)
        try:
            yield from plan(requests)
        finally:
            with self._lock:
                self.open -= 1

    @staticmethod
    def _note(requests: Iterator[Any], into: list[Any]) -> Iterator[Any]:
        with contextlib.suppress(grpc.RpcError):  # the client has gone
            for request in requests:
                into.append(request)
                yield request

    def kinds(self, number: int = -1) -> list[str]:
        """Return what the messages of a connection hold."""
        return [kind_of(message) for message in self.received[number]]

    def handle(self, number: int = -1) -> str:
        """Return the handle with which a connection was set up."""
        return str(self.received[number][0].setup.session_resumption.handle)

    def texts(self, number: int | None = None) -> list[str]:
        """Return what was said by `send_content` over one connection, or over all."""
        chosen = self.received if number is None else [self.received[number]]
        return [
            part.text
            for messages in chosen
            for message in messages
            for turn in message.client_content.turns
            for part in turn.parts
        ]

    def reply(self) -> Reply:
        return Reply(call=self, times=None)


def kind_of(message: Any) -> str:
    """Return what a message holds: `setup`, `client_content`, ..."""
    return str(type(message).pb(message).WhichOneof("message_type"))


COMPLETE = {"setup_complete": {}}
TURN_END = {"server_content": {"turn_complete": True}}


def say(text: str, **more: Any) -> dict[str, Any]:
    """Return a message in which the model says something."""
    turn = {"role": "model", "parts": [{"text": text}]}
    return {"server_content": {"model_turn": turn, **more}}


def resumable(handle: str) -> dict[str, Any]:
    """Return a resumption update."""
    return {"session_resumption_update": {"new_handle": handle, "resumable": True}}


BUSY = {"session_resumption_update": {"resumable": False}}


def go_away(seconds: float) -> dict[str, Any]:
    """Return a message that says the connection will end."""
    whole, rest = divmod(seconds, 1)
    return {"go_away": {"time_left": {"seconds": int(whole), "nanos": int(rest * 1e9)}}}


def begin(requests: Iterator[Any], handle: str = "") -> Iterator[Any]:
    """Set a connection up, in a plan: `yield from begin(requests)`."""
    next(requests)
    yield COMPLETE
    if handle:
        yield resumable(handle)


def echo(requests: Iterator[Any], handle: str = "") -> Iterator[Any]:
    """Be a plan that answers everything that is said with the same words."""
    yield from begin(requests, handle)
    for message in requests:
        for turn in message.client_content.turns:
            yield say(turn.parts[0].text)
            yield TURN_END
            if handle:
                yield resumable(handle)


class Actor:
    """A session and everything it gives."""

    def __init__(self, stage: Stage, session: Any) -> None:
        self.stage = stage
        self.session = session
        self.log: list[events.Event] = []
        self.error: BaseException | None = None
        """What the iteration ended with, if not well."""
        self.over = threading.Event()
        """The iteration has ended."""
        self.listening: Future[Any] | None = None

    def call(self, name: str, *arguments: Any, **more: Any) -> Any:
        """Call a method of the session."""
        return self.stage.colour.call(getattr(self.session, name), *arguments, **more)

    def start(self, name: str, *arguments: Any, **more: Any) -> Future[Any]:
        """Call a method of the session while the test goes on."""
        return self.stage.colour.start(getattr(self.session, name), *arguments, **more)

    def enter(self, *, listen: bool = True) -> Actor:
        """Open the session, and listen to it."""
        self.stage.colour.call(self._opener)
        return self.listen() if listen else self

    @property
    def _opener(self) -> Callable[..., Any]:
        session = self.session
        return getattr(session, "__aenter__", None) or session.__enter__

    def listen(self) -> Actor:
        work = self._hear_async if hasattr(self.session, "__aiter__") else self._hear
        self.listening = self.stage.colour.start(work)
        return self

    def _hear(self) -> None:
        try:
            for event in self.session:
                self.log.append(event)
        except Exception as error:
            self.error = error
        finally:
            self.over.set()

    async def _hear_async(self) -> None:
        try:
            async for event in self.session:
                self.log.append(event)
        except Exception as error:
            self.error = error
        finally:
            self.over.set()

    def of(self, kind: type[Any]) -> list[Any]:
        """Return the events of a kind that came."""
        return [event for event in list(self.log) if isinstance(event, kind)]

    def until(self, kind: type[Any], count: int = 1) -> Any:
        """Wait for the event of a kind that makes so many, and return it."""
        until(lambda: len(self.of(kind)) >= count or self.over.is_set(), f"{count} {kind}")
        found = self.of(kind)
        assert len(found) >= count, f"{self.log} {self.error!r}"
        return found[count - 1]

    def advance_until(self, predicate: Callable[[], Any]) -> Any:
        """Wait until something is true, and return it; the pauses between connections pass at once.

        While the session has a connection no time passes, however long the server takes to answer.
        """

        def check() -> Any:
            end = self._end_of_pause()  # first, so that it is not that of a later pause
            found = predicate()
            if not found and end < math.inf:
                self.stage.advance(max(0.0, end - self.stage.time.now()))
            return found

        return until(check)

    def _end_of_pause(self) -> float:
        """Return when a session that has no connection goes on; infinity if it has one."""
        engine = self.session._engine
        with engine.lock:  # so that no connection begins meanwhile
            connection = engine._connection
            has_ended = connection is None or connection.ended
            return self.stage.time.due() if has_ended else math.inf

    def end(self) -> BaseException | None:
        """Wait for the end of the iteration and return its error."""
        assert self.over.wait(PATIENCE), self.log
        return self.error

    def texts(self) -> list[str]:
        return [event.text for event in self.of(events.TextOut)]


class Stage:
    """An emulator, the clocks, and the sessions of one test."""

    def __init__(self, colour: Sync, **options: Any) -> None:
        self.colour = colour
        self.clock = VirtualClock()
        self.time = VirtualTime(colour)
        self.emulator = Emulator(clock=self.clock, **options).start()
        self._actors: list[Actor] = []
        self._closers: list[Callable[[], Any]] = []

    def script(self, *plans: Callable[[Iterator[Any]], Iterable[Any]]) -> Script:
        """Let plans answer the connections to come."""
        script = Script(*plans)
        self.emulator.script("BidiGenerateContent", [script.reply()])
        return script

    def live(
        self,
        target: str = "",
        *,
        version: str = "v1beta",
        clock: Any = None,
        keepalive: float | None = None,
        secure: bool = False,
        kinds: tuple[Any, Any] = (Live, AsyncLive),
        arguments: dict[str, Any] | None = None,
        **options: Any,
    ) -> Any:
        """Return what begins sessions, for the emulator or another server."""
        given: dict[str, Any] = {"api_endpoint": target or self.emulator.target}
        if not secure:
            given = {"api_endpoint": f"http://{given['api_endpoint']}", "api_key": "test"}
        cls = self.colour.cls("GenerativeService", version)
        client = cls(client_options=given | options, **arguments or {})
        self._closers.append(lambda: self.colour.call(client.close))
        channel = client.transport
        if keepalive is not None:  # less than a user may ask for, to save time
            channel.settings = dataclasses.replace(channel.settings, keepalive=keepalive)
        kind = kinds[self.colour.name == "async"]
        live = self.colour.call(lambda: kind(channel, version=version, clock=clock or self.time))
        self._closers.append(lambda: self.colour.call(live.close))
        return live

    def session(self, live: Any = None, *, model: str = MODEL, **arguments: Any) -> Actor:
        """Return a session that is not open yet."""
        live = live or self.live()
        actor = Actor(self, self.colour.call(lambda: live.connect(model, **arguments)))
        self._actors.append(actor)
        return actor

    def drop(self, actor: Actor) -> None:
        """Forget a session, so that the test alone knows it."""
        self._actors.remove(actor)

    def open(self, live: Any = None, **arguments: Any) -> Actor:
        """Open a session and listen to it."""
        return self.session(live, **arguments).enter()

    def advance(self, seconds: float) -> None:
        """Let time pass for everyone."""
        self.time.advance(seconds, self.clock)

    def close(self) -> None:
        for actor in self._actors:
            actor.call("close", drain=0)
        for closer in reversed(self._closers):
            closer()
        self.emulator.close()
        self.time.close()
