"""What models do differently."""

from __future__ import annotations

import pytest

from gemini_grpc.live import profile


@pytest.mark.parametrize(
    ("model", "name", "blocking", "non_blocking", "during_call", "text"),
    [
        ("gemini-3.8-live", "3.8", False, True, "sent", False),
        ("models/gemini-3.1-live-preview", "3.1", True, False, "held", False),
        ("gemini-2.5-flash-native-audio-preview", "2.5 native audio", True, True, "held", False),
        ("models/gemini-3.8-live-extended-thinking", "3.8", False, True, "sent", False),
        ("gemini-3.5-flash-live", "3.1", True, False, "held", False),
        ("gemini-4-live", "newer than 3.8", False, True, "sent", True),
        ("gemini-live-latest", "newer than 3.8", False, True, "sent", True),
        ("gemini-live-2.5-flash-preview", "any", True, True, "held", True),
        ("gemini-live-of-the-future", "any", True, True, "held", True),
    ],
)
def test_the_name_of_a_model_tells_its_rules(
    model: str, name: str, blocking: bool, non_blocking: bool, during_call: str, text: bool
) -> None:
    found = profile.of(model)
    assert found.name == name
    assert found.blocking_by_default == blocking
    assert found.non_blocking == non_blocking
    assert found.input_during_call == during_call
    assert found.text_output == text
