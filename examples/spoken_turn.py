"""Ask a model with a recording and keep its spoken answer; it may call a function on the way.

    pip install gemini-grpc
    GEMINI_API_KEY=... python examples/spoken_turn.py question.wav answer.wav

A WAV file of any rate, width and number of channels will do. Without one, the model hears a hum that
rises and falls as a voice does, and will wonder. To try it without a key, run `gemini-grpc emulator`
and set the variable it names.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import sys

import gemini_grpc
from gemini_grpc.live import (
    AsyncLiveSession,
    AudioOut,
    LiveConfig,
    ToolCall,
    ToolResult,
    Transcript,
    TurnEnd,
)
from gemini_grpc.live.audio import (
    INPUT_RATE,
    OUTPUT_RATE,
    Clip,
    frames,
    from_float,
    read_wav,
    resample,
    write_wav,
)


def get_weather(city: str) -> str:
    """Tell the weather in a city."""
    return f"sunny, 21 degrees in {city}"


def hum(seconds: float = 1.2, rate: int = INPUT_RATE) -> Clip:
    """Return a sound with the pitch, the overtones and the syllables of a voice, but no words."""
    samples = []
    for place in range(round(seconds * rate)):
        time = place / rate
        syllable = math.sin(math.pi * 4 * time) ** 2
        tones = (math.sin(math.tau * 140 * n * time) / n for n in range(1, 9))
        samples.append(0.3 * syllable * sum(tones))
    return Clip(from_float(samples), rate)


def recording(path: str | None) -> Clip:
    """Return the question."""
    clip = read_wav(path) if path else hum()
    if not clip.pcm:
        raise gemini_grpc.errors.ArgumentError(f"{path} holds no sound")
    return clip


async def live_model(client: gemini_grpc.AsyncClient) -> str:
    """Return the first model that holds live sessions."""
    async for model in await client.model_service.list_models():
        if "bidiGenerateContent" in model.supported_generation_methods:
            return model.name
    raise gemini_grpc.errors.ArgumentError("no model holds live sessions; name one with --model")


async def say(session: AsyncLiveSession, question: Clip) -> None:
    """Send a recording as one turn, in frames of 20 ms."""
    await session.activity_start()
    pcm = resample(question.pcm, question.rate, INPUT_RATE)
    for frame in frames(pcm, milliseconds=20, pad=True):
        await session.send_audio(frame)
    await session.activity_end()


async def listen(session: AsyncLiveSession) -> Clip:
    """Return what the model says, and print the rest."""
    pcm, rate = bytearray(), OUTPUT_RATE
    answering = True  # not while a function is called: some models end a turn to wait for it
    speaker = ""
    async for event in session:
        match event:
            case Transcript(who=who, text=text):
                print(text if who == speaker else f"\n{who}: {text}", end="", flush=True)
                speaker = who
            case AudioOut(pcm=piece, rate=rate):
                pcm += piece
                answering = True
            case ToolCall(name=name, arguments=arguments):
                print(f"\n(calls {name} with {dict(arguments)})", end="", flush=True)
                answering, speaker = False, ""
            case ToolResult(name=name, response=response):
                print(f"\n({name} returns {dict(response)})", end="", flush=True)
            case TurnEnd(reason=reason) if answering or reason != "complete":
                break
    print()
    return Clip(bytes(pcm), rate)


async def converse(question: Clip, answer: str, model: str | None) -> None:
    """Hold one spoken turn."""
    config = LiveConfig(
        modalities=["AUDIO"],
        transcripts=True,
        manual_activity=True,  # a file is one turn, whatever pauses are in it
    )
    async with gemini_grpc.AsyncClient() as client:
        name = model or await live_model(client)
        async with client.live.connect(
            name, config=config, tools=[get_weather], resume=None, idle_timeout=60
        ) as session:
            print(f"{name} hears {question.duration:.1f} seconds")
            await say(session, question)
            speech = await listen(session)
    if not speech.pcm:
        raise SystemExit("spoken_turn: the model said nothing")
    write_wav(answer, speech.pcm, speech.rate)
    print(f"{answer} has {speech.duration:.1f} seconds")


def main() -> int:
    """Read the command line and begin."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("question", nargs="?", help="a WAV file to send")
    parser.add_argument("answer", nargs="?", default="answer.wav", help="the WAV file to write")
    parser.add_argument("--model", help="the live model; the first there is if not given")
    arguments = parser.parse_args()
    try:
        asyncio.run(converse(recording(arguments.question), arguments.answer, arguments.model))
    except (gemini_grpc.errors.GeminiError, OSError) as error:
        print(f"spoken_turn: {' '.join(str(error).split())}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
