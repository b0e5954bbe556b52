"""Behaviours 57 to 61 of live sessions: loops, forks, versions, and both colours on the same tape."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest

from gemini_grpc.emulator import Fault
from gemini_grpc.emulator.live import speech
from gemini_grpc.live import events
from gemini_grpc.live.config import LiveConfig
from gemini_grpc.live.errors import LoopMismatch, UnsupportedFeature
from tests.colours import COLOURS, Async, Sync
from tests.live.cassettes import (
    AsyncPlayingLive,
    AsyncRecordingLive,
    Cassette,
    Player,
    PlayingLive,
    RecordingLive,
    redact,
)
from tests.live.stage import COMPLETE, TURN_END, Actor, Stage, begin, echo, say, until

TEXT = LiveConfig(modalities=["TEXT"])


@pytest.fixture
def async_stage() -> Iterator[Stage]:
    colour = Async()
    stage = Stage(colour)
    yield stage
    stage.close()
    colour.end()


@pytest.mark.parametrize("action", ["send", "iterate", "tap", "close"])
def test_another_event_loop_is_refused(async_stage: Stage, action: str) -> None:
    """Behaviour 57: a session is used in the event loop it was opened in, and nowhere else."""
    async_stage.script(echo)
    session = async_stage.open().session
    actions = {
        "send": lambda: session.send_content("Hi"),
        "iterate": session.__anext__,
        "tap": session.audio_out().__anext__,
        "close": session.close,
    }

    async def elsewhere() -> None:
        await actions[action]()

    with pytest.raises(LoopMismatch):
        asyncio.run(elsewhere())
    async_stage.colour.call(session.send_content, "still fine")


def test_any_thread_may_use_a_synchronous_session() -> None:
    """Behaviour 57: the synchronous colour has no such bond."""
    colour = Sync()
    stage = Stage(colour)
    try:
        stage.script(echo)
        actor = stage.open()
        thread = threading.Thread(target=actor.session.send_content, args=("Hi",))
        thread.start()
        thread.join()
        assert actor.until(events.TextOut).text == "Hi"
    finally:
        stage.close()
        colour.end()


FORK = """
import os
from gemini_grpc.live import events
from gemini_grpc.live.errors import ForkedProcess
from tests.colours import COLOURS
from tests.live.stage import Stage, echo

colour = {made.name: made for made in COLOURS}["%s"]()
stage = Stage(colour)
stage.script(echo)
actor = stage.open()
session = actor.session

def refused(action):
    try:
        action()
    except ForkedProcess:
        return True
    return False

def send():
    sending = session.send_content("from the child")
    if sending is not None:
        sending.send(None)

def check():
    child = os.fork()
    if child:
        return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    os._exit(0 if refused(send) and refused(lambda: session.offer_audio(bytes(640))) else 1)

