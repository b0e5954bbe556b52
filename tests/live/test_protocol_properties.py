"""What holds in every live session, whatever the user and the server do, and in whatever order.

The session is a real one, of the asynchronous colour, on a wire that the test holds in its hands; the other
colour is derived from it. The clock is virtual and the wire has no sockets, so a session takes no time.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Callable
from typing import Any

import grpc
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gemini_grpc import errors, v1alpha, v1beta
from gemini_grpc.live import events
from gemini_grpc.live._async.service import AsyncLive
from gemini_grpc.live.config import LiveConfig, Resume
from gemini_grpc.live.ledger import is_output
from gemini_grpc.live.protocol import LiveProtocol
from tests import strategies

PACKAGES: dict[str, Any] = {"v1beta": v1beta, "v1alpha": v1alpha}
CLIENT = v1beta.types.BidiGenerateContentClientMessage.pb()
SERVER = v1beta.types.BidiGenerateContentServerMessage.pb()
IDS = ("a", "b", "c")


class Time:
    """A clock that the test moves; everything is called in the loop."""

    def __init__(self) -> None:
        self._now = 0.0
        self._timers: list[Timer] = []

    def now(self) -> float:
        return self._now

    def call_at(self, when: float, callback: Callable[[], object]) -> Timer:
        timer = Timer(when, callback)
        self._timers.append(timer)
        return timer

    def advance(self, seconds: float) -> None:
        self._now += seconds
        due = sorted((t for t in self._timers if t.when <= self._now), key=lambda t: t.when)
        self._timers = [timer for timer in self._timers if timer not in due]
        for timer in due:
            if timer.callback is not None:
                timer.callback()


class Timer:
    def __init__(self, when: float, callback: Callable[[], object]) -> None:
        self.when = when
        self.callback: Callable[[], object] | None = callback

    def cancel(self) -> None:
        self.callback = None


class Call:
    """One connection, as grpc.aio would give it, with the rules of what may be written on it."""

    def __init__(self, wire: Wire) -> None:
        self._wire = wire
        self._incoming: asyncio.Queue[bytes | None] = asyncio.Queue()
        self._status: tuple[grpc.StatusCode, str] | None = None
        self._callbacks: list[Callable[[Any], None]] = []
        self.greeted = False
        """The session has read setup_complete."""
        self.calls: set[str] = set()
        """The calls that may be answered."""
        self.written = 0
        self.told = False
        """The server has said something."""

    async def wait_for_connection(self) -> None:
        pass

    def add_done_callback(self, callback: Callable[[Any], None]) -> None:
        self._callbacks.append(callback)

    async def write(self, data: bytes) -> None:
        if self._status is not None:
            raise asyncio.InvalidStateError
        message = CLIENT.FromString(data)
        kind = message.WhichOneof("message_type")
        assert (kind == "setup") == (self.written == 0), "the setup comes first, and once"
        assert self.greeted or kind == "setup", "nothing is sent before setup_complete"
        self.written += 1
        for response in message.tool_response.function_responses:
            assert response.id in self.calls, "only a call that is open is answered, and once"
            if not response.will_continue:
                self.calls.discard(response.id)
        self._wire.note(message)

    async def done_writing(self) -> None:
        pass

    async def read(self) -> Any:
        while (data := await self._incoming.get()) is None:
            if self._status is not None:
                return grpc.aio.EOF
        self._hear(data)
        return data

    def _hear(self, data: bytes) -> None:
        """Note what the session knows from now on."""
        try:
            message = SERVER.FromString(data)
        except Exception:
            return
        kind = message.WhichOneof("message_type")
        if not self.greeted:
            self.greeted = kind == "setup_complete"
            return
        self.calls |= {call.id for call in message.tool_call.function_calls}
        self.calls -= set(message.tool_call_cancellation.ids)

    def say(self, data: bytes) -> None:
        self.told = True
        if self._status is None:
            self._incoming.put_nowait(data)

    def end(self, code: grpc.StatusCode, said: str = "") -> None:
        if self._status is not None:
            return
        self._status = (code, said)
        self._incoming.put_nowait(None)
        for callback in self._callbacks:
            callback(self)

    def cancel(self) -> None:
        self.end(grpc.StatusCode.CANCELLED)

    async def code(self) -> grpc.StatusCode:
        assert self._status is not None
        return self._status[0]

    async def details(self) -> str:
        assert self._status is not None
        return self._status[1]

    async def trailing_metadata(self) -> tuple[Any, ...]:
        return ()


class Wire:
    """All connections of a session."""

    def __init__(self) -> None:
        self.calls: list[Call] = []
        self.texts: Counter[str] = Counter()
        """The texts that were written, and how often."""

    def __call__(self, metadata: Any) -> Call:
        assert not self.calls or self.calls[-1]._status is not None, "one connection at a time"
        self.calls.append(Call(self))
        return self.calls[-1]

    def note(self, message: Any) -> None:
        for turn in message.client_content.turns:
            self.texts[turn.parts[0].text] += 1
        if message.realtime_input.text:
            self.texts[message.realtime_input.text] += 1


class WiredLive(AsyncLive):
    """Begins sessions on a wire of the test's."""

    wire: Wire

    async def _dial(self, timeout: float) -> tuple[Any, tuple[Any, ...]]:
        return self.wire, ()


