"""A chat model of LangChain that asks Gemini: settings, calls, errors, callbacks."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from typing import Any

import pytest
from langchain_core.callbacks import AsyncCallbackHandler, BaseCallbackHandler
from langchain_core.messages import HumanMessage, SystemMessage
from pydantic import ValidationError

from gemini_grpc import RetryPolicy, errors
from gemini_grpc.emulator import Emulator, Fault, Reply
from gemini_grpc.errors import ArgumentError
from gemini_grpc.generative.backend import UnsupportedError
from gemini_grpc.integrations.langchain import ChatGemini
from tests.integrations.langchain.conftest import PLACES, Make

BACKENDS = pytest.mark.parametrize("client", PLACES, indirect=True)


async def collect(stream: Any) -> list[Any]:
    return [item async for item in stream]


WAYS: dict[str, Callable[..., Any]] = {
    "invoke": lambda model, *args, **more: model.invoke(*args, **more),
    "ainvoke": lambda model, *args, **more: asyncio.run(model.ainvoke(*args, **more)),
    "stream": lambda model, *args, **more: list(model.stream(*args, **more)),
    "astream": lambda model, *args, **more: asyncio.run(collect(model.astream(*args, **more))),
}
EVERY_WAY = pytest.mark.parametrize("way", WAYS)


def asked(emulator: Emulator) -> Any:
    """Return the last request."""
    return emulator.journal[-1].request


SETTINGS: list[tuple[dict[str, Any], dict[str, Any]]] = [
    ({"temperature": 0.5}, {"temperature": 0.5}),
    ({"top_p": 0.5}, {"top_p": 0.5}),
    ({"top_k": 3}, {"top_k": 3}),
    ({"max_output_tokens": 7}, {"max_output_tokens": 7}),
    ({"max_tokens": 7}, {"max_output_tokens": 7}),
    ({"stop": ["x"]}, {"stop_sequences": ["x"]}),
    ({"response_mime_type": "application/json"}, {"response_mime_type": "application/json"}),
    ({"seed": 3}, {"seed": 3}),
    ({"model_kwargs": {"seed": 3}}, {"seed": 3}),
]


@pytest.mark.parametrize("client", ["v1beta", "vertex"], indirect=True)
@EVERY_WAY
def test_settings_arrive(emulator: Emulator, make: Make, way: str) -> None:
    for given, sent in SETTINGS:
        WAYS[way](make(**given), "Hi")
        config = asked(emulator).generation_config
        assert type(config).to_dict(config).items() >= sent.items()


def test_what_is_given_for_a_call_wins(emulator: Emulator, make: Make) -> None:
    model = make(temperature=1, stop=["x"], max_tokens=5, seed=1)
    model.bind(seed=2).invoke(
        "Hi", temperature=0, stop=["y"], max_tokens=9, model="gemini-3.1-pro-preview"
    )
    request = asked(emulator)
    config = request.generation_config
    assert (config.temperature, config.max_output_tokens, config.seed) == (0, 9, 2)
    assert list(config.stop_sequences) == ["y"]
    assert request.model == "models/gemini-3.1-pro-preview"


def test_thinking_is_set_like_everything_else(make: Make) -> None:
    thinking = {"include_thoughts": True, "thinking_budget": 100}
    answer = make(thinking_config=thinking).invoke("Why is the sky blue?")
    assert answer.content_blocks[0]["type"] == "reasoning"
    assert answer.usage_metadata
    assert answer.usage_metadata["output_token_details"]["reasoning"] > 0


@BACKENDS
def test_safety_settings_arrive(emulator: Emulator, make: Make) -> None:
    make(safety_settings={"HARASSMENT": "BLOCK_NONE"}).invoke("Hi")
    [setting] = asked(emulator).safety_settings
    assert setting.category.name == "HARM_CATEGORY_HARASSMENT"


@pytest.mark.parametrize("client", ["vertex"], indirect=True)
def test_vertex_is_asked_in_its_own_way(emulator: Emulator, make: Make) -> None:
    answer = make(labels={"team": "blue"}).invoke([SystemMessage("Be kind."), HumanMessage("Hi")])
    call = emulator.journal[-1]
    assert call.version == "aiplatform_v1"
    assert call.request.model.endswith("l1/publishers/google/models/gemini-flash-latest")
    assert call.request.labels == {"team": "blue"}
    assert call.request.system_instruction.parts[0].text == "Be kind."
    assert answer.response_metadata["model_name"] == "gemini-flash-latest"


def test_other_places_have_no_labels(emulator: Emulator, make: Make) -> None:
    with pytest.raises(UnsupportedError, match="labels"):
        make().invoke("Hi", labels={"team": "blue"})
    assert not emulator.journal


@EVERY_WAY
def test_a_model_that_is_not_there_is_not_found(make: Make, way: str) -> None:
    with pytest.raises(errors.NotFound, match="gemini-none"):
        WAYS[way](make(model="gemini-none"), "Hi")


@EVERY_WAY
def test_a_quota_is_told_with_its_hint(emulator: Emulator, make: Make, way: str) -> None:
    fault = Fault("RESOURCE_EXHAUSTED", message="slow down", retry_after=7)
    method = "StreamGenerateContent" if "stream" in way else "GenerateContent"
    emulator.script(method, [fault])
    with pytest.raises(errors.ResourceExhausted, match="slow down") as caught:
        WAYS[way](make(max_retries=0), "Hi")
    assert caught.value.retry_after == 7


@EVERY_WAY
def test_what_passes_is_tried_again(emulator: Emulator, make: Make, way: str) -> None:
    method = "StreamGenerateContent" if "stream" in way else "GenerateContent"
    emulator.script(method, [Fault("UNAVAILABLE", times=2)])
    model = make(max_retries=RetryPolicy(attempts=3, initial=0.01))
    assert WAYS[way](model, "Hi")
    assert len(emulator.journal[-1].attempts) == 3


@EVERY_WAY
def test_max_retries_retries_a_rate_limit_that_has_no_hint(
    emulator: Emulator, make: Make, way: str
) -> None:
    method = "StreamGenerateContent" if "stream" in way else "GenerateContent"
    emulator.script(method, [Fault("RESOURCE_EXHAUSTED", message="slow down")])
    assert WAYS[way](make(), "Hi", max_retries=2)
    assert len(emulator.journal[-1].attempts) == 2


@pytest.mark.parametrize("code", ["UNAVAILABLE", "RESOURCE_EXHAUSTED"])
@pytest.mark.parametrize(("given", "attempts"), [(0, 1), (1, 1), (3, 3)])
def test_max_retries_counts_all_attempts(
    emulator: Emulator, make: Make, given: int, attempts: int, code: str
) -> None:
    emulator.script("GenerateContent", [Fault(code, times=None, pushback=0.01)])
    with pytest.raises((errors.Unavailable, errors.ResourceExhausted)):
        make(max_retries=given).invoke("Hi")
    assert len(emulator.journal[-1].attempts) == attempts


def test_max_retries_does_not_repeat_a_stream_that_has_begun(
    emulator: Emulator, make: Make
) -> None:
    emulator.script("StreamGenerateContent", [Reply(chunks=["one", Fault("RESOURCE_EXHAUSTED")])])
    seen = []
    with pytest.raises(errors.ResourceExhausted):
        seen.extend(chunk.text for chunk in make(max_retries=5).stream("Hi"))
    assert seen == ["one"]
    assert len(emulator.journal[-1].attempts) == 1


def test_a_call_has_the_time_it_is_given(emulator: Emulator, make: Make) -> None:
    make(timeout=50).invoke("Hi")
    assert 40 < (emulator.journal[-1].attempts[0].deadline or 0) < 50.5
    emulator.script("GenerateContent", [Reply(text="late", delay=30)])
    started = time.monotonic()
    with pytest.raises(errors.DeadlineExceeded):
        make().invoke("Hi", timeout=0.2)
    assert time.monotonic() - started < 15


def test_a_stream_that_fails_keeps_what_has_come(emulator: Emulator, make: Make) -> None:
    emulator.script("StreamGenerateContent", [Reply(chunks=["one", "two", Fault("INTERNAL")])])
    said = []
    with pytest.raises(errors.Internal):
        said.extend(chunk.text for chunk in make().stream("Hi"))
    emulator.script("StreamGenerateContent", [Reply(chunks=["one", "two", Fault("INTERNAL")])])
    stream = make().stream("Hi")
    assert [next(stream).text, next(stream).text] == ["one", "two"]
    with pytest.raises(errors.Internal):
        next(stream)


def cancelled(emulator: Emulator) -> bool:
    """Tell whether the last attempt was cancelled, once it has ended."""
    attempt = emulator.journal[-1].attempts[-1]
    limit = time.monotonic() + 5
    while attempt.ended is None and time.monotonic() < limit:
        time.sleep(0.01)
    return attempt.cancelled


ENDLESS = Reply(chunks=["word "] * 1000, pause=0.05)


def test_leaving_a_stream_cancels_the_call(emulator: Emulator, make: Make) -> None:
    emulator.script("StreamGenerateContent", [ENDLESS])
    stream: Any = make().stream("Hi")
    assert next(stream).text == "word "
    stream.close()
    assert cancelled(emulator)


async def test_leaving_an_asynchronous_stream_cancels_the_call(
    emulator: Emulator, make: Make
) -> None:
    emulator.script("StreamGenerateContent", [ENDLESS])
    stream: Any = make().astream("Hi")
    assert (await anext(stream)).text == "word "
    await stream.aclose()
    assert await asyncio.to_thread(cancelled, emulator)


async def test_cancelling_a_task_cancels_the_call(emulator: Emulator, make: Make) -> None:
    emulator.script("GenerateContent", [Reply(text="late", delay=30)])
    task = asyncio.create_task(make().ainvoke("Hi"))
    while not emulator.journal:
        await asyncio.sleep(0.01)
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert await asyncio.to_thread(cancelled, emulator)


async def test_asynchronous_calls_run_at_once_on_the_loop(emulator: Emulator, make: Make) -> None:
    emulator.script("GenerateContent", [Reply(text="hi", delay=2.0, times=None)])
    started = time.monotonic()
    await make().abatch(["Hi"] * 20)
    assert time.monotonic() - started < 20
    agents = [dict(call.attempts[0].metadata)["user-agent"] for call in emulator.journal]
    assert all("grpc-python-asyncio" in str(agent) for agent in agents)


def test_a_model_serves_one_event_loop_after_the_other(make: Make) -> None:
    model = make()
    for _ in range(2):
        assert asyncio.run(model.ainvoke("Hi")).text


def test_a_stream_is_not_delayed(emulator: Emulator, make: Make) -> None:
    emulator.script("StreamGenerateContent", [Reply(chunks=["one", "two"], pause=30.0)])
    started = time.monotonic()
    stream = make().stream("Hi")
    next(stream)
    assert time.monotonic() - started < 15


@EVERY_WAY
def test_handlers_hear_of_everything(emulator: Emulator, make: Make, way: str) -> None:
    heard: list[Any] = []

    class Note:
        def start(self, options: Any, more: Any) -> None:
            heard.append(
                ("start", more["tags"], more["metadata"]["ls_provider"], options["temperature"])
            )

        def token(self, token: Any) -> None:
            heard.append(("token", token))

        def end(self, response: Any) -> None:
            heard.append(
                ("end", response.generations[0][0].message.usage_metadata["input_tokens"] > 0)
            )

    note = Note()

    class Sync(BaseCallbackHandler):
        def on_chat_model_start(self, serialized: Any, messages: Any, **more: Any) -> None:
            note.start(more["invocation_params"], more)

        def on_llm_new_token(self, token: Any, **more: Any) -> None:
            note.token(token)

        def on_llm_end(self, response: Any, **more: Any) -> None:
            note.end(response)

    class Async(AsyncCallbackHandler):
        async def on_chat_model_start(self, serialized: Any, messages: Any, **more: Any) -> None:
            note.start(more["invocation_params"], more)

        async def on_llm_new_token(self, token: Any, **more: Any) -> None:
            note.token(token)

        async def on_llm_end(self, response: Any, **more: Any) -> None:
            note.end(response)

    emulator.script("StreamGenerateContent", [Reply(chunks=["one", "two"])])
    config = {"callbacks": [Async() if way[0] == "a" else Sync()], "tags": ["blue"]}
    WAYS[way](make(temperature=0.5), "Hi", config)
    tokens = [("token", "one"), ("token", "two"), ("token", "")] if "stream" in way else []
    assert heard == [("start", ["blue"], "google_genai", 0.5), *tokens, ("end", True)]


def test_invoke_streams_for_handlers_that_want_it(emulator: Emulator, make: Make) -> None:
    assert make(streaming=True).invoke("Hello").text
    assert emulator.journal[-1].method == "StreamGenerateContent"


def test_tracing_is_told_what_is_asked(make: Make) -> None:
    model = make(model="models/gemini-3.1-pro-preview", temperature=0.5, max_tokens=7, stop=["x"])
    assert model._get_ls_params() == {
        "ls_provider": "google_genai",
        "ls_model_name": "gemini-3.1-pro-preview",
        "ls_model_type": "chat",
        "ls_temperature": 0.5,
        "ls_max_tokens": 7,
        "ls_stop": ["x"],
    }
    told = model._get_ls_params(stop=["y"], model="gemini-x", max_tokens=9)
    assert (told["ls_model_name"], told["ls_max_tokens"], told["ls_stop"]) == ("gemini-x", 9, ["y"])


@BACKENDS
def test_tokens_are_counted_by_the_api(emulator: Emulator, make: Make, client: Any) -> None:
    model = make()
    few = model.get_num_tokens("Hello")
    assert 0 < few < model.get_num_tokens("Hello, how are you today?")
    assert emulator.journal[-1].method == "CountTokens"

    def add(a: int, b: int) -> int:
        """Add two numbers."""
        return a + b

    conversation = [SystemMessage("Be kind."), HumanMessage("Hello")]
    some = model.get_num_tokens_from_messages(conversation)
    assert few < some < model.get_num_tokens_from_messages(conversation, tools=[add])


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"temprature": 0}, "no 'temprature'; did you mean 'temperature'"),
    ({"model_kwargs": {"temprature": 0}}, "no 'temprature'; did you mean 'temperature'"),
    ({"model": "a/b/c"}, "'a/b/c' is no model"),
    ({"safety_settings": {"HARASMENT": "BLOCK_NONE"}}, "HARASMENT"),
    ({"max_retries": -1}, "max_retries is -1"),
    ({"timeout": -3}, "error, timeout is -3.0; expected seconds"),
    ({"generation_config": {"top_k": 1}}, "no 'generation_config'; give its settings one by one"),
    ({"request_options": {"timeout": 1}}, "no 'request_options'; give timeout= and max_retries="),
    ({"system_instruction": "x"}, "no 'system_instruction'; put a SystemMessage"),
    ({"temperature": "hot"}, "temperature"),
    ({"api_key": "k"}, "client excludes api_key"),
    ({"project": "p", "location": "l"}, "client excludes project and location"),
    ({"response_schema": {"type": "object", "nope": 1}}, "nope"),
]


@pytest.mark.parametrize(("given", "text"), WRONG, ids=str)
def test_what_cannot_be_sent_is_found_when_the_model_is_made(
    make: Make, given: dict[str, Any], text: str
) -> None:
    with pytest.raises(ValidationError, match=text):
        make(**given)


def test_an_unknown_word_for_a_call_is_named(emulator: Emulator, make: Make) -> None:
    with pytest.raises(ArgumentError, match="did you mean 'temperature'"):
        make().invoke("Hi", temprature=0)
    assert not emulator.journal


WRONG_IN_A_CALL: list[tuple[dict[str, Any], str]] = [
    ({"generation_config": {"top_k": 1}}, "'generation_config'; give its settings one by one"),
    ({"request_options": {"timeout": 1}}, "'request_options'; give timeout= and max_retries="),
    ({"project": "p"}, r"'project'; it belongs to the constructor, ChatGemini\(project=...\)"),
    ({"timeout": 0}, "^timeout is 0; expected seconds"),
    ({"max_retries": "3"}, "^max_retries is '3'; expected the number of attempts"),
    ({"max_retries": True}, "^max_retries is True"),
]


@pytest.mark.parametrize(("given", "text"), WRONG_IN_A_CALL, ids=str)
def test_the_error_of_a_call_names_the_argument_and_where_it_belongs(
    emulator: Emulator, make: Make, given: dict[str, Any], text: str
) -> None:
    with pytest.raises(ArgumentError, match=text):
        make().invoke("Hi", **given)
    assert not emulator.journal


def test_nothing_to_say_is_refused(emulator: Emulator, make: Make) -> None:
    with pytest.raises(ArgumentError, match="must not be empty"):
        make().invoke([])
    assert not emulator.journal


@EVERY_WAY
def test_what_only_the_system_says_is_said_by_the_user(
    emulator: Emulator, make: Make, way: str
) -> None:
    assert WAYS[way](make(), [SystemMessage("Be kind."), SystemMessage("Be brief.")])
    [content] = asked(emulator).contents
    assert (content.role, [part.text for part in content.parts]) == (
        "user",
        ["Be kind.", "Be brief."],
    )
    assert "system_instruction" not in asked(emulator)
    assert make().get_num_tokens_from_messages([SystemMessage("Be kind.")]) > 0


@pytest.mark.parametrize("client", ["x", object()])
def test_what_is_no_client_is_refused(client: object) -> None:
    with pytest.raises(ValidationError, match="client: expected a Client or an AsyncClient, got "):
        ChatGemini(client=client)
