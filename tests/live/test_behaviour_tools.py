"""Behaviours 23 to 31: functions that the model calls."""

from __future__ import annotations

import asyncio
import logging
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from gemini_grpc.emulator import Fault, Live
from gemini_grpc.errors import ArgumentError
from gemini_grpc.live import LiveConfig, StateError, Tool, UnsupportedFeature, events
from tests.colours import PATIENCE
from tests.live.stage import TURN_END, Actor, Stage, begin, echo, say, until

TEXT = LiveConfig(modalities=["TEXT"])
FRAME = bytes(640)


def calling(*calls: tuple[str, str, dict[str, Any]]) -> dict[str, Any]:
    """Return a message that calls functions: pairs of ids, names and arguments."""
    made = [{"id": call, "name": name, "args": arguments} for call, name, arguments in calls]
    return {"tool_call": {"function_calls": made}}


def cancelling(*ids: str) -> dict[str, Any]:
    return {"tool_call_cancellation": {"ids": list(ids)}}


class Caller:
    """A plan that calls functions when something is said, and keeps the responses.

    `then` is what is sent for each realtime text, in turn.
    """

    def __init__(self, *first: Any, then: dict[str, list[Any]] | None = None) -> None:
        self._first = first
        self._then = then or {}
        self.responses: list[Any] = []
        """The responses of functions."""
        self.kinds: list[str] = []
        """What came, in order, with the fields of realtime input."""

    def __call__(self, requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests)
        for message in requests:
            if "tool_response" in message:
                self.kinds.append("tool_response")
                self.responses += message.tool_response.function_responses
            elif "client_content" in message:
                self.kinds.append("content")
                yield from self._first
            elif message.realtime_input.text:
                self.kinds.append("text")
                yield from self._then.get(message.realtime_input.text, [])
            else:
                self.kinds.append("audio")

    def until(self, count: int) -> list[Any]:
        until(lambda: len(self.responses) >= count, f"{count} responses")
        return self.responses

    def given(self) -> list[tuple[str, Any]]:
        """Return the ids and contents of the responses."""
        return [(each.id, dict(each.response)) for each in self.responses]


def started(stage: Stage, plan: Any, *tools: Any, **more: Any) -> Actor:
    """Open a session with tools and say something."""
    stage.script(plan)
    actor = stage.open(config=TEXT, tools=list(tools), **more)
    actor.call("send_content", "go")
    return actor


def test_calls_run_side_by_side(stage: Stage) -> None:
    """Behaviour 23: answers go out as they come, each with the id of its call."""
    second_done = threading.Event()

    def first(n: int) -> str:
        """Wait for the other."""
        assert second_done.wait(5)
        return f"first {n}"

    async def second(n: int) -> dict[str, int]:
        """Be quick."""
        return {"second": n}

    plan = Caller(calling(("a", "first", {"n": 1}), ("b", "second", {"n": 2})))
    actor = started(stage, plan, first, second)
    plan.until(1)
    second_done.set()
    plan.until(2)
    assert plan.given() == [("b", {"second": 2}), ("a", {"result": "first 1"})]
    assert [response.name for response in plan.responses] == ["second", "first"]
    assert [call.name for call in actor.of(events.ToolCall)] == ["first", "second"]
    until(lambda: len(actor.of(events.ToolResult)) == 2)
    assert actor.of(events.ToolResult)[0] == events.ToolResult("b", "second", {"second": 2})


def test_many_functions_can_wait_at_once(stage: Stage) -> None:
    """Behaviour 23: there is no small number of threads that functions share."""
    together = threading.Barrier(32, timeout=PATIENCE)

    def meet(n: int) -> int:
        """Wait for all others."""
        together.wait()
        return n

    plan = Caller(calling(*((str(n), "meet", {"n": n}) for n in range(32))))
    started(stage, plan, meet)
    plan.until(32)
    assert sorted(plan.given()) == sorted((str(n), {"result": n}) for n in range(32))


