"""Audio of live sessions: with NumPy and without it, and against simple models."""

from __future__ import annotations

import asyncio
import contextlib
import io
import itertools
import math
import pickle
import re
import struct
import sys
import threading
import time
from array import array
from collections.abc import Callable, Iterator
from functools import cache
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

import gemini_grpc.live.audio as public
from gemini_grpc.errors import ArgumentError
from gemini_grpc.live.audio import (
    Clip,
    Framer,
    Playout,
    PlayoutFull,
    Resampler,
    arrays,
    decibels,
    duration,
    frames,
    from_float,
    mime_type,
    peak,
    rate_of,
    read_wav,
    resample,
    resampling,
    rms,
    silence,
    to_float,
    to_mono,
    write_wav,
)

RATES = [8000, 11025, 16000, 22050, 24000, 44100, 48000]
PCMS = st.lists(st.integers(-32768, 32767), max_size=600).map(
    lambda samples: struct.pack(f"<{len(samples)}h", *samples)
)


find_numpy = arrays.numpy.__wrapped__  # before a fixture takes its place
patient = settings(deadline=None)  # the machine may be busy


@contextlib.contextmanager
def without_numpy() -> Iterator[None]:
    with mock.patch.object(arrays, "numpy", return_value=None):
        yield


@pytest.fixture(autouse=True, scope="module", params=["numpy", "plain"])
def _mode(request: pytest.FixtureRequest) -> Iterator[None]:
    """Run every test twice."""
    with without_numpy() if request.param == "plain" else contextlib.nullcontext():
        yield


def both_ways(function: Callable[[], bytes]) -> bytes:
    """Return what a function makes, which must not depend on NumPy."""
    with mock.patch.object(arrays, "numpy", return_value=np):
        fast = function()
    with without_numpy():
        assert function() == fast
    return fast


def pieces(data: bytes, cuts: list[int], unit: int = 1) -> Iterator[bytes]:
    """Yield the data cut at some places, counted in units of bytes."""
    size = len(data) // unit
    places = sorted({0, size, *(cut % (size + 1) for cut in cuts)})
    for start, end in itertools.pairwise(places):
        yield data[start * unit : end * unit]


def sine(frequency: float, rate: int, seconds: float = 0.25, amplitude: float = 0.5) -> bytes:
    times = np.arange(int(seconds * rate)) / rate
    return from_float(amplitude * np.sin(2 * np.pi * frequency * times))


# --- numpy


def test_numpy_is_found_if_it_is_there(monkeypatch: pytest.MonkeyPatch) -> None:
    with mock.patch.object(arrays, "numpy", cache(find_numpy)):
        assert arrays.numpy() is np
    monkeypatch.setitem(sys.modules, "numpy", None)
    assert find_numpy() is None


def test_importing_audio_does_not_import_numpy() -> None:
    import subprocess

    code = "import gemini_grpc.live.audio, sys; assert 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_all_names_are_there() -> None:
    assert sorted(public.__all__) == sorted(set(public.__all__))
    assert all(hasattr(public, name) for name in public.__all__)


# --- what is taken as PCM

SAMPLES = [0, 1, -1, 32767, -32768, 1234]
EXPECTED = struct.pack("<6h", *SAMPLES)


@pytest.mark.parametrize(
    "pcm",
    [
        EXPECTED,
        bytearray(EXPECTED),
        memoryview(EXPECTED),
        memoryview(EXPECTED).cast("b"),
        memoryview(EXPECTED).cast("c"),
        np.frombuffer(EXPECTED, "u1"),
        np.array(SAMPLES, "<i2"),
        np.array(SAMPLES, ">i2"),
        np.array(SAMPLES, "i2").reshape(-1, 1),
        np.array(SAMPLES, "i2").reshape(1, -1),
        np.repeat(np.array(SAMPLES, "i2"), 2)[::2],
        array("h", SAMPLES),
        np.array(SAMPLES, "f4") / 32768,
        np.array(SAMPLES, ">f4") / 32768,
        np.array(SAMPLES, ">f8") / 32768,
        array("d", [sample / 32768 for sample in SAMPLES]),
    ],
    ids=lambda pcm: f"{type(pcm).__name__} {memoryview(pcm).format}{memoryview(pcm).shape}",
)
def test_pcm_may_be_bytes_or_an_array(pcm: Any) -> None:
    assert b"".join(frames(pcm)) == EXPECTED


