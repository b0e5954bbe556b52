"""The ear of a session: realtime input becomes turns of the user.

- With automatic detection, speech is found by its energy. A text is an activity of its own; during
  speech it joins what is being said.
- Without it, an activity is what lies between `activity_start` and `activity_end`. A text from outside
  waits for the next activity.
- Pictures and sound from outside of activity belong to the turn only with TURN_INCLUDES_ALL_INPUT.
- Speech in the emulator's own language (`speech`) is understood; other speech is known by its length.
"""

from __future__ import annotations

from array import array
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from gemini_grpc.emulator import status, tokens
from gemini_grpc.emulator.live import microphone, speech
from gemini_grpc.emulator.live.conversation import Turn, add_totals, turn
from gemini_grpc.emulator.live.voice import Began, Detector, Ended

if TYPE_CHECKING:
    from gemini_grpc.emulator.convert import Data
    from gemini_grpc.emulator.live.setup import Setup

PATH = "realtime_input"
FRAMES_KEPT = 120
"""How many pictures wait for a turn; of more, the oldest are forgotten."""
_UNFINISHED = ("...", "\u2026")


@dataclass(frozen=True, slots=True)
class Said:
    """The user has finished saying something."""

    turn: Turn | None
    """What was said; None if nothing was."""
    transcript: str
    """The words of the audio; empty without audio."""
    unfinished: bool
    """Whether it trails off in dots, so that the user is likely to go on."""


class Listener:
    """Hears one client."""

    def __init__(self, setup: Setup) -> None:
        self._manual = setup.manual
        self._all_input = setup.all_input
        self._microphone = microphone.Microphone()
        self._detector = Detector(setup.detection)
        self._marked = False
        self._heard: array[int] = array("h")
        self._idle_samples = 0
        self._texts: list[str] = []
        self._frames: deque[Data] = deque(maxlen=FRAMES_KEPT)

    @property
    def speaking(self) -> bool:
        """Whether the user is in the middle of an activity."""
        return self._marked or self._detector.speaking

    def hear(self, data: Data) -> Iterator[Began | Said]:
        """Take in a `BidiGenerateContentRealtimeInput` and yield what happens in it.

        Raises:
            StatusError: INVALID_ARGUMENT: it is not understood, or not permitted in this session.
        """
        if not data:
            raise status.invalid(PATH, "is empty, expected one of its fields")
        if "activity_start" in data:
            yield from self._start()
        for chunk in data.get("media_chunks", ())[:1]:
            yield from self._media(chunk)
        if "audio" in data:
            yield from self._audio(data["audio"], f"{PATH}.audio")
        if "video" in data:
            self._video(data["video"], f"{PATH}.video")
        if "text" in data:
            yield from self._text(data["text"])
        if data.get("audio_stream_end"):
            yield from self._stream_end()
        if "activity_end" in data:
            yield from self._end()

    def close(self) -> Iterator[Began | Said]:
        """Take the client's side for ended; yield what was being said."""
        if not self._manual:
            yield from self._events(self._detector.end())

    def _start(self) -> Iterator[Began | Said]:
        self._require_manual("activity_start")
        if self._marked:
            raise status.invalid(f"{PATH}.activity_start", "comes twice without activity_end")
        self._marked = True
        yield Began()

    def _end(self) -> Iterator[Began | Said]:
        self._require_manual("activity_end")
        if not self._marked:
            raise status.invalid(f"{PATH}.activity_end", "comes without activity_start")
        self._marked = False
        heard, self._heard = self._heard, array("h")
        yield self._said(heard)

    def _stream_end(self) -> Iterator[Began | Said]:
        if self._manual:
            raise status.invalid(
                f"{PATH}.audio_stream_end", "is only for automatic activity detection"
            )
        yield from self._events(self._detector.end())

    def _require_manual(self, field: str) -> None:
        if not self._manual:
            raise status.invalid(
                f"{PATH}.{field}", "is only for sessions with automatic activity detection disabled"
            )

    def _media(self, chunk: Data) -> Iterator[Began | Said]:
        path = f"{PATH}.media_chunks[0]"
        if chunk.get("mime_type", "").startswith("image/"):
            self._video(chunk, path)
        else:
            yield from self._audio(chunk, path)

    def _audio(self, blob: Data, path: str) -> Iterator[Began | Said]:
        samples = self._microphone.hear(blob, path=path)
        if self._manual:
            if self._marked or self._all_input:
                self._heard.extend(samples)
            return
        self._idle_samples += len(samples)
        yield from self._events(self._detector.hear(samples))

    def _video(self, blob: Data, path: str) -> None:
        mime_type = blob.get("mime_type", "")
        if not mime_type.startswith("image/"):
            raise status.invalid(f"{path}.mime_type", f"is {mime_type!r}, expected image/jpeg")
        if not blob.get("data"):
            raise status.invalid(f"{path}.data", "is required")
        if self.speaking or self._all_input:
            self._frames.append(blob)

    def _text(self, text: str) -> Iterator[Began | Said]:
        if not text:
            raise status.invalid(f"{PATH}.text", "is empty")
        self._texts.append(text)
        if not self._manual and not self._detector.speaking:
            yield Began()
            yield self._said(array("h"))

    def _events(self, found: Iterable[Began | Ended]) -> Iterator[Began | Said]:
        for event in found:
            yield self._said(event.heard) if isinstance(event, Ended) else event

    def _said(self, heard: array[int]) -> Said:
        """Return all that belongs to the turn that ends now."""
        transcript = speech.transcribe(heard) if heard else ""
        seen: list[Data] = [{"inline_data": frame} for frame in self._frames]
        typed: list[Data] = [{"text": text} for text in self._texts]
        parts: list[Data] = [*seen, *([{"text": transcript}] if heard else []), *typed]
        length = self._idle_samples if self._all_input and not self._manual else len(heard)
        totals = add_totals([turn({"parts": [*seen, *typed]}).totals, _spoken(length)])
        self._texts, self._idle_samples = [], 0
        self._frames.clear()
        last = parts[-1].get("text", "") if parts else ""
        said = Turn({"role": "user", "parts": parts}, totals) if parts else None
        return Said(said, transcript, unfinished=last.rstrip().endswith(_UNFINISHED))


def _spoken(length: int) -> dict[str, int]:
    """Return the tokens of so many samples, each started second counting whole."""
    started = -(-length // microphone.RATE)
    return {"AUDIO": tokens.AUDIO_TOKENS_PER_SECOND * started} if started else {}
