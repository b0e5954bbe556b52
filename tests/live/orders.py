"""Scripts of a server of live sessions, as Hypothesis makes them, and the answers that are expected."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from hypothesis import strategies as st

from gemini_grpc import v1beta
from gemini_grpc.live import Resume, Tool

CLIENT = v1beta.types.BidiGenerateContentClientMessage.pb()
SERVER = v1beta.types.BidiGenerateContentServerMessage.pb()
READ: Any = object()
"""What a script yields to be given the next message of the client; None at the end of the connection."""
LOST: Any = object()
"""What a script has where its connection fails."""
LIMIT = 8.0
"""Seconds after which an answer counts as never coming."""


def content(**fields: Any) -> dict[str, Any]:
    return {"server_content": fields}


def parts(*parts: Any) -> dict[str, Any]:
    return {"model_turn": {"parts": list(parts)}}


def transcript(who: str, text: str) -> dict[str, Any]:
    return content(**{f"{who}_transcription": {"text": text}})


def update(handle: str) -> dict[str, Any]:
    return {"session_resumption_update": {"new_handle": handle, "resumable": bool(handle)}}


def go_away(seconds: int) -> dict[str, Any]:
    return {"go_away": {"time_left": {"seconds": seconds}}}


END = content(turn_complete=True)
INTERRUPTED = content(interrupted=True)
SPEECH = {"inline_data": {"mime_type": "audio/pcm;rate=24000", "data": b"123"}}

NOISE = st.sampled_from(
    [
        *(transcript("input", "heard "), content(grounding_metadata={}), {}),
        *(content(generation_complete=True), {"usage_metadata": {"total_token_count": 1}}),
        *(update("h"), update(""), go_away(300), go_away(30)),
    ]
)
"""What may come at any time."""
LATE = st.one_of(NOISE, st.sampled_from([transcript("output", "late "), INTERRUPTED]))
"""What may come after the end of a turn."""


@dataclass
class Exchange:
    """A question, what the server sends to it, and the answer that is expected."""

    messages: list[Any] = field(default_factory=list)
    """Messages, `READ` for each function response that the server waits for, and perhaps `LOST`."""
    text: str = ""
    transcript: str = ""
    audio: bytes = b""
    calls: list[str] = field(default_factory=list)
    reason: str = "complete"


class Writer:
    """Writes one exchange with the choices of Hypothesis."""

    def __init__(self, draw: Any, number: int) -> None:
        self._draw = draw
        self._number = number
        self.made = Exchange()

    def noise(self, kind: Any = NOISE) -> None:
        self.made.messages += self._draw(st.lists(kind, max_size=2))

    def put(self, *messages: Any) -> None:
        for message in messages:
            self.made.messages.append(message)
            self.noise()

    def say(self, *, end: bool = False, **more: Any) -> None:
        """Let the model say something of its own, and perhaps end the turn with it."""
        self.put(*[update("")] * self._draw(st.integers(0, 1)))
        kind = self._draw(st.sampled_from(["text", "speech", "transcript"]))
        text = f"{self._number}{kind[0]} "
        made = self.made
        if kind == "text":
            self.put(content(**parts({"text": text})))
            made.text += text
        elif kind == "speech":
            self.put(*(content(**parts(SPEECH)) for _ in range(2)))
            made.audio += b"123123"
        else:
            early = self._draw(st.booleans())
            self.put(*[transcript("output", text)] * early, content(**parts({"text": text})))
            self.put(*[transcript("output", text)] * (not early))
            made.text += text
            made.transcript += text
        if end:
            last = f"{self._number}end"
            bundled = self._draw(st.booleans())
            made.messages += [content(**parts({"text": last}), turn_complete=True)] * bundled
            made.messages += [content(**parts({"text": last})), END] * (not bundled)
            made.text += last

    def call(self, name: str, count: int = 1) -> list[str]:
        ids = [f"{self._number}.{len(self.made.calls) + at}" for at in range(count)]
        calls = [
            {"id": each, "name": name, "args": {"call": each} if name == "slow" else {}}
            for each in ids
        ]
        message = {"tool_call": {"function_calls": calls}}
        self.put(message)
        if self._draw(st.booleans()):
            self.put(message)  # once more, while it is pending
        self.made.calls += ids
        return ids

    def answered(self, ids: list[str], name: str) -> None:
        self.made.messages += [READ] * len(ids)
        if self._draw(st.booleans()):  # once more, when it was answered
            self.put({"tool_call": {"function_calls": [{"id": ids[0], "name": name}]}})
        self.noise()


def plain(writer: Writer, draw: Any) -> None:
    writer.say()
    writer.say(end=True)


def call_in_turn(writer: Writer, draw: Any) -> None:
    name = draw(st.sampled_from(["blocking", "background"]))
    writer.answered(writer.call(name, draw(st.integers(1, 2))), name)
    writer.say(end=True)


def call_and_turn_that_follows(writer: Writer, draw: Any) -> None:
    if draw(st.booleans()):
        writer.say()
    name = draw(st.sampled_from(["blocking", "background", "unknown"]))
    ids = writer.call(name, draw(st.integers(1, 2)))
    writer.put(END)
    writer.answered(ids, name)
    writer.say(end=True)


def cancelled_call(writer: Writer, draw: Any) -> None:
    writer.say()
    ids = writer.call("slow")
    cancellation = {"tool_call_cancellation": {"ids": ids}}
    if draw(st.booleans()):
        writer.put(END)
        writer.made.messages.append(cancellation)
    else:
        writer.put(cancellation)
        writer.say(end=True)


def interrupted(writer: Writer, draw: Any) -> None:
    writer.say()
    writer.put(content(**parts({"text": "cut"})))
    writer.made.text += "cut"
    writer.put(INTERRUPTED, *[content(**parts(SPEECH))] * draw(st.integers(0, 2)))
    writer.made.messages.append(END)
    writer.made.reason = "interrupted"


def lost(writer: Writer, draw: Any) -> None:
    """Let the connection fail before the answer is complete."""
    if draw(st.booleans()):
        writer.say()
    if draw(st.booleans()):
        name = draw(st.sampled_from(["blocking", "background", "slow"]))
        ids = writer.call(name)
        writer.put(*[END] * draw(st.integers(0, 1)))
        if name != "slow":
            writer.answered(ids, name)
    writer.made.messages.append(LOST)
    writer.made.reason = "connection_lost"


ANSWERS = st.sampled_from(
    [plain, call_in_turn, call_and_turn_that_follows, cancelled_call, interrupted, lost]
)


@st.composite
def exchanges(draw: Any, number: int) -> Exchange:
    writer = Writer(draw, number)
    writer.noise(LATE)
    for _ in range(draw(st.sampled_from([0, 0, 0, 1, 2]))):  # turns that say nothing
        writer.put(INTERRUPTED, END)
        writer.put(*[END] * draw(st.integers(0, 1)))
    draw(ANSWERS)(writer, draw)
    writer.noise(LATE)
    writer.made.messages += [LOST] * draw(st.sampled_from([0, 0, 0, 1]))
    return writer.made


SCRIPTS = st.integers(1, 5).flatmap(
    lambda count: st.tuples(*(exchanges(number) for number in range(count)))
)


class LostError(Exception):
    """A connection fails."""


class Server:
    """Plays a script over as many connections as it takes."""

    def __init__(self, script: tuple[Exchange, ...]) -> None:
        self._script = iter(script)
        self.asked = 0
        """How many questions have come."""
        self.wrong: list[str] = []

    def connection(self) -> Any:
        """Be one connection: yield messages, and `READ` to be sent the client's next one."""
        if (yield READ) is None:
            return
        yield {"setup_complete": {}}
        while (request := (yield READ)) is not None:
            if request.WhichOneof("message_type") != "client_content":
                self.wrong.append(f"expected a question, not {request}")
                return
            self.asked += 1
            for message in next(self._script).messages:
                if message is LOST:
                    raise LostError
                if message is not READ:
                    yield message
                elif (response := (yield READ)) is None:
                    return
                elif not response.tool_response.function_responses:
                    self.wrong.append(f"expected a function response, not {response}")
                    return


