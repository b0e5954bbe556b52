"""What a conversation has said and is asked about again: names, favourites, numbers to remember.

A fact is "my dog is called Rex", "the code word is swordfish", "I live in Oslo". It may stand in an
earlier turn, in the same turn before the question, or, about the model itself, in the system
instruction. The latest one counts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from gemini_grpc.emulator.answers.prompt import MODEL, Prompt

READ = 20_000
"""How many characters of the history are looked at, from its end."""

_VALUE = r"([^.,;!?\n]{1,120}?)(?=\s+and (?:i|my)\b|\s*(?:[.,;!?\n]|$))"
_THING = r"((?:\w+ ){0,3}\w+)"

_FACTS = tuple(
    (re.compile(pattern, re.IGNORECASE), subject)
    for pattern, subject in (
        (rf"\b(?:my|our) {_THING} (?:is called|is named|is|are|was) {_VALUE}", None),
        (rf"\bthe {_THING} (?:is|are|was) {_VALUE}", None),
        (rf"\b(?:call me|i am called|i'm called|this is) {_VALUE}", "name"),
        (r"\bI(?: am|'m) ([A-Z][\w'-]*)(?=\s*(?:[.,;!?\n]|$| and\b))", "name"),
        (rf"\bi live in {_VALUE}", "home"),
        (r"\bi(?: am|'m) (\d+) years old()", "age"),
        (rf"\bi work as (?:an? )?{_VALUE}", "job"),
        (rf"\bi (?:like|love) {_VALUE}", "taste"),
        (rf"\bremember (?:that |the |this )?(?:number |word |code )?:? ?{_VALUE}", "memory"),
    )
)
_QUESTIONS = tuple(
    (re.compile(pattern, re.IGNORECASE), subject, form)
    for pattern, subject, form in (
        (r"\bwhere do i live\b", "home", "You live in {0}."),
        (r"\bhow old am i\b", "age", "You are {0} years old."),
        (r"\bwhat (?:is my job|do i do for a living)\b", "job", "You work as {0}."),
        (r"\bwhat do i (?:like|love)\b", "taste", "You like {0}."),
        (r"\bwho am i\b", "name", "You are {0}."),
        (
            r"\bwhat (?:number |word |code )?(?:did i (?:ask|tell) you to|should you) remember\b",
            "memory",
            "You asked me to remember {0}.",
        ),
        (
            rf"\b(?:what(?:'s| is| was| are)|who is|tell me|do you (?:know|remember)) (my|our) {_THING}",
            None,
            "Your {1} is {0}.",
        ),
        (rf"\b(?:what(?:'s| is| was)|tell me) (the) {_THING}", None, "The {1} is {0}."),
    )
)
_EARLIER = re.compile(
    r"\bwhat (?:did i (?:just )?(?:say|ask)|was my) ?(first|last|previous)?", re.IGNORECASE
)
_MODEL_NAME = re.compile(
    r"\b(?:your name is|you are called|call yourself) ([A-Z][\w'-]*)", re.IGNORECASE
)
_MODEL_KIND = re.compile(r"\byou are (an? [^.,;!?\n]{1,80})", re.IGNORECASE)
_TOLD = re.compile(r"^\W*(?:(?:hi|hello|hey)\W+)?(?:my name is|call me|i'm|i am) ", re.IGNORECASE)


def recall(prompt: Prompt) -> str | None:
    """Return the answer to a question about something that was said, None for any other prompt."""
    return _about_model(prompt) or _quoted(prompt) or _fact(prompt) or _noted(prompt)


def _fact(prompt: Prompt) -> str | None:
    for pattern, subject, form in _QUESTIONS:
        asked = pattern.search(prompt.said)
        if asked is None:
            continue
        thing = subject or asked[2].lower()
        said_before = [_history(prompt), prompt.said[: asked.start()]]
        found = [value for text in said_before for value in _values(text, thing)]
        if found:
            return form.format(found[-1], thing)
        if subject or asked[1].lower() in {"my", "our"}:
            return f"You have not told me your {thing} yet."
    return None


def _history(prompt: Prompt) -> str:
    said = " \n".join(turn.text for turn in prompt.history if turn.role != MODEL)
    return said[-READ:]


def _values(text: str, thing: str) -> Iterator[str]:
    """Yield what a text says about a thing, in order."""
    found = [
        (match.start(), (subject or match[1]).lower(), match[1 if subject else 2].strip())
        for pattern, subject in _FACTS
        for match in pattern.finditer(text)
    ]
    for _, subject, value in sorted(found):
        if subject == thing or thing.endswith(f" {subject}"):
            yield value


def _quoted(prompt: Prompt) -> str | None:
    asked = _EARLIER.search(prompt.said)
    said = [turn.text for turn in prompt.history if turn.role != MODEL]
    if asked is None or not said:
        return None
    which, quote = ("first", said[0]) if asked[1] == "first" else ("last", said[-1])
    return f'The {which} thing you said was: "{quote}"'


def _about_model(prompt: Prompt) -> str | None:
    asked = prompt.said.lower()
    if "your name" in asked or "who are you" in asked or "what are you" in asked:
        if named := _MODEL_NAME.search(prompt.instruction):
            return f"My name is {named[1]}."
        if kind := _MODEL_KIND.search(prompt.instruction):
            return f"I am {kind[1]}."
        if "your name is" not in asked:
            return "I am the emulator of Gemini. I answer by rule, not by a model."
    return None


def _noted(prompt: Prompt) -> str | None:
    """Return a friendly reply to somebody who tells their name."""
    if "?" in prompt.said or not _TOLD.match(prompt.said):
        return None
    names = list(_values(prompt.said, "name"))
    return f"Nice to meet you, {names[-1]}! I will remember that." if names else None
