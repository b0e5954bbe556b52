from __future__ import annotations

import base64
import struct
import zlib
from typing import Any

import pytest

from gemini_grpc import errors
from gemini_grpc.emulator.services import files

IMAGEN, VEO = "models/imagen-4.0-generate-001", "models/veo-3.0-generate-001"
PROMPT = [{"prompt": "a tree"}]


@pytest.fixture
def client(api: Any) -> Any:
    return api("PredictionService")


def pictures(client: Any, **more: Any) -> list[bytes]:
    found = client.predict(model=IMAGEN, instances=PROMPT, **more).predictions
    return [base64.b64decode(each["bytesBase64Encoded"]) for each in found]


def boxes(data: bytes) -> dict[bytes, bytes]:
    found, place = {}, 0
    while place < len(data):
        size, kind = struct.unpack(">I4s", data[place : place + 8])
        found[kind] = data[place + 8 : place + size]
        place += size
    return found


def test_a_picture_is_a_png_of_the_ratio(client: Any) -> None:
    (picture,) = pictures(client, parameters={"aspectRatio": "16:9"})
    assert picture.startswith(b"\x89PNG\r\n\x1a\n")
    assert struct.unpack(">2I", picture[16:24]) == (32, 18)
    assert zlib.crc32(picture[-8:-4]) == int.from_bytes(picture[-4:], "big")


def test_samples_differ_and_are_the_same_each_time(client: Any) -> None:
    made = pictures(client, parameters={"sampleCount": 4})
    assert len(set(made)) == 4
    assert pictures(client, parameters={"sampleCount": 4}) == made


@pytest.mark.parametrize(
    "fields",
    [
        {"instances": ["a tree"]},
        {"instances": [{"text": "a tree"}]},
        {"instances": [{"prompt": ""}]},
        {"parameters": "many"},
        {"parameters": {"sampleCount": 5}},
        {"parameters": {"sampleCount": 1.5}},
        {"parameters": {"sampleCount": "2"}},
        {"parameters": {"sampleCount": True}},
        {"parameters": {"aspectRatio": "2:1"}},
        {"parameters": {"aspectRatio": ["1:1"]}},
    ],
    ids=str,
)
def test_what_means_nothing_is_refused(client: Any, fields: dict[str, Any]) -> None:
    with pytest.raises(errors.InvalidArgument):
        client.predict({"model": IMAGEN, "instances": PROMPT} | fields)


def test_a_model_must_support_the_method(client: Any) -> None:
    with pytest.raises(errors.NotFound, match="predict"):
        client.predict(model=VEO, instances=PROMPT)


def test_a_video_is_a_file_that_can_be_downloaded_in_the_end(api: Any, client: Any) -> None:
    operation = client.predict_long_running(
        model=VEO, instances=PROMPT, parameters={"durationSeconds": 4, "aspectRatio": "16:9"}
    )
    (file,) = api("FileService").list_files()
    assert file.state.name == "PROCESSING"
    api.clock.advance(0.25)
    (sample,) = operation.result().generate_video_response.generated_samples
    (file,) = api("FileService").list_files()
    assert file.state.name == "ACTIVE"
    assert file.source.name == "GENERATED"
    assert sample.video.uri == file.download_uri
    video = files.content(api.emulator.world, file.name)
    parts = boxes(video)
    assert list(parts) == [b"ftyp", b"mdat", b"moov"]
    assert parts[b"mdat"].count(b"\x89PNG") == 4
    assert set(boxes(parts[b"moov"])) == {b"mvhd", b"trak"}
    start = int.from_bytes(video.partition(b"stco")[2][8:12], "big")
    assert video[start : start + 4] == b"\x89PNG"


def test_every_sample_of_every_instance_is_a_video(api: Any, client: Any) -> None:
    client.predict_long_running(
        model=VEO, instances=[*PROMPT, {"prompt": "a bush"}], parameters={"sampleCount": 2}
    )
    assert len(list(api("FileService").list_files())) == 4
