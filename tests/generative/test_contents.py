"""What is said to a model becomes the messages of each backend; what cannot is named by its path."""

from __future__ import annotations

import base64
import dataclasses
import inspect
import io
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy
import pytest
from google.ai import generativelanguage_v1beta as googles
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from gemini_grpc import aiplatform_v1, errors, v1alpha, v1beta
from gemini_grpc.generative import part
from gemini_grpc.generative.backend import Backend, UnsupportedError
from gemini_grpc.generative.contents import EmptyError, to_content, to_contents, to_part
from tests.strategies import messages

BACKENDS = (Backend(), Backend("v1alpha"), Backend("aiplatform_v1", "p", "l"))
GEMINI = BACKENDS[:2]
PNG = b"\x89PNG\r\n\x1a\n rest"
BLOB = {"inline_data": {"mime_type": "image/png", "data": PNG}}
LINK = {"file_data": {"mime_type": "video/mp4", "file_uri": "gs://b/film.mp4"}}
CALL = {"function_call": {"name": "f", "args": {"n": 1}}}
RESULT = {"function_response": {"name": "f", "response": {"result": 2}}}
CODE = {"executable_code": {"language": "PYTHON", "code": "1"}}

every_backend = pytest.mark.parametrize("backend", BACKENDS, ids=lambda each: each.version)


@dataclasses.dataclass
class Uploaded:
    """An uploaded file as other code may see it."""

    uri: str = "https://x/files/a"
    mime_type: str = "video/mp4"


class Convertible:
    def to_proto(self) -> Any:
        return v1beta.File(uri="https://x/files/a", mime_type="video/mp4")


PARTS: list[tuple[Any, dict[str, Any]]] = [
    ("Hi", {"text": "Hi"}),
    (type("Text", (str,), {})("Hi"), {"text": "Hi"}),
    (PNG, BLOB),
    (bytearray(PNG), BLOB),
    (memoryview(PNG), BLOB),
    ({"mime_type": "image/png", "data": PNG}, BLOB),
    ({"file_uri": "gs://b/film.mp4", "mime_type": "video/mp4"}, LINK),
    ({"name": "f", "args": {"n": 1}}, CALL),
    ({"name": "f", "response": {"result": 2}}, RESULT),
    ({"text": "Hi"}, {"text": "Hi"}),
    ({"inline_data": v1beta.Blob(mime_type="image/png", data=PNG)}, BLOB),
    ({"inline_data": v1alpha.Blob(mime_type="image/png", data=PNG)}, BLOB),
    (LINK, LINK),
    (CALL, CALL),
    (RESULT, RESULT),
    (CODE, CODE),
    (part.Part.from_text("Hi"), {"text": "Hi"}),
    (part.Part.from_data(PNG, "image/png"), BLOB),
    (part.Part.from_image(part.Image(PNG, "image/png")), BLOB),
    (part.Image(PNG, "image/png"), BLOB),
    (part.Part.from_uri("gs://b/film.mp4", "video/mp4"), LINK),
    (part.Part.from_function_response("f", {"result": 2}), RESULT),
    (part.Part.from_dict(CALL), CALL),
    ({"inlineData": {"mimeType": "image/png", "data": base64.b64encode(PNG).decode()}}, BLOB),
    ({"mimeType": "image/png", "data": PNG}, BLOB),
    ({"fileUri": "gs://b/film.mp4", "mimeType": "video/mp4"}, LINK),
    (
        {"functionCall": {"name": "f", "args": {"n": 1}}, "thoughtSignature": "", "thought": False},
        CALL,
    ),
    (v1beta.Part(LINK), LINK),
    (v1alpha.Part(CALL), CALL),
    (aiplatform_v1.Part(CODE), CODE),
    (v1beta.Part.pb(v1beta.Part(RESULT)), RESULT),
    (v1beta.Blob(BLOB["inline_data"]), BLOB),
    (aiplatform_v1.FileData(LINK["file_data"]), LINK),
    (v1alpha.FunctionCall(CALL["function_call"]), CALL),
    (v1beta.FunctionResponse(RESULT["function_response"]), RESULT),
    (aiplatform_v1.ExecutableCode(CODE["executable_code"]), CODE),
    (v1beta.CodeExecutionResult(output="1"), {"code_execution_result": {"output": "1"}}),
    (googles.Part(text="Hi"), {"text": "Hi"}),
    (googles.Blob(BLOB["inline_data"]), BLOB),
    (googles.FunctionCall(CALL["function_call"]), CALL),
]
FILES = [
    v1beta.File(uri="https://x/files/a", mime_type="video/mp4"),
    v1alpha.File(uri="https://x/files/a", mime_type="video/mp4"),
    googles.File(uri="https://x/files/a", mime_type="video/mp4"),
    Uploaded(),
    Convertible(),
]


