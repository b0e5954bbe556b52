"""Errors for unexpected keyword arguments that name where the keyword belongs."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from gemini_grpc.errors import FieldError, nearest

Function = TypeVar("Function", bound=Callable[..., Any])

_GENERATION = frozenset(
    {
        *(
            "candidate_count",
            "stop_sequences",
            "max_output_tokens",
            "temperature",
            "top_p",
            "top_k",
        ),
        *("seed", "presence_penalty", "frequency_penalty", "response_mime_type", "response_schema"),
        *("response_json_schema", "response_logprobs", "logprobs", "response_modalities"),
        *("speech_config", "thinking_config", "image_config", "media_resolution"),
    }
)
_CALL = frozenset({"timeout", "retry", "metadata"})
_ALIASES = {
    "config": "generation_config",
    "max_tokens": "max_output_tokens",
    "stop": "stop_sequences",
    "n": "candidate_count",
    "deadline": "timeout",
    "headers": "metadata",
    "messages": "contents",
    "prompt": "contents",
    "system": "system_instruction",
    "functions": "tools",
    "content": "contents",
    "contents": "content",
    "file": "path",
    "model_name": "model",
    "model": "model_name",
}
"""What other libraries call an argument."""
_ELSEWHERE = {
    **dict.fromkeys(("api_key", "transport", "client_options", "credentials"), "configure({}=...)"),
    **dict.fromkeys(("project", "location", "vertexai"), "configure({}=...)"),
    **dict.fromkeys(
        ("system_instruction", "tools", "tool_config", "safety_settings", "labels", "model_name"),
        "GenerativeModel({}=...)",
    ),
    "generation_config": "GenerativeModel({}=...)",
    "request_options": "the methods that call: generate_content({}=...)",
    "history": "start_chat({}=...)",
    "stream": "generate_content({}=...) and send_message({}=...)",
    "automatic_function_calling": "generate_content({}=...)",
    "enable_automatic_function_calling": "start_chat({}=...)",
    "task_type": "embed_content({}=...)",
    "output_dimensionality": "embed_content({}=...)",
}
"""Where arguments belong that the function does not have."""


def explain_keywords(function: Function) -> Function:
    """Let a function raise an error that names where an unexpected keyword belongs.

    Raises:
        FieldError: When called with a keyword that the function does not have.
    """
    parameters = inspect.signature(function).parameters.values()
    known = frozenset(each.name for each in parameters)

    def check(keywords: dict[str, Any]) -> None:
        if not keywords.keys() <= known:
            word = next(each for each in keywords if each not in known)
            raise FieldError(
                f"{function.__qualname__}() got an unexpected keyword argument {word!r}"
                f"{_hint(word, known)}"
            )

    if inspect.iscoroutinefunction(function):

        @functools.wraps(function)
        async def call_async(*arguments: Any, **keywords: Any) -> Any:
            if keywords:
                check(keywords)
            return await function(*arguments, **keywords)

        return call_async  # type: ignore[return-value]  # it has the same signature

    @functools.wraps(function)
    def call(*arguments: Any, **keywords: Any) -> Any:
        if keywords:
            check(keywords)
        return function(*arguments, **keywords)

    return call  # type: ignore[return-value]


def _hint(word: str, known: frozenset[str]) -> str:
    """Return where a keyword belongs, as the end of a sentence."""
    name = _ALIASES.get(word, word)
    if name in known:
        hint = f"; it is called {name}="
    elif name in _GENERATION:
        hint = _setting(name, known)
    elif name in _CALL:
        where = "" if "request_options" in known else " of each call"
        hint = f"; give it as request_options={{{name!r}: ...}}{where}"
        if "setup_timeout" in known:
            hint = (
                "; a session has setup_timeout= and idle_timeout=, everything else is the client's"
            )
    elif name in _ELSEWHERE:
        hint = f"; it belongs to {_ELSEWHERE[name].format(*[name] * 2)}"
    elif not (hint := nearest(word, known)):
        hint = nearest(word, _GENERATION) if "generation_config" in known else ""
        names = ", ".join(sorted(known - {"self"}))
        hint = f"{hint} in generation_config=" if hint else f"; expected one of {names}"
    return hint


def _setting(name: str, known: frozenset[str]) -> str:
    """Return where a field of GenerationConfig belongs."""
    if "setup_timeout" in known:
        return f"; give it as config=LiveConfig(generation={{{name!r}: ...}})"
    where = "" if "generation_config" in known else " of the model or of each message"
    return f"; give it as generation_config={{{name!r}: ...}}{where}"
