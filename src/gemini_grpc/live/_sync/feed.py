# Derived by `python -m codegen` from src/gemini_grpc/live/_async/feed.py. Do not edit.
"""Where the events of a session go: the mailbox of who iterates over it, and the taps."""

from __future__ import annotations

import weakref
from typing import TYPE_CHECKING, Any

from gemini_grpc.live import events
from gemini_grpc.live.mailbox import Mailbox

if TYPE_CHECKING:
    from gemini_grpc.live._sync.tap import Tap
    from gemini_grpc.live.config import Inbox
    from gemini_grpc.live.events import Event


class Feed:
    """Takes events from the engine, which holds its lock meanwhile. Taps nobody holds are forgotten."""

    def __init__(self, inbox: Inbox) -> None:
        self.mailbox = Mailbox(inbox)
        """What waits for who iterates over the session."""
        self.audio: weakref.WeakSet[Tap[events.AudioOut]] = weakref.WeakSet()
        """The taps of the model's speech."""
        self.transcripts: weakref.WeakSet[Tap[events.Transcript]] = weakref.WeakSet()
        """The taps of transcripts."""
        self.raw: weakref.WeakSet[Tap[Any]] = weakref.WeakSet()
        """The taps of messages."""
        self._overflow = inbox.overflow

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
        match event:
            case events.AudioOut():
                for audio in self.audio:
                    audio.put(event)
            case events.Interrupted():
                for audio in self.audio:
                    audio.clear()
            case events.Transcript():
                for transcripts in self.transcripts:
                    transcripts.put(event)
        self.mailbox.put(event)
        if self._overflow == "drop_oldest":
            self.mailbox.drop_excess()

    def hear(self, message: Any) -> None:
        """Hand a message of the server to everyone who wants to see it."""
        for tap in self.raw:
            tap.put(message)
