"""The messages of a stream joined: no field is lost, and what goes on stays one."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any

import pytest
from google.protobuf.descriptor import FieldDescriptor

from gemini_grpc import aiplatform_v1, v1beta
from gemini_grpc.generative.accumulate import joined
from gemini_grpc.generative.backend import Backend
from gemini_grpc.generative.reading import calls_of
from gemini_grpc.rpc.plain import is_repeated

BACKENDS = (Backend(), Backend("v1alpha"), Backend("aiplatform_v1", "p", "us-central1"))


def response(backend: Backend = BACKENDS[0], **fields: Any) -> Any:
    return getattr(backend.types, "GenerateContentResponse")(**fields)._pb  # noqa: B009


def piece(*parts: dict[str, Any], backend: Backend = BACKENDS[0], **candidate: Any) -> Any:
    content = {"role": "model", "parts": list(parts)}
    return response(backend, candidates=[{"content": content, **candidate}])


def parts_of(*messages: Any) -> list[Any]:
    return list(joined(messages).candidates[0].content.parts)


def every_field() -> Iterator[Any]:
    """Yield each field that a response can have, outside of contents and lists."""
    for backend in BACKENDS:
        top = backend.pb("GenerateContentResponse").DESCRIPTOR
        for owner, field in walk(top, ()):
            names = ".".join((*owner, field.name))
            yield pytest.param(backend, owner, field, id=f"{backend.version}-{names}")


def walk(descriptor: Any, path: tuple[str, ...]) -> Iterator[tuple[tuple[str, ...], Any]]:
    for field in descriptor.fields:
        if field.name in ("content", "index"):
            continue
        if field.name != "candidates":
            yield path, field
        inner = field.message_type
        known = inner is not None and inner.full_name.startswith("google.protobuf.")
        if (
            inner is not None
            and not known
            and (not is_repeated(field) or field.name == "candidates")
        ):
            yield from walk(inner, (*path, field.name))


def with_field(backend: Backend, owner: tuple[str, ...], field: Any) -> Any:
    """Return a response that has one field besides its candidate."""
    message = response(backend)
    inner = message
    for name in owner:
        inner = getattr(inner, name)
        if name == "candidates":
            inner = inner.add()
    target = getattr(inner, field.name) if is_repeated(field) or field.message_type else None
    if field.message_type is not None:
        (target.add() if is_repeated(field) else target).SetInParent()
    elif is_repeated(field):
        target.append(sample(field))
    else:
        setattr(inner, field.name, sample(field))
    return message


def sample(field: Any) -> Any:
    if field.enum_type is not None:
        return field.enum_type.values[-1].number
    kinds = {
        FieldDescriptor.CPPTYPE_STRING: b"x" if field.type == FieldDescriptor.TYPE_BYTES else "x",
        FieldDescriptor.CPPTYPE_BOOL: True,
    }
    return kinds.get(field.cpp_type, 7)


@pytest.mark.parametrize(("backend", "owner", "field"), [*every_field()])
@pytest.mark.parametrize("at", [0, 1, 2])
def test_every_field_of_every_message_is_kept(
    backend: Backend, owner: tuple[str, ...], field: Any, at: int
) -> None:
    said = [piece({"text": text}, backend=backend) for text in "abc"]
    said[at].MergeFrom(with_field(backend, owner, field))
    if "candidates" in owner:  # merging has added a candidate, it is to be the same
        candidates = said[at].candidates
        candidates[0].MergeFrom(candidates.pop())
    expected = said[at]
    whole = joined(said)
    assert [part.text for part in whole.candidates[0].content.parts] == ["abc"]
    whole.candidates[0].content.parts[0].text = "abc"[at]
    assert whole == expected


def test_of_a_map_the_last_value_of_each_key_holds() -> None:
    request = aiplatform_v1.GenerateContentRequest.pb()
    said = [request(labels={"a": "1", "b": "1"}), request(labels={"b": "2", "c": "3"})]
    assert joined(said).labels == {"a": "1", "b": "2", "c": "3"}
    schema = v1beta.Schema.pb()
    named = [schema(properties={name: schema(title=f"of {name}")}) for name in "ab"]
    assert {name: each.title for name, each in joined(named).properties.items()} == {
        "a": "of a",
        "b": "of b",
    }


def test_one_message_is_itself() -> None:
    only = piece({"text": "a"})
    assert joined([only]) is only


@pytest.mark.parametrize("count", [1, 2])
def test_a_field_can_be_left_out(count: int) -> None:
    said = piece({"text": "a"})
    said.model_version = "m"
    assert joined([said] * count, without="candidates") == response(model_version="m")
    assert said.candidates


def test_a_text_goes_on_in_the_next_message() -> None:
    (part,) = parts_of(piece({"text": "Hello"}), piece({"text": ", "}), piece({"text": "world"}))
    assert part.text == "Hello, world"


def test_texts_of_one_message_stay_apart() -> None:
    found = parts_of(piece({"text": "a"}, {"text": "b"}), piece({"text": "c"}))
    assert [part.text for part in found] == ["a", "bc"]


def test_thoughts_stay_apart_from_the_answer() -> None:
    thought = [piece({"text": text, "thought": True}) for text in ("I ", "think")]
    found = parts_of(*thought, piece({"text": "so"}), piece({"text": "."}))
    assert [(part.text, part.thought) for part in found] == [("I think", True), ("so.", False)]


@pytest.mark.parametrize(
    "other",
    [
        {"function_call": {"name": "f"}},
        {"inline_data": {"mime_type": "image/png", "data": b"x"}},
        {"executable_code": {"language": "PYTHON", "code": "1"}},
    ],
)
def test_other_parts_are_not_merged(other: dict[str, Any]) -> None:
    found = parts_of(piece({"text": "a"}), piece(other), piece(other), piece({"text": "b"}))
    assert [part.text for part in found] == ["a", "", "", "b"]
    assert found[1] == found[2]


@pytest.mark.parametrize("last", ["lo", ""])
def test_a_signature_stays_with_the_text_it_ends(last: str) -> None:
    signed = {"text": last, "thought_signature": b"signed"}
    found = parts_of(piece({"text": "Hel"}), piece(signed), piece({"text": "more"}))
    assert [part.text for part in found] == ["Hel" + last, "more"]
    assert [part.thought_signature for part in found] == [b"signed", b""]


def test_candidates_belong_together_by_their_index() -> None:
    def both(first: str, second: str) -> Any:
        contents = [{"parts": [{"text": text}]} for text in (first, second)]
        pairs = zip((1, 0), contents, strict=True)
        return response(candidates=[{"index": index, "content": each} for index, each in pairs])

    whole = joined([both("b", "a"), both("B", "A")])
    assert [candidate.index for candidate in whole.candidates] == [0, 1]
    assert [each.content.parts[0].text for each in whole.candidates] == ["aA", "bB"]


def test_candidates_without_an_index_are_told_apart_by_their_places() -> None:
    contents = [{"content": {"parts": [{"text": text}]}} for text in "ab"]
    whole = joined([response(candidates=contents), response(candidates=contents)])
    assert [each.content.parts[0].text for each in whole.candidates] == ["aa", "bb"]


def test_the_last_reason_to_finish_holds() -> None:
    whole = joined([piece({"text": "a"}), piece(finish_reason="MAX_TOKENS"), piece()])
    assert whole.candidates[0].finish_reason == 2


def test_a_rating_holds_its_last_probability_and_any_block() -> None:
    def rated(probability: str, blocked: bool) -> Any:
        rating = {"category": "HARM_CATEGORY_HARASSMENT", "probability": probability}
        return piece({"text": "a"}, safety_ratings=[{**rating, "blocked": blocked}])

    whole = joined([rated("HIGH", True), rated("LOW", False)])
    (rating,) = whole.candidates[0].safety_ratings
    assert (rating.probability, rating.blocked) == (2, True)


def test_usage_is_kept_when_the_last_message_has_none() -> None:
    counts = {"prompt_token_count": 3, "total_token_count": 5}
    details = [{"modality": "TEXT", "token_count": 3}]
    usage = {**counts, "prompt_tokens_details": details}
    whole = joined([response(usage_metadata=usage)] * 2 + [piece({"text": "a"})])
    assert whole.usage_metadata.total_token_count == 5
    assert len(whole.usage_metadata.prompt_tokens_details) == 1


def test_sources_that_are_told_again_are_there_once() -> None:
    first, second = {"web": {"uri": "a"}}, {"web": {"uri": "b"}}
    pieces = [
        piece(grounding_metadata={"grounding_chunks": [first], "web_search_queries": ["q"]}),
        piece(
            grounding_metadata={"grounding_chunks": [first, second], "web_search_queries": ["q"]}
        ),
    ]
    found = joined(pieces).candidates[0].grounding_metadata
    assert [chunk.web.uri for chunk in found.grounding_chunks] == ["a", "b"]
    assert list(found.web_search_queries) == ["q"]


@pytest.mark.parametrize("backend", BACKENDS, ids=lambda backend: backend.version)
def test_supports_keep_pointing_to_their_chunks(backend: Backend) -> None:
    a, b, c = ({"web": {"uri": uri}} for uri in "abc")

    def found(chunks: list[Any], *supports: tuple[str, list[int]]) -> Any:
        made = [
            {"segment": {"text": text}, "grounding_chunk_indices": places}
            for text, places in supports
        ]
        metadata = {"grounding_chunks": chunks, "grounding_supports": made}
        return piece(backend=backend, grounding_metadata=metadata)

    pieces = [
        found([a, a, b], ("first", [0, 1, 2])),
        found([c, b], ("second", [0]), ("third", [1])),
        found([], ("of all", [2])),
    ]
    before = [each.SerializeToString() for each in pieces]
    whole = joined(pieces).candidates[0].grounding_metadata
    uris = [chunk.web.uri for chunk in whole.grounding_chunks]
    assert uris == ["a", "b", "c"]
    assert {
        support.segment.text: [uris[index] for index in support.grounding_chunk_indices]
        for support in whole.grounding_supports
    } == {"first": ["a", "a", "b"], "second": ["c"], "third": ["b"], "of all": ["c"]}
    assert [each.SerializeToString() for each in pieces] == before


def test_equal_tokens_are_all_kept_and_their_sums_added() -> None:
    token = {"token": "the", "log_probability": -0.5}
    result = {"chosen_candidates": [token], "log_probability_sum": -0.5}
    pieces = [piece({"text": "the"}, logprobs_result=result) for _ in range(3)]
    found = joined(pieces).candidates[0].logprobs_result
    assert len(found.chosen_candidates) == 3
    assert found.log_probability_sum == -1.5


def test_a_long_stream_takes_time_in_proportion() -> None:
    def seconds(count: int) -> float:
        pieces = [piece({"text": "x" * 100}) for _ in range(count)]
        best = 1e9
        for _ in range(3):
            start = time.process_time()
            joined(pieces)
            best = min(best, time.process_time() - start)
        return best

    assert seconds(8000) < 8 * 3 * seconds(1000)


def partial(path: str, **delta: Any) -> dict[str, Any]:
    return {
        "function_call": {"partial_args": [{"json_path": path, **delta}], "will_continue": True}
    }


def test_a_call_that_comes_in_pieces_is_one() -> None:
    vertex = BACKENDS[2]
    begin = {"function_call": {"name": "book", "will_continue": True}}
    end: dict[str, Any] = {"function_call": {}}
    other = {"function_call": {"name": "other", "args": {"n": 1}}}
    said = [
        piece(begin, backend=vertex),
        piece(
            partial("$.city", string_value="New "),
            partial("$.nights", number_value=3),
            backend=vertex,
        ),
        piece(partial("$.city", string_value="Delhi"), backend=vertex),
        piece(partial("$.guests[1].name", string_value="Ann"), backend=vertex),
        piece(partial("$.guests[0]['is child']", bool_value=True), backend=vertex),
        piece(partial("$.guests[0].age", number_value=4), backend=vertex),
        piece(partial("$", string_value="no place"), backend=vertex),
        piece(partial("$.note", null_value=0), end, other, backend=vertex),
    ]
    first, second = calls_of(joined(said))
    assert first.name == "book"
    assert first.args == {
        "city": "New Delhi",
        "nights": 3,
        "guests": [{"is child": True, "age": 4}, {"name": "Ann"}],
        "note": None,
    }
    assert (second.name, second.args) == ("other", {"n": 1})
    call = joined(said).candidates[0].content.parts[0].function_call
    assert not call.will_continue
    assert not call.partial_args
