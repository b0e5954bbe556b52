"""What a template cannot take is named, on every backend in both colours."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from gemini_grpc import errors

if TYPE_CHECKING:
    from tests.generative.places import Place

HALF = "notes \ud83d"
"""A text with half of a surrogate pair, which UTF-8 does not have."""


@pytest.mark.parametrize("contents", [HALF, [HALF]], ids=["text", "list"])
@pytest.mark.parametrize("method", ["generate_content", "count_tokens"])
def test_half_of_a_surrogate_pair_is_named(anywhere: Place, method: str, contents: Any) -> None:
    ask = getattr(anywhere.model(), method)
    with pytest.raises(errors.FieldError, match=r"contents.*text: .*surrogates"):
        anywhere.call(ask, contents)
    assert len(anywhere.emulator.journal) == 0


@pytest.mark.parametrize(
    ("labels", "got"),
    [
        ({"good": "yes", "a": 1}, "1 for 'a'"),
        ({"a": None}, "None for 'a'"),
        ({1: "a"}, "'a' for 1"),
        ({"a": "\ud83d"}, r"'\\ud83d' for 'a'"),
        (5, "int"),
        ("team", "str"),
    ],
)
def test_a_label_that_is_none_is_named(anywhere: Place, labels: Any, got: str) -> None:
    if anywhere.backend != "vertex":
        return
    expected = f"^labels: expected a mapping of texts to texts, got {got}$"
    with pytest.raises(errors.ArgumentError, match=expected):
        anywhere.model(labels=labels)
    with pytest.raises(errors.ArgumentError, match=expected):
        anywhere.ask(anywhere.model(), "Hi", labels=labels)
    assert len(anywhere.emulator.journal) == 0
