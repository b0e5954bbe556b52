"""The examples of the README run as written."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import PIL.Image
import pytest

from gemini_grpc.emulator import Emulator

ROOT = Path(__file__).resolve().parents[2]
SECTIONS = re.findall(
    r"^##+ (.+?)\n(.*?)(?=^##+ |\Z)", (ROOT / "README.md").read_text(), re.M | re.S
)
EXAMPLES = [
    (title, code)
    for title, text in SECTIONS
    for code in re.findall(r"```python\n(.*?)```", text, re.S)
]
STRICT = ("-W", "error")


@pytest.fixture(scope="module")
def emulator() -> Iterator[Emulator]:
    with Emulator() as running:
        yield running


def run(*command: str, emulator: Emulator, cwd: Path) -> str:
    """Run Python where the files are that the examples read; return what it prints."""
    PIL.Image.new("RGB", (8, 8), "red").save(cwd / "image.jpg")
    (cwd / "notes.txt").write_text("Every house has a door. " * 1000)
    environment = {**os.environ, "GEMINI_EMULATOR_HOST": emulator.target}  # for who brings no other
    done = subprocess.run(
        [sys.executable, *command],
        cwd=cwd,
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert not done.stderr
    return done.stdout


def test_the_readme_has_examples() -> None:
    assert len(EXAMPLES) >= 15
    assert EXAMPLES[0][0] == "Quickstart"


@pytest.mark.parametrize(("title", "code"), EXAMPLES, ids=[title for title, _ in EXAMPLES])
def test_an_example_runs(title: str, code: str, emulator: Emulator, tmp_path: Path) -> None:
    assert run(*STRICT, "-c", code, emulator=emulator, cwd=tmp_path)


def test_the_links_lead_somewhere() -> None:
    links = re.findall(r"\]\(([^)#:]+)\)", (ROOT / "README.md").read_text())
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_the_quickstart_runs(emulator: Emulator, tmp_path: Path) -> None:
    emulator.reset_journal()
    script = str(ROOT / "examples/quickstart.py")
    # a program that leaves an image open is warned of by Python as it ends, and only then
    printed = run(*STRICT, "-W", "ignore::ResourceWarning", script, emulator=emulator, cwd=tmp_path)
    assert "models/gemini-3.8-flash" in printed
    assert {call.method.rpartition("/")[2] for call in emulator.journal} >= {
        *("ListModels", "GenerateContent", "StreamGenerateContent", "CountTokens"),
        *("EmbedContent", "BatchEmbedContents"),
        *("GetFile", "ListFiles", "DeleteFile"),
        *("CreateCachedContent", "DeleteCachedContent"),
    }


ISSUE = """
import gemini_grpc as genai
genai.configure(api_key=KEY)
for m in genai.list_models():
    if "generateContent" in m.supported_generation_methods: print(m.name)
model = genai.GenerativeModel("gemini-3.8-flash", system_instruction="...", generation_config={"temperature": 0.5}, safety_settings={"HARASSMENT": "block_none"}, tools=[tool])
response = model.generate_content("What is the meaning of life?")
response.text; response.prompt_feedback; response.candidates; response.usage_metadata
for chunk in model.generate_content("...", stream=True): print(chunk.text)
response = model.generate_content(["Describe this", PIL.Image.open("image.jpg")], stream=True); response.resolve()
model.generate_content(genai.protos.Content(parts=[genai.protos.Part(inline_data=genai.protos.Blob(mime_type="image/jpeg", data=b))]))
model.generate_content([{"role": "user", "parts": ["..."]}, {"role": "model", "parts": ["..."]}, {"role": "user", "parts": ["..."]}])
model.generate_content("...", generation_config=genai.types.GenerationConfig(candidate_count=1, stop_sequences=["x"], max_output_tokens=20, temperature=1.0))
chat = model.start_chat(history=[]); chat.send_message("..."); chat.send_message("...", stream=True).resolve(); chat.history
genai.embed_content(model="models/gemini-embedding-2", content="...", task_type="retrieval_document", title="...")
genai.embed_content(model="models/gemini-embedding-2", content=["...", "..."], task_type="retrieval_document", title="...")
genai.embed_content(model="models/gemini-embedding-2", content=chat.history, task_type="retrieval_document", title="...")
async def main():
    model.count_tokens("..."); await model.generate_content_async("..."); await chat.send_message_async("...")
asyncio.run(main())
file = genai.upload_file(path); genai.get_file(file.name); genai.list_files(); genai.delete_file(file.name); genai.caching.CachedContent.create("gemini-3.8-flash", contents=[long])
"""
"""The lines that were promised, with values where they leave room."""

GIVEN = """
import asyncio, PIL.Image
KEY, path, b, long = "test", "notes.txt", open("image.jpg", "rb").read(), "word " * 5000
def tool(a: int) -> int: return a
"""


def test_the_lines_that_were_promised_run(emulator: Emulator, tmp_path: Path) -> None:
    assert run("-c", GIVEN + ISSUE, emulator=emulator, cwd=tmp_path)
