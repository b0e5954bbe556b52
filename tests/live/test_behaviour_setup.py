"""Behaviours 1 to 6: how a session is set up, and how that fails."""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import pytest

from gemini_grpc import AsyncClient, Client, v1beta
from gemini_grpc.emulator import Fault
from gemini_grpc.live import (
    ConnectionLost,
    LiveConfig,
    MalformedMessage,
    Resume,
    SetupRejected,
    SetupTimeout,
    StateError,
    events,
)
from tests.live.stage import COMPLETE, TURN_END, Stage, begin, echo, say, until

if TYPE_CHECKING:
    from tests.colours import Sync

TEXT = LiveConfig(modalities=["TEXT"])


def own_threads() -> set[str]:
    return {each.name for each in threading.enumerate() if each.name.startswith("gemini-live")}


def own_tasks(stage: Stage) -> list[str]:
    loop = getattr(stage.colour, "loop", None)
    if loop is None:
        return []
    named = stage.colour.call(lambda: [task.get_name() for task in asyncio.all_tasks()])
    return [name for name in named if name.startswith("gemini-live")]


def test_nothing_is_sent_before_the_setup_is_complete(stage: Stage) -> None:
    """Behaviour 1: the first bytes are the setup; what is sent meanwhile waits, in order."""
    heard, go = threading.Event(), threading.Event()

    def plan(requests: Iterator[Any]) -> Iterator[Any]:
        next(requests)
        heard.set()
        assert go.wait(5)
        yield COMPLETE
        yield from (say(message.client_content.turns[0].parts[0].text) for message in requests)

    script = stage.script(plan)
    actor = stage.session(config=TEXT)
    entering = stage.colour.start(actor._opener)
    assert heard.wait(5)
    actor.call("send_content", "one")
    actor.call("send_content", "two")
    assert [message.kind for message in actor.session.unsent] == ["content", "content"]
    assert actor.session.uncertain == ()
    assert script.kinds() == ["setup"]
    assert not entering.done()
    go.set()
    entering.result(5)
    actor.listen().until(events.TextOut, 2)
    assert actor.texts() == ["one", "two"]
    assert script.kinds() == ["setup", "client_content", "client_content"]
    assert isinstance(actor.log[0], events.Opened)
    assert script.received[0][0].setup.model == "models/gemini-live"


@pytest.mark.parametrize("first", [say("too early"), {"go_away": {"time_left": "3s"}}, b""])
def test_another_first_message_is_an_error_that_holds_it(stage: Stage, first: Any) -> None:
    """Behaviour 2: what comes instead of setup_complete is kept, not swallowed."""

    def plan(requests: Iterator[Any]) -> Iterator[Any]:
        next(requests)
        yield first
        yield from (COMPLETE for _ in requests)

    stage.script(plan)
    actor = stage.session()
    with pytest.raises(MalformedMessage, match="not setup_complete") as caught:
        actor.enter()
    message = v1beta.types.BidiGenerateContentServerMessage.deserialize(caught.value.data)
    if first:
        assert next(iter(first)) in message
    stage.emulator.journal.wait()
    assert len(stage.emulator.journal) == 1  # it is not tried again


def test_a_silent_server_runs_into_the_setup_timeout(stage: Stage) -> None:
    """Behaviour 3: after setup_timeout there is an error; the call is cancelled and nothing is left."""
    heard = threading.Event()

    def plan(requests: Iterator[Any]) -> Iterator[Any]:
        next(requests)
        heard.set()
        yield from (COMPLETE for _ in requests if False)

    stage.script(plan)
    actor = stage.session(setup_timeout=7)
    entering = stage.colour.start(actor._opener)
    assert heard.wait(5)
    stage.advance(6.9)
    assert not entering.done()
    stage.advance(0.2)
    with pytest.raises(SetupTimeout, match="no setup_complete within 7 s") as caught:
        entering.result(5)
    assert caught.value.age == pytest.approx(7, abs=0.15)
    assert caught.value.phase == "setup"
    assert caught.value.retryable
    stage.emulator.journal.wait()  # the call has ended, and the server would never have ended it
    until(lambda: not own_threads() and not own_tasks(stage), "the end of threads and tasks")
    assert not stage.time.timers()


@pytest.mark.parametrize(
    "code",
    ["INVALID_ARGUMENT", "NOT_FOUND", "UNAUTHENTICATED", "UNIMPLEMENTED", "PERMISSION_DENIED"],
)
def test_a_setup_that_is_refused_says_why_at_once(stage: Stage, code: str) -> None:
    """Behaviour 4: the server's words and code are in the error, and no timer has to run out for it."""
    stage.emulator.script(
        "BidiGenerateContent", [Fault(code, "the words of the server", trailers={"x-why": "so"})]
    )
    began = time.monotonic()
    actor = stage.session()
    with pytest.raises(SetupRejected, match="the words of the server") as caught:
        actor.enter()
    assert time.monotonic() - began < 2
    error = caught.value
    assert (error.code.name, error.phase, error.retryable) == (code, "setup", False)
    assert dict(error.metadata)["x-why"] == "so"
    assert len(stage.emulator.journal) == 1
    with pytest.raises(SetupRejected):
        actor.call("send_text", "hello?")


def test_a_server_that_is_not_there_has_refused_nothing(stage: Stage) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        live = stage.live(f"127.0.0.1:{unused.getsockname()[1]}")
        for resume in (None, Resume(retry_first=False), Resume(budget=0)):
            with pytest.raises(ConnectionLost, match="failed to connect") as caught:
                stage.session(live, resume=resume).enter()
            assert (caught.value.phase, caught.value.retryable) == ("dial", True)


