"""`GeminiMultiModal`: prompts with images, for LlamaIndex.

The constructor and the methods are those of the class of that name that used google-generativeai. What is
different: nothing is sent when it is made. The description of the model (`get_model`), which tells its
limits and whether it generates, is asked for when it is first needed: for `metadata`, or before the first
call if `max_tokens` is given; never with `context_window`.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from llama_index.core.base.llms.generic_utils import (
    astream_chat_response_to_completion_response,
    chat_response_to_completion_response,
    stream_chat_response_to_completion_response,
)
from llama_index.core.base.llms.types import (
    ChatMessage,
    ChatResponse,
    ChatResponseAsyncGen,
    ChatResponseGen,
    CompletionResponse,
    CompletionResponseAsyncGen,
    CompletionResponseGen,
    ImageBlock,
    TextBlock,
)
from llama_index.core.bridge.pydantic import Field
from llama_index.core.constants import DEFAULT_TEMPERATURE
from llama_index.core.multi_modal_llms import MultiModalLLM, MultiModalLLMMetadata
from llama_index.core.schema import ImageDocument, ImageNode

from gemini_grpc.errors import ArgumentError, FieldError
from gemini_grpc.generative.model import DEFAULT_MODEL
from gemini_grpc.integrations.llama_index.component import GeminiComponent
from gemini_grpc.rpc.secret import forget_locals

if TYPE_CHECKING:
    from llama_index.core.callbacks import CallbackManager

    from gemini_grpc.generative.argument_types import GenerationConfigType, SafetySettingsType
    from gemini_grpc.rpc.secret import Secret

Image = ImageNode | ImageBlock | ImageDocument
"""What an image is given as."""


class GeminiMultiModal(GeminiComponent, MultiModalLLM):
    """A Gemini model that answers prompts with images."""

    model_name: str = Field(description="The name of the model.")
    rate_limiter: Any = Field(default=None, exclude=True)
    """LlamaIndex's callbacks look for it."""

    @forget_locals
    def __init__(
        self,
        api_key: str | Secret | None = None,
        model_name: str = DEFAULT_MODEL,
        temperature: float | None = DEFAULT_TEMPERATURE,
        max_tokens: int | None = None,
        generation_config: GenerationConfigType = None,
        safety_settings: SafetySettingsType | None = None,
        api_base: str | None = None,
        transport: str | None = None,
        callback_manager: CallbackManager | None = None,
        **generate_kwargs: Any,
    ) -> None:
        """Prepare; nothing is sent, and credentials are looked for when the first call is made.

        Args:
            api_key: The API key; `Gemini` says what is used without one.
            model_name: The name of the model.
            temperature: How much is left to chance; None leaves it to the model.
            max_tokens: How many tokens an answer has at most; held to what the model can.
            generation_config: More settings; they hold over `temperature` and `max_tokens`.
            safety_settings: Thresholds, as `GenerativeModel` takes them.
            api_base: The address of the API, if it is another.
            transport: `grpc` or `grpc_asyncio`, for code that says so; either way all methods work.
            callback_manager: LlamaIndex's callbacks.
            generate_kwargs: Arguments and settings for every call, and the other arguments of `Gemini`, such
                as `client`, `credentials`, `project`, `location` and `context_window`.

        Raises:
            ArgumentError: An argument has a value that cannot be used, or does not exist.
        """
        super().__init__(
            model_name,
            api_key=api_key,
            temperature=temperature,
            max_tokens=max_tokens,
            generation_config=generation_config,
            safety_settings=safety_settings,
            api_base=api_base,
            transport=transport,
            callback_manager=callback_manager,
            **generate_kwargs,
        )

    @property
    def _name(self) -> str:
        return self.model_name

    @classmethod
    def class_name(cls) -> str:
        """Return what saved models are called."""
        return "Gemini_MultiModal_LLM"

    @property
    def metadata(self) -> MultiModalLLMMetadata:
        """The limits of the model.

        Raises:
            ArgumentError: The model does not generate.
            RpcError: The call that asks for the limits failed.
        """
        context_window, num_output = self._talk.window()
        return MultiModalLLMMetadata(
            context_window=context_window,
            num_output=num_output,
            model_name=self.model_name,
            is_chat_model=True,
        )

    def complete(
        self, prompt: str, image_documents: Sequence[Image] = (), **kwargs: Any
    ) -> CompletionResponse:
        """Ask with a text and images.

        Args:
            prompt: The text.
            image_documents: The images, with their data, a path or a URL; they follow the text.
            kwargs: Arguments of `generate_content` and settings, for this call.

        Raises:
            ArgumentError, FieldError: Something cannot be sent.
            RpcError: The call failed.
            NoAnswerError: The prompt was blocked, or the model was stopped and said nothing.
        """
        reply = self._talk.chat(_said(prompt, image_documents), kwargs)
        return chat_response_to_completion_response(reply)

    def stream_complete(
        self, prompt: str, image_documents: Sequence[Image] = (), **kwargs: Any
    ) -> CompletionResponseGen:
        """Ask with a text and images, and give the answer while it arrives; see `complete`."""
        replies = self._talk.stream(_said(prompt, image_documents), kwargs)
        return stream_chat_response_to_completion_response(replies)

    def chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        """Ask with messages; see `complete`."""
        return self._talk.chat(messages, kwargs)

    def stream_chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponseGen:
        """Ask with messages, and give the answer while it arrives; see `complete`."""
        return self._talk.stream(messages, kwargs)

    async def acomplete(
        self, prompt: str, image_documents: Sequence[Image] = (), **kwargs: Any
    ) -> CompletionResponse:
        """Ask with a text and images; see `complete`."""
        reply = await self._talk.async_chat(_said(prompt, image_documents), kwargs)
        return chat_response_to_completion_response(reply)

    async def astream_complete(
        self, prompt: str, image_documents: Sequence[Image] = (), **kwargs: Any
    ) -> CompletionResponseAsyncGen:
        """Ask with a text and images, and give the answer while it arrives; see `complete`."""
        replies = await self._talk.async_stream(_said(prompt, image_documents), kwargs)
        return astream_chat_response_to_completion_response(replies)

    async def achat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        """Ask with messages; see `complete`."""
        return await self._talk.async_chat(messages, kwargs)

    async def astream_chat(
        self, messages: Sequence[ChatMessage], **kwargs: Any
    ) -> ChatResponseAsyncGen:
        """Ask with messages, and give the answer while it arrives; see `complete`."""
        return await self._talk.async_stream(messages, kwargs)


