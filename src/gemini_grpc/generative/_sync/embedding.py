# Derived by `python -m codegen` from src/gemini_grpc/generative/_async/embedding.py. Do not edit.
"""Embeddings: vectors that stand for what a text means."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Literal, overload

from gemini_grpc.errors import RpcError
from gemini_grpc.generative import default, embedding
from gemini_grpc.generative.contents import read
from gemini_grpc.generative.request_options import call_options
from gemini_grpc.generative.together import run
from gemini_grpc.keywords import explain_keywords

if TYPE_CHECKING:
    from gemini_grpc.generative.argument_types import (
        PartMessage,
        PartType,
        RequestOptionsType,
        StrictContentType,
    )
    from gemini_grpc.generative.embedding import (
        ArrayEmbeddingDict,
        BatchEmbeddingDict,
        EmbeddingDict,
        Task,
        TaskType,
    )
    from gemini_grpc.generative.part import Part
    from gemini_grpc.generative.request_options import CallOptions
    from gemini_grpc.generative.wires import HasWires
    from gemini_grpc.rpc._sync.channel import Channel


@overload  # a str is an iterable too, but the first signature is its own
def embed_content(  # type: ignore[overload-overlap]
    model: str,
    content: str | StrictContentType | Part | PartMessage,
    task_type: TaskType | None = None,
    title: str | None = None,
    output_dimensionality: int | None = None,
    *,
    output: Literal["list"] = "list",
    auto_truncate: bool | None = None,
    client: HasWires | None = None,
    request_options: RequestOptionsType | None = None,
) -> EmbeddingDict: ...


@overload
def embed_content(
    model: str,
    content: Iterable[StrictContentType | PartType],
    task_type: TaskType | None = None,
    title: str | None = None,
    output_dimensionality: int | None = None,
    *,
    output: Literal["list"] = "list",
    auto_truncate: bool | None = None,
    client: HasWires | None = None,
    request_options: RequestOptionsType | None = None,
) -> BatchEmbeddingDict: ...


@overload
def embed_content(
    model: str,
    content: StrictContentType | PartType | Iterable[StrictContentType | PartType],
    task_type: TaskType | None = None,
    title: str | None = None,
    output_dimensionality: int | None = None,
    *,
    output: Literal["numpy"],
    auto_truncate: bool | None = None,
    client: HasWires | None = None,
    request_options: RequestOptionsType | None = None,
) -> ArrayEmbeddingDict: ...


@explain_keywords
def embed_content(
    model: str,
    content: object,
    task_type: TaskType | None = None,
    title: str | None = None,
    output_dimensionality: int | None = None,
    *,
    output: str = "list",
    auto_truncate: bool | None = None,
    client: HasWires | None = None,
    request_options: RequestOptionsType | None = None,
) -> object:
    """Return `{"embedding": vector}` of a content, or `{"embedding": vectors}` of a list of contents.

    A list may have any size. It is sent a hundred contents at a time (Vertex AI takes one), a few calls
    at once, and the vectors come in the order of the contents. The first error ends it: what has not
    been sent never is.

    Args:
        model: The model, such as `gemini-embedding-2`.
        content: A text, a message or a dictionary; or an iterable of them, as `chat.history` is one,
            each of which is embedded on its own.
        task_type: What the vectors are for: `retrieval_query`, `retrieval_document`,
            `semantic_similarity`, `classification`, `clustering`, `question_answering`,
            `fact_verification`, `code_retrieval_query`, or the enum.
        title: The title of the documents; only with `retrieval_document`, which it does not imply.
        output_dimensionality: How many numbers a vector shall have, if fewer than the model makes.
        output: `list` for lists of floats; `numpy` for a float32 array, with a row for each content if
            it is a list.
        auto_truncate: Whether a text that is too long is cut (the default) or refused; Vertex AI only.
        client: The client to use instead of the default one.
        request_options: Timeout, retry and metadata of each call.

    Raises:
        ArgumentError: An argument cannot be used; nothing was sent.
        FieldError: Something is no content; nothing was sent.
        RpcError: A call failed; the text says which content is meant, as `content[137]`.
    """
    client = default.client_of(client)
    backend = default.backend_of(client)
    content = read(content)
    task = embedding.prepare(
        backend, model, content, output, task_type, title, output_dimensionality, auto_truncate
    )
    options = call_options(request_options)
    _carry_out(task, client.wires.channel, options)
    return task.result


def _carry_out(task: Task, channel: Channel, options: CallOptions) -> None:
    """Make the calls of a task."""

    def embed(batch: range) -> None:
        try:
            answer = channel.unary(task.method, task.request(batch), None, *options)
            task.take(batch, answer)
        except RpcError as error:
            task.explain(error, batch)
            raise

    run(embed, task.batches, task.at_once)
