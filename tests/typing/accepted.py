"""Programs that type checkers must accept; nothing here is run."""

from __future__ import annotations

import datetime
import io
import pathlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, assert_type

import gemini_grpc as genai
from gemini_grpc import AsyncClient, Client, protos, types
from gemini_grpc.live import LiveConfig

if TYPE_CHECKING:
    import numpy as np
    import PIL.Image
    from numpy.typing import NDArray


@dataclass
class Recipe:
    """An answer."""

    name: str


def weather(city: str) -> str:
    """Return the weather."""
    return city


async def weather_async(city: str) -> str:
    """Return the weather."""
    return city


def contents(
    model: genai.GenerativeModel, image: PIL.Image.Image, pixels: NDArray[np.uint8]
) -> None:
    model.generate_content("Hi")
    model.generate_content(["Describe this.", image, pixels, pathlib.Path("a.png"), b"GIF89a"])
    model.generate_content(image)
    model.generate_content(["x", genai.upload_file("a.txt")])
    model.generate_content([io.BytesIO(b"%PDF-")])
    model.generate_content({"role": "user", "parts": ["x"]})
    model.generate_content([{"role": "user", "parts": [{"text": "x"}, image]}, "y"])
    model.generate_content([protos.Content(role="user", parts=[protos.Part(text="x")]), "y"])
    model.generate_content(protos.Part(text="x"))
    model.generate_content([types.Part.from_text("x"), types.Content(parts=["x"])])
    model.generate_content({"mime_type": "image/png", "data": b""})
    settings: dict[str, Any] = {"parts": ["x"]}
    model.generate_content(settings)
    names: list[str] = ["a", "b"]
    model.generate_content(names)
    model.count_tokens(names)


def settings() -> genai.GenerativeModel:
    return genai.GenerativeModel(
        system_instruction=["Be brief.", "Be kind."],
        safety_settings={
            "HARASSMENT": "block_none",
            types.HarmCategory.HARM_CATEGORY_HATE_SPEECH: "low",
        },
        generation_config={"temperature": 0.2, "response_schema": list[Recipe]},
        tools=[weather, weather_async, "code_execution", {"google_search": {}}],
        tool_config={"function_calling_config": "auto"},
    )


def more_settings(model: genai.GenerativeModel, tool: types.Tool) -> None:
    thresholds: dict[types.HarmCategory, types.HarmBlockThreshold] = {}
    model.generate_content(
        "x",
        safety_settings=thresholds,
        generation_config=genai.GenerationConfig(
            response_modalities=["TEXT", "IMAGE"], response_schema=Recipe
        ),
        tools=weather,
        tool_config=types.ToolConfig("any"),
        request_options={"timeout": 5},
    )
    model.generate_content(
        "x", safety_settings="block_none", tools=tool, request_options={"retry": None}
    )
    model.generate_content(
        "x",
        safety_settings=[
            types.SafetySetting("harassment", "low"),
            {"category": "hate", "threshold": 1},
        ],
        generation_config=protos.GenerationConfig(top_k=3),
        tools=protos.Tool(function_declarations=[{"name": "f"}]),
        request_options=types.RequestOptions(timeout=None),
    )


def answers(model: genai.GenerativeModel) -> None:
    response = model.generate_content("x")
    assert_type(response.text, str)
    assert_type(response.parse(Recipe), Recipe)
    assert_type(response.parse(list[Recipe]), list[Recipe])
    for recipe in response.parsed:
        print(recipe.name)
    for chunk in model.generate_content("x", stream=True):
        assert_type(chunk.text, str)


def chats(model: genai.GenerativeModel) -> None:
    chat = model.start_chat(
        history=[{"role": "user", "parts": ["Hi"]}, {"role": "model", "parts": "Hi"}]
    )
    chat.send_message(["x", pathlib.Path("a.png")], tools=[weather])
    model.start_chat(history=chat.history)


def embeddings() -> None:
    assert_type(genai.embed_content("m", "x")["embedding"], list[float])
    assert_type(genai.embed_content("m", ["x", "y"])["embedding"], list[list[float]])
    assert_type(genai.embed_content("m", iter(["x"]))["embedding"], list[list[float]])
    history = genai.GenerativeModel().start_chat().history
    assert_type(genai.embed_content("m", history)["embedding"], list[list[float]])
    assert_type(genai.embed_content("m", {"parts": ["x"]})["embedding"], list[float])
    genai.embed_content("m", ["x"], output="numpy")["embedding"].sum()


def caches() -> None:
    cache = genai.caching.CachedContent.create(
        "m", contents=["x"], ttl=datetime.timedelta(minutes=5), tools=[weather]
    )
    genai.GenerativeModel.from_cached_content(cache)
    genai.GenerativeModel(cached_content=cache)


async def asynchronous(client: AsyncClient) -> None:
    model = genai.GenerativeModel(client=client)
    response = await model.generate_content_async(["x"], tools=[weather_async])
    assert_type(response.parse(Recipe), Recipe)
    async for chunk in await model.generate_content_async("x", stream=True):
        assert_type(chunk.text, str)
    answer = await client.models.generate_content("m", "x", tools=weather)
    print(answer.text)
    async with client.live.connect(
        "m", config=LiveConfig(modalities=["TEXT"]), tools=[weather]
    ) as live:
        turn = await live.ask("x")
        assert_type(turn.text, str)


def synchronous(client: Client) -> None:
    print(client.models.generate_content("m", "x", safety_settings="low").text)
