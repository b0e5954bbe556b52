"""Control messages that were written, and of which nothing proves yet that they have arrived.

The protocol has no acknowledgements, so what the model says is the proof: it answers what was asked.
Messages arrive in the order they are written, so the proof of one is that of all before it. Whatever
the model says in a turn that had begun, or was asked for, earlier proves nothing, because it may have
been on its way already. A resumption update covers what was written some time before it came, not what
may have crossed with it.

That a turn is owed is another matter: a message that has arrived may not be answered yet, whatever an
update says. Only the model's output, the end of its turn or of the connection settles that, and where one
turn may have been for two questions, an update some time later or somebody who has waited in vain. A turn
that is interrupted before it says anything settles a question only if the client has sent something since
that interrupts: otherwise it is the turn that the question itself has interrupted.

A busy update (a resumption update that is not `resumable`) announces a turn only if there is something for
the model to answer: a question, or speech or a function result to which it has not said anything yet. An
update that comes later than the turn it belongs to announces nothing.

Saying too often that something is uncertain costs a question, saying it too rarely loses a message.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gemini_grpc.live import events

if TYPE_CHECKING:
    from gemini_grpc.live.events import Event
    from gemini_grpc.live.outgoing import Kind, Outgoing

CROSSING_SECONDS = 10.0
"""How long a message may be under way while the server, not knowing it, sends an update."""

_INTERRUPTING: frozenset[Kind] = frozenset({"content", "text", "audio", "activity_start"})
"""What interrupts the model, or may."""

_OUTPUT = (events.AudioOut, events.TextOut, events.PartOut, events.ToolCall)


def is_output(event: Event) -> bool:
    """Return whether an event opens a turn of the model.

    Transcripts, sources, usage and `GenerationComplete` do not: they may arrive after the end of their turn.
    """
    return isinstance(event, _OUTPUT)


@dataclass(slots=True)
class _Entry:
    message: Outgoing
    turns: int
    """How many turns of the model end before one that proves anything."""
    at: float
    """When it was written."""


@dataclass(slots=True)
class _Owed:
    at: float
    """When it was asked for."""
    cut: bool = False
    """Something was sent since that interrupts its turn."""
    passed: bool = False
    """Another turn has come since, and may have been the answer to this as well."""


class Ledger:
    """What is uncertain about one connection, and which turns are owed over it."""

    __slots__ = ("_begun", "_entries", "_expected", "_owed", "_prompts", "connection")

    def __init__(self) -> None:
        self._entries: list[_Entry] = []
        self.connection = 0
        """How many connections were set up; the number of the one that is open."""
        self._expected: dict[Outgoing, int | None] = {}
        """The questions that are followed, and the connection over which they were written, if they were."""
        self._owed: list[_Owed] = []  # turns that were asked for, and have not said anything yet
        self._begun = False  # a turn was begun that has not said anything yet
        self._prompts: dict[Kind, float] = {}  # when what the model may yet answer was written

    def __bool__(self) -> bool:
        return bool(self._entries)

    def turns_due(self, *, turn_open: bool) -> int:
        """Return how many turns have still to end: the open one, and what was asked for or begun."""
        return (turn_open + len(self._owed)) or int(self._begun)

    @property
    def awaits_reply(self) -> bool:
        """The model has been sent a function result, and has not said anything since."""
        return "tool_response" in self._prompts

    def __iter__(self) -> Iterator[Outgoing]:
        return iter([entry.message for entry in self._entries])

    def expect(self, questions: Iterable[Outgoing]) -> None:
        """Follow questions that are not written yet, over connections; those before are forgotten."""
        self._expected = dict.fromkeys(questions)

    def is_lost(self, question: Outgoing, connection: int) -> bool:
        """Return whether a question that is followed has ended with a connection, or one before it."""
        over = self._expected[question]
        return over is not None and over <= connection

    def add(self, message: Outgoing, now: float, *, turn_open: bool) -> None:
        """Note that a message is being written, while a turn of the model is open or not.

        Audio and video leave no entry: they are not sent again.
        """
        if message.prompts:
            self._prompts[message.kind] = now
        if message.kind in _INTERRUPTING:
            for owed in self._owed:
                owed.cut = True
        if not message.is_control:
            return
        if message in self._expected:
            self._expected[message] = self.connection
        asked = sum(_asks(entry.message) for entry in self._entries)
        awaited = message.blocking and not asked  # what asks for a turn has ended the wait for it
        turns = 0 if awaited else int(turn_open or self._begun) + asked
        self._entries.append(_Entry(message, turns, now))
        if message.asks:
            self._owed.append(_Owed(now))

    def see(self, event: Event, now: float, *, turn_open: bool) -> None:
        """Take an event for the proof it may be; a turn was open or not before it."""
        if self._prompts and is_output(event):
            self._prompts.pop("tool_response", None)  # what the model says is its reply
            if not turn_open:  # speech during a turn may be answered after it
                self._prompts.clear()
        waits = self._entries or self._owed or self._begun
        if not (waits or isinstance(event, events.ResumptionUpdate)):
            return  # there is nothing to prove
        if isinstance(event, events.ResumptionUpdate) and event.resumable:
            self._see_idle(now - CROSSING_SECONDS)
            return
        ends = isinstance(event, events.TurnEnd)
        if not turn_open and (ends or is_output(event)):
            self._pay(cut_off=isinstance(event, events.TurnEnd) and event.reason == "interrupted")
        begins = _begins(event) and bool(self._owed or self._prompts)
        self._begun = (self._begun and not ends) or begins
        if not ends and not is_output(event) and not _begins(event):
            return
        for at in range(len(self._entries) - 1, -1, -1):
            if self._proves(event, self._entries[at]):
                del self._entries[: at + 1]
                break
        if ends:
            for entry in self._entries:
                entry.turns = max(0, entry.turns - 1)

    def _pay(self, *, cut_off: bool) -> None:
        """Take a turn that begins, or ends without having said anything, for the one that is owed."""
        if cut_off and self._owed and not self._owed[0].cut:
            self._owed[0].passed = True
            return
        self._owed = self._owed[1:]
        if not cut_off:
            for owed in self._owed:
                owed.passed = True

    def _see_idle(self, before: float) -> None:
        """Take what was written before a time for arrived; the model has said that it is idle."""
        self._begun = False
        self._prompts = {kind: at for kind, at in self._prompts.items() if at > before}
        while self._entries and self._entries[0].at <= before:
            del self._entries[0]
        self._owed = [owed for owed in self._owed if owed.at > before or not owed.passed]

    def settle(self, *, turn_open: bool) -> None:
        """Take it that nothing more comes, because somebody has waited for it long enough.

        What another turn may have been the answer to as well is not owed any more; what no turn has come
        for may still have one. While a turn is open, or a question waits to be written, nobody can tell.
        """
        if not turn_open and None not in self._expected.values():
            self._owed = [owed for owed in self._owed if not owed.passed]
            self._begun = False

    def take(self) -> tuple[Outgoing, ...]:
        """Return what is uncertain, and forget it, for the connection has ended."""
        found = tuple(self)
        self._entries.clear()
        self._owed.clear()
        self._prompts.clear()
        self._begun = False
        return found

    def _proves(self, event: Event, entry: _Entry) -> bool:
        if entry.turns:
            return False
        # calls may come one after the other; the next is no answer to a response for the last
        late_call = isinstance(event, events.ToolCall) or _begins(event)
        return not (late_call and entry.message.kind == "tool_response")


def _asks(message: Outgoing) -> bool:
    return message.asks or message.kind in {"text", "activity_end"}


def _begins(event: Event) -> bool:
    """Tell whether an event says that the model has begun something."""
    return isinstance(event, events.ResumptionUpdate) and not event.resumable