def _said(prompt: str, images: Sequence[Image]) -> list[ChatMessage]:
    blocks = [_block(image, f"image_documents[{index}]") for index, image in enumerate(images)]
    return [ChatMessage(blocks=[TextBlock(text=prompt), *blocks])]


def _block(image: Image, path: str) -> ImageBlock:
    """Return an image as a block."""
    if isinstance(image, ImageBlock):
        return image
    if not isinstance(image, (ImageNode, ImageDocument)):
        raise FieldError(
            f"{path}: expected an ImageNode, ImageBlock or ImageDocument, got {type(image).__name__}"
        )
    if image.image:
        return ImageBlock(image=_base64(image.image, path), image_mimetype=image.image_mimetype)
    if file := image.image_path or image.metadata.get("file_path"):
        if not Path(file).is_file():
            raise ArgumentError(f"{path}: there is no file {str(file)!r}")
        return ImageBlock(path=Path(file), image_mimetype=image.image_mimetype)
    if image.image_url:
        return ImageBlock(url=str(image.image_url), image_mimetype=image.image_mimetype)
    raise ArgumentError(f"{path}: there is no image: it has no image, image_path or image_url")


def _base64(text: str, path: str) -> bytes:
    """Return base64 without line breaks, checked: a block would take other texts for the data itself."""
    data = "".join(text.split()).encode()
    try:
        base64.b64decode(data, validate=True)
    except ValueError as error:
        raise ArgumentError(f"{path}.image: expected base64: {error}") from error
    return data
