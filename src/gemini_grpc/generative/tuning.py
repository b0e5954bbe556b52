"""Tuned models: what they are, and the calls that make and keep them.

They are a feature of the Gemini API; on Vertex AI every function is an `UnsupportedError`.
"""

from __future__ import annotations

import enum
from typing import TYPE_CHECKING, Any, Self, TypeVar

from gemini_grpc.errors import ArgumentError
from gemini_grpc.generative import names, translation
from gemini_grpc.generative.editable import Editable, changes, mask
from gemini_grpc.generative.permissions import Permissions
from gemini_grpc.generative.plan import Plan, nothing, page
from gemini_grpc.generative.resource import plain
from gemini_grpc.generative.training import to_dataset
from gemini_grpc.rpc.message import NameAsText

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import datetime

    from gemini_grpc.generative.backend import Backend
    from gemini_grpc.generative.wires import Wires

T = TypeVar("T")

HYPERPARAMETERS = ("epoch_count", "batch_size", "learning_rate", "learning_rate_multiplier")
"""How tuning goes."""


class TunedModelState(NameAsText, enum.IntEnum):
    """The state of a tuned model."""

    STATE_UNSPECIFIED = 0
    CREATING = 1
    ACTIVE = 2
    """It answers."""
    FAILED = 3


class TunedModel(Editable):
    """A model that was made from another one and examples."""

    __slots__ = ()
    _ENUMS = {"state": TunedModelState}  # noqa: RUF012  # a constant of the class
    EDITABLE = (
        *("display_name", "description", "temperature", "top_p", "top_k"),
        "reader_project_numbers",
    )

    name: str
    """What to call it by: `tunedModels/mine`."""
    display_name: str
    description: str
    temperature: float | None
    """The temperature when a request has none."""
    top_p: float | None
    top_k: int | None
    state: TunedModelState
    """`ACTIVE` once it answers."""
    create_time: datetime | None
    update_time: datetime | None
    reader_project_numbers: Sequence[int]
    """The projects that may use it."""

    @classmethod
    def shown(cls, message: Any, wires: Wires) -> TunedModel:
        """Return the view of a tuned model, and keep its name for who mistypes one."""
        wires.settings.models.add(message.name)
        return cls.of(message, wires)

    @property
    def tuning_task(self) -> Any:
        """How it was tuned: hyperparameters, times, and the loss in its snapshots, as plain values.

        Snapshots are a list of dictionaries, as `pandas.DataFrame` takes them.
        """
        return plain(self._message.tuning_task)

    @property
    def source_model(self) -> str:
        """What it was tuned from: a model of Google or another tuned one."""
        return str(self._pb.tuned_model_source.tuned_model or self._pb.base_model)

    @property
    def base_model(self) -> str:
        """The model of Google at the root."""
        return str(self._pb.base_model or self._pb.tuned_model_source.base_model)

    def _updating(self, backend: Backend, changed: dict[str, Any]) -> Plan[Self]:
        method = backend.method("UpdateTunedModel")
        request = {"tuned_model": {**changed, "name": self.name}, "update_mask": mask(changed)}
        return Plan(method, request, self.of)

    @property
    def permissions(self) -> Permissions:
        """Who may use it."""
        return Permissions(self)


def listing(backend: Backend, page_size: int | None, filter: str | None) -> Plan[TunedModel]:
    """Decide the call that lists tuned models."""
    method = backend.method("ListTunedModels")
    return Plan(method, {**page(page_size), "filter": filter}, TunedModel.shown)


def getting(backend: Backend, name: object) -> Plan[TunedModel]:
    """Decide the call that gets one."""
    method = backend.method("GetTunedModel")
    return Plan(method, {"name": names.TUNED_MODEL.full(name, "name")}, TunedModel.shown)


def creating(
    backend: Backend,
    source_model: object,
    training_data: object,
    read: Callable[[Any, Wires], T],
    *,
    id: str | None,
    keys: tuple[str, str],
    fields: Mapping[str, object],
) -> Plan[T]:
    """Decide the call that starts tuning.

    Args:
        backend: Where the model is tuned.
        source_model: What is tuned.
        training_data: The examples.
        read: Makes an operation of the state that the call answers.
        id: The last part of the name it gets.
        keys: What the examples call the input and the output.
        fields: Fields of the tuned model and hyperparameters.

    Raises:
        ArgumentError: A name or the examples cannot be used, or two learning rates are given.
    """
    method = backend.method("CreateTunedModel")
    settings = {name: fields[name] for name in HYPERPARAMETERS}
    chosen = {name: value for name, value in fields.items() if name not in HYPERPARAMETERS}
    if None not in (settings["learning_rate"], settings["learning_rate_multiplier"]):
        raise ArgumentError("learning_rate and learning_rate_multiplier are both given; pass one")
    input_key, output_key = keys
    examples = to_dataset(training_data, backend, input_key=input_key, output_key=output_key)
    task = {"training_data": examples, "hyperparameters": settings}
    request: dict[str, object] = {
        "tuned_model": {**_source(backend, source_model), **chosen, "tuning_task": task}
    }
    if id is not None:
        full = names.TUNED_MODEL.full(id, "id")
        request["tuned_model_id"] = full.removeprefix("tunedModels/")
    return Plan(method, request, read)


def updating(backend: Backend, tuned_model: object, updates: object) -> Plan[TunedModel]:
    """Decide the call that changes the label, description, sampling or readers of a tuned model.

    Raises:
        ArgumentError: There is nothing to change, or it cannot be changed.
    """
    method = backend.method("UpdateTunedModel")
    name = names.TUNED_MODEL.full(tuned_model, "tuned_model")
    if updates is None and (pb := translation.pb_of(tuned_model)) is not None:
        found = {field.name: value for field, value in pb.ListFields()}
        updates = {name: found[name] for name in TunedModel.EDITABLE if name in found}
    changed = changes(TunedModel.EDITABLE, updates)
    request = {"tuned_model": {**changed, "name": name}, "update_mask": mask(changed)}
    return Plan(method, request, TunedModel.shown)


def deleting(backend: Backend, tuned_model: object) -> Plan[None]:
    """Decide the call that deletes one."""
    method = backend.method("DeleteTunedModel")
    return Plan(method, {"name": names.TUNED_MODEL.full(tuned_model, "tuned_model")}, nothing)


def _source(backend: Backend, model: object) -> dict[str, object]:
    """Return the field that says what is tuned."""
    given = getattr(model, "name", model)
    if not isinstance(given, str) or not given:
        raise ArgumentError(f"source_model: expected the name of a model, got {model!r}")
    if given.startswith("tunedModels/"):
        full = names.TUNED_MODEL.full(given, "source_model")
        return {"tuned_model_source": {"tuned_model": full}}
    return {"base_model": backend.model(given)}
