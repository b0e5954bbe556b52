"""Every row of the migration page is true: its code runs, and what it says besides is the case."""

from __future__ import annotations

import ast
import asyncio
import importlib
import inspect
import json
import pathlib
import re
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from typing import Any, NamedTuple

import grpc
import PIL.Image
import pytest

import gemini_grpc as genai
from gemini_grpc import aiplatform_v1, errors, v1alpha, v1beta, vertexai
from gemini_grpc.emulator import Emulator, Fault, Reply
from gemini_grpc.generative import default
from gemini_grpc.vertexai import generative_models

ROOT = pathlib.Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/migration.md").read_text()


class Row(NamedTuple):
    """A row of one of the tables."""

    section: int
    before: str
    after: str
    note: str


def rows() -> Iterator[Row]:
    for number, text in re.findall(r"^## (\d)\. .*?\n(.*?)(?=^## |\Z)", PAGE, re.M | re.S):
        for line in re.findall(r"^\|(?! Before|---).*$", text, re.M):
            before, after, note = (cell.strip() for cell in line[1:-1].split(" | "))
            yield Row(int(number), before, after, note)


ROWS = list(rows())
Names = dict[str, Any]


def multiply(a: float, b: float) -> float:
    """Multiply two numbers."""
    return a * b


@pytest.fixture(scope="module")
def running() -> Iterator[Emulator]:
    with Emulator() as made:
        yield made


@pytest.fixture
def emulator(
    running: Emulator, monkeypatch: pytest.MonkeyPatch, tmp_path: pathlib.Path
) -> Emulator:
    """An emulator as new, which every client uses, and a default client that no other test sees."""
    running.reset()
    running.clear_scripts()
    running.reset_journal()
    monkeypatch.setattr(default, "_default", default._Default())
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("GOOGLE_API_KEY", raising=False)
    monkeypatch.setenv("GEMINI_API_KEY", "test")
    monkeypatch.setenv("GEMINI_EMULATOR_HOST", running.target)
    return running


@pytest.fixture
def names(emulator: Emulator, request: pytest.FixtureRequest) -> Iterator[Names]:
    """What the page says that stands for something."""
    section = request.node.callspec.params["row"].section
    if section == 2:
        genai.configure(project="p", location="us-central1")
    else:
        genai.configure(api_key="test")
    PIL.Image.new("RGB", (8, 8), "red").save("image.jpg")
    pathlib.Path("notes.txt").write_text("Every house has a door. " * 1000)
    model = genai.GenerativeModel("gemini-3.8-flash")
    client = genai.Client(project="p") if section == 2 else genai.Client(api_key="test")
    services: Names = {}
    if section == 3:
        services = {
            "service": v1beta.GenerativeServiceClient(client_options={"api_key": "test"}),
            "models": v1beta.ModelServiceClient(client_options={"api_key": "test"}),
        }
    yield {
        **vars(generative_models),
        **services,
        "genai": genai,
        "vertexai": vertexai,
        "glm": v1beta,
        "aiplatform_v1": aiplatform_v1,
        "pathlib": pathlib,
        "datetime": datetime,
        "timedelta": timedelta,
        "timezone": timezone,
        "Iterator": Iterator,
        "key": "test",
        "path": "notes.txt",
        "multiply": multiply,
        "data": pathlib.Path("image.jpg").read_bytes(),
        "text": pathlib.Path("notes.txt").read_text(),
        "question": [{"role": "user", "parts": [{"text": "Hi"}]}],
        "examples": {
            "examples": {
                "examples": [
                    {"text_input": "1", "output": "2"},
                    {"text_input": "2", "output": "3"},
                ]
            }
        },
        "model": model,
        "chat": model.start_chat(),
        "client": client,
        "file": genai.protos.File(
            name="files/a", uri="https://host/files/a", mime_type="text/plain"
        ),
        "response": model.generate_content("Hi"),
        "found": {"candidates": [{"content": {"role": "model", "parts": [{"text": "Hi"}]}}]},
    }
    client.close()
    for service in services.values():
        service.transport.close()


def test_the_page_has_rows_for_each_library() -> None:
    assert {row.section for row in ROWS} == {1, 2, 3, 4}
    assert len(ROWS) > 70
    lines = re.findall(r"^\|(?!---)(?! Before).*$", PAGE, re.M)
    assert len(lines) == len(ROWS)
    assert len({row[:2] for row in ROWS}) == len(ROWS)


