"""The functions a model may call during a session."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Callable, Generator, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

from gemini_grpc import checks
from gemini_grpc.errors import ArgumentError
from gemini_grpc.functions import Function, Functions
from gemini_grpc.live.errors import UnsupportedFeature

if TYPE_CHECKING:
    from gemini_grpc.live.invoke import AsyncWorker, Worker
    from gemini_grpc.live.protocol import LiveProtocol

TIMEOUT = 30.0
"""Seconds a function has when nothing is said."""


@dataclass(frozen=True, slots=True)
class Tool:
    """A function and how it is run; a plain callable stands for `Tool(callable)`.

    The function may be synchronous or asynchronous, in sessions of both colours. A generator answers
    several times: every value it yields is sent at once as an answer that more will follow, its end as an
    empty one that is SILENT; it needs a NON_BLOCKING function.
    """

    function: Callable[..., Any] | Function
    timeout: float = TIMEOUT
    """Seconds it may take (a generator: each value); afterwards the model is told that it has failed."""
    on_cancel: Callable[..., Any] | None = None
    """Called with the function's arguments when nobody wants the answer any more, because the model has
    cancelled the call or its connection is gone: to undo what was done. An asynchronous function of an
    asynchronous session was cancelled and has ended by then; any other may be running still, and this can
    be what stops it."""
    behavior: Literal["", "BLOCKING", "NON_BLOCKING"] = ""
    """Whether the model waits for the answer; its own habit if empty."""
    scheduling: Literal["", "SILENT", "WHEN_IDLE", "INTERRUPT"] = ""
    """When the answer of a NON_BLOCKING function reaches the model."""

    def __post_init__(self) -> None:
        if not callable(self.function):
            raise ArgumentError(
                f"a tool is {type(self.function).__name__}; expected a function or a Tool"
            )
        checks.seconds("timeout", self.timeout, positive=True)
        checks.choice("behavior", self.behavior, "", "BLOCKING", "NON_BLOCKING")
        checks.choice("scheduling", self.scheduling, "", "SILENT", "WHEN_IDLE", "INTERRUPT")


class Toolbox:
    """The functions of one session: those it runs, and those that were only declared to the model."""

    def __init__(self, given: Any = ()) -> None:
        """Take callables, `Tool`s, `Function`s, ready declarations, and tools that are no functions.

        Raises:
            ArgumentError: One is none of these, two have the same name, or a signature cannot be used.
        """
        functions, self.others = _sorted(given)
        tools = [_tool(each) for each in functions]
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


def _sorted(given: Any) -> tuple[list[Any], list[Any]]:
    """Return functions and other tools: names, and messages or mappings of a Tool or of a field of it."""
    functions: list[Any] = []
    others: list[Any] = []
    single = isinstance(given, (str, Mapping)) or not isinstance(given, Iterable)
    for each in [given] if single else given:
        kind = getattr(getattr(each, "_pb", each), "DESCRIPTOR", None)
        fields = _fields(each)
        if fields is not None:
            functions.extend(fields.pop("function_declarations", None) or ())
            others.extend([fields] if fields else [])
        elif isinstance(each, str) or (kind is not None and kind.name != "FunctionDeclaration"):
            others.append(each)
        else:
            functions.extend(each.values() if isinstance(each, Functions) else [each])
    return functions, others


def _fields(given: Any) -> dict[str, Any] | None:
    """Return the fields of a tool that is a mapping or a Tool of `generative`; None for anything else."""
    if isinstance(given, Mapping):
        return None if isinstance(given, Functions) or "name" in given else dict(given)
    if hasattr(given, "function_declarations") and hasattr(given, "to_dict"):
        return {**given.to_dict(), "function_declarations": given.function_declarations}
    return None


def _tool(given: Any) -> Any:
    """Return a Tool for what can be called, anything else as it is."""
    if callable(given):
        declares = getattr(given, "function", given) is None  # a declaration without a function
        return given.to_dict() if declares else Tool(given)
    return given


def _source(given: object) -> object:
    """Return what stands for a tool among functions."""
    if isinstance(given, Tool):
        return Function.of(given.function, behavior=given.behavior or None)
    return given


def error_response(message: str) -> Mapping[str, Any]:
    """Return what the model is told when a call fails."""
    return {"error": message.encode(errors="replace").decode()}  # without halves of surrogates


def contained(function: Callable[..., Any]) -> Callable[..., Any]:
    """Return what calls a function in a thread: an exit in there is an error, and ends nothing else.

    An asynchronous function comes back as it is.
    """
    if inspect.iscoroutinefunction(function):
        return function

    def call(**arguments: Any) -> Any:
        try:
            value = function(**arguments)
        except Exception:
            raise
        except BaseException as error:
            raise _failure(error) from error
        return _contained_items(value) if inspect.isgenerator(value) else value

    return call


def _contained_items(generator: Generator[Any, Any, Any]) -> Generator[Any, Any, Any]:
    try:
        yield from generator
    except (Exception, GeneratorExit):
        raise
    except BaseException as error:
        raise _failure(error) from error


def _failure(error: BaseException) -> Exception:
    return RuntimeError(f"{type(error).__name__}: {error}")


def is_foreign(error: BaseException) -> bool:
    """Tell whether an error is not of the function that raised it; in a thread of ours there is none."""
    return False


def async_is_foreign(error: BaseException) -> bool:
    """Tell whether an error is not of the function that raised it: its task was cancelled, or Ctrl-C."""
    if isinstance(error, asyncio.CancelledError):
        task = asyncio.current_task()
        return task is not None and task.cancelling() > 0
    return isinstance(error, (KeyboardInterrupt, GeneratorExit))


def stopped(worker: Worker) -> None:
    """Do nothing: a thread cannot be stopped, so it is not waited for."""


async def async_stopped(worker: AsyncWorker) -> None:
    """Wait until a task that was cancelled has ended."""
    await worker.join()