@pytest.mark.parametrize("is_async", [False, True])
def test_at_most_32_functions_run_at_once(stage: Stage, is_async: bool) -> None:
    lock, running, most = threading.Lock(), [0], [0]
    full = threading.Barrier(32, timeout=PATIENCE)

    def meet(n: int) -> int:
        """Wait for 31 others."""
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        full.wait()
        with lock:
            running[0] -= 1
        return n

    async def meet_later(n: int) -> int:
        """Wait for 31 others."""
        return await asyncio.get_running_loop().run_in_executor(pool, meet, n)

    function = meet_later if is_async else meet
    plan = Caller(calling(*((str(n), function.__name__, {"n": n}) for n in range(128))))
    with ThreadPoolExecutor(128) as pool:
        started(stage, plan, function)
        plan.until(128)
    assert sorted(plan.given()) == sorted((str(n), {"result": n}) for n in range(128))
    assert most == [32]


def test_calls_that_wait_for_their_turn_can_be_cancelled(stage: Stage) -> None:
    called: list[int] = []
    go = threading.Event()

    def hold(n: int) -> int:
        """Wait for the test."""
        called.append(n)
        assert go.wait(PATIENCE)
        return n

    ids = [str(n) for n in range(40)]
    calls = calling(*((call, "hold", {"n": int(call)}) for call in ids))
    plan = Caller(calls, then={"stop": [cancelling(*ids[32:39])]})
    actor = started(stage, plan, Tool(hold, behavior="NON_BLOCKING"))
    until(lambda: len(called) == 32)
    actor.call("send_text", "stop")
    assert actor.until(events.ToolCallCancelled).ids == tuple(ids[32:39])
    go.set()
    plan.until(33)
    assert sorted(called) == [*range(32), 39]


def test_a_call_that_is_cancelled_is_stopped_and_not_answered(stage: Stage) -> None:
    """Behaviour 24: `on_cancel` is called with the arguments; no response is sent."""
    running, stop, ended = threading.Event(), threading.Event(), threading.Event()
    undone: list[str] = []

    def book(seat: str) -> str:
        """Book a seat."""
        running.set()
        assert stop.wait(5)
        ended.set()
        return "booked"

    def undo(seat: str) -> None:
        undone.append(seat)
        stop.set()

    plan = Caller(
        calling(("a", "book", {"seat": "4A"})), then={"no": [cancelling("a")], "and": [say("ok")]}
    )
    actor = started(stage, plan, Tool(book, on_cancel=undo, behavior="NON_BLOCKING"))
    assert running.wait(5)
    actor.call("send_text", "no")
    assert actor.until(events.ToolCallCancelled).ids == ("a",)
    assert ended.wait(5)
    assert undone == ["4A"]
    actor.call("send_text", "and")
    actor.until(events.TextOut)
    assert plan.responses == []
    assert not actor.of(events.ToolResult)
    with pytest.raises(StateError, match="'a' was cancelled"):
        actor.call("send_tool_result", "a", {})


def test_an_asynchronous_function_is_cancelled(stage: Stage) -> None:
    """Behaviour 24: its task gets CancelledError; in a synchronous session its result is dropped."""
    running, stopped = threading.Event(), threading.Event()

    async def wait_long() -> str:
        """Wait."""
        running.set()
        try:
            await asyncio.sleep(30 if stage.colour.name == "async" else 0.2)
        finally:
            stopped.set()
        return "too late"

    plan = Caller(
        calling(("a", "wait_long", {})), then={"no": [cancelling("a")], "and": [say("ok")]}
    )
    actor = started(stage, plan, Tool(wait_long, behavior="NON_BLOCKING"))
    assert running.wait(5)
    actor.call("send_text", "no")
    actor.until(events.ToolCallCancelled)
    assert stopped.wait(5)
    actor.call("send_text", "and")
    actor.until(events.TextOut)
    assert plan.responses == []