@pytest.mark.parametrize("row", ROWS, ids=lambda row: f"{row.section}-{row.before[:40]}")
def test_the_code_of_a_row_runs(row: Row, names: Names) -> None:
    code = re.fullmatch(r"`([^`]+)`", row.after)
    assert code, "what comes after is one piece of code"
    compiled = compile(code[1], "row", "exec", flags=ast.PyCF_ALLOW_TOP_LEVEL_AWAIT)
    running = eval(compiled, names)
    if inspect.iscoroutine(running):
        asyncio.run(running)


CLAIMS: dict[tuple[int, str], Callable[[Emulator], None]] = {}
"""What the notes of rows say, by section and by what the row begins with."""


def claim(section: int, before: str) -> Callable[[Callable[[Emulator], None]], None]:
    def add(check: Callable[[Emulator], None]) -> None:
        CLAIMS[section, before] = check

    return add


@claim(1, "`genai.configure(api_key=key)`")
def _(emulator: Emulator) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("GEMINI_EMULATOR_HOST")
        patch.setenv("GOOGLE_API_KEY", "first")
        patch.setenv("GEMINI_API_KEY", "second")
        with pytest.warns(UserWarning, match="GOOGLE_API_KEY"), genai.Client() as client:
            assert ("x-goog-api-key", "first") in client.wires.settings.metadata


@claim(1, '`genai.configure(api_key=key, transport="rest")`')
def _(emulator: Emulator) -> None:
    with pytest.raises(errors.ArgumentError, match="gRPC"):
        genai.configure(api_key="test", transport="rest")
    with pytest.raises(errors.ArgumentError, match="gRPC"):
        vertexai.init(project="p", api_transport="rest")


@claim(1, "`genai.GenerativeModel()`")
def _(emulator: Emulator) -> None:
    assert genai.GenerativeModel().model_name == "models/gemini-flash-latest"


@claim(1, "`chunk.text`")
def _(emulator: Emulator) -> None:
    parts = [{"text": "Hm.", "thought": True}]
    thinking = {"candidates": [{"content": {"role": "model", "parts": parts}}]}
    emulator.script("StreamGenerateContent", [Reply(chunks=[thinking, "Yes."])])
    response = genai.GenerativeModel().generate_content("Hi", stream=True)
    assert [chunk.text for chunk in response] == ["", "Yes."]
    assert (response.text, response.thoughts) == ("Yes.", "Hm.")


@claim(1, '`chat.send_message("Hi")`, answered without text or calls')
def _(emulator: Emulator) -> None:
    parts: list[Any]
    for parts in ([], [{}], [{"text": ""}]):
        answer = {"content": {"role": "model", "parts": parts}, "finish_reason": "STOP"}
        emulator.script("GenerateContent", [Reply(message={"candidates": [answer]})])
        chat = genai.GenerativeModel().start_chat()
        with pytest.raises(generative_models.ResponseValidationError, match="STOP"):
            chat.send_message("Hi")
        assert chat.history == []


@claim(1, '`for chunk in model.generate_content("Hi", stream=True)`, cut short')
def _(emulator: Emulator) -> None:
    half = {"candidates": [{"content": {"role": "model", "parts": [{"text": "Half"}]}}]}
    emulator.script("StreamGenerateContent", [Reply(chunks=[half])])
    response = genai.GenerativeModel().generate_content("Hi", stream=True)
    with pytest.raises(genai.types.IncompleteResponseError) as caught:
        response.resolve()
    assert caught.value.response.candidates[0].content.parts[0].text == response.text == "Half"


@claim(1, "`response.candidates[0].finish_reason == protos.")
def _(emulator: Emulator) -> None:
    public = genai.protos.Candidate.FinishReason
    places: list[Any] = [{"project": "p"}, {"version": "v1alpha"}]
    for place, numbers_agree in zip(places, (False, True), strict=True):
        stopped = {"candidates": [{"finish_reason": "SAFETY"}, {"finish_reason": "BLOCKLIST"}]}
        emulator.script("GenerateContent", [Reply(message=stopped)])
        with genai.Client(**place) as client:
            response = client.models.generate_content(model="gemini-3.8-flash", contents="Hi")
        safety, blocklist = (candidate.finish_reason for candidate in response.candidates)
        assert (safety, blocklist) == (public.SAFETY, public.BLOCKLIST)
        assert safety is not public.SAFETY
        assert ({public.SAFETY: 1}.get(safety), {public.BLOCKLIST: 1}.get(blocklist)) == (
            1,
            1 if numbers_agree else None,
        )


