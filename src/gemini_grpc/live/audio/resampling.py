"""Resampling: PCM16 at another rate, by a polyphase filter.

- The filter is a sinc in a Kaiser window, 64 samples of the lower rate long: what is below 84 % of the
  lower of the two bandwidths passes unchanged, what would alias is damped by 80 dB.
- Its taps are whole numbers, so every sum is exact in a float. That makes the pieces of a recording come
  out as the whole does, and the same with and without NumPy.
- Audio is not delayed: sample n of the result is the source at the time n / target. The first results come
  when the filter has seen enough of what follows them, 2 to 4 milliseconds at the rates of speech.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from operator import mul
from typing import Any

from gemini_grpc.live.audio import arrays
from gemini_grpc.live.audio.samples import PCM, check_rate, clip, decode, encode, whole

_CROSSINGS = 32  # of zero by the sinc, on each side
_DAMPING = 80.0  # in the stop band, in decibels; rounding to 16 bits makes noise at -98
_BETA = 0.1102 * (_DAMPING - 8.7)  # Kaiser's formulas for window and width of transition
_TRANSITION = (_DAMPING - 8.0) / (2.285 * 2 * _CROSSINGS * math.pi)
_PHASES = 512  # as many a sample make the error of interpolating between them smaller than rounding
_UNIT = 2.0**30  # the sum of the taps; with 16 bits of samples it fits into the 53 of a float
_BLOCK = 1 << 18  # numbers in a table of NumPy, so that long recordings do not fill the memory
_BESSEL = [1 / math.factorial(power) ** 2 for power in range(24, -1, -1)]


def resample(pcm: PCM, source: int, target: int) -> bytes:
    """Return PCM16 at another rate, as long as it was, rounded up to a sample.

    Raises:
        ArgumentError: `pcm` is not whole samples, or a rate is out of range.
    """
    resampler = Resampler(source, target)
    return resampler.feed(pcm) + resampler.flush()


class Resampler:
    """Converts a stream of PCM16 from one rate to another; the pieces come out without seams.

    Making one computes the filter, which is kept for the next: a millisecond for rates that have much in
    common such as 48000 and 16000, up to a tenth of a second for others. Not for several threads at once.
    """

    def __init__(self, source: int, target: int) -> None:
        self.source = check_rate(source, "source")
        """Samples a second that are fed."""
        self.target = check_rate(target, "target")
        """Samples a second that are returned."""
        common = math.gcd(self.source, self.target)
        self._up, self._down = self.target // common, self.source // common
        self._filter = _filter(self._up, self._down)
        self._start()

    def feed(self, pcm: PCM) -> bytes:
        """Take some audio; return what is known of the result by now, which may be nothing.

        Raises:
            ArgumentError: `pcm` is not whole samples.
        """
        data = whole(pcm)
        return data if self._up == self._down else self._convert(data)

    def flush(self) -> bytes:
        """Return the rest, as if silence followed; the resampler can then be used for other audio."""
        if self._up == self._down:
            return b""
        rest = self._convert(bytes(self._filter.width))  # half the filter, two bytes each
        self._start()
        return rest

    def _start(self) -> None:
        self._held = bytes(self._filter.width - 2)  # the silence before the first sample
        self._position = 0  # of the next result in what is held, in units of 1 / up samples

    def _convert(self, data: bytes) -> bytes:
        held, taps = self._held + data, self._filter
        room = (len(held) // 2 - taps.width + 1) * self._up - 1 - self._position
        count = max(0, room // self._down + 1)
        result = taps.apply(
            held, range(self._position, self._position + count * self._down, self._down)
        )
        used, self._position = divmod(self._position + count * self._down, self._up)
        self._held = held[2 * used :]
        return result


@dataclass(frozen=True, slots=True, eq=False)
class _Filter:
    """The taps for every place that a result can have between two samples."""

    up: int
    """Places between two samples."""
    rows: tuple[tuple[float, ...], ...]
    """The taps at equal distances from one sample (the first) to the next (the last)."""

    @property
    def width(self) -> int:
        """How many samples one result is made of."""
        return len(self.rows[0])

    def apply(self, held: bytes, places: range) -> bytes:
        """Return the results at some places, which count 1 / up samples."""
        np = arrays.numpy()
        if np is None:
            return encode([clip(total / _UNIT) for total in self._sums(held, places)])
        samples = np.frombuffer(held, "<i2").astype("f8")
        step = max(1, _BLOCK // self.width)
        blocks = (places[first : first + step] for first in range(0, len(places), step))
        sums = [self._block(np, samples, block) for block in blocks]
        totals = np.concatenate([np.empty(0), *sums]) / _UNIT
        return bytes(np.clip(np.rint(totals), -32768, 32767).astype("<i2").tobytes())

    def _sums(self, held: bytes, places: range) -> Iterator[float]:
        samples = [float(sample) for sample in decode(held)]
        width = self.width
        for place in places:
            start, phase = divmod(place, self.up)
            yield sum(map(mul, self._taps(phase), samples[start : start + width]))

    def _block(self, np: Any, samples: Any, places: range) -> Any:
        starts, phases = np.divmod(np.arange(places.start, places.stop, places.step), self.up)
        windows = np.lib.stride_tricks.sliding_window_view(samples, self.width)
        return np.einsum("ij,ij->i", windows[starts], self._tables(np, phases))

    def _taps(self, phase: int) -> tuple[float, ...] | list[float]:
        """Return the taps for one phase, interpolated where there are more phases than rows."""
        steps = len(self.rows) - 1
        if steps == self.up:
            return self.rows[phase]
        where = phase * steps / self.up
        part = where % 1
        lower, upper = self.rows[int(where)], self.rows[int(where) + 1]
        return [float(round(a + (b - a) * part)) for a, b in zip(lower, upper, strict=True)]

    def _tables(self, np: Any, phases: Any) -> Any:
        """Return the taps for an array of phases; the arithmetic is that of `_taps`."""
        steps, rows = len(self.rows) - 1, _matrix(self)
        if steps == self.up:
            return rows[phases]
        part, where = np.modf(phases * steps / self.up)
        lower = rows[where.astype("i8")]
        return np.rint(lower + (rows[where.astype("i8") + 1] - lower) * part[:, None])


@lru_cache(maxsize=16)
def _filter(up: int, down: int) -> _Filter:
    """Return the filter for a ratio of rates."""
    stretch = max(1.0, down / up)
    half = math.ceil(_CROSSINGS * stretch)
    cutoff = (1 - _TRANSITION / 2) / stretch
    steps = min(up, math.ceil(_PHASES / stretch))
    near = [_row(step / steps, half, cutoff) for step in range(steps // 2 + 1)]
    far = [near[steps - step][::-1] for step in range(steps // 2 + 1, steps + 1)]
    return _Filter(up, (*near, *far))


@lru_cache(maxsize=16)
def _matrix(taps: _Filter) -> Any:
    np = arrays.numpy()
    assert np is not None  # only asked for with it
    return np.array(taps.rows)


def _row(place: float, half: int, cutoff: float) -> tuple[float, ...]:
    """Return the taps for a result at a place between the samples half - 1 and half of a window."""
    taps = [_tap(place + half - 1 - sample, half, cutoff) for sample in range(2 * half)]
    scale = _UNIT / sum(taps)
    whole_taps = [float(round(tap * scale)) for tap in taps]
    largest = max(range(2 * half), key=whole_taps.__getitem__)
    whole_taps[largest] += _UNIT - sum(whole_taps)  # a constant stays what it is
    return tuple(whole_taps)


def _tap(distance: float, half: int, cutoff: float) -> float:
    angle = math.pi * cutoff * distance
    sinc = math.sin(angle) / angle if angle else 1.0
    return sinc * _bessel(_BETA * math.sqrt(max(0.0, 1 - (distance / half) ** 2)))


def _bessel(x: float) -> float:
    """Return the modified Bessel function of order 0, for arguments up to `_BETA`."""
    square, total = x * x / 4, 0.0
    for factor in _BESSEL:
        total = total * square + factor
    return total
