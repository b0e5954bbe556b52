"""What both models of LlamaIndex have: how they are made, what of them is saved, how they are closed."""

from __future__ import annotations

import inspect
from abc import abstractmethod
from typing import Any, Self

from llama_index.core.bridge.pydantic import Field, PrivateAttr
from llama_index.core.constants import DEFAULT_TEMPERATURE
from llama_index.core.schema import BaseComponent

from gemini_grpc.generative.backend import VERSIONS
from gemini_grpc.generative.config import GenerationConfig
from gemini_grpc.integrations.llama_index.connection import Connection
from gemini_grpc.integrations.llama_index.talk import Said, Talk

_CONNECTING = tuple(inspect.signature(Connection).parameters)


class GeminiComponent(BaseComponent):
    """A model with its settings and its client.

    It is used by many threads and tasks at once. Close it, or use it in a `with` block, to end its calls;
    a client that it was given stays open. What is saved of it (`to_dict`, pickle) has no client and no
    credentials: a copy made from that finds those of its environment.
    """

    temperature: float | None = Field(DEFAULT_TEMPERATURE, description="What is left to chance.")
    max_tokens: int | None = Field(None, description="How many tokens an answer has at most.")
    context_window: int | None = Field(None, description="Tokens of a prompt and its answer.")
    generation_config: Any = Field(None, description="More settings.")
    safety_settings: Any = Field(None, description="Thresholds of harm.")
    api_base: str | None = Field(None, description="The address of the API.")
    project: str | None = Field(None, description="The project on Vertex AI.")
    location: str | None = Field(None, description="The location on Vertex AI.")
    version: str = Field(VERSIONS[0], description="The version of the Gemini API.")
    generate_kwargs: dict[str, Any] = Field({}, description="More arguments of every call.")

    _connection: Connection = PrivateAttr()

    def __init__(self, model: str, **arguments: Any) -> None:
        """Prepare; nothing is sent.

        Args:
            model: The name of the model.
            arguments: Those of `Connection`, fields, and arguments for every call.

        Raises:
            ArgumentError: One has a value that cannot be used, or does not exist.
        """
        connection = Connection(**{name: arguments.get(name) for name in _CONNECTING})
        backend, known = connection.backend, type(self).model_fields
        fields = {name: arguments[name] for name in known if name in arguments}
        others = {name: arguments[name] for name in arguments if name not in (*known, *_CONNECTING)}
        if isinstance(config := fields.get("generation_config"), GenerationConfig):
            fields["generation_config"] = config.to_dict()
        if fields.get("callback_manager", self) is None:
            del fields["callback_manager"]  # LlamaIndex makes one
        fields |= {name: model for name in ("model", "model_name") if name in known}
        fields |= {
            "project": backend.project or None,
            "location": backend.location or None,
            "version": VERSIONS[0] if backend.is_vertex else backend.version,
            "generate_kwargs": {**(arguments.get("generate_kwargs") or {}), **others},
        }
        super().__init__(**fields)
        self._connection = connection
        self._talk.check()

    @property
    @abstractmethod
    def _name(self) -> str:
        """The name of the model."""

    @property
    def _talk(self) -> Talk:
        """The model with its settings as they are now: fields may be set at any time."""
        config, harm = self.generation_config, self.safety_settings
        said = Said.of(
            {"temperature": self.temperature},
            {"generation_config": config, "safety_settings": harm},
            self.generate_kwargs,
        )
        return Talk(self._connection, self._name, said, self.max_tokens, self.context_window)

    def to_payload(self) -> dict[str, Any]:
        """Return what events and callbacks tell of the model; it asks the API for nothing."""
        told = {"temperature": self.temperature, "max_tokens": self.max_tokens}
        return {"class_name": self.class_name(), "model_name": self._name, **told}

    def close(self) -> None:
        """End the calls that run and close the connection of its own; closing twice is fine."""
        self._connection.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self.close()
