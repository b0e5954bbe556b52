from __future__ import annotations

from typing import Any

import pytest

from gemini_grpc import errors

MODEL = "projects/p/locations/l/publishers/google/models/gemini-3.8-flash"
TURNS = [
    {"role": "user", "parts": [{"text": "How tall is a tree?"}]},
    {"role": "model", "parts": [{"text": "Very tall, naïve one"}]},
]


@pytest.fixture
def client(api: Any) -> Any:
    return api.vertex("LlmUtilityService")


def test_tokens_and_characters_are_counted(client: Any) -> None:
    counted = client.count_tokens(endpoint=MODEL, contents=TURNS)
    assert counted.total_tokens == 6 + 6
    assert counted.total_billable_characters == len("Howtallisatree?Verytall,naïveone")
    assert counted.prompt_tokens_details[0].modality.name == "TEXT"


def test_the_instruction_counts_as_well(client: Any) -> None:
    counted = client.count_tokens(
        {"endpoint": MODEL, "contents": TURNS, "system_instruction": TURNS[0]}
    )
    assert counted.total_tokens == 18


def test_the_count_is_what_generating_says(api: Any, client: Any) -> None:
    usage = (
        api.vertex("PredictionService")
        .generate_content(model=MODEL, contents=TURNS[:1])
        .usage_metadata
    )
    counted = client.count_tokens(endpoint=MODEL, contents=TURNS[:1])
    assert counted.total_tokens == usage.prompt_token_count


def test_instances_count_by_their_texts(client: Any) -> None:
    instances = [{"prompt": "a tree", "more": ["a bush", 7]}]
    counted = client.count_tokens(endpoint=MODEL, instances=instances)
    assert counted.total_tokens == 4
    computed = client.compute_tokens(endpoint=MODEL, instances=instances)
    assert sorted(computed.tokens_info[0].tokens) == [b" bush", b" tree", b"a", b"a"]


def test_the_tokens_of_a_content_join_to_its_text(client: Any) -> None:
    computed = client.compute_tokens(endpoint=MODEL, contents=TURNS)
    assert [info.role for info in computed.tokens_info] == ["user", "model"]
    for info, turn in zip(computed.tokens_info, TURNS, strict=True):
        assert b"".join(info.tokens).decode() == turn["parts"][0]["text"]
        assert len(info.token_ids) == len(info.tokens)


def test_the_same_word_has_the_same_number(client: Any) -> None:
    contents = [{"role": "user", "parts": [{"text": "a tree is a tree"}]}]
    (info,) = client.compute_tokens(endpoint=MODEL, contents=contents).tokens_info
    assert info.token_ids[0] == info.token_ids[3]
    assert info.token_ids[1] == info.token_ids[4]


@pytest.mark.parametrize("given", [{}, {"contents": TURNS, "instances": ["a"]}], ids=str)
def test_contents_or_instances_are_needed_and_not_both(client: Any, given: dict[str, Any]) -> None:
    with pytest.raises(errors.InvalidArgument):
        client.compute_tokens({"endpoint": MODEL} | given)


@pytest.mark.parametrize("name", ["imagen-4.0-generate-001", "aqa", "missing"])
def test_a_model_that_counts_no_tokens_is_not_found(client: Any, name: str) -> None:
    with pytest.raises(
        errors.NotFound, match="API version v1, or is not supported for countTokens"
    ):
        client.count_tokens(endpoint=MODEL.replace("gemini-3.8-flash", name), contents=TURNS)


def test_the_model_wins_over_the_endpoint(client: Any) -> None:
    with pytest.raises(errors.NotFound):
        client.count_tokens(
            {
                "endpoint": MODEL,
                "model": MODEL.replace("gemini-3.8-flash", "missing"),
                "contents": TURNS,
            }
        )
