"""Events that wait to be taken, bounded in number and in seconds of audio."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from gemini_grpc.live.events import OPENED, AudioOut, Event, TurnEnd

if TYPE_CHECKING:
    from gemini_grpc.live.config import Inbox

_ROUNDING = 1e-6  # seconds; sums of seconds are not exact


class Mailbox:
    """A queue of events; what happens when it is full is the owner's business."""

    __slots__ = ("_audio", "_events", "_limits", "dropped")

    def __init__(self, limits: Inbox) -> None:
        self._limits = limits
        self._events: deque[Event] = deque()
        self._audio = 0.0
        self.dropped = 0
        """How many events were dropped."""

    def __len__(self) -> int:
        return len(self._events)

    def __iter__(self) -> Iterator[Event]:
        return iter(self._events)

    @property
    def is_full(self) -> bool:
        """There is as much in it as may be, or more."""
        most = self._limits
        return self._audio >= most.audio - _ROUNDING or len(self._events) >= most.events

    @property
    def is_over(self) -> bool:
        """There is more in it than may be."""
        most = self._limits
        return self._audio > most.audio + _ROUNDING or len(self._events) > most.events

    @property
    def turn_ends(self) -> int:
        """How many turns end in it."""
        return sum(isinstance(event, TurnEnd) for event in self._events)

    @property
    def connections(self) -> int:
        """How many connections were set up in it."""
        return sum(isinstance(event, OPENED) for event in self._events)

    def put(self, event: Event) -> None:
        """Add an event."""
        self._events.append(event)
        self._audio += _seconds(event)

    def take(self) -> Event:
        """Remove and return the oldest event."""
        event = self._events.popleft()
        self._audio = self._audio - _seconds(event) if self._events else 0.0
        return event

    def put_back(self, events: Sequence[Event]) -> None:
        """Put events that were taken before all others again."""
        self._events.extendleft(reversed(events))
        self._audio += sum(map(_seconds, events))

    def drop_excess(self) -> None:
        """Drop the oldest events until there is no more than may be; the newest always stays."""
        while self.is_over and len(self._events) > 1:
            self.take()
            self.dropped += 1


def _seconds(event: Event) -> float:
    return len(event.pcm) / 2 / event.rate if isinstance(event, AudioOut) else 0.0
