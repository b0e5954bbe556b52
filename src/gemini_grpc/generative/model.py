"""A model with its settings, to ask questions of and to chat with."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from gemini_grpc import model_names
from gemini_grpc.generative import default
from gemini_grpc.generative._async import generating as async_generating
from gemini_grpc.generative._sync import generating
from gemini_grpc.generative.contents import async_read
from gemini_grpc.generative.request_options import call_options
from gemini_grpc.generative.resource import Resource
from gemini_grpc.generative.rounds import AutomaticFunctionCalling
from gemini_grpc.generative.template import Given, Question, Template, cached_model, cached_name
from gemini_grpc.keywords import explain_keywords

if TYPE_CHECKING:
    from collections.abc import Mapping

    from gemini_grpc.aiplatform_v1.types import ComputeTokensResponse
    from gemini_grpc.generative._async.response import AsyncGenerateContentResponse
    from gemini_grpc.generative._sync.response import GenerateContentResponse
    from gemini_grpc.generative.argument_types import (
        CachedContentType,
        ContentsType,
        ContentType,
        GenerationConfigType,
        RequestOptionsType,
        SafetySettingsType,
        ToolConfigType,
        ToolsType,
    )
    from gemini_grpc.generative.backend import Backend
    from gemini_grpc.generative.chat import ChatSession
    from gemini_grpc.generative.wires import HasWires
    from gemini_grpc.v1beta.types import CountTokensResponse

DEFAULT_MODEL = model_names.DEFAULT
"""The model that is meant when none is named."""


class GenerativeModel:
    """A model and how it answers: settings, tools, system instruction.

    It belongs to the client it was given, or else to the one that was the default when the model was
    made; if `configure` had not been called by then, to the default of the first question. It never
    changes, and may be used by many threads and tasks at once. Methods that call have a twin
    for asyncio, whose name ends in `_async`.

    Calls have the timeouts and are tried again as their method says; `request_options` can say
    otherwise for one call: `timeout` in seconds for all attempts together (None for no limit), `retry`
    and `metadata`. A stream is only tried again until its first message. Cancelling the task of an
    asynchronous call cancels the call.

    All of them raise these errors before anything is sent: `ArgumentError` (also ValueError) for a
    value that cannot be used, `FieldError` (also TypeError) for something of the wrong type,
    `UnsupportedError` for what the backend lacks. A call that fails raises an `RpcError`.
    """

    @explain_keywords
    def __init__(
        self,
        model_name: str = DEFAULT_MODEL,
        safety_settings: SafetySettingsType | None = None,
        generation_config: GenerationConfigType | None = None,
        tools: ToolsType | None = None,
        tool_config: ToolConfigType | None = None,
        system_instruction: ContentType | None = None,
        *,
        labels: Mapping[str, str] | None = None,
        cached_content: CachedContentType | None = None,
        client: HasWires | None = None,
    ) -> None:
        """Prepare; nothing is sent.

        Args:
            model_name: The name, bare (`gemini-3.8-flash`) or in full.
            safety_settings: Thresholds by category, one for all categories, or `SafetySetting`s.
            generation_config: A `GenerationConfig`, a mapping of its fields, or a message.
            tools: Callables, declarations, `Tool`s, words such as `code_execution`, or a list of these.
            tool_config: When functions are called: a `ToolConfig` or a mapping of its fields.
            system_instruction: What the model is told about its task, as contents are given.
            labels: Labels for the bill, on Vertex AI.
            cached_content: The name of a cached content, or the cached content itself, that the contents
                go on from.
            client: A `Client` or an `AsyncClient`; the default one if not given.

        Raises:
            ArgumentError: An argument has a value that cannot be used.
            FieldError: An argument has a field that does not exist, or the client is none.
            UnsupportedError: The backend lacks something.
        """
        self._client = default.chosen() if client is None else default.client_of(client)
        self._given = Given(generation_config, safety_settings, tools, tool_config, labels)
        self._arguments: dict[str, Any] = {
            "model": model_name,
            "system_instruction": system_instruction,
            "cached_content": cached_content,
        }
        self._template = self._prepare(default.backend_of(self._client))

    @classmethod
    def from_cached_content(
        cls,
        cached_content: CachedContentType,
        *,
        generation_config: GenerationConfigType | None = None,
        safety_settings: SafetySettingsType | None = None,
        client: HasWires | None = None,
    ) -> GenerativeModel:
        """Return the model that a content was cached for, which goes on from it.

        Args:
            cached_content: The cached content; for a name it is fetched, to know its model.
            generation_config: As for the constructor.
            safety_settings: As for the constructor.
            client: A `Client` or an `AsyncClient`; if not given, the one the cached content came from, or
                the default one.

        Raises:
            RpcError: It could not be fetched.
        """
        client = _client_of(cached_content, client)
        if isinstance(cached_content, str):
            name = cached_name(cached_content, default.backend_of(client))
            cached_content = generating.get_cached(client.wires, name)
        return cls(
            cached_model(cached_content),
            safety_settings,
            generation_config,
            cached_content=cached_content,
            client=client,
        )

    @classmethod
    async def from_cached_content_async(
        cls,
        cached_content: CachedContentType,
        *,
        generation_config: GenerationConfigType | None = None,
        safety_settings: SafetySettingsType | None = None,
        client: HasWires | None = None,
    ) -> GenerativeModel:
        """Return the model that a content was cached for; see `from_cached_content`.

        Raises:
            RpcError: It could not be fetched.
        """
        client = _client_of(cached_content, client)
        if isinstance(cached_content, str):
            name = cached_name(cached_content, default.backend_of(client))
            cached_content = await async_generating.async_get_cached(client.wires, name)
        return cls(
            cached_model(cached_content),
            safety_settings,
            generation_config,
            cached_content=cached_content,
            client=client,
        )

    def __getstate__(self) -> dict[str, Any]:
        """Return what copies and pickles have: all that the model was given, and its client.

        A copy shares the client. A pickle has none: a model of the default client is one of the default
        client again, and any other client raises TypeError.
        """
        return {**self.__dict__, "_template": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        self.__dict__.update(state)
        self._template = self._prepare(default.backend_of(self._client))

    @property
    def model_name(self) -> str:
        """The full name of the model."""
        return str(self._current().request.model)

    @property
    def cached_content(self) -> str | None:
        """The full name of the cached content that contents go on from."""
        return self._current().request.cached_content or None

    def __repr__(self) -> str:
        told = self._current().describe()
        lines = "".join(f"    {name}={value!r},\n" for name, value in told.items() if value)
        return f"GenerativeModel(\n{lines})"

    @explain_keywords
    def generate_content(
        self,
        contents: ContentsType,
        *,
        generation_config: GenerationConfigType | None = None,
        safety_settings: SafetySettingsType | None = None,
        stream: bool = False,
        tools: ToolsType | None = None,
        tool_config: ToolConfigType | None = None,
        labels: Mapping[str, str] | None = None,
        automatic_function_calling: bool | AutomaticFunctionCalling = False,
        request_options: RequestOptionsType | None = None,
    ) -> GenerateContentResponse:
        """Ask the model.

        Args:
            contents: A text, image, file or other part, a list of parts, or the messages of a dialogue.
            generation_config: Settings for this call; they win over those of the model, one by one.
            safety_settings: The same, category by category.
            stream: Give the answer while it arrives; the call returns with its first message.
            tools: Tools for this call, instead of those of the model.
            tool_config: When functions are called, instead of what the model has.
            labels: Labels for the bill of this call, on Vertex AI, instead of those of the model.
            automatic_function_calling: Call the functions that the model asks for and let it go on,
                until it answers; `AutomaticFunctionCalling` sets limits. Calls asked for together run
                at the same time, in threads. What goes wrong in a function is told to the model.
            request_options: Timeout, retry and metadata of this call; with function calling, of each.

        Raises:
            ArgumentError: An argument has a value that cannot be used; nothing was sent.
            RpcError: The call failed; that of a stream may also fail while it is read.
            TooManyRoundsError: The model goes on to call functions.
            BrokenResponseError: A stream came to its end without a message.
        """
        given = Given(generation_config, safety_settings, tools, tool_config, labels)
        calling = AutomaticFunctionCalling.of(automatic_function_calling)
        question = self._ask(contents, given, request_options, calling)
        return generating.generate(question.synchronous(), stream=stream)

    @explain_keywords
    async def generate_content_async(
        self,
        contents: ContentsType,
        *,
        generation_config: GenerationConfigType | None = None,
        safety_settings: SafetySettingsType | None = None,
        stream: bool = False,
        tools: ToolsType | None = None,
        tool_config: ToolConfigType | None = None,
        labels: Mapping[str, str] | None = None,
        automatic_function_calling: bool | AutomaticFunctionCalling = False,
        request_options: RequestOptionsType | None = None,
    ) -> AsyncGenerateContentResponse:
        """Ask the model; see `generate_content`.

        Functions may be asynchronous; synchronous ones run in threads, so that the loop goes on.

        Raises:
            ArgumentError: An argument has a value that cannot be used; nothing was sent.
            RpcError: The call failed; that of a stream may also fail while it is read.
            TooManyRoundsError: The model goes on to call functions.
            BrokenResponseError: A stream came to its end without a message.
        """
        given = Given(generation_config, safety_settings, tools, tool_config, labels)
        calling = AutomaticFunctionCalling.of(automatic_function_calling)
        question = self._ask(await async_read(contents), given, request_options, calling)
        return await async_generating.async_generate(question, stream=stream)

    @explain_keywords
    def count_tokens(
        self,
        contents: ContentsType,
        *,
        generation_config: GenerationConfigType | None = None,
        safety_settings: SafetySettingsType | None = None,
        tools: ToolsType | None = None,
        tool_config: ToolConfigType | None = None,
        request_options: RequestOptionsType | None = None,
    ) -> CountTokensResponse:
        """Count the tokens that a question would have, system instruction and tools included.

        Args:
            contents: As for `generate_content`.
            generation_config: Settings for this call.
            safety_settings: The same.
            tools: Tools for this call, instead of those of the model.
            tool_config: When functions are called, instead of what the model has.
            request_options: Timeout, retry and metadata of this call.

        Raises:
            ArgumentError: An argument has a value that cannot be used; nothing was sent.
            RpcError: The call failed.
        """
        given = Given(generation_config, safety_settings, tools, tool_config)
        question = self._ask(contents, given, request_options)
        return generating.count_tokens(question)

    @explain_keywords
    async def count_tokens_async(
        self,
        contents: ContentsType,
        *,
        generation_config: GenerationConfigType | None = None,
        safety_settings: SafetySettingsType | None = None,
        tools: ToolsType | None = None,
        tool_config: ToolConfigType | None = None,
        request_options: RequestOptionsType | None = None,
    ) -> CountTokensResponse:
        """Count the tokens that a question would have; see `count_tokens`.

        Raises:
            ArgumentError: An argument has a value that cannot be used; nothing was sent.
            RpcError: The call failed.
        """
        given = Given(generation_config, safety_settings, tools, tool_config)
        question = self._ask(await async_read(contents), given, request_options)
        return await async_generating.async_count_tokens(question)

    @explain_keywords
    def compute_tokens(
        self, contents: ContentsType, *, request_options: RequestOptionsType | None = None
    ) -> ComputeTokensResponse:
        """Return the tokens of texts themselves, with their numbers; Vertex AI only.

        Args:
            contents: Texts, as for `generate_content`.
            request_options: Timeout, retry and metadata of this call.

        Raises:
            UnsupportedError: The backend cannot do it.
            RpcError: The call failed.
        """
        question = self._ask(contents, Given(), request_options, method="ComputeTokens")
        return generating.compute_tokens(question)

    @explain_keywords
    async def compute_tokens_async(
        self, contents: ContentsType, *, request_options: RequestOptionsType | None = None
    ) -> ComputeTokensResponse:
        """Return the tokens of texts themselves; see `compute_tokens`.

        Raises:
            UnsupportedError: The backend cannot do it.
            RpcError: The call failed.
        """
        question = self._ask(
            await async_read(contents), Given(), request_options, method="ComputeTokens"
        )
        return await async_generating.async_compute_tokens(question)

    @explain_keywords
    def start_chat(
        self,
        *,
        history: ContentsType | None = None,
        enable_automatic_function_calling: bool | AutomaticFunctionCalling = False,
        response_validation: bool = True,
    ) -> ChatSession:
        """Begin a chat.

        Args:
            history: The messages so far.
            enable_automatic_function_calling: Call the functions that the model asks for, as
                `generate_content` does with `automatic_function_calling`.
            response_validation: Refuse answers that a chat should not go on from, such as one that was
                stopped for reasons of safety.

        Raises:
            ArgumentError: The history cannot be used, or the model gives several candidates.
        """
        from gemini_grpc.generative.chat import ChatSession

        return ChatSession(
            self,
            history,
            enable_automatic_function_calling,
            response_validation=response_validation,
        )

    def _current(self, client: HasWires | None = None) -> Template:
        """Return the request without contents for the backend that the client has now."""
        backend, template = default.backend_of(client or self._client), self._template
        if backend is not template.backend and backend != template.backend:
            template = self._template = self._prepare(backend)
        return template

    def _prepare(self, backend: Backend) -> Template:
        return Template.of(backend, self._given, **self._arguments)

    def _ask(
        self,
        contents: ContentsType,
        given: Given,
        options: RequestOptionsType | None,
        calling: AutomaticFunctionCalling | None = None,
        *,
        method: str = "GenerateContent",
    ) -> Question:
        """Return a question that is in order; only the last step needs credentials."""
        client = self._client or default.client_of()
        template = self._current(client).with_(given)
        template.backend.method(method)
        request = template.ask(contents)
        made = call_options(options)
        wires = client.wires
        self._client = client
        return Question(wires, request, template, made, calling)


def _client_of(cached_content: CachedContentType, client: HasWires | None) -> HasWires:
    """Return the client of a cached content: the one given, its own, or the default one."""
    if isinstance(cached_content, Resource):
        return cached_content._from(client)
    return default.client_of(client)
