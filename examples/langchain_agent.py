"""An agent of LangChain that calls tools, with Gemini over gRPC.

    pip install "gemini-grpc[langchain]"
    GOOGLE_API_KEY=... python examples/langchain_agent.py "What is 12.5 % of 48?"

Without a key it asks an emulator on this machine, which needs no network. The loop is all there is to an
agent; `create_agent` of the package langchain takes the same model and tools.
"""

from __future__ import annotations

import os
import sys
from contextlib import ExitStack
from typing import Any

from langchain_core.messages import AIMessageChunk, BaseMessage, HumanMessage
from langchain_core.tools import tool

from gemini_grpc import Client
from gemini_grpc.emulator import Emulator
from gemini_grpc.integrations.langchain import ChatGemini


@tool
def multiply(a: float, b: float) -> float:
    """Multiply two numbers."""
    return a * b


def connect(stack: ExitStack) -> Client:
    """Return a client of the API if there is a key, else of an emulator."""
    if os.environ.get("GOOGLE_API_KEY") or os.environ.get("GEMINI_API_KEY"):
        return stack.enter_context(Client())
    emulator = stack.enter_context(Emulator())
    options = {"api_endpoint": f"http://{emulator.target}", "api_key": "none"}
    return stack.enter_context(Client(client_options=options))


def main(question: str) -> None:
    """Ask, call what the model asks for, and go on until it answers."""
    with ExitStack() as stack:
        model = ChatGemini(client=connect(stack)).bind_tools([multiply])
        messages: list[BaseMessage] = [HumanMessage(question)]
        while True:
            answer: Any = AIMessageChunk(content="")
            for chunk in model.stream(messages):
                print(chunk.text, end="", flush=True)
                answer += chunk
            messages.append(answer)
            if not answer.tool_calls:
                print()
                return
            for call in answer.tool_calls:
                result = multiply.invoke(call)
                print(f"[{call['name']}({call['args']}) is {result.content}]")
                messages.append(result)


if __name__ == "__main__":
    main(" ".join(sys.argv[1:]) or "What is 12.5 * 48?")
