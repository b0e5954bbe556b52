"""`Gemini`: a language model for LlamaIndex that calls tools.

Asynchronous methods call asynchronously. Only `metadata`, which LlamaIndex reads in either colour, makes a
short synchronous call the first time, to learn the limits of the model; with `context_window` it never
does. An agent reads it in the event loop, which waits meanwhile.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Callable, Generator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, TypeVar, cast

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
    LLMMetadata,
)
from llama_index.core.bridge.pydantic import Field
from llama_index.core.constants import DEFAULT_TEMPERATURE
from llama_index.core.llms.callbacks import llm_chat_callback, llm_completion_callback
from llama_index.core.llms.function_calling import FunctionCallingLLM
from llama_index.core.program.utils import get_program_for_llm
from llama_index.core.types import PydanticProgramMode

from gemini_grpc.generative.answer_errors import NoAnswerError
from gemini_grpc.generative.model import DEFAULT_MODEL
from gemini_grpc.integrations.llama_index import tools as calling
from gemini_grpc.integrations.llama_index.component import GeminiComponent
from gemini_grpc.rpc.secret import forget_locals

if TYPE_CHECKING:
    from google.auth.credentials import Credentials
    from llama_index.core.llms.llm import ToolSelection
    from llama_index.core.prompts import PromptTemplate
    from llama_index.core.tools.types import BaseTool
    from llama_index.core.types import BasePydanticProgram, Model

    from gemini_grpc.generative.argument_types import GenerationConfigType, SafetySettingsType
    from gemini_grpc.generative.wires import HasWires
    from gemini_grpc.rpc.secret import Secret

_CALLING = (PydanticProgramMode.DEFAULT, PydanticProgramMode.FUNCTION)
"""How objects are asked for if by a tool."""

Method = TypeVar("Method", bound=Callable[..., Any])


def _chat(method: Method) -> Method:
    """Tell callbacks of a chat; LlamaIndex's decorator forgets what the method takes and gives."""
    return cast("Method", llm_chat_callback()(method))


def _completion(method: Method) -> Method:
    """Tell callbacks of a completion."""
    return cast("Method", llm_completion_callback()(method))


