"""Audio of a client: what is accepted, and how it is brought to one rate."""

from __future__ import annotations

from array import array

import pytest

from gemini_grpc.emulator.live.microphone import Microphone
from gemini_grpc.emulator.status import StatusError


@pytest.mark.parametrize(
    ("blob", "message"),
    [
        ({"mime_type": "audio/wav", "data": b"ab"}, "audio.mime_type: is 'audio/wav'"),
        ({"data": b"ab"}, "audio.mime_type: is ''"),
        ({"mime_type": "audio/pcm;rate=4000", "data": b"ab"}, "has rate 4000"),
        ({"mime_type": "audio/pcm", "data": b"abc"}, "audio.data: has 3 bytes"),
    ],
)
def test_what_is_not_pcm_is_refused(blob: dict[str, object], message: str) -> None:
    with pytest.raises(StatusError, match=message):
        Microphone().hear(blob, path="audio")


@pytest.mark.parametrize("size", [1, 7, 160, 441, 10_000])
@pytest.mark.parametrize("rate", [8_000, 22_050, 44_100, 48_000])
def test_pieces_of_any_size_give_the_same_samples(rate: int, size: int) -> None:
    ramp = array("h", [round(30_000 * place / rate) for place in range(rate // 10)])
    microphone, heard = Microphone(), array("h")
    for start in range(0, len(ramp), size):
        blob = {"mime_type": f"audio/pcm;rate={rate}", "data": ramp[start : start + size].tobytes()}
        heard.extend(microphone.hear(blob, path="audio"))
    assert abs(len(heard) - 1_600) <= 2
    assert all(abs(value - 30_000 * place / 16_000) <= 2 for place, value in enumerate(heard))
