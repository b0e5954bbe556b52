"""What a field takes, and what is said about what it does not take."""

from __future__ import annotations

import datetime
import types
from typing import Any

import numpy
import pytest
from google.protobuf.descriptor import FieldDescriptor
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from gemini_grpc import aiplatform_v1, errors, v1alpha, v1beta
from gemini_grpc.rpc import coerce

REQUEST = v1beta.GenerateContentRequest.pb()
DEEP = {"contents": [{"parts": [{"text": "a"}, {"inline_data": {"data": 5}}]}]}


@pytest.mark.parametrize(
    ("values", "text"),
    [
        ({"model": 1}, "model: expected a str, got int"),
        ({"nope": 1}, "GenerateContentRequest has no field 'nope'"),
        ({"modle": "x"}, "GenerateContentRequest has no field 'modle'; did you mean 'model'?"),
        (DEEP, "contents[0].parts[1].inline_data.data: expected bytes, got int"),
        (
            {"contents": [{"parts": [{}, {"txt": 1}]}]},
            "contents[0].parts[1]: Part has no field 'txt'; did you mean 'text'?",
        ),
        (
            {"generation_config": {"temperature": 10**400}},
            "generation_config.temperature: int too large to convert to float",
        ),
        ({"contents": "Hi"}, "contents: expected a list, got str"),
        ({"contents": {"parts": []}}, "contents: expected a list, got dict"),
        ({"contents": 5}, "contents: expected a list, got int"),
        ({"contents": [5]}, "contents[0]: expected Content or a mapping of its fields, got int"),
        ({"contents": [None]}, "contents[0]: expected Content or a mapping of its fields, got Non"),
        (
            {"contents": [v1alpha.Content()]},
            "contents[0]: expected gemini_grpc.v1beta.Content, got gemini_grpc.v1alpha.Content",
        ),
        ({"contents": v1beta.Content()}, "contents: expected a list, got Content"),
        ({"contents": v1beta.Content.pb()()}, "contents: expected a list, got Content"),
        ({"system_instruction": "Be kind"}, "system_instruction: expected Content or a mapping"),
        ({"generation_config": {"top_k": 1.5}}, "generation_config.top_k: expected an int, got fl"),
        (
            {"generation_config": {"top_k": True}},
            "generation_config.top_k: expected an int, got bo",
        ),
        ({"generation_config": {"top_k": "many"}}, "generation_config.top_k: "),
        ({"generation_config": {"top_k": 2**40}}, "generation_config.top_k: "),
        (
            {"generation_config": {"temperature": "hot"}},
            "generation_config.temperature: expected a",
        ),
        ({"generation_config": {"stop_sequences": "END"}}, "generation_config.stop_sequences: exp"),
        ({"generation_config": {"stop_sequences": [1]}}, "generation_config.stop_sequences[0]: ex"),
        (
            {"safety_settings": [{"category": "HARM_CATEGORY_HATE"}]},
            "safety_settings[0].category: HarmCategory has no value 'HARM_CATEGORY_HATE'; did you",
        ),
        ({"safety_settings": [{"category": 1.5}]}, "safety_settings[0].category: expected a membe"),
        (
            {"tools": [{"function_declarations": [{"parameters": {"properties": {"a": 5}}}]}]},
            "tools[0].function_declarations[0].parameters.properties['a']: expected Schema",
        ),
        (
            {"generation_config": {"response_schema": {"properties": [1]}}},
            "generation_config.response_schema.properties: expected a mapping, got list",
        ),
        ({"contents": [{"parts": [{"inline_data": {"data": "é"}}]}]}, "contents[0].parts[0].inlin"),
    ],
)
def test_errors_name_the_path(values: dict[str, object], text: str) -> None:
    with pytest.raises(errors.FieldError) as caught:
        coerce.fill(REQUEST, values)
    assert str(caught.value).startswith(text)


