"""`Gemini`, against the emulator: both colours, every backend, errors, what is saved."""

from __future__ import annotations

import asyncio
import copy
import json
import pickle
from collections.abc import Callable
from typing import Any

import pytest
from llama_index.core.base.llms.base import BaseLLM
from llama_index.core.base.llms.types import (
    AudioBlock,
    ChatMessage,
    DocumentBlock,
    ImageBlock,
    MessageRole,
    TextBlock,
    ThinkingBlock,
    VideoBlock,
)
from llama_index.core.callbacks import CallbackManager, CBEventType, EventPayload, LlamaDebugHandler
from llama_index.core.callbacks.token_counting import TokenCountingHandler
from llama_index.core.llms.function_calling import FunctionCallingLLM
from llama_index.core.prompts import PromptTemplate
from llama_index.core.tools import FunctionTool
from pydantic import BaseModel

import gemini_grpc
from gemini_grpc import errors
from gemini_grpc.emulator import Emulator, Fault, Reply
from gemini_grpc.generative.answer_errors import NoAnswerError
from gemini_grpc.generative.config import GenerationConfig
from gemini_grpc.integrations.llama_index import Gemini

Call = Callable[..., Any]
SUM = "What is 2 + 3?"
HELLO = [ChatMessage(content=SUM)]


class Song(BaseModel):
    """A song."""

    title: str
    year: int


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


ADD = FunctionTool.from_defaults(add)


@pytest.fixture
def llm(options: dict[str, Any]) -> Any:
    with Gemini(**options) as made:
        yield made


def request(emulator: Emulator) -> Any:
    return emulator.journal[-1].request


def test_it_is_what_llama_index_takes() -> None:
    assert {BaseLLM, FunctionCallingLLM} <= set(Gemini.__mro__)
    assert Gemini.class_name() == "Gemini"


async def test_it_answers_on_every_backend(client: gemini_grpc.Client, call: Call) -> None:
    llm = Gemini(client=client)
    assert (await call(llm, "complete", SUM)).text == "2 + 3 is 5."
    assert (await call(llm, "chat", HELLO)).message.content == "2 + 3 is 5."
    for replies in (
        await call(llm, "stream_chat", HELLO),
        await call(llm, "stream_complete", "Tell me about the sea."),
    ):
        assert "".join(reply.delta for reply in replies) == str(replies[-1]).removeprefix(
            "assistant: "
        )
        assert replies[-1].additional_kwargs["total_tokens"] > 0


