"""What proto-plus offers, on our messages and enums."""

from __future__ import annotations

import copy
import datetime
import json
import pickle
from typing import Any

import pytest
from google.ai import generativelanguage_v1beta
from google.protobuf import duration_pb2, field_mask_pb2, struct_pb2, timestamp_pb2

from gemini_grpc import aiplatform_v1, errors, v1alpha, v1beta
from gemini_grpc.generative.tuning import TunedModelState

STOP = v1beta.Candidate.FinishReason.STOP
UTC = datetime.UTC


def content(*texts: str) -> v1beta.Content:
    return v1beta.Content(role="user", parts=[{"text": text} for text in texts])


# making one


def test_fields_are_keywords() -> None:
    made = v1beta.GenerateContentRequest(
        model="models/x", contents=[{"role": "user", "parts": [{"text": "Hi"}]}]
    )
    assert made.model == "models/x"
    assert made.contents[0].parts[0].text == "Hi"


def test_a_mapping_and_keywords_may_be_given_together_and_keywords_win() -> None:
    made = v1beta.Content({"role": "user", "parts": [{"text": "a"}]}, role="model")
    assert made == v1beta.Content(role="model", parts=[{"text": "a"}])


def test_a_message_given_is_copied() -> None:
    first = content("a")
    second = v1beta.Content(first)
    second.parts[0].text = "b"
    assert first.parts[0].text == "a"
    assert v1beta.Content(first, role="model").role == "model"
    assert v1beta.Content(v1beta.Content.pb(first)) == first


def test_none_leaves_a_field_unset() -> None:
    made = v1beta.GenerationConfig(top_k=None, temperature=0.0, stop_sequences=None)
    assert "top_k" not in made
    assert "temperature" in made
    assert list(made.stop_sequences) == []


def test_an_unknown_name_is_told_with_the_nearest() -> None:
    with pytest.raises(TypeError, match="has no field 'contens'; did you mean 'contents'"):
        v1beta.GenerateContentRequest(contens=[])
    with pytest.raises(ValueError, match="contens"):
        v1beta.GenerateContentRequest({"contens": []})


def test_unknown_names_are_skipped_when_asked() -> None:
    made = v1beta.Content({"role": "user", "nope": 1}, ignore_unknown_fields=True, other=2)
    assert made == v1beta.Content(role="user")


def test_something_else_is_no_message() -> None:
    for wrong in (5, "text", v1beta.Part(), [("role", "user")]):
        with pytest.raises(errors.FieldError, match="expected Content or a mapping"):
            v1beta.Content(wrong)


def test_names_that_carry_an_underscore_may_be_given_without_it() -> None:
    assert v1beta.Schema(type="STRING") == v1beta.Schema(type_="STRING")
    schema = v1beta.Schema(type_="STRING")
    assert schema.type is schema.type_ is v1beta.Type.STRING
    schema.format = "int32"
    assert schema.format_ == "int32"
    assert v1beta.CitationSource(license_="MIT").license_ == "MIT"


# the methods of the class


def test_to_dict_and_back() -> None:
    answer = v1beta.Candidate(content=content("a"), finish_reason="STOP")
    data = v1beta.Candidate.to_dict(answer, always_print_fields_with_no_presence=False)
    assert data == {
        "content": {"parts": [{"text": "a"}], "role": "user"},
        "finish_reason": 1,
    }
    assert v1beta.Candidate(data) == answer
    full = v1beta.Candidate.to_dict(answer, use_integers_for_enums=False)
    assert full["finish_reason"] == "STOP"
    assert full["safety_ratings"] == []


def test_to_json_and_back() -> None:
    answer = v1beta.Candidate(content=content("a"), finish_reason="STOP", token_count=3)
    text = v1beta.Candidate.to_json(answer, use_integers_for_enums=False)
    assert json.loads(text)["finishReason"] == "STOP"
    assert v1beta.Candidate.from_json(text) == answer
    assert v1beta.Candidate.from_json('{"token_count": 3, "x": 1}', ignore_unknown_fields=True)


def test_json_names_are_those_of_the_service() -> None:
    made = v1beta.GenerationConfig(response_json_schema={"type": "object"})
    text = v1beta.GenerationConfig.to_json(made, always_print_fields_with_no_presence=False)
    assert json.loads(text) == {"_responseJsonSchema": {"type": "object"}}
    assert v1beta.GenerationConfig.from_json(text) == made
    ordered = v1beta.GenerationConfig.from_json('{"responseJsonSchema": {"type": "object"}}')
    assert "response_json_schema_ordered" in ordered


