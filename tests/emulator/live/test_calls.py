"""Function calls in a session: ids, blocking, results out of order, withdrawal, scheduling."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gemini_grpc.emulator.status import StatusError

from .conftest import Peer, contents, kinds, text

if TYPE_CHECKING:
    from gemini_grpc.emulator.live.settings import Live


def tools(behavior: str = "UNSPECIFIED", *names: str) -> dict[str, Any]:
    functions = [{"name": name, "behavior": behavior} for name in names or ("f", "g")]
    return {"tools": [{"function_declarations": functions}]}


def called(messages: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [call for m in messages if "tool_call" in m for call in m["tool_call"]["function_calls"]]


def answer(peer: Peer, *calls: dict[str, Any], **more: Any) -> list[dict[str, Any]]:
    responses = [
        {"id": call["id"], "name": call["name"], "response": {"output": 1}, **more}
        for call in calls
    ]
    return peer.send({"tool_response": {"function_responses": responses}})


def test_the_model_waits_for_a_blocking_function(peer: Peer) -> None:
    peer.setup(**tools())
    came = peer.say("call f")
    assert kinds(came) == ["model_turn", "model_turn", "tool_call"]
    assert came[-1]["usage_metadata"]["response_token_count"] > 0
    (call,) = called(came)
    assert (call["name"], call["args"]) == ("f", {"n": 1})
    came = answer(peer, call)
    assert text(came) == "results of f"
    assert kinds(came)[-2:] == ["generation_complete", "turn_complete"]
    roles = [content["role"] for content in peer.requests[-1]["contents"]]
    assert roles == ["user", "model", "model", "user"]


def test_parallel_calls_may_be_answered_one_by_one_in_any_order(peer: Peer) -> None:
    peer.setup(**tools())
    first, second = called(peer.say("call f g"))
    assert first["id"] != second["id"]
    assert answer(peer, second) == []
    assert text(answer(peer, first)) == "results of g and f"


def test_ids_differ_between_turns(peer: Peer) -> None:
    peer.setup(**tools())
    (first,) = called(peer.say("call f"))
    answer(peer, first)
    (second,) = called(peer.say("call f"))
    assert first["id"] != second["id"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"id": "x"}, "'x' is not the id"),
        ({"id": ""}, "'' is not the id"),
        ({"name": "g"}, "the call is 'f'"),
    ],
)
def test_a_result_of_no_open_call_is_refused(
    peer: Peer, change: dict[str, str], message: str
) -> None:
    peer.setup(**tools())
    (call,) = called(peer.say("call f"))
    with pytest.raises(StatusError, match=message) as caught:
        answer(peer, {**call, **change})
    assert caught.value.code.name == "INVALID_ARGUMENT"


def test_a_call_is_answered_once(peer: Peer) -> None:
    peer.setup(**tools())
    (call,) = called(peer.say("call f"))
    answer(peer, call)
    with pytest.raises(StatusError, match="is not the id"):
        answer(peer, call)


def test_a_response_without_results_is_refused(peer: Peer) -> None:
    peer.setup()
    with pytest.raises(StatusError, match="is empty"):
        peer.send({"tool_response": {}})


def test_an_interruption_withdraws_open_calls(peer: Peer) -> None:
    peer.setup(**tools())
    first, second = called(peer.say("call f g"))
    answer(peer, first)
    came = peer.say("never mind")
    assert came[0] == {"tool_call_cancellation": {"ids": [second["id"]]}}
    assert kinds(came)[1:3] == ["interrupted", "turn_complete"]
    assert "usage_metadata" not in came[2]
    assert answer(peer, second) == []  # it was on its way, and nobody cares
    parts = [part for content in peer.requests[-1]["contents"] for part in content["parts"]]
    assert [part["function_call"]["name"] for part in parts if "function_call" in part] == ["f"]


@pytest.mark.parametrize("model", ["gemini-live", "gemini-3.8-live"])
def test_realtime_input_withdraws_a_blocking_call(peer: Peer, model: str) -> None:
    peer.setup(model, **tools("BLOCKING"))
    peer.say("call f")
    assert kinds(peer.realtime(text="never mind"))[:3] == [
        "tool_call_cancellation",
        "interrupted",
        "turn_complete",
    ]


@pytest.mark.parametrize("model", ["gemini-2.5-flash-native-audio", "gemini-3.1-live-preview"])
def test_realtime_input_during_a_blocking_call_ends_the_session(peer: Peer, model: str) -> None:
    peer.setup(model, **tools())
    peer.say("call f")
    with pytest.raises(StatusError) as caught:
        peer.realtime(audio={"mime_type": "audio/pcm", "data": bytes(640)})
    assert caught.value.code.name == "FAILED_PRECONDITION"


def test_the_newest_models_do_not_wait_unless_told_to(peer: Peer) -> None:
    peer.setup("gemini-3.8-live", **tools())
    assert kinds(peer.say("call f"))[-3:] == ["tool_call", "generation_complete", "turn_complete"]


def test_a_conversation_goes_on_while_a_function_runs(peer: Peer) -> None:
    peer.setup(**tools("NON_BLOCKING"))
    came = peer.say("call f")
    assert kinds(came)[-1] == "turn_complete"
    assert text(peer.say("meanwhile")) == "turn 3 heard meanwhile"
    assert text(answer(peer, *called(came))) == "results of f"


def test_a_silent_result_is_only_remembered(peer: Peer) -> None:
    peer.setup(**tools("NON_BLOCKING"))
    (call,) = called(peer.say("call f"))
    assert answer(peer, call, scheduling="SILENT") == []
    peer.say("and now?")
    parts = [part for content in peer.requests[-1]["contents"] for part in content["parts"]]
    assert any("function_response" in part for part in parts)


@pytest.mark.parametrize("scheduling", ["WHEN_IDLE", "SCHEDULING_UNSPECIFIED"])
def test_a_result_waits_until_the_model_is_idle(slow: Peer, scheduling: str) -> None:
    slow.setup(**tools("NON_BLOCKING"))
    slow.say("call f")
    (call,) = called(slow.wait(100))
    slow.say("talk")
    slow.wait(2)
    assert answer(slow, call, scheduling=scheduling) == []
    came = slow.wait(100)
    assert text(came) == " 3 heard talkresults of f"
    assert kinds(came).count("turn_complete") == 2


def test_an_urgent_result_breaks_off_what_is_said(slow: Peer) -> None:
    slow.setup(**tools("NON_BLOCKING"))
    slow.say("call f")
    (call,) = called(slow.wait(100))
    slow.say("talk")
    slow.wait(2)
    assert contents(answer(slow, call, scheduling="INTERRUPT")) == [
        {"interrupted": True},
        {"turn_complete": True},
    ]
    assert text(slow.wait(100)) == "results of f"


def test_a_function_can_give_several_results(peer: Peer) -> None:
    peer.setup(**tools("NON_BLOCKING"))
    (call,) = called(peer.say("call f"))
    assert text(answer(peer, call, will_continue=True)) == "results of f"
    assert text(answer(peer, call, will_continue=True)) == "results of f"
    assert text(answer(peer, call)) == "results of f"
    with pytest.raises(StatusError, match="is not the id"):
        answer(peer, call)


def test_a_session_cannot_be_resumed_while_functions_run(peer: Peer) -> None:
    peer.setup(session_resumption={}, **tools("NON_BLOCKING"))
    came = peer.say("call f")
    updates = [m for m in came if "session_resumption_update" in m]
    assert updates == [{"session_resumption_update": {"resumable": False}}]
    (update,) = answer(peer, *called(came), scheduling="SILENT")
    assert update["session_resumption_update"]["resumable"]


def test_a_resumed_session_does_not_know_the_calls_of_before(live: Live) -> None:
    peer = Peer(live)
    peer.setup(session_resumption={}, **tools())
    handle = peer.say("hello")[-1]["session_resumption_update"]["new_handle"]
    (call,) = called(peer.say("call f"))
    other = Peer(live)
    other.setup(session_resumption={"handle": handle}, **tools())
    with pytest.raises(StatusError, match="is not the id"):
        answer(other, call)