def test_a_cancellation_after_the_answer_changes_nothing(stage: Stage) -> None:
    """Behaviour 25: it is told, and nothing is undone."""
    undone: list[str] = []
    plan = Caller(
        calling(("a", "quick", {})),
        then={"no": [cancelling("a", "never heard of")], "and": [TURN_END]},
    )

    def quick() -> str:
        """Be quick."""
        return "done"

    actor = started(stage, plan, Tool(quick, on_cancel=lambda: undone.append("x")))
    plan.until(1)
    actor.call("send_text", "no")
    assert actor.until(events.ToolCallCancelled).ids == ("a", "never heard of")
    actor.call("send_text", "and")
    actor.until(events.TurnEnd)
    assert undone == []
    assert plan.given() == [("a", {"result": "done"})]


class Unfit:
    """Nothing that JSON can hold."""


def raises(n: int = 0) -> str:
    """Fail."""
    raise KeyError("no such city")


def times_out_itself(n: int = 0) -> str:
    """Fail like a slow network."""
    raise TimeoutError("the network is slow")


def gives_no_json(n: int = 0) -> Any:
    """Return something else."""
    return Unfit()


def says_half_a_character(n: int = 0) -> str:
    """Fail with a text that cannot be sent."""
    raise ValueError("\ud800")


async def is_slow(n: int = 0) -> str:
    """Take too long."""
    await asyncio.sleep(5)
    return "never"


def is_slow_as_well(n: int = 0) -> str:
    """Take too long."""
    threading.Event().wait(0.3)
    return "never"


@pytest.mark.parametrize(
    ("tool", "arguments", "text"),
    [
        (raises, {}, "KeyError: 'no such city'"),
        (times_out_itself, {}, "TimeoutError: the network is slow"),
        (gives_no_json, {}, "cannot be JSON"),
        (says_half_a_character, {}, "ValueError: ?"),
        (raises, {"n": "many"}, "n: expected"),
        (raises, {"m": 1}, "m"),
        (Tool(is_slow, timeout=0.02), {}, "is_slow took longer than 0.02 s"),
        (Tool(is_slow_as_well, timeout=0.02), {}, "is_slow_as_well took longer than 0.02 s"),
    ],
)
def test_a_function_that_fails_is_answered_with_an_error(
    stage: Stage,
    caplog: pytest.LogCaptureFixture,
    tool: Any,
    arguments: dict[str, Any],
    text: str,
) -> None:
    """Behaviour 26: exceptions, bad arguments and time limits become error responses."""
    caplog.set_level(logging.CRITICAL, "gemini_grpc")  # half a character cannot be reported
    name = tool.function.__name__ if isinstance(tool, Tool) else tool.__name__
    plan = Caller(calling(("a", name, arguments)), then={"and": [say("still here")]})
    actor = started(stage, plan, tool)
    plan.until(1)
    ((call, response),) = plan.given()
    assert call == "a"
    assert text in response["error"]
    actor.call("send_text", "and")
    actor.until(events.TextOut)


def test_a_function_that_does_not_exist_is_answered_with_an_error(stage: Stage) -> None:
    """Behaviour 27: an unknown name is answered with the names there are."""

    def lookup() -> str:
        """Look something up."""
        return "found"

    plan = Caller(calling(("a", "look_up", {}), ("b", "lookup", {})))
    started(stage, plan, lookup)
    plan.until(2)
    given = dict(plan.given())
    assert given["b"] == {"result": "found"}
    assert "there is no function 'look_up'" in given["a"]["error"]
    assert "did you mean 'lookup'" in given["a"]["error"]


