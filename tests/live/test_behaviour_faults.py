"""Behaviours 32 to 39 of live sessions: faults of the connection."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator
from typing import Any

import grpc
import h2.errors
import pytest

from gemini_grpc.emulator import Fault
from gemini_grpc.live import events
from gemini_grpc.live.config import Inbox, LiveConfig, Outbox, Resume
from gemini_grpc.live.errors import ConnectionLost, SessionClosed
from gemini_grpc.rpc import wire
from tests.live.http2 import Http2Server
from tests.live.stage import (
    Stage,
    begin,
    echo,
    say,
    until,
)

WORDS = "The operation was aborted."
INFO = {"@type": "google.rpc.ErrorInfo", "reason": "TOO_LONG", "domain": "example.com"}
ABORTED = Fault("ABORTED", WORDS, details=[INFO], trailers={"x-why": "age"}, times=None)


def aborted_mid_turn(requests: Iterator[Any]) -> Iterator[Any]:
    """Say something, wait for a sign and abort, without reading anything more."""
    yield from begin(requests)
    next(requests)
    yield say("half of")
    yield ABORTED


def check_aborted(error: BaseException | None) -> None:
    assert isinstance(error, ConnectionLost)
    assert error.code is grpc.StatusCode.ABORTED
    assert error.message == WORDS
    assert [detail.reason for detail in error.details] == ["TOO_LONG"]
    assert dict(error.metadata)["x-why"] == "age"
    assert error.phase == "open"
    assert error.retryable


def test_everyone_is_given_an_error_of_his_own(stage: Stage) -> None:
    stage.script(aborted_mid_turn)
    actor = stage.open(config=LiveConfig(), resume=None)
    tap = actor.call("audio_out")
    actor.call("send_content", "go on")
    raised = [actor.end()]
    with pytest.raises(ConnectionLost) as caught:
        stage.colour.next(tap)
    raised.append(caught.value)
    for _ in range(2):
        with pytest.raises(ConnectionLost) as caught:
            actor.call("offer_audio", bytes(640))
        raised.append(caught.value)
    for error in raised:
        check_aborted(error)
        assert error is not None
        assert error.__cause__ is actor.session._engine.error.__cause__
    assert len(set(map(id, raised))) == 4
    assert actor.session._engine.error.__traceback__ is None


@pytest.mark.parametrize("number", range(3))
def test_the_status_of_the_server_is_told_though_a_write_was_under_way(
    stage: Stage, number: int
) -> None:
    """Behaviour 32: ABORTED in the middle of a turn with a blocked writer is ABORTED, not INTERNAL."""
    blocked = threading.Event()

    def plan(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests)
        yield say("half of")
        assert blocked.wait(5)
        yield ABORTED

    stage.script(plan)
    actor = stage.open(resume=None)
    actor.until(events.TextOut)
    sending = actor.session._engine  # what gRPC took and did not write is nobody's to see
    actor.call("send_video", bytes(16 << 20))
    until(lambda: not len(sending.lanes), "the writer has taken the frame")
    actor.call("send_content", "this waits behind it")
    blocked.set()
    check_aborted(actor.end())
    assert [event.reason for event in actor.of(events.TurnEnd)] == ["connection_lost"]


def test_writes_that_fail_hide_nothing_of_what_the_server_has_said(stage: Stage) -> None:
    """Behaviour 32: when writes fail before all was read, every message and the status are still told."""
    words = [f"word {number}" for number in range(50)]

    def plan(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests)
        next(requests)
        yield from map(say, words)
        yield ABORTED

    stage.script(plan)
    actor = stage.session(resume=None, inbox=Inbox(events=5), outbox=Outbox(audio=3600))
    actor.enter(listen=False)
    for _ in range(10):
        actor.call("offer_audio", bytes(640))
    stage.emulator.journal.wait()  # the server has ended the call; we have stopped reading
    for _ in range(10):
        actor.call("offer_audio", bytes(640))
    actor.listen()
    check_aborted(actor.end())
    assert actor.texts() == words


def test_the_status_of_the_server_is_told_when_only_the_reader_waits(stage: Stage) -> None:
    """Behaviour 33: the same with nothing to write."""
    stage.script(aborted_mid_turn)
    actor = stage.open(resume=None)
    actor.call("send_content", "Hi")
    check_aborted(actor.end())
    assert actor.texts() == ["half of"]
    assert [event.reason for event in actor.of(events.TurnEnd)] == ["connection_lost"]
    with pytest.raises(ConnectionLost):
        actor.call("send_content", "Still there?")


def check_resumed(actor: Any, code: grpc.StatusCode) -> None:
    """Check that the session has lost its connection and goes on over another."""
    lost = actor.until(events.Reconnecting).error
    assert isinstance(lost, ConnectionLost)
    assert lost.code is code
    actor.advance_until(lambda: actor.of(events.Reconnected))
    assert actor.of(events.Reconnected)[0].state_restored
    assert not actor.over.is_set()


def test_a_session_survives_unavailable(stage: Stage) -> None:
    """Behaviour 34: UNAVAILABLE ends the connection, not the session."""

    def plan(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests, "first")
        next(requests)
        yield Fault("UNAVAILABLE", "restarting")

    script = stage.script(plan, lambda requests: echo(requests, "second"))
    actor = stage.open()
    actor.until(events.ResumptionUpdate)
    actor.call("send_content", "Hi")
    check_resumed(actor, grpc.StatusCode.UNAVAILABLE)
    assert script.handle(1) == "first"
    actor.call("send_content", "Hello again")
    assert actor.until(events.TextOut).text == "Hello again"


def test_a_session_survives_a_cut_connection(stage: Stage) -> None:
    """Behaviour 34: so does a reset of TCP."""
    script = stage.script(lambda requests: echo(requests, "h"))
    with stage.emulator.shim() as shim:
        resume = Resume(attempts=10_000, budget=1e9)
        actor = stage.open(stage.live(shim.target), resume=resume)
        actor.until(events.ResumptionUpdate)
        shim.cut()
        shim.restore()
        lost = actor.until(events.Reconnecting).error
        assert isinstance(lost, ConnectionLost)
        actor.advance_until(lambda: actor.of(events.Reconnected))
        assert actor.of(events.Reconnected)[0].state_restored
        actor.call("send_content", "Hello again")
        actor.until(events.TurnEnd)
        assert script.texts() == ["Hello again"]


@pytest.mark.parametrize(
    ("reset", "code"),
    [
        ("INTERNAL_ERROR", grpc.StatusCode.INTERNAL),
        ("REFUSED_STREAM", grpc.StatusCode.UNAVAILABLE),
        ("CANCEL", grpc.StatusCode.CANCELLED),
    ],
)
def test_a_session_survives_a_reset_stream(stage: Stage, reset: str, code: grpc.StatusCode) -> None:
    """Behaviour 34: so does RST_STREAM."""
    with Http2Server() as server:
        actor = stage.open(stage.live(server.target))
        actor.until(events.ResumptionUpdate)
        server.connections[0].reset(h2.errors.ErrorCodes[reset])
        check_resumed(actor, code)
        assert server.streams == 2


def test_a_session_survives_a_go_away_of_http(stage: Stage) -> None:
    """Behaviour 34: so does GOAWAY, with the connection closed behind it."""
    with Http2Server() as server:
        actor = stage.open(stage.live(server.target))
        actor.until(events.ResumptionUpdate)
        server.connections[0].go_away(h2.errors.ErrorCodes.NO_ERROR, b"graceful_stop")
        check_resumed(actor, grpc.StatusCode.UNAVAILABLE)
        assert len(server.connections) == 2


def test_a_good_end_of_the_server_ends_the_iteration(stage: Stage) -> None:
    """Behaviour 35: OK with sends pending ends the iteration without error; `unsent` has the rest."""
    full, enough = threading.Event(), threading.Event()

    def plan(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests)
        full.set()
        assert enough.wait(5)

    stage.script(plan)
    actor = stage.open()
    assert full.wait(5)
    lanes = actor.session._engine.lanes
    actor.call("send_video", bytes(16 << 20))  # more than gRPC takes while the server does not read
    until(lambda: not len(lanes))
    actor.call("send_content", "never sent", turn_complete=False)  # no turn is due to it
    actor.call("audio_stream_end")
    enough.set()
    assert actor.end() is None
    session = actor.session  # the writer may have begun with one of them when the end came
    kinds = [each.kind for each in (*session.uncertain, *session.unsent)]
    assert kinds == ["content", "audio_stream_end"]
    assert session.unsent
    assert not actor.of(events.Reconnecting)
    with pytest.raises(SessionClosed):
        actor.call("send_content", "too late")


def test_a_black_hole_is_noticed_in_time(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    """Behaviour 36: a peer that has vanished is noticed within keepalive and ping timeout."""
    monkeypatch.setattr(wire, "_PING_TIMEOUT_MS", 500)
    monkeypatch.setattr(wire, "_CONNECT_TIMEOUT_MS", 200)  # the first attempt may find the hole
    script = stage.script(lambda requests: echo(requests, "h"))
    with stage.emulator.shim() as shim:
        resume = Resume(attempts=10_000, budget=1e9)
        actor = stage.open(stage.live(shim.target, keepalive=1.0), resume=resume)
        actor.until(events.ResumptionUpdate)
        shim.black_hole()
        vanished = time.monotonic()
        lost = actor.until(events.Reconnecting).error
        noticed = time.monotonic() - vanished
        assert lost is not None
        assert lost.code is grpc.StatusCode.UNAVAILABLE
        assert noticed <= 1.0 + 0.5 + 0.5  # and half a second for a busy machine
        shim.restore()
        actor.advance_until(lambda: actor.of(events.Reconnected))
        assert actor.of(events.Reconnected)[0].state_restored
        assert script.handle() == "h"


def test_too_many_pings_make_them_rarer(stage: Stage) -> None:
    """Behaviour 37: after too_many_pings the connection is replaced, and pinged half as often."""
    with Http2Server() as server:
        actor = stage.open(stage.live(server.target, keepalive=1.0))
        first = server.connections[0]
        until(lambda: first.pings)
        first.go_away(h2.errors.ErrorCodes.ENHANCE_YOUR_CALM, b"too_many_pings")
        check_resumed(actor, grpc.StatusCode.UNAVAILABLE)
        second = server.connections[1]
        until(lambda: second.pings)
        assert second.pings[0] > 1.6 * first.pings[0]


def test_a_deadline_of_the_server_is_the_end_of_a_connection_only(stage: Stage) -> None:
    """Behaviour 38: DEADLINE_EXCEEDED from the server is how long connections end; the session goes on."""

    def plan(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests, "old")
        next(requests)
        yield Fault("DEADLINE_EXCEEDED", "Deadline expired before operation could complete.")

    script = stage.script(plan, lambda requests: echo(requests, "new"))
    actor = stage.open()
    actor.until(events.ResumptionUpdate)
    stage.advance(600)
    actor.call("send_text", "Hm")
    check_resumed(actor, grpc.StatusCode.DEADLINE_EXCEEDED)
    assert script.handle(1) == "old"
    actor.call("send_content", "Hello again")
    actor.until(events.TurnEnd)


@pytest.mark.parametrize("busy", [False, True], ids=["idle", "busy"])
def test_what_came_before_the_error_is_delivered_before_it(stage: Stage, busy: bool) -> None:
    """Behaviour 39: fifty messages and ABORTED: all fifty are delivered, then the error is raised."""
    words = [f"word {number}" for number in range(50)]

    def plan(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests)
        next(requests)
        yield from map(say, words)
        yield ABORTED

    stage.script(plan)
    actor = stage.session(resume=None)
    actor.enter(listen=False)
    actor.call("send_content", "Hi")
    if busy:  # nobody takes anything until it is over
        until(lambda: actor.session._engine.finished)
    actor.listen()
    check_aborted(actor.end())
    assert actor.texts() == words


def test_a_tap_tells_once_of_a_failure_after_everything_that_came(stage: Stage) -> None:
    go = threading.Event()

    def plan(requests: Iterator[Any]) -> Iterator[Any]:
        yield from begin(requests)
        next(requests)
        yield say("half of", output_transcription={"text": "half of"})
        assert go.wait(10)
        yield ABORTED

    stage.script(plan)
    actor = stage.session(resume=None).enter(listen=False)
    taps = [actor.call(name) for name in ("transcripts", "audio_out", "raw")]
    actor.call("send_content", "speak")
    assert stage.colour.next(taps[0]).text == "half of"
    go.set()
    with pytest.raises(ConnectionLost) as caught:
        stage.colour.next(taps[0])
    check_aborted(caught.value)
    with pytest.raises(ConnectionLost):
        stage.colour.next(taps[1])
    assert stage.colour.next(taps[2])
    with pytest.raises(ConnectionLost):
        stage.colour.next(taps[2])
    assert [stage.colour.drain(tap) for tap in taps] == [[], [], []]
    check_aborted(actor.listen().end())  # who iterates is told all the same
