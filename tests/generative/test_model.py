"""A model sends what it was given, merged with what the call says, on every backend in both colours."""

from __future__ import annotations

import itertools
import threading
import time
from typing import Any

import pytest

import gemini_grpc
from gemini_grpc import errors
from gemini_grpc.emulator import Emulator, Fault, Reply
from gemini_grpc.generative import default
from gemini_grpc.generative.backend import UnsupportedError
from gemini_grpc.generative.model import GenerativeModel
from tests.generative.places import Place


def sent(place: Place) -> Any:
    """Return the last request."""
    return place.emulator.journal[-1].request


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def test_a_bare_question_has_the_model_and_the_contents(anywhere: Place) -> None:
    model = anywhere.model()
    anywhere.ask(model, "Hi")
    assert sent(anywhere).model == model.model_name
    assert model.model_name.endswith("models/gemini-flash-latest")
    assert [content.role for content in sent(anywhere).contents] == ["user"]
    fields = {field.name for field, _ in sent(anywhere)._pb.ListFields()}
    assert fields == {"model", "contents"}


def test_what_a_model_has_goes_with_every_question(anywhere: Place) -> None:
    model = anywhere.model(
        model_name="gemini-3.1-pro-preview",
        system_instruction="Be brief.",
        generation_config={"temperature": 0.5},
        safety_settings={"HARASSMENT": "block_none"},
        tools=[add],
        tool_config={"function_calling_config": {"mode": "none"}},
    )
    for _ in range(2):
        anywhere.ask(model, "Hi")
        request = sent(anywhere)
        assert request.model.endswith("models/gemini-3.1-pro-preview")
        assert request.system_instruction.parts[0].text == "Be brief."
        assert request.generation_config.temperature == 0.5
        assert request.safety_settings[0].threshold.name == "BLOCK_NONE"
        assert request.tools[0].function_declarations[0].name == "add"
        assert request.tool_config.function_calling_config.mode.name == "NONE"
        assert len(request.contents) == 1


def test_settings_of_a_call_are_merged_and_tools_replaced(anywhere: Place) -> None:
    model = anywhere.model(
        generation_config={"temperature": 0.5, "top_p": 0.25},
        safety_settings={"HARASSMENT": "block_none", "DANGEROUS": "block_none"},
        tools=[add],
        tool_config={"function_calling_config": {"mode": "none"}},
    )
    anywhere.ask(
        model,
        "Hi",
        generation_config={"temperature": 1.0, "max_output_tokens": 9},
        safety_settings={"DANGEROUS": "block_only_high"},
        tools=[{"name": "other", "description": "Other."}],
        tool_config={"function_calling_config": {"mode": "auto"}},
    )
    request = sent(anywhere)
    config = request.generation_config
    assert (config.temperature, config.top_p, config.max_output_tokens) == (1.0, 0.25, 9)
    thresholds = {each.category.name: each.threshold.name for each in request.safety_settings}
    assert thresholds == {
        "HARM_CATEGORY_HARASSMENT": "BLOCK_NONE",
        "HARM_CATEGORY_DANGEROUS_CONTENT": "BLOCK_ONLY_HIGH",
    }
    (tool,) = request.tools
    assert [declared.name for declared in tool.function_declarations] == ["other"]
    assert request.tool_config.function_calling_config.mode.name == "AUTO"
    anywhere.ask(model, "Hi", tools=[])
    assert len(sent(anywhere).tools) == 0
    assert sent(anywhere).generation_config.temperature == 0.5


