"""A chat's history is exactly what successful exchanges made, whatever goes wrong, in both colours."""

from __future__ import annotations

import asyncio
import copy
import threading
from typing import TYPE_CHECKING, Any

import pytest

from gemini_grpc import errors, v1beta
from gemini_grpc.emulator import Emulator, Fault, Reply
from gemini_grpc.generative.answer_errors import (
    BlockedPromptException,
    BrokenResponseError,
    BusyError,
    IncompleteIterationError,
    IncompleteResponseError,
    NoExchangeError,
    ResponseValidationError,
    StopCandidateException,
    TooManyRoundsError,
)
from gemini_grpc.generative.model import GenerativeModel
from gemini_grpc.generative.rounds import AutomaticFunctionCalling

if TYPE_CHECKING:
    from gemini_grpc.generative.chat import ChatSession
    from tests.generative.places import Place

STREAM = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])
BEFORE = [("user", "Hi"), ("model", "Hello")]
DIALOGUE = [{"role": role, "parts": [text]} for role, text in BEFORE]


def script(place: Place, *outcomes: Any) -> None:
    chunks = any(isinstance(each, Reply) and each.chunks is not None for each in outcomes)
    for method in ("StreamGenerateContent", *(() if chunks else ("GenerateContent",))):
        place.emulator.script(method, outcomes)


def said(chat: ChatSession) -> list[tuple[str, str]]:
    return [(each.role, "|".join(part.text for part in each.parts)) for each in chat.history]


def candidate(text: str = "", reason: str = "STOP") -> dict[str, Any]:
    content = {"content": {"parts": [{"text": text}]}} if text else {}
    return {"candidates": [{**content, "finish_reason": reason}]}


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


@STREAM
def test_an_exchange_becomes_history(anywhere: Place, stream: bool) -> None:
    chat = anywhere.model().start_chat()
    assert chat.history == []
    assert chat.last is None
    script(anywhere, Reply(text="Hello"), Reply(text="Fine"))
    for question in ("Hi", "How are you?"):
        response = anywhere.send(chat, question, stream=stream)
        assert chat.last is response
        anywhere.resolve(response)
    assert said(chat) == [*BEFORE, ("user", "How are you?"), ("model", "Fine")]
    sent = anywhere.emulator.journal[-1].request.contents
    assert [content.role for content in sent] == ["user", "model", "user"]
    assert chat.last is response


@STREAM
def test_calls_of_functions_are_in_the_history(anywhere: Place, stream: bool) -> None:
    call = {"name": "add", "args": {"a": 2, "b": 3}}
    script(anywhere, Reply(function_calls=[call]), Reply(text="It is 5."))
    chat = anywhere.model(tools=[add]).start_chat(enable_automatic_function_calling=True)
    anywhere.resolve(anywhere.send(chat, "2 + 3", stream=stream))
    kinds = [type(each).pb(each).parts[0].WhichOneof("data") for each in chat.history]
    assert kinds == ["text", "function_call", "function_response", "text"]
    assert [each.role for each in chat.history] == ["user", "model", "user", "model"]
    sent, received = chat.rewind()
    assert (sent.parts[0].text, received.parts[0].text) == ("2 + 3", "It is 5.")
    assert chat.history == []


def test_thoughts_and_signatures_are_kept(place: Place) -> None:
    parts = [
        {"text": "Hm.", "thought": True},
        {"text": "Yes.", "thought_signature": b"signed"},
    ]
    script(place, Reply(parts=parts))
    chat = place.model().start_chat()
    place.send(chat, "Really?")
    assert [(part.thought, part.thought_signature) for part in chat.history[1].parts] == [
        (True, b""),
        (False, b"signed"),
    ]


def test_a_history_that_is_given_has_no_part_that_the_service_refuses(anywhere: Place) -> None:
    call = {"function_call": {"name": "add", "args": {"a": 1, "b": 2}}}
    answer = {"role": "model", "parts": [call, {}, {"text": ""}]}
    content = anywhere.client.wires.backend.types.Content
    history = ["Hi", content(answer), "Yes?", content({"role": "model", "parts": [{}]})]
    chat = anywhere.model().start_chat(history=history)
    assert [len(each.parts) for each in chat.history] == [1, 1, 1]
    assert len(history[1].parts) == 3
    chat.history += [content({"role": "model", "parts": [{}]}), "And?"]
    for copied in (copy.copy(chat), copy.deepcopy(chat)):
        assert copied.history == chat.history
    del chat.history[3:]
    assert anywhere.send(chat, "Go on").candidates


