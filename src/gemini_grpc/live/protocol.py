"""The live protocol of one connection after the other: a state machine without loop, thread or clock.

- Whatever a caller may not do raises at the caller, before anything is queued.
- Whatever the server sends never raises: what is wrong with it becomes `failure`, what is not known an
  `Unknown` event.
- It outlives connections: `connect` begins the next one, `disconnect` ends the turn that was open.

What an API version can say is its `Dialect`, what a model can do its `Profile`; `reading` turns messages
of the server into events, and this turns events into state.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Literal

from gemini_grpc.errors import ArgumentError
from gemini_grpc.live import arguments, dialect, events, profile, reading
from gemini_grpc.live.audio.samples import PCM, mime_type, whole
from gemini_grpc.live.config import merged
from gemini_grpc.live.errors import LiveError, MalformedMessage, StateError, UnsupportedFeature
from gemini_grpc.live.ledger import Ledger, is_output
from gemini_grpc.live.outgoing import Kind, Outgoing

if TYPE_CHECKING:
    from gemini_grpc.live.config import LiveConfig
    from gemini_grpc.live.events import Event

State = Literal["new", "setup", "open", "closed"]


@dataclass(frozen=True, slots=True)
class Pending:
    """A function call that is not answered yet."""

    name: str
    """The function."""
    blocking: bool
    """The model waits for the answer."""


class LiveProtocol:
    """What one session has said and heard, and what may be said next."""

    def __init__(
        self,
        model: str,
        config: LiveConfig,
        *,
        version: str = "v1beta",
        declarations: Sequence[object] = (),
        tools: Sequence[object] = (),
        handle: str = "",
        resumable: bool = True,
    ) -> None:
        """Check what is asked for against the version and the model.

        Raises:
            UnsupportedFeature: One of them does not have it.
            FieldError: A field of the setup is unknown or has the wrong type.
        """
        arguments.text("model", model)
        self.profile = profile.of(model)
        self._config = config
        self._dialect = dialect.of(version)
        self._setup = self._with_tools(config.setup(model), tools, declarations)
        self._blocking = self._check_setup(self._dialect.setup(self._setup))
        self._resumption = merged(
            "extra.session_resumption", {}, self._setup.get("session_resumption")
        )
        if resumable and self._resumption.get("handle"):
            raise ArgumentError(
                "extra.session_resumption has a handle; expected it in Resume(handle=...)"
            )
        self.can_resume = resumable and self._dialect.can_resume
        """The version can resume sessions, and this one asks for it."""
        self.state: State = "new"
        self.failure: LiveError | None = None
        """What is wrong with the connection as far as the server's messages tell."""
        self.handle = handle
        """The handle to go on with; empty if there is none."""
        self.resumable = bool(handle)
        """The server can go on from the handle now: nothing is being generated."""
        self.turn_open = False
        """The model's turn has begun and has not ended."""
        self.activity = False
        """The user's activity has begun and has not ended."""
        self.pending: dict[str, Pending] = {}
        """The calls that are not answered yet, by id."""
        self.usage = self._turn_usage = events.Usage()
        """The sum of all turns."""
        self.ledger = Ledger()
        """What may not have arrived, and what the model owes."""
        self._interrupted = False
        self._cut_off = False  # the last turn was interrupted, and nothing was said since
        self._samples = reading.Samples()
        self._cancelled: frozenset[str] = frozenset()
        self._answered: set[str] = set()  # over this connection
        self._answers: list[Outgoing] = []  # of calls, that are not written yet
        self._speech = reading.Speech()
        self._uncertain: tuple[Outgoing, ...] = ()
        self._activity_written = False
        self._said = False  # something of which the end of an activity makes a turn

    # the setup

    def _with_tools(
        self, setup: dict[str, Any], tools: Sequence[object], declarations: Sequence[object]
    ) -> dict[str, Any]:
        """Return the setup with more tools; functions are a tool of their own."""
        every = [*setup.get("tools", ()), *tools]
        if declarations:
            every.append({"function_declarations": declarations})
        return setup | {"tools": list(map(self._dialect.tool, every))} if every else setup

    def _check_setup(self, setup: Any) -> dict[str, bool]:
        """Refuse what the model does not have; return which functions block."""
        modalities = setup.generation_config.response_modalities
        modality = setup.generation_config.Modality
        if len(modalities) > 1:
            names = ", ".join(map(modality.Name, modalities))
            raise UnsupportedFeature(f"a session answers with one modality, not {names}")
        if modality.Value("TEXT") in modalities and not self.profile.text_output:
            raise UnsupportedFeature(
                f"{self._setup['model']} has no text output; use AUDIO with transcripts=True"
            )
        return {
            each.name: self._check_behavior(each)
            for tool in setup.tools
            for each in tool.function_declarations
        }

    def _check_behavior(self, declaration: Any) -> bool:
        """Return whether a function blocks."""
        behavior = getattr(declaration, "behavior", 0)  # v1alpha has no choice
        if not behavior:
            return self.profile.blocking_by_default
        blocking: bool = behavior == declaration.BLOCKING
        if not blocking and not self.profile.non_blocking:
            raise UnsupportedFeature(
                f"{self._setup['model']} has no NON_BLOCKING functions, and "
                f"{declaration.name!r} is one"
            )
        return blocking

    def is_declared(self, function: str) -> bool:
        """Tell whether the model was told of a function."""
        return function in self._blocking

    def is_blocking(self, function: str) -> bool:
        """Tell whether the model waits for the answers of a function."""
        return self._blocking.get(function, self.profile.blocking_by_default)

    def connect(self) -> bytes:
        """Begin a connection and return its first message, the setup."""
        setup = dict(self._setup)
        if self.can_resume:
            handle = {"handle": self.handle} if self.handle else {}
            setup["session_resumption"] = self._resumption | handle
        self.state = "setup"
        self.failure = None
        return self._dialect.encode({"setup": setup})

    # what the caller says

    def content(self, turns: Any, *, turn_complete: bool = True) -> Outgoing:
        """Return a text, a content or several; they interrupt the model, and a complete turn is answered."""
        self._check_open()
        arguments.flag("turn_complete", turn_complete)
        if isinstance(turns, str):
            turns = {"role": "user", "parts": [{"text": turns}]}
        turns = list(turns) if isinstance(turns, (list, tuple)) else [turns]
        content = {"turns": turns, "turn_complete": turn_complete}
        data = self._dialect.encode({"client_content": content})
        return Outgoing("content", data, asks=turn_complete)

    def text(self, text: str) -> Outgoing:
        """Return a piece of realtime text."""
        arguments.text("text", text)
        message = self._realtime("text", text, asks=not self._config.manual_activity)
        self._said = True
        return message

    def audio(self, pcm: PCM, rate: int) -> Outgoing:
        """Return a piece of realtime audio: PCM, 16 bit, one channel."""
        pcm = whole(pcm)
        data = self._blob("audio", mime_type(rate), pcm)
        return Outgoing("audio", data, len(pcm) / 2 / rate, prompts=True)

    def video(self, image: bytes, image_type: str) -> Outgoing:
        """Return a frame of realtime video."""
        image = arguments.media("image", image)
        arguments.media_type("mime_type", image_type)
        return Outgoing("video", self._blob("video", image_type, image))

    def audio_stream_end(self) -> Outgoing:
        """Return the mark that no audio follows for now."""
        if self._config.manual_activity:
            raise UnsupportedFeature("audio_stream_end is for sessions without manual_activity")
        return self._realtime("audio_stream_end", value=True)

    def activity_start(self) -> Outgoing:
        """Return the mark that the user begins to speak."""
        self._check_manual("activity_start")
        if self.activity:
            raise StateError("activity_start was sent already; send activity_end first")
        message = self._realtime("activity_start", {})
        self.activity = True
        return message

    def activity_end(self) -> Outgoing:
        """Return the mark that the user has finished."""
        self._check_manual("activity_end")
        if not self.activity:
            raise StateError("activity_end without activity_start")
        message = self._realtime("activity_end", {}, asks=self._said)
        self.activity = self._said = False
        return message

    def tool_response(
        self,
        call: str,
        response: Mapping[str, Any],
        *,
        scheduling: str = "",
        will_continue: bool = False,
    ) -> Outgoing:
        """Return the answer to a call.

        Raises:
            StateError: The call is not known, is cancelled, or has been answered.
            UnsupportedFeature: The function blocks, and only others have a choice.
            FieldError: The response is no JSON.
        """
        self._check_open()
        arguments.tool_result(call, response, scheduling, will_continue)
        pending = self.pending.get(call)
        if pending is None:
            said = "was cancelled" if call in self._cancelled else "is not pending"
            raise StateError(f"call {call!r} {said}; it cannot be answered")
        if (scheduling or will_continue) and pending.blocking:
            raise UnsupportedFeature("scheduling and will_continue are for NON_BLOCKING functions")
        answer: dict[str, Any] = {"id": call, "name": pending.name, "response": dict(response)}
        if scheduling:
            answer["scheduling"] = scheduling
        if will_continue:
            answer["will_continue"] = True
        data = self._dialect.encode({"tool_response": {"function_responses": [answer]}})
        if not will_continue:
            del self.pending[call]
            self._answered.add(call)
        result = events.ToolResult(call, pending.name, response)
        message = Outgoing(
            "tool_response",
            data,
            prompts=scheduling != "SILENT",
            answer=result,
            blocking=pending.blocking,
        )
        self._answers.append(message)
        return message

    @property
    def holds_realtime(self) -> bool:
        """A blocking call has no answer that is on its way, and until then the model takes no input."""
        if self.profile.input_during_call == "sent" or not (self.pending or self._answers):
            return False
        pending = any(call.blocking for call in self.pending.values())
        return pending or any(answer.blocking for answer in self._answers)

    def _blob(self, kind: Literal["audio", "video"], mime_type: str, data: bytes) -> bytes:
        self._check_open()
        encoded = self._dialect.blob(kind, mime_type, data)
        self._said = self._said or self.activity
        return encoded

    def _realtime(self, kind: Kind, value: Any, *, asks: bool = False) -> Outgoing:
        self._check_open()
        return Outgoing(kind, self._dialect.realtime(kind, value), asks=asks)

    def _check_manual(self, name: str) -> None:
        if not self._config.manual_activity:
            raise UnsupportedFeature(f"{name} needs LiveConfig(manual_activity=True)")

    def _check_open(self) -> None:
        if self.state == "closed":
            raise StateError("the session has ended")

    def written(self, message: Outgoing, now: float = 0.0) -> None:
        """Note that a message is on its way, at a time of the caller's clock."""
        if message.kind in {"activity_start", "activity_end"}:
            self._activity_written = message.kind == "activity_start"
        if message in self._answers:
            self._answers.remove(message)
        self.ledger.add(message, now, turn_open=self.turn_open)

    # what the server says

    def receive(self, data: bytes, now: float = 0.0) -> list[Event]:
        """Return what a message of the server means; what is wrong with it becomes `failure`."""
        speech = self._speech.read(data) if self.state == "open" else None
        found = self._parse(data) if speech is None else [speech]
        return [event for each in found if (event := self._take(each, now)) is not None]

    def _parse(self, data: bytes) -> list[Event]:
        try:
            message = self._dialect.decode(data)
        except MalformedMessage as error:
            self.failure = error
            return []
        kind = message.WhichOneof("message_type")
        greets = kind == "setup_complete"
        if self.state == "setup" and not greets:
            text = f"the first message is {kind or 'empty'}, not setup_complete"
            self.failure = MalformedMessage(text, data)
            return []
        found = reading.read(message, self._dialect)
        if self.state != "setup" and greets:
            found.append(events.Unknown(self._dialect.message(message)))
        if self.state == "setup":
            self.state = "open"
            self.ledger.connection += 1
        self._speech.learn(data, found)
        return found

    def message(self, data: bytes) -> Any:
        """Return a message of the server as it is, for whoever wants to see everything."""
        return self._dialect.message(self._dialect.decode(data))

    def _take(self, event: Event, now: float) -> Event | None:
        """Apply an event; return it as the session publishes it, or None if it says nothing new."""
        match event:
            case events.AudioOut() if self._interrupted and self.turn_open:
                return None  # generated before the interruption
            case events.AudioOut():
                event = self._samples.whole(event)
            case events.ToolCall(id=call) if call in self.pending or self._is_answered(call):
                return None  # the same once more
            case events.TurnEnd() if self._cut_off and not self._interrupted:
                return None  # an empty turn right after an interrupted one belongs to it
            case events.TurnEnd() if self._interrupted:
                event = replace(event, reason="interrupted")
        self.ledger.see(event, now, turn_open=self.turn_open)
        if is_output(event):
            self._interrupted = self._interrupted and self.turn_open
            self._cut_off = False
            self.turn_open = True
            self.resumable = False
        return self._apply(event)

    def _apply(self, event: Event) -> Event | None:
        match event:
            case events.Interrupted():
                self._interrupted = True
            case events.TurnEnd(reason=reason, waiting=waiting):
                return self._end_turn(reason, waiting)
            case events.UsageReport(usage=usage):
                self._turn_usage += usage
                self.usage += usage
            case events.AudioOut(pcm=b"") if self._samples.half:
                return None  # half a sample waits for the other half
            case events.ToolCall(id=call, name=name):
                self.pending[call] = Pending(name, self.is_blocking(name))
                self._cancelled -= {call}
            case events.ToolCallCancelled(ids=ids):
                self._cancel(ids)
            case events.ResumptionUpdate(handle=handle, resumable=resumable):
                self.resumable = resumable
                if resumable and handle:
                    self.handle = handle
        return event

    def _end_turn(self, reason: events.EndReason, waiting: bool = False) -> events.TurnEnd:
        end = events.TurnEnd(reason, self._turn_usage, waiting)
        self._turn_usage = events.Usage()
        self.turn_open = False
        self._interrupted = False
        self._cut_off = reason == "interrupted"
        self._samples.clear()
        return end

    def _is_answered(self, call: str) -> bool:
        return bool(call) and call in self._answered  # calls without id are all different

    def _cancel(self, calls: Sequence[str]) -> None:
        for call in calls:
            self.pending.pop(call, None)
        unwritten = {each.answer_id for each in self._answers}.intersection(calls)
        self._answers = [each for each in self._answers if each.answer_id not in unwritten]
        self._answered -= unwritten
        self._cancelled = self._cancelled.union(calls)

    # between connections

    @property
    def turns_due(self) -> int:
        """How many turns of the model have begun, or were asked for, and have not ended."""
        return self.ledger.turns_due(turn_open=self.turn_open)

    @property
    def busy(self) -> bool:
        """The model has a turn, owes one, or has still to get or to answer the result of a call."""
        calls = self.pending or self._answers or self.ledger.awaits_reply
        return bool(self.turns_due or calls)

    @property
    def quiet(self) -> bool:
        """The connection can be replaced without losing anything.

        There is no turn, no call, no result to be answered, a good handle, and nothing written that may not
        be part of it.
        """
        return not (self.busy or self.ledger) and bool(self.handle) and self.resumable

    def disconnect(self) -> list[Event]:
        """End the connection: a turn that was open or due gets its end, its calls are void.

        The turn in which the model answers to a function result is due as well. Calls whose answers were not
        written are void, too: no other connection knows them.
        """
        found: list[Event] = []
        answered = [each.answer.id for each in self._answers if each.answer is not None]
        void = tuple(dict.fromkeys([*self.pending, *answered]))
        if void:
            found.append(events.ToolCallCancelled(void, "connection_lost"))
            self._cancel(void)
        if self.turns_due or self.ledger.awaits_reply:
            found.append(self._end_turn("connection_lost"))
        self._uncertain += self.ledger.take()
        self._interrupted = self._cut_off = False
        self._samples.clear()
        self._answered.clear()
        if self.state != "closed":
            self.state = "new"
        return found

    @property
    def uncertain(self) -> tuple[Outgoing, ...]:
        """The control messages that were written, without a proof that they have arrived."""
        return (*self._uncertain, *self.ledger)

    def take_uncertain(self) -> tuple[Outgoing, ...]:
        """Return, once, the control messages that connections before may or may not have delivered."""
        found, self._uncertain = self._uncertain, ()
        return found

    def restore(self) -> Outgoing | None:
        """Return what a new connection has to be told first: that the user is in mid-speech."""
        if not self._activity_written:
            return None
        self._activity_written = False
        return Outgoing("activity_start", self._dialect.realtime("activity_start", {}))

    def close(self) -> None:
        """End the session."""
        self.state = "closed"
