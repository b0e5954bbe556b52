"""Text as tones: what is said is understood, whatever happens on the way."""

from __future__ import annotations

import random
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from gemini_grpc.emulator.live import speech
from gemini_grpc.emulator.live.microphone import Microphone, samples
from gemini_grpc.errors import ArgumentError


def heard(pcm: bytes, rate: int = 16_000) -> array[int]:
    return Microphone().hear({"mime_type": f"audio/pcm;rate={rate}", "data": pcm}, path="audio")


@given(text=st.text(st.characters(exclude_categories=["Cs"]), max_size=12))
@settings(max_examples=60, deadline=None)
def test_what_is_encoded_is_understood_word_for_word(text: str) -> None:
    assert (speech.decode(samples(speech.encode(text))) or "") == " ".join(text.split())


@pytest.mark.parametrize("rate", [8_000, 16_000, 24_000, 44_100, 48_000])
def test_every_usual_rate_is_understood(rate: int) -> None:
    assert speech.transcribe(heard(speech.encode("Grüße aus Oslo", rate), rate)) == "Grüße aus Oslo"


def test_noise_and_silence_around_do_not_matter() -> None:
    chance = random.Random(1)
    said = speech.encode("hello there")
    quiet = array("h", [chance.randrange(-200, 200) for _ in range(5_000)])
    noisy = array("h", [value + chance.randrange(-1500, 1500) for value in samples(said)])
    assert speech.decode(quiet + samples(said) + quiet) == "hello there"
    assert speech.decode(noisy) == "hello there"


def test_pauses_between_words_do_not_matter() -> None:
    pause = bytes(7_777 * 2)
    pcm = speech.encode("one") + pause + speech.encode("two") + pause
    assert speech.decode(samples(pcm)) == "one two"


def test_a_word_that_is_cut_off_gives_the_letters_that_were_heard() -> None:
    pcm = speech.encode("hello")
    assert speech.decode(samples(pcm[: len(pcm) * 2 // 3])) in {"hel", "he"}


def test_other_sound_is_known_by_its_length() -> None:
    chance = random.Random(1)
    noise = array("h", [chance.randrange(-9000, 9000) for _ in range(16_000)])
    assert speech.transcribe(noise) == "(1.0 seconds of speech)"
    assert speech.transcribe(array("h", bytes(8_000))) == "(0.2 seconds of silence)"
    assert speech.decode(samples(speech.encode("a word")[960:])) is None


def test_the_length_is_known_without_encoding() -> None:
    pcm = speech.encode("two words", speech.SPOKEN_RATE)
    assert len(pcm) / 2 / speech.SPOKEN_RATE == pytest.approx(speech.seconds("two words"))
    assert max(samples(pcm)) == 8_000


def test_a_rate_that_does_not_fit_the_tones_is_refused() -> None:
    with pytest.raises(ArgumentError, match="11025"):
        speech.encode("x", 11_025)
