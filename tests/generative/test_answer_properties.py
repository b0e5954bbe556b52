"""What holds for every answer, however the server has put it: texts add up, and a chat can go on or is as before."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from gemini_grpc import errors
from gemini_grpc.emulator import Emulator, Fault, Reply
from gemini_grpc.generative.accumulate import joined
from gemini_grpc.generative.answer_errors import AnswerError, IncompleteResponseError
from gemini_grpc.generative.backend import Backend
from gemini_grpc.generative.reading import text_of
from tests.colours import COLOURS
from tests.generative.places import BACKENDS, Place

Data = dict[str, Any]

ALL = (Backend(), Backend("v1alpha"), Backend("aiplatform_v1", "p", "us-central1"))
LATER = ("thought", "thought_signature")  # fields of parts that v1alpha does not have
WORDS = st.sampled_from(["", "a", "be", "lie", "\n", " x", "é☃"])
SIGNED = st.sampled_from([{}, {}, {"thought_signature": b"one"}, {"thought_signature": b"two"}])

TEXT_PARTS = st.builds(
    lambda text, signed, thought: {"text": text, **signed, **thought},
    WORDS,
    SIGNED,
    st.sampled_from([{}, {}, {"thought": True}]),
)
CALLS = st.builds(
    lambda name, args, signed: {"function_call": {"name": name, "args": args}, **signed},
    st.sampled_from(["add", "look_up", ""]),
    st.sampled_from([{}, {"a": 1, "b": 2}, {"a": float("inf"), "b": [float("nan")]}]),
    SIGNED,
)
MEDIA = st.sampled_from(
    [
        {"inline_data": {"mime_type": "image/png", "data": b"png"}},
        {"inline_data": {"mime_type": "image/png"}},
        {"file_data": {"mime_type": "text/plain", "file_uri": "gs://b/a.txt"}},
        {"file_data": {"file_uri": "gs://b/a.txt"}},
        {"executable_code": {"language": "PYTHON", "code": "print(1)"}},
        {"executable_code": {"language": "PYTHON"}},
        {"executable_code": {"code": "print(1)"}},
        {"code_execution_result": {"outcome": "OUTCOME_OK", "output": "1"}},
        {"code_execution_result": {}},
        {"function_call": {}},
    ]
)
EMPTY = st.sampled_from([{}, {"thought": True}, {"thought_signature": b"three"}])
PARTS = st.one_of(TEXT_PARTS, CALLS, MEDIA, EMPTY)
REASONS = st.sampled_from(
    ["STOP", "STOP", "STOP", "MAX_TOKENS", "SAFETY", "MALFORMED_FUNCTION_CALL", None]
)


def message(parts: list[Data], reason: str | None = None) -> Data:
    candidate: Data = {"content": {"role": "model", "parts": parts}}
    return {"candidates": [candidate | ({"finish_reason": reason} if reason else {})]}


def fit(parts: list[Data], backend: str) -> list[Data]:
    """Return parts without the fields that a version does not have."""
    names = LATER if backend == "v1alpha" else ()
    return [{name: part[name] for name in part if name not in names} for part in parts]


def split(parts: list[Data], places: list[int]) -> list[list[Data]]:
    """Return the parts of each message of a stream, which begin at some places."""
    starts = sorted({0, *(place % (len(parts) + 1) for place in places)})
    return [parts[begin:end] for begin, end in zip(starts, [*starts[1:], len(parts)], strict=True)]


@pytest.mark.parametrize("backend", ALL, ids=lambda backend: backend.version)
@given(
    parts=st.lists(st.one_of(TEXT_PARTS, EMPTY), min_size=1, max_size=8),
    places=st.lists(st.integers(0, 9)),
)
@example(parts=[{"text": "unbe", "thought_signature": b"s"}, {"text": "lievable"}], places=[])
@example(parts=[{"text": "unbe", "thought_signature": b"s"}, {"text": "lievable"}], places=[1])
@example(parts=[{"text": "Hel"}, {"text": "lo"}], places=[])
def test_the_texts_of_the_messages_add_up_to_the_text(
    backend: Backend, parts: list[Data], places: list[int]
) -> None:
    cls: Any = backend.types.GenerateContentResponse
    parts = [*fit(parts, backend.version), {"text": "."}]
    said = [cls(message(each))._pb for each in split(parts, places)]
    expected = "".join(part.get("text", "") for part in parts if not part.get("thought"))
    assert text_of(joined(said)) == expected
    assert "".join(text_of(each, piece=True) for each in said) == expected
    assert text_of(cls(message(parts))._pb) == expected


@pytest.fixture(scope="module")
def server() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


@pytest.fixture(scope="module", params=COLOURS, ids=lambda made: made.name)
def every_place(server: Emulator, request: pytest.FixtureRequest) -> Iterator[dict[str, Place]]:
    colour = request.param()
    made = {backend: Place(server, backend, colour) for backend in BACKENDS}
    yield made
    for place in made.values():
        place.close()
    colour.end()


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@settings(
    max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@pytest.mark.parametrize("is_stream", [False, True])
@pytest.mark.parametrize("backend", BACKENDS)
@given(
    answers=st.lists(st.tuples(st.lists(PARTS, max_size=5), REASONS), min_size=1, max_size=3),
    places=st.lists(st.integers(0, 5), max_size=3),
    broken=st.sampled_from([False, False, False, True]),
    calling=st.booleans(),
    validated=st.sampled_from([True, True, False]),
)
@example([([CALL := {"function_call": {"name": "add", "args": {"a": 1, "b": 2}}}, {}], "STOP")], [1], False, False, True)  # fmt: skip
@example([([CALL, {}], "STOP"), ([{"text": "3"}], "STOP")], [1], False, True, True)
@example([([{"text": "Hi"}, {"thought_signature": b"s"}], "STOP")], [1], False, False, True)
@example([([{"text": "Hi"}], None)], [], False, False, True)
def test_a_chat_can_go_on_or_is_as_before(
    every_place: dict[str, Place],
    backend: str,
    is_stream: bool,
    answers: list[tuple[list[Data], str | None]],
    places: list[int],
    broken: bool,
    calling: bool,
    validated: bool,
) -> None:
    place = every_place[backend]
    emulator = place.emulator
    emulator.clear_scripts()
    for parts, reason in answers:
        fitting = fit(parts, backend)
        whole = message(fitting, reason)
        pieces: list[Any] = [message(each) for each in split(fitting, places)]
        pieces[-1] = message(pieces[-1]["candidates"][0]["content"]["parts"], reason)
        emulator.script("GenerateContent", [Reply(message=whole)])
        fault = [Fault("INTERNAL")] if broken else []
        emulator.script("StreamGenerateContent", [Reply(chunks=[*pieces, *fault])])
    chat = place.model(tools=[add]).start_chat(
        history=[{"role": "user", "parts": ["Hi"]}, {"role": "model", "parts": ["Hello"]}],
        enable_automatic_function_calling=calling,
        response_validation=validated,
    )
    before = list(chat.history)
    try:
        response = place.send(chat, "Go on", stream=is_stream)
        place.resolve(response)
        assert chat.history[: len(before)] == before
    except (AnswerError, errors.Internal):
        if chat._pending is not None:
            chat.rewind()
        assert chat.history == before
    emulator.clear_scripts()
    assert place.send(chat, "And now?").candidates


@pytest.mark.parametrize("backend", BACKENDS)
def test_a_stream_without_a_finish_reason_is_incomplete(
    every_place: dict[str, Place], backend: str
) -> None:
    place = every_place[backend]
    place.emulator.clear_scripts()
    chunks = [message([{"text": "Half an "}]), message([{"text": "answer"}])]
    place.emulator.script("StreamGenerateContent", [Reply(chunks=chunks, times=2)])
    response = place.ask(place.model(), "Hi", stream=True)
    with pytest.raises(IncompleteResponseError, match="without a finish reason") as caught:
        place.resolve(response)
    arrived = caught.value.response
    assert arrived.candidates[0].content.parts[0].text == response.text == "Half an answer"
    assert response.error is caught.value

    chat = place.model().start_chat(history=["Hi", {"role": "model", "parts": ["Hello"]}])
    response = place.send(chat, "Go on", stream=True)
    with pytest.raises(IncompleteResponseError):
        place.resolve(response)
    chat.rewind()
    assert [content.parts[0].text for content in chat.history] == ["Hi", "Hello"]


@pytest.mark.parametrize("backend", BACKENDS)
def test_functions_are_not_called_for_an_incomplete_stream(
    every_place: dict[str, Place], backend: str
) -> None:
    place = every_place[backend]
    place.emulator.clear_scripts()
    called = []

    def note(a: int) -> None:
        """Note a number."""
        called.append(a)

    call = {"function_call": {"name": "note", "args": {"a": 1}}}
    place.emulator.script("StreamGenerateContent", [Reply(chunks=[message([call])])])
    model = place.model(tools=[note])
    response = place.ask(model, "Hi", stream=True, automatic_function_calling=True)
    with pytest.raises(IncompleteResponseError):
        place.resolve(response)
    assert not called


@pytest.mark.parametrize("backend", BACKENDS)
def test_an_answer_that_is_one_message_needs_no_finish_reason(
    every_place: dict[str, Place], backend: str
) -> None:
    place = every_place[backend]
    place.emulator.clear_scripts()
    place.emulator.script("GenerateContent", [Reply(message=message([{"text": "Hi"}]))])
    chat = place.model().start_chat()
    assert place.send(chat, "Hi").text == "Hi"
    assert len(chat.history) == 2
