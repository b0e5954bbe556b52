"""One turn of the model, whole, and which of them answers a question."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gemini_grpc.live import events
from gemini_grpc.live.ledger import is_output

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from gemini_grpc.live.outgoing import Outgoing


@dataclass(slots=True)
class Turn:
    """What the model has said from the end of the turn before to the end of this one."""

    text: str = ""
    """The text, without thoughts."""
    thoughts: str = ""
    """The thoughts, if they were asked for."""
    speech: list[bytes] = field(default_factory=list, repr=False)
    """The speech in the pieces it came in: PCM, 16 bit, one channel."""
    rate: int = 24000
    """Samples of the speech in a second."""
    transcript: str = ""
    """What the model has said, in writing, if transcripts were asked for."""
    heard: str = ""
    """What the user was heard saying, if transcripts were asked for."""
    parts: list[Any] = field(default_factory=list)
    """Other parts: code, results, images."""
    calls: list[events.ToolCall] = field(default_factory=list)
    """The functions that were called."""
    usage: events.Usage = field(default_factory=events.Usage)
    """The tokens of the turn."""
    end_reason: events.EndReason | None = None
    """Why it ended; None while it goes on, or if the session ended first."""

    @property
    def audio(self) -> bytes:
        """The speech, whole."""
        return b"".join(self.speech)

    def add(self, event: events.Event) -> bool:
        """Take an event in; tell whether the turn is over."""
        match event:
            case events.TextOut(text=text, thought=False):
                self.text += text
            case events.TextOut(text=text):
                self.thoughts += text
            case events.AudioOut(pcm=pcm, rate=rate):
                self.speech.append(pcm)
                self.rate = rate
            case events.Transcript(who="model", text=text):
                self.transcript += text
            case events.Transcript(text=text):
                self.heard += text
            case events.PartOut(part=part):
                self.parts.append(part)
            case events.ToolCall():
                self.calls.append(event)
            case events.TurnEnd(reason=reason, usage=usage):
                self.usage += usage
                self.end_reason = reason
                return True
        return False


class Answer:
    """The turn that answers a message, found among what the session gives after it was queued.

    A turn in which the session ran functions may end before the model has their results; the turn in
    which the model answers to the results is then part of the answer. A turn that is interrupted before
    it says anything is no answer: the question interrupted it.
    """

    def __init__(
        self,
        message: Outgoing,
        ahead: Sequence[Outgoing] = (),
        *,
        past: int,
        due: int,
        late: Iterable[events.Transcript] = (),
        connection: int = 1,
        is_lost: Callable[[Outgoing, int], bool],
        is_followed: Callable[[events.ToolCall], bool],
        awaits_caller: Callable[[events.ToolCall], bool] = lambda _: False,
    ) -> None:
        """Wait for the answer to a message.

        Args:
            message: The question.
            ahead: Those that ask for a turn and were to be written before it.
            past: How many turns have ended that nobody has taken yet.
            due: How many have begun, or were asked for, and end before those `ahead`.
            late: Transcripts that wait to be taken: they came before the question.
            connection: The number of the connection that the next event to be taken came over.
            is_lost: Returns whether a question has ended with the connection of a number, or one before it.
            is_followed: Returns whether the session answers a call, and the model then says something.
            awaits_caller: Returns whether the model waits for a result of a call that the caller sends.
        """
        self.turn = Turn()
        """The answer as far as it has come."""
        self.taken: list[events.Event] = []
        """The events of the answer so far, those of turns that were passed over not included."""
        self._message = message
        self._ahead = ahead
        self._past = past
        self._stale = past + due + len(ahead)  # turns that end first
        self._late = {id(transcript): transcript for transcript in late}
        self._connection = connection
        self._lost_over = is_lost
        self._is_followed = is_followed
        self._awaits_caller = awaits_caller
        self._calls: dict[str, bool] = {}  # that want another turn, and whether they are answered
        self._calls_caller = False
        self._goes_on = False
        self._said = False  # something

    def add(self, event: events.Event) -> bool:
        """Add an event and return whether the answer is complete."""
        self.taken.append(event)
        if isinstance(event, events.OPENED):
            self._connection += 1
        match event:
            case events.TurnEnd(reason="connection_lost") if not self._past:
                return self._lose(event)
            case events.Reconnected() if self._lost_over(self._message, self._connection - 1):
                self.turn.end_reason = "connection_lost"  # nothing is asked a second time
                return True
        self._note(event)
        if self._goes_on and not self._calls and isinstance(event, events.ToolCallCancelled):
            cancelled = event.reason == "cancelled"
            self.turn.end_reason = "complete" if cancelled else "connection_lost"
            return True
        self._said = self._said or is_output(event)
        if id(event) in self._late or not self.turn.add(event):
            return False
        cut_off = self.turn.end_reason == "interrupted" and not self._said
        if self._stale or cut_off:
            self._past = max(0, self._past - 1)
            self._begin(max(0, self._stale - 1))
            return False
        complete = self.turn.end_reason == "complete"
        self._goes_on = bool(self._calls) and complete and not self._calls_caller
        if self._goes_on:
            self.turn.end_reason = None
        return not self._goes_on

    def _note(self, event: events.Event) -> None:
        """Follow the calls: what the model says after a result is taken for what it says to it."""
        if isinstance(event, events.TurnEnd) and not self._goes_on:
            return  # it is the turn of the calls themselves
        if is_output(event):
            self._goes_on = False
            self._forget_answered()
        match event:
            case events.TurnEnd():
                self._forget_answered()
            case events.ToolCall(id=call) if self._is_followed(event):
                self._calls[call] = False
            case events.ToolCall() if self._awaits_caller(event):
                self._calls_caller = True
            case events.ToolResult(id=call) if call in self._calls:
                self._calls[call] = True
            case events.ToolCallCancelled(ids=ids):
                self._calls = {call: done for call, done in self._calls.items() if call not in ids}

    def _forget_answered(self) -> None:
        self._calls = {call: False for call, answered in self._calls.items() if not answered}

    def _lose(self, end: events.TurnEnd) -> bool:
        """Take the loss of a connection in; whoever was not asked over it is asked over the next."""
        if not self._is_lost(self._message):
            self._begin(sum(not self._is_lost(each) for each in self._ahead))
            return False
        if self._stale:
            self._begin(0)
        return self.turn.add(end)

    def _is_lost(self, question: Outgoing) -> bool:
        """Return whether a question has ended with the connection whose events are being taken."""
        return self._lost_over(question, self._connection)

    def _begin(self, stale: int) -> None:
        self.turn = Turn()
        self.taken = []
        self._calls = {}
        self._calls_caller = False
        self._said = False
        self._stale = stale
