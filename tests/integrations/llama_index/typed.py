"""The models as users write them; mypy --strict has to pass, and nothing here is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from llama_index.core.llms import LLM, ChatMessage

from gemini_grpc import GenerationConfig
from gemini_grpc.integrations.llama_index import Gemini, GeminiMultiModal

if TYPE_CHECKING:
    from llama_index.core.base.llms.types import ChatResponse, CompletionResponse
    from llama_index.core.llms.function_calling import FunctionCallingLLM
    from llama_index.core.multi_modal_llms import MultiModalLLM
    from llama_index.core.schema import ImageDocument, ImageNode

    from gemini_grpc import AsyncClient, Client


def made(client: Client, other: AsyncClient) -> list[LLM]:
    """Make models in every way."""
    calling: FunctionCallingLLM = Gemini(
        "gemini-3.1-pro-preview", api_key="k", max_tokens=5, top_k=3
    )
    vertex = Gemini(project="p", location="global", temperature=None)
    config = Gemini(generation_config={"top_k": 3}, safety_settings={"harassment": "block_none"})
    typed = Gemini(generation_config=GenerationConfig(top_k=3), safety_settings="block_none")
    return [
        calling,
        vertex,
        config,
        typed,
        Gemini(client=client),
        Gemini(client=other, system_prompt="Be brief."),
    ]


def pictured(image: ImageNode, document: ImageDocument) -> str:
    """Ask about images."""
    with GeminiMultiModal("key", "gemini-3.8-flash", 0.5, 100, transport="grpc") as model:
        base: MultiModalLLM = model
        answer: CompletionResponse = model.complete("What is this?", [image, document])
        window: int | None = base.metadata.context_window
        return f"{answer.text} {window}"


async def asked(llm: Gemini) -> str:
    """Ask in both colours."""
    answer: ChatResponse = llm.chat([ChatMessage(content="Hi")], temperature=0.5)
    text = "".join([reply.delta or "" async for reply in await llm.astream_complete("Hi")])
    return f"{answer.message.content} {text} {llm.metadata.num_output + 1}"
