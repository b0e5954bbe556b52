"""Automatic function calling: the model asks for calls, they are made, and it is asked again.

- Calls are made if the model came to a good end and all of them name functions that can be called, or
  that nobody has declared; a call of one that was only declared is the user's to answer, and with it the
  calls beside it.
- What goes wrong in a call (the function raises or takes too long, its name is unknown, the arguments do
  not fit) is told to the model, which can mend it.
- The mode ANY, which makes the model call something, holds for the first round only.
"""

from __future__ import annotations

import functools
import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from gemini_grpc import checks
from gemini_grpc.errors import ArgumentError, GeminiError
from gemini_grpc.functions import Function, Functions
from gemini_grpc.functions.concurrency import DEFAULT_LIMIT
from gemini_grpc.generative import reading
from gemini_grpc.generative.answer_errors import TooManyRoundsError
from gemini_grpc.generative.replay import replayable

if TYPE_CHECKING:
    from gemini_grpc.generative.backend import Backend
    from gemini_grpc.generative.invoking import Call, Outcome

_LOG = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class AutomaticFunctionCalling:
    """How functions are called for the model; `True` stands for the defaults.

    Raises:
        ArgumentError: A number cannot be used.
    """

    max_rounds: int = 10
    """How often the model may ask for calls, any number at once, before it has to answer."""
    timeout: float | None = None
    """Seconds the calls of one round may take; a function that takes longer has failed, as far as the
    model is told. None for no limit."""
    max_concurrent_calls: int = DEFAULT_LIMIT
    """How many calls of one round run at once, in threads or tasks; the others wait for their turn."""

    def __post_init__(self) -> None:
        if type(self.max_rounds) is not int or self.max_rounds < 1:
            raise ArgumentError(f"max_rounds is {self.max_rounds!r}; expected at least 1")
        if type(self.max_concurrent_calls) is not int or self.max_concurrent_calls < 1:
            raise ArgumentError(
                f"max_concurrent_calls is {self.max_concurrent_calls!r}; expected at least 1"
            )
        checks.seconds("timeout", self.timeout, positive=True, optional=True)

    @classmethod
    def of(cls, value: object) -> AutomaticFunctionCalling | None:
        """Return what `automatic_function_calling` says; None if functions are not to be called.

        Raises:
            ArgumentError: It is neither a bool nor an `AutomaticFunctionCalling`.
        """
        if value is None or isinstance(value, bool):
            return cls() if value else None
        if isinstance(value, cls):
            return value
        raise ArgumentError(
            "automatic_function_calling: expected True, False or AutomaticFunctionCalling(...), got "
            f"{type(value).__name__}"
        )


def refuse_async(functions: Functions) -> None:
    """Refuse functions that a synchronous call cannot call.

    Raises:
        ArgumentError: One is asynchronous.
    """
    for name, function in functions.items():
        if isinstance(function, Function) and function.is_async:
            raise ArgumentError(
                f"tools: the function {name!r} is asynchronous, so that only the asynchronous methods "
                "(generate_content_async, send_message_async) can call it"
            )


class Rounds:
    """The rounds of one question: what is asked next, and how many there may be."""

    def __init__(
        self,
        request: Any,
        backend: Backend,
        functions: Functions,
        settings: AutomaticFunctionCalling,
    ) -> None:
        """Begin with a request, which becomes that of the next round."""
        self.request = request
        self.settings = settings
        self._backend = backend
        self._functions = functions
        self._asked = len(request.contents)
        self._count = 0
        self._wanted: list[reading.FunctionCall] = []
        self._refused: list[GeminiError] = []  # why calls cannot be made, which the model is told

    @property
    def between(self) -> list[Any]:
        """What the rounds have added to the contents, as messages of the API."""
        wrap = self._backend.types.Content.wrap
        return [wrap(content) for content in self.request.contents[self._asked :]]

    def calls(self, answer: Any) -> list[Call]:
        """Return the calls to make for an answer; none if it is the last one.

        Raises:
            TooManyRoundsError: There were too many already.
        """
        self._wanted = self._automatic(answer)
        if not self._wanted:
            return []
        if self._count >= self.settings.max_rounds:
            message = self._backend.types.GenerateContentResponse.wrap(answer)
            raise TooManyRoundsError(self._count, message)
        self._count += 1
        return [self._prepare(call) for call in self._wanted]

    def _automatic(self, answer: Any) -> list[reading.FunctionCall]:
        if len(answer.candidates) != 1:
            return []
        if answer.candidates[0].finish_reason not in reading.GOOD_ENDS:
            return []
        wanted = [call for call in reading.calls_of(answer) if call.name]
        known = self._functions
        if all(call.name not in known or isinstance(known[call.name], Function) for call in wanted):
            return wanted
        return []

    def _prepare(self, call: reading.FunctionCall) -> Call:
        """Return a call that can be made; one that cannot fails when it is made."""
        try:
            function = self._functions[call.name]
            assert isinstance(function, Function)
            return functools.partial(function.call, **function.bind(call.args))
        except GeminiError as error:
            self._refused.append(error)
            return functools.partial(_fail, error)

    def add(self, answer: Any, outcomes: Sequence[Outcome]) -> None:
        """Prepare the request of the next round from the outcomes of the calls."""
        contents = self.request.contents
        contents.add(role="model").parts.extend(replayable(answer.candidates[0].content.parts))
        content = contents.add(role="user")
        for call, outcome in zip(self._wanted, outcomes, strict=True):
            response = content.parts.add().function_response
            response.name = call.name
            response.response.update(self._result(call, outcome))
            if call.id:
                response.id = call.id
        if self.request.HasField("tool_config"):
            _let_answer(self.request.tool_config.function_calling_config)

    def _result(self, call: reading.FunctionCall, outcome: Outcome) -> Mapping[str, Any]:
        error = outcome.error
        if error is None:
            function = self._functions[call.name]
            assert isinstance(function, Function)
            try:
                return function.result(outcome.value)
            except GeminiError as unusable:
                error = unusable
        if any(error is each for each in self._refused):
            _LOG.debug("a call of %s cannot be made: %s", call.name, type(error).__name__)
        else:
            _LOG.warning(
                "the function %s has failed: %s", call.name, type(error).__name__, exc_info=error
            )
        told = str(error) if isinstance(error, GeminiError) else f"{type(error).__name__}: {error}"
        return {"error": told.encode(errors="replace").decode()}  # without halves of surrogates


def _fail(error: Exception) -> None:
    raise error


def _let_answer(config: Any) -> None:
    """Let the model answer where the configuration makes it call something."""
    modes = config.DESCRIPTOR.fields_by_name["mode"].enum_type.values_by_name
    if config.mode == modes["ANY"].number:
        config.mode = modes["AUTO"].number
        config.ClearField("allowed_function_names")