def test_audio_is_held_while_a_blocking_call_is_pending(stage: Stage) -> None:
    """Behaviour 28: realtime input waits for the answer, and then follows it."""
    running, go = threading.Event(), threading.Event()

    def lookup() -> str:
        """Look something up."""
        running.set()
        assert go.wait(5)
        return "found"

    plan = Caller(calling(("a", "lookup", {})))
    actor = started(stage, plan, lookup)
    assert running.wait(5)
    for _ in range(30):
        actor.call("offer_audio", FRAME)
    actor.call("send_text", "and this")
    lanes = actor.session._engine.lanes
    assert lanes.audio_seconds == pytest.approx(0.5)
    assert actor.session.dropped_audio == pytest.approx(0.1)
    assert plan.kinds == ["content"]
    go.set()
    until(lambda: len(plan.kinds) == 28)
    assert plan.kinds == ["content", "tool_response"] + ["audio"] * 25 + ["text"]


def test_a_model_that_takes_input_during_a_call_gets_it(stage: Stage) -> None:
    """Behaviour 28: where the profile says so, nothing is held."""
    running, go = threading.Event(), threading.Event()

    def lookup() -> str:
        """Look something up."""
        running.set()
        assert go.wait(5)
        return "found"

    plan = Caller(calling(("a", "lookup", {})))
    stage.script(plan)
    tool = Tool(lookup, behavior="BLOCKING")
    actor = stage.open(model="gemini-3.8-live", tools=[tool])
    actor.call("send_content", "go")
    assert running.wait(5)
    actor.call("send_audio", FRAME)
    until(lambda: plan.kinds == ["content", "audio"])
    go.set()
    plan.until(1)


def test_the_emulator_accepts_what_is_held(stage: Stage) -> None:
    """Behaviour 28: a server that ends sessions over input during a call has no reason to."""
    running, go = threading.Event(), threading.Event()

    def get_weather(city: str) -> str:
        """Tell the weather in a city."""
        running.set()
        assert go.wait(5)
        return "sunny"

    actor = stage.open(
        model="gemini-3.1-live-preview",
        config=LiveConfig(modalities=["AUDIO"], transcripts=True),
        tools=[get_weather],
    )
    actor.call("send_content", "What is the weather in Oslo?")
    assert running.wait(5)
    actor.call("offer_audio", FRAME)
    go.set()
    end = actor.until(events.TurnEnd)
    assert end.reason == "complete"
    assert "sunny" in "".join(each.text for each in actor.of(events.Transcript))


def count_down(start: int) -> Iterator[int]:
    """Count down."""
    yield from range(start, 0, -1)


async def count_down_slowly(start: int) -> AsyncIterator[int]:
    """Count down."""
    for number in range(start, 0, -1):
        await asyncio.sleep(0)
        yield number


@pytest.mark.parametrize("function", [count_down, count_down_slowly])
def test_a_generator_answers_several_times(stage: Stage, function: Callable[..., Any]) -> None:
    """Behaviour 29: each value is an answer that says more follow, then comes an end; scheduling is told."""
    plan = Caller(calling(("a", function.__name__, {"start": 3})))
    started(stage, plan, Tool(function, behavior="NON_BLOCKING", scheduling="WHEN_IDLE"))
    plan.until(4)
    assert plan.given() == [*(("a", {"result": n}) for n in (3, 2, 1)), ("a", {})]
    assert [each.will_continue for each in plan.responses] == [True, True, True, False]
    assert [each.scheduling.name for each in plan.responses] == ["WHEN_IDLE"] * 3 + ["SILENT"]


def test_a_generator_that_fails_ends_its_call_with_an_error(stage: Stage) -> None:
    """Behaviour 29: the answers before are sent as well; the error is the last."""

    def fails() -> Iterator[int]:
        """Fail after two values."""
        yield 1
        yield 2
        raise ValueError("no more")

    plan = Caller(calling(("a", "fails", {})))
    started(stage, plan, Tool(fails, behavior="NON_BLOCKING"))
    plan.until(2)
    until(lambda: not plan.responses[-1].will_continue)
    results = [{"result": 1}, {"result": 2}, {"error": "ValueError: no more"}]
    assert plan.given() == [("a", each) for each in results]