class Gemini(GeminiComponent, FunctionCallingLLM):
    """A Gemini model that chats, sees and hears, and calls tools.

    Nothing is sent when it is made, and credentials are looked for when the first call is.

    Args:
        model: The name of the model.
        api_key: The API key; without one, and without credentials, that of `GOOGLE_API_KEY`, else of
            `GEMINI_API_KEY`; else the application default credentials are used.
        credentials: Credentials of google-auth.
        client: A `Client` or `AsyncClient` to call with, instead of a client of its own.
        project: The Google Cloud project, to use Vertex AI.
        location: The location on Vertex AI, `us-central1` if there is only a project.
        version: `v1beta` or `v1alpha` of the Gemini API.
        api_base: The address of the API, if it is another.
        transport: `grpc` or `grpc_asyncio`, for code that says so; either way all methods work.
        temperature: How much is left to chance; None leaves it to the model.
        max_tokens: How many tokens an answer has at most. It is held to what the model can: before the
            first call, its description is asked for, unless `context_window` is given too.
        context_window: How many tokens a prompt and its answer have together, at most. If it is not given,
            the description of the model is asked for when `metadata` is first read; Vertex AI has none to
            give, so there it is taken to be a million. Give it where agents run in an event loop.
        generation_config: More settings; they hold over `temperature` and `max_tokens`.
        safety_settings: Thresholds, as `GenerativeModel` takes them.
        generate_kwargs: Arguments for every call: those of `GenerativeModel.generate_content`,
            `cached_content`, and the settings of a `GenerationConfig`.
        is_function_calling_model: Whether agents and programs give it tools.
        more: The same one by one, and what LlamaIndex has for all models, as `callback_manager` and
            `system_prompt`.

    Raises:
        ArgumentError: An argument has a value that cannot be used, or does not exist.
    """

    model: str = Field(description="The name of the model.")
    is_function_calling_model: bool = Field(description="Whether it is given tools.")

    @forget_locals
    def __init__(
        self,
        model: str = DEFAULT_MODEL,
        *,
        api_key: str | Secret | None = None,
        credentials: Credentials | None = None,
        client: HasWires | None = None,
        project: str | None = None,
        location: str | None = None,
        version: str = "v1beta",
        api_base: str | None = None,
        transport: str | None = None,
        temperature: float | None = DEFAULT_TEMPERATURE,
        max_tokens: int | None = None,
        context_window: int | None = None,
        generation_config: GenerationConfigType = None,
        safety_settings: SafetySettingsType | None = None,
        generate_kwargs: Mapping[str, Any] | None = None,
        is_function_calling_model: bool = True,
        **more: Any,
    ) -> None:
        super().__init__(
            model,
            api_key=api_key,
            credentials=credentials,
            client=client,
            project=project,
            location=location,
            version=version,
            api_base=api_base,
            transport=transport,
            temperature=temperature,
            max_tokens=max_tokens,
            context_window=context_window,
            generation_config=generation_config,
            safety_settings=safety_settings,
            generate_kwargs=generate_kwargs,
            is_function_calling_model=is_function_calling_model,
            **more,
        )

    @property
    def _name(self) -> str:
        return self.model

    @classmethod
    def class_name(cls) -> str:
        """Return what saved models are called."""
        return "Gemini"

    @property
    def metadata(self) -> LLMMetadata:
        """The limits of the model, and what it can do.

        Raises:
            ArgumentError: The model does not generate.
            RpcError: The call that asks for the limits failed.
        """
        context_window, num_output = self._talk.window()
        return LLMMetadata(
            context_window=context_window,
            num_output=num_output,
            model_name=self.model,
            is_chat_model=True,
            is_function_calling_model=self.is_function_calling_model,
        )

    @_chat
    def chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        """Ask with messages.

        Args:
            messages: The messages.
            kwargs: Arguments of `generate_content` and settings, for this call.

        Raises:
            ArgumentError, FieldError: Something cannot be sent.
            RpcError: The call failed.
            NoAnswerError: The prompt was blocked, or the model was stopped and said nothing.
        """
        return self._talk.chat(messages, kwargs)

    @_chat
    def stream_chat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponseGen:
        """Ask with messages, and give the answer while it arrives; see `chat`."""
        return self._talk.stream(messages, kwargs)

    @_chat
    async def achat(self, messages: Sequence[ChatMessage], **kwargs: Any) -> ChatResponse:
        """Ask with messages; see `chat`."""
        return await self._talk.async_chat(messages, kwargs)

    @_chat
    async def astream_chat(
        self, messages: Sequence[ChatMessage], **kwargs: Any
    ) -> ChatResponseAsyncGen:
        """Ask with messages, and give the answer while it arrives; see `chat`."""
        return await self._talk.async_stream(messages, kwargs)

    @_completion
    def complete(self, prompt: str, formatted: bool = False, **kwargs: Any) -> CompletionResponse:
        """Ask with a text; see `chat`."""
        return chat_response_to_completion_response(self._talk.chat(_said(prompt), kwargs))

    @_completion
    def stream_complete(
        self, prompt: str, formatted: bool = False, **kwargs: Any
    ) -> CompletionResponseGen:
        """Ask with a text, and give the answer while it arrives; see `chat`."""
        replies = self._talk.stream(_said(prompt), kwargs)
        return stream_chat_response_to_completion_response(replies)

    @_completion
    async def acomplete(
        self, prompt: str, formatted: bool = False, **kwargs: Any
    ) -> CompletionResponse:
        """Ask with a text; see `chat`."""
        reply = await self._talk.async_chat(_said(prompt), kwargs)
        return chat_response_to_completion_response(reply)

    @_completion
    async def astream_complete(
        self, prompt: str, formatted: bool = False, **kwargs: Any
    ) -> CompletionResponseAsyncGen:
        """Ask with a text, and give the answer while it arrives; see `chat`."""
        replies = await self._talk.async_stream(_said(prompt), kwargs)
        return astream_chat_response_to_completion_response(replies)

    def _structured_stream_call(
        self,
        output_cls: type[Model],
        prompt: PromptTemplate,
        llm_kwargs: dict[str, Any] | None = None,
        **prompt_args: Any,
    ) -> Generator[Any, None, None]:
        program = self._program(output_cls, prompt)
        return program.stream_call(llm_kwargs=llm_kwargs, **prompt_args)

    async def _structured_astream_call(
        self,
        output_cls: type[Model],
        prompt: PromptTemplate,
        llm_kwargs: dict[str, Any] | None = None,
        **prompt_args: Any,
    ) -> AsyncGenerator[Any, None]:
        program = self._program(output_cls, prompt)
        return await program.astream_call(llm_kwargs=llm_kwargs, **prompt_args)

    def _program(
        self, output_cls: type[Model], prompt: PromptTemplate
    ) -> BasePydanticProgram[Model]:
        """Return what asks for an object; LlamaIndex itself requires its tool except in streams."""
        mode = self.pydantic_program_mode
        calls = self.is_function_calling_model and mode in _CALLING
        more = {"tool_choice": "required"} if calls else {}
        return get_program_for_llm(output_cls, prompt, self, pydantic_program_mode=mode, **more)

    def get_tool_calls_from_response(
        self, response: ChatResponse, error_on_no_tool_call: bool = True, **kwargs: Any
    ) -> list[ToolSelection]:
        """Return the calls of tools that an answer asks for.

        Raises:
            NoAnswerError: There are none, and `error_on_no_tool_call` is set.
        """
        found = calling.selections(response.message)
        if not found and error_on_no_tool_call:
            raise NoAnswerError(
                "the answer calls no tool; give tool_required=True, or see what it says: "
                f"{response.message.content!r}"
            )
        return found

    def _prepare_chat_with_tools(
        self,
        tools: Sequence[BaseTool],
        user_msg: str | ChatMessage | None = None,
        chat_history: list[ChatMessage] | None = None,
        verbose: bool = False,
        allow_parallel_tool_calls: bool = False,
        tool_required: bool = False,
        tool_choice: str | Mapping[str, Any] | None = None,
        **kwargs: Any,
    ) -> dict[str, Any]:
        """Return the arguments of `chat` that offer tools."""
        asked = _said(user_msg) if isinstance(user_msg, str) else [user_msg] if user_msg else []
        config = calling.choice(tool_choice, tools, required=tool_required)
        return {
            "messages": [*(chat_history or ()), *asked],
            "tools": calling.declarations(tools, self._connection.backend) or None,
            "tool_config": config,
            **kwargs,
        }

    def _validate_chat_with_tools_response(
        self,
        response: ChatResponse,
        tools: Sequence[BaseTool],
        allow_parallel_tool_calls: bool = False,
        **kwargs: Any,
    ) -> ChatResponse:
        """Return the answer with one call at most, unless parallel calls are allowed."""
        if not allow_parallel_tool_calls:
            response.message = calling.with_one_call(response.message)
        return response


def _said(prompt: str) -> list[ChatMessage]:
    return [ChatMessage(content=prompt)]