@pytest.mark.parametrize("after", [0, 1, 2, 3])
def test_a_stream_that_fails_leaves_the_history_alone(place: Place, after: int) -> None:
    chat = place.model().start_chat(history=DIALOGUE)
    texts = ["one ", "two ", "three"][:after]
    script(
        place, Reply(chunks=[*texts, Fault("INTERNAL", "it broke")]) if after else Fault("INTERNAL")
    )
    if not after:
        with pytest.raises(errors.Internal):
            place.send(chat, "Count", stream=True)
        assert said(chat) == BEFORE
        return
    response = place.send(chat, "Count", stream=True)
    with pytest.raises(errors.Internal):
        place.pieces(response)
    for _ in range(2):
        with pytest.raises(BrokenResponseError, match="rewind") as caught:
            assert chat.history
        assert caught.value.__cause__ is response.error
    with pytest.raises(BrokenResponseError):
        place.send(chat, "Again")
    with pytest.raises(BrokenResponseError):
        copy.copy(chat)
    sent, received = chat.rewind()
    assert (sent.parts[0].text, received.parts[0].text) == ("Count", "".join(texts))
    assert said(chat) == BEFORE
    assert place.send(chat, "What is 2 + 3?").text == "2 + 3 is 5."


BAD: dict[str, tuple[dict[str, Any], type[ResponseValidationError], str]] = {
    "blocked": (
        {"prompt_feedback": {"block_reason": "SAFETY"}},
        BlockedPromptException,
        "the prompt was blocked: SAFETY",
    ),
    "stopped": (candidate("So", "SAFETY"), StopCandidateException, "the model stopped for SAFETY"),
    "recited": (candidate("", "RECITATION"), StopCandidateException, "RECITATION"),
    "nobody": ({}, ResponseValidationError, "the answer has no candidates"),
    "nothing": (candidate("", "MAX_TOKENS"), ResponseValidationError, "has no parts; finish_reason is MAX_TOKENS"),
}  # fmt: skip


@pytest.mark.parametrize("case", BAD)
def test_a_bad_answer_is_raised_and_forgotten(anywhere: Place, case: str) -> None:
    message, kind, text = BAD[case]
    script(anywhere, Reply(message=message))
    chat = anywhere.model().start_chat(history=DIALOGUE)
    with pytest.raises(kind, match=text) as caught:
        anywhere.send(chat, "Go on")
    assert [each.parts[0].text for each in caught.value.request_contents] == [
        "Hi",
        "Hello",
        "Go on",
    ]
    assert len(caught.value.responses) == 1
    assert said(chat) == BEFORE
    assert chat.last is None
    assert anywhere.send(chat, "What is 2 + 3?").text == "2 + 3 is 5."


@pytest.mark.parametrize("case", BAD)
def test_a_stream_that_ends_badly_breaks_the_chat_until_it_is_taken_back(
    place: Place, case: str
) -> None:
    message, kind, text = BAD[case]
    script(place, Reply(chunks=["So, ", message]))
    chat = place.model().start_chat(history=DIALOGUE)
    response = place.send(chat, "Go on", stream=True)
    good = case == "nothing"  # the text before makes it an answer
    raised = {"blocked": BlockedPromptException, "nobody": IncompleteResponseError}.get(case)
    if raised is not None:
        with pytest.raises(raised):
            place.resolve(response)
    else:
        place.resolve(response)
    if good:
        assert said(chat) == [*BEFORE, ("user", "Go on"), ("model", "So, ")]
        return
    with pytest.raises(BrokenResponseError) as caught:
        assert chat.history
    assert isinstance(caught.value.__cause__, raised or kind)
    assert case == "nobody" or text in str(caught.value.__cause__)
    chat.rewind()
    assert said(chat) == BEFORE


def test_a_stream_that_is_blocked_at_once_is_raised_at_once(place: Place) -> None:
    script(place, Reply(chunks=[BAD["blocked"][0]]))
    chat = place.model().start_chat(history=DIALOGUE)
    with pytest.raises(BlockedPromptException):
        place.send(chat, "Go on", stream=True)
    assert said(chat) == BEFORE


