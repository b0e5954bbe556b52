"""Parts of no backend can be made, read and sent, as those of Vertex AI's library."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gemini_grpc.errors import ArgumentError, FieldError
from gemini_grpc.generative.backend import Backend
from gemini_grpc.generative.contents import to_contents
from gemini_grpc.generative.part import Content, Image, Part

BACKENDS = (Backend(), Backend("v1alpha"), Backend("aiplatform_v1", "p", "l"))
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
    for uri in ("gs://b/x.jpg", "https://host/x.jpg"):
        with pytest.raises(ArgumentError, match=rf"{uri}' is a URI; .*Part.from_uri"):
            Image.load_from_file(uri)
    with pytest.raises(ArgumentError, match="data: expected an image, got application/pdf"):
        Image.from_bytes(b"%PDF-1.7")
    with pytest.raises(FieldError, match="data: these bytes are of no kind"):
        Image.from_bytes(b"?")


def test_a_content_has_the_text_of_its_only_part() -> None:
    assert Content(role="user", parts=[Part.from_text("Hi")]).text == "Hi"
    assert Content(parts=["Hi"]).text == "Hi"
    with pytest.raises(ValueError, match="the content has 2 parts"):
        _ = Content(parts=["a", "b"]).text


SIGNED = {"text": "Hm.", "thought": True, "thought_signature": b"\xfb\xff"}


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_history_goes_through_json(backend: Backend) -> None:
    history = [
        Content(role="user", parts=["Hi", Part.from_data(PNG, "image/png")]),
        Content(role="user", parts=[Part.from_uri("gs://b/a.mp4", "video/mp4"), {"text": "Hi"}]),
        Content(role="model", parts=[Part.from_dict({"function_call": {"name": "f", "args": {}}})]),
        Content(role="user", parts=[Part.from_function_response("f", {"aB": [1, {"cD": None}]})]),
        Content(role="model", parts=[backend.types.Part(text="Hi"), backend.pb("Part")(text="Hi")]),
        Content(
            role="user", parts=[{"inline_data": backend.types.Blob(data=PNG, mime_type="a/b")}]
        ),
    ]
    if backend.has("Part", "thought_signature"):
        history.append(Content(role="model", parts=[SIGNED]))
    told = json.loads(json.dumps([content.to_dict() for content in history]))
    again = [Content.from_dict(each) for each in told]
    assert to_contents(again, backend) == to_contents(history, backend)
    assert [content.to_dict() for content in again] == told
    assert all(isinstance(part, Part) for content in again for part in content.parts)


@pytest.mark.parametrize("backend", BACKENDS)
def test_contents_of_answers_are_read_back(backend: Backend) -> None:
    content: Any = backend.types.Content(
        role="model",
        parts=[{"text": "Hi"}, {"executable_code": {"code": "1", "language": "PYTHON"}}],
    )
    copied = Content(role="model", parts=list(content.parts))
    for told in (type(content).to_dict(content), copied.to_dict()):
        again = Content.from_dict(json.loads(json.dumps(told)))
        assert to_contents([again], backend) == [content._pb]


def test_a_content_is_what_its_dictionary_says() -> None:
    content = Content(role="user", parts=("a", Part.from_data(b"hi", "a/b")))
    blob = {"inline_data": {"data": "aGk=", "mime_type": "a/b"}}
    assert content.to_dict() == {"role": "user", "parts": [{"text": "a"}, blob]}
    assert Content.from_dict({}) == Content(parts=[])
    assert Content.from_dict({"parts": ["a"]}) == Content(parts=["a"])
    with pytest.raises(FieldError, match="Content has no field 'part'; did you mean 'parts'"):
        Content.from_dict({"part": []})


def test_what_is_no_text_and_no_part_stays_in_the_dictionary(tmp_path: Path) -> None:
    assert Content(parts=[tmp_path]).to_dict() == {"role": "", "parts": [tmp_path]}


def test_a_dictionary_of_a_part_is_its_own() -> None:
    part = Part.from_data(b"hi", "a/b")
    part.to_dict()["inline_data"]["mime_type"] = "z"
    assert part.mime_type == "a/b"
    fields = part.to_dict()
    again = Part.from_dict(fields)
    fields["inline_data"]["mime_type"] = "z"
    assert again == part
    assert (again.inline_data.data, again.mime_type) == (b"hi", "a/b")
    args: dict[str, Any] = {"a": [1]}
    call = Part.from_dict({"function_call": {"name": "f", "args": args}})
    args["a"].append(2)
    assert call.to_dict()["function_call"]["args"] == {"a": [1]}


@pytest.mark.parametrize("backend", BACKENDS)
def test_the_names_of_json_are_taken(backend: Backend) -> None:
    call = {"name": "f", "args": {"aB": {"cD": 1}}}
    told: Any = [
        {"inlineData": {"data": "aGk=", "mimeType": "a/b"}},
        {"fileData": {"fileUri": "gs://b/a", "mimeType": "a/b"}},
        {"functionCall": call},
    ]
    blob, file, called = Content.from_dict({"parts": told}).parts
    assert blob == Part.from_data(b"hi", "a/b")
    assert file == Part.from_uri("gs://b/a", "a/b")
    assert called == Part.from_dict({"function_call": call})
    (content,) = to_contents([blob, file, called], backend)
    assert content.parts[0].inline_data.data == b"hi"
    assert content.parts[2].function_call.args["aB"]["cD"] == 1


def test_parts_of_results_have_the_names_of_json_too() -> None:
    told = {"functionResponse": {"name": "f", "response": {"aB": 1}, "parts": [{"inlineData": {}}]}}
    assert Part.from_dict(told).to_dict() == {
        "function_response": {"name": "f", "response": {"aB": 1}, "parts": [{"inline_data": {}}]}
    }
    limits = {"text": "a", "videoMetadata": {"startOffset": "3s"}}
    (content,) = to_contents(Part.from_dict(limits), Backend())
    assert content.parts[0].video_metadata.start_offset.seconds == 3
