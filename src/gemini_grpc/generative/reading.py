"""What an answer says: read from the protobuf message, the same for every backend.

A whole answer is read strictly: if it has no text, asking for its text is an error that says why. A
piece of a stream may have none (it may be a thought, a call, or only the end), so its text is then empty,
unless the model was stopped.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from gemini_grpc.generative.answer_errors import NoAnswerError
from gemini_grpc.generative.member import word
from gemini_grpc.rpc.json_values import struct

Pb = Any  # a protobuf message of any backend

GOOD_ENDS = frozenset({0, 1, 2})
"""Unspecified, STOP and MAX_TOKENS: the finish reasons of usable answers, the same on every backend."""


@dataclass(frozen=True, slots=True)
class FunctionCall:
    """A function that the model wants to be called."""

    name: str
    """Its name."""
    args: Mapping[str, object] = field(default_factory=dict)
    """The arguments by name; whole numbers are int."""
    id: str = ""
    """What the answer has to carry; empty where the backend has no ids."""


def text_of(response: Pb, *, piece: bool = False) -> str:
    """Return the text of the only candidate: its text parts one after the other, without thoughts.

    Nothing is put between the parts, so the texts of the messages of a stream add up to the whole text,
    wherever the server has split it.

    Args:
        response: The message.
        piece: It is one of the messages of a stream.

    Raises:
        NoAnswerError: It has none, or there are several candidates.
    """
    candidates = response.candidates
    if len(candidates) == 1:
        parts = candidates[0].content.parts
        if len(parts) == 1:
            text: str = parts[0].text
            if text and not getattr(parts[0], "thought", False):
                return text
    return _text(response, piece)


def _text(response: Pb, piece: bool) -> str:
    if piece and not response.candidates and not is_blocked(response):
        return ""
    candidate = only_candidate(response)
    parts = [part for part in candidate.content.parts if not is_thought(part)]
    kinds = [(part, part.WhichOneof("data")) for part in parts]
    if not piece:
        for _, kind in kinds:
            if kind is not None and kind not in _TEXTS:
                raise NoAnswerError(
                    f"could not convert `part.{kind}` to text; the answer is more than text: look at "
                    "response.parts, or at response.function_calls"
                )
    texts = [text_of_part(part) for part, kind in kinds if kind in _TEXTS]
    if texts:
        return "".join(texts)
    if piece and candidate.finish_reason in GOOD_ENDS:
        return ""
    raise _empty(candidate)


def text_of_part(part: Pb) -> str:
    """Return the text of a part that has one: a text, or code or its output in a fence."""
    text: str = _TEXTS[part.WhichOneof("data")](part)
    return text


_TEXTS: Mapping[str | None, Any] = {
    "text": lambda part: part.text,
    "executable_code": lambda part: (
        f"\n```{_language(part.executable_code)}\n{part.executable_code.code}\n```\n"
    ),
    "code_execution_result": lambda part: f"\n```\n{part.code_execution_result.output}\n```\n",
}
"""The kinds of parts that can be text, and how; code stands on lines of its own, whatever is beside it."""


def _language(code: Pb) -> str:
    return "" if not code.language else f" {word(code, 'language').lower()}"


def thoughts_of(response: Pb) -> str:
    """Return what the first candidate tells of its thinking, empty if it tells nothing."""
    parts = parts_of(response)
    return "".join(part.text for part in parts if is_thought(part))


def is_thought(part: Pb) -> bool:
    """Tell whether a part is a thought; v1alpha has none."""
    return bool(getattr(part, "thought", False))


def has_content(part: Pb) -> bool:
    """Return whether a part has anything to show; the service also sends parts without data."""
    kind = part.WhichOneof("data")
    if kind is None:
        return False
    data = getattr(part, kind)
    if kind == "text":
        return bool(data)
    return bool(getattr(data, _ESSENTIAL[kind]) if kind in _ESSENTIAL else data.ByteSize())


_ESSENTIAL = {
    "inline_data": "data",
    "file_data": "file_uri",
    "function_call": "name",
    "executable_code": "code",
}
"""The field without which a part of a kind has no content."""


def parts_of(response: Pb) -> list[Pb]:
    """Return the parts of the first candidate, none if there is no candidate."""
    return list(response.candidates[0].content.parts) if response.candidates else []


def only_candidate(response: Pb) -> Pb:
    """Return the only candidate.

    Raises:
        NoAnswerError: There is none, or several.
    """
    count = len(response.candidates)
    if count == 1:
        return response.candidates[0]
    if count > 1:
        raise NoAnswerError(
            f"the answer has {count} candidates, so it is not clear which is meant; look at "
            "response.candidates"
        )
    if is_blocked(response):
        raise NoAnswerError(
            f"the answer has no candidates: the prompt was blocked ({block_reason(response)}); look at "
            "response.prompt_feedback"
        )
    raise NoAnswerError("the answer has no candidates, and prompt_feedback does not say why")


def _empty(candidate: Pb) -> NoAnswerError:
    """Return the error for a candidate that has no text."""
    reason = word(candidate, "finish_reason")
    said = getattr(candidate, "finish_message", "")
    parts = candidate.content.parts
    if not parts:
        why = "has no parts"
    elif all(is_thought(part) and part.WhichOneof("data") for part in parts):
        why = "has only thoughts"
    else:
        why = "has no text in its parts"
    text = f"the answer {why}; finish_reason is {reason}{f': {said}' if said else ''}"
    if reason == "MAX_TOKENS":
        text += "; raise max_output_tokens, which thinking uses up as well"
    ratings = [list(candidate.safety_ratings)] if reason == "SAFETY" else []
    return NoAnswerError(text, *ratings)


def is_blocked(response: Pb) -> bool:
    """Tell whether the prompt was blocked."""
    return response.HasField("prompt_feedback") and bool(response.prompt_feedback.block_reason)


def block_reason(response: Pb) -> str:
    """Return why the prompt was blocked."""
    return word(response.prompt_feedback, "block_reason")


def calls_of(response: Pb) -> list[FunctionCall]:
    """Return the calls that the first candidate asks for."""
    return [
        FunctionCall(call.name, struct(call.args), getattr(call, "id", ""))
        for call in (
            part.function_call for part in parts_of(response) if part.HasField("function_call")
        )
    ]


def is_complete(responses: Iterable[Pb]) -> bool:
    """Return whether the messages of a stream are all of it: every candidate has a finish reason.

    The rule is the same for all backends: without a finish reason, the model has not stopped. An answer
    without candidates is complete, and so is that to a prompt that was blocked; reading it raises an error
    that says why.
    """
    ended: dict[int, bool] = {}
    for response in responses:
        if is_blocked(response):
            return True
        for candidate in response.candidates:
            index = candidate.index
            ended[index] = ended.get(index, False) or bool(candidate.finish_reason)
    return all(ended.values())


def finish_reason(candidate: Pb) -> str:
    """Return why the model stopped."""
    return word(candidate, "finish_reason")


def describe(response: Pb) -> Iterator[str]:
    """Yield in words what a response has, for people who look at it."""
    for candidate in response.candidates:
        text = "".join(part.text for part in candidate.content.parts if not is_thought(part))
        shown = text if len(text) <= 60 else f"{text[:57]}..."
        calls = [
            p.function_call.name for p in candidate.content.parts if p.HasField("function_call")
        ]
        yield f"text={shown!r}"
        if calls:
            yield f"function_calls={calls}"
        yield f"finish_reason={word(candidate, 'finish_reason')}"
    if is_blocked(response):
        yield f"block_reason={block_reason(response)}"
