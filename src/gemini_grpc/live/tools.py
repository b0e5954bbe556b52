"""The functions a model may call during a session."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from gemini_grpc.errors import ArgumentError
from gemini_grpc.functions import Function, Functions
from gemini_grpc.live.errors import UnsupportedFeature

if TYPE_CHECKING:
    from gemini_grpc.live.protocol import LiveProtocol

TIMEOUT = 30.0
"""Seconds a function has when nothing is said."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A function and how it is run; a plain callable stands for `Tool(callable)`.

    The function may be synchronous or asynchronous, in sessions of both colours. A generator answers
    several times: every value it yields is an answer that more will follow, and needs a NON_BLOCKING
    function.
    """

    function: Callable[..., Any] | Function
    timeout: float = TIMEOUT
    """Seconds it may take (a generator: each value); afterwards the model is told that it has failed."""
    on_cancel: Callable[..., Any] | None = None
    """Called with the function's arguments when nobody wants the answer any more, because the model has
    cancelled the call or its connection is gone: to undo what was done. An asynchronous function has been
    cancelled by then; a synchronous one may be running still, and this can be what stops it."""
    behavior: Literal["", "BLOCKING", "NON_BLOCKING"] = ""
    """Whether the model waits for the answer; its own habit if empty."""
    scheduling: Literal["", "SILENT", "WHEN_IDLE", "INTERRUPT"] = ""
    """When the answer of a NON_BLOCKING function reaches the model."""

    def __post_init__(self) -> None:
        if not callable(self.function):
            raise ArgumentError(
                f"a tool is {type(self.function).__name__}; expected a function or a Tool"
            )
        if not self.timeout > 0:
            raise ArgumentError(f"timeout is {self.timeout}; expected seconds, more than 0")


class Toolbox:
    """The functions of one session: those it runs, and those that were only declared to the model."""

    def __init__(self, given: Iterable[object] = ()) -> None:
        """Take callables, `Tool`s, `Function`s and ready declarations.

        Raises:
            ArgumentError: One is none of these, two have the same name, or a signature cannot be used.
        """
        tools = [Tool(each) if callable(each) else each for each in given]
        self._functions = Functions(map(_source, tools))
        self.runs: dict[str, tuple[Function, Tool]] = {
            function.name: (function, tool)
            for function, tool in zip(self._functions.values(), tools, strict=True)
            if isinstance(function, Function) and isinstance(tool, Tool)
        }
        """The functions that the session runs, by name."""

    def declarations(self) -> list[object]:
        """Return what the model is told of all of them."""
        return self._functions.declarations()

    def check(self, protocol: LiveProtocol) -> None:
        """Refuse what blocking functions cannot do.

        Raises:
            UnsupportedFeature: One of them is to do it.
        """
        for name, (function, tool) in self.runs.items():
            if not protocol.is_blocking(name):
                continue
            if tool.scheduling or function.is_generator:
                wish = "scheduling" if tool.scheduling else "a generator"
                raise UnsupportedFeature(
                    f"{wish} needs Tool({name}, behavior='NON_BLOCKING'), because the model waits "
                    "for one answer"
                )


def _source(given: object) -> object:
    """Return what stands for a tool among functions."""
    if isinstance(given, Tool):
        return Function.of(given.function, behavior=given.behavior or None)
    return given


def error_response(message: str) -> Mapping[str, Any]:
    """Return what the model is told when a call fails."""
    return {"error": message.encode(errors="replace").decode()}  # without halves of surrogates
