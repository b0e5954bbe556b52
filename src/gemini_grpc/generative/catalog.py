"""The models there are: what each can do, and its limits.

Vertex AI lists no models over gRPC; there every function is an `UnsupportedError`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeGuard

from gemini_grpc.errors import ArgumentError
from gemini_grpc.generative.plan import Plan, page
from gemini_grpc.generative.resource import Resource
from gemini_grpc.generative.tuning import TunedModel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from gemini_grpc.generative.backend import Backend
    from gemini_grpc.generative.wires import Wires


class Model(Resource):
    """A model that Google offers."""

    __slots__ = ()

    name: str
    """What to call it by: `models/gemini-3.8-flash`."""
    base_model_id: str
    """Its family, without the version."""
    version: str
    display_name: str
    description: str
    input_token_limit: int
    """How many tokens a prompt may have."""
    output_token_limit: int
    """How many tokens a candidate may have."""
    supported_generation_methods: Sequence[str]
    """What it can do, as `generateContent`, `embedContent`, `countTokens`."""
    temperature: float | None
    """The temperature when a request has none; None if the model says nothing."""
    max_temperature: float | None
    """The highest temperature."""
    top_p: float | None
    top_k: int | None
    thinking: bool
    """Whether it can reason before it answers."""

    @classmethod
    def shown(cls, message: Any, wires: Wires) -> Model:
        """Return the view of a model, and keep its name for who mistypes one."""
        wires.settings.models.add(message.name)
        return cls.of(message, wires)


def listing(backend: Backend, page_size: int | None) -> Plan[Model]:
    """Decide the call that lists the models."""
    return Plan(backend.method("ListModels"), page(page_size), Model.shown)


def is_tuned(name: object) -> TypeGuard[str | TunedModel]:
    """Return whether a name or a message is that of a tuned model."""
    return isinstance(name, TunedModel) or str(getattr(name, "name", name)).startswith(
        "tunedModels/"
    )


def getting_base(backend: Backend, name: object) -> Plan[Model]:
    """Decide the call that gets a model of Google; for a tuned one that it was made from.

    Raises:
        ArgumentError: It is no name of one.
    """
    method = backend.method("GetModel")
    if isinstance(name, TunedModel):
        name = name.base_model
    full = backend.model(getattr(name, "name", name))
    if not full.startswith("models/"):
        raise ArgumentError(f"name: {full!r} is no model of Google; expected 'models/MODEL'")
    return Plan(method, {"name": full}, Model.shown)
