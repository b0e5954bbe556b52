"""Behaviours 24, 26 and 29: how functions that the model calls end, and who waits for it."""

from __future__ import annotations

import asyncio
import dataclasses
import logging
import sys
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any, ClassVar

import pytest

from gemini_grpc import AsyncClient
from gemini_grpc.emulator import Emulator
from gemini_grpc.live import LiveConfig, Tool, events
from tests.live.stage import Actor, Script, Stage, say, until
from tests.live.test_behaviour_tools import TEXT, Caller, calling, cancelling, started


async def loses_a_part() -> str:
    """Wait for something that was cancelled."""
    part = asyncio.ensure_future(asyncio.sleep(9))
    part.cancel()
    await part
    return "never"


def exits() -> str:
    """Exit."""
    sys.exit(3)


async def exits_async() -> str:
    """Exit."""
    sys.exit(3)


def exits_later() -> Iterator[int]:
    """Exit after a value."""
    yield 1
    sys.exit(3)


async def exits_later_async() -> AsyncIterator[int]:
    """Exit after a value."""
    yield 1
    sys.exit(3)


def interrupts() -> str:
    """Raise what Ctrl-C raises, in a thread that gets no signals."""
    raise KeyboardInterrupt("mine")


@pytest.mark.parametrize(
    ("function", "text"),
    [
        (loses_a_part, "CancelledError"),
        (exits, "SystemExit: 3"),
        (exits_async, "SystemExit: 3"),
        (exits_later, "SystemExit: 3"),
        (exits_later_async, "SystemExit: 3"),
        (interrupts, "KeyboardInterrupt: mine"),
    ],
)
def test_a_function_that_ends_oddly_is_answered_with_an_error(
    stage: Stage, function: Callable[..., Any], text: str
) -> None:
    """Behaviour 26: what is no `Exception` is a failure of the call, and of nothing else."""
    plan = Caller(calling(("a", function.__name__, {})), then={"and": [say("still here")]})
    actor = started(stage, plan, Tool(function, behavior="NON_BLOCKING"))
    until(lambda: plan.responses and not plan.responses[-1].will_continue)
    assert text in plan.given()[-1][1]["error"]
    actor.call("send_text", "and")
    actor.until(events.TextOut)


@pytest.mark.parametrize("undo", [exits, exits_async, loses_a_part, interrupts])
def test_an_undo_that_ends_oddly_is_logged(
    stage: Stage, caplog: pytest.LogCaptureFixture, undo: Callable[..., Any]
) -> None:
    """Behaviour 24: it ends neither the event loop nor the session."""
    running, go = threading.Event(), threading.Event()

    def lookup() -> str:
        """Look something up."""
        running.set()
        assert go.wait(5)
        return "found"

    plan = Caller(calling(("a", "lookup", {})), then={"no": [cancelling("a")], "and": [say("ok")]})
    actor = started(stage, plan, Tool(lookup, on_cancel=undo, behavior="NON_BLOCKING"))
    assert running.wait(5)
    with caplog.at_level(logging.ERROR, logger="gemini_grpc"):
        actor.call("send_text", "no")
        until(lambda: "on_cancel" in caplog.text)
    go.set()
    actor.call("send_text", "and")
    actor.until(events.TextOut)


def test_an_interrupt_of_the_main_thread_reaches_the_user() -> None:
    """Behaviour 26: Ctrl-C while a function runs in the event loop is no failure of the function."""

    async def interrupted(city: str) -> str:
        """Tell the weather in a city."""
        raise KeyboardInterrupt

    async def main(target: str) -> None:
        options = {"api_endpoint": f"http://{target}", "api_key": "test"}
        tool = Tool(interrupted)
        async with (
            AsyncClient(client_options=options) as client,
            client.live.connect("gemini-live", config=TEXT, tools=[tool]) as session,
        ):
            await session.ask("What is the weather in Oslo?")

    with Emulator() as emulator:
        emulator.script("BidiGenerateContent", [_asks("interrupted", {"city": "Oslo"})])
        with pytest.raises(KeyboardInterrupt):
            asyncio.run(main(emulator.target))


def _asks(name: str, arguments: dict[str, Any]) -> Any:
    return Script(Caller(calling(("a", name, arguments)))).reply()


