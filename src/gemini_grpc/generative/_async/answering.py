"""Answer a question from passages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemini_grpc.generative import answering
from gemini_grpc.generative._async.sending import async_send
from gemini_grpc.generative.default import backend_of, client_of

if TYPE_CHECKING:
    from gemini_grpc.generative.answering import AnswerStyle
    from gemini_grpc.generative.argument_types import (
        ContentsType,
        SafetySettingsType,
    )
    from gemini_grpc.generative.plan import Options
    from gemini_grpc.generative.wires import HasWires
    from gemini_grpc.v1beta.types import GenerateAnswerResponse


async def generate_answer_async(
    *,
    model: str = answering.MODEL,
    contents: ContentsType,
    inline_passages: object = None,
    semantic_retriever: object = None,
    answer_style: AnswerStyle | str | int | None = None,
    safety_settings: SafetySettingsType | None = None,
    temperature: float | None = None,
    client: HasWires | None = None,
    request_options: Options = None,
) -> GenerateAnswerResponse:
    """Answer a question from passages, and tell how likely these have the answer at all.

    Args:
        model: The model that answers.
        contents: The question, or a conversation that ends with it.
        inline_passages: The passages: contents, pairs of an id and a content, or a mapping of ids to
            contents.
        semantic_retriever: Where to find passages instead: a corpus or document or its name, or a
            mapping of the fields of `SemanticRetrieverConfig`.
        answer_style: `abstractive`, which None means, `extractive` or `verbose`.
        safety_settings: What is blocked, as `GenerativeModel` takes it.
        temperature: How much is left to chance, 0 to 1.
        client: The client to use, instead of the default one.
        request_options: The timeout, retry and metadata of the call.

    Returns:
        The answer as a candidate, with the passages it rests on and `answerable_probability`.

    Raises:
        ArgumentError: Passages are given in both ways or in neither, or an argument cannot be used.
        FieldError: Something is no content.
        UnsupportedError: Vertex AI has no such answers.
    """
    client = client_of(client)
    plan = answering.answering(
        backend_of(client),
        model=model,
        contents=contents,
        inline_passages=inline_passages,
        semantic_retriever=semantic_retriever,
        answer_style=answering.AnswerStyle.ABSTRACTIVE if answer_style is None else answer_style,
        safety_settings=safety_settings,
        temperature=temperature,
    )
    return await async_send(plan, client, request_options)
