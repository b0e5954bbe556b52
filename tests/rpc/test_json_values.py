"""Messages with data that JSON cannot hold are written all the same, and stay as they are."""

from __future__ import annotations

import json
import math
from typing import Any

import pytest
from hypothesis import given

from gemini_grpc import aiplatform_v1, v1alpha, v1beta
from gemini_grpc.generative.files import File
from tests.strategies import messages


def content(number: float) -> Any:
    call = {"name": "f", "args": {"a": [{"b": number}]}}
    return v1beta.Content(parts=[{"function_call": call}])


@pytest.mark.parametrize(
    ("number", "text"), [(math.inf, "Infinity"), (-math.inf, "-Infinity"), (math.nan, "NaN")]
)
def test_numbers_that_json_does_not_have_are_texts(number: float, text: str) -> None:
    message = content(number)
    before = message._pb.SerializeToString()
    part = v1beta.Content.to_dict(message)["parts"][0]
    assert part["function_call"]["args"] == {"a": [{"b": text}]}
    whole = json.loads(v1beta.Content.to_json(message), parse_constant=pytest.fail)
    assert whole["parts"][0]["functionCall"]["args"] == {"a": [{"b": text}]}
    assert message._pb.SerializeToString() == before


@pytest.mark.parametrize(
    ("seconds", "nanos", "text"),
    [
        (10**15, 0, "9999-12-31T23:59:59Z"),
        (-(10**15), 0, "0001-01-01T00:00:00Z"),
        (0, -1, "1970-01-01T00:00:00Z"),
        (0, 2**31 - 1, "1970-01-01T00:00:00.999999999Z"),
    ],
)
def test_a_time_out_of_range_is_the_nearest_one(seconds: int, nanos: int, text: str) -> None:
    file = v1beta.File(name="files/a")
    file._pb.create_time.seconds, file._pb.create_time.nanos = seconds, nanos
    assert v1beta.File.to_dict(file)["create_time"] == text
    assert text in repr(File.of(file, None))


@pytest.mark.parametrize(
    ("seconds", "nanos", "text"),
    [
        (2**62, 0, "315576000000s"),
        (-(2**62), 7, "-315576000000s"),
        (5, -7, "5s"),
        (-5, 7, "-5s"),
    ],
)
def test_a_duration_out_of_range_is_the_nearest_one(seconds: int, nanos: int, text: str) -> None:
    part = v1beta.Part()
    part._pb.video_metadata.start_offset.seconds = seconds
    part._pb.video_metadata.start_offset.nanos = nanos
    assert v1beta.Part.to_dict(part)["video_metadata"]["start_offset"] == text


def test_a_message_of_an_unknown_type_is_its_type_and_bytes() -> None:
    file = v1beta.File(name="files/a")
    file._pb.error.details.add(type_url="type.googleapis.com/x.Y", value=b"1")
    (detail,) = v1beta.File.to_dict(file)["error"]["details"]
    assert detail["value"] == {"@type": "type.googleapis.com/x.Y", "value": "MQ=="}
    assert "x.Y" in repr(File.of(file, None))


def test_a_wrong_option_is_an_error() -> None:
    with pytest.raises(TypeError, match="nope"):
        v1beta.Content.to_dict(content(math.inf), nope=1)  # type: ignore[call-arg]


@pytest.mark.parametrize("package", [v1beta, v1alpha, aiplatform_v1])
def test_every_answer_can_be_written(package: Any) -> None:
    cls = package.GenerateContentResponse

    @given(messages(cls.pb(), depth=5))
    def check(pb: Any) -> None:
        json.dumps(cls.to_dict(cls.wrap(pb)))
        json.loads(cls.to_json(cls.wrap(pb)))

    check()