def content(backend: Backend, *parts: Any, role: str = "user") -> Any:
    return backend.types.Content.pb(backend.types.Content(role=role, parts=list(parts)))


@every_backend
@pytest.mark.parametrize(("value", "expected"), PARTS)
def test_a_part_is_taken_alone_and_among_others(
    backend: Backend, value: Any, expected: Any
) -> None:
    alone = [content(backend, expected)]
    assert to_contents(value, backend) == alone
    assert to_contents([value], backend) == alone
    assert to_contents({"parts": value}, backend) == alone
    both = [content(backend, {"text": "a"}, expected)]
    assert to_contents(("a", value), backend) == both
    assert to_contents((each for each in ("a", value)), backend) == both
    assert to_contents({"role": "user", "parts": ["a", value]}, backend) == both
    assert to_contents(part.Content(role="user", parts=["a", value]), backend) == both
    assert to_content(value, backend) == content(backend, expected, role="")
    assert to_content(["a", value], backend, role="model") == content(
        backend, {"text": "a"}, expected, role="model"
    )
    made = to_part(value, backend, "part")
    assert made == alone[0].parts[0]
    assert type(made) is backend.pb("Part")


@pytest.mark.parametrize("file", FILES)
def test_uploaded_files_are_references_on_the_gemini_api_only(file: Any) -> None:
    expected = {"file_data": {"mime_type": "video/mp4", "file_uri": "https://x/files/a"}}
    for backend in GEMINI:
        assert to_contents(["a", file], backend) == [content(backend, {"text": "a"}, expected)]
    with pytest.raises(UnsupportedError, match=r"contents\[1\]: Vertex AI cannot read files"):
        to_contents(["a", file], BACKENDS[2])
    with pytest.raises(errors.ArgumentError, match="the file has no uri"):
        to_contents(v1beta.File(), BACKENDS[0])


@every_backend
def test_files_and_images_are_data(backend: Backend, tmp_path: Path) -> None:
    file = tmp_path / "a.png"
    Image.new("RGB", (2, 2)).save(file)
    sent = {"inline_data": {"mime_type": "image/png", "data": file.read_bytes()}}
    with Image.open(file) as image:
        for value in (file, image, part.Image.load_from_file(file)):
            assert to_contents(["a", value], backend) == [content(backend, {"text": "a"}, sent)]
    array = numpy.zeros((2, 3, 3), dtype=numpy.uint8)
    for value in (array, [array], ["a", array]):
        made = to_contents(value, backend)[0].parts[-1].inline_data
        assert made.mime_type == "image/png"
        assert Image.open(io.BytesIO(made.data)).size == (3, 2)


@every_backend
def test_a_list_of_messages_is_a_conversation(backend: Backend) -> None:
    types = backend.types
    said = [
        {"role": "user", "parts": ["a"]},
        types.Content(role="model", parts=[{"text": "b"}]),
        v1beta.Content(role="user", parts=[{"text": "c"}]),
        part.Content(role="model", parts=["d"]),
        "e",
        PNG,
    ]
    assert to_contents(said, backend) == [
        content(backend, {"text": "a"}),
        content(backend, {"text": "b"}, role="model"),
        content(backend, {"text": "c"}),
        content(backend, {"text": "d"}, role="model"),
        content(backend, {"text": "e"}, BLOB),
    ]


