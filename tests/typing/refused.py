"""Programs that type checkers must refuse, each in the line that `# refused` ends; nothing here is run."""

from __future__ import annotations

import gemini_grpc as genai
from gemini_grpc import AsyncClient, types
from gemini_grpc.live import LiveConfig

model = genai.GenerativeModel("gemini-flash-latest")
chat = model.start_chat()

model.generate_content(5)  # refused
model.generate_content(None)  # refused
model.generate_content([1.5])  # refused
model.generate_content("x", tools=5)  # refused
model.generate_content("x", tools="no_such_tool")  # refused
model.generate_content("x", tools=["no_such_tool"])  # refused
model.generate_content("x", tool_config=3.5)  # refused
model.generate_content("x", safety_settings=3.5)  # refused
model.generate_content("x", generation_config="hot")  # refused
model.generate_content("x", request_options=5)  # refused
model.generate_content("x", temperature=0.5)  # refused
model.generate_content("x", stream="yes")  # refused
model.count_tokens(5)  # refused
genai.GenerativeModel(system_instruction=5)  # refused
genai.GenerativeModel(cached_content=5)  # refused
genai.GenerationConfig(temperature="hot")  # refused
genai.GenerationConfig(response_modalities=["SMELL"])  # refused
types.SafetySetting("harassment", 1.5)  # refused
model.start_chat(history=5)  # refused
chat.send_message(5)  # refused
chat.send_message("x", tools=5)  # refused
genai.embed_content("m", 5)  # refused
genai.embed_content("m", ["x"], output="csv")  # refused
number: int = model.generate_content("x").parse(str)  # refused
LiveConfig(modalities=["SMELL"])  # refused
genai.configure(version="v9")  # refused


async def asynchronous(client: AsyncClient) -> None:
    """Use an asynchronous client wrongly."""
    await model.generate_content_async(5)  # refused
    await client.models.generate_content("m", 5)  # refused
    client.live.connect("m", config="fast")  # refused
