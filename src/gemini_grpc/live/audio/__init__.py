"""Audio for live sessions: PCM16 of one channel, cut, converted, measured, kept in files and for playing.

Everything takes and returns plain bytes, without any audio device; NumPy makes it faster where it is
installed.
"""

from __future__ import annotations

from gemini_grpc.live.audio.framing import Framer, frames
from gemini_grpc.live.audio.level import decibels, peak, rms
from gemini_grpc.live.audio.playout import Overflow, Playout, PlayoutCounts, PlayoutFull
from gemini_grpc.live.audio.resampling import Resampler, resample
from gemini_grpc.live.audio.samples import (
    INPUT_RATE,
    OUTPUT_RATE,
    PCM,
    duration,
    from_float,
    mime_type,
    rate_of,
    silence,
    to_float,
    to_mono,
)
from gemini_grpc.live.audio.wav import Clip, read_wav, write_wav

__all__ = [
    "INPUT_RATE",
    "OUTPUT_RATE",
    "PCM",
    "Clip",
    "Framer",
    "Overflow",
    "Playout",
    "PlayoutCounts",
    "PlayoutFull",
    "Resampler",
    "decibels",
    "duration",
    "frames",
    "from_float",
    "mime_type",
    "peak",
    "rate_of",
    "read_wav",
    "resample",
    "rms",
    "silence",
    "to_float",
    "to_mono",
    "write_wav",
]
