from __future__ import annotations

from typing import Any

import pytest

from gemini_grpc import errors

MODEL, EMBEDDER = "models/text-bison-001", "models/embedding-gecko-001"


@pytest.fixture
def client(api: Any) -> Any:
    return api("TextService")


def write(client: Any, text: str, **more: Any) -> Any:
    return client.generate_text({"model": MODEL, "prompt": {"text": text}} | more)


def test_a_prompt_is_completed_and_rated(client: Any) -> None:
    (candidate,) = write(client, "What is 4 + 5?").candidates
    assert candidate.output == "4 + 5 is 9."
    categories = {rating.category.name for rating in candidate.safety_ratings}
    assert "HARM_CATEGORY_TOXICITY" in categories


def test_as_many_completions_come_as_are_asked_for(client: Any) -> None:
    candidates = write(client, "Tell me about trees", candidate_count=3).candidates
    assert len({each.output for each in candidates}) == 3


def test_a_completion_ends_where_it_is_told_to(client: Any) -> None:
    whole = write(client, "Tell me about trees").candidates[0].output
    word = whole.split()[3]
    cut = write(client, "Tell me about trees", stop_sequences=["nowhere", word])
    assert cut.candidates[0].output == whole.partition(word)[0]
    short = write(client, "Tell me about trees", max_output_tokens=3).candidates[0].output
    assert whole.startswith(short)
    assert len(short) < 20


def test_a_prompt_must_fit(client: Any) -> None:
    with pytest.raises(errors.InvalidArgument, match=r"prompt\.text"):
        write(client, "tree " * 9000)


def test_harm_in_the_prompt_is_blocked_and_explained(client: Any) -> None:
    answer = write(client, "harassment-medium")
    assert not answer.candidates
    assert answer.filters[0].reason.name == "SAFETY"
    (feedback,) = answer.safety_feedback
    assert feedback.rating.category.name == "HARM_CATEGORY_TOXICITY"
    assert feedback.setting.threshold.name == "BLOCK_MEDIUM_AND_ABOVE"


def test_a_threshold_lets_harm_pass(client: Any) -> None:
    setting = {"category": "HARM_CATEGORY_TOXICITY", "threshold": "BLOCK_ONLY_HIGH"}
    medical = {"category": "HARM_CATEGORY_MEDICAL", "threshold": "BLOCK_NONE"}
    settings = [setting, medical]
    assert write(client, "harassment-medium", safety_settings=settings).candidates
    answer = write(client, "harassment-high", safety_settings=settings)
    assert answer.safety_feedback[0].setting.threshold.name == "BLOCK_ONLY_HIGH"


def test_harm_in_the_answer_is_left_out(client: Any) -> None:
    answer = write(client, "answer-harassment-high")
    assert not answer.candidates
    assert answer.filters


def test_a_category_of_later_models_is_refused(client: Any) -> None:
    setting = {"category": "HARM_CATEGORY_HARASSMENT", "threshold": "BLOCK_NONE"}
    with pytest.raises(errors.InvalidArgument, match=r"safety_settings\[0\]"):
        write(client, "Hello", safety_settings=[setting])


def test_a_tuned_model_writes_too(api: Any, client: Any) -> None:
    examples = {"examples": {"examples": [{"text_input": "1", "output": "2"}]}}
    api("ModelService").create_tuned_model(
        tuned_model_id="mine",
        tuned_model={
            "base_model": "models/gemini-1.5-flash-001-tuning",
            "tuning_task": {"training_data": examples},
        },
    )
    api.clock.advance(1)
    assert write(client, "Hello", model="tunedModels/mine").candidates


def test_texts_are_embedded_alike_alone_and_in_a_batch(client: Any) -> None:
    one = list(client.embed_text(model=EMBEDDER, text="a tree").embedding.value)
    both = client.batch_embed_text(model=EMBEDDER, texts=["a bush", "a tree"]).embeddings
    requests = [{"model": EMBEDDER, "text": "a tree"}, {"text": "a bush"}]
    asked = client.batch_embed_text({"model": EMBEDDER, "requests": requests}).embeddings
    assert len(one) == 768
    assert list(both[1].value) == one == list(asked[0].value)
    assert list(asked[1].value) == list(both[0].value)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"texts": ["a"], "requests": [{"text": "b"}]},
        {"requests": [{"model": "models/other", "text": "b"}]},
    ],
    ids=str,
)
def test_a_batch_is_given_in_one_way_for_one_model(client: Any, fields: dict[str, Any]) -> None:
    with pytest.raises(errors.InvalidArgument):
        client.batch_embed_text({"model": EMBEDDER} | fields)


def test_tokens_are_counted(client: Any) -> None:
    counted = client.count_text_tokens({"model": MODEL, "prompt": {"text": "A tall tree."}})
    assert counted.token_count == 4
