"""The emulator's spoken language: text as tones, so that audio can be made, heard and understood.

- A word is a mark, a tone of 2200 Hz, and then two tones for each byte of its UTF-8: the high and the
  low half, each 500 Hz plus 100 Hz times its value.
- Every tone is a sine of 30 ms, and every word follows the one before without a pause. A letter so
  takes 60 ms, about as long as a person needs.
- White space is only a border between words.

The model speaks this language at 24 kHz. A client that sends `encode("what is the time")` at 16 kHz is
understood, word for word; all other sound is known by its length alone.
"""

from __future__ import annotations

import math
from array import array
from functools import cache
from operator import mul

from gemini_grpc.emulator.live import microphone
from gemini_grpc.errors import ArgumentError

SPOKEN_RATE = 24_000
"""Samples a second of what the model says."""
TONE_SECONDS = 0.03
_MARK = 16
_TONES = [*(500 + 100 * value for value in range(16)), 2200]
_AMPLITUDE = 8_000
_AUDIBLE = 400  # the least amplitude of a sound, below it is silence
_PURE = 0.6  # the least share of its energy that a tone has at its own frequency
_LENGTH = int(TONE_SECONDS * microphone.RATE)
_WINDOW = slice(_LENGTH // 10, _LENGTH - _LENGTH // 10, 3)  # the middle of a tone, at 5.3 kHz


def encode(text: str, rate: int = microphone.RATE) -> bytes:
    """Return a text as little-endian PCM16.

    Raises:
        ArgumentError: A tone is not a whole number of samples at this rate.
    """
    tones = _waves(rate)
    return b"".join(tones[tone] for word in text.split() for tone in _spell(word))


def seconds(text: str) -> float:
    """Return how long it takes to say a text."""
    return TONE_SECONDS * sum(1 + 2 * len(word.encode()) for word in text.split())


def decode(heard: array[int]) -> str | None:
    """Return the text of samples at 16 kHz; None if they are not, or not only, this language."""
    said: list[list[int]] = []
    position = _onset(heard, 0)
    while position is not None:
        tone = _tone(heard, position)
        if tone is None or (tone != _MARK and not said):
            return None
        if tone == _MARK:
            said.append([])
        else:
            said[-1].append(tone)
        position = _onset(heard, position + _LENGTH)
    return " ".join(filter(None, map(_read, said))) or None


def transcribe(heard: array[int]) -> str:
    """Return what is said in samples at 16 kHz, or how long the sound is."""
    length = len(heard) / microphone.RATE
    kind = "silence" if _onset(heard, 0) is None else "speech"
    return decode(heard) or f"({length:.1f} seconds of {kind})"


def _spell(word: str) -> list[int]:
    halves = (half for byte in word.encode() for half in divmod(byte, 16))
    return [_MARK, *halves]


def _read(halves: list[int]) -> str:
    """Return the word of some tones; a byte of which half was cut off is left out."""
    pairs = zip(halves[::2], halves[1::2], strict=False)
    return bytes(16 * high + low for high, low in pairs).decode(errors="ignore")


def _onset(heard: array[int], start: int) -> int | None:
    """Return where the next whole tone begins, None if there is none."""
    for position in range(start, len(heard) - _LENGTH * 9 // 10):
        if abs(heard[position]) > _AUDIBLE:
            return start if position - start < _LENGTH // 10 and start else position
    return None


def _tone(heard: array[int], position: int) -> int | None:
    """Return which tone there is at a position, None if it is no tone."""
    window = heard[position : position + _LENGTH][_WINDOW]
    energy = sum(map(mul, window, window))
    if not energy:
        return None
    powers = [
        sum(map(mul, window, sine)) ** 2 + sum(map(mul, window, cosine)) ** 2
        for sine, cosine in _references()
    ]
    best = max(range(len(powers)), key=powers.__getitem__)
    share = 2 * powers[best] / (len(window) * energy)
    return best if share >= _PURE else None


@cache
def _references() -> list[tuple[list[float], list[float]]]:
    times = [place / microphone.RATE for place in range(*_WINDOW.indices(_LENGTH))]
    return [
        (
            [math.sin(math.tau * tone * time) for time in times],
            [math.cos(math.tau * tone * time) for time in times],
        )
        for tone in _TONES
    ]


@cache
def _waves(rate: int) -> list[bytes]:
    """Return every tone as PCM16; all have whole periods, so they join without a click."""
    length = round(TONE_SECONDS * rate)
    if abs(length - TONE_SECONDS * rate) > 1e-6:
        raise ArgumentError(f"rate is {rate}; a tone of 30 ms has to be whole samples, as at 16000")
    return [
        b"".join(
            round(_AMPLITUDE * math.sin(math.tau * tone * place / rate)).to_bytes(
                2, "little", signed=True
            )
            for place in range(length)
        )
        for tone in _TONES
    ]
