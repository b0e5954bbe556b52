"""Gemini as a chat model of LangChain; it needs the extra `langchain`.

    from gemini_grpc.integrations.langchain import ChatGemini

    model = ChatGemini(model="gemini-3.8-flash")
    model.invoke("Why is the sky blue?").text

Calls go over gRPC in the colour of the method: `invoke` and `stream` over the synchronous channel, their
twins over that of asyncio, never one over the other in a thread.
"""

from gemini_grpc.integrations import MissingExtraError

try:
    import langchain_core  # noqa: F401  # to say what is missing
except ImportError as cause:
    raise MissingExtraError(
        "ChatGemini needs langchain-core: pip install 'gemini-grpc[langchain]'"
    ) from cause

from gemini_grpc.integrations.langchain.chat_model import ChatGemini

__all__ = ["ChatGemini"]
