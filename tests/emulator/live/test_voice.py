"""Voice activity: what counts as the beginning and the end of speech."""

from __future__ import annotations

from array import array

import pytest

from gemini_grpc.emulator.live.voice import Began, Detector, Ended


def tone(seconds: float, level: int) -> array[int]:
    """Return a square wave, whose root mean square is its amplitude."""
    return array("h", [level, -level] * round(seconds * 8_000))


def events(detector: Detector, *sounds: array[int]) -> list[tuple[str, float]]:
    """Return what happens with its time, in seconds, when sounds are heard frame by frame."""
    found, time = [], 0.0
    for sound in sounds:
        for start in range(0, len(sound), 320):
            time += 0.02
            happened = detector.hear(sound[start : start + 320])
            found += [(type(event).__name__, round(time, 2)) for event in happened]
    return found


def test_speech_begins_with_a_loud_frame_and_ends_after_half_a_second_of_quiet() -> None:
    found = events(Detector({}), tone(0.2, 0), tone(0.4, 1000), tone(1, 0))
    assert found == [("Began", 0.22), ("Ended", 1.1)]


@pytest.mark.parametrize(
    ("config", "sounds", "expected"),
    [
        pytest.param({}, [(0.2, 301)], ["Began"], id="eager"),
        pytest.param({}, [(0.2, 300)], [], id="too-faint"),
        pytest.param(
            {"start_of_speech_sensitivity": "START_SENSITIVITY_LOW"},
            [(0.2, 999)],
            [],
            id="reserved",
        ),
        pytest.param(
            {"start_of_speech_sensitivity": "START_SENSITIVITY_LOW"},
            [(0.2, 1001)],
            ["Began"],
            id="clear",
        ),
        pytest.param({"prefix_padding_ms": 100}, [(0.08, 900), (0.1, 0)], [], id="too-short"),
        pytest.param({"prefix_padding_ms": 100}, [(0.1, 900)], ["Began"], id="long-enough"),
        pytest.param(
            {"silence_duration_ms": 100}, [(0.1, 900), (0.1, 0)], ["Began", "Ended"], id="prompt"
        ),
        pytest.param(
            {"end_of_speech_sensitivity": "END_SENSITIVITY_LOW"},
            [(0.1, 900), (0.98, 0)],
            ["Began"],
            id="patient",
        ),
        pytest.param(
            {"end_of_speech_sensitivity": "END_SENSITIVITY_LOW"},
            [(0.1, 900), (1.0, 0)],
            ["Began", "Ended"],
            id="patience-ends",
        ),
        pytest.param(
            {"end_of_speech_sensitivity": "END_SENSITIVITY_LOW"},
            [(0.1, 900), (2.0, 200)],
            ["Began"],
            id="murmur-goes-on",
        ),
        pytest.param({}, [(0.1, 900), (0.48, 0), (0.1, 900), (0.48, 0)], ["Began"], id="pause"),
    ],
)
def test_the_configuration_decides(
    config: dict[str, object], sounds: list[tuple[float, int]], expected: list[str]
) -> None:
    found = events(Detector(config), *(tone(*sound) for sound in sounds))
    assert [kind for kind, _ in found] == expected


def test_the_speech_is_given_without_the_silence_around_it() -> None:
    detector = Detector({"silence_duration_ms": 100})
    found = list(detector.hear(tone(1, 0) + tone(0.5, 900) + tone(1, 0)))
    assert [type(event) for event in found] == [Began, Ended]
    assert isinstance(found[1], Ended)
    assert len(found[1].heard) == 8_000 + 320  # a frame from before, where the first sound may lie


def test_the_end_of_the_stream_ends_speech_at_once() -> None:
    detector = Detector({})
    assert [type(event) for event in detector.hear(tone(0.1, 900))] == [Began]
    assert [type(event) for event in detector.end()] == [Ended]
    assert not detector.speaking
    assert list(detector.end()) == []
