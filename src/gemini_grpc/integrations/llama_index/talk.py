"""How a model of LlamaIndex asks: the request, the call in either colour, and the reply."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Self

from gemini_grpc.errors import ArgumentError, nearest
from gemini_grpc.generative._async.catalog import get_base_model_async, get_model_async
from gemini_grpc.generative._sync.catalog import get_base_model, get_model
from gemini_grpc.generative.config import GenerationConfig
from gemini_grpc.generative.replay import keep_replayable
from gemini_grpc.generative.request_options import call_options
from gemini_grpc.generative.template import Given, Template
from gemini_grpc.integrations.llama_index import links
from gemini_grpc.integrations.llama_index.blocks import Parts
from gemini_grpc.integrations.llama_index.connection import Connection, Limits
from gemini_grpc.integrations.llama_index.messages import conversation
from gemini_grpc.integrations.llama_index.replies import Reply

if TYPE_CHECKING:
    from llama_index.core.base.llms.types import (
        ChatMessage,
        ChatResponse,
        ChatResponseAsyncGen,
        ChatResponseGen,
    )

    from gemini_grpc.generative.request_options import CallOptions
    from gemini_grpc.integrations.llama_index.links import Fetched

Keywords = Mapping[str, Any]

_SETTINGS = tuple(field.name for field in dataclasses.fields(GenerationConfig))
_GIVEN = Given._fields
_OTHERS = ("cached_content", "request_options")
_KNOWN = (*_GIVEN, *_OTHERS, *_SETTINGS)
_ELSEWHERE = {
    "timeout": "; give it as request_options={'timeout': ...}",
    "metadata": "; give it as request_options={'metadata': ...}",
    **dict.fromkeys(
        ("retry", "max_retries"), "; give request_options={'retry': RetryPolicy(attempts=...)}"
    ),
    "system_instruction": "; put a message with the role 'system' among the messages",
    "config": "; it is called generation_config",
}
"""Where arguments belong that a call does not have."""

UNASKED = Limits(1_048_576, 8_192)
"""What is taken for the limits where nobody is asked, as on Vertex AI, which tells none over gRPC: what every
Gemini model of today has at least."""


@dataclass(frozen=True, slots=True)
class Said:
    """What keyword arguments say, for one call or for all."""

    givens: tuple[Given, ...] = ()
    """Settings, tools and so on; later ones hold over earlier ones."""
    others: Keywords = dataclasses.field(default_factory=dict)
    """`cached_content` and `request_options`, if they are given."""

    @classmethod
    def of(cls, *several: Keywords) -> Self:
        """Return what keywords say: those of `generate_content`, or settings of a GenerationConfig.

        Raises:
            ArgumentError: There is no such keyword.
        """
        givens: list[Given] = []
        others: dict[str, Any] = {}
        for keywords in several:
            told = {name: value for name, value in keywords.items() if value is not None}
            settings = {name: told.pop(name) for name in _SETTINGS if name in told}
            givens.append(Given(**{name: told.pop(name) for name in _GIVEN if name in told}))
            givens.append(Given(generation_config=settings or None))
            others |= told
        for name in others:
            if name not in _OTHERS:
                if name in _ELSEWHERE:
                    raise ArgumentError(f"there is no argument {name!r}{_ELSEWHERE[name]}")
                raise ArgumentError(
                    f"there is no argument {name!r}{nearest(name, _KNOWN)}; expected one of "
                    f"{', '.join(_KNOWN)}"
                )
        return cls(tuple(givens), others)


@dataclass(frozen=True, slots=True)
class _Question:
    """A request that is ready to be sent."""

    request: Any
    options: CallOptions


@dataclass(frozen=True, slots=True)
class Talk:
    """A model with its settings, and the connection to it."""

    connection: Connection
    """The client."""
    model: str
    """The name of the model."""
    said: Said
    """What holds for every call."""
    max_tokens: int | None = None
    """How many tokens an answer has at most; held to what the model can."""
    context_window: int | None = None
    """How many tokens a prompt and its answer have at most. If it is given, it is taken as it is, and so is
    `max_tokens`: the API is never asked."""

    def check(self) -> None:
        """Find out whether the settings can be used; nothing is sent.

        Raises:
            ArgumentError: Something cannot be used.
        """
        self._template(Said(), None)
        call_options(self.said.others.get("request_options"))

    def chat(self, messages: Sequence[ChatMessage], keywords: Keywords) -> ChatResponse:
        """Ask and return the answer.

        Raises:
            ArgumentError, FieldError: Something cannot be sent.
            RpcError: The call failed.
            NoAnswerError: The prompt was blocked, or the model was stopped and said nothing.
        """
        question = self._question(messages, keywords, links.fetch(links.links_in(messages)))
        self._hold(question.request)
        wires = self.connection.wires
        method = wires.backend.method("GenerateContent")
        return Reply().whole(wires.channel.unary(method, question.request, None, *question.options))

    async def async_chat(self, messages: Sequence[ChatMessage], keywords: Keywords) -> ChatResponse:
        """Ask and return the answer; see `chat`."""
        fetched = await links.async_fetch(links.links_in(messages))
        question = self._question(messages, keywords, fetched)
        await self._async_hold(question.request)
        wires = self.connection.wires
        method = wires.backend.method("GenerateContent")
        answer = await wires.async_channel.unary(method, question.request, None, *question.options)
        return Reply().whole(answer)

    def stream(self, messages: Sequence[ChatMessage], keywords: Keywords) -> ChatResponseGen:
        """Ask, and return what gives the answer while it arrives; leaving it early cancels the call.

        Raises:
            ArgumentError, FieldError: Something cannot be sent.
            RpcError: The call failed before the first message; later, the iterator raises it.
            NoAnswerError: From the iterator: the prompt was blocked, or the model was stopped.
            IncompleteResponseError: From the iterator: the stream ended without a finish reason.
        """
        question = self._question(messages, keywords, links.fetch(links.links_in(messages)))
        self._hold(question.request)
        wires = self.connection.wires
        method = wires.backend.method("StreamGenerateContent")
        stream = wires.channel.stream(method, question.request, None, *question.options)

        def replies() -> ChatResponseGen:
            reply = Reply()
            with stream:
                for answer in stream:
                    yield reply.add(answer)
            reply.end()

        return replies()

    async def async_stream(
        self, messages: Sequence[ChatMessage], keywords: Keywords
    ) -> ChatResponseAsyncGen:
        """Ask, and return what gives the answer while it arrives; see `stream`."""
        fetched = await links.async_fetch(links.links_in(messages))
        question = self._question(messages, keywords, fetched)
        await self._async_hold(question.request)
        wires = self.connection.wires
        method = wires.backend.method("StreamGenerateContent")
        stream = await wires.async_channel.stream(method, question.request, None, *question.options)

        async def replies() -> ChatResponseAsyncGen:
            reply = Reply()
            async with stream:
                async for answer in stream:
                    yield reply.add(answer)
            reply.end()

        return replies()

    def window(self) -> tuple[int, int]:
        """Return how many tokens a prompt and its answer have together, and how many the answer.

        Raises:
            ArgumentError: The model does not generate.
            RpcError: The call that asks for the limits failed.
        """
        limits = self._known or self._ask()
        most = min(self.max_tokens or limits.output, limits.output)
        return self.context_window or limits.input + most, most

    @property
    def _known(self) -> Limits | None:
        """The limits of the model, as far as they are said or known."""
        output = self.max_tokens or UNASKED.output
        if self.context_window:
            return Limits(self.context_window - output, output)
        if self.connection.backend.is_vertex:
            return Limits(UNASKED.input, output)
        return self.connection.limits.get(self.model)

    def _ask(self) -> Limits:
        """Ask the API for the limits of the model, and keep them."""
        found: Any = get_model(self.model, client=self.connection)
        if found.name.startswith("tunedModels/"):
            found = get_base_model(found, client=self.connection)
        return self.connection.limits.setdefault(self.model, _limits_of(found))

    async def _async_ask(self) -> Limits:
        found: Any = await get_model_async(self.model, client=self.connection)
        if found.name.startswith("tunedModels/"):
            found = await get_base_model_async(found, client=self.connection)
        return self.connection.limits.setdefault(self.model, _limits_of(found))

    def _hold(self, request: Any) -> None:
        """Hold a request to the limits of the model, which the API is asked for if need be."""
        if self.max_tokens is not None and self._known is None:
            self._ask()
        self._cap(request)

    async def _async_hold(self, request: Any) -> None:
        if self.max_tokens is not None and self._known is None:
            await self._async_ask()
        self._cap(request)

    def _cap(self, request: Any) -> None:
        told = self.connection.limits.get(self.model)
        config = request.generation_config
        if told is not None and config.max_output_tokens > told.output:
            config.max_output_tokens = told.output

    def _template(self, said: Said, system: object) -> Template:
        """Return the request without contents: what holds for every call, then what is said now."""
        others = {**self.said.others, **said.others}
        template = Template.of(
            self.connection.backend,
            Given(generation_config={"max_output_tokens": self.max_tokens}),
            model=self.model,
            system_instruction=system,
            cached_content=others.get("cached_content"),
        )
        for given in (*self.said.givens, *said.givens):
            template = template.with_(given)
        if template.request.generation_config.candidate_count > 1:
            raise ArgumentError("candidate_count: LlamaIndex takes one answer; leave it out")
        return template

    def _question(
        self, messages: Sequence[ChatMessage], keywords: Keywords, fetched: Fetched
    ) -> _Question:
        said = Said.of(keywords)
        told = conversation(messages, Parts(self.connection.backend, fetched))
        template = self._template(said, {"parts": told.system} if told.system else None)
        others = {**self.said.others, **said.others}
        request = template.ask(told.contents)
        keep_replayable(request.contents)
        return _Question(request, call_options(others.get("request_options")))


def _limits_of(model: Any) -> Limits:
    """Return the limits that the description of a model tells.

    Raises:
        ArgumentError: The model does not generate.
    """
    methods = list(model.supported_generation_methods)
    if "generateContent" not in methods:
        raise ArgumentError(
            f"model: {model.name} does not support generateContent, only {', '.join(methods) or 'nothing'}"
        )
    return Limits(model.input_token_limit, model.output_token_limit)
