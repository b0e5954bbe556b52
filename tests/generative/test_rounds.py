"""Automatic function calling: one-shot, whole and streaming, on every backend in both colours."""

from __future__ import annotations

import asyncio
import contextvars
import functools
import logging
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from gemini_grpc import errors
from gemini_grpc.emulator import Emulator, Reply
from gemini_grpc.functions import Function
from gemini_grpc.generative.answer_errors import TooManyRoundsError
from gemini_grpc.generative.rounds import AutomaticFunctionCalling
from tests.colours import PATIENCE
from tests.generative.places import Place

QUESTION = "Go on"
METHODS = ("GenerateContent", "StreamGenerateContent")
STREAM = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
NUMBER = contextvars.ContextVar("NUMBER", default=0)


@pytest.fixture(autouse=True)
def quiet(caplog: pytest.LogCaptureFixture) -> None:
    """Functions that fail are logged."""
    caplog.set_level(logging.WARNING, "gemini_grpc")


def wants(*calls: tuple[str, dict[str, Any]]) -> Reply:
    """Return an answer that asks for calls."""
    return Reply(function_calls=[{"name": name, "args": args} for name, args in calls])


def script(emulator: Emulator, *outcomes: Any) -> None:
    for method in METHODS:
        emulator.script(method, outcomes)


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def broken() -> None:
    """Fail."""
    raise RuntimeError("out of order")


def ask(place: Place, tools: Any, *, stream: bool = False, **more: Any) -> Any:
    more.setdefault("automatic_function_calling", True)
    response = place.ask(place.model(tools=tools), QUESTION, stream=stream, **more)
    place.resolve(response)
    return response


def answers(place: Place, call: int = -1) -> list[dict[str, Any]]:
    """Return what the model was told of the calls of the last round."""
    content = place.emulator.journal[call].request.contents[-1]
    return [dict(part.function_response.response) for part in content.parts]


@STREAM
def test_the_model_gets_what_the_function_returns(anywhere: Place, stream: bool) -> None:
    script(anywhere.emulator, wants(("add", {"a": 2, "b": 3})), Reply(text="It is 5."))
    given: list[tuple[Any, Any]] = []

    def add(a: int, b: int) -> int:
        """Add two numbers."""
        given.append((type(a), type(b)))
        return a + b

    response = ask(anywhere, [add], stream=stream)
    assert response.text == "It is 5."
    assert given == [(int, int)]
    first, second = anywhere.emulator.journal
    assert len(first.request.contents) == 1
    said = second.request.contents
    assert [content.role for content in said] == ["user", "model", "user"]
    assert said[1].parts[0].function_call.name == "add"
    assert answers(anywhere) == [{"result": 5}]
    assert len(said[1].parts) == 1
    history = response.automatic_function_calling_history
    assert [content.role for content in history] == ["model", "user"]
    assert history[1].parts[0].function_response.name == "add"


@STREAM
def test_ids_are_echoed_where_the_backend_has_them(anywhere: Place, stream: bool) -> None:
    has_ids = anywhere.backend != "vertex"
    call = {"name": "add", "args": {"a": 2, "b": 3}, **({"id": "call-7"} if has_ids else {})}
    script(anywhere.emulator, Reply(function_calls=[call]), Reply(text="It is 5."))
    ask(anywhere, [add], stream=stream)
    (part,) = anywhere.emulator.journal[-1].request.contents[-1].parts
    assert getattr(part.function_response, "id", "") == ("call-7" if has_ids else "")


def test_several_rounds_are_made(place: Place) -> None:
    rounds = [wants(("add", {"a": n, "b": 1})) for n in range(3)]
    script(place.emulator, *rounds, Reply(text="Done."))
    response = ask(place, [add])
    assert response.text == "Done."
    assert len(response.automatic_function_calling_history) == 6
    assert len(place.emulator.journal) == 4