async def test_asynchronous_methods_call_asynchronously(
    options: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    from gemini_grpc.rpc._sync.channel import Channel

    def refuse(*args: object, **more: object) -> None:
        raise AssertionError("a synchronous call")

    monkeypatch.setattr(Channel, "unary", refuse)
    monkeypatch.setattr(Channel, "stream", refuse)
    with Gemini(**options, max_tokens=10**6) as llm:
        assert (await llm.acomplete(SUM)).text == "2 + 3 is 5."
        assert [reply async for reply in await llm.astream_chat(HELLO)]


async def test_media_arrives(
    client: gemini_grpc.Client, emulator: Emulator, call: Call, picture: bytes, website: str
) -> None:
    blocks = [
        TextBlock(text="What is this?"),
        ImageBlock(image=picture),
        ImageBlock(url=f"{website}/a.png"),
        AudioBlock(audio=b"RIFF\x24\0\0\0WAVEfmt ", format="wav"),
        VideoBlock(video=b"\0\0\0\x18ftypisom"),
        DocumentBlock(data=b"%PDF-1.7\n"),
    ]
    emulator.script("GenerateContent", [Reply(text="Much.", times=None)])
    assert (await call(Gemini(client=client), "chat", [ChatMessage(blocks=blocks)])).message.content
    (content,) = request(emulator).contents
    assert [
        (part.inline_data.mime_type, len(part.inline_data.data)) for part in content.parts[1:]
    ] == [
        ("image/png", len(picture)),
        ("image/png", len(picture)),
        ("audio/wav", 16),
        ("video/mp4", 12),
        ("application/pdf", 9),
    ]


async def test_an_answer_may_be_said_again(llm: Gemini, emulator: Emulator, call: Call) -> None:
    parts = [
        {"text": "Hm", "thought": True},
        {"text": "Look: "},
        {"inline_data": {"mime_type": "image/png", "data": b"\x89PNG\r\n\x1a\n"}},
        {"function_call": {"id": "7", "name": "f", "args": {"a": 1}}, "thought_signature": b"sig"},
    ]
    emulator.script("GenerateContent", [Reply(parts=parts, times=None)])
    message = (await call(llm, "chat", HELLO)).message
    assert isinstance(message.blocks[0], ThinkingBlock)
    message = ChatMessage.model_validate(json.loads(message.model_dump_json()))
    result = ChatMessage(role="tool", content="1", additional_kwargs={"tool_call_id": "7"})
    await call(llm, "chat", [*HELLO, message, result])
    _, said, answered = request(emulator).contents
    assert [part._pb.WhichOneof("data") for part in said.parts] == [
        "text", "text", "inline_data", "function_call",
    ]  # fmt: skip
    assert said.parts[0].thought
    assert said.parts[3].thought_signature == b"sig"
    assert answered.parts[0].function_response.name == "f"
    assert answered.parts[0].function_response.id == "7"


async def test_settings_hold_one_over_the_other(
    options: dict[str, Any], emulator: Emulator, call: Call
) -> None:
    config = GenerationConfig(temperature=0.5, top_k=3)
    with Gemini(**options, generation_config=config, safety_settings="block_none", seed=7) as llm:
        await call(llm, "complete", SUM, top_k=4, request_options={"timeout": 5})
    made = request(emulator)
    found = made.generation_config
    assert (found.temperature, found.top_k, found.seed) == (0.5, 4, 7)
    assert {setting.threshold.name for setting in made.safety_settings} == {"BLOCK_NONE"}
    assert emulator.journal[-1].attempts[0].deadline < 6


def test_settings_may_be_set_later(llm: Gemini, emulator: Emulator) -> None:
    llm.temperature, llm.model = 0.75, "gemini-3.1-pro-preview"
    changed = llm.model_copy(update={"max_tokens": 10**6, "generate_kwargs": {"top_k": 2}})
    changed.complete(SUM)
    found = request(emulator)
    assert found.model == "models/gemini-3.1-pro-preview"
    assert (found.generation_config.temperature, found.generation_config.top_k) == (0.75, 2)
    assert changed.metadata.num_output == found.generation_config.max_output_tokens == 65_536


async def test_the_limits_come_from_the_description_of_the_model(
    options: dict[str, Any], emulator: Emulator, call: Call
) -> None:
    with Gemini(**options, max_tokens=10**6) as llm:
        assert not list(emulator.journal)
        await call(llm, "complete", SUM)
        assert request(emulator).generation_config.max_output_tokens == 65_536
        assert (llm.metadata.context_window, llm.metadata.num_output) == (1_114_112, 65_536)
        assert len(emulator.journal.calls("GetModel")) == 1
    assert llm.metadata.model_name == "gemini-flash-latest"
    assert llm.metadata.is_chat_model
    assert llm.metadata.is_function_calling_model


def test_limits_that_are_given_are_not_asked_for(
    options: dict[str, Any], emulator: Emulator
) -> None:
    with Gemini(**options, max_tokens=100, context_window=1000) as llm:
        assert (llm.metadata.context_window, llm.metadata.num_output) == (1000, 100)
    with Gemini(**options, context_window=20_000) as llm:
        assert (llm.metadata.context_window, llm.metadata.num_output) == (20_000, 8_192)
    with Gemini(project="p", max_tokens=100) as llm:
        assert (llm.metadata.context_window, llm.metadata.num_output) == (1_048_676, 100)
    with Gemini(project="p", is_function_calling_model=False) as llm:
        assert llm.metadata.num_output == 8_192
        assert not llm.metadata.is_function_calling_model
    assert not list(emulator.journal)


async def test_a_tuned_model_has_the_limits_of_the_one_it_was_made_from(
    options: dict[str, Any], emulator: Emulator, call: Call
) -> None:
    tuned = {"name": "tunedModels/mine", "base_model": "models/gemini-3.8-flash", "state": "ACTIVE"}
    emulator.script("GetTunedModel", [Reply(message=tuned, times=None)])
    emulator.script("GenerateContent", [Reply(text="Hi", times=None)])
    with Gemini("tunedModels/mine", **options, max_tokens=10**6) as llm:
        assert (await call(llm, "complete", SUM)).text == "Hi"
        assert llm.metadata.num_output == 65_536


async def test_a_model_that_does_not_generate_is_refused(
    options: dict[str, Any], emulator: Emulator, call: Call
) -> None:
    with Gemini("gemini-embedding-2", **options, max_tokens=5) as llm:
        with pytest.raises(ValueError, match="does not support generateContent, only "):
            _ = llm.metadata
        with pytest.raises(errors.ArgumentError, match="does not support generateContent"):
            await call(llm, "complete", SUM)


async def test_errors_are_ours(llm: Gemini, emulator: Emulator, call: Call) -> None:
    quota = Fault("RESOURCE_EXHAUSTED", times=None, retry_after=30)
    for method, name in (("GenerateContent", "complete"), ("StreamGenerateContent", "stream_chat")):
        emulator.script(method, [Fault("NOT_FOUND"), quota])
        asked = SUM if name == "complete" else HELLO
        with pytest.raises(errors.NotFound):
            await call(llm, name, asked)
        with pytest.raises(errors.ResourceExhausted) as caught:
            await call(llm, name, asked, request_options={"retry": None})
        assert caught.value.retry_after == 30


async def test_a_stream_that_fails_raises_after_what_has_arrived(
    llm: Gemini, emulator: Emulator
) -> None:
    emulator.script("StreamGenerateContent", [Fault("UNAVAILABLE", after=2, times=None)])
    replies, arrived = llm.stream_chat([ChatMessage(content="Tell me about the sea.")]), []
    with pytest.raises(errors.Unavailable) as caught:
        arrived += [reply.delta async for reply in _slowly(replies)]
    assert len(caught.value.received) == 2


async def _slowly(replies: Any) -> Any:
    for reply in replies:
        yield reply


async def test_leaving_a_stream_cancels_the_call(llm: Gemini, emulator: Emulator) -> None:
    slow = Reply(chunks=["a", "b", "c"], pause=60, times=None)
    emulator.script("StreamGenerateContent", [slow])
    replies = llm.stream_chat(HELLO)
    assert next(replies).delta == "a"
    replies.close()
    later = await llm.astream_chat(HELLO)
    assert (await anext(later)).delta == "a"
    await later.aclose()
    await asyncio.to_thread(emulator.journal.wait)  # LlamaIndex leaves our generator to the loop
    ended = [attempt.cancelled for call in emulator.journal for attempt in call.attempts]
    assert ended == [True, True]


async def test_a_blocked_prompt_is_an_error(llm: Gemini, emulator: Emulator, call: Call) -> None:
    blocked = {"prompt_feedback": {"block_reason": "SAFETY"}}
    emulator.script("GenerateContent", [Reply(message=blocked, times=None)])
    with pytest.raises(NoAnswerError, match="blocked"):
        await call(llm, "complete", SUM)


async def test_tools_are_called(llm: Gemini, emulator: Emulator, call: Call) -> None:
    history = [ChatMessage(role=MessageRole.SYSTEM, content="Be brief.")]
    response = await call(
        llm, "chat_with_tools", [ADD], user_msg="What is 7 + 5?", chat_history=history,
        tool_required=True,
    )  # fmt: skip
    (selection,) = llm.get_tool_calls_from_response(response)
    assert (selection.tool_name, selection.tool_kwargs) == ("add", {"a": 7, "b": 5})
    assert request(emulator).tool_config.function_calling_config.mode.name == "ANY"
    assert request(emulator).system_instruction.parts[0].text == "Be brief."
    *_, last = await call(llm, "stream_chat_with_tools", [ADD], user_msg=HELLO[0])
    assert llm.get_tool_calls_from_response(last)
    assert (await call(llm, "predict_and_call", [ADD], user_msg="What is 7 + 5?")).response == "12"


async def test_parallel_calls_are_one_unless_they_are_allowed(
    llm: Gemini, emulator: Emulator, call: Call
) -> None:
    calls = [{"name": "add", "args": {"a": 1, "b": each}} for each in (1, 2)]
    emulator.script("GenerateContent", [Reply(function_calls=calls, times=None)])
    one = await call(llm, "chat_with_tools", [ADD], user_msg=SUM)
    both = await call(llm, "chat_with_tools", [ADD], user_msg=SUM, allow_parallel_tool_calls=True)
    found = [len(llm.get_tool_calls_from_response(each)) for each in (one, both)]
    assert found == [1, 2]


def test_an_answer_without_calls_is_an_error_if_one_was_due(llm: Gemini) -> None:
    response = llm.chat(HELLO)
    assert llm.get_tool_calls_from_response(response, error_on_no_tool_call=False) == []
    with pytest.raises(NoAnswerError, match=r"calls no tool.*2 \+ 3 is 5"):
        llm.get_tool_calls_from_response(response)


async def test_answers_are_structured(llm: Gemini, emulator: Emulator, call: Call) -> None:
    args = {"title": "Yesterday", "year": 1965}
    song = Reply(function_calls=[{"name": "Song", "args": args}], times=None)
    emulator.script("GenerateContent", [song])
    emulator.script("StreamGenerateContent", [song])
    prompt = PromptTemplate("Name a song about {topic}.")
    expected = Song(**args)  # type: ignore[arg-type]  # the values of the dictionary fit
    assert await call(llm, "structured_predict", Song, prompt, topic="the past") == expected
    assert request(emulator).tool_config.function_calling_config.mode.name == "ANY"
    structured = llm.as_structured_llm(Song)
    assert (await call(structured, "chat", HELLO)).raw == expected
    *_, last = await call(llm, "stream_structured_predict", Song, prompt, topic="the past")
    assert last == expected
    assert request(emulator).tool_config.function_calling_config.mode.name == "ANY"


async def test_the_object_of_a_stream_is_required(client: gemini_grpc.Client, call: Call) -> None:
    prompt = PromptTemplate("Tell me about {topic}.")
    llm = Gemini(client=client)
    *_, last = await call(llm, "stream_structured_predict", Song, prompt, topic="the past")
    assert isinstance(last, Song)


def test_without_calling_functions_nothing_is_required(llm: Gemini, emulator: Emulator) -> None:
    plain = llm.model_copy(update={"is_function_calling_model": False})
    emulator.script("GenerateContent", [Reply(text='{"title": "Yesterday", "year": 1965}')])
    emulator.script("StreamGenerateContent", [Reply(text='{"title": "Yesterday", "year": 1965}')])
    prompt = PromptTemplate("Name a song.")
    expected = plain.structured_predict(Song, prompt)
    *_, last = plain.stream_structured_predict(Song, prompt)
    assert last == expected == Song(title="Yesterday", year=1965)
    assert "tools" not in request(emulator)


async def test_callbacks_are_told(options: dict[str, Any], emulator: Emulator, call: Call) -> None:
    debug = LlamaDebugHandler(print_trace_on_end=False)
    counter = TokenCountingHandler(tokenizer=str.split)
    with Gemini(**options, callback_manager=CallbackManager([debug, counter])) as llm:
        await call(llm, "complete", SUM)
        await call(llm, "stream_chat", HELLO)
    pairs = debug.get_event_pairs(CBEventType.LLM)
    assert len(pairs) == 2
    told = pairs[0][0].payload
    assert told is not None
    assert "gemini-flash-latest" in told[EventPayload.SERIALIZED].values()
    assert counter.total_llm_token_count > 0
    assert not emulator.journal.calls("GetModel")


async def test_the_prompt_of_the_system_is_sent(
    options: dict[str, Any], emulator: Emulator, call: Call
) -> None:
    with Gemini(**options, system_prompt="Be brief.") as llm:
        assert (
            await call(llm, "predict", PromptTemplate("What is {a} + 3?"), a=2)
        ) == "2 + 3 is 5."
    assert request(emulator).system_instruction.parts[0].text == "Be brief."


def test_what_is_saved_has_no_key(emulator: Emulator, monkeypatch: pytest.MonkeyPatch) -> None:
    base = f"http://{emulator.target}"
    llm = Gemini(
        "gemini-3.1-pro-preview", api_key="s3cret", api_base=base, temperature=0.7, top_k=5
    )
    llm.complete(SUM)
    texts = [repr(llm), str(llm), repr(llm.__dict__), llm.to_json(), str(llm.to_payload())]
    assert not any("s3cret" in text for text in texts)
    saved = pickle.dumps(llm)
    assert b"s3cret" not in saved
    monkeypatch.setenv("GOOGLE_API_KEY", "another")
    for again in (pickle.loads(saved), Gemini.from_dict(llm.to_dict())):
        assert again.to_dict() == llm.to_dict()
        assert again.complete(SUM).text == "2 + 3 is 5."
        assert request(emulator).generation_config.top_k == 5
        again.close()
    for made in (copy.deepcopy(llm)._connection, copy.copy(llm._connection)):
        assert made is llm._connection
    llm.close()


def test_a_client_on_vertex_is_saved_without_it(emulator: Emulator) -> None:
    with Gemini(project="p", location="global") as llm:
        again = pickle.loads(pickle.dumps(llm))
    assert again._connection.backend == llm._connection.backend
    assert pickle.loads(pickle.dumps(llm._connection)).backend.location == "global"


def test_closing_ends_its_own_client_only(options: dict[str, Any], emulator: Emulator) -> None:
    own = Gemini(**options)
    own.close()
    own.complete(SUM)
    own.close()
    own.close()
    with pytest.raises(errors.ClosedError):
        own.complete(SUM)
    target = {"api_endpoint": options["api_base"], "api_key": "test"}
    with gemini_grpc.Client(client_options=target) as client:
        with Gemini(client=client) as llm:
            llm.complete(SUM)
        assert llm.complete(SUM).text


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        ({"transport": "rest"}, "transport is 'rest'; expected 'grpc' or 'grpc_asyncio'"),
        ({"version": "v2"}, "version is 'v2'"),
        ({"project": "a/b"}, "project is 'a/b'"),
        ({"temprature": 1}, "no argument 'temprature'; did you mean 'temperature'"),
        ({"candidate_count": 2}, "candidate_count"),
        ({"model": "a/b/c"}, "no model of the Gemini API"),
        ({"generation_config": {"top_j": 2}}, "top_j"),
        ({"request_options": {"time": 2}}, "request_options has no 'time'"),
        ({"client": gemini_grpc.Client(api_key="a"), "api_key": "b"}, "client excludes"),
        ({"client": "x"}, "client: expected a Client or an AsyncClient, got str"),
    ],
)
def test_what_cannot_be_used_is_refused_at_once(arguments: dict[str, Any], text: str) -> None:
    with pytest.raises(ValueError, match=text) as caught:
        Gemini(**arguments)
    assert isinstance(caught.value, errors.UsageError)


async def test_what_cannot_be_asked_is_refused_before_it_is_sent(
    llm: Gemini, emulator: Emulator, call: Call
) -> None:
    for arguments, text in (
        ({"top_q": 1}, "no argument 'top_q'; did you mean 'top_p'"),
        ({"candidate_count": 2}, "candidate_count"),
    ):
        with pytest.raises(errors.ArgumentError, match=text):
            await call(llm, "chat", HELLO, **arguments)
    for model in (llm, llm.model_copy(update={"max_tokens": 5})):
        with pytest.raises(errors.ArgumentError, match="must not be empty"):
            await call(model, "chat", [])
    assert not list(emulator.journal)