def server(**fields: Any) -> bytes:
    data: bytes = SERVER(**fields).SerializeToString()
    return data


def spoken(**more: Any) -> bytes:
    return server(server_content={"model_turn": {"parts": [{"text": "x"}]}, **more})


def call(*ids: str) -> bytes:
    return server(tool_call={"function_calls": [{"id": each, "name": "f"} for each in ids]})


SAID = st.one_of(
    st.just(server(setup_complete={})),
    st.just(spoken()),
    st.just(spoken(turn_complete=True, generation_complete=True)),
    st.just(spoken(interrupted=True)),
    st.just(server(server_content={"interrupted": True})),
    st.just(server(server_content={"turn_complete": True})),
    st.just(server(usage_metadata={"total_token_count": 3})),
    st.lists(st.sampled_from(IDS), min_size=1, max_size=2).map(lambda ids: call(*ids)),
    st.lists(st.sampled_from(IDS), max_size=2).map(
        lambda ids: server(tool_call_cancellation={"ids": ids})
    ),
    st.just(server(session_resumption_update={"resumable": False})),
    st.sampled_from("hij").map(
        lambda handle: server(session_resumption_update={"new_handle": handle, "resumable": True})
    ),
    st.sampled_from([0, 1, 60, 300]).map(lambda s: server(go_away={"time_left": {"seconds": s}})),
    st.just(b""),
    st.just(b"\xfa\x3f\x03new"),
    strategies.messages(SERVER).map(lambda message: message.SerializeToString()),
)
"""What a server may say; most of it makes no sense most of the time."""

ENDS = st.sampled_from(
    [
        *(grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.ABORTED, grpc.StatusCode.INTERNAL),
        *(grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.FAILED_PRECONDITION),
        *(grpc.StatusCode.RESOURCE_EXHAUSTED, grpc.StatusCode.OK),
    ]
)
_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "hear": SAID,
    "end": ENDS,
    "wait": st.sampled_from([0.1, 1.0, 30.0]),
    "content": st.booleans(),
    "text": st.none(),
    "audio": st.sampled_from([bytes(640), b"odd"]),
    "answer": st.sampled_from(IDS),
    "mark": st.sampled_from(["activity_start", "activity_end", "audio_stream_end"]),
    "close": st.none(),
}
_WEIGHTS = {"hear": 12, "end": 1, "wait": 2, "content": 3, "answer": 4}
_KINDS = [kind for kind in _VALUES for _ in range(_WEIGHTS.get(kind, 1))]
STEPS = st.sampled_from(_KINDS).flatmap(lambda kind: st.tuples(st.just(kind), _VALUES[kind]))
"""What may happen, what the server says most often."""


class Run:
    """One session, and what the test knows about it."""

    def __init__(self, session: Any, wire: Wire, time: Time, *, polite: bool) -> None:
        self.session = session
        self.polite = polite
        """The server begins with setup_complete."""
        self.wire = wire
        self.time = time
        self.log: list[events.Event] = []
        self.error: BaseException | None = None
        self.accepted: list[str] = []
        """The texts that the session has taken."""
        self._tasks: set[asyncio.Task[None]] = set()

    async def settle(self) -> None:
        for _ in range(25):
            await asyncio.sleep(0)

    async def hold(self) -> None:
        """Open the session and listen to it."""
        try:
            async with self.session:
                async for event in self.session:
                    self.log.append(event)
        except errors.GeminiError as error:
            self.error = error

    def take(self, step: str, value: Any) -> None:
        """Do a step."""
        session = self.session
        now = self.wire.calls[-1] if self.wire.calls else None
        match step:
            case "hear" if now is not None:
                if self.polite and not now.told:
                    now.say(server(setup_complete={}))
                now.say(value)
            case "end" if now is not None:
                now.end(value, "the end")
            case "wait":
                self.time.advance(value)
            case "content":
                text = f"content {len(self.accepted)}"
                self.accepted.append(text)
                self._start(session.send_content(text, turn_complete=value), text)
            case "text":
                text = f"text {len(self.accepted)}"
                self.accepted.append(text)
                self._start(session.send_text(text), text)
            case "audio":
                with _misuse():
                    session.offer_audio(value)
            case "answer":
                self._start(session.send_tool_result(value, {"n": 1}))
            case "mark":
                self._start(getattr(session, value)())
            case "close":
                self._start(session.close(drain=0.5))

    def _start(self, doing: Any, text: str = "") -> None:
        async def run() -> None:
            try:
                await doing
            except (errors.UsageError, errors.GeminiError):
                if text:
                    self.accepted.remove(text)

        task = asyncio.create_task(run())
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)


