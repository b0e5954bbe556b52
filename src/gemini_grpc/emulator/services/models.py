"""ModelService: the built-in models."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gemini_grpc.emulator import paging, status

if TYPE_CHECKING:
    from gemini_grpc.emulator.convert import Data
    from gemini_grpc.emulator.world import Call


def get_model(call: Call) -> Data:
    """Return one model."""
    return find(call, require(call.request, "name"))


def list_models(call: Call) -> Data:
    """Return a page of the models."""
    models = sorted(call.world.models.values(), key=lambda model: str(model["name"]))
    found, token = paging.page(models, call.request, default=50, maximum=1000)
    return {"models": found, "next_page_token": token}


def find(call: Call, name: str) -> Data:
    """Return the model of a name.

    Raises:
        StatusError: NOT_FOUND.
    """
    model = call.world.models.get(name if "/" in name else f"models/{name}")
    if model is None:
        raise status.not_found(name)
    return model


def require(request: Data, field: str) -> str:
    """Return a field that must be set.

    Raises:
        StatusError: INVALID_ARGUMENT: it is not.
    """
    value = request.get(field)
    if not value:
        raise status.invalid(field, "is required")
    return str(value)


HANDLERS = {"ModelService.GetModel": get_model, "ModelService.ListModels": list_models}
