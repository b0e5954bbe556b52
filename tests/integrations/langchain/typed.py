"""The chat model as users write it; mypy --strict has to pass, and nothing here is run."""

from __future__ import annotations

from typing import TYPE_CHECKING

from langchain_core.messages import HumanMessage
from pydantic import SecretStr

from gemini_grpc.integrations.langchain import ChatGemini

if TYPE_CHECKING:
    from langchain_core.language_models import BaseChatModel

    from gemini_grpc import Client


def made(client: Client) -> list[BaseChatModel]:
    """Make models in every way."""
    own = ChatGemini(api_key="x", max_tokens=5, thinking_config={"thinking_budget": 0})
    named = ChatGemini(
        model_name="gemini-3.1-pro-preview", google_api_key=SecretStr("x"), temperature=0.5
    )
    return [own, named, ChatGemini(client=client, stop=["a"], seed=7), ChatGemini()]


def asked(model: ChatGemini) -> str:
    """Ask, and read a field."""
    most: int | None = model.max_output_tokens
    return f"{model.invoke([HumanMessage('Hi')]).text} {most}"