@claim(1, "`response.candidates[0].content.parts[0].function_call.args`")
def _(emulator: Emulator) -> None:
    calls = [{"name": "multiply", "args": {"a": 2, "b": 3}}]
    emulator.script("GenerateContent", [Reply(function_calls=calls)])
    response = genai.GenerativeModel(tools=[multiply]).generate_content("2 * 3")
    in_message: Any = response.candidates[0].content.parts[0].function_call.args
    assert type(in_message["a"]) is float
    assert [type(value) for value in response.function_calls[0].args.values()] == [int, int]


@claim(1, "`model.start_chat(enable_automatic_function_calling=True)`")
def _(emulator: Emulator) -> None:
    call = Reply(function_calls=[{"name": "multiply", "args": {"a": 2, "b": "no"}}])
    emulator.script("StreamGenerateContent", [call, Reply(text="done")])
    model = genai.GenerativeModel(tools=[multiply])
    chat = model.start_chat(enable_automatic_function_calling=True)
    response = chat.send_message("2 * no", stream=True)
    response.resolve()
    assert response.text == "done"
    told: Any = chat.history[2].parts[0].function_response.response
    assert "error" in told
    emulator.script("GenerateContent", [Reply(function_calls=call.function_calls, times=None)])
    with pytest.raises(genai.types.TooManyRoundsError, match="10 rounds"):
        chat.send_message("again")
    with pytest.raises(RuntimeError):
        chat.send_message("again")


@claim(1, "`CallableFunctionDeclaration(")
def _(emulator: Emulator) -> None:
    kind: Any = genai.types.CallableFunctionDeclaration
    with pytest.raises(TypeError):
        kind(name="f", description="F", function=multiply)
    made = kind.of(multiply, name="f", description="F")
    assert (made.name, made.description, made(2, 3)) == ("f", "F", 6)
    assert list(made.declaration()["parameters"]["properties"]) == ["a", "b"]


@claim(1, "`types.GenerationConfig(1, ")
def _(emulator: Emulator) -> None:
    with pytest.raises(TypeError):
        genai.types.GenerationConfig(1, ["END"])  # type: ignore[call-arg]


@claim(1, "`model.count_tokens()`")
def _(emulator: Emulator) -> None:
    model: Any = genai.GenerativeModel(system_instruction="Be brief.", tools=[multiply])
    with pytest.raises(TypeError, match="contents"):
        model.count_tokens()
    with pytest.raises(errors.ArgumentError, match="contents must not be empty"):
        model.count_tokens(None)
    bare = genai.GenerativeModel().count_tokens("Hi").total_tokens
    assert model.count_tokens("Hi").total_tokens > bare


@claim(1, "`genai.list_models(client=ModelServiceClient())`")
def _(emulator: Emulator) -> None:
    with v1beta.ModelServiceClient() as service:
        given: Any = service
        with pytest.raises(errors.FieldError, match="got ModelServiceClient"):
            genai.list_models(client=given)


@claim(1, '`genai.embed_content("models/gemini-embedding-2", "Hi", title="T")`')
def _(emulator: Emulator) -> None:
    with pytest.raises(errors.ArgumentError, match="retrieval_document"):
        genai.embed_content("models/gemini-embedding-2", "Hi", title="T")


@claim(1, '`caching.CachedContent.create("gemini-3.8-flash", contents=[text], expire_time=')
def _(emulator: Emulator) -> None:
    with pytest.raises(errors.ArgumentError, match="time zone"):
        genai.caching.CachedContent.create(
            "gemini-3.8-flash", contents=["word " * 5000], expire_time=datetime(2100, 1, 1)
        )


@claim(1, "`request_options=RequestOptions(retry=")
def _(emulator: Emulator) -> None:
    from google.api_core import retry

    emulator.script("GenerateContent", [Fault("UNAVAILABLE"), Reply(text="done")])
    options: Any = {"retry": retry.Retry(initial=0.01, timeout=20)}
    response = genai.GenerativeModel().generate_content("Hi", request_options=options)
    assert response.text == "done"


@claim(1, "`except google.api_core.exceptions.ResourceExhausted`")
def _(emulator: Emulator) -> None:
    from google.api_core import exceptions

    emulator.script("GenerateContent", [Fault("RESOURCE_EXHAUSTED")])
    with pytest.raises(exceptions.ResourceExhausted) as exhausted:
        genai.GenerativeModel().generate_content("Hi", request_options={"retry": None})
    code: Any = exhausted.value.code
    assert (code, exceptions.ResourceExhausted.code) == (grpc.StatusCode.RESOURCE_EXHAUSTED, 429)
    assert exhausted.value.grpc_status_code == exceptions.ResourceExhausted.grpc_status_code == code
    with v1beta.ModelServiceClient() as client, pytest.raises(exceptions.NotFound) as missing:
        client.get_model(name="models/none")
    assert missing.value.grpc_status_code == grpc.StatusCode.NOT_FOUND


