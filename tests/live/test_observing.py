"""What observers see of live sessions: connections, turns, tokens, reconnects and the end."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

import gemini_grpc
from gemini_grpc import AttemptInfo, CallInfo, Observer, SessionInfo
from gemini_grpc.emulator import Emulator
from gemini_grpc.live import LiveConfig

if TYPE_CHECKING:
    from tests.colours import Sync

SPOKEN = LiveConfig(modalities=["AUDIO"])


class Seen(Observer):
    def __init__(self) -> None:
        self.events: list[str] = []
        self.usages: list[Any] = []
        self.sessions: list[SessionInfo] = []
        self.ended = threading.Event()

    def attempt_started(self, call: CallInfo, attempt: AttemptInfo) -> None:
        self.events.append(f"dial {call.name}")
        attempt.add_metadata("traceparent", "00-1")

    def call_ended(self, call: CallInfo) -> None:
        assert call.attempts[0].code is not None

    def connection_opened(self, session: SessionInfo, resumed: bool) -> None:
        self.sessions.append(session)
        self.events.append("resumed" if resumed else "opened")

    def reconnecting(self, session: SessionInfo, error: Any, wait: float) -> None:
        self.events.append(f"reconnecting after {type(error).__name__}")

    def turn_ended(self, session: SessionInfo, usage: Any) -> None:
        self.events.append("turn")
        self.usages.append(usage)

    def session_ended(self, session: SessionInfo, error: Any) -> None:
        self.events.append(f"ended with {error}")
        self.ended.set()


def talk(colour: Sync, client: Any, between: Any) -> None:
    """Ask twice in one session, with something between."""

    async def talk_async() -> None:
        async with client.live.connect("gemini-3.8-live", config=SPOKEN) as session:
            await session.ask("Hi")
            between()
            await session.ask("Hi again")

    def talk_sync() -> None:
        with client.live.connect("gemini-3.8-live", config=SPOKEN) as session:
            session.ask("Hi")
            between()
            session.ask("Hi again")

    colour.call(talk_async if colour.name == "async" else talk_sync)


def make(colour: Sync, target: str, seen: Seen) -> Any:
    cls = gemini_grpc.AsyncClient if colour.name == "async" else gemini_grpc.Client
    return cls(
        client_options={"api_endpoint": f"http://{target}", "api_key": "k"}, observers=[seen]
    )


def test_a_session_is_seen_from_its_connection_to_its_end(colour: Sync) -> None:
    seen = Seen()
    with Emulator() as emulator:
        client = make(colour, emulator.target, seen)
        talk(colour, client, lambda: None)
        colour.call(client.close)
        (call,) = emulator.journal.calls("BidiGenerateContent")
        assert dict(call.attempts[0].metadata)["traceparent"] == "00-1"
    assert seen.ended.wait(10)
    assert seen.events == ["dial BidiGenerateContent", "opened", "turn", "turn", "ended with None"]
    assert all(usage.total for usage in seen.usages)
    assert (seen.sessions[0].model, seen.sessions[0].connections) == ("models/gemini-3.8-live", 1)


def test_a_reconnect_is_seen_with_its_error_and_dials_with_metadata(colour: Sync) -> None:
    seen = Seen()
    with Emulator() as emulator, emulator.shim() as shim:

        def cut() -> None:
            shim.cut()
            shim.restore()

        client = make(colour, shim.target, seen)
        talk(colour, client, cut)
        colour.call(client.close)
    assert seen.ended.wait(10)
    assert seen.events.count("reconnecting after ConnectionLost") >= 1
    assert seen.events.count("resumed") >= 1
    assert seen.events[-1] == "ended with None"
    assert seen.sessions[-1].connections >= 2
    assert seen.events.count("dial BidiGenerateContent") >= 2