def test_a_first_connection_waits_for_a_server_that_is_unavailable(stage: Stage) -> None:
    stage.script(echo)
    with stage.emulator.shim() as shim:
        shim.cut()
        resume = Resume(attempts=10_000, budget=1e9)
        live = stage.live(shim.target)
        actor = stage.session(live, config=TEXT, resume=resume)
        entering = stage.colour.start(actor._opener)
        until(lambda: actor.session._feed.mailbox)
        assert not entering.done()
        shim.restore()
        actor.advance_until(entering.done)
        entering.result(0)
        log = [type(event) for event in actor.session._feed.mailbox]
    assert set(log[:-1]) == {events.Reconnecting}
    assert log[-1] is events.Opened


def test_a_first_connection_is_not_waited_for_beyond_the_budget(stage: Stage) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        live = stage.live(f"127.0.0.1:{unused.getsockname()[1]}")
        actor = stage.session(live, resume=Resume(attempts=10_000, budget=20))
        began = stage.time.now()
        entering = stage.colour.start(actor._opener)
        actor.advance_until(entering.done)
        with pytest.raises(ConnectionLost, match="failed to connect"):
            entering.result(0)
    assert stage.time.now() - began >= 20


def test_a_call_that_waits_for_a_stream_runs_into_the_setup_timeout(colour: Sync) -> None:
    """Behaviour 5: a connection with no stream left makes for SetupTimeout, which names that."""
    stage = Stage(colour, max_concurrent_streams=1)
    try:
        stage.script(echo)
        live = stage.live()
        stage.open(live)
        actor = stage.session(live)
        entering = stage.colour.start(actor._opener)
        until(lambda: stage.time.timers() >= 1)
        stage.advance(10)
        with pytest.raises(SetupTimeout, match="too many streams open"):
            entering.result(5)
    finally:
        stage.close()


def test_a_session_has_one_setup(stage: Stage) -> None:
    """Behaviour 6: a session cannot be opened twice, and nothing that it sends is a setup."""
    script = stage.script(echo)
    actor = stage.open(config=TEXT)
    with pytest.raises(StateError, match="was opened already"):
        stage.colour.call(actor._opener)
    actor.call("send_content", "still here")
    actor.until(events.TurnEnd)
    assert script.kinds() == ["setup", "client_content"]
    actor.call("close")
    with pytest.raises(StateError, match="make a new one"):
        stage.colour.call(actor._opener)


def test_a_session_that_is_closed_while_it_connects_says_so(stage: Stage) -> None:
    """Behaviour 3: giving up before the setup is complete ends the call as well."""
    heard = threading.Event()

    def plan(requests: Iterator[Any]) -> Iterator[Any]:
        next(requests)
        heard.set()
        yield from (TURN_END for _ in requests if False)

    stage.script(plan)
    actor = stage.session()
    entering = stage.colour.start(actor._opener)
    assert heard.wait(5)
    actor.call("close", drain=0)
    with pytest.raises(RuntimeError, match="closed while it connected"):
        entering.result(5)
    stage.emulator.journal.wait()  # the call has ended, and the server would never have ended it


def test_what_is_asked_for_is_in_the_setup(stage: Stage) -> None:
    """Behaviour 1: the setup has everything that the configuration says."""
    script = stage.script(begin)
    stage.open(config=LiveConfig(modalities=["AUDIO"], system="Be brief.", transcripts=True))
    setup = script.received[0][0].setup
    assert setup.system_instruction.parts[0].text == "Be brief."
    assert "input_audio_transcription" in setup
    assert "session_resumption" in setup


@pytest.mark.parametrize("passes", [1, 3, 10])
def test_a_connection_that_is_given_up_leaves_no_task(stage: Stage, passes: int) -> None:
    """Behaviour 3: entering that is cancelled, while connecting as well, leaves nothing behind."""
    if not hasattr(stage.colour, "loop"):
        pytest.skip("threads cannot be cancelled")
    live = stage.live()

    async def give_up() -> set[asyncio.Task[Any]]:
        before = asyncio.all_tasks()
        for _ in range(5):
            entering = asyncio.create_task(live.connect("gemini-live").__aenter__())
            for _ in range(passes):
                await asyncio.sleep(0)
            entering.cancel()
            await asyncio.wait([entering])
        async with asyncio.timeout(5):
            while left := asyncio.all_tasks() - before:
                await asyncio.sleep(0.01)
        return left

    assert not stage.colour.call(give_up)


def test_a_peer_that_never_answers_leaves_no_task(stage: Stage) -> None:
    """Behaviour 5: SetupTimeout while connecting leaves nothing behind."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        options = {"api_endpoint": f"http://127.0.0.1:{silent.getsockname()[1]}", "api_key": "k"}
        client = (AsyncClient if stage.colour.name == "async" else Client)(client_options=options)

        def left() -> int:
            if hasattr(stage.colour, "loop"):
                return len(asyncio.all_tasks(stage.colour.loop))
            return threading.active_count()

        stage.colour.call(left)
        before = left()
        connect = client.live.connect
        session = stage.colour.call(lambda: connect("gemini-live", setup_timeout=0.3))
        opener = getattr(session, "__aenter__", None) or session.__enter__
        with pytest.raises(SetupTimeout):
            stage.colour.call(opener)
        until(lambda: left() <= before)
        stage.colour.call(client.close)
