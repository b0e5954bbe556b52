"""The dialog of a session after its setup: turns of the user and of the model, interruptions, calls.

- The model is idle, or it has one turn: it speaks, or waits for functions that block.
- What the user says while the model may not be interrupted, and results of functions that come while
  it speaks, wait in line until it is idle.
- An interruption sends `tool_call_cancellation` for the open calls of the turn, then `interrupted`, then
  `turn_complete`; only what was sent stays in the conversation.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable
from typing import TYPE_CHECKING

from gemini_grpc.emulator import status
from gemini_grpc.emulator.live.calls import Calls, Result
from gemini_grpc.emulator.live.conversation import Conversation, Snapshot, Turn, turn
from gemini_grpc.emulator.live.handles import Connection, Saved
from gemini_grpc.emulator.live.listener import Listener, Said
from gemini_grpc.emulator.live.reply import Reply, plan

if TYPE_CHECKING:
    from collections.abc import Iterable

    from gemini_grpc.emulator.convert import Data
    from gemini_grpc.emulator.live.engine import Engine
    from gemini_grpc.emulator.live.settings import Live
    from gemini_grpc.emulator.live.setup import Setup
    from gemini_grpc.emulator.live.voice import Began


class Dialog:
    """What follows one setup.

    Args:
        engine: The rest of the emulator.
        live: The settings.
        setup: What the session is fixed to.
        snapshot: The conversation to go on with.
        connection: Where handles are issued.
        send: Takes the messages for the client.
    """

    def __init__(
        self,
        engine: Engine,
        live: Live,
        setup: Setup,
        *,
        snapshot: Snapshot,
        connection: Connection,
        send: Callable[[Data], None],
    ) -> None:
        self._engine = engine
        self._live = live
        self._setup = setup
        self._connection = connection
        self._send = send
        instruction = setup.request.get("system_instruction")
        self._conversation = Conversation(snapshot, instruction=instruction)
        self._listener = Listener(setup)
        self._calls = Calls(seed=engine.seed)
        self._reply: Reply | None = None
        self._line: deque[tuple[list[Turn], bool]] = (
            deque()
        )  # turns, and whether they want an answer
        self._results: list[Result] = []  # of calls that block, until all are in
        self._bundle = setup.profile.bundles if live.bundle is None else live.bundle
        self._announced: int | None = 0  # the revision of the last handle, None: not resumable

    @property
    def due(self) -> float:
        """When the model's next step is due; infinity if it is idle or waits for the client."""
        return math.inf if self._reply is None else self._reply.due

    def client_content(self, data: Data, now: float) -> None:
        """Take in turns, which cut off the model; answer if they are complete."""
        complete = bool(data.get("turn_complete"))
        turns = self._checked(data.get("turns", []), complete=complete)
        self._interrupt()
        self._line.append((turns, complete))
        self._settle(now, at_once=complete)

    def realtime_input(self, data: Data, now: float) -> None:
        """Take in audio, video, text or a mark of activity."""
        if self._calls.blocked and not self._setup.profile.realtime_while_blocked:
            raise status.failed_precondition(
                "realtime_input must not be sent while a blocking function call is pending"
            )
        self._hear(self._listener.hear(data), now)

    def tool_response(self, data: Data, now: float) -> None:
        """Take in results of functions; go on when all are in that block."""
        responses = data.get("function_responses")
        if not responses:
            raise status.invalid("tool_response.function_responses", "is empty")
        for result in self._calls.answer(responses):
            self._take(result)
        if self._results and not self._calls.blocked:
            self._resume(now)
        else:
            self._settle(now)

    def hang_up(self, now: float) -> None:
        """Take the client's side for ended: what is being said is finished."""
        self._hear(self._listener.close(), now)

    def step(self, now: float) -> None:
        """Let the model do the next thing it has planned."""
        assert self._reply is not None
        taken = self._reply.take(bundle=self._bundle)
        content: Data = {}
        for step in taken:
            content.update(step.rendered)
        if taken[0].calls:
            self._call(taken[0].calls)
        elif taken[-1].ends:
            self._end_turn(content)
            self._settle(now)
        else:
            self._send({"server_content": content})

    def _checked(self, contents: list[Data], *, complete: bool) -> list[Turn]:
        """Return contents of the client as turns."""
        path = "client_content.turns"
        for index, content in enumerate(contents):
            role = content.setdefault("role", "user")
            if role not in {"user", "model"}:
                raise status.invalid(
                    f"{path}[{index}].role", f"is {role!r}, expected user or model"
                )
            if not content.get("parts"):
                raise status.invalid(f"{path}[{index}].parts", "is required")
        if complete and not (contents or self._conversation.contents() or self._line):
            raise status.invalid(path, "is empty, so there is nothing to answer")
        last = contents[-1]["role"] if contents else "user"
        if complete and last == "model" and not self._setup.profile.model_last:
            raise status.invalid(path, "ends with the model; this model answers only the user")
        return [turn(content) for content in contents]

    def _hear(self, events: Iterable[Began | Said], now: float) -> None:
        for event in events:
            if isinstance(event, Said):
                self._said(event, now)
            elif self._setup.interruptible:
                self._interrupt()

    def _said(self, said: Said, now: float) -> None:
        if said.transcript and self._setup.transcribe_input:
            self._send({"server_content": {"input_transcription": {"text": said.transcript}}})
        if said.turn is not None:
            self._line.append(([said.turn], not said.unfinished))
        if said.unfinished and self._reply is None:
            self._send({"server_content": {"waiting_for_input": True}})
        self._settle(now)

    def _take(self, result: Result) -> None:
        """Put a result where its scheduling wants it."""
        if result.call.blocking:
            self._results.append(result)
            return
        if result.scheduling == "INTERRUPT" and self._reply is not None and not self._calls.blocked:
            self._interrupt(withdraw=False)
        self._line.append((_exchange([result]), result.scheduling != "SILENT"))

    def _interrupt(self, *, withdraw: bool = True) -> None:
        """Cut off the model, if it has a turn."""
        if self._reply is None:
            if withdraw and self._live.spurious_interruptions:
                self._send({"server_content": {"interrupted": True}})
                self._send({"server_content": {"turn_complete": True}})
            return
        ids = self._calls.withdraw() if withdraw else []
        if ids:
            self._send({"tool_call_cancellation": {"ids": ids}})
        stale = self._reply.stale() if self._live.late_audio else {}
        self._send({"server_content": {**stale, "interrupted": True}})
        self._end_turn({"turn_complete": True})

    def _end_turn(self, content: Data) -> None:
        """Keep what the model has said, and say that its turn is over."""
        assert self._reply is not None
        self._remember(self._reply)
        report = self._reply.report()
        self._reply = None
        if report is None:
            self._send({"server_content": content})
        elif self._live.usage_alone:
            self._send({"server_content": content})
            self._send({"usage_metadata": report})
        else:
            self._send({"server_content": content, "usage_metadata": report})

    def _remember(self, reply: Reply) -> None:
        """Add what the model has said, and the results that it waited for, to the conversation."""
        spoken = reply.spoken()
        results, self._results = self._results, []
        self._conversation.add([*([spoken] if spoken else []), *_exchange(results)])

    def _settle(self, now: float, *, at_once: bool = False) -> None:
        """Take up what waits in line, if the model is idle and the user is not in mid-speech."""
        if self._reply is not None:
            return
        if self._listener.speaking and not at_once:
            if not self._line:
                self._announce(now)
            return
        asked = at_once
        while self._line:
            turns, asks = self._line.popleft()
            self._conversation.add(turns)
            asked = asked or asks
        if asked:
            self._begin(now)
        else:
            self._announce(now)

    def _begin(self, now: float) -> None:
        self._reply = Reply()
        self._calls.begin_turn()
        self._announce(now)
        self._generate(self._reply, now)

    def _resume(self, now: float) -> None:
        """Go on with a turn whose functions have run."""
        assert self._reply is not None
        self._remember(self._reply)
        self._generate(self._reply, now)

    def _generate(self, reply: Reply, now: float) -> None:
        self._conversation.fit(self._setup.limits)
        request = {**self._setup.request, "contents": self._conversation.contents()}
        response = self._engine.respond(request)
        steps = plan(response, self._setup, self._live, split=self._engine.split, start=now)
        counted = response.get("usage_metadata", {})
        reply.load(steps, prompt=self._conversation.totals(), counted=counted)

    def _call(self, calls: Iterable[Data]) -> None:
        """Send function calls, each with an id."""
        assert self._reply is not None
        issued: list[Data] = []
        for call in calls:
            self._conversation.calls += 1
            blocks = self._setup.blocks(call["name"])
            number = self._conversation.calls
            issued.append(self._calls.issue(call, number=number, blocking=blocks))
        message: Data = {"tool_call": {"function_calls": issued}}
        if self._calls.blocked and (report := self._reply.report()):
            message["usage_metadata"] = report
        self._send(message)

    def _announce(self, now: float) -> None:
        """Send a resumption update if it says anything new."""
        if not self._setup.resumable:
            return
        if self._reply is not None or self._calls.any_open:
            if self._announced is not None:
                self._send({"session_resumption_update": {"resumable": False}})
            self._announced = None
            return
        if self._announced == self._conversation.revision:
            return
        self._announced = self._conversation.revision
        saved = Saved(self._setup.model, self._conversation.snapshot(), now, self._connection)
        handle = self._live.handles.issue(saved, seed=self._engine.seed)
        self._send({"session_resumption_update": {"new_handle": handle, "resumable": True}})


def _exchange(results: list[Result]) -> list[Turn]:
    """Return calls and their results as turns."""
    if not results:
        return []
    called = [{"function_call": result.call.data} for result in results]
    answered = [{"function_response": result.data} for result in results]
    return [turn({"role": "model", "parts": called}), turn({"role": "user", "parts": answered})]
