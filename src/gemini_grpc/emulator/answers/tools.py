"""Function calling: which declared functions are called, with what, and what is said to their results.

In mode AUTO (and VALIDATED) a function is called when the prompt speaks of it: of a word of its name,
or of one of its description. Several are called at once when each is spoken of by words of its own. After
the results the model answers with a text that contains them. ANY always calls, NONE never does.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gemini_grpc.emulator import status, text
from gemini_grpc.emulator.answers import schema
from gemini_grpc.emulator.answers.arithmetic import show
from gemini_grpc.emulator.answers.hints import Hints
from gemini_grpc.emulator.answers.reading import stem

if TYPE_CHECKING:
    from gemini_grpc.emulator.answers.prompt import Prompt
    from gemini_grpc.emulator.convert import Data

_SIGNS = {
    "+": "add plus sum addition",
    "-": "subtract minus difference subtraction",
    "*": "multiply product multiplication",
    "x": "multiply product multiplication",
    "/": "divide division quotient",
    "^": "power exponent",
}
_SIGN = re.compile(r"\d\s*([-+*x/^])\s*[\d(]|(?<=\s)([-+*/^])\s*\d")
_TIMES = re.compile(r"(?<=\d) (?:times|multiplied by) (?=[\d(-])", re.IGNORECASE)
_SYNONYMS = {
    "plus": "add",
    "minus": "subtract",
    "over": "divide",
    "temperature": "weather",
    "forecast": "weather",
    "raining": "weather",
    "sunny": "weather",
    "mail": "email",
    "calculate": "calculator",
    "compute": "calculator",
}
_EMPTY_NAMES = frozenset(
    map(
        stem,
        text.words(
            "get fetch tool function use call run do make set a an the of to for current "
            "handle my execute perform by with and or in on at is"
        ),
    )
)
_EMPTY = _EMPTY_NAMES | frozenset(
    map(
        stem,
        text.words(
            "useful return returns given input output value values result results number numbers "
            "string text two one first second provide provides provided information argument "
            "arguments args question questions answer answers answering want when need data "
            "tell tells say show shows give gives find please know let "
            "function user users integer int float new specific about via any all used using "
            "if not no you your it its this that from as be are will can which what how"
        ),
    )
)
"""Words that tell nothing about what a function is for."""
_LONG = 14
"""From so many telling words on, two of a description have to be met."""
_REFUSED = re.compile(
    r"\b(?:without (?:using )?(?:any |the |a )?(?:tools?|functions?)|"
    r"(?:do not|don't) (?:use|call) (?:any |the |a )?(?:tools?|functions?))\b",
    re.IGNORECASE,
)

_COORDINATES = {"x": {"type": "integer", "minimum": 0, "maximum": 999}} | {
    "y": {"type": "integer", "minimum": 0, "maximum": 999}
}
_COMPUTER_USE: tuple[tuple[str, str, Any], ...] = (
    ("open_web_browser", "Open the web browser", {}),
    ("navigate", "Navigate to a website", {"url": {"type": "string", "format": "uri"}}),
    ("click_at", "Click the mouse", _COORDINATES),
    ("type_text_at", "Type on the keyboard", {**_COORDINATES, "text": {"type": "string"}}),
    (
        "scroll_document",
        "Scroll the page",
        {"direction": {"enum": ["up", "down", "left", "right"]}},
    ),
    ("go_back", "Go back in the browser", {}),
)


@dataclass(frozen=True, slots=True)
class Function:
    """A function that may be called."""

    name: str
    description: str
    parameters: Data
    """The JSON Schema of its arguments."""


@dataclass(frozen=True, slots=True)
class Offer:
    """The functions of a request and how they may be used."""

    functions: tuple[Function, ...]
    forced: bool = False
    """Whether one has to be called."""


def offer(request: Data) -> Offer:
    """Return the functions a request lets the model call.

    Raises:
        StatusError: INVALID_ARGUMENT: an allowed name is not declared.
    """
    config = request.get("tool_config", {}).get("function_calling_config", {})
    declared = tuple(_declared(request.get("tools", ())))
    allowed = config.get("allowed_function_names", ())
    known = {function.name for function in declared}
    for index, name in enumerate(allowed):
        if name not in known:
            path = f"tool_config.function_calling_config.allowed_function_names[{index}]"
            raise status.invalid(path, f"is {name!r}, which no tool declares")
    if config.get("mode") == "NONE":
        return Offer(())
    permitted = tuple(function for function in declared if not allowed or function.name in allowed)
    return Offer(permitted, forced=config.get("mode") == "ANY" and bool(permitted))


def calls(prompt: Prompt, offered: Offer, *, seed: object) -> list[Data]:
    """Return the calls the model makes, none when it answers itself.

    Each is a `FunctionCall` with a stable id and arguments that satisfy the declared schema.
    """
    chosen = _chosen(prompt, offered)
    hints = Hints(prompt.said, text.seeded("arguments", prompt.said, seed))
    made = []
    for function in chosen:
        args = schema.value(function.parameters, hints=hints, whole=_all_optional(function))
        number = text.seeded("call", function.name, prompt.said, len(prompt.history), seed)
        made.append(
            {
                "id": f"call-{number.getrandbits(48):012x}",
                "name": function.name,
                "args": args if isinstance(args, dict) else {},
            }
        )
    return made


def follow_up(prompt: Prompt) -> str:
    """Return what the model says to the results of its calls."""
    return " ".join(map(_report, prompt.results))


def _declared(tools: Iterable[Data]) -> Iterable[Function]:
    for tool in tools:
        for declaration in tool.get("function_declarations", ()):
            parameters = declaration.get("parameters_json_schema")
            if not isinstance(parameters, dict):
                parameters = schema.from_message(declaration.get("parameters", {}))
            yield Function(
                declaration.get("name", ""),
                declaration.get("description", ""),
                parameters or {"type": "object"},
            )
        excluded = tool.get("computer_use", {}).get("excluded_predefined_functions", ())
        for name, description, properties in _COMPUTER_USE if "computer_use" in tool else ():
            if name not in excluded:
                form = {"type": "object", "properties": properties, "required": list(properties)}
                yield Function(name, description, form)


def _chosen(prompt: Prompt, offered: Offer) -> list[Function]:
    if not offered.functions or (prompt.results and not offered.forced):
        return []
    if _REFUSED.search(prompt.said) and not offered.forced:
        return []
    said = _spoken(prompt.said)
    named = [f for f in offered.functions if _mentions(prompt.said, f.name)]
    chosen = named or _by_name(said, offered.functions) or _by_description(said, offered.functions)
    return chosen or list(offered.functions[:1] if offered.forced else ())


def _mentions(said: str, name: str) -> bool:
    """Tell whether a prompt has the name of a function as it is written, which is no common word."""
    if not re.search(r"[_\d.-]|[a-z][A-Z]", name):
        return False
    return re.search(rf"(?<!\w){re.escape(name)}(?!\w)", said) is not None


def _by_name(said: set[str], functions: Iterable[Function]) -> list[Function]:
    """Return the functions whose names are spoken of, each by a word that no better one has."""
    matched = [(said & _name_words(function), function) for function in functions]
    order = sorted(matched, key=lambda pair: (-len(pair[0]), len(_name_words(pair[1]) - said)))
    taken: set[str] = set()
    chosen = []
    for shared, function in order:
        if shared - taken:
            chosen.append(function)
            taken |= shared
    return [function for _, function in matched if function in chosen]


def _by_description(said: set[str], functions: Iterable[Function]) -> list[Function]:
    """Return the function whose description shares most words, when there are enough."""
    best, chosen = 0, None
    for function in functions:
        words = {stem(word) for word in text.words(function.description)} - _EMPTY
        shared = len(said & words)
        if shared > best and shared >= (2 if len(words) >= _LONG else 1):
            best, chosen = shared, function
    return [chosen] if chosen else []


def _name_words(function: Function) -> set[str]:
    spaced = re.sub(r"(?<=[a-z0-9])(?=[A-Z])|[_.-]", " ", function.name)
    return {stem(word) for word in text.words(spaced)} - _EMPTY_NAMES


def _spoken(said: str) -> set[str]:
    """Return the stems of a prompt, with the words for its signs of arithmetic."""
    said = _TIMES.sub(" * ", said)  # or else it would speak of the time
    words = text.words(said)
    signs = [_SIGNS[match[1] or match[2]] for match in _SIGN.finditer(said[-4000:])]
    added = [word for names in signs for word in names.split()]
    added += [_SYNONYMS[word] for word in words if word in _SYNONYMS]
    if signs:
        added += ["calculator", "calculate", "math"]
    return {stem(word) for word in [*words, *added]} - _EMPTY_NAMES


def _all_optional(function: Function) -> bool:
    """Tell whether a function requires nothing, in which case all its arguments are given."""
    return not function.parameters.get("required")


def _report(result: Data) -> str:
    name, content = result.get("name", "the function"), result.get("response", {})
    if "error" in content:
        return f"The call of {name} failed: {_plain(content['error'])}."
    values = [content[key] for key in _RESULTS if key in content and len(content) == 1]
    said = _plain(values[0] if values else content) or "nothing"
    if re.fullmatch(r"-?[\d.,]+", said):
        return f"The result of {name} is {said}."
    return f"According to {name}: {said}" + ("" if said[-1:] in ".!?" else ".")


_RESULTS = ("result", "output", "content", "response", "value", "answer")


def _plain(value: Any) -> str:
    """Return a JSON value as people would say it."""
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "nothing"}[value]
    if isinstance(value, int | float):
        return show(value)
    if isinstance(value, str):
        return value
    if isinstance(value, dict):
        return ", ".join(
            f"{key.replace('_', ' ')} is {_plain(inner)}" for key, inner in value.items()
        )
    if all(isinstance(inner, str | int | float) for inner in value):
        return ", ".join(map(_plain, value))
    return json.dumps(value, ensure_ascii=False)
