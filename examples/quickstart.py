"""The everyday API in one go: generate, stream, show, chat, embed, count, upload, cache.

    pip install 'gemini-grpc[files]' pillow
    GEMINI_API_KEY=... python examples/quickstart.py image.jpg notes.txt

The image is described; the notes are uploaded, and cached if they are long enough (some thousand words). To
try it without a key, run `gemini-grpc emulator` and set the variable it names.
"""

from __future__ import annotations

import asyncio
import os
import sys
from pathlib import Path

import PIL.Image

import gemini_grpc as genai

KEY = os.environ.get("GEMINI_API_KEY", "a key that the emulator does not look at")
IMAGE, NOTES = sys.argv[1:3] if len(sys.argv) == 3 else ("image.jpg", "notes.txt")


def multiply(a: float, b: float) -> float:
    """Multiply two numbers."""
    return a * b


# for Vertex AI: genai.configure(project="my-project", location="europe-west4")
genai.configure(api_key=KEY)

for m in genai.list_models():
    if "generateContent" in m.supported_generation_methods:
        print(m.name)

model = genai.GenerativeModel(
    "gemini-3.8-flash",
    system_instruction="You are a patient teacher.",
    generation_config={"temperature": 0.4},
    safety_settings={"HARASSMENT": "block_none"},
    tools=[multiply],
)

# --- generate

response = model.generate_content("What is the meaning of life?")
print(response.text)
print(response.prompt_feedback, response.candidates, response.usage_metadata)

for chunk in model.generate_content("Tell me about the sea.", stream=True):
    print(chunk.text)

# --- images

response = model.generate_content(["Describe this", PIL.Image.open(IMAGE)], stream=True)
response.resolve()
print(response.text)

b = Path(IMAGE).read_bytes()
response = model.generate_content(
    genai.protos.Content(
        parts=[genai.protos.Part(inline_data=genai.protos.Blob(mime_type="image/jpeg", data=b))]
    )
)
print(response.text)

# --- dialogues, settings

response = model.generate_content(
    [
        {"role": "user", "parts": ["Explain rain to a child."]},
        {"role": "model", "parts": ["Clouds carry water, and when they are full it falls down."]},
        {"role": "user", "parts": ["And snow?"]},
    ]
)
print(response.text)

response = model.generate_content(
    "Count to a hundred.",
    generation_config=genai.types.GenerationConfig(
        candidate_count=1, stop_sequences=["x"], max_output_tokens=20, temperature=1.0
    ),
)
print(response.text)

# --- chat

chat = model.start_chat(history=[])
print(chat.send_message("Hello, who are you?").text)
for chunk in chat.send_message("What can you teach me?", stream=True):
    print(chunk.text)
for message in chat.history:
    print(message.role, message.parts[0].text)

# --- embeddings, tokens

one = genai.embed_content(model="models/gemini-embedding-2", content="Hello")
several = genai.embed_content(
    model="models/gemini-embedding-2",
    content=["The first paragraph.", "The second paragraph."],
    task_type="retrieval_document",
    title="A book",
)
said = genai.embed_content(model="models/gemini-embedding-2", content=chat.history)
print(len(one["embedding"]), len(several["embedding"]), len(said["embedding"]))

print(model.count_tokens("What is the meaning of life?").total_tokens)


# --- asynchronous


async def main() -> None:
    """Do the same without blocking."""
    answer = await model.generate_content_async("Why is the sky blue?")
    print(answer.text)
    print((await chat.send_message_async("Teach me something about stars.")).text)
    async for piece in await model.generate_content_async("Tell me more.", stream=True):
        print(piece.text)
    vector = await genai.embed_content_async(model="models/gemini-embedding-2", content="Hello")
    print(len(vector["embedding"]))
    print((await model.count_tokens_async("Hello")).total_tokens)


asyncio.run(main())

# --- files, caches

file = genai.upload_file(NOTES)
print(genai.get_file(file.name).uri)
print(model.generate_content([file, "Sum it up."]).text)
for each in genai.list_files():
    print(each.name, each.display_name)
genai.delete_file(file.name)

text = Path(NOTES).read_text(encoding="utf-8")
if model.count_tokens(text).total_tokens >= 4096:
    cache = genai.caching.CachedContent.create("gemini-3.8-flash", contents=[text], ttl=600)
    print(genai.GenerativeModel.from_cached_content(cache).generate_content("Who wrote it?").text)
    cache.delete()