assert colour.call(check) == 0
actor.call("send_content", "from the parent")
assert actor.until(events.TextOut).text == "from the parent"
stage.close()
colour.end()
"""


@pytest.mark.parametrize("name", [made.name for made in COLOURS])
def test_a_forked_process_is_refused(name: str) -> None:
    """Behaviour 58: a session does not work in a child of its process, and goes on in the parent.

    In a process of its own, in which gRPC does nothing at a fork: its own handlers crash half of the
    children when a server is running in the parent.
    """
    variables = os.environ | {"GRPC_ENABLE_FORK_SUPPORT": "0"}
    subprocess.run([sys.executable, "-c", FORK % name], check=True, env=variables, timeout=30)


AUTOMATIC = LiveConfig()
MANUAL = LiveConfig(manual_activity=True)


@pytest.mark.parametrize(
    ("version", "config", "method", "arguments"),
    [
        ("v1beta", AUTOMATIC, "activity_start", ()),
        ("v1beta", AUTOMATIC, "activity_end", ()),
        ("v1beta", MANUAL, "audio_stream_end", ()),
        ("v1alpha", AUTOMATIC, "send_text", ("Hi",)),
        ("v1alpha", AUTOMATIC, "audio_stream_end", ()),
    ],
)
def test_what_a_session_does_not_have_is_refused_before_it_is_sent(
    stage: Stage, version: str, config: LiveConfig, method: str, arguments: tuple[Any, ...]
) -> None:
    """Behaviour 59: marks of the wrong kind, and fields the version lacks, raise and send nothing."""
    script = stage.script(echo)
    actor = stage.open(stage.live(version=version), config=config)
    with pytest.raises(UnsupportedFeature):
        actor.call(method, *arguments)
    actor.call("send_content", "Hi")
    actor.until(events.TurnEnd)
    assert script.kinds() == ["setup", "client_content"]


@pytest.mark.parametrize(
    "config",
    [LiveConfig(transcripts=True), LiveConfig(manual_activity=True), LiveConfig(compression=True)],
    ids=["transcripts", "activity", "compression"],
)
def test_a_setup_that_the_version_does_not_have_is_refused_without_a_call(
    stage: Stage, config: LiveConfig
) -> None:
    """Behaviour 59: so does a setup with fields that v1alpha lacks."""
    live = stage.live(version="v1alpha")
    with pytest.raises(UnsupportedFeature):
        stage.colour.call(lambda: live.connect("gemini-live", config=config))
    assert len(stage.emulator.journal) == 0


def test_audio_reaches_the_old_version_in_its_own_field(stage: Stage) -> None:
    """Behaviour 59: v1alpha has no field for audio, but one for media, which takes it."""
    script = stage.script(echo)
    actor = stage.open(stage.live(version="v1alpha"))
    actor.call("send_audio", b"\x01\x02" * 320)
    until(lambda: len(script.received[0]) == 2)
    (chunk,) = script.received[0][1].realtime_input.media_chunks
    assert (chunk.mime_type, chunk.data) == ("audio/pcm;rate=16000", b"\x01\x02" * 320)


# the same in both colours


def look_up(city: str) -> str:
    """Look up the weather.

    Args:
        city: Where.
    """
    return f"sunny in {city}"


def speak(actor: Actor) -> None:
    """Say a few words, in frames of 20 ms, and be silent."""
    pcm = speech.encode("hello there") + bytes(32_000)
    for start in range(0, len(pcm), 640):
        actor.call("send_audio", pcm[start : start + 640])


def talk(actor: Actor) -> None:
    for number, text in enumerate(("Why is the sky blue?", "What did I ask?"), start=1):
        actor.call("send_content", text)
        actor.until(events.TurnEnd, number)
        actor.until(events.ResumptionUpdate, 2 * number)


def listen_and_speak(actor: Actor) -> None:
    speak(actor)
    actor.until(events.TurnEnd)


def speak_by_hand(actor: Actor) -> None:
    actor.call("activity_start")
    speak(actor)
    actor.call("activity_end")
    actor.until(events.TurnEnd)


def ask_for_weather(actor: Actor) -> None:
    actor.call("send_content", "What is the weather in Oslo?")
    actor.until(events.TurnEnd)


def oddities(requests: Iterator[Any]) -> Iterator[Any]:
    yield from begin(requests)
    next(requests)
    yield {"server_content": {"input_transcription": {"text": "hi"}}}
    yield say("one", output_transcription={"text": "one"})
    yield {"server_content": {"interrupted": True}}
    yield TURN_END
    yield {"usage_metadata": {"total_token_count": 7}}
    yield b"\xfa\x3f\x03new"  # a field of the future
    yield say("two", turn_complete=True, generation_complete=True)
    yield from (COMPLETE for _ in requests if False)


def fails(requests: Iterator[Any]) -> Iterator[Any]:
    yield from begin(requests)
    next(requests)
    yield say("half of")
    yield Fault("ABORTED", "The operation was aborted.")


def loses(requests: Iterator[Any]) -> Iterator[Any]:
    yield from begin(requests, "h1")
    next(requests)
    yield say("half of")
    yield Fault("UNAVAILABLE", "restarting")


def survive(actor: Actor) -> None:
    actor.until(events.ResumptionUpdate)
    actor.call("send_content", "first")
    actor.until(events.Reconnected)
    actor.call("send_content", "second")
    actor.until(events.TurnEnd, 2)


def hear_oddities(actor: Actor) -> None:
    actor.call("send_content", "Hi")
    actor.until(events.TurnEnd, 2)


def fail(actor: Actor) -> None:
    actor.call("send_content", "Hi")
    actor.end()


@dataclass(frozen=True)
class Scene:
    """What a user does in a session, and who answers."""

    act: Callable[[Actor], None]
    arguments: dict[str, Any] = field(default_factory=dict)
    plans: tuple[Any, ...] = ()
    """What the server does; the emulator's own rules if there are none."""


SCENES = {
    "talk": Scene(talk, {"config": TEXT}),
    "speech": Scene(
        listen_and_speak, {"config": LiveConfig(modalities=["AUDIO"], transcripts=True)}
    ),
    "by hand": Scene(speak_by_hand, {"config": LiveConfig(manual_activity=True)}),
    "tool": Scene(ask_for_weather, {"config": TEXT, "tools": [look_up]}),
    "oddities": Scene(hear_oddities, {}, (oddities,)),
    "failure": Scene(fail, {"resume": None}, (fails,)),
    "resumption": Scene(survive, {}, (loses, lambda requests: echo(requests, "h2"))),
}


