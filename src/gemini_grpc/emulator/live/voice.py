"""Voice activity detection: where speech begins and ends, by the energy of the audio.

- Time is the time of the audio, not of the clock: whoever sends faster is heard faster, and a stream
  that stops in mid-speech stays in mid-speech.
- Audio is looked at in frames of 20 ms. A frame is loud when its root mean square exceeds 300, or 1000
  when the start sensitivity is low; speech goes on above the same line, or half of it when the end
  sensitivity is low.
- Speech begins when loud frames last for `prefix_padding_ms` (20 if unset), and ends when quiet ones
  last for `silence_duration_ms` (unset: 500, or 1000 when the end sensitivity is low).
"""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass
from operator import mul
from typing import TYPE_CHECKING

from gemini_grpc.emulator.live import microphone

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gemini_grpc.emulator.convert import Data

FRAME = microphone.RATE // 50
FRAME_MILLISECONDS = 20
_EAGER_LEVEL, _RESERVED_LEVEL = 300, 1000


@dataclass(frozen=True, slots=True)
class Began:
    """The user has begun to speak."""


@dataclass(frozen=True, slots=True)
class Ended:
    """The user has finished."""

    heard: array[int]
    """The speech, at 16 kHz, without the silence around it."""


class Detector:
    """Finds speech in one stream of audio.

    Args:
        config: An `AutomaticActivityDetection`.
    """

    def __init__(self, config: Data) -> None:
        reserved = config.get("start_of_speech_sensitivity") == "START_SENSITIVITY_LOW"
        patient = config.get("end_of_speech_sensitivity") == "END_SENSITIVITY_LOW"
        level = _RESERVED_LEVEL if reserved else _EAGER_LEVEL
        self._start_level = level
        self._end_level = level // 2 if patient else level
        self._prefix = config.get("prefix_padding_ms", FRAME_MILLISECONDS)
        self._silence = config.get("silence_duration_ms", 1000 if patient else 500)
        self._rest: array[int] = array("h")
        self._run: array[int] = array("h")
        self._loud = 0  # milliseconds of the present run of loud frames
        self._quiet = 0  # milliseconds since the last loud frame
        self.speaking = False
        """Whether the user is in the middle of speaking."""

    def hear(self, samples: array[int]) -> Iterator[Began | Ended]:
        """Take in more audio and yield what happens in it."""
        self._rest.extend(samples)
        whole = len(self._rest) - len(self._rest) % FRAME
        frames, self._rest = self._rest[:whole], self._rest[whole:]
        for start in range(0, whole, FRAME):
            frame = frames[start : start + FRAME]
            yield from self._speaking(frame) if self.speaking else self._silent(frame)

    def end(self) -> Iterator[Began | Ended]:
        """Take the stream for ended: what is being said is finished, the rest is forgotten."""
        if self.speaking:
            self._run.extend(self._rest)
            yield self._finish()
        self._rest = array("h")
        self._run, self._loud = array("h"), 0

    def _silent(self, frame: array[int]) -> Iterator[Began | Ended]:
        if _level(frame) <= self._start_level:
            self._run, self._loud = frame, 0  # kept: the first sound may lie in a quiet frame
            return
        self._run = self._run + frame
        self._loud += FRAME_MILLISECONDS
        if self._loud >= self._prefix:
            self.speaking, self._quiet = True, 0
            yield Began()

    def _speaking(self, frame: array[int]) -> Iterator[Began | Ended]:
        self._run.extend(frame)
        loud = _level(frame) > self._end_level
        self._quiet = 0 if loud else self._quiet + FRAME_MILLISECONDS
        if self._quiet and self._quiet >= self._silence:
            yield self._finish()

    def _finish(self) -> Ended:
        silent = self._quiet // FRAME_MILLISECONDS * FRAME
        heard = self._run[: len(self._run) - silent]
        self._run, self._loud, self._quiet, self.speaking = array("h"), 0, 0, False
        return Ended(heard)


def _level(frame: array[int]) -> float:
    """Return the root mean square of a frame."""
    return math.sqrt(sum(map(mul, frame, frame)) / len(frame))
