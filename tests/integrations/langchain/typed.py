"""The chat model as users write it; mypy --strict has to pass, and nothing here is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from langchain_core.messages import HumanMessage
from pydantic import BaseModel, SecretStr

from gemini_grpc import HarmBlockThreshold, RetryPolicy, Tool
from gemini_grpc.integrations.langchain import ChatGemini

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel, LanguageModelInput
    from langchain_core.messages import AIMessage
    from langchain_core.runnables import Runnable

    from gemini_grpc import Client


class Recipe(BaseModel):
    """What a model answers with."""

    title: str


def add(a: int, b: int) -> int:
    """Add two numbers."""
    return a + b


def made(client: Client) -> list[BaseChatModel]:
    """Make models in every way."""
    own = ChatGemini(api_key="x", max_tokens=5, thinking_config={"thinking_budget": 0})
    named = ChatGemini(
        model_name="gemini-3.1-pro-preview", google_api_key=SecretStr("x"), temperature=0.5
    )
    settings = ChatGemini(
        safety_settings={"harassment": "block_none"},
        max_retries=3,
        timeout=5,
        response_schema=Recipe,
        tools=["google_search", add],
        tool_config={"function_calling_config": {"mode": "any"}},
        response_format={"type": "json_object"},
    )
    strict = ChatGemini(safety_settings=HarmBlockThreshold.BLOCK_NONE, max_retries=RetryPolicy())
    return [
        own,
        named,
        settings,
        strict,
        ChatGemini(client=client, stop=["a"], seed=7),
        ChatGemini(),
    ]


def bound(model: ChatGemini) -> list[Runnable[LanguageModelInput, AIMessage]]:
    """Bind tools of LangChain and of Gemini, and a form of the answer."""
    searching = model.bind_tools(
        [add, Recipe, {"google_search": {}}, "url_context"], tool_choice="any"
    )
    strict = model.bind_tools([add], strict=True, response_format=Recipe)
    return [searching, strict, model.bind_tools([Tool(google_search={})])]


def structured(model: ChatGemini) -> object:
    """Ask for an object, with a positional method."""
    return model.with_structured_output(Recipe, "function_calling", include_raw=True).invoke("Hi")


def asked(model: ChatGemini) -> str:
    """Ask, and read a field."""
    most: int | None = model.max_output_tokens
    return f"{model.invoke([HumanMessage('Hi')]).text} {most}"
