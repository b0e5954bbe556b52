"""Embeddings of one content and of lists, in every colour and on every backend."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import numpy
import pytest

import gemini_grpc
from gemini_grpc import aiplatform_v1, errors, v1alpha, v1beta
from gemini_grpc.emulator import Emulator, Fault, Reply
from gemini_grpc.generative.backend import Backend, UnsupportedError
from gemini_grpc.generative.embedding import TASK_TYPES
from tests.generative.shell import BACKENDS, GEMINI, Shell, each, label, shell_of

MODEL = "gemini-embedding-2"
TEXTS = [f"text {number}" for number in range(250)]


@pytest.fixture(params=each(tuple(BACKENDS)), ids=label)
def shell(request: pytest.FixtureRequest) -> Iterator[Shell]:
    with shell_of(*request.param) as made:
        yield made


@pytest.fixture(params=each(GEMINI), ids=label)
def gemini(request: pytest.FixtureRequest) -> Iterator[Shell]:
    with shell_of(*request.param) as made:
        yield made


@pytest.fixture(params=each(("vertex",)), ids=label)
def vertex(request: pytest.FixtureRequest) -> Iterator[Shell]:
    with shell_of(*request.param) as made:
        yield made


def embed(shell: Shell, content: Any, *args: Any, **more: Any) -> Any:
    answer = shell.call("embedding.embed_content", MODEL, content, *args, **more)
    assert list(answer) == ["embedding"]
    return answer["embedding"]


def named(number: int) -> Reply:
    """Return a reply whose vectors say which content they are of: the number in its text."""

    def answer(request: Any) -> dict[str, Any]:
        texts = [each.content.parts[0].text for each in request.requests]
        return {"embeddings": [{"values": [float(text.split()[1])] * number} for text in texts]}

    return Reply(call=answer, times=None)


def test_a_text_has_one_vector(shell: Shell) -> None:
    vector = embed(shell, "Hello", output_dimensionality=8)
    assert len(vector) == 8
    assert all(isinstance(number, float) for number in vector)
    array = embed(shell, "Hello", output_dimensionality=8, output="numpy")
    assert array.dtype == numpy.float32
    assert array.shape == (8,)
    assert array.tolist() == vector
    assert [request.content.parts[0].text for request in shell.sent("EmbedContent")] == [
        "Hello"
    ] * 2


def test_a_list_has_a_vector_for_each_in_order(shell: Shell) -> None:
    alone = [embed(shell, text, output_dimensionality=4) for text in TEXTS[:5]]
    assert embed(shell, TEXTS[:5], output_dimensionality=4) == alone
    assert embed(shell, tuple(TEXTS[:1]), output_dimensionality=4) == alone[:1]
    matrix = embed(shell, iter(TEXTS[:5]), output_dimensionality=4, output="numpy")
    assert matrix.dtype == numpy.float32
    assert matrix.tolist() == alone


def test_a_long_list_is_sent_a_hundred_at_a_time(gemini: Shell) -> None:
    gemini.emulator.script("BatchEmbedContents", [named(3)])
    expected = [[float(number)] * 3 for number in range(250)]
    assert embed(gemini, TEXTS) == expected
    requests = gemini.sent("BatchEmbedContents")
    assert sorted(len(request.requests) for request in requests) == [50, 100, 100]
    for request in requests:
        assert request.model == f"models/{MODEL}"
        assert {each.model for each in request.requests} == {request.model}
    matrix = embed(gemini, (text for text in TEXTS), output="numpy")
    assert matrix.shape == (250, 3)
    assert matrix.tolist() == expected


def test_vertex_ai_is_asked_one_by_one(vertex: Shell) -> None:
    vectors = embed(vertex, TEXTS[:30], output_dimensionality=4, output="numpy")
    texts = [request.content.parts[0].text for request in vertex.sent("EmbedContent")]
    assert sorted(texts) == sorted(TEXTS[:30])
    for number in (0, 17, 29):
        alone = embed(vertex, TEXTS[number], output_dimensionality=4, output="numpy")
        assert numpy.array_equal(vectors[number], alone)


def content(types: Any, text: str, role: str = "") -> Any:
    return types.Content(role=role, parts=[types.Part(text=text)])


ONE = {
    "a text": lambda types: "Hi",
    "a text of a subclass": lambda types: numpy.str_("Hi"),
    "a message": lambda types: content(types, "Hi"),
    "protobuf's message": lambda types: content(types, "Hi")._pb,
    "a part": lambda types: types.Part(text="Hi"),
    "a dictionary of a content": lambda types: {"parts": [{"text": "Hi"}]},
    "a dictionary of a part": lambda types: {"text": "Hi"},
}
SEVERAL = {
    "texts": lambda types: ["Hi", "Ho"],
    "texts of every script": lambda types: ["Hei, Øystein", "你好"],
    "a history": lambda types: [content(types, "Hi", "user"), content(types, "Ho", "model")],
    "a generator": lambda types: (text for text in ("Hi", "Ho")),
    "an array": lambda types: numpy.array(["Hi", "Ho"]),
    "what dictionaries have": lambda types: {"Hi": 1, "Ho": 2}.keys(),
    "a mixture": lambda types: ["Hi", {"parts": ["Ho"]}],
    "contents of several parts": lambda types: [["Hi", "there"], ["Ho"]],
}


@pytest.mark.parametrize("make", ONE.values(), ids=ONE)
def test_one_content_is_one_vector(shell: Shell, make: Any) -> None:
    types = Backend(*_backend(shell)).types
    assert embed(shell, make(types), output_dimensionality=3) == embed(
        shell, "Hi", output_dimensionality=3
    )


@pytest.mark.parametrize("make", SEVERAL.values(), ids=SEVERAL)
def test_several_contents_are_several_vectors(shell: Shell, make: Any) -> None:
    types = Backend(*_backend(shell)).types
    vectors = embed(shell, make(types), output_dimensionality=3)
    assert [len(vector) for vector in vectors] == [3, 3]


def test_a_history_keeps_its_roles(gemini: Shell) -> None:
    types = Backend(*_backend(gemini)).types
    embed(gemini, [content(types, "Hi", "user"), content(types, "Ho", "model")])
    [request] = gemini.sent("BatchEmbedContents")
    assert [each.content.role for each in request.requests] == ["user", "model"]


def _backend(shell: Shell) -> tuple[Any, ...]:
    return ("aiplatform_v1", "p", "l") if shell.backend == "vertex" else (shell.backend,)


def test_options_are_sent_with_every_content(gemini: Shell) -> None:
    options: Any = {"task_type": "Document", "title": "A title", "output_dimensionality": 5}
    embed(gemini, "Hi", **options)
    embed(gemini, ["Hi", "Ho"], **options)
    [single], [batch] = gemini.sent("EmbedContent"), gemini.sent("BatchEmbedContents")
    for request in (single, *batch.requests):
        assert request.task_type.name == "RETRIEVAL_DOCUMENT"
        assert request.title == "A title"
        assert request.output_dimensionality == 5


@pytest.mark.parametrize("cut", [True, False])
def test_options_of_vertex_ai_are_sent_as_a_config(vertex: Shell, cut: bool) -> None:
    embed(vertex, ["Hi"], "document", "A title", numpy.int64(5), auto_truncate=cut)
    embed(vertex, "Hi")
    first, second = vertex.sent("EmbedContent")
    config = first.embed_content_config
    assert config.task_type.name == "RETRIEVAL_DOCUMENT"
    assert (config.title, config.output_dimensionality) == ("A title", 5)
    assert config.auto_truncate is cut
    assert "embed_content_config" not in second


ENUMS = {
    "v1beta": v1beta.TaskType,
    "v1alpha": v1alpha.TaskType,
    "vertex": aiplatform_v1.EmbedContentRequest.EmbeddingTaskType,
}


def sent_task(shell: Shell, task: Any) -> str:
    embed(shell, "Hi", task_type=task)
    request = shell.sent("EmbedContent")[-1]
    source = request.embed_content_config if shell.backend == "vertex" else request
    return str(source.task_type.name) if "task_type" in source else ""


def test_tasks_have_names_in_any_case_and_short_ones(shell: Shell) -> None:
    for name, short in TASK_TYPES.items():
        if name == "CODE_RETRIEVAL_QUERY" and shell.backend == "v1alpha":
            continue
        expected = "" if short == "unspecified" else name
        for given in (name, name.lower(), short, short.upper()):
            assert sent_task(shell, given) == expected


def test_tasks_are_members_of_an_enum_of_any_backend_or_numbers(shell: Shell) -> None:
    for enum in ENUMS.values():
        assert sent_task(shell, enum.CLUSTERING) == "CLUSTERING"
        assert sent_task(shell, enum(0)) == ""
    assert sent_task(shell, int(ENUMS[shell.backend].CLUSTERING)) == "CLUSTERING"


@pytest.mark.parametrize("colour", ["sync", "async"])
def test_v1alpha_knows_no_queries_for_code(colour: str) -> None:
    with (
        shell_of(colour, "v1alpha") as shell,
        pytest.raises(UnsupportedError, match="v1alpha has no CODE_RETRIEVAL_QUERY"),
    ):
        embed(shell, "def f():", task_type="code_retrieval_query")


WRONG: dict[str, tuple[dict[str, Any], type[Exception], str]] = {
    "no model": ({"model": ""}, errors.ArgumentError, "model: expected the name"),
    "a wrong model": ({"model": "models/a/b"}, errors.ArgumentError, "model: 'models/a/b' is no"),
    "nothing": ({"content": None}, errors.ArgumentError, "content must not be empty"),
    "an empty text": ({"content": ""}, errors.ArgumentError, "content must not be empty"),
    "an empty list": ({"content": []}, errors.ArgumentError, "content is an empty list"),
    "a number": ({"content": 5}, errors.FieldError, "content: expected .* got int"),
    "an item that is none": (
        {"content": ["a"] * 137 + [5.5]},
        errors.FieldError,
        r"content\[137\]: expected .* got float",
    ),
    "an empty item": (
        {"content": ["a", ""]},
        errors.ArgumentError,
        r"content\[1\] must not be empty",
    ),
    "an item that is no text": (
        {"content": ["a", "\ud800"]},
        errors.FieldError,
        r"content\[1\]",
    ),
    "an unknown task": (
        {"task_type": "retrieval_documents"},
        errors.ArgumentError,
        "task_type is 'retrieval_documents'; did you mean 'retrieval_document'",
    ),
    "an unknown number of a task": (
        {"task_type": 77},
        errors.ArgumentError,
        "task_type is 77; expected one of retrieval_query, ",
    ),
    "a task that is a bool": ({"task_type": True}, errors.ArgumentError, "task_type is True"),
    "a task that is a list": ({"task_type": ["query"]}, errors.ArgumentError, "task_type is"),
    "a title without a task": (
        {"title": "T"},
        errors.ArgumentError,
        "pass task_type='retrieval_document'",
    ),
    "a title of a query": (
        {"title": "T", "task_type": "query"},
        errors.ArgumentError,
        "title is only used with documents",
    ),
    "a title that is no text": (
        {"title": 5, "task_type": "document"},
        errors.ArgumentError,
        "title: expected a str",
    ),
    **{
        f"the dimensionality {value!r}": (
            {"output_dimensionality": value},
            errors.ArgumentError,
            "output_dimensionality is",
        )
        for value in (0, -1, True, 1.5, "8", 2**31)
    },
    "an unknown output": (
        {"output": "numpi"},
        errors.ArgumentError,
        "output is 'numpi'; did you mean 'numpy'",
    ),
    "an output that is none": (
        {"output": None},
        errors.ArgumentError,
        "expected 'list' or 'numpy'",
    ),
    "a wrong auto_truncate": ({"auto_truncate": "no"}, errors.ArgumentError, "True or False"),
    "an unknown option": (
        {"request_options": {"timeuot": 1}},
        errors.ArgumentError,
        "did you mean 'timeout'",
    ),
}


@pytest.mark.parametrize("arguments", WRONG.values(), ids=WRONG)
@pytest.mark.parametrize("colour", ["sync", "async"])
def test_what_is_wrong_is_found_before_a_client_is_needed(
    arguments: tuple[dict[str, Any], type[Exception], str], colour: str, nobody: None
) -> None:
    more, kind, text = arguments
    given: Any = {"model": MODEL, "content": "Hi", **more}

    def ask() -> Any:
        if colour == "sync":
            return gemini_grpc.embed_content(**given)
        return asyncio.run(gemini_grpc.embed_content_async(**given))

    with pytest.raises(kind, match=text):
        ask()


@pytest.fixture
def nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make sure that no default client can be made."""

    def refuse(**arguments: object) -> None:
        raise AssertionError("a client was needed")

    monkeypatch.setattr("gemini_grpc.generative.default.connect", refuse)
    gemini_grpc.configure()


