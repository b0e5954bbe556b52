"""Kinds of harm, and from when on they are blocked."""

from __future__ import annotations

from typing import TypedDict

from gemini_grpc.generative.argument_types import (
    HarmBlockThresholdType,
    HarmCategoryType,
    SafetySettingDict,
    SafetySettingsType,
)
from gemini_grpc.generative.safety import (
    HarmBlockMethod,
    HarmBlockThreshold,
    HarmCategory,
    SafetySetting,
)
from gemini_grpc.v1beta import GenerateContentResponse, SafetyRating

BlockedReason = GenerateContentResponse.PromptFeedback.BlockReason
"""Why a prompt was blocked."""
HarmProbability = SafetyRating.HarmProbability
"""How likely it is that a content does harm."""


class SafetyRatingDict(TypedDict, total=False):
    """How much harm of one kind there is in a content."""

    category: HarmCategoryType
    probability: str | int | HarmProbability
    blocked: bool


__all__ = [
    "BlockedReason",
    "HarmBlockMethod",
    "HarmBlockThreshold",
    "HarmBlockThresholdType",
    "HarmCategory",
    "HarmCategoryType",
    "HarmProbability",
    "SafetyRatingDict",
    "SafetySetting",
    "SafetySettingDict",
    "SafetySettingsType",
]
