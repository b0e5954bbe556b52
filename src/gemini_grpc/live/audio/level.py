"""How loud PCM16 is, against full scale."""

from __future__ import annotations

import math
from operator import mul

from gemini_grpc.live.audio import arrays
from gemini_grpc.live.audio.samples import PCM, decode, whole


def rms(pcm: PCM) -> float:
    """Return the root of the mean square, 0 to 1; 0 for no samples.

    Raises:
        ArgumentError: `pcm` is not whole samples.
    """
    data = whole(pcm)
    if not data:
        return 0.0
    np = arrays.numpy()
    if np is None:
        samples = decode(data)
        squares = sum(map(mul, samples, samples))
    else:
        table = np.frombuffer(data, "<i2").astype("i8")
        squares = int(np.dot(table, table))
    return math.sqrt(squares / (len(data) // 2)) / 32768.0


def peak(pcm: PCM) -> float:
    """Return the magnitude of the largest sample, 0 to 1; 0 for no samples.

    Raises:
        ArgumentError: `pcm` is not whole samples.
    """
    data = whole(pcm)
    if not data:
        return 0.0
    np = arrays.numpy()
    samples = decode(data) if np is None else np.frombuffer(data, "<i2")
    least, most = (min, max) if np is None else (np.min, np.max)
    return max(-int(least(samples)), int(most(samples))) / 32768.0


def decibels(pcm: PCM) -> float:
    """Return the level in dBFS: -3.01 for a sine of full scale, -inf for silence.

    Raises:
        ArgumentError: `pcm` is not whole samples.
    """
    level = rms(pcm)
    return 20 * math.log10(level) if level else -math.inf
