"""What waits to be sent: control messages in order, audio bounded in time, of video the latest frame.

It is one queue, so that order is kept: the marks of activity bracket their audio. Only a blocking function
call lets some pass others, because it holds realtime input back while its answer must reach the model.

Whoever has to wait for room stands in line with a `Place`, so that messages are queued in the order in
which their senders came.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gemini_grpc.live.outgoing import CONVERSATION, MEDIA

if TYPE_CHECKING:
    from gemini_grpc.live.config import Outbox
    from gemini_grpc.live.outgoing import Kind, Outgoing

_ROUNDING = 1e-9  # seconds; sums of seconds are not exact


@dataclass(frozen=True, slots=True, eq=False)
class Place:
    """The place in line of somebody who wants to send."""

    kind: Kind
    """What is to be sent."""
    seconds: float = 0.0
    """How much audio it is."""

    @property
    def lane(self) -> str:
        """What it waits for: room for audio, for video, or for control messages."""
        return self.kind if self.kind in MEDIA else "control"


class Lanes:
    """The messages of one session that are not written yet."""

    __slots__ = (
        *("_line", "_most", "_outbox", "_waiting", "audio_seconds", "control_waiting"),
        *("dropped_audio", "dropped_video"),
    )

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._most = outbox.audio + _ROUNDING
        self._waiting: list[Outgoing] = []
        self._line: list[Place] = []
        self.control_waiting = 0
        """How many messages wait that are never dropped."""
        self.audio_seconds = 0.0
        """How much audio waits."""
        self.dropped_audio = 0.0
        """Seconds of audio that were dropped, over the whole session."""
        self.dropped_video = 0
        """Frames of video that were replaced by a later one."""

    def __len__(self) -> int:
        return len(self._waiting)

    # standing in line

    def line_up(self, place: Place) -> None:
        """Stand in line for room; leave it in the end."""
        self._line.append(place)

    def leave(self, place: Place) -> None:
        """Leave the line."""
        self._line.remove(place)

    @property
    def has_line(self) -> bool:
        """Somebody waits for room."""
        return bool(self._line)

    def admits(self, place: Place) -> bool:
        """Tell whether there is room, and nobody who came before waits for it."""
        if self._line:
            first = next((each for each in self._line if each.lane == place.lane), place)
            if first is not place:
                return False
        return self.has_room(place.kind, place.seconds)

    def has_room(self, kind: Kind, seconds: float = 0.0) -> bool:
        """Tell whether a message can be queued without dropping anything but video."""
        if kind == "audio":
            return not self.audio_seconds or self.audio_seconds + seconds <= self._most
        return kind == "video" or self.control_waiting < self._outbox.control

    # the queue

    def put(self, message: Outgoing) -> None:
        """Queue a message; audio in excess of the limit pushes out the oldest, video what waits."""
        if message.kind == "video":
            self._replace_video()
        self._waiting.append(message)
        self._count(message, 1)
        if self.audio_seconds > self._most:
            self._drop_excess(message)

    def put_first(self, message: Outgoing) -> None:
        """Queue a message before all others."""
        self._waiting.insert(0, message)
        self._count(message, 1)

    def ready(self, *, hold_realtime: bool) -> bool:
        """Tell whether there is a message that may be sent."""
        return self._find(hold_realtime=hold_realtime) is not None

    def next(self, *, hold_realtime: bool) -> Outgoing | None:
        """Take the message to send next; None if there is none that may be sent."""
        at = self._find(hold_realtime=hold_realtime)
        if at is None:
            return None
        message = self._waiting.pop(at)
        self._count(message, -1)
        return message

    def _find(self, *, hold_realtime: bool) -> int | None:
        if not hold_realtime:
            return 0 if self._waiting else None
        each = (at for at, message in enumerate(self._waiting) if message.kind in CONVERSATION)
        return next(each, None)

    def unsent(self) -> list[Outgoing]:
        """Return what waits and is never dropped, in order."""
        return [message for message in self._waiting if message.is_control]

    def questions(self, *, hold_realtime: bool) -> list[Outgoing]:
        """Return what asks for a turn and is sent before a question that is queued now."""
        asking = [message for message in self._waiting if message.asks]
        return [each for each in asking if each.kind == "content" or not hold_realtime]

    def drop_media(self) -> float:
        """Drop the audio and video that wait; return the seconds of audio."""
        dropped = self.audio_seconds
        self.dropped_video += sum(message.kind == "video" for message in self._waiting)
        self._waiting = self.unsent()
        self.audio_seconds = 0.0
        self.dropped_audio += dropped
        return dropped

    def drop_answers(self, calls: Iterable[str]) -> None:
        """Drop the answers to calls nobody waits for any more."""
        void = set(calls)
        kept = [message for message in self._waiting if message.answer_id not in void]
        self.control_waiting -= len(self._waiting) - len(kept)
        self._waiting = kept

    def _count(self, message: Outgoing, sign: int) -> None:
        if message.is_control:
            self.control_waiting += sign
        elif message.kind == "audio":
            left = self.audio_seconds + sign * message.seconds
            self.audio_seconds = left if left > _ROUNDING else 0.0

    def _replace_video(self) -> None:
        kept = [message for message in self._waiting if message.kind != "video"]
        self.dropped_video += len(self._waiting) - len(kept)
        self._waiting = kept

    def _drop_excess(self, newest: Outgoing) -> None:
        """Drop the oldest audio until the rest is within the limit; the newest always stays."""
        while self.audio_seconds > self._most:
            oldest = next(message for message in self._waiting if message.kind == "audio")
            if oldest is newest:
                return
            self._waiting.remove(oldest)
            self._count(oldest, -1)
            self.dropped_audio += oldest.seconds