@pytest.mark.parametrize(
    ("pcm", "text"),
    [
        (b"abc", "pcm has 3 bytes"),
        ("text", "pcm is str"),
        (None, "pcm is NoneType"),
        ([1, 2], "pcm is list"),
        (np.array(["2020-01-01"], "datetime64[D]"), "pcm is ndarray"),
        (np.array([1, 2], "i4"), "pcm has samples of the format 'i'"),
        (np.array([1, 2], "f2"), "pcm has samples of the format 'e'"),
        (np.array([1, 2], "c8"), "pcm has samples of the format 'Zf'"),
        (np.zeros((3, 2), "i2"), r"pcm has the shape \(3, 2\)"),
        (np.array([np.nan]), "pcm has a sample that is not a number"),
    ],
)
def test_what_is_no_pcm_is_an_error(pcm: Any, text: str) -> None:
    for function in (frames, rms, peak, decibels, Resampler(8000, 16000).feed, Playout().feed):
        with pytest.raises(ArgumentError, match=text):
            function(pcm)


# --- duration, silence, rates


def test_duration_and_silence_are_in_seconds() -> None:
    assert duration(bytes(32000), 16000) == 1.0
    assert silence(0.02, 16000) == bytes(640)
    assert silence(0, 16000) == b""


@pytest.mark.parametrize("seconds", [-0.1, math.inf, math.nan])
def test_silence_of_no_length_is_an_error(seconds: float) -> None:
    with pytest.raises(ArgumentError, match="seconds is"):
        silence(seconds, 16000)


@pytest.mark.parametrize("rate", [7999, 192001, 0, -16000, 16000.0, "16000", None])
def test_a_rate_out_of_range_is_an_error_that_names_the_argument(rate: Any) -> None:
    for function in (
        lambda: duration(b"", rate),
        lambda: silence(1, rate),
        lambda: mime_type(rate),
        lambda: frames(b"", rate=rate),
        lambda: Framer(rate=rate),
        lambda: Playout(rate=rate),
        lambda: write_wav(io.BytesIO(), b"", rate),
    ):
        with pytest.raises(ArgumentError, match=r"^rate is"):
            function()
    with pytest.raises(ArgumentError, match=r"^source is"):
        Resampler(rate, 16000)
    with pytest.raises(ArgumentError, match=r"^target is"):
        Resampler(16000, rate)
    with pytest.raises(ArgumentError, match=r"^default is"):
        rate_of("audio/pcm", rate)


@patient
@given(rate=st.integers(8000, 192000))
def test_a_mime_type_gives_its_rate_back(rate: int) -> None:
    assert mime_type(rate) == f"audio/pcm;rate={rate}"
    assert rate_of(mime_type(rate)) == rate


@pytest.mark.parametrize(
    ("text", "rate"),
    [
        ("audio/pcm", 24000),
        ("", 24000),
        ("audio/pcm; rate=16000", 16000),
        ("Audio/PCM;Rate=16000", 16000),
        ('audio/pcm;rate="16000"', 16000),
        ("audio/L16;codec=pcm;rate=24000;channels=1", 24000),
    ],
)
def test_mime_types_are_read_as_they_come(text: str, rate: int) -> None:
    assert rate_of(text, 24000) == rate


@pytest.mark.parametrize(
    "text",
    [
        "audio/mpeg",
        "image/png",
        "audio/pcm;channels=2",
        "audio/pcm;rate=",
        "audio/pcm;rate=fast",
        "audio/pcm;rate=1e4",
        "audio/pcm;rate=٣٢٠٠٠",
        "audio/pcm;rate=100",
        "audio/pcm;rate=" + "9" * 5000,
    ],
)
def test_a_mime_type_that_is_no_pcm_is_an_error(text: str) -> None:
    with pytest.raises(ArgumentError, match="mime_type"):
        rate_of(text, 24000)


# --- floats and channels