@pytest.mark.parametrize(
    ("cls", "values"),
    [
        (v1beta.Part, {"text": b"bytes"}),
        (v1beta.GenerationConfig, {"stop_sequences": [b"bytes"]}),
        (v1beta.GenerationConfig, {"temperature": True}),
        (v1beta.GenerationConfig, {"top_k": True}),
        (v1beta.SafetySetting, {"category": True}),
        (v1beta.Schema, {"nullable": 0.5}),
        (v1beta.Schema, {"nullable": "yes"}),
        (v1beta.Content, {"parts": {1, 2}}),
        (aiplatform_v1.GenerateContentRequest, {"labels": {"a": b"bytes"}}),
        (aiplatform_v1.GenerateContentRequest, {"labels": {"a": None}}),
        (aiplatform_v1.GenerateContentRequest, {"labels": {1: "a"}}),
        (v1beta.CachedContent, {"expire_time": 5}),
        (v1beta.CachedContent, {"expire_time": "tomorrow"}),
        (v1beta.CachedContent, {"ttl": 5}),
        (v1beta.FunctionCall, {"args": [1]}),
        (v1beta.FunctionCall, {"args": {"a": object()}}),
    ],
)
def test_what_does_not_fit_is_a_field_error_that_starts_with_the_field(
    cls: Any, values: dict[str, object]
) -> None:
    (name,) = values
    with pytest.raises(errors.FieldError, match=rf"^{name}\b"):
        cls(values)
    with pytest.raises(errors.FieldError, match=rf"^{name}\b"):
        setattr(cls(), name, values[name])


def test_numbers_of_other_libraries_are_numbers() -> None:
    config = v1beta.GenerationConfig(top_k=numpy.int64(3), temperature=numpy.float32(0.5))
    assert (config.top_k, config.temperature) == (3, 0.5)
    embedding = v1beta.ContentEmbedding(values=numpy.array([1, 2], dtype=numpy.float32))
    assert list(embedding.values) == [1.0, 2.0]


def test_json_forms_of_scalars_are_taken() -> None:
    assert v1beta.File(size_bytes="12345678901").size_bytes == 12345678901
    assert v1beta.Blob(data="aGk=").data == b"hi"
    assert v1beta.Blob(data="_-8=").data == b"\xff\xef"
    assert v1beta.Blob(data=bytearray(b"x")).data == v1beta.Blob(data=memoryview(b"x")).data


def test_fields_go_by_their_names_in_json_as_well() -> None:
    part = {"inlineData": {"mimeType": "image/png", "data": "aGk="}, "thoughtSignature": "aGk="}
    made = v1beta.Content(parts=[part])
    assert made.parts[0].inline_data == v1beta.Blob(mime_type="image/png", data=b"hi")
    assert made.parts[0].thought_signature == b"hi"
    with pytest.raises(errors.FieldError, match="Part has no field 'inlineDatum'"):
        v1beta.Content(parts=[{"inlineDatum": {}}])


@pytest.mark.parametrize("word", ["MODE_DYNAMIC", "mode_dynamic", "dynamic", "DYNAMIC", " Dynamic"])
def test_words_for_enums_are_taken_in_any_case_and_short(word: str) -> None:
    mode = v1beta.DynamicRetrievalConfig.Mode.MODE_DYNAMIC
    assert v1beta.DynamicRetrievalConfig(mode=word).mode == mode
    with pytest.raises(errors.FieldError, match="Mode has no value"):
        v1beta.DynamicRetrievalConfig(mode=word + "s")


def test_iterators_and_other_mappings_are_taken() -> None:
    parts = ({"text": each} for each in "ab")
    made = v1beta.Content(types.MappingProxyType({"parts": parts}))
    assert [part.text for part in made.parts] == ["a", "b"]
    assert len(v1beta.Content(parts={"x": {"text": "a"}}.values()).parts) == 1


def test_messages_of_either_kind_may_stand_among_mappings() -> None:
    part = v1beta.Part(text="a")
    made = v1beta.GenerateContentRequest(
        contents=[{"parts": [part, v1beta.Part.pb(part), {"text": "a"}]}]
    )
    assert made.contents[0].parts == [part] * 3


def test_what_was_passed_is_not_changed() -> None:
    parts = [{"text": "a"}]
    content = v1beta.Content(parts=parts)
    content.parts[0].text = "b"
    content.parts.append({"text": "c"})
    assert parts == [{"text": "a"}]


def test_a_failed_quick_way_does_not_use_up_an_iterator() -> None:
    made = v1beta.Content(parts=iter([{"text": "a"}, v1beta.Part(text="b")]))
    assert len(made.parts) == 2


# the quick way and the careful way