@every_backend
def test_parts_before_a_message_are_one_of_the_user(backend: Backend) -> None:
    said = ["a", PNG, {"role": "model", "parts": "b"}]
    assert to_contents(said, backend) == [
        content(backend, {"text": "a"}, BLOB),
        content(backend, {"text": "b"}, role="model"),
    ]


@every_backend
def test_a_mapping_without_a_role_is_the_users(backend: Backend) -> None:
    made = to_contents([{"parts": "a"}, {"role": "model", "parts": "b"}, {"parts": "c"}], backend)
    assert [each.role for each in made] == ["user", "model", "user"]


@every_backend
def test_results_of_functions_come_from_the_user(backend: Backend) -> None:
    for role in ("function", "tool"):
        assert to_contents({"role": role, "parts": [RESULT]}, backend)[0].role == "user"
        given = backend.types.Content(role=role, parts=[RESULT])
        assert to_contents([given], backend)[0].role == "user"
        assert given.role == role


@every_backend
def test_what_is_given_is_neither_copied_nor_changed(backend: Backend) -> None:
    mine = content(backend, {"text": "a"})
    assert to_contents([mine], backend)[0] is mine
    nobodys = content(backend, {"text": "a"}, role="")
    assert to_contents(nobodys, backend)[0].role == "user"
    assert nobodys.role == ""
    described = {"parts": ["a", {"text": "b"}]}
    to_contents(described, backend)
    assert described == {"parts": ["a", {"text": "b"}]}


@every_backend
def test_a_system_instruction_is_nobodys(backend: Backend) -> None:
    for value in (
        "Be brief.",
        ["Be brief."],
        {"role": "system", "parts": "Be brief."},
        {"parts": "Be brief."},
        backend.types.Content(role="system", parts=[{"text": "Be brief."}]),
    ):
        assert to_content(value, backend) == content(backend, {"text": "Be brief."}, role="")
    with pytest.raises(errors.ArgumentError, match=r"content.role is 'system'"):
        to_content({"role": "system", "parts": "Be brief."}, backend, role="user")


@every_backend
@pytest.mark.parametrize(
    "value",
    [
        *(None, "", [], (), iter(()), {"role": "user", "parts": []}, [""], ["", {"text": ""}]),
        *(v1beta.Part(text=""), v1beta.Content(), v1alpha.Content(role="user")),
        aiplatform_v1.Content(role="user", parts=[{"text": ""}]),
    ],
)
def test_nothing_cannot_be_said(backend: Backend, value: Any) -> None:
    with pytest.raises(EmptyError, match="must not be empty") as caught:
        to_contents(value, backend)
    assert isinstance(caught.value, (TypeError, ValueError))
    with pytest.raises(EmptyError, match="must not be empty"):
        to_content(value, backend, role="user")


@every_backend
def test_a_part_without_data_is_named(backend: Backend) -> None:
    empty = v1beta.Part()
    for value, path in [
        (empty, r"content\[0\]"),
        (["a", empty], r"content\[1\]"),
        ({"parts": ["a", empty]}, r"content\.parts\[1\]"),
        (v1beta.Content(parts=[{"text": "a"}, {}]), r"content\.parts\[1\]"),
    ]:
        with pytest.raises(errors.FieldError, match=rf"{path} has no data"):
            to_content(value, backend)
    with pytest.raises(errors.FieldError, match=r"contents\[1\]\.parts\[0\] has no data"):
        to_contents([{"role": "model", "parts": ["a"]}, {"parts": [empty]}], backend)


@every_backend
def test_data_that_is_nested_too_deeply_is_an_error_of_ours(backend: Backend) -> None:
    nested: list[Any] = []
    for _ in range(60):
        nested = [nested]
    result = {"function_response": {"name": "f", "response": {"a": nested}}}
    with pytest.raises(
        errors.ArgumentError, match=r"contents\[0\].parts: the data is nested too deeply"
    ):
        to_contents([{"role": "user", "parts": [result]}], backend)