@patient
@given(pcm=PCMS)
def test_floats_give_the_samples_back(pcm: bytes) -> None:
    floats = to_float(pcm)
    assert floats.typecode == "f"
    assert all(-1 <= value < 1 for value in floats)
    assert from_float(floats) == from_float(list(floats)) == pcm


@patient
@given(st.lists(st.floats(allow_nan=False), max_size=50))
def test_floats_are_rounded_and_clipped(values: list[float]) -> None:
    exact = [max(-32768, min(32767, round(max(-2, min(2, v)) * 32768))) for v in values]
    expected = struct.pack(f"<{len(values)}h", *exact)
    assert both_ways(lambda: from_float(values)) == expected
    assert both_ways(lambda: from_float(np.array(values, "f8"))) == expected
    assert both_ways(lambda: from_float(value for value in values)) == expected


@pytest.mark.parametrize(
    ("samples", "text"),
    [
        (EXPECTED, "samples has the format 'B'"),
        (np.array([1], "i2"), "samples has the format 'h'"),
        (np.array([1], "c8"), "samples has the format 'Zf'"),
        (np.zeros((2, 2)), "samples has the shape"),
        (5, "samples is int"),
        (["a"], "samples is list"),
        ([math.nan], "samples has a sample that is not a number"),
    ],
)
def test_what_are_no_floats_is_an_error(samples: Any, text: str) -> None:
    with pytest.raises(ArgumentError, match=text):
        from_float(samples)


@patient
@given(channels=st.integers(1, 6), pcm=PCMS)
def test_one_channel_is_the_mean_of_several(channels: int, pcm: bytes) -> None:
    pcm = pcm[: len(pcm) - len(pcm) % (2 * channels)]
    words = struct.unpack(f"<{len(pcm) // 2}h", pcm)
    groups = [words[start : start + channels] for start in range(0, len(words), channels)]
    expected = [round(sum(group) / channels) for group in groups]
    found = both_ways(lambda: to_mono(pcm, channels))
    assert list(struct.unpack(f"<{len(expected)}h", found)) == expected
    table = np.frombuffer(pcm, "<i2").reshape(-1, channels)
    assert both_ways(lambda: to_mono(table, channels)) == found


def test_channels_that_do_not_fit_are_an_error() -> None:
    table: Any = np.zeros((4, 2), "i2")
    for pcm, channels in [(bytes(4), 0), (bytes(6), 2), (bytes(3), 1), (table, 4)]:
        with pytest.raises(ArgumentError, match=r"channels is|pcm has 3 bytes"):
            to_mono(pcm, channels)
    with pytest.raises(ArgumentError, match="pcm is str"):
        to_mono("ab", 1)  # type: ignore[arg-type]


# --- frames


@patient
@given(pcm=PCMS, milliseconds=st.sampled_from([1, 2.5, 10, 20]))
def test_frames_have_one_length_and_lose_nothing(pcm: bytes, milliseconds: float) -> None:
    size = int(16 * milliseconds) * 2
    found = list(frames(pcm, milliseconds=milliseconds))
    assert b"".join(found) == pcm
    assert all(len(frame) == size for frame in found[:-1])
    assert all(0 < len(frame) <= size for frame in found[-1:])
    padded = list(frames(pcm, milliseconds=milliseconds, pad=True))
    assert b"".join(padded) == pcm + bytes(-len(pcm) % size)
    assert all(len(frame) == size for frame in padded)


