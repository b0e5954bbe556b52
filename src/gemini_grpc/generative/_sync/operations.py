# Derived by `python -m codegen` from src/gemini_grpc/generative/_async/operations.py. Do not edit.
"""Operations: work that goes on after the call that started it has answered."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from gemini_grpc.generative import operations
from gemini_grpc.generative._sync.sending import items, send
from gemini_grpc.generative.default import backend_of, client_of
from gemini_grpc.generative.tuning import TunedModel
from gemini_grpc.rpc import wire
from gemini_grpc.rpc._sync.operation import Operation

if TYPE_CHECKING:
    from collections.abc import Iterator

    from gemini_grpc.generative.plan import Options
    from gemini_grpc.generative.wires import HasWires, Wires
    from gemini_grpc.v1beta.types import CreateTunedModelMetadata


class CreateTunedModelOperation(Operation[Any]):
    """Tuning under way: how far it is, and at its end the `TunedModel`."""

    def __init__(self, state: Any, wires: Wires) -> None:
        """Describe an operation by the state that the server has told."""
        types = operations.tuning_types(wires.backend)
        super().__init__(wires.channel, state, types)
        self._wires = wires

    @property
    def metadata(self) -> CreateTunedModelMetadata:
        """How far it was when the server was asked last: steps, percent, and the losses measured."""
        told: CreateTunedModelMetadata = super().metadata
        return told

    def update(self) -> None:
        """Ask the server how far it is."""
        self.done()

    def result(self, timeout: float | None = None) -> TunedModel:
        """Wait until it has ended and return the tuned model.

        Args:
            timeout: Seconds to wait at most; None waits for ever. Tuning goes on all the same.

        Raises:
            DeadlineExceeded: It had not ended in time.
            RpcError: It failed; the class tells the status.
        """
        return TunedModel.shown(super().result(timeout), self._wires)

    def wait_bar(self, *, every: float = 1.0) -> Iterator[CreateTunedModelMetadata]:
        """Ask for the progress until tuning has ended, and yield it each time.

        Args:
            every: Seconds between two questions; more if the loop that reads this takes longer.

        Raises:
            RpcError: The server could not be asked. That tuning has failed is told by `result`.
        """
        while True:
            asked = time.monotonic()
            ended = self.done()
            yield self.metadata
            if ended:
                return
            wire.sleep(max(0.0, asked + every - time.monotonic()))


def get_operation(
    name: str, *, client: HasWires | None = None, request_options: Options = None
) -> Operation[Any]:
    """Return an operation by its name, also one that another process has started.

    Args:
        name: Its name; for tuning it is `tunedModels/TUNED_MODEL/operations/OPERATION`.
        client: The client to use, instead of the default one.
        request_options: The timeout, retry and metadata of the call.

    Returns:
        A `CreateTunedModelOperation` if it tunes a model.

    Raises:
        ArgumentError: It is no name of an operation.
        UnsupportedError: Vertex AI has no such operations.
    """
    client = client_of(client)
    plan = operations.getting(backend_of(client), name, _made)
    return send(plan, client, request_options)


def list_operations(
    *,
    page_size: int | None = None,
    client: HasWires | None = None,
    request_options: Options = None,
) -> Iterator[Operation[Any]]:
    """Return the operations that the server remembers, one after the other.

    Args:
        page_size: How many one call fetches; the next is made when they are used up.
        client: The client to use, instead of the default one.
        request_options: The timeout, retry and metadata of each call.

    Raises:
        ArgumentError: The page size cannot be used.
        UnsupportedError: Vertex AI has no such operations.
    """
    client = client_of(client)
    plan = operations.listing(backend_of(client), page_size, _made)
    return items(plan, client, request_options)


def delete_operation(
    name: str, *, client: HasWires | None = None, request_options: Options = None
) -> None:
    """Make the server forget an operation; what it does goes on.

    Args:
        name: Its name.
        client: The client to use, instead of the default one.
        request_options: The timeout, retry and metadata of the call.

    Raises:
        ArgumentError: It is no name of an operation.
        UnsupportedError: Vertex AI has no such operations.
    """
    client = client_of(client)
    send(operations.deleting(backend_of(client), name), client, request_options)


def _made(state: Any, wires: Wires) -> Operation[Any]:
    """Return the operation of a state."""
    if state.name.startswith("tunedModels/"):
        return CreateTunedModelOperation(state, wires)
    types = operations.types_of(wires.backend, state.name)
    return Operation(wires.channel, state, types)