_SCALARS: list[Any] = [None, True, False, 0, 1, -1, 2**31, 2**63, 0.5, 1.0, "", "a", "1", "STRING"]
_SCALARS += ["aGk=", "2025-01-01T00:00:00Z", "3s", b"", b"bytes", b"\xff"]
_JSON = st.recursive(
    st.sampled_from(_SCALARS),
    lambda inner: (
        st.lists(inner, max_size=2)
        | st.lists(inner, max_size=2).map(tuple)
        | st.dictionaries(
            st.sampled_from(["a", "text", "fields", "values", "string_value", "seconds"]),
            inner,
            max_size=2,
        )
    ),
    max_leaves=3,
)
_TYPES = [
    v1beta.GenerateContentRequest,
    v1beta.GenerationConfig,
    v1beta.Schema,
    v1beta.Part,
    v1beta.CachedContent,
    v1beta.FunctionCall,
    v1beta.PredictRequest,
    v1beta.UpdateChunkRequest,
    v1beta.Chunk,
    v1beta.File,
    aiplatform_v1.GenerateContentRequest,
]


@st.composite
def _plain(draw: st.DrawFn, descriptor: Any, depth: int = 2) -> dict[str, Any]:
    """Draw values for a message, most of which fit."""
    if not descriptor.fields:
        return {}
    names = draw(st.lists(st.sampled_from(sorted(descriptor.fields_by_name)), max_size=3))
    return {name: draw(_for(descriptor.fields_by_name[name], depth)) for name in names}


def _for(field: Any, depth: int) -> st.SearchStrategy[Any]:
    inner = field.message_type
    if inner is None or depth == 0 or inner.full_name.startswith("google."):
        fitting = st.sampled_from(_FITTING[field.cpp_type]) if inner is None else _JSON
    elif inner.GetOptions().map_entry:
        value = _for(inner.fields_by_name["value"], depth - 1)
        fitting = st.dictionaries(st.sampled_from("ab"), value, max_size=2)
        return st.one_of(fitting, fitting, _JSON)
    else:
        fitting = _plain(inner, depth - 1)
    if field.is_repeated:
        fitting = st.lists(fitting, max_size=2)
    return st.one_of(fitting, fitting, fitting, _JSON)


_FITTING: dict[int, list[Any]] = {
    FieldDescriptor.CPPTYPE_STRING: ["", "a"],
    FieldDescriptor.CPPTYPE_BOOL: [True, False],
    FieldDescriptor.CPPTYPE_ENUM: [0, 1, 9999],
    FieldDescriptor.CPPTYPE_INT32: [0, 1, -5],
    FieldDescriptor.CPPTYPE_INT64: [0, 1, "12"],
    FieldDescriptor.CPPTYPE_FLOAT: [0.0, 0.5, 1],
    FieldDescriptor.CPPTYPE_DOUBLE: [0.0, 0.5, 1],
}


def outcome(pb_class: Any, values: Any) -> Any:
    try:
        return coerce.fill(pb_class, values).SerializeToString(deterministic=True)
    except errors.FieldError as error:
        return str(error)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(
    st.sampled_from(_TYPES).flatmap(
        lambda cls: st.tuples(st.just(cls), _plain(cls.pb().DESCRIPTOR))
    )
)
def test_the_quick_way_and_the_careful_way_agree(drawn: tuple[Any, dict[str, Any]]) -> None:
    pb_class, values = drawn[0].pb(), drawn[1]
    # a mapping that is no dict is never given to protobuf itself
    assert outcome(pb_class, values) == outcome(pb_class, types.MappingProxyType(values))


def test_datetimes_without_a_zone_are_local_as_in_proto_plus() -> None:
    moment = datetime.datetime(2025, 4, 1, 12, 0, 0)
    assert v1beta.CachedContent(expire_time=moment).expire_time == moment.astimezone()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a": b"x"}, "response['a']: expected a text, a number"),
        ({"a": [1, {"b": {2}}]}, "response['a'][1]['b']: expected a text, a number"),
        ({1: "a"}, "response: expected texts as keys, got int"),
        ("{}", "response: expected a mapping, got str"),
    ],
)
def test_what_json_cannot_hold_is_named_by_its_path(value: Any, text: str) -> None:
    with pytest.raises(errors.FieldError) as caught:
        v1beta.FunctionResponse(name="f", response=value)
    assert str(caught.value).startswith(text)