def test_the_candidate_and_the_response_are_data_of_the_errors(place: Place) -> None:
    script(place, Reply(message=BAD["stopped"][0]), Reply(message=BAD["blocked"][0]))
    chat = place.model().start_chat()
    with pytest.raises(StopCandidateException) as stopped:
        place.send(chat, "Go on")
    assert stopped.value.args[0] is stopped.value.candidate
    assert stopped.value.candidate.content.parts[0].text == "So"
    with pytest.raises(BlockedPromptException) as blocked:
        place.send(chat, "Go on")
    assert blocked.value.args[0].prompt_feedback.block_reason == 1


@pytest.mark.parametrize("case", BAD)
@STREAM
def test_without_validation_every_answer_is_taken(place: Place, case: str, stream: bool) -> None:
    message = BAD[case][0]
    if stream:
        place.emulator.script("StreamGenerateContent", [Reply(chunks=[message])])
    else:
        place.emulator.script("GenerateContent", [Reply(message=message)])
    chat = place.model().start_chat(history=DIALOGUE, response_validation=False)
    response = place.send(chat, "Go on", stream=stream)
    if case == "blocked":  # there is nothing to take, nor to wait for
        assert response.prompt_feedback.block_reason == 1
    else:
        place.resolve(response)
    assert chat.last is response
    more = [("user", "Go on"), ("model", "So")] if case == "stopped" else []
    assert said(chat) == [*BEFORE, *more]
    assert place.send(chat, "What is 2 + 3?").text == "2 + 3 is 5."


@pytest.mark.parametrize("rest", [[], ["two ", "three"]])
def test_without_validation_a_stream_that_is_blocked_later_is_no_exchange(
    place: Place, rest: list[str]
) -> None:
    script(place, Reply(chunks=["one ", BAD["blocked"][0], *rest]))
    chat = place.model().start_chat(history=DIALOGUE, response_validation=False)
    response = place.send(chat, "Go on", stream=True)
    with pytest.raises(BlockedPromptException):
        place.pieces(response)
    assert response.prompt_feedback.block_reason == 1
    assert said(chat) == BEFORE


def test_an_unfinished_stream_must_be_read_first(place: Place) -> None:
    script(place, Reply(chunks=["one ", "two ", "three"]))
    chat = place.model().start_chat(history=DIALOGUE)
    response = place.send(chat, "Count", stream=True)
    for use in (
        lambda: chat.history,
        lambda: place.send(chat, "Again"),
        lambda: copy.copy(chat),
    ):
        with pytest.raises(IncompleteIterationError, match="resolve"):
            use()
    assert "waiting for the end" in repr(chat)
    place.resolve(response)
    assert said(chat) == [*BEFORE, ("user", "Count"), ("model", "one two three")]
    assert repr(chat) == "ChatSession(model='models/gemini-flash-latest', 4 messages)"


@STREAM
def test_a_stream_that_is_left_is_no_exchange(place: Place, stream: bool) -> None:
    script(
        place,
        Reply(chunks=["one ", Fault(stall=True)]) if stream else Fault("UNAVAILABLE", times=9),
    )
    chat = place.model().start_chat(history=DIALOGUE)
    if not stream:
        with pytest.raises(errors.Unavailable):
            place.send(chat, "Count", request_options={"retry": None})
    else:
        response = place.send(chat, "Count", stream=True)
        place.colour.call(response.close)
        with pytest.raises(BrokenResponseError):
            assert chat.history
        chat.rewind()
    assert said(chat) == BEFORE


@STREAM
def test_too_many_rounds_leave_the_history_alone(place: Place, stream: bool) -> None:
    call = {"name": "add", "args": {"a": 2, "b": 3}}
    script(place, Reply(function_calls=[call], times=None))
    calling = AutomaticFunctionCalling(max_rounds=1)
    chat = place.model(tools=[add]).start_chat(
        history=DIALOGUE, enable_automatic_function_calling=calling
    )
    with pytest.raises(TooManyRoundsError):
        place.resolve(place.send(chat, "2 + 3", stream=stream))
    if stream:
        chat.rewind()
    assert said(chat) == BEFORE


