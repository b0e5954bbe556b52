"""One session without a call: tests say what the client sends and how time passes."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from gemini_grpc.emulator.live.engine import Engine
from gemini_grpc.emulator.live.session import Session
from gemini_grpc.emulator.live.settings import Live
from gemini_grpc.emulator.live.shape import Shape
from gemini_grpc.emulator.status import not_found
from gemini_grpc.v1alpha import methods as v1alpha
from gemini_grpc.v1beta import methods as v1beta

Data = dict[str, Any]

SHAPES = {
    "v1alpha": Shape.of(v1alpha.GenerativeService.BIDI_GENERATE_CONTENT),
    "v1beta": Shape.of(v1beta.GenerativeService.BIDI_GENERATE_CONTENT),
}
START = 1000.0
_FAMILIES = (
    "gemini-2.5-flash-native-audio",
    "gemini-3.1-live-preview",
    "gemini-3.8-live",
    "gemini-live",
)
KNOWN = {
    f"models/{name}": {"name": f"models/{name}", "input_token_limit": 1000} for name in _FAMILIES
}


def find(name: str) -> Data:
    if name not in KNOWN:
        raise not_found(name)
    return KNOWN[name]


def respond(request: Data) -> Data:
    """Answer by what was said last: `call f g` calls functions, all else gets a fixed form of answer."""
    contents = request["contents"]
    parts = contents[-1]["parts"]
    said = " ".join(part.get("text", "") for part in parts)
    if "function_response" in parts[-1]:
        names = [part["function_response"]["name"] for part in parts]
        answer: list[Data] = [{"text": f"results of {' and '.join(names)}"}]
    elif match := re.fullmatch(r"call (.+)", said):
        calls = [{"function_call": {"name": name, "args": {"n": 1}}} for name in match[1].split()]
        answer = [{"text": "one moment"}, *calls]
    else:
        answer = [{"text": f"turn {len(contents)} heard {said}"}]
    candidate = {"index": 0, "content": {"role": "model", "parts": answer}, "finish_reason": "STOP"}
    return {"candidates": [candidate], "usage_metadata": {"thoughts_token_count": 3}}


def split(response: Data) -> Iterator[Data]:
    """Give each word of a text in a piece of its own."""
    for part in response["candidates"][0]["content"]["parts"]:
        words = [{"text": word} for word in re.findall(r"\s*\S+", part.get("text", ""))]
        for piece in words or [part]:
            yield {"candidates": [{"index": 0, "content": {"role": "model", "parts": [piece]}}]}


class Peer:
    """The client of one session."""

    def __init__(self, live: Live, version: str = "v1beta") -> None:
        self.now = START
        self.requests: list[Data] = []
        engine = Engine(seed=1, find=find, respond=self._respond, split=split)
        self.session = Session(engine, live, SHAPES[version], now=START)

    def _respond(self, request: Data) -> Data:
        self.requests.append(request)
        return respond(request)

    def send(self, message: Data) -> list[Data]:
        """Send a message and return what comes back at this moment."""
        before = self.take()
        self.session.receive(message, self.now)
        return before + self.take()

    def wait(self, seconds: float) -> list[Data]:
        """Let time pass and return what comes meanwhile."""
        end = self.now + seconds
        came: list[Data] = []
        while self.session.due() <= end:
            self.now = max(self.now, self.session.due())
            came += self.take()
        self.now = end
        return came

    def take(self) -> list[Data]:
        came: list[Data] = []
        while (message := self.session.next(self.now)) is not None:
            came.append(message)
        return came

    def setup(self, model: str = "gemini-live", **setup: Any) -> list[Data]:
        return self.send({"setup": {"model": f"models/{model}", **setup}})

    def say(self, text: str) -> list[Data]:
        """Send a turn of the user that wants an answer."""
        turns = [{"role": "user", "parts": [{"text": text}]}]
        return self.send({"client_content": {"turns": turns, "turn_complete": True}})

    def realtime(self, **data: Any) -> list[Data]:
        return self.send({"realtime_input": data})

    def audio(self, pcm: bytes, *, rate: int = 16_000) -> list[Data]:
        """Send audio in pieces of 20 ms."""
        size = rate // 50 * 2
        came: list[Data] = []
        for start in range(0, len(pcm), size):
            blob = {"mime_type": f"audio/pcm;rate={rate}", "data": pcm[start : start + size]}
            came += self.realtime(audio=blob)
        return came


def contents(messages: list[Data]) -> list[Data]:
    return [message["server_content"] for message in messages if "server_content" in message]


def text(messages: list[Data]) -> str:
    parts = [
        part for c in contents(messages) if "model_turn" in c for part in c["model_turn"]["parts"]
    ]
    return "".join(part.get("text", "") for part in parts)


def kinds(messages: list[Data]) -> list[str]:
    """Return what messages say, in order: the fields of their contents, or their own name."""
    found: list[str] = []
    for message in messages:
        kind = next(iter(message))
        found += list(message[kind]) if kind == "server_content" else [kind]
    return found


@pytest.fixture
def live() -> Live:
    return Live()


@pytest.fixture
def peer(live: Live) -> Peer:
    return Peer(live)


@pytest.fixture
def slow(live: Live) -> Peer:
    """A client of a model that gives one token, and one second of audio, a second."""
    return Peer(replace(live, first_delay=1.0, tokens_per_second=1.0, audio_speed=1.0))
