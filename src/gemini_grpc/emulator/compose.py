"""From a reply to the messages of a method: what is short in a script becomes whole responses here.

Everything goes through the message class of the method, so that a wrong field is found when the script
is given, not when the call comes.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from google.protobuf.message import Message

from gemini_grpc.emulator import convert, match, tokens
from gemini_grpc.emulator.faults import Fault
from gemini_grpc.emulator.reply import Item, Pause, Reply, Step
from gemini_grpc.errors import ArgumentError
from gemini_grpc.rpc import coerce, method
from gemini_grpc.rpc.codec import pb_class

if TYPE_CHECKING:
    from gemini_grpc.emulator.catalog import Spec
    from gemini_grpc.emulator.convert import Data

Played = dict[str, Any] | bytes | Pause | Fault
"""What happens in an answer: a response as a dictionary, bytes to send as they are, a pause, a fault."""

PIECE_TOKENS = 8
"""How many tokens one message of a stream carries when a text is cut into pieces."""


@dataclass(frozen=True, slots=True)
class Target:
    """The method that a reply is for, in the version whose messages fit it."""

    spec: Spec
    request: type[Message]
    response: type[Message]

    @classmethod
    def of(cls, spec: Spec) -> Target:
        """Return the target of a method."""
        return cls(spec, pb_class(method.load(spec.request)), pb_class(method.load(spec.response)))

    def data(self, value: object) -> Data:
        """Return a response, given as a message or a mapping, as a dictionary.

        Raises:
            FieldError: A field does not exist or does not fit.
        """
        return convert.read(coerce.as_pb(self.response, value, path=""))

    def condition(self, when: match.When | None) -> match.When | None:
        """Return a condition with its fields as requests have them.

        Raises:
            FieldError: A field does not exist or does not fit.
        """
        if isinstance(when, Mapping):
            return convert.read(coerce.as_pb(self.request, when, path=""))
        return when


def answer(reply: Reply, target: Target, request: Data) -> Iterator[Played]:
    """Yield the answer to one request; not for dialogues and calls."""
    if reply.delay:
        yield Pause(reply.delay)
    first = True
    for item in _content(reply, target, request):
        if reply.pause and not first and not isinstance(item, (Pause, Fault)):
            yield Pause(reply.pause)
        first = False
        yield item


def dialogue(reply: Reply, target: Target, requests: Iterator[Data]) -> Iterator[Played]:
    """Yield what a live session sends, reading the client's messages as it goes."""
    steps = reply.dialogue
    if steps is None:
        steps = [[{"setup_complete": {}}], _turn(reply, target)]
    if reply.delay:
        yield Pause(reply.delay)
    for step in map(as_step, steps):
        when = target.condition(step.when)
        for message in requests:
            if when is None or not match.differences(when, message):
                break
        else:
            return
        yield from _sequence(replace(reply, delay=0.0), target, step.send)
    if reply.then == "wait":
        for _ in requests:
            pass
    elif reply.then == "stall":
        yield Fault(stall=True)


def as_step(step: Step | Iterable[Item]) -> Step:
    """Return a step of a dialogue, which may be given as the list of what is sent."""
    return step if isinstance(step, Step) else Step(list(step))


def check(reply: Reply, target: Target) -> None:
    """Find out whether a reply can be the answer of a method.

    Raises:
        ArgumentError: It has what the method cannot send.
        FieldError: A field does not exist or does not fit.
    """
    shape, name = target.spec.shape, target.spec.name
    if reply.chunks is not None and shape == "unary":
        raise ArgumentError(f"chunks are for streams, and {name} is none; use text or message")
    if (reply.dialogue is not None) and shape != "bidi":
        raise ArgumentError(f"a dialogue is for live sessions, and {name} is none")
    if shape == "bidi" and (reply.message is not None or reply.chunks is not None):
        raise ArgumentError(f"{name} is a session; use dialogue, text or call")
    target.condition(reply.when)
    if reply.call is not None:
        return
    if shape != "bidi":
        list(answer(reply, target, {}))
        return
    for step in map(as_step, reply.dialogue or [_turn(reply, target)]):
        target.condition(step.when)
        list(_sequence(reply, target, step.send))


def of_result(result: object, target: Target) -> Reply | Fault:
    """Return what the function of a reply has returned as a reply.

    Raises:
        ArgumentError: It is nothing that can be sent.
    """
    if isinstance(result, (Reply, Fault)):
        return result
    if isinstance(result, str):
        return Reply(text=result)
    whole = isinstance(result, (Mapping, Message, bytes)) or hasattr(result, "_pb")
    if whole and target.spec.shape != "bidi":
        return Reply(message=result)
    if isinstance(result, Iterable) and not whole and target.spec.shape != "unary":
        return Reply(chunks=result)  # type: ignore[arg-type]  # taken one by one, which is the point
    raise ArgumentError(f"the function of a reply to {target.spec.name} returned {type(result)}")


def items(given: Iterable[Item], target: Target) -> Iterator[Played]:
    """Yield the items of a live session, which come one by one."""
    for item in given:
        if isinstance(item, (Pause, Fault, bytes)):
            yield item
        else:
            yield target.data(_say(item) if isinstance(item, str) else item)