def test_a_generator_without_values_is_answered_once(stage: Stage) -> None:
    """Behaviour 29: the call does not stay open."""
    plan = Caller(calling(("a", "count_down", {"start": 0})))
    started(stage, plan, Tool(count_down, behavior="NON_BLOCKING"))
    plan.until(1)
    assert plan.given() == [("a", {})]


def test_a_generator_is_left_when_its_call_is_cancelled(stage: Stage) -> None:
    """Behaviour 29: after a cancellation nothing more is sent."""
    go = threading.Event()

    def forever() -> Iterator[int]:
        """Give numbers."""
        yield 1
        assert go.wait(5)
        yield from range(2, 1000)

    plan = Caller(calling(("a", "forever", {})), then={"no": [cancelling("a")], "and": [say("ok")]})
    actor = started(stage, plan, Tool(forever, behavior="NON_BLOCKING"))
    plan.until(1)
    actor.call("send_text", "no")
    actor.until(events.ToolCallCancelled)
    go.set()
    actor.call("send_text", "and")
    actor.until(events.TextOut)
    assert plan.given() == [("a", {"result": 1})]


@pytest.mark.parametrize(
    "tool", [Tool(count_down), Tool(raises, scheduling="SILENT"), Tool(raises, behavior="BLOCKING", scheduling="INTERRUPT")]
)  # fmt: skip
def test_a_blocking_function_cannot_have_what_others_have(stage: Stage, tool: Tool) -> None:
    """Behaviour 29: scheduling and generators of blocking functions are refused before anything is sent."""
    live = stage.live()
    with pytest.raises(UnsupportedFeature, match="NON_BLOCKING"):
        live.connect("gemini-live", tools=[tool])
    assert len(stage.emulator.journal) == 0


def test_a_model_without_non_blocking_functions_is_not_given_any(stage: Stage) -> None:
    """Behaviour 29: the profile of the model is asked."""
    with pytest.raises(UnsupportedFeature, match="has no NON_BLOCKING functions"):
        stage.live().connect(
            "gemini-3.1-live-preview", tools=[Tool(count_down, behavior="NON_BLOCKING")]
        )


def test_an_answer_does_not_reach_a_connection_that_did_not_ask(stage: Stage) -> None:
    """Behaviour 30: a call ends with its connection; its late result is dropped, and it can be undone."""
    running, go, undone = threading.Event(), threading.Event(), threading.Event()
    lost = Fault("UNAVAILABLE", "restarting", times=None)

    def lookup() -> str:
        """Look something up."""
        running.set()
        assert go.wait(5)
        return "from the old call"

    def first(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests, "h1")
        next(requests)
        yield calling(("a", "lookup", {}))
        assert running.wait(5)
        yield lost

    script = stage.script(first, lambda requests: echo(requests, "h2"))
    actor = stage.open(config=TEXT, tools=[Tool(lookup, on_cancel=undone.set)])
    actor.call("send_content", "go")
    actor.until(events.Reconnected)
    assert actor.until(events.ToolCallCancelled).ids == ("a",)
    assert actor.until(events.TurnEnd).reason == "connection_lost"
    assert undone.wait(5)
    go.set()
    actor.call("send_content", "more")
    actor.until(events.TextOut)
    assert script.kinds(1) == ["setup", "client_content"]
    with pytest.raises(StateError, match="was cancelled"):
        actor.call("send_tool_result", "a", {})


