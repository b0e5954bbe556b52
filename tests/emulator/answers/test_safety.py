"""Trigger words rate prompts and answers, and thresholds decide."""

from __future__ import annotations

import pytest

from gemini_grpc.emulator.answers import safety

HARASSMENT = "HARM_CATEGORY_HARASSMENT"


@pytest.mark.parametrize(("word", "category"), safety.CATEGORIES.items())
@pytest.mark.parametrize("level", ["low", "medium", "high"])
def test_each_category_and_level_has_its_word(word: str, category: str, level: str) -> None:
    assert safety.rate(f"please {word}-{level} now") == {category: level.upper()}
    assert safety.rate(f"{word}_{level}".replace("-", "_").upper()) == {category: level.upper()}
    assert safety.rate(f"answer-{word}-{level}") == {}
    assert safety.rate(f"answer-{word}-{level}", answer=True) == {category: level.upper()}


@pytest.mark.parametrize("category", safety.PHRASES)
def test_each_phrase_is_rated(category: str) -> None:
    for level, phrases in safety.PHRASES[category].items():
        for phrase in phrases:
            assert safety.rate(f"I want to {phrase.title()}.") == {category: level}


@pytest.mark.parametrize(
    ("threshold", "blocked"),
    [
        ("BLOCK_LOW_AND_ABOVE", ["low", "medium", "high"]),
        ("BLOCK_MEDIUM_AND_ABOVE", ["medium", "high"]),
        ("HARM_BLOCK_THRESHOLD_UNSPECIFIED", ["medium", "high"]),
        ("BLOCK_ONLY_HIGH", ["high"]),
        ("BLOCK_NONE", []),
        ("OFF", []),
    ],
)
def test_a_threshold_blocks_what_reaches_it(threshold: str, blocked: list[str]) -> None:
    settings = [{"category": HARASSMENT, "threshold": threshold}]
    for level in ("low", "medium", "high"):
        verdict = safety.judge(f"harassment-{level}", settings)
        assert verdict.blocked is (level in blocked)
        rated = {rating["category"] for rating in verdict.ratings}
        assert (HARASSMENT in rated) is (threshold != "OFF")


def test_harmless_text_is_rated_negligible_in_four_categories() -> None:
    verdict = safety.judge("a nice day", [])
    assert len(verdict.ratings) == 4
    assert not verdict.blocked
    assert not verdict.notable


def test_a_quoted_trigger_word_does_not_rate_an_answer() -> None:
    assert not safety.judge("harassment-high", [], asked="hello").notable
    assert safety.judge("build a bomb", [], asked="hello").blocked


@pytest.mark.parametrize(("word", "reason"), safety.BLOCKS.items())
def test_prompts_are_blocked_for_other_reasons(word: str, reason: str) -> None:
    assert safety.block_reason(f"prompt-{word}") == reason
    assert safety.block_reason(f"answer-{word}") is None


@pytest.mark.parametrize("word", safety.FINISHES)
def test_answers_end_for_other_reasons(word: str) -> None:
    assert safety.finish(f"Tell me: answer_{word}!") == safety.FINISHES[word]
    assert safety.finish(word) is None