@STREAM
def test_pieces_of_every_round_are_given_and_the_whole_is_the_last(
    place: Place, stream: bool
) -> None:
    script(place.emulator, wants(("add", {"a": 2, "b": 3})), Reply(text="It is 5."))
    response = place.ask(
        place.model(tools=[add]), QUESTION, stream=stream, automatic_function_calling=True
    )
    texts = [piece.text for piece in place.pieces(response)]
    assert "".join(texts) == "It is 5."
    assert len(texts) == (2 if stream else 1)
    assert len(response.candidates[0].content.parts) == 1


@pytest.mark.parametrize("kind", ["sync", "async"])
def test_calls_of_one_answer_run_at_the_same_time(place: Place, kind: str) -> None:
    together = threading.Barrier(3, timeout=10)
    arrived = 0

    def meet(n: int) -> int:
        """Wait for the others."""
        together.wait()
        return n

    async def gather(n: int) -> int:
        """Wait for the others."""
        nonlocal arrived
        arrived += 1
        while arrived < 3:
            await asyncio.sleep(0.001)
        return n

    function = Function.of(gather if place.is_async and kind == "async" else meet, name="meet")
    script(place.emulator, wants(*[("meet", {"n": n}) for n in range(3)]), Reply(text="Done."))
    assert ask(place, [function]).text == "Done."
    assert answers(place) == [{"result": n} for n in range(3)]


def test_a_synchronous_function_does_not_stop_the_loop(emulator: Emulator) -> None:
    from tests.colours import Async

    place = Place(emulator, "v1beta", Async())
    ticked = threading.Event()

    def wait() -> bool:
        """Wait for the loop."""
        place.colour.loop.call_soon_threadsafe(ticked.set)  # type: ignore[attr-defined]  # it is the async one
        return ticked.wait(10)

    script(emulator, wants(("wait", {})), Reply(text="Done."))
    try:
        assert ask(place, [wait]).text == "Done."
    finally:
        place.close()
        place.colour.end()
    assert answers(place) == [{"result": True}]


def test_one_call_runs_where_it_was_asked_for(emulator: Emulator) -> None:
    from tests.colours import Sync

    place = Place(emulator, "v1beta", Sync())

    def who() -> int:
        """Tell the thread."""
        return threading.get_ident()

    script(emulator, wants(("who", {})), Reply(text="Done."))
    ask(place, [who])
    assert answers(place) == [{"result": float(threading.get_ident())}] or answers(place) == [
        {"result": str(threading.get_ident())}
    ]
    place.close()
    place.colour.end()


def test_context_variables_reach_the_functions(place: Place) -> None:
    def number() -> int:
        """Tell the number."""
        return NUMBER.get()

    def run() -> Any:
        NUMBER.set(7)
        model = place.model(tools=[number])
        calling = AutomaticFunctionCalling(timeout=10)
        if place.is_async:
            return model.generate_content_async(QUESTION, automatic_function_calling=calling)
        return model.generate_content(QUESTION, automatic_function_calling=calling)

    async def run_async() -> Any:
        return await run()

    script(place.emulator, wants(("number", {}), ("number", {})), Reply(text="Done."))
    place.colour.call(
        run_async if place.is_async else functools.partial(contextvars.copy_context().run, run)
    )
    assert answers(place) == [{"result": 7}] * 2


def slow() -> str:
    """Take long."""
    time.sleep(1)
    return "at last"


FAILURES: dict[str, tuple[Callable[..., Any], str, dict[str, Any], str]] = {
    "raises": (broken, "broken", {}, "RuntimeError: out of order"),
    "unknown name": (add, "ad", {"a": 1}, "there is no function 'ad'; did you mean 'add'?; known are add"),
    "unknown argument": (add, "add", {"a": 1, "b": 2, "c": 3}, "c: expected one of a, b, got an unknown name"),
    "missing argument": (add, "add", {"a": 1}, "b: expected a whole number, got nothing"),
    "wrong type": (add, "add", {"a": 1, "b": "x"}, 'b: expected a whole number, got the text "x"'),
    "no integer": (add, "add", {"a": 1, "b": 0.5}, "b: expected a whole number, got the number 0.5"),
    "no JSON": (object, "odd", {}, "the function 'odd': result cannot be JSON"),
    "takes too long": (slow, "slow", {}, "TimeoutError: took longer than 0.05 s"),
    "half of a pair": (lambda: "half \ud83d", "odd", {}, "the function 'odd': result cannot be JSON"),
    "half of a pair as a name": (lambda: {"\ud83d": 1}, "odd", {}, "the function 'odd': result cannot be JSON"),
    "half of a pair deep inside": (lambda: [{"a": "\ud83d"}], "odd", {}, "the function 'odd': result[0].a cannot be JSON"),
    "stops an iteration": (lambda: next(iter(())), "odd", {}, "StopIteration: "),
}  # fmt: skip