@patient
@given(data=st.binary(max_size=3000), cuts=st.lists(st.integers(0, 3000)), pad=st.booleans())
def test_a_framer_takes_pieces_of_any_length(data: bytes, cuts: list[int], pad: bool) -> None:
    data = data[: len(data) // 2 * 2]
    framer, found = Framer(milliseconds=10, rate=16000), []
    for piece in pieces(data, cuts):
        found += framer.feed(piece)
        assert framer.pending < framer.size
    assert all(len(frame) == framer.size for frame in found)
    rest = framer.flush(pad=pad)
    assert len(rest) in ((0, framer.size) if pad else range(framer.size))
    assert b"".join(found) + rest == data + bytes(-len(data) % framer.size if pad else 0)
    assert framer.pending == 0
    assert framer.flush() == b""


def test_half_a_sample_waits_for_the_other_half() -> None:
    framer = Framer()
    assert framer.feed(b"abc") == []
    with pytest.raises(ArgumentError, match="pcm that was fed ends within a sample"):
        framer.flush()
    framer.feed(b"d")
    assert framer.flush(pad=False) == b"abcd"


@pytest.mark.parametrize("milliseconds", [0, -20, 0.01, 0.0625 * 1.5, math.nan])
def test_a_frame_is_a_whole_number_of_samples(milliseconds: float) -> None:
    with pytest.raises(ArgumentError, match="milliseconds is"):
        frames(b"", milliseconds=milliseconds)
    with pytest.raises(ArgumentError, match=r"which is 220.5 samples at 11025 Hz"):
        Framer(rate=11025)


# --- resampling


@settings(max_examples=25, deadline=None)
@given(
    pcm=PCMS,
    source=st.sampled_from(RATES),
    target=st.sampled_from(RATES),
    cuts=st.lists(st.integers(0, 600), max_size=8),
)
def test_resampling_in_pieces_is_resampling_at_once(
    pcm: bytes, source: int, target: int, cuts: list[int]
) -> None:
    whole = both_ways(lambda: resample(pcm, source, target))
    assert len(whole) // 2 == math.ceil(len(pcm) // 2 * target / source)
    resampler = Resampler(source, target)
    for _ in range(2):  # it can be used again after a flush
        parts = [resampler.feed(piece) for piece in pieces(pcm, cuts, 2)]
        parts.append(resampler.flush())
        assert b"".join(parts) == whole


@pytest.mark.parametrize(("source", "target"), [(192000, 8001), (8001, 192000), (192000, 8000)])
def test_rates_far_apart_are_the_same_both_ways(source: int, target: int) -> None:
    pcm = sine(1000, source, 0.02)
    assert len(both_ways(lambda: resample(pcm, source, target))) // 2 == math.ceil(
        len(pcm) // 2 * target / source
    )


@pytest.mark.parametrize("source", [*RATES, 8001, 192000])
@pytest.mark.parametrize("target", [16000, 24000])
def test_a_sine_keeps_its_frequency_amplitude_and_phase(source: int, target: int) -> None:
    for frequency in (300, 0.42 * min(source, target)):
        found = np.asarray(to_float(resample(sine(frequency, source, 0.05), source, target)))
        times = np.arange(len(found)) / target
        difference = found - 0.5 * np.sin(2 * np.pi * frequency * times)
        edge = math.ceil(33 * target / min(source, target))  # where the sine begins and ends
        assert np.abs(difference[edge:-edge]).max() < 0.0002


@pytest.mark.parametrize(("source", "target"), [(48000, 16000), (44100, 16000), (24000, 16000)])
def test_what_would_alias_is_not_heard(source: int, target: int) -> None:
    for share in (0.505, 0.6, 0.7):
        found = to_float(resample(sine(share * target, source, 0.1), source, target))
        assert decibels(found[100:-100]) < -80


@pytest.mark.parametrize("level", [32767, -32768, 1000])
def test_a_constant_stays_what_it_is(level: int) -> None:
    found = np.frombuffer(resample(np.full(3000, level, "i2"), 44100, 16000), "<i2")
    assert set(found[40:-40].tolist()) == {level}


def test_what_overshoots_is_clipped() -> None:
    square = np.repeat(np.tile(np.array([32767, -32768], "i2"), 20), 50)
    found = np.frombuffer(resample(square, 16000, 24000), "<i2")
    assert (found.max(), found.min()) == (32767, -32768)
    assert np.abs(np.sign(found)).sum() > 0.9 * len(found)


def test_the_same_rate_changes_nothing() -> None:
    resampler = Resampler(16000, 16000)
    assert resampler.feed(EXPECTED) == EXPECTED
    assert resampler.flush() == b""


def test_long_recordings_are_converted_block_by_block(monkeypatch: pytest.MonkeyPatch) -> None:
    pcm = sine(440, 16000, 0.1)
    whole = resample(pcm, 16000, 24000)
    monkeypatch.setattr(resampling, "_BLOCK", 1000)
    assert resample(pcm, 16000, 24000) == whole


