"""Calls that cannot be made, of every function, and what is said about them."""

from __future__ import annotations

import pathlib
from collections.abc import Callable
from typing import Any, NamedTuple

import gemini_grpc as genai
from gemini_grpc import protos
from gemini_grpc.errors import ArgumentError, FieldError, UsageError
from tests.generative.shell import BACKENDS, Shell

MODEL = "gemini-3.8-flash"
TOOL = {"name": "f", "description": "F"}
BAD_IMAGE = {"mime_type": "image/png", "data": 5}


class Bad(NamedTuple):
    """One call that is refused."""

    what: str
    call: Callable[[Shell], Any]
    kind: type[Exception] | tuple[type[Exception], ...]
    says: str
    backends: tuple[str, ...] = tuple(BACKENDS)


def model(shell: Shell, **arguments: Any) -> genai.GenerativeModel:
    return genai.GenerativeModel(**{"model_name": MODEL, "client": shell.client, **arguments})


def ask(contents: Any, **more: Any) -> Callable[[Shell], Any]:
    return lambda shell: shell.do(model(shell), "generate_content", contents, **more)


def count(contents: Any, **more: Any) -> Callable[[Shell], Any]:
    return lambda shell: shell.do(model(shell), "count_tokens", contents, **more)


def make(**arguments: Any) -> Callable[[Shell], Any]:
    return lambda shell: model(shell, **arguments)


def function(path: str, *args: Any, **more: Any) -> Callable[[Shell], Any]:
    return lambda shell: shell.call(path, *args, **more)


def embed(content: Any, **more: Any) -> Callable[[Shell], Any]:
    arguments = {"model": "gemini-embedding-2", **more}
    return function("embedding.embed_content", content=content, **arguments)


def cache(**more: Any) -> Callable[[Shell], Any]:
    arguments = {"model": MODEL, "contents": ["Hi"], "client": None, **more}

    def call(shell: Shell) -> Any:
        owner = genai.caching.CachedContent
        return shell.do(owner, "create", **{**arguments, "client": shell.client})

    return call


def chat(history: Any = None, **more: Any) -> Callable[[Shell], Any]:
    return lambda shell: model(shell).start_chat(history=history, **more)


GEMINI = ("v1beta", "v1alpha")
NO_NAMES: tuple[Any, ...] = ("", None, 5, "wrong/name/of/it")
NO_CONTENT: tuple[Any, ...] = (None, "", [], (), {"parts": []})
NO_MESSAGE: tuple[Any, ...] = (
    *([""], ["", ""], {"text": ""}, {"role": "user", "parts": [""]}, protos.Part(text="")),
    *(protos.Content(), protos.Content(role="user"), protos.Content(parts=[{"text": ""}])),
)
NO_SIZES: tuple[Any, ...] = (-1, 0, 1.5, True, 1 << 40)