def test_a_call_that_is_repeated_on_the_next_connection_is_run_anew(stage: Stage) -> None:
    """Behaviour 30: the same id over another connection is another call; the old result is not its own."""
    started_, old = [], threading.Event()
    lost = Fault("UNAVAILABLE", "restarting", times=None)
    responses: list[Any] = []

    def lookup() -> str:
        """Look something up."""
        started_.append("x")
        if len(started_) == 1:
            assert old.wait(5)
            return "old"
        old.set()
        return "new"

    def first(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests, "h1")
        next(requests)
        yield calling(("a", "lookup", {}))
        until(lambda: started_)
        yield lost

    def second(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests, "h2")
        yield calling(("a", "lookup", {}))
        for message in requests:
            responses.extend(message.tool_response.function_responses)
            yield TURN_END

    stage.script(first, second)
    actor = stage.open(config=TEXT, tools=[lookup])
    actor.call("send_content", "go")
    actor.until(events.TurnEnd, 2)
    actor.call("send_content", "more")
    actor.until(events.TurnEnd, 3)
    assert [dict(each.response) for each in responses] == [{"result": "new"}]


def test_answers_to_what_was_not_asked_are_refused(stage: Stage) -> None:
    """Behaviour 31: unknown and repeated ids are refused locally, and nothing is sent for them."""
    plan = Caller(calling(("a", "lookup", {"n": 1})), then={"and": [say("ok")]})
    declaration = {"name": "lookup", "description": "Look something up."}
    actor = started(stage, plan, declaration)
    assert actor.until(events.ToolCall).arguments == {"n": 1}
    with pytest.raises(StateError, match="'b' is not pending"):
        actor.call("send_tool_result", "b", {"x": 1})
    actor.call("send_tool_result", "a", {"x": 1})
    with pytest.raises(StateError, match="'a' is not pending"):
        actor.call("send_tool_result", "a", {"x": 2})
    actor.call("send_text", "and")
    actor.until(events.TextOut)
    assert plan.given() == [("a", {"x": 1})]
    assert actor.of(events.ToolResult) == [events.ToolResult("a", "lookup", {"x": 1})]


def test_a_call_that_comes_twice_is_one_call(stage: Stage) -> None:
    """Behaviour 31: the same id again, while it is pending, is neither told nor run again."""
    go, runs = threading.Event(), []

    def lookup() -> str:
        """Look something up."""
        runs.append("x")
        assert go.wait(5)
        return "found"

    call = calling(("a", "lookup", {}))
    plan = Caller(call, call, say("and"))
    actor = started(stage, plan, lookup)
    actor.until(events.TextOut)
    go.set()
    plan.until(1)
    assert len(runs) == len(actor.of(events.ToolCall)) == 1


def test_functions_that_are_only_declared_are_the_users_to_answer(stage: Stage) -> None:
    """Behaviour 27: they are not unknown, though the session does not run them."""

    def lookup() -> str:
        """Look something up."""
        return "found"

    plan = Caller(calling(("a", "mine", {}), ("b", "lookup", {})))
    actor = started(stage, plan, lookup, {"name": "mine", "description": "What I answer."})
    plan.until(1)
    assert plan.given() == [("b", {"result": "found"})]
    actor.call("send_tool_result", "a", {"x": 1})
    plan.until(2)


def test_two_functions_of_one_name_are_refused(stage: Stage) -> None:
    """Behaviour 31: which of them is meant cannot be told."""
    with pytest.raises(ArgumentError, match="'raises' is taken"):
        stage.live().connect("gemini-live", tools=[raises, Tool(raises)])


def test_a_function_may_close_its_session(stage: Stage) -> None:
    """Behaviour 24: closing from inside a function neither hangs nor answers."""
    sessions: list[Any] = []

    def goodbye() -> str:
        """Hang up."""
        sessions[0].close()
        return "closed"

    async def goodbye_async() -> str:
        """Hang up."""
        await sessions[0].close()
        return "closed"

    tool = goodbye_async if stage.colour.name == "async" else goodbye
    plan = Caller(calling(("a", tool.__name__, {})))
    stage.script(plan)
    actor = stage.session(config=TEXT, tools=[tool])
    sessions.append(actor.session)
    actor.enter().call("send_content", "go")
    assert actor.end() is None
    assert plan.responses == []


