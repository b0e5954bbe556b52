"""Made-up values for a schema: by the format of a text, and by the name of what is asked for."""

from __future__ import annotations

import re
from collections.abc import Callable
from random import Random

FORMATS: dict[str, Callable[[Random], str]] = {
    "date-time": lambda chance: f"2026-0{chance.randint(1, 9)}-1{chance.randint(0, 9)}T12:00:00Z",
    "date": lambda chance: f"2026-0{chance.randint(1, 9)}-1{chance.randint(0, 9)}",
    "time": lambda chance: f"{chance.randint(10, 19)}:30:00Z",
    "duration": lambda chance: f"PT{chance.randint(1, 59)}M",
    "email": lambda chance: f"{chance.choice(('ada', 'grace', 'alan'))}@example.com",
    "uri": lambda chance: f"https://example.com/{chance.randint(1, 999)}",
    "url": lambda chance: f"https://example.com/{chance.randint(1, 999)}",
    "hostname": lambda chance: f"host{chance.randint(1, 99)}.example.com",
    "ipv4": lambda chance: f"192.0.2.{chance.randint(1, 254)}",
    "ipv6": lambda chance: f"2001:db8::{chance.randint(1, 99)}",
    "uuid": lambda chance: "-".join(
        f"{chance.getrandbits(4 * size):0{size}x}" for size in (8, 4, 4, 4, 12)
    ),
    "byte": lambda chance: "aGVsbG8=",
}
"""Makes a text in a format."""

RECOGNIZED = {
    "date": re.compile(r"\d{4}-\d\d-\d\d"),
    "email": re.compile(r"[\w.+-]+@[\w.-]+"),
    "uri": re.compile(r"https?://\S+"),
    "url": re.compile(r"https?://\S+"),
}
"""The formats that are looked for in the prompt."""

ADJECTIVES = ("Little", "Golden", "Quiet", "Early", "Honest", "Curious", "Northern", "Simple")
"""For names of things."""

TEXTS: dict[str, tuple[str, ...]] = {
    "name": ("Ada", "Grace", "Alan", "Edsger"),
    "title": ("All about {0}", "A little book of {0}"),
    "city": ("Paris", "Oslo", "Lima"),
    "location": ("Paris", "Oslo", "Lima"),
    "place": ("Paris", "Oslo", "Lima"),
    "country": ("France", "Norway", "Peru"),
    "email": ("ada@example.com", "grace@example.com"),
    "url": ("https://example.com/",),
    "date": ("2026-03-14", "2026-07-01"),
    "time": ("12:30", "18:00"),
    "author": ("Ada Lovelace", "Grace Hopper"),
    "artist": ("The Example Band", "Ada and the Engines"),
    "color": ("green", "blue", "red"),
    "colour": ("green", "blue", "red"),
    "language": ("English", "French"),
    "currency": ("EUR", "USD"),
    "phone": ("+1 555 0100",),
    "summary": ("In short, this is about {0}.",),
    "description": ("A short account of {0}.",),
    "reason": ("The request speaks of {0}.",),
    "explanation": ("This follows from what was said about {0}.",),
    "answer": ("This is the answer about {0}.",),
    "setup": ("Why did the {0} cross the road?",),
    "punchline": ("To get to the other side.",),
    "joke": ("Why did the {0} cross the road? To get to the other side.",),
    "ingredient": ("flour", "butter", "sugar", "salt", "milk", "eggs"),
    "step": ("Prepare everything.", "Mix it well.", "Wait a little.", "Serve it."),
    "tag": ("news", "idea", "plan", "note"),
    "id": ("a1", "b2", "c3"),
    "code": ("print('hello')",),
}
"""Texts by the last word of a property's name that is known; `{0}` is what the prompt is about."""