TABLE = (
    # contents
    *(
        Bad(
            f"{verb.__name__} {value!r}",
            verb(value),
            (ArgumentError, TypeError),
            "must not be empty",
        )
        for verb in (ask, count)
        for value in (*NO_CONTENT, {"role": "user"}, [{"role": "user", "parts": ""}])
    ),
    *(
        Bad(f"{verb.__name__} {value!r}", verb(value), ArgumentError, "must not be empty")
        for verb in (ask, count)
        for value in NO_MESSAGE
    ),
    Bad("no data", ask(["Hi", protos.Part()]), FieldError, r"contents\[1\] has no data"),
    Bad(
        "no data in a message",
        ask([protos.Content(role="user", parts=[protos.Part()]), "Hi"]),
        FieldError,
        r"contents\[0\]\.parts\[0\] has no data",
    ),
    Bad(
        "no parts in a message",
        ask([protos.Content(role="user"), "Hi"]),
        ArgumentError,
        r"contents\[0\]\.parts must not be empty",
    ),
    Bad("a number", ask(5), FieldError, r"contents.* got int"),
    Bad("a number in a list", ask(["Hi", 5]), FieldError, r"contents\[1\].* got int"),
    Bad(
        "a number in a message",
        ask([{"parts": ["Hi", 5]}]),
        FieldError,
        r"contents\[0\]\.parts\[1\]",
    ),
    Bad("an empty mapping", ask({}), FieldError, "nothing is no part"),
    Bad("an unknown field", ask({"txet": "Hi"}), FieldError, "txet"),
    Bad("two kinds at once", ask({"text": "Hi", "inline_data": {}}), FieldError, "'text' and"),
    Bad("bytes of no kind", ask(b"hello"), FieldError, "mime type"),
    Bad("data that is no data", ask(BAD_IMAGE), FieldError, "data"),
    Bad("an unknown role", ask([{"role": "usr", "parts": ["Hi"]}]), ArgumentError, "'user'"),
    Bad("assistant", ask([{"role": "assistant", "parts": ["Hi"]}]), ArgumentError, "'model'"),
    Bad("system", ask([{"role": "system", "parts": ["Hi"]}]), ArgumentError, "system_instruction"),
    Bad("no such file", ask(pathlib.Path("no-such.png")), ArgumentError, "no-such.png"),
    Bad("a folder", ask(pathlib.Path("/")), ArgumentError, "cannot read"),
    Bad("a message as a part", ask([{"parts": [{"parts": ["Hi"]}]}]), FieldError, "whole message"),
    # names of models
    Bad("no model", make(model_name=""), ArgumentError, "model: expected"),
    Bad("None as a model", make(model_name=None), ArgumentError, "model: expected"),
    Bad("a wrong model", make(model_name="modles/x"), ArgumentError, "is no model of"),
    Bad("a model of nothing", make(model_name="models/"), ArgumentError, "model"),
    Bad("a path as a model", make(model_name="a/b/c/d"), ArgumentError, "is no model of"),
    # settings
    Bad(
        "an unknown setting", make(generation_config={"temprature": 1}), FieldError, "'temperature'"
    ),
    Bad(
        "a text as temperature",
        make(generation_config={"temperature": "x"}),
        FieldError,
        "temperature",
    ),
    Bad("settings that are none", make(generation_config=5), FieldError, "generation_config"),
    Bad(
        "an unknown setting of a call",
        ask("Hi", generation_config={"topp": 1}),
        FieldError,
        "'top_p'",
    ),
    Bad(
        "a schema that is none",
        make(generation_config={"response_schema": 5}),
        FieldError,
        "schema",
    ),
    Bad("an unknown option", ask("Hi", request_options={"timout": 1}), ArgumentError, "'timeout'"),
    Bad("a text as timeout", ask("Hi", request_options={"timeout": "1"}), ArgumentError, "seconds"),
    Bad("options that are none", ask("Hi", request_options=5), ArgumentError, "request_options"),
    # safety
    Bad(
        "an unknown category",
        make(safety_settings={"RUDENESS": "none"}),
        ArgumentError,
        "harassment",
    ),
    Bad("an unknown threshold", make(safety_settings={"hate": "sometimes"}), ArgumentError, "high"),
    Bad("an unknown threshold for all", ask("Hi", safety_settings="never"), ArgumentError, "never"),
    Bad("a number of no category", make(safety_settings={99: "none"}), ArgumentError, "99"),
    Bad("half a setting", make(safety_settings=[{"category": "hate"}]), FieldError, "threshold"),
    Bad("safety that is none", make(safety_settings=1.5), FieldError, "safety_settings"),
    # tools
    Bad("an unknown tool", make(tools="serach"), ArgumentError, "serach"),
    Bad("a number as a tool", make(tools=[5]), FieldError, r"tools\[0\]"),
    Bad("the same name twice", make(tools=[TOOL, TOOL]), ArgumentError, "f"),
    Bad("no name", make(tools=[{"name": ""}]), ArgumentError, "name"),
    Bad(
        "an unknown mode",
        make(tool_config={"function_calling_config": "maybe"}),
        ArgumentError,
        "AUTO",
    ),
    *(
        Bad(
            f"mode {value!r}",
            ask("Hi", tool_config={"function_calling_config": value}),
            ArgumentError,
            r"tool_config\.function_calling_config\.mode is (9|-1); expected one of .*1 \(AUTO\)",
        )
        for value in (9, -1, {"mode": 9})
    ),
    Bad(
        "a mode that is neither",
        ask("Hi", tool_config={"function_calling_config": True}),
        FieldError,
        r"mode: expected a member of Mode, its name or its number, got bool",
    ),
    Bad("neither on nor off", ask("Hi", automatic_function_calling=3), ArgumentError, "automatic"),
    Bad("an unusable instruction", make(system_instruction=5), FieldError, "system_instruction"),
    Bad("an empty text as instruction", make(system_instruction=[""]), ArgumentError, "empty"),
    Bad("an empty instruction", make(system_instruction=""), ArgumentError, "system_instruction"),
    # chats
    Bad(
        "several candidates in a chat",
        lambda shell: model(shell, generation_config={"candidate_count": 2}).start_chat(),
        ArgumentError,
        "candidate_count is 2",
    ),
    Bad("a history of numbers", chat([5]), FieldError, r"contents\[0\]"),
    Bad(
        "bytes in a result",
        chat([{"parts": [{"name": "f", "response": {"a": [b"x"]}}]}]),
        FieldError,
        r"contents\[0\]\.parts\[0\]\.response\['a'\]\[0\]: .* got bytes",
    ),
    Bad("a history of nobody", chat([{"role": "me", "parts": ["Hi"]}]), ArgumentError, "role"),
    # embeddings
    *(
        Bad(f"embed {value!r}", embed(value), ArgumentError, "empty")
        for value in (*NO_CONTENT, ["Hi", ""])
    ),
    Bad("embed a number", embed(5), FieldError, "content"),
    Bad("embed a list with a number", embed(["Hi", 5]), FieldError, r"content\[1\]"),
    Bad("a title without a task", embed("Hi", title="T"), ArgumentError, "retrieval_document"),
    Bad(
        "a title with another task",
        embed("Hi", title="T", task_type="query"),
        ArgumentError,
        "retrieval_document",
    ),
    Bad("a title that is none", embed("Hi", title=5, task_type="document"), ArgumentError, "title"),
    Bad(
        "an unknown task",
        embed("Hi", task_type="retrieval_querry"),
        ArgumentError,
        "retrieval_query",
    ),
    Bad("a number of no task", embed("Hi", task_type=99), ArgumentError, "task_type"),
    *(
        Bad(
            f"{size!r} numbers", embed("Hi", output_dimensionality=size), ArgumentError, "dimension"
        )
        for size in NO_SIZES
    ),
    Bad("an unknown output", embed("Hi", output="nunpy"), ArgumentError, "'numpy'"),
    Bad("a wrong model to embed", embed("Hi", model="modles/x"), ArgumentError, "is no model"),
    # names and pages, of everything that has them
    *(
        Bad(f"{path} of {value!r}", function(path, value), ArgumentError, "name|expected", GEMINI)
        for path in (
            *("files.get_file", "files.delete_file", "files.wait_for_file", "files.download_file"),
            *("catalog.get_model", "catalog.get_base_model"),
            *("tuning.get_tuned_model", "tuning.delete_tuned_model"),
            *("operations.get_operation", "operations.delete_operation"),
            *("corpora.get_corpus", "corpora.delete_corpus"),
            *("permissions.get_permission", "permissions.list_permissions"),
        )
        for value in NO_NAMES
    ),
    *(
        Bad(
            f"{path} by {size!r}",
            function(path, page_size=size),
            ArgumentError,
            "page_size",
            GEMINI,
        )
        for path in (
            *("files.list_files", "catalog.list_models", "tuning.list_tuned_models"),
            *("operations.list_operations", "corpora.list_corpora"),
        )
        for size in (-1, 0, "ten")
    ),
    # the client
    Bad("rest", lambda shell: genai.configure(transport="rest"), ArgumentError, "gRPC"),
    Bad("an unknown version", lambda shell: genai.configure(version="v9"), ArgumentError, "v1beta"),
    Bad(
        "a path as a project",
        lambda shell: genai.configure(project="a/b"),
        ArgumentError,
        "bare id",
    ),
    Bad(
        "a path as a location",
        lambda shell: genai.Client(project="p", location="a/b"),
        ArgumentError,
        "location",
    ),
    # files
    Bad(
        "upload nothing",
        function("files.upload_file", "no-such.txt"),
        ArgumentError,
        "no-such",
        GEMINI,
    ),
    Bad("upload a folder", function("files.upload_file", "/"), ArgumentError, "/", GEMINI),
    Bad(
        "upload emptiness",
        function("files.upload_file", b"", mime_type="text/plain"),
        ArgumentError,
        "empty",
        GEMINI,
    ),
    Bad(
        "upload bytes of no kind",
        function("files.upload_file", b"hello"),
        ArgumentError,
        "mime",
        GEMINI,
    ),
    Bad(
        "a wrong name",
        function("files.upload_file", b"hello", mime_type="text/plain", name="My File"),
        ArgumentError,
        "name",
        GEMINI,
    ),
    Bad(
        "delete a corpus", function("files.delete_file", "corpora/x"), ArgumentError, "file", GEMINI
    ),
    Bad(
        "files on Vertex AI",
        function("files.get_file", "x"),
        UsageError,
        "Cloud Storage",
        ("vertex",),
    ),
    # models and tuned models
    Bad(
        "get a wrong model",
        function("catalog.get_model", "modles/x"),
        ArgumentError,
        "modles",
        GEMINI,
    ),
    Bad(
        "tune nothing",
        function("tuning.create_tuned_model", "", []),
        ArgumentError,
        "no examples",
        GEMINI,
    ),
    Bad(
        "tune with numbers",
        function("tuning.create_tuned_model", "gemini-1.5-flash-001-tuning", [5]),
        ArgumentError,
        "pair",
        GEMINI,
    ),
    Bad(
        "change what cannot be changed",
        function("tuning.update_tuned_model", "tunedModels/x", {"nmae": 1}),
        ArgumentError,
        "nmae",
        GEMINI,
    ),
    Bad(
        "delete a model",
        function("tuning.delete_tuned_model", "models/x"),
        ArgumentError,
        "models/x",
        GEMINI,
    ),
    # caches
    Bad("cache nothing", cache(contents=None), ArgumentError, "nothing to cache"),
    Bad("cache emptiness", cache(contents=[]), ArgumentError, "empty"),
    Bad("two ends", cache(ttl=5, expire_time=5), ArgumentError, "ttl"),
    Bad("a lifetime of less than nothing", cache(ttl=-1), ArgumentError, "ttl"),
    Bad("a long label", cache(display_name="x" * 129), ArgumentError, "display_name"),
    Bad("cache for a wrong model", cache(model="modles/x"), ArgumentError, "is no model"),
    # corpora, permissions, answers
    Bad(
        "a wrong corpus",
        function("corpora.create_corpus", "My Corpus"),
        ArgumentError,
        "name",
        GEMINI,
    ),
    Bad(
        "an unknown role of a person",
        function("permissions.create_permission", "tunedModels/x", "king", "everyone"),
        ArgumentError,
        "READER",
        GEMINI,
    ),
    Bad(
        "an owner without address",
        function("permissions.transfer_ownership", "tunedModels/x", ""),
        ArgumentError,
        "address",
        GEMINI,
    ),
    Bad(
        "answer from nothing",
        function("answering.generate_answer", model="models/aqa", contents="Hi"),
        ArgumentError,
        "inline_passages",
        GEMINI,
    ),
)