def test_labels_are_for_vertex(anywhere: Place) -> None:
    if anywhere.backend == "vertex":
        model = anywhere.model(labels={"team": "blue"})
        anywhere.ask(model, "Hi")
        assert dict(sent(anywhere).labels) == {"team": "blue"}
        anywhere.ask(model, "Hi", labels={"for": "test"})
        assert dict(sent(anywhere).labels) == {"for": "test"}
        with pytest.raises(errors.ArgumentError, match="labels: expected a mapping"):
            anywhere.ask(model, "Hi", labels={"for": 1})
        return
    with pytest.raises(UnsupportedError, match="labels: the Gemini API"):
        anywhere.model(labels={"team": "blue"})
    with pytest.raises(UnsupportedError, match="labels: the Gemini API"):
        anywhere.ask(anywhere.model(), "Hi", labels={"team": "blue"})


def test_tokens_are_counted_of_the_whole_question(anywhere: Place) -> None:
    bare = anywhere.call(anywhere.model().count_tokens, "Hi there")
    model = anywhere.model(
        system_instruction="Be brief.", tools=[add], generation_config={"temperature": 0.5}
    )
    whole = anywhere.call(model.count_tokens, "Hi there")
    assert 0 < bare.total_tokens < whole.total_tokens
    request = sent(anywhere)
    asked = request if anywhere.backend == "vertex" else request.generate_content_request
    assert request.model == asked.model == model.model_name
    assert asked.system_instruction.parts[0].text == "Be brief."
    assert asked.tools[0].function_declarations[0].name == "add"
    assert asked.generation_config.temperature == 0.5
    assert asked.contents[0].parts[0].text == "Hi there"


def test_nothing_cannot_be_counted(anywhere: Place) -> None:
    model = anywhere.model(system_instruction="Be brief.")
    with pytest.raises(errors.ArgumentError, match="must not be empty"):
        anywhere.call(model.count_tokens, [])
    assert len(anywhere.emulator.journal) == 0


def test_tokens_are_computed_on_vertex(anywhere: Place) -> None:
    model = anywhere.model()
    if anywhere.backend == "vertex":
        (info,) = anywhere.call(model.compute_tokens, "Hi there").tokens_info
        assert b"".join(info.tokens) == b"Hi there"
        return
    with pytest.raises(UnsupportedError, match="ComputeTokens"):
        anywhere.call(model.compute_tokens, "Hi there")
    assert len(anywhere.emulator.journal) == 0


@pytest.mark.parametrize(
    ("arguments", "kind", "text"),
    [
        ({"model_name": "files/x"}, errors.ArgumentError, "is no model"),
        ({"model_name": None}, errors.ArgumentError, "expected the name of a model"),
        ({"generation_config": {"temprature": 1}}, errors.FieldError, "temprature"),
        ({"generation_config": 7}, errors.FieldError, "generation_config"),
        ({"safety_settings": {"HARASMENT": "low"}}, errors.ArgumentError, "HARASMENT"),
        ({"tools": 7}, errors.FieldError, "tools"),
        ({"tool_config": {"function_calling_config": "often"}}, errors.UsageError, "often"),
        ({"system_instruction": object()}, errors.FieldError, "system_instruction"),
        ({"cached_content": "files/x"}, errors.ArgumentError, "cached_content"),
        ({"cached_content": "x", "tools": [add]}, errors.ArgumentError, "tools and cached_content"),
        ({"cached_content": "x", "system_instruction": "a"}, errors.ArgumentError, "exclude"),
    ],
)
def test_wrong_arguments_are_found_when_the_model_is_made(
    anywhere: Place, arguments: dict[str, Any], kind: type[Exception], text: str
) -> None:
    with pytest.raises(kind, match=text) as caught:
        anywhere.model(**arguments)
    assert isinstance(caught.value, ValueError)


@pytest.mark.parametrize("contents", [None, "", [], (), {}, [None], object(), {"parts": []}])
def test_contents_that_are_none_are_refused_before_the_call(place: Place, contents: Any) -> None:
    with pytest.raises(errors.UsageError):
        place.ask(place.model(), contents)
    assert len(place.emulator.journal) == 0


def test_an_unknown_request_option_is_refused(place: Place) -> None:
    with pytest.raises(errors.ArgumentError, match="timout"):
        place.ask(place.model(), "Hi", request_options={"timout": 3})


