"""What one call is made with, by the names that `ChatGemini`, `bind` and `invoke` take.

These are the settings of a model (`temperature`, `thinking_config`, ...: every field of our
GenerationConfig) and what belongs to the request or to the call itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

from gemini_grpc.errors import ArgumentError, nearest
from gemini_grpc.generative.config import GenerationConfig
from gemini_grpc.generative.request_options import RequestOptions, call_options
from gemini_grpc.generative.template import Given, Question, Template
from gemini_grpc.integrations.langchain.messages import Conversation
from gemini_grpc.integrations.langchain.tools import declared
from gemini_grpc.rpc.policy import DEFAULT, RetryPolicy

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

    from gemini_grpc.generative.backend import Backend
    from gemini_grpc.generative.request_options import CallOptions
    from gemini_grpc.generative.wires import Wires
    from gemini_grpc.rpc.policy import Retry

Data = dict[str, Any]

SETTINGS = frozenset(field.name for field in fields(GenerationConfig))
"""The settings of a model."""
_REQUEST = ("safety_settings", "tools", "tool_config", "labels")
_CALL = ("model", "cached_content", "timeout", "max_retries", "stream")
_ALIASES = {"max_tokens": "max_output_tokens", "stop": "stop_sequences", "model_name": "model"}
"""What LangChain calls things."""
KNOWN = (*SETTINGS, *_REQUEST, *_CALL, *_ALIASES)
"""The names."""


def named(given: Mapping[str, Any]) -> Data:
    """Return what was given by our names, without what is None.

    Raises:
        ArgumentError: There is no such name.
    """
    for name in given:
        if name not in KNOWN:
            raise ArgumentError(f"a call of ChatGemini has no {name!r}{nearest(name, KNOWN)}")
    found = {_ALIASES.get(name, name): value for name, value in given.items()}
    return {name: value for name, value in found.items() if value is not None}


def template(said: Data, backend: Backend, system: Sequence[Data] = ()) -> Template:
    """Return the request without contents.

    Raises:
        ArgumentError, FieldError, UnsupportedError: Something in it cannot be sent.
    """
    settings = {name: value for name, value in said.items() if name in SETTINGS}
    request = {name: said[name] for name in _REQUEST if name in said}
    if "tools" in request:
        request["tools"] = declared(request["tools"], backend)
    return Template.of(
        backend,
        Given(generation_config=settings or None, **request),
        model=said["model"],
        system_instruction=list(system) or None,
        cached_content=said.get("cached_content"),
    )


def options(said: Data) -> CallOptions:
    """Return how the call is made.

    Raises:
        ArgumentError: It cannot be made so.
    """
    given = RequestOptions(
        timeout=said.get("timeout", DEFAULT),
        retry=_retry(said.get("max_retries", DEFAULT)),
    )
    return call_options(given)


def _retry(value: Any) -> Retry:
    if not isinstance(value, int):
        retry: Retry = value
        return retry
    if value < 0:
        raise ArgumentError(f"max_retries is {value}; expected 0 or more, or a RetryPolicy")
    return RetryPolicy(attempts=value + 1)


def question(said: Data, messages: Sequence[BaseMessage], wires: Wires) -> Question:
    """Return messages as a question that is in order.

    Raises:
        ArgumentError, FieldError, UnsupportedError: Something in it cannot be sent.
    """
    backend = wires.backend
    conversation = Conversation(messages, backend)
    made = template(said, backend, conversation.system)
    request = made.ask(conversation.contents or None)
    return Question(wires, request, made, options(said))