def test_a_later_round_that_fails_leaves_the_history_alone(place: Place) -> None:
    call = {"name": "add", "args": {"a": 2, "b": 3}}
    script(place, Reply(function_calls=[call]), Reply(call=lambda _: Fault("INTERNAL")))
    chat = place.model(tools=[add]).start_chat(
        history=DIALOGUE, enable_automatic_function_calling=True
    )
    with pytest.raises(errors.Internal):
        place.send(chat, "2 + 3")
    assert said(chat) == BEFORE
    response = place.send(chat, "2 + 3", stream=True)
    with pytest.raises(errors.Internal):
        place.resolve(response)
    chat.rewind()
    assert said(chat) == BEFORE


async def later() -> None:
    """Do it later."""


WRONG: list[tuple[Any, dict[str, Any]]] = [
    (None, {}),
    ("", {}),
    ([], {}),
    (object(), {}),
    ({"role": "robot", "parts": ["a"]}, {}),
    ("Hi", {"generation_config": {"candidate_count": 2}}),
    ("Hi", {"safety_settings": {"HARASMENT": "low"}}),
    ("Hi", {"request_options": {"timout": 1}}),
    ("Hi", {"tools": 7}),
    ("Hi", {"tools": [later, later]}),
    ("Hi", {"labels": {"team": "blue"}}),
]


@pytest.mark.parametrize(("content", "more"), WRONG)
def test_what_cannot_be_sent_is_not_sent(place: Place, content: Any, more: dict[str, Any]) -> None:
    chat = place.model().start_chat(history=DIALOGUE)
    with pytest.raises(errors.UsageError):
        place.send(chat, content, **more)
    assert said(chat) == BEFORE
    assert len(place.emulator.journal) == 0
    place.send(chat, "What is 2 + 3?")


def test_a_chat_goes_on_from_one_candidate(place: Place) -> None:
    with pytest.raises(ValueError, match="candidate_count is 2"):
        place.model(generation_config={"candidate_count": 2}).start_chat()


def test_the_history_can_be_set_and_changed(anywhere: Place) -> None:
    chat = anywhere.model().start_chat(history="Hi")
    assert said(chat) == [("user", "Hi")]
    chat.history = DIALOGUE
    assert said(chat) == BEFORE
    chat.history.append(type(chat.history[0])(role="user", parts=[{"text": "And"}]))
    anywhere.send(chat, "you?")
    assert len(anywhere.emulator.journal[-1].request.contents) == 4
    chat.history = []
    assert chat.history == []
    assert chat.last is None


def test_messages_are_copied_when_they_are_taken(anywhere: Place) -> None:
    model = anywhere.model()
    content = type(model.start_chat(history="Hi").history[0])
    said_before = [content(role=role, parts=[{"text": text}]) for role, text in BEFORE]
    chat = model.start_chat(history=said_before)
    chat.history = said_before
    question = content(role="user", parts=[{"text": "What is 2 + 3?"}])
    anywhere.send(chat, question)
    for message in (*said_before, question):
        message.parts[0].text = "changed"
    expected = [*BEFORE, ("user", "What is 2 + 3?"), ("model", "2 + 3 is 5.")]
    assert said(chat) == expected
    copy.copy(chat).history[0].parts[0].text = "changed"
    assert said(chat) == expected


def test_calls_of_functions_in_the_history_are_copies(place: Place) -> None:
    call = {"name": "add", "args": {"a": 2, "b": 3}}
    script(place, Reply(function_calls=[call]), Reply(text="It is 5."))
    chat = place.model(tools=[add]).start_chat(enable_automatic_function_calling=True)
    response = place.send(chat, "2 + 3")
    response.automatic_function_calling_history[0].parts[0].function_call.name = "changed"
    assert chat.history[1].parts[0].function_call.name == "add"


def test_what_is_put_into_the_history_becomes_messages(anywhere: Place) -> None:
    chat = anywhere.model().start_chat()
    history: Any = chat.history
    history += DIALOGUE
    assert [each.parts[0].text for each in chat.rewind()] == ["Hi", "Hello"]
    assert chat.history == []
    history += DIALOGUE
    assert said(copy.copy(chat)) == BEFORE
    anywhere.send(chat, "What is 2 + 3?")
    assert said(chat) == [*BEFORE, ("user", "What is 2 + 3?"), ("model", "2 + 3 is 5.")]
    assert chat.history is history


