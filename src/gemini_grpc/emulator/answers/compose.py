"""What kind of answer a request asks for, and its parts.

The first kind that fits is made: calls of functions, JSON or a value of an enum, speech and pictures, what
is said to the results of functions, a program and its output, and else a text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from gemini_grpc import model_names
from gemini_grpc.emulator import text
from gemini_grpc.emulator.answers import builtin_tools, media, replies, schema, style, tools
from gemini_grpc.emulator.answers.hints import Hints

if TYPE_CHECKING:
    from gemini_grpc.emulator.answers.prompt import Prompt
    from gemini_grpc.emulator.convert import Data

JSON = "application/json"
ENUM = "text/x.enum"
READ = 20_000
"""How many characters of a prompt are searched for JSON, from its end."""
_SCHEMAS = ("response_json_schema", "response_json_schema_ordered")


@dataclass(frozen=True, slots=True)
class Ask:
    """One answer that is wanted."""

    prompt: Prompt
    request: Data
    model: str
    """The name of the model, as `models/{model}`."""
    seed: object
    audio_type: str = media.SPEECH_AUDIO
    """The MIME type that speech is given in."""

    @property
    def config(self) -> Data:
        """Return the generation configuration."""
        config: Data = self.request.get("generation_config", {})
        return config


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer before it is cut to length and rated."""

    parts: list[Data]
    fields: Data = field(default_factory=dict)
    """Other fields of the candidate: what it is grounded on."""
    tool_tokens: int = 0
    """What hosted tools fed back to the model counts."""


def draft(ask: Ask) -> Draft:
    """Return the answer to a request."""
    for kind in _KINDS:
        if parts := kind(ask):
            return Draft(parts)
    parts = builtin_tools.execute(ask.prompt, ask.request.get("tools", ()))
    said = builtin_tools.conclude(parts) if parts else replies.reply(ask.prompt, seed=ask.seed)
    found = builtin_tools.consult(ask.prompt, ask.request.get("tools", ()), ask.request)
    fields = builtin_tools.grounding(found, said, part=len(parts)) if found else {}
    return Draft([*parts, {"text": said}], fields, found.tokens if found else 0)


def _calls(ask: Ask) -> list[Data]:
    made = tools.calls(ask.prompt, tools.offer(ask.request), seed=ask.seed)
    return [{"function_call": call} for call in made]


def _structured(ask: Ask) -> list[Data]:
    """Return JSON, or the value of an enum, as the configuration asks for."""
    config = ask.config
    kind = config.get("response_mime_type")
    form = next((config[key] for key in _SCHEMAS if key in config), None)
    asked = ask.prompt.said
    if form is None and "response_schema" in config:
        form = schema.from_message(config["response_schema"])
    if kind not in (JSON, ENUM) and form is None:
        form = _embedded_schema(asked)
        if form is None:
            return []
    if form is None:
        form = _unwritten_schema(asked)
        asked = _KEYS.sub(" ", asked)
    said = " ".join(
        [_without_objects(asked), *([tools.follow_up(ask.prompt)] if ask.prompt.results else [])]
    )
    hints = Hints(said, text.seeded("json", said, ask.seed))
    value = schema.value(form, hints=hints) if isinstance(form, dict) else {}
    if kind == ENUM and isinstance(value, str):
        return [{"text": value}]
    return [{"text": json.dumps(value, ensure_ascii=False, indent=2)}]


_WRITTEN = re.compile(r"\bjson\b", re.IGNORECASE)
_KEYS = re.compile(
    r"\b(?:keys?|fields?|propert(?:y|ies))\b(?: named| called)?:? (.{1,300}?)(?:\.(?:\s|$)|\n|$)",
    re.I,
)
_KEY = re.compile(r"[\"'`]([A-Za-z_][\w-]*)[\"'`]")


def _embedded_schema(said: str) -> Data | None:
    """Return the JSON Schema that a prompt asks to follow, None when it has none.

    It is the last one; those before it are examples of schemas.
    """
    if not _WRITTEN.search(said):
        return None
    found = [value for value, _, _ in _objects(said[-READ:]) if "properties" in value]
    return found[-1] if found else None


def _without_objects(said: str) -> str:
    """Return a prompt without the JSON in it, whose texts are no values."""
    said = said[-READ:]
    for _, start, end in reversed(list(_objects(said))):
        said = f"{said[:start]} {said[end:]}"
    return said


def _objects(said: str) -> Iterator[tuple[Data, int, int]]:
    """Yield the JSON objects that stand in a text, each with its start and its end."""
    decoder = json.JSONDecoder()
    place = said.find("{")
    tried = 0
    while place >= 0 and tried < 50:
        tried += 1
        try:
            found, end = decoder.raw_decode(said, place)
        except (ValueError, RecursionError):
            end = place + 1
        else:
            yield found, place, end
        place = said.find("{", end)


def _unwritten_schema(said: str) -> Data:
    """Return a schema for JSON without one: with the keys that the prompt names, or a guess."""
    if found := _embedded_schema(said):
        return found
    named = _KEYS.search(said)
    keys = _KEY.findall(named[1]) if named else []
    if named and not keys:
        keys = [word for word in re.split(r"[,\s]+(?:and\s+)?", named[1]) if word.isidentifier()]
    if keys:
        return {"type": "object", "properties": {key: _kind(key) for key in keys}}
    if re.search(r"\b(?:list|array)\b", said, re.IGNORECASE):
        return {"type": "array", "items": {"type": "string"}}
    return {"type": "object", "properties": {"answer": {"type": "string"}}}


def _kind(key: str) -> Data:
    """Return the schema of a key, guessed from its name."""
    numbers = {"age", "count", "number", "year", "price", "score", "quantity", "total", "amount"}
    return {"type": "integer" if key.lower().split("_")[-1] in numbers else "string"}


def _media(ask: Ask) -> list[Data]:
    """Return speech and pictures, with text where that is asked for as well."""
    wanted = ask.config.get("response_modalities", ())
    if not {"AUDIO", "IMAGE"} & set(wanted):
        return []
    parts: list[Data] = []
    if "TEXT" in wanted:
        about = " ".join(text.subjects(ask.prompt.said)[:6])
        drawn = f"Here is a picture: {about}."
        parts.append({"text": drawn if "IMAGE" in wanted else _said(ask)})
    if "IMAGE" in wanted:
        parts.append(media.image_part(ask.prompt.said, ask.config))
    if "AUDIO" in wanted:
        parts.append(media.speech_part(_spoken(ask), ask.config, mime_type=ask.audio_type))
    return parts


def _said(ask: Ask) -> str:
    if ask.prompt.results:
        return tools.follow_up(ask.prompt)
    return replies.reply(ask.prompt, seed=ask.seed)


def _spoken(ask: Ask) -> str:
    """Return what is read aloud: the answer, or the prompt where the model only reads."""
    return ask.prompt.said if model_names.parse(ask.model).kind == "speech" else _said(ask)


def _results(ask: Ask) -> list[Data]:
    if not ask.prompt.results:
        return []
    return [{"text": style.apply(tools.follow_up(ask.prompt), ask.prompt)}]


_KINDS: tuple[Callable[[Ask], list[Any]], ...] = (_calls, _structured, _media, _results)
