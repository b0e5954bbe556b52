"""Programs written for google.generativeai; print what each returns as JSON.

The package to run them with is the argument: `google.generativeai` or `gemini_grpc`. Besides the package, nothing
differs. The emulator is where `client_options` of the environment variable TARGET says.
"""

from __future__ import annotations

import asyncio
import importlib
import json
import os
import sys
from collections.abc import Callable, Iterator
from typing import Any

import typing_extensions

MODEL = "models/gemini-1.5-flash"
EMBEDDER = "models/text-embedding-004"

Program = Callable[[Any], Any]


def configure(genai: Any, transport: str) -> None:
    """Let a package call the emulator."""
    options = {"api_endpoint": os.environ["TARGET"]}
    genai.configure(api_key="test", transport=transport, client_options=options)


def text(genai: Any) -> Any:
    response = genai.GenerativeModel(MODEL).generate_content("Why is the sky blue?")
    candidate = response.candidates[0]
    return response.text, candidate.finish_reason.name, response.usage_metadata.total_token_count


def settings(genai: Any) -> Any:
    model = genai.GenerativeModel(
        MODEL,
        system_instruction="Be brief.",
        generation_config={"temperature": 0.5, "stop_sequences": ["END"], "max_output_tokens": 5},
        safety_settings={"HARASSMENT": "block_none"},
    )
    response = model.generate_content(
        [{"role": "user", "parts": ["Tell me of the sea.", "And of the sky."]}]
    )
    return response.text, response.candidates[0].finish_reason.name, model.model_name


def stream(genai: Any) -> Any:
    response = genai.GenerativeModel(MODEL).generate_content(
        "Tell me of the sea and the stars.", stream=True
    )
    texts = [chunk.text for chunk in response]
    return texts, response.text


def chat(genai: Any) -> Any:
    talk = genai.GenerativeModel(MODEL).start_chat(
        history=[{"role": "user", "parts": "Hi"}, {"role": "model", "parts": ["Hello"]}]
    )
    first = talk.send_message("Tell me of the sea.").text
    second = "".join(chunk.text for chunk in talk.send_message("And of the sky.", stream=True))
    said = [(content.role, [part.text for part in content.parts]) for content in talk.history]
    talk.rewind()
    return first, second, said, len(talk.history)


def functions(genai: Any) -> Any:
    def multiply(a: int, b: int) -> int:
        """Multiply two numbers."""
        return a * b

    model = genai.GenerativeModel(MODEL, tools=[multiply])
    talk = model.start_chat(enable_automatic_function_calling=True)
    answer = talk.send_message("Call multiply with a=6 and b=7.").text
    called = [
        (part.function_call.name, part.function_response.name)
        for content in talk.history
        for part in content.parts
    ]
    return answer, [content.role for content in talk.history], called


def structured(genai: Any) -> Any:
    class Recipe(typing_extensions.TypedDict):
        name: str
        minutes: int

    model = genai.GenerativeModel(
        MODEL,
        generation_config={
            "response_mime_type": "application/json",
            "response_schema": list[Recipe],
        },
    )
    recipes = json.loads(model.generate_content("Name a recipe.").text)
    return [sorted((key, type(value).__name__) for key, value in each.items()) for each in recipes]


def embeddings(genai: Any) -> Any:
    one = genai.embed_content(model=EMBEDDER, content="Hello", task_type="retrieval_query")
    many = genai.embed_content(
        model=EMBEDDER, content=["a", "b"], task_type="retrieval_document", title="T"
    )
    return [round(x, 5) for x in one["embedding"][:5]], len(many["embedding"]), sorted(many)


def counting(genai: Any) -> Any:
    return genai.GenerativeModel(MODEL).count_tokens(["Hello", "world"]).total_tokens


def models(genai: Any) -> Any:
    model = genai.get_model("models/gemini-1.5-flash")
    return model.name, list(model.supported_generation_methods), model.input_token_limit


def blocked(genai: Any) -> Any:
    response = genai.GenerativeModel(MODEL).generate_content("[emulator: block SAFETY]")
    return response.prompt_feedback.block_reason.name


def caches(genai: Any) -> Any:
    cache = genai.caching.CachedContent.create(MODEL, contents=["sea " * 5000], display_name="d")
    answer = genai.GenerativeModel.from_cached_content(cache).generate_content("Why?")
    found = cache.display_name, cache.model, answer.usage_metadata.cached_content_token_count > 0
    cache.delete()
    return found


def errors(genai: Any) -> Any:
    caught = []
    for call in (
        lambda: genai.GenerativeModel("models/none").generate_content("Hi"),
        lambda: genai.GenerativeModel(MODEL).generate_content(""),
        lambda: genai.GenerativeModel(MODEL).generate_content([]),
        lambda: genai.get_model("none"),
    ):
        try:
            call()
        except Exception as error:
            bases = {base.__name__ for base in type(error).__mro__}
            caught.append(sorted(bases & {"NotFound", "TypeError"}))
    return caught


def asynchronous(genai: Any) -> Any:
    configure(genai, "grpc_asyncio")

    async def run() -> Any:
        model = genai.GenerativeModel(MODEL)
        whole = (await model.generate_content_async("Why is the sky blue?")).text
        pieces = [
            chunk.text
            async for chunk in await model.generate_content_async(
                "Tell me of the sea.", stream=True
            )
        ]
        return whole, pieces

    return asyncio.run(run())


PROGRAMS: tuple[Program, ...] = (
    *(text, settings, stream, chat, functions, structured, embeddings, counting, models, blocked),
    *(caches, errors, asynchronous),
)


def main(package: str) -> Iterator[tuple[str, Any]]:
    """Run every program with a package."""
    genai = importlib.import_module(package)
    for name in ("caching", "protos", "types"):
        importlib.import_module(f"{package}.{name}")
    configure(genai, "grpc")
    for program in PROGRAMS:
        yield program.__name__, program(genai)


if __name__ == "__main__":
    print(json.dumps(dict(main(sys.argv[1]))))