def test_what_is_no_message_in_the_history_is_told(place: Place) -> None:
    chat = place.model().start_chat(history=DIALOGUE)
    last = chat.last
    history: Any = chat.history
    history.append({"role": "robot", "parts": ["Hi"]})
    for use in (chat.rewind, lambda: place.send(chat, "Hi"), lambda: copy.copy(chat)):
        with pytest.raises(errors.ArgumentError, match=r"contents\[2\].role is 'robot'"):
            use()
    del chat.history[-1]
    assert said(chat) == BEFORE
    assert chat.last is last


def test_setting_the_history_forgets_what_is_on_its_way(place: Place) -> None:
    script(place, Reply(chunks=["one ", Fault("INTERNAL")]))
    chat = place.model().start_chat()
    with pytest.raises(errors.Internal):
        place.resolve(place.send(chat, "Count", stream=True))
    chat.history = DIALOGUE
    assert said(chat) == BEFORE


class Waiting:
    """A message whose answer is not there yet; a function of the model may be what it waits for."""

    def __init__(self, place: Place, chat: ChatSession, *, stream: bool) -> None:
        self._arrived, self._go_on = threading.Event(), threading.Event()
        method = chat.send_message_async if place.is_async else chat.send_message
        self.place = place
        calling = chat.enable_automatic_function_calling
        call = {"name": "add", "args": {"a": 2, "b": 3}}
        if calling:
            script(place, Reply(function_calls=[call]), Reply(text="Late"))
        else:
            script(place, Reply(call=self.wait))
        more = {"tools": [self.add]} if calling else {}
        self._running = place.colour.start(self._send, method, stream, more)
        assert self._arrived.wait(10)

    def _send(self, method: Any, stream: bool, more: Any) -> Any:
        if not self.place.is_async:
            response = method("Go on", stream=stream, **more)
            response.resolve()
            return response

        async def send() -> Any:
            response = await method("Go on", stream=stream, **more)
            await response.resolve()
            return response

        return send()

    def wait(self, _: Any) -> str:
        self._arrived.set()
        self._go_on.wait(10)
        return "Late"

    def add(self, a: int, b: int) -> int:
        """Add two numbers."""
        self.wait(None)
        return a + b

    def answer(self) -> Any:
        self._go_on.set()
        return self._running.result(10)


CALLING = pytest.mark.parametrize("calling", [False, True], ids=["plain", "calling"])


@CALLING
@STREAM
def test_an_answer_on_its_way_is_forgotten_when_the_history_is_set(
    place: Place, stream: bool, calling: bool
) -> None:
    chat = place.model().start_chat(history="Old", enable_automatic_function_calling=calling)
    waiting = Waiting(place, chat, stream=stream)
    chat.history = DIALOGUE
    assert waiting.answer().text == "Late"
    assert said(chat) == BEFORE
    assert chat.last is None
    place.emulator.clear_scripts()
    place.send(chat, "What is 2 + 3?")
    assert len(chat.history) == 4


@CALLING
@STREAM
def test_an_answer_on_its_way_is_taken_back(place: Place, stream: bool, calling: bool) -> None:
    chat = place.model().start_chat(history=DIALOGUE, enable_automatic_function_calling=calling)
    waiting = Waiting(place, chat, stream=stream)
    sent, received = chat.rewind()
    assert sent.parts[0].text == "Go on"
    if not (stream and calling):  # the call has arrived
        assert (received.role, list(received.parts)) == ("model", [])
    assert waiting.answer().text == "Late"
    assert said(chat) == BEFORE
    assert chat.last is None
    assert [each.parts[0].text for each in chat.rewind()] == ["Hi", "Hello"]


def test_a_bad_answer_that_is_forgotten_is_still_told(place: Place) -> None:
    arrived, go_on = threading.Event(), threading.Event()

    def wait(_: Any) -> Reply:
        arrived.set()
        go_on.wait(10)
        return Reply(message=BAD["blocked"][0])

    script(place, Reply(call=wait))
    chat = place.model().start_chat(history="Old")
    method = chat.send_message_async if place.is_async else chat.send_message
    running = place.colour.start(method, "Go on")
    assert arrived.wait(10)
    chat.history = DIALOGUE
    go_on.set()
    with pytest.raises(BlockedPromptException) as caught:
        running.result(10)
    assert [each.parts[0].text for each in caught.value.request_contents] == ["Old", "Go on"]
    assert said(chat) == BEFORE