def test_request_options_reach_the_call(place: Place) -> None:
    options = {"timeout": 7.0, "metadata": [("x-team", "blue")], "retry": None}
    place.emulator.script("GenerateContent", [Fault("UNAVAILABLE")])
    with pytest.raises(errors.Unavailable):
        place.ask(place.model(), "Hi", request_options=options)
    (attempt,) = place.emulator.journal[-1].attempts
    assert attempt.deadline is not None
    assert 6 < attempt.deadline < 7.5  # grpc rounds it up
    assert ("x-team", "blue") in attempt.metadata
    place.emulator.script("GenerateContent", [Fault("UNAVAILABLE"), Reply(text="Hello")])
    assert place.ask(place.model(), "Hi").text == "Hello"
    place.ask(place.model(), "Hi", request_options={"timeout": None})
    assert place.emulator.journal[-1].attempts[-1].deadline is None


def test_a_payload_that_is_too_large_is_advised_about(place: Place) -> None:
    text = "Request payload size exceeds the limit: 20971520 bytes."
    place.emulator.script("GenerateContent", [Fault("INVALID_ARGUMENT", text)])
    with pytest.raises(errors.InvalidArgument) as caught:
        place.ask(place.model(), "Hi")
    assert "Upload large media" in str(caught.value)


def test_a_model_goes_on_from_a_cached_content(anywhere: Place) -> None:
    client, package = anywhere.client, "v1beta"
    if anywhere.backend == "vertex":
        service: Any = client.gen_ai_cache_service
        more: dict[str, Any] = {"parent": "projects/p/locations/us-central1"}
        package = "aiplatform_v1"
    else:
        service, more = client.cache_service, {}
        package = anywhere.backend
    cached = getattr(gemini_grpc, package).CachedContent(
        model=anywhere.model(model_name="gemini-3.1-pro-preview").model_name,
        contents=[{"role": "user", "parts": [{"text": "long " * 5000}]}],
        ttl={"seconds": 600},
    )
    made = service.create_cached_content(cached_content=cached, **more)
    make = GenerativeModel.from_cached_content
    if anywhere.is_async:
        make = GenerativeModel.from_cached_content_async  # type: ignore[assignment]  # its twin
    for given in (made, made.name, made.name.rpartition("/")[2]):
        model: Any = anywhere.colour.call(
            make, given, generation_config={"temperature": 0.5}, client=client
        )
        assert model.model_name == made.model
        assert model.cached_content == made.name
        anywhere.ask(model, "Hi")
        assert sent(anywhere).cached_content == made.name
        assert sent(anywhere).generation_config.temperature == 0.5
    with pytest.raises(errors.ArgumentError, match="tools and cached_content exclude each other"):
        anywhere.ask(model, "Hi", tools=[add])
    with pytest.raises(errors.ArgumentError, match="without a model"):
        anywhere.colour.call(make, object(), client=client)
    assert anywhere.model().cached_content is None


def test_a_model_is_shown_for_people(place: Place) -> None:
    model = place.model(
        system_instruction="Be brief. " * 10,
        generation_config={"temperature": 0.5},
        tools=[add, "code_execution"],
    )
    assert repr(model) == (
        "GenerativeModel(\n"
        "    model_name='models/gemini-flash-latest',\n"
        "    generation_config={'temperature': 0.5},\n"
        "    tools=['add', 'code_execution'],\n"
        f"    system_instruction={('Be brief. ' * 10)[:57] + '...'!r},\n"
        ")"
    )