def test_serialize_and_deserialize() -> None:
    made = content("a", "b")
    data = v1beta.Content.serialize(made)
    assert v1beta.Content.deserialize(data) == made
    assert v1beta.Content.serialize({"role": "x"}) == b"\x12\x01x"


def test_pb_and_wrap_share_what_they_hold() -> None:
    made = content("a")
    pb = v1beta.Content.pb(made)
    assert type(pb) is v1beta.Content.pb()
    wrapped = v1beta.Content.wrap(pb)
    wrapped.role = "model"
    assert made.role == "model"


def test_pb_takes_other_types_only_when_asked() -> None:
    with pytest.raises(TypeError):
        v1beta.Content.pb({"role": "x"})
    assert v1beta.Content.pb({"role": "x"}, coerce=True).role == "x"


def test_copy_from_replaces_everything() -> None:
    made = content("a")
    v1beta.Content.copy_from(made, content("b", "c"))
    assert made == content("b", "c")
    v1beta.Content.copy_from(made, {"parts": [{"text": "d"}]})
    assert made == v1beta.Content(parts=[{"text": "d"}])


def test_meta_describes_the_fields() -> None:
    meta = v1beta.Candidate.meta
    assert meta.full_name == "gemini_grpc.v1beta.Candidate"
    assert meta.fields["content"].message is v1beta.Content
    assert meta.fields["finish_reason"].enum is v1beta.Candidate.FinishReason
    assert meta.fields["safety_ratings"].repeated
    assert meta.fields["token_count"].number == meta.fields_by_number[7].number
    assert v1beta.Part.meta.fields["text"].oneof == "data"


# the methods of a message


def test_equality_is_by_content() -> None:
    assert content("a") == content("a")
    assert content("a") != content("b")
    assert content("a") == v1beta.Content.pb(content("a"))
    assert content("a") != {"role": "user", "parts": [{"text": "a"}]}
    assert v1beta.Content() != v1beta.Part()
    with pytest.raises(TypeError, match="unhashable"):
        hash(content("a"))


def test_in_tells_presence() -> None:
    made = v1beta.GenerationConfig(temperature=0, stop_sequences=[])
    assert "temperature" in made
    assert "top_k" not in made
    assert "stop_sequences" not in made
    candidate = v1beta.Candidate(content={})
    assert "content" in candidate
    assert "citation_metadata" not in candidate
    assert v1beta.Candidate.content in candidate
    with pytest.raises(AttributeError):
        assert "nope" in candidate


def test_a_message_is_true_when_a_field_is_set() -> None:
    assert not v1beta.Content()
    assert v1beta.Content(role="x")
    assert not v1beta.Candidate(content={})


def test_del_clears_a_field() -> None:
    made = content("a")
    del made.parts
    assert made == v1beta.Content(role="user")


def test_repr_and_dir_show_the_fields() -> None:
    assert repr(content("a")) == 'parts {\n  text: "a"\n}\nrole: "user"\n'
    assert {"parts", "role"} <= set(dir(content("a")))


def test_an_unknown_attribute_is_told_with_the_nearest() -> None:
    with pytest.raises(AttributeError, match="did you mean 'parts'"):
        assert content("a").part
    with pytest.raises(AttributeError, match="did you mean 'parts'"):
        content("a").part = []
    with pytest.raises(AttributeError, match="nope"):
        assert v1beta.Content.nope
    assert not hasattr(content("a"), "_nope")


@pytest.mark.parametrize(
    "duplicate",
    [copy.copy, copy.deepcopy, lambda made: pickle.loads(pickle.dumps(made))],
    ids=["copy", "deepcopy", "pickle"],
)
def test_copies_are_equal_and_independent(duplicate: Any) -> None:
    for made in (content("a", "b"), v1beta.GenerateContentResponse.PromptFeedback(block_reason=1)):
        other = duplicate(made)
        assert type(other) is type(made)
        assert other == made
        assert other is not made
    twin = duplicate(content("a"))
    twin.parts[0].text = "z"
    assert content("a") != twin


def test_a_subclass_of_the_users_is_a_message() -> None:
    class Mine(v1beta.Content):
        def text(self) -> str:
            return "".join(part.text for part in self.parts)

    mine = Mine(parts=[{"text": "a"}, {"text": "b"}])
    assert mine.text() == "ab"
    assert v1beta.GenerateContentRequest(contents=[mine]).contents[0] == v1beta.Content(mine)


