"""Parts of no backend can be made, read and sent, as those of Vertex AI's library."""

from __future__ import annotations

from pathlib import Path

import pytest

from gemini_grpc.errors import ArgumentError, FieldError
from gemini_grpc.generative.part import Content, Image, Part

PNG = b"\x89PNG\r\n\x1a\n rest"


def test_a_part_of_text() -> None:
    part = Part.from_text("Hi")
    assert part.text == "Hi"
    assert part.mime_type is None
    assert part.to_dict() == {"text": "Hi"}
    assert not part.inline_data.data
    assert not part.function_call.name


def test_other_parts_have_no_text() -> None:
    with pytest.raises(AttributeError, match="the part has no text, but file_data"):
        _ = Part.from_uri("gs://b/a.png", "image/png").text
    with pytest.raises(AttributeError, match="but nothing"):
        _ = Part({}).text


def test_parts_of_data_and_files_have_a_mime_type() -> None:
    part = Part.from_data(PNG, mime_type="image/png")
    assert (part.mime_type, part.inline_data.data) == ("image/png", PNG)
    part = Part.from_uri("gs://b/a.mp4", mime_type="video/mp4")
    assert (part.mime_type, part.file_data.file_uri) == ("video/mp4", "gs://b/a.mp4")
    held = Part({"inline_data": part.inline_data})
    assert held.mime_type is None


def test_calls_and_results_can_be_read() -> None:
    part = Part.from_dict({"function_call": {"name": "f", "args": {"n": 1}}})
    assert (part.function_call.name, part.function_call.args["n"]) == ("f", 1)
    part = Part.from_function_response("f", {"result": 2})
    assert part.function_response.response["result"] == 2


def test_a_part_is_what_its_dictionary_says() -> None:
    part = Part.from_function_response("f", {"result": 2})
    assert Part.from_dict(part.to_dict()) == part
    assert part != Part.from_text("a")
    assert part != "a"
    assert repr(Part.from_text("a")) == "Part.from_dict({'text': 'a'})"


def test_images_are_told_by_what_they_hold(tmp_path: Path) -> None:
    file = tmp_path / "a.jpg"
    file.write_bytes(PNG)
    image = Image.load_from_file(str(file))
    assert image == Image.from_bytes(PNG)
    assert (image.data, image.mime_type) == (PNG, "image/png")
    assert Part.from_image(image) == Part.from_data(PNG, "image/png")


def test_what_is_no_image_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ArgumentError, match="location: cannot read"):
        Image.load_from_file(tmp_path / "missing.png")
    with pytest.raises(ArgumentError, match="data: expected an image, got application/pdf"):
        Image.from_bytes(b"%PDF-1.7")
    with pytest.raises(FieldError, match="data: these bytes are of no kind"):
        Image.from_bytes(b"?")


def test_a_content_has_the_text_of_its_only_part() -> None:
    assert Content(role="user", parts=[Part.from_text("Hi")]).text == "Hi"
    assert Content(parts=["Hi"]).text == "Hi"
    with pytest.raises(ValueError, match="the content has 2 parts"):
        _ = Content(parts=["a", "b"]).text
    assert Content(role="user", parts=("a",)).to_dict() == {"role": "user", "parts": ["a"]}
