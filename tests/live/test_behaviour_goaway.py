"""Behaviours 40 to 50 of live sessions: connections that go away, and how sessions are resumed."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import google.auth.credentials
import grpc
import pytest

from gemini_grpc.emulator import Fault
from gemini_grpc.emulator.live.settings import Live
from gemini_grpc.live import events
from gemini_grpc.live.config import LiveConfig, Resume
from gemini_grpc.live.errors import ConnectionLost, ResumeFailed
from tests.live.http2 import Http2Server
from tests.live.stage import (
    BUSY,
    COMPLETE,
    TURN_END,
    Actor,
    Script,
    Stage,
    begin,
    echo,
    go_away,
    resumable,
    say,
    until,
)

TEXT = LiveConfig(modalities=["TEXT"])
LOST = Fault("UNAVAILABLE", "restarting", times=None)
OLD = 10.0
"""Seconds after which a connection may be replaced as soon as it is quiet."""


class Cues:
    """A plan that sends what the test tells it to."""

    def __init__(self, handle: str = "h1") -> None:
        self._handle = handle
        self._changed = threading.Condition()
        self._items: list[Any] = []

    def send(self, *items: Any) -> None:
        with self._changed:
            self._items += items
            self._changed.notify()

    def __call__(self, requests: Iterator[Any]) -> Iterator[Any]:
        threading.Thread(target=lambda: list(requests), daemon=True).start()
        yield COMPLETE
        if self._handle:
            yield resumable(self._handle)
        while True:
            with self._changed:
                if not self._changed.wait_for(lambda: self._items, 10):
                    return
                item = self._items.pop(0)
            yield item


def second(requests: Iterator[Any]) -> Iterator[Any]:
    return echo(requests, "h-second")


def lost_at_once(requests: Iterator[Any]) -> Iterator[Any]:
    yield from begin(requests)
    yield LOST


def retry(stage: Stage, actor: Actor, script: Script, number: int) -> None:
    """Wait for a loss, and let the pause after it pass, until a connection is made."""
    actor.until(events.Reconnecting, number)
    actor.advance_until(lambda: len(script.received) > number)


def swapped(actor: Actor) -> bool:
    return bool(actor.of(events.Reconnecting))


# going away


def test_an_idle_session_changes_its_connection_without_a_trace(stage: Stage) -> None:
    """Behaviour 40: on go_away an idle session is resumed over a new connection at once."""
    stage.emulator.world.live = Live(connection_lifetime=600, exclusive_handles=True)
    actor = stage.open(config=TEXT)
    actor.call("send_content", "Why is the sky blue?")
    actor.until(events.TurnEnd)
    actor.until(events.ResumptionUpdate, 2)
    issued = stage.emulator.world.live.handles._saved[actor.session.handle]
    stage.advance(540)
    assert actor.until(events.GoingAway).time_left == 60
    assert actor.until(events.Reconnecting).error is None
    until(lambda: not issued.connection.open)
    actor.advance_until(lambda: actor.of(events.Reconnected))
    assert actor.of(events.Reconnected) == [events.Reconnected(True, (), 0.0)]
    actor.call("send_content", "What did I ask?")
    actor.until(events.TurnEnd, 2)
    assert '"Why is the sky blue?"' in "".join(actor.texts())


def test_the_old_connection_is_closed_before_the_new_one_is_made(stage: Stage) -> None:
    """Behaviour 40: the handle is used only when the connection it came from is closed."""
    with Http2Server("h") as server:
        actor = stage.open(stage.live(server.target))
        actor.until(events.ResumptionUpdate)
        stage.advance(OLD)
        server.connections[0].send(**go_away(60))
        actor.until(events.Reconnected)
        (connection,) = server.connections
        assert connection.frames == ["begun", "reset", "begun"]


def test_a_turn_is_heard_to_its_end_before_the_connection_changes(stage: Stage) -> None:
    """Behaviour 41: a go_away in the middle of a turn waits for a quiet point, and its handle."""
    cues = Cues("h1")
    script = stage.script(cues, second)
    actor = stage.open()
    actor.until(events.ResumptionUpdate)
    stage.advance(OLD)
    cues.send(BUSY, say("one"), go_away(60), say("two"))
    until(lambda: actor.texts() == ["one", "two"])
    stage.advance(39)
    assert not swapped(actor)
    cues.send(say("three"), TURN_END)
    actor.until(events.TurnEnd)
    assert not swapped(actor)  # the handle is still that of the turn before
    cues.send(resumable("h2"))
    assert actor.until(events.Reconnected).state_restored
    assert script.handle(1) == "h2"
    assert actor.texts() == ["one", "two", "three"]
    assert [end.reason for end in actor.of(events.TurnEnd)] == ["complete"]


def test_a_message_that_is_not_answered_yet_is_waited_for(stage: Stage) -> None:
    """Behaviour 41: a session is not quiet while the model owes an answer."""
    cues = Cues("h1")
    script = stage.script(cues, second)
    actor = stage.open()
    actor.until(events.ResumptionUpdate)
    stage.advance(OLD)
    actor.call("send_content", "Hi")
    until(lambda: script.texts(0) == ["Hi"])
    cues.send(go_away(60))
    actor.until(events.GoingAway)
    stage.advance(20)
    assert not swapped(actor)
    cues.send(say("Hello"), TURN_END, resumable("h2"))
    assert actor.until(events.Reconnected) == events.Reconnected(True, (), 0.0)
    assert script.handle(1) == "h2"


def test_a_turn_that_never_ends_is_cut_before_the_server_does_it(stage: Stage) -> None:
    """Behaviour 42: a session that is never quiet changes its connection before the deadline."""
    cues = Cues("h1")
    script = stage.script(cues, second)
    actor = stage.open()
    actor.until(events.ResumptionUpdate)
    cues.send(BUSY, say("word 0"), go_away(60))
    actor.until(events.GoingAway)
    for number in range(1, 40):
        stage.advance(1)
        cues.send(say(f"word {number}"))
        until(lambda number=number: len(actor.texts()) == number + 1)
        assert not swapped(actor)
    stage.advance(1)
    assert actor.until(events.Reconnected).state_restored
    assert script.handle(1) == "h1"
    assert [end.reason for end in actor.of(events.TurnEnd)] == ["connection_lost"]
    assert not actor.over.is_set()


def test_the_connection_changes_in_time_though_nothing_comes(stage: Stage) -> None:
    """Behaviour 43: a go_away with silence after it is acted on by a timer."""
    cues = Cues("h1")
    stage.script(cues, second)
    actor = stage.open()
    actor.until(events.ResumptionUpdate)
    cues.send(BUSY, go_away(50))
    actor.until(events.GoingAway)
    stage.advance(33)
    assert not swapped(actor)
    stage.advance(1)
    assert actor.until(events.Reconnected).state_restored


def test_a_very_early_go_away_does_not_cut_speech(stage: Stage) -> None:
    """Behaviour 44: 300 s of notice after 1 s leave the turn alone, and all the quiet moments."""
    cues = Cues("h1")
    script = stage.script(cues, second)
    actor = stage.open()
    actor.until(events.ResumptionUpdate)
    stage.advance(1)
    cues.send(go_away(300), BUSY, say("a long story"))
    until(actor.texts)
    stage.advance(100)
    cues.send(TURN_END, resumable("h2"))
    actor.until(events.ResumptionUpdate, 3)
    assert not swapped(actor)
    cues.send(BUSY, say("another"))
    until(lambda: len(actor.texts()) == 2)
    stage.advance(150)
    assert not swapped(actor)
    cues.send(TURN_END, resumable("h3"))
    assert actor.until(events.Reconnected).state_restored
    assert script.handle(1) == "h3"
    assert [end.reason for end in actor.of(events.TurnEnd)] == ["complete", "complete"]


def test_a_server_that_always_goes_away_is_not_called_over_and_over(stage: Stage) -> None:
    """Behaviour 44: a go_away that comes with every connection does not make a storm of them."""

    def hasty(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests, "h")
        yield go_away(1)
        yield from (COMPLETE for _ in requests if False)

    script = stage.script(hasty)
    actor = stage.open()
    began = stage.time.now()
    for number in range(1, 9):
        retry(stage, actor, script, number)
    assert stage.time.now() - began > 6
    assert not actor.over.is_set()


# resuming


def test_a_session_without_handle_begins_anew_and_says_so(stage: Stage) -> None:
    """Behaviour 45: without a handle the new connection remembers nothing, which the event tells."""
    script = stage.script(lost_at_once, echo)
    actor = stage.open()
    assert not actor.until(events.Reconnected).state_restored
    assert script.handle(1) == ""
    assert not actor.over.is_set()


def test_a_session_without_handle_may_end_instead(stage: Stage) -> None:
    """Behaviour 45: or it is an error, if the policy says so."""
    script = stage.script(lost_at_once)
    actor = stage.open(resume=Resume(fresh_without_handle=False))
    error = actor.end()
    assert isinstance(error, ConnectionLost)
    assert error.code is grpc.StatusCode.UNAVAILABLE
    assert len(script.received) == 1


@pytest.mark.parametrize(
    "resume", [None, Resume(fresh_without_handle=False)], ids=["off", "strict"]
)
def test_a_session_that_may_not_begin_anew_stays_to_the_end(
    stage: Stage, resume: Resume | None
) -> None:
    """Behaviour 45: a go_away does not make such a session leave either."""
    cues = Cues("")
    script = stage.script(cues)
    actor = stage.open(resume=resume)
    cues.send(say("one"), go_away(60))
    actor.until(events.GoingAway)
    stage.advance(59)
    cues.send(say("two"), Fault("ABORTED", "over"))
    error = actor.end()
    assert isinstance(error, ConnectionLost)
    assert error.code is grpc.StatusCode.ABORTED
    assert actor.texts() == ["one", "two"]
    assert len(script.received) == 1


def dies(requests: Iterator[Any]) -> Iterator[Any]:
    """Be a plan that accepts a handle and fails over it."""
    yield from begin(requests)
    yield Fault("INTERNAL", "Internal error encountered.")


def test_a_poisoned_handle_is_given_up_after_two_connections(stage: Stage) -> None:
    """Behaviour 46: a handle with which two connections in a row die at once is not used again."""

    def loses(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests, "h0")
        next(requests)
        yield LOST

    script = stage.script(loses, dies, dies, second)
    actor = stage.open()
    actor.until(events.ResumptionUpdate)
    stage.advance(100)
    actor.call("send_text", "the sign")
    for number in range(1, 4):
        retry(stage, actor, script, number)
    actor.until(events.Reconnected, 3)
    restored = [event.state_restored for event in actor.of(events.Reconnected)]
    assert restored == [True, True, False]
    assert [script.handle(number) for number in range(4)] == ["", "h0", "h0", ""]
    codes = [event.error.code.name for event in actor.of(events.Reconnecting)]
    assert codes == ["UNAVAILABLE", "INTERNAL", "INTERNAL"]
    actor.call("send_content", "Are you well?")
    assert actor.until(events.TextOut).text == "Are you well?"


def test_the_poison_of_a_handle_is_found_at_the_emulator_too(stage: Stage) -> None:
    """Behaviour 46: the same with a handle that the emulator has poisoned."""
    actor = stage.open(config=TEXT)
    actor.call("send_content", "Why is the sky blue?")
    actor.until(events.TurnEnd)
    actor.until(events.ResumptionUpdate, 2)
    handle = actor.session.handle
    actor.call("close")
    stage.emulator.world.live.handles.poison(handle)
    again = stage.open(config=TEXT, resume=Resume(handle=handle))
    assert again.until(events.Reconnected).state_restored
    again.advance_until(lambda: again.of(events.Reconnected)[1:])
    assert not again.of(events.Reconnected)[1].state_restored


def test_a_poisoned_handle_may_end_the_session_instead(stage: Stage) -> None:
    """Behaviour 46: or the session ends, and the error does not offer the handle again."""
    script = stage.script(dies)
    actor = stage.session(resume=Resume(handle="h0", on_poisoned="fail")).enter()
    retry(stage, actor, script, 1)
    assert isinstance(actor.end(), ConnectionLost)
    assert isinstance(actor.error, ConnectionLost)
    assert actor.error.handle == actor.session.handle == ""
    assert [script.handle(number) for number in range(2)] == ["h0", "h0"]
    assert len(script.received) == 2


def test_an_outage_does_not_poison_a_handle(stage: Stage) -> None:
    """Behaviour 46: connections that are not even set up say nothing about the handle."""
    script = stage.script(lambda requests: echo(requests, "h1"))
    with stage.emulator.shim() as shim:
        actor = stage.open(stage.live(shim.target), resume=Resume(attempts=10_000, budget=1e9))
        actor.until(events.ResumptionUpdate)
        shim.cut()
        actor.advance_until(lambda: len(actor.of(events.Reconnecting)) >= 4)
        shim.restore()
        actor.advance_until(lambda: actor.of(events.Reconnected))
        assert actor.of(events.Reconnected)[0].state_restored
        assert script.handle() == "h1"


@pytest.mark.parametrize("code", ["INVALID_ARGUMENT", "NOT_FOUND"])
def test_a_refused_handle_is_tried_once(stage: Stage, code: str) -> None:
    """Behaviour 47: a handle that is refused is not sent again; the session begins anew."""

    def loses(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests, "h1")
        yield LOST

    def refuses(requests: Iterator[Any]) -> Iterator[Any]:
        next(requests)
        yield Fault(code, "no such handle")

    script = stage.script(loses, refuses, second)
    actor = stage.open()
    actor.advance_until(lambda: actor.of(events.Reconnected))
    assert [event.state_restored for event in actor.of(events.Reconnected)] == [False]
    assert [script.handle(number) for number in range(3)] == ["", "h1", ""]


def test_a_refused_setup_is_not_tried_over_and_over(stage: Stage) -> None:
    """Behaviour 47: if the new beginning is refused as well, that is the end."""

    def loses(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests, "h1")
        yield LOST

    def refuses(requests: Iterator[Any]) -> Iterator[Any]:
        next(requests)
        yield Fault("INVALID_ARGUMENT", "your project is not allowed to")

    script = stage.script(loses, refuses)
    actor = stage.open()
    actor.advance_until(actor.over.is_set)
    assert isinstance(actor.error, ResumeFailed)
    assert actor.error.code is grpc.StatusCode.INVALID_ARGUMENT
    assert actor.error.message == "your project is not allowed to"
    assert not actor.error.retryable
    assert len(script.received) == 3


def test_connections_that_do_not_last_are_made_ever_more_rarely(stage: Stage) -> None:
    """Behaviour 47: a server that accepts every setup and then fails is not stormed either."""
    script = stage.script(lost_at_once)
    actor = stage.open(resume=Resume(attempts=9, budget=1e9))
    began = stage.time.now()
    for number in range(1, 9):
        retry(stage, actor, script, number)
    assert stage.time.now() - began > 6
    assert not actor.over.is_set()


def test_the_end_of_the_budget_is_an_error_that_has_what_was_not_sent(stage: Stage) -> None:
    """Behaviour 48: when the budget is used up, ResumeFailed carries the messages that were not sent."""
    stage.script(lambda requests: echo(requests, "h1"))
    with stage.emulator.shim() as shim:
        actor = stage.open(stage.live(shim.target), resume=Resume(budget=30, attempts=1000))
        actor.until(events.ResumptionUpdate)
        stage.advance(100)
        shim.cut()
        actor.until(events.Reconnecting)
        actor.call("send_content", "first")
        actor.call("send_text", "second")
        actor.advance_until(actor.over.is_set)
        error = actor.error
        assert isinstance(error, ResumeFailed)
        assert error.code is grpc.StatusCode.UNAVAILABLE
        assert [message.kind for message in error.unsent] == ["content", "text"]
        assert error.phase == "dial"
        assert error.handle == "h1"
        assert 130 <= error.age <= 145
        assert actor.session.unsent == error.unsent


@pytest.mark.parametrize("code", ["UNAVAILABLE", "RESOURCE_EXHAUSTED"])
def test_a_reconnect_waits_as_long_as_the_server_asks(stage: Stage, code: str) -> None:
    """Behaviour 48: RetryInfo takes the place of the pause, within the budget."""

    def throttled(requests: Iterator[Any]) -> Iterator[Any]:
        next(requests)
        yield Fault(code, "later", retry_after=20)

    script = stage.script(lost_at_once, throttled, throttled, second)
    actor = stage.open()
    for number in (2, 3):
        actor.until(events.Reconnecting, number)
        until(stage.time.timers)
        stage.advance(19.9)
        assert len(script.received) == number
        actor.advance_until(lambda number=number: len(script.received) > number)
    assert not actor.until(events.Reconnected).state_restored


def test_a_reconnect_does_not_wait_beyond_the_budget(stage: Stage) -> None:
    """Behaviour 48: nor does it try again sooner than the server asks; the error has the wait."""

    def throttled(requests: Iterator[Any]) -> Iterator[Any]:
        next(requests)
        yield Fault("UNAVAILABLE", "later", retry_after=60)

    script = stage.script(lost_at_once, throttled)
    error = stage.open().end()
    assert isinstance(error, ResumeFailed)
    assert [detail.retry_delay.seconds for detail in error.details] == [60]
    assert len(script.received) == 2


def test_attempts_are_limited_as_well(stage: Stage) -> None:
    """Behaviour 48: so many connections may fail in a row, and no more."""
    stage.script(lambda requests: echo(requests, "h1"))
    with stage.emulator.shim() as shim:
        actor = stage.open(stage.live(shim.target), resume=Resume(budget=1e9, attempts=3))
        actor.until(events.ResumptionUpdate)
        shim.cut()
        actor.advance_until(actor.over.is_set)
        assert isinstance(actor.error, ResumeFailed)
        assert len(actor.of(events.Reconnecting)) == 3


def test_a_resumed_session_is_not_told_its_history_again(stage: Stage) -> None:
    """Behaviour 49: what was said before a resumption is not sent again, only what was not sent yet."""
    hold = threading.Event()

    def first(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests, "h1")
        next(requests)
        yield say("one")
        yield TURN_END
        yield resumable("h2")
        next(requests)  # the sign to fail
        yield LOST

    def slow(requests: Iterator[Any]) -> Iterator[Any]:
        next(requests)
        assert hold.wait(5)
        yield COMPLETE
        yield from (COMPLETE for _ in requests if False)

    script = stage.script(first, slow)
    actor = stage.open()
    actor.call("send_content", "question one")
    actor.until(events.ResumptionUpdate, 2)
    stage.advance(10)
    actor.call("send_text", "the sign")
    actor.until(events.Reconnecting)
    actor.call("send_content", "question two")
    hold.set()
    (reconnected,) = [actor.until(events.Reconnected)]
    assert reconnected.state_restored
    assert [message.kind for message in reconnected.uncertain] == ["text"]
    until(lambda: len(script.received[1]) >= 2)
    assert script.handle(1) == "h2"
    assert script.kinds(1) == ["setup", "client_content"]
    assert script.texts(1) == ["question two"]


class SingleUse(google.auth.credentials.Credentials):
    """A credential whose tokens are good for one call each."""

    def __init__(self) -> None:
        super().__init__()
        self.made = 0

    @property
    def token_state(self) -> Any:
        states = google.auth.credentials.TokenState
        return states.FRESH if self.token else states.INVALID

    def refresh(self, request: Any) -> None:
        self.made += 1
        self.token = f"token-{self.made}"

    def apply(self, headers: dict[str, str], token: str | None = None) -> None:
        headers["authorization"] = f"Bearer {self.token}"
        self.token = None


class Door:
    """Lets everybody in, and remembers the tokens."""

    def __init__(self) -> None:
        self.tokens: list[object] = []

    def check(self, metadata: Any, clock: Any) -> None:
        self.tokens.append(metadata.get("authorization"))


def test_every_connection_asks_for_the_credential(colour: Any) -> None:
    """Behaviour 50: each dial asks for a token, so that one that is good for one call is enough."""
    door: Any = Door()
    stage = Stage(colour, tls=True, authentication=door)
    try:
        stage.script(lost_at_once, lost_at_once, second)
        live = stage.live(
            secure=True,
            ca_certificates=stage.emulator.certificates.ca,
            arguments={"credentials": SingleUse()},
        )
        actor = stage.open(live)
        actor.advance_until(lambda: len(actor.of(events.Reconnected)) == 2)
        assert door.tokens == ["Bearer token-1", "Bearer token-2", "Bearer token-3"]
    finally:
        stage.close()