@claim(1, "`except (ValueError, BlockedPromptException)`")
def _(emulator: Emulator) -> None:
    blocked = Reply(message={"prompt_feedback": {"block_reason": "SAFETY"}}, times=2)
    emulator.script("GenerateContent", [blocked])
    model = genai.GenerativeModel()
    response = model.generate_content("Hi")
    with pytest.raises(ValueError, match="SAFETY") as caught:
        assert response.text
    assert isinstance(caught.value, (genai.types.NoAnswerError, errors.GeminiError))
    with pytest.raises(genai.types.BlockedPromptException):
        model.start_chat().send_message("Hi")
    assert issubclass(genai.types.BlockedPromptException, errors.GeminiError)


@claim(2, '`vertexai.init(project="p", location="us-central1")`')
def _(emulator: Emulator) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("GOOGLE_CLOUD_LOCATION", raising=False)
        vertexai.init(project="p")
    assert "/locations/us-central1/" in genai.GenerativeModel().model_name
    with pytest.raises(TypeError):
        vertexai.init(project="p", staging_bucket="gs://b")  # type: ignore[call-arg]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(default, "_default", default._Default())
        patch.setenv("CLOUD_ML_REGION", "other")
        patch.setenv("GOOGLE_CLOUD_LOCATION", "eu")
        vertexai.init(project="p")
        assert "/locations/eu/" in genai.GenerativeModel().model_name


@claim(2, '`model = GenerativeModel("gemini-3.8-flash")`')
def _(emulator: Emulator) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GOOGLE_CLOUD_PROJECT", "p")
        assert generative_models.GenerativeModel("m").model_name == "models/m"
    genai.configure(project="p", location="eu")
    assert generative_models.GenerativeModel("m").model_name.startswith("projects/p/locations/eu/")


@claim(2, "`response.to_dict()`")
def _(emulator: Emulator) -> None:
    vertexai.init(project="p")
    response = generative_models.GenerativeModel().generate_content("Hi")
    candidate = response.to_dict()["candidates"][0]
    assert candidate["finish_reason"] == 1
    assert candidate["content"]["parts"][0]["thought"] is False
    message: Any = response.message
    named = type(message).to_dict(message, use_integers_for_enums=False)
    assert named["candidates"][0]["finish_reason"] == "STOP"


@claim(2, "`response.candidates[0].to_dict()`")
def _(emulator: Emulator) -> None:
    vertexai.init(project="p")
    chat = generative_models.GenerativeModel().start_chat()
    chat.send_message("Hi")
    told = json.dumps([type(content).to_dict(content) for content in chat.history])
    history = [generative_models.Content.from_dict(content) for content in json.loads(told)]
    assert chat.model.start_chat(history=history).history == chat.history


@claim(2, '`chat.send_message("Hi again")` after')
def _(emulator: Emulator) -> None:
    vertexai.init(project="p")
    emulator.script("StreamGenerateContent", [Reply(chunks=["H", Fault("INTERNAL")])])
    chat = generative_models.GenerativeModel().start_chat()
    with pytest.raises(errors.Internal):
        chat.send_message("Hi", stream=True).resolve()
    with pytest.raises(genai.types.BrokenResponseError, match="rewind"):
        chat.send_message("Hi again")
    chat.rewind()
    assert chat.send_message("Hi again").text


@claim(2, "`TextEmbeddingModel.from_pretrained(")
def _(emulator: Emulator) -> None:
    with genai.Client(project="p") as client:
        assert hasattr(client.prediction_service, "embed_content")
        assert not hasattr(client.prediction_service, "predict")


@claim(2, '`model.generate_content("Hi", generation_config={"top_k": 3})`')
def _(emulator: Emulator) -> None:
    vertexai.init(project="p")
    model = genai.GenerativeModel(generation_config={"temperature": 0.5})
    model.generate_content("Hi", generation_config={"top_k": 3})
    sent: Any = emulator.journal.calls("GenerateContent")[-1].request
    assert (sent.generation_config.temperature, sent.generation_config.top_k) == (0.5, 3)


@claim(2, "`next(model.generate_content")
def _(emulator: Emulator) -> None:
    vertexai.init(project="p")
    stream = genai.GenerativeModel().generate_content("Hi", stream=True)
    assert [chunk.text for chunk in stream] == [chunk.text for chunk in stream]
    assert stream.text