class _misuse:
    """Lets pass what is raised at who uses a session wrongly."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, *exc: object) -> bool:
        return kind is not None and issubclass(kind, errors.GeminiError)


async def live_through(
    steps: list[tuple[str, Any]], *, manual: bool, resume: Any, polite: bool
) -> Run:
    client = v1beta.GenerativeServiceAsyncClient(
        client_options={"api_endpoint": "http://127.0.0.1:1", "api_key": "k"}
    )
    time, wire = Time(), Wire()
    live = WiredLive(client.transport, clock=time)
    live.wire = wire
    config = LiveConfig(manual_activity=manual)
    session = live.connect("gemini-live", config=config, resume=resume)
    run = Run(session, wire, time, polite=polite)
    holding = asyncio.create_task(run.hold())
    await run.settle()
    for step, value in steps:
        run.take(step, value)
        await run.settle()
    run.take("close", None)
    for _ in range(40):  # whatever it waits for comes to pass
        run.time.advance(1)
        await run.settle()
    assert holding.done(), "a session that is closed ends"
    await asyncio.wait([*run._tasks, holding])
    holding.result()
    await live.close()
    await client.close()
    left = asyncio.all_tasks() - {asyncio.current_task()}
    assert not left, f"tasks are left: {left}"
    return run


def check_turns(log: list[events.Event]) -> None:
    """Check that every turn that begins has one end, before the connection is another."""
    open_turn = False
    connected = True
    for event in log:
        match event:
            case events.TurnEnd():
                open_turn = False
            case events.Reconnecting():
                assert connected or not open_turn
                assert not open_turn, "a turn ends before its connection is given up"
                connected = False
            case events.Reconnected():
                assert not connected, "only who was lost is back"
                connected = True
            case _ if is_output(event):
                open_turn = True
    assert not open_turn, "a turn ends with its session"


def check_accounts(run: Run) -> None:
    """Check that a message that was taken is written once, or named."""
    named: Counter[str] = Counter()
    for message in (*run.session.unsent, *run.session.uncertain):
        content = CLIENT.FromString(message.data)
        named.update(part.text for turn in content.client_content.turns for part in turn.parts)
        if content.realtime_input.text:
            named[content.realtime_input.text] += 1
    for text in run.accepted:
        assert run.wire.texts[text] <= 1, "nothing is written twice"
        assert run.wire.texts[text] or named[text], "nothing is lost without a word"


POLITE = st.sampled_from([True, True, True, False])
RESUMES = st.sampled_from([None, Resume(), Resume(attempts=2, fresh_without_handle=False)])


def check(steps: list[tuple[str, Any]], manual: bool, resume: Any, polite: bool) -> None:
    run = asyncio.run(live_through(steps, manual=manual, resume=resume, polite=polite))
    assert "the session failed" not in str(run.error), "nothing that is received is our fault"
    check_turns(run.log)
    check_accounts(run)


@given(st.lists(STEPS, min_size=5, max_size=40), st.booleans(), RESUMES, POLITE)
@settings(max_examples=150, deadline=None)
def test_the_rules_hold_in_any_order(
    steps: list[tuple[str, Any]], manual: bool, resume: Any, polite: bool
) -> None:
    """Nothing precedes setup_complete; calls are answered once, cancelled ones never; turns have ends."""
    check(steps, manual, resume, polite)


@pytest.mark.fuzz
@given(st.lists(STEPS, min_size=20, max_size=100), st.booleans(), RESUMES, POLITE)
@settings(max_examples=1500, deadline=None)
def test_the_rules_hold_in_any_order_for_long(
    steps: list[tuple[str, Any]], manual: bool, resume: Any, polite: bool
) -> None:
    check(steps, manual, resume, polite)


def heard(version: str, messages: list[bytes]) -> None:
    """Let a protocol hear messages; nothing may be raised, whatever they are."""
    protocol = LiveProtocol("gemini-live", LiveConfig(), version=version)
    protocol.connect()
    for data in messages:
        if protocol.failure is not None:
            protocol.disconnect()
            protocol.connect()
            protocol.receive(server(setup_complete={}), now=0.0)
        assert isinstance(protocol.receive(data, now=0.0), list)


@pytest.mark.parametrize("version", PACKAGES)
@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_no_message_makes_the_protocol_raise(version: str, data: st.DataObject) -> None:
    """What is received never raises: any message of the version, any bytes, in any order."""
    kind = PACKAGES[version].types.BidiGenerateContentServerMessage.pb()
    message = strategies.messages(kind).map(lambda made: made.SerializeToString())
    heard(
        version, data.draw(st.lists(st.one_of(message, SAID, st.binary(max_size=40)), max_size=6))
    )
