"""Answers, whole and as streams, in both colours."""

from __future__ import annotations

import asyncio
import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest

from gemini_grpc import errors, protos, types, v1beta
from gemini_grpc.emulator import Emulator, Fault, Reply
from gemini_grpc.functions import MisfitError
from gemini_grpc.generative import accumulate, answer
from gemini_grpc.generative._async.response import AsyncGenerateContentResponse
from gemini_grpc.generative._sync.response import GenerateContentResponse
from gemini_grpc.generative.accumulate import joined
from gemini_grpc.generative.answer_errors import (
    BlockedPromptException,
    BrokenResponseError,
    IncompleteIterationError,
    NoAnswerError,
)
from gemini_grpc.vertexai.generative_models import FinishReason
from tests.colours import PATIENCE

if TYPE_CHECKING:
    from tests.generative.places import Place

TEXTS = ["one ", "two ", "three"]
BLOCKED = {"prompt_feedback": {"block_reason": "SAFETY"}}


def stream(place: Place, *chunks: Any, **more: Any) -> Any:
    place.emulator.script("StreamGenerateContent", [Reply(chunks=list(chunks or TEXTS))])
    return place.ask(place.model(), "Count", stream=True, **more)


def cancelled(emulator: Emulator) -> bool:
    """Wait until the server knows that the last call was cancelled."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if emulator.journal[-1].attempts[-1].cancelled:
            return True
        time.sleep(0.005)
    return False


def test_a_whole_answer_is_read(anywhere: Place) -> None:
    response = anywhere.ask(anywhere.model(), "What is 2 + 3?")
    assert response.text == "2 + 3 is 5."
    assert [part.text for part in response.parts] == ["2 + 3 is 5."]
    assert response.candidates[0].finish_reason == 1
    assert response.usage_metadata.total_token_count > 0
    assert response.model_version == "gemini-flash-latest"
    assert bool(response.response_id) == (anywhere.backend != "v1alpha")
    assert not response.prompt_feedback.block_reason
    assert response.function_calls == []
    assert response.error is None


def test_a_stream_gives_its_pieces_and_then_the_whole(anywhere: Place) -> None:
    response = stream(anywhere)
    assert [piece.text for piece in anywhere.pieces(response)] == TEXTS
    assert response.text == "one two three"
    assert response.candidates[0].finish_reason == 1
    assert response.usage_metadata.total_token_count > 0


def test_the_whole_is_there_as_soon_as_the_last_piece_is(place: Place) -> None:
    response = stream(place)
    pieces = place.iterate(response)
    for text in TEXTS[:-1]:
        assert place.next(pieces).text == text
        for name in ("text", "parts", "candidates", "function_calls", "thoughts", "parsed"):
            with pytest.raises(IncompleteIterationError, match="resolve"):
                getattr(response, name)
        with pytest.raises(IncompleteIterationError):
            response.to_dict()
    assert place.next(pieces).text == TEXTS[-1]
    assert response.text == "one two three"


def test_what_is_known_of_the_prompt_is_there_at_once(place: Place) -> None:
    response = stream(place)
    assert not response.prompt_feedback.block_reason
    assert response.message.candidates[0].content.parts[0].text == "one "
    assert repr(response).split("(")[1].startswith("incomplete, message 1, text='one '")
    place.next(place.iterate(response))
    assert repr(response).split("(")[1].startswith("incomplete, message 2, text='two '")
    place.resolve(response)
    assert "(text='one two three', finish" in repr(response)


def test_what_is_known_of_a_stream_takes_work_in_proportion(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    count, work = 60, [0]

    def counted(messages: Any, **more: Any) -> Any:
        work[0] += len(messages)
        return joined(messages, **more)

    monkeypatch.setattr(accumulate, "joined", counted)
    monkeypatch.setattr(answer, "joined", counted)
    details = [{"modality": "TEXT", "token_count": 3}]
    chunks = [
        {
            "candidates": [{"content": {"parts": [{"text": "x"}]}}],
            "usage_metadata": {"total_token_count": number, "prompt_tokens_details": details},
            "model_version": "m",
        }
        for number in range(1, count + 1)
    ]
    chunks[-1]["candidates"][0]["finish_reason"] = "STOP"
    response = stream(place, *chunks)
    pieces = place.iterate(response)
    for number in range(1, count):
        place.next(pieces)
        for _ in range(2):
            repr(response)
            assert not response.prompt_feedback.block_reason
            assert response.model_version == "m"
            assert response.usage_metadata.total_token_count == number + 1  # one ahead
            assert len(response.usage_metadata.prompt_tokens_details) == 1
    assert work[0] < 10 * count
    place.resolve(response)
    assert response.text == "x" * count
    assert response.usage_metadata.total_token_count == count


def test_what_is_known_of_a_stream_is_that_of_its_last_round(place: Place) -> None:
    def add(a: int, b: int) -> int:
        return a + b

    def said(part: dict[str, Any], version: str) -> dict[str, Any]:
        candidate = {"content": {"parts": [part]}, "finish_reason": "STOP"}
        return {"candidates": [candidate], "model_version": version}

    call = {"function_call": {"name": "add", "args": {"a": 2, "b": 3}}}
    rounds = [
        Reply(chunks=[{"usage_metadata": {"total_token_count": 7}}, said(call, "first")]),
        Reply(chunks=[said({"text": text}, "second") for text in TEXTS]),
    ]
    place.emulator.script("StreamGenerateContent", rounds)
    model = place.model(tools=[add])
    response = place.ask(model, "2 + 3", stream=True, automatic_function_calling=True)
    pieces = place.iterate(response)
    known = []
    for _ in range(4):
        known.append((response.model_version, response.usage_metadata.total_token_count))
        place.next(pieces)
    assert known == [("", 7), ("first", 7), ("second", 0), ("second", 0)]


def test_iterating_again_gives_the_same_pieces(place: Place) -> None:
    response = stream(place)
    first = place.iterate(response)
    place.next(first)
    assert [piece.text for piece in place.pieces(response)] == TEXTS
    assert [piece.text for piece in place.pieces(response)] == TEXTS
    assert place.next(first).text == TEXTS[1]
    place.resolve(response)


def test_a_whole_answer_is_its_only_piece(place: Place) -> None:
    response = place.ask(place.model(), "What is 2 + 3?")
    assert [piece.text for piece in place.pieces(response)] == [response.text]
    place.resolve(response)
    place.colour.call(response.close)
    assert response.error is None


def test_the_end_of_a_stream_may_have_no_text(place: Place) -> None:
    end = {"candidates": [{"finish_reason": "STOP"}]}
    counts = {"usage_metadata": {"total_token_count": 7}}
    response = stream(place, {"candidates": [{"content": {"parts": [{"text": "a"}]}}]}, end, counts)
    assert [piece.text for piece in place.pieces(response)] == ["a", "", ""]
    assert response.text == "a"
    assert response.usage_metadata.total_token_count == 7


def test_a_stream_without_parts_says_so_at_the_end(place: Place) -> None:
    response = stream(place, {"candidates": [{}]}, {"candidates": [{"finish_reason": "STOP"}]})
    assert [piece.text for piece in place.pieces(response)] == ["", ""]
    with pytest.raises(NoAnswerError, match="has no parts; finish_reason is STOP"):
        assert response.text
    assert list(response.parts) == []


@pytest.mark.parametrize("after", [1, 2, 3])
def test_a_failed_stream_keeps_what_arrived(place: Place, after: int) -> None:
    fault = Fault("INTERNAL", "it broke")
    response = stream(place, *TEXTS[:after], fault)
    for _ in range(2):
        pieces = place.iterate(response)
        assert [place.next(pieces).text for _ in range(after)] == TEXTS[:after]
        with pytest.raises(errors.Internal, match="it broke") as caught:
            place.next(pieces)
        with pytest.raises(errors.Internal):
            place.next(pieces)
    assert f"{after} messages of the answer had arrived" in caught.value.__notes__[0]
    assert len(caught.value.__notes__) == 1
    assert response.text == "".join(TEXTS[:after])
    assert response.error is caught.value
    assert "error=Internal" in repr(response)
    with pytest.raises(errors.Internal):
        place.resolve(response)


def test_a_stream_that_fails_at_once_is_no_answer(place: Place) -> None:
    place.emulator.script("StreamGenerateContent", [Fault("PERMISSION_DENIED")])
    with pytest.raises(errors.PermissionDenied):
        place.ask(place.model(), "Count", stream=True)


def test_an_empty_stream_is_a_clear_error(place: Place) -> None:
    place.emulator.script("StreamGenerateContent", [Reply(call=lambda _: iter(()))])
    with pytest.raises(BrokenResponseError, match="without a single message"):
        place.ask(place.model(), "Count", stream=True)


def test_a_prompt_that_is_blocked_while_its_answer_runs_cancels_the_call(place: Place) -> None:
    response = stream(place, "one ", BLOCKED, "two ", Fault(stall=True))
    pieces = place.iterate(response)
    with pytest.raises(BlockedPromptException):
        place.next(pieces)
    assert cancelled(place.emulator)
    assert isinstance(response.error, BlockedPromptException)


@pytest.mark.parametrize("at", [0, 1])
def test_a_blocked_prompt_is_raised_by_whoever_reads(place: Place, at: int) -> None:
    chunks: list[Any] = [*TEXTS[:at], BLOCKED]
    response = stream(place, *chunks)
    with pytest.raises(BlockedPromptException, match="SAFETY") as caught:
        place.resolve(response)
    assert caught.value.args[0].prompt_feedback.block_reason == 1
    assert caught.value.response is caught.value.args[0]
    with pytest.raises(BlockedPromptException):
        place.pieces(response)
    assert response.prompt_feedback.block_reason == 1


def test_a_blocked_prompt_has_no_text(anywhere: Place) -> None:
    anywhere.emulator.script("GenerateContent", [Reply(message=BLOCKED)])
    response = anywhere.ask(anywhere.model(), "Bad")
    with pytest.raises(ValueError, match="prompt was blocked"):
        assert response.text
    with pytest.raises(NoAnswerError):
        assert response.parts
    assert list(response.candidates) == []


def close(place: Place, response: Any) -> None:
    place.colour.call(response.close)


def leave(place: Place, response: Any) -> None:
    if place.is_async:

        async def run() -> None:
            async with response as same:
                assert same is response

        place.colour.call(run)
    else:
        with response as same:
            assert same is response


@pytest.mark.parametrize("way", [close, leave])
def test_leaving_early_cancels_the_call_and_keeps_what_arrived(
    place: Place, way: Callable[[Place, Any], None]
) -> None:
    response = stream(place, "one ", Fault(stall=True))
    way(place, response)
    way(place, response)
    assert cancelled(place.emulator)
    assert response.text == "one "
    assert isinstance(response.error, errors.Cancelled)
    with pytest.raises(errors.Cancelled, match="closed before its end"):
        place.resolve(response)


def test_dropping_a_response_cancels_the_call(place: Place) -> None:
    response = stream(place, "one ", "two ", Fault(stall=True))
    pieces = place.iterate(response)
    place.next(pieces)
    gc.disable()  # so that it does not depend on cycles being found
    try:
        del response, pieces
        assert cancelled(place.emulator)
    finally:
        gc.enable()


async def test_cancelling_the_reader_cancels_the_call(emulator: Emulator) -> None:
    from gemini_grpc import AsyncClient
    from gemini_grpc.generative.model import GenerativeModel

    emulator.script("StreamGenerateContent", [Reply(chunks=["one ", Fault(stall=True)])])
    options = {"api_endpoint": f"http://{emulator.target}", "api_key": "test"}
    async with AsyncClient(client_options=options) as client:
        response = await GenerativeModel(client=client).generate_content_async("Hi", stream=True)
        reading = asyncio.create_task(response.resolve())
        await asyncio.sleep(0.05)
        reading.cancel()
        with pytest.raises(asyncio.CancelledError):
            await reading
        assert await asyncio.to_thread(cancelled, emulator)
        assert response.text == "one "
        with pytest.raises(errors.Cancelled, match="reading the stream was cancelled"):
            await response.resolve()


@dataclass
class Sum:
    total: int


@pytest.mark.parametrize("is_stream", [False, True])
@pytest.mark.parametrize("by_call", [False, True])
def test_a_type_as_schema_is_what_the_answer_becomes(
    anywhere: Place, is_stream: bool, by_call: bool
) -> None:
    config = {"response_schema": Sum}
    for method in ("GenerateContent", "StreamGenerateContent"):
        anywhere.emulator.script(method, [Reply(text='```json\n{"total": 5}\n```')])
    model = anywhere.model(**({} if by_call else {"generation_config": config}))
    more: dict[str, Any] = {"generation_config": config} if by_call else {}
    response = anywhere.ask(model, "2 + 3", stream=is_stream, **more)
    anywhere.resolve(response)
    assert response.parsed == Sum(5)


def test_a_schema_of_a_call_takes_the_place_of_a_type(place: Place) -> None:
    place.emulator.script("GenerateContent", [Reply(text='{"total": 5}', times=3)])
    model = place.model(generation_config={"response_schema": Sum})
    by_hand = {"type": "OBJECT", "properties": {"total": {"type": "INTEGER"}}}
    cooler = place.ask(model, "2 + 3", generation_config={"temperature": 0})
    assert cooler.parsed == Sum(5)
    other = place.ask(model, "2 + 3", generation_config={"response_schema": by_hand})
    assert other.parsed == {"total": 5}
    assert place.ask(model, "2 + 3").parsed == Sum(5)


def test_without_a_type_json_is_plain(place: Place) -> None:
    place.emulator.script("GenerateContent", [Reply(text='{"total": 5}'), Reply(text="five")])
    assert place.ask(place.model(), "2 + 3").parsed == {"total": 5}
    with pytest.raises(MisfitError):
        assert place.ask(place.model(), "2 + 3").parsed


def test_an_answer_is_read_as_a_type_that_the_caller_names(anywhere: Place) -> None:
    anywhere.emulator.script("GenerateContent", [Reply(text='{"total": 5}', times=3)])
    response = anywhere.ask(anywhere.model(), "2 + 3")
    assert response.parse(Sum) == Sum(5)
    assert response.parse(dict[str, int]) == {"total": 5}
    with pytest.raises(MisfitError):
        response.parse(list[Sum])
    with pytest.raises(errors.ArgumentError, match=r"schema is \{'total': 5\}; expected a type"):
        response.parse({"total": 5})


@pytest.mark.parametrize("is_stream", [False, True])
def test_json_in_several_parts_is_one_text(anywhere: Place, is_stream: bool) -> None:
    parts = [{"text": text} for text in ('{"total": "fi', 've", "n": 1', "2}")]
    message = {"candidates": [{"content": {"parts": parts}, "finish_reason": "STOP"}]}
    anywhere.emulator.script("GenerateContent", [Reply(message=message)])
    anywhere.emulator.script("StreamGenerateContent", [Reply(chunks=[message])])
    response = anywhere.ask(anywhere.model(), "2 + 3", stream=is_stream)
    anywhere.resolve(response)
    assert response.parsed == {"total": "five", "n": 12}
    assert response.text == "".join(part["text"] for part in parts)


def test_json_that_goes_on_after_a_signature_is_one_text(place: Place) -> None:
    texts = [{"text": '{"total"'}, {"text": ': "fi', "thought_signature": b"x"}, {"text": 've"}'}]
    response = stream(
        place,
        *({"candidates": [{"content": {"parts": [each]}}]} for each in texts),
        {"candidates": [{"finish_reason": "STOP"}]},
    )
    place.resolve(response)
    assert response.parsed == {"total": "five"}


def test_the_whole_is_a_dictionary(anywhere: Place) -> None:
    found = anywhere.ask(anywhere.model(), "What is 2 + 3?").to_dict()
    assert found["candidates"][0]["content"]["parts"][0]["text"] == "2 + 3 is 5."
    assert found["candidates"][0]["finish_reason"] == 1


def test_messages_of_ones_own_are_answers() -> None:
    said = v1beta.GenerateContentResponse(candidates=[{"content": {"parts": [{"text": "a"}]}}])
    assert GenerateContentResponse.from_response(said).text == "a"
    response = GenerateContentResponse.from_iterator(iter([said, said]))
    assert [piece.text for piece in iter(iter(response))] == ["a", "a"]
    assert response.text == "aa"
    left = GenerateContentResponse.from_iterator([said, said])
    left.close()
    assert left.text == "a"


async def test_messages_of_ones_own_are_answers_asynchronously() -> None:
    said = v1beta.GenerateContentResponse(candidates=[{"content": {"parts": [{"text": "a"}]}}])

    async def give() -> Any:
        yield said
        yield said

    assert AsyncGenerateContentResponse.from_response(said).text == "a"
    response = await AsyncGenerateContentResponse.from_iterator(give())
    assert [piece.text async for piece in aiter(aiter(response))] == ["a", "a"]
    assert response.text == "aa"
    left = await AsyncGenerateContentResponse.from_iterator(give())
    await left.close()
    assert left.text == "a"


def test_an_interrupted_reader_ends_the_call() -> None:
    said = v1beta.GenerateContentResponse(candidates=[{"content": {"parts": [{"text": "a"}]}}])

    def give() -> Any:
        yield said
        raise KeyboardInterrupt

    response = GenerateContentResponse.from_iterator(give())
    with pytest.raises(KeyboardInterrupt):
        response.resolve()
    with pytest.raises(errors.Cancelled):
        response.resolve()
    assert response.text == "a"


def test_thoughts_are_apart(place: Place) -> None:
    parts = [{"text": "Hm.", "thought": True}, {"text": "Yes."}]
    place.emulator.script("GenerateContent", [Reply(parts=parts)])
    response = place.ask(place.model(), "Really?")
    assert (response.text, response.thoughts) == ("Yes.", "Hm.")
    assert len(response.parts) == 2


def test_enums_of_every_backend_equal_the_public_ones(anywhere: Place) -> None:
    reason = protos.Candidate.FinishReason
    ratings = [{"category": "HARM_CATEGORY_HARASSMENT", "probability": "HIGH"}]
    stopped = {"candidates": [{"finish_reason": "BLOCKLIST", "safety_ratings": ratings}]}
    anywhere.emulator.script("GenerateContent", [Reply(message=stopped), Reply(message=BLOCKED)])
    (candidate,) = anywhere.ask(anywhere.model(), "Hi").candidates
    assert candidate.finish_reason == reason.BLOCKLIST
    assert candidate.finish_reason == FinishReason.BLOCKLIST
    assert candidate.finish_reason not in (reason.STOP, reason.PROHIBITED_CONTENT)
    assert candidate.safety_ratings[0].probability == types.HarmProbability.HIGH
    assert candidate.safety_ratings[0].probability >= types.HarmProbability.MEDIUM
    feedback = anywhere.ask(anywhere.model(), "Hi").prompt_feedback
    assert feedback.block_reason == types.BlockedReason.SAFETY
    assert feedback.block_reason != types.BlockedReason.OTHER
