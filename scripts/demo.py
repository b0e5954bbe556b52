"""The main job, step by step: models, generating, streaming, embedding, a spoken turn.

Runs against an emulator started for it, or with --real against Gemini. The question of the spoken turn
is a WAV file of yours (--wav), or one that is made: the emulator has a language of tones of its own,
and Gemini says the question itself. (What is no tones, the emulator knows by its length only.)
"""

from __future__ import annotations

import argparse
import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from gemini_grpc import Client, errors, v1beta
from gemini_grpc.live import (
    AudioOut,
    Live,
    LiveConfig,
    LiveSession,
    ToolCall,
    ToolResult,
    Transcript,
    TurnEnd,
)
from gemini_grpc.live.audio import (
    INPUT_RATE,
    OUTPUT_RATE,
    Clip,
    decibels,
    frames,
    read_wav,
    resample,
    write_wav,
)

MODEL = "models/gemini-3.8-flash"
EMBEDDING_MODEL = "models/gemini-embedding-2"
QUESTION = [{"role": "user", "parts": [{"text": "Why is the sky blue?"}]}]
SPOKEN_QUESTION = "What is the weather in Oslo?"
PATIENCE = 60.0
"""Seconds without a word of the model after which the demo gives up."""


def step(title: str) -> None:
    """Print the title of a step."""
    print(f"\n== {title}", flush=True)


def list_models(client: Client) -> list[v1beta.Model]:
    """List the models and what they can do."""
    step("ListModels")
    models = list(client.model_service.list_models(page_size=50))
    for model in models:
        print(f"{model.name:40} {', '.join(model.supported_generation_methods)}")
    return models


def generate(client: v1beta.GenerativeServiceClient) -> None:
    """Generate an answer, whole and then as a stream."""
    step("GenerateContent")
    response = client.generate_content(model=MODEL, contents=QUESTION)
    print(response.candidates[0].content.parts[0].text)
    usage = response.usage_metadata
    print(
        f"tokens: {usage.prompt_token_count} in the prompt, "
        f"{usage.candidates_token_count} in the answer, {usage.total_token_count} in all"
    )
    step("StreamGenerateContent")
    for chunk in client.stream_generate_content(model=MODEL, contents=QUESTION):
        print(repr(chunk.candidates[0].content.parts[0].text), flush=True)


def embed(client: v1beta.GenerativeServiceClient) -> None:
    """Embed a text."""
    step("EmbedContent")
    content = {"parts": [{"text": "Why is the sky blue?"}]}
    values = client.embed_content(model=EMBEDDING_MODEL, content=content).embedding.values
    print(f"{len(values)} numbers, the first: {', '.join(f'{value:+.1e}' for value in values[:6])}")


def get_weather(city: str) -> str:
    """Tell the weather in a city."""
    return f"sunny, 21 degrees in {city}"


def spoken_turn(live: Live, model: str, question: Path, answer: Path) -> None:
    """Ask with one WAV file and write the answer into another; a function is called on the way."""
    step("BidiGenerateContent, a spoken turn")
    clip = recording(question)
    print(f"{question}: {clip.duration:.1f} s at {clip.rate} Hz, {decibels(clip.pcm):.1f} dBFS")
    config = LiveConfig(
        modalities=["AUDIO"],
        transcripts=True,
        manual_activity=True,  # a file is one turn, whatever pauses are in it
    )
    with live.connect(
        model, config=config, tools=[get_weather], resume=None, idle_timeout=PATIENCE
    ) as session:
        sent = say(session, clip)
        print(f"{model} is sent {sent} frames of 20 ms", flush=True)
        heard, said, speech = listen(session)
    print(f"heard: {heard.strip()}\nanswer: {said.strip()}")
    if not speech.pcm:
        raise SystemExit("demo: the model said nothing")
    write_wav(answer, speech.pcm, speech.rate)
    print(f"{answer}: {speech.duration:.1f} s at {speech.rate} Hz, {decibels(speech.pcm):.1f} dBFS")


def say(session: LiveSession, clip: Clip) -> int:
    """Send a recording as one turn; return how many frames it took."""
    sent = 0
    session.activity_start()
    for frame in frames(resample(clip.pcm, clip.rate, INPUT_RATE), milliseconds=20, pad=True):
        session.send_audio(frame)
        sent += 1
    session.activity_end()
    return sent