# assignment


def test_assigning_copies() -> None:
    candidate, said = v1beta.Candidate(), content("a")
    candidate.content = said
    said.role = "changed"
    assert candidate.content.role == "user"
    candidate.content.role = "model"
    assert candidate.content.role == "model"


def test_assigning_replaces_and_does_not_merge() -> None:
    candidate = v1beta.Candidate(content=content("a"))
    candidate.content = {"parts": [{"text": "b"}]}
    assert candidate.content == v1beta.Content(parts=[{"text": "b"}])
    candidate.content.parts = [v1beta.Part(text="c"), {"text": "d"}]
    assert [part.text for part in candidate.content.parts] == ["c", "d"]
    candidate.content = candidate.content
    assert len(candidate.content.parts) == 2
    candidate.content = None
    assert "content" not in candidate


def test_writing_into_an_unset_message_sets_it() -> None:
    candidate = v1beta.Candidate()
    candidate.content.parts.append({"text": "a"})
    assert "content" in candidate


def test_a_wrong_value_leaves_the_old_one() -> None:
    made = content("a")
    with pytest.raises(errors.FieldError, match="role: expected a str, got int"):
        made.role = 5
    assert made.role == "user"


def test_members_of_a_oneof_replace_each_other() -> None:
    part = v1beta.Part(text="a")
    part.inline_data = {"mime_type": "image/png", "data": b"x"}
    assert "text" not in part
    assert part.text == ""
    part.text = ""
    assert "inline_data" not in part
    assert v1beta.Part.pb(part).WhichOneof("data") == "text"


# repeated fields and maps


def test_repeated_messages_are_a_list() -> None:
    parts = content("b").parts
    parts.append({"text": "d"})
    parts.insert(0, v1beta.Part(text="a"))
    parts.extend([{"text": "e"}, v1beta.Part(text="f")])
    assert [part.text for part in parts] == list("abdef")
    assert [part.text for part in parts[1:3]] == ["b", "d"]
    assert parts[-1].text == "f"
    parts[1] = v1beta.Part(text="B")
    parts[2:4] = [v1beta.Part(text="x")]
    assert [part.text for part in parts] == ["a", "B", "x", "f"]
    del parts[0]
    assert parts.pop().text == "f"
    parts.sort(key=lambda part: part.text)
    parts.reverse()
    assert [part.text for part in parts] == ["x", "B"]
    assert v1beta.Part(text="x") in parts
    assert parts == [v1beta.Part(text="x"), v1beta.Part(text="B")]
    assert len(parts) == 2
    parts.clear()
    assert not parts


def test_items_of_a_repeated_field_are_views() -> None:
    made = content("a", "b")
    for part in made.parts:
        part.text += "!"
    made.parts[0].text += "?"
    assert [part.text for part in made.parts] == ["a!?", "b!"]


def test_appending_a_wrong_item_says_so() -> None:
    with pytest.raises(errors.FieldError, match="'txt'; did you mean 'text'"):
        content("a").parts.append({"txt": "b"})
    with pytest.raises(TypeError):
        content("a").parts.append("b")


def test_repeated_scalars_are_a_list() -> None:
    config = v1beta.GenerationConfig(stop_sequences=(each for each in "ab"))
    config.stop_sequences.append("c")
    config.stop_sequences.insert(0, "z")
    config.stop_sequences[1] = "A"
    assert list(config.stop_sequences) == ["z", "A", "b", "c"]
    assert config.stop_sequences[1:3] == ["A", "b"]
    assert config.stop_sequences == ["z", "A", "b", "c"]
    del config.stop_sequences[:2]
    config.stop_sequences.extend("d")
    assert config.stop_sequences.pop() == "d"
    assert list(reversed(config.stop_sequences)) == ["c", "b"]
    config.stop_sequences = ["new"]
    assert list(config.stop_sequences) == ["new"]


def test_repeated_enums_are_members() -> None:
    modality = v1beta.GenerationConfig.Modality
    config = v1beta.GenerationConfig(response_modalities=["TEXT", modality.IMAGE, 3])
    config.response_modalities.append(modality.TEXT)
    assert list(config.response_modalities) == [
        modality.TEXT,
        modality.IMAGE,
        modality.AUDIO,
        modality.TEXT,
    ]
    assert config.response_modalities[0] is modality.TEXT


