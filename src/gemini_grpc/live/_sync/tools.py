# Derived by `python -m codegen` from src/gemini_grpc/live/_async/tools.py. Do not edit.
"""Run the functions the model calls, and answer it."""

from __future__ import annotations

import contextvars
import functools
import logging
from typing import TYPE_CHECKING, Any

from gemini_grpc.functions import MisfitError, UnknownFunctionError
from gemini_grpc.functions.concurrency import ConcurrencyLimit
from gemini_grpc.live import errors, events, invoke
from gemini_grpc.live.tools import (
    TIMEOUT,
    contained,
    error_response,
    is_foreign,
    stopped,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from gemini_grpc.functions import Function
    from gemini_grpc.live._sync.engine import Engine
    from gemini_grpc.live.tools import Tool

CLOSING = 5.0
"""Seconds for which `close` waits until functions have ended and are undone."""

_LOG = logging.getLogger(__name__)
_INSIDE: contextvars.ContextVar[object] = contextvars.ContextVar("gemini_grpc.live", default=None)
"""The `Tools` whose function, or undo, is running here."""


class _Run:
    """One call that is being run."""

    __slots__ = ("arguments", "begin", "cancelled", "function", "tool", "worker")

    def __init__(self, function: Function | None, tool: Tool | None) -> None:
        self.function = function
        self.tool = tool
        self.arguments: dict[str, Any] | None = None
        self.cancelled = False
        self.begin: Callable[[], None] = lambda: None
        self.worker: invoke.Worker | None = None

    @property
    def timeout(self) -> float:
        return TIMEOUT if self.tool is None else self.tool.timeout

    @property
    def undo(self) -> Callable[..., Any] | None:
        return None if self.tool is None else self.tool.on_cancel


class Tools:
    """The functions of one session. Calls run beside each other, as many as the limit allows.

    A call gives its slot back when it is answered, also if its function runs in a thread and outlives its
    timeout: a thread cannot be stopped, and functions that hang must not keep a session, which may last for
    hours, from answering later calls.
    """

    def __init__(self, functions: Mapping[str, tuple[Function, Tool]], engine: Engine) -> None:
        self._functions = functions
        self._engine = engine
        self._runs: dict[str, _Run] = {}
        self._given_up: dict[_Run, invoke.Worker] = {}
        self._slots = ConcurrencyLimit()  # used with the lock of the engine held

    def runs(self, call: events.ToolCall) -> bool:
        """Return whether the session answers a call.

        Calls of functions that were only declared are the caller's to answer. A call of an undeclared
        function is answered with an error.
        """
        known = call.name in self._functions
        return known or bool(self._functions and not self._engine.protocol.is_declared(call.name))

    def is_followed(self, call: events.ToolCall) -> bool:
        """Return whether the session answers a call, and the model then says something."""
        _, tool = self._functions.get(call.name, (None, None))
        return self.runs(call) and (tool is None or tool.scheduling != "SILENT")

    def awaits_caller(self, call: events.ToolCall) -> bool:
        """Return whether the model waits until the caller sends the result of a call."""
        return self._engine.protocol.is_blocking(call.name) and not self.runs(call)

    def start(self, call: events.ToolCall) -> None:
        """Run the function of a call when there is a slot; the engine calls this with its lock held."""
        if not self.runs(call):
            return
        run = _Run(*self._functions.get(call.name, (None, None)))
        self._runs[call.id] = run
        run.begin = functools.partial(self._begin, call, run)
        self._slots.begin(run.begin)

    def _begin(self, call: events.ToolCall, run: _Run) -> None:
        task = functools.partial(self._run, call, run)
        run.worker = invoke.Worker(task, f"gemini-live-tool-{call.name}", self._ended)

    def _ended(self) -> None:
        with self._engine.lock:
            self._slots.end()

    def cancel(self, calls: Sequence[str]) -> None:
        """Give up calls whose answers nobody wants any more, and undo what can be undone.

        The engine calls this with its lock held.
        """
        for call in calls:
            run = self._runs.pop(call, None)
            if run is None:
                continue
            run.cancelled = True
            if run.worker is None:  # it waits for a slot: there is nothing to undo
                self._slots.withdraw(run.begin)
                continue
            run.worker.cancel()
            task = functools.partial(self._undo, run)
            self._given_up[run] = invoke.Worker(task, "gemini-live-undo")

    def give_up(self) -> None:
        """Give up what is running, without waiting for it."""
        with self._engine.lock:
            self.cancel(tuple(self._runs))

    def close(self) -> None:
        """Give up what is running, and wait a while until it has ended and is undone.

        A function that closes its session, or an undo, is not waited for: it would wait for itself.
        """
        self.give_up()
        engine = self._engine
        if self._given_up and _INSIDE.get() is not self:
            engine.signal.wait_until(engine.now() + CLOSING, lambda: not self._given_up)

    def _undo(self, run: _Run) -> None:
        """Undo a call that was given up, after its function has ended if that can be waited for."""
        _INSIDE.set(self)
        assert run.worker is not None
        try:
            stopped(run.worker)
            if run.undo is not None and run.arguments is not None:
                invoke.invoke(contained(run.undo), run.arguments, TIMEOUT)
        except BaseException as error:
            if is_foreign(error):
                raise
            _LOG.exception("the on_cancel of a function has failed")
        finally:
            with self._engine.lock:
                del self._given_up[run]
            self._engine.signal.notify()

    def _run(self, call: events.ToolCall, run: _Run) -> None:
        """Run one call and answer it, whatever happens."""
        _INSIDE.set(self)
        try:
            self._answer_all(call, run)
        except invoke.OverdueError:
            failure = f"{call.name} took longer than {run.timeout:g} s"
        except BaseException as error:  # `sys.exit` too is a failure of the function alone
            if is_foreign(error):
                raise
            _LOG.warning("the function %s has failed", call.name, exc_info=True)
            failure = f"{type(error).__name__}: {error}"
        else:
            failure = ""
        if failure:
            self._answer(call, run, error_response(failure))
        self._forget(call, run)

    def _forget(self, call: events.ToolCall, run: _Run) -> None:
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
        try:
            arguments = function.bind(call.arguments)
        except MisfitError as error:
            _LOG.debug("the arguments of a call of %s do not fit", call.name)
            self._answer(call, run, error_response(f"MisfitError: {error}"))
            return
        with self._engine.lock:
            if run.cancelled:
                return  # there is nothing to undo yet, and it stays so
            run.arguments = arguments
        value = invoke.invoke(contained(function.call), arguments, tool.timeout)
        if not invoke.is_generator(value):
            self._answer(call, run, function.result(value), tool.scheduling)
            return
        scheduling = tool.scheduling
        for item in invoke.items(value, tool.timeout):
            response = function.result(item)
            if not self._answer(call, run, response, tool.scheduling, will_continue=True):
                return
            scheduling = "SILENT"  # of the end there is nothing to say
        self._answer(call, run, {}, scheduling)

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
            if not will_continue:
                self._forget(call, run)  # from here on there is nothing to give up
        return True