MENDABLE = ("unknown name", "unknown argument", "missing argument", "wrong type", "no integer")


@pytest.mark.parametrize("failure", FAILURES)
def test_what_goes_wrong_is_told_to_the_model(
    place: Place, failure: str, caplog: pytest.LogCaptureFixture
) -> None:
    function, name, arguments, text = FAILURES[failure]
    named = Function.of(function, name="odd") if name == "odd" else function
    script(place.emulator, wants((name, arguments)), Reply(text="I see."))
    calling = AutomaticFunctionCalling(timeout=0.05 if failure == "takes too long" else None)
    assert ask(place, [named], automatic_function_calling=calling).text == "I see."
    (answer,) = answers(place)
    assert list(answer) == ["error"]
    assert answer["error"].startswith(text)
    # what the model can mend is nothing to warn of
    warned = failure not in MENDABLE
    assert (f"the function {name} has failed" in caplog.text) == warned
    assert [each.levelno for each in caplog.records if each.exc_info] == [logging.WARNING] * warned


def test_a_wrong_argument_is_logged_as_debug_without_a_value(
    place: Place, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG, "gemini_grpc")
    script(place.emulator, wants(("add", {"a": 1, "b": "secret"})), Reply(text="I see."))
    ask(place, [add])
    told = [each for each in caplog.records if "cannot be made" in each.getMessage()]
    assert [(each.levelno, each.exc_info) for each in told] == [(logging.DEBUG, None)]
    assert "secret" not in caplog.text


@STREAM
@pytest.mark.parametrize("is_async", [False, True])
@pytest.mark.parametrize("limit", [32, 4])
def test_a_bounded_number_of_functions_runs_at_once(
    place: Place, stream: bool, is_async: bool, limit: int
) -> None:
    if is_async and not place.is_async:
        pytest.skip("a synchronous call takes no asynchronous function")
    lock, running, most = threading.Lock(), [0], [0]
    full = threading.Barrier(limit, timeout=PATIENCE)

    def meet(n: int) -> int:
        """Wait for the others that may run."""
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        full.wait()
        with lock:
            running[0] -= 1
        return n

    async def meet_later(n: int) -> int:
        """Wait for the others that may run."""
        return await asyncio.get_running_loop().run_in_executor(pool, meet, n)

    function = meet_later if is_async else meet
    count = 4 * limit
    calls = wants(*((function.__name__, {"n": n}) for n in range(count)))
    script(place.emulator, calls, Reply(text="Done."))
    calling = (
        True if limit == 32 else AutomaticFunctionCalling(max_concurrent_calls=limit, timeout=60)
    )
    with ThreadPoolExecutor(count) as pool:
        ask(place, [function], stream=stream, automatic_function_calling=calling)
    assert answers(place) == [{"result": n} for n in range(count)]
    assert most == [limit]


def test_calls_that_have_not_begun_when_the_time_is_up_never_do(place: Place) -> None:
    go, called = threading.Event(), []

    def hold(n: int) -> int:
        """Wait for the test."""
        called.append(n)
        assert go.wait(PATIENCE)
        return n

    script(place.emulator, wants(*(("hold", {"n": n}) for n in range(5))), Reply(text="Done."))
    calling = AutomaticFunctionCalling(max_concurrent_calls=2, timeout=0.05)
    ask(place, [hold], automatic_function_calling=calling)
    assert answers(place) == [{"error": "TimeoutError: took longer than 0.05 s"}] * 5
    go.set()
    for thread in threading.enumerate():
        if thread.name == "gemini-function":
            thread.join(PATIENCE)
    assert set(called) <= {0, 1}