def test_maps_are_dictionaries_of_messages() -> None:
    schema = v1beta.Schema(properties={"a": {"title": "A"}, "b": v1beta.Schema(title="B")})
    schema.properties["c"] = v1beta.Schema(title="C")
    schema.properties["d"] = {"title": "D"}
    assert {key: value.title for key, value in schema.properties.items()} == {
        key: key.upper() for key in "abcd"
    }
    del schema.properties["a"]
    assert "a" not in schema.properties
    assert len(schema.properties) == 3
    schema.properties["b"].title = "changed"
    assert schema.properties["b"].title == "changed"
    schema.properties = {"only": {"title": "O"}}
    assert list(schema.properties) == ["only"]


def test_maps_of_strings_are_dictionaries() -> None:
    request = aiplatform_v1.GenerateContentRequest(labels={"a": "1"})
    request.labels["b"] = "2"
    assert dict(request.labels) == {"a": "1", "b": "2"}
    request.labels.update(c="3")
    del request.labels["a"]
    assert dict(request.labels) == {"b": "2", "c": "3"}


# the types of protobuf


def test_struct_is_a_mapping() -> None:
    call = v1beta.FunctionCall(name="f", args={"a": 1, "b": [True, None, {"c": "d"}]})
    assert call.args["a"] == 1
    assert list(call.args["b"])[:2] == [True, None]
    assert call.args["b"][2]["c"] == "d"
    call.args["a"] = "changed"
    assert call.args["a"] == "changed"
    as_struct = struct_pb2.Struct()
    as_struct.update({"x": 1})
    assert dict(v1beta.FunctionCall(args=as_struct).args) == {"x": 1}
    assert v1beta.FunctionCall().args is None


@pytest.mark.parametrize("value", [None, True, 1.5, "text", [1.0, "a", None], {"a": {"b": [1.0]}}])
def test_value_takes_any_json(value: Any) -> None:
    request = v1beta.PredictRequest(instances=[value])
    data = v1beta.PredictRequest.to_dict(request)
    assert data["instances"] == [value]


def test_value_takes_a_mapping_whose_keys_are_names_of_its_own_fields() -> None:
    for value in ({"string_value": "x"}, {"struct_value": {"a": 1.0}}, {"null_value": 0.0}):
        config = v1beta.GenerationConfig(response_json_schema=value)
        data = v1beta.GenerationConfig.to_dict(config)
        assert data["response_json_schema"] == value


def test_struct_takes_a_mapping_whose_keys_are_names_of_its_own_fields() -> None:
    for value in ({"fields": {"a": 1.0}}, {"a": {"string_value": "x"}}, {"a": {"values": [1.0]}}):
        call = v1beta.FunctionCall(args=value)
        assert v1beta.FunctionCall.to_dict(call)["args"] == value


def test_timestamp_is_a_datetime() -> None:
    moment = datetime.datetime(2025, 4, 1, 12, 30, 15, 250_000, tzinfo=UTC)
    cached = v1beta.CachedContent(expire_time=moment)
    assert cached.expire_time == moment
    assert cached.expire_time.tzinfo is not None
    assert v1beta.CachedContent(expire_time="2025-04-01T12:30:15.25Z") == cached
    assert v1beta.CachedContent(expire_time=timestamp_pb2.Timestamp(seconds=1)) == (
        v1beta.CachedContent(expire_time={"seconds": 1})
    )
    cached.expire_time = moment + datetime.timedelta(days=1)
    assert cached.expire_time - moment == datetime.timedelta(days=1)
    assert v1beta.CachedContent().expire_time is None


def test_duration_is_a_timedelta() -> None:
    cached = v1beta.CachedContent(ttl=datetime.timedelta(minutes=5, milliseconds=250))
    assert cached.ttl == datetime.timedelta(minutes=5, milliseconds=250)
    assert v1beta.CachedContent(ttl="300.25s") == cached
    assert v1beta.CachedContent(ttl=duration_pb2.Duration(seconds=1)).ttl.total_seconds() == 1
    assert v1beta.CachedContent(ttl=datetime.timedelta(seconds=-1.5)).ttl.total_seconds() == -1.5


def test_field_mask_is_protobufs() -> None:
    made = v1beta.UpdateCachedContentRequest(update_mask={"paths": ["ttl", "name"]})
    assert isinstance(made.update_mask, field_mask_pb2.FieldMask)
    assert list(made.update_mask.paths) == ["ttl", "name"]
    assert v1beta.UpdateCachedContentRequest(update_mask="ttl,name") == made
    assert v1beta.UpdateCachedContentRequest(update_mask=made.update_mask) == made