@pytest.mark.parametrize("look", [False, True], ids=["unseen", "seen"])
@STREAM
def test_an_exchange_is_taken_back_as_it_was_made(
    anywhere: Place, stream: bool, look: bool
) -> None:
    call = {"name": "add", "args": {"a": 2, "b": 3}}
    script(anywhere, Reply(function_calls=[call]), Reply(text="It is 5."))
    chat = anywhere.model(tools=[add]).start_chat(history=DIALOGUE)
    anywhere.resolve(anywhere.send(chat, "2 + 3", stream=stream))
    result = {"function_response": {"name": "add", "response": {"result": 5}}}
    anywhere.resolve(anywhere.send(chat, result, stream=stream))
    if look:
        assert len(chat.history) == 6
    for each in (copy.copy(chat), chat):
        sent, received = each.rewind()
        assert sent.parts[0].function_response.name == "add"
        assert received.parts[0].text == "It is 5."
        assert len(each.history) == 4
        assert each.rewind()[0].parts[0].text == "2 + 3"
        assert said(each) == BEFORE


def test_what_is_put_into_the_history_does_not_hide_where_an_exchange_began(place: Place) -> None:
    call = {"name": "add", "args": {"a": 2, "b": 3}}
    result = {"function_response": {"name": "add", "response": {"result": 5}}}
    script(place, Reply(function_calls=[call]), Reply(text="It is 5."))
    chat = place.model(tools=[add]).start_chat()
    place.send(chat, "2 + 3")
    place.send(chat, result)
    history: Any = chat.history
    history[:0] = DIALOGUE
    history += DIALOGUE
    assert [each.parts[0].text for each in chat.rewind()] == ["Hi", "Hello"]
    assert chat.rewind()[0].parts[0].function_response.name == "add"
    assert len(chat.history) == 4


@STREAM
def test_without_validation_nothing_is_taken_back_for_an_answer_that_is_none(
    place: Place, stream: bool
) -> None:
    blocked = BAD["blocked"][0]
    script(place, Reply(chunks=[blocked]) if stream else Reply(message=blocked))
    chat = place.model().start_chat(history=DIALOGUE, response_validation=False)
    place.send(chat, "Go on", stream=stream)
    assert [each.parts[0].text for each in chat.rewind()] == ["Hi", "Hello"]


@pytest.mark.parametrize(
    "content",
    [
        {"role": "model", "parts": ["Hello"]},
        v1beta.Content(role="model", parts=[{"text": "Hello"}]),
    ],
    ids=["mapping", "message"],
)
def test_what_is_sent_is_not_the_models(anywhere: Place, content: Any) -> None:
    chat = anywhere.model().start_chat(history=DIALOGUE)
    with pytest.raises(errors.ArgumentError, match=r"content\.role is 'model'.*history"):
        anywhere.send(chat, content)
    assert said(chat) == BEFORE
    assert len(anywhere.emulator.journal) == 0


def test_what_the_model_has_said_is_sent_as_it_was(place: Place) -> None:
    parts = [{"text": ""}, {"text": "", "thought_signature": b"signed"}]
    script(
        place, Reply(message={"candidates": [{"content": {"parts": parts}, "finish_reason": 1}]})
    )
    chat = place.model().start_chat()
    response = place.send(chat, "Hi")
    place.send(chat, "And?")
    sent = place.emulator.journal[-1].request.contents[1]
    assert [part._pb for part in sent.parts] == [part._pb for part in chat.history[1].parts]
    place.ask(place.model(), ["Hi", response.candidates[0].content, *response.parts])


def test_rewinding_takes_one_exchange_after_the_other(place: Place) -> None:
    chat = place.model().start_chat(history=DIALOGUE)
    place.send(chat, "What is 2 + 3?")
    assert [each.parts[0].text for each in chat.rewind()] == ["What is 2 + 3?", "2 + 3 is 5."]
    assert chat.last is None
    assert [each.parts[0].text for each in chat.rewind()] == ["Hi", "Hello"]
    with pytest.raises(IndexError, match="no exchange"):
        chat.rewind()
    chat.history = "Hi"
    with pytest.raises(NoExchangeError):
        chat.rewind()
    assert said(chat) == [("user", "Hi")]