def played(server: Server, requests: Iterator[bytes]) -> Iterator[bytes]:
    """Yield the messages of a connection whose client writes some requests.

    Raises:
        LostError: The connection fails.
    """
    plan = server.connection()
    message = next(plan)
    while True:
        data = next(requests, None) if message is READ else None
        try:
            message = plan.send(None if data is None else CLIENT.FromString(data))
        except StopIteration:
            return
        if message is not READ:
            encoded: bytes = SERVER(**message).SerializeToString()
            yield encoded


def tools(*, threads: bool) -> list[Tool]:
    """Return functions for a session; the slow one ends when its call is cancelled."""
    cancelled: dict[str, threading.Event] = {}

    def over(call: str) -> threading.Event:
        return cancelled.setdefault(call, threading.Event())

    def blocking() -> int:
        """Return a number."""
        return 1

    def background() -> int:
        """Return a number, while the model goes on."""
        return 2

    def slow(call: str) -> None:
        """Wait until the call is cancelled."""
        over(call).wait(LIMIT)

    async def async_slow(call: str) -> None:
        """Wait until the call is cancelled."""
        await asyncio.sleep(LIMIT)

    async_slow.__name__ = "slow"
    return [
        Tool(blocking, behavior="BLOCKING"),
        Tool(background, behavior="NON_BLOCKING"),
        Tool(
            slow if threads else async_slow,
            on_cancel=(lambda call: over(call).set()) if threads else None,
        ),
    ]


def check_turn(turn: Any, expected: Exchange) -> None:
    assert turn.text == expected.text
    assert turn.audio == expected.audio
    assert [each.id for each in turn.calls] == expected.calls
    assert turn.end_reason == expected.reason, turn
    assert turn.transcript.replace("late ", "") == expected.transcript


RESUME = Resume(attempts=100, initial=0, maximum=0)
"""Reconnect at once, however often."""


def ask_all(session: Any, server: Server, script: tuple[Exchange, ...]) -> None:
    """Ask the questions of a script; one that is lost on the way is asked again."""
    for number, expected in enumerate(script):
        while server.asked == number:
            turn = session.ask(f"question {number}", timeout=LIMIT)
            assert server.asked > number or turn.end_reason == "connection_lost", turn
        check_turn(turn, expected)


async def async_ask_all(session: Any, server: Server, script: tuple[Exchange, ...]) -> None:
    """Ask the questions of a script; one that is lost on the way is asked again."""
    for number, expected in enumerate(script):
        while server.asked == number:
            turn = await session.ask(f"question {number}", timeout=LIMIT)
            assert server.asked > number or turn.end_reason == "connection_lost", turn
        check_turn(turn, expected)
