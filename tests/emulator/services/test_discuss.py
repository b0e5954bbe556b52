from __future__ import annotations

from typing import Any

import pytest

from gemini_grpc import errors

MODEL = "models/chat-bison-001"


@pytest.fixture
def client(api: Any) -> Any:
    return api("DiscussService")


def ask(client: Any, *messages: Any, **more: Any) -> Any:
    given = [{"content": each} if isinstance(each, str) else each for each in messages]
    return client.generate_message(
        {"model": MODEL, "prompt": {"messages": given, **more.pop("prompt", {})}, **more}
    )


def test_the_other_side_replies_to_the_last_message(client: Any) -> None:
    answer = ask(client, "What is 2 + 3?")
    assert answer.candidates[0].content == "2 + 3 is 5."
    assert answer.candidates[0].author == "1"
    assert [each.author for each in answer.messages] == ["0"]


def test_speakers_keep_their_names(client: Any) -> None:
    said = [{"author": "ann", "content": "Hello"}, {"author": "bot", "content": "Hi"}]
    answer = ask(client, *said, {"author": "ann", "content": "How are you?"})
    assert answer.candidates[0].author == "bot"
    assert ask(client, "Hello", "Hi").candidates[0].author == "0"


def test_as_many_replies_come_as_are_asked_for(client: Any) -> None:
    candidates = ask(client, "Tell me about trees", candidate_count=3).candidates
    assert len({each.content for each in candidates}) == 3


def test_the_history_and_the_examples_count(client: Any) -> None:
    prompt = {
        "context": "You know trees.",
        "examples": [{"input": {"content": "Hello"}, "output": {"content": "Hi there"}}],
        "messages": [{"content": "What now?"}],
    }
    counted = client.count_message_tokens({"model": MODEL, "prompt": prompt})
    assert counted.token_count == 5 + 2 + 3 + 3


def test_the_oldest_messages_are_dropped_when_there_are_too_many(client: Any) -> None:
    old, new = "tree " * 3000, "bush " * 3000
    assert [each.content for each in ask(client, old, new).messages] == [new]
    with pytest.raises(errors.InvalidArgument, match="prompt"):
        ask(client, "tree " * 5000)


def test_harm_is_filtered(client: Any) -> None:
    answer = ask(client, "harassment-high")
    assert not answer.candidates
    assert answer.filters[0].reason.name == "SAFETY"


def test_another_model_does_not_chat(client: Any) -> None:
    with pytest.raises(errors.NotFound):
        client.generate_message(
            {
                "model": "models/gemini-3.1-pro-preview",
                "prompt": {"messages": [{"content": "Hello"}]},
            }
        )