# enums


def test_enums_are_ints_with_a_name() -> None:
    assert STOP == 1
    assert STOP.name == "STOP"
    assert v1beta.Candidate.FinishReason["STOP"] is v1beta.Candidate.FinishReason(1) is STOP
    assert STOP < v1beta.Candidate.FinishReason.SAFETY
    assert {STOP: "x"}[STOP] == "x"
    assert pickle.loads(pickle.dumps(STOP)) is STOP
    assert copy.deepcopy(STOP) is STOP


def twins(module: Any) -> Any:
    """The enums of another package that answers have."""
    return module.Candidate.FinishReason, module.SafetyRating.HarmProbability


@pytest.mark.parametrize(
    "module", [v1alpha, aiplatform_v1, generativelanguage_v1beta], ids=lambda each: each.__name__
)
def test_members_of_the_same_name_are_equal_in_every_api(module: Any) -> None:
    ours, theirs = twins(v1beta), twins(module)
    for one, other in zip(ours, theirs, strict=True):
        for name in one.__members__.keys() & other.__members__.keys():
            assert one[name] == other[name]
            assert other[name] == one[name]
            assert not one[name] != other[name]  # noqa: SIM202  # the operator itself
            assert one[name] in (other[name],)
    medium, high = theirs[1].MEDIUM, theirs[1].HIGH
    assert medium < ours[1].HIGH <= high
    assert high >= ours[1].HIGH > medium


def test_numbers_do_not_make_members_of_two_apis_equal() -> None:
    one, other = v1beta.Candidate.FinishReason, aiplatform_v1.Candidate.FinishReason
    assert one.BLOCKLIST == 7 == other.PROHIBITED_CONTENT
    assert one.BLOCKLIST != other.PROHIBITED_CONTENT
    assert len({one.BLOCKLIST, other.PROHIBITED_CONTENT}) == 2
    assert (one.LANGUAGE, other.BLOCKLIST) == (6, 6)
    assert one.LANGUAGE not in list(other)  # Vertex AI has no such reason
    with pytest.raises(TypeError):
        assert one.LANGUAGE < other.MODEL_ARMOR


def test_members_of_two_apis_are_one_key_where_the_numbers_agree() -> None:
    one, other = v1beta.Candidate.FinishReason, aiplatform_v1.Candidate.FinishReason
    assert {one.SAFETY: "x", 3: "y"} == {other.SAFETY: "y"}
    assert other.SPII not in {one.SPII}


def test_a_member_prints_its_name() -> None:
    for member in (v1beta.File.State.ACTIVE, TunedModelState.ACTIVE):
        assert (str(member), f"{member}", f"{member:>8}", f"{member:d}") == (
            "ACTIVE",
            "ACTIVE",
            "  ACTIVE",
            "2",
        )
        assert json.dumps(member) == "2"


def test_members_of_other_enums_are_not_equal() -> None:
    assert STOP != v1beta.Type.STRING
    assert STOP != aiplatform_v1.Type.STRING
    assert STOP != "STOP"
    with pytest.raises(TypeError):
        assert v1beta.Type.STRING < STOP


def test_the_reason_of_a_block_has_two_names() -> None:
    one = v1beta.GenerateContentResponse.PromptFeedback.BlockReason.SAFETY
    other = aiplatform_v1.GenerateContentResponse.PromptFeedback.BlockedReason.SAFETY
    assert one == other
    assert other == one
    assert one != aiplatform_v1.Candidate.FinishReason.SAFETY


@pytest.mark.parametrize("value", [STOP, 1, "STOP"])
def test_an_enum_is_taken_as_member_number_or_name(value: Any) -> None:
    assert v1beta.Candidate(finish_reason=value).finish_reason is STOP
    candidate = v1beta.Candidate()
    candidate.finish_reason = value
    assert candidate.finish_reason is STOP


def test_an_unknown_value_of_an_enum_stays_a_number_and_warns() -> None:
    candidate = v1beta.Candidate(finish_reason=9999)
    with pytest.warns(UserWarning, match="Unrecognized FinishReason enum value: 9999"):
        assert candidate.finish_reason == 9999
    again = v1beta.Candidate.deserialize(v1beta.Candidate.serialize(candidate))
    assert again == candidate


def test_an_unset_enum_is_its_zero() -> None:
    assert v1beta.Candidate().finish_reason is v1beta.Candidate.FinishReason(0)