def test_gemini_cannot_say_whether_to_truncate(gemini: Shell) -> None:
    with pytest.raises(UnsupportedError, match="auto_truncate: the Gemini API v1"):
        embed(gemini, "Hi", auto_truncate=True)
    assert not list(gemini.emulator.journal)


def refusal(index: int) -> Fault:
    """Return a fault of the batch that has the text 137."""
    violation = {"field": f"requests[{index}].content", "description": "is odd"}
    kind = "type.googleapis.com/google.rpc.BadRequest"
    detail = {"@type": kind, "fieldViolations": [violation]}

    def has_it(request: dict[str, Any]) -> bool:
        return any(each["content"] == SAID_137 for each in request["requests"])

    return Fault("INVALID_ARGUMENT", "wrong", details=[detail], when=has_it, times=None)


SAID_137 = {"parts": [{"text": "text 137"}]}


def test_an_error_names_the_content_that_was_refused(gemini: Shell) -> None:
    gemini.emulator.script("BatchEmbedContents", [refusal(37)])
    with pytest.raises(errors.InvalidArgument, match=r"content\[137\]: wrong") as caught:
        embed(gemini, TEXTS)
    assert caught.value.message == "content[137]: wrong"
    assert caught.value.method.endswith("/BatchEmbedContents")


