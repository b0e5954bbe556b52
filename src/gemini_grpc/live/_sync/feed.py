# Derived by `python -m codegen` from src/gemini_grpc/live/_async/feed.py. Do not edit.
"""Where the events of a session go: the mailbox of who iterates over it, and the taps."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any, Literal

from gemini_grpc.live import events
from gemini_grpc.live.mailbox import Mailbox

if TYPE_CHECKING:
    from gemini_grpc.live._sync.tap import Tap
    from gemini_grpc.live.config import Inbox
    from gemini_grpc.live.events import Event

Kind = Literal["audio", "transcripts", "messages"]
"""What a tap is for: the model's speech, transcripts, or messages of the server as they come."""


class Feed:
    """Takes events from the engine, which holds its lock meanwhile. Taps nobody holds are forgotten."""

    def __init__(self, inbox: Inbox) -> None:
        self.mailbox = Mailbox(inbox)
        """What waits for who iterates over the session."""
        self._taps: dict[Kind, weakref.WeakSet[Tap[Any]]] = {}
        self._overflow = inbox.overflow

    def add(self, kind: Kind, tap: Tap[Any]) -> None:
        """Let a tap have everything of a kind from now on."""
        self._taps.setdefault(kind, weakref.WeakSet()).add(tap)

    @property
    def wants_messages(self) -> bool:
        """Somebody wants to see the messages of the server as they are."""
        return bool(self._taps.get("messages"))

    @property
    def has_room(self) -> bool:
        """The engine may read on."""
        return self._overflow != "block" or not self.mailbox.is_full

    @property
    def overflows(self) -> bool:
        """There is more than may wait, and that is an error."""
        return self._overflow == "error" and self.mailbox.is_over

    def publish(self, event: Event) -> None:
        """Hand an event to everyone."""
        if self._taps:
            self._offer(event)
        self.mailbox.put(event)
        if self._overflow == "drop_oldest":
            self.mailbox.drop_excess()

    def _offer(self, event: Event) -> None:
        match event:
            case events.AudioOut():
                self.show("audio", event)
            case events.Transcript():
                self.show("transcripts", event)
            case events.Interrupted():
                for tap in self._taps.get("audio", ()):
                    tap.clear()

    def show(self, kind: Kind, item: Any) -> None:
        """Hand an item to the taps of its kind."""
        for tap in self._taps.get(kind, ()):
            tap.put(item)