@claim(3, "`from google.ai import generativelanguage_v1beta as glm`")
def _(emulator: Emulator) -> None:
    for name in ("v1", "v1beta2", "v1beta3"):
        with pytest.raises(ImportError):
            importlib.import_module(f"gemini_grpc.{name}")


@claim(3, "`client.generate_content(request)`")
def _(emulator: Emulator) -> None:
    from google.ai import generativelanguage_v1beta as theirs

    request = theirs.GenerateContentRequest(
        model="models/gemini-3.8-flash", contents=[{"role": "user", "parts": [{"text": "Hi"}]}]
    )
    with v1beta.GenerativeServiceClient() as client:
        assert client.generate_content(request).candidates


@claim(3, "`glm.GenerateContentRequest(nope=2)`")
def _(emulator: Emulator) -> None:
    for kind in (TypeError, ValueError):
        with pytest.raises(kind, match="nope"):
            v1beta.GenerateContentRequest(nope=2)  # type: ignore[call-arg]


@claim(3, "`retry=google.api_core.retry.Retry(...)`")
def _(emulator: Emulator) -> None:
    emulator.script("CountTokens", [Fault("UNAVAILABLE", times=2)])
    contents: Any = [{"parts": [{"text": "Hi"}]}]
    with v1alpha.GenerativeServiceClient() as client:
        assert client.count_tokens(model="models/gemini-3.8-flash", contents=contents).total_tokens


@claim(4, "`tools=[multiply]`")
def _(emulator: Emulator) -> None:
    calls = [{"name": "multiply", "args": {"a": 2, "b": 3}}]
    emulator.script("GenerateContent", [Reply(function_calls=calls)])
    response = genai.GenerativeModel().generate_content("2 * 3", tools=[multiply])
    assert response.function_calls
    with pytest.raises(ValueError, match="function_call"):  # not None
        assert response.text


@claim(4, "`client.aio.live.connect(")
def _(emulator: Emulator) -> None:
    with genai.Client(project="p") as client, pytest.raises(genai.UnsupportedError):
        client.live.connect("gemini-3.8-live")


@pytest.mark.parametrize(("where", "check"), CLAIMS.items(), ids=[str(key) for key in CLAIMS])
def test_what_a_note_says_is_so(
    where: tuple[int, str], check: Callable[[Emulator], None], emulator: Emulator
) -> None:
    section, before = where
    assert [row for row in ROWS if row.section == section and row.before.startswith(before)]
    check(emulator)


PUBLIC = {
    "gemini_grpc": """configure GenerativeModel ChatSession GenerationConfig embed_content
        embed_content_async upload_file get_file list_files delete_file list_models get_model
        get_base_model list_tuned_models get_tuned_model create_tuned_model update_tuned_model
        delete_tuned_model list_operations get_operation caching protos types responder string_utils
        utils answer retriever permission operations""",
    "gemini_grpc.types": """AsyncGenerateContentResponse GenerateContentResponse
        BlockedPromptException StopCandidateException BrokenResponseError IncompleteIterationError
        GenerationConfig GenerationConfigDict GenerationConfigType BlobDict BlobType PartDict PartType
        ContentDict ContentType StrictContentType ContentsType FunctionDeclaration
        CallableFunctionDeclaration FunctionDeclarationType Tool ToolDict ToolsType FunctionLibrary
        FunctionLibraryType File FileDataDict FileDataType RequestOptions RequestOptionsType Model
        ModelsIterable AnyModelNameOptions BaseModelNameOptions ModelNameOptions TunedModel
        TunedModelState HarmCategory HarmProbability HarmBlockThreshold BlockedReason SafetyRatingDict
        SafetySettingDict SafetyFeedbackDict CitationMetadataDict CitationSourceDict Permission
        Permissions PermissionType Status to_file_data""",
    "gemini_grpc.vertexai.generative_models": """GenerationConfig GenerativeModel GenerationResponse
        Candidate ChatSession Content FinishReason FunctionCall FunctionDeclaration HarmCategory
        HarmBlockThreshold Image Part ResponseValidationError SafetySetting Tool ToolConfig grounding
        AutomaticFunctionCallingResponder CallableFunctionDeclaration ResponseBlockedError""",
}
"""The public names of the libraries that code comes from, by where they are here."""


@pytest.mark.parametrize("module", PUBLIC)
def test_every_public_name_is_here_or_in_a_row(module: str) -> None:
    home = importlib.import_module(module)
    missing = {name for name in PUBLIC[module].split() if not hasattr(home, name)}
    assert {name for name in missing if not re.search(rf"\b{name}\b", PAGE)} == set()