def test_an_error_of_a_whole_call_names_its_contents(gemini: Shell) -> None:
    gemini.emulator.script("BatchEmbedContents", [refusal(3000)])
    with pytest.raises(errors.InvalidArgument, match=r"content\[100:200\]: wrong"):
        embed(gemini, TEXTS)


def test_an_error_of_vertex_ai_names_the_content(vertex: Shell) -> None:
    odd = Fault(
        "INVALID_ARGUMENT",
        "wrong",
        when=lambda request: request["content"]["parts"][0]["text"] == "text 13",
        times=None,
    )
    vertex.emulator.script("EmbedContent", [odd])
    with pytest.raises(errors.InvalidArgument, match=r"content\[13\]: wrong"):
        embed(vertex, TEXTS[:20])


def test_an_error_of_one_content_is_as_the_server_says(shell: Shell) -> None:
    with pytest.raises(
        errors.InvalidArgument, match=r"^INVALID_ARGUMENT \(EmbedContent\): [a-z_.]*output"
    ):
        embed(shell, "Hi", output_dimensionality=100_000)


def test_nothing_more_is_sent_after_an_error(gemini: Shell) -> None:
    gemini.emulator.script("BatchEmbedContents", [Fault("INVALID_ARGUMENT", "no", times=None)])
    with pytest.raises(errors.InvalidArgument, match="no"):
        embed(gemini, ["a"] * 3000)
    assert len(gemini.emulator.journal) < 30