def listen(session: LiveSession) -> tuple[str, str, Clip]:
    """Return what the model has heard, what it says, and its voice."""
    heard = said = ""
    pcm, rate = bytearray(), OUTPUT_RATE
    answering = True  # not while a function is called: some models end a turn to wait for it
    for event in session:
        match event:
            case Transcript(who="user", text=text):
                heard += text
            case Transcript(text=text):
                said += text
            case AudioOut(pcm=piece, rate=rate):
                pcm += piece
                answering = True
            case ToolCall(name=name, arguments=arguments):
                print(f"the model calls {name}({dict(arguments)})", flush=True)
                answering = False
            case ToolResult(name=name, response=response):
                print(f"{name} returns {dict(response)}", flush=True)
            case TurnEnd(reason=reason, usage=usage) if answering or reason != "complete":
                print(f"the turn is {reason}, {usage.total} tokens", flush=True)
                break
    return heard, said, Clip(bytes(pcm), rate)


def recording(path: Path) -> Clip:
    """Return what a WAV file holds, which must be something."""
    clip = read_wav(path)
    if not clip.pcm:
        raise errors.ArgumentError(f"{path} holds no sound")
    return clip


def spoken(live: Live, model: str, text: str) -> Clip:
    """Return a text as a live model says it."""
    config = LiveConfig(modalities=["AUDIO"], system="Say what you are given, word for word.")
    with live.connect(model, config=config, resume=None, idle_timeout=PATIENCE) as session:
        turn = session.ask(text)
    return Clip(turn.audio, turn.rate)


def question(arguments: argparse.Namespace, live: Live, model: str, folder: Path) -> Path:
    """Return the WAV file with the question, made if none was given."""
    if arguments.wav:
        return Path(arguments.wav)
    if arguments.real:
        clip = spoken(live, model, SPOKEN_QUESTION)
    else:
        from gemini_grpc.emulator.live import speech

        clip = Clip(speech.encode(SPOKEN_QUESTION), INPUT_RATE)
    path = folder / "question.wav"
    write_wav(path, clip.pcm, clip.rate)
    return path


def live_model(models: list[v1beta.Model]) -> str:
    """Return the first model that holds live sessions."""
    for model in models:
        if "bidiGenerateContent" in model.supported_generation_methods:
            return model.name
    raise errors.ArgumentError("no model holds live sessions; name one with --live-model")


@contextlib.contextmanager
def service(arguments: argparse.Namespace) -> Iterator[dict[str, object]]:
    """Yield the options of a client of the service to use."""
    if arguments.real:
        key = arguments.api_key or os.environ.get("GEMINI_API_KEY")
        if not key:
            raise SystemExit("demo: --real needs --api-key KEY or the variable GEMINI_API_KEY")
        yield {"api_key": key}
        return
    from gemini_grpc.emulator import Emulator

    with Emulator() as emulator:
        print(f"emulator on {emulator.target}", flush=True)
        yield {"api_endpoint": f"http://{emulator.target}", "api_key": "demo"}


def run(arguments: argparse.Namespace) -> None:
    """Do all steps."""
    if arguments.wav:
        recording(Path(arguments.wav))  # what is wrong is told before anything is asked
    if arguments.answer and not Path(arguments.answer).parent.is_dir():
        raise errors.ArgumentError(f"{arguments.answer} cannot be written: there is no such folder")
    with service(arguments) as options, Client(client_options=options) as client:
        models = list_models(client)
        generate(client.generative_service)
        embed(client.generative_service)
        model = arguments.live_model or live_model(models)
        folder = Path(tempfile.mkdtemp(prefix="gemini-grpc-"))
        asked = question(arguments, client.live, model, folder)
        answer = Path(arguments.answer or folder / "answer.wav")
        spoken_turn(client.live, model, asked, answer)


def main() -> int:
    """Run the command line and return its exit code."""
    parser = argparse.ArgumentParser(prog="scripts/demo", description=__doc__)
    parser.add_argument("--real", action="store_true", help="use Gemini instead of the emulator")
    parser.add_argument("--api-key", help="the API key for --real")
    parser.add_argument("--wav", metavar="FILE", help="the question, spoken")
    parser.add_argument("--answer", metavar="FILE", help="where the spoken answer is written")
    parser.add_argument("--live-model", metavar="NAME", help="the model for the spoken turn")
    arguments = parser.parse_args()
    try:
        run(arguments)
    except (errors.GeminiError, OSError) as error:
        print(f"demo: {one_line(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


def one_line(error: Exception) -> str:
    """Return what an error says."""
    if isinstance(error, OSError) and error.strerror and error.filename:
        return f"{error.filename}: {error.strerror}"
    return " ".join(str(error).split())


if __name__ == "__main__":
    sys.exit(main())
