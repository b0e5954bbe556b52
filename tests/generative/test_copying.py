"""Copies share the client; pickles are made of what was given, and find the default client again."""

from __future__ import annotations

import copy
import math
import pickle
from typing import TYPE_CHECKING, Any

import pytest

import gemini_grpc as genai
from gemini_grpc.emulator import Emulator, Reply
from gemini_grpc.generative import default
from gemini_grpc.generative.answer_errors import BrokenResponseError, IncompleteIterationError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.generative.places import Place


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def repickled(value: Any) -> Any:
    return pickle.loads(pickle.dumps(value))


COPIES = pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy])
EVERY = pytest.mark.parametrize("copied", [copy.copy, copy.deepcopy, repickled])


@pytest.fixture(params=[{}, {"project": "p", "location": "us-central1"}], ids=["gemini", "vertex"])
def configured(
    emulator: Emulator, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> Emulator:
    """A default client of each backend."""
    monkeypatch.setattr(default, "_default", default._Default())
    monkeypatch.setenv("GEMINI_EMULATOR_HOST", emulator.target)
    monkeypatch.setenv("GOOGLE_API_KEY", "test")
    genai.configure(**request.param)
    return emulator


@COPIES
def test_a_copy_of_a_model_shares_the_client(anywhere: Place, copied: Callable[[Any], Any]) -> None:
    model = anywhere.model(tools=[add], generation_config={"temperature": 0.5})
    anywhere.ask(model, "Hi")
    twin = copied(model)
    assert twin is not model
    assert twin._client is anywhere.client
    assert repr(twin) == repr(model)
    assert anywhere.ask(twin, "Hi").text
    assert copied(anywhere.client) is anywhere.client
    wires = anywhere.client.wires
    assert copied(wires.channel) is wires.channel


@COPIES
def test_a_copy_of_a_chat_goes_on_by_itself(anywhere: Place, copied: Callable[[Any], Any]) -> None:
    model = anywhere.model(tools=[add])
    chat = model.start_chat(enable_automatic_function_calling=True)
    anywhere.send(chat, "Hi")
    twin = copied(chat)
    assert twin.model._client is anywhere.client
    assert twin.enable_automatic_function_calling
    assert twin.history == chat.history
    assert all(one is not other for one, other in zip(twin.history, chat.history, strict=True))
    anywhere.send(twin, "And now?")
    assert (len(chat.history), len(twin.history)) == (2, 4)
    twin.rewind()
    twin.rewind()
    assert twin.history == []


@pytest.mark.parametrize("after", ["before", "after"])
def test_a_model_of_the_default_client_can_be_pickled(configured: Emulator, after: str) -> None:
    model = genai.GenerativeModel(tools=[add], system_instruction="Be brief.")
    if after == "after":
        model.generate_content("Hi")
    twin = repickled(model)
    assert repr(twin) == repr(model)
    assert twin.generate_content("Hi").text
    assert twin._client is default.client_of()


def test_a_chat_of_the_default_client_can_be_pickled(configured: Emulator) -> None:
    chat = genai.GenerativeModel(tools=[add]).start_chat(enable_automatic_function_calling=True)
    call = {"name": "add", "args": {"a": 2, "b": 3}}
    configured.script("GenerateContent", [Reply(function_calls=[call]), Reply(text="5")])
    chat.send_message("2 + 3")
    twin = repickled(chat)
    assert twin.history == chat.history
    assert twin.last.text == "5"
    assert len(twin.last.automatic_function_calling_history) == 2
    twin.send_message("And now?")
    assert len(twin.history) == 6
    twin.rewind()
    sent, received = twin.rewind()
    assert (sent.parts[0].text, received.parts[0].text) == ("2 + 3", "5")
    assert twin.history == []


def test_what_has_a_client_of_its_own_is_not_pickled(anywhere: Place) -> None:
    model = anywhere.model()
    things = [anywhere.client, anywhere.client.wires, anywhere.client.models, model]
    for thing in [*things, model.start_chat()]:
        with pytest.raises(TypeError, match=r"not pickled.*client=.*the default client"):
            pickle.dumps(thing)


@EVERY
@pytest.mark.parametrize("stream", [False, True])
def test_an_answer_can_be_copied(
    anywhere: Place, stream: bool, copied: Callable[[Any], Any]
) -> None:
    def local(a: int) -> int:
        """Return a number."""
        return a

    args = {"a": 2, "b": math.inf}
    anywhere.emulator.script(
        "StreamGenerateContent" if stream else "GenerateContent",
        [
            Reply(function_calls=[{"name": "local", "args": {"a": 2}}]),
            Reply(function_calls=[{"name": "other", "args": args}]),
        ],
    )
    model = anywhere.model(tools=[local, {"function_declarations": [{"name": "other"}]}])
    response = anywhere.ask(model, "Hi", stream=stream, automatic_function_calling=True)
    if stream:
        with pytest.raises(IncompleteIterationError):
            copied(response)
    anywhere.resolve(response)
    twin = copied(response)
    assert twin.to_dict() == response.to_dict()
    assert twin.function_calls[0].args == args
    history = twin.automatic_function_calling_history
    assert history == response.automatic_function_calling_history
    assert len(history) == 2


@EVERY
def test_infinite_numbers_are_texts_in_json(anywhere: Place, copied: Callable[[Any], Any]) -> None:
    args = {"a": math.inf, "b": [-math.inf, {"c": math.nan}], "d": 1.5}
    anywhere.emulator.script(
        "GenerateContent", [Reply(function_calls=[{"name": "f", "args": args}])]
    )
    response = copied(anywhere.ask(anywhere.model(), "Hi"))
    part = response.to_dict()["candidates"][0]["content"]["parts"][0]
    expected = {"a": "Infinity", "b": ["-Infinity", {"c": "NaN"}], "d": 1.5}
    assert part["function_call"]["args"] == expected
    assert '"-Infinity"' in type(response.message).to_json(response.message)
    assert response.function_calls[0].args["a"] == math.inf  # the message is as it came
    assert "inf" in repr(response.message)
    assert "function_calls=['f']" in repr(response)


def test_an_unusable_answer_makes_no_copy_of_a_chat(place: Place) -> None:
    place.emulator.script("StreamGenerateContent", [Reply(chunks=[{}])])
    chat = place.model().start_chat()
    response = place.send(chat, "Hi", stream=True)
    place.resolve(response)
    with pytest.raises(BrokenResponseError):
        copy.deepcopy(chat)


@COPIES
def test_a_copy_of_a_resource_has_its_client(configured: Emulator, copied: Any) -> None:
    is_vertex = default.backend_of().is_vertex
    project: Any = {"project": "p"} if is_vertex else {}
    with genai.Client(api_key="test", **project) as client:
        cache = genai.caching.CachedContent.create(
            "gemini-2.5-flash", contents=["word " * 5000], client=client
        )
        things: list[Any] = [cache]
        if not is_vertex:
            things.append(genai.get_model("models/gemini-2.5-flash", client=client))
        for thing in things:
            twin = copied(thing)
            assert twin == thing
            assert twin.wires is client.wires
            again = repickled(thing)
            assert again == thing
            assert again.wires is default.wires_of()


@EVERY
def test_declarations_can_be_copied(copied: Callable[[Any], Any]) -> None:
    declared = genai.types.FunctionDeclaration(name="f", description="F")
    assert copied(declared).to_dict() == declared.to_dict()
    callable_ = genai.types.CallableFunctionDeclaration.of(add)
    assert copied(callable_)(a=1, b=2) == 3
