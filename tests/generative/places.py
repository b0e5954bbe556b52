"""One backend in one colour: what the tests of models and chats ask of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

import gemini_grpc
from gemini_grpc.generative.model import GenerativeModel

if TYPE_CHECKING:
    from gemini_grpc.emulator import Emulator
    from tests.colours import Sync

BACKENDS = ("v1beta", "v1alpha", "vertex")


class Place:
    """One backend in one colour: models there, and their methods called in that colour."""

    def __init__(self, emulator: Emulator, backend: str, colour: Sync) -> None:
        self.emulator = emulator
        self.backend = backend
        self.colour = colour
        options: Any = {"api_endpoint": f"http://{emulator.target}", "api_key": "test"}
        chosen: Any = {"version": backend}
        if backend == "vertex":
            chosen = {"project": "p", "location": "us-central1"}
        self.client = gemini_grpc.Client(client_options=options, **chosen)

    @property
    def is_async(self) -> bool:
        return self.colour.name == "async"

    def model(self, **arguments: Any) -> GenerativeModel:
        return GenerativeModel(client=self.client, **arguments)

    def call(self, method: Callable[..., Any], *args: Any, **more: Any) -> Any:
        """Call a method of a model or chat, or its twin."""
        owner: Any = getattr(method, "__self__", None)
        if self.is_async:
            method = getattr(owner, f"{method.__name__}_async")
        return self.colour.call(method, *args, **more)

    def ask(self, model: GenerativeModel, contents: Any, **more: Any) -> Any:
        return self.call(model.generate_content, contents, **more)

    def send(self, chat: Any, content: Any, **more: Any) -> Any:
        return self.call(chat.send_message, content, **more)

    def resolve(self, response: Any) -> None:
        self.colour.call(response.resolve)

    def pieces(self, response: Any) -> list[Any]:
        return self.colour.drain(response)

    def next(self, pieces: Any) -> Any:
        return self.colour.next(pieces)

    def iterate(self, response: Any) -> Any:
        return response.__aiter__() if self.is_async else iter(response)

    def close(self) -> None:
        wires = self.client.wires
        if "async_channel" in wires.__dict__:
            self.colour.call(wires.async_channel.close)
        self.client.close()