def test_one_failure_does_not_spoil_the_others(place: Place) -> None:
    script(place.emulator, wants(("broken", {}), ("add", {"a": 1, "b": 2})), Reply(text="I see."))
    ask(place, [broken, add])
    assert answers(place) == [{"error": "RuntimeError: out of order"}, {"result": 3}]


@STREAM
def test_too_many_rounds_are_an_error_with_the_answer(place: Place, stream: bool) -> None:
    more = Reply(function_calls=[{"name": "add", "args": {"a": 1, "b": 2}}], times=None)
    script(place.emulator, more)
    calling = AutomaticFunctionCalling(max_rounds=2)
    with pytest.raises(TooManyRoundsError, match="after 2 rounds; allow more") as caught:
        ask(place, [add], automatic_function_calling=calling, stream=stream)
    assert isinstance(caught.value, RuntimeError)
    assert caught.value.rounds == 2
    assert caught.value.response.candidates[0].content.parts[0].function_call.name == "add"
    assert len(place.emulator.journal) == 3


@pytest.mark.parametrize("mode", ["any", "auto"])
def test_the_mode_any_holds_for_the_first_round_only(anywhere: Place, mode: str) -> None:
    config = {"function_calling_config": {"mode": mode}}
    script(anywhere.emulator, wants(("add", {"a": 1, "b": 2})), Reply(text="It is 3."))
    assert ask(anywhere, [add], tool_config=config).text == "It is 3."
    modes = [
        call.request.tool_config.function_calling_config.mode.name
        for call in anywhere.emulator.journal
    ]
    assert modes == [mode.upper(), "AUTO"]


def test_the_rules_of_the_emulator_end_in_an_answer(anywhere: Place) -> None:
    config = {"function_calling_config": {"mode": "any", "allowed_function_names": ["add"]}}
    model = anywhere.model(tools=[add], tool_config=config)
    response = anywhere.ask(model, "What is 2 plus 3?", automatic_function_calling=True)
    assert response.text == "The result of add is 5."


def test_a_function_that_is_only_declared_is_the_users_to_call(place: Place) -> None:
    declared = {"name": "ask_boss", "description": "Ask."}
    script(place.emulator, wants(("add", {"a": 1, "b": 2}), ("ask_boss", {})))
    response = ask(place, [add, declared])
    assert [call.name for call in response.function_calls] == ["add", "ask_boss"]
    assert response.function_calls[0].args == {"a": 1, "b": 2}
    assert len(place.emulator.journal) == 1


def test_nothing_is_called_after_a_bad_end(place: Place) -> None:
    call = {"name": "add", "args": {"a": 1, "b": 2}}
    script(place.emulator, Reply(function_calls=[call], finish_reason="MALFORMED_FUNCTION_CALL"))
    assert ask(place, [add]).function_calls[0].name == "add"
    assert len(place.emulator.journal) == 1


def test_nothing_is_called_for_several_candidates(place: Place) -> None:
    call = {"function_call": {"name": "add", "args": {"a": 1, "b": 2}}}
    candidates = [{"index": index, "content": {"parts": [call]}} for index in range(2)]
    script(place.emulator, Reply(message={"candidates": candidates}))
    response = place.ask(place.model(tools=[add]), QUESTION, automatic_function_calling=True)
    assert len(response.candidates) == 2
    assert len(place.emulator.journal) == 1


def test_nothing_is_called_unless_asked_for(place: Place) -> None:
    script(place.emulator, wants(("add", {"a": 1, "b": 2})))
    response = ask(place, [add], automatic_function_calling=False)
    assert response.function_calls[0].name == "add"
    assert response.automatic_function_calling_history == []


def test_without_functions_the_answer_is_given_as_it_is(place: Place) -> None:
    script(place.emulator, wants(("add", {"a": 1, "b": 2})))
    assert ask(place, None).function_calls[0].name == "add"