@every_backend
def test_what_a_model_has_said_is_sent_as_it_is(backend: Backend) -> None:
    for parts in ([], [{}], [{"text": ""}]):
        answer = backend.types.Content(role="model", parts=parts)
        assert to_contents([answer], backend)[0] is answer._pb
    if backend.has("Part", "thought_signature"):
        signed = backend.types.Part(thought_signature=b"signed")
        assert to_contents([signed], backend)[0].parts[0] == signed._pb
    newer = backend.pb("Part").FromString(b"\xfa\x7f\x01x")  # a kind that the library does not know
    assert to_contents([newer], backend)[0].parts[0] == newer
    assert to_contents(["", PNG], backend) == [content(backend, {"text": ""}, BLOB)]
    question = backend.types.Content(role="user", parts=[{"text": ""}])
    assert to_contents([question, "Hi"], backend)[0] is question._pb  # it has been answered


def lines() -> Iterator[Any]:
    yield "a"
    yield 3


BAD: list[tuple[Any, type[Exception], str]] = [
    (3, errors.FieldError, "contents: expected a str, bytes, a pathlib.Path"),
    (object(), errors.FieldError, "got object"),
    (["a", 3], errors.FieldError, r"contents\[1\]: expected a str.* got int"),
    (["a", None], errors.FieldError, r"contents\[1\]: .* got NoneType"),
    ([["a"]], errors.FieldError, r"contents\[0\]: .* got list"),
    (lines(), errors.FieldError, r"contents\[1\]: .* got int"),
    (open, errors.FieldError, "got builtin_function_or_method"),
    (
        io.BytesIO(b"\0?"),
        errors.ArgumentError,
        "contents: nothing says what the file is; give a mime type",
    ),
    (io.StringIO("Hi"), errors.FieldError, "contents: the file gives text; open it in binary"),
    (b"?", errors.FieldError, "contents: these bytes .* give a mime type"),
    (Path("missing.png"), errors.ArgumentError, "contents: cannot read 'missing.png'"),
    ([{"role": "user", "parts": ["a", 4]}], errors.FieldError, r"contents\[0\].parts\[1\]: .* int"),
    ([{"role": "user", "parts": 4}], errors.FieldError, r"contents\[0\].parts: .* got int"),
    (
        {"role": "bot", "parts": "a"},
        errors.ArgumentError,
        "contents.role is 'bot'; expected 'user'",
    ),
    (["a", {"role": 3, "parts": "a"}], errors.ArgumentError, r"contents\[1\].role is 3"),
    (
        [{"role": "assistant", "parts": "a"}],
        errors.ArgumentError,
        r"contents\[0\].role is 'assistant'; expected 'user' or 'model'; the model's own",
    ),
    ({"role": "system", "parts": "a"}, errors.ArgumentError, "give it as system_instruction"),
    ({"role": "users", "parts": "a"}, errors.ArgumentError, "did you mean 'user'"),
    (v1beta.Content(role="bot", parts=[{"text": "a"}]), errors.ArgumentError, "role is 'bot'"),
    (
        {"role": "user", "content": "a"},
        errors.FieldError,
        "contents: Content has no field 'content'; a message has 'role' and 'parts'",
    ),
    ({"role": "user"}, EmptyError, "contents.parts must not be empty"),
    ({}, errors.FieldError, "contents: a dictionary with nothing is no part"),
    ({"foo": 1}, errors.FieldError, "a dictionary with 'foo' is no part; expected one of text"),
    ({"text": "a", "file_data": {}}, errors.FieldError, "with 'text' and 'file_data' is no part"),
    ({"text": 1}, errors.FieldError, "contents.text: expected a str, got int"),
    (["a", {"text": "b", "foo": 1}], errors.FieldError, r"contents\[1\]: Part has no field 'foo'"),
    ({"mime_type": "a/b", "data": 3}, errors.FieldError, "contents.data: expected bytes"),
    (
        [{"parts": [{"parts": []}]}],
        errors.FieldError,
        r"contents\[0\].parts\[0\]: .* whole message",
    ),
    (v1beta.Tool(), errors.FieldError, "got a message Tool"),
    ("\ud800", errors.FieldError, r"contents.*text: .*surrogates"),
    (["a", "\ud800"], errors.FieldError, r"contents\[1\].*surrogates"),
    (["a", {"text": "\ud800"}], errors.FieldError, r"contents\[1\].*surrogates"),
]


