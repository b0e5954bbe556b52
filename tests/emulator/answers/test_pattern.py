"""Texts made along a regular expression match it."""

from __future__ import annotations

import random
import re

import pytest

from gemini_grpc.emulator.answers import pattern


@pytest.mark.parametrize(
    "form",
    [
        r"^\d{3}-\d{4}$",
        r"[A-Z]{2,5}\d*",
        r"^(foo|bar)+baz?$",
        r"^[^@\s]+@[a-z]+\.com$",
        r"(?:a{3}){2}",
        r"^(?P<year>\d{4})-[\w-]+$",
        r"a+?b*?c??",
        r"^[\]a-]{4}$",
        r"^.{7}$",
        r"^\$\d+(\.\d\d)?$",
        "",
    ],
)
def test_an_example_matches_its_pattern(form: str) -> None:
    for seed in range(20):
        made = pattern.example(form, random.Random(seed), stretch=seed % 4)
        assert re.search(form, made), made


@pytest.mark.parametrize(
    "form", ["[", "a-\\", "[a-\\", "(((", "x{5,3}", "(" * 2000, "((a{9999}){9999}){9999}"]
)
def test_a_pattern_that_cannot_be_read_makes_some_text(form: str) -> None:
    assert len(pattern.example(form, random.Random(1))) < 10_000_000


def test_open_repetitions_grow_with_the_stretch() -> None:
    assert len(pattern.example("a+", random.Random(1), stretch=50)) == 51
