"""The messages of a stream, joined to the one message that says the same.

How a field is joined follows from its descriptor, so no field is lost, whatever the backend:

- of a number, text or enum the last one that was set holds;
- a message is joined field by field, the well-known types of protobuf are taken whole;
- of a list every entry that is not there yet is added;
- of a map the last value of each key holds.

Of grounding metadata, the supports keep pointing to their chunks: their indices count the chunks of their own
message, and are changed to those of the joined list.

`_RULES` has the fields that mean something else: parts go on where the message before ended, candidates
belong together by their index, ratings by their category, and equal tokens may come twice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from google.protobuf.message import Message

from gemini_grpc.generative import partial_calls, reading
from gemini_grpc.generative.answer_errors import IncompleteResponseError, no_message
from gemini_grpc.rpc.plain import is_repeated

M = TypeVar("M", bound=Message)
Values = list[Any]
Rule = Callable[[Any, Any, Values], None]
"""Sets a field of the joined message: message, descriptor of the field, what each message had."""

Kind = tuple[str, ...]

_TEXTS: tuple[Kind, ...] = (("text",), ("text", "thought"))
"""The fields of parts that go on in the next message."""
_SIGNATURE = "thought_signature"
"""Comes with the last of a part's text, and ends the part."""


def answer_of(answers: Sequence[Any]) -> Any:
    """Return the answer that the messages of a stream that has ended make up.

    Raises:
        BrokenResponseError: There is no message.
        IncompleteResponseError: The stream ended without a finish reason.
    """
    if not answers:
        raise no_message()
    pbs = [answer._pb for answer in answers]
    whole = type(answers[0]).wrap(joined(pbs))
    if not reading.is_complete(pbs):
        raise IncompleteResponseError(whole)
    return whole


def joined(messages: Sequence[M], *, without: str = "") -> M:
    """Return one message that says what all of them say, in time linear in their size.

    Args:
        messages: Messages of one type, in order, at least one.
        without: The name of a field to leave out.
    """
    if len(messages) == 1 and not without:
        return messages[0]
    whole = type(messages[0])()
    found: dict[Any, Values] = {}
    for message in messages:
        for field, value in message.ListFields():
            if field.name == without:
                continue
            values = found.get(field)
            if values is None:
                found[field] = [value]
            else:
                values.append(value)
    for field, values in found.items():
        rule = _RULES.get((field.containing_type.name, field.name)) or _rule(field)
        rule(whole, field, values)
    return whole


def _rule(field: Any) -> Rule:
    if field.message_type is not None and field.message_type.GetOptions().map_entry:
        return _merged
    if is_repeated(field):
        return _different
    return _last if field.message_type is None else _fields


def _last(whole: Any, field: Any, values: Values) -> None:
    setattr(whole, field.name, values[-1])


def _total(whole: Any, field: Any, values: Values) -> None:
    setattr(whole, field.name, sum(values))


def _fields(whole: Any, field: Any, values: Values) -> None:
    known = field.message_type.full_name.startswith("google.protobuf.")
    getattr(whole, field.name).CopyFrom(values[-1] if known else joined(values))


def _grounding(whole: Any, field: Any, values: Values) -> None:
    """Join grounding metadata; the supports of each message point to the chunks of this message.

    An index beyond these chunks points to those of all messages together, and stays.
    """
    joint: dict[bytes, int] = {}  # the place of each chunk in the list that comes out
    moved = []
    for value in values:
        chunks = (chunk.SerializeToString() for chunk in value.grounding_chunks)
        places = [joint.setdefault(chunk, len(joint)) for chunk in chunks]
        made = type(value)()
        made.CopyFrom(value)
        for support in made.grounding_supports:
            support.grounding_chunk_indices[:] = [
                places[index] if 0 <= index < len(places) else index
                for index in support.grounding_chunk_indices
            ]
        moved.append(made)
    _fields(whole, field, moved)


def _every(whole: Any, field: Any, values: Values) -> None:
    for value in values:
        getattr(whole, field.name).extend(value)


def _merged(whole: Any, field: Any, values: Values) -> None:
    for value in values:
        getattr(whole, field.name).MergeFrom(value)


def _different(whole: Any, field: Any, values: Values) -> None:
    entries = {
        each.SerializeToString() if isinstance(each, Message) else each: each
        for value in values
        for each in value
    }
    getattr(whole, field.name).extend(entries.values())


def _by(key: str, *, ordered: bool = False) -> Rule:
    """Return the rule of a list whose entries belong together when a field of theirs is the same.

    Entries of one message never do: those whose field is not set are told apart by their places.
    """

    def join(whole: Any, field: Any, values: Values) -> None:
        groups: dict[int, list[Any]] = {}
        for value in values:
            taken: set[int] = set()
            for place, each in enumerate(value):
                number = getattr(each, key)
                number = place if number in taken else number
                taken.add(number)
                groups.setdefault(number, []).append(each)
        order = sorted(groups) if ordered else groups
        getattr(whole, field.name).extend(joined(groups[number]) for number in order)

    return join


def _parts(whole: Any, field: Any, values: Values) -> None:
    """Add the parts; a text that goes on in the next message stays one part.

    Texts are put together once, at the end, because protobuf would copy a growing text every time.
    """
    runs: list[list[Any]] = []
    kind: Kind = ()  # that of the last run
    for value in values:
        first = True
        for part in value:
            found = _kind(part)
            unsigned = tuple([name for name in found if name != _SIGNATURE])
            text_goes_on = first and unsigned in _TEXTS and unsigned == kind
            if text_goes_on or (runs and partial_calls.goes_on(runs[-1][-1], part)):
                runs[-1].append(part)
            else:
                runs.append([part])
            kind, first = found, False
    for run in runs:
        part = whole.parts.add()
        part.CopyFrom(run[0])
        if len(run) == 1:
            continue
        if part.HasField("function_call"):
            partial_calls.assemble(part.function_call, [each.function_call for each in run])
        else:
            part.MergeFrom(run[-1])  # which may have the signature
            part.text = "".join([each.text for each in run])


def _kind(part: Any) -> Kind:
    """Return the names of the fields that a part has."""
    return tuple([field.name for field, _ in part.ListFields()])


_RULES: dict[tuple[str, str], Rule] = {
    ("GenerateContentResponse", "candidates"): _by("index", ordered=True),
    ("Content", "parts"): _parts,
    ("Candidate", "safety_ratings"): _by("category"),
    ("Candidate", "grounding_metadata"): _grounding,
    ("PromptFeedback", "safety_ratings"): _by("category"),
    ("LogprobsResult", "top_candidates"): _every,
    ("LogprobsResult", "chosen_candidates"): _every,
    ("LogprobsResult", "log_probability_sum"): _total,
    ("UsageMetadata", "prompt_tokens_details"): _by("modality"),
    ("UsageMetadata", "cache_tokens_details"): _by("modality"),
    ("UsageMetadata", "candidates_tokens_details"): _by("modality"),
    ("UsageMetadata", "tool_use_prompt_tokens_details"): _by("modality"),
}
"""The fields with a rule of their own: message, field."""
