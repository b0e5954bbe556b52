"""What holds in every session, whatever the client sends and when."""

from __future__ import annotations

from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from gemini_grpc.emulator.live import speech
from gemini_grpc.emulator.live.settings import Live
from gemini_grpc.emulator.status import StatusError

from .conftest import KNOWN, Peer

WORDS = ("hello", "call f", "call f g", "and then...")
FUNCTIONS = st.lists(
    st.fixed_dictionaries(
        {"behavior": st.sampled_from(["UNSPECIFIED", "BLOCKING", "NON_BLOCKING"])}
    ),
    min_size=2,
    max_size=2,
).map(lambda found: [{"name": name, **one} for name, one in zip("fg", found, strict=True)])
SETUPS = st.fixed_dictionaries(
    {
        "model": st.sampled_from(sorted(KNOWN)),
        "tools": FUNCTIONS.map(lambda functions: [{"function_declarations": functions}]),
        "session_resumption": st.just({}),
        "realtime_input_config": st.fixed_dictionaries(
            {
                "activity_handling": st.sampled_from(
                    ["NO_INTERRUPTION", "ACTIVITY_HANDLING_UNSPECIFIED"]
                ),
                "automatic_activity_detection": st.fixed_dictionaries({"disabled": st.booleans()}),
            }
        ),
    }
)
SETTINGS = st.builds(
    Live,
    first_delay=st.sampled_from([0.0, 0.5]),
    tokens_per_second=st.sampled_from([None, 2.0]),
    audio_speed=st.sampled_from([None, 1.0]),
    bundle=st.sampled_from([None, True, False]),
    playback=st.booleans(),
    late_audio=st.booleans(),
)
PCM = {"mime_type": "audio/pcm", "data": speech.encode("hello") + bytes(20_000)}
ACTIONS = st.one_of(
    st.floats(0.1, 3.0),
    st.just("answer"),
    st.builds(
        lambda said, complete: {
            "client_content": {
                "turns": [{"role": "user", "parts": [{"text": said}]}],
                "turn_complete": complete,
            }
        },
        st.sampled_from(WORDS),
        st.booleans(),
    ),
    st.sampled_from(WORDS).map(lambda said: {"realtime_input": {"text": said}}),
    st.sampled_from(["activity_start", "activity_end"]).map(
        lambda mark: {"realtime_input": {mark: {}}}
    ),
    st.just({"realtime_input": {"audio": PCM}}),
    st.just({"realtime_input": {"audio_stream_end": True}}),
)


def play(peer: Peer, setup: dict[str, Any], actions: list[Any], log: list[dict[str, Any]]) -> None:
    """Do what a client might do; it ends early if the session is refused."""
    log += peer.send({"setup": setup})
    for action in actions:
        if isinstance(action, float):
            log += peer.wait(action)
        elif isinstance(action, dict):
            log += peer.send(action)
        elif calls := open_calls(log):
            responses = [{"id": key, "name": name, "response": {}} for key, name in calls.items()]
            log += peer.send({"tool_response": {"function_responses": responses}})
            log.append({"answered": list(calls)})
    peer.session.end_input()
    log += peer.take()


def open_calls(log: list[dict[str, Any]]) -> dict[str, str]:
    calls: dict[str, str] = {}
    for message in log:
        called = message.get("tool_call", {}).get("function_calls", [])
        calls |= {call["id"]: call["name"] for call in called}
        gone = message.get("tool_call_cancellation", {}).get("ids", []) + message.get(
            "answered", []
        )
        for key in gone:
            calls.pop(key, None)
    return calls


@given(live=SETTINGS, setup=SETUPS, actions=st.lists(ACTIONS, max_size=12))
@settings(max_examples=250, deadline=None)
def test_orders_hold_in_every_session(
    live: Live, setup: dict[str, Any], actions: list[Any]
) -> None:
    peer, log = Peer(live), list[dict[str, Any]]()
    ending = "OK"
    try:
        play(peer, setup, actions, log)
    except StatusError as error:
        ending = error.code.name
    assert ending in {"OK", "INVALID_ARGUMENT", "FAILED_PRECONDITION"}
    generated = interrupted = False
    for message in log:
        content = message.get("server_content", {})
        assert not (interrupted and "model_turn" in content), "stale output after the interruption"
        assert not (generated and "model_turn" in content and "interrupted" not in content)
        generated = generated or "generation_complete" in content
        interrupted = interrupted or "interrupted" in content
        if "turn_complete" in content:
            assert generated or interrupted, "a turn ends after one of the two"
            generated = interrupted = False
        assert all(message.values()) or "setup_complete" in message, "no message is empty"
    updates = [m["session_resumption_update"] for m in log if "session_resumption_update" in m]
    assert all(update["resumable"] == bool(update.get("new_handle")) for update in updates)
    assert peer.session.over == (ending == "OK")
