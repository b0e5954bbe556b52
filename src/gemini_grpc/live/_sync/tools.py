# Derived by `python -m codegen` from src/gemini_grpc/live/_async/tools.py. Do not edit.
"""Run the functions the model calls, and answer it."""

from __future__ import annotations

import functools
import logging
from typing import TYPE_CHECKING, Any

from gemini_grpc.functions import UnknownFunctionError
from gemini_grpc.live import errors, events, invoke
from gemini_grpc.live.tools import TIMEOUT, error_response

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gemini_grpc.functions import Function
    from gemini_grpc.live._sync.engine import Engine
    from gemini_grpc.live.tools import Tool

_LOG = logging.getLogger(__name__)


class _Run:
    """One call that is being run."""

    __slots__ = ("arguments", "cancelled", "function", "tool", "worker")

    def __init__(self, function: Function | None, tool: Tool | None) -> None:
        self.function = function
        self.tool = tool
        self.arguments: dict[str, Any] | None = None
        self.cancelled = False
        self.worker: invoke.Worker | None = None

    @property
    def timeout(self) -> float:
        return TIMEOUT if self.tool is None else self.tool.timeout

    @property
    def undo(self) -> Callable[..., Any] | None:
        return None if self.tool is None else self.tool.on_cancel


class Tools:
    """The functions of one session. Every call runs beside the others."""

    def __init__(self, functions: Mapping[str, tuple[Function, Tool]], engine: Engine) -> None:
        self._functions = functions
        self._engine = engine
        self._runs: dict[str, _Run] = {}

    def start(self, call: events.ToolCall) -> None:
        """Run the function of a call; the engine calls this with its lock held.

        Calls of functions that were only declared are the user's to answer. A function nobody has
        declared is answered with an error.
        """
        if not self._functions:
            return
        run = _Run(*self._functions.get(call.name, (None, None)))
        if run.function is None and self._engine.protocol.is_declared(call.name):
            return
        self._runs[call.id] = run
        task = functools.partial(self._run, call, run)
        run.worker = invoke.Worker(task, f"gemini-live-tool-{call.name}")

    def cancel(self, calls: Sequence[str]) -> None:
        """Give up calls whose answers nobody wants any more, and undo what can be undone.

        The engine calls this with its lock held.
        """
        for call in calls:
            run = self._runs.pop(call, None)
            if run is None:
                continue
            run.cancelled = True
            assert run.worker is not None
            run.worker.cancel()
            if run.undo is not None and run.arguments is not None:
                task = functools.partial(self._undo, run.undo, run.arguments)
                run.worker = invoke.Worker(task, "gemini-live-undo")

    def _undo(self, undo: Callable[..., Any], arguments: dict[str, Any]) -> None:
        invoke.invoke(undo, arguments, TIMEOUT)

    def _run(self, call: events.ToolCall, run: _Run) -> None:
        """Run one call and answer it, whatever happens."""
        try:
            self._answer_all(call, run)
        except invoke.OverdueError:
            failure = f"{call.name} took longer than {run.timeout:g} s"
        except Exception as error:
            _LOG.warning("the function %s has failed", call.name, exc_info=True)
            failure = f"{type(error).__name__}: {error}"
        else:
            failure = ""
        if failure:
            self._answer(call, run, error_response(failure))
        with self._engine.lock:
            if self._runs.get(call.id) is run:
                del self._runs[call.id]

    def _answer_all(self, call: events.ToolCall, run: _Run) -> None:
        """Answer with what a function returns, or with everything that a generator gives."""
        function, tool = run.function, run.tool
        if function is None or tool is None:
            error = UnknownFunctionError(call.name, tuple(self._functions))
            self._answer(call, run, error_response(str(error)))
            return
        run.arguments = function.bind(call.arguments)
        value = invoke.invoke(function.call, run.arguments, tool.timeout)
        if not invoke.is_generator(value):
            self._answer(call, run, function.result(value), tool.scheduling)
            return
        response: dict[str, Any] | None = None
        for item in invoke.items(value, tool.timeout):
            if response is not None and not self._answer(
                call, run, response, tool.scheduling, will_continue=True
            ):
                return
            response = function.result(item)
        self._answer(call, run, response or {}, tool.scheduling)

    def _answer(
        self,
        call: events.ToolCall,
        run: _Run,
        response: Mapping[str, Any],
        scheduling: str = "",
        *,
        will_continue: bool = False,
    ) -> bool:
        """Send an answer, unless the call is void by now; tell whether it was sent."""
        engine = self._engine
        with engine.lock:
            if run.cancelled:
                return False
            try:
                message = engine.protocol.tool_response(
                    call.id, response, scheduling=scheduling, will_continue=will_continue
                )
            except errors.StateError:
                return False  # the user has answered it, or the session has ended
            engine.send(message)
        return True
