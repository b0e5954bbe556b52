"""Texts in reply to a prompt: a table of rules, the first that fits answers, and prose is the last.

What is asked to be said is said word for word. Sums are worked out, numbers counted, things listed,
facts of the conversation recalled, questions about a given text answered from it. A wish for a long
text is met: `a 300 word essay` has 300 words.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from gemini_grpc.emulator import text
from gemini_grpc.emulator.answers import arithmetic, media, memory, reading, style
from gemini_grpc.emulator.answers.prompt import Prompt

COUNT_LIMIT = 20_000
"""How many numbers or things one answer has at most."""
ESSAY_LIMIT = 20_000
"""How many words."""

Rule = Callable[[Prompt, object], "str | None"]
"""Returns an answer to a prompt with a seed, None when the rule does not fit."""


def reply(prompt: Prompt, *, seed: object = 0) -> str:
    """Return the text that answers a prompt."""
    fixed = style.fixed(prompt)
    if fixed is not None:
        return fixed
    for rule in _VERBATIM:
        said = rule(prompt, seed)
        if said is not None:
            return said
    for rule in _RULES:
        said = rule(prompt, seed)
        if said is not None:
            return style.apply(said, prompt)
    return style.apply(prose(prompt, seed), prompt)


def prose(prompt: Prompt, seed: object) -> str:
    """Return a few sentences about a prompt."""
    said = _LINK.sub("", prompt.said[-4000:])
    return text.answer(
        said, instruction=prompt.instruction, history=prompt.remembered[-4000:], seed=seed
    )


_LINK = re.compile(r"https?://\S+")


def _pattern(words: str) -> re.Pattern[str]:
    return re.compile(words, re.IGNORECASE | re.DOTALL)


_QUOTES = "\"'\u201c\u201d\u2018\u2019`"
_EXACTLY = _pattern(
    r"\b(?:reply|respond|answer|output|return|print|write|say|repeat)(?: back)?(?: to me)? "
    r"(?:(?:with )?(?:exactly|only|just|nothing but)|exactly with|only with)"
    r"(?: (?:this|these|the following|one|the|the single))?(?: (?:words?|text|phrase|string|line|sentence))?"
    r"\s*:?\s+(.+)$"
)
_REPEAT = _pattern(
    r"^\W*(?:please |can you |could you |now )*(?:say|repeat|echo)"
    r"(?: (?:after me|back|this|the following|the words?|the phrase|the text|the sentence|to me))*"
    r"(?: exactly| verbatim| word for word)?\s*(:?)\s+(.+)$"
)
_TIMES = _pattern(r"^(.+?),? (\d{1,4}) times[.!]?$")
_VAGUE = re.compile(
    r"^(?:something|anything|nothing|a (?:few|couple|sentence|word|joke|poem)|more|what|how|why|"
    r"that again)\b",
    re.IGNORECASE,
)


_A_KIND = re.compile(
    r"(?:(?:an?|your|valid|json|the|number|result|answer|name|letter|digit|value|code|one|in)\b|"
    r"(?:word|sentence|line)s?\W*$)",
    re.IGNORECASE,
)
"""What is asked for, but not the thing itself."""


def _exactly(prompt: Prompt, seed: object) -> str | None:
    found = _EXACTLY.search(prompt.said)
    if found is None or _A_KIND.match(found[1]):
        return None
    return _unquote(found[1])


def _repeat(prompt: Prompt, seed: object) -> str | None:
    found = _REPEAT.search(prompt.said)
    if found is None or (not found[1] and _VAGUE.match(found[2])):
        return None
    said = found[2]
    if times := _TIMES.match(said):
        return " ".join([_unquote(times[1])] * int(times[2]))
    return _unquote(said)


def _unquote(said: str) -> str:
    """Return a text without the quotes around it; behind a closing quote nothing is part of it."""
    said = said.strip()
    if said[:1] in _QUOTES:
        end = max(said.rfind(mark) for mark in _QUOTES)
        if end > 0:
            return said[1:end]
    return said


def _greeting(prompt: Prompt, seed: object) -> str | None:
    said = " ".join(text.words(prompt.said))
    if re.fullmatch(
        r"(?:hi|hello|hey|good (?:morning|evening|afternoon))(?: there| gemini| world)?", said
    ):
        return "Hello! How can I help you today?"
    if re.fullmatch(r"(?:hi |hello |hey )?how are you(?: today| doing)?", said):
        return "I am well, thank you. How can I help you?"
    if re.fullmatch(r"(?:many )?(?:thanks|thank you)(?: very much| a lot| so much)?", said):
        return "You are welcome!"
    return None


def _sum(prompt: Prompt, seed: object) -> str | None:
    found = arithmetic.find(prompt.said)
    return f"{found.expression} is {found.result}." if found else None


_ONLY_SUM = _pattern(
    r"(?:[\d\s.,()+*/%^=?!x\u00d7\u00b7\u00f7-]|what(?:'s| is)|how much is|\b(?:calculate|compute|evaluate|"
    r"solve|work out|please|the|sum|product|difference|square|root|sqrt|of|and|between|from|to|by|with|"
    r"add|subtract|multiply|multiplied|divided?|plus|minus|times|over|mod|modulo|percent|power|squared|"
    r"cubed)\b)+(?:(?:answer|reply|respond)[^.?!]{0,60}\bnumber\W*)?"
)


def _only_sum(prompt: Prompt, seed: object) -> str | None:
    """Answer a sum and nothing else, for which no text has to be looked at."""
    return _sum(prompt, seed) if _ONLY_SUM.fullmatch(prompt.said) else None


_COUNT = _pattern(r"\bcount (?:up )?(?:(?:from )?(-?\d{1,6}) )?(?:up )?to (-?\d{1,6})\b")
_DOWN = _pattern(r"\bcount (?:down )?from (-?\d{1,6}) (?:down )?to (-?\d{1,6})\b")


def _count(prompt: Prompt, seed: object) -> str | None:
    found = _COUNT.search(prompt.said) or _DOWN.search(prompt.said)
    if found is None:
        return None
    first, last = int(found[1] or 1), int(found[2])
    step = 1 if last >= first else -1
    numbers = range(first, last + step, step)[:COUNT_LIMIT]
    between = (
        "\n" if re.search(r"\b(?:per|on (?:its|their|a)|each) .{0,12}line", prompt.said) else ", "
    )
    return between.join(map(str, numbers))


_SMALL_NUMBERS = dict(
    zip(
        ("one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "twelve"),
        (*range(1, 11), 12),
        strict=True,
    )
)
_LIST = _pattern(
    r"\b(?:list|name|give(?: me)?|write|suggest|tell me|generate|provide)(?: me)?"
    rf"(?: the| at least| exactly)? (\d{{1,5}}|{'|'.join(_SMALL_NUMBERS)}) "
    r"(?!words?\b|sentences?\b|paragraphs?\b|times\b|characters?\b)([^.,:;!?\n]{2,60})"
)
_SERIES = {
    "days of the week": "Monday, Tuesday, Wednesday, Thursday, Friday, Saturday, Sunday",
    "months of the year": "January, February, March, April, May, June, July, August, September, "
    "October, November, December",
    "planets": "Mercury, Venus, Earth, Mars, Jupiter, Saturn, Uranus, Neptune",
    "colors of the rainbow": "red, orange, yellow, green, blue, indigo, violet",
    "colours of the rainbow": "red, orange, yellow, green, blue, indigo, violet",
    "primary colors": "red, yellow, blue",
    "colors": "red, orange, yellow, green, blue, violet, brown, black, white, grey",
    "colours": "red, orange, yellow, green, blue, violet, brown, black, white, grey",
    "fruits": "apple, pear, cherry, plum, grape, orange, banana, mango, kiwi, fig, peach, lemon",
    "animals": "cat, dog, horse, owl, fox, bear, otter, hare, whale, wren, lynx, seal",
    "cities": "Paris, Oslo, Lima, Cairo, Tokyo, Quito, Rome, Accra, Delhi, Perth, Prague, Dakar",
    "countries": "France, Norway, Peru, Egypt, Japan, Ecuador, Italy, Ghana, India, Kenya, Chile",
    "languages": "Python, Go, Rust, Java, Kotlin, Ruby, Swift, Haskell, Julia, Elixir",
    "alphabet": "a, b, c, d, e, f, g, h, i, j, k, l, m, n, o, p, q, r, s, t, u, v, w, x, y, z",
}
_KINDS = (
    "small",
    "quiet",
    "bright",
    "early",
    "patient",
    "curious",
    "simple",
    "honest",
    "warm",
    "odd",
)


def _list(prompt: Prompt, seed: object) -> str | None:
    found = _LIST.search(prompt.said)
    if found is None:
        return _series(prompt)
    size = min(_SMALL_NUMBERS.get(found[1].lower()) or int(found[1]), COUNT_LIMIT)
    things = found[2].strip()
    return "\n".join(f"{n}. {thing}" for n, thing in enumerate(_things(things, size, seed), 1))


def _series(prompt: Prompt) -> str | None:
    said = prompt.said.lower()
    if not re.search(r"\b(?:list|name|what are|which are|recite|say) (?:all )?(?:of )?the\b", said):
        return None
    return next((known + "." for name, known in _SERIES.items() if name in said), None)


def _things(kind: str, size: int, seed: object) -> list[str]:
    """Return so many things of a kind: known ones first, then made-up ones, no two the same."""
    key = next((name for name in _SERIES if name.split()[0] in kind.lower()), None)
    known = _SERIES[key].split(", ")[:size] if key else []
    chance = text.seeded("things", kind, seed)
    single = re.sub(
        r"(?<=[a-z]{3})s\b", "", kind.split(" about ", maxsplit=1)[0].split(" for ", maxsplit=1)[0]
    )
    words = [*_KINDS]
    chance.shuffle(words)
    made = [
        f"the {words[n % len(words)]} {single}"
        + (f" ({n // len(words) + 1})" if n >= len(words) else "")
        for n in range(size - len(known))
    ]
    return known + made


_CAPITALS = {
    "france": "Paris",
    "germany": "Berlin",
    "italy": "Rome",
    "spain": "Madrid",
    "japan": "Tokyo",
    "england": "London",
    "the united kingdom": "London",
    "norway": "Oslo",
    "sweden": "Stockholm",
    "the united states": "Washington, D.C.",
    "the usa": "Washington, D.C.",
    "canada": "Ottawa",
    "australia": "Canberra",
    "brazil": "Brasilia",
    "india": "New Delhi",
    "china": "Beijing",
    "egypt": "Cairo",
    "kenya": "Nairobi",
    "peru": "Lima",
    "poland": "Warsaw",
    "greece": "Athens",
}


def _capital(prompt: Prompt, seed: object) -> str | None:
    found = re.search(r"\bcapital(?: city)? of ((?:the )?[a-z]+(?: [a-z]+)?)", prompt.said.lower())
    country = next((name for name in _CAPITALS if found and found[1].startswith(name)), None)
    if country is None:
        return None
    shown = " ".join(word if word == "the" else word.capitalize() for word in country.split())
    return f"The capital of {shown.replace('Usa', 'USA')} is {_CAPITALS[country]}."


_LENGTH = _pattern(r"\b(\d{1,5})[ -]words?\b")
_FORMS = (
    (
        _pattern(
            r"\b(?:very|extremely|really) (?:long|detailed)\b|\bas long as (?:possible|you can)\b"
        ),
        1500,
    ),
    (_pattern(r"\bessay\b|\bin (?:great |full )?detail\b|\barticle\b|\breport\b"), 400),
    (_pattern(r"\blong\b|\bdetailed\b|\bstory\b|\bspeech\b|\bblog post\b"), 250),
    (_pattern(r"\b(?:two|three|four|2|3|4) paragraphs\b"), 180),
)
_WRITING = _pattern(
    r"\b(?:write|tell|compose|give|generate|draft|explain|describe|create|produce)\b"
)


def _long(prompt: Prompt, seed: object) -> str | None:
    said = prompt.said[-2000:]
    if not _WRITING.search(said):
        return None
    if asked := _LENGTH.search(said):
        return text.essay(said, min(int(asked[1]), ESSAY_LIMIT), seed=seed)
    size = next((size for pattern, size in _FORMS if pattern.search(said)), None)
    return text.essay(said, size, seed=seed) if size else None


_JOKES = (
    "Why did the {0} cross the road? To get to the other side.",
    "What did the {0} say to the programmer? It works on my machine.",
    "How many people does it take to explain a {0}? Two: one explains, and one nods.",
)
_POEM = (
    "A line for the {0} in the morning light,\n"
    "a second for the {0} that stays till night,\n"
    "a third that the {0} may read alone,\n"
    "a fourth to bring the reader home."
)


def _joke(prompt: Prompt, seed: object) -> str | None:
    if re.search(r"\bjokes?\b", prompt.said, re.IGNORECASE):
        return text.seeded("joke", prompt.said, seed).choice(_JOKES).format(text.topic(prompt.said))
    if re.search(r"\b(?:poem|haiku|verse|rhyme|limerick)\b", prompt.said, re.IGNORECASE):
        return _POEM.format(text.topic(prompt.said))
    return None


def _yes_or_no(prompt: Prompt, seed: object) -> str | None:
    if re.search(r"\byes or no\b|\byes/no\b", prompt.said, re.IGNORECASE):
        return text.seeded("yes", prompt.said, seed).choice(("Yes.", "No."))
    return None


def _seen(prompt: Prompt, seed: object) -> str | None:
    return media.describe(prompt) if prompt.media else None


_VERBATIM: tuple[Rule, ...] = (_exactly, _repeat)
_RULES: tuple[Rule, ...] = (
    _greeting,
    _only_sum,
    lambda prompt, _: memory.recall(prompt),
    _seen,
    lambda prompt, _: reading.answer(prompt),
    _count,
    _list,
    _sum,
    _joke,
    _long,
    _capital,
    _yes_or_no,
)