def _content(reply: Reply, target: Target, request: Data) -> Iterator[Played]:
    if reply.message is not None:
        whole = reply.message
        yield whole if isinstance(whole, bytes) else target.data(whole)
    elif reply.chunks is not None:
        yield from _chunks(reply, target, request)
    elif target.spec.shape == "server_stream" and reply.text is not None:
        pieces = tokens.pieces(reply.text) or [reply.text]
        starts = range(0, len(pieces), PIECE_TOKENS)
        texts = ["".join(pieces[start : start + PIECE_TOKENS]) for start in starts]
        yield from _chunks(replace(reply, text=None, chunks=texts), target, request)
    else:
        yield _response(_parts(reply), target, request, reply.finish_reason)


def _chunks(reply: Reply, target: Target, request: Data) -> Iterator[Played]:
    """Yield the messages of a stream; a text that is the last item carries the reason and the counts."""
    waiting: list[str] = []
    for item in reply.chunks or ():
        for said in waiting:
            yield _response([{"text": said}], target, request, None)
        waiting = [item] if isinstance(item, str) else []
        if isinstance(item, (Pause, Fault, bytes)):
            yield item
        elif not isinstance(item, str):
            yield target.data(item)
    for said in waiting:
        yield _response([{"text": said}], target, request, reply.finish_reason)


def _sequence(reply: Reply, target: Target, send: Iterable[Item]) -> Iterator[Played]:
    first = True
    for item in items(send, target):
        if reply.pause and not first and not isinstance(item, (Pause, Fault)):
            yield Pause(reply.pause)
        first = False
        yield item


def _turn(reply: Reply, target: Target) -> list[Item]:
    """Return one turn of the model in a live session."""
    assert target.spec.shape == "bidi"
    if reply.function_calls is not None:
        calls = [
            {"id": f"call-{index}", **dict(call)} for index, call in enumerate(reply.function_calls)
        ]
        return [{"tool_call": {"function_calls": calls}}]
    turn = {"model_turn": {"role": "model", "parts": _parts(reply)}}
    done = {"server_content": {"turn_complete": True}}
    if "generation_complete" in _fields(target.response, "server_content"):
        turn["generation_complete"] = True  # type: ignore[assignment]  # a dictionary of fields
    return [{"server_content": turn}, done]


def _say(said: str) -> Data:
    return {"server_content": {"model_turn": {"role": "model", "parts": [{"text": said}]}}}


def _parts(reply: Reply) -> list[Any]:
    if reply.text is not None:
        return [{"text": reply.text}]
    if reply.function_calls is not None:
        return [{"function_call": dict(call)} for call in reply.function_calls]
    return [{"text": part} if isinstance(part, str) else part for part in reply.parts or ()]


def _response(parts: list[Any], target: Target, request: Data, reason: str | None) -> Data:
    """Return a response that says the parts; `reason` is None where more follows."""
    form = _FORMS.get(target.spec.name)
    if form is None:
        raise ArgumentError(
            f"{target.spec.name} does not answer with a text or parts; use message or call"
        )
    return target.data(form(parts, target, request, reason))


def _generated(parts: list[Any], target: Target, request: Data, reason: str | None) -> Data:
    content = {"role": "model", "parts": parts}
    said = convert.read(coerce.as_pb(_content_class(target), content, path=""))
    count = sum(tokens.count_contents([said]).values())
    candidate: Data = {"index": 0, "content": content}
    response: Data = {"candidates": [candidate]}
    if reason is not None:
        candidate |= {"finish_reason": reason, "token_count": count}
        asked = [*request.get("contents", ()), request.get("system_instruction", {})]
        prompt = sum(tokens.count_contents(asked).values())
        response["usage_metadata"] = {
            "prompt_token_count": prompt,
            "candidates_token_count": count,
            "total_token_count": prompt + count,
        }
    if "token_count" not in _fields(target.response, "candidates"):
        candidate.pop("token_count", None)
    return response


def _content_class(target: Target) -> type[Message]:
    response: Any = target.response()
    return type(response.candidates.add().content)


def _answered(parts: list[Any], _: Target, __: Data, reason: str | None) -> Data:
    content = {"role": "model", "parts": parts}
    answered = {"content": content, "index": 0, "finish_reason": reason}
    return {"answer": answered, "answerable_probability": 1.0}


def _text(parts: list[Any]) -> str:
    if any(not isinstance(part, Mapping) or set(part) != {"text"} for part in parts):
        raise ArgumentError("the old PaLM methods answer with texts only")
    return "".join(part["text"] for part in parts)


_FORMS: dict[str, Callable[[list[Any], Target, Any, str | None], Any]] = {
    "GenerateContent": _generated,
    "StreamGenerateContent": _generated,
    "GenerateAnswer": _answered,
    "GenerateText": lambda parts, *_: {"candidates": [{"output": _text(parts)}]},
    "GenerateMessage": lambda parts, *_: {"candidates": [{"author": "1", "content": _text(parts)}]},
}
"""The response of each method that says something."""


def _fields(kind: type[Message], name: str) -> Mapping[str, object]:
    """Return the fields of the message in a field."""
    inner = kind.DESCRIPTOR.fields_by_name[name].message_type
    assert inner is not None
    return inner.fields_by_name
