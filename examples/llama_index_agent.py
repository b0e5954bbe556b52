"""An agent of LlamaIndex that calls tools, with Gemini over gRPC.

    pip install "gemini-grpc[llama-index]"
    GOOGLE_API_KEY=... python examples/llama_index_agent.py "What is 12.5 % of 48?"

Without a key it asks an emulator on this machine, which needs no network.
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import sys
from collections.abc import Iterator

from llama_index.core.agent.workflow import AgentStream, FunctionAgent, ToolCallResult

from gemini_grpc.emulator import Emulator
from gemini_grpc.integrations.llama_index import Gemini


def multiply(a: float, b: float) -> float:
    """Multiply two numbers."""
    return a * b


@contextlib.contextmanager
def model() -> Iterator[Gemini]:
    """Give a model of the API if there is a key, else one of an emulator."""
    if os.environ.get("GOOGLE_API_KEY") or os.environ.get("GEMINI_API_KEY"):
        with Gemini("gemini-3.8-flash") as llm:
            yield llm
        return
    with (
        Emulator() as emulator,
        Gemini(api_key="none", api_base=f"http://{emulator.target}") as llm,
    ):
        yield llm


async def main(question: str) -> None:
    """Ask an agent, and show what it does while it does it."""
    with model() as llm:
        handler = FunctionAgent(tools=[multiply], llm=llm).run(question)
        async for event in handler.stream_events():
            match event:
                case ToolCallResult():
                    print(f"[{event.tool_name}({event.tool_kwargs}) is {event.tool_output}]")
                case AgentStream():
                    print(event.delta, end="", flush=True)
        print()
        await handler


if __name__ == "__main__":
    asyncio.run(main(" ".join(sys.argv[1:]) or "What is 12.5 * 48?"))
