"""The chat model of LangChain that asks Gemini."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, Literal

from langchain_core.language_models import BaseChatModel, LangSmithParams, LanguageModelInput
from langchain_core.messages import AIMessage, BaseMessage, HumanMessage
from pydantic import (
    AliasChoices,
    BaseModel,
    ConfigDict,
    Field,
    PrivateAttr,
    SecretStr,
    model_validator,
)

from gemini_grpc.errors import ArgumentError, nearest
from gemini_grpc.generative import default
from gemini_grpc.generative._sync import generating
from gemini_grpc.generative.config import JSON
from gemini_grpc.generative.model import DEFAULT_MODEL
from gemini_grpc.generative.wires import choose_backend
from gemini_grpc.integrations.langchain import answers, asking, structured
from gemini_grpc.integrations.langchain.connection import Connection
from gemini_grpc.integrations.langchain.tools import answer_schema, choice, declared
from gemini_grpc.rpc.policy import RetryPolicy  # noqa: TC001  # pydantic reads it, for a field
from gemini_grpc.rpc.secret import forget_locals

if TYPE_CHECKING:
    from google.auth.credentials import Credentials
    from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
    from langchain_core.outputs import ChatGenerationChunk, ChatResult
    from langchain_core.runnables import Runnable

    from gemini_grpc.generative.argument_types import (
        CachedContentType,
        SafetySettingsType,
        SchemaType,
        ToolConfigType,
    )
    from gemini_grpc.generative.backend import Backend
    from gemini_grpc.generative.template import Question
    from gemini_grpc.generative.wires import HasWires, Wires
    from gemini_grpc.integrations.langchain.tools import (
        LangChainToolsType,
        LangChainToolType,
        ToolChoiceType,
    )

_OWN = ("api_key", "credentials", "project", "location", "version")
"""The fields that say how to connect; without any, and without `client`, the default client is used."""
_SAID = (
    "model", "temperature", "top_p", "top_k", "max_output_tokens", "stop", "safety_settings",
    "cached_content", "timeout", "max_retries", "response_mime_type", "response_schema",
)  # fmt: skip
"""The fields that say how to call."""


class ChatGemini(BaseChatModel):
    """Gemini, on the Gemini API or on Vertex AI, for LangChain.

    What is not given is left to the model and to our client. Any other setting of a model
    (`thinking_config`, `seed`, ...) may be given like these, and every setting also with `bind` or for one
    call, `model.invoke(..., temperature=0)`; as may `tools` (what `bind_tools` takes), `tool_config`,
    `labels` and `response_format`, which is a type or a mapping as OpenAI writes it.

    Errors are those of this library: an `RpcError` such as `NotFound` or `ResourceExhausted` for a call that
    failed, `BlockedPromptException` for a prompt that was blocked, an `ArgumentError` (also ValueError) for
    what cannot be sent. An answer that was stopped is a message whose `finish_reason` says so.

    A model can be stored with `dumps` and pickled. What is stored never holds the key, nor credentials and
    clients; a pickle has the key.
    """

    model_config = ConfigDict(
        populate_by_name=True, arbitrary_types_allowed=True, hide_input_in_errors=True
    )

    model: str = Field(default=DEFAULT_MODEL, validation_alias=AliasChoices("model", "model_name"))
    """The name of the model, bare or in full."""
    api_key: SecretStr | None = Field(
        default=None, validation_alias=AliasChoices("api_key", "google_api_key")
    )
    """The API key. Without it, that of the environment: `GOOGLE_API_KEY`, else `GEMINI_API_KEY`."""
    credentials: Any = Field(default=None, exclude=True, repr=False)
    """Credentials of google-auth instead of a key."""
    client: Any = Field(default=None, exclude=True, repr=False)
    """A `Client` or `AsyncClient` to call with, instead of what says how to connect."""
    project: str | None = None
    """The project on Google Cloud, to use Vertex AI."""
    location: str | None = None
    """The location on Vertex AI."""
    version: Literal["v1beta", "v1alpha"] | None = None
    """The version of the Gemini API."""
    temperature: float | None = None
    """How much is left to chance: 0 for almost nothing."""
    top_p: float | None = None
    """Choose among the most probable tokens whose probabilities add up to this."""
    top_k: float | None = None
    """Choose among so many of the most probable tokens."""
    max_output_tokens: int | None = Field(
        default=None, validation_alias=AliasChoices("max_output_tokens", "max_tokens")
    )
    """How many tokens an answer has at most."""
    stop: list[str] | None = None
    """Texts that end the answer; they are not part of it."""
    safety_settings: Any = None
    """Thresholds by category, one for all categories, or `SafetySetting`s."""
    cached_content: Any = None
    """The name of a cached content, or the cached content itself, that conversations go on from."""
    timeout: float | None = None
    """Seconds for a call with all its attempts; if not given, what its method says."""
    max_retries: int | RetryPolicy | None = None
    """How many attempts a call has at most, the first included, as LangChain counts, or the policy.

    A number retries UNAVAILABLE and RESOURCE_EXHAUSTED, with a back-off where the server does not say how
    long to wait; 0 and 1 both mean one attempt. If not given, the policy of the client holds.
    """
    response_mime_type: str | None = None
    """`text/plain`, `application/json`, or `text/x.enum`."""
    response_schema: Any = None
    """What the answer looks like: a type, a mapping or a Schema; it is then JSON."""
    streaming: bool = False
    """Have `invoke` stream as well, for callbacks that want tokens as they come."""
    model_kwargs: dict[str, Any] = Field(default_factory=dict)
    """What else calls are made with: other settings, `labels`, `tools`, ..."""

    _connection: Connection = PrivateAttr(default_factory=Connection)

    if TYPE_CHECKING:  # the aliases, plain keys and settings that pydantic takes, for type checkers

        def __init__(
            self,
            *,
            model: str = DEFAULT_MODEL,
            api_key: str | SecretStr | None = None,
            credentials: Credentials | None = None,
            client: HasWires | None = None,
            project: str | None = None,
            location: str | None = None,
            version: Literal["v1beta", "v1alpha"] | None = None,
            temperature: float | None = None,
            top_p: float | None = None,
            top_k: float | None = None,
            max_tokens: int | None = None,
            stop: list[str] | None = None,
            safety_settings: SafetySettingsType | None = None,
            cached_content: CachedContentType | None = None,
            timeout: float | None = None,
            max_retries: int | RetryPolicy | None = None,
            response_mime_type: str | None = None,
            response_schema: SchemaType | None = None,
            tools: LangChainToolsType | None = None,
            tool_config: ToolConfigType | None = None,
            streaming: bool = False,
            **settings: Any,
        ) -> None: ...

    else:
        __init__ = forget_locals(BaseChatModel.__init__)

    @model_validator(mode="before")
    @classmethod
    def _sort(cls, values: Any) -> Any:
        """Put settings that are no fields into `model_kwargs`, and refuse what does not exist."""
        known = {"model_name", "google_api_key", "max_tokens", *cls.model_fields}
        found, more = dict(values), dict(values.get("model_kwargs") or {})
        for name in values.keys() - known:
            if name not in asking.KNOWN:
                hint = asking.hint(name, (*known, *asking.KNOWN))
                raise ArgumentError(f"ChatGemini has no {name!r}{hint}")
            more[name] = found.pop(name)
        return {**found, "model_kwargs": more} if more else found

    @model_validator(mode="after")
    def _check(self) -> ChatGemini:
        """Find what cannot be sent before anything is."""
        own = [name for name in _OWN if getattr(self, name) is not None]
        if self.client is not None and own:
            raise ArgumentError(f"client excludes {' and '.join(own)}: the client has its own")
        if self.client is not None and not hasattr(self.client, "wires"):
            kind = type(self.client).__name__
            raise ArgumentError(f"client: expected a Client or an AsyncClient, got {kind}")
        said = self._said({})
        asking.template(said, self._backend)
        asking.options(said)
        return self

    @classmethod
    def is_lc_serializable(cls) -> bool:
        """Return whether it can be stored with `dumps`: it can."""
        return True

    @classmethod
    def get_lc_namespace(cls) -> list[str]:
        """Return where stored models are found."""
        return ["gemini_grpc", "integrations", "langchain"]

    @property
    def lc_secrets(self) -> dict[str, str]:
        """The fields that are stored as the names of environment variables."""
        return {"api_key": "GOOGLE_API_KEY"}

    @property
    def _llm_type(self) -> str:
        return "gemini-grpc"

    @property
    def _identifying_params(self) -> Mapping[str, Any]:
        found = {name: getattr(self, name) for name in (*_SAID, "model_kwargs")}
        return {name: value for name, value in found.items() if value not in (None, {})}

    def _get_ls_params(self, stop: list[str] | None = None, **kwargs: Any) -> LangSmithParams:
        params = super()._get_ls_params(stop=stop or self.stop, **kwargs)
        said = self._said({"model": kwargs.get("model")})
        params["ls_provider"] = "google_vertexai" if self._backend.is_vertex else "google_genai"
        params["ls_model_name"] = said["model"].removeprefix("models/")
        if isinstance(most := kwargs.get("max_tokens", self.max_output_tokens), int):
            params["ls_max_tokens"] = most
        return params

    @property
    def _is_own(self) -> bool:
        return any(getattr(self, name) is not None for name in _OWN)

    @property
    def _backend(self) -> Backend:
        if not self._is_own:
            return default.backend_of(self.client)
        return choose_backend(
            version=self.version or "v1beta", project=self.project, location=self.location
        )

    @property
    def _wires(self) -> Wires:
        if not self._is_own:
            return default.wires_of(self.client)
        return self._connection.wires(
            api_key=None if self.api_key is None else self.api_key.get_secret_value(),
            credentials=self.credentials,
            project=self.project,
            location=self.location,
            version=self.version or "v1beta",
        )

    def _said(self, kwargs: Mapping[str, Any], stop: list[str] | None = None) -> dict[str, Any]:
        """Return what a call is made with: the fields, `model_kwargs`, and what is given for it."""
        fields = {name: getattr(self, name) for name in _SAID}
        layers = (fields, self.model_kwargs, {**kwargs, "stop": stop})
        return asking.merged(layers, self._backend)

    def _ask(
        self, messages: Sequence[BaseMessage], stop: list[str] | None, kwargs: Mapping[str, Any]
    ) -> tuple[Question, str]:
        """Return a question and the bare name of the model it is for."""
        said = self._said(kwargs, stop)
        question = asking.question(said, messages, self._wires)
        return question, said["model"].rpartition("/")[2]

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        question, name = self._ask(messages, stop, kwargs)
        wires = question.wires
        method = wires.backend.method("GenerateContent")
        answer = wires.channel.unary(method, question.request, None, *question.options)
        return answers.result(answer, name)

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        question, name = self._ask(messages, stop, kwargs)
        wires = question.wires
        method = wires.backend.method("GenerateContent")
        answer = await wires.async_channel.unary(method, question.request, None, *question.options)
        return answers.result(answer, name)

    def _stream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> Iterator[ChatGenerationChunk]:
        question, name = self._ask(messages, stop, kwargs)
        wires = question.wires
        method = wires.backend.method("StreamGenerateContent")
        streamed = answers.Streamed(name, blocks=self.output_version == "v1")
        with wires.channel.stream(method, question.request, None, *question.options) as stream:
            for answer in stream:
                for chunk in streamed.chunks(answer):
                    if run_manager:
                        run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                    yield chunk
        yield streamed.end()

    async def _astream(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> AsyncIterator[ChatGenerationChunk]:
        question, name = self._ask(messages, stop, kwargs)
        wires = question.wires
        method = wires.backend.method("StreamGenerateContent")
        streamed = answers.Streamed(name, blocks=self.output_version == "v1")
        started = wires.async_channel.stream(method, question.request, None, *question.options)
        async with await started as stream:
            async for answer in stream:
                for chunk in streamed.chunks(answer):
                    if run_manager:
                        await run_manager.on_llm_new_token(chunk.text, chunk=chunk)
                    yield chunk
        yield streamed.end()

    def bind_tools(
        self,
        tools: Sequence[LangChainToolType],
        *,
        tool_choice: ToolChoiceType | None = None,
        strict: bool | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, AIMessage]:
        """Return the model with tools that it may call.

        Args:
            tools: Whatever LangChain takes as a tool, and the tools of Gemini itself: `google_search` or
                another of their names, mappings, messages, a `Tool`.
            tool_choice: `auto`, `any` to have one called, `none`, the name of the one to call, or a
                FunctionCallingConfig as a mapping.
            strict: Ignored; agents of LangChain give it to every model. Gemini always follows the schemas.
            **kwargs: What else calls are made with.

        Raises:
            FieldError: Something is no tool.
            ArgumentError: There is no tool to choose of that name, or the arguments of one contain
                themselves.
        """
        made = declared(tools, self._backend)
        config = choice(tool_choice, made)
        if config is not None:
            kwargs["tool_config"] = config
        return self.bind(tools=made, **kwargs)

    def with_structured_output(
        self,
        schema: dict[str, Any] | type,
        method: structured.Method = "json_schema",
        *,
        include_raw: bool = False,
        strict: bool | None = None,
        **kwargs: Any,
    ) -> Runnable[LanguageModelInput, dict[str, Any] | BaseModel]:
        """Return a model that answers in a certain form.

        Args:
            schema: A model of pydantic, a TypedDict, or a JSON Schema.
            method: `json_schema` gives the model the schema of its answer, `function_calling` has it call
                a function, `json_mode` asks for JSON and leaves it to the prompt to say which.
            include_raw: Give the message and what went wrong, too: a dictionary of `raw`, `parsed` and
                `parsing_error`.
            strict: Taken for the sake of other models; Gemini always keeps to the schema.
            **kwargs: What else calls are made with.

        Raises:
            ArgumentError: There is no such method, or the form contains itself.
            FieldError: It is no schema.
        """
        if method not in structured.METHODS:
            known = ", ".join(map(repr, structured.METHODS))
            hint = nearest(str(method), structured.METHODS)
            raise ArgumentError(f"method is {method!r}{hint}; expected one of {known}")
        form = {"kwargs": {"method": method}, "schema": schema}
        bound: Runnable[LanguageModelInput, AIMessage]
        if method == "function_calling":
            bound = self.bind_tools(
                [schema], tool_choice="any", ls_structured_output_format=form, **kwargs
            )
        else:
            if method == "json_schema":
                kwargs["response_schema"] = answer_schema(schema, self._backend)
            bound = self.bind(response_mime_type=JSON, ls_structured_output_format=form, **kwargs)
        parser = structured.parser(schema, method)
        return bound | (structured.with_raw(parser) if include_raw else parser)

    def get_num_tokens(self, text: str) -> int:
        """Return how many tokens a text has, as the API counts.

        Raises:
            RpcError: The call failed.
        """
        return self.get_num_tokens_from_messages([HumanMessage(text)])

    def get_num_tokens_from_messages(
        self, messages: list[BaseMessage], tools: Sequence[LangChainToolType] | None = None
    ) -> int:
        """Return how many tokens a conversation has, as the API counts, system messages included.

        Args:
            messages: The conversation.
            tools: Tools to count as well.

        Raises:
            RpcError: The call failed.
        """
        question, _ = self._ask(messages, None, {"tools": tools})
        return generating.count_tokens(question).total_tokens