# --- wav files


def wav(
    samples: bytes,
    *,
    tag: int = 1,
    channels: int = 1,
    rate: int = 16000,
    bits: int = 16,
    block: int | None = None,
    extension: bytes = b"",
) -> bytes:
    block = channels * bits // 8 if block is None else block
    form = struct.pack("<HHIIHH", tag, channels, rate, rate * block, block, bits) + extension
    chunks = [(b"LIST", b"odd"), (b"fmt ", form), (b"data", samples), (b"data", b"again")]
    body = b"".join(
        name + struct.pack("<I", len(content)) + content + bytes(len(content) % 2)
        for name, content in chunks
    )
    return b"RIFF" + struct.pack("<I", len(body) + 4) + b"WAVE" + body


def test_files_of_the_standard_library_are_read_and_ours_by_it(tmp_path: Path) -> None:
    import wave

    pcm = sine(440, 24000)
    write_wav(tmp_path / "ours.wav", pcm, 24000)
    with wave.open(str(tmp_path / "ours.wav")) as file:
        assert file.getparams()[:4] == (1, 2, 24000, len(pcm) // 2)
        assert file.readframes(len(pcm)) == pcm
    with wave.open(str(tmp_path / "theirs.wav"), "wb") as file:
        file.setparams((2, 2, 44100, 0, "NONE", ""))
        file.writeframes(EXPECTED)
    assert read_wav(str(tmp_path / "theirs.wav")) == Clip(to_mono(EXPECTED, 2), 44100)


@patient
@given(pcm=PCMS, rate=st.integers(8000, 192000))
def test_what_is_written_is_read_back(pcm: bytes, rate: int) -> None:
    file = io.BytesIO()
    write_wav(file, pcm, rate)
    file.seek(0)
    clip = read_wav(file)
    assert clip == Clip(pcm, rate)
    assert clip.duration == duration(pcm, rate)


@patient
@given(pcm=PCMS, channels=st.integers(1, 3), data=st.data())
def test_every_format_is_read(pcm: bytes, channels: int, data: st.DataObject) -> None:
    pcm = pcm[: len(pcm) // 2 // channels * channels * 2]
    words = struct.unpack(f"<{len(pcm) // 2}h", pcm)
    expected = to_mono(pcm, channels)
    noise = data.draw(st.integers(-100, 100)) if all(abs(w) < 32767 for w in words) else 0
    contents = {
        (1, 16): pcm,
        (1, 24): b"".join((w * 256 + noise).to_bytes(3, "little", signed=True) for w in words),
        (1, 32): struct.pack(f"<{len(words)}i", *(w * 65536 + noise for w in words)),
        (3, 32): struct.pack(f"<{len(words)}f", *(w / 32768 for w in words)),
        (3, 64): struct.pack(f"<{len(words)}d", *(w / 32768 for w in words)),
    }
    for (tag, bits), samples in contents.items():
        plain = wav(samples, tag=tag, bits=bits, channels=channels)
        assert read_wav(io.BytesIO(plain)).pcm == expected
        extension = struct.pack("<HHIH14s", 22, bits, 0, tag, b"")
        extended = wav(samples, tag=0xFFFE, bits=bits, channels=channels, extension=extension)
        assert read_wav(io.BytesIO(extended)).pcm == expected


def test_eight_bits_are_unsigned() -> None:
    assert read_wav(io.BytesIO(wav(bytes([128, 255, 0]), bits=8))).pcm == struct.pack(
        "<3h", 0, 32512, -32768
    )


def test_the_loudest_of_32_bits_does_not_wrap() -> None:
    samples = struct.pack("<2i", 2**31 - 1, -(2**31))
    assert read_wav(io.BytesIO(wav(samples, bits=32))).pcm == struct.pack("<2h", 32767, -32768)


def test_a_recording_whose_length_was_not_known_goes_to_the_end() -> None:
    content = wav(EXPECTED)
    start = content.index(b"data")
    content = content[: start + 4] + b"\xff\xff\xff\xff" + content[start + 8 :][: len(EXPECTED)]
    assert read_wav(io.BytesIO(content)).pcm == EXPECTED


SHORT = b"RIFF\0\0\0\0WAVEfmt \x08\0\0\0" + bytes(8) + b"data\0\0\0\0"


@pytest.mark.parametrize(
    ("content", "text"),
    [
        (b"", "is not a WAV file"),
        (b"RIFX" + wav(b"")[4:], "is not a WAV file"),
        (b"RIFF\0\0\0\0AVI " + bytes(100), "is not a WAV file"),
        (wav(b"")[:12], "without a format"),
        (wav(EXPECTED)[: wav(EXPECTED).index(b"data")], "without a format or without samples"),
        (wav(EXPECTED)[:-20], "cut short: b'data' holds"),
        (SHORT, "format chunk of 8 bytes"),
        (wav(b"", tag=0xFFFE), "format 65534 and 16 bits"),
        (wav(b"", tag=6, bits=8), "format 6 and 8 bits"),
        (wav(b"", tag=3, bits=16), "format 3 and 16 bits"),
        (wav(b"abc"), "3 bytes of samples in blocks of 2"),
        (wav(b"", channels=0), "0 channels"),
        (wav(b"", block=4), "blocks of 4"),
        (wav(b"", rate=4000), "the rate of file is 4000"),
        (wav(struct.pack("<f", math.nan), tag=3, bits=32), "file has a sample that is not"),
    ],
)
def test_a_file_that_cannot_be_used_is_an_error(content: bytes, text: str) -> None:
    with pytest.raises(ArgumentError, match=text):
        read_wav(io.BytesIO(content))


def test_the_error_of_a_file_names_its_path(tmp_path: Path) -> None:
    path = tmp_path / "short.wav"
    for content in (b"", wav(b"")[:12], wav(EXPECTED)[:-20], SHORT, wav(b"", rate=4000)):
        path.write_bytes(content)
        with pytest.raises(ArgumentError, match=re.escape(str(path))):
            read_wav(path)


def test_a_file_of_text_is_an_error_and_a_missing_one_an_oserror(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="is not a WAV file"):
        read_wav(io.StringIO("RIFF"))  # type: ignore[arg-type]
    with pytest.raises(FileNotFoundError):
        read_wav(tmp_path / "none.wav")


@settings(max_examples=50, deadline=None)
@given(st.binary(max_size=120))
def test_any_bytes_are_a_recording_or_an_argument_error(rest: bytes) -> None:
    with contextlib.suppress(ArgumentError):
        read_wav(io.BytesIO(b"RIFF\0\0\0\0WAVEfmt " + rest))


# --- levels


def test_levels_are_against_full_scale() -> None:
    assert rms(bytes(100)) == rms(b"") == peak(b"") == peak(bytes(100)) == 0.0
    assert decibels(bytes(100)) == decibels(b"") == -math.inf
    assert rms(struct.pack("<2h", -32768, -32768)) == peak(struct.pack("<h", -32768)) == 1.0
    assert decibels(struct.pack("<h", -32768)) == 0.0
    assert decibels(sine(1000, 16000, 1, 1.0)) == pytest.approx(-3.01, abs=0.01)
    assert peak(struct.pack("<2h", 16384, -100)) == 0.5


@patient
@given(pcm=PCMS)
def test_levels_are_the_same_both_ways(pcm: bytes) -> None:
    both_ways(lambda: repr((rms(pcm), peak(pcm), decibels(pcm))).encode())


# --- playing

SECOND = 16000  # bytes, at the rate of these tests


class PlayoutModel(RuleBasedStateMachine):
    """A playout of 100 samples against a list of bytes; each feed has a mark of its own."""

    policy: Any = "block"

    def __init__(self) -> None:
        super().__init__()
        self.playout = Playout(rate=8000, limit=100 / 8000, overflow=self.policy)
        self.held = b""
        self.fed = self.played = self.dropped = self.flushed = self.silence = 0
        self.underruns = self.refused = 0
        self.running = False
        self.mark = 0

    @rule(samples=st.integers(0, 150))
    def feed(self, samples: int) -> None:
        self.mark = self.mark % 255 + 1
        data = bytes([self.mark]) * (2 * samples)
        over = max(0, len(self.held) + len(data) - 200)
        left = b""
        if over and self.policy == "raise":
            left, data = data, b""
        elif over and self.policy == "block":
            left, data = data[len(data) - over :], data[: len(data) - over]
        if left:
            with pytest.raises(PlayoutFull) as caught:
                self.playout.feed(left if self.policy == "raise" else data + left, timeout=0)
            assert caught.value.left == left
            self.refused += 1
        else:
            self.playout.feed(data, timeout=0)
        self.fed += len(data)
        self.running = self.running or bool(data)
        everything = self.held + data
        self.held = everything[-200:]
        self.dropped += len(everything) - len(self.held)

    @rule(samples=st.integers(0, 120))
    def read(self, samples: int) -> None:
        found, self.held = self.held[: 2 * samples], self.held[2 * samples :]
        missing = 2 * samples - len(found)
        assert self.playout.read(2 * samples) == found + bytes(missing)
        self.played += len(found)
        self.silence += missing
        if missing:
            self.underruns += self.running
            self.running = False

    @precondition(lambda self: self.held)
    @rule()
    def flush(self) -> None:
        assert self.playout.flush() == len(self.held) / SECOND
        self.flushed += len(self.held)
        self.held, self.running = b"", False

    @invariant()
    def agrees(self) -> None:
        counts = self.playout.counts
        assert self.playout.buffered == len(self.held) / SECOND <= self.playout.limit
        assert self.fed == self.played + self.dropped + self.flushed + len(self.held)
        assert (counts.fed, counts.played) == (self.fed / SECOND, self.played / SECOND)
        assert (counts.dropped, counts.flushed) == (self.dropped / SECOND, self.flushed / SECOND)
        assert (counts.silence, counts.underruns) == (self.silence / SECOND, self.underruns)
        assert counts.refused == self.refused


class RaisingModel(PlayoutModel):
    policy = "raise"


class DroppingModel(PlayoutModel):
    policy = "drop_oldest"


@pytest.mark.parametrize("model", [PlayoutModel, RaisingModel, DroppingModel])
def test_a_playout_does_what_its_model_does(model: type[PlayoutModel]) -> None:
    run_state_machine_as_test(
        model, settings=settings(max_examples=40, stateful_step_count=30, deadline=None)
    )


def until(fact: Callable[[], bool]) -> None:
    """Wait for a fact that another thread brings about."""
    deadline = time.monotonic() + 10
    while not fact():
        assert time.monotonic() < deadline
        time.sleep(0)


@contextlib.contextmanager
def feeding(playout: Playout, *chunks: bytes) -> Iterator[None]:
    """Feed chunks from one thread each, in this order, and wait for the threads in the end."""
    threads = []
    for waiting, chunk in enumerate(chunks, 1):
        thread = threading.Thread(target=playout.feed, args=(chunk,))
        thread.start()
        threads.append(thread)
        until(lambda waiting=waiting: playout.waiting == waiting)  # type: ignore[misc]
    yield
    for thread in threads:
        thread.join(10)
        assert not thread.is_alive()


def test_a_minute_fits_by_default() -> None:
    playout = Playout()
    playout.feed(bytes(60 * 48000))
    assert playout.buffered == playout.limit == 60.0
    with pytest.raises(PlayoutFull, match=r"at most 60.0 s; there was no room within 0 s"):
        playout.feed(bytes(2), timeout=0)


def test_a_feed_waits_for_room_and_those_behind_it_wait_for_their_turn() -> None:
    playout = Playout(rate=8000, limit=10 / 8000)
    playout.feed(b"a" * 20)
    with feeding(playout, b"b" * 50, b"c" * 4):
        found = b""
        while len(found) < 74:
            found += playout.read(6).rstrip(b"\0")
    assert found == b"a" * 20 + b"b" * 50 + b"c" * 4
    assert playout.waiting == 0


def test_a_feed_that_gives_up_lets_the_next_one_in() -> None:
    playout = Playout(rate=8000, limit=10 / 8000)
    playout.feed(b"a" * 20)
    with pytest.raises(PlayoutFull) as caught:
        playout.feed(b"b" * 4, timeout=0.001)
    assert caught.value.left == b"b" * 4
    assert playout.read(20) == b"a" * 20
    playout.feed(b"c" * 4)
    assert playout.read(4) == b"c" * 4


def test_nothing_that_was_fed_before_a_flush_comes_out_after_it() -> None:
    playout = Playout(rate=8000, limit=10 / 8000)
    playout.feed(b"a" * 20)
    with feeding(playout, b"b" * 50, b"c" * 30):
        assert playout.read(4) == b"aaaa"
        assert playout.flush() == (100 - 4) / SECOND
    assert playout.read(20) == bytes(20)
    playout.feed(b"d" * 2)
    assert playout.read(4) == b"dd\0\0"
    assert playout.counts.fed == 102 / SECOND


def test_many_threads_lose_and_double_nothing() -> None:
    playout = Playout(rate=8000, limit=50 / 8000)
    marks = [bytes([mark]) * 2 for mark in range(1, 9)]

    def feed(mark: bytes) -> None:
        for _ in range(50):
            playout.feed(mark * 10)

    threads = [threading.Thread(target=feed, args=(mark,)) for mark in marks]
    for thread in threads:
        thread.start()
    found = b""
    deadline = time.monotonic() + 20
    while len(found) < 8 * 50 * 20:
        assert time.monotonic() < deadline
        found += playout.read(14).replace(b"\0", b"")
    for thread in threads:
        thread.join()
    assert sorted(found) == sorted(b"".join(mark * 500 for mark in marks))
    chunks = [found[start : start + 20] for start in range(0, len(found), 20)]
    assert all(len(set(chunk)) == 1 for chunk in chunks)


def test_running_dry_counts_once_and_not_after_a_flush() -> None:
    playout = Playout()
    playout.read(4)
    assert playout.counts.underruns == 0
    playout.feed(bytes(4))
    playout.read(4)
    assert playout.counts.underruns == 0
    playout.read(4)
    playout.read(4)
    assert playout.counts.underruns == 1
    playout.feed(bytes(4))
    playout.flush()
    playout.read(4)
    assert playout.counts.underruns == 1


async def test_async_feed_waits_without_holding_up_the_loop() -> None:
    playout = Playout(rate=8000, limit=10 / 8000)
    task = asyncio.create_task(playout.async_feed(b"a" * 24))
    while not playout.waiting:
        await asyncio.sleep(0)
    assert playout.read(20) == b"a" * 20
    await task
    assert playout.read(4) == b"a" * 4


async def test_a_cancelled_async_feed_leaves_the_line() -> None:
    playout = Playout(rate=8000, limit=10 / 8000)
    with pytest.raises(TimeoutError):
        async with asyncio.timeout(0.001):
            await playout.async_feed(b"a" * 24)
    assert playout.waiting == 0
    assert playout.read(24) == b"a" * 20 + bytes(4)


async def test_async_feed_follows_the_policy() -> None:
    playout = Playout(rate=8000, limit=10 / 8000, overflow="raise")
    await playout.async_feed(b"a" * 20)
    with pytest.raises(PlayoutFull, match=r"0.00 s do not fit"):
        await playout.async_feed(b"b" * 2)


def test_being_full_can_be_pickled() -> None:
    error = pickle.loads(pickle.dumps(PlayoutFull("full", b"rest")))
    assert (str(error), error.left) == ("full", b"rest")


@pytest.mark.parametrize("size", [-2, 1])
def test_a_read_of_half_a_sample_is_an_error(size: int) -> None:
    with pytest.raises(ArgumentError, match="size is"):
        Playout().read(size)


@pytest.mark.parametrize(
    ("options", "text"),
    [
        ({"limit": 0}, "limit is 0"),
        ({"limit": -1}, "limit is -1"),
        ({"limit": math.inf}, "limit is inf"),
        ({"overflow": "drop"}, "overflow is 'drop'; expected one of block, raise, drop_oldest"),
    ],
)
def test_options_out_of_range_are_an_error(options: dict[str, Any], text: str) -> None:
    with pytest.raises(ArgumentError, match=text):
        Playout(**options)


def test_a_negative_timeout_is_an_error() -> None:
    with pytest.raises(ArgumentError, match="timeout is -1"):
        Playout().feed(b"", timeout=-1)
