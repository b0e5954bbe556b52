"""What the name of a model says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gemini_grpc import model_names
from gemini_grpc.model_names import LATEST, UNKNOWN


@pytest.mark.parametrize("name", model_names.TODAY)
def test_the_models_of_today_are_plausible(name: str) -> None:
    assert model_names.is_plausible(name)


@pytest.mark.parametrize(
    ("name", "version", "kind"),
    [
        ("gemini-3.8-flash", (3, 8), "text"),
        ("models/gemini-4-argon", (4, 0), "text"),
        ("gemini-12.10-ultra-preview-11-2026", (12, 10), "text"),
        ("gemini-flash-latest", LATEST, "text"),
        ("gemini-pro", UNKNOWN, "text"),
        ("gemini-exp-1206", UNKNOWN, "text"),
        ("gemini-1.5-flash-8b", (1, 5), "text"),
        ("gemini-2.0-flash-001", (2, 0), "text"),
        ("gemini-3.8-live-extended-thinking", (3, 8), "live"),
        ("gemini-live", UNKNOWN, "live"),
        ("gemini-live-2.5-flash-preview", (2, 5), "live"),
        ("gemini-2.5-flash-native-audio-preview-09-2025", (2, 5), "live"),
        ("gemini-5-flash-image", (5, 0), "image"),
        ("gemini-3.1-flash-tts-preview", (3, 1), "speech"),
        ("gemini-embedding-2", UNKNOWN, "embedding"),
        ("gemini-embedding-001", UNKNOWN, "embedding"),
        ("projects/p/locations/l/publishers/google/models/gemini-5-live@1", (5, 0), "live"),
    ],
)
def test_a_name_tells_version_and_kind(name: str, version: tuple[int, int], kind: str) -> None:
    parsed = model_names.parse(name)
    assert (parsed.version, parsed.kind) == (version, kind)
    assert model_names.is_plausible(name)


@pytest.mark.parametrize(
    "name",
    ["", "gemini", "gemini-", "gemini-nope", "gemini-3.8-flsh", "gemini-3.8-", "Gemini-3.8-flash",
     "gemini-3.8-flash\n", "gemini 3.8", "models/other-3.8", "tunedModels/mine"],
)  # fmt: skip
def test_a_name_that_is_none_is_not_plausible(name: str) -> None:
    assert not model_names.is_plausible(name)


def test_the_id_of_a_tuned_model_says_nothing() -> None:
    assert model_names.parse("tunedModels/live-embedding-tts").kind == "text"


ROOT = Path(__file__).resolve().parents[1]
PAGES = [
    *(ROOT / name for name in ("README.md", "docs/migration.md", "scripts/demo.py")),
    *sorted((ROOT / "examples").glob("*.py")),
]
TUNABLE = "gemini-1.5-flash-001-tuning"
"""The last model that could be tuned; there is none of today."""


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_pages_and_examples_name_models_of_today(page: Path) -> None:
    found = re.findall(
        r"(?:gemini-(?:\d|embedding-|pro|flash|live\b)|(?:text-)?embedding-0)[\w.-]*(?<![.-])",
        page.read_text(),
    )
    later = {"text-embedding-005"}  # of Vertex AI, in a row about its own library
    assert set(found) <= {*model_names.TODAY, TUNABLE} | later