def told(event: events.Event) -> object:
    """Return an event in a form that can be compared: without identities, media by their length."""
    match event:
        case events.AudioOut(pcm=pcm, rate=rate):
            return "AudioOut", len(pcm), rate
        case events.Reconnecting(error=error):
            assert error is not None
            return "Reconnecting", type(error).__name__, error.code, error.message
        case events.Reconnected(state_restored=restored, uncertain=uncertain):
            return "Reconnected", restored, [message.data for message in uncertain]
        case events.Unknown(message=message):
            return "Unknown", type(message).serialize(message)
    return event


def play(colour: Sync, scene: Scene, kinds: Any = None, **given: Any) -> list[object]:
    """Let a scene happen in a colour; return the log, with the error at its end."""
    stage = Stage(colour)
    try:
        if scene.plans:
            stage.script(*scene.plans)
        live = stage.live(**({} if kinds is None else {"kinds": kinds}))
        for name, value in given.items():
            setattr(live, name, value)
        actor = stage.open(live, **scene.arguments)
        scene.act(actor)
        actor.call("close")
        actor.end()
        log = [told(event) for event in actor.log]
        if actor.error is not None:
            failed: Any = actor.error
            log.append((type(failed).__name__, failed.code, failed.message))
        return log
    finally:
        stage.close()
        colour.end()


@pytest.mark.parametrize("name", SCENES)
def test_both_colours_tell_the_same(name: str) -> None:
    """Behaviour 60: the same script gives the same event log in both colours."""
    logs = [play(kind(), SCENES[name]) for kind in COLOURS]
    assert logs[0] == logs[1]
    assert len(logs[0]) > 3


def record(kind: type[Sync], name: str) -> tuple[Cassette, list[object]]:
    cassette = Cassette()
    log = play(kind(), SCENES[name], (RecordingLive, AsyncRecordingLive), cassette=cassette)
    return Cassette.load(cassette.dump()), log


@pytest.mark.parametrize("name", SCENES)
def test_a_cassette_plays_the_same_session_again(name: str) -> None:
    """Behaviours 60 and 61: a recording gives the same log again, and takes the same bytes."""
    cassette, log = record(Sync, name)
    for kind in COLOURS:
        player = Player(cassette)
        again = play(kind(), SCENES[name], (PlayingLive, AsyncPlayingLive), player=player)
        assert player.differences == []
        assert player.written == sum(
            who == "client" for track in cassette.tracks for who, _ in track.messages
        )
        assert again == log


@pytest.mark.parametrize("name", ["talk", "tool", "resumption"])
def test_both_colours_record_the_same(name: str) -> None:
    """Behaviour 61: what was written and what was read is the same, byte for byte, in both colours."""
    tapes = [record(kind, name)[0] for kind in COLOURS]
    for who in ("client", "server"):
        said = [
            [data for track in tape.tracks for by, data in track.messages if by == who]
            for tape in tapes
        ]
        assert said[0] == said[1]


def test_a_cassette_has_no_audio_and_no_key() -> None:
    """Behaviour 61: media are zeros of the same length, keys are stars; all else is as it was."""
    cassette, _ = record(Sync, "speech")
    text = cassette.dump()
    (track,) = cassette.tracks
    assert dict(track.metadata)["x-goog-api-key"] == "***"
    assert '"test"' not in text
    frame = {"mime_type": "audio/pcm;rate=16000", "data": b"\x01\x02" * 320}
    from gemini_grpc import v1beta

    kind = v1beta.types.BidiGenerateContentClientMessage
    data = kind.serialize(kind(realtime_input={"audio": frame}))
    assert redact("client", data) == data.replace(b"\x01\x02" * 320, bytes(640))
    pieces = [data for who, data in track.messages]
    assert any(bytes(640) in data for data in pieces)
    assert not any(speech.encode("hello there")[:640] in data for data in pieces)


def test_a_player_notices_what_is_not_on_the_tape() -> None:
    """Behaviour 61: a session that says something else is found out."""
    cassette, _ = record(Sync, "talk")
    player = Player(cassette)
    other = Scene(lambda actor: actor.call("send_content", "Something else"), {"config": TEXT})
    play(Sync(), other, (PlayingLive, AsyncPlayingLive), player=player)
    assert player.differences
