"""The other side of the soak: a server that has all kinds of accidents, and notes what reaches it.

    python -m tests.live.soak_server SECONDS SEED

It prints where it is, a TCP shim that is cut now and then. Every connection has an accident after SECONDS
on average. When its standard input ends it prints, as JSON, what it has noted.
"""

from __future__ import annotations

import contextlib
import json
import queue
import random
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from concurrent import futures
from typing import Any

import grpc

from gemini_grpc import v1beta
from gemini_grpc.emulator.shim import Shim

PATH = "/google.ai.generativelanguage.v1beta.GenerativeService/BidiGenerateContent"
CUT_SECONDS = 20.0
"""How often all connections are reset at once, on average."""
NOTICE = 1.5
"""Seconds of notice of those who go away politely."""

_CLIENT = v1beta.types.BidiGenerateContentClientMessage.pb()
_SERVER = v1beta.types.BidiGenerateContentServerMessage.pb()


class Notes:
    """What reached the server."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self.marks: Counter[str] = Counter()
        """How often each marked message came."""
        self.answers: Counter[str] = Counter()
        """How often each call was answered."""
        self.count: Counter[str] = Counter()
        """Everything else: accidents by their name, frames, handles that are wrong."""
        self._last_frame: dict[str, int] = {}
        self._used: dict[str, int] = {}
        self._handles: dict[str, int] = {}

    def mark(self, text: str) -> None:
        with self._lock:
            self.marks[text] += 1

    def answer(self, call: str, *, known: bool) -> None:
        with self._lock:
            self.answers[call] += 1
            self.count["answers to unknown calls"] += not known

    def frame(self, session: str, number: int) -> None:
        """Note a frame of audio: none may come twice, or after a later one."""
        with self._lock:
            self.count["frames"] += 1
            self.count["frames again"] += number <= self._last_frame.get(session, -1)
            self._last_frame[session] = number

    def tell(self, what: str) -> None:
        with self._lock:
            self.count[what] += 1

    def issue(self, session: str) -> str:
        """Return the next handle of a session."""
        with self._lock:
            number = self._handles[session] = self._handles.get(session, 0) + 1
        return f"{session}/{number}"

    def resume(self, session: str, handle: str) -> None:
        """Note the handle a session goes on from: its own, and none from before the last it used."""
        owner, _, number = handle.rpartition("/")
        with self._lock:
            self.count["wrong handles"] += owner != session or int(number) < self._used.get(
                owner, 0
            )
            self._used[owner] = int(number)

    def report(self) -> dict[str, Any]:
        with self._lock:
            return {
                "marks": dict(self.marks),
                "answers": dict(self.answers),
                "count": dict(self.count),
            }


class Connection:
    """One connection, from its setup to its accident."""

    def __init__(self, notes: Notes, chance: random.Random, seconds: float) -> None:
        self._notes = notes
        self._chance = chance
        self._seconds = seconds
        self._calls: set[str] = set()
        self._withdrawn: set[str] = set()
        self._session = ""
        self._agenda: queue.SimpleQueue[bytes | str | None] = queue.SimpleQueue()

    def answer(self, requests: Iterator[bytes], context: Any) -> Iterator[bytes]:
        """Answer every marked message; now and then call a function first."""
        setup = _CLIENT.FromString(next(requests)).setup
        self._session = setup.system_instruction.parts[0].text
        if setup.session_resumption.handle:
            self._notes.resume(self._session, setup.session_resumption.handle)
        context.add_callback(lambda: self._agenda.put(None))
        threading.Thread(target=self._read, args=(requests,), daemon=True).start()
        yield _message(setup_complete={})
        yield self._update()
        accident = threading.Timer(
            self._chance.expovariate(1 / self._seconds),
            self._agenda.put,
            [self._chance.choice(ACCIDENTS)],
        )
        accident.daemon = True
        accident.start()
        try:
            yield from self._work(context)
        finally:
            accident.cancel()

    def _read(self, requests: Iterator[bytes]) -> None:
        with contextlib.suppress(grpc.RpcError):
            for data in requests:
                self._agenda.put(data)
        self._agenda.put(None)

    def _work(self, context: Any) -> Iterator[bytes]:
        """Do what is on the agenda: messages of the client, and the accident."""
        while (item := self._agenda.get()) is not None:
            if isinstance(item, bytes):
                yield from self._react(_CLIENT.FromString(item))
                continue
            if item.startswith("late "):
                context.abort(grpc.StatusCode.ABORTED, "it was time")
            self._notes.tell(item)
            if item == "stall":
                while self._agenda.get() is not None:
                    pass
                return
            if item == "go_away":
                yield _message(go_away={"time_left": {"seconds": 1, "nanos": 500_000_000}})
                late = threading.Timer(NOTICE, self._agenda.put, ["late ABORTED"])
                late.daemon = True
                late.start()
                continue
            context.abort(grpc.StatusCode[item], "an accident")

    def _react(self, message: Any) -> Iterator[bytes]:
        if message.realtime_input.audio.data:
            number = int.from_bytes(message.realtime_input.audio.data[:8], "little")
            self._notes.frame(self._session, number)
        for response in message.tool_response.function_responses:
            if response.id in self._withdrawn:
                self._notes.tell("answers to withdrawn calls")
                continue
            known = response.id in self._calls
            self._calls.discard(response.id)
            self._notes.answer(response.id, known=known)
            yield from self._finish("thanks")
        for turn in message.client_content.turns:
            text = turn.parts[0].text
            self._notes.mark(text)
            if self._calls:
                yield from self._withdraw()
            yield _message(session_resumption_update={"resumable": False})
            yield _say(text)
            if self._chance.random() < 0.1:
                call = f"call-{self._chance.getrandbits(63)}"
                self._calls.add(call)
                function = {"id": call, "name": "look_up", "args": {"text": text}}
                yield _message(tool_call={"function_calls": [function]})
            else:
                yield from self._finish("done")

    def _withdraw(self) -> Iterator[bytes]:
        """Interrupt the turn that waits for an answer."""
        yield _message(tool_call_cancellation={"ids": sorted(self._calls)})
        self._withdrawn |= self._calls
        self._calls.clear()
        yield _message(server_content={"interrupted": True})
        yield _message(server_content={"turn_complete": True})

    def _finish(self, text: str) -> Iterator[bytes]:
        yield _say(text)
        yield _message(server_content={"turn_complete": True})
        yield self._update()

    def _update(self) -> bytes:
        handle = self._notes.issue(self._session)
        return _message(session_resumption_update={"new_handle": handle, "resumable": True})


ACCIDENTS = (
    *("ABORTED", "UNAVAILABLE", "INTERNAL", "DEADLINE_EXCEEDED"),
    *("stall", "go_away"),
)
"""What may happen: the call ends with a status, or the server falls silent, or says that it will end."""


def _message(**fields: Any) -> bytes:
    data: bytes = _SERVER(**fields).SerializeToString()
    return data


def _say(text: str) -> bytes:
    return _message(server_content={"model_turn": {"role": "model", "parts": [{"text": text}]}})


class _Router(grpc.GenericRpcHandler):  # type: ignore[misc]  # grpcio publishes no types
    def __init__(self, notes: Notes, seconds: float, seed: int) -> None:
        self._notes = notes
        self._seconds = seconds
        self._chance = random.Random(seed)

    def service(self, details: Any) -> Any:
        if details.method != PATH:
            return None
        chance = random.Random(self._chance.getrandbits(64))
        connection = Connection(self._notes, chance, self._seconds)
        return grpc.stream_stream_rpc_method_handler(connection.answer)


def main() -> None:
    """Serve until the standard input ends."""
    seconds, seed = float(sys.argv[1]), int(sys.argv[2])
    notes = Notes()
    server = grpc.server(futures.ThreadPoolExecutor(1000))
    server.add_generic_rpc_handlers((_Router(notes, seconds, seed),))
    port = server.add_insecure_port("127.0.0.1:0")
    server.start()
    ended = threading.Event()
    with Shim(f"127.0.0.1:{port}") as shim:
        print(shim.target, flush=True)

        def cut() -> None:
            chance = random.Random(seed)
            while not ended.wait(chance.uniform(0.5, 1.5) * CUT_SECONDS):
                notes.tell("cut")
                shim.cut()
                shim.restore()

        threading.Thread(target=cut, daemon=True).start()
        sys.stdin.readline()  # no more accidents for everybody at once
        ended.set()
        print("calm", flush=True)
        sys.stdin.read()
    server.stop(0.1).wait()
    print(json.dumps(notes.report()))


if __name__ == "__main__":
    main()