@every_backend
@pytest.mark.parametrize(("value", "kind", "said"), BAD)
def test_what_is_no_content_is_named(
    backend: Backend, value: Any, kind: type[Exception], said: str
) -> None:
    value = lines() if inspect.isgenerator(value) else value
    with pytest.raises(kind, match=said):
        to_contents(value, backend)


LACKED = [
    (
        BACKENDS[1],
        v1beta.Part(text="a", thought=True),
        r"contents\[0\].thought: .*v1alpha has no Part",
    ),
    (BACKENDS[1], {"text": "a", "thought": True}, r"contents\[0\].thought: .*v1alpha has no Part"),
    (
        BACKENDS[2],
        v1beta.FunctionCall(id="1"),
        r"contents\[0\].id: Vertex AI has no FunctionCall.id",
    ),
    (
        BACKENDS[2],
        v1beta.Part(function_call={"id": "1"}),
        r"contents\[0\].function_call.id: Vertex AI has no FunctionCall.id",
    ),
    (
        BACKENDS[2],
        {"function_call": {"name": "f", "id": "1"}},
        r"contents\[0\].function_call.id: Vertex AI has no FunctionCall.id",
    ),
    (
        BACKENDS[0],
        {"text": "a", "media_resolution": {"level": "MEDIA_RESOLUTION_LOW"}},
        r"contents\[0\].media_resolution: the Gemini API v1beta has no Part.media_resolution",
    ),
    (
        BACKENDS[1],
        part.Part.from_dict({**LINK, "video_metadata": {"fps": 2}}),
        r"contents\[0\].video_metadata: .*v1alpha has no Part.video_metadata",
    ),
]


@pytest.mark.parametrize(("backend", "value", "said"), LACKED)
def test_what_a_backend_lacks_is_named(backend: Backend, value: Any, said: str) -> None:
    with pytest.raises(UnsupportedError, match=said):
        to_contents([value], backend)


@pytest.mark.parametrize("backend", [BACKENDS[0], BACKENDS[2]], ids=lambda each: each.version)
@pytest.mark.parametrize(
    "offsets",
    [
        {"start_offset": "1.5s", "end_offset": {"seconds": 10}, "fps": 2.0},
        v1beta.VideoMetadata(start_offset="1.5s", end_offset={"seconds": 10}, fps=2),
    ],
)
def test_offsets_of_films_are_kept(backend: Backend, offsets: Any) -> None:
    made = to_contents(part.Part.from_dict({**LINK, "video_metadata": offsets}), backend)
    found = made[0].parts[0].video_metadata
    assert (found.start_offset.nanos, found.end_offset.seconds, found.fps) == (500_000_000, 10, 2)


@every_backend
def test_integers_stay_integers_in_results(backend: Backend) -> None:
    for value in ({"n": 3, "l": [1, {"m": 2}], "x": None, "b": True}, {"n": 2**53}):
        made = to_part(part.Part.from_function_response("f", value), backend, "part")
        assert dict(made.function_response.response) is not None
        assert made.function_response.response["n"] == value["n"]


@given(data=st.data())
def test_messages_of_a_backend_come_through_another(data: st.DataObject) -> None:
    value = data.draw(messages(v1alpha.Content.pb(), depth=3, unknown_enums=False))
    value.role = data.draw(st.sampled_from(["user", "model"]))
    for each in value.parts:  # of what v1alpha has in a Content, Vertex AI lacks only these
        each.function_call.ClearField("id")
        each.function_response.ClearField("id")
    try:
        to_contents([value], BACKENDS[1])
    except errors.UsageError:  # there is nothing in it
        value.role = "model"
    for backend in BACKENDS:
        there = to_contents([value], backend)
        assert to_contents(there, BACKENDS[1]) == [value]


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=5,
)