def test_a_call_that_failed_is_tried_again(gemini: Shell) -> None:
    gemini.emulator.script("BatchEmbedContents", [Fault("UNAVAILABLE", times=1), named(2)])
    assert embed(gemini, TEXTS[:150]) == [[float(number)] * 2 for number in range(150)]


@pytest.mark.parametrize("sent", [0, 1, 3])
def test_an_answer_of_another_size_is_an_internal_error(gemini: Shell, sent: int) -> None:
    message = {"embeddings": [{"values": [1.0]}] * sent}
    gemini.emulator.script("BatchEmbedContents", [Reply(message=message)])
    with pytest.raises(errors.Internal, match=f"{sent} embeddings of 2 contents") as caught:
        embed(gemini, ["a", "b"])
    assert caught.value.method.endswith("/BatchEmbedContents")


@pytest.mark.parametrize("output", ["list", "numpy"])
def test_an_embedding_without_values_is_an_internal_error(gemini: Shell, output: str) -> None:
    vectors = [{"values": [1.0, 2.0]}, {}]
    gemini.emulator.script("BatchEmbedContents", [Reply(message={"embeddings": vectors})])
    with pytest.raises(errors.Internal, match=r"content\[1\]: .* embedding without values"):
        embed(gemini, ["a", "b"], output=output)


