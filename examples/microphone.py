"""Talk to a model: the microphone goes in, the loudspeaker plays the answer, transcripts are printed.

    pip install 'gemini-grpc[audio]'
    GEMINI_API_KEY=... python examples/microphone.py --rate 48000

Wear headphones, or the model hears itself and interrupts its own answers. Control-C ends it.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
from typing import Any

import sounddevice

import gemini_grpc
from gemini_grpc.live.audio import INPUT_RATE, OUTPUT_RATE, Playout, Resampler, decibels
from gemini_grpc.live.config import LiveConfig, Resume
from gemini_grpc.live.events import AudioOut, Interrupted, Reconnected, Transcript, TurnEnd


def microphone(session: Any, rate: int) -> sounddevice.RawInputStream:
    """Return a stream that sends what it records, 20 ms at a time."""
    loop = asyncio.get_running_loop()
    resampler = Resampler(rate, INPUT_RATE)

    def recorded(data: Any, frames: int, time: Any, status: Any) -> None:
        """Pass on audio from the thread of the device; what does not fit is dropped and counted."""
        loop.call_soon_threadsafe(session.offer_audio, resampler.feed(bytes(data)))

    return sounddevice.RawInputStream(
        samplerate=rate, blocksize=rate // 50, channels=1, dtype="int16", callback=recorded
    )


def loudspeaker(player: Playout) -> sounddevice.RawOutputStream:
    """Return a stream that plays what is fed."""

    def wanted(data: Any, frames: int, time: Any, status: Any) -> None:
        data[:] = player.read(len(data))

    return sounddevice.RawOutputStream(
        samplerate=player.rate, channels=1, dtype="int16", callback=wanted
    )


async def talk(model: str, rate: int) -> None:
    """Hold a conversation until it is ended."""
    player = Playout(rate=OUTPUT_RATE)
    async with (
        gemini_grpc.AsyncClient() as client,
        client.live.connect(
            model,
            config=LiveConfig(modalities=["AUDIO"], transcripts=True),
            resume=Resume(budget=30),
        ) as session,
    ):
        with microphone(session, rate), loudspeaker(player):
            async for event in session:
                match event:
                    case AudioOut(pcm=pcm):
                        await player.async_feed(pcm)
                    case Interrupted():
                        player.flush()
                    case Transcript(who=who, text=text):
                        print(f"{who}: {text}")
                    case Reconnected(state_restored=restored):
                        print("(connected again)" if restored else "(begun anew)")
                    case TurnEnd(reason=reason, usage=usage):
                        print(f"({reason}, {usage.total} tokens, {player.buffered:.1f} s to play)")


def measure(rate: int) -> None:
    """Print how loud the microphone is, to try it without a model."""
    data = sounddevice.rec(rate, samplerate=rate, channels=1, dtype="int16", blocking=True)
    print(f"{decibels(data):.1f} dBFS")


def main() -> None:
    """Read the command line and begin."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", default="models/gemini-3.8-live")
    parser.add_argument("--rate", type=int, default=INPUT_RATE, help="what the microphone can do")
    parser.add_argument("--measure", action="store_true", help="only try the microphone")
    arguments = parser.parse_args()
    if arguments.measure:
        measure(arguments.rate)
        return
    with contextlib.suppress(KeyboardInterrupt):
        asyncio.run(talk(arguments.model, arguments.rate))


if __name__ == "__main__":
    main()