@pytest.fixture
def unconfigured(monkeypatch: pytest.MonkeyPatch) -> None:
    """The default client as it is before anything was said, and no credentials anywhere."""
    for name in ("GOOGLE_API_KEY", "GEMINI_API_KEY", "GOOGLE_APPLICATION_CREDENTIALS"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(default, "_default", default._Default())


@pytest.mark.usefixtures("unconfigured")
def test_the_default_client_is_made_at_the_first_call(emulator: Emulator) -> None:
    model = GenerativeModel(generation_config={"temperature": 0.5})
    with pytest.raises(errors.ArgumentError, match="must not be empty"):
        model.generate_content([])
    assert default._default.client._made is None
    target = {"api_endpoint": f"http://{emulator.target}"}
    default.configure(api_key="test", client_options=target)
    assert model.generate_content("What is 2 + 3?").text == "2 + 3 is 5."
    assert emulator.journal[-1].request.generation_config.temperature == 0.5
    default._default.client.wires.abandon()


@pytest.mark.usefixtures("unconfigured")
def test_a_model_stays_with_the_default_client_it_was_made_or_first_used_with(
    emulator: Emulator,
) -> None:
    target = {"api_endpoint": f"http://{emulator.target}"}
    early = GenerativeModel()
    assert early.model_name == "models/gemini-flash-latest"
    models, clients = [early], []
    for location in ("us-central1", "europe-west4"):
        default.configure(api_key="k", client_options=target, project="p", location=location)
        clients.append(default._default.client)
        models.append(GenerativeModel())
        models[0].generate_content("Hi")
    default.configure(api_key="k", client_options=target)
    clients.append(default._default.client)
    asked = []
    for model in models:
        chat = model.start_chat()
        chat.send_message("Hi")
        asked.append(emulator.journal[-1].request.model)
        assert model.model_name == asked[-1]
    name = "projects/p/locations/{}/publishers/google/models/gemini-flash-latest"
    first, second = name.format("us-central1"), name.format("europe-west4")
    assert asked == [first, first, second]
    for client in clients:
        client.wires.abandon()


@pytest.mark.usefixtures("unconfigured")
def test_a_model_may_be_asked_while_the_default_client_is_changed(emulator: Emulator) -> None:
    target = {"api_endpoint": f"http://{emulator.target}"}
    done = threading.Event()
    clients = []

    def change() -> None:
        for number in itertools.count():
            place = {"project": "p", "location": "us-central1"} if number % 2 else {}
            default.configure(api_key="k", client_options=target, **place)
            clients.append(default._default.client)
            if done.is_set():
                break

    default.configure(api_key="k", client_options=target)
    clients.append(default._default.client)
    changing = threading.Thread(target=change)
    changing.start()
    try:
        for _ in range(50):
            model = GenerativeModel()
            assert model.generate_content("What is 2 + 3?").text == "2 + 3 is 5."
            assert emulator.journal[-1].request.model == model.model_name
    finally:
        done.set()
        changing.join()
        for client in clients:
            client.wires.abandon()


def test_a_model_may_be_asked_by_many_threads(emulator: Emulator) -> None:
    from tests.colours import Sync

    place = Place(emulator, "v1beta", Sync())
    model = place.model()
    asked = [lambda n=n: model.generate_content(f"What is {n} + 1?").text for n in range(32)]  # type: ignore[misc]  # n is bound now
    answers = place.colour.together(asked)
    assert answers == [f"{n} + 1 is {n + 1}." for n in range(32)]
    place.close()
    place.colour.end()


def test_asking_costs_little_more_than_the_call(emulator: Emulator) -> None:
    """What is done besides the call: measured without the call, against building a request by hand."""
    from tests.colours import Sync

    place = Place(emulator, "v1beta", Sync())
    model = place.model()
    answer = model.generate_content("Hi")._chunks[0]

    class Ready:
        def unary(self, *_: object) -> Any:
            return answer

    place.client.wires.__dict__["channel"] = Ready()
    best = 1e9
    for _ in range(5):
        start = time.process_time()
        for _ in range(500):
            assert model.generate_content("Why is the sky blue?").text
        best = min(best, (time.process_time() - start) / 500)
    assert best < 100e-6  # about 10 us on an idle machine
    place.colour.end()