@given(value=_JSON, index=st.integers(0, 2))
def test_any_value_is_taken_or_refused_by_an_error_of_ours(value: Any, index: int) -> None:
    backend = BACKENDS[index]
    for attempt in (to_contents, to_content):
        try:
            attempt(value, backend)
        except (errors.UsageError, UnsupportedError):
            continue


@every_backend
@pytest.mark.parametrize(
    "types", [v1beta, v1alpha, aiplatform_v1, googles], ids=lambda each: each.__name__
)
@pytest.mark.parametrize("options", [{}, {"preserving_proto_field_name": True}], ids=str)
@pytest.mark.parametrize(
    "described",
    [
        *({"text": "Hi"}, BLOB, LINK, {**CODE, "executable_code": {"language": 1, "code": "1"}}),
        {"function_call": {"name": "f", "args": {"camelCase": [1, {"innerKey": True}]}}},
        {"function_response": {"name": "f", "response": {"someThing": 1}}},
        {"code_execution_result": {"outcome": 1, "output": "x"}},
    ],
    ids=lambda each: next(iter(each)),
)
def test_contents_come_back_from_json(
    backend: Backend, types: Any, options: Any, described: Any
) -> None:
    content = types.Content(role="model", parts=[described])
    document = json.loads(types.Content.to_json(content, **options))
    assert to_contents([document], backend) == to_contents([content], backend)
    assert (
        to_contents(document["parts"], backend)[0].parts == to_contents(content, backend)[0].parts
    )


def named(data: bytes, name: object) -> io.BytesIO:
    file = io.BytesIO(data)
    file.name = name  # type: ignore[attr-defined]
    return file


@every_backend
@pytest.mark.parametrize(
    ("file", "blob"),
    [
        (lambda: io.BytesIO(PNG), ("image/png", PNG)),
        (lambda: named(b"a,b", "table.csv"), ("text/csv", b"a,b")),
        (lambda: named(b"\0a", "film.mp4"), ("video/mp4", b"\0a")),
        (lambda: named(b"text", 3), ("text/plain", b"text")),
        (Path(__file__).open, None),
    ],
)
def test_a_file_that_is_open_for_reading_is_a_part(backend: Backend, file: Any, blob: Any) -> None:
    if blob is None:  # opened as text
        with file() as opened, pytest.raises(errors.FieldError, match="open it in binary mode"):
            to_contents([opened, "Hi"], backend)
        return
    for contents in (file(), ["Hi", file()], {"role": "user", "parts": [file()]}):
        (made,) = to_contents(contents, backend)
        data = made.parts[-1].inline_data
        assert (data.mime_type, data.data) == blob


@pytest.mark.parametrize(
    ("uri", "mime_type"),
    [
        ("gs://b/film.MP4", "video/mp4"),
        ("https://x.org/a/photo.jpg?width=3#top", "image/jpeg"),
        ("https://www.youtube.com/watch?v=a.jpg", ""),
        ("gs://b/notes", ""),
    ],
)
def test_the_type_of_a_uri_is_that_of_its_ending(uri: str, mime_type: str) -> None:
    for backend in BACKENDS:
        (made,) = to_contents(part.Part.from_uri(uri), backend)
        assert made.parts[0].file_data.file_uri == uri
        assert made.parts[0].file_data.mime_type == mime_type


@every_backend
def test_an_image_may_stand_for_inline_data(backend: Backend) -> None:
    image = Image.new("RGB", (2, 2))
    for inline in (image, part.Image(PNG, "image/png"), io.BytesIO(PNG), PNG):
        (made,) = to_contents({"parts": ["x", {"inline_data": inline}]}, backend)
        alone = to_part(inline, backend, "x")
        assert made.parts[1] == alone
