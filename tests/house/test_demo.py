"""The demo and the example of a spoken turn do what they show, and say in one line what is wrong."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import wave
from array import array
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gemini_grpc.emulator import Emulator, Reply, Step
from gemini_grpc.emulator.live import speech
from gemini_grpc.emulator.live.settings import Live
from gemini_grpc.live.audio import read_wav, resample

ROOT = Path(__file__).resolve().parents[2]
QUESTION = "What is the weather in Oslo?"
ANSWER = "According to get_weather: sunny, 21 degrees in Oslo."

REAL = ["scripts/demo.py", "--real", "--api-key", "key"]
"""Without these words the demo uses an emulator of its own."""

Program = Callable[..., list[str]]


def demo(question: Path | str, answer: Path | str = "answer.wav") -> list[str]:
    return [*REAL, "--wav", str(question), "--answer", str(answer)]


def example(question: Path | str, answer: Path | str = "answer.wav") -> list[str]:
    return ["examples/spoken_turn.py", str(question), str(answer)]


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture
def start(emulator: Emulator, tmp_path: Path) -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Return a function that starts one of the programs for the emulator, in an empty folder."""
    foreign = ("GEMINI", "GOOGLE", "CLOUDSDK", "PYTHON")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(foreign)}
    kept |= {"GEMINI_EMULATOR_HOST": emulator.target, "TMPDIR": str(tmp_path)}
    with contextlib.ExitStack() as stack:

        def begin(command: list[str]) -> subprocess.Popen[str]:
            script, *arguments = command
            process = subprocess.Popen(
                [sys.executable, "-W", "error", str(ROOT / script), *arguments],
                cwd=tmp_path,
                env=kept,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                text=True,
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            return process

        yield begin


@pytest.fixture
def run(start: Callable[..., subprocess.Popen[str]]) -> Callable[[list[str]], str]:
    """Return a function that runs a program to its good end and returns what it prints."""

    def whole(command: list[str]) -> str:
        process = start(command)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, err) == (0, "")
        return out

    return whole


@pytest.fixture
def fail(start: Callable[..., subprocess.Popen[str]]) -> Callable[[list[str]], str]:
    """Return a function that runs a program to its bad end and returns the one line it says."""

    def whole(command: list[str]) -> str:
        process = start(command)
        _, err = process.communicate(timeout=60)
        assert process.returncode == 1
        assert err.count("\n") == 1
        return err

    return whole


def write(path: Path, pcm: bytes, *, rate: int = 16000, channels: int = 1) -> Path:
    """Write a WAV file without our own writer."""
    with wave.open(str(path), "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(pcm)
    return path


def understood(path: Path) -> str | None:
    """Return what is said in a WAV file, in the language of the emulator."""
    clip = read_wav(path)
    return speech.decode(array("h", resample(clip.pcm, clip.rate, 16000)))


def test_the_demo_goes_through_all_steps(run, tmp_path):
    printed = run(["scripts/demo.py"])
    for title in ("ListModels", "GenerateContent", "StreamGenerateContent", "EmbedContent"):
        assert f"== {title}\n" in printed
    assert "is sent 78 frames of 20 ms" in printed
    assert "the model calls get_weather({'city': 'Oslo'})" in printed
    assert f"heard: {QUESTION}\nanswer: {ANSWER}\n" in printed
    (folder,) = tmp_path.glob("gemini-grpc-*")
    assert understood(folder / "question.wav") == QUESTION
    assert understood(folder / "answer.wav") == ANSWER


def test_without_a_voice_of_its_own_the_demo_lets_the_model_say_the_question(
    run, emulator, tmp_path
):
    blob = {"mime_type": "audio/pcm;rate=24000", "data": speech.encode(QUESTION, 24000)}
    voice = {"role": "model", "parts": [{"inline_data": blob}]}
    said = [{"server_content": {"model_turn": voice}}, {"server_content": {"turn_complete": True}}]
    asked = {"client_content": {"turns": [{"parts": [{"text": QUESTION}]}]}}
    emulator.script(
        "BidiGenerateContent",
        [Reply(dialogue=[[{"setup_complete": {}}], Step(said, when=asked)])],
    )
    printed = run(REAL)
    assert f"heard: {QUESTION}\nanswer: {ANSWER}\n" in printed
    (path,) = tmp_path.glob("gemini-grpc-*/question.wav")
    assert understood(path) == QUESTION
    assert read_wav(path).rate == 24000


@pytest.mark.parametrize("program", [demo, example])
def test_a_recording_of_two_channels_at_44100_hz_is_understood(program: Program, run, tmp_path):
    pcm = array("h", resample(speech.encode(QUESTION), 16000, 44100))
    both = array("h", (sample for one in pcm for sample in (one, one)))
    path = write(tmp_path / "stereo.wav", both.tobytes(), rate=44100, channels=2)
    printed = run(program(path))
    assert ANSWER in printed
    assert "get_weather returns {'result': 'sunny, 21 degrees in Oslo'}" in printed
    assert understood(tmp_path / "answer.wav") == ANSWER


@pytest.mark.parametrize("model", ["gemini-2.5-flash-native-audio", "gemini-3.8-live"])
@pytest.mark.parametrize("program", [demo, example])
def test_the_answer_is_waited_for_when_the_model_ends_its_turn_to_call(
    program: Program, model: str, run, tmp_path
):
    command = program(write(tmp_path / "question.wav", speech.encode(QUESTION)))
    flag = "--live-model" if program is demo else "--model"
    assert ANSWER in run([*command, flag, model])


def test_the_example_makes_a_sound_when_it_has_no_recording(run, tmp_path):
    assert "user: (1.2 seconds of speech)" in run(["examples/spoken_turn.py"])
    assert understood(tmp_path / "answer.wav")


@pytest.mark.parametrize("program", [demo, example])
def test_a_recording_that_cannot_be_used_is_one_line(program: Program, fail, tmp_path):
    assert "No such file or directory" in fail(program("missing.wav"))
    (tmp_path / "text.wav").write_text("no sound")
    assert fail(program("text.wav")).endswith(": text.wav is not a WAV file\n")
    write(tmp_path / "empty.wav", b"")
    assert fail(program("empty.wav")).endswith(": empty.wav holds no sound\n")


@pytest.mark.parametrize("program", [demo, example])
def test_an_answer_that_cannot_be_written_is_one_line(program: Program, fail, tmp_path):
    question = write(tmp_path / "question.wav", speech.encode(QUESTION))
    assert str(tmp_path / "nowhere" / "answer.wav") in fail(
        program(question, tmp_path / "nowhere" / "answer.wav")
    )


@pytest.mark.parametrize("program", [demo, example])
def test_a_session_that_ends_without_an_answer_is_one_line(
    program: Program, fail, emulator, tmp_path
):
    emulator.world.live = Live(connection_lifetime=0.1, ending="OK", first_delay=60)
    line = fail(program(write(tmp_path / "question.wav", speech.encode(QUESTION))))
    assert "the model said nothing" in line
    assert not (tmp_path / "answer.wav").exists()


def test_without_a_key_the_demo_says_what_it_needs(fail):
    assert "--real needs --api-key KEY" in fail(["scripts/demo.py", "--real"])


@pytest.mark.parametrize("program", [demo, example])
def test_control_c_ends_it_in_the_middle_of_an_answer(program: Program, start, emulator, tmp_path):
    emulator.world.live = Live(audio_speed=0.01)
    command = program(write(tmp_path / "question.wav", speech.encode(QUESTION)))
    process = start(command)
    assert any("get_weather returns" in line for line in process.stdout)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=10)
    assert (process.returncode, err) == (130, "")
