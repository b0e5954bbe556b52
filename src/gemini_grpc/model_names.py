"""The models of today, and what the name of a model says about it.

The library, the emulator, the tests and the examples take the names from here. What a model can do is
derived from its name and not looked up, so a model that is published later is known as well.
"""

from __future__ import annotations

import difflib
import functools
import re
from dataclasses import dataclass
from typing import Literal, TypeAlias

FLASH = "gemini-3.8-flash"
FLASH_LITE = "gemini-3.5-flash-lite"
PRO = "gemini-3.1-pro-preview"
ARGON = "gemini-4-argon"
IMAGE = "gemini-3.1-flash-image"
LIVE = "gemini-3.8-live"
LIVE_THINKING = "gemini-3.8-live-extended-thinking"
EMBEDDING = "gemini-embedding-2"
FLASH_LATEST = "gemini-flash-latest"

DEFAULT = FLASH_LATEST
"""The model of a `GenerativeModel()` without a name: an alias, which does not age."""

TODAY = (FLASH_LATEST, FLASH, FLASH_LITE, PRO, ARGON, IMAGE, LIVE, LIVE_THINKING, EMBEDDING)
"""Every name above."""

Kind: TypeAlias = Literal["text", "image", "speech", "live", "embedding"]
"""What a Gemini model is for: `text` is generating in general, `speech` is text to speech."""

LATEST = (1_000_000, 0)
"""The version of an alias such as `gemini-flash-latest`: above every number."""
UNKNOWN = (0, 0)
"""The version of a name that tells none."""

_GEMINI = re.compile(r"gemini(?:-[a-z0-9]+(?:\.[0-9]+)?)+")
_VERSION = re.compile(r"(?<=^gemini-)(\d{1,3})(?:\.(\d+))?(?=-|$)|(?<=-)(\d{1,3})\.(\d+)(?=-|$)")
_WORDS = frozenset(
    {
        "audio",
        "computer",
        "dialog",
        "embedding",
        "exp",
        "experimental",
        "extended",
        "flash",
        "image",
        "latest",
        "lite",
        "live",
        "native",
        "preview",
        "pro",
        "robotics",
        "thinking",
        "tts",
        "ultra",
        "use",
        "vision",
    }
)
"""Words that name a model without a version, as in `gemini-pro-vision`."""


@dataclass(frozen=True, slots=True)
class ModelName:
    """The name of a Gemini model, taken apart."""

    id: str
    """The name without a collection: `gemini-3.8-flash`."""
    version: tuple[int, int]
    """Major and minor version; `LATEST` for an alias, `UNKNOWN` where the name tells none."""
    words: frozenset[str]
    """What the dashes separate."""

    @property
    def kind(self) -> Kind:
        """What the model is for."""
        if "embedding" in self.words:
            return "embedding"
        if "live" in self.words or {"native", "audio"} <= self.words:
            return "live"
        if "tts" in self.words:
            return "speech"
        return "image" if "image" in self.words else "text"


@functools.lru_cache(maxsize=256)
def parse(name: str) -> ModelName:
    """Return a model name taken apart; any text will do. That of a tuned model says nothing.

    Args:
        name: The name, bare or in full: `models/ID`, `projects/.../publishers/google/models/ID`.
    """
    bare = name.rpartition("/")[2].partition("@")[0]
    words = frozenset() if name.startswith("tunedModels/") else frozenset(bare.split("-"))
    match = _VERSION.search(bare)
    if match:
        major, minor = (match[1], match[2]) if match[1] else (match[3], match[4])
        version = (int(major), int(minor or 0))
    else:
        version = LATEST if "latest" in words else UNKNOWN
    return ModelName(bare, version, words)


def is_plausible(name: str) -> bool:
    """Return whether a name may be one of a Gemini model, published or not.

    Such a name has a version or `latest` in it, or known words alone, and nothing in it is a known word
    misspelt. So `gemini-5-neon` is one; `gemini-nope` and `gemini-3.8-flsh` are not.
    """
    parsed = parse(name)
    if not _GEMINI.fullmatch(parsed.id):
        return False
    new = [word for word in parsed.words - _WORDS - {"gemini"} if word.isalpha()]
    if any(difflib.get_close_matches(word, _WORDS, n=1, cutoff=0.8) for word in new):
        return False
    return parsed.version != UNKNOWN or not new