def test_a_function_that_ends_after_its_session_is_ignored(
    stage: Stage, caplog: pytest.LogCaptureFixture
) -> None:
    """Behaviour 24: its result goes nowhere, and nothing breaks."""
    running, go, ended = threading.Event(), threading.Event(), threading.Event()

    def lookup() -> str:
        """Look something up."""
        running.set()
        assert go.wait(5)
        ended.set()
        return "too late"

    plan = Caller(calling(("a", "lookup", {})))
    actor = started(stage, plan, lookup)
    assert running.wait(5)
    actor.call("close")
    assert actor.end() is None
    go.set()
    assert ended.wait(5)
    until(lambda: not [t for t in threading.enumerate() if t.name.startswith("gemini-live-tool")])
    assert plan.responses == []
    assert not caplog.records


def test_an_undo_that_fails_is_logged(stage: Stage, caplog: pytest.LogCaptureFixture) -> None:
    """Behaviour 24: an exception in `on_cancel` does not go unheard, and harms nothing."""
    running, go = threading.Event(), threading.Event()

    def lookup() -> str:
        """Look something up."""
        running.set()
        assert go.wait(5)
        return "found"

    def undo() -> None:
        raise RuntimeError("cannot be undone")

    plan = Caller(calling(("a", "lookup", {})), then={"no": [cancelling("a")], "and": [say("ok")]})
    actor = started(stage, plan, Tool(lookup, on_cancel=undo, behavior="NON_BLOCKING"))
    assert running.wait(5)
    with caplog.at_level(logging.ERROR, logger="gemini_grpc"):
        actor.call("send_text", "no")
        actor.until(events.ToolCallCancelled)
        until(lambda: "cannot be undone" in caplog.text)
    go.set()
    actor.call("send_text", "and")
    actor.until(events.TextOut)


def test_the_emulators_call_is_withdrawn_by_an_interruption(stage: Stage) -> None:
    """Behaviour 24: with a server that really cancels, the next question is answered."""
    stage.emulator.world.live = Live()
    running, go = threading.Event(), threading.Event()

    def get_weather(city: str) -> str:
        """Tell the weather in a city."""
        running.set()
        assert go.wait(5)
        return "sunny"

    actor = stage.open(config=TEXT, tools=[get_weather])
    actor.call("send_content", "What is the weather in Oslo?")
    assert running.wait(5)
    actor.call("send_content", "What is 2 + 3?")
    actor.until(events.TurnEnd, 2)
    go.set()
    assert [end.reason for end in actor.of(events.TurnEnd)] == ["interrupted", "complete"]
    assert actor.of(events.ToolCallCancelled)
    assert "5" in "".join(actor.texts())
    assert not actor.of(events.ToolResult)


def test_an_answer_that_was_not_written_yet_ends_with_its_connection(stage: Stage) -> None:
    """Behaviour 30: an answer that waits when the connection is lost is not sent over the next one."""
    lost = Fault("UNAVAILABLE", "restarting", times=None)
    enough = threading.Event()

    def first(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests, "h1")
        next(requests)
        yield calling(("a", "lookup", {}))
        assert enough.wait(5)
        yield lost

    script = stage.script(first, lambda requests: echo(requests, "h2"))
    declaration = {"name": "lookup", "description": "Look.", "behavior": "NON_BLOCKING"}
    actor = stage.open(config=TEXT, tools=[declaration])
    actor.call("send_content", "go")
    actor.until(events.ToolCall)
    actor.call("send_video", bytes(16 << 20))  # more than gRPC takes while the server does not read
    until(lambda: not len(actor.session._engine.lanes))
    actor.call("send_tool_result", "a", {"x": 1})
    enough.set()
    reconnected = actor.until(events.Reconnected)
    if "tool_response" not in [message.kind for message in reconnected.uncertain]:
        assert actor.until(events.ToolCallCancelled).ids == ("a",)
    actor.call("send_content", "more")
    actor.until(events.TextOut)
    assert script.kinds(1) == ["setup", "client_content"]
    assert actor.session.unsent == ()
