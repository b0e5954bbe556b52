"""What one call is made with, by the names that `ChatGemini`, `bind` and `invoke` take.

These are the settings of a model (`temperature`, `thinking_config`, ...: every field of our
GenerationConfig) and what belongs to the request or to the call itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from typing import TYPE_CHECKING, Any

import grpc

from gemini_grpc.errors import ArgumentError, nearest
from gemini_grpc.generative.config import SCHEMAS, GenerationConfig
from gemini_grpc.generative.replay import keep_replayable
from gemini_grpc.generative.template import Given, Question, Template
from gemini_grpc.integrations.langchain.messages import Conversation
from gemini_grpc.integrations.langchain.tools import declared, format_settings
from gemini_grpc.rpc.policy import DEFAULT, RetryPolicy, seconds

if TYPE_CHECKING:
    from langchain_core.messages import BaseMessage

    from gemini_grpc.generative.backend import Backend
    from gemini_grpc.generative.request_options import CallOptions
    from gemini_grpc.generative.wires import Wires
    from gemini_grpc.rpc.policy import Default

Data = dict[str, Any]

SETTINGS = frozenset(field.name for field in fields(GenerationConfig))
"""The settings of a model."""
_REQUEST = ("safety_settings", "tools", "tool_config", "labels")
_CALL = ("model", "cached_content", "timeout", "max_retries", "stream")
_ALIASES = {"max_tokens": "max_output_tokens", "stop": "stop_sequences", "model_name": "model"}
"""What LangChain calls things."""
_FORMAT = "response_format"
_FORMAT_SETTINGS = ("response_mime_type", *SCHEMAS)
KNOWN = (*SETTINGS, *_REQUEST, *_CALL, *_ALIASES, _FORMAT)
"""The names."""

_ONE_BY_ONE = "give its settings one by one, for example temperature=0.5"
_CONNECTION = "it belongs to the constructor, ChatGemini({}=...)"
_ELSEWHERE = {
    "generation_config": _ONE_BY_ONE,
    "config": _ONE_BY_ONE,
    "request_options": "give timeout= and max_retries=",
    "retry": "it is called max_retries",
    "retries": "it is called max_retries",
    "request_timeout": "it is called timeout",
    "system_instruction": "put a SystemMessage among the messages",
    "functions": "use bind_tools",
    **dict.fromkeys(
        ("api_key", "google_api_key", "client", "credentials", "project", "location", "version"),
        _CONNECTION,
    ),
}
"""Where arguments belong that a call does not have."""


def hint(name: str, known: Iterable[str] = KNOWN) -> str:
    """Return where an unknown argument belongs, as the end of a sentence; empty if nothing is like it."""
    if name in _ELSEWHERE:
        return f"; {_ELSEWHERE[name].format(name)}"
    return nearest(name, known)


def merged(layers: Iterable[Mapping[str, Any]], backend: Backend) -> Data:
    """Return arguments by the names of this library, without None; later layers override earlier ones.

    Raises:
        ArgumentError: There is no such name, or a `response_format` cannot be used.
        FieldError: A `response_format` has something that is no schema.
    """
    result: Data = {}
    for layer in layers:
        named = _named(layer)
        if _FORMAT in named:
            for name in _FORMAT_SETTINGS:
                if name in named:
                    raise ArgumentError(f"response_format excludes {name}; leave one out")
                result.pop(name, None)
            named |= format_settings(named.pop(_FORMAT), backend)
        result |= named
    return result


def _named(layer: Mapping[str, Any]) -> Data:
    for name in layer:
        if name not in KNOWN:
            raise ArgumentError(f"a call of ChatGemini has no {name!r}{hint(name)}")
    return {_ALIASES.get(name, name): value for name, value in layer.items() if value is not None}


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
    """Return the timeout, retry and metadata of the call.

    Raises:
        ArgumentError: `timeout` or `max_retries` cannot be used.
    """
    return seconds(said.get("timeout", DEFAULT)), _retry(said.get("max_retries", DEFAULT)), ()


_CODES = frozenset({grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.RESOURCE_EXHAUSTED})
"""What `max_retries` retries: LangChain promises network failures and rate limits."""


def _retry(value: object) -> RetryPolicy | Default:
    if value is DEFAULT or isinstance(value, RetryPolicy):
        return value
    if not isinstance(value, int) or isinstance(value, bool) or value < 0:
        raise ArgumentError(
            f"max_retries is {value!r}; expected the number of attempts, 0 or more, or a RetryPolicy"
        )
    return RetryPolicy(attempts=max(1, value), codes=_CODES)


def question(said: Data, messages: Sequence[BaseMessage], wires: Wires) -> Question:
    """Return messages as a question that is in order.

    Raises:
        ArgumentError, FieldError, UnsupportedError: Something in it cannot be sent.
    """
    backend = wires.backend
    conversation = Conversation(messages, backend)
    made = template(said, backend, conversation.system)
    request = made.ask(conversation.contents or None)
    keep_replayable(request.contents)
    return Question(wires, request, made, options(said))