def left(stage: Stage) -> list[str]:
    """Return the names of the tasks that run functions."""

    async def names() -> list[str]:
        found = [task.get_name() for task in asyncio.all_tasks()]
        return [name for name in found if name.startswith(("gemini-live-tool", "gemini-live-undo"))]

    return stage.colour.call(names) if stage.colour.name == "async" else []


class Booking:
    """A function that takes its time to end, and to be undone."""

    def __init__(self) -> None:
        self.booking = threading.Event()
        self.order: list[str] = []

    async def book(self) -> str:
        """Book a seat."""
        self.booking.set()
        try:
            await asyncio.sleep(30)
        finally:
            await asyncio.sleep(0.05)
            self.order.append("ended")
        return "booked"

    def book_in_thread(self) -> str:
        """Book a seat."""
        self.booking.set()
        return "booked" if threading.Event().wait(0.5) else "late"

    async def undo(self) -> None:
        self.order.append("undoing")
        await asyncio.sleep(0.05)
        self.order.append("undone")

    def tool(self, stage: Stage) -> Tool:
        """Return the function of the stage's colour: one in a thread cannot be stopped."""
        function = self.book if stage.colour.name == "async" else self.book_in_thread
        return Tool(function, on_cancel=self.undo, behavior="NON_BLOCKING")

    def expected(self, stage: Stage) -> list[str]:
        return ["ended"] * (stage.colour.name == "async") + ["undoing", "undone"]


def test_closing_waits_until_functions_have_ended_and_are_undone(stage: Stage) -> None:
    """Behaviour 24: nothing of a session is left when `close` returns."""
    booking = Booking()
    tool = booking.tool(stage)
    plan = Caller(calling(("a", tool.function.__name__, {})))  # type: ignore[union-attr]
    actor = started(stage, plan, tool)
    assert booking.booking.wait(5)
    actor.call("close")
    assert booking.order == booking.expected(stage)
    assert left(stage) == []


def test_a_function_has_ended_when_it_is_undone(stage: Stage) -> None:
    """Behaviour 24: an undo of what is still being done would be too early."""
    booking = Booking()
    tool = booking.tool(stage)
    name = tool.function.__name__  # type: ignore[union-attr]
    plan = Caller(calling(("a", name, {})), then={"no": [cancelling("a")]})
    actor = started(stage, plan, tool)
    assert booking.booking.wait(5)
    actor.call("send_text", "no")
    until(lambda: "undone" in booking.order)
    assert booking.order == booking.expected(stage)


@dataclasses.dataclass
class Seat:
    """An argument that takes its time to be read."""

    name: str
    reading: ClassVar[threading.Event]
    go: ClassVar[threading.Event]

    def __post_init__(self) -> None:
        self.reading.set()
        assert self.go.wait(5)


def test_a_function_that_had_not_begun_is_not_called(stage: Stage) -> None:
    """Behaviour 24: a call that is cancelled while its arguments are read does nothing to undo."""
    if stage.colour.name == "async":
        pytest.skip("arguments are read in one step")
    Seat.reading, Seat.go = threading.Event(), threading.Event()
    order: list[str] = []

    def book(seat: Seat) -> str:
        """Book a seat."""
        order.append("booked")
        return "booked"

    def undo(seat: Seat) -> None:
        order.append("undone")

    plan = Caller(calling(("a", "book", {"seat": {"name": "4A"}})), then={"no": [cancelling("a")]})
    actor = started(stage, plan, Tool(book, on_cancel=undo, behavior="NON_BLOCKING"))
    assert Seat.reading.wait(5)
    actor.call("send_text", "no")
    actor.until(events.ToolCallCancelled)
    Seat.go.set()
    actor.call("close")
    until(lambda: not [t for t in threading.enumerate() if t.name == "gemini-live-tool-book"])
    assert order == []


def test_closing_waits_for_a_function_whose_call_the_user_has_answered(stage: Stage) -> None:
    """Behaviour 24: it is given up as well."""
    booking = Booking()
    tool = booking.tool(stage)
    plan = Caller(calling(("a", tool.function.__name__, {})))  # type: ignore[union-attr]
    actor = started(stage, plan, tool)
    assert booking.booking.wait(5)
    actor.call("send_tool_result", "a", {"x": 1})
    actor.call("close")
    assert booking.order == booking.expected(stage)
    assert left(stage) == []