@STREAM
def test_an_asynchronous_function_needs_an_asynchronous_call(place: Place, stream: bool) -> None:
    async def add_later(a: int, b: int) -> int:
        """Add two numbers."""
        return a + b

    script(place.emulator, wants(("add_later", {"a": 1, "b": 2})), Reply(text="It is 3."))
    if place.is_async:
        assert ask(place, [add_later], stream=stream).text == "It is 3."
        return
    with pytest.raises(errors.ArgumentError, match="'add_later' is asynchronous"):
        ask(place, [add_later], stream=stream)
    assert len(place.emulator.journal) == 0


def test_what_an_asynchronous_object_gives_is_awaited(emulator: Emulator) -> None:
    from tests.colours import Async

    class Adder:
        async def __call__(self, a: int) -> int:
            """Add one."""
            return a + 1

    place = Place(emulator, "v1beta", Async())
    script(emulator, wants(("adder", {"a": 1})), Reply(text="2"))
    ask(place, [Function.of(Adder(), name="adder")])
    assert answers(place) == [{"result": 2}]
    place.close()
    place.colour.end()


@STREAM
def test_a_task_that_a_function_cancels_is_told_to_the_model(place: Place, stream: bool) -> None:
    async def stop() -> None:
        """Stop."""
        task = asyncio.create_task(asyncio.sleep(10))
        task.cancel()
        await task

    @functools.wraps(stop)
    def stop_now() -> None:
        asyncio.run(stop())

    script(place.emulator, wants(("stop", {}), ("add", {"a": 1, "b": 2})), Reply(text="I see."))
    assert ask(place, [stop if place.is_async else stop_now, add], stream=stream).text == "I see."
    assert answers(place) == [{"error": "CancelledError: "}, {"result": 3}]


@STREAM
def test_a_synchronous_wrapper_of_an_asynchronous_function_is_called(
    place: Place, stream: bool
) -> None:
    async def add_later(a: int, b: int) -> int:
        """Add two numbers."""
        return a + b

    @functools.wraps(add_later)
    def add_now(a: int, b: int) -> int:
        return asyncio.run(add_later(a, b))

    script(place.emulator, wants(("add_later", {"a": 1, "b": 2})), Reply(text="It is 3."))
    assert ask(place, [add_now], stream=stream).text == "It is 3."
    assert answers(place) == [{"result": 3}]


@pytest.mark.parametrize("count", [1, 2])
def test_what_ends_a_program_is_not_swallowed(emulator: Emulator, count: int) -> None:
    from tests.colours import Sync

    def leave() -> None:
        """Leave."""
        raise SystemExit(3)

    place = Place(emulator, "v1beta", Sync())
    script(emulator, wants(*[("leave", {})] * count))
    with pytest.raises(SystemExit):
        ask(place, [leave])
    place.close()
    place.colour.end()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("yes", "expected True, False or AutomaticFunctionCalling"),
        (3, "expected True, False or AutomaticFunctionCalling"),
    ],
)
def test_what_function_calling_cannot_be_is_refused(place: Place, value: Any, text: str) -> None:
    with pytest.raises(errors.ArgumentError, match=text):
        ask(place, [add], automatic_function_calling=value)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"max_rounds": 0}, "max_rounds is 0"),
        ({"max_rounds": True}, "max_rounds is True"),
        ({"max_rounds": "3"}, "max_rounds is '3'"),
        ({"max_concurrent_calls": 0}, "max_concurrent_calls is 0"),
        ({"max_concurrent_calls": 2.5}, "max_concurrent_calls is 2.5"),
        ({"timeout": "3"}, "timeout is '3'"),
        ({"timeout": 0}, "timeout is 0"),
        ({"timeout": -1.0}, "timeout is -1.0"),
    ],
)
def test_limits_that_cannot_be_are_refused(options: dict[str, Any], text: str) -> None:
    with pytest.raises(errors.ArgumentError, match=text):
        AutomaticFunctionCalling(**options)
