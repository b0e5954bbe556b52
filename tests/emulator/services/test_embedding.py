from __future__ import annotations

from typing import Any

import pytest

from gemini_grpc import errors

MODEL = "models/gemini-embedding-2"
VERTEX_MODEL = "projects/p/locations/l/publishers/google/models/text-embedding-005"


def said(text: str) -> dict[str, Any]:
    return {"parts": [{"text": text}]}


def likeness(one: Any, other: Any) -> float:
    return sum(a * b for a, b in zip(one, other, strict=True))


def test_a_vector_has_the_size_of_the_model_or_what_is_asked_for(api: Any) -> None:
    client = api("GenerativeService")
    assert len(client.embed_content(model=MODEL, content=said("a")).embedding.values) == 3072
    short = client.embed_content({"model": MODEL, "content": said("a"), "output_dimensionality": 8})
    assert len(short.embedding.values) == 8


def test_texts_that_share_words_are_closer(api: Any) -> None:
    requests = [{"content": said(text)} for text in ("tall old trees", "tall trees", "fast cars")]
    found = api("GenerativeService").batch_embed_contents(model=MODEL, requests=requests).embeddings
    trees, more, cars = (each.values for each in found)
    assert likeness(trees, more) > likeness(trees, cars) + 0.3


@pytest.mark.parametrize(
    "fields",
    [
        {"output_dimensionality": 0},
        {"output_dimensionality": 4000},
        {"content": {}},
        {"content": None},
    ],
    ids=str,
)
def test_what_cannot_be_embedded_is_refused(api: Any, fields: dict[str, Any]) -> None:
    with pytest.raises(errors.InvalidArgument):
        api("GenerativeService").embed_content({"model": MODEL, "content": said("a")} | fields)


def test_a_batch_has_one_model_and_a_hundred_requests_at_most(api: Any) -> None:
    client = api("GenerativeService")
    other = [{"model": "models/text-embedding-005", "content": said("a")}]
    for requests in ([], [{"content": said("a")}] * 101, other):
        with pytest.raises(errors.InvalidArgument, match="requests"):
            client.batch_embed_contents(model=MODEL, requests=requests)


def test_a_chat_model_does_not_embed(api: Any) -> None:
    with pytest.raises(errors.NotFound, match="embedContent"):
        api("GenerativeService").embed_content(
            model="models/gemini-3.8-flash", content=said("a tree")
        )


def test_vertex_ai_counts_and_cuts_what_is_too_long(api: Any) -> None:
    client = api.vertex("PredictionService")
    short = client.embed_content(model=VERTEX_MODEL, content=said("a tall tree"))
    assert len(short.embedding.values) == 768
    assert short.usage_metadata.prompt_token_count == 3
    assert not short.truncated
    long = said("tree " * 3000)
    cut = client.embed_content(model=VERTEX_MODEL, content=long)
    assert cut.truncated
    assert cut.usage_metadata.prompt_token_count == 2048
    with pytest.raises(errors.InvalidArgument, match="3000 tokens"):
        client.embed_content(
            {
                "model": VERTEX_MODEL,
                "content": long,
                "embed_content_config": {"auto_truncate": False},
            }
        )


def test_vertex_ai_takes_an_option_in_one_place(api: Any) -> None:
    client = api.vertex("PredictionService")
    old = {"model": VERTEX_MODEL, "content": said("a"), "output_dimensionality": 5}
    assert len(client.embed_content(old).embedding.values) == 5
    with pytest.raises(errors.InvalidArgument, match="output_dimensionality"):
        client.embed_content(old | {"embed_content_config": {"output_dimensionality": 6}})


def test_no_number_of_a_vector_is_zero(api: Any) -> None:
    answer = api("GenerativeService").embed_content(
        model=MODEL, content=said("Why is the sky blue?")
    )
    assert all(answer.embedding.values)