def test_closing_does_not_wait_for_ever(stage: Stage) -> None:
    """Behaviour 24: an undo that hangs is left to itself."""
    running, undoing, go = threading.Event(), threading.Event(), threading.Event()

    def lookup() -> str:
        """Look something up."""
        running.set()
        assert go.wait(5)
        return "found"

    def undo() -> None:
        undoing.set()
        assert go.wait(5)

    plan = Caller(calling(("a", "lookup", {})))
    actor = started(stage, plan, Tool(lookup, on_cancel=undo))
    assert running.wait(5)
    closing = actor.start("close", drain=0)
    assert undoing.wait(5)
    until(lambda: actor.session._engine.finished)
    assert not closing.done()
    actor.advance_until(closing.done)
    go.set()


def test_an_undo_may_close_its_session(stage: Stage) -> None:
    """Behaviour 24: closing from inside an undo does not wait for the undo."""
    running, go, closed = threading.Event(), threading.Event(), threading.Event()
    actors: list[Actor] = []

    def lookup() -> str:
        """Look something up."""
        running.set()
        assert go.wait(5)
        return "found"

    def undo() -> None:
        actors[0].session.close(drain=0)
        closed.set()

    async def undo_async() -> None:
        await actors[0].session.close(drain=0)
        closed.set()

    chosen = undo_async if stage.colour.name == "async" else undo
    plan = Caller(calling(("a", "lookup", {})), then={"no": [cancelling("a")]})
    actors.append(started(stage, plan, Tool(lookup, on_cancel=chosen, behavior="NON_BLOCKING")))
    assert running.wait(5)
    actors[0].call("send_text", "no")
    assert closed.wait(5)
    go.set()
    assert actors[0].end() is None


def pausing(go: threading.Event) -> tuple[Callable[..., Any], Callable[..., Any]]:
    """Return generators of both colours that give a value, and another one later."""

    def search() -> Iterator[str]:
        """Search."""
        yield "begun"
        assert go.wait(5)
        yield "found"

    async def search_async() -> AsyncIterator[str]:
        """Search."""
        yield "begun"
        while not go.is_set():
            await asyncio.sleep(0.002)
        yield "found"

    return search, search_async


@pytest.mark.parametrize("number", [0, 1])
def test_a_value_of_a_generator_is_sent_at_once(stage: Stage, number: int) -> None:
    """Behaviour 29: it does not wait for the next one; the end is told without making the model speak."""
    go = threading.Event()
    function = pausing(go)[number]
    plan = Caller(calling(("a", function.__name__, {})))
    started(stage, plan, Tool(function, behavior="NON_BLOCKING", scheduling="INTERRUPT"))
    plan.until(1)
    assert plan.given() == [("a", {"result": "begun"})]
    go.set()
    plan.until(3)
    assert plan.given()[1:] == [("a", {"result": "found"}), ("a", {})]
    assert [each.will_continue for each in plan.responses] == [True, True, False]
    assert [each.scheduling.name for each in plan.responses] == ["INTERRUPT", "INTERRUPT", "SILENT"]


def test_the_emulator_speaks_of_every_value_of_a_generator(stage: Stage) -> None:
    """Behaviour 29: a server takes the values, and their end as nothing to speak of."""
    go = threading.Event()

    def get_weather(city: str) -> Iterator[str]:
        """Tell the weather in a city."""
        yield "foggy"
        assert go.wait(5)
        yield "sunny"

    tool = Tool(get_weather, behavior="NON_BLOCKING")
    actor = stage.open(config=LiveConfig(modalities=["TEXT"]), tools=[tool])
    actor.call("send_content", "What is the weather in Oslo?")
    until(lambda: "foggy" in "".join(actor.texts()))
    go.set()
    until(lambda: "sunny" in "".join(actor.texts()))
    ends = len(actor.of(events.TurnEnd))
    actor.until(events.ToolResult, 3)
    actor.call("send_content", "What is 2 + 3?")
    actor.until(events.TurnEnd, ends + 1)
    until(lambda: "5" in "".join(actor.texts()))
