"""Texts do what the prompt asks: repeat, recall, reckon, count, list, read, and else tell something."""

from __future__ import annotations

import pytest

from gemini_grpc.emulator.answers import replies
from gemini_grpc.emulator.answers.prompt import Prompt, Turn

HISTORY = (
    Turn("user", "Hi, my name is Ada and I live in Oslo. My favourite colour is green."),
    Turn("model", "Nice to meet you!"),
    Turn("user", "Remember the number 42"),
    Turn("model", "I will."),
)


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Say hello", "hello"),
        ("Reply with exactly: PONG-17", "PONG-17"),
        ("Repeat after me: the quick brown fox.", "the quick brown fox."),
        ("Say 'hi there' and nothing else", "hi there"),
        ("Please say the word banana", "banana"),
        ("Echo: foo bar", "foo bar"),
        ("Respond with only 'yes'", "yes"),
        ("Say 'ho' 3 times", "ho ho ho"),
        ("Output only the word OK", "OK"),
    ],
)
def test_what_is_to_be_said_is_said_word_for_word(said: str, expected: str) -> None:
    assert replies.reply(Prompt(said)) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("What is my name?", "Your name is Ada."),
        ("what's my favourite colour?", "Your favourite colour is green."),
        ("Where do I live?", "You live in Oslo."),
        ("What number did I ask you to remember?", "You asked me to remember 42."),
        ("Who am I?", "You are Ada."),
        ("What is my shoe size?", "You have not told me your shoe size yet."),
        ("What did I say last?", 'The last thing you said was: "Remember the number 42"'),
    ],
)
def test_the_history_is_remembered(said: str, expected: str) -> None:
    assert replies.reply(Prompt(said, history=HISTORY)) == expected


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("What is 2 + 6?", "2 + 6 is 8."),
        ("what's 2 plus 6", "2 + 6 is 8."),
        ("Please calculate the sum of 2 and 6.", "2 + 6 is 8."),
        ("How much is 15% of 80?", "15 / 100 * 80 is 12."),
        ("2 x 6 =", "2 * 6 is 12."),
        ("What is the square root of 16?", "sqrt(16) is 4."),
        ("What is 2 + 6? Reply with only the number.", "8"),
    ],
)
def test_a_sum_is_worked_out_whatever_was_said_before(said: str, expected: str) -> None:
    history = (
        Turn("model", "2 + 6, the sum of 2 and 6, is 8 as I said."),
        Turn("model", "15% of 80, and how much 2 x 6 is, or 16 root square, I do not know."),
    )
    assert replies.reply(Prompt(said, history=history)) == expected


def test_the_latest_fact_counts() -> None:
    history = (Turn("user", "My name is Ada."), Turn("user", "Sorry, my name is Grace."))
    assert replies.reply(Prompt("What is my name?", history=history)) == "Your name is Grace."


def test_a_fact_may_stand_in_the_question_itself() -> None:
    said = "The code word is swordfish. What is the code word?"
    assert replies.reply(Prompt(said)) == "The code word is swordfish."


def test_a_name_is_greeted() -> None:
    assert (
        replies.reply(Prompt("My name is Bob.")) == "Nice to meet you, Bob! I will remember that."
    )


@pytest.mark.parametrize(
    ("said", "expected"),
    [
        ("Hello!", "Hello! How can I help you today?"),
        ("Thank you very much", "You are welcome!"),
        ("What is 2+2?", "2 + 2 is 4."),
        ("Count to 5", "1, 2, 3, 4, 5"),
        ("count from 3 down to 1", "3, 2, 1"),
        ("list 3 fruits", "1. apple\n2. pear\n3. cherry"),
        ("What is the capital of France?", "The capital of France is Paris."),
        ("What is the capital of France? Answer in one word.", "Paris"),
        ("What is 10 divided by 4? Reply with only the number", "2.5"),
        (
            "Summarize: Cats are nice. Cats sleep a lot. Rain falls.",
            "In short: Cats are nice. Cats sleep a lot.",
        ),
    ],
)
def test_small_tasks_are_done(said: str, expected: str) -> None:
    assert replies.reply(Prompt(said)) == expected


def test_a_list_has_as_many_things_as_asked_for_and_all_differ() -> None:
    lines = replies.reply(Prompt("List 40 reasons to learn Go")).splitlines()
    assert [line.split(".")[0] for line in lines] == [str(number) for number in range(1, 41)]
    assert len({line.split(". ")[1] for line in lines}) == 40


def test_an_essay_has_as_many_words_as_asked_for() -> None:
    assert len(replies.reply(Prompt("Write a 300-word essay about rivers")).split()) == 300


def test_a_long_text_is_longer_than_a_short_one() -> None:
    long = replies.reply(Prompt("Write a very long story about a fox"))
    assert len(long.split()) == 1500
    assert len(replies.reply(Prompt("Explain foxes")).split()) < 120
    assert replies.reply(Prompt("Explain foxes briefly")).count(".") == 1


def test_a_question_about_given_context_is_answered_from_it() -> None:
    said = (
        "Context information is below.\n-----\nThe Eiffel tower is 330 metres tall. "
        "It was built in 1889.\nParis is a city.\n-----\n"
        "Given the context information and not prior knowledge, answer the query.\n"
        "Query: When was the tower built?\nAnswer: "
    )
    assert replies.reply(Prompt(said)) == "It was built in 1889."
    assert (
        replies.reply(Prompt(said.replace("When was the tower built", "Why sing")))
        == "The context does not say."
    )


def test_a_question_after_a_text_is_answered_from_it() -> None:
    said = "My dog Rex is brown. My cat is white. What colour has my dog Rex?"
    assert replies.reply(Prompt(said)) == "My dog Rex is brown."


@pytest.mark.parametrize(
    ("instruction", "said", "expected"),
    [
        ("You are a cat. Your name is Neko.", "What is your name?", "My name is Neko."),
        ("You are a helpful assistant.", "Who are you?", "I am a helpful assistant."),
        ("Always answer in uppercase.", "What is 2+2?", "2 + 2 IS 4."),
        ("End every answer with 'Meow!'", "What is 2+2?", "2 + 2 is 4. Meow!"),
        ("Begin every answer with: Ahoy", "Count to 3", "Ahoy 1, 2, 3"),
        ("Always reply with 'BANANA'.", "hi", "BANANA"),
        ("Talk like a pirate", "hi", "Arr! Hello! How can I help you today?"),
    ],
)
def test_the_system_instruction_is_followed(instruction: str, said: str, expected: str) -> None:
    assert replies.reply(Prompt(said, instruction=instruction)) == expected


def test_prose_is_about_the_prompt_and_depends_on_all_of_it() -> None:
    said = replies.reply(Prompt("What do you think of lighthouses?"))
    assert "lighthouses" in said
    assert said == replies.reply(Prompt("What do you think of lighthouses?"))
    assert said != replies.reply(Prompt("What do you think of lighthouses?"), seed=1)
    assert said != replies.reply(
        Prompt("What do you think of lighthouses?", instruction="Be kind.")
    )


@pytest.mark.parametrize(
    "said", ["", " ", "?", "\n\n", "\x00", "say", "a" * 50_000, "1 " * 20_000, "(" * 5000]
)
def test_any_prompt_has_an_answer(said: str) -> None:
    assert replies.reply(Prompt(said, history=(Turn("user", said),)))
