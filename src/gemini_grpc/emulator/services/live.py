"""Live sessions: BidiGenerateContent."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from gemini_grpc.emulator import status
from gemini_grpc.emulator.services import generative
from gemini_grpc.emulator.services.models import find, require

if TYPE_CHECKING:
    from gemini_grpc.emulator.convert import Data
    from gemini_grpc.emulator.world import Call


def bidi_generate_content(call: Call, requests: Iterator[Data]) -> Iterator[Data]:
    """Hold one session: setup first, then an answer to every turn that is complete."""
    setup = next(requests, {}).get("setup")
    if setup is None:
        raise status.invalid("setup", "must be the first message of a session, and is missing")
    find(call, require(setup, "model"))
    yield {"setup_complete": {}}
    history: list[Data] = []
    for message in requests:
        if "setup" in message:
            raise status.invalid("setup", "was sent already; a session has one setup")
        if "client_content" in message:
            content = message["client_content"]
            history += content.get("turns", [])
            if content.get("turn_complete"):
                yield from _turn(call, setup, history)
        elif said := message.get("realtime_input", {}).get("text"):
            history.append({"role": "user", "parts": [{"text": said}]})
            yield from _turn(call, setup, history)


def _turn(call: Call, setup: Data, history: list[Data]) -> Iterator[Data]:
    """Yield the messages of one answer, and add it to the history."""
    if not history:
        raise status.invalid("client_content.turns", "is empty, so there is nothing to answer")
    request = {key: setup[key] for key in _SETUP if key in setup} | {"contents": history}
    response = generative.respond(call, request)
    for chunk in generative.split(response):
        yield {"server_content": {"model_turn": chunk["candidates"][0]["content"]}}
    history.append(response["candidates"][0]["content"])
    yield {"server_content": {"generation_complete": True}}
    usage = response["usage_metadata"]
    counted = {
        "prompt_token_count": usage["prompt_token_count"],
        "response_token_count": usage["candidates_token_count"],
        "total_token_count": usage["total_token_count"],
    }
    yield {"server_content": {"turn_complete": True}, "usage_metadata": counted}


_SETUP = ("model", "generation_config", "system_instruction", "tools")

HANDLERS = {"GenerativeService.BidiGenerateContent": bidi_generate_content}
