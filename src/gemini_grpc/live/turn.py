"""One turn of the model, whole, and which of them answers a question."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gemini_grpc.live import events
from gemini_grpc.live.ledger import is_output

if TYPE_CHECKING:
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
                self.usage = usage
                self.end_reason = reason
                return True
        return False


class Answer:
    """The turn that answers a message, found among what the session gives after it was queued."""

    def __init__(self, message: Outgoing, *, stale: int) -> None:
        """Wait for the answer to a message; `stale` turns of others end first."""
        self.turn = Turn()
        """The answer as far as it has come."""
        self._message = message
        self._stale = stale
        self._begun = False

    def add(self, event: events.Event) -> bool:
        """Take an event in; tell whether the answer is over."""
        match event:
            case events.Reconnected(uncertain=uncertain) if self._message in uncertain:
                self.turn.end_reason = "connection_lost"  # nothing is asked a second time
                return True
            case events.TurnEnd(reason="connection_lost") if self._stale or not self._begun:
                self._next(0)  # whether it was this one, the next connection tells
                return False
        self._begun = self._begun or is_output(event)
        if not self.turn.add(event):
            return False
        if self._stale:
            self._next(self._stale - 1)
            return False
        return True

    def _next(self, stale: int) -> None:
        self.turn = Turn()
        self._stale = stale
        self._begun = False
