"""What waits to be sent: control messages in order, audio bounded in time, of video the latest frame.

There are two queues, because a blocking function call holds realtime input back while its answer must
pass. Within each, order is kept: the marks of activity bracket their audio. Across them, what was queued
first goes first.

Whoever has to wait for room stands in line with a `Place`, so that messages are queued in the order in
which their senders came.
"""

from __future__ import annotations

from collections import deque
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
    seconds: float
    """How much audio it is."""


class Lanes:
    """The messages of one session that are not written yet."""

    def __init__(self, outbox: Outbox) -> None:
        self._outbox = outbox
        self._most = outbox.audio + _ROUNDING
        self._control: deque[tuple[int, Outgoing]] = deque()
        self._realtime: deque[tuple[int, Outgoing]] = deque()
        self._lines: dict[str, list[Place]] = {"audio": [], "video": [], "control": []}
        self._number = 0
        self.control_waiting = 0
        """How many messages wait that are never dropped."""
        self.audio_seconds = 0.0
        """How much audio waits."""
        self.dropped_audio = 0.0
        """Seconds of audio that were dropped, over the whole session."""
        self.dropped_video = 0
        """Frames of video that were replaced by a later one."""

    def __len__(self) -> int:
        return len(self._control) + len(self._realtime)

    # standing in line

    def line_up(self, kind: Kind, seconds: float = 0.0) -> Place:
        """Stand in line for room; leave it in the end."""
        place = Place(kind, seconds)
        self._line(place).append(place)
        return place

    def leave(self, place: Place) -> None:
        """Leave the line."""
        self._line(place).remove(place)

    def admits(self, place: Place) -> bool:
        """Tell whether it is somebody's turn, and there is room."""
        return self._line(place)[0] is place and self.has_room(place.kind, place.seconds)

    def has_room(self, kind: Kind, seconds: float = 0.0) -> bool:
        """Tell whether a message can be queued without dropping anything but video."""
        if kind == "audio":
            return not self.audio_seconds or self.audio_seconds + seconds <= self._most
        return kind == "video" or self.control_waiting < self._outbox.control

    def _line(self, place: Place) -> list[Place]:
        return self._lines[place.kind if place.kind in MEDIA else "control"]

    # the queues

    def put(self, message: Outgoing) -> None:
        """Queue a message; audio in excess of the limit pushes out the oldest, video what waits."""
        self._number += 1
        if message.kind == "video":
            self._replace_video()
        queue = self._control if message.kind in CONVERSATION else self._realtime
        queue.append((self._number, message))
        self._count(message, 1)
        if message.kind == "audio":
            self._drop_excess(message)

    def put_first(self, message: Outgoing) -> None:
        """Queue a message of realtime input before all others."""
        self._realtime.appendleft((0, message))
        self._count(message, 1)

    def ready(self, *, hold_realtime: bool) -> bool:
        """Tell whether there is a message that may be sent."""
        return bool(self._control) or bool(self._realtime and not hold_realtime)

    def next(self, *, hold_realtime: bool) -> Outgoing | None:
        """Take the message to send next; None if there is none that may be sent."""
        queues = [queue for queue in (self._control, self._realtime) if queue]
        if hold_realtime:
            queues = [queue for queue in queues if queue is self._control]
        if not queues:
            return None
        _, message = min(queues, key=lambda queue: queue[0][0]).popleft()
        self._count(message, -1)
        return message

    def unsent(self) -> list[Outgoing]:
        """Return what waits and is never dropped, in order."""
        waiting = sorted((*self._control, *self._realtime), key=lambda item: item[0])
        return [message for _, message in waiting if message.is_control]

    def drop_media(self) -> float:
        """Drop the audio and video that wait; return the seconds of audio."""
        dropped = self.audio_seconds
        self.dropped_video += sum(item[1].kind == "video" for item in self._realtime)
        self._realtime = deque(item for item in self._realtime if item[1].is_control)
        self.audio_seconds = 0.0
        self.dropped_audio += dropped
        return dropped

    def drop_answers(self, calls: Iterable[str]) -> None:
        """Drop the answers to calls nobody waits for any more."""
        void = set(calls)
        kept = deque(item for item in self._control if item[1].answer_id not in void)
        self.control_waiting -= len(self._control) - len(kept)
        self._control = kept

    def _count(self, message: Outgoing, sign: int) -> None:
        self.control_waiting += sign * message.is_control
        if message.kind == "audio":
            left = self.audio_seconds + sign * message.seconds
            self.audio_seconds = left if left > _ROUNDING else 0.0

    def _replace_video(self) -> None:
        kept = deque(item for item in self._realtime if item[1].kind != "video")
        self.dropped_video += len(self._realtime) - len(kept)
        self._realtime = kept

    def _drop_excess(self, newest: Outgoing) -> None:
        """Drop the oldest audio until the rest is within the limit; the newest always stays."""
        while self.audio_seconds > self._most:
            oldest = next(item for item in self._realtime if item[1].kind == "audio")
            if oldest[1] is newest:
                return
            self._realtime.remove(oldest)
            self._count(oldest[1], -1)
            self.dropped_audio += oldest[1].seconds
