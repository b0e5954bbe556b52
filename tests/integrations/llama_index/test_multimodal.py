"""`GeminiMultiModal`, against the emulator: the constructor and methods that code of today uses."""

from __future__ import annotations

import base64
import inspect
import pickle
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from llama_index.core.base.llms.types import ChatMessage, ImageBlock
from llama_index.core.callbacks import CallbackManager, CBEventType, LlamaDebugHandler
from llama_index.core.multi_modal_llms import MultiModalLLM
from llama_index.core.program import MultiModalLLMCompletionProgram
from llama_index.core.schema import ImageDocument, ImageNode
from pydantic import BaseModel

import gemini_grpc
from gemini_grpc import errors
from gemini_grpc.emulator import Emulator, Reply
from gemini_grpc.integrations.llama_index import GeminiMultiModal

Call = Callable[..., Any]
SUM = "What is 2 + 3?"


@pytest.fixture
def model(options: dict[str, Any]) -> Any:
    with GeminiMultiModal(**options) as made:
        yield made


def test_the_constructor_is_that_of_today() -> None:
    assert MultiModalLLM in GeminiMultiModal.__mro__
    assert [name for name in inspect.signature(GeminiMultiModal.__init__).parameters if name != "self"] == [
        "api_key", "model_name", "temperature", "max_tokens", "generation_config",
        "safety_settings", "api_base", "transport", "callback_manager", "generate_kwargs",
    ]  # fmt: skip
    assert GeminiMultiModal.class_name() == "Gemini_MultiModal_LLM"


@pytest.mark.parametrize("how", ["node", "path", "file_path", "url", "base64", "block", "document"])
async def test_images_are_sent(
    model: GeminiMultiModal, emulator: Emulator, call: Call, how: str, picture: bytes,
    tmp_path: Path, website: str,
) -> None:  # fmt: skip
    file = tmp_path / "red.png"
    file.write_bytes(picture)
    encoded = base64.b64encode(picture).decode()
    image: Any = {
        "node": lambda: ImageNode(image=encoded),
        "path": lambda: ImageNode(image_path=str(file)),
        "file_path": lambda: ImageNode(metadata={"file_path": str(file)}),
        "url": lambda: ImageNode(image_url=f"{website}/red.png"),
        "base64": lambda: ImageDocument(image=encoded),
        "block": lambda: ImageBlock(image=picture),
        "document": lambda: ImageDocument(image_path=str(file)),
    }[how]()
    assert (await call(model, "complete", "What is this?", [image])).text
    text, shown = emulator.journal[-1].request.contents[0].parts
    assert text.text == "What is this?"
    assert (shown.inline_data.mime_type, shown.inline_data.data) == ("image/png", picture)


async def test_every_method_answers_on_every_backend(
    client: gemini_grpc.Client, call: Call, picture: bytes
) -> None:
    model = GeminiMultiModal(client=client)
    messages = [ChatMessage(content=SUM)]
    assert (await call(model, "complete", SUM, image_documents=[])).text == "2 + 3 is 5."
    assert (await call(model, "chat", messages)).message.content == "2 + 3 is 5."
    images = [ImageBlock(image=picture)]
    for replies in (
        await call(model, "stream_complete", "Describe it.", images),
        await call(model, "stream_chat", [ChatMessage(content="Tell me about the sea.")]),
    ):
        said = "".join(reply.delta for reply in replies)
        assert str(replies[-1]).removeprefix("assistant: ") == said
        assert replies[-1].raw["finish_reason"] == 1


async def test_images_of_messages_are_sent(
    model: GeminiMultiModal, emulator: Emulator, call: Call, picture: bytes
) -> None:
    images = [ImageDocument(image=base64.b64encode(picture).decode())]
    message = ChatMessage(content="What is this?", additional_kwargs={"images": images})
    await call(model, "chat", [message])
    assert emulator.journal[-1].request.contents[0].parts[1].inline_data.data == picture


def test_the_description_of_the_model_is_its_metadata(
    options: dict[str, Any], emulator: Emulator
) -> None:
    with GeminiMultiModal(
        **options, model_name="models/gemini-3.8-flash", max_tokens=10**6
    ) as model:
        assert not list(emulator.journal)
        found = model.metadata
    assert (found.context_window, found.num_output) == (1_114_112, 65_536)
    assert found.model_name == "models/gemini-3.8-flash"
    with (
        GeminiMultiModal(**options, model_name="gemini-embedding-2") as model,
        pytest.raises(ValueError, match="does not support generateContent"),
    ):
        _ = model.metadata
    with (
        GeminiMultiModal(**options, model_name="gemini-nope") as model,
        pytest.raises(errors.NotFound),
    ):
        _ = model.metadata


def test_arguments_for_every_call_are_sent(options: dict[str, Any], emulator: Emulator) -> None:
    config = {"top_k": 3, "temperature": 0.9}
    harm = {"HARASSMENT": "block_none"}
    with GeminiMultiModal(
        **options, temperature=0.2, generation_config=config, safety_settings=harm,
        transport="grpc", seed=5,
    ) as model:  # fmt: skip
        model.complete(SUM, [])
        again = pickle.loads(pickle.dumps(model))
    made = emulator.journal[-1].request
    assert (made.generation_config.top_k, made.generation_config.seed) == (3, 5)
    assert made.generation_config.temperature == pytest.approx(0.9)
    assert made.safety_settings[0].threshold.name == "BLOCK_NONE"
    assert again.to_dict() == model.to_dict()
    assert again.model_name == "gemini-flash-latest"


@pytest.mark.parametrize(
    ("image", "error", "text"),
    [
        ("red.png", errors.FieldError, r"image_documents\[0\]: expected an ImageNode"),
        (ImageNode(), errors.ArgumentError, r"image_documents\[0\]: there is no image"),
        (ImageNode(image_path="/no.png"), errors.ArgumentError, "there is no file '/no.png'"),
        (ImageNode(image="no!"), errors.ArgumentError, r"image_documents\[0\].image: .*base64"),
    ],
)
async def test_what_is_no_image_is_refused(
    model: GeminiMultiModal, emulator: Emulator, call: Call, image: Any, error: Any, text: str
) -> None:
    with pytest.raises(error, match=text):
        await call(model, "complete", SUM, [image])
    assert not list(emulator.journal)


async def test_callbacks_are_told(options: dict[str, Any], call: Call) -> None:
    debug = LlamaDebugHandler(print_trace_on_end=False)
    with GeminiMultiModal(**options, callback_manager=CallbackManager([debug])) as model:
        await call(model, "complete", SUM, [])
        await call(model, "stream_chat", [ChatMessage(content=SUM)])
    assert len(debug.get_event_pairs(CBEventType.LLM)) == 2


class Thing(BaseModel):
    """What is seen."""

    name: str


def test_a_program_of_llama_index_reads_an_image(
    model: GeminiMultiModal, emulator: Emulator, picture: bytes
) -> None:
    emulator.script("GenerateContent", [Reply(text='{"name": "a red square"}')])
    program = MultiModalLLMCompletionProgram.from_defaults(
        output_cls=Thing,
        image_documents=[ImageBlock(image=picture)],
        prompt_template_str="What is this?",
        multi_modal_llm=model,
    )
    assert program() == Thing(name="a red square")