def test_an_answer_with_an_empty_vector_is_an_internal_error(shell: Shell) -> None:
    shell.emulator.script("EmbedContent", [Reply(message={"embedding": {}})])
    with pytest.raises(errors.Internal, match="embedding without values"):
        embed(shell, "a")


def test_an_answer_without_a_vector_is_an_internal_error(shell: Shell) -> None:
    shell.emulator.script("EmbedContent", [Reply(message={})])
    with pytest.raises(errors.Internal, match="0 embeddings of 1 contents") as caught:
        embed(shell, "Hi")
    assert caught.value.method.endswith("/EmbedContent")


def test_vectors_of_different_lengths_make_no_matrix(gemini: Shell) -> None:
    message = {"embeddings": [{"values": [1.0]}, {"values": [1.0, 2.0]}]}
    gemini.emulator.script("BatchEmbedContents", [Reply(message=message, times=2)])
    assert embed(gemini, ["a", "b"]) == [[1.0], [1.0, 2.0]]
    with pytest.raises(errors.Internal, match="different lengths"):
        embed(gemini, ["a", "b"], output="numpy")


def test_bytes_that_are_no_answer_are_an_internal_error(shell: Shell) -> None:
    shell.emulator.script("EmbedContent", [Fault(malformed=True)])
    with pytest.raises(errors.Internal, match="4 bytes that are no Vector"):
        embed(shell, "Hi")


def test_options_of_the_request_are_those_of_each_call(gemini: Shell) -> None:
    options = {"timeout": 7.0, "metadata": {"x-team": "blue"}}
    embed(gemini, TEXTS, request_options=options)
    assert len(gemini.emulator.journal) == 3
    for call in gemini.emulator.journal:
        [attempt] = call.attempts
        assert attempt.deadline is not None
        assert 5 < attempt.deadline < 7.5  # grpc rounds it up
        assert ("x-team", "blue") in attempt.metadata


def test_a_client_of_the_other_colour_will_do(gemini: Shell) -> None:
    function: Any = (
        gemini_grpc.embed_content if gemini.is_async else gemini_grpc.embed_content_async
    )
    if gemini.is_async:
        assert function(MODEL, "Hi", client=gemini.client)["embedding"]
        gemini.client.wires.channel.close()
        return

    async def ask() -> Any:
        answer = await function(MODEL, "Hi", client=gemini.client)
        await gemini.client.wires.async_channel.close()
        return answer

    assert asyncio.run(ask())["embedding"]


def test_the_generated_client_beside_it_has_messages(gemini: Shell) -> None:
    vectors = embed(gemini, ["Hi"], output_dimensionality=4)
    answer = gemini.colour.call(
        gemini.client.generative_service.batch_embed_contents,
        model=f"models/{MODEL}",
        requests=[{"content": {"parts": [{"text": "Hi"}]}, "output_dimensionality": 4}],
    )
    assert [list(each.values) for each in answer.embeddings] == vectors
    assert embed(gemini, ["Hi"], output_dimensionality=4) == vectors


def test_without_a_client_the_default_one_is_used() -> None:
    with Emulator() as emulator:
        options = {"api_endpoint": f"http://{emulator.target}", "api_key": "test"}
        gemini_grpc.configure(client_options=options)
        try:
            answer = gemini_grpc.embed_content(model=f"models/{MODEL}", content="Hi")
            assert len(answer["embedding"]) == 3072
        finally:
            gemini_grpc.configure()
