"""The functions of the everyday API in one colour, with a client of one backend of an emulator."""

from __future__ import annotations

import importlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import gemini_grpc
from gemini_grpc.emulator import Emulator
from tests.colours import COLOURS, Async

BACKENDS: dict[str, dict[str, Any]] = {
    "v1beta": {"version": "v1beta"},
    "v1alpha": {"version": "v1alpha"},
    "vertex": {"project": "p", "location": "us-central1"},
}
GEMINI = ("v1beta", "v1alpha")
BOTH = ("sync", "async")


class Shell:
    """Calls functions and methods in one colour."""

    def __init__(self, colour: str, backend: str, emulator: Emulator | None = None) -> None:
        self.colour = {cls.name: cls for cls in COLOURS}[colour]()
        self.emulator: Any = emulator
        self.backend = backend
        target = emulator.target if emulator else "127.0.0.1:1"
        options = {"api_endpoint": f"http://{target}", "api_key": "test"}
        make = gemini_grpc.AsyncClient if self.is_async else gemini_grpc.Client
        self.client = make(client_options=options, **BACKENDS[backend])

    @property
    def is_async(self) -> bool:
        return isinstance(self.colour, Async)

    def call(self, path: str, *args: Any, **more: Any) -> Any:
        """Call a function with the client: `catalog.get_model`; a list gives its items."""
        module, _, name = path.partition(".")
        shell, suffix = ("_async", "_async") if self.is_async else ("_sync", "")
        home = importlib.import_module(f"gemini_grpc.generative.{shell}.{module}")
        return self._run(getattr(home, name + suffix), *args, client=self.client, **more)

    def do(self, owner: Any, name: str, *args: Any, **more: Any) -> Any:
        """Call a method of a resource, or of its class; a list gives its items."""
        return self._run(getattr(owner, f"{name}_async" if self.is_async else name), *args, **more)

    def sent(self, method: str) -> list[Any]:
        """Return the requests that have arrived for a method."""
        return [call.request for call in self.emulator.journal.calls(method)]

    def end(self) -> None:
        self.colour.call(self.client.close)
        self.colour.end()

    def _run(self, function: Any, *args: Any, **more: Any) -> Any:
        answer = self.colour.call(function, *args, **more)
        lazy = hasattr(answer, "__anext__") or hasattr(answer, "__next__")
        return self.colour.drain(answer) if lazy else answer


@contextmanager
def shell_of(colour: str, backend: str) -> Iterator[Shell]:
    """Run a test against an emulator of its own."""
    with Emulator() as emulator:
        shell = Shell(colour, backend, emulator)
        try:
            yield shell
        finally:
            shell.end()


@contextmanager
def quiet_shell_of(colour: str, backend: str) -> Iterator[Shell]:
    """Run a test in which nothing is sent; there is nobody to take it."""
    shell = Shell(colour, backend)
    try:
        yield shell
    finally:
        shell.end()


def each(backends: tuple[str, ...] = GEMINI) -> list[Any]:
    """Return the parameters of a fixture: every colour of every backend."""
    return [(colour, backend) for backend in backends for colour in BOTH]


def label(parameter: Any) -> str:
    """Return how a parameter is called in the output of pytest."""
    return "-".join(parameter)