def test_a_copy_has_everything_and_goes_its_own_way(place: Place) -> None:
    call = {"name": "add", "args": {"a": 2, "b": 3}}
    chat = place.model(tools=[add]).start_chat(
        history=DIALOGUE, enable_automatic_function_calling=True
    )
    place.send(chat, "Good morning")
    twin = copy.copy(chat)
    assert twin.history == chat.history
    assert twin.history is not chat.history
    assert twin.model is chat.model
    assert twin.last is chat.last
    script(place, Reply(function_calls=[call]), Reply(text="It is 5."))
    assert place.send(twin, "2 + 3").text == "It is 5."
    assert len(chat.history) == 4
    assert len(twin.history) == 8
    lax = place.model().start_chat(response_validation=False)
    assert not copy.copy(lax)._validates


def test_results_of_functions_can_be_sent_by_hand(anywhere: Place) -> None:
    call = {"name": "add", "args": {"a": 2, "b": 3}}
    script(anywhere, Reply(function_calls=[call]), Reply(text="It is 5."))
    chat = anywhere.model(tools=[add]).start_chat()
    (wanted,) = anywhere.send(chat, "2 + 3").function_calls
    response = {"name": wanted.name, "response": {"result": add(**wanted.args)}}
    if wanted.id:
        response["id"] = wanted.id
    assert anywhere.send(chat, {"function_response": response}).text == "It is 5."
    assert [each.role for each in chat.history] == ["user", "model", "user", "model"]


def test_two_messages_at_once_are_refused(place: Place) -> None:
    arrived, go_on = threading.Event(), threading.Event()

    def wait(_: Any) -> str:
        arrived.set()
        go_on.wait(10)
        return "Hello"

    script(place, Reply(call=wait))
    chat = place.model().start_chat()
    method = chat.send_message_async if place.is_async else chat.send_message
    running = place.colour.start(method, "Hi")
    assert arrived.wait(10)
    with pytest.raises(BusyError, match="one message at a time"):
        place.send(chat, "Me too")
    go_on.set()
    running.result(10)
    assert said(chat) == BEFORE


async def test_a_cancelled_message_leaves_the_history_alone(emulator: Emulator) -> None:
    from gemini_grpc import AsyncClient

    emulator.script("GenerateContent", [Fault(stall=True)])
    options = {"api_endpoint": f"http://{emulator.target}", "api_key": "test"}
    async with AsyncClient(client_options=options) as client:
        chat = GenerativeModel(client=client).start_chat(history=DIALOGUE)
        sending = asyncio.create_task(chat.send_message_async("Wait"))
        await asyncio.sleep(0.05)
        sending.cancel()
        with pytest.raises(asyncio.CancelledError):
            await sending
        assert said(chat) == BEFORE
        assert (await chat.send_message_async("What is 2 + 3?")).text == "2 + 3 is 5."


def test_both_colours_may_be_mixed_in_one_chat(place: Place) -> None:
    chat = place.model().start_chat()
    chat.send_message("Good morning")
    place.send(chat, "What is 2 + 3?")
    assert len(chat.history) == 4


def test_history_of_googles_or_our_messages_is_taken(place: Place) -> None:
    content = v1beta.Content(role="user", parts=[v1beta.Part(text="Hi")])
    chat = place.model().start_chat(history=[content, {"role": "model", "parts": "Hello"}])
    assert said(chat) == BEFORE


def test_an_asynchronous_function_is_refused_before_anything_is_sent(emulator: Emulator) -> None:
    from tests.colours import Sync
    from tests.generative.places import Place

    place = Place(emulator, "v1beta", Sync())
    chat = place.model(tools=[later]).start_chat(
        history=DIALOGUE, enable_automatic_function_calling=True
    )
    with pytest.raises(errors.ArgumentError, match="'later' is asynchronous"):
        chat.send_message("Hi")
    assert said(chat) == BEFORE
    assert len(emulator.journal) == 0
    place.close()
    place.colour.end()
